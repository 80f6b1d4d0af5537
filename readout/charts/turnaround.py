"""Charts that keep the unreported in sight: curves of who still waits, the naive figure beside ours, a standard with its bounds."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from typing import Any

import plotly.graph_objects as go

from readout.charts.theme import CLEAR, LIGHT, TICKS, Palette, Trace, beside, layout, margin_for, note, read, some, time_axis, uncut, unit_note, value_axis, wrapped
from readout.charts.trend import HEIGHT, Flag, Row, by_month, end_of, line_of, months_figure
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.catalogue import Metric
from readout.metrics.scope import month_end
from readout.stats.extremes import stands_out

TOP, FOOT = 34, 58  # pixels over and under the curves
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "9px,3px,2px,3px,2px,3px")
NUMBERED = (0.92, 0.84, 0.76, 0.68, 0.6, 0.42, 0.34, 0.26, 0.18)  # heights at which a curve may bear its number: apart from one another and from what is read
LINES = 6  # more than these cannot be told apart
FEW = 10  # a curve that stands on fewer is drawn faint
LEVELS = (0.5, 0.1)  # where quantiles are read: half within, nine in ten within
EARLIEST = 0.25  # hours: where the log axis begins; a clock of whole days begins at half of one
STEPS = (1.0, 6.0, 24.0, 168.0, 672.0)  # the ticks of a clock of hours, few enough for a narrow screen
DAYS = {12.0: "same day", 168.0: "7 d", 672.0: "28 d", 2016.0: "12 wk"}  # and of one of whole days


def survival(answer: Answer, *, dimension: str | None = None, selected: Sequence[str] = (), palette: Palette = LIGHT) -> go.Figure:
    """The share still waiting after each time, a step curve a unit, at most six, the largest; the share unended in each one's label.

    Several are numbered from the top, on the curve and in its label, and those of one colour differ in their dashes. One curve carries its 95 % band.
    Where fewer than ten are left at risk the curve goes faint. Dotted: half, and one in ten.
    """
    uncut(answer, ("n", "count_unreported", "count_at_risk", "still_waiting"), "a curve without it would fall elsewhere and end too soon")
    some(answer.rows, answer)
    groups = [(key, list(rows)) for key, rows in groupby(answer.rows, key=lambda r: r[dimension] if dimension else None)]
    groups = sorted(groups, key=lambda g: -g[1][0]["n"])[:LINES]
    latest = max((r["hours"] for _, rows in groups for r in rows), default=168.0)
    end = max(latest, 2.0)
    is_of_days = "calendar days" in answer.metric.short_clock
    start, marks = (min(DAYS), DAYS) if is_of_days else (EARLIEST, {t: TICKS[t] for t in STEPS})
    end = max(end, 2 * start)
    colours = [palette.accent] if len(groups) == 1 else _tones(answer, dimension, [k for k, _ in groups], selected, palette)
    styles = _dashes(colours)
    traces: list[Trace] = []
    ends = []
    curves: dict[str, list[Row]] = {}  # by label
    for (key, rows), colour, dash in zip(groups, colours, styles, strict=True):
        n, unended = rows[0]["n"], rows[0]["count_unreported"]
        name = answer.label(dimension, key) if dimension else "all"
        points = [{"hours": 0.0, "still_waiting": 1.0, "lower": 1.0, "upper": 1.0, "count_at_risk": n}, *rows]
        solid = [p for p in points if p["count_at_risk"] >= min(FEW, n)]
        faint = points[len(solid) - 1 :] if len(solid) < len(points) else []
        least = 0.0025 + 0.00125 * len(groups)
        solid, faint = _thinned(solid, least), _thinned(faint, least)
        if len(groups) == 1:
            traces += _band([*solid, *faint[1:]], colour, start)
        traces.append(_steps(answer.metric, solid, colour, name, start, dash))
        if faint:
            traces.append(_steps(answer.metric, faint, colour, name, start, dash) | {"opacity": 0.35})
        share = f"{fmt.percent(unended / n)} of {fmt.count(n)}"
        label = f"{wrapped(name, 18)}<br>{share}".replace("<br>", "<br>   ") if dimension else f"{share}<br>   {answer.metric.unended}"
        ends.append((points[-1]["still_waiting"], label, colour))
        curves[label] = points
    ticks = [t for t in marks if start <= t <= end]
    height = HEIGHT if len(groups) < 5 else HEIGHT + 60
    ends.sort(key=lambda end: end[0])
    numbers = {label: len(ends) - i for i, (_, label, _) in enumerate(ends)} if len(ends) > 1 else {}
    numbered = [(y, f"<b>{numbers[text]}</b> {text}" if numbers else text, colour) for y, text, colour in ends]
    labels = beside(numbered, 0, 1, height - TOP - FOOT, palette, is_by_lines=True)
    on_curves = _numbered({n: curves[label] for label, n in numbers.items()}, start, palette)
    shapes = [_level(v, palette) for v in LEVELS]
    words = [note(text, palette, x=0.004, xref="paper", xanchor="left", y=v, yanchor="bottom") for v, text in zip(LEVELS, ("half", "one in ten"), strict=True)]
    if dimension:
        words.append(note(f"{answer.metric.unended}:", palette, x=1, xref="paper", xanchor="left", xshift=4, y=1, yref="paper", yanchor="bottom", yshift=8))
    figure = layout(
        palette,
        height,
        margin={"l": 8, "r": margin_for(f"{text}.." for _, text, _ in ends), "t": TOP, "b": FOOT},
        xaxis={
            "type": "log",
            "range": [math.log10(start), math.log10(end)],
            "tickvals": ticks,
            "ticktext": [marks[t] for t in ticks],
            "tickangle": 0,
            "title": {"text": f"{answer.metric.short_clock},<br>log scale", "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"range": [0, 1.005], "tickformat": ".0%", "nticks": 6},
        annotations=[unit_note("still waiting", palette), *words, *labels, *on_curves],
        shapes=shapes,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def _tones(answer: Answer, dimension: str | None, keys: Sequence[Any], selected: Sequence[str], palette: Palette) -> list[str]:
    """A modality keeps its colour; of other units the chosen, else the one with the largest share still waiting where that is beyond chance, stands out
    of the grey."""
    if dimension == "modality":
        return [palette.modality.get(str(k), palette.grey) for k in keys]
    if not selected:
        last = {r[dimension]: r for r in answer.rows} if dimension else {}
        found = stands_out([last[k]["count_unreported"] or 0 for k in keys], [last[k]["n"] or 0 for k in keys]) if last else None
        selected = () if found is None else (keys[found],)
    return [palette.accent if k in selected else palette.grey for k in keys]


def _dashes(colours: Sequence[str]) -> list[str]:
    """A dash for each curve: those that share a colour differ."""
    return [DASHES[colours[:i].count(c) % len(DASHES)] if colours.count(c) > 1 else DASHES[0] for i, c in enumerate(colours)]


def _numbered(curves: Mapping[int, Sequence[Row]], start: float, palette: Palette) -> list[dict[str, Any]]:
    """The number of each curve where it falls through a height farthest from the others, no two at one height: beside the outermost, on any other."""
    crossed = {level: {n: at for n, points in curves.items() if (at := _at(points, level, start)) is not None} for level in NUMBERED}
    free = [(min((abs(at - x) for m, x in found.items() if m != n), default=math.inf), level, n) for level, found in crossed.items() for n, at in found.items()]
    notes: dict[int, dict[str, Any]] = {}
    taken: set[float] = set()
    for _, level, n in sorted(free, reverse=True):
        if n in notes or level in taken:
            continue
        taken.add(level)
        at, every = crossed[level][n], crossed[level].values()
        place: dict[str, Any] = {"xanchor": "center", "bgcolor": palette.paper}
        if at == max(every):
            place = {"xanchor": "left", "xshift": 3}
        elif at == min(every) > math.log10(start):
            place = {"xanchor": "right", "xshift": -3}
        notes[n] = note(f"<b>{n}</b>", palette, x=at, y=level, yanchor="middle", **place) | {"font": {"size": 12, "color": palette.text}}
    return list(notes.values())


def _at(points: Sequence[Row], level: float, start: float) -> float | None:
    """Where on the log axis a curve falls through a height; None where it does not."""
    hours = next((p["hours"] for p in points if p["still_waiting"] <= level), None)
    return None if hours is None else math.log10(max(hours, start))


def _thinned(points: Sequence[Row], least: float) -> list[Row]:
    """Without the steps too small to be seen. The ends stay, and where a curve passes half and one in ten: there it is read."""
    kept = list(points[:1])
    for p in points[1:]:
        value, before = p["still_waiting"], kept[-1]["still_waiting"]
        if before - value >= least or p is points[-1] or any(value <= level + 1e-9 < before for level in LEVELS):
            kept.append(p)
    return kept


def _steps(metric: Metric, points: Sequence[Row], colour: str, name: str, start: float, dash: str) -> Trace:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [round(max(p["hours"], start), 3) for p in points],
        "y": [round(p["still_waiting"], 4) for p in points],
        "line": {"color": colour, "width": 2, "shape": "hv", "dash": dash},
        "text": [metric.kind.duration(p["hours"]) for p in points],
        "hovertemplate": f"{name}: %{{y:.1%}} still waiting after %{{text}}<extra></extra>",
    }


def _band(points: Sequence[Row], colour: str, start: float) -> list[Trace]:
    known = [p for p in points if p["lower"] is not None]
    base: Trace = {"type": "scatter", "mode": "lines", "x": [round(max(p["hours"], start), 3) for p in known], "hoverinfo": "skip"}
    edge = {"color": CLEAR, "width": 0, "shape": "hv"}
    return [
        base | {"y": [round(p["upper"], 4) for p in known], "line": edge},
        base | {"y": [round(p["lower"], 4) for p in known], "line": edge, "fill": "tonexty", "fillcolor": _faint(colour)},
    ]


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},.18)"


def _level(value: float, palette: Palette) -> dict[str, Any]:
    line = {"color": palette.muted, "width": 1, "dash": "dot"}
    return {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": value, "y1": value, "line": line}


def with_naive(honest: Answer, naive: Answer, *, column: str = "p90_hours", flags: Sequence[Flag] = (), palette: Palette = LIGHT) -> go.Figure:
    """One quantile twice over months that are over: with the unreported counted as waits, and as it looks when only the reported count.

    A month whose quantile is not yet reached stands as a triangle at the upper edge, the line running up to it.
    """
    end = max((at.date() for at in honest.data_through.values()), default=date.max)
    rows, others = ([r for r in by_month(a) if month_end(r["month"]) <= end] for a in (honest, naive))
    axis = time_axis([r[column] for r in (*rows, *others) if r[column]], palette)
    axis["range"][1] += 0.12
    top = 10 ** (axis["range"][1] - 0.05)
    traces = line_of(naive, others, column, palette.warn, "reported only", dash="dash")
    traces += line_of(honest, rows, column, palette.accent, "all that wait")
    open_rows = [r for r in rows if r["n"] and r[column] is None]
    if open_rows:
        beyond = [{**r, column: top} if r in open_rows else r for r in rows]
        near = [r["month"] in {o["month"] for o in open_rows} or _beside_open(beyond, i, top, column) for i, r in enumerate(beyond)]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [r["month"].isoformat() for r in beyond],
                "y": [r[column] if close else None for r, close in zip(beyond, near, strict=True)],
                "line": {"color": palette.accent, "width": 2, "dash": "dot"},
                "hoverinfo": "skip",
            }
        )
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [r["month"].isoformat() for r in open_rows],
                "y": [top] * len(open_rows),
                "marker": {"symbol": "triangle-up", "size": 11, "color": palette.accent},
                "hovertemplate": "%{x|%b %Y}: not yet reached<extra></extra>",
            }
        )
    ends = end_of(naive, others, column, palette.warn, "reported only")
    settled = [r for r in rows if not r["provisional"]]
    if settled and settled[-1][column] is None:
        ends.append((axis["range"][1], f"all that wait<br>   not yet<br>   reached, {fmt.month(settled[-1]['month'])[:3]}", palette.accent))
    else:
        ends += end_of(honest, rows, column, palette.accent, "all that wait")
    figure = months_figure(honest, rows, traces, ends, axis, palette, flags, None, column=column)
    figure.layout.xaxis.nticks = 6  # beside so long a label more would be turned on their side on a narrow screen
    return figure


def _beside_open(rows: Sequence[Row], i: int, top: float, column: str) -> bool:
    return any(0 <= j < len(rows) and rows[j][column] == top for j in (i - 1, i + 1))


def bounded(answer: Answer, *, flags: Sequence[Flag] = (), palette: Palette = LIGHT) -> go.Figure:
    """The share within standard of those old enough to judge; for a month still open, an upright from none of its pending met to all met.

    A month of which more is pending than judged does not set the scale: where it reaches beyond, a triangle at the edge says so.
    """
    rows = by_month(answer)
    open_rows = [r for r in rows if r["count_pending"] or (r["count_met_early"] or 0)]
    traces = line_of(answer, rows, "value", palette.accent, answer.metric.label)
    bounds: list[tuple[str, float]] = [(r["month"].isoformat(), v) for r in open_rows for v in (r["lowest"], r["highest"])]
    x: list[str | None] = []
    y: list[float | None] = []
    for i, (month, value) in enumerate(bounds):
        x.append(month)
        y.append(value)
        if i % 2:
            x.append(None)
            y.append(None)
    traces.append(
        {
            "type": "scatter",
            "mode": "lines+markers",
            "x": x,
            "y": y,
            "line": {"color": palette.warn, "width": 2},
            "marker": {"symbol": "line-ew-open", "size": 11, "color": palette.warn},
            "text": [f"{fmt.percent(v)} if {'all' if i % 2 else 'none'} of the pending are met" for i, (_, v) in enumerate(bounds) for _ in range(1 + i % 2)],
            "hovertemplate": "%{x|%b %Y}: %{text}<extra></extra>",
        }
    )
    known = [r for r in rows if r["value"] is not None]
    judged = [r for r in known if (r["count_pending"] or 0) <= r["denominator"]] or known
    values = [v for r in judged for v in (r["value"], *((r["lowest"], r["highest"]) if r in open_rows else ()))]
    ends = end_of(answer, rows, "value", palette.accent, "")
    axis = value_axis(answer, "value", values, palette)
    if min(values, default=1.0) < 0.5:
        axis |= {"range": [0, 1.02], "tickvals": [0, 0.2, 0.4, 0.6, 0.8, 1], "tickformat": ".0%"}
    low = axis["range"][0]
    if beyond := [r for r in open_rows if r["lowest"] is not None and r["lowest"] < low]:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [r["month"].isoformat() for r in beyond],
                "y": [low] * len(beyond),
                "cliponaxis": False,
                "marker": {"symbol": "triangle-down-open", "size": 10, "color": palette.warn},
                "text": [fmt.percent(r["lowest"]) for r in beyond],
                "hovertemplate": "%{x|%b %Y}: down to %{text} if none of the pending are met<extra></extra>",
            }
        )
    return months_figure(answer, rows, traces, ends, axis, palette, flags, None)


def bars(answer: Answer, *, dimension: str, selected: Sequence[str] = (), limit: float | None = None, limit_name: str = "", palette: Palette = LIGHT) -> go.Figure:
    """A figure a unit, the greatest on top, from zero; a dashed line where a trigger stands."""
    rows = some(sorted((r for r in answer.rows if r["value"] is not None), key=lambda r: r["value"]), answer)
    names = [wrapped(answer.label(dimension, r[dimension]), 26) for r in rows]
    over = [limit is not None and r["value"] > limit for r in rows]
    colours = [palette.warn if o else palette.accent if not selected or r[dimension] in selected else palette.grey for r, o in zip(rows, over, strict=True)]
    top = max([r["value"] for r in rows] + [limit or 0], default=1) or 1
    shapes, notes = [], []
    if limit is not None:
        line = {"color": palette.muted, "width": 1.3, "dash": "dash"}
        shapes.append({"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": limit, "x1": limit, "line": line})
        notes.append(note(limit_name, palette, x=limit, y=1, yref="paper", yanchor="bottom", xanchor="left" if limit < top / 2 else "right"))
    figure = layout(
        palette,
        80 + 34 * max(1, len(rows)),
        margin={"l": 8, "r": 60, "t": 34, "b": 40},
        xaxis={
            "range": [0, top * 1.12],
            "nticks": 6,
            "tickformat": ",",
            "showgrid": True,
            "gridcolor": palette.grid,
            "title": {"text": answer.metric.unit, "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"type": "category", "showgrid": False},
        shapes=shapes,
        annotations=notes,
    )
    trace: Trace = {
        "type": "bar",
        "orientation": "h",
        "x": [r["value"] for r in rows],
        "y": names,
        "text": [f" {read(answer, 'value', r['value'])}" for r in rows],
        "textposition": "outside",
        "textfont": {"size": 12, "color": palette.text},
        "cliponaxis": False,
        "marker": {"color": colours},
        "customdata": [[f"{dimension}={r[dimension]}"] for r in rows],
        "hovertemplate": f"%{{y}}: %{{text}} {answer.metric.unit}<extra></extra>",
    }
    return go.Figure({"data": [trace], "layout": figure}, _validate=False)


__all__ = ["bars", "bounded", "survival", "with_naive"]
