"""Funnel plots: the limits a unit's share or ratio stays within by chance, what overdispersion adds, and which units lie outside.

`p` is a probability in (0, 1), the value below which a unit lies with that chance, or a sequence of them; the usual four are `P`. Limits have the
shape of the units followed by the shape of `p`. Sources: Spiegelhalter 2005, Funnel plots for comparing institutional performance (appendix: exact
limits, transformations); Spiegelhalter 2005, Handling over-dispersion of performance indicators.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from readout.stats.intervals import Floats

P = (0.001, 0.025, 0.975, 0.999)
"""The 99.8 % and 95 % limits, from the lowest up."""
MIN_UNITS = 10
"""With fewer units than this an overdispersion band tells more of its own error than of the units: draw none, and say so."""
SMALL = 25.0
"""Variance of a count over strata under which its limits are those of the binomial with that variance, and not of the normal."""
RARE = 0.1
"""Expected events over examinations below which Poisson limits and Gamma-Poisson shrinkage hold for late reports; above it use `z_scores`."""

Sides = npt.NDArray[np.int8]


class Overdispersion(NamedTuple):
    """`phi`, the mean squared winsorised z (1 by chance alone), and `tau2`, the variance between units on the scale its function names."""

    phi: float
    tau2: float


def binomial_limits(theta: npt.ArrayLike, n: npt.ArrayLike, p: npt.ArrayLike = P) -> Floats:
    """Exact interpolated limits of a share, as fractions 0-1, for units of `n` examinations of which `theta` (0-1) is expected.

    `theta` and `n`, scalars or arrays, are broadcast together. With r the least count whose cumulative probability reaches p, the limit is
    (r - (F(r) - p) / f(r)) / n. Below 0 a lower limit (p under a half) is nan, no limit, since a count of 0 is no surprise; an upper one is 0.
    Where theta is 0 or 1 nothing can vary and every limit is theta; n 0 has none (nan). A unit is drawn against these and judged by
    `binomial_sides`. Raises ValueError for theta or p out of range, and for n below 0 or not whole.
    """
    from scipy.special import betaincc

    share, size, at = _grid(*_binomial(theta, n), p)

    def cdf(k: Floats) -> Floats:
        inside = (k >= 0) & (k < size)
        return np.where(inside, betaincc(np.where(inside, k + 1, 1), np.where(inside, size - k, 1), share), np.where(k < 0, 0.0, 1.0))

    with np.errstate(divide="ignore", invalid="ignore"):
        limits = _bounded(_interpolated(cdf, size, at) / size, at)
    return np.where(size == 0, np.nan, np.where((share == 0) | (share == 1), share, limits))


def poisson_limits(expected: npt.ArrayLike, p: npt.ArrayLike = P) -> Floats:
    """Exact interpolated limits of the ratio observed/expected, for units with `expected` events (a scalar or an array, not necessarily whole).

    As `binomial_limits`: below 0 a lower limit is nan and an upper one 0, and where nothing is expected there is none (nan). A unit is judged by
    `poisson_sides`. Not the chi-square interval of an observed count, which answers another question. Raises ValueError for expected below 0 or
    infinite, or p out of range.
    """
    from scipy.special import gammaincc

    mean, at = _grid(_counted(expected, "expected"), p)
    top = np.ceil(mean + 10 * np.sqrt(mean) + 10)
    while np.any(short := gammaincc(top + 1, mean) < at):
        top = np.where(short, 2 * top, top)
    with np.errstate(divide="ignore", invalid="ignore"):
        limits = _interpolated(lambda k: np.where(k < 0, 0.0, gammaincc(np.maximum(k, 0) + 1, mean)), top, at) / mean
    return np.where(mean == 0, np.nan, _bounded(limits, at))


def binomial_sides(observed: npt.ArrayLike, n: npt.ArrayLike, theta: npt.ArrayLike, tail: float = P[0]) -> Sides:
    """1 where so high a count in n has at most a `tail` chance, -1 where so low a one has, else 0 (also where n is 0); the common shape of all.

    The interpolated limits err as often as they say on average, but above more often than below, and far more where little is expected (10 of 10 at
    theta .9 is above its 97.5 % limit one time in three), and the funnel of the complement does not mirror. This test never errs more often
    than it says, and mirrors; it finds a part of what the drawn limits find, at most one count less at each end. Raises ValueError as `binomial_limits`
    does, and for observed outside 0 to n.
    """
    from scipy.special import betainc, betaincc

    share, size = _binomial(theta, n)
    met, size, share = np.broadcast_arrays(_counted(observed, "observed"), size, share)
    if np.any(met > size):
        raise ValueError("observed must lie between 0 and n")
    high = np.where(met > 0, betainc(np.maximum(met, 1), np.maximum(size - met + 1, 1), share), 1.0)
    low = np.where(met < size, betaincc(met + 1, np.maximum(size - met, 1), share), 1.0)
    return _judged(low, high, tail, size > 0)


def poisson_sides(observed: npt.ArrayLike, expected: npt.ArrayLike, tail: float = P[0]) -> Sides:
    """As `binomial_sides`, for counts of events beside their expectation; 0 where nothing is expected."""
    from scipy.special import gammainc, gammaincc

    count, mean = np.broadcast_arrays(_counted(observed, "observed"), _counted(expected, "expected"))
    return _judged(gammaincc(count + 1, mean), gammainc(count, mean), tail, mean > 0)


def sides(value: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> Sides:
    """1 above the upper limit, -1 below the lower, 0 on or between them; a value or limit of nan is passed by nothing."""
    x, lower, upper = (np.asarray(v, np.float64) for v in (value, low, high))
    return np.asarray((x > upper).astype(np.int8) - (x < lower).astype(np.int8), np.int8)


def overdispersion(observed: npt.ArrayLike, expected: npt.ArrayLike, winsorise: float = 0.1) -> Overdispersion:
    """How far ratios observed/expected vary beyond Poisson chance; tau2 is on the square-root scale: see `overdispersed_ratio_limits`.

    z = (sqrt(O/E) - 1) / s with s = 1 / (2 sqrt E), pulled in to its `winsorise` and 1 - `winsorise` quantiles (type 7, as R's and numpy's). That keeps
    outliers from widening the band that should show them, at a price: real spread is cut too, and a true tau2 of .01 comes out as about .007 with
    ten units and .005 with forty. Units that expect nothing are left out. phi is nan without a unit, tau2 with fewer than two; under MIN_UNITS it is
    the caller who draws none. Raises ValueError for a count below 0, or winsorise outside 0 to a half.
    """
    o, e = np.broadcast_arrays(_counted(observed, "observed"), _counted(expected, "expected"))
    o, e = o[e > 0], e[e > 0]
    return _dispersion(2 * (np.sqrt(o) - np.sqrt(e)), 1 / (2 * np.sqrt(e)), winsorise)


def overdispersed_ratio_limits(expected: npt.ArrayLike, tau2: float, p: npt.ArrayLike = P) -> Floats:
    """Limits of observed/expected with the overdispersion `tau2` of `overdispersion`: (1 + z_p sqrt(s² + tau2))², 0 where the bracket is below 0.

    Squared back because tau2 is a variance of square roots. nan where nothing is expected. Raises ValueError for expected or tau2 below 0.
    """
    mean, at = _grid(_counted(expected, "expected"), p)
    with np.errstate(divide="ignore"):
        s2 = 1 / (4 * mean)
    limits = np.maximum(1 + _z(at) * np.sqrt(s2 + _variance(tau2)), 0.0) ** 2
    return np.where(mean > 0, limits, np.nan)


def overdispersion_proportions(observed: npt.ArrayLike, n: npt.ArrayLike, theta: float, winsorise: float = 0.1) -> Overdispersion:
    """How far shares observed/n vary beyond binomial chance around `theta`; tau2 is on the arcsine scale: see `overdispersed_proportion_limits`.

    z = (arcsin sqrt(O/n) - arcsin sqrt theta) / s with s = 1 / (2 sqrt n). The arcsine is to shares what the square root is to ratios: it makes
    the chance variance the same at every share, so that one tau2 fits all, and limits turned back stay within 0-1; the plain z
    would depend on theta, be skewed near 0 and 1, and give limits beyond them (Spiegelhalter 2005, appendix; FunnelPlotR takes it for shares too).
    Otherwise as `overdispersion`; units with n 0 are left out.
    """
    share, size = _binomial(theta, n)
    met, size, share = np.broadcast_arrays(_counted(observed, "observed"), size, share)
    if np.any(met > size):
        raise ValueError("observed must lie between 0 and n")
    met, size, share = met[size > 0], size[size > 0], share[size > 0]
    s = 1 / (2 * np.sqrt(size))
    return _dispersion((np.arcsin(np.sqrt(met / size)) - np.arcsin(np.sqrt(share))) / s, s, winsorise)


def overdispersed_proportion_limits(theta: npt.ArrayLike, n: npt.ArrayLike, tau2: float, p: npt.ArrayLike = P) -> Floats:
    """Limits of a share with the overdispersion `tau2` of `overdispersion_proportions`: sin²(arcsin sqrt theta + z_p sqrt(s² + tau2)).

    The angle is held within 0 and a right angle, so a limit past the end of the scale is 0 or 1 and never turns back. nan where n is 0.
    """
    share, size, at = _grid(*_binomial(theta, n), p)
    with np.errstate(divide="ignore"):
        s2 = 1 / (4 * size)
    angle = np.arcsin(np.sqrt(share)) + _z(at) * np.sqrt(s2 + _variance(tau2))
    return np.where(size > 0, np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2, np.nan)


def z_scores(observed: npt.ArrayLike, expected: npt.ArrayLike, variance: npt.ArrayLike) -> Floats:
    """(O - E) / sqrt(variance), for late reports with case mix that are not `RARE`: variance is the sum of n p (1 - p) over the unit's strata.

    nan where the variance is 0: every stratum is then always or never late, and nothing can be told. Raises ValueError for an argument below 0.
    """
    o, e, v = (_counted(x, name) for x, name in ((observed, "observed"), (expected, "expected"), (variance, "variance")))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(v > 0, (o - e) / np.sqrt(v), np.nan))


def z_limits(expected: npt.ArrayLike, variance: npt.ArrayLike, p: npt.ArrayLike = P, tau2: float = 0.0) -> Floats:
    """The limits of observed/expected that go with `z_scores`: 1 + z_p sqrt(variance / E² + tau2), tau2 from `overdispersion_z`.

    Below 0 a limit is nan, no limit; nan too where nothing is expected or the variance is 0. Unlike exact limits these lean on the normal: where the
    variance is under `SMALL`, `mixed_limits` has the exact ones.
    """
    mean, v = np.broadcast_arrays(_counted(expected, "expected"), _counted(variance, "variance"))
    mean, v, at = _grid(mean, v, p)
    with np.errstate(divide="ignore", invalid="ignore"):
        limits = 1 + _z(at) * np.sqrt(v / mean**2 + _variance(tau2))
        return np.where((mean > 0) & (v > 0) & (limits >= 0), limits, np.nan)


def mixed_sides(observed: npt.ArrayLike, expected: npt.ArrayLike, variance: npt.ArrayLike, tail: float = P[0]) -> Sides:
    """As `binomial_sides`, for a count over strata of unlike risk, known by its expectation and variance: judged by the tail of the binomial that has
    both, which is exact for one stratum and, unlike the normal, does not err more often than it says where the variance is small. 0 where it is 0.
    """
    from scipy.special import betainc, betaincc

    count, mean, v = np.broadcast_arrays(_counted(observed, "observed"), _counted(expected, "expected"), _counted(variance, "variance"))
    size, share, is_known = _matched(mean, v)
    rest = np.maximum(size - count, 0.0)
    low = np.where(count < size, betaincc(count + 1, np.maximum(rest, 1e-9), share), 1.0)
    high = np.where(count > 0, np.where(count <= size, betainc(np.maximum(count, 1), rest + 1, share), 0.0), 1.0)
    return _judged(low, high, tail, is_known)


def mixed_limits(expected: npt.ArrayLike, variance: npt.ArrayLike, p: npt.ArrayLike = P) -> Floats:
    """Limits of observed/expected that go with `mixed_sides`, interpolated; by `z_limits` where the variance is `SMALL` or more."""
    from scipy.special import betaincc

    mean, v = np.broadcast_arrays(_counted(expected, "expected"), _counted(variance, "variance"))
    size, share, is_known = _matched(mean, v)
    m, n, q, at = _grid(mean, size, share, p)

    def cdf(k: Floats) -> Floats:
        inside = (k >= 0) & (k < n)
        return np.where(inside, betaincc(np.where(inside, k + 1, 1), np.where(inside, n - k, 1), q), np.where(k < 0, 0.0, 1.0))

    with np.errstate(divide="ignore", invalid="ignore"):
        exact = _bounded(_interpolated(cdf, np.ceil(n), at) / m, at)
    is_small = np.asarray(is_known & (v < SMALL))
    return np.where(is_small.reshape(is_small.shape + (1,) * (exact.ndim - is_small.ndim)), exact, z_limits(expected, variance, p))


def _matched(mean: Floats, variance: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Size and share of the binomial with this mean and variance, and where there is one."""
    is_known = (mean > 0) & (variance > 0) & (variance < mean)
    left = np.where(is_known, mean - variance, 1.0)
    return np.where(is_known, mean**2 / left, 1.0), np.where(is_known, left / np.where(mean > 0, mean, 1.0), 0.5), is_known


def overdispersion_z(observed: npt.ArrayLike, expected: npt.ArrayLike, variance: npt.ArrayLike, winsorise: float = 0.1) -> Overdispersion:
    """The overdispersion of `z_scores`; tau2 is on the scale of the ratio itself, s = sqrt(variance) / E. Units of no variance are left out."""
    z, e, v = np.broadcast_arrays(z_scores(observed, expected, variance), np.asarray(expected, np.float64), np.asarray(variance, np.float64))
    kept = (v > 0) & (e > 0)
    return _dispersion(z[kept], np.sqrt(v[kept]) / e[kept], winsorise)


def log_ratio_limits(variance: npt.ArrayLike, p: npt.ArrayLike = P, tau2: float = 0.0) -> Floats:
    """Limits of a ratio of geometric means about 1, from the chance `variance` of its logarithm: exp(z_p sqrt(variance + tau2)). ValueError below 0."""
    v, at = _grid(_counted(variance, "variance"), p)
    return np.asarray(np.exp(_z(at) * np.sqrt(v + _variance(tau2))))


def overdispersion_logs(log_ratio: npt.ArrayLike, variance: npt.ArrayLike, winsorise: float = 0.1) -> Overdispersion:
    """The overdispersion that goes with `log_ratio_limits`: logarithms of ratios, each with its chance `variance`. Units of no variance are left out."""
    moved, v = np.broadcast_arrays(np.asarray(log_ratio, np.float64), _counted(variance, "variance"))
    s = np.sqrt(v[v > 0])
    return _dispersion(moved[v > 0] / s, s, winsorise)


def _dispersion(z: Floats, s: Floats, winsorise: float) -> Overdispersion:
    """phi and tau2 (DerSimonian and Laird's moments, from winsorised z) of units with standard errors s."""
    if not 0 <= winsorise < 0.5:
        raise ValueError("winsorise is a share of each end, from 0 to below a half")
    count = z.size
    if count == 0:
        return Overdispersion(np.nan, np.nan)
    phi = float(np.mean(np.clip(z, *np.quantile(z, [winsorise, 1 - winsorise])) ** 2))
    if count == 1:
        return Overdispersion(phi, np.nan)
    w = 1 / s**2
    return Overdispersion(phi, max(0.0, float((count * phi - (count - 1)) / (w.sum() - (w**2).sum() / w.sum()))))


def _interpolated(cdf: Callable[[Floats], Floats], top: Floats, p: Floats) -> Floats:
    """The count at which the cumulative distribution, drawn as straight lines between whole counts from -1 to `top`, reaches p."""
    low, high = np.full_like(top, -1.0), np.array(top)
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        is_reached = cdf(middle) >= p
        low, high = np.where(is_reached, low, middle), np.where(is_reached, middle, high)
    reached, before = cdf(high), cdf(high - 1)
    return np.asarray(high - (reached - p) / (reached - before))


def _bounded(limits: Floats, p: Floats) -> Floats:
    """No lower limit below 0, and no upper one there either: a count of 0 is not above it, and one event is."""
    return np.where(limits < 0, np.where(p < 0.5, np.nan, 0.0), limits)


def _judged(low: Floats, high: Floats, tail: float, known: npt.NDArray[np.bool_]) -> Sides:
    if not 0 < tail < 0.5:
        raise ValueError("tail is a chance between 0 and a half")
    at_most = tail * (1 + 1e-12)  # a chance of exactly `tail` counts on both sides, whatever rounding made of it
    return np.asarray(((high <= at_most) & known).astype(np.int8) - ((low <= at_most) & known).astype(np.int8), np.int8)


def _z(p: Floats) -> Floats:
    from scipy.special import ndtri

    return np.asarray(ndtri(p), np.float64)


def _grid(*parts: npt.ArrayLike) -> tuple[Floats, ...]:
    """The units, broadcast together, each with every p of the last part along the axes that follow."""
    p = np.asarray(parts[-1], np.float64)
    if not np.all((p > 0) & (p < 1)):
        raise ValueError("p is a probability between 0 and 1")
    units = np.broadcast_arrays(*(np.asarray(part, np.float64) for part in parts[:-1]))
    shape = units[0].shape
    return tuple(np.broadcast_to(u.reshape(shape + (1,) * p.ndim), shape + p.shape) for u in units) + (np.broadcast_to(p, shape + p.shape),)


def _binomial(theta: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    share, size = np.asarray(theta, np.float64), _counted(n, "n")
    if not np.all((share >= 0) & (share <= 1)):
        raise ValueError("theta is a share between 0 and 1")
    if np.any(size != np.floor(size)):
        raise ValueError("n counts examinations: give whole numbers")
    return share, size


def _counted(values: npt.ArrayLike, name: str) -> Floats:
    counts = np.asarray(values, np.float64)
    if not np.all(np.isfinite(counts) & (counts >= 0)):
        raise ValueError(f"{name} must be a number of 0 or more for every unit")
    return counts


def _variance(tau2: float) -> float:
    if not tau2 >= 0:
        raise ValueError("tau2 is a variance: 0 or more")
    return tau2
