"""Text to instants: the formats an adapter lists, offsets, split date and time, and the two nights when clocks change."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

ISO_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
TIME_FORMATS = ("%H:%M", "%H:%M:%S", "%H%M")
# Understood without being listed, of texts that hold nothing but these digits: an eight-digit number is a date only from 1900 to 2099.
COMPACT = {
    "%Y%m%d%H%M%S": r"^(?:19|20)\d{12}$",
    "%Y%m%d%H%M": r"^(?:19|20)\d{10}$",
    "%Y%m%d": r"^(?:19|20)\d{6}$",
    "%Y%m%dT%H%M%S": r"^(?:19|20)\d{6}T\d{6}$",
    "%Y%m%d%H%M%S%z": r"^(?:19|20)\d{12}(?:[+-]\d{4}|Z)$",
}
OFFSET = r"([+-]\d{2}:?\d{2}|[Zz])$"


@dataclass(frozen=True)
class Parsed:
    """One instant column. All series have the batch's length.

    `utc`: naive datetimes in UTC; `local`: the site's clock; `is_unreadable`: there was text and no format fitted;
    `is_without_time`: the format that fitted has no time; `is_midnight`: there was a time and the local clock shows midnight exactly;
    `is_repeated`, `is_missing`: the hour of a clock change.
    """

    utc: pl.Series
    local: pl.Series
    is_unreadable: pl.Series
    is_without_time: pl.Series
    is_midnight: pl.Series
    is_repeated: pl.Series
    is_missing: pl.Series


def joined(dates: pl.Series, times: pl.Series) -> pl.Series:
    """One text of a date column and a time column; a workbook's date cell loses its midnight first. No date, no text."""
    frame = pl.DataFrame({"d": dates.str.replace(r"[ T]00:00(:00(\.0+)?)?$", ""), "t": times})
    text = pl.when(pl.col("t").is_null()).then(pl.col("d")).otherwise(pl.concat_str("d", pl.lit(" "), "t"))
    return frame.select(pl.when(pl.col("d").is_not_null()).then(text)).to_series()


def with_times(formats: Sequence[str]) -> tuple[str, ...]:
    """The formats, and each date-only format with every way to write a time behind it."""
    return (*formats, *(f"{d} {t}" for d in formats if not has_time(d) for t in TIME_FORMATS))


def has_time(form: str) -> bool:
    """Whether a format holds a time of day."""
    return any(part in form for part in ("%H", "%I", "%M", "%S", "%T", "%R"))


def rivals(formats: Iterable[str]) -> list[tuple[str, ...]]:
    """Formats of one shape, which can read one text as two days: those that differ only in what their numbers mean."""
    shapes: dict[str, list[str]] = {}
    for form in dict.fromkeys(formats):
        shapes.setdefault(re.sub(r"(?:%[-_0]?[dmyYHMSIjfe])+", "N", form), []).append(form)
    return [tuple(many) for many in shapes.values() if len(many) > 1]


def read_as(text: pl.Series, form: str) -> pl.Series:
    """What one format makes of each text; null where it does not fit."""
    return _plausible(_strptime(text, form))


def parse(text: pl.Series, formats: Sequence[str], written_zone: pl.Series, site_zone: pl.Series) -> Parsed:
    """Parse a text column. `written_zone`, `site_zone`: IANA names, one a row; instants without an offset are on the written zone's clock."""
    naive = pl.Series("naive", [None], dtype=pl.Datetime("us")).new_from_index(0, len(text))
    aware = naive
    without_time = pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(text))
    for form in dict.fromkeys((*formats, *COMPACT)):
        waiting = text.is_not_null() & naive.is_null() & aware.is_null()
        if not waiting.any():
            break
        found = read_as(text if waiting.all() else text.set(~waiting, None), form)
        if not has_time(form):
            without_time = without_time | found.is_not_null()
        if "%z" in form:
            aware = aware.zip_with(aware.is_not_null(), found)
        else:
            naive = naive.zip_with(naive.is_not_null(), found)
    unreadable = text.is_not_null() & naive.is_null() & aware.is_null()
    utc, repeated, missing = _to_utc(naive, written_zone)
    utc = utc.zip_with(utc.is_not_null(), aware)
    local = _to_local(utc, site_zone)
    return Parsed(utc, local, unreadable, without_time, _is_midnight(local) & ~without_time, repeated, missing)


def wrong_offsets(text: pl.Series, parsed: Parsed) -> pl.Series:
    """Where a text states an offset that is neither UTC's nor the one that the site's clock had at that instant."""
    offset = text.str.extract(OFFSET)
    if offset.null_count() == len(offset):
        return pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(text))
    digits = offset.str.replace_all(r"[:+-]", "")
    minutes = digits.str.slice(0, 2).cast(pl.Int32, strict=False) * 60 + digits.str.slice(2, 2).cast(pl.Int32, strict=False)
    minutes = minutes.zip_with(~offset.str.starts_with("-").fill_null(False), -minutes)
    own = (parsed.local - parsed.utc).dt.total_minutes()
    return ((minutes != 0) & (minutes != own)).fill_null(False)


def _plausible(found: pl.Series) -> pl.Series:
    return found.set(found.dt.year() < 100, None)


def _strptime(text: pl.Series, form: str) -> pl.Series:
    if form in COMPACT:
        text = text.set(~text.str.contains(COMPACT[form]).fill_null(True), None)
        if text.null_count() == len(text):
            return pl.Series(text.name, [None], dtype=pl.Datetime("us")).new_from_index(0, len(text))
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
