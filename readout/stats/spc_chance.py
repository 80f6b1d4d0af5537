"""How often the last point of an XmR chart is flagged by chance; `readout.stats.spc` is the way in."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from math import fsum
from random import Random

import polars as pl

from readout.stats.spc_rules import LIMIT, NEAR, RUN, SCREEN


def expected_signals(lengths: Iterable[int], *, draws: int = 10_000, seed: int = 2026, screen_ranges: bool = True) -> float:
    """The share (0-1) of XmR series of these lengths whose last point is flagged by chance alone, high or low; set it beside the share that is.

    Simulated: `draws` series of independent normal noise for each distinct length, kept for the next call. Autocorrelated measures flag far more.
    No series give 0. Raises ValueError for a negative length or fewer than one draw.
    """
    shares = [_share(length, draws, seed, screen_ranges) for length in lengths]
    return fsum(shares) / len(shares) if shares else 0.0


@lru_cache(maxsize=1024)
def _share(length: int, draws: int, seed: int, screen_ranges: bool) -> float:
    """The rules as they bear on the last point alone, over all draws at once: a row a draw, a column a point."""
    if length < 0 or draws < 1:
        raise ValueError("a series has no negative length, and a share needs a draw")
    if length < 3:
        return 0.0  # two points lie half a moving range from their mean
    x = [pl.col(str(i)) for i in range(length)]
    steps = [pl.col(f"step{i}") for i in range(1, length)]
    drawn = pl.DataFrame([noise(i, draws, seed) for i in range(length)]).with_columns(
        pl.mean_horizontal(x).alias("mean"), *((b - a).alias(f"step{i}") for i, (a, b) in enumerate(pairwise(x), 1))
    )
    ranges = [s.abs() for s in steps]
    drawn = drawn.with_columns(pl.mean_horizontal(ranges).alias("range"))
    if screen_ranges:
        drawn = drawn.with_columns(pl.mean_horizontal(pl.when(r < SCREEN * pl.col("range")).then(r) for r in ranges).alias("range"))

    away = [(p - pl.col("mean")) * (x[-1] - pl.col("mean")).sign() for p in x[-RUN:]]
    is_near = [a.is_between(NEAR * pl.col("range"), LIMIT * pl.col("range"), closed="right") for a in away[-3:]]
    rules = [
        away[-1] > LIMIT * pl.col("range"),
        is_near[-1] & (pl.sum_horizontal(is_near) >= 2) & (pl.min_horizontal(away[-3:]) > 0),
    ]
    if length >= RUN:
        rules += [pl.min_horizontal(away) > 0, pl.min_horizontal(steps[1 - RUN :]) > 0, pl.max_horizontal(steps[1 - RUN :]) < 0]
    return float(drawn.select(pl.any_horizontal(rules).sum()).item()) / draws


@lru_cache(maxsize=256)
def noise(point: int, draws: int, seed: int) -> pl.Series:
    """Standard normal noise for one point of every draw, the same each time; the name is the point."""
    gauss = Random(f"{seed} {point}").gauss
    return pl.Series(str(point), [gauss(0.0, 1.0) for _ in range(draws)])
