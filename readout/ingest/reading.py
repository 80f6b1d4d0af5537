"""A source file as text: batches of records with their record numbers, and an account of every record that is not among them.

Nothing is typed here. A line that breaks the file's own rules is rejected with a reason and the lines around it load; a file that
cannot be understood at all is refused whole. Memory holds one block of the file at a time, except for a workbook.
"""

import codecs
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from readout.errors import SourceError, suggest
from readout.ingest.adapter import FileFormat
from readout.ingest.reading_xlsx import parquet_schema, parquet_slices, read_sheet, unreadable

BLOCK = 16 << 20  # bytes of text worked on at a time
ROWS = 250_000  # rows of a sheet or Parquet file worked on at a time
LONGEST = 64 << 20  # bytes without a line end that are no line
JOINED = 50  # lines that one quoted record may span beyond its first

# How one line parses: by the rules; with a quote inside an unquoted field; ends inside quotes; text after a closing quote.
GOOD, LOOSE, OPEN, STRAY = "good", "loose", "open", "stray"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OTHERS = {b"PK\x03\x04": "a workbook or zip", b"\xd0\xcf\x11\xe0": "an old workbook", b"PAR1": "a Parquet file", b"\x1f\x8b": "gzip"}


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read: `record` is the physical line (row of the sheet) where it starts, from 1."""

    record: int
    column: str | None  # source column when known
    reason: str  # encoding, nul_byte, stray_quote, column_count, truncated_last_line
    value: str | None = None  # never the content of a field


@dataclass(frozen=True)
class TextBatch:
    """Records in file order: `record` (Int64) numbers them, `frame` holds every column as String, stripped, null when empty."""

    record: pl.Series
    frame: pl.DataFrame


class TextReader:
    """One source file, opened: its header is known and holds every required column, or SourceError has said what is wrong."""

    def __init__(self, path: Path, fmt: FileFormat, required: Sequence[str], block: int = BLOCK) -> None:
        self.path, self.fmt, self._block = path, fmt, block
        self._reset()
        if fmt.format == "csv":
            self._layout = _layout(path, fmt)
            titles, self._header_end = _csv_header(path, fmt, self._layout)
        elif fmt.format == "xlsx":
            titles = self._open_sheet()
        else:
            schema = parquet_schema(path)
            titles = list(schema)
            if nested := [name for name in required if name in schema and schema[name].is_nested()]:
                raise SourceError(f"{path.name}: column '{nested[0]}' holds lists, not single values: export it as text.")
        self._titles = [t.strip() for t in titles]
        self._columns = _column_names(path.name, fmt, self._titles, required)
        self.header: tuple[str, ...] = tuple(self._columns.values())

    def batches(self) -> Iterator[TextBatch]:
        """The good records. The counts below are complete when this is exhausted, and are then known to add up."""
        self._reset()
        kept = 0
        for batch in self._csv() if self.fmt.format == "csv" else self._table():
            kept += batch.frame.height
            if batch.frame.height:
                yield batch
        lost = sum(self.dropped.values()) + len(self.rejects)
        assert self.count_read == kept + lost, f"{self.count_read} records read, {kept} kept, {lost} dropped or rejected"

    def _reset(self) -> None:
        self.count_read = 0
        self.dropped: dict[str, int] = Counter()
        self.rejects: list[Reject] = []
        self.notes: dict[str, int] = Counter()

    def _tidy(self, record: pl.Series, frame: pl.DataFrame) -> TextBatch:
        """Strip every cell, drop blank records and repeated headers, name the columns."""
        frame = frame.select(pl.all().str.strip_chars()).select(pl.when(pl.all() != "").then(pl.all()))
        blank = frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
        again = frame.to_series(0).eq_missing(pl.Series([self._titles[0] or None], dtype=pl.String))
        if again.any():
            same = (pl.nth(i).eq_missing(pl.lit(title or None, pl.String)) for i, title in enumerate(self._titles))
            again = frame.select(pl.all_horizontal(same)).to_series()
        for reason, rows in (("blank", blank), ("repeated_header", again)):
            if rows.any():
                self.dropped[reason] += int(rows.sum())
        drop = blank | again
        if drop.any():
            record, frame = record.filter(~drop), frame.filter(~drop)
        return TextBatch(record.alias("record"), frame.select(pl.nth(i).alias(name) for i, name in self._columns.items()))

    # Sheets and Parquet files

    def _open_sheet(self) -> list[str]:
        self._sheet = read_sheet(self.path, self.fmt.sheet)
        if self._sheet.height < self.fmt.header_row:
            raise _no_header(self.path.name, self.fmt)
        return [cell or "" for cell in self._sheet.row(self.fmt.header_row - 1)]

    def _table(self) -> Iterator[TextBatch]:
        slices: Iterator[tuple[pl.DataFrame, list[tuple[int, str]]]] = parquet_slices(self.path, ROWS)
        first = 1
        if self.fmt.format == "xlsx":
            first += self.fmt.header_row
            slices = ((part, []) for part in self._sheet.slice(self.fmt.header_row).iter_slices(ROWS))
        for frame, undecoded in slices:
            record = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True)
            first += frame.height
            self.count_read += frame.height
            wrong = dict(reversed(undecoded))
            self.rejects += [Reject(int(record[row]), column, "encoding") for row, column in sorted(wrong.items())]
            drop = record.is_in([record[row] for row in wrong])
            if self.fmt.footer_pattern:
                joined = frame.select(pl.concat_str(pl.all().fill_null(""), separator=self.fmt.delimiter)).to_series()
                footer = _matches(joined, self.fmt.footer_pattern) & ~drop
                if footer.any():
                    self.dropped["footer"] += int(footer.sum())
                    drop |= footer
            yield self._tidy(record.filter(~drop), frame.filter(~drop))

    # Delimited text

    def _csv(self) -> Iterator[TextBatch]:
        if self._layout.mark:
            self.notes["byte_order_mark"] = 1
        first, skip = 1, self._header_end  # the next physical line's number; lines of titles and header still to pass over
        held, faults, ended = pl.Series([], dtype=pl.String), dict[int, str](), True
        for block in chain(_blocks(self.path, self._layout, self._block), [b""]):
            while skip and block:
                _, _, block = block.partition(b"\n")
                first, skip = first + 1, skip - 1
            if block:
                ended = block.endswith(b"\n")
                lines, new = self._lines(block)
                faults |= {held.len() + i: reason for i, reason in new.items()}
                held = pl.concat([held, lines]) if held.len() else lines
            elif held.is_empty():
                continue
            batch, used = self._block_records(held, faults, first, ended, not block)
            first, held = first + used, held.slice(used)
            faults = {i - used: reason for i, reason in faults.items() if i >= used}
            yield batch

    def _lines(self, block: bytes) -> tuple[pl.Series, dict[int, str]]:
        """The block's lines as text, and which of them are unreadable and why."""
        faults: dict[int, str] = {}
        if not block.isascii() and (self._layout.codec == "cp1252" or not _is_utf8(block)):
            raw = block.removesuffix(b"\n").split(b"\n")
            for i, line in enumerate(raw):
                if not line.isascii():
                    text = _decode(line, self._layout.codec)
                    if text is None:
                        faults[i] = "encoding"
                    elif self._layout.codec == "cp1252" and text == line:
                        self.notes["mixed_encoding"] += 1
                    raw[i] = text or b""
            block = b"\n".join([*raw, b""])
        lines = pl.read_lines(BytesIO(b"\n" + block)).to_series().slice(1)  # no first line can then look compressed or marked
        if lines.str.ends_with("\r").any():  # line ends converted twice
            lines = lines.str.strip_chars_end("\r")
        if b"\0" in block:
            faults |= dict.fromkeys(lines.str.contains("\0", literal=True).arg_true().to_list(), "nul_byte")
        return lines, faults

    def _block_records(self, lines: pl.Series, faults: dict[int, str], first: int, ended: bool, last: bool) -> tuple[TextBatch, int]:
        """The records of these lines, numbered from `first`, and how many lines they used: an open record waits for the next block."""
        width, delimiter = len(self._titles), self.fmt.delimiter
        quoted = bool(lines.str.contains('"', literal=True).any())
        good = _well_formed(lines, width, delimiter) if quoted else lines.str.count_matches(delimiter, literal=True) == width - 1
        if width == 1:
            good &= lines != ""
        if faults:
            good = good.scatter(list(faults), False)
        keep, extra, used, swallowed = good, dict[int, list[str]](), lines.len(), 0
        footers: set[int] = set()
        if self.fmt.footer_pattern:
            footer = _matches(lines, self.fmt.footer_pattern)
            footers, keep = set(footer.arg_true().to_list()) - set(faults), good & ~footer
        if not keep.all():
            text, whole = lines.to_list(), good.to_list()
            after = 0
            for i in (~keep).arg_true().to_list():
                if i < after:
                    continue
                if i in footers:
                    self.dropped["footer"] += 1
                elif i in faults:
                    self.rejects.append(Reject(first + i, None, faults[i]))
                elif not text[i].strip(" \t\r\v\f\xa0" + delimiter):
                    self.dropped["blank"] += 1
                else:
                    fields, state = split_line(text[i], delimiter)
                    if state == OPEN:
                        joined, after = _join(text, i, lambda j: whole[j] or j in faults, width, delimiter)
                        if after > len(text) and not last:
                            used = i
                            break
                        swallowed += max(0, after - i - 1) if joined else 0
                        fields, state, after = (joined, GOOD, after) if joined else (fields, OPEN, i + 1)
                    if state in (GOOD, LOOSE) and len(fields) == width:
                        extra[i] = fields
                    else:
                        truncated = not ended and i == len(text) - 1
                        self.rejects.append(_broken(first + i, text[i], len(fields), state, width, truncated))
            keep = keep & (pl.int_range(lines.len(), eager=True) < used) if used < lines.len() else keep
        self.count_read += used - swallowed
        number = pl.int_range(first, first + lines.len(), dtype=pl.Int64, eager=True)
        if not keep.all():
            lines, number = lines.filter(keep), number.filter(keep)
        frame = _split(lines, width, delimiter, quoted)
        if extra:
            more = pl.DataFrame(list(extra.values()), schema=frame.schema, orient="row")
            rows = pl.concat([frame, more]).with_columns(record=pl.concat([number, pl.Series([first + i for i in extra], dtype=pl.Int64)]))
            rows = rows.sort("record")
            number, frame = rows["record"], rows.drop("record")
        return self._tidy(number, frame), used


def raw_record(path: Path, fmt: FileFormat, record: int) -> str:
    """The raw text of one record (of a sheet or Parquet file: its cells joined by the delimiter). It may hold patient data."""
    if fmt.format == "xlsx":
        cells = read_sheet(path, fmt.sheet).slice(record - 1, 1).rows() if record > 0 else []
    elif fmt.format == "parquet":
        cells = next(parquet_slices(path, 1, record - 1), (pl.DataFrame(), []))[0].rows() if record > 0 else []
    else:
        layout = _layout(path, fmt)
        titles, _ = _csv_header(path, fmt, layout)
        lines = _physical_lines(path, layout, record, JOINED + 1)
        text = [(_decode(line, layout.codec) or line).decode("utf-8", "replace") for line in lines]
        parsed = [split_line(line, fmt.delimiter) for line in text]
        if parsed and parsed[0][1] == OPEN:
            whole = [state == GOOD and len(fields) == len(titles) for fields, state in parsed]
            joined, after = _join(text, 0, whole.__getitem__, len(titles), fmt.delimiter)
            return "\n".join(text[:after]) if joined else text[0]
        cells = [(line,) for line in text[:1]]
    if not cells:
        raise SourceError(f"{path.name} has no record {record}: it may have been replaced since; publish it again.")
    return fmt.delimiter.join(cell or "" for cell in cells[0])


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


def _join(lines: Sequence[str], i: int, blocked: Callable[[int], bool], width: int, delimiter: str) -> tuple[list[str] | None, int]:
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


def _broken(record: int, line: str, found: int, state: str, width: int, truncated: bool) -> Reject:
    if truncated:
        return Reject(record, None, "truncated_last_line")
    if state in (OPEN, STRAY) or (state == LOOSE and line.count('"') % 2):
        return Reject(record, None, "stray_quote")
    return Reject(record, None, "column_count", f"{found} field{'s' * (found != 1)}, {width} expected")


def _well_formed(lines: pl.Series, width: int, delimiter: str) -> pl.Series:
    """Which lines are exactly `width` fields, quotes only where the rules have them."""
    sep = f"\\x{{{ord(delimiter):x}}}"
    field = f'(?:"(?:[^"]|"")*"|[^"{sep}]*)'
    try:
        return lines.str.contains(f"^{field}(?:{sep}{field}){{{width - 1}}}$")
    except pl.exceptions.ComputeError:  # more columns than a compiled pattern may hold
        parsed = (split_line(line, delimiter) for line in lines)
        return pl.Series([state == GOOD and len(fields) == width for fields, state in parsed], dtype=pl.Boolean)


def _split(lines: pl.Series, width: int, delimiter: str, quoted: bool) -> pl.DataFrame:
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


def _matches(lines: pl.Series, pattern: str) -> pl.Series:
    try:
        return lines.str.contains(pattern)
    except pl.exceptions.ComputeError:  # a pattern with look-around, which only Python knows
        search = re.compile(pattern).search
        return pl.Series([search(line) is not None for line in lines], dtype=pl.Boolean)


# The header


def _csv_header(path: Path, fmt: FileFormat, layout: "_Layout") -> tuple[list[str], int]:
    """The header's fields and the physical line it ends on; a quoted name may hold line ends."""
    lines = _physical_lines(path, layout, fmt.header_row, JOINED + 1)
    if not lines or not lines[0].strip():
        raise _no_header(path.name, fmt)
    if re.search(rb"[\0-\x08\x0e-\x1f]", lines[0].replace(fmt.delimiter.encode(), b"")):
        raise SourceError(f"{path.name} is not {fmt.encoding} text: if it is UTF-16, set encoding = \"utf-16\" in the adapter.")
    text = ""
    for i, line in enumerate(lines):
        decoded = _decode(line, layout.codec)
        if decoded is None:
            raise SourceError(f"{path.name}: its header, line {fmt.header_row}, is not {fmt.encoding}: set its encoding in the adapter.")
        text += ("\n" if i else "") + decoded.decode()
        titles, state = split_line(text, fmt.delimiter)
        if state in (GOOD, LOOSE):
            return titles, fmt.header_row + i
        if state == STRAY:
            break
    raise SourceError(f"{path.name}: its header, line {fmt.header_row}, has a stray quote: correct it, or header_row in the adapter.")


def _no_header(name: str, fmt: FileFormat) -> SourceError:
    where = f"{'line' if fmt.format == 'csv' else 'row'} {fmt.header_row}"
    return SourceError(f"{name} has no header on {where}: it is empty or cut short, or header_row in the adapter is wrong.")


def _column_names(name: str, fmt: FileFormat, titles: Sequence[str], required: Sequence[str]) -> dict[int, str]:
    """Position and unique name of every column that has a name; every required one is there, once."""
    clean = [t.strip().strip('"').strip() for t in titles]
    names = [t for t in clean if t]
    if not names:
        raise _no_header(name, fmt)
    missing = [r for r in dict.fromkeys(required) if r not in names]
    if missing:
        if fmt.format == "csv" and len(names) == 1 and (len(set(required)) > 1 or any(d in names[0] for d in ",;|\t")):
            raise SourceError(f"{name}: the header is a single column, so the adapter's delimiter '{fmt.delimiter}' may be wrong.")
        listed = ", ".join(f"'{m}'" for m in missing)
        hints = {m: suggest(m, names) for m in missing}
        close = [f"For '{m}': {hint}" if len(missing) > 1 else hint for m, hint in hints.items() if hint.startswith("Did")]
        # Without one known column this may be a record and no header: its cells must not be shown.
        known = len(missing) < len(set(required))
        cure = " ".join(close) or (hints[missing[0]] if known else "Is header_row in the adapter the line of the header?")
        raise SourceError(f"{name} lacks the column{'s' * (len(missing) > 1)} {listed}. {cure}")
    columns: dict[int, str] = {}
    for i, title in enumerate(clean):
        if not title:
            continue
        if title in clean[:i] and title in required:
            raise SourceError(f"{name} has the column '{title}' twice: which one is meant cannot be known; export it once.")
        unique, k = title, 2
        while unique in columns.values() or (unique != title and unique in clean):
            unique, k = f"{title}_{k}", k + 1
        columns[i] = unique
    return columns


# Bytes to lines


@dataclass(frozen=True)
class _Layout:
    """How the bytes of a file become lines: length of its byte-order mark, codec, and whether lines end in a lone carriage return."""

    mark: int
    codec: str
    old_mac: bool = False


def _layout(path: Path, fmt: FileFormat) -> _Layout:
    declared, wide = fmt.encoding.lower(), fmt.encoding.lower() == "utf-16"
    with _reading(path), _open(path) as file:
        head = file.read(4096)
    for magic, what in _OTHERS.items():
        if head.startswith(magic):
            raise SourceError(f"{path.name} is not delimited text but {what}: set the adapter's format (gzip needs a name in .gz).")
    mark, codec = next(((len(m), c) for m, c in _MARKS if head.startswith(m)), (0, ""))
    if codec.startswith("utf-16") and not wide:
        raise SourceError(f"{path.name} is UTF-16, not {fmt.encoding}: set encoding = \"utf-16\" in the adapter.")
    if wide and head and (codec == "utf-8" or not (codec or b"\0" in head)):
        raise SourceError(f"{path.name} is not UTF-16: set encoding = \"utf-8\" or \"cp1252\" in the adapter.")
    if not wide:
        codec = "cp1252" if declared == "cp1252" else "utf-8"
    elif not mark:
        codec = "utf-16-be" if head[:1] == b"\0" else "utf-16-le"
    layout = _Layout(mark, codec)
    with _reading(path), _open(path) as file:
        return _Layout(mark, codec, not any(b"\n" in text for text in _texts(file, layout, 1 << 16)))


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as e:
        raise SourceError(f"{path.name} ends early: looks half-copied; copy it again.") from e
    except OSError as e:
        raise unreadable(path, e) from e


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def _texts(file: BinaryIO, layout: _Layout, size: int) -> Iterator[bytes]:
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


def _blocks(path: Path, layout: _Layout, size: int) -> Iterator[bytes]:
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


def _physical_lines(path: Path, layout: _Layout, first: int, count: int) -> list[bytes]:
    """`count` physical lines from number `first` on, or as many as there are."""
    found: list[bytes] = []
    passed = 0
    for block in _blocks(path, layout, 1 << 16):
        lines = block.count(b"\n") + (not block.endswith(b"\n"))
        if passed + lines >= first:
            kept = islice(block.removesuffix(b"\n").split(b"\n"), max(0, first - 1 - passed), None)
            found += [line.rstrip(b"\r") for line in kept]
        passed += lines
        if len(found) >= count:
            break
    return found[:count]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _decode(line: bytes, codec: str) -> bytes | None:
    """One line as UTF-8, None when it is not in the codec. Valid multi-byte UTF-8 in a cp1252 file is taken for what it is."""
    if _is_utf8(line):
        return line
    try:
        return None if codec != "cp1252" else line.decode("cp1252").encode()
    except UnicodeDecodeError:
        return None
