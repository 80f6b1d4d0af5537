"""The finding in words, from Answers only. It sets counts beside each other and claims no change: two months show none.

A single month's difference is stated, never called better or worse. Where the shares of two groups are set apart it is because
their 95 % intervals do not meet, and the sentence says so.
"""

from typing import Any

from readout import format as fmt
from readout.answer import Answer, words
from readout.stats.intervals import wilson

Row = dict[str, Any]


def latest_complete(answer: Answer) -> tuple[Row | None, Row | None]:
    """The rows of the last month that is no longer arriving, and of the month before it, of an answer by month alone."""
    rows = [r for r in answer.rows if not r["provisional"] and _value(answer, r) is not None]
    return (rows[-1] if rows else None), (rows[-2] if len(rows) > 1 else None)


def latest(answer: Answer) -> Row | None:
    """The last row there is, complete or still arriving: what a stock is now."""
    rows = [r for r in answer.rows if _value(answer, r) is not None]
    return rows[-1] if rows else None


def is_share(answer: Answer) -> bool:
    return answer.metric.kind == "ratio" and answer.metric.unit.startswith("share")


def _value(answer: Answer, row: Row) -> float | None:
    value: float | None = row["n"] or None if answer.metric.kind == "time" else row["value"]
    return value


def reading(answer: Answer, row: Row | None) -> str:
    """A row's figure as a card shows it. For a time: the median."""
    if row is None:
        return fmt.DASH
    if answer.metric.kind == "time":
        return fmt.hours(row["median_hours"])
    if row["value"] is None:
        return fmt.DASH
    if is_share(answer):
        return fmt.percent(row["value"])
    return f"{row['value']:,.1f}" if answer.metric.kind == "ratio" else fmt.count(row["value"])


def beside(answer: Answer, row: Row | None) -> str:
    """The counts that stand behind a figure."""
    if row is None:
        return ""
    if answer.metric.kind == "time":
        return f"90 % within {fmt.hours(row['p90_hours'])}; n {fmt.count(row['n'])}, {fmt.count(row['count_unreported'])} unreported"
    if answer.metric.kind == "ratio":
        of = "in" if not is_share(answer) else "of"
        return f"{fmt.count(row['numerator'])} {of} {fmt.count(row['denominator'])}{'' if is_share(answer) else ' working days'}"
    return answer.metric.unit


def when(answer: Answer, row: Row | None) -> str:
    """The month of a row; a stock says at its end."""
    if row is None:
        return "no complete month in range"
    return f"end of {fmt.month(row['month'])}" if answer.metric.kind == "stock" else fmt.month(row["month"])


def compared(answer: Answer) -> str:
    """One sentence: the last complete month beside the one before it, with counts."""
    now, before = latest_complete(answer)
    name = answer.metric.label
    if now is None:
        return f"{name}: no complete month in this range yet."
    if answer.metric.kind == "time":
        said = f"{name}: half of the examinations of {fmt.month(now['month'])} were reported within {reading(answer, now)}"
        said += f", 90 % within {fmt.hours(now['p90_hours'])}"
        said += f" (n {fmt.count(now['n'])}, {fmt.count(now['count_unreported'])} still unreported)"
        if before:
            said += f"; {reading(answer, before)} and {fmt.hours(before['p90_hours'])} for {fmt.month(before['month'])}"
        return said + "."
    counts = f" ({beside(answer, now)})" if answer.metric.kind == "ratio" else ""
    said = f"{name}: {reading(answer, now)}{counts} {'at the ' if answer.metric.kind == 'stock' else 'in '}{when(answer, now)}"
    if before:
        said += f", {reading(answer, before)} {'at the ' if answer.metric.kind == 'stock' else 'in '}{when(answer, before)}"
    return said + "."


def against_standard(answer: Answer) -> str:
    """How many miss the standard in the whole of an answer that is not broken down, the unreported counted."""
    rows = [r for r in answer.rows if r.get("denominator")]
    standard = answer.standard
    if not rows or standard is None:
        return ""
    n, met = sum(r["denominator"] for r in rows), sum(r["numerator"] for r in rows)
    if standard.better == "up":
        wanted = "none" if standard.target >= 1 else f"at most {fmt.percent(1 - standard.target, 0)}"
        said = f"{fmt.count(n - met)} of {fmt.count(n)} examinations old enough to judge missed {standard.label} or are still unreported"
        return f"{said}; the {standard.status} standard is {wanted}."
    if standard.better == "down":
        return f"{fmt.share(met, n)}; the {standard.status} standard is {standard.label.lower()}."
    return ""


def outlying(answer: Answer, whole: Answer, dimension: str) -> str:
    """Units whose 95 % interval lies wholly on one side of the share of all together; else that nothing is unusual."""
    together = whole.rows[0]["value"] if whole.rows else None
    if together is None:
        return ""
    above, below = [], []
    for r in answer.rows:
        if not r["denominator"]:
            continue
        low, high = wilson(r["numerator"], r["denominator"])
        text = f"{answer.label(dimension, r[dimension])} {fmt.share(r['numerator'], r['denominator'])}"
        if low > together:
            above.append((r["value"], text))
        elif high < together:
            below.append((r["value"], text))
    name = answer.metric.label
    if not above and not below:
        return f"{name}: nothing unusual. The 95 % interval of every {_noun(dimension)} holds the {fmt.percent(together)} of all together."
    parts = []
    if below:
        parts.append(f"{fmt.listed([t for _, t in sorted(below)][:3])} {'lies' if len(below) == 1 else 'lie'} below")
    if above:
        parts.append(f"{fmt.listed([t for _, t in sorted(above, reverse=True)][:3])} {'lies' if len(above) == 1 else 'lie'} above")
    return f"{name}: {' and '.join(parts)} the {fmt.percent(together)} of all together, by 95 % intervals without adjustment for case mix."


def largest(answer: Answer, dimension: str) -> str:
    """Where most of a stock or count is, and how much of the whole that makes."""
    totals: dict[Any, float] = {}
    for r in answer.rows:
        totals[r[dimension]] = totals.get(r[dimension], 0) + (r["value"] or 0)
    whole = sum(totals.values())
    if not whole:
        return f"{answer.metric.label}: none."
    top = max(totals, key=lambda k: totals[k])
    if len(totals) == 1:
        return f"{answer.metric.label}: {fmt.count(whole)} at {answer.label(dimension, top)}."
    share = fmt.percent(totals[top] / whole, 0)
    return f"{answer.metric.label}: {fmt.count(whole)}, of which {answer.label(dimension, top)} holds {fmt.count(totals[top])} ({share})."


def slowest(answer: Answer, dimension: str) -> str:
    """The quickest and the slowest unit by their 90th percentile, with their counts."""
    rows = [r for r in answer.rows if r["p90_hours"]]
    if len(rows) < 2:
        return ""
    quick, slow = min(rows, key=lambda r: r["p90_hours"]), max(rows, key=lambda r: r["p90_hours"])
    said = [f"{fmt.hours(r['p90_hours'])} at {answer.label(dimension, r[dimension])} (n {fmt.count(r['n'])})" for r in (slow, quick)]
    return f"90 % of reports came within {said[0]} and within {said[1]}."


def beside_national(own: Answer, england: Answer, name: str) -> str:
    """Our share beside England's in the same month."""
    ours = latest(own)
    theirs = next((r for r in england.rows if ours and r["month"] == ours["month"]), None)
    if ours is None:
        return f"{own.metric.label}: our providers are not in this range of the return."
    said = (
        f"{own.metric.label} at the end of {fmt.month(ours['month'])}: {fmt.share(ours['numerator'], ours['denominator'])} at our providers"
    )
    if theirs:
        said += f", {fmt.share(theirs['numerator'], theirs['denominator'])} in {name}"
    return said + "."


def scope_words(answer: Answer) -> str:
    """The filters as a chart's subtitle says them. A snapshot is of one day, whatever the dates; it says which."""
    if answer.metric.is_snapshot and "month" not in answer.scope.by and answer.rows:
        row = answer.rows[0]
        at = "when the data ends" if row["provisional"] else f"at the end of {fmt.month(row['month'])}"
        said = words(answer.scope.between(None, None), answer.labels)
        return f"{said}, {at}"
    return answer.words


def empty(answer: Answer) -> str:
    """Why there is nothing to show, and the cure."""
    what = answer.metric.unit.removeprefix("share of ")
    return f"No {what} for {answer.words}. Widen the dates or the filters."


def provisional(answer: Answer) -> str:
    """What may still grow."""
    if answer.metric.is_snapshot and "month" not in answer.scope.by:
        return "Data is still arriving: read as at least this." if any(r["provisional"] for r in answer.rows) else ""
    months = answer.provisional_months
    if not months:
        return ""
    said = [fmt.month(m) for m in months]
    if len(said) > 3:
        said = [f"{said[0]} to {said[-1]}"]
    if answer.metric.maturity_days:
        return f"{fmt.listed(said)} provisional: not every examination of theirs is old enough to judge."
    return f"{fmt.listed(said)} still arriving: read as at least this."


def footer(answer: Answer) -> str:
    """What was counted, what was left out and why, from which extract."""
    left = ", ".join(f"{x.label} {fmt.count(x.count)}" for x in answer.left_out)
    parts = [f"n {fmt.count(answer.n)}"]
    parts.append(f"left out {fmt.count(answer.count_left_out)} ({left})" if left else "nothing left out")
    parts.append(f"extract {answer.extract_id}")
    if answer.stalest:
        parts.append(f"every site's data to {fmt.instant(answer.stalest[1], answer.time_zone)}")
    return " · ".join(parts)


def _noun(dimension: str) -> str:
    return {"site_code": "site", "trust_code": "trust", "modality": "modality", "provider_code": "provider"}.get(dimension, "group")
