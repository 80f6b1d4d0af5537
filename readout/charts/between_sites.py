"""How much lies between sites or reporters over time: a value with its interval, beside the value that means no difference."""

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from readout.analysis.between_sites import correlations, odds_ratios
from readout.analysis.reporters import Course
from readout.charts.theme import LIGHT, Palette, layout, unit_note
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.stats.variance import Spread


def odds_between(answer: Answer, *, palette: Palette = LIGHT) -> go.Figure:
    """The median odds ratio of lateness between sites, from an answer by month, site and parts of the case mix; 1 is no difference."""
    return _drawn(odds_ratios(answer), palette, 1.0, "times the odds, typical higher site to typical lower", lambda v: f"{v:.2f}")


def share_between(answer: Answer, *, palette: Palette = LIGHT) -> go.Figure:
    """The share of the variation in the logarithm of turnaround that lies between sites, from an answer by month and site."""
    return _drawn(correlations(answer), palette, 0.0, "of the variation lies between sites", lambda v: fmt.percent(v))


def between_reporters(found: Course, *, palette: Palette = LIGHT) -> go.Figure:
    """The median odds ratio of an addendum between reporters, or the share of the variation in their times, in the twelve months to each quarter's end."""
    if found.measure.is_time:
        return _drawn(found.points, palette, 0.0, "of the variation lies between reporters", fmt.percent, "reporters")
    return _drawn(found.points, palette, 1.0, "times the odds, typical higher to typical lower", lambda v: f"{v:.2f}", "reporters")


def _drawn(found: Sequence[Spread], palette: Palette, none: float, words: str, said: Callable[[float], str], units: str = "sites") -> go.Figure:
    names = [f"to {fmt.month(s.last)}" for s in found]
    top = max([none + 0.02, *(min(s.high, 3 * max(s.value, none + 0.05)) for s in found)])
    trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": names,
        "y": [s.value for s in found],
        "marker": {"size": 9, "color": palette.accent},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [min(s.high, 1.1 * top) - s.value for s in found],
            "arrayminus": [s.value - s.low for s in found],
            "color": palette.grey,
            "thickness": 2,
            "width": 0,
        },
        "text": [said(s.value) for s in found],
        "textposition": "middle right",
        "textfont": {"size": 12, "color": palette.text},
        "cliponaxis": False,
        "customdata": [f"{said(s.value)} ({said(s.low)} to {said(s.high)}), {s.units} {units}" for s in found],
        "hovertemplate": "%{x}: %{customdata}<extra></extra>",
    }
    figure = layout(
        palette,
        300,
        margin={"l": 44, "r": 44, "t": 40, "b": 40},
        xaxis={"type": "category", "showgrid": False, "range": [-0.4, max(1, len(found)) - 0.3], "nticks": 6},
        yaxis={"range": [none - 0.03 * (top - none), top * 1.05], "showgrid": True, "gridcolor": palette.grid, "nticks": 5, "tickformat": ".0%" if none == 0 else ".2~f"},
        annotations=[unit_note(f"{words}, 95 % interval", palette)],
    )
    return go.Figure({"data": [trace], "layout": figure}, _validate=False)


__all__ = ["between_reporters", "odds_between", "share_between"]
