"""Intervals for a share and for a count."""

from typing import overload

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Z95 = 1.959963984540054


@overload
def wilson(x: float, n: float, z: float = ...) -> tuple[float, float]: ...
@overload
def wilson(x: npt.ArrayLike, n: npt.ArrayLike, z: float = ...) -> tuple[Floats, Floats]: ...
def wilson(x: npt.ArrayLike, n: npt.ArrayLike, z: float = Z95) -> tuple[float, float] | tuple[Floats, Floats]:
    """The Wilson score interval of x in n, as fractions 0-1; scalars give floats, arrays give arrays of their common shape.

    A share of nothing has no interval: both ends are nan where n is 0. Raises ValueError for x outside 0 to n. Source: Wilson 1927.
    """
    met, total = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(n, np.float64))
    if np.any(met < 0) or np.any(met > total):
        raise ValueError("x must lie between 0 and n")
    with np.errstate(divide="ignore", invalid="ignore"):
        p, z2 = met / total, z * z
        centre = p + z2 / (2 * total)
        half = z * np.sqrt(p * (1 - p) / total + z2 / (4 * total * total))
        low = np.clip((centre - half) / (1 + z2 / total), 0.0, 1.0)
        high = np.clip((centre + half) / (1 + z2 / total), 0.0, 1.0)
    low = np.where(met == 0, np.where(total > 0, 0.0, np.nan), low)
    high = np.where(met == total, np.where(total > 0, 1.0, np.nan), high)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


@overload
def exact_poisson(count: float, level: float = ...) -> tuple[float, float]: ...
@overload
def exact_poisson(count: npt.ArrayLike, level: float = ...) -> tuple[Floats, Floats]: ...
def exact_poisson(count: npt.ArrayLike, level: float = 0.95) -> tuple[float, float] | tuple[Floats, Floats]:
    """The exact interval of the mean behind a `count` of events, in events; a scalar gives floats, an array gives arrays of its shape.

    Each end leaves out at most half of 1 - `level`; the lower is 0 for a count of 0. It says what a count may stand for: a funnel's limits, what
    counts to expect of a known mean, are `funnel.poisson_limits`. Raises ValueError for a count below 0 or a level outside 0-1. Source: Garwood 1936.
    """
    from scipy.special import gammaincinv

    events = np.asarray(count, np.float64)
    if not np.all(np.isfinite(events) & (events >= 0)) or not 0 < level < 1:
        raise ValueError("a count is 0 or more, and a level lies between 0 and 1")
    tail = (1 - level) / 2
    low = np.where(events > 0, gammaincinv(np.where(events > 0, events, 1.0), tail), 0.0)
    high = np.asarray(gammaincinv(events + 1, 1 - tail))
    return (float(low), float(high)) if low.ndim == 0 else (low, high)
