"""The English diagnostic waiting times return (DM01): one reader for its three layouts and for the name lists beside them.

The layout is recognised from the column headings, never from the file's name:

- `compiled`: a CSV of many months, one line a provider and test, with a column 'Reporting Period';
- `provider_workbook`: the published workbook, whose month stands in a title cell above the headings;
- `full_extract`: the CSV of provider by commissioner by test, summed here to provider by test;
- `provider_names`, `region_names`, `test_names`: lists of codes and names.

A record that contradicts itself is rejected, a total is dropped, and every record is counted once.
"""

import csv
import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from readout import schema
from readout.errors import SourceError
from readout.ingest.reading import Reject
from readout.scope import month_end


@dataclass(frozen=True)
class NationalFile:
    """One file of the return, read.

    `waits` has the columns of `schema.NATIONAL_WAIT`, one row a (month_end, provider_code, test_id); counts are patients and tests.
    `providers` holds (month_end, provider_code, provider_name), distinct, the name null where the layout has none and the month
    null where the list has no date; `regions` holds (region_code, region_name).
    `count_read` = `count_kept` + `duplicates` + the sum of `dropped` + the number of `rejects`: all of them count source records.
    """

    layout: str
    waits: pl.DataFrame
    providers: pl.DataFrame
    count_read: int
    count_kept: int
    dropped: dict[str, int]
    rejects: list[Reject]
    duplicates: int
    notes: dict[str, int]
    regions: pl.DataFrame

    def __post_init__(self) -> None:
        accounted = self.count_kept + self.duplicates + sum(self.dropped.values()) + len(self.rejects)
        if self.count_read != accounted:
            raise AssertionError(f"{self.count_read} records were read and {accounted} accounted for.")


DROPS = ("total", "footer", "blank", "repeated_header")
_HEADINGS = {
    "reporting period": "period",
    "period": "period",
    "region code": "region_code",
    "regional team code": "region_code",
    "provider parent org code": "region_code",
    "regional team name": "region_name",
    "region name": "region_name",
    "provider code": "provider_code",
    "provider org code": "provider_code",
    "provider name": "provider_name",
    "provider org name": "provider_name",
    "commissioner parent org code": "commissioner_parent",
    "commissioner org code": "commissioner_code",
    "diagnostic id": "test_id",
    "diagnostic tests sort order": "test_id",
    "diagnostic test name": "test_name",
    "diagnostic tests": "test_name",
    "total waiting list": "count_waiting",
    "total wl": "count_waiting",
    "number waiting 6+ weeks": "over_six_weeks",
    "number waiting 13+ weeks": "over_thirteen_weeks",
    "waiting list tests / procedures (excluding planned)": "count_waiting_list_activity",
    "waiting list activity": "count_waiting_list_activity",
    "planned tests / procedures": "count_planned_activity",
    "planned activity": "count_planned_activity",
    "unscheduled tests / procedures": "count_unscheduled_activity",
    "unscheduled activity": "count_unscheduled_activity",
    "total activity": "total_activity",
}
_BANDS = schema.NATIONAL_BANDS
_ACTIVITY = ("count_waiting_list_activity", "count_planned_activity", "count_unscheduled_activity")
_COUNTS = (*_BANDS, "count_waiting", *_ACTIVITY)
_STATED = ("over_six_weeks", "over_thirteen_weeks", "total_activity")  # figures that only repeat others: checked, not kept
_FIGURES = frozenset({"region_code", "provider_code", "test_id", *_COUNTS})
_LAYOUTS: dict[str, frozenset[str]] = {
    "full_extract": _FIGURES | {"period", "commissioner_code"},
    "compiled": _FIGURES | {"period"},
    "provider_workbook": _FIGURES | {"provider_name"},
}
_LISTS: dict[str, tuple[str, str]] = {
    "provider_names": ("provider_code", "provider_name"),
    "region_names": ("region_code", "region_name"),
    "test_names": ("test_id", "test_name"),
}
_LOOKED_FOR = (
    "the compiled CSV ('Reporting Period', 'Provider Code', 'Diagnostic ID', ...), the published provider workbook "
    "('Region Code', 'Provider Code', 'Provider Name', 'Diagnostic ID', ...), the full extract ('Period', 'Provider Org Code', "
    "'Commissioner Org Code', 'Diagnostic Tests Sort Order', ...), or a list of provider, region or test names"
)
_TOTALS = ("england", "total", "grand total", "all", "all providers", "nhs england")
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")
_WORKBOOK = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_HEADER_WITHIN = 40  # lines or rows in which the headings must be found
_FOOTER = re.compile(r"(notes?|source|contact|copyright|printed|produced)\b|©|\*", re.IGNORECASE)
_COUNT = r"^(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})$"
_PROVIDERS = {"month_end": pl.Date, "provider_code": pl.String, "provider_name": pl.String}
_REGIONS = {"region_code": pl.String, "region_name": pl.String}
_TYPES = {"date": pl.Date, "integer": pl.Int64}
_WAITS = {c.name: _TYPES.get(c.type, pl.String) for c in schema.NATIONAL_WAIT}


@dataclass(frozen=True)
class _Header:
    layout: str
    columns: Mapping[str, int]  # canonical name -> position
    cells: Sequence[str]

    def named(self, column: str) -> str:
        return self.cells[self.columns[column]].strip()


@dataclass
class _Table:
    """A file as text cells: titles above the headings, then records. `rows` has `record` and one text column a canonical name."""

    header: _Header
    titles: list[list[str]]
    rows: pl.DataFrame
    read: int
    dropped: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)


def read_dm01(path: Path, *, vintage: str | None = None) -> NationalFile:
    """Read one file of the return, whichever its layout (CSV, plain or gzipped; workbook).

    The vintage is `vintage`, else the date of revision or publication that the title cells state (ISO), else the file's name without
    its endings. Raises SourceError when the file is none of the layouts, is damaged, or does not say its month.
    """
    raw = path.read_bytes()
    if raw.startswith(_WORKBOOK):
        table = _from_workbook(raw, path.name)
    else:
        table = _from_text(_text(raw, path.name), path.name)
    if table.header.layout in _LISTS:
        return _names(table)
    stem = re.sub(r"(\.(csv|gz|txt|xlsx?))+$", "", path.name, flags=re.IGNORECASE)
    return _figures(table, path.name, vintage or _published(table.titles) or stem)


def provider_names(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Effective-dated provider names, in the columns of `schema.NATIONAL_PROVIDER`, from the `providers` of any number of files.

    A month takes the name published for it, else the name of an undated list, else the name last published before, else the next
    one after, else the code. Months that follow one another under one name (letter case apart) are one range from the first day of
    its first month to the last day of its last; `valid_to` is null for the latest. A provider that never appears in a month is left out.
    Of two undated lists the later frame is believed.
    """
    dated: dict[str, dict[date, set[str]]] = {}
    undated: dict[str, str] = {}
    for frame in frames:
        for month, code, name in frame.select(*_PROVIDERS).unique(maintain_order=True).iter_rows():
            if month is not None:
                dated.setdefault(code, {}).setdefault(month, set()).update([name] if name else [])
            elif name:
                undated[code] = name
    rows = []
    for code, months in sorted(dated.items()):
        order = sorted(months)
        names = [_best(months[m]) or undated.get(code) for m in order]
        known = [n for n in names if n]
        last = known[0] if known else code
        ranges: list[tuple[list[date], list[str]]] = []
        for month, name in zip(order, names, strict=True):
            last = name or last
            if not ranges or _folded(ranges[-1][1][-1]) != _folded(last):
                ranges.append(([], []))
            ranges[-1][0].append(month)
            ranges[-1][1].append(last)
        for i, (within, called) in enumerate(ranges):
            valid_to = within[-1] if i < len(ranges) - 1 else None
            spellings = {*called, *([undated[code]] if code in undated and _folded(undated[code]) == _folded(called[-1]) else [])}
            rows.append((code, _best(spellings), within[0].replace(day=1), valid_to))
    kinds = {c.name: _TYPES.get(c.type, pl.String) for c in schema.NATIONAL_PROVIDER}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _best(names: Iterable[str]) -> str | None:
    """Of several spellings the one that is not all capitals; the choice does not depend on their order."""
    return min(names, key=lambda n: (n.isupper(), n), default=None)


# --- files to text cells


def _text(raw: bytes, where: str) -> str:
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


def _recognise(cells: Sequence[str]) -> _Header | None:
    """The layout whose headings these cells are."""
    columns: dict[str, int] = {}
    for i, cell in enumerate(cells):
        name = _column(cell)
        if name is not None:
            columns.setdefault(name, i)
    for layout, needed in _LAYOUTS.items():
        if needed <= set(columns):
            return _Header(layout, columns, cells)
    for layout, pair in _LISTS.items():
        if set(columns) == set(pair):
            return _Header(layout, columns, cells)
    return None


def _column(heading: str) -> str | None:
    text = " ".join(heading.casefold().split())
    band = re.fullmatch(r"0*(\d+) ?< ?0*(\d+) weeks?", text)
    if band and int(band[2]) == int(band[1]) + 1 and f"weeks_{int(band[1]):02d}" in _BANDS:
        return f"weeks_{int(band[1]):02d}"
    return "weeks_13_plus" if re.fullmatch(r"13\+ weeks?", text) else _HEADINGS.get(text)


def _unrecognised(where: str, tops: Iterable[Sequence[str]]) -> SourceError:
    """Why none of these rows is a header: what the closest layout lacks, else what was looked for."""
    nearest = max(
        ((needed, {_column(c) for c in cells}, layout) for cells in tops for layout, needed in _LAYOUTS.items()),
        key=lambda x: (len(x[0] & x[1]), -len(x[0])),
        default=None,
    )
    if nearest and 2 * len(nearest[0] & nearest[1]) > len(nearest[0]):
        lacks = ", ".join(sorted(nearest[0] - nearest[1]))
        return SourceError(
            f"{where} resembles the layout '{nearest[2]}' of the national return but lacks a column for: {lacks}. Export it again."
        )
    return SourceError(
        f"{where} is not a layout of the national return. Looked in its first {_HEADER_WITHIN} lines for the headings of {_LOOKED_FOR}."
    )


def _from_text(text: str, where: str) -> _Table:
    lines = text.removesuffix("\n").split("\n")
    try:
        tops = [next(csv.reader([line]), []) for line in lines[:_HEADER_WITHIN]]
        found = next(((i, h) for i, cells in enumerate(tops) if (h := _recognise(cells))), None)
        if found is None:
            raise _unrecognised(where, tops)
        at, header = found
        return _from_lines(lines, at, header, tops[:at])
    except csv.Error as e:
        raise SourceError(f"{where} cannot be read as CSV: {e}. Export it again.") from None


def _from_lines(lines: list[str], at: int, header: _Header, titles: list[list[str]]) -> _Table:
    """Plain lines with the right number of commas are split together; the others, few in a sound file, one by one."""
    width = len(header.cells)
    body = pl.DataFrame({"line": lines[at + 1 :]}, schema={"line": pl.String}).with_row_index("record", offset=at + 2)
    is_plain = (pl.col("line").str.count_matches(",", literal=True) == width - 1) & ~pl.col("line").str.contains('"', literal=True)
    table = _Table(header, titles, pl.DataFrame(), 0)
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
    if filled[0].casefold() in _TOTALS:
        return "total"
    if _FOOTER.match(filled[0]) or (len(filled) == 1 and _is_prose(filled[0])):
        return "footer"
    return "column_count"


def _is_prose(cell: str) -> bool:
    """Words, not a code or a month that lost the rest of its line."""
    return month_end_of(cell) is None and (_FOOTER.match(cell) is not None or re.search(r"\s", cell) is not None)


def _from_workbook(raw: bytes, where: str) -> _Table:
    import fastexcel

    try:
        book = fastexcel.read_excel(raw)
        sheets = {n: book.load_sheet(n, header_row=None, skip_rows=0, dtypes="string").to_polars() for n in book.sheet_names}
    except fastexcel.FastExcelError:
        raise SourceError(
            f"{where} cannot be opened as a workbook: save it again as .xlsx, or unpack it if it is a zip of CSV files."
        ) from None
    tables, tops = [], []
    for frame in sheets.values():
        frame = frame.fill_null("")
        for i, row in enumerate(frame.head(_HEADER_WITHIN).iter_rows()):
            tops.append(row)
            header = _recognise(row)
            if header is None:
                continue
            titles = [list(r) for r in frame.head(i).iter_rows()]
            rows = frame.rename({name: f"c{k}" for k, name in enumerate(frame.columns)}).with_row_index("record", offset=1).slice(i + 1)
            tables.append(_Table(header, titles, _named(rows, header), rows.height))
            break
    if not tables:
        raise _unrecognised(where, tops)
    if len(tables) > 1:
        raise SourceError(f"{where} has {len(tables)} sheets of provider by test: keep the one to load and remove the others.")
    if len(sheets) > 1:
        tables[0].notes["other_sheets"] = len(sheets) - 1
    return tables[0]


def _named(rows: pl.DataFrame, header: _Header) -> pl.DataFrame:
    """Canonical columns, trimmed; `filled`: how many cells hold anything; `first`: the text of the first that does."""
    cells = [pl.col(c).str.strip_chars() for c in rows.columns if c != "record"]
    return rows.select(
        "record",
        pl.sum_horizontal([(c != "").cast(pl.UInt32) for c in cells]).alias("filled"),
        pl.coalesce([pl.when(c != "").then(c) for c in cells]).alias("first"),
        *(pl.col(f"c{i}").str.strip_chars().alias(n) for n, i in header.columns.items()),
    )


# --- dates


def day_of(text: str) -> date | None:
    """The day that `2025-03-31` (a time may follow), `31/03/2025` or `31st March 2025` names, else none."""
    text = text.strip().casefold()
    if m := re.match(r"(\d{4})-(\d{2})-(\d{2})(?:[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?z?)?$", text):
        y, mo, d = int(m[1]), int(m[2]), int(m[3])
    elif m := re.match(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: \d{2}:\d{2}(?::\d{2})?)?$", text):
        d, mo, y = int(m[1]), int(m[2]), int(m[3])
    elif m := re.match(r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3,9}),? (\d{4})$", text):
        d, mo, y = int(m[1]), _month_number(m[2]), int(m[3])
    else:
        return None
    try:
        return date(y, mo, d)
    except ValueError:
        return None


def month_end_of(text: str) -> date | None:
    """The last day of the month that a day, `March 2025`, `Mar-2025` or `DM01-MARCH-2025` names, else none."""
    found = day_of(text)
    if (
        found is None
        and (m := re.match(r"(?:dm01[- ])?([a-z]{3,9})[- ](\d{4})$", text.strip().casefold()))
        and _month_number(m[1])
        and int(m[2])
    ):
        found = date(int(m[2]), _month_number(m[1]), 1)
    return month_end(found) if found else None


def _month_number(word: str) -> int:
    """1-12 for a month's name or its first letters, else 0."""
    return next((i for i, name in enumerate(_MONTHS, 1) if name.startswith(word)), 0)


def _title(titles: list[list[str]], *labels: str) -> str | None:
    """The text beside, or after the colon of, the first title cell that begins with one of the labels."""
    for label in labels:
        for row in titles:
            cells = [c.strip() for c in row if c.strip()]
            for i, cell in enumerate(cells):
                m = re.match(rf"{label}\s*(?::\s*(.*))?$", cell, re.IGNORECASE)
                value = m and (m[1] or (cells[i + 1] if i + 1 < len(cells) else ""))
                if value and re.search(r"\d", value):
                    return value
    return None


def _published(titles: list[list[str]]) -> str | None:
    """ISO date of the revision, else of the publication, where a title states it."""
    for labels in (
        ("revised", "revision date", "date revised", "last revised"),
        ("published", "publication date", "date published", "release date"),
    ):
        day = day_of(_title(titles, *labels) or "")
        if day:
            return day.isoformat()
    return None


# --- text cells to counted figures


def _drop(table: _Table) -> pl.DataFrame:
    """The records with a column `kind`: null for a figure or name, else what it is dropped as; the drops are counted."""
    columns = table.header.columns
    lower = {c: pl.col(c).str.to_lowercase() for c in columns}
    keys = [c for c in ("provider_code", "region_code", "test_id") if c in columns]
    repeated = pl.all_horizontal([lower[c] == table.header.named(c).casefold() for c in keys])
    prose = [cell for cell in table.rows["first"].unique().drop_nulls().to_list() if _is_prose(cell)]
    footer = (pl.col("filled") == 1) & pl.col("first").is_in(prose)
    total = pl.lit(False)
    if table.header.layout in _LAYOUTS:
        named = [c for c in ("period", "region_code", "provider_code", "provider_name", "commissioner_code", "test_name") if c in columns]
        total = pl.any_horizontal([lower[c].is_in(_TOTALS) for c in named]) | pl.col("test_id").str.contains("^0*16$")
        if "provider_name" in columns:  # the subtotal of a region names no provider
            no_name = (lower["provider_name"] == "") | lower["provider_name"].str.ends_with(" region")
            total |= (pl.col("provider_code") == "") & (pl.col("region_code") != "") & no_name
        no_figure = pl.all_horizontal([pl.col(c) == "" for c in ("test_id", *_COUNTS)])
        footer |= no_figure & pl.col("first").is_in(prose)
    kind = pl.when(pl.col("filled") == 0).then(pl.lit("blank")).when(repeated).then(pl.lit("repeated_header"))
    rows = table.rows.with_columns(kind.when(footer).then(pl.lit("footer")).when(total).then(pl.lit("total")).alias("kind"))
    table.dropped.update(dict(rows["kind"].drop_nulls().value_counts().iter_rows()))
    return rows


def _names(table: _Table) -> NationalFile:
    """A list of codes and names; the list of tests is read for its count only, for tests are named by their number."""
    layout = table.header.layout
    code, name = _LISTS[layout]
    rows = _drop(table).filter(pl.col("kind").is_null())
    for column in (code, name):
        for record in rows.filter(pl.col(column) == "")["record"]:
            table.rejects.append(Reject(record, table.header.named(column), "missing_code" if column == code else "missing_name"))
        rows = rows.filter(pl.col(column) != "")
    rows, duplicates = _single(table, rows, [code], [name])
    providers, regions = pl.DataFrame(schema=_PROVIDERS), pl.DataFrame(schema=_REGIONS)
    if layout == "provider_names":
        providers = rows.select(pl.lit(None, pl.Date).alias("month_end"), code, name)
    elif layout == "region_names":
        regions = rows.select(code, name)
    return _finished(table, pl.DataFrame(schema=_WAITS), providers, rows.height, duplicates, regions)


def _figures(table: _Table, where: str, vintage: str) -> NationalFile:
    header = table.header
    rows = _typed(table, _drop(table), where)
    england = rows.filter((pl.col("kind") == "total") & _is_england(header))
    rows = rows.filter(pl.col("kind").is_null())
    checks = _checks(header)
    verdict = pl.coalesce([pl.when(bad).then(pl.lit(i)) for i, (bad, _, _) in enumerate(checks)]).alias("verdict")
    rows = rows.with_columns(verdict)
    refused = rows.filter(pl.col("verdict").is_not_null())
    for row in refused.iter_rows(named=True):
        _, column, reason = checks[row["verdict"]]
        table.rejects.append(Reject(row["record"], column and header.named(column), reason, row[column] if column else None))
    rows = rows.filter(pl.col("verdict").is_null())
    commissioner = [c for c in ("commissioner_parent", "commissioner_code") if header.layout == "full_extract" and c in header.columns]
    key = ["month_end", "provider_code", "test"]
    before = len(table.rejects)
    standing, duplicates = _single(table, rows, [*key, *commissioner], ["region_code", *(f"n_{c}" for c in _COUNTS)])
    numbers = [pl.col(f"n_{c}").alias(c) for c in _COUNTS]
    kept = standing.select(*key, "region_code", *numbers)
    if header.layout == "full_extract":
        short = pl.concat([refused, rows.filter(pl.col("record").is_in([r.record for r in table.rejects[before:]]))])
        _note(table, "sums_short_of_a_line", short.select(key).unique().join(kept, on=key, how="semi").height)
        regions = standing.group_by(key).agg(pl.col("region_code").n_unique().alias("regions"))
        _note(table, "provider_in_two_regions", regions.filter(pl.col("regions") > 1).height)
        kept = kept.group_by(key, maintain_order=True).agg(pl.col("region_code").first(), pl.col(_COUNTS).sum())
    _note(table, "no_region", kept.filter(pl.col("region_code") == "").height)
    _note(table, "england_row_differs", _england_differs(england, kept))
    waits = kept.select(
        "month_end",
        pl.lit(vintage).alias("vintage"),
        "provider_code",
        pl.when(pl.col("region_code") != "").then(pl.col("region_code")).alias("region_code"),
        pl.col("test").alias("test_id"),
        pl.col("test").replace_strict(schema.NATIONAL_TESTS, return_dtype=pl.String).alias("test"),
        *_COUNTS,
    ).sort("month_end", "provider_code", "test_id")
    name = pl.col("provider_name") if "provider_name" in header.columns else pl.lit("")
    providers = standing.select("month_end", "provider_code", pl.when(name != "").then(name).alias("provider_name"))
    providers = providers.unique().sort("month_end", "provider_code", "provider_name")
    return _finished(table, waits.select(*_WAITS), providers, standing.height, duplicates, pl.DataFrame(schema=_REGIONS))


def _typed(table: _Table, rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """Adds `month_end`, `test` (1-15) and `n_<column>` for every count; null where the text is not one."""
    header = table.header
    if "period" in header.columns:
        ends = {text: month_end_of(text) for text in rows["period"].unique().to_list()}
        month = pl.col("period").replace_strict(list(ends), list(ends.values()), return_dtype=pl.Date)
    else:
        stated = _title(table.titles, "period", "month", "reporting period")
        end = month_end_of(stated) if stated else None
        if end is None:
            raise SourceError(f"{where} does not say its month: a title cell 'Period:' with a month such as 'March 2025' was looked for.")
        month = pl.lit(end)
    test = pl.when(pl.col("test_id").str.contains(r"^\d{1,4}$")).then(pl.col("test_id")).cast(pl.Int64)
    return rows.with_columns(
        month.alias("month_end"),
        pl.when(test.is_in(list(schema.NATIONAL_TESTS))).then(test).alias("test"),
        *(
            _number(c, dash_is_zero=header.layout == "provider_workbook").alias(f"n_{c}")
            for c in (*_COUNTS, *_STATED)
            if c in header.columns
        ),
    )


def _number(column: str, *, dash_is_zero: bool) -> pl.Expr:
    """A whole number, thousands separators allowed; the published workbook shows a nought as a dash."""
    text = pl.col(column)
    number = pl.when(text.str.contains(_COUNT)).then(text.str.replace_all(",", "", literal=True)).cast(pl.Int64)
    return pl.when(text == "-").then(pl.lit(0, pl.Int64)).otherwise(number) if dash_is_zero else number


def _checks(header: _Header) -> list[tuple[pl.Expr, str | None, str]]:
    """What makes a record unusable, in order: test, the column to name, reason."""
    over_six = pl.sum_horizontal([f"n_{b}" for b in _BANDS[6:]])
    counted = [c for c in (*_COUNTS, *_STATED) if c in header.columns]
    checks: list[tuple[pl.Expr, str | None, str]] = [
        (pl.col("month_end").is_null(), "period" if "period" in header.columns else None, "unreadable_date"),
        (pl.col("provider_code") == "", "provider_code", "missing_provider"),
        (pl.col("test").is_null(), "test_id", "unknown_test"),
        *((pl.col(f"n_{c}").is_null(), c, "not_a_count") for c in counted),
        (pl.sum_horizontal([f"n_{b}" for b in _BANDS]) != pl.col("n_count_waiting"), "count_waiting", "bands_do_not_sum"),
    ]
    repeats = {
        "over_six_weeks": (over_six, "over_six_weeks_disagree"),
        "over_thirteen_weeks": (pl.col(f"n_{_BANDS[-1]}"), "over_thirteen_weeks_disagree"),
        "total_activity": (pl.sum_horizontal([f"n_{a}" for a in _ACTIVITY]), "total_activity_disagrees"),
    }
    return checks + [(pl.col(f"n_{c}") != figure, c, reason) for c, (figure, reason) in repeats.items() if c in header.columns]


def _single(table: _Table, rows: pl.DataFrame, key: list[str], content: list[str]) -> tuple[pl.DataFrame, int]:
    """One record a key: repeats with the same content are counted, keys with different content are rejected whole."""
    repeated = rows.filter(pl.struct(key).is_duplicated())
    if repeated.is_empty():
        return rows, 0
    differs = repeated.group_by(key).agg(pl.struct(content).n_unique().alias("versions")).filter(pl.col("versions") > 1)
    clashing = repeated.join(differs, on=key, how="semi")["record"]
    table.rejects.extend(Reject(record, None, "conflicting_rows") for record in clashing.to_list())
    agreed = rows.filter(~pl.col("record").is_in(clashing.implode()))
    single = agreed.unique(key, keep="first", maintain_order=True)
    return single, agreed.height - single.height


def _is_england(header: _Header) -> pl.Expr:
    columns = [c for c in ("provider_name", "provider_code") if c in header.columns]
    return pl.any_horizontal([pl.col(c).str.to_lowercase() == "england" for c in columns])


def _england_differs(england: pl.DataFrame, kept: pl.DataFrame) -> int:
    """England rows of which any figure is not the sum over the providers kept."""
    differ = 0
    for row in england.iter_rows(named=True):
        month = kept.filter(pl.col("month_end") == row["month_end"])
        if row["test"] is not None:
            month = month.filter(pl.col("test") == row["test"])
        differ += any(row[f"n_{c}"] != month[c].sum() for c in _COUNTS)
    return differ


def _note(table: _Table, name: str, count: int) -> None:
    if count:
        table.notes[name] = count


def _finished(
    table: _Table, waits: pl.DataFrame, providers: pl.DataFrame, kept: int, duplicates: int, regions: pl.DataFrame
) -> NationalFile:
    return NationalFile(
        layout=table.header.layout,
        waits=waits,
        providers=providers,
        count_read=table.read,
        count_kept=kept,
        dropped={kind: table.dropped[kind] for kind in DROPS},
        rejects=sorted(table.rejects, key=lambda r: r.record),
        duplicates=duplicates,
        notes=table.notes,
        regions=regions,
    )
