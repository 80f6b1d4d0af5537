"""Figures typed in a sentence, held against those that stand beside the chart: the latest, the one before, the year before, target, mean, limits, counts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from readout.guard.reading import BASE, DURING, NAMED, month_named

NUMBER = re.compile(
    r"(?<![\w.,£$€])(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<part>\d+))?\s?(?P<unit>%|per cent|percent|days?|hours?|hrs?|h|min(?:ute)?s?|weeks?)?(?!\w)", re.IGNORECASE
)
HOURS = {"d": 24.0, "h": 1.0, "m": 1 / 60, "w": 168.0}  # by the first letter of a unit of time
ABOUT = re.compile(r"\b(?:about|around|approximately|approx|roughly|some|nearly|almost|just (?:over|under|above|below)|close to|circa)\b", re.IGNORECASE)
OVER = re.compile(r"\b(?:more than|over|above|at least|in excess of|exceed\w*)\b", re.IGNORECASE)
UNDER = re.compile(r"\b(?:less than|fewer than|under|below|up to)\b", re.IGNORECASE)
LOOSE = 0.05  # how far from a figure `about` may be, as a part of it
THEN = re.compile(
    r"^\W*(?:[a-z]+\W+){0,2}?(?:a year (?:ago|before|earlier)|last (?:year|month|quarter|winter|summer)|the (?:month|year|quarter) before|previous\w*|earlier|before)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Figure:
    """A number as it reads. `value`: in per cent (`%`), hours (`h`) or as it is (`n`); `half`: half of its last digit, in the same unit; `said`: as typed."""

    value: float
    half: float
    unit: str
    said: str


def figures(text: str) -> list[Figure]:
    """The numbers of a text with their units, in order."""
    found = []
    for m in NUMBER.finditer(text.replace("\N{MINUS SIGN}", " ").replace("+", " ")):
        unit = (m["unit"] or "").lower()
        kind, factor = ("n", 1.0) if not unit else ("%", 1.0) if unit[0] in "%p" else ("h", HOURS[unit[0]])
        whole = m["whole"].replace(",", "")
        value = float(f"{whole}.{m['part'] or 0}")
        zeros = len(whole) - len(whole.rstrip("0")) if not m["part"] and value >= 100 else 0  # 1,200 may be rounded
        half = 0.5 * 10.0 ** (zeros - len(m["part"] or ""))
        found.append(Figure(value * factor, half * factor, kind, m[0].strip()))
    return found


def differing(said: str, shown: Sequence[str], latest: Sequence[str]) -> str:
    """The number of a claim that is none of those shown, as it was typed; empty where each is, or where nothing is shown in its unit. `more than`
    and `less than` a number are said of the `latest` alone: something that stands beside a chart is always more.
    """
    is_beyond = bool(OVER.search(said) or UNDER.search(said))
    known = [f for text in (latest if is_beyond else shown) for f in figures(text)]
    known += [] if is_beyond else [Figure(100 - f.value, f.half, "%", "") for f in known if f.unit == "%"]  # the rest of a share
    for typed in figures(said):
        alike = [f for f in known if f.unit == typed.unit]
        if alike and not any(_agree(said, typed, f) for f in alike):
            return typed.said
    return ""


def _agree(said: str, typed: Figure, shown: Figure) -> bool:
    """Whether a typed figure says a shown one, rounded either way: the coarser of the two counts."""
    slack = typed.half + shown.half if abs(typed.half - shown.half) > 1e-9 else 1e-9
    if ABOUT.search(said):
        return abs(typed.value - shown.value) <= max(slack, LOOSE * abs(shown.value))
    if OVER.search(said):
        return shown.value >= typed.value - slack
    if UNDER.search(said):
        return shown.value <= typed.value + slack
    return abs(typed.value - shown.value) <= slack + 1e-9


def is_of_another_time(clause: str, start: int, end: int, last: date) -> bool:
    """Whether a number in a clause is said of another time than the last month of the chart: the month beside it, else the one that leads the clause."""
    after = clause[end:]
    if THEN.search(after):
        return True
    named, number = NAMED.search(after), NUMBER.search(after)
    if named and (number is None or named.start() <= number.start()):
        return month_named(named, last) != last
    before = [m for m in NAMED.finditer(clause[:start]) if DURING.search(clause[: m.start()]) and not BASE.search(clause[: m.start()])]
    return bool(before) and month_named(before[-1], last) != last


__all__ = ["Figure", "differing", "figures", "is_of_another_time"]
