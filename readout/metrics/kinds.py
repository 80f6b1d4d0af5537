"""What a number can do: a count, share, rate, time, stock or curve. The rest of the house asks the kind, and compares it with nothing."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from readout.errors import CatalogueError
from readout.metrics import format as fmt

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """A metric's kind, with the words of its entry. What holds of every metric of a kind stands on the class."""

    name: ClassVar[str]
    words: ClassVar[tuple[str, ...]] = ()  # the fields below that an entry of this kind gives
    columns: ClassVar[tuple[str, ...]] = ("value",)  # what an answer takes from its query
    charted: ClassVar[str] = "value"  # the column that is charted, and held against limits
    typical: ClassVar[str] = "value"  # the column that a card shows
    counting: ClassVar[str] = "value"  # the column that is nothing where there was nothing to count
    weight: ClassVar[str] = "value"  # the column by which one unit is larger than another
    behind: ClassVar[tuple[str, ...]] = ()  # the columns of the counts that stand behind a figure which is not itself a count
    order: ClassVar[tuple[str, ...]] = ()  # columns by which rows stand within their unit
    # Of each count that is a part of a whole: the whole. Together they give away what is left of it.
    wholes: ClassVar[Mapping[str, str]] = {"numerator": "count_judged", "count_unreported": "n"}
    bounds: ClassVar[tuple[float, float | None]] = (0.0, None)  # the natural ends of its scale
    quotient: ClassVar[str] = ""  # what its figures are called where they are made of counts
    is_ratio: ClassVar[bool] = False  # a numerator over a denominator
    is_share: ClassVar[bool] = False  # whose numerator is a part of its denominator: in per cent, with a target and an interval
    is_time: ClassVar[bool] = False  # quantiles of waits: too few have none, and waits of different pathways do not mix
    is_curve: ClassVar[bool] = False  # several rows a unit
    is_whole: ClassVar[bool] = False  # a whole number, whose mean and limits keep a decimal
    is_level: ClassVar[bool] = False  # what stands at the end of a month, and not what happened in it
    only_grows: ClassVar[bool] = False  # data that still arrives can only add to it
    may_have_season: ClassVar[bool] = False  # a season or growth alone may move it

    roles: Mapping[str, str] = field(default_factory=dict)  # what each number of an answer is, as its query's header declares it
    phrase: str = ""  # of a ratio: its counts in words, as in "{numerator} in {denominator} working day(s)"
    ended: str = ""  # of a time or curve: what has happened to an examination whose wait has ended, as in "reported"
    unended: str = ""  # and what is said of one whose wait has not, as in "unreported"
    clock: str = ""  # what is timed and how, in the words of an axis
    decimals: int = 1  # of a rate

    def __post_init__(self) -> None:
        """Raise where the kind cannot say its counts: a sentence about it would have to guess."""

    @property
    def people(self) -> tuple[str, ...]:
        """Columns of an answer's frame that count individuals."""
        return tuple(c for c, role in self.roles.items() if role == "people")

    @property
    def nothing_is_zero(self) -> bool:
        """Whether a month without a row had none: of what is counted, and not of an age or a share."""
        return self.is_whole and self.roles.get("value") == "people"

    @property
    def is_in_days(self) -> bool:
        """Whether its clock is one of calendar days, which knows no hours."""
        return "calendar days" in self.clock

    def figure(self, value: float | None, column: str = "value") -> str:
        """A figure as pages, charts and the command line say it. `column`: a time's name ends in `_hours`."""
        if column.endswith("_hours"):
            return self.duration(value)
        return fmt.DASH if value is None else self._said(value)

    def line(self, value: float, column: str = "value") -> str:
        """A mean or limit of its figures, which of whole numbers keeps a decimal."""
        return f"{value:,.1f}" if self.is_whole else self.figure(value, column)

    def duration(self, value: float | None) -> str:
        """A time on the metric's own clock: of calendar days `same day`, `1 day`, `10 days`; else as `fmt.hours`."""
        return fmt.hours(value) if value is None or not self.is_in_days else fmt.days(value / 24)

    def _said(self, value: float) -> str:
        return fmt.count(value)

    def counts(self, row: Row, say: Callable[[Any], str] | None = None) -> str:
        """The counts behind a figure, in the words of the catalogue entry: `20 in 11 working days`, `n 40, 3 unreported`.

        `row`: the answer's columns. `say`: how one count reads (`fmt.released` where some may be withheld). Empty where the row has no counts.
        """
        return ""

    @property
    def preposition(self) -> str:
        """What stands before the month of a figure in a sentence."""
        return "at the" if self.is_level else "in"

    def when(self, month: date) -> str:
        """The month of a figure, or its end."""
        return f"end of {fmt.month(month)}" if self.is_level else fmt.month(month)


@dataclass(frozen=True)
class Count(Kind):
    """How many there were."""

    name = "count"
    is_whole = True
    only_grows = True
    may_have_season = True


@dataclass(frozen=True)
class Stock(Kind):
    """How many stand on a list, or how old the oldest of them is, on one day."""

    name = "stock"
    is_whole = True
    is_level = True


@dataclass(frozen=True)
class _Ratio(Kind):
    words: ClassVar[tuple[str, ...]] = ("phrase",)
    columns = ("numerator", "denominator")
    behind = columns
    weight = "denominator"
    is_ratio = True

    def __post_init__(self) -> None:
        for part in ("{numerator}", "{denominator}"):
            if part not in self.phrase:
                raise CatalogueError(
                    f"a {self.name} says what its counts are called, and counts lacks {part}. Write counts = "
                    '"{numerator} of {denominator}" for a share, or as in "{numerator} in {denominator} working day(s)".'
                )

    def counts(self, row: Row, say: Callable[[Any], str] | None = None) -> str:
        if row.get("denominator") is None:
            return ""
        say = say or fmt.count
        parts = {c: say(row[c]) if self.roles.get(c) == "people" else _part(row[c]) for c in self.columns}
        numbered = re.sub(r"(\{(\w+)\}[^{]*?)\(s\)", lambda m: m[1] + ("" if row[m[2]] == 1 else "s"), self.phrase)
        return numbered.format(**parts)


@dataclass(frozen=True)
class Share(_Ratio):
    """A part of a whole, 0 to 1, in per cent."""

    name = "share"
    wholes: ClassVar[Mapping[str, str]] = {"numerator": "denominator", "count_unreported": "n"}
    bounds = (0.0, 1.0)
    quotient = "percentages"
    is_share = True

    def _said(self, value: float) -> str:
        return fmt.percent(value)


@dataclass(frozen=True)
class Rate(_Ratio):
    """One number over another of which it is no part: per working day, weeks, against what was to be expected."""

    name = "rate"
    words: ClassVar[tuple[str, ...]] = ("phrase", "decimals")
    quotient = "ratios"
    may_have_season = True

    def _said(self, value: float) -> str:
        return f"{value:,.{self.decimals}f}"


@dataclass(frozen=True)
class _Waiting(Kind):
    words = ("ended", "unended")

    def __post_init__(self) -> None:
        for key, example in (("ended", "reported"), ("unended", "unreported")):
            if not getattr(self, key):
                raise CatalogueError(f'a {self.name} says how a wait ends: give {key}, as in {key} = "{example}".')


@dataclass(frozen=True)
class Time(_Waiting):
    """Within what time half, nine in ten and nineteen in twenty have ended, those that go on counted."""

    name = "time"
    columns = ("n", "count_unreported", "median_hours", "p90_hours", "p95_hours")
    charted = "p90_hours"
    typical = "median_hours"
    counting = "n"
    weight = "n"
    behind = ("n", "count_unreported")
    is_time = True

    def counts(self, row: Row, say: Callable[[Any], str] | None = None) -> str:
        if row.get("n") is None and say is not fmt.released:
            return ""
        say = say or fmt.count
        return f"n {say(row['n'])}, {say(row['count_unreported'])} {self.unended}"


@dataclass(frozen=True)
class Curve(_Waiting):
    """The share that still waits after each time."""

    name = "curve"
    columns = ("hours", "still_waiting", "lower", "upper", "count_at_risk", "n", "count_unreported")
    order = ("hours",)
    bounds = (0.0, 1.0)
    quotient = "percentages"
    is_curve = True


KINDS: Mapping[str, type[Kind]] = {k.name: k for k in (Count, Share, Rate, Time, Stock, Curve)}


def _part(value: float | None) -> str:
    """A number beside a count that counts nobody: what is expected, and days that count in part, have a decimal."""
    return fmt.count(value) if value is None or value == round(value) else f"{value:,.1f}"


__all__ = ["KINDS", "Count", "Curve", "Kind", "Rate", "Share", "Stock", "Time"]
