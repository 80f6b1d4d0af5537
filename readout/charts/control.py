"""A control chart drawn: points coloured and shaped by what they mean, mean, limits, target, new limits with their reason."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from textwrap import wrap
from typing import Any

import plotly.graph_objects as go

from readout.analysis.control import Control, figure
from readout.charts.icons import TARGET, bounds, clipped, meaning, theme_of
from readout.charts.theme import COHORT, LIGHT, Palette, Trace, beside, layout, margin_for, note, wrapped
from readout.charts.trend import Flag
from readout.metrics import format as fmt
from readout.metrics.catalogue import Standard
from readout.stats.spc import RULES

Row = dict[str, Any]
HEIGHT, PLOT = 382, 240
LINE = 16  # pixels
HALF = timedelta(days=15)
KEY = {
    "improvement": ("◆", "improvement"),
    "concern": ("■", "concern"),
    "neutral_high": ("▲", "higher"),
    "neutral_low": ("▼", "lower"),
}
BEYOND = 0.35  # a provisional month may stretch the axis by this part of the judged months' span, no further


def spc_chart(control: Control, *, flags: Sequence[Flag] = (), palette: Palette = LIGHT, standard: Standard | None = None, height: int = HEIGHT) -> go.Figure:
    """The months of a control chart. `standard`: what names the target line and says its status. `height`: in pixels, as drawn.

    Limits are drawn within the natural ends of the scale though not computed so, and only over the months they judge. A provisional month is
    hollow, on a shaded band; one far beyond the rest is an open triangle at the edge, and the key says its figure.
    """
    rows = control.points.to_dicts()
    judged = [r for r in rows if not r["is_provisional"]]
    arriving = [r for r in rows if r["is_provisional"]]
    base = layout(palette, height)
    if not any(r["x"] is not None for r in rows):
        base["annotations"] = [note("no figure yet", palette, x=0.5, xref="paper", y=0.5, yref="paper")]
        return go.Figure({"data": [], "layout": base}, _validate=False)
    marks = theme_of(palette)
    low, high = _range(control, judged, arriving)
    start, stop = rows[0]["month"] - HALF, rows[-1]["month"] + HALF
    traces: list[Trace] = []
    if control.target is not None:
        line = {"color": TARGET[palette.name], "width": 1.8, "dash": "dashdot"}
        traces.append(_plain([start.isoformat(), stop.isoformat()], [control.target, control.target]) | {"name": "target", "line": line})
    traces += [*_limits(control, judged, palette), *_mean(rows, palette), *_line(judged, arriving, low, high, palette)]
    kinds = [meaning(r["flag"], control.metric.better) for r in judged]
    traces.append(
        _markers([r["month"] for r in judged], [_round(r["x"]) for r in judged])
        | {
            "name": "judged",
            "text": [_hover(control, r) for r in judged],
            "marker": {
                "opacity": 1,
                "size": [7 if k == "common_cause" else 11 if k != "concern" else 10 for k in kinds],
                "symbol": [marks[k].symbol for k in kinds],
                "color": [marks[k].fill for k in kinds],
                "line": {"width": 1, "color": [marks[k].edge for k in kinds]},
            },
        }
    )
    outside: list[int] = []
    if arriving:
        outside = [0 if r["x"] is None else 1 if r["x"] > high else -1 if r["x"] < low else 0 for r in arriving]
        traces.append(
            _markers([r["month"] for r in arriving], [_inside(r["x"], low, high) for r in arriving])
            | {
                "name": "provisional",
                "text": [f"{_hover(control, r)}, provisional" for r in arriving],
                "marker": {
                    "opacity": 1,
                    "size": [7 if o == 0 else 10 for o in outside],
                    "symbol": [{0: "circle", 1: "triangle-up", -1: "triangle-down"}[o] for o in outside],
                    "color": palette.paper,
                    "line": {"width": 1.4, "color": palette.muted},
                },
            }
        )
    labels, margin = _labels(control, judged, low, high, palette, standard, PLOT - HEIGHT + height)
    shapes, notes = _events(control, flags, start, stop, palette)
    if arriving:
        band: dict[str, Any] = {"type": "rect", "yref": "paper", "y0": 0, "y1": 1, "layer": "below", "fillcolor": palette.band, "line": {"width": 0}}
        shapes.append(band | {"x0": (arriving[0]["month"] - HALF).isoformat(), "x1": stop.isoformat()})
        notes.append(note("provisional", palette, x=stop.isoformat(), xref="x", xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=-2))
    values, text = _ticks(control, low, high)
    beyond = _beyond(control, arriving, outside)
    figure = layout(
        palette,
        height,
        margin={"l": 8, "r": margin, "t": 66, "b": 76 + (LINE if beyond else 0)},
        xaxis={
            "type": "date",
            "range": [start.isoformat(), stop.isoformat()],
            "tickformat": "%b\n%Y",
            "nticks": 6,
            "tickangle": 0,
            "title": {"text": COHORT.get(control.metric.cohort, "month"), "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"range": [low, high], "tickvals": values, "ticktext": text},
        annotations=[*_heads(control, palette), *_key(kinds, beyond, palette), *notes, *labels],
        shapes=shapes,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def _range(control: Control, judged: Sequence[Row], arriving: Sequence[Row]) -> tuple[float, float]:
    """The axis: what is judged with its lines and target, air around it, and room for the reason of new limits."""
    known = [r["x"] for r in judged if r["x"] is not None] or [r["x"] for r in arriving if r["x"] is not None]
    known += [clipped(control, r[c]) for r in judged for c in ("lpl", "upl", "mean") if r[c] is not None]
    known += [control.target] if control.target is not None else []
    low, high = min(known), max(known)
    least = 0.01 if control.metric.kind.is_share else max(0.05 * abs(high), 0.5)
    span = max(high - low, least)
    later = [r["x"] for r in arriving if r["x"] is not None]
    low, high = max(min([low, *later]), low - BEYOND * span), min(max([high, *later]), high + BEYOND * span)
    floor, top = bounds(control)
    pad = 0.07 * max(high - low, least)
    levels = min(2, len({r.month for r in control.rebases}))
    return max(low - pad, floor - pad) - 0.17 * levels * (high - low + 2 * pad), min(high + pad, top + pad)


def _steps(rows: Sequence[Row], column: str) -> Iterator[list[Row]]:
    """Stretches of one group's line without a gap."""
    for (_, is_missing), stretch in groupby(rows, key=lambda r: (r["group"], r[column] is None)):
        if not is_missing:
            yield list(stretch)


def _limits(control: Control, judged: Sequence[Row], palette: Palette) -> list[Trace]:
    """Both limits, a step a month where sizes vary, flat where they do not; over judged months only."""
    traces = []
    for column in ("upl", "lpl"):
        x: list[str | None] = []
        y: list[float | None] = []
        for stretch in _steps(judged, column):
            values = [_round(clipped(control, r[column])) for r in stretch]
            middle = [(r["month"].isoformat(), v) for r, v in zip(stretch, values, strict=True)]
            ends = [((stretch[0]["month"] - HALF).isoformat(), values[0]), ((stretch[-1]["month"] + HALF).isoformat(), values[-1])]
            for at, value in [ends[0], *(middle if len(set(values)) > 1 else []), ends[1]]:
                x.append(at)
                y.append(value)
            x.append(None)
            y.append(None)
        if x:
            line = {"color": palette.muted, "width": 1.3, "dash": "5px,3px", "shape": "hvh"}
            traces.append(_plain(x[:-1], y[:-1]) | {"name": "upper limit" if column == "upl" else "lower limit", "line": line})
    return traces


def _mean(rows: Sequence[Row], palette: Palette) -> list[Trace]:
    """The mean of each group, or what stands for it month by month; the last one runs on over the months still arriving."""
    x: list[str | None] = []
    y: list[float | None] = []
    for stretch in _steps(rows, "mean"):
        middle = stretch if len({r["mean"] for r in stretch}) > 1 else []
        ends = ((stretch[0]["month"] - HALF).isoformat(), stretch[0]["mean"]), ((stretch[-1]["month"] + HALF).isoformat(), stretch[-1]["mean"])
        points = [ends[0], *((r["month"].isoformat(), r["mean"]) for r in middle), ends[1]]
        x += [*(at for at, _ in points), None]
        y += [*(_round(value) for _, value in points), None]
    shape = {"shape": "hvh"} if len({v for v in y if v is not None}) > len(list(_steps(rows, "mean"))) else {}
    return [_plain(x[:-1], y[:-1]) | {"name": "mean", "line": {"color": palette.muted, "width": 1.6, **shape}}] if x else []


def _line(judged: Sequence[Row], arriving: Sequence[Row], low: float, high: float, palette: Palette) -> list[Trace]:
    """What joins the points: thin over judged months, broken at a gap; dotted to those still arriving."""
    traces = [_plain([r["month"].isoformat() for r in judged], [_round(r["x"]) for r in judged]) | {"name": "line", "line": {"color": palette.grey, "width": 1}}]
    later = [*judged[-1:], *arriving] if arriving else []
    if later:
        dotted = {"color": palette.grey, "width": 1, "dash": "dot"}
        traces.append(_plain([r["month"].isoformat() for r in later], [_inside(r["x"], low, high) for r in later]) | {"name": "arriving", "line": dotted})
    return traces


def _plain(x: Sequence[str | None], y: Sequence[float | None]) -> Trace:
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": list(y), "hoverinfo": "skip"}


def _markers(months: Sequence[date], y: Sequence[float | None]) -> Trace:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [m.isoformat() for m in months],
        "y": list(y),
        "cliponaxis": False,
        "hovertemplate": "%{x|%b %Y}: %{text}<extra></extra>",
    }


def _labels(control: Control, judged: Sequence[Row], low: float, high: float, palette: Palette, standard: Standard | None, plot: int) -> tuple[list[dict[str, Any]], int]:
    """The value of each line, right of the plot (`plot` pixels high), and the room that takes."""
    ends: list[tuple[float, str, str]] = []
    last = control.last or (judged[-1] if judged else {})
    mean, lower, upper = last.get("mean"), last.get("lpl"), last.get("upl")
    signs: dict[str, str] = {}

    def add(at: float, text: str, colour: str, sign: str) -> None:
        ends.append((at, text, colour))
        signs[text] = sign

    if mean is not None and lower is not None and lower == upper:
        add(mean, f"mean and limits<br>   {figure(control, mean, is_line=True)}", palette.muted, "—")
    elif mean is not None:
        held = "expected" if control.limits in ("year", "trend") else "mean"
        add(mean, f"{held} {figure(control, mean, is_line=True)}", palette.muted, "—")
        for name, value in (("upper", upper), ("lower", lower)):
            if value is not None:
                drawn = clipped(control, value)
                over = "" if drawn == value else "over " if value > drawn else "under "
                add(drawn, f"{name} limit {over}{figure(control, drawn, is_line=True) if drawn or control.metric.kind.is_share else '0'}", palette.muted, "- -")
    if control.target is not None:
        words = f"target {fmt.percent(control.target, 0 if round(control.target * 100, 6) % 1 == 0 else 1)}"
        if standard is not None:
            words += f",<br>   {wrapped(f'{standard.label} ({standard.status})', 22).replace('<br>', '<br>   ')}"
        add(control.target, words, TARGET[palette.name], "– ·")
    lines = max((text.count("<br>") + 1 for _, text, _ in ends), default=1)
    notes = beside(ends, low, high, plot / (1 if lines == 1 else 1.45), palette)
    for drawn_note in notes:
        for text, sign in signs.items():
            if drawn_note["text"].endswith(text):
                drawn_note["text"] = drawn_note["text"].replace("■", sign, 1)
    return notes, margin_for([f"{text}.." for _, text, _ in ends])


def _events(control: Control, flags: Sequence[Flag], start: date, stop: date, palette: Palette) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Where new limits begin, with the reason at the foot; what happened, numbered at the top."""
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    upright: dict[str, Any] = {"type": "line", "yref": "paper", "y0": 0, "y1": 1}
    reasons: dict[date, list[str]] = {}
    for rebase in sorted(control.rebases, key=lambda r: r.month):
        reasons.setdefault(rebase.month, []).append(rebase.reason)
    for i, (month, why) in enumerate(reasons.items()):
        at = (month - HALF).isoformat()
        shapes.append(upright | {"x0": at, "x1": at, "line": {"color": palette.muted, "width": 1.2}})
        lines = wrap(f"new limits: {'; '.join(why)}", 22)
        text = "<br>".join([lines[0], f"{lines[1]}…"] if len(lines) > 2 else lines)
        is_late = (month - start) > 0.85 * (stop - start)  # else it may run on into the margin, which is empty at the foot
        place = {"xanchor": "right", "align": "right", "xshift": -3} if is_late else {"xanchor": "left", "align": "left", "xshift": 3}
        notes.append(note(text, palette, x=at, y=0, yref="paper", yanchor="bottom", yshift=32 * (i % 2), **place))
    for flag in flags:
        if start <= flag.start <= stop:
            at = flag.start.isoformat()
            shapes.append(upright | {"x0": at, "x1": at, "line": {"color": palette.muted, "width": 1, "dash": "dot"}})
            notes.append(note(f"<b>{flag.number}</b>", palette, x=at, y=0.99, yref="paper", yanchor="top", bgcolor=palette.grid, borderpad=2))
    return shapes, notes


def _heads(control: Control, palette: Palette) -> list[dict[str, Any]]:
    """Two lines over the plot: the unit; the kind of chart, and that its limits are trial ones."""
    chart = f"{control.chart.replace('XmR', 'XmR chart', 1)}" if control.chart.startswith("XmR") else f"{control.chart} chart"
    chart += ", <b>not judged</b>" if control.unjudged else ""
    said = f"{chart}, <b>trial limits</b>" if control.is_trial and control.last and control.last["lpl"] is not None else chart
    place: dict[str, Any] = {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom"}
    return [note(unit_words(control), palette, **place, yshift=34), note(said, palette, **place, yshift=18)]


def _beyond(control: Control, arriving: Sequence[Row], outside: Sequence[int]) -> str:
    """The months still arriving whose figure lies beyond the scale, with the triangle that stands for them: `▽ beyond the scale: 78.2 % in Nov`."""
    far = [(r, o) for r, o in zip(arriving, outside, strict=True) if o]
    if not far:
        return ""
    signs = "".join(dict.fromkeys("△" if o > 0 else "▽" for _, o in far))
    said = [f"{figure(control, r['x'])} in {fmt.month(r['month'])[:3]}" for r, _ in far]
    return f"{signs} beyond the scale: {fmt.listed(said)}"


def _key(kinds: Sequence[str], beyond: str, palette: Palette) -> list[dict[str, Any]]:
    """What the shapes on this chart mean, under its axis; nothing where every point is common cause and on the scale."""
    marks = theme_of(palette)
    said = [f"<span style='color:{marks[k].edge}'>{sign}</span> {text}" for k, (sign, text) in KEY.items() if k in kinds]
    if said:
        said.append(f"<span style='color:{marks['common_cause'].edge}'>●</span> common cause")
    place: dict[str, Any] = {"x": 0, "xref": "paper", "xanchor": "left", "y": 0, "yref": "paper", "yanchor": "top"}
    lines = (("  ".join(said), -58), (beyond, -58 - LINE))  # the second line lies under the axis title, which is in the way of a long one
    return [note(text, palette, **place, yshift=shift) for text, shift in lines if text]


def _hover(control: Control, row: Row) -> str:
    if row["x"] is None:
        return "no figure"
    said = figure(control, row["x"])
    if control.metric.kind.is_ratio and row.get("denominator"):
        said += f" ({control.metric.kind.counts(row)})"
    elif row.get("n") is not None:
        said += f" (n {fmt.count(row['n'])})"
    return f"{said}, {RULES[row['flag']]}" if row["flag"] else said


def unit_words(control: Control) -> str:
    """The unit of the upright axis."""
    metric = control.metric
    if control.column.endswith("_hours"):
        return f"{metric.short_clock}: 90 % within"
    return metric.unit


def _ticks(control: Control, low: float, high: float) -> tuple[list[float], list[str]]:
    """About five round values within the natural ends of the scale, in the unit people say."""
    factor, say = _scale(control, high)
    floor, top = bounds(control)
    raw = (high - low) * factor / 5
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(s * size for s in (1, 2, 2.5, 5, 10) if s * size >= raw * 0.999)
    ends = max(low, floor) * factor, min(high, top) * factor
    steps = range(math.ceil(ends[0] / step - 1e-9), math.floor(ends[1] / step + 1e-9) + 1)
    values = [round(i * step, 9) for i in steps]
    return [v / factor for v in values], [say(v) for v in values]


def _scale(control: Control, high: float) -> tuple[float, Callable[[float], str]]:
    if control.column.endswith("_hours"):
        factor, unit = (60.0, "min") if high < 1 else (1.0, "h") if high < 48 else (1 / 24, "d")
        return factor, lambda v: f"{_trimmed(v)} {unit}"
    if control.metric.kind.is_share:
        return 100.0, lambda v: f"{_trimmed(v)} %"
    return 1.0, _trimmed


def _trimmed(value: float) -> str:
    text = f"{value:,.4f}"
    return text.rstrip("0").rstrip(".")


def _round(value: float | None) -> float | None:
    """Six significant figures: more than any screen shows."""
    return None if value is None else float(f"{value:.6g}")


def _inside(value: float | None, low: float, high: float) -> float | None:
    return None if value is None else _round(min(max(value, low), high))


__all__ = ["spc_chart"]
