"""A control chart in words: which rule its last month breaks and since when, with its counts, and what that means for its target.

Common-cause variation is never called better or worse, however the figure moved. A target is met always, never or by chance only as
things stand, and the sentence says so.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from readout.analysis import chance
from readout.analysis.control import Control, figure
from readout.analysis.judgeable import LEAST_TIMED
from readout.metrics import format as fmt
from readout.metrics.scope import months_between
from readout.stats.spc import BURST_HIGH, BURST_LOW, HIGH, RECORD, RULES

Row = Mapping[str, Any]
WORDS = {
    "concern": "concern",
    "improvement": "improvement",
    "neutral_high": "higher than usual",
    "neutral_low": "lower than usual",
    "common_cause": "common cause",
}
ABOUT = {"year": "what the same month a year before leads to expect", "trend": "the straight trend"}
CHOICES = {
    "level": "This list is judged by its level: a month end says little of the next (autocorrelation {0:.2f}).",
    "residual": "This list is judged against what the month before leads to expect, since part of it carries over (autocorrelation {0:.2f}).",
    "change": "This list is judged against the month before, since nearly all of it carries over (autocorrelation {0:.2f}).",
    "year": "Each month is judged against the same month a year before with the usual change over a year added, so a season and steady growth cancel.",
    "trend": "Each month is judged against the straight line through all months, so steady growth cancels and a season does not.",
}
ENOUGH = 12  # fewer months than this give trial limits


def reading(c: Control, value: float | None, *, is_line: bool = False) -> str:
    """A value of the chart. `is_line`: see `control.figure`."""
    return fmt.DASH if value is None else figure(c, value, is_line=is_line)


def variation_words(c: Control) -> str:
    """The kind of variation of the last judged month."""
    return WORDS.get(c.variation or "", "not judged")


def rule(c: Control) -> str:
    """The rule and how long, for a cell of a table: `below its mean for 9 months, since Dec 2025`."""
    if c.last is None:
        return "no complete month yet"
    if c.variation is None:
        return f"not judged: {c.unjudged.split(':')[0]}" if c.unjudged else "no limits yet"
    said = _broken(c) + _since(c) if c.flag else "common cause"
    return said + (" (trial limits)" if c.is_trial and not c.unjudged else "")


def signal(c: Control) -> str:
    """What the last judged month says; of a list where its level stands, which comes first where it is at its highest."""
    stands = level(c)
    if c.level is not None and c.level.is_highest:
        return f"{_what(c)}: {stands[0].lower()}{stands[1:]} {_capital(judgement(c).removeprefix(f'{_what(c)}: '))}"
    return judgement(c) + _space(stands)


def level(c: Control) -> str:
    """Where the level of a list stands, as a sentence; empty where no year before is known."""
    said = c.level.words() if c.level else ""
    return f"At the end of {fmt.month(c.level.month)}: {said}." if c.level and said else ""


def met(c: Control) -> str:
    """In how many months a target that is counted was met; empty for any other."""
    counted = c.level.met if c.level is not None and c.level.met is not None else c.met if c.assurance is None else None
    return counted.words("month" if counted.of == 1 else "months") if counted is not None else ""


def judgement(c: Control) -> str:
    """What the last judged month says, with its value, its counts and the mean; trial limits and gaps where there are any."""
    last = c.last
    if last is None:
        return f"{_what(c)}: no complete month has a figure yet, so nothing can be judged." + _space(gaps(c))
    value = _value(c, last)
    mean = _held(c, last)
    if c.variation is None:
        said = f"{_what(c)}: not judged. {_capital(value)}; {_why_no_limits(c, last)}."
    elif c.flag is None:
        said = f"{_what(c)}: common-cause variation, nothing unusual. {_capital(value)}{mean}."
    else:
        kind = {"concern": "**concern**", "improvement": "**improvement**"}.get(c.variation, f"{WORDS[c.variation]}, which is neither better nor worse")
        said = f"{_what(c)}: {kind}. {_capital(_broken(c) + _since(c))}; {value}{mean}."
    return said + _space(trial(c)) + _space(gaps(c))


def choice(c: Control) -> str:
    """What each month is judged against, and why, where that is not plainly the mean; empty where it is."""
    return CHOICES[c.limits].format(c.memory.autocorrelation if c.memory else 0.0) if c.limits in CHOICES and not c.unjudged else ""


def by_chance(c: Control) -> str:
    """How often such a chart flags a steady series; of work, what a season or growth alone would do. Empty where nothing is judged."""
    if c.variation is None or c.unjudged:
        return ""
    said = f"Were nothing to change, such a chart would flag its last month in {_of_100(chance.by_chance(c.metric, c.limits))}."
    if not c.has_season:
        return said
    moved = chance.shares()[f"moved_{c.limits}"]
    said += f" Growth of 3 % a year alone would flag it in {_of_100(moved['growth_3'])}, a yearly season of 5 % either way in {_of_100(moved['season_5'])}."
    said += f" Work that carries over from one month to the next would do so in {_of_100(moved['autocorrelation'])}."
    return said + (" Limits against the same month a year before allow for both." if c.limits == "mean" else "")


def _of_100(share: float) -> str:
    return f"{share * 100:.0f} of 100" if share >= 0.005 else "fewer than 1 of 100"


def _held(c: Control, last: Row) -> str:
    """What the last month is held against, as the tail of a sentence."""
    mean = "" if last["mean"] is None else f", mean {reading(c, last['mean'], is_line=True)}"
    if c.limits in ABOUT or c.limits in ("residual", "change"):
        held = last.get("expected")
        told = "" if held is None else f", {reading(c, held, is_line=True)} to be expected"
        return told if c.limits in ABOUT else mean + told
    return mean


def trial(c: Control) -> str:
    """That the limits are trial limits, and why; empty where they are not, or where there are none."""
    last = c.last
    if not c.is_trial or last is None or last["lpl"] is None:
        return ""
    group = c.points.filter(~c.points["is_provisional"] & c.points["x"].is_not_null() & (c.points["group"] == last["group"])).height
    since = f" since the new limits of {fmt.month(max(r.month for r in c.rebases))}" if last["group"] > 1 and c.rebases else ""
    return f"Trial limits: they stand on {_months(group)}{since}, and will move until there are {ENOUGH}."


def gaps(c: Control) -> str:
    """The judged months without a figure, and why; empty where every one has its figure."""
    judged = [r for r in c.points.iter_rows(named=True) if not r["is_provisional"]]
    if c.metric.is_snapshot and not c.metric.national:
        judged = judged[1:]  # the first month end is not whole
    missing = [r["month"] for r in judged if r["x"] is None]
    if not missing:
        return ""
    few = sum(1 for r in judged if r["x"] is None and 0 < (r.get("n") or 0) < LEAST_TIMED)
    open_ = sum(1 for r in judged if r["x"] is None and (r.get("n") or 0) >= LEAST_TIMED)
    reasons = []
    if few:
        reasons.append(f"fewer than {LEAST_TIMED} examinations{f' in {few} of them' if few < len(missing) else ''}")
    if open_:
        reasons.append(f"nine in ten not yet reached{f' in {open_} of them' if open_ < len(missing) else ''}")
    if few + open_ < len(missing):
        reasons.append("nothing to count" + (" in the others" if few or open_ else ""))
    said = f"{_months(len(missing))} {'has' if len(missing) == 1 else 'have'} no figure: {fmt.listed(reasons)}."
    if not c.is_current and c.last is not None:
        said += (
            f" {fmt.month(judged[-1]['month'])} is among them, so {fmt.month(c.last['month'])} is judged."
            if len(missing) > 1
            else (f" It is the latest, {fmt.month(judged[-1]['month'])}, so {fmt.month(c.last['month'])} is judged.")
        )
    return said


def target_words(c: Control) -> str:
    """Whether the target will be met always, never or by chance; of one at the end of the scale, or of a list, in how many months it was."""
    value = c.level.target if c.level is not None else c.target
    if value is None or c.metric.better == "neutral":
        return ""
    target = f"the target of {'at most ' if c.metric.better == 'down' else ''}{_target(value)}"
    if counted := met(c):
        return f"{_capital(target)} was {counted}."
    return {
        "passes": f"Without a change {target} will be met every month.",
        "fails": f"Without a change {target} will be missed every month.",
        "hit_or_miss": f"Without a change {target} will be met in some months and missed in others, by chance.",
        None: f"Whether {target} will be met cannot be said yet: there are no limits.",
    }[c.assurance]


def suggestion(c: Control) -> str:
    """Where new limits might start, and that nothing is changed by itself; empty where no shift has lasted."""
    if c.suggestion is None or c.last is None:
        return ""
    side = "above" if c.last["x"] > c.last["mean"] else "below"
    return (
        f"{_capital(_lasted(c, side))}, since {fmt.month(c.suggestion)}: if the cause is known, new limits may start there "
        "(rebases.toml, with the reason). Nothing is changed by itself."
    )


def rebases(c: Control) -> str:
    """Where limits start anew, with the reason and who decided when."""
    said = []
    for r in c.rebases:
        by = ", ".join(x for x in (r.who, fmt.day(r.when) if r.when else "") if x)
        said.append(f"New limits from {fmt.month(r.month)}: {r.reason}{f' ({by})' if by else ''}.")
    return " ".join(said)


def alternative(c: Control) -> str:
    """The chart for whoever cannot see it: what it is, its months, lowest and highest, its lines, and what it says."""
    judged = [r for r in c.points.iter_rows(named=True) if not r["is_provisional"]]
    known = [r for r in judged if r["x"] is not None]
    arriving = [fmt.month(m) for m in c.points.filter(c.points["is_provisional"])["month"]]
    parts = [f"Control chart ({c.chart}) of {_what(c)}" + (f", {fmt.month(judged[0]['month'])} to {fmt.month(judged[-1]['month'])}." if judged else ".")]
    if len(known) > 1:
        low, high = min(known, key=lambda r: r["x"]), max(known, key=lambda r: r["x"])
        parts.append(f"Lowest {reading(c, low['x'])} ({fmt.month(low['month'])}), highest {reading(c, high['x'])} ({fmt.month(high['month'])}).")
    if known and known[-1]["lpl"] is not None:
        parts.append(f"Limits {limits(c)}.")
    parts += [_capital(signal(c).replace("**", "").removeprefix(f"{_what(c)}: ")), choice(c), target_words(c), rebases(c)]
    if arriving:
        parts.append(f"{fmt.listed(arriving) if len(arriving) < 4 else f'{arriving[0]} to {arriving[-1]}'} provisional.")
    return " ".join(p for p in parts if p)


def limits(c: Control) -> str:
    """Both limits of the last judged month, one beyond the end of the scale said to be so: `84.7 % to 91.0 %`."""
    last = c.last
    if last is None or last["lpl"] is None:
        return ""
    low, high = reading(c, last["lpl"], is_line=True), reading(c, last["upl"], is_line=True)
    low = "under 0" if last["lpl"] < 0 else low
    high = "over 100 %" if c.metric.kind.is_share and last["upl"] > 1 else high
    return f"{low} to {high}"


def _what(c: Control) -> str:
    return f"{c.metric.label}, {c.name}"


def _value(c: Control, row: Row) -> str:
    """The value of a month with its counts, as the middle of a sentence."""
    month = fmt.month(row["month"])
    x = row["x"]
    if c.metric.is_snapshot:
        return f"{reading(c, x)} at the end of {month}"
    if c.column.endswith("_hours"):
        counts = f" ({counted})" if (counted := c.metric.kind.counts(row)) else ""
        return f"nine in ten within {c.metric.kind.duration(x)}{counts} in {month}"
    if row.get("denominator") and row.get("numerator") is not None:
        return f"{reading(c, x)} ({c.metric.kind.counts(row)}) in {month}"
    return f"{reading(c, x)} in {month}"


def _broken(c: Control) -> str:
    """The rule of the last month and for how long, without its first month."""
    flag, run = c.flag or "", _run(c)
    side = "high" if flag in HIGH else "low"
    if flag == RECORD:
        return "the highest of all month ends, and well above a year before"
    if flag in (BURST_HIGH, BURST_LOW):
        return RULES[flag]
    if flag.startswith("shift"):
        return f"{'above' if side == 'high' else 'below'} {ABOUT.get(c.limits, 'its mean')} for {run} months in a row"
    if flag.startswith("trend"):
        return f"{'rising' if side == 'high' else 'falling'} for {run} months in a row"
    if flag.startswith("two"):
        return f"two of three months close to the {'upper' if side == 'high' else 'lower'} limit"
    return RULES[flag] + (f" for {run} months in a row" if run > 1 else "")


def _since(c: Control) -> str:
    """`, since Dec 2025`, for what has lasted longer than its last month."""
    if c.since is None or c.last is None or c.since == c.last["month"]:
        return ""
    return f", since {fmt.month(c.since)}"


def _run(c: Control) -> int:
    return len(months_between(c.since, c.last["month"])) if c.since and c.last else 0


def _lasted(c: Control, side: str) -> str:
    start: date | None = c.suggestion
    run = len(months_between(start, c.last["month"])) if start and c.last else 0
    return f"{side} its mean for {run} months in a row"


def _why_no_limits(c: Control, last: Row) -> str:
    """Why the last month has no limits."""
    if c.unjudged:
        return c.unjudged
    group = c.points.filter(~c.points["is_provisional"] & c.points["x"].is_not_null() & (c.points["group"] == last["group"])).height
    since = " since the new limits" if last["group"] > 1 else ""
    if group == 1:
        return f"one month{since} makes no limits, so what is usual is not known yet"
    return f"no two months{since} stand side by side, so what is usual is not known yet"


def _months(count: int) -> str:
    return f"{count} month{'' if count == 1 else 's'}"


def _target(value: float) -> str:
    return fmt.percent(value, 0 if abs(value * 100 - round(value * 100)) < 1e-9 else 1)


def _capital(text: str) -> str:
    at = 2 if text.startswith("**") else 0
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


def _space(text: str) -> str:
    return f" {text}" if text else ""


__all__ = [
    "HIGH",
    "RULES",
    "alternative",
    "by_chance",
    "choice",
    "gaps",
    "judgement",
    "level",
    "limits",
    "met",
    "reading",
    "rebases",
    "rule",
    "signal",
    "suggestion",
    "target_words",
    "trial",
    "variation_words",
]
