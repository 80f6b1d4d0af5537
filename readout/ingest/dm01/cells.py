"""A file's bytes to text cells: lines that are plainly no record are dropped or rejected here, each counted once."""

import csv
import gzip
import re
import zlib
from collections.abc import Sequence

import polars as pl

from readout.errors import SourceError
from readout.ingest.dm01.dates import month_end_of
from readout.ingest.dm01.layouts import HEADER_WITHIN, Header, Table, recognise, unrecognised
from readout.ingest.reading import Reject

DROPS = ("total", "footer", "blank", "repeated_header")
TOTALS = ("england", "total", "grand total", "all", "all providers", "nhs england")
WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_FOOTER = re.compile(r"(notes?|source|contact|copyright|printed|produced)\b|©|\*", re.IGNORECASE)


def text_of(raw: bytes, where: str) -> str:
    """The text of a CSV, unpacked and decoded; every line end is a line feed."""
    if raw.startswith(b"\x1f\x8b"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            raise SourceError(f"{where} is a damaged .gz file: copy it again from its source.") from None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", "replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def from_text(text: str, where: str) -> Table:
    """The table under the first line that is the header of a layout."""
    lines = text.removesuffix("\n").split("\n")
    try:
        tops = [next(csv.reader([line]), []) for line in lines[:HEADER_WITHIN]]
        found = next(((i, h) for i, cells in enumerate(tops) if (h := recognise(cells))), None)
        if found is None:
            raise unrecognised(where, tops)
        at, header = found
        return _from_lines(lines, at, header, tops[:at])
    except csv.Error as e:
        raise SourceError(f"{where} cannot be read as CSV: {e}. Export it again.") from None


def _from_lines(lines: list[str], at: int, header: Header, titles: list[list[str]]) -> Table:
    """Plain lines with the right number of commas are split together; the others, few in a sound file, one by one."""
    width = len(header.cells)
    body = pl.DataFrame({"line": lines[at + 1 :]}, schema={"line": pl.String}).with_row_index("record", offset=at + 2)
    is_plain = (pl.col("line").str.count_matches(",", literal=True) == width - 1) & ~pl.col("line").str.contains('"', literal=True)
    table = Table(header, titles, pl.DataFrame(), 0)
    by_hand: list[tuple[int, list[str]]] = []
    joined: set[int] = set()
    for n, line in body.filter(~is_plain).iter_rows():
        if n in joined:
            continue
        cells = _fields([line])
        if line.count('"') % 2:  # a quote opens that this line does not close: a line break inside a field, or a stray
            end = next((k for k in range(n + 1, min(n + 6, len(lines) + 1)) if lines[k - 1].count('"') % 2), n)
            cells = _fields(lines[n - 1 : end])
            if end == n or len(cells) != width or any(text.count(",") >= width - 1 for text in lines[n - 1 : end]):
                table.rejects.append(Reject(n, None, "stray_quote"))
                continue
            joined.update(range(n + 1, end + 1))
        kind = _ragged(cells, width)
        if kind == "whole":
            by_hand.append((n, cells[:width]))
        elif kind in DROPS:
            table.dropped[kind] += 1
        else:
            table.rejects.append(Reject(n, None, kind))
    table.read = body.height - len(joined)
    names = [f"c{i}" for i in range(width)]
    split = pl.col("line").str.split_exact(",", width - 1).struct.rename_fields(names).alias("cells")
    plain = body.filter(is_plain & ~pl.col("record").is_in(sorted(joined))).select("record", split).unnest("cells")
    columns = list(zip(*(cells for _, cells in by_hand), strict=True)) or [()] * width
    others = pl.DataFrame(
        {"record": [n for n, _ in by_hand], **dict(zip(names, columns, strict=True))},
        schema={"record": pl.UInt32, **dict.fromkeys(names, pl.String)},
    )
    table.rows = _named(pl.concat([plain, others]).sort("record"), header)
    return table


def _fields(lines: list[str]) -> list[str]:
    """The fields of one record that spans these lines."""
    return next(csv.reader([*(f"{line}\n" for line in lines[:-1]), lines[-1]]), [])


def _ragged(cells: Sequence[str], width: int) -> str:
    """What a line is that is not plainly a record: 'whole', the name of a drop, or the reason to reject it."""
    filled = [c.strip() for c in cells if c.strip()]
    if not filled:
        return "blank"
    if len(cells) >= width and not any(c.strip() for c in cells[width:]):
        return "whole"
    if filled[0].casefold() in TOTALS:
        return "total"
    if _FOOTER.match(filled[0]) or (len(filled) == 1 and is_prose(filled[0])):
        return "footer"
    return "column_count"


def is_prose(cell: str) -> bool:
    """Words, not a code or a month that lost the rest of its line."""
    return month_end_of(cell) is None and (_FOOTER.match(cell) is not None or re.search(r"\s", cell) is not None)


def from_workbook(raw: bytes, where: str) -> Table:
    """The one sheet that is the table; how many others there are is noted."""
    import fastexcel

    try:
        book = fastexcel.read_excel(raw)
        sheets = {n: book.load_sheet(n, header_row=None, skip_rows=0, dtypes="string").to_polars() for n in book.sheet_names}
    except fastexcel.FastExcelError:
        raise SourceError(f"{where} cannot be opened as a workbook: save it again as .xlsx, or unpack it if it is a zip of CSV files.") from None
    tables, tops = [], []
    for frame in sheets.values():
        frame = frame.fill_null("")
        for i, row in enumerate(frame.head(HEADER_WITHIN).iter_rows()):
            tops.append(row)
            header = recognise(row)
            if header is None:
                continue
            titles = [list(r) for r in frame.head(i).iter_rows()]
            rows = frame.rename({name: f"c{k}" for k, name in enumerate(frame.columns)}).with_row_index("record", offset=1).slice(i + 1)
            tables.append(Table(header, titles, _named(rows, header), rows.height))
            break
    if not tables:
        raise unrecognised(where, tops)
    if len(tables) > 1:
        raise SourceError(f"{where} has {len(tables)} sheets of provider by test: keep the one to load and remove the others.")
    if len(sheets) > 1:
        tables[0].notes["other_sheets"] = len(sheets) - 1
    return tables[0]


def _named(rows: pl.DataFrame, header: Header) -> pl.DataFrame:
    """Canonical columns, trimmed; `filled`: how many cells hold anything; `first`: the text of the first that does."""
    cells = [pl.col(c).str.strip_chars() for c in rows.columns if c != "record"]
    return rows.select(
        "record",
        pl.sum_horizontal([(c != "").cast(pl.UInt32) for c in cells]).alias("filled"),
        pl.coalesce([pl.when(c != "").then(c) for c in cells]).alias("first"),
        *(pl.col(f"c{i}").str.strip_chars().alias(n) for n, i in header.columns.items()),
    )
