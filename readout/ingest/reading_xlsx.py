"""A workbook's sheet and a Parquet file as text: the two formats whose cells have types of their own.

Both give frames of String columns; header, footers, blank rows and accounting are the caller's.
"""

from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl

from readout.errors import SourceError, suggest

_CLOCK = r"^1899-12-3[01] (\d\d:\d\d:\d\d)"  # a time of day comes as an instant of Excel's day zero
_FRACTION = r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+$"  # a serial number that does not hit a whole second
_EXACT = 2.0**53  # up to here a float holds every whole number


def unreadable(path: Path, error: OSError) -> SourceError:
    """The refusal of a file that the system will not open."""
    return SourceError(f"{path.name} cannot be read ({error.strerror}): check that it is there and that this account may read it.")


def read_sheet(path: Path, sheet: str | None) -> pl.DataFrame:
    """Every row of the sheet from row 1 (blank ones too), as text; the first sheet when none is named. Error cells are null."""
    try:
        path.open("rb").close()  # fastexcel calls a vanished file a bad workbook
        book = fastexcel.read_excel(path)
    except OSError as e:
        raise unreadable(path, e) from e
    except fastexcel.FastExcelError as e:
        raise SourceError(f"{path.name} is not an Excel workbook: save it as .xlsx without a password, or set the adapter's format.") from e
    names = book.sheet_names
    name = names[0] if sheet is None else sheet
    if name not in names:
        raise SourceError(f"{path.name} has no sheet '{name}'. {suggest(name, names)}")
    try:
        frame: pl.DataFrame = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except fastexcel.FastExcelError as e:
        raise SourceError(f"{path.name}: sheet '{name}' cannot be read: open it in Excel and save it again.") from e
    frame = frame.select(pl.all().cast(pl.String).str.replace(_CLOCK, "$1"))
    return frame.with_columns(_whole_seconds(c) for c in frame if c.str.contains(_FRACTION).any())


def _whole_seconds(cells: pl.Series) -> pl.Series:
    instant = cells.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="ms", strict=False).dt.round("1s").dt.strftime("%Y-%m-%d %H:%M:%S")
    return pl.select(pl.when(cells.str.contains(_FRACTION)).then(instant.fill_null(cells)).otherwise(cells).alias(cells.name)).to_series()


def parquet_schema(path: Path) -> pl.Schema:
    """Column names and types of a Parquet file."""
    try:
        path.open("rb").close()
        return pl.scan_parquet(path, glob=False).collect_schema()
    except OSError as e:
        raise unreadable(path, e) from e
    except pl.exceptions.PolarsError as e:
        raise SourceError(f"{path.name} is not a Parquet file, or only part of one: copy it again, or set the adapter's format.") from e


def parquet_slices(path: Path, rows: int, start: int = 0) -> Iterator[tuple[pl.DataFrame, list[tuple[int, str]]]]:
    """The file's rows as text, `rows` at a time from `start`; with each slice the (row in the slice, column) of bytes that are not UTF-8.

    Instants are ISO with a `T`, with their offset when they have a time zone; whole floats read as integers.
    """
    schema = parquet_schema(path)
    try:
        while True:
            frame = pl.scan_parquet(path, glob=False).slice(start, rows).collect()
            if frame.is_empty():
                return
            lost: list[tuple[int, str]] = []
            for name in (n for n, dtype in schema.items() if dtype == pl.Binary):
                text = [_decoded(value) for value in frame[name]]
                lost += [(row, name) for row in frame[name].is_not_null().arg_true().to_list() if text[row] is None]
                frame = frame.with_columns(pl.Series(name, text, dtype=pl.String))
            yield frame.select(_as_text(name, dtype) for name, dtype in frame.schema.items()), lost
            start += rows
    except pl.exceptions.PolarsError as e:
        raise SourceError(f"{path.name} cannot be read to its end: it looks damaged; copy it again.") from e


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if dtype.time_zone else ""))
    if dtype.is_float():
        whole = (column == column.round()) & (column.abs() < _EXACT)
        return pl.when(whole).then(column.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(column.cast(pl.String))
    if dtype.is_nested() or dtype == pl.Object:
        return pl.lit(None, pl.String).alias(name)  # a list has no one text; a required one is refused by its reader
    return column.cast(pl.String, strict=False)
