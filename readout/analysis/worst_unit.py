"""Which unit of an answer misses most, where that is more than chance: for sentences that say so and for pages that open on it."""

from typing import Any

from readout.metrics.answer import Answer
from readout.stats.extremes import LEAST_EACH, LEAST_EVENTS, stands_out

Row = dict[str, Any]


def missed(answer: Answer, row: Row) -> int:
    """How many of a row's examinations are not as they should be: those over the standard, of a share that is better high the rest."""
    counted = row["numerator"] or 0
    return int(counted if answer.metric.better == "down" else row["denominator"] - counted)


def most_missed(answer: Answer, dimension: str) -> Row | None:
    """The row whose share missed is larger than that of the others by more than chance; None where none is, or there are too few to say."""
    rows = [r for r in answer.rows if r["denominator"] and r[dimension] is not None]
    found = stands_out([missed(answer, r) for r in rows], [r["denominator"] for r in rows])
    return None if found is None else rows[found]


def opening(answer: Answer, dimension: str) -> tuple[list[str], bool]:
    """The units in the order that a page offers them, and whether the first misses most by more than chance; else it has the most examinations."""
    rows = sorted((r for r in answer.rows if r[dimension] is not None), key=lambda r: -(r["denominator"] or 0))
    worst = most_missed(answer, dimension)
    return [r[dimension] for r in sorted(rows, key=lambda r: worst is None or r[dimension] != worst[dimension])], worst is not None


__all__ = ["LEAST_EACH", "LEAST_EVENTS", "missed", "most_missed", "opening"]
