"""How often funnels, the persistence rule and shrunken intervals err on seeded networks whose truth is known, beside what theory says.

    python -m benchmarks.funnels [NETWORKS]      # 200 unless told

A false flag is a unit outside 99.8 % (or 95 %) limits in a network where no unit differs. Theory for counts is exact: the chance of every count
that the rule flags, summed over the units.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, poisson

from readout.stats.funnel import (
    Overdispersion,
    Sides,
    binomial_limits,
    binomial_sides,
    overdispersed_ratio_limits,
    overdispersion,
    poisson_limits,
    poisson_sides,
    sides,
    z_limits,
)
from readout.stats.persistence import expected_false_alarms, persistent
from readout.stats.shrinkage import gamma_poisson
from readout.stats.variance import random_intercept

Floats = npt.NDArray[np.float64]
SEED = 2026
SITES, REPORTERS, LATE = 20, 40, 0.1
BANDS = {"99.8 %": 0.001, "95 %": 0.025}


@dataclass(frozen=True)
class Share:
    """`count` of `of` units, beside the share that theory gives (0-1)."""

    count: int
    of: int
    theory: float

    @property
    def measured(self) -> float:
        return self.count / self.of

    @property
    def deviation(self) -> float:
        """Standard errors from theory."""
        return (self.measured - self.theory) / sqrt(self.theory * (1 - self.theory) / self.of)


def late_reports(networks: int, tail: float, *, by_test: bool, is_pooled: bool = False) -> Share:
    """Sites of 30 to 3,000 mature examinations, one in ten late everywhere; judged by the exact test or the drawn limits.

    At the true rate, or at the network's own pooled rate; theory takes that for fixed, though a large site draws it along and so is flagged less.
    """
    rng, flagged, chance = np.random.default_rng(SEED), 0, 0.0
    for _ in range(networks):
        n = np.exp(rng.uniform(np.log(30), np.log(3000), SITES)).astype(int)
        late = rng.binomial(n, LATE)
        theta = late.sum() / n.sum() if is_pooled else LATE

        def judge(count: npt.ArrayLike, size: npt.ArrayLike, theta: float = theta) -> Sides:
            if by_test:
                return binomial_sides(count, size, theta, tail)
            limits = binomial_limits(theta, size, (tail, 1 - tail))
            return sides(np.asarray(count) / size, limits[..., 0], limits[..., 1])

        flagged += int(np.count_nonzero(judge(late, n)))
        counts, size = np.arange(450), n[:, None]  # nine standard deviations beyond what 3,000 examinations give
        chance += float(binom.pmf(counts, size, LATE)[judge(np.minimum(counts, size), size) != 0].sum())
    return Share(flagged, networks * SITES, chance / (networks * SITES))


def addenda(networks: int, tail: float, *, by_test: bool) -> Share:
    """Reporters expecting 1 to 60 addenda."""
    rng, flagged, chance = np.random.default_rng(SEED), 0, 0.0
    for _ in range(networks):
        expected = np.exp(rng.uniform(0, np.log(60), REPORTERS))

        def judge(count: npt.NDArray[np.int64], mean: Floats) -> Sides:
            if by_test:
                return poisson_sides(count, mean, tail)
            limits = poisson_limits(mean, (tail, 1 - tail))
            return sides(count / mean, limits[..., 0], limits[..., 1])

        flagged += int(np.count_nonzero(judge(rng.poisson(expected), expected)))
        counts = np.arange(150)
        chance += float(poisson.pmf(counts, expected[:, None])[judge(counts, expected[:, None]) != 0].sum())
    return Share(flagged, networks * REPORTERS, chance / (networks * REPORTERS))


def late_by_case_mix(networks: int, tail: float) -> Share:
    """Sites of twelve strata, between 2 % and 70 % late, judged by z; theory is the normal's."""
    rng, flagged = np.random.default_rng(SEED), 0
    for _ in range(networks):
        rate = rng.uniform(0.02, 0.7, 12)
        n = rng.poisson(rng.uniform(5, 150, (SITES, 12)))
        expected, variance = (n * rate).sum(1), (n * rate * (1 - rate)).sum(1)
        limits = z_limits(expected, variance, (tail, 1 - tail))
        flagged += int(np.count_nonzero(sides(rng.binomial(n, rate).sum(1) / expected, limits[:, 0], limits[:, 1])))
    return Share(flagged, networks * SITES, 2 * tail)


def lasting(networks: int, p: float) -> Share:
    """The rule of two in three quarters on normal units that differ in nothing."""
    z = np.random.default_rng(SEED).normal(size=(networks * SITES, 3))
    at = NormalDist().inv_cdf(1 - p / 2)
    return Share(int(np.count_nonzero(persistent(sides(z, -at, at)))), z.shape[0], expected_false_alarms(1, p, is_persistent=True))


def spread(networks: int, units: int, tau2: float, tail: float) -> tuple[Share, float]:
    """Units whose true ratios vary by `tau2` of square roots, against the bands that allow for it; and the average estimate of tau2."""
    rng, flagged, found = np.random.default_rng(SEED), 0, []
    for _ in range(networks):
        expected = np.exp(rng.uniform(np.log(20), np.log(400), units))
        observed = rng.poisson(expected * (1 + rng.normal(0, sqrt(tau2), units)) ** 2)
        estimate: Overdispersion = overdispersion(observed, expected)
        found.append(estimate.tau2)
        limits = overdispersed_ratio_limits(expected, estimate.tau2, (tail, 1 - tail))
        flagged += int(np.count_nonzero(sides(observed / expected, limits[:, 0], limits[:, 1])))
    return Share(flagged, networks * units, 2 * tail), float(np.mean(found))


def shrunken(networks: int, units: int, spread: float) -> tuple[Share, float]:
    """How often a true ratio lies outside its 95 % interval and the squared error of shrunken ratios over that of raw ones."""
    rng, outside, errors = np.random.default_rng(SEED), 0, np.zeros(2)
    for _ in range(networks):
        expected = np.exp(rng.uniform(np.log(5), np.log(200), units))
        truth = rng.gamma(1 / spread, spread, units)
        observed = rng.poisson(expected * truth)
        found = gamma_poisson(observed, expected)
        outside += int(np.count_nonzero((truth < found.low) | (truth > found.high)))
        errors += [((found.theta - truth) ** 2).sum(), ((observed / expected - truth) ** 2).sum()]
    return Share(outside, networks * units, 0.05), float(errors[0] / errors[1])


def intercepts(networks: int, units: int, sigma2: float) -> tuple[Share, float]:
    """How often the variance of a random intercept lies outside its 95 % interval, and the average estimate."""
    rng, outside, found = np.random.default_rng(SEED), 0, []
    unit = np.repeat(np.arange(units), 8)
    for _ in range(networks):
        offset, n = rng.normal(-2, 0.7, unit.size), rng.poisson(60, unit.size)
        logit = offset + rng.normal(0, sqrt(sigma2), units)[unit]
        fit = random_intercept(unit, rng.binomial(n, 1 / (1 + np.exp(-logit))), n, offset)
        outside += not fit.low <= sigma2 <= fit.high
        found.append(fit.sigma2)
    return Share(outside, networks, 0.05), float(np.mean(found))


def studies(networks: int) -> Iterator[tuple[str, Callable[[], Share | tuple[Share, float]]]]:
    for band, tail in BANDS.items():
        yield f"late reports, {band}, exact test", lambda tail=tail: late_reports(networks, tail, by_test=True)  # type: ignore[misc]
        yield f"late reports, {band}, drawn limits", lambda tail=tail: late_reports(networks, tail, by_test=False)  # type: ignore[misc]
        yield (
            f"late reports, {band}, exact test, pooled rate",
            lambda tail=tail: late_reports(networks, tail, by_test=True, is_pooled=True),  # type: ignore[misc]
        )
        yield f"addenda, {band}, exact test", lambda tail=tail: addenda(networks, tail, by_test=True)  # type: ignore[misc]
        yield f"addenda, {band}, drawn limits", lambda tail=tail: addenda(networks, tail, by_test=False)  # type: ignore[misc]
        yield f"late by case mix, {band}, z", lambda tail=tail: late_by_case_mix(networks, tail)  # type: ignore[misc]
    yield "two of three quarters outside 95 %", lambda: lasting(50 * networks, 0.05)
    for units in (10, 40):
        yield f"{units} units, tau² 0, 95 % wide band, mean tau²", lambda units=units: spread(networks, units, 0.0, 0.025)  # type: ignore[misc]
        yield f"{units} units, tau² .01, 95 % wide band, mean tau²", lambda units=units: spread(networks, units, 0.01, 0.025)  # type: ignore[misc]
        yield f"{units} units, tau² .01, 99.8 % wide band, mean tau²", lambda units=units: spread(networks, units, 0.01, 0.001)  # type: ignore[misc]
        yield f"{units} shrunken ratios, variance .05, error to raw", lambda units=units: shrunken(networks, units, 0.05)  # type: ignore[misc]
        yield f"{units} random intercepts, sigma² .25, mean sigma²", lambda units=units: intercepts(networks, units, 0.25)  # type: ignore[misc]


def main() -> None:
    networks = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for name, study in studies(networks):
        found = study()
        share, also = found if isinstance(found, tuple) else (found, None)
        end = "" if also is None else f"   {also:.4f}"
        print(f"{name:52} {share.measured:8.4%} of {share.of:7,}   theory {share.theory:8.4%}   {share.deviation:+6.1f} se{end}", flush=True)


if __name__ == "__main__":
    main()
