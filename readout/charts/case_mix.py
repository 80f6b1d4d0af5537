"""Units beside what their case mix would give: a band of chance for each, and where the unit lies."""

from collections.abc import Sequence

import plotly.graph_objects as go

from readout.analysis.case_mix import Unit, compared, estimates, event
from readout.analysis.timestamp_tests import parted
from readout.charts.theme import APART, LIGHT, Palette, Trace, bands_of_chance, layout, note, some, unit_note, wrapped
from readout.metrics import format as fmt
from readout.metrics.answer import Answer

ROW = 52


def against_case_mix(answer: Answer, *drawn_with: Answer, dimension: str, selected: Sequence[str] = (), palette: Palette = LIGHT) -> go.Figure:
    """The ratio of observed to expected of each unit, the largest unit on top and never in order of the ratio; beside it the band of chance.

    A filled mark lies outside the 99.8 % band on the same side in two of the last three quarters; any other is open. The small ring is the
    ratio without adjustment. A large empty ring, its name marked †, is a unit whose times fail a test.
    `drawn_with`: the last quarters, oldest first, and where there is one the answer of `timestamps_doubtful` by the same units.
    """
    failing, quarters = parted(drawn_with)
    units = some(compared(answer, quarters, failing).units, answer)[::-1]
    names = [_named(answer, dimension, u) for u in units]
    traces = bands_of_chance(names, [u.limits for u in units], palette)
    known = [(name, u) for name, u in zip(names, units, strict=True) if u.unadjusted is not None and u.is_comparable]
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [u.unadjusted for _, u in known],
            "y": [name for name, _ in known],
            "marker": {"symbol": "circle-open", "size": 7, "color": palette.muted, "line": {"width": 1.5}},
            "hovertemplate": "without adjustment %{x:.2f}<extra></extra>",
        }
    )
    colours = [
        palette.muted if not u.is_comparable else palette.warn if u.is_lasting > 0 else palette.accent if not selected or u.code in selected else palette.grey
        for u in units
    ]
    traces.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [u.ratio for u in units],
            "y": names,
            "marker": {
                "symbol": ["circle-open" if not u.is_comparable else "diamond" if u.is_lasting else "diamond-open" for u in units],
                "size": [13 if u.is_comparable else 18 for u in units],
                "color": colours,
                "line": {"color": colours, "width": 2},
            },
            "text": [f"{u.ratio:.2f}" for u in units],
            "cliponaxis": False,
            "customdata": [[f"{dimension}={u.code}", f"{fmt.count(u.observed)} {event(answer).said}, {u.expected:,.0f} expected of {fmt.count(u.n)}"] for u in units],
            "hovertemplate": "%{y}: %{customdata[1]}<extra></extra>",
        }
    )
    band = f"<span style='color:{palette.grey}'>■</span>"
    said = "" if all(u.is_comparable for u in units) else f"<br>◯ {APART} times not comparable"
    ends = [v for u in units for v in (u.ratio, u.unadjusted, u.limits[0], u.limits[3]) if v is not None]
    low, high = min([*ends, 0.8]), max([*ends, 1.2])
    pad = 0.08 * (high - low)
    figure = layout(
        palette,
        116 + ROW * max(1, len(units)),
        margin={"l": 8, "r": 44, "t": 84 if said else 68, "b": 44},
        xaxis={
            "range": [max(-0.02 * high, low - pad), high + pad],
            "showgrid": True,
            "gridcolor": palette.grid,
            "nticks": 6,
            "tickformat": ".2~f",
            "title": {"text": f"{event(answer).reports} for each expected", "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"type": "category", "showgrid": False, "range": [-0.6, len(units) - 0.3]},
        shapes=[{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 1, "x1": 1, "line": {"color": palette.muted, "width": 1.3}}],
        annotations=[
            unit_note(f"◆ against its case mix<br>○ unadjusted<br>{band} chance, 95 % and 99.8 %{said}", palette) | {"align": "left"},
            note("ratio", palette, x=1, xref="paper", xanchor="left", xshift=8, y=1, yref="paper", yanchor="bottom", yshift=-4),
            # in a column of their own: beside the marks they would lie on rings and bands
            *(
                note(f"{u.ratio:.2f}", palette, x=1, xref="paper", xanchor="left", xshift=8, y=name, yanchor="middle") | {"font": {"size": 12, "color": palette.text}}
                for name, u in zip(names, units, strict=True)
            ),
        ],
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def best_estimates(answer: Answer, *, dimension: str, selected: Sequence[str] = (), palette: Palette = LIGHT) -> go.Figure:
    """The best guess of each unit's ratio with its 95 % interval, the largest unit on top, and the ratio as counted as a small ring beside it."""
    found = some(estimates(answer), answer)[::-1]
    names = [_label(answer, dimension, e.code, e.n) for e in found]
    colours = [palette.accent if not selected or e.code in selected else palette.grey for e in found]
    traces: list[Trace] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [e.ratio for e in found],
            "y": names,
            "marker": {"symbol": "circle-open", "size": 7, "color": palette.muted, "line": {"width": 1.5}},
            "hovertemplate": "as counted %{x:.2f}<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [e.best for e in found],
            "y": names,
            "marker": {"size": 10, "color": colours},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": [e.high - e.best for e in found],
                "arrayminus": [e.best - e.low for e in found],
                "color": palette.grey,
                "thickness": 2,
                "width": 0,
            },
            "customdata": [[f"{dimension}={e.code}", f"{e.best:.2f} ({e.low:.2f} to {e.high:.2f})"] for e in found],
            "hovertemplate": "%{y}: %{customdata[1]}<extra></extra>",
        },
    ]
    ends = [v for e in found for v in (e.ratio, e.low, e.high)]
    low, high = min([*ends, 0.8]), max([*ends, 1.2])
    pad = 0.08 * (high - low)
    figure = layout(
        palette,
        100 + ROW * max(1, len(found)),
        margin={"l": 8, "r": 16, "t": 40, "b": 44},
        xaxis={
            "range": [max(-0.02 * high, low - pad), high + pad],
            "showgrid": True,
            "gridcolor": palette.grid,
            "nticks": 6,
            "tickformat": ".2~f",
            "title": {"text": f"{event(answer).reports} for each expected", "standoff": 6, "font": {"size": 12}},
        },
        yaxis={"type": "category", "showgrid": False, "range": [-0.6, len(found) - 0.4]},
        shapes=[{"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": 1, "x1": 1, "line": {"color": palette.muted, "width": 1.3}}],
        annotations=[unit_note("● best estimate, 95 %    ○ as counted", palette)],
    )
    return go.Figure({"data": traces, "layout": figure}, _validate=False)


def _named(answer: Answer, dimension: str, unit: Unit) -> str:
    return _label(answer, dimension, unit.code, unit.n, "" if unit.is_comparable else f" {APART}")


def _label(answer: Answer, dimension: str, code: str, n: int, mark: str = "") -> str:
    first, _, second = wrapped(answer.label(dimension, code)).partition("<br>")
    return f"{first}{mark}<br>{second + ', ' if second else ''}n {fmt.count(n)}"


__all__ = ["against_case_mix", "best_estimates"]
