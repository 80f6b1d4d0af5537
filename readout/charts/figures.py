"""The figures. Axis titles carry units, lines are labelled at their end, counts start at zero, times have a labelled log scale."""

import math
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go

from readout import format as fmt
from readout.answer import Answer
from readout.stats.intervals import wilson

ACCENT, GREY, SOFT = "#2f6fb3", "#8a94a0", "rgba(138,148,160,.45)"
MODALITY = {
    "XR": "#0072B2",
    "CT": "#D55E00",
    "MR": "#009E73",
    "US": "#CC79A7",
    "NM": "#E69F00",
    "PT": "#56B4E9",
    "FL": "#8a6d3b",
    "MG": "#7f5fb0",
    "DX": "#4d7c0f",
    "IR": "#b45309",
    "OT": "#8a94a0",
}
HOURS = {0.25: "15 min", 1: "1 h", 6: "6 h", 24: "1 d", 72: "3 d", 168: "7 d", 336: "14 d", 672: "28 d", 2160: "90 d"}
MONTHS = {"examined": "month of examination", "verified": "month of report", "received": "month of receipt", "snapshot": "end of month"}
MOST_LINES = 6


def _figure(height: int = 320) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 64, "r": 96, "t": 12, "b": 44},
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
    )
    figure.update_xaxes(showgrid=False, automargin=True)
    figure.update_yaxes(gridcolor="rgba(138,148,160,.25)", zeroline=False, automargin=True)
    return figure


def _axis(figure: go.Figure, answer: Answer, column: str) -> None:
    if column.endswith("_hours"):
        figure.update_yaxes(type="log", tickvals=list(HOURS), ticktext=list(HOURS.values()), title="time to report, log scale")
    elif answer.metric.kind == "ratio" and answer.metric.unit.startswith("share"):
        figure.update_yaxes(tickformat=".0%", title=answer.metric.unit)
    else:
        figure.update_yaxes(rangemode="tozero", tickformat=",", title=answer.metric.unit)


def _read(answer: Answer, column: str, value: float | None) -> str:
    if column.endswith("_hours"):
        return fmt.hours(value)
    if answer.metric.kind == "ratio" and answer.metric.unit.startswith("share"):
        return fmt.percent(value)
    return fmt.count(value) if answer.metric.kind != "ratio" else ("–" if value is None else f"{value:,.1f}")


def _colour(dimension: str | None, code: str | None, number: int) -> str:
    if dimension == "modality" and code is not None:
        return MODALITY.get(code, GREY)
    return ACCENT if number == 0 else GREY


def trend(answer: Answer, column: str = "value", dimension: str | None = None) -> go.Figure:
    """One line a value of `dimension` over months; missing months are gaps, provisional ones hollow. At most six lines."""
    figure = _figure()
    lines: dict[Any, list[dict[str, Any]]] = {}
    for row in answer.rows:
        lines.setdefault(row[dimension] if dimension else None, []).append(row)
    weight = "n" if answer.metric.kind == "time" else "denominator" if answer.metric.kind == "ratio" else "value"
    ordered = sorted(lines.items(), key=lambda item: -sum(r[weight] or 0 for r in item[1]))[:MOST_LINES]
    ends: list[tuple[float, str, str]] = []
    for number, (code, rows) in enumerate(ordered):
        colour = _colour(dimension, code, number)
        name = answer.label(dimension, code) if dimension else answer.metric.label
        figure.add_scatter(
            x=[r["month"] for r in rows],
            y=[r[column] for r in rows],
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 7, "color": ["rgba(0,0,0,0)" if r["provisional"] else colour for r in rows], "line": {"color": colour, "width": 1.5}},
            customdata=[[name, _read(answer, column, r[column]), "provisional" if r["provisional"] else ""] for r in rows],
            hovertemplate="%{customdata[0]}<br>%{x|%b %Y}: %{customdata[1]} %{customdata[2]}<extra></extra>",
        )
        known = [r for r in rows if r[column] is not None]
        settled = [r for r in known if not r["provisional"]] or known
        if known and dimension:
            ends.append((settled[-1][column], name, colour))
    _end_labels(figure, ends, [r[column] for r in answer.rows if r[column]], is_log=column.endswith("_hours"))
    standard = answer.standard
    if standard is not None and column == "value" and standard.better != "neutral":
        figure.add_hline(y=standard.target, line={"dash": "dash", "color": GREY, "width": 1})
        figure.add_annotation(x=0, xref="paper", y=standard.target, text=f"{standard.label}: {fmt.percent(standard.target, 0)} ({standard.status})",
                              showarrow=False, xanchor="left", yanchor="bottom", font={"size": 11, "color": GREY})  # fmt: skip
    months = sorted({r["month"] for r in answer.rows if r["provisional"]})
    if months:
        figure.add_vrect(x0=months[0], x1=months[-1], fillcolor=SOFT, opacity=0.3, line_width=0)
        figure.add_annotation(x=months[0], y=1, yref="paper", text="provisional", showarrow=False, xanchor="right", font={"size": 11, "color": GREY})
    every = sorted({r["month"] for r in answer.rows})
    pad = timedelta(days=12)
    figure.update_xaxes(tickformat="%b %y", title=MONTHS.get(answer.metric.cohort, "month"), range=[every[0] - pad, every[-1] + pad])
    _axis(figure, answer, column)
    return figure


def _end_labels(figure: go.Figure, ends: list[tuple[float, str, str]], drawn: list[float], *, is_log: bool) -> None:
    """Names beside the plot at the height of each line's last settled point, pushed apart so that none lies on another."""
    if not ends or not drawn:
        return
    scale = math.log10 if is_log else float
    low, high = (scale(min(drawn)) if is_log else 0.0), scale(max(drawn))
    gap, last = (high - low or 1.0) * 0.075, -math.inf
    for y, name, colour in sorted(ends):
        last = max(scale(y) if not is_log or y > 0 else low, last + gap)
        figure.add_annotation(x=1, xref="paper", y=last, text=name, showarrow=False, xanchor="left", xshift=6, font={"size": 11, "color": colour})
    figure.update_layout(margin={"r": min(190, 24 + 6 * max(len(name) for _, name, _ in ends))})


def distribution(answer: Answer) -> go.Figure:
    """Examinations by band, the unreported last and in another colour."""
    figure = _figure(300)
    figure.update_layout(margin={"r": 120})
    rows = answer.rows
    names = [r["band"].split(" ", 1)[1] for r in rows]
    total = sum(r["value"] for r in rows) or 1
    figure.add_bar(
        x=[r["value"] for r in rows],
        y=names,
        orientation="h",
        marker={"color": ["#e46c0a" if n == "unreported" else ACCENT for n in names]},
        text=[f"{fmt.count(r['value'])} ({fmt.percent(r['value'] / total)})" for r in rows],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", title="age" if answer.metric.kind == "stock" else "time to report")
    figure.update_xaxes(title=answer.metric.unit, rangemode="tozero", tickformat=",")
    return figure


def heat_map(answer: Answer, across: str = "hour", down: str = "weekday") -> go.Figure:
    """A map of counts or shares: one row a value of `down`, one column a value of `across`; a missing cell stays empty."""
    cells = {(r[down], r[across]): r["value"] for r in answer.rows}
    downs = list(range(1, 8)) if down == "weekday" else sorted({r[down] for r in answer.rows}, key=str)
    acrosses = list(range(24)) if across == "hour" else sorted({r[across] for r in answer.rows})
    figure = _figure(60 + 32 * len(downs))
    is_share = answer.metric.kind == "ratio"
    figure.add_heatmap(
        z=[[cells.get((d, a)) for a in acrosses] for d in downs],
        x=[answer.label(across, a) for a in acrosses],
        y=[answer.label(down, d) for d in downs],
        colorscale="Blues",
        zmin=0,
        zmax=1 if is_share else None,
        colorbar={"title": answer.metric.unit.split(" ")[0], "tickformat": ".0%" if is_share else ",", "thickness": 10},
        hovertemplate="%{y} %{x}: %{z:" + (".1%" if is_share else ",") + "}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed", title="")
    figure.update_xaxes(title={"hour": "local hour of the examination", "month": "month"}.get(across, across))
    return figure


def dumbbell(answer: Answer, dimension: str = "site_code") -> go.Figure:
    """Median to 90th percentile of each unit on a log scale of time, sorted by the 90th; a quantile not reached is not drawn."""
    rows = sorted((r for r in answer.rows if r["median_hours"]), key=lambda r: r["p90_hours"] or 1e9, reverse=True)
    names = [f"{answer.label(dimension, r[dimension])} (n {fmt.count(r['n'])})" for r in rows]
    figure = _figure(80 + 34 * len(rows))
    for name, r in zip(names, rows, strict=True):
        if r["p90_hours"]:
            figure.add_scatter(x=[r["median_hours"], r["p90_hours"]], y=[name, name], mode="lines", line={"color": SOFT, "width": 4}, hoverinfo="skip")
    for column, symbol, label in (("median_hours", "circle", "median"), ("p90_hours", "diamond", "90 % within")):
        figure.add_scatter(
            x=[r[column] for r in rows],
            y=names,
            mode="markers+text",
            marker={"symbol": symbol, "size": 10, "color": ACCENT},
            text=[fmt.hours(r[column]) if r[column] else "" for r in rows],
            textposition="top center",
            textfont={"size": 11},
            hovertemplate=f"%{{y}}<br>{label}: %{{text}}<extra></extra>",
        )
    figure.update_xaxes(type="log", tickvals=list(HOURS), ticktext=list(HOURS.values()), title="time to report, log scale: ● median, ◆ 90 % within")
    return figure


def intervals(answer: Answer, dimension: str = "site_code") -> go.Figure:
    """A share of each unit with its 95 % Wilson interval, and the share of all units together."""
    rows = sorted((r for r in answer.rows if r["denominator"]), key=lambda r: r["value"])
    names = [f"{answer.label(dimension, r[dimension])} (n {fmt.count(r['denominator'])})" for r in rows]
    limits = [wilson(r["numerator"], r["denominator"]) for r in rows]
    figure = _figure(80 + 34 * len(rows))
    figure.add_scatter(
        x=[r["value"] for r in rows],
        y=names,
        mode="markers",
        marker={"size": 9, "color": ACCENT},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - r["value"] for r, (_, high) in zip(rows, limits, strict=True)],
            "arrayminus": [r["value"] - low for r, (low, _) in zip(rows, limits, strict=True)],
            "color": GREY,
        },
        customdata=[[fmt.share(r["numerator"], r["denominator"]), fmt.percent(lo), fmt.percent(hi)] for r, (lo, hi) in zip(rows, limits, strict=True)],
        hovertemplate="%{y}<br>%{customdata[0]}, 95 %% interval %{customdata[1]} to %{customdata[2]}<extra></extra>".replace("%%", "%"),
    )
    total = sum(r["denominator"] for r in rows)
    if total:
        figure.add_vline(x=sum(r["numerator"] for r in rows) / total, line={"dash": "dash", "color": GREY, "width": 1})
    figure.update_xaxes(tickformat=".1%", rangemode="tozero", title=f"{answer.metric.unit}; line: all together; bars: 95 % interval")
    return figure


def alternative(answer: Answer, column: str = "value") -> str:
    """The chart in words, for who cannot see it: what, over what, from lowest to highest."""
    known = [r for r in answer.rows if r.get(column) is not None]
    if not known:
        return f"{answer.metric.label}, {answer.words}: nothing to show."
    low, high = min(known, key=lambda r: r[column]), max(known, key=lambda r: r[column])
    where = [", ".join(answer.label(d, r[d]) for d in answer.scope.by) or "all" for r in (low, high)]
    lowest, highest = (_read(answer, column, r[column]) for r in (low, high))
    return f"{answer.metric.label}, {answer.words}. Lowest {lowest} ({where[0]}), highest {highest} ({where[1]}). The table holds every value."
