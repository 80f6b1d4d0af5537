"""Shrunken ratios: each unit's observed/expected drawn towards the network's as far as its size leaves it to chance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from readout.stats.intervals import Floats


@dataclass(frozen=True, eq=False)
class Shrunken:
    """The network ratio `m`, the variance between units `A`, and by unit the weight of its own ratio `B` (0-1), `theta` and its interval."""

    m: float
    A: float
    B: Floats
    theta: Floats
    low: Floats
    high: Floats


def gamma_poisson(observed: npt.ArrayLike, expected: npt.ArrayLike, level: float = 0.95) -> Shrunken:
    """Empirical Bayes ratios of counts `observed` to `expected` events, one a unit, by the method of moments.

    m = sum O / sum E; s² = sum E (r - m)² / sum E; A = max(0, s² - m / mean E); B = A / (A + m / E); theta = m + B (r - m). That is the mean of the
    posterior Gamma of shape m²/A + O and rate m/A + E (prior: mean m, variance A), whose quantiles give `low` and `high`.

    The interval takes m and A as known, so it is short with few units: among ten, a 95 % interval misses one time in six. Where A is 0
    (one unit, all equal, or no more than chance) every theta is m, and the interval is nan: it would close on m, and finding no difference is not
    knowing that there is none. A unit that expects nothing takes no part in m and A and gets the prior: B 0, theta m. Without any expectation all
    is nan. Raises ValueError for a count below 0, an event
    where none is expected, arrays of unlike length, or level outside 0-1. Source: Marshall 1991, global empirical Bayes estimator.
    """
    from scipy.special import gammaincinv

    o, e = np.asarray(observed, np.float64), np.asarray(expected, np.float64)
    if o.ndim != 1 or o.shape != e.shape:
        raise ValueError("observed and expected are arrays of one length, a value a unit")
    if not np.all(np.isfinite(o) & np.isfinite(e) & (o >= 0) & (e >= 0)) or np.any(o[e == 0] > 0):
        raise ValueError("observed and expected are 0 or more, and where nothing is expected nothing is observed")
    if not 0 < level < 1:
        raise ValueError("level is a probability between 0 and 1")
    known = e > 0
    if not known.any():
        nothing = np.full(e.shape, np.nan)
        return Shrunken(np.nan, np.nan, nothing, nothing, nothing, nothing)
    total = float(e.sum())
    m = float(o.sum()) / total
    ratio = np.divide(o, e, out=np.full(e.shape, m), where=known)
    chance = m * int(known.sum()) / total
    between = float((e * (ratio - m) ** 2).sum()) / total - chance
    # Equal ratios leave a rounding error where the variance is 0.
    if between <= 1e-12 * chance:
        flat = np.full(e.shape, m)
        return Shrunken(m, 0.0, np.zeros(e.shape), flat, np.full(e.shape, np.nan), np.full(e.shape, np.nan))
    weight = between * e / (between * e + m)
    shape, rate = m * m / between + o, m / between + e
    low, high = (gammaincinv(shape, q) / rate for q in ((1 - level) / 2, (1 + level) / 2))
    return Shrunken(m, between, weight, m + weight * (ratio - m), low, high)
