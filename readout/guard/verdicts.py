"""What an indicator's chart must show for a claim to stand. Each verdict gives the entry of `[found]` that speaks against it, or None."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from readout.guard.facts import Facts, Point
from readout.guard.figures import differing
from readout.guard.reading import NAMED, month_named
from readout.metrics import format as fmt
from readout.metrics.claims import Claim

Found = tuple[str, dict[str, str]]
NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4}
MONTHLY = re.compile(r"\b(?:month|january|february|march|april|may|june|july|august|september|october|november|december)\b", re.IGNORECASE)
SLACK = 0.1  # a figure counts as doubled from 1.8 times on, as halved up to 0.55 times: people round


@dataclass(frozen=True)
class Case:
    """One claim of one sentence, and the facts it is held against."""

    facts: Facts
    claim: Claim
    said: str
    clause: str = ""

    @property
    def last(self) -> Point | None:
        return self.facts.last


def _state(f: Facts) -> Found:
    return (f.variation or "not_judged", {})


def improvement(c: Case) -> Found | None:
    """Where limits start anew at a known change for the better, common cause is that of the better level."""
    is_kept = c.facts.is_stepped and c.facts.variation == "common_cause"
    return None if c.facts.variation == "improvement" or is_kept else _state(c.facts)


def no_improvement(c: Case) -> Found | None:
    return _state(c.facts) if c.facts.variation == "improvement" else None


def concern(c: Case) -> Found | None:
    return None if c.facts.variation == "concern" else _state(c.facts)


def decline(c: Case) -> Found | None:
    """Of what is better high a deterioration, else no more than a fall."""
    return concern(c) if c.facts.better == "up" else fall(c)


def special(c: Case) -> Found | None:
    return _state(c.facts) if c.facts.variation in (None, "common_cause") else None


def high(c: Case) -> Found | None:
    return None if c.facts.is_high is True else _state(c.facts)


def low(c: Case) -> Found | None:
    return None if c.facts.is_high is False else _state(c.facts)


def usual(c: Case) -> Found | None:
    """Where the figure is what it was a month before, `no change` is plainly so, whatever rule the months together break."""
    before, last = c.facts.points[-2:-1], c.last
    if last is not None and (last.said == "0" if c.facts.is_change else any(p.said == last.said for p in before)):
        return None
    return None if c.facts.variation in (None, "common_cause") else _state(c.facts)


def figure(c: Case) -> Found | None:
    """Of the latest month, or of none that is named: one of the figures that stand beside the chart."""
    latest = [p[-1].said for p in (c.facts.points, c.facts.levels) if p]
    typed = differing(c.said, c.facts.shown, latest) if latest and c.facts.history else ""
    return ("other_figure", {"typed": typed, **_level(c.facts)}) if typed else None


def cause(c: Case) -> Found | None:
    """A cause belongs to a signal. A list may grow month by month without one: there only the change over a month has no cause."""
    if c.facts.is_stepped or (c.facts.is_change and not MONTHLY.search(c.clause)):
        return None
    return _state(c.facts) if c.facts.variation == "common_cause" else None


def met(c: Case) -> Found | None:
    return ("is_missed", _level(c.facts)) if c.facts.is_met is False else None


def missed(c: Case) -> Found | None:
    return ("is_met", _level(c.facts)) if c.facts.is_met else None


def _level(f: Facts) -> dict[str, str]:
    """Of a list its level stands in the reason, which the chart's own figure, the change, is not."""
    return {"value": f.levels[-1].said, "month": fmt.month(f.levels[-1].month)} if f.is_change and f.levels else {}


def above_target(c: Case) -> Found | None:
    return met(c) if c.facts.better == "up" else missed(c)


def below_target(c: Case) -> Found | None:
    return missed(c) if c.facts.better == "up" else met(c)


def passes(c: Case) -> Found | None:
    return _assured(c.facts, "passes")


def fails(c: Case) -> Found | None:
    return _assured(c.facts, "fails")


def on_track(c: Case) -> Found | None:
    """A figure that improves may be on its way, whatever its limits say today."""
    return None if c.facts.variation == "improvement" else _assured(c.facts, "passes") if c.facts.assurance else None


def _assured(f: Facts, wanted: str) -> Found | None:
    if not f.target or f.assurance == wanted:
        return None
    if f.counted is not None:
        count, of = f.counted
        every = of if wanted == "passes" else 0
        return None if count == every else ("counted", {"count": str(count), "of": str(of)})
    return (f.assurance or "no_assurance", {})


def highest(c: Case) -> Found | None:
    return _extreme(c, 1)


def lowest(c: Case) -> Found | None:
    return _extreme(c, -1)


def best(c: Case) -> Found | None:
    return None if c.facts.better == "neutral" else _extreme(c, 1 if c.facts.better == "up" else -1)


def worst(c: Case) -> Found | None:
    return None if c.facts.better == "neutral" else _extreme(c, -1 if c.facts.better == "up" else 1)


def record(c: Case) -> Found | None:
    """Either end, for the word alone does not say which."""
    up, down = _extreme(c, 1), _extreme(c, -1)
    return (down if c.facts.better == "down" else up) if up and down else None


def _extreme(c: Case, sign: int) -> Found | None:
    """The last figure against every other of the window that the claim names, or of all months charted. A tie is no contradiction."""
    if not c.facts.history:
        return None
    *earlier, last = c.facts.history
    inside = [p for p in earlier if p.month >= _start(c.said, last.month)]
    beyond = [p for p in inside if sign * (p.value - last.value) > 0 and p.said != last.said]
    if not beyond:
        return None
    return ("was_higher" if sign > 0 else "was_lower", _other(max(beyond, key=lambda p: sign * p.value)))


def _start(said: str, last: date) -> date:
    """The first month of the window that a claim names: `since March` begins after March, `in two years` 24 months back."""
    if m := re.search(r"\b(an?|one|two|three|four|\d+)\s+(year|month)s?", said, re.IGNORECASE):
        count = (NUMBERS.get(m[1].lower()) or int(m[1])) * (12 if m[2].lower() == "year" else 1)
        return _before(last, count - 1)
    if re.search(r"\byear$", said, re.IGNORECASE):
        starts = [date(last.year - (last.month < m), m, 1) for m in ((4,) if "financial" in said.lower() else (1,) if "calendar" in said.lower() else (1, 4))]
        return max(starts)
    since = re.search(r"\bsince\s+(.*)$", said, re.IGNORECASE)
    if since and (m := NAMED.search(since[1])):
        month = month_named(m, last)
        if month is not None:
            return _before(month if month < last else _before(month, 12), -1)
        return date(int(m["alone"]) + 1, 1, 1)
    return date.min


def _before(month: date, count: int) -> date:
    at = month.year * 12 + month.month - 1 - count
    return date(at // 12, at % 12 + 1, 1)


def times(c: Case) -> Found | None:
    """Contradicted where no month charted stands so far from the last."""
    if not c.facts.history or len(c.facts.history) < 2:
        return None
    *earlier, last = c.facts.history
    factor = c.claim.factor
    if factor > 1:
        far = min(earlier, key=lambda p: p.value)
        return ("not_times", _other(far)) if far.value > 0 and last.value < (factor - factor * SLACK) * far.value else None
    far = max(earlier, key=lambda p: p.value)
    return ("not_times", _other(far)) if last.value > (factor + factor * SLACK) * far.value else None


def rise(c: Case) -> Found | None:
    return _moved(c, 1)


def fall(c: Case) -> Found | None:
    return _moved(c, -1)


def _moved(c: Case, sign: int) -> Found | None:
    """Contradicted where the figure moved the other way from every month that people compare with: the one before, three and twelve back, the mean."""
    f, last = c.facts, c.last
    if last is None:
        return None
    if f.is_change:
        return ("changed_down" if sign > 0 else "changed_up", {}) if sign * last.value < 0 else None
    back = [p for p in f.points if p.month in {_before(last.month, n) for n in (1, 3, 12)}]
    if not back or back[-1].said == last.said or any(sign * (last.value - p.value) >= 0 for p in back):
        return None
    if f.average is not None and sign * (last.value - f.average) >= 0:
        return None
    return ("went_down" if sign > 0 else "went_up", _other(back[-1]))


def _other(p: Point) -> dict[str, str]:
    return {"other": p.said, "other_month": fmt.month(p.month)}


VERDICTS: dict[str, Callable[[Case], Found | None]] = {
    v.__name__: v
    for v in (improvement, no_improvement, concern, decline, special, high, low, usual, figure, cause, met, missed, above_target, below_target)
    + (passes, fails, on_track, highest, lowest, best, worst, record, times, rise, fall)
}


def words(facts: Facts) -> dict[str, str]:
    """What every entry of `[found]` may say of an indicator."""
    last = facts.last
    months = [fmt.month(m) for m in facts.provisional]
    verb = " is" if len(months) == 1 else " are"
    known = {"value": last.said if last else "", "month": fmt.month(last.month) if last else "", "mean": facts.mean, "target": facts.target}
    return known | {"months": fmt.listed(months) + verb if months else ""}


__all__ = ["VERDICTS", "Case", "Found", "words"]
