"""A funnel of reporters under pseudonyms: how many reports against the ratio, and what chance would give at that number."""

from math import sqrt

import numpy as np
import plotly.graph_objects as go

from readout.analysis.reporters import Reporter, Reporters, limits
from readout.charts.theme import LIGHT, Palette, Trace, layout, unit_note
from readout.metrics import format as fmt

POINTS = 120
TICKS = (0, 0.25, 0.5, 1, 2, 4, 8, 16)
TOP = 16.0  # of the ratio; what lies higher is drawn there as a triangle


def funnel(found: Reporters, *, palette: Palette = LIGHT) -> go.Figure:
    """Each reporter as an open ring, filled and named only where different in two of the last three quarters; the viewer's own as a square."""
    sizes = np.array([_size(found, r) for r in found.reporters])
    grid = np.geomspace(max(0.05, sizes.min() * 0.8), sizes.max() * 1.1, POINTS)
    top = min(TOP, max(2.0, max(r.ratio for r in found.reporters))) * 1.15  # of the square roots, in which chance spreads alike high and low
    traces: list[Trace] = []
    for tau2, dash, opacity in ((None, "solid", 0.9), (found.tau2, "dot", 0.9)):
        if tau2 is None and dash == "dot":
            continue
        drawn = limits(found.measure, grid, found.rate, tau2)
        for column, width in ((0, 1.6), (3, 1.6)) if dash == "dot" else ((0, 1.6), (1, 0.8), (2, 0.8), (3, 1.6)):
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines",
                    "x": grid.tolist(),
                    "y": [None if v != v or v > top else sqrt(v) for v in drawn[:, column]],
                    "line": {"color": palette.muted, "width": width, "dash": dash},
                    "opacity": opacity,
                    "hoverinfo": "skip",
                }
            )
    traces.append(
        {
            "type": "scatter",
            "mode": "markers+text",
            "x": sizes.tolist(),
            "y": [sqrt(min(r.ratio, TOP)) for r in found.reporters],
            "marker": {
                "symbol": [_symbol(r) for r in found.reporters],
                "size": [11 if r.is_lasting or r.is_own else 7 for r in found.reporters],
                "color": [palette.accent if r.is_lasting or r.is_own else palette.grey for r in found.reporters],
                "line": {"width": 1.4},
            },
            "text": [_named(r) if r.is_lasting or r.is_own else "" for r in found.reporters],
            "textposition": "middle left",
            "textfont": {"size": 12, "color": palette.text},
            "cliponaxis": False,
            "customdata": [[said(found, r)] for r in found.reporters],
            "hovertemplate": "%{customdata[0]}<extra></extra>",
        }
    )
    words = "reports with an assignment" if found.measure.is_time else f"{found.measure.event.reports} expected"
    figure = layout(
        palette,
        420,
        margin={"l": 44, "r": 20, "t": 58, "b": 48},
        xaxis={
            "type": "log",
            "showgrid": False,
            "dtick": 1 if sizes.max() / max(sizes.min(), 0.05) > 30 else "D1",
            "tickformat": ",~g",
            "title": {"text": words, "standoff": 8, "font": {"size": 12}},
        },
        yaxis={
            "range": [-0.05, sqrt(top)],
            "showgrid": True,
            "zeroline": False,
            "gridcolor": palette.grid,
            "tickvals": [sqrt(t) for t in TICKS if t <= top],
            "ticktext": [f"{t:g}" for t in TICKS if t <= top],
        },
        shapes=[{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "line": {"color": palette.text, "width": 1}}],
        annotations=[unit_note(_key(found), palette) | {"align": "left"}],
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def said(found: Reporters, reporter: Reporter) -> str:
    """One reporter's figures in words."""
    if found.measure.is_time:
        return f"{_named(reporter)}: {reporter.ratio:.2f} times as long as the same mix, {fmt.count(reporter.n)} reports"
    return f"{_named(reporter)}: {fmt.count(int(reporter.observed))} {found.measure.event.said}, {reporter.expected:,.1f} expected of {fmt.count(reporter.n)}"


def _size(found: Reporters, reporter: Reporter) -> float:
    return float(reporter.n) if found.measure.is_time else reporter.expected


def _named(reporter: Reporter) -> str:
    return "You" if reporter.is_own else reporter.name


def _symbol(reporter: Reporter) -> str:
    if reporter.ratio > TOP:
        return "triangle-up" if reporter.is_lasting else "triangle-up-open"
    return "square" if reporter.is_own else "circle" if reporter.is_lasting else "circle-open"


def _key(found: Reporters) -> str:
    first = "times as long as the same mix" if found.measure.is_time else f"{found.measure.event.said} for each expected"
    beyond = "" if found.tau2 is None else "    ··· with what all differ by, 99.8 %"
    return f"{first}<br>— chance, 95 % and 99.8 %{beyond}"


__all__ = ["funnel", "said"]
