"""From one figure to another in steps: where two counts of the same thing part, and by how much."""

from itertools import accumulate, pairwise

import plotly.graph_objects as go

from readout import schema
from readout.charts.theme import LIGHT, Palette, Trace, layout
from readout.metrics import format as fmt
from readout.metrics.answer import Answer

ROW = 38  # pixels a step


def bridge(answer: Answer, *, palette: Palette = LIGHT) -> go.Figure:
    """Our figure and the published one as dots, each reason between them as a bar from where the last one ended; unexplained stands out.

    The ends are dots and no bars, so that the axis need not begin at zero: it says so where it does not.
    """
    values = {r["step"]: r["value"] for r in answer.rows}
    reasons = [s for s in schema.STEPS if s != "ours"]
    levels = list(accumulate([values.get("ours", 0), *(values.get(s, 0) for s in reasons)]))
    names = [answer.label("step", s) for s in schema.STEPS] + ["Published"]
    low, high = min(levels), max(levels)
    start = 0.0 if low <= 2 * (high - low) or low <= 0 else low - 0.35 * (high - low or 1)
    stop = high + 0.16 * (high - start or 1)
    tones = [palette.warn if s == "unexplained" else palette.grey for s in reasons]
    words = [fmt.count(levels[0]), *(fmt.signed(values.get(s, 0)) for s in reasons), fmt.count(levels[-1])]
    ends = [levels[0], *(max(a, b) for a, b in pairwise(levels)), levels[-1]]
    rows = list(range(len(names)))
    traces: list[Trace] = [
        {
            "type": "bar",
            "orientation": "h",
            "base": levels[:-1],
            "x": [values.get(s, 0) for s in reasons],
            "y": rows[1:-1],
            "width": 0.55,
            "marker": {"color": tones, "line": {"width": 0}},
            "text": [f"{name}: {word}" for name, word in zip(names[1:-1], words[1:-1], strict=True)],
            "textposition": "none",
            "hovertemplate": "%{text}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [levels[0], levels[-1]],
            "y": [rows[0], rows[-1]],
            "marker": {"size": 13, "color": palette.accent},
            "text": [f"{names[0]}: {words[0]}", f"{names[-1]}: {words[-1]}"],
            "hovertemplate": "%{text}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "text",
            "x": ends,
            "y": rows,
            "text": [f"{gap}{w}" for gap, w in zip(("     ", *["   "] * len(reasons), "     "), words, strict=True)],
            "textposition": "middle right",
            "textfont": {"size": 13, "color": palette.text},
            "cliponaxis": False,
            "hoverinfo": "skip",
        },
    ]
    line = {"color": palette.muted, "width": 1, "dash": "dot"}
    shapes = [
        {"type": "line", "x0": level, "x1": level, "y0": i + (0.2 if i == 0 else -0.28), "y1": i + 1 + (0.28 if i + 2 < len(rows) else -0.2), "line": line}
        for i, level in enumerate(levels)
    ]
    begins = "" if start == 0 else f"; the axis begins at {fmt.count(start)}"
    figure = layout(
        palette,
        70 + ROW * len(rows),
        margin={"l": 8, "r": 24, "t": 10, "b": 44},
        xaxis={
            "range": [start, stop],
            "tickformat": ",",
            "nticks": 6,
            "showgrid": True,
            "gridcolor": palette.grid,
            "title": {"text": f"{answer.metric.unit}{begins}", "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"tickvals": rows, "ticktext": names, "range": [rows[-1] + 0.6, -0.6], "showgrid": False},
        shapes=shapes,
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)
