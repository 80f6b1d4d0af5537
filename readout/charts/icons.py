"""Icons of variation and assurance, and the small trend of a table row, drawn by us as SVG: each differs in shape as well as in colour.

Variation says what the last month is by the rules; assurance whether the target is met always, never or by chance. The colours and
their meanings are those of the national scheme; the drawings are ours.
"""

import base64

import polars as pl

from readout.control import Control
from readout.stats.spc import HIGH

COMMON, IMPROVEMENT, CONCERN, NEUTRAL, TARGET = "#a6a6a6", "#00b0f0", "#e46c0a", "#490092", "#de1b1b"
NEUTRAL_DARK = "#b794e6"  # the national purple vanishes on a dark page
COLOURS = {"improvement": IMPROVEMENT, "concern": CONCERN, "neutral_high": NEUTRAL, "neutral_low": NEUTRAL, "common_cause": COMMON}
LABELS = {
    "common_cause": "Common cause",
    "neutral_high": "Higher than usual",
    "neutral_low": "Lower than usual",
    "passes": "Will be met every month",
    "fails": "Will be missed every month",
    "hit_or_miss": "Met or missed by chance",
    "no_target": "No target",
}


def label(kind: str | None, *, high: bool | None = None) -> str:
    """An icon in words."""
    if kind in ("improvement", "concern"):
        return f"{kind.capitalize()}, {'high' if high else 'low'}"
    return LABELS.get(kind or "", "Not judged")


def colour_of(kind: str | None, dark: bool = False) -> str:
    """The colour of a kind of variation."""
    if dark and kind in ("neutral_high", "neutral_low"):
        return NEUTRAL_DARK
    return COLOURS.get(kind or "", COMMON)


def _svg(body: str, size: int = 28) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}" viewBox="0 0 28 28">{body}</svg>'


def variation_icon(kind: str | None, *, high: bool | None = None, dark: bool = False) -> str:
    """Common cause: a ring round a level wave. Special cause: a filled shape with an arrow the way the figure went, a square for concern,
    a disc for improvement, a diamond for neither. Not judged: a dashed ring."""
    ink = "#e6ecf2" if dark else "#1b2733"
    colour = colour_of(kind, dark)
    if kind is None:
        return _svg(f'<circle cx="14" cy="14" r="11" fill="none" stroke="{ink}" stroke-opacity=".55" stroke-width="1.5" stroke-dasharray="3 3"/>')
    if kind == "common_cause":
        wave = f'<path d="M6 15l4-3 4 4 4-4 4 3" fill="none" stroke="{ink}" stroke-width="2" stroke-linejoin="round"/>'
        return _svg(f'<circle cx="14" cy="14" r="11.5" fill="none" stroke="{colour}" stroke-width="2.5"/>{wave}')
    up = high if high is not None else kind.endswith("high")
    shape = {
        "concern": f'<rect x="2" y="2" width="24" height="24" rx="4" fill="{colour}"/>',
        "improvement": f'<circle cx="14" cy="14" r="12.5" fill="{colour}"/>',
    }.get(kind, f'<path d="M14 0L28 14 14 28 0 14z" fill="{colour}"/>')
    arrow = "M14 21V8M8.5 13L14 7.5l5.5 5.5" if up else "M14 7v13M8.5 15l5.5 5.5 5.5-5.5"
    on = "#ffffff" if kind.startswith("neutral") and not dark else "#10161d"
    return _svg(f'{shape}<path d="{arrow}" fill="none" stroke="{on}" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>')


def assurance_icon(kind: str | None, *, dark: bool = False) -> str:
    """The target as a line: the months all on its good side with a tick, all beyond it with a cross, or on both sides."""
    ink = "#e6ecf2" if dark else "#1b2733"
    line = f'<path d="M3 14h22" stroke="{TARGET}" stroke-width="2" stroke-dasharray="4 2"/>'

    def dots(*heights: int) -> str:
        return "".join(f'<circle cx="{6 + 5.3 * i:.1f}" cy="{h}" r="2" fill="{ink}"/>' for i, h in enumerate(heights))

    if kind == "passes":
        tick = f'<path d="M9 21l4 4 7-7" fill="none" stroke="{IMPROVEMENT}" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"/>'
        return _svg(f"{line}{dots(7, 5, 8, 6)}{tick}")
    if kind == "fails":
        cross = f'<path d="M10 3l7 7M17 3l-7 7" stroke="{CONCERN}" stroke-width="3" stroke-linecap="round"/>'
        return _svg(f"{line}{dots(21, 24, 20, 23)}{cross}")
    if kind == "hit_or_miss":
        return _svg(f"{line}{dots(7, 21, 8, 20)}")
    return _svg(f'<path d="M8 14h12" stroke="{ink}" stroke-opacity=".5" stroke-width="2"/>')


def sparkline(control: Control, *, width: int = 150, height: int = 34, dark: bool = False) -> str:
    """The judged months between their limits; the last one in the colour and shape of its meaning, months still arriving hollow."""
    ink = "#a8b5c1" if dark else "#566370"
    band = "#27333e" if dark else "#e8ecf0"
    points = control.points
    values = [v for c in ("x", "lpl", "upl") for v in points[c].drop_nulls().to_list()]
    if not values:
        return _box(width, height, "")
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    step = (width - 12) / max(1, points.height - 1)

    def at(i: int, value: float) -> tuple[float, float]:
        return round(6 + i * step, 1), round(height - 5 - (value - low) / span * (height - 10), 1)

    body = []
    rows = points.rows(named=True)
    edge = [(i, r) for i, r in enumerate(rows) if r["lpl"] is not None]
    if edge:
        upper = [at(i, r["upl"]) for i, r in edge]
        lower = [at(i, r["lpl"]) for i, r in reversed(edge)]
        body.append(f'<path d="M{" ".join(f"{x} {y}" for x, y in _corners(upper) + _corners(lower))}z" fill="{band}"/>')
        body.append(f'<path d="M{" ".join(f"{x} {y}" for x, y in _corners([at(i, r["mean"]) for i, r in edge]))}" stroke="{ink}" stroke-opacity=".6" fill="none"/>')
    path, pen = "", "M"
    for i, r in enumerate(rows):
        if r["x"] is None or r["is_provisional"]:
            pen = "M"
            continue
        x, y = at(i, r["x"])
        path, pen = f"{path}{pen}{x} {y}", "L"
    body.append(f'<path d="{path}" fill="none" stroke="{ink}" stroke-width="1.4"/>')
    judged = points.with_row_index("i").filter(~pl.col("is_provisional") & pl.col("x").is_not_null())
    if judged.height:
        last = judged.row(-1, named=True)
        body.append(_mark(*at(last["i"], last["x"]), control, dark))
    for i, r in enumerate(rows):
        if r["is_provisional"] and r["x"] is not None:
            x, y = at(i, r["x"])
            body.append(f'<circle cx="{x}" cy="{y}" r="1.8" fill="none" stroke="{ink}"/>')
    return _box(width, height, "".join(body))


def _corners(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A level line needs its ends only."""
    return [p for i, p in enumerate(points) if i in (0, len(points) - 1) or not points[i - 1][1] == p[1] == points[i + 1][1]]


def _mark(x: float, y: float, control: Control, dark: bool) -> str:
    colour = colour_of(control.variation, dark)
    if control.variation == "concern":
        return f'<rect x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7" fill="{colour}"/>'
    if (control.variation or "").startswith("neutral"):
        return f'<path d="M{x} {y - 5:.1f}l5 5-5 5-5-5z" fill="{colour}"/>'
    return f'<circle cx="{x}" cy="{y}" r="3.6" fill="{colour}"/>'


def _box(width: int, height: int, body: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{body}</svg>'


def data_uri(svg: str) -> str:
    """An SVG as the source of an image."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


__all__ = ["HIGH", "assurance_icon", "colour_of", "data_uri", "label", "sparkline", "variation_icon"]
