"""A control chart in words: which rule its last month breaks and since when, and what that means for its target.

Common-cause variation is never called better or worse, however the figure moved.
"""

from datetime import date
from typing import Any

from readout import format as fmt
from readout.control import Control
from readout.stats.spc import HIGH, RULES

WORDS = {
    "concern": "concern",
    "improvement": "improvement",
    "neutral_high": "higher than usual",
    "neutral_low": "lower than usual",
    "common_cause": "common cause",
}
SHORT = {
    "above_limit": "above the upper limit",
    "below_limit": "below the lower limit",
    "trend_up": "rising for 7 months or more",
    "trend_down": "falling for 7 months or more",
    "two_of_three_high": "two of three close to the upper limit",
    "two_of_three_low": "two of three close to the lower limit",
    "shift_high": "above its mean for 7 months or more",
    "shift_low": "below its mean for 7 months or more",
}


def reading(c: Control, value: float | None) -> str:
    """A value of the chart in its own unit; a change says its sign."""
    if value is None:
        return fmt.DASH
    if c.metric.is_snapshot:
        if is_share(c):
            return f"{value * 100:+.1f} points"
        return f"{value:+,.0f}"
    if c.column.endswith("_hours"):
        return fmt.hours(value)
    if is_share(c):
        return fmt.percent(value)
    return f"{value:,.1f}" if c.metric.kind == "ratio" else fmt.count(value)


def is_share(c: Control) -> bool:
    return c.metric.kind == "ratio" and c.metric.unit.startswith("share")


def variation_words(c: Control) -> str:
    """The kind of variation of the last judged month."""
    return WORDS.get(c.variation or "", "not judged")


def rule(c: Control) -> str:
    """The rule and since when, for a cell of a table."""
    if c.variation is None:
        return "no limits yet"
    if c.flag is None:
        return "common cause" + (" (trial limits)" if c.is_trial else "")
    since = f", since {fmt.month(c.since)}" if c.since else ""
    return f"{SHORT[c.flag]}{since}"


def _what(c: Control) -> str:
    name = c.metric.label + (", nine in ten within" if c.column == "p90_hours" else "")
    return f"{name}, {c.name}"


def _counts(row: Any) -> str:
    if row.get("denominator") is not None and row.get("numerator") is not None:
        return f" ({fmt.count(row['numerator'])} of {fmt.count(row['denominator'])})"
    return f" (n {fmt.count(row['n'])})" if row.get("n") is not None else ""


def signal(c: Control) -> str:
    """What the last judged month says, with its value, its counts and the mean."""
    last = c.last
    if last is None:
        return f"{_what(c)}: no month is complete yet, so nothing can be judged."
    counts = _counts(last) if is_share(c) or c.metric.kind == "time" else ""
    value = f"{reading(c, last['x'])}{'' if c.metric.is_snapshot else counts} in {fmt.month(last['month'])}"
    if c.metric.is_snapshot:
        value = f"changed by {value}"
    mean = f"mean {reading(c, last['mean'])}" if last["mean"] is not None else ""
    if c.variation is None:
        return f"{_what(c)}: {value}. One month makes no limits: what is usual is not known yet."
    if c.flag is None:
        said = f"{_what(c)}: common-cause variation, nothing unusual. {_capital(value)}, {mean}."
    else:
        kind = {"concern": "**concern**", "improvement": "**improvement**"}.get(c.variation, f"a change, {WORDS.get(c.variation, '')}")
        since = f", since {fmt.month(c.since)}" if c.since else ""
        said = f"{_what(c)}: {kind}. {_capital(SHORT[c.flag])}{since}; {value}, {mean}."
    if c.is_trial:
        said += f" Trial limits: {c.count_judged} months are few, and more will move them."
    if c.count_gaps:
        gaps = f"{c.count_gaps} month{'s have' if c.count_gaps > 1 else ' has'} no figure and {'are' if c.count_gaps > 1 else 'is'} left as a gap"
        said += f" {gaps}{': not yet reached, or nobody to count' if c.column == 'p90_hours' else ''}." if not c.metric.is_snapshot else ""
    if not c.is_current:
        said += " The last complete month has no figure yet, so an earlier one is judged."
    return said


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def target_words(c: Control) -> str:
    """Whether the target will be met always, never or by chance."""
    if c.target is None:
        return ""
    target = f"the target of {'at most ' if c.metric.better == 'down' else ''}{fmt.percent(c.target, 0)}"
    if c.met is not None:
        return f"{_capital(target)} was {c.met.words()}."
    return {
        "passes": f"Unless something changes, {target} will be met every month.",
        "fails": f"Unless something changes, {target} will be missed every month.",
        "hit_or_miss": f"{_capital(target)} will be met in some months and missed in others, by chance.",
    }.get(c.assurance or "", "")


def suggestion(c: Control) -> str:
    """Where new limits might start; nothing is changed by it."""
    if c.suggestion is None:
        return ""
    return (
        f"The level has lasted since {fmt.month(c.suggestion)}: if its cause is known, new limits may start there "
        "(rebases.toml, with the reason). Nothing is changed by itself."
    )


def alternative(c: Control) -> str:
    """The chart for whoever cannot see it."""
    last = c.last
    months: list[date] = c.points["month"].to_list()
    span = f"{fmt.month(months[0])} to {fmt.month(months[-1])}" if months else "no month"
    limits = ""
    if last is not None and last["lpl"] is not None:
        limits = f" Limits {reading(c, last['lpl'])} to {reading(c, last['upl'])}."
    return f"Control chart ({c.chart}) of {_what(c)}, {span}. {signal(c).replace('**', '')}{limits} {target_words(c)}".strip()


__all__ = ["HIGH", "RULES", "alternative", "reading", "rule", "signal", "suggestion", "target_words", "variation_words"]
