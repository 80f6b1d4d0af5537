"""From bytes to lines and from lines to fields: the parts of reading a delimited text that know nothing of headers or accounting."""

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from readout.errors import SourceError
from readout.ingest.adapter import FileFormat
from readout.ingest.reading_xlsx import unreadable

LONGEST = 64 << 20  # bytes without a line end that are no line
JOINED = 50  # lines that one quoted record may span beyond its first

# How one line parses: by the rules; with a quote inside an unquoted field; ends inside quotes; text after a closing quote.
GOOD, LOOSE, OPEN, STRAY = "good", "loose", "open", "stray"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OTHERS = {b"PK\x03\x04": "a workbook or zip", b"\xd0\xcf\x11\xe0": "an old workbook", b"PAR1": "a Parquet file", b"\x1f\x8b": "gzip"}

# Bytes to lines


@dataclass(frozen=True)
class Layout:
    """How the bytes of a file become lines: length of its byte-order mark, codec, and whether lines end in a lone carriage return."""

    mark: int
    codec: str
    old_mac: bool = False


def layout_of(path: Path, fmt: FileFormat) -> Layout:
    """Told from the first bytes; SourceError when they contradict the adapter."""
    declared, wide = fmt.encoding.lower(), fmt.encoding.lower() == "utf-16"
    with _reading(path), _open(path) as file:
        head = file.read(4096)
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise SourceError(f"{path.name} is not delimited text but {what}: set the adapter's format (gzip needs a name in .gz).")
    mark, codec = next(((len(m), c) for m, c in _MARKS if head.startswith(m)), (0, ""))
    if codec.startswith("utf-16") and not wide:
        raise SourceError(f'{path.name} is UTF-16, not {fmt.encoding}: set encoding = "utf-16" in the adapter.')
    if wide and head and (codec == "utf-8" or not (codec or b"\0" in head)):
        raise SourceError(f'{path.name} is not UTF-16: set encoding = "utf-8" or "cp1252" in the adapter.')
    if not wide:
        codec = "cp1252" if declared == "cp1252" else "utf-8"
    elif not mark:
        codec = "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    layout = Layout(mark, codec)
    with _reading(path), _open(path) as file:
        return Layout(mark, codec, not any(b"\n" in text for text in _texts(file, layout, 1 << 16)))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as e:
        if str(e).startswith("Not a gzipped file"):
            raise SourceError(f"{path.name} is not gzip though its name says so: take .gz off its name, or compress it.") from e
        raise SourceError(f"{path.name} ends early: looks half-copied; copy it again.") from e
    except OSError as e:
        raise unreadable(path, e) from e


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def _texts(file: BinaryIO, layout: Layout, size: int) -> Iterator[bytes]:
    """The file in pieces, its mark gone; UTF-16 as UTF-8, what is wrong in it left as bytes that are not UTF-8."""
    file.read(layout.mark)
    if not layout.codec.startswith("utf-16"):
        yield from iter(lambda: file.read(size), b"")
        return
    decoder = codecs.getincrementaldecoder(layout.codec)("surrogatepass")
    while piece := file.read(size):
        yield decoder.decode(piece).encode("utf-8", "surrogatepass")
    if decoder.getstate()[0]:
        yield b"\xff"  # half a character at the end


def blocks(path: Path, layout: Layout, size: int) -> Iterator[bytes]:
    """Whole lines, about `size` bytes at a time, each ended by a line feed (the last line perhaps by none)."""
    tail = b""
    with _reading(path), _open(path) as file:
        for piece in _texts(file, layout, size):
            piece = piece.replace(b"\r", b"\n") if layout.old_mac else piece
            cut = piece.rfind(b"\n") + 1
            if cut:
                block, tail = b"".join((tail, memoryview(piece)[:cut])), piece[cut:]
                yield block
                continue
            tail += piece
            if len(tail) > LONGEST:
                raise SourceError(f"{path.name} has no line ends: it is not delimited text; check the format in the adapter.")
    if tail:
        yield tail


def physical_lines(path: Path, layout: Layout, first: int, count: int) -> list[bytes]:
    """`count` physical lines from number `first` on, or as many as there are."""
    found: list[bytes] = []
    passed = 0
    for block in blocks(path, layout, 1 << 16):
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if passed + lines >= first:
            kept = islice(block.removesuffix(b"\n").split(b"\n"), max(0, first - 1 - passed), None)
            found += [line.rstrip(b"\r") for line in kept]
        passed += lines
        if len(found) >= count:
            break
    return found[:count]


def is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def decode(line: bytes, codec: str) -> bytes | None:
    """One line as UTF-8, None when it is not in the codec. Valid multi-byte UTF-8 in a cp1252 file is taken for what it is."""
    if is_utf8(line):
        return line
    try:
        return None if codec != "cp1252" else line.decode("cp1252").encode()
    except UnicodeDecodeError:
        return None


# Lines to fields


def split_line(line: str, delimiter: str) -> tuple[list[str], str]:
    """The fields of a line and how it parsed; a field is quoted only when it starts with a quote (RFC 4180)."""
    if '"' not in line:
        return line.split(delimiter), GOOD
    fields: list[str] = []
    at, state = 0, GOOD
    while True:
        if line.startswith('"', at):
            end = line.find('"', at + 1)
            while end >= 0 and line.startswith('"', end + 1):
                end = line.find('"', end + 2)
            if end < 0:
                return [*fields, line[at + 1 :]], OPEN
            fields.append(line[at + 1 : end].replace('""', '"'))
            at = end + 1
            if at < len(line) and line[at] != delimiter:
                return fields, STRAY
        else:
            end = line.find(delimiter, at)
            at, field = (end, line[at:end]) if end >= 0 else (len(line), line[at:])
            fields.append(field)
            state = LOOSE if '"' in field else state
        if at == len(line):
            return fields, state
        at += 1


def join_lines(lines: Sequence[str], i: int, blocked: Callable[[int], bool], width: int, delimiter: str) -> tuple[list[str] | None, int]:
    """The fields of the record that opens a quote on line `i`, and the line after it; a line that is good by itself is never eaten.

    No fields when there is no such record; then the line number is past the end if more lines might have closed it.
    """
    text = lines[i]
    for j in range(i + 1, i + JOINED + 1):
        if j >= len(lines):
            return None, j + 1
        if blocked(j):
            break
        text += "\n" + lines[j]
        if '"' in lines[j]:
            fields, state = split_line(text, delimiter)
            if state == GOOD and len(fields) == width:
                return fields, j + 1
            if state != OPEN or len(fields) > width:
                break
    return None, i + 1


def why_broken(line: str, found: int, state: str, width: int, truncated: bool) -> tuple[str, str | None]:
    """The reason that a line is no record, and what may be said of it."""
    if truncated:
        return "truncated_last_line", None
    if state in (OPEN, STRAY) or (state == LOOSE and line.count('"') % 2):
        return "stray_quote", None
    return "column_count", f"{found} field{'s' * (found != 1)}, {width} expected"


def well_formed(lines: pl.Series, width: int, delimiter: str) -> pl.Series:
    """Which lines are exactly `width` fields, quotes only where the rules have them."""
    sep = f"\\x{{{ord(delimiter):x}}}"
    field = f'(?:"(?:[^"]|"")*"|[^"{sep}]*)'
    try:
        return lines.str.contains(f"^{field}(?:{sep}{field}){{{width - 1}}}$")
    except pl.exceptions.ComputeError:  # more columns than a compiled pattern may hold
        parsed = (split_line(line, delimiter) for line in lines)
        return pl.Series([state == GOOD and len(fields) == width for fields, state in parsed], dtype=pl.Boolean)


def split_lines(lines: pl.Series, width: int, delimiter: str, quoted: bool) -> pl.DataFrame:
    """Well-formed lines as columns."""
    names = [f"field_{i}" for i in range(width)]
    if lines.is_empty():
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    if not quoted:
        return lines.str.splitn(delimiter, width).struct.unnest()
    try:
        text = BytesIO(cast(str, lines.str.join("\n").item()).encode())
        frame = pl.read_csv(text, has_header=False, separator=delimiter, schema=dict.fromkeys(names, pl.String))
        if frame.height == lines.len():
            return frame
    except (pl.exceptions.PolarsError, ValueError, TypeError):  # a delimiter outside ASCII
        pass
    return pl.DataFrame([split_line(line, delimiter)[0] for line in lines], schema=dict.fromkeys(names, pl.String), orient="row")
