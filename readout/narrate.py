"""The finding in words, from Answers only. It states counts beside each other and claims no trend: two months show none."""

from datetime import date
from typing import Any

from readout import format as fmt
from readout.answer import Answer


def latest_complete(answer: Answer) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The rows of the last month that is no longer arriving, and of the month before it, of an answer by month alone."""
    rows = [r for r in answer.rows if not r["provisional"]]
    return (rows[-1] if rows else None), (rows[-2] if len(rows) > 1 else None)


def reading(answer: Answer, row: dict[str, Any] | None) -> str:
    """A row's figure as a card shows it."""
    if row is None:
        return fmt.DASH
    if answer.metric.kind == "time":
        return fmt.hours(row["median_hours"])
    if answer.metric.kind == "ratio":
        return fmt.percent(row["value"]) if answer.metric.unit.startswith("share") else (fmt.DASH if row["value"] is None else f"{row['value']:,.1f}")
    return fmt.count(row["value"])


def beside(answer: Answer, row: dict[str, Any] | None) -> str:
    """The counts that stand behind a figure."""
    if row is None:
        return ""
    if answer.metric.kind == "time":
        return f"90 % within {fmt.hours(row['p90_hours'])}; n {fmt.count(row['n'])}, {fmt.count(row['count_unreported'])} unreported"
    if answer.metric.kind == "ratio":
        return f"{fmt.count(row['numerator'])} of {fmt.count(row['denominator'])}"
    return answer.metric.unit


def finding(answer: Answer) -> str:
    """One sentence on the last complete month beside the one before, with counts."""
    now, before = latest_complete(answer)
    if now is None:
        return f"No complete month of {answer.metric.label.lower()} in this range yet."
    said = f"{answer.metric.label} in {fmt.month(now['month'])}: {reading(answer, now)} ({beside(answer, now)})"
    if before is not None:
        said += f"; {reading(answer, before)} in {fmt.month(before['month'])}"
    return said + "."


def empty(answer: Answer) -> str:
    """Why there is nothing to show, and the cure."""
    return f"No {answer.metric.unit.removeprefix('share of ')} for {answer.words}. Widen the dates or the filters."


def provisional(months: tuple[date, ...]) -> str:
    """What may still grow."""
    return f"{fmt.listed([fmt.month(m) for m in months])} still arriving: read as at least this." if months else ""


def footer(answer: Answer) -> str:
    """What was counted, what was left out and why, from which extract."""
    left = "; ".join(f"{x.label} {fmt.count(x.count)}" for x in answer.left_out)
    parts = [f"n {fmt.count(answer.n)}"]
    if left:
        parts.append(f"left out {fmt.count(answer.count_left_out)} ({left})")
    if answer.share_missing:
        parts.append(f"{fmt.percent(answer.share_missing)} without the needed time")
    parts.append(f"extract {answer.extract_id}")
    if answer.stalest:
        parts.append(f"data to {fmt.instant(answer.stalest[1], answer.time_zone)} at the earliest ({answer.label('site_code', answer.stalest[0])})")
    return " · ".join(parts)
