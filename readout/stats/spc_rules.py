"""The lines of one group of a control chart and the rules its points are judged by; `readout.stats.spc` is the way in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import fsum, inf, sqrt

Points = list[float | None]

TRIAL = 12  # fewer points than this give trial limits, and no baseline
RUN = 7  # points in a trend or a shift
LIMIT, NEAR = 2.66, 2.66 * 2 / 3  # average moving ranges from the mean
SCREEN = 3.267  # a moving range of this many averages is screened out
RANGE_TO_SIGMA = 1.128  # a mean moving range over this is a standard deviation

RULES = {
    "above_limit": "above the upper limit",
    "below_limit": "below the lower limit",
    "trend_up": f"{RUN} or more points rising in a row",
    "trend_down": f"{RUN} or more points falling in a row",
    "two_of_three_high": "two of three points close to the upper limit",
    "two_of_three_low": "two of three points close to the lower limit",
    "shift_high": f"{RUN} or more points in a row above the mean",
    "shift_low": f"{RUN} or more points in a row below the mean",
    "burst_high": "far more than the months before lead to expect",
    "burst_low": "far fewer than the months before lead to expect",
    "record_high": "the highest of all so far, and well above a year before",
}
"""Every flag a point can carry, in the order the rules apply, and its name in words."""
RECORD = "record_high"  # of a list alone: see `readout.analysis.stock_level`
BURST_HIGH, BURST_LOW = "burst_high", "burst_low"  # of a share or rate of too few events to be judged by limits
HIGH = frozenset({"above_limit", "trend_up", "two_of_three_high", "shift_high", RECORD, BURST_HIGH})


@dataclass(frozen=True)
class Lines:
    """The mean of one group and its other lines, one value a point; None where there is nothing to draw.

    `expected`: what each point is held against where that is not the mean. `means`: the mean point by point, where it moves. `run`: points in a row
    on one side of the mean that are a shift, None where no run is one. `has_trend`: whether points that rise or fall in a row are a trend.
    """

    mean: float | None
    lower: Points
    upper: Points
    near_lower: Points
    near_upper: Points
    sigma_z: float | None = None
    is_sigma_z_raised: bool | None = None
    expected: Points | None = None
    means: Points | None = None
    run: int | None = RUN
    has_trend: bool = True

    @classmethod
    def none(cls, mean: float | None, length: int) -> "Lines":
        """No limits."""
        blank: Points = [None] * length
        return cls(mean, blank, blank, blank, blank)

    @classmethod
    def around(cls, mean: float, units: Points, limit: float, near: float, low: float = -inf, high: float = inf) -> "Lines":
        """Limits so many of each point's units from the mean, clipped to low and high."""

        def at(k: float) -> Points:
            return [None if unit is None else min(max(mean + k * unit, low), high) for unit in units]

        return cls(mean, at(-limit), at(limit), at(-near), at(near))


def slack(mean: float) -> float:
    """What two numbers of a group may differ by and still be equal."""
    return 1e-9 * max(1.0, abs(mean))


def first(points: Points, count: int | None) -> Points:
    """The points up to and with the `count`-th that has a value; all of them where count is None or there are fewer."""
    valued = [i for i, v in enumerate(points) if v is not None]
    return points if count is None or len(valued) <= count else points[: valued[count - 1] + 1]


def xmr_lines(base: Points, length: int, screen_ranges: bool) -> Lines:
    """The lines of `length` points by the average moving range of `base`; no limits where base has no moving range."""
    values = [v for v in base if v is not None]
    if not values:
        return Lines.none(None, length)
    mean = fsum(values) / len(values)
    ranges = _moves(base)
    if not ranges:
        return Lines.none(mean, length)
    spread = _average_range(ranges, screen_ranges, slack(mean))
    return Lines.around(mean, [spread] * length, LIMIT, NEAR)


def lines_against(points: Points, expected: Points) -> Lines:
    """The lines of points that are each held against a value of their own: as far from it as `xmr_lines` sets them, by the moving ranges of what is left."""
    known = [x for x in points if x is not None]
    if not known:
        return Lines.none(None, len(points))
    mean = fsum(known) / len(known)
    left = [None if x is None or e is None else x - e for x, e in zip(points, expected, strict=True)]
    ranges = _moves(left)
    if not ranges:
        return replace(Lines.none(mean, len(points)), expected=expected)
    spread = _average_range(ranges, True, slack(mean))

    def at(k: float) -> Points:
        return [None if e is None else e + k * spread for e in expected]

    return Lines(mean, at(-LIMIT), at(LIMIT), at(-NEAR), at(NEAR), expected=expected)


def laney_lines(counts: Points, sizes: Points, baseline: int | None, top: float | None) -> Lines:
    """The lines of counts over sizes, both None at a gap: shares up to `top` 1, rates where top is None. XmR where nothing, or everything, counts."""
    ratios = [None if c is None or n is None else c / n for c, n in zip(counts, sizes, strict=True)]
    base = first(ratios, baseline)
    total, whole = (fsum(v for v in part[: len(base)] if v is not None) for part in (counts, sizes))
    if total == 0 or (top is not None and total == whole):
        return xmr_lines(base, len(ratios), screen_ranges=False)
    mean, high = total / whole, inf if top is None else top
    variance = mean if top is None else mean * (1 - mean)
    sigmas = [None if n is None else sqrt(variance / n) for n in sizes]
    steps = _moves([None if v is None or s is None else (v - mean) / s for v, s in zip(base, sigmas, strict=False)])
    if not steps:
        return Lines.none(mean, len(ratios))
    computed = fsum(steps) / len(steps) / RANGE_TO_SIGMA
    used = max(computed, 1.0)
    lines = Lines.around(mean, [None if s is None else s * used for s in sigmas], 3, 2, 0.0, high)
    return replace(lines, sigma_z=used, is_sigma_z_raised=computed < 1)


def flags(points: Points, lines: Lines) -> list[str | None]:
    """The rule each point of a group breaks, a key of `RULES` or None: the last to apply is laid first, and each rule before it covers it."""
    found: list[str | None] = [None] * len(points)
    if lines.mean is None or all(limit is None for limit in lines.upper):
        return found
    mean, margin = lines.mean, slack(lines.mean)

    def sign(a: float | None, b: float | None) -> int:
        """1 where a is the greater, -1 where b is, 0 where they are equal or one is missing."""
        return 0 if a is None or b is None else (a > b + margin) - (a < b - margin)

    def outside(lower: Points, upper: Points) -> list[int]:
        """1 above the upper line, -1 below the lower, 0 on or between them."""
        return [1 if sign(x, high) > 0 else -1 if sign(x, low) < 0 else 0 for x, low, high in zip(points, lower, upper, strict=True)]

    beyond = outside(lines.lower, lines.upper)
    close = [near and not far for near, far in zip(outside(lines.near_lower, lines.near_upper), beyond, strict=True)]
    sides = [sign(x, m) for x, m in zip(points, lines.means or [mean] * len(points), strict=True)]
    held = sides if lines.expected is None else [sign(x, e) for x, e in zip(points, lines.expected, strict=True)]
    steps = [sign(b, a) for a, b in pairwise(points)] if lines.has_trend else []

    for start, stop, side in _runs(sides, lines.run) if lines.run else ():
        found[start:stop] = ["shift_high" if side > 0 else "shift_low"] * (stop - start)
    for start, stop, side in _runs(held, 3):
        for i in range(start, stop - 2):
            pair = [j for j in range(i, i + 3) if close[j]]
            for j in pair if len(pair) >= 2 else ():
                found[j] = "two_of_three_high" if side > 0 else "two_of_three_low"
    for start, stop, way in _runs(steps, RUN - 1):
        found[start : stop + 1] = ["trend_up" if way > 0 else "trend_down"] * (stop + 1 - start)
    for i, side in enumerate(beyond):
        if side:
            found[i] = "above_limit" if side > 0 else "below_limit"
    return found


def _moves(points: Points) -> list[float]:
    """The size of every step between two neighbours that both have a value."""
    return [abs(b - a) for a, b in pairwise(points) if a is not None and b is not None]


def _average_range(ranges: Sequence[float], screen_ranges: bool, margin: float) -> float:
    """The average moving range, screened once if asked; 0 where nothing moves."""
    average = fsum(ranges) / len(ranges)
    if average <= margin:
        return 0.0
    kept = [r for r in ranges if r < SCREEN * average - margin] if screen_ranges else ranges
    screened = fsum(kept) / len(kept)
    return screened if screened > margin else average


def _runs(signs: list[int], least: int) -> Iterator[tuple[int, int, int]]:
    """Start, stop and sign of every stretch of one sign, neither zero nor shorter than `least`."""
    start = 0
    for sign, stretch in groupby(signs):
        stop = start + sum(1 for _ in stretch)
        if sign and stop - start >= least:
            yield start, stop, sign
        start = stop
