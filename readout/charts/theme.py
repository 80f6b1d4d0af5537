"""What every figure shares: two palettes, a small layout, axes with units, labels beside lines, and how a value reads."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from readout.errors import DrawingError
from readout.metrics.answer import Answer, Released

T = TypeVar("T")
Trace = dict[str, Any]
CLEAR = "rgba(0,0,0,0)"
TAKEN = "Its tables can be taken."
LINE = 15.6  # pixels of a line of a label
APART = "†"  # behind the name of a unit whose times cannot be compared


@dataclass(frozen=True)
class Palette:
    """Colours by what they mean, for one background. Marks hold 3:1 against it, text 4.5:1."""

    name: str
    paper: str
    text: str
    muted: str
    grid: str
    accent: str
    grey: str
    warn: str
    band: str
    ramp: tuple[str, ...]
    modality: Mapping[str, str]


LIGHT = Palette(
    name="light",
    paper="#ffffff",
    text="#1b2733",
    muted="#566370",
    grid="#e2e7ec",
    accent="#1f5f9f",
    grey="#87929d",
    warn="#b4480f",
    band="rgba(120,135,150,.13)",
    ramp=("#d3e4f4", "#aecbe6", "#83afd6", "#5a92c4", "#3b77ad", "#255b8e", "#15406b"),
    modality={
        "XR": "#0072b2",
        "CT": "#d55e00",
        "MR": "#008a64",
        "US": "#b85c90",
        "NM": "#9c6f00",
        "PT": "#3186b8",
        "FL": "#6b6b2f",
        "MG": "#7a56b3",
        "DX": "#4a7d1e",
        "IR": "#8a4b2a",
        "OT": "#6f7a85",
    },
)
DARK = Palette(
    name="dark",
    paper="#0f161d",
    text="#e6ecf2",
    muted="#a8b5c1",
    grid="#27333e",
    accent="#7fb4ea",
    grey="#76848f",
    warn="#f0935a",
    band="rgba(160,180,200,.12)",
    ramp=("#1c3d5c", "#245079", "#306698", "#4680b6", "#6c9fcf", "#9bc1e4", "#cde2f5"),
    modality={
        "XR": "#4aa3dc",
        "CT": "#f08a3c",
        "MR": "#2fbf93",
        "US": "#dd92bb",
        "NM": "#e0a92e",
        "PT": "#7cc4ee",
        "FL": "#b7b765",
        "MG": "#ab8fe0",
        "DX": "#8fc25a",
        "IR": "#cf9270",
        "OT": "#9aa6b1",
    },
)
PALETTES = {"light": LIGHT, "dark": DARK}

# Where a labelled time axis may put a tick, in hours.
TICKS = {
    1 / 12: "5 min",
    0.25: "15 min",
    1.0: "1 h",
    6.0: "6 h",
    24.0: "1 d",
    72.0: "3 d",
    168.0: "7 d",
    336.0: "14 d",
    672.0: "28 d",
    2016.0: "12 weeks",
}
COHORT = {
    "examined": "month of examination",
    "verified": "month of report",
    "received": "month the request arrived",
    "reviewed": "month of review",
    "snapshot": "end of month",
}


def layout(palette: Palette, height: int, **more: Any) -> dict[str, Any]:
    """The smallest layout that looks the same on a page and in a file: no template, clear background."""
    base: dict[str, Any] = {
        "template": {"layout": {}},
        "height": height,
        "margin": {"l": 8, "r": 16, "t": 30, "b": 36},
        "showlegend": False,
        "paper_bgcolor": CLEAR,
        "plot_bgcolor": CLEAR,
        "hovermode": "closest",
        "font": {"size": 13, "color": palette.text},
        "xaxis": {"showgrid": False, "zeroline": False, "automargin": True, "fixedrange": True},
        "yaxis": {"gridcolor": palette.grid, "zeroline": False, "automargin": True, "fixedrange": True},
    }
    for key, value in more.items():
        base[key] = {**base[key], **value} if isinstance(value, dict) and isinstance(base.get(key), dict) else value
    return base


def note(text: str, palette: Palette, **where: Any) -> dict[str, Any]:
    """A small muted label in the figure."""
    return {"text": text, "showarrow": False, "font": {"size": 12, "color": palette.muted}, **where}


def unit_note(text: str, palette: Palette) -> dict[str, Any]:
    """The unit of the upright axis, written level above it rather than turned on its side."""
    return note(text, palette, x=0, xref="paper", xanchor="left", y=1, yref="paper", yanchor="bottom", yshift=8)


def read(answer: Answer, column: str, value: float | None) -> str:
    """A value as the page says it."""
    return answer.metric.kind.figure(value, column)


def unit_of(answer: Answer, column: str) -> str:
    """The unit in words, for the axis."""
    if column.endswith("_hours"):
        return f"{answer.metric.short_clock}, log scale"
    return answer.metric.unit


def value_axis(answer: Answer, column: str, values: Iterable[float], palette: Palette, *, zero: bool | None = None) -> dict[str, Any]:
    """Counts from zero; shares in per cent over their own range; times on a labelled log scale."""
    known = [v for v in values if v is not None]
    if column.endswith("_hours"):
        return time_axis(known, palette)
    axis: dict[str, Any] = {"gridcolor": palette.grid, "nticks": 6}
    if answer.metric.kind.is_share:
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        pad = max((high - low) * 0.15, 0.004)
        start = 0.0 if zero or (zero is None and low < 0.5) else max(0.0, low - pad)
        stop = high + pad if low < 0.5 else min(1.0 + pad / 4, high + pad)
        axis |= {"range": [start, stop], "tickformat": ".0%" if stop - start > 0.12 else ".1%"}
        if stop > 1:
            step = 0.02 if stop - start < 0.12 else 0.1
            ticks = [round(1 - step * i, 4) for i in range(8) if 1 - step * i >= start]
            axis |= {"tickvals": ticks, "tickformat": ".0%"}
    else:
        axis |= {"rangemode": "tozero", "tickformat": ",", "range": [0, (max(known, default=1) or 1) * 1.1]}
    return axis


def time_axis(hours: Sequence[float], palette: Palette) -> dict[str, Any]:
    """A log axis of time with ticks that people say."""
    positive = [h for h in hours if h and h > 0]
    low, high = (min(positive) * 0.7, max(positive) * 1.45) if positive else (1.0, 168.0)
    ticks = [t for t in TICKS if low <= t <= high]
    return {
        "type": "log",
        "range": [math.log10(low), math.log10(high)],
        "tickvals": ticks,
        "ticktext": [TICKS[t] for t in ticks],
        "gridcolor": palette.grid,
        "showgrid": True,
    }


def beside(ends: Sequence[tuple[float, str, str]], low: float, high: float, height: float, palette: Palette, *, is_by_lines: bool = False) -> list[dict[str, Any]]:
    """Labels right of the plot: each a mark in its line's colour and a name in the text's, pushed apart so that none lies on another.

    `ends`: (height on the axis, already logged where it is a log axis; text; colour). `height`: of the plot, in pixels. `is_by_lines`: each
    takes the room of its own lines.
    """
    if not ends:
        return []
    ordered = sorted(ends, key=lambda end: end[0])
    tall = [LINE * (text.count("<br>") + 1) + 2 if is_by_lines else 17 for _, text, _ in ordered]
    gaps = [(high - low) * (a + b) / 2 / height for a, b in pairwise(tall)]
    places = [y for y, _, _ in ordered]
    for i, gap in enumerate(gaps):
        places[i + 1] = max(places[i + 1], places[i] + gap)
    over = places[-1] - high
    if over > 0:
        places[-1] -= over
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - gaps[i])
    return [
        note(f"<span style='color:{colour}'>■</span> {text}", palette, x=1, xref="paper", xanchor="left", xshift=4, y=y, yanchor="middle")
        | {"font": {"size": 12, "color": palette.text}, "align": "left"}
        for y, (_, text, colour) in zip(places, ordered, strict=True)
    ]


def margin_for(labels: Iterable[str]) -> int:
    """Room on the right for the longest line of the labels, in pixels."""
    lines = [line for label in labels for line in label.split("<br>")]
    return min(190, 26 + int(6.7 * max((len(line) for line in lines), default=0)))


def wrapped(text: str, width: int = 18) -> str:
    """A long name over two lines."""
    if len(text) <= width or " " not in text:
        return text
    words = text.split(" ")
    cut = min(range(1, len(words)), key=lambda i: abs(len(" ".join(words[:i])) - len(" ".join(words[i:]))))
    return " ".join(words[:cut]) + "<br>" + " ".join(words[cut:])


def uncut(answer: Answer, columns: Iterable[str], harm: str) -> None:
    """Refuse an answer of which a figure is withheld, where the chart joins figures that then would not meet. `harm`: what the chart would show."""
    if isinstance(answer, Released) and (answer.count_gone or {c for _, c in answer.hidden} & set(columns)):
        raise DrawingError(f"The {answer.profile} release holds no such chart of this: a part of it is withheld, and {harm}. {TAKEN}")


def some(rows: Sequence[T], answer: Answer) -> Sequence[T]:
    """The units to draw; refused where there is none."""
    if rows:
        return rows
    if isinstance(answer, Released):
        raise DrawingError(f"The {answer.profile} release holds no such chart of this: no unit has a figure in it. {TAKEN}")
    raise DrawingError("Nothing to draw: no unit of this choice has a figure.")


def bands_of_chance(names: Sequence[str], limits: Sequence[Sequence[float | None]], palette: Palette, said: str = ".2f") -> list[Trace]:
    """Behind the marks of units: where each would lie by chance if none differed. `limits`: a unit's at .1, 2.5, 97.5 and 99.9 %, None where there is none."""
    traces: list[Trace] = []
    for first, last, opacity, words in ((0, 3, 0.22, "99.8 %"), (1, 2, 0.38, "95 %")):
        x: list[float | None] = []
        y: list[str | None] = []
        for name, ends in zip(names, limits, strict=True):
            if ends[last] is not None:
                x += [ends[first] or 0.0, ends[last], None]
                y += [name, name, None]
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": y,
                "line": {"color": palette.grey, "width": 16},
                "opacity": opacity,
                "hovertemplate": f"{words} of chance: %{{x:{said}}}<extra></extra>",
            }
        )
    return traces
