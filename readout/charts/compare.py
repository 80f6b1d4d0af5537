"""Units beside each other: quantiles, shares with their intervals, bands, and a map of hours."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from readout.analysis.timestamp_tests import parted
from readout.charts.theme import APART, LIGHT, Palette, Trace, bands_of_chance, layout, note, read, some, time_axis, uncut, unit_note, wrapped
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.stats.funnel import binomial_limits
from readout.stats.intervals import wilson

Row = dict[str, Any]


def dumbbell(answer: Answer, *drawn_with: Answer, dimension: str, selected: Sequence[str] = (), palette: Palette = LIGHT) -> go.Figure:
    """Median and 90th percentile of each unit, the largest unit on top, on a labelled log scale; a quantile not reached is an arrow to the right.

    `drawn_with`: the answer of `timestamps_doubtful` by the same units; one that fails is drawn hollow, its name marked †.
    """
    for tested in drawn_with:
        uncut(tested, ("numerator", "denominator"), "without it a site whose times cannot be compared would pass for one whose times can")
    failing, _ = parted(drawn_with)
    rows = some(sorted((r for r in answer.rows if r["median_hours"] is not None), key=lambda r: r["n"]), answer)
    names = [_named(answer, dimension, r, r["n"], f" {APART}" * (r[dimension] in failing)) for r in rows]
    axis = time_axis([r[c] for r in rows for c in ("median_hours", "p90_hours") if r[c]], palette)
    near, far = (10**end for end in axis["range"])
    lines_x: list[float | None] = []
    lines_y: list[str | None] = []
    for name, r in zip(names, rows, strict=True):
        lines_x += [r["median_hours"] or near, far if r["p90_hours"] is None else r["p90_hours"] or near, None]
        lines_y += [name, name, None]
    colours = [palette.muted if r[dimension] in failing else _tone(answer, dimension, r, selected, palette) for r in rows]
    traces: list[Trace] = [
        {"type": "scatter", "mode": "lines", "x": lines_x, "y": lines_y, "line": {"color": palette.grid, "width": 6}, "hoverinfo": "skip"},
    ]
    for column, symbol, words, side in (
        ("median_hours", "circle", "half within", "middle left"),
        ("p90_hours", "diamond", "90 % within", "middle right"),
    ):
        known = [(name, r, colour) for name, r, colour in zip(names, rows, colours, strict=True) if r[column] is not None]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "x": [r[column] or near for _, r, _ in known],  # a log axis has no place for a wait of no days: its left end
                "y": [name for name, _, _ in known],
                "text": [f" {answer.metric.kind.duration(r[column])} " for _, r, _ in known],
                "textposition": side,
                "textfont": {"size": 12, "color": palette.text},
                "cliponaxis": False,
                "marker": {
                    "symbol": [f"{symbol}-open" if r[dimension] in failing else symbol for _, r, _ in known],
                    "size": 11,
                    "color": [c for _, _, c in known],
                    "line": {"width": 2, "color": [c for _, _, c in known]},
                },
                "customdata": [[f"{dimension}={r[dimension]}", f"{fmt.count(r['count_unreported'])} {answer.metric.unended}"] for _, r, _ in known],
                "hovertemplate": f"%{{y}}: {words} %{{text}}, %{{customdata[1]}}<extra></extra>",
            }
        )
    said = f"<br>○ {APART} times not comparable" if any(r[dimension] in failing for r in rows) else ""
    low, high = axis["range"]
    axis["range"] = [low - 0.3 * (high - low), high + 0.25 * (high - low)]  # room for the words beside the marks
    figure = layout(
        palette,
        70 + 40 * max(1, len(rows)),
        margin={"l": 8, "r": 16, "t": 46 if said else 30, "b": 34},
        xaxis={**axis, "title": {"text": f"{answer.metric.short_clock}, log scale", "standoff": 6, "font": {"size": 12}}},
        yaxis={"type": "category", "showgrid": False},
        annotations=[unit_note(f"●  half within    ◆  90 % within{said}", palette) | {"align": "left"}],
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def intervals(answer: Answer, whole: Answer, *, dimension: str, selected: Sequence[str] = (), is_funnel: bool = False, palette: Palette = LIGHT) -> go.Figure:
    """The share of each unit with its 95 % Wilson interval, the largest unit on top, the share of all together as a line, the standard dashed.

    `is_funnel`: grey behind each, where its share would lie by chance (exact binomial, 95 and 99.8 %) if it were that of all together.
    """
    rows = some(sorted((r for r in answer.rows if r["denominator"] and r["value"] is not None), key=lambda r: r["denominator"]), answer)
    names = [_named(answer, dimension, r, r["denominator"]) for r in rows]
    limits = [wilson(r["numerator"], r["denominator"]) for r in rows]
    together = whole.rows[0]["value"] if whole.rows else None
    chance = _chance(together, rows) if is_funnel and together is not None else []
    traces: list[Trace] = [
        *(bands_of_chance(names, chance, palette, ".1%") if chance else []),
        {
            "type": "scatter",
            "mode": "markers",
            "x": [r["value"] for r in rows],
            "y": names,
            "marker": {"size": 9, "color": [_tone(answer, dimension, r, selected, palette) for r in rows]},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [round(high - r["value"], 6) for r, (_, high) in zip(rows, limits, strict=True)],
                "arrayminus": [round(r["value"] - low, 6) for r, (low, _) in zip(rows, limits, strict=True)],
                "color": palette.grey,
                "thickness": 2,
                "width": 5,
            },
            "text": [
                f"{fmt.share(r['numerator'], r['denominator'])}, 95 % interval {fmt.percent(low)} to {fmt.percent(high)}"
                for r, (low, high) in zip(rows, limits, strict=True)
            ],
            "customdata": [[f"{dimension}={r[dimension]}"] for r in rows],
            "hovertemplate": "%{y}: %{text}<extra></extra>",
        },
    ]
    shapes, notes = [], []
    spread = [v for pair in (*limits, *chance) for v in pair if v is not None]
    if together is not None:
        shapes.append(_upright(together, palette.accent, "solid"))
        notes.append(note(f"all together {fmt.percent(together)}", palette, x=together, y=1, yref="paper", yanchor="bottom"))
    standard = answer.standard
    if standard is not None and standard.target is not None:
        spread.append(standard.target)
        shapes.append(_upright(standard.target, palette.muted, "dash"))
        ends_left = standard.target > (max(spread) + min(spread)) / 2
        said = f"{standard.label} ({standard.status})"
        notes.append(
            note(said, palette, x=standard.target, y=1, yref="paper", yanchor="bottom", yshift=16, xanchor="right" if ends_left else "left"),
        )
    high = min(1.001, max(spread, default=1) * 1.06)
    low = max(0.0, min(spread, default=0) - 0.02) if min(spread, default=0) > 0.5 else 0.0
    figure = layout(
        palette,
        92 + 36 * max(1, len(rows)),
        margin={"l": 8, "r": 16, "t": 46, "b": 40},
        xaxis={
            "tickformat": ".0%" if high - low > 0.08 else ".1%",
            "range": [low, high],
            "nticks": 6,
            "showgrid": True,
            "gridcolor": palette.grid,
            "title": {"text": f"{answer.metric.unit}, with 95 % interval", "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"type": "category", "showgrid": False},
        shapes=shapes,
        annotations=notes,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def stacked(answer: Answer, *, dimension: str, split: str = "band", palette: Palette = LIGHT, as_share: bool = False) -> go.Figure:
    """One bar a unit, cut into bands from short to long; what is still unreported or has waited longest is in the warning colour."""
    uncut(answer, ("value",), "a bar without it would show a wrong total")
    some(answer.rows, answer)
    cells = {(r[dimension], r[split]): r["value"] for r in answer.rows}
    totals: dict[Any, float] = {}
    for (unit, _), value in cells.items():
        totals[unit] = totals.get(unit, 0) + value
    bands = sorted({band for _, band in cells}, key=str)
    worst = bands[-1] if bands else ""
    order = sorted(totals, key=lambda u: cells.get((u, worst), 0) / totals[u] if as_share and totals[u] else totals[u])
    names = [f"{wrapped(answer.label(dimension, u))}" for u in order]
    inner = bands[:-1]
    ramp = [palette.ramp[round(i * (len(palette.ramp) - 1) / max(1, len(inner) - 1))] for i in range(len(inner))]
    traces: list[Trace] = []
    for band, colour in zip(bands, [*ramp, palette.warn], strict=True):
        values = [cells.get((u, band), 0) for u in order]
        shares = [v / totals[u] if totals[u] else 0 for u, v in zip(order, values, strict=True)]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": answer.label(split, band),
                "y": names,
                "x": [round(s, 5) for s in shares] if as_share else values,
                "text": [f"{fmt.count(v)} ({fmt.percent(s)})" for v, s in zip(values, shares, strict=True)],
                "textposition": "none",
                "marker": {"color": colour, "line": {"width": 0}},
                "customdata": [[f"{dimension}={u}", f"{split}={band}"] for u in order],
                "hovertemplate": f"%{{y}}, {answer.label(split, band)}: %{{text}}<extra></extra>",
            }
        )
    ends = [note(f"{fmt.count(totals[u])}", palette, x=1 if as_share else totals[u], y=name, xanchor="left", xshift=4) for u, name in zip(order, names, strict=True)]
    unit = answer.metric.unit
    keys = [f"<span style='color:{t['marker']['color']}'>■</span> {t['name']}" for t in traces]
    key = "<br>".join("   ".join(keys[i : i + 3]) for i in range(0, len(keys), 3))  # three abreast fit the narrowest screen
    top = 16 + 18 * math.ceil(len(keys) / 3)
    reach = 5.3 * max((len(line) for name in names for line in name.split("<br>")), default=0)
    ends.append(
        note(
            key,
            palette,
            x=0,
            xref="paper",
            xanchor="left",
            xshift=-round(reach),
            y=1,
            yref="paper",
            yanchor="bottom",
            yshift=8,
            align="left",
        )
        | {"font": {"size": 12, "color": palette.text}}
    )
    axis = (
        {"tickformat": ".0%", "range": [0, 1.12], "tickvals": [0, 0.25, 0.5, 0.75, 1]}
        if as_share
        else {"tickformat": ",", "range": [0, max(totals.values(), default=1) * 1.12]}
    )
    figure = layout(
        palette,
        100 + top + 34 * max(1, len(order)),
        barmode="stack",
        bargap=0.35,
        margin={"l": 8, "r": 16, "t": top, "b": 40},
        xaxis={**axis, "title": {"text": f"share of {unit}; count at the end" if as_share else unit, "standoff": 6, "font": {"size": 12}}},
        yaxis={"type": "category", "showgrid": False},
        annotations=ends,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def heat_map(answer: Answer, *, down: str, across: str, palette: Palette = LIGHT) -> go.Figure:
    """Counts or shares by two dimensions. A missing cell stays empty; for shares the shortfall is what stands out."""
    cells = {(r[down], r[across]): r["value"] for r in answer.rows}
    downs: list[Any] = list(range(1, 8)) if down == "weekday" else sorted({d for d, _ in cells}, key=lambda d: answer.label(down, d))
    acrosses: list[Any] = list(range(24)) if across == "hour" else sorted({a for _, a in cells})
    z = [[cells.get((d, a)) for a in acrosses] for d in downs]
    share = answer.metric.kind.is_share
    names = [wrapped(answer.label(down, d)) for d in downs]
    heads = [f"{a:02d}" if across == "hour" else fmt.month(a).replace(" ", "<br>") for a in acrosses]
    step = 2 if across == "hour" else max(1, math.ceil(len(heads) / 6))
    background = "#ffffff" if palette.name == "light" else "#18222b"
    scale = [[0, palette.warn], [1, palette.ramp[0]]] if share else [[i / (len(palette.ramp)), c] for i, c in enumerate((background, *palette.ramp))]
    trace: Trace = {
        "type": "heatmap",
        "z": z,
        "x": heads,
        "y": names,
        "xgap": 1,
        "ygap": 1,
        "colorscale": scale,
        "text": [[read(answer, "value", v) for v in row] for row in z],
        "hovertemplate": "%{y} %{x}: %{text}<extra></extra>",
        "colorbar": {
            "thickness": 10,
            "outlinewidth": 0,
            "tickformat": ".0%" if share else ",",
            "nticks": 4,
            "len": 0.9,
            "tickfont": {"size": 11},
        },
    }
    if share:
        low = min((v for row in z for v in row if v is not None), default=0.9)
        trace |= {"zmin": min(low, 0.95), "zmax": 1}
    title = {"hour": "hour of the day, local clock", "month": "month"}[across]
    figure = layout(
        palette,
        90 + 32 * len(downs),
        margin={"l": 8, "r": 8, "t": 30, "b": 40},
        xaxis={
            "type": "category",
            "title": {"text": title, "standoff": 6, "font": {"size": 12}},
            "tickvals": heads[::step],
            "tickangle": 0,
        },
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False},
        annotations=[unit_note(answer.metric.unit, palette)],
    )
    return go.Figure({"data": [trace], "layout": figure}, _validate=False)


def _named(answer: Answer, dimension: str, row: Row, n: float, mark: str = "") -> str:
    first, _, second = wrapped(answer.label(dimension, row[dimension])).partition("<br>")
    return f"{first}{mark}<br>{second + ', ' if second else ''}n {fmt.count(n)}"


def _tone(answer: Answer, dimension: str, row: Row, selected: Sequence[str], palette: Palette) -> str:
    if dimension == "modality":
        return palette.modality.get(str(row[dimension]), palette.grey)
    return palette.accent if not selected or row[dimension] in selected else palette.grey


def _chance(together: float, rows: Sequence[Row]) -> list[list[float | None]]:
    """Limits of each unit's share, were it that of all together; None where there is no limit."""
    found = binomial_limits(together, [r["denominator"] for r in rows])
    return [[None if math.isnan(v) else float(v) for v in unit] for unit in found]


def _upright(at: float, colour: str, dash: str) -> dict[str, Any]:
    return {
        "type": "line",
        "yref": "paper",
        "x0": at,
        "x1": at,
        "y0": 0,
        "y1": 1,
        "line": {"color": colour, "width": 1.3, "dash": dash},
        "layer": "below",
    }
