"""How much of the variation lies between units: intraclass correlation of a measure, median odds ratio of an event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import exp, inf, log, nan, pi, sqrt

import numpy as np
import numpy.typing as npt

from readout.stats.intervals import Floats

UPPER_QUARTILE = 0.6744897501960817  # of the standard normal
CUT = 3.841458820694124  # a 95 % profile likelihood interval: twice the log likelihood may fall by this
SIGMA_TOP = 10.0  # the greatest standard deviation of logits looked for: beyond it units are all or nothing
NODES = 15


@dataclass(frozen=True)
class Components:
    """The variance `between` units and `within` them, in the measure's unit squared, their `mean`, and the `icc` with its 95 % interval."""

    mean: float
    between: float
    within: float
    icc: float
    low: float
    high: float


@dataclass(frozen=True)
class RandomIntercept:
    """The variance `sigma2` between units' intercepts, in squared logits, its 95 % interval, and the network's `intercept` (logits, at offset 0).

    A median odds ratio with its interval is `median_odds_ratio` of the three.
    """

    intercept: float
    sigma2: float
    low: float
    high: float


@dataclass(frozen=True)
class Spread:
    """How much lies between units in one period, named by its `last` month. `value` with its 95 % interval: a median odds ratio (1 is no
    difference) or an intraclass correlation (0-1); made of `n` examinations of so many `units`, `events` of them for an odds ratio."""

    last: date
    value: float
    low: float
    high: float
    units: int
    n: int
    events: int | None = None


def icc(between: float, within: float) -> float:
    """The intraclass correlation, 0-1: the share of the variance that lies between units. nan where there is no variance. ValueError below 0."""
    if not (between >= 0 and within >= 0):
        raise ValueError("a variance is 0 or more")
    return between / (between + within) if between + within > 0 else nan


def median_odds_ratio(sigma2: float) -> float:
    """exp(0.67449 sqrt(2 sigma2)): take one examination to two units at random; the odds at the higher over the lower, in the median.

    `sigma2` is the variance of unit intercepts in squared logits; 1 is no difference. Raises ValueError below 0. Source: Larsen and Merlo 2005.
    """
    if not sigma2 >= 0:
        raise ValueError("a variance is 0 or more")
    exponent = UPPER_QUARTILE * sqrt(2 * sigma2)
    return exp(exponent) if exponent < 709 else inf


def one_way(n: npt.ArrayLike, mean: npt.ArrayLike, squares: npt.ArrayLike) -> Components:
    """Variance components of a one-way random-effects model, units of any size, from three numbers a unit: restricted maximum likelihood.

    `n` values, their `mean`, and `squares`, the sum of squared deviations from that mean (in SQL count(x), avg(x), var_pop(x) * count(x)). Units of
    n 0 are left out. For turnaround give ln(max(minutes, 1)). The interval is of the profile likelihood; `between` 0 means that the means differ
    no more than the values within do. Balanced data give the analysis-of-variance estimate. With fewer than two units, or one value each, all is nan
    but the mean. Without any variation within, `within` is 0 and `between` the variance of the means, no interval. Raises ValueError for n or
    squares below 0. Source: Searle, Casella and McCulloch 1992.
    """
    size, centre, deviation = (np.asarray(v, np.float64) for v in (n, mean, squares))
    if size.ndim != 1 or size.shape != centre.shape or size.shape != deviation.shape:
        raise ValueError("n, mean and squares are arrays of one length, a value a unit")
    size, centre, deviation = (v[size != 0] for v in (size, centre, deviation))
    if not (np.all(size > 0) and np.all(np.isfinite(centre)) and np.all(deviation >= 0)):
        raise ValueError("n and squares are 0 or more, and every unit has a mean")
    units, total, inside = size.size, float(size.sum()), float(deviation.sum())
    if units < 2 or total <= units:
        return Components(float(size @ centre) / total if total else nan, nan, nan, nan, nan, nan)
    if inside == 0:
        between = float(np.var(centre, ddof=1))
        return Components(float(np.mean(centre)), between, 0.0, icc(between, 0.0), nan, nan)

    def fitted(ratio: float) -> tuple[float, float]:
        """The mean, and the residual sum of squares, where between / within is `ratio`."""
        weight = size / (1 + size * ratio)
        level = float(weight @ centre / weight.sum())
        return level, inside + float(weight @ (centre - level) ** 2)

    def lack(root: float) -> float:
        """Minus twice the restricted log likelihood, less a constant, at the square root of an intraclass correlation."""
        ratio = root**2 / (1 - root**2)
        weight = size / (1 + size * ratio)
        return (total - 1) * log(fitted(ratio)[1]) + float(np.log1p(size * ratio).sum()) + log(float(weight.sum()))

    # By the square root, since a correlation may be a thousandth.
    rho, low, high = (root**2 for root in _profile(lack, 1 - 1e-9))
    level, residual = fitted(rho / (1 - rho))
    within = residual / (total - 1)
    return Components(level, within * rho / (1 - rho), within, rho, low, high)


def random_intercept(unit: npt.ArrayLike, observed: npt.ArrayLike, n: npt.ArrayLike, offset: npt.ArrayLike) -> RandomIntercept:
    """The variance of a random intercept by unit in a logistic model with a case-mix offset, by maximum likelihood.

    One row a unit and stratum, aligned arrays: the `unit` (any value that sorts), `observed` events in `n` examinations, and the `offset`, the logit of
    the network's rate in that stratum. logit P(event) = offset + intercept + b, b normal with mean 0 and variance sigma2 for each unit. Each
    unit's integral is by Gauss-Hermite quadrature about its own mode, which holds for thousands of examinations a unit; the interval is of the profile likelihood.
    Sigma is looked for up to 10; an upper end not found by there is inf. With ten units sigma2 comes out 6 % low on average and a 95 % interval misses
    about one time in twelve.

    Rows with n 0, and strata that always or never have the event (an infinite offset), tell nothing and are left out. With fewer than two units, or
    no or only events, all is nan. Raises ValueError for observed outside 0 to n, an infinite offset that the row contradicts, or arrays of unlike length.
    """
    strata = _Strata.of(np.asarray(unit), *(np.asarray(v, np.float64) for v in (observed, n, offset)))
    if strata is None:
        return RandomIntercept(nan, nan, nan, nan)
    start = [0.0]

    def lack(sigma: float) -> float:
        start[0], fit = strata.fitted(sigma, start[0])
        return -2 * fit

    sigma, low, high = _profile(lack, SIGMA_TOP)
    lack(sigma)
    return RandomIntercept(start[0], sigma**2, low**2, high**2 if high < SIGMA_TOP else inf)


def marginal_log_likelihood(unit: npt.ArrayLike, observed: npt.ArrayLike, n: npt.ArrayLike, offset: npt.ArrayLike, intercept: float, sigma: float) -> float:
    """The log likelihood that `random_intercept` maximises, less the binomial coefficients; nan where that has no estimate."""
    strata = _Strata.of(np.asarray(unit), *(np.asarray(v, np.float64) for v in (observed, n, offset)))
    return nan if strata is None else strata.likelihood(intercept, sigma)[0]


@dataclass(frozen=True, eq=False)
class _Strata:
    """Rows sorted by unit, and where each unit starts."""

    starts: npt.NDArray[np.intp]
    member: npt.NDArray[np.intp]
    observed: Floats
    n: Floats
    offset: Floats

    @classmethod
    def of(cls, unit: npt.NDArray[np.generic], observed: Floats, n: Floats, offset: Floats) -> "_Strata | None":
        if unit.ndim != 1 or any(v.shape != unit.shape for v in (observed, n, offset)):
            raise ValueError("unit, observed, n and offset are arrays of one length, a value a row")
        if not np.all((observed >= 0) & (observed <= n)) or np.any(np.isnan(offset)):
            raise ValueError("observed must lie between 0 and n, and every row has an offset")
        if np.any(((offset == -inf) & (observed > 0)) | ((offset == inf) & (observed < n))):
            raise ValueError("an infinite offset says never or always, and the row's count says otherwise")
        told = (n > 0) & np.isfinite(offset)
        unit, observed, n, offset = unit[told], observed[told], n[told], offset[told]
        units, member = np.unique(unit, return_inverse=True)
        if units.size < 2 or not 0 < observed.sum() < n.sum():
            return None
        order = np.argsort(member, kind="stable")
        member = member[order]
        return cls(np.searchsorted(member, np.arange(units.size)), member, observed[order], n[order], offset[order])

    def sums(self, rows: Floats) -> Floats:
        return np.asarray(np.add.reduceat(rows, self.starts, axis=0), np.float64)

    def modes(self, intercept: float, sigma: float) -> tuple[Floats, Floats]:
        """By unit, the standard normal u at which its integrand peaks, and the standard deviation of the normal that fits it there."""
        u = np.zeros(self.starts.size)
        for _ in range(100):
            rate = _expit(self.offset + intercept + sigma * u[self.member])
            slope = sigma * self.sums(self.observed - self.n * rate) - u
            curve = sigma**2 * self.sums(self.n * rate * (1 - rate)) + 1
            # The integrand is log-concave; a step held to 2 logits cannot run away on the flat of the logistic.
            step = np.clip(slope / curve, -2 / max(sigma, 0.1), 2 / max(sigma, 0.1))
            u = u + step
            if np.all(np.abs(step) < 1e-8):
                break
        return u, 1 / np.sqrt(curve)

    def likelihood(self, intercept: float, sigma: float) -> tuple[float, float, float]:
        """The log likelihood, and its first and second derivative by the intercept (Louis 1982)."""
        centre, width = self.modes(intercept, sigma)
        x, w = _nodes()
        u = centre[:, None] + sqrt(2) * width[:, None] * x
        logit = self.offset[:, None] + intercept + sigma * u[self.member]
        tail = np.exp(-np.abs(logit))  # by itself, for the logistic and its integral: half the time of asking for each
        rate = np.where(logit >= 0, 1.0, tail) / (1 + tail)
        fit = self.sums(self.observed[:, None] * logit - self.n[:, None] * (np.maximum(logit, 0) + np.log1p(tail)))
        height = fit - u**2 / 2 + x**2 + np.log(w) + np.log(width)[:, None] - log(pi) / 2
        top = height.max(axis=1, keepdims=True)
        mass = np.exp(height - top)
        whole = mass.sum(axis=1, keepdims=True)
        mass = mass / whole
        score = self.sums(self.observed[:, None] - self.n[:, None] * rate)
        information = self.sums(self.n[:, None] * rate * (1 - rate))
        mean = (mass * score).sum(axis=1)
        curve = (mass * (score**2 - information)).sum(axis=1) - mean**2
        return float((top + np.log(whole)).sum()), float(mean.sum()), float(curve.sum())

    def fitted(self, sigma: float, intercept: float) -> tuple[float, float]:
        """The intercept that fits best at a sigma, and the log likelihood there, from a first guess; Newton's steps, halved where they overshoot."""
        fit, slope, curve = self.likelihood(intercept, sigma)
        for _ in range(50):
            step = float(np.clip(slope / -curve if curve < 0 else np.sign(slope), -2, 2))
            if abs(step) < 1e-7:
                break
            while abs(step) >= 1e-7 and (found := self.likelihood(intercept + step, sigma))[0] < fit - 1e-9 * abs(fit):
                step /= 2
            if abs(step) < 1e-7:
                break
            intercept, (fit, slope, curve) = intercept + step, found
        return intercept, fit


@cache
def _nodes() -> tuple[Floats, Floats]:
    x, w = np.polynomial.hermite.hermgauss(NODES)
    return x, w


def _expit(x: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(x), np.float64)


def _profile(lack: Callable[[float], float], top: float) -> tuple[float, float, float]:
    """Where minus twice a log likelihood is least on 0 to `top`, and the ends of the 95 % interval: 0 or `top` where the interval reaches them."""
    from scipy.optimize import brentq, minimize_scalar

    # Each point once: of one or two events the quadrature far out depends on where the search for the intercept began, and an end asked twice may differ.
    lack = cache(lack)
    grid = [0.0, *(top / 2**k for k in range(9, -1, -1))]
    known: list[float] = []
    for x in grid:  # upwards; what lies far beyond the interval is slow to fit and tells nothing
        known.append(lack(x))
        if known[-1] - min(known) > 10 * CUT:
            break
    grid = grid[: len(known)]
    at = min(range(len(grid)), key=known.__getitem__)
    between = (grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)])
    found = minimize_scalar(lack, bounds=between, method="bounded", options={"xatol": 1e-7 * between[1]})
    # The minimiser never tries the ends themselves; and near 0 a gain as small as rounding is none.
    best, least = (float(found.x), float(found.fun)) if found.fun < known[at] - 1e-9 * max(1.0, abs(known[at])) else (grid[at], known[at])

    def rise(x: float) -> float:
        return lack(x) - least - CUT

    low = 0.0 if known[0] - least <= CUT else float(brentq(rise, 0.0, best, xtol=1e-7))
    high = top if known[-1] - least <= CUT else float(brentq(rise, best, grid[-1], xtol=1e-7))
    return best, low, high
