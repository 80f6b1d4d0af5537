"""Text to instants: the formats an adapter lists, offsets, split date and time, and the two nights when clocks change."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

ISO_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
TIME_FORMATS = ("%H:%M", "%H:%M:%S", "%H%M")


@dataclass(frozen=True)
class Parsed:
    """One instant column. All series have the batch's length.

    `utc`: naive datetimes in UTC; `local`: the site's clock; `is_unreadable`: there was text and no format fitted;
    `is_date_only`: the local clock shows midnight exactly; `is_repeated`, `is_missing`: the hour of a clock change.
    """

    utc: pl.Series
    local: pl.Series
    is_unreadable: pl.Series
    is_date_only: pl.Series
    is_repeated: pl.Series
    is_missing: pl.Series


def joined(dates: pl.Series, times: pl.Series) -> pl.Series:
    """One text of a date column and a time column; a workbook's date cell loses its midnight first. No date, no text."""
    frame = pl.DataFrame({"d": dates.str.replace(r"[ T]00:00(:00(\.0+)?)?$", ""), "t": times})
    text = pl.when(pl.col("t").is_null()).then(pl.col("d")).otherwise(pl.concat_str("d", pl.lit(" "), "t"))
    return frame.select(pl.when(pl.col("d").is_not_null()).then(text)).to_series()


def with_times(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats, and each date-only format with every way to write a time behind it."""
    dates = [f for f in formats if not any(part in f for part in ("%H", "%I", "%M", "%S"))]
    return (*formats, *(f"{d} {t}" for d in dates for t in TIME_FORMATS))


def parse(text: pl.Series, formats: Sequence[str], written_zone: pl.Series, site_zone: pl.Series) -> Parsed:
    """Parse a text column. `written_zone`, `site_zone`: IANA names, one a row; instants without an offset are on the written zone's clock."""
    naive = pl.Series("naive", [None], dtype=pl.Datetime("us")).new_from_index(0, len(text))
    aware = naive
    for form in dict.fromkeys(formats):
        waiting = text.is_not_null() & naive.is_null() & aware.is_null()
        if not waiting.any():
            break
        found = _strptime(text if waiting.all() else text.set(~waiting, None), form)
        found = found.set(found.dt.year() < 100, None)
        if "%z" in form:
            aware = aware.zip_with(aware.is_not_null(), found)
        else:
            naive = naive.zip_with(naive.is_not_null(), found)
    unreadable = text.is_not_null() & naive.is_null() & aware.is_null()
    utc, repeated, missing = _to_utc(naive, written_zone)
    utc = utc.zip_with(utc.is_not_null(), aware)
    local = _to_local(utc, site_zone)
    return Parsed(utc, local, unreadable, _is_midnight(local), repeated, missing)


def _strptime(text: pl.Series, form: str) -> pl.Series:
    form = form.replace(".%f", "%.f")
    if "%z" in form:
        parsed = text.str.to_datetime(form.replace("%z", "%#z"), strict=False, time_unit="us")
        return parsed.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return text.str.to_datetime(form, strict=False, time_unit="us")


def _is_midnight(local: pl.Series) -> pl.Series:
    return (local == local.dt.truncate("1d")).fill_null(False)


def _to_utc(naive: pl.Series, zones: pl.Series) -> tuple[pl.Series, pl.Series, pl.Series]:
    """October's second 01:30 is meant (as the engine reads it); March's missing hour is moved forward; both are marked."""
    repeated = pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(naive))
    missing = repeated
    if naive.null_count() == len(naive):
        return naive, repeated, missing
    utc = naive.clear(len(naive))
    for zone in zones.unique().drop_nulls():
        mine = zones == zone
        times = naive if mine.all() else naive.set(~mine.fill_null(False), None)
        late = _zoned(times, zone, "latest")
        early = _zoned(times, zone, "earliest")
        gap = times.is_not_null() & late.is_null()
        if gap.any():
            late = late.zip_with(~gap, _zoned(times.dt.offset_by("1h"), zone, "latest"))
        repeated = repeated | (late != early).fill_null(False) & ~gap
        missing = missing | gap
        utc = utc.zip_with(utc.is_not_null(), late)
    return utc, repeated, missing


def _zoned(times: pl.Series, zone: str, ambiguous: str) -> pl.Series:
    zoned = times.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null")  # type: ignore[arg-type]
    return zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _to_local(utc: pl.Series, zones: pl.Series) -> pl.Series:
    local = utc.clear(len(utc))
    for zone in zones.unique().drop_nulls():
        here = utc.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.replace_time_zone(None)
        mine = (zones == zone).fill_null(False)
        local = here if mine.all() else local.zip_with(~mine, here)
    return local
