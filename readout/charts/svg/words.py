"""Text of a drawing: how wide it is in our font, and the few tags that figures use, as SVG."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

FAMILY = "Inter"
LINE = 1.3  # height of a line, of its size
TAG = re.compile(r"(<br\s*/?>|</?b>|<span style='color:[^']*'>|</span>)")


@dataclass(frozen=True)
class Piece:
    """A stretch of one line in one hand."""

    text: str
    is_bold: bool = False
    colour: str = ""


def pieces(text: str) -> list[list[Piece]]:
    """Lines of pieces, from text with `<br>`, `<b>` and a span that has a colour; any other sign stands for itself."""
    lines: list[list[Piece]] = [[]]
    is_bold, colour = False, ""
    for part in TAG.split(text):
        if part.startswith("<br"):
            lines.append([])
        elif part in ("<b>", "</b>"):
            is_bold = part == "<b>"
        elif part.startswith("<span style="):
            colour = part.partition("color:")[2].partition("'")[0]
        elif part == "</span>":
            colour = ""
        elif part:
            lines[-1].append(Piece(part, is_bold, colour))
    return lines


def font_folder() -> Path:
    """Where the font's files lie."""
    from fontpkg_inter import ROOT

    return Path(str(ROOT)) / "files"


@cache
def _font(is_bold: bool) -> Any:
    from PIL import ImageFont

    font = ImageFont.truetype(str(font_folder() / "Inter[opsz,wght].ttf"), 100)
    font.set_variation_by_axes([14, 700 if is_bold else 400])
    return font


@lru_cache(maxsize=20_000)
def _wide(text: str, is_bold: bool) -> float:
    return float(_font(is_bold).getlength(text)) / 100


def width(text: str, size: float) -> float:
    """Pixels that the longest line of a text takes."""
    return max((sum(_wide(p.text, p.is_bold) for p in line) for line in pieces(text)), default=0.0) * size


def height(text: str, size: float) -> float:
    """Pixels that the lines of a text take."""
    return len(pieces(text)) * LINE * size


def drawn(text: str, x: float, y: float, *, size: float = 13, colour: str, across: str = "left", up: str = "middle", align: str = "", more: str = "") -> str:
    """Text at a spot. `across` (left, center, right) and `up` (top, middle, bottom): which part of its box lies there; `align`: of its lines."""
    lines = pieces(text)
    tall = len(lines) * LINE * size
    top = {"top": y, "middle": y - tall / 2, "bottom": y - tall}[up]
    align = align or across
    if align != across and len(lines) > 1:
        wide = width(text, size)
        x += {"left": 0.0, "center": 0.5, "right": 1.0}[align] * wide - {"left": 0.0, "center": 0.5, "right": 1.0}[across] * wide
        across = align
    anchor = {"left": "", "center": ' text-anchor="middle"', "right": ' text-anchor="end"'}[across]
    made = []
    for i, line in enumerate(lines):
        if line:
            base = top + (i + 0.5) * LINE * size + 0.36 * size
            made.append(f'<text x="{number(x)}" y="{number(base)}" font-size="{number(size)}" fill="{colour}"{anchor}{more} xml:space="preserve">{_spans(line)}</text>')
    return "".join(made)


def _spans(line: Sequence[Piece]) -> str:
    if len(line) == 1 and not line[0].is_bold and not line[0].colour:
        return escape(line[0].text)
    made = ""
    for p in line:
        bold = ' font-weight="700"' if p.is_bold else ""
        colour = f" fill={quoteattr(p.colour)}" if p.colour else ""
        made += f"<tspan{bold}{colour}>{escape(p.text)}</tspan>"
    return made


def number(value: float) -> str:
    """A coordinate to a tenth of a pixel, without a useless zero."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def path(spots: Iterable[tuple[float, float]]) -> str:
    """Spots as the part of a path after its M, as short as it can be said: level and upright stretches by their end alone."""
    made: list[tuple[str, str, int]] = []  # how a stretch is said, its end on that axis, and which way it goes
    at = ("", "")
    for spot in spots:
        x, y = number(spot[0]), number(spot[1])
        if not made:
            made.append(("", f"{x},{y}", 0))
        elif (x, y) == at:
            continue
        elif x != at[0] and y != at[1]:
            made.append(("L", f"{x},{y}", 0))
        else:
            how, end, old = ("H", x, at[0]) if y == at[1] else ("V", y, at[1])
            way = 1 if float(end) > float(old) else -1
            if made[-1][0] == how and made[-1][2] == way:
                made.pop()
            made.append((how, end, way))
        at = (x, y)
    return "".join(how + end for how, end, _ in made)
