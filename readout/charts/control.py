"""A control chart: the months coloured and shaped by what they mean, between limits that say what is usual."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go

from readout import format as fmt
from readout.charts.icons import COMMON, CONCERN, IMPROVEMENT, NEUTRAL, NEUTRAL_DARK, TARGET
from readout.charts.theme import CLEAR, LIGHT, Palette, Trace, beside, layout, margin_for, note, unit_note
from readout.charts.trend import Flag
from readout.control import Control
from readout.stats.spc import HIGH

HEIGHT, PLOT = 380, 290
SHAPES = {"common": "circle", "improvement": "circle", "concern": "square", "neutral": "diamond"}


def spc_chart(control: Control, *, flags: Sequence[Flag] = (), palette: Palette = LIGHT) -> go.Figure:
    """Points, mean, limits and target over months; where limits start anew; months still arriving hollow and outside the judgement."""
    rows = control.points.rows(named=True)
    if not rows:
        return go.Figure({"data": [], "layout": layout(palette, HEIGHT)}, _validate=False)
    colours = {"common": COMMON, "improvement": IMPROVEMENT, "concern": CONCERN, "neutral": NEUTRAL_DARK if palette.name == "dark" else NEUTRAL}
    months = [r["month"].isoformat() for r in rows]
    bottom, top = _bounds(control)
    kinds = [_kind(control, r["flag"]) for r in rows]
    traces: list[Trace] = []
    for column, dash, width in (("upl", "dash", 1.3), ("lpl", "dash", 1.3), ("mean", "solid", 1.5)):
        for part in _groups(rows):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": [r["month"].isoformat() for r in part],
                    "y": [_clipped(r[column], bottom, top) for r in part],
                    "line": {"color": palette.muted, "width": width, "dash": dash, "shape": "hvh" if control.chart in ("p'", "u'") and column != "mean" else "linear"},
                    "hoverinfo": "skip",
                }
            )
    judged = [r["x"] if not r["is_provisional"] else None for r in rows]
    traces.append({"type": "scatter", "mode": "lines", "x": months, "y": judged, "line": {"color": COMMON, "width": 1.5}, "hoverinfo": "skip"})
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": months,
            "y": [r["x"] for r in rows],
            "text": [_hover(control, r) for r in rows],
            "marker": {
                "size": [9 if k == "common" else 11 for k in kinds],
                "symbol": [SHAPES[k] for k in kinds],
                "color": [CLEAR if r["is_provisional"] else colours[k] for k, r in zip(kinds, rows, strict=True)],
                "line": {"color": [colours[k] for k in kinds], "width": 1.5},
            },
            "hovertemplate": "%{x|%b %Y}: %{text}<extra></extra>",
        }
    )
    values = [v for r in rows for v in (r["x"], _clipped(r["lpl"], bottom, top), _clipped(r["upl"], bottom, top)) if v is not None]
    values += [control.target] if control.target is not None else []
    low, high = min(values), max(values)
    pad = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
    low, high = low - pad, high + pad
    last = next((r for r in reversed(rows) if r["lpl"] is not None), None)
    ends: list[tuple[float, str, str]] = []
    if last is not None:
        for column, name in (("upl", "upper limit"), ("mean", "mean"), ("lpl", "lower limit")):
            value = _clipped(last[column], bottom, top)
            if value is not None:
                ends.append((value, f"{name} {_said(control, value)}", palette.muted))
    shapes: list[dict[str, Any]] = []
    notes = [unit_note(_unit(control), palette)]
    start, stop = rows[0]["month"] - timedelta(days=15), rows[-1]["month"] + timedelta(days=15)
    arriving = [r["month"] for r in rows if r["is_provisional"]]
    if arriving:
        box = {"type": "rect", "xref": "x", "yref": "paper", "x0": (arriving[0] - timedelta(days=15)).isoformat(), "x1": stop.isoformat(), "y0": 0, "y1": 1}
        shapes.append(box | {"layer": "below", "fillcolor": palette.band, "line": {"width": 0}})
        notes.append(note("provisional", palette, x=stop.isoformat(), xref="x", xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=-2))
    if control.target is not None:
        line = {"color": TARGET, "width": 1.6, "dash": "dot"}
        shapes.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": control.target, "y1": control.target, "line": line})
        ends.append((control.target, f"target {_said(control, control.target)}", TARGET))
    for rebase in control.rebases:
        at = (rebase.month - timedelta(days=15)).isoformat()
        shapes.append(_upright(at, palette.text, "solid"))
        notes.append(note("new limits", palette, x=at, y=0.01, yref="paper", yanchor="bottom", xanchor="left", xshift=3))
    for flag in flags:
        if start <= flag.start <= stop:
            shapes.append(_upright(flag.start.isoformat(), palette.muted, "dot"))
            notes.append(note(f"<b>{flag.number}</b>", palette, x=flag.start.isoformat(), y=0.99, yref="paper", yanchor="top", bgcolor=palette.grid, borderpad=2))
    if control.is_trial:
        notes.append(note("trial limits", palette, x=0.01, xref="paper", xanchor="left", y=0.01, yref="paper", yanchor="bottom"))
    notes += beside(ends, low, high, PLOT, palette)
    axis: dict[str, Any] = {"range": [low, high], "nticks": 6, **_ticks(control, low, high)}
    figure = layout(
        palette,
        HEIGHT,
        margin={"l": 8, "r": margin_for(text for _, text, _ in ends), "t": 34, "b": 44},
        xaxis={
            "type": "date",
            "range": [start.isoformat(), stop.isoformat()],
            "tickformat": "%b\n%Y",
            "nticks": 8,
            "title": {"text": f"month; {control.chart} chart", "standoff": 6, "font": {"size": 12}},
        },
        yaxis=axis,
        annotations=notes,
        shapes=shapes,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def _upright(at: str, colour: str, dash: str) -> dict[str, Any]:
    return {"type": "line", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": {"color": colour, "width": 1, "dash": dash}}


def _groups(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Rows of one set of limits each, so that lines do not run from one to the next."""
    found: list[list[dict[str, Any]]] = []
    for row in rows:
        if found and found[-1][-1]["group"] == row["group"]:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _kind(control: Control, flag: str | None) -> str:
    """What a flagged point means: the direction turned by what is better."""
    if flag is None:
        return "common"
    if control.metric.better == "neutral":
        return "neutral"
    return "improvement" if (flag in HIGH) == (control.metric.better == "up") else "concern"


def _bounds(control: Control) -> tuple[float | None, float | None]:
    """Natural ends of the scale, at which limits are drawn though not computed."""
    if control.metric.is_snapshot:
        return None, None
    return 0.0, 1.0 if _is_share(control) else None


def _clipped(value: float | None, bottom: float | None, top: float | None) -> float | None:
    if value is None:
        return None
    value = value if bottom is None else max(bottom, value)
    return value if top is None else min(top, value)


def _is_share(control: Control) -> bool:
    return control.metric.kind == "ratio" and control.metric.unit.startswith("share")


def _unit(control: Control) -> str:
    if control.metric.is_snapshot:
        return "change over the month" + (" in percentage points" if _is_share(control) else f", {control.metric.unit}")
    if control.column.endswith("_hours"):
        return f"nine in ten within; {control.metric.short_clock}"
    return control.metric.unit


def _said(control: Control, value: float | None) -> str:
    if value is None:
        return fmt.DASH
    if control.metric.is_snapshot:
        return f"{value * 100:+.1f}" if _is_share(control) else f"{value:+,.0f}"
    if control.column.endswith("_hours"):
        return fmt.hours(value)
    return fmt.percent(value) if _is_share(control) else f"{value:,.1f}" if control.metric.kind == "ratio" else fmt.count(value)


def _hover(control: Control, row: dict[str, Any]) -> str:
    counts = f" ({fmt.count(row['numerator'])} of {fmt.count(row['denominator'])})" if _is_share(control) and row.get("denominator") is not None else ""
    return f"{_said(control, row['x'])}{'' if control.metric.is_snapshot else counts}{', provisional' if row['is_provisional'] else ''}"


def _ticks(control: Control, low: float, high: float) -> dict[str, Any]:
    """Ticks that people say."""
    if _is_share(control):
        return {"tickformat": "+.1%" if control.metric.is_snapshot else ".0%" if high - low > 0.1 else ".1%"}
    if not control.column.endswith("_hours"):
        return {"tickformat": "+,.0f" if control.metric.is_snapshot else ",.0f" if high - low > 8 else ",.1f"}
    unit = 24.0 if high >= 48 else 1.0
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if (high - low) / unit / s <= 7), 1000) * unit
    ticks = [i * step for i in range(int(max(0.0, low) // step), int(high // step) + 1) if low <= i * step <= high]
    return {"tickvals": ticks, "ticktext": [f"{t / unit:.0f} {'d' if unit == 24 else 'h'}" for t in ticks]}


__all__ = ["spc_chart"]
