"""What the columns of times of a file hold, counted before any row is typed: which formats read them, and how often 00:00 stands there.

One file's survey is small and is kept beside its staged rows; those of a source are added up, and the source is judged as a whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import polars as pl

from readout.ingest import instants

EVENING, NIGHT = 22 * 60, 2 * 60  # the minutes either side of midnight that 00:00 is compared with
NEAR_MINUTES = 24 * 60 - EVENING + NIGHT  # how many they are, without midnight itself


@dataclass
class Rivalry:
    """Formats of one shape in one column: how many texts any of them reads, each reads, and two read as different instants."""

    formats: tuple[str, ...]
    count_read: int = 0
    by_format: dict[str, int] = field(default_factory=dict)
    count_differing: int = 0
    differing: str | None = None  # one text that reads as two instants
    alone: dict[str, str] = field(default_factory=dict)  # of a format, one text that another does not read

    def plus(self, other: "Rivalry") -> "Rivalry":
        return Rivalry(
            formats=self.formats,
            count_read=self.count_read + other.count_read,
            by_format={f: self.by_format.get(f, 0) + other.by_format.get(f, 0) for f in self.formats},
            count_differing=self.count_differing + other.count_differing,
            differing=self.differing or other.differing,
            alone={**other.alone, **self.alone},
        )


@dataclass
class TimeSurvey:
    """One column of times. A text without a time of day is in `count_without_time` and in no count of hours."""

    count_read: int = 0
    count_without_time: int = 0
    count_midnight: int = 0
    count_on_the_hour: int = 0  # other than 00:00
    count_near_midnight: int = 0  # from 22:00 to 02:00, other than 00:00
    count_afternoon: int = 0  # from 13:00 on
    count_utc_midnight: int = 0  # 00:00 in UTC, and another hour on the site's clock
    count_wrong_offset: int = 0
    wrong_offset: str | None = None
    rivalries: list[Rivalry] = field(default_factory=list)

    @property
    def count_timed(self) -> int:
        return self.count_read - self.count_without_time

    def plus(self, other: "TimeSurvey") -> "TimeSurvey":
        counts = {n: getattr(self, n) + getattr(other, n) for n in COUNTS}
        mine, theirs = {r.formats: r for r in self.rivalries}, {r.formats: r for r in other.rivalries}
        both = [
            mine[f].plus(theirs[f]) if f in mine and f in theirs else mine.get(f) or theirs[f]
            for f in {**mine, **theirs}
        ]
        return TimeSurvey(**counts, wrong_offset=self.wrong_offset or other.wrong_offset, rivalries=both)


COUNTS = tuple(n for n in TimeSurvey.__dataclass_fields__ if n.startswith("count_"))
Survey = dict[str, TimeSurvey]  # by canonical column, and "latest"


def survey_times(
    text: pl.Series, formats: Sequence[str], parsed: instants.Parsed, *, is_shown: bool
) -> TimeSurvey:
    """What a batch of one column holds. Texts are kept as examples only where `is_shown`."""
    minute = parsed.local.dt.hour().cast(pl.Int32) * 60 + parsed.local.dt.minute().cast(pl.Int32)
    minute = minute.set(parsed.is_without_time, None)
    counts = pl.DataFrame({"m": minute, "midnight": parsed.is_midnight}).select(
        midnight=pl.col("midnight").sum(),
        hour=((pl.col("m") % 60 == 0) & (pl.col("m") != 0)).sum(),
        near=((pl.col("m") >= EVENING) | (pl.col("m") <= NIGHT) & ~pl.col("midnight")).sum(),
        afternoon=(pl.col("m") >= 13 * 60).sum(),
    )
    midnight, hour, near, afternoon = (int(n or 0) for n in counts.row(0))
    at_midnight = (parsed.utc == parsed.utc.dt.truncate("1d")) & (parsed.utc != parsed.local)
    wrong = instants.wrong_offsets(text, parsed)
    return TimeSurvey(
        count_read=len(text) - int(parsed.utc.null_count()),
        count_without_time=int(parsed.is_without_time.sum()),
        count_midnight=midnight,
        count_on_the_hour=hour,
        count_near_midnight=near,
        count_afternoon=afternoon,
        count_utc_midnight=int(at_midnight.sum() or 0),
        count_wrong_offset=int(wrong.sum()),
        wrong_offset=text.filter(wrong).head(1).to_list()[0] if is_shown and wrong.any() else None,
        rivalries=[_rivalry(text, group, is_shown) for group in instants.rivals(formats)],
    )


def _rivalry(text: pl.Series, group: tuple[str, ...], is_shown: bool) -> Rivalry:
    frame = pl.DataFrame({f"{i}": instants.read_as(text, form) for i, form in enumerate(group)})
    names = frame.columns
    frame = frame.with_columns(
        text=text,
        read=pl.any_horizontal(pl.col(names).is_not_null()),
        differs=pl.min_horizontal(names) != pl.max_horizontal(names),
    )
    found = Rivalry(
        group,
        int(frame["read"].sum()),
        {f: len(text) - int(frame[f"{i}"].null_count()) for i, f in enumerate(group)},
    )
    found.count_differing = int(frame["differs"].sum() or 0)
    if is_shown:
        differing = frame.filter(pl.col("differs"))["text"]
        found.differing = differing[0] if len(differing) else None
        for i, form in enumerate(group):
            alone = frame.filter(
                pl.col(f"{i}").is_not_null() & pl.any_horizontal(pl.col(n).is_null() for n in names)
            )["text"]
            if len(alone):
                found.alone[form] = alone[0]
    return found


def added(surveys: Iterable[Survey]) -> Survey:
    """The surveys of several batches or files as one."""
    total: Survey = {}
    for survey in surveys:
        for column, found in survey.items():
            total[column] = total[column].plus(found) if column in total else found
    return total


def as_json(survey: Survey) -> dict[str, Any]:
    """A survey as plain values."""
    return {column: asdict(found) for column, found in survey.items()}


def from_json(given: Mapping[str, Any]) -> Survey:
    """A survey from plain values."""
    made: Survey = {}
    for column, values in given.items():
        rivalries = [Rivalry(**{**r, "formats": tuple(r["formats"])}) for r in values["rivalries"]]
        made[column] = TimeSurvey(**{**values, "rivalries": rivalries})
    return made
