"""A source file as text: batches of records with their record numbers, and an account of every record that is not among them.

Nothing is typed here. A line that breaks the file's own rules is rejected with a reason and the lines around it load; a file that
cannot be understood at all is refused whole. Memory holds one block of the file at a time, except for a workbook.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import chain
from pathlib import Path

import polars as pl

from readout.errors import SourceError, suggest
from readout.ingest.adapter import FileFormat
from readout.ingest.reading_lines import (
    GOOD,
    JOINED,
    LOOSE,
    OPEN,
    STRAY,
    Layout,
    blocks,
    decode,
    is_utf8,
    join_lines,
    layout_of,
    physical_lines,
    split_line,
    split_lines,
    well_formed,
    why_broken,
)
from readout.ingest.reading_xlsx import parquet_schema, parquet_slices, read_sheet

BLOCK = 16 << 20  # bytes of text worked on at a time
ROWS = 250_000  # rows of a sheet or Parquet file worked on at a time


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

    def __init__(self, path: Path, fmt: FileFormat, required: Sequence[str], block: int = BLOCK, named: Sequence[str] = ()) -> None:
        """`named`: columns that are read where they are there, so that none of them may be there twice."""
        self.path, self.fmt, self._block = path, fmt, block
        self._reset()
        if fmt.format == "csv":
            self._layout = layout_of(path, fmt)
            titles, self._header_end = _csv_header(path, fmt, self._layout)
        elif fmt.format == "xlsx":
            titles = self._open_sheet()
        else:
            schema = parquet_schema(path)
            titles = list(schema)
            if nested := [name for name in required if name in schema and schema[name].is_nested()]:
                raise SourceError(f"{path.name}: column '{nested[0]}' holds lists, not single values: export it as text.")
        self._titles = [t.strip() for t in titles]
        self._columns = _column_names(path.name, fmt, self._titles, required, {*required, *named})
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
        held, faults, ended, final = pl.Series([], dtype=pl.String), dict[int, str](), True, 0
        for block in chain(blocks(self.path, self._layout, self._block), [b""]):
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
            final = batch.record[-1] if batch.frame.height else final
            yield batch
        if not ended and final == first - 1:
            self.notes["no_last_line_end"] = 1  # the last record has all its fields, but its last one may be cut short

    def _lines(self, block: bytes) -> tuple[pl.Series, dict[int, str]]:
        """The block's lines as text, and which of them are unreadable and why."""
        faults: dict[int, str] = {}
        if not block.isascii() and (self._layout.codec == "cp1252" or not is_utf8(block)):
            raw = block.removesuffix(b"\n").split(b"\n")
            for i, line in enumerate(raw):
                if not line.isascii():
                    text = decode(line, self._layout.codec)
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
        good = well_formed(lines, width, delimiter) if quoted else lines.str.count_matches(delimiter, literal=True) == width - 1
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
                        joined, after = join_lines(text, i, lambda j: whole[j] or j in faults, width, delimiter)
                        if after > len(text) and not last:
                            used = i
                            break
                        swallowed += max(0, after - i - 1) if joined else 0
                        fields, state, after = (joined, GOOD, after) if joined else (fields, OPEN, i + 1)
                    if state in (GOOD, LOOSE) and len(fields) == width:
                        extra[i] = fields
                    else:
                        truncated = not ended and i == len(text) - 1
                        self.rejects.append(Reject(first + i, None, *why_broken(text[i], len(fields), state, width, truncated)))
            keep = keep & (pl.int_range(lines.len(), eager=True) < used) if used < lines.len() else keep
        self.count_read += used - swallowed
        number = pl.int_range(first, first + lines.len(), dtype=pl.Int64, eager=True)
        if not keep.all():
            lines, number = lines.filter(keep), number.filter(keep)
        frame = split_lines(lines, width, delimiter, quoted)
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
        layout = layout_of(path, fmt)
        titles, _ = _csv_header(path, fmt, layout)
        lines = physical_lines(path, layout, record, JOINED + 1)
        text = [(decode(line, layout.codec) or line).decode("utf-8", "replace") for line in lines]
        parsed = [split_line(line, fmt.delimiter) for line in text]
        if parsed and parsed[0][1] == OPEN:
            whole = [state == GOOD and len(fields) == len(titles) for fields, state in parsed]
            joined, after = join_lines(text, 0, whole.__getitem__, len(titles), fmt.delimiter)
            return "\n".join(text[:after]) if joined else text[0]
        cells = [(line,) for line in text[:1]]
    if not cells:
        raise SourceError(f"{path.name} has no record {record}: it may have been replaced since; publish it again.")
    return fmt.delimiter.join(cell or "" for cell in cells[0])


def _matches(lines: pl.Series, pattern: str) -> pl.Series:
    try:
        return lines.str.contains(pattern)
    except pl.exceptions.ComputeError:  # a pattern with look-around, which only Python knows
        search = re.compile(pattern).search
        return pl.Series([search(line) is not None for line in lines], dtype=pl.Boolean)


# The header


def _csv_header(path: Path, fmt: FileFormat, layout: Layout) -> tuple[list[str], int]:
    """The header's fields and the physical line it ends on; a quoted name may hold line ends."""
    lines = physical_lines(path, layout, fmt.header_row, JOINED + 1)
    if not lines or not lines[0].strip():
        raise _no_header(path.name, fmt)
    if re.search(rb"[\0-\x08\x0e-\x1f]", lines[0].replace(fmt.delimiter.encode(), b"")):
        raise SourceError(f'{path.name} is not {fmt.encoding} text: if it is UTF-16, set encoding = "utf-16" in the adapter.')
    text = ""
    for i, line in enumerate(lines):
        decoded = decode(line, layout.codec)
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


def _column_names(name: str, fmt: FileFormat, titles: Sequence[str], required: Sequence[str], named: Collection[str]) -> dict[int, str]:
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
        if title in clean[:i] and title in named:
            raise SourceError(f"{name} has the column '{title}' twice: which one is meant cannot be known; export it once.")
        unique, k = title, 2
        while unique in columns.values() or (unique != title and unique in clean):
            unique, k = f"{title}_{k}", k + 1
        columns[i] = unique
    return columns


# Bytes to lines
