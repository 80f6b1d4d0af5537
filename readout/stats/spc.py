"""Statistical process control: XmR charts as NHS England teaches them, and Laney's p' and u' for shares and rates of varying size.

A chart is a frame, one row a point, in the order given; `variation`, `assurance`, `met` and `is_trial` read that frame. Points, groups and
`rebase_at` count from 1. Sources: NHS England, Making Data Count; the R package NHSRplotthedots (screening); Laney 2002 (p' and u').
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isinf, isnan
from typing import Any

import polars as pl

from readout.errors import UsageError, suggest
from readout.stats.spc_chance import expected_signals
from readout.stats.spc_rules import BURST_HIGH, BURST_LOW, HIGH, RECORD, RULES, TRIAL, Lines, Points, first, flags, laney_lines, slack, xmr_lines

__all__ = [
    "BURST_HIGH",
    "BURST_LOW",
    "HIGH",
    "RECORD",
    "RULES",
    "Met",
    "against",
    "assurance",
    "expected_signals",
    "is_trial",
    "last_flag",
    "met",
    "p_prime",
    "u_prime",
    "variation",
    "xmr",
]

Values = Sequence[float | None] | pl.Series
Bounds = tuple[float | None, float | None]

BETTER = ("up", "down", "neutral")
LINES = {"lpl": "lower", "upl": "upper", "near_lower": "near_lower", "near_upper": "near_upper"}
COLUMNS: dict[str, pl.DataType] = {
    **dict.fromkeys(("x", "mean", *LINES), pl.Float64()),
    "group": pl.Int64(),
    "flag": pl.String(),
    "target": pl.Float64(),
    "better": pl.String(),
    "is_target_bound": pl.Boolean(),
}
EXPECTED: dict[str, pl.DataType] = {"expected": pl.Float64()}
LANEY: dict[str, pl.DataType] = {"sigma_z": pl.Float64(), "is_sigma_z_raised": pl.Boolean()}


@dataclass(frozen=True)
class Met:
    """How often a target was met: in `count` of `of` points that have a value."""

    count: int
    of: int

    def words(self, period: str = "months") -> str:
        return f"met in {self.count} of {self.of} {period}"


def xmr(
    y: Values,
    *,
    better: str = "up",
    target: float | None = None,
    screen_ranges: bool = True,
    baseline: int | None = None,
    rebase_at: Iterable[int] = (),
    bounds: Bounds = (None, None),
) -> pl.DataFrame:
    """The XmR chart of a series in date order, months made dense: one row a point, all in the unit of `y`.

    Columns: `x`; `mean`; the limits `lpl` and `upl` (2.66 average moving ranges from the mean, not clipped); `near_lower` and `near_upper` (two
    thirds of the way); `group`; `flag` (a key of `RULES`, or null); then `target`, `better` and `is_target_bound`, the same in every row.

    None or NaN is a gap: x and flag null, no moving range, every run broken. A group without a moving range (one point) has a mean but no
    limits, and flags nothing. `screen_ranges` leaves out, once, moving ranges of 3.267 times their average or more. `baseline` takes each group's
    lines from its first k points with a value (from all of them while there are fewer). `rebase_at` lists the points that start a new group; 1
    starts one anyway. `bounds` are the natural ends of the scale, (0, 100) for a percentage: a target on one is counted (`met`), not judged by limits.

    Raises UsageError for a `better`, baseline or rebase that cannot be, ValueError for an infinite value.
    """
    x = _read(y, "y")

    def lines_of(at: slice) -> Lines:
        return xmr_lines(first(x[at], baseline), len(x[at]), screen_ranges)

    return _chart(x, lines_of, COLUMNS, better, target, baseline, rebase_at, bounds)


def against(y: Values, lines_of: Callable[[Points], Lines], *, better: str, rebase_at: Iterable[int] = ()) -> pl.DataFrame:
    """The chart of a series whose points are each held against a value of their own, such as the month before: the columns of `xmr`, and `expected`.

    `lines_of` gives the lines of one group from its points: see `spc_against`. It has no target, since its limits move.
    """
    x = _read(y, "y")
    return _chart(x, lambda at: lines_of(x[at]), {**COLUMNS, **EXPECTED}, better, None, None, rebase_at, (None, None))


def p_prime(
    numerators: Values,
    denominators: Values,
    *,
    better: str,
    target: float | None = None,
    baseline: int | None = None,
    rebase_at: Iterable[int] = (),
) -> pl.DataFrame:
    """Laney's p' chart of a share, `numerators` in `denominators`, as fractions 0-1: the columns and rules of `xmr`, each point its own limits.

    `mean` is the pooled share; limits lie 3 (near: 2) sigma_i sigma_z from it, clipped to 0-1. `sigma_z` is what widens the binomial limits; where
    it comes out under 1, 1 is used and `is_sigma_z_raised` is true. A group whose pooled share is 0 or 1 is charted as XmR, sigma_z null.
    A denominator of 0, and a null in either, is a gap, which has no limits. Raises UsageError as `xmr` does, and ValueError for a numerator
    outside 0 to its denominator or columns of unlike length.
    """
    return _laney(numerators, denominators, 1.0, better, target, baseline, rebase_at)


def u_prime(
    counts: Values,
    exposures: Values,
    *,
    better: str,
    target: float | None = None,
    baseline: int | None = None,
    rebase_at: Iterable[int] = (),
) -> pl.DataFrame:
    """Laney's u' chart of a rate, `counts` per one of `exposures`: as `p_prime`, with Poisson sigmas, and limits clipped at 0 only.

    A group that counts nothing is charted as XmR. Raises UsageError as `xmr` does, and ValueError for a count or exposure below 0 or columns of
    unlike length.
    """
    return _laney(counts, exposures, None, better, target, baseline, rebase_at)


def variation(chart: pl.DataFrame) -> str | None:
    """The variation icon: the flag of the last point with a value, turned by what is better.

    common_cause, improvement, concern, neutral_high or neutral_low; None where there are no limits to judge by. `last_flag` names the rule.
    """
    last = _last(chart)
    if last is None or last["lpl"] is None:
        return None
    flag, better = last["flag"], last["better"]
    if flag is None:
        return "common_cause"
    if better == "neutral":
        return "neutral_high" if flag in HIGH else "neutral_low"
    return "improvement" if (flag in HIGH) == (better == "up") else "concern"


def last_flag(chart: pl.DataFrame) -> str | None:
    """The rule that the last point with a value breaks, a key of `RULES`; None where it breaks none."""
    last = _last(chart)
    flag: str | None = last["flag"] if last else None
    return flag


def assurance(chart: pl.DataFrame) -> str | None:
    """The assurance icon, the target against the limits of the last point with a value: passes, fails or hit_or_miss.

    Equal to a limit is hit_or_miss. Where nothing moves (limits on the mean) the measure passes if it equals or betters the target, else fails.
    None: without a target or limits, for a neutral metric, and for a target at a natural bound, which unclipped limits cannot judge (use `met`).
    """
    last = _last(chart)
    if last is None or last["target"] is None or last["lpl"] is None or last["better"] == "neutral":
        return None
    sign, margin = _sign(last), slack(last["mean"])
    worst, best = sorted((sign * last["lpl"], sign * last["upl"]))
    if worst == best:
        return "passes" if sign * last["target"] <= worst + margin else "fails"
    if last["is_target_bound"]:
        return None
    return "passes" if sign * last["target"] < worst - margin else "fails" if sign * last["target"] > best + margin else "hit_or_miss"


def met(chart: pl.DataFrame) -> Met | None:
    """How often the last group met a target at a natural bound (100 % or 0); None for any other target, without one, and for a neutral metric."""
    last = _last(chart)
    if last is None or not last["is_target_bound"] or last["better"] == "neutral":
        return None
    least = _sign(last) * last["target"] - slack(last["mean"])
    values = _points(chart, last)
    return Met(sum(_sign(last) * v >= least for v in values), len(values))


def is_trial(chart: pl.DataFrame) -> bool:
    """Whether the limits are trial limits: fewer than 12 points with a value in the last group that has any."""
    last = _last(chart)
    return last is None or len(_points(chart, last)) < TRIAL


def _last(chart: pl.DataFrame) -> dict[str, Any] | None:
    """The row of the last point that has a value."""
    values = chart["x"].to_list()
    at = next((i for i in range(len(values) - 1, -1, -1) if values[i] is not None), None)
    return None if at is None else chart.row(at, named=True)


def _points(chart: pl.DataFrame, last: dict[str, Any]) -> list[float]:
    """The values of the last point's group."""
    return [x for x, group in zip(chart["x"].to_list(), chart["group"].to_list(), strict=True) if group == last["group"] and x is not None]


def _sign(last: dict[str, Any]) -> int:
    return 1 if last["better"] == "up" else -1


def _read(values: Values, name: str) -> Points:
    """A list with None for every gap."""
    read: Points = [None if v is None or isnan(v) else float(v) for v in values]
    for number, value in enumerate(read, 1):
        if value is not None and isinf(value):
            raise ValueError(f"point {number} of {name} is infinite: give a number, or null for a gap")
    return read


def _starts(length: int, rebase_at: Iterable[int]) -> list[int]:
    """Where each group starts, counted from 0."""
    points = list(rebase_at)
    for point in points:
        others = sorted((p for p in range(1, length + 1) if p != point), key=lambda p: (abs(p - point), p))
        nearest = f"The nearest: {', '.join(map(str, sorted(others[:2])))}." if others else suggest("", ())
        if not 1 <= point <= length:
            raise UsageError(f"The series has {length} points, and no point {point} to rebase at. {nearest}")
        if points.count(point) > 1:
            raise UsageError(f"Point {point} is given more than once to rebase at. Give it once. {nearest}")
    return sorted({0, *(point - 1 for point in points)}) if length else []


def _chart(
    x: Points,
    lines_of: Callable[[slice], Lines],
    columns: dict[str, pl.DataType],
    better: str,
    target: float | None,
    baseline: int | None,
    rebase_at: Iterable[int],
    bounds: Bounds,
) -> pl.DataFrame:
    """The frame of a chart, one group after another."""
    if better not in BETTER:
        raise UsageError(f"'{better}' does not say what is better. {suggest(better, BETTER)}")
    if baseline is not None and baseline < TRIAL:
        raise UsageError(f"A baseline of {baseline} points is too short to take limits from. Give {TRIAL} or more.")
    goal = None if target is None or isnan(target) else float(target)
    is_bound = goal is not None and any(b is not None and abs(goal - b) <= slack(b) for b in bounds)
    cells: dict[str, list[Any]] = {name: [] for name in columns}
    for group, (start, stop) in enumerate(pairwise([*_starts(len(x), rebase_at), len(x)]), 1):
        points, lines = x[start:stop], lines_of(slice(start, stop))
        drawn = {"x": points, "flag": flags(points, lines), **{name: getattr(lines, line) for name, line in LINES.items()}}
        whole = {"mean": lines.mean, "group": group, "target": goal, "better": better, "is_target_bound": is_bound}
        whole |= {name: getattr(lines, name) for name in LANEY}
        drawn |= {"expected": lines.expected or [lines.mean] * len(points)} | ({"mean": lines.means} if lines.means else {})
        for name, cell in cells.items():
            cell += drawn[name] if name in drawn else [whole[name]] * len(points)
    return pl.DataFrame(cells, schema=columns)


def _laney(
    counts: Values,
    sizes: Values,
    top: float | None,
    better: str,
    target: float | None,
    baseline: int | None,
    rebase_at: Iterable[int],
) -> pl.DataFrame:
    """The chart of counts over sizes: shares where `top` is 1, rates where it is None."""
    count, size = _read(counts, "the counts"), _read(sizes, "the sizes")
    if len(count) != len(size):
        raise ValueError(f"{len(count)} counts stand beside {len(size)} sizes: give one of each a point")
    for number, (c, n) in enumerate(zip(count, size, strict=True), 1):
        if (c or 0) < 0 or (n or 0) < 0 or (top is not None and c is not None and n is not None and n > 0 and c > n):
            raise ValueError(f"point {number} counts {c} in {n}: " + ("a count is at least 0" if top is None else "a share lies between 0 and 1"))
    is_gap = [c is None or not n for c, n in zip(count, size, strict=True)]
    count, size = ([None if gap else v for v, gap in zip(part, is_gap, strict=True)] for part in (count, size))
    x = [None if c is None or n is None else c / n for c, n in zip(count, size, strict=True)]

    def lines_of(at: slice) -> Lines:
        return laney_lines(count[at], size[at], baseline, top)

    return _chart(x, lines_of, {**COLUMNS, **LANEY}, better, target, baseline, rebase_at, (0.0, top))
