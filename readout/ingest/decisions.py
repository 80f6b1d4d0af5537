"""How a source's times are read, judged over all its files: which of two formats is meant, and whether 00:00 is a time or a bare date.

What each rule errs by is measured in benchmarks/midnights.py and stated in docs/methods/input.md.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, lgamma, log
from typing import Any

from readout.errors import SourceError
from readout.ingest.network import Source
from readout.ingest.survey import NEAR_MINUTES, Rivalry, Survey, TimeSurvey

CHANCE = 0.001  # below this probability 00:00 is too frequent to be a time like any other
REST = 0.01  # texts that the format meant may leave unread: they are quarantined and counted
DATE, TIME = "date", "time"


@dataclass(frozen=True)
class Decision:
    """What decides how rows are read. `dates`: columns whose 00:00 is a bare date; `not_meant`: (column, format) that is not to be used."""

    dates: tuple[str, ...] = ()
    not_meant: tuple[tuple[str, str], ...] = ()

    def formats(self, column: str, formats: tuple[str, ...]) -> tuple[str, ...]:
        """The formats of a column less those that are not meant."""
        return tuple(f for f in formats if (column, f) not in self.not_meant)


Judgements = list[dict[str, Any]]  # one a column and question, as the manifest has them


def decide(source: Source, survey: Survey, midnights: tuple[str, ...]) -> tuple[Decision, Judgements]:
    """How a source is read, and why. `midnights`: the columns where a bare date matters. SourceError where formats cannot be told apart."""
    not_meant, orders = _orders(source, survey)
    dates, judged = [], []
    assert source.adapter is not None
    for column in (c for c in midnights if c in survey and survey[c].count_midnight):
        found = survey[column]
        said = source.adapter.midnight.get(column)
        is_date = said == DATE if said else is_beyond_chance(found)
        if is_date:
            dates.append(column)
        judged.append(_midnight(source, column, found, said, is_date))
    return Decision(tuple(dates), tuple(not_meant)), orders + judged


# Midnight


def rounding(found: TimeSurvey) -> float:
    """How many times more often than the minutes around it a whole hour stands in a column: 1 to the minute, 60 to the hour."""
    hour = found.count_on_the_hour / 23  # at a usual whole hour; 00:00 is put in as one of them
    day = found.count_timed - found.count_midnight + hour
    return min(60.0, max(1.0, 24 * 60 * hour / day)) if day else 1.0


def expected_midnights(found: TimeSurvey) -> float:
    """How many times would be 00:00, were it a minute like those from 22:00 to 02:00, rounded as the column is."""
    return found.count_near_midnight * rounding(found) / NEAR_MINUTES


def is_beyond_chance(found: TimeSurvey) -> bool:
    """Whether 00:00 is more frequent than the times around it make likely: most of the column, or under one chance in a thousand."""
    if 2 * found.count_midnight >= found.count_timed:
        return True
    return is_frequent(found, found.count_midnight)


def is_frequent(found: TimeSurvey, count: int) -> bool:
    """Whether one minute holds too many times for one like those from 22:00 to 02:00, rounded as the column is.

    The other minutes of those hours lose what the whole hours gain, so together they weigh as much as unrounded.
    """
    r = rounding(found)
    return _at_least(count, count + found.count_near_midnight, r / (NEAR_MINUTES + r)) < CHANCE


def _at_least(k: int, n: int, p: float) -> float:
    """The probability of k or more of n, each with probability p."""
    if k <= 0:
        return 1.0
    total = 0.0
    for i in range(k, n + 1):
        term = exp(lgamma(n + 1) - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) + (n - i) * log(1 - p))
        total += term
        if i > n * p and term < total * 1e-12:
            break
    return min(1.0, total)


def _midnight(
    source: Source, column: str, found: TimeSurvey, said: str | None, is_date: bool
) -> dict[str, Any]:
    expected = expected_midnights(found)
    share = f"{_count(found.count_midnight)} of {_count(found.count_timed)} times ({_percent(found.count_midnight / found.count_timed)}) are 00:00"
    near = f"the times from 22:00 to 02:00 make {expected:.1f} likely"
    if said:
        reason = f"{share}; the adapter or network file says that each is a {said}."
    elif 2 * found.count_midnight >= found.count_timed:
        reason = f"{share}: most of the column."
    elif is_date:
        reason = f"{share}; {near}. That is beyond chance."
    else:
        reason = f"{share}; {near}. That is within chance."
    return {
        "question": "midnight",
        "column": column,
        "source_column": source_column(source, column),
        "decision": DATE if is_date else TIME,
        "is_stated": said is not None,
        "count": found.count_midnight,
        "of": found.count_timed,
        "expected": round(expected, 2),
        "on_the_hour": found.count_on_the_hour,
        "reason": reason,
    }


# Day first or month first


def _orders(source: Source, survey: Survey) -> tuple[list[tuple[str, str]], Judgements]:
    """Of formats that read one text as two days, those that are not meant, column by column; where a column cannot tell, by the other columns."""
    open_, meant = [], dict[tuple[str, tuple[str, ...]], str]()
    for column, found in survey.items():
        for rivalry in (r for r in found.rivalries if r.count_differing):
            winners = _winners(rivalry)
            if len(winners) == 1:
                meant[column, rivalry.formats] = winners[0]
            elif not winners:
                raise SourceError(_mixed(source, column, rivalry))
            else:
                open_.append((column, rivalry, winners))
    for column, rivalry, winners in open_:
        days = {_day_part(f) for f in meant.values()}
        chosen = {f for f in winners if _day_part(f) in days}
        if len(chosen) != 1:
            raise SourceError(_undecided(source, column, rivalry, winners))
        meant[column, rivalry.formats] = next(iter(chosen))
    by_column = {(c, r.formats): r for c, found in survey.items() for r in found.rivalries}
    told = {c for c, _, _ in open_}
    dropped = [(c, f) for (c, formats), winner in meant.items() for f in formats if f != winner]
    judged = [
        _order(source, c, by_column[c, formats], winner, c in told) for (c, formats), winner in meant.items()
    ]
    return sorted(dropped), judged


def _winners(rivalry: Rivalry) -> list[str]:
    """The formats that read (nearly) every text; of those, if one reads more than the others, that one."""
    near = {f: n for f, n in rivalry.by_format.items() if rivalry.count_read - n <= REST * rivalry.count_read}
    return [f for f, n in near.items() if n == max(near.values())]


def _day_part(form: str) -> str:
    """A format without its time of day: what decides which day it reads."""
    return re.split(r"[ T]?%[HIRT]", form)[0]


def _order(source: Source, column: str, rivalry: Rivalry, winner: str, by_others: bool) -> dict[str, Any]:
    losers = [f for f in rivalry.formats if f != winner]
    read = rivalry.by_format[winner]
    reason = f"'{winner}' reads {_count(read)} of {_count(rivalry.count_read)} values"
    reason += ", ".join(["", *(f"'{f}' {_count(rivalry.by_format[f])}" for f in losers)])
    reason += "; the source's other columns tell which is meant." if by_others else "."
    if read < rivalry.count_read:
        reason += f" {_count(rivalry.count_read - read)} that it does not read are quarantined."
    return {
        "question": "date_format",
        "column": column,
        "source_column": source_column(source, column),
        "decision": winner,
        "is_stated": False,
        "count": rivalry.count_differing,
        "of": rivalry.count_read,
        "reason": reason,
    }


def _undecided(source: Source, column: str, rivalry: Rivalry, winners: list[str]) -> str:
    such = f", such as '{rivalry.differing}'," if rivalry.differing else ""
    return (
        f"Source '{source.name}': in column '{source_column(source, column)}' {_count(rivalry.count_differing)} values{such} are one day by "
        f"{_either(winners)}, and another day by the other; no value tells which is meant. "
        f"Keep only the one that is meant in date_formats of adapter '{source.adapter_name}'. Nothing was published; the current extract stays live."
    )


def _mixed(source: Source, column: str, rivalry: Rivalry) -> str:
    reads = "; ".join(
        f"'{f}' reads {_count(rivalry.by_format[f])} of {_count(rivalry.count_read)}"
        + (f", among them '{rivalry.alone[f]}' that the other does not" if f in rivalry.alone else "")
        for f in rivalry.formats
    )
    return (
        f"Source '{source.name}': column '{source_column(source, column)}' mixes date formats, and {_count(rivalry.count_differing)} values are another day "
        f"by each: {reads}. Give the files of each format a [[source]] of their own, with an adapter whose date_formats hold only that one. "
        "Nothing was published; the current extract stays live."
    )


def _either(formats: list[str]) -> str:
    return " or ".join(f"'{f}'" for f in formats)


def _count(n: int) -> str:
    return f"{n:,}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def source_column(source: Source, column: str) -> str:
    """The column of the export that a canonical column comes from; of `latest`, the one that the adapter names."""
    assert source.adapter is not None
    if column == "latest":
        return source.adapter.latest or column
    spec = source.adapter.columns.get(column)
    return " and ".join(spec.needs) if spec else column


def stated(decision: Decision, judgements: Judgements) -> Mapping[str, Any]:
    """A decision as the manifest has it."""
    return {
        "dates": list(decision.dates),
        "not_meant": [list(n) for n in decision.not_meant],
        "judgements": judgements,
    }
