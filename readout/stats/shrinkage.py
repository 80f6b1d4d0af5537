"""Shrunken ratios: each unit's observed/expected drawn towards the network's as far as its size leaves it to chance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from readout.stats.intervals import Floats

SPREADS = np.geomspace(0.01, 2.0, 40)  # of true ratios, as shares of their mean: one in a hundred to twice as wide as the mean
STEPS = np.linspace(-3, 3, 9)  # standard errors of the logarithm of the mean


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
    posterior Gamma of shape m²/A + O and rate m/A + E (prior: mean m, variance A). Where A is 0 (all equal, or no more than chance) every theta is m.

    `low` and `high` are quantiles of such Gammas averaged over the m and sqrt(A)/m, from .01 to 2, that the counts leave likely: with m and A taken as
    known a 95 % interval misses one time in five or worse among ten units, and closes on m where A is 0, as though no difference found were none.
    They are nan with fewer than two units that expect something, or without any event; among a handful of units theta can, rarely, lie outside them.

    A unit that expects nothing takes no part in m and A: B 0, theta m. Without any expectation all is nan. Raises ValueError for a count below 0, an
    event where none is expected, arrays of unlike length, or level outside 0-1. Sources: Marshall 1991, global empirical Bayes estimator; Gelman 2006,
    a flat prior on the spread.
    """
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
    between = between if between > 1e-12 * chance else 0.0
    weight = between * e / (between * e + m) if between else np.zeros(e.shape)
    low, high = _interval(o, e, m, level) if m > 0 and known.sum() > 1 else (np.full(e.shape, np.nan), np.full(e.shape, np.nan))
    return Shrunken(m, between, weight, m + weight * (ratio - m), low, high)


def _interval(o: Floats, e: Floats, m: float, level: float) -> tuple[Floats, Floats]:
    """The quantiles of each unit's posterior Gamma, averaged over a grid of means and spreads by their marginal likelihood."""
    from scipy.special import gammainc, gammaln

    spread = SPREADS[:, None]
    with np.errstate(divide="ignore"):
        error = 1 / (m * np.sqrt((1 / ((spread * m) ** 2 + m / e)).sum(axis=1, keepdims=True)))
    shape = np.broadcast_to(1 / spread**2, (spread.size, STEPS.size)).reshape(-1, 1)
    rate = shape / (m * np.exp(error * STEPS)).reshape(-1, 1)
    fit = (gammaln(shape + o) - gammaln(shape) + shape * np.log(rate) - (shape + o) * np.log(rate + e)).sum(axis=1)
    # The grids are even in log spread and in standard errors of log m: what a cell covers is spread times error.
    mass = np.exp(fit - fit.max()) * (spread * error * np.ones(STEPS.size)).ravel()
    kept = mass > 1e-7 * mass.sum()
    mass, shape, rate = mass[kept] / mass[kept].sum(), shape[kept] + o, rate[kept] + e
    top = ((shape + 12 * np.sqrt(shape) + 12) / rate).max(axis=0)

    def quantile(q: float) -> Floats:
        below, above = np.zeros(o.size), top
        for _ in range(45):
            middle = (below + above) / 2
            is_short = mass @ gammainc(shape, rate * middle) < q
            below, above = np.where(is_short, middle, below), np.where(is_short, above, middle)
        return np.asarray((below + above) / 2)

    return quantile((1 - level) / 2), quantile((1 + level) / 2)
