"""What each month of a series is held against, where that is not one mean: the month before, the same month a year before, a straight trend."""

from dataclasses import replace
from math import fsum

from readout.stats.autocorrelation import Memory, expected
from readout.stats.spc_rules import Lines, Points, lines_against

YEAR = 12


def by_memory(points: Points, memory: Memory) -> Lines:
    """The lines of a list. Limits are about what its memory leads to expect; a shift is a run of the level itself on one side of its mean."""
    known = [x for x in points if x is not None]
    mean = fsum(known) / len(known) if known else 0.0
    return replace(lines_against(points, expected(points, mean, memory)), run=memory.run, has_trend=memory.kind == "level")


def by_year(points: Points) -> Lines:
    """The lines of a series held against the same month a year before, with the usual change over a year added: a season and steady growth cancel."""
    before: Points = [*([None] * YEAR), *points[:-YEAR]][: len(points)]
    changes = [x - b for x, b in zip(points, before, strict=True) if x is not None and b is not None]
    usual = fsum(changes) / len(changes) if changes else 0.0
    return _about(points, [None if b is None else b + usual for b in before])


def by_trend(points: Points) -> Lines:
    """The lines of a series held against the straight line that fits its months best (least squares): steady growth cancels."""
    known = [(float(i), x) for i, x in enumerate(points) if x is not None]
    if len(known) < 3:
        return Lines.none(fsum(x for _, x in known) / len(known) if known else None, len(points))
    middle, mean = fsum(i for i, _ in known) / len(known), fsum(x for _, x in known) / len(known)
    slope = fsum((i - middle) * (x - mean) for i, x in known) / fsum((i - middle) ** 2 for i, _ in known)
    return _about(points, [mean + slope * (i - middle) for i in range(len(points))])


def _about(points: Points, held: Points) -> Lines:
    """Lines about a value that moves, of which every rule speaks; a rise of the values themselves is no trend against it."""
    return replace(lines_against(points, held), means=held, has_trend=False)


__all__ = ["YEAR", "by_memory", "by_trend", "by_year"]
