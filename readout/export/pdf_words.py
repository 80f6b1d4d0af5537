"""The words of a PDF that our renderer made, in the order they are drawn. A general reader parses every line of every chart, which takes longer than making them."""

import io
import re
from typing import Any

SHOWN = re.compile(  # a font chosen; a string in brackets, which may hold pairs of them; a string of hexadecimal digits
    rb"/(?P<font>[\w.+-]+) -?[\d.]+ Tf|\((?P<text>(?:[^()\\]|\\.|\((?:[^()\\]|\\.)*\))*)\)|<(?P<hex>[0-9A-Fa-f\s]+)>", re.DOTALL
)
BLOCK = re.compile(rb"(?<!\S)BT\s(.*?)\sET(?=\s|$)", re.DOTALL)
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
PLAIN = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\n": b""}
SECTION = re.compile(rb"begin(bfchar|bfrange)(.*?)end", re.DOTALL)
GROUP = re.compile(rb"<([0-9A-Fa-f]+)>")
RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[(.*?)\])", re.DOTALL)


def words(data: bytes) -> str:
    """All text of a PDF whose fonts have two-byte codes and say what they mean, pages after another. Raises KeyError for a font that the page does not have."""
    from pypdf import PdfReader

    return "".join(_page(page) for page in PdfReader(io.BytesIO(data)).pages)


def _page(page: Any) -> str:
    contents = page.get_contents()
    if contents is None:
        return ""
    fonts = {name.lstrip("/"): _meanings(font.get_object()) for name, font in page["/Resources"].get("/Font", {}).items()}
    said: list[str] = []
    for block in BLOCK.finditer(contents.get_data()):
        meanings: dict[int, str] = {}
        for m in SHOWN.finditer(block[1]):
            if m["font"]:
                meanings = fonts[m["font"].decode()]
                continue
            codes = bytes.fromhex(m["hex"].decode()) if m["hex"] else ESCAPED.sub(_unescaped, m["text"] or b"")
            said += [meanings.get(codes[i] << 8 | codes[i + 1], "") for i in range(0, len(codes) - 1, 2)]
    return "".join(said)


def _unescaped(m: re.Match[bytes]) -> bytes:
    sign: bytes = m[1]
    return bytes([int(sign, 8) & 255]) if sign.isdigit() else PLAIN.get(sign, sign)


def _meanings(font: Any) -> dict[int, str]:
    """What each code of a font stands for, by its own table."""
    if "/ToUnicode" not in font:
        return {}
    found: dict[int, str] = {}
    for kind, body in SECTION.findall(font["/ToUnicode"].get_object().get_data()):
        if kind == b"bfchar":
            pairs = GROUP.findall(body)
            found |= {int(a, 16): _text(b) for a, b in zip(pairs[::2], pairs[1::2], strict=True)}
            continue
        for first, last, start, listed in RANGE.findall(body):
            codes = range(int(first, 16), int(last, 16) + 1)
            each = [_text(x) for x in GROUP.findall(listed)] if listed else [chr(ord(_text(start)[0]) + n) for n in range(len(codes))]
            found |= dict(zip(codes, each, strict=False))
    return found


def _text(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be")


__all__ = ["words"]
