"""Local wall clock and UTC as whole minutes since 1970, for Europe/London, on arrays. `NONE` means no instant."""

from datetime import date, datetime
from functools import cache

import numpy as np
from numpy.typing import NDArray

Minutes = NDArray[np.int32]
NONE = -1
DAY = 1440
_EPOCH = date(1970, 1, 1)
_YEARS = range(2000, 2041)


def day_number(day: date) -> int:
    """Days since 1 January 1970."""
    return (day - _EPOCH).days


def minute(instant: datetime) -> int:
    """Minutes since 1970, UTC, of an aware instant."""
    return int(instant.timestamp()) // 60


def _last_sunday(year: int, month: int) -> int:
    last = day_number(date(year, month, 31))
    return last - (last + 4) % 7  # 1 January 1970 was a Thursday


@cache
def _changes() -> Minutes:
    """UTC minutes of the clock changes: forward in March, back in October, alternating."""
    return np.array([_last_sunday(y, m) * DAY + 60 for y in _YEARS for m in (3, 10)], dtype=np.int32)


def spring(year: int) -> int:
    """Local minute at which the missing hour of March begins (01:00)."""
    return _last_sunday(year, 3) * DAY + 60


def autumn(year: int) -> int:
    """Local minute at which the repeated hour of October begins (01:00)."""
    return _last_sunday(year, 10) * DAY + 60


def offset(utc: Minutes) -> Minutes:
    """Minutes that local time is ahead of UTC: 60 in summer."""
    return (np.searchsorted(_changes(), utc, side="right") % 2 * 60).astype(np.int32)


def to_local(utc: Minutes) -> Minutes:
    """Local wall-clock minutes; NONE stays."""
    return np.where(utc == NONE, NONE, utc + offset(utc)).astype(np.int32)


def to_utc(local: Minutes) -> Minutes:
    """UTC minutes of a local wall clock; the repeated hour is its second occurrence, the missing one moves forward."""
    summer = np.searchsorted(_changes() + np.tile(np.array([60, 0], dtype=np.int32), len(_YEARS)), local, side="right") % 2
    return np.where(local == NONE, NONE, local - summer * 60).astype(np.int32)


def weekday(day: NDArray[np.int_]) -> NDArray[np.int_]:
    """Monday 0 to Sunday 6 of day numbers."""
    return (day + 3) % 7


def in_repeated_hour(local: Minutes) -> NDArray[np.bool_]:
    """Whether a local wall clock lies in an October hour that happened twice."""
    starts = np.array([autumn(y) for y in _YEARS], dtype=np.int32)
    at = np.clip(np.searchsorted(starts, local, side="right") - 1, 0, None)
    return (local >= starts[at]) & (local < starts[at] + 60)


@cache
def bank_holidays(first: int, last: int) -> NDArray[np.int_]:
    """Day numbers of the bank holidays of England between two day numbers."""
    import holidays

    years = range(1970 + first // 366, 1972 + last // 365)
    days = sorted(day_number(d) for d in holidays.country_holidays("GB", subdiv="ENG", years=list(years)))
    return np.array([d for d in days if first <= d <= last], dtype=np.int64)
