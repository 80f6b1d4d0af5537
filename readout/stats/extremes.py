"""Whether one of several shares is larger than the rest by more than chance, though it was picked for being the largest; and a month of rare events."""

from collections.abc import Sequence

LEAST_EACH = 10  # of a unit and of the rest together, to be compared
LEAST_EVENTS = 5  # in the unit that is called the most
CHANCE = 0.05  # how often one of several equal units is called the most, at most
MONTHLY = 0.001  # how often a steady month is called too many, or too few, at most


def stands_out(counts: Sequence[int], sizes: Sequence[int]) -> int | None:
    """The unit (from 0) with the largest share of counts, where it is beyond chance: more than the rest together by Fisher's exact test, one-sided,
    times the number of units that might have been picked (Bonferroni). None where too few are counted, where units tie, or where chance explains it.

    Of equal units it speaks in at most `CHANCE` of comparisons; `benchmarks.extremes` measures it.
    """
    from scipy.stats import hypergeom

    units = [i for i, n in enumerate(sizes) if n]
    if len(units) < 2:
        return None
    rates = {i: counts[i] / sizes[i] for i in units}
    most = max(units, key=lambda i: rates[i])
    if sum(abs(rates[i] - rates[most]) < 1e-12 for i in units) > 1:
        return None
    count, size, total, whole = counts[most], sizes[most], sum(counts[i] for i in units), sum(sizes[i] for i in units)
    if count < LEAST_EVENTS or size < LEAST_EACH or whole - size < LEAST_EACH:
        return None
    return most if float(hypergeom.sf(count - 1, whole, total, size)) * len(units) < CHANCE else None


def largest_count(counts: Sequence[int]) -> bool:
    """Whether the largest of several counts is more than the next by more than chance: of two like units it would be by a coin for each case."""
    from scipy.stats import binom

    first, second = sorted(counts, reverse=True)[:2]
    if first + second < LEAST_EACH:
        return False
    return float(binom.sf(first - 1, first + second, 0.5)) * len(counts) < CHANCE


def burst(counts: Sequence[int], sizes: Sequence[int]) -> int:
    """1 where the last of several months counts more rare events than the months before it together lead to expect, by the exact test; else 0."""
    from scipy.stats import hypergeom

    if len(counts) < 2 or not sizes[-1]:
        return 0
    return int(float(hypergeom.sf(counts[-1] - 1, sum(sizes), sum(counts), sizes[-1])) < MONTHLY)


__all__ = ["CHANCE", "LEAST_EACH", "LEAST_EVENTS", "MONTHLY", "burst", "largest_count", "stands_out"]
