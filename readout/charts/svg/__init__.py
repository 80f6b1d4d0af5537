"""A figure drawn as SVG by ourselves: no browser, the same bytes each time, real text.

It knows the part of a plotly figure that the charts here use (scatter, bar, heatmap; linear, log, date and category axes; panels; shapes;
notes) and refuses what it does not know, rather than leave it out. Decision 0016 says why.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import plotly.graph_objects as go

from readout.charts.svg import marks, words
from readout.charts.svg.scale import Axis, Tick, ends, kind_of, said, ticks
from readout.charts.svg.words import number, path

TYPES = ("scatter", "bar", "heatmap")
SIZE = 13.0
BESIDE = 46  # room right of a map for its scale
Spec = Mapping[str, Any]


def svg(figure: go.Figure, *, width: float = 760, title: str = "", is_live: bool = False, height: float | None = None) -> str:
    """The figure as an SVG of that many pixels. `title`: its words for whoever cannot see it. `is_live`: marks say
    their figures (`data-say`) and what picking them means (`data-pick`, `dimension=value` joined by `&`); units below one another are `data-rows`.

    Raises ValueError for a kind of trace or a format it does not know.
    """
    data, layout = figure.to_dict()["data"], figure.to_dict()["layout"]
    unknown = [t.get("type") for t in data if t.get("type") not in TYPES]
    if unknown:
        raise ValueError(f"traces that cannot be drawn: {unknown}")
    high = float(height or layout.get("height") or 332)
    colour = str((layout.get("font") or {}).get("color", "#1b2733"))
    axes = _axes(data, layout, float(width), high)
    stack = marks.Stack()
    body = [_shapes(layout, axes, "below"), _grids(axes, layout)]
    for x, y in axes.values():
        inside, over = "", ""
        for trace in data:
            if axes[_pair(trace)] != (x, y):
                continue
            a, b = _trace(trace, x, y, stack, layout, colour, is_live)
            inside, over = inside + a, over + b
        left, top, wide, tall = min(x.start, x.stop), min(y.start, y.stop), x.length, y.length
        box = f'x="{number(left)}" y="{number(top)}" width="{number(wide)}" height="{number(tall)}"'
        body.append(f'<svg {box} viewBox="{number(left)} {number(top)} {number(wide)} {number(tall)}">{inside}</svg>' if inside else "")
        body.append(over)
        body.append(_labels(x, y, colour))
    body += [_shapes(layout, axes, "above"), *(_colour_bar(t, axes[_pair(t)], colour) for t in data if t["type"] == "heatmap"), _notes(layout, axes, colour)]
    defs = f"<defs>{''.join(stack.hatches.values())}</defs>" if stack.hatches else ""
    size = f'viewBox="0 0 {number(width)} {number(high)}" width="{number(width)}" height="{number(high)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{words.FAMILY}, sans-serif" role="img">'
    rows = ' data-rows=""' if any(y.kind == "category" for _, y in axes.values()) else ""
    named = f"{head[:-1]}{rows} aria-label={quoteattr(title)}>" if is_live else f"{head}<title>{escape(title)}</title>"  # a live title would follow the pointer
    return f"{named}{defs}{''.join(body)}</svg>"


def _pair(trace: Spec) -> tuple[str, str]:
    return str(trace.get("xaxis", "x")), str(trace.get("yaxis", "y"))


def _trace(trace: Spec, x: Axis, y: Axis, stack: marks.Stack, layout: Spec, colour: str, is_live: bool) -> tuple[str, str]:
    if trace["type"] == "scatter":
        return marks.scatter(trace, x, y, stack, colour, is_live)
    if trace["type"] == "bar":
        return marks.bars(trace, x, y, stack, layout, colour, is_live)
    return marks.heat(trace, x, y, is_live), ""


def _axes(data: Sequence[Spec], layout: Spec, width: float, high: float) -> dict[tuple[str, str], tuple[Axis, Axis]]:
    """Every pair of axes with its place: the margins asked for, widened for the labels that must fit in them."""
    pairs = list(dict.fromkeys(_pair(t) for t in data)) or [("x", "y")]
    margin = {**{"l": 8, "r": 16, "t": 30, "b": 36}, **(layout.get("margin") or {})}
    right = margin["r"] + (BESIDE if any(t["type"] == "heatmap" for t in data) else 0)
    made: dict[tuple[str, str], tuple[Axis, Axis]] = {}
    left, bottom = float(margin["l"]), float(margin["b"])
    for _ in range(2):  # the labels are known once there are axes; the axes once there is room for the labels
        area = (left, width - right, float(margin["t"]), high - bottom)
        for pair in pairs:
            made[pair] = _placed(pair, [t for t in data if _pair(t) == pair], layout, area)
        for x, y in made.values():
            if "inside" not in str(y.spec.get("ticklabelposition", "")):
                left = max(left, margin["l"], 8 + max((words.width(t.text, SIZE) for t in ticks(y)), default=0))
            title = (x.spec.get("title") or {}).get("text", "")
            tall = max((words.height(t.text, SIZE) for t in ticks(x)), default=0) + 6
            bottom = max(bottom, tall + (words.height(title, 12) + 4 if title else 0) + (2 if len(made) == 1 else 0))
    return made


def _placed(pair: tuple[str, str], traces: Sequence[Spec], layout: Spec, area: tuple[float, float, float, float]) -> tuple[Axis, Axis]:
    left, right, top, bottom = area
    found = []
    for name, letter, (start, stop) in ((pair[0], "x", (left, right)), (pair[1], "y", (bottom, top))):
        spec = layout.get(f"{letter}axis{name[1:]}") or {}
        low_part, high_part = spec.get("domain") or (0.0, 1.0)
        begin, end = start + low_part * (stop - start), start + high_part * (stop - start)
        values = [v for t in traces for v in (t[letter] if t[letter] is not None else ())]
        kind = kind_of(spec, values)
        categories = {name: i for i, name in enumerate(dict.fromkeys(str(v) for v in values if v is not None))} if kind == "category" else {}
        blank = Axis(kind, 0, 1, begin, end, categories, spec)
        known = [s for s in (blank.scaled(v) for v in values) if s is not None] if kind != "category" else []
        is_length = any(t["type"] == "bar" and (t.get("orientation") == "h") == (letter == "x") for t in traces)
        low, high = ends(spec, kind, known, len(categories), from_zero=is_length)
        found.append(Axis(kind, low, high, begin, end, categories, spec))
    return found[0], found[1]


def _grids(axes: Mapping[tuple[str, str], tuple[Axis, Axis]], layout: Spec) -> str:
    made = ""
    for x, y in axes.values():
        for axis, other in ((x, y), (y, x)):
            default = axis is y
            if axis.spec.get("showgrid", default) is not False and axis.kind != "category":
                colour = str(axis.spec.get("gridcolor", "#e2e7ec"))
                d = "".join(f"M{path(_across(axis, other, axis.pixel(t.at)))}" for t in ticks(axis))
                made += f'<path d="{d}" stroke="{colour}" fill="none"/>' if d else ""
            if axis.spec.get("showline"):
                made += f'<path d="M{path(_across(other, axis, other.start))}" stroke="{axis.spec.get("linecolor", "#e2e7ec")}" fill="none"/>'
    return made


def _across(axis: Axis, other: Axis, at: float) -> list[tuple[float, float]]:
    """A line over the plot at a pixel of one axis."""
    is_upright = axis.start < axis.stop  # pixels of an x axis grow, of a y axis they fall
    return [(at, other.start), (at, other.stop)] if is_upright else [(other.start, at), (other.stop, at)]


def _labels(x: Axis, y: Axis, colour: str) -> str:
    made = ""
    size = float((x.spec.get("tickfont") or {}).get("size", SIZE))
    shown = _apart(ticks(x), x, size)
    low = max((words.height(t.text, size) for t in shown), default=0.0)
    bottom = max(y.start, y.stop)
    for tick in shown:
        made += words.drawn(tick.text, x.pixel(tick.at), bottom + 5, size=size, colour=colour, across="center", up="top")
    title = (x.spec.get("title") or {}).get("text", "")
    if title:
        made += words.drawn(title, (x.start + x.stop) / 2, bottom + 5 + low + 3, size=12, colour=colour, across="center", up="top")
    size = float((y.spec.get("tickfont") or {}).get("size", SIZE))
    is_inside = "inside" in str(y.spec.get("ticklabelposition", ""))
    for tick in ticks(y):
        at = y.pixel(tick.at)
        where = {"x": x.start, "across": "left", "up": "bottom"} if is_inside else {"x": x.start - 6, "across": "right", "up": "middle"}
        made += words.drawn(tick.text, y=at, size=size, colour=colour, **where)  # type: ignore[arg-type]
    return made


def _apart(found: list[Tick], axis: Axis, size: float) -> list[Tick]:
    """Ticks whose words do not touch: all, every second, every third."""
    for step in range(1, max(2, len(found))):
        kept = found[::step]
        spans = [(axis.pixel(t.at), words.width(t.text, size) / 2) for t in kept]
        if all(b - wb >= a + wa + 4 for (a, wa), (b, wb) in pairwise(spans)):
            return kept
    return found[:1]


def _colour_bar(trace: Spec, pair: tuple[Axis, Axis], colour: str) -> str:
    x, y = pair
    low, high = marks.heat_range(trace)
    spec = trace.get("colorbar") or {}
    left, top, tall = x.stop + 10, min(y.start, y.stop) + 0.05 * y.length, 0.9 * y.length
    pieces = 24
    made = ""
    for i in range(pieces):
        y0, fill = top + tall * (1 - (i + 1) / pieces), marks.shade(trace["colorscale"], (i + 0.5) / pieces)
        made += f'<path d="M{number(left)} {number(y0)}h10v{number(tall / pieces + 0.6)}h-10z" fill="{fill}"/>'
    scale = Axis("linear", low, high, top + tall, top, {}, {"nticks": spec.get("nticks", 4), "tickformat": spec.get("tickformat", "")})
    return made + "".join(words.drawn(t.text, left + 14, scale.pixel(t.at), size=11, colour=colour) for t in ticks(scale))


def _spot(layout: Spec, axes: Mapping[tuple[str, str], tuple[Axis, Axis]], ref: str, letter: str, value: Any, *, is_logged: bool) -> float:
    """The pixel of a place given by a shape or a note: in data, in parts of the paper, or in parts of an axis."""
    name, _, rest = str(ref or letter).partition(" ")
    if name == "paper":
        every = [pair[0 if letter == "x" else 1] for pair in axes.values()]
        first = every[0]
        low, high = _paper(every)
        return float(first.start + value * (first.stop - first.start) if len(every) == 1 else low + value * (high - low))
    index = 0 if letter == "x" else 1
    axis = next((pair[index] for names, pair in axes.items() if names[index] == name), next(iter(axes.values()))[index])
    if rest == "domain":
        return axis.part(value)
    if axis.kind == "log" and is_logged:
        return axis.pixel(float(value))
    at = axis.at(value)
    return axis.start if at is None else at


def _paper(every: Sequence[Axis]) -> tuple[float, float]:
    """Where the paper's 0 and 1 lie, from axes that each hold a part of it."""
    axis = every[0]
    low, high = axis.spec.get("domain") or (0.0, 1.0)
    scale = (axis.stop - axis.start) / ((high - low) or 1)
    begin = axis.start - low * scale
    return begin, begin + scale


def _shapes(layout: Spec, axes: Mapping[tuple[str, str], tuple[Axis, Axis]], layer: str) -> str:
    made = ""
    for shape in layout.get("shapes") or ():
        if shape.get("layer", "above") != layer:
            continue
        x0, x1 = (_spot(layout, axes, shape.get("xref", "x"), "x", shape[k], is_logged=False) for k in ("x0", "x1"))
        y0, y1 = (_spot(layout, axes, shape.get("yref", "y"), "y", shape[k], is_logged=False) for k in ("y0", "y1"))
        line = shape.get("line") or {}
        wide = float(line.get("width", 2))
        edge, dashed = marks.paint("stroke", str(line.get("color", "#444444"))), marks.dashes(str(line.get("dash", "")), wide)
        stroke = f' {edge} stroke-width="{number(wide)}"{dashed}' if wide else ""
        if shape["type"] == "rect":
            d = f"M{number(x0)} {number(y0)}H{number(x1)}V{number(y1)}H{number(x0)}z"
            made += f'<path d="{d}" {marks.paint("fill", str(shape.get("fillcolor", "rgba(0,0,0,0)")))}{stroke}/>'
        else:
            made += f'<path d="M{path([(x0, y0), (x1, y1)])}" fill="none"{stroke}/>'
    return made


def _notes(layout: Spec, axes: Mapping[tuple[str, str], tuple[Axis, Axis]], colour: str) -> str:
    made = ""
    for note in layout.get("annotations") or ():
        font = note.get("font") or {}
        size, text = float(font.get("size", 12)), str(note["text"])
        x = _spot(layout, axes, note.get("xref", "x"), "x", note.get("x", 0), is_logged=True) + float(note.get("xshift", 0))
        y = _spot(layout, axes, note.get("yref", "y"), "y", note.get("y", 0), is_logged=True) - float(note.get("yshift", 0))
        across = str(note.get("xanchor") or _nearest(note.get("xref"), note.get("x", 0), ("left", "center", "right")))
        up = str(note.get("yanchor") or _nearest(note.get("yref"), note.get("y", 0), ("bottom", "middle", "top")))
        if note.get("bgcolor"):
            pad = float(note.get("borderpad", 1))
            wide, tall = words.width(text, size), words.height(text, size)
            left = x - {"left": 0.0, "center": wide / 2, "right": wide}[across] - pad
            top = y - {"top": 0.0, "middle": tall / 2, "bottom": tall}[up] - pad
            d = f"M{number(left)} {number(top)}h{number(wide + 2 * pad)}v{number(tall + 2 * pad)}h{number(-wide - 2 * pad)}z"
            made += f'<path d="{d}" {marks.paint("fill", str(note["bgcolor"]))}/>'
        made += words.drawn(text, x, y, size=size, colour=str(font.get("color", colour)), across=across, up=up, align=str(note.get("align", "")) or "center")
    return made


def _nearest(ref: Any, value: Any, names: tuple[str, str, str]) -> str:
    """A note on the paper is held by the side it lies nearest; one on data by its middle."""
    if ref != "paper":
        return names[1]
    return names[0] if value <= 1 / 3 else names[2] if value >= 2 / 3 else names[1]


__all__ = ["said", "svg"]
