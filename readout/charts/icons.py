"""Our own drawings of what a control chart says: a shape and a colour a meaning, the same on a chart, in a sparkline and as an icon.

Variation: disc common cause, diamond improvement, square concern, triangle a change that is neither. Assurance: hexagons. Every drawing
carries its words as a title, is told from the others without colour, and comes out byte for byte the same each time.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any
from xml.sax.saxutils import escape

from readout.analysis.control import Control
from readout.charts.theme import DARK, LIGHT, Palette
from readout.metrics import format as fmt
from readout.stats.spc import HIGH

Row = Mapping[str, Any]
Spot = tuple[float, float]


@dataclass(frozen=True)
class Mark:
    """How a point of one meaning is drawn: the national hue, an edge that holds 3:1 against the paper, ink that reads on the hue."""

    fill: str
    edge: str
    ink: str
    symbol: str  # plotly's name of the shape


DEEP, PALE = "#101820", "#ffffff"
MARKS: dict[str, dict[str, Mark]] = {
    "light": {
        "common_cause": Mark("#a6a6a6", "#767676", "#4d4d4d", "circle"),
        "improvement": Mark("#00b0f0", "#0079a6", DEEP, "diamond"),
        "concern": Mark("#e46c0a", "#b35307", DEEP, "square"),
        "neutral_high": Mark("#490092", "#490092", PALE, "triangle-up"),
        "neutral_low": Mark("#490092", "#490092", PALE, "triangle-down"),
    },
    "dark": {
        "common_cause": Mark("#a6a6a6", "#a6a6a6", "#cfd4d9", "circle"),
        "improvement": Mark("#00b0f0", "#00b0f0", DEEP, "diamond"),
        "concern": Mark("#e46c0a", "#f0893a", DEEP, "square"),
        "neutral_high": Mark("#a678e8", "#a678e8", DEEP, "triangle-up"),
        "neutral_low": Mark("#a678e8", "#a678e8", DEEP, "triangle-down"),
    },
}
TARGET = {"light": "#de1b1b", "dark": "#ec4a4a"}
LABELS = {
    "common_cause": "Common cause",
    "improvement": "Improvement",
    "concern": "Concern",
    "neutral_high": "Higher, neither better nor worse",
    "neutral_low": "Lower, neither better nor worse",
    "passes": "Consistently passes",
    "fails": "Consistently fails",
    "hit_or_miss": "Hit or miss",
    "counted": "Counted: the target is the end of the scale",
    "target_not_judged": "Target not judged: no limits yet",
    "no_target": "No target",
}


def meaning(flag: str | None, better: str) -> str:
    """What a flag means for a measure that is better up, down or neither: a key of MARKS."""
    if flag is None:
        return "common_cause"
    if better == "neutral":
        return "neutral_high" if flag in HIGH else "neutral_low"
    return "improvement" if (flag in HIGH) == (better == "up") else "concern"


def is_high(control: Control) -> bool | None:
    """Whether the rule its last month breaks is one of the high side; None where it breaks none."""
    return None if control.flag is None else control.flag in HIGH


def assurance_of(control: Control) -> str:
    """The assurance of a chart, with three more: `counted`, a target at the end of the scale (see `Control.met`) or of the level of a list; `target_not_judged`, one
    without limits; `no_target`."""
    if control.level is not None and control.level.met is not None:
        return "counted"
    if control.target is None or control.metric.better == "neutral":
        return "no_target"
    return control.assurance or ("counted" if control.met else "target_not_judged")


def label(kind: str | None, *, high: bool | None = None) -> str:
    """An icon in words: `Concern: higher`, `Common cause`, `Hit or miss`, `No target`; `Not judged` for a variation of None."""
    side = "" if high is None or kind not in ("improvement", "concern") else ": higher" if high else ": lower"
    return LABELS.get(kind or "", "Not judged") + side


def variation_icon(kind: str | None, *, high: bool | None = None, dark: bool = False) -> str:
    """The variation icon as SVG, drawn for 28 px: the chart's own shape, and in it dots that lead to an arrow."""
    words = label(kind, high=high)
    grey = MARKS[_theme(dark)]["common_cause"]
    if kind is None:
        return _icon(words, _disc(grey.edge, dashed=True) + _stroke("M10 14h8", grey.ink))
    mark = MARKS[_theme(dark)][kind]
    if kind == "common_cause":
        return _icon(words, _disc(mark.edge) + _stroke("M5 14h18", mark.edge, 1) + _dots([(7, 11.6), (11.7, 16.6), (16.3, 11.4), (21, 16.2)], mark.ink))
    if kind.startswith("neutral"):
        high = kind == "neutral_high"
    shape, middle, scale = _SHAPES[mark.symbol]
    body = f'<path d="{shape}" fill="{mark.fill}" stroke="{mark.edge}" stroke-width="1.6" stroke-linejoin="round"/>'
    return _icon(words, body + _arrow(mark.ink, high, middle, scale))


_SHAPES: dict[str, tuple[str, Spot, float]] = {
    "square": ("M3 3h22v22h-22z", (14, 14), 1.0),
    "diamond": ("M14 1 27 14 14 27 1 14z", (14, 14), 0.82),
    "triangle-up": ("M14 2 27 25.5H1z", (14, 18), 0.68),
    "triangle-down": ("M14 26 1 2.5H27z", (14, 10), 0.68),
}
HEXAGON = "M8 3H20L27 14 20 25H8L1 14z"


def assurance_icon(kind: str | None, *, dark: bool = False) -> str:
    """The assurance icon as SVG, drawn for 28 px. `kind`: as `assurance_of` gives it; None is no target."""
    marks, kind = MARKS[_theme(dark)], kind or "no_target"
    grey, words = marks["common_cause"], label(kind)
    if kind in ("passes", "fails"):
        mark = marks["improvement" if kind == "passes" else "concern"]
        body = f'<path d="{HEXAGON}" fill="{mark.fill}" stroke="{mark.edge}" stroke-width="1.6" stroke-linejoin="round"/>'
        sign = "M8.5 11.5 12.5 15.5 19.5 7.5" if kind == "passes" else "M10 7.5 18 15.5M18 7.5 10 15.5"
        return _icon(words, body + _stroke(sign, mark.ink, 2.6) + _dots([(9.5, 20.3), (14, 20.3), (18.5, 20.3)], mark.ink, 1.5))
    dashed = ' stroke-dasharray="3 2.4"' if kind in ("no_target", "target_not_judged") else ""
    body = f'<path d="{HEXAGON}" fill="none" stroke="{grey.edge}" stroke-width="1.8" stroke-linejoin="round"{dashed}/>'
    if kind == "hit_or_miss":
        return _icon(words, body + _stroke("M4 14h20", grey.ink, 1.4) + _dots([(8.6, 9.6), (12.2, 18.4), (15.8, 9.6), (19.4, 18.4)], grey.ink, 1.8))
    inside = {"counted": "M9 9v10M12.3 9v10M15.7 9v10M19 9v10", "target_not_judged": "M14 8.5v7M14 18.4v1.4", "no_target": "M10 14h8"}[kind]
    return _icon(words, body + _stroke(inside, grey.ink))


def sparkline(control: Control, *, width: int = 150, height: int = 34, dark: bool = False) -> str:
    """The months of a chart in small: the limits a band, the mean a line, the last judged month marked by its meaning, provisional ones hollow.

    A provisional month beyond the judged ones' range is drawn at the edge.
    """
    palette = DARK if dark else LIGHT
    rows = control.points.to_dicts()
    last = control.last
    title = f"{control.metric.label}, {control.name}: {_judged_words(control)}"
    low, high = _reach(control, [r for r in rows if not r["is_provisional"]])
    edge, step = 5.5, (width - 11) / max(1, len(rows) - 1)

    def spot(i: int, value: float) -> Spot:
        inside = (min(max(value, low), high) - low) / (high - low)
        return edge + i * step, height - edge - inside * (height - 2 * edge)

    drawn: list[str] = []
    numbered = [(i, r) for i, r in enumerate(rows) if not r["is_provisional"]]
    for _, group in groupby(numbered, key=lambda item: (item[1]["group"], item[1]["lpl"] is None)):
        stretch = list(group)
        first, end = stretch[0], stretch[-1]
        if first[1]["lpl"] is not None:
            corners = _corners(stretch)
            outline = [*(spot(i, r["upl"]) for i, r in corners), *(spot(i, r["lpl"]) for i, r in reversed(corners))]
            drawn.append(f'<path d="M{_path(outline)}z" fill="{palette.grey}" fill-opacity=".22"/>')
        if first[1]["mean"] is not None:
            ends = _path([spot(first[0], first[1]["mean"]), spot(end[0], end[1]["mean"])])
            drawn.append(f'<path d="M{ends}" stroke="{palette.grey}"/>')
    valued = [[(i, r) for i, r in part] for has, part in groupby(numbered, key=lambda item: item[1]["x"] is not None) if has]
    line = "".join(f"M{_path([spot(i, r['x']) for i, r in part])}{'h.1' if len(part) == 1 else ''}" for part in valued)
    if line:
        drawn.append(f'<path d="{line}" stroke="{palette.text}" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round" fill="none"/>')
    hollow = [spot(i, r["x"]) for i, r in enumerate(rows) if r["is_provisional"] and r["x"] is not None]
    drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="none" stroke="{palette.muted}"/>' for x, y in hollow]
    if last is not None:
        at = next(i for i, r in numbered if r["month"] == last["month"])
        mark = MARKS[palette.name][control.variation or "common_cause"]
        drawn.append(_small(mark, spot(at, last["x"])))
    return _svg(f"0 0 {width} {height}", width, height, title, "".join(drawn))


def data_uri(svg: str) -> str:
    """An SVG as the address of an image."""
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def bounds(control: Control) -> tuple[float, float]:
    """The natural ends of a charted scale: 0 and 1 of a share, 0 and none of a time, a rate or a count."""
    low, high = control.metric.kind.bounds
    return low, float("inf") if high is None else high


def clipped(control: Control, value: float) -> float:
    """A limit as it is drawn: within the natural ends of the scale."""
    low, high = bounds(control)
    return min(max(value, low), high)


def _reach(control: Control, judged: Iterable[Row]) -> tuple[float, float]:
    known = [r["x"] for r in judged if r["x"] is not None]
    known += [clipped(control, r[c]) for r in judged for c in ("lpl", "upl") if r[c] is not None]
    low, high = min(known, default=0.0), max(known, default=1.0)
    return (low, high) if high - low > 1e-9 * max(1.0, abs(high)) else (low - 0.5, high + 0.5)


def _judged_words(control: Control) -> str:
    months = f"{fmt.count(control.count_judged)} month{'' if control.count_judged == 1 else 's'} judged"
    return f"{months}, {label(control.variation, high=is_high(control)).lower()}"


def _corners(stretch: Sequence[tuple[int, Row]]) -> list[tuple[int, Row]]:
    """The two ends where the limits are level; every month where they are not."""
    is_level = all(a["lpl"] == b["lpl"] and a["upl"] == b["upl"] for (_, a), (_, b) in pairwise(stretch))
    return [stretch[0], stretch[-1]] if is_level else list(stretch)


def _small(mark: Mark, at: Spot) -> str:
    x, y = at
    paint = f'fill="{mark.fill}" stroke="{mark.edge}"'
    if mark.symbol == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" {paint}/>'
    outline = {
        "square": "m-3.4-3.4h6.8v6.8h-6.8z",
        "diamond": "m0-4.8 4.8 4.8-4.8 4.8-4.8-4.8z",
        "triangle-up": "m0-4.4 4.4 7.6h-8.8z",
        "triangle-down": "m0 4.4 4.4-7.6h-8.8z",
    }[mark.symbol]
    return f'<path d="M{x:.1f} {y:.1f}{outline}" {paint}/>'


def _path(spots: Iterable[Spot]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)


def _arrow(ink: str, high: bool | None, middle: Spot, scale: float) -> str:
    """Two dots that lead to an arrow, up or down; a bar where no side is given."""
    flip = -1 if high is False else 1
    x, y = middle
    turn = f"translate({x:g} {y:g}) scale({scale:g} {scale * flip:g})"
    if high is None:
        return f'<g transform="{turn}">{_stroke("M-6 0H6", ink, 2.6)}</g>'
    return f'<g transform="{turn}">{_dots([(-6.5, 5.5), (-2.2, 2.4)], ink)}{_stroke("M3.4 7.5V-6.5M-1.2-2.4 3.4-7 8-2.4", ink, 2.5)}</g>'


def _dots(spots: Iterable[Spot], ink: str, radius: float = 1.7) -> str:
    """Round caps of strokes without length: a dot each."""
    path = "".join(f"M{x:g} {y:g}h0" for x, y in spots)
    return f'<path d="{path}" stroke="{ink}" stroke-width="{2 * radius:g}" stroke-linecap="round"/>'


def _stroke(path: str, ink: str, width: float = 2.2) -> str:
    return f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="{width:g}" stroke-linecap="round"/>'


def _disc(edge: str, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="3 2.4"' if dashed else ""
    return f'<circle cx="14" cy="14" r="12" fill="none" stroke="{edge}" stroke-width="1.8"{dashes}/>'


def _icon(words: str, body: str) -> str:
    return _svg("0 0 28 28", 28, 28, words, body)


def _svg(box: str, width: int, height: int, title: str, body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}" height="{height}" role="img"><title>{escape(title)}</title>{body}</svg>'


def _theme(dark: bool) -> str:
    return "dark" if dark else "light"


def theme_of(palette: Palette) -> Mapping[str, Mark]:
    """The marks of a palette."""
    return MARKS[palette.name]


__all__ = [
    "LABELS",
    "MARKS",
    "TARGET",
    "Mark",
    "assurance_icon",
    "assurance_of",
    "bounds",
    "clipped",
    "data_uri",
    "is_high",
    "label",
    "meaning",
    "sparkline",
    "theme_of",
    "variation_icon",
]
