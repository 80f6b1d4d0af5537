"""How much a list remembers of the month before, and so what each of its month ends is judged against.

The memory is the list's own lag-1 autocorrelation r, the mean of two readings. One is that of the levels in the baseline, the first 24 months, so that
a later step does not pass for memory; corrected for the bias of short series (Kendall 1954: (1 + 3 r) / n). The other is read from the monthly
changes: where the level follows x(t) = a + r x(t-1) + chance, they have a lag-1 autocorrelation of -(1 - r) / 2. A step moves one change, a steady
rise their mean, and neither passes for memory. Together they err less than either; `benchmarks/signals.py` measures it.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import fsum

from readout.stats.spc_rules import RUN, SCREEN, Points, first

LITTLE, MUCH = 0.3, 0.65  # an autocorrelation up to the first counts as near 0, from the second on as near 1
FEWEST = 12  # months of a list from which its memory can be read
BASELINE = 24
RUNS = ((LITTLE, RUN), (0.45, 10), (0.55, 11), (MUCH, 12))
"""Months in a row on one side of the mean that a list with a memory up to the first number has by chance in about 1 % of series (36 months, simulated)."""


@dataclass(frozen=True)
class Memory:
    """`kind`: what each month end is judged against. `level`: the mean. `residual`: what the month before leads to expect. `change`: the month before.

    `autocorrelation`: what the kind was chosen by. `run`: months in a row on one side of the mean that count as a shift; None where a list that
    remembers so much has long runs by chance.
    """

    kind: str
    autocorrelation: float
    run: int | None


NONE = Memory("level", 0.0, RUN)


def memory(levels: Points) -> Memory:
    """What a list is judged against; its mean where it has too few months, or moves too little, to tell."""
    both = [r for r in (_of_levels(levels), _of_changes(levels)) if r is not None]
    if len(both) < 2:
        return NONE
    found = max(0.0, min(1.0, fsum(both) / 2))
    if found >= MUCH:
        return Memory("change", found, None)
    run = next(run for most, run in RUNS if found <= most)
    return Memory("level" if found <= LITTLE else "residual", found, run)


def _of_levels(levels: Points) -> float | None:
    """The autocorrelation of the levels in the baseline."""
    base = first(levels, BASELINE)
    known = [x for x in base if x is not None]
    if len(known) < FEWEST:
        return None
    mean = fsum(known) / len(known)
    found = _lag_one([None if x is None else x - mean for x in base])
    return None if found is None else found + (1 + 3 * found) / len(known)


def _of_changes(levels: Points) -> float | None:
    """The autocorrelation of the levels that their changes over the month tell. One step weighs no more than a large change does."""
    changes = [None if a is None or b is None else b - a for a, b in pairwise(levels)]
    known = [c for c in changes if c is not None]
    if len(known) < FEWEST - 1:
        return None
    mean = fsum(known) / len(known)
    most = SCREEN * fsum(abs(c - mean) for c in known) / len(known)
    found = _lag_one([None if c is None else max(-most, min(most, c - mean)) for c in changes])
    return None if found is None else 1 + 2 * found


def _lag_one(away: Points) -> float | None:
    """The lag-1 autocorrelation of deviations from a mean; None where nothing moves."""
    squares = fsum(a * a for a in away if a is not None)
    return fsum(a * b for a, b in pairwise(away) if a is not None and b is not None) / squares if squares > 0 else None


def expected(levels: Points, mean: float, found: Memory) -> Points:
    """What each month end is judged against, None where the month before is needed and has no figure."""
    before: Points = [None, *levels[:-1]]
    if found.kind == "level":
        return [mean] * len(levels)
    if found.kind == "residual":
        return [None if b is None else mean + found.autocorrelation * (b - mean) for b in before]
    changes = [b - a for a, b in pairwise(levels) if a is not None and b is not None]
    drift = fsum(changes) / len(changes) if changes else 0.0
    return [None if b is None else b + drift for b in before]


__all__ = ["BASELINE", "FEWEST", "LITTLE", "MUCH", "NONE", "RUNS", "Memory", "expected", "memory"]
