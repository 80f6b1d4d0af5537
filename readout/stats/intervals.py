"""Intervals for a share."""

import math


def wilson(x: float, n: float, z: float = 1.959963984540054) -> tuple[float, float]:
    """The Wilson interval of x in n, as fractions 0-1. Raises ValueError where n is not above 0. Source: Wilson 1927."""
    if n <= 0:
        raise ValueError("a share of nothing has no interval")
    p, z2 = x / n, z * z
    centre, half = p + z2 / (2 * n), z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, (centre - half) / (1 + z2 / n)), min(1.0, (centre + half) / (1 + z2 / n))
