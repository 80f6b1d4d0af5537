"""The traces of a figure as SVG: lines, points, words beside them, error bars, bars and the cells of a map."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from readout.charts.svg import words
from readout.charts.svg.scale import EPOCH, Axis, days, said
from readout.charts.svg.words import number, path

Trace = Mapping[str, Any]
Spot = tuple[float, float]
SHAPES = {
    "circle": lambda r: f"m{number(-r)} 0a{number(r)} {number(r)} 0 1 0 {number(2 * r)} 0a{number(r)} {number(r)} 0 1 0 {number(-2 * r)} 0z",
    "square": lambda r: f"m{number(-r)} {number(-r)}h{number(2 * r)}v{number(2 * r)}h{number(-2 * r)}z",
    "diamond": lambda r: f"m0 {number(-1.3 * r)} {number(1.3 * r)} {number(1.3 * r)} {number(-1.3 * r)} {number(1.3 * r)} {number(-1.3 * r)} {number(-1.3 * r)}z",
    "triangle-up": lambda r: f"m0 {number(-1.2 * r)} {number(1.15 * r)} {number(1.9 * r)}h{number(-2.3 * r)}z",
    "triangle-down": lambda r: f"m0 {number(1.2 * r)} {number(1.15 * r)} {number(-1.9 * r)}h{number(-2.3 * r)}z",
    "line-ew": lambda r: f"m{number(-r)} 0h{number(2 * r)}",
}
RGBA = re.compile(r"rgba\((\d+),\s*(\d+),\s*(\d+),\s*([\d.]+)\)")
APART = 16.0  # pixels
HOLE = re.compile(r"%\{(\w+)(?:\[(\d+)\])?(?:([|:])([^}]*))?\}")


@dataclass
class Stack:
    """What the traces drawn so far leave for the next: the last line, for a fill up to it; the ends of stacked bars."""

    line: list[Spot] = field(default_factory=list)
    ends: dict[float, float] = field(default_factory=dict)
    hatches: dict[str, str] = field(default_factory=dict)  # colour -> pattern


def paint(name: str, colour: str) -> str:
    """A colour as an attribute; a see-through one as colour and opacity, which every reader of SVG knows."""
    found = RGBA.fullmatch(colour)
    if not found:
        return f'{name}="{colour}"'
    red, green, blue, alpha = found.groups()
    if float(alpha) == 0:
        return f'{name}="none"'
    return f'{name}="#{int(red):02x}{int(green):02x}{int(blue):02x}" {name}-opacity="{float(alpha):g}"'


def dashes(style: str, wide: float) -> str:
    """How a dash is drawn."""
    unit = max(wide, 3.0)
    known = {"dot": (1, 1), "dash": (3, 3), "longdash": (5, 5), "dashdot": (3, 1, 1, 1)}.get(style)
    if known:
        return f' stroke-dasharray="{" ".join(number(unit * k) for k in known)}"'
    return f' stroke-dasharray="{style.replace("px", "").replace(",", " ")}"' if style and style != "solid" else ""


def scatter(trace: Trace, x: Axis, y: Axis, stack: Stack, text_colour: str, is_live: bool) -> tuple[str, str]:
    """A trace of points: what stays within the plot, and what may stand over its edge."""
    spots = [None if a is None or b is None else (a, b) for a, b in zip((x.at(v) for v in trace["x"]), (y.at(v) for v in trace["y"]), strict=True)]
    mode = trace.get("mode", "lines")
    inside, over = "", ""
    if "lines" in mode:
        inside += _line(trace, spots, stack)
    if trace.get("error_x") or trace.get("error_y"):
        inside += _errors(trace, x, y)
    if "markers" in mode:
        over += _points(trace, spots, is_live)
    elif is_live and trace.get("hovertemplate"):
        over += _unseen(trace, spots)
    if "text" in mode:
        over += _texts(trace, spots, text_colour)
    alpha = trace.get("opacity")
    if alpha is not None and alpha < 1:
        inside, over = (f'<g opacity="{alpha:g}">{part}</g>' if part else "" for part in (inside, over))
    return (inside, over) if trace.get("cliponaxis") is False else (inside + over, "")


def _line(trace: Trace, spots: Sequence[Spot | None], stack: Stack) -> str:
    line = trace.get("line") or {}
    wide, colour, shape = float(line.get("width", 2)), str(line.get("color", "#000000")), str(line.get("shape", "linear"))
    stretches = [_stepped(s, shape) for s in _stretches(spots)]
    made = ""
    if trace.get("fill") == "tonexty" and stack.line and stretches:
        outline = [*stretches[0], *reversed(stack.line)]
        made += f'<path d="M{path(outline)}z" {paint("fill", str(trace["fillcolor"]))}/>'
    stack.line = stretches[0] if stretches else []
    if wide and stretches:
        d = "".join(f"M{path(s)}" for s in stretches)
        made += f'<path d="{d}" fill="none" {paint("stroke", colour)} stroke-width="{number(wide)}" stroke-linejoin="round"{dashes(str(line.get("dash", "")), wide)}/>'
    return made


def _stretches(spots: Sequence[Spot | None]) -> Iterator[list[Spot]]:
    run: list[Spot] = []
    for spot in (*spots, None):
        if spot is not None:
            run.append(spot)
        elif run:
            yield run
            run = []


def _stepped(spots: Sequence[Spot], shape: str) -> list[Spot]:
    if shape == "linear":
        return list(spots)
    made = [spots[0]]
    for (x0, y0), (x1, y1) in pairwise(spots):
        if shape == "hv":
            made += [(x1, y0), (x1, y1)]
        else:
            middle = (x0 + x1) / 2
            made += [(middle, y0), (middle, y1), (x1, y1)]
    return made


def _points(trace: Trace, spots: Sequence[Spot | None], is_live: bool) -> str:
    marker = trace.get("marker") or {}
    line = marker.get("line") or {}
    made = []
    for i, spot in enumerate(spots):
        size = float(_each(marker.get("size", 6), i))
        if spot is None or size <= 0:
            continue
        symbol, colour = str(_each(marker.get("symbol", "circle"), i)), str(_each(marker.get("color", "#000000"), i))
        is_open = symbol.endswith("-open")
        edge, wide = str(_each(line.get("color", colour), i)), float(_each(line.get("width", 1 if is_open else 0), i))
        edge = colour if is_open else edge
        stroke = f' {paint("stroke", edge)} stroke-width="{number(wide or 1)}"' if wide or is_open else ""
        fill = 'fill="none"' if is_open else paint("fill", colour)
        shape = SHAPES[symbol.removesuffix("-open")](size / 2)
        made.append(_live(f'<path d="M{number(spot[0])} {number(spot[1])}{shape}" {fill}{stroke}', trace, i, is_live))
    return "".join(made)


def _unseen(trace: Trace, spots: Sequence[Spot | None]) -> str:
    """Marks of no size along a line that has none of its own, so that pointing at it says its figure; no two nearer than APART."""
    made, last = [], None
    for i, spot in enumerate(spots):
        if spot is not None and (last is None or math.dist(spot, last) >= APART):
            made.append(_live(f'<path d="M{number(spot[0])} {number(spot[1])}h.1"', trace, i, is_live=True))
            last = spot
    return "".join(made)


def _texts(trace: Trace, spots: Sequence[Spot | None], text_colour: str) -> str:
    font = trace.get("textfont") or {}
    size, colour = float(font.get("size", 12)), str(font.get("color", text_colour))
    sizes = (trace.get("marker") or {}).get("size", 0) if "markers" in trace.get("mode", "") else 0
    gap = 4.0 + max((float(_each(sizes, i)) for i in range(len(spots))), default=0.0) / 2
    made = ""
    for i, (spot, text) in enumerate(zip(spots, trace.get("text") or [], strict=False)):
        if spot is None or not text:
            continue
        up, across = str(_each(trace.get("textposition", "middle center"), i)).split(" ")
        x = spot[0] + {"left": -gap, "center": 0.0, "right": gap}[across]
        y = spot[1] + {"top": -gap, "middle": 0.0, "bottom": gap}[up]
        anchor = {"left": "right", "center": "center", "right": "left"}[across]
        said_ = str(text)  # its blanks are room between it and the mark
        x += {
            "left": -words.width(said_[len(said_.rstrip()) :], size),
            "center": 0.0,
            "right": words.width(said_[: len(said_) - len(said_.lstrip())], size),
        }[across]
        made += words.drawn(said_.strip(), x, y, size=size, colour=colour, across=anchor, up={"top": "bottom", "middle": "middle", "bottom": "top"}[up])
    return made


def _errors(trace: Trace, x: Axis, y: Axis) -> str:
    made = ""
    for name, along in (("error_x", x), ("error_y", y)):
        bar = trace.get(name)
        if not bar:
            continue
        for i, (a, b) in enumerate(zip(trace["x"], trace["y"], strict=True)):
            value = a if name == "error_x" else b
            across = (y if name == "error_x" else x).at(b if name == "error_x" else a)
            if value is None or across is None:
                continue
            low, high = along.at(value - bar["arrayminus"][i]), along.at(value + bar["array"][i])
            if low is None or high is None:
                continue
            half = float(bar.get("width", 0))
            caps = [(v, across - half, across + half) for v in (low, high)] if half else []
            if name == "error_x":
                d = f"M{path([(low, across), (high, across)])}" + "".join(f"M{path([(v, c0), (v, c1)])}" for v, c0, c1 in caps)
            else:
                d = f"M{path([(across, low), (across, high)])}" + "".join(f"M{path([(c0, v), (c1, v)])}" for v, c0, c1 in caps)
            made += f'<path d="{d}" {paint("stroke", str(bar.get("color", "#000000")))} stroke-width="{number(float(bar.get("thickness", 2)))}" fill="none"/>'
    return made


def bars(trace: Trace, x: Axis, y: Axis, stack: Stack, layout: Mapping[str, Any], text_colour: str, is_live: bool) -> tuple[str, str]:
    """Bars upright or lying, from their base; where the figure stacks, from the end of the one before. Hatched ones replace their fill."""
    is_flat = trace.get("orientation") == "h"
    along, across = (x, y) if is_flat else (y, x)
    places, lengths = (trace["y"], trace["x"]) if is_flat else (trace["x"], trace["y"])
    scaled = [across.scaled(p) for p in places]
    wide = float(trace["width"]) if "width" in trace else _width([s for s in scaled if s is not None]) * (1 - float(layout.get("bargap", 0.2)))
    marker = trace.get("marker") or {}
    pattern, line = marker.get("pattern") or {}, marker.get("line") or {}
    bases = trace.get("base")
    inside, over = "", ""
    for i, (place, length) in enumerate(zip(scaled, lengths, strict=True)):
        if place is None or length is None:
            continue
        base = float(_each(bases, i)) if bases is not None else stack.ends.get(place, 0.0) if layout.get("barmode") == "stack" else 0.0
        stack.ends[place] = base + length
        a, b = along.pixel(base), along.pixel(base + length)
        c, d = across.pixel(place - wide / 2), across.pixel(place + wide / 2)
        (x0, x1), (y0, y1) = (sorted(p) for p in (((a, b), (c, d)) if is_flat else ((c, d), (a, b))))
        colour = str(_each(marker.get("color", "#000000"), i))
        edge = float(_each(line.get("width", 0), i))
        is_hatched = bool(_each(pattern.get("shape", ""), i))
        fill = f'fill="url(#{hatch(colour, stack)})"' if is_hatched else paint("fill", colour)
        stroke = f' {paint("stroke", str(_each(line.get("color", colour), i)))} stroke-width="{number(edge)}"' if edge else ""
        box = f'<path d="M{number(x0)} {number(y0)}H{number(x1)}V{number(y1)}H{number(x0)}z" {fill}{stroke}'
        inside += _live(box, trace, i, is_live and bool(length))
        if trace.get("textposition") == "outside":
            font = trace.get("textfont") or {}
            at = (x1 + 4, (y0 + y1) / 2) if is_flat else ((x0 + x1) / 2, y0 - 3)
            across_, up = ("left", "middle") if is_flat else ("center", "bottom")
            size, tone = float(font.get("size", 12)), str(font.get("color", text_colour))
            over += words.drawn(str(trace["text"][i]).strip(), *at, size=size, colour=tone, across=across_, up=up)
    return inside, over


def _width(places: Sequence[float]) -> float:
    """How far apart the nearest two bars stand."""
    ordered = sorted(set(places))
    return min((b - a for a, b in pairwise(ordered)), default=1.0)


def hatch(colour: str, stack: Stack) -> str:
    """The name of a hatching of a colour: equal names mean equal hatching, so many drawings may stand on one page."""
    name = f"hatch-{colour.lstrip('#')}"
    lines = f'<path d="M-1.5 1.5l3-3M0 6l6-6M4.5 7.5l3-3" stroke="{colour}" stroke-width="1.6"/>'
    stack.hatches[name] = f'<pattern id="{name}" width="6" height="6" patternUnits="userSpaceOnUse">{lines}</pattern>'
    return name


def heat(trace: Trace, x: Axis, y: Axis, is_live: bool) -> str:
    """The cells of a map, an empty one left empty."""
    low, high = heat_range(trace)
    made = ""
    for j, row in enumerate(trace["z"]):
        for i, value in enumerate(row):
            if value is None:
                continue
            (x0, x1), (y0, y1) = (sorted((axis.pixel(k - 0.5), axis.pixel(k + 0.5))) for axis, k in ((x, i), (y, j)))
            colour = shade(trace["colorscale"], (value - low) / ((high - low) or 1))
            box = f'<path d="M{number(x0 + 0.5)} {number(y0 + 0.5)}H{number(x1 - 0.5)}V{number(y1 - 0.5)}H{number(x0 + 0.5)}z" fill="{colour}"'
            said_ = f"{str(trace['y'][j]).replace('<br>', ' ')} {str(trace['x'][i]).replace('<br>', ' ')}: {trace['text'][j][i]}"
            made += f"{box} data-say={quoteattr(said_)}/>" if is_live else f"{box}/>"
    return made


def heat_range(trace: Trace) -> tuple[float, float]:
    """What the ends of a map's colours stand for."""
    known = [v for row in trace["z"] for v in row if v is not None]
    return float(trace.get("zmin", min(known, default=0))), float(trace.get("zmax", max(known, default=1)))


def shade(scale: Sequence[tuple[float, str]], share: float) -> str:
    """The colour at a share of a scale."""
    share = min(1.0, max(0.0, share))
    for (a, first), (b, second) in pairwise(scale):
        if share <= b:
            part = (share - a) / ((b - a) or 1)
            mixed = (round(int(first[k : k + 2], 16) * (1 - part) + int(second[k : k + 2], 16) * part) for k in (1, 3, 5))
            return "#" + "".join(f"{v:02x}" for v in mixed)
    return str(scale[-1][1])


def _each(value: Any, i: int) -> Any:
    """One of many, or the same for all."""
    return value[i] if isinstance(value, (list, tuple)) else value


def _live(shape: str, trace: Trace, i: int, is_live: bool) -> str:
    """A mark; a live one says its figure and knows what picking it means."""
    if not is_live or trace.get("hoverinfo") == "skip":
        return f"{shape}/>"
    picks = [str(c) for c in _list(_each(trace.get("customdata") or [], i) if trace.get("customdata") else []) if "=" in str(c)]
    month = trace["x"][i] if not picks and isinstance(trace["x"][i], str) and re.fullmatch(r"\d{4}-\d{2}-01", trace["x"][i]) else None
    picks += [f"month={month}"] if month else []
    pick = f" data-pick={quoteattr('&'.join(quote(p, safe='= ') for p in picks))}" if picks else ""
    return f"{shape} data-say={quoteattr(hover(trace, i))}{pick}/>"


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def hover(trace: Trace, i: int) -> str:
    """What a mark says of itself, from the trace's own template."""

    def fill(found: re.Match[str]) -> str:
        name, index, sign, style = found.groups()
        value = _each(trace.get(name), i)
        if index is not None:
            value = value[int(index)]
        if sign == "|":
            return (EPOCH + timedelta(days=days(value))).strftime(style)
        return said(value, style) if sign == ":" else str(value)

    text = HOLE.sub(fill, str(trace.get("hovertemplate", "%{text}"))).replace("<extra></extra>", "")
    return re.sub(r"\s+(?=,)", "", re.sub(r"(?:<br>|\s)+", " ", text)).strip()  # blanks that make room on the chart are none in a sentence
