"""Months from left to right: lines, bars, quantiles and small panels. Provisional months are hatched or hollow, and say so."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import plotly.graph_objects as go

from readout.charts.theme import (
    CLEAR,
    COHORT,
    LIGHT,
    Palette,
    Trace,
    beside,
    layout,
    margin_for,
    note,
    read,
    time_axis,
    unit_note,
    unit_of,
    value_axis,
    wrapped,
)
from readout.metrics import format as fmt
from readout.metrics.answer import Answer

Row = dict[str, Any]
HEIGHT, PLOT = 332, 240
HATCH = {"shape": "/", "size": 6, "solidity": 0.35}


@dataclass(frozen=True)
class Flag:
    """An annotation of the network: something that happened, numbered on the chart and told below it. `sites`, their `trusts`, `modalities`: what it
    bears on; none: all."""

    number: int
    start: date
    title: str
    text: str
    sites: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    trusts: tuple[str, ...] = ()

    def bears_on(self, dimension: str, values: Collection[Any]) -> bool:
        """Whether it may have touched any of these units; where no unit is named, all are meant."""
        named = {"site_code": self.sites, "modality": self.modalities, "trust_code": self.trusts, "provider_code": self.trusts}.get(dimension, ())
        return not named or not values or not set(named).isdisjoint(values)


def trend(
    answer: Answer,
    reference: Answer | None = None,
    *,
    name: str = "",
    reference_name: str = "",
    flags: Sequence[Flag] = (),
    palette: Palette = LIGHT,
    zero: bool | None = None,
) -> go.Figure:
    """One line over months, its latest settled value named; a reference line beside it where there is one; the standard dashed."""
    rows = by_month(answer)
    traces = line_of(answer, rows, "value", palette.accent, name or answer.metric.label)
    values = [r["value"] for r in rows if r["value"] is not None]
    ends = end_of(answer, rows, "value", palette.accent, name)
    if reference is not None:
        beside_rows = by_month(reference)
        traces += line_of(reference, beside_rows, "value", palette.grey, reference_name, dash="dot")
        values += [r["value"] for r in beside_rows if r["value"] is not None]
        ends += end_of(reference, beside_rows, "value", palette.grey, reference_name)
    target = _target(answer)
    axis = value_axis(answer, "value", [*values, *([target] if target is not None else [])], palette, zero=zero)
    return months_figure(answer, rows, traces, ends, axis, palette, flags, target)


def quantiles(answer: Answer, *, flags: Sequence[Flag] = (), palette: Palette = LIGHT) -> go.Figure:
    """Median and 90th percentile over months on a labelled log scale; a quantile not yet reached is a gap with an open triangle."""
    rows = by_month(answer)
    colours = {"median_hours": palette.accent, "p90_hours": palette.warn}
    names = {"median_hours": "half within", "p90_hours": "90 % within"}
    values = [r[c] for r in rows for c in colours if r[c]]
    axis = time_axis(values, palette)
    traces: list[Trace] = []
    ends = []
    for column, colour in colours.items():
        traces += line_of(answer, rows, column, colour, names[column], floor=10 ** axis["range"][0])
        ends += end_of(answer, rows, column, colour, names[column], lowest=axis["range"][0])
        missing = [r for r in rows if r["n"] and r[column] is None]
        if missing:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [r["month"].isoformat() for r in missing],
                    "y": [10 ** axis["range"][1] * 0.93] * len(missing),
                    "marker": {"symbol": "triangle-up-open", "size": 10, "color": colour},
                    "hovertemplate": f"%{{x|%b %Y}}: {names[column]} not yet reached<extra></extra>",
                }
            )
    return months_figure(answer, rows, traces, ends, axis, palette, flags, None, column="median_hours")


def paired(bars: Answer, line: Answer, *, names: tuple[str, str] = ("done", "requested"), flags: Sequence[Flag] = (), palette: Palette = LIGHT) -> go.Figure:
    """What was done as bars beside what was asked as a line, on one scale from zero."""
    rows, asked = by_month(bars), by_month(line)
    first = rows[0]["month"] if rows else None
    asked = [r for r in asked if first is None or r["month"] >= first]
    lines = line_of(line, asked, "value", palette.warn, line.metric.label)
    for trace in lines[1:]:
        trace["mode"] = "markers"  # a month of three days is no fall: no line leads to it
    traces = bars_of(bars, rows, palette.accent, bars.metric.label) + lines
    ends = end_of(bars, rows, "value", palette.accent, names[0]) + end_of(line, asked, "value", palette.warn, names[1])
    axis = value_axis(bars, "value", [r["value"] for r in (*rows, *asked)], palette)
    return months_figure(bars, rows, traces, ends, axis, palette, flags, None)


def stock(whole: Answer, part: Answer, *, part_name: str, part_filter: str = "", flags: Sequence[Flag] = (), palette: Palette = LIGHT) -> go.Figure:
    """A stock at each month end, and the part of it that has waited long, drawn over it from the same zero.

    `part_filter`: what picking the part means beside its month, as `dimension=value`.
    """
    rows, parts = by_month(whole), by_month(part)
    traces = bars_of(whole, rows, palette.grey, whole.metric.label) + bars_of(part, parts, palette.warn, part_name)
    if part_filter:
        traces[-1]["customdata"] = [[f"month={r['month'].isoformat()}", part_filter] for r in parts]
    ends = end_of(whole, rows, "value", palette.grey, "all", last=True) + end_of(part, parts, "value", palette.warn, part_name, last=True)
    axis = value_axis(whole, "value", [r["value"] for r in rows], palette)
    figure = months_figure(whole, rows, traces, ends, axis, palette, flags, None)
    figure.layout.barmode = "overlay"
    return figure


def panels(
    answer: Answer,
    *,
    split: str,
    column: str = "value",
    selected: Sequence[str] = (),
    flags: Sequence[Flag] = (),
    palette: Palette = LIGHT,
    most: int = 8,
) -> go.Figure:
    """One small panel a value of `split`, the largest first, two abreast. Counts have a scale each from zero; shares and times share one."""
    weight = answer.metric.kind.weight
    lines: dict[Any, list[Row]] = {}
    for row in answer.rows:
        lines.setdefault(row[split], []).append(row)
    ordered = sorted(lines.items(), key=lambda item: -sum(r[weight] or 0 for r in item[1]))[:most]
    deep = max(1, math.ceil(len(ordered) / 2))
    names = {code: wrapped(answer.label(split, code).removesuffix(" (synthetic)"), 22) for code, _ in ordered}
    lines_deep = 1 + max((name.count("<br>") + 1 for name in names.values()), default=1)
    head = 15 * lines_deep + 4  # pixels above each panel for its name and its latest value
    tall, top = 84 + head, 8
    figure = layout(palette, deep * tall + 40, margin={"l": 4, "r": 10, "t": top, "b": 30})
    months = sorted({r["month"] for r in answer.rows})
    room = timedelta(days=14 + (months[-1] - months[0]).days // 9) if months else timedelta()
    span = [(months[0] - room).isoformat(), (months[-1] + timedelta(days=14)).isoformat()] if months else None
    is_time = column.endswith("_hours")
    shared = [r[column] for _, rows in ordered for r in rows if r[column] is not None]
    traces: list[Trace] = []
    notes: list[dict[str, Any]] = []
    shapes: list[dict[str, Any]] = []
    share = 1 / deep
    for i, (code, rows) in enumerate(ordered):
        n = "" if i == 0 else str(i + 1)
        across, down = i % 2, i // 2
        top_y, low_y = 1 - down * share, 1 - (down + 1) * share
        domain_x = [0.0, 0.47] if across == 0 else [0.53, 1.0]
        colour = palette.modality.get(str(code), palette.grey) if split == "modality" else palette.accent if not selected or code in selected else palette.grey
        name = names[code]
        for trace in line_of(answer, rows, column, colour, name.replace("<br>", " "), size=4):
            traces.append(trace | {"xaxis": f"x{n}", "yaxis": f"y{n}"})
        values = shared if is_time or answer.metric.kind.is_share else [r[column] for r in rows if r[column] is not None]
        axis = value_axis(answer, column, values, palette)
        bottom_row = i + 2 >= len(ordered)
        figure[f"xaxis{n}"] = {
            "domain": domain_x,
            "anchor": f"y{n}",
            "range": span,
            "fixedrange": True,
            "showgrid": False,
            "tickformat": "%b %y",
            "nticks": 4,
            "showticklabels": bottom_row,
            "zeroline": False,
            "showline": True,
            "linecolor": palette.grid,
        }
        figure[f"yaxis{n}"] = {
            **axis,
            "domain": [low_y + share * 10 / tall, top_y - share * head / tall],
            "anchor": f"x{n}",
            "fixedrange": True,
            "zeroline": False,
            "showticklabels": True,
            "nticks": 3,
            "tickfont": {"size": 11},
            "ticklabelposition": "inside top",
            "showgrid": True,
        }
        for flag in (f for f in flags if f.bears_on(split, (code,))):
            at = flag.start.isoformat()
            shapes.append(_event(at, palette, xref=f"x{n}", yref=f"y{n} domain"))
            notes.append(note(str(flag.number), palette, x=at, xref=f"x{n}", y=1, yref=f"y{n} domain", yanchor="top", xanchor="left"))
        settled = [r for r in rows if not r["provisional"] and r[column] is not None]
        said = f"<br>{read(answer, column, settled[-1][column])} in {fmt.month(settled[-1]['month'])}" if settled else ""
        notes.append(
            {
                "text": f"<b>{name}</b>{said}",
                "showarrow": False,
                "xref": "paper",
                "yref": "paper",
                "x": domain_x[0],
                "y": top_y - share * (head - 2) / tall,
                "xanchor": "left",
                "yanchor": "bottom",
                "align": "left",
                "font": {"size": 12, "color": palette.text},
            }
        )
    figure["annotations"] = notes
    figure["shapes"] = shapes
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def by_month(answer: Answer) -> list[Row]:
    """Rows in order of month, a month without any row put in as a gap: a zero is not a missing month."""
    rows = answer.rows
    if not rows:
        return []
    found = {r["month"]: r for r in rows}
    month, last, filled = min(found), max(found), []
    blank = {k: None for k in rows[0]}
    while month <= last:
        filled.append(found.get(month) or blank | {"month": month, "provisional": False})
        month = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    return filled


def _hover(answer: Answer, rows: Sequence[Row], column: str) -> list[str]:
    said = []
    for r in rows:
        counts = f" ({counted})" if (counted := answer.metric.kind.counts(r)) else ""
        said.append(f"{read(answer, column, r[column])}{counts}{', provisional' if r['provisional'] else ''}")
    return said


def line_of(answer: Answer, rows: Sequence[Row], column: str, colour: str, name: str, *, dash: str = "solid", size: int = 6, floor: float | None = None) -> list[Trace]:
    """A settled line with filled points; the provisional end dashed with hollow points."""
    settled = [r for r in rows if not r["provisional"]]
    arriving = [r for r in rows if r["provisional"]]
    if arriving and settled:
        arriving = [settled[-1], *arriving]
    traces = []
    for part, is_arriving in ((settled, False), (arriving, True)):
        if not part:
            continue
        hollow = [CLEAR if r["provisional"] else colour for r in part]
        sizes = [0 if is_arriving and not r["provisional"] else size for r in part]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": [r["month"].isoformat() for r in part],
                "y": [r[column] if floor is None or r[column] is None else max(r[column], floor) for r in part],
                "text": _hover(answer, part, column),
                "line": {"color": colour, "width": 2, "dash": "dot" if is_arriving else dash},
                "marker": {"size": sizes, "color": hollow, "line": {"color": colour, "width": 1.5}} if is_arriving else {"size": size, "color": colour},
                "hovertemplate": f"{name}, %{{x|%b %Y}}: %{{text}}<extra></extra>",
            }
        )
    return traces


def bars_of(answer: Answer, rows: Sequence[Row], colour: str, name: str) -> list[Trace]:
    """Bars from zero; provisional ones hatched."""
    return [
        {
            "type": "bar",
            "name": name,
            "x": [r["month"].isoformat() for r in rows],
            "y": [r["value"] for r in rows],
            "text": _hover(answer, rows, "value"),
            "textposition": "none",
            "marker": {
                "color": colour,
                "line": {"color": colour, "width": [1 if r["provisional"] else 0 for r in rows]},
                "pattern": {**HATCH, "shape": ["/" if r["provisional"] else "" for r in rows], "fillmode": "replace"},
            },
            "hovertemplate": f"{name}, %{{x|%b %Y}}: %{{text}}<extra></extra>",
        }
    ]


def end_of(answer: Answer, rows: Sequence[Row], column: str, colour: str, name: str, *, last: bool = False, lowest: float = 0.0) -> list[tuple[float, str, str]]:
    """Where a line's label goes: at its last settled value (`last`: at its very last), with that value and its month."""
    known = [r for r in rows if r[column] is not None and (last or not r["provisional"])] or [r for r in rows if r[column] is not None]
    if not known:
        return []
    row = known[-1]
    height = (math.log10(row[column]) if row[column] > 0 else lowest) if column.endswith("_hours") else row[column]
    return [(height, f"{name + '<br>   ' if name else ''}{read(answer, column, row[column])}, {fmt.month(row['month'])[:3]}", colour)]


def _target(answer: Answer) -> float | None:
    return answer.standard.target if answer.standard is not None and answer.metric.kind.is_share else None


def _event(at: str, palette: Palette, **refs: str) -> dict[str, Any]:
    """The line of a flag."""
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": {"color": palette.muted, "width": 1, "dash": "dot"}, **refs}


def months_figure(
    answer: Answer,
    rows: Sequence[Row],
    traces: list[Trace],
    ends: Sequence[tuple[float, str, str]],
    axis: dict[str, Any],
    palette: Palette,
    flags: Sequence[Flag],
    target: float | None,
    column: str = "value",
) -> go.Figure:
    low, high = axis["range"]
    labels = beside(ends, low, high, PLOT / (2 if any("<br>" in text for _, text, _ in ends) else 1), palette)
    notes = [unit_note(unit_of(answer, column), palette) | {"yshift": 20}, *labels]  # a line above the word over the provisional months
    shapes: list[dict[str, Any]] = []
    if not rows:
        return go.Figure({"data": [], "layout": layout(palette, HEIGHT)}, _validate=False)
    half = timedelta(days=15)
    start, stop = rows[0]["month"] - half, rows[-1]["month"] + half
    arriving = [r["month"] for r in rows if r["provisional"]]
    if arriving:
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": (arriving[0] - half).isoformat(),
                "x1": stop.isoformat(),
                "y0": 0,
                "y1": 1,
                "layer": "below",
            }
            | {"fillcolor": palette.band, "line": {"width": 0}}
        )
        notes.append(note("provisional", palette, x=stop.isoformat(), xref="x", xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=-2))
    if target is not None and answer.standard is not None:
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": target,
                "y1": target,
                "line": {"color": palette.muted, "width": 1.3, "dash": "dash"},
            }
        )
        above = target < high * 0.5
        said = f"{answer.standard.label}{'' if '%' in answer.standard.label else ': ' + fmt.percent(target, 0)} ({answer.standard.status})"
        notes.append(note(said, palette, x=0, xref="paper", xanchor="left", y=target, yanchor="bottom" if above else "top"))
    for flag in flags:
        if start <= flag.start <= stop:
            at = flag.start.isoformat()
            shapes.append(_event(at, palette, yref="paper"))
            notes.append(note(f"<b>{flag.number}</b>", palette, x=at, y=0.99, yref="paper", yanchor="top", bgcolor=palette.grid, borderpad=2))
    figure = layout(
        palette,
        HEIGHT,
        margin={"l": 8, "r": margin_for(text for _, text, _ in ends), "t": 48, "b": 44},
        xaxis={
            "type": "date",
            "range": [start.isoformat(), stop.isoformat()],
            "tickformat": "%b\n%Y",
            "nticks": 6,
            "tickangle": 0,
            "title": {"text": COHORT.get(answer.metric.cohort, "month"), "standoff": 6, "font": {"size": 12}},
        },
        yaxis=axis,
        annotations=notes,
        shapes=shapes,
        bargap=0.3,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


__all__ = ["Flag", "paired", "panels", "quantiles", "stock", "trend", "wrapped"]
