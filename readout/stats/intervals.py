"""Intervals for a share."""

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
