"""One's own among all: every provider as a bar, one's own named above the bars."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from readout.charts.svg.words import width
from readout.charts.theme import LIGHT, LINE, Palette, Trace, layout, note, read, unit_note, wrapped
from readout.metrics import format as fmt
from readout.metrics.answer import Answer

Row = dict[str, Any]
SYNTHETIC = " (synthetic)"
BARS = 178  # pixels of the highest bar
LABEL = 2 * LINE + 4  # and of a name with its value
OVER, UNDER = 34, 54  # over and under the plot
NARROW, BEFORE, BEHIND = 286, 46, 16  # pixels of the narrowest plot, and of what lies left and right of it


def among(answer: Answer, whole: Answer, *, dimension: str, own: Sequence[str], whole_name: str, palette: Palette = LIGHT) -> go.Figure:
    """Every provider as a bar, lowest first; one's own in the accent and named; all together and the standard as lines."""
    rows = sorted((r for r in answer.rows if r["value"] is not None), key=lambda r: r["value"])
    places = list(range(1, len(rows) + 1))
    mine = [(place, r) for place, r in zip(places, rows, strict=True) if r[dimension] in own]
    is_ratio = answer.metric.kind.is_share
    traces: list[Trace] = [
        {
            "type": "bar",
            "x": places,
            "y": [r["value"] for r in rows],
            "marker": {"color": [palette.accent if r[dimension] in own else palette.grey for r in rows], "line": {"width": 0}},
            "text": [
                f"{answer.label(dimension, r[dimension]).removesuffix(SYNTHETIC)}: "
                + (fmt.share(r["numerator"], r["denominator"]) if is_ratio else read(answer, "value", r["value"]))
                for r in rows
            ],
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]
    said = {r[dimension]: _said(answer, dimension, r) for _, r in mine}
    high = max((r["value"] for r in rows), default=0) or 1
    tall = BARS + LABEL * len(mine)
    top = high * tall / BARS  # the names stand above the bars, one below another
    notes = [unit_note(answer.metric.unit, palette)]
    shapes = []
    for i, (place, r, is_left) in enumerate(_ordered(mine, len(rows), {r[dimension]: width(said[r[dimension]], 12) for _, r in mine}, dimension)):
        level = top * (1 - LABEL * i / tall)
        side = {"xanchor": "right", "xshift": -3, "align": "right"} if is_left else {"xanchor": "left", "xshift": 3, "align": "left"}
        notes.append(note(said[r[dimension]], palette, x=place, y=level, yanchor="top", bgcolor=palette.paper, **side) | {"font": {"size": 12, "color": palette.text}})
        shapes.append({"type": "line", "x0": place, "x1": place, "y0": r["value"], "y1": level, "line": {"color": palette.accent, "width": 1}})
    together = whole.rows[-1]["value"] if whole.rows else None
    if is_ratio and together is not None:
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": together,
                "y1": together,
                "line": {"color": palette.muted, "width": 1.3, "dash": "dot"},
            }
        )
        notes.append(
            note(
                f"{whole_name} {fmt.percent(together)}",
                palette,
                x=0,
                xref="paper",
                xanchor="left",
                y=together,
                yanchor="bottom",
                bgcolor=palette.paper,
            )
        )
    standard = answer.standard
    if is_ratio and standard is not None and standard.target is not None:
        shapes.append(
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": standard.target,
                "y1": standard.target,
                "line": {"color": palette.muted, "dash": "dash", "width": 1.3},
            }
        )
        # Under the axis: beside its line it would hide the lowest bars.
        words = f"- - {standard.label} ({standard.status})"
        notes.append(note(words, palette, x=0, xref="paper", xanchor="left", y=0, yref="paper", yanchor="top", yshift=-28))
    figure = layout(
        palette,
        round(tall) + OVER + UNDER,
        margin={"l": 8, "r": 16, "t": OVER, "b": UNDER},
        bargap=0.25,
        xaxis={
            "showticklabels": False,
            "title": {"text": f"{len(rows)} providers, lowest to highest; ours in colour", "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"range": [0, top], "tickformat": ".0%" if is_ratio else ",", "tickvals": _ticks(high)},
        shapes=shapes,
        annotations=notes,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def _said(answer: Answer, dimension: str, row: Row) -> str:
    """The name of a provider over two lines, its value behind it."""
    first, _, second = wrapped(answer.label(dimension, row[dimension]).removesuffix(SYNTHETIC), 12).partition("<br>")
    value = read(answer, "value", row["value"])
    return f"{first}<br>{second}  {value}" if second else f"{first}<br>{value}"


def _ordered(mine: Sequence[tuple[int, Row]], count: int, wide: Mapping[str, float], dimension: str) -> list[tuple[int, Row, bool]]:
    """One's own from the highest name to the lowest, and whether it runs to the left of its line: all to one side where even the narrowest plot has the
    room, so that no line crosses a name; else each to the side that has more."""

    def at(place: int) -> float:
        return (place - 0.5) / max(1, count) * NARROW

    if all(at(place) + wide[r[dimension]] + 4 <= NARROW + BEHIND for place, r in mine):
        return [(place, r, False) for place, r in mine]
    if all(at(place) - wide[r[dimension]] - 4 >= -BEFORE for place, r in mine):
        return [(place, r, True) for place, r in reversed(mine)]
    left = [(place, r, True) for place, r in reversed(mine) if place > count / 2]
    return [*((place, r, False) for place, r in mine if place <= count / 2), *left]


def _ticks(high: float) -> list[float]:
    """About four round values up to the highest bar: above it stand the names."""
    base = 10.0 ** math.floor(math.log10(high / 4))
    step = next(m * base for m in (1, 2, 5, 10) if m * base >= high / 4 * (1 - 1e-9))
    return [round(i * step, 10) for i in range(math.floor(high / step + 1e-9) + 1)]


__all__ = ["among"]
