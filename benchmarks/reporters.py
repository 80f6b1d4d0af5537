"""How often the rule by which a reporter is called different errs, on seeded networks whose truth is known, beside what theory says.

    python -m benchmarks.reporters [NETWORKS]      # 200 unless told

The rule is the product's own, `readout.analysis.reporters.outside` in each of three quarters and `persistent` over them: outside what chance gives (99.8 %,
exact) and outside the band that allows for what reporters differ by among themselves, on one side in two quarters of three. Theory counts every
number of addenda that the rule flags, at the true rate and with the true spread known; the rule has both from the reporters themselves.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import gamma, poisson

from benchmarks.funnels import Share
from readout.analysis.reporters import MEASURES, QUARTERS, TAIL, outside
from readout.stats.funnel import overdispersed_ratio_limits, poisson_sides, sides
from readout.stats.persistence import persistent

Floats = npt.NDArray[np.float64]
SEED, REPORTERS = 2026, 40
FEW, MANY = 0.5, 30.0  # addenda expected of a reporter in a quarter, evenly by their logarithm
RATE = 0.03
SPREADS = (0.0, 0.05, 0.2)  # variance of the true ratios
OUTLIER = 3.0


@dataclass(frozen=True)
class Study:
    """Reporters flagged in one quarter, and called different over three; by the whole rule and by the exact limits alone."""

    name: str
    once: Share
    lasting: Share
    lasting_by_chance_alone: Share


def addenda(networks: int, spread: float, *, outlier: float = 0.0) -> Study:
    """Networks of 40 reporters whose true ratios are gamma with mean 1 and variance `spread`, and last; with `outlier` only one more, of that ratio, is counted."""
    rng, units = np.random.default_rng(SEED), REPORTERS + bool(outlier)
    once = lasting = alone = 0
    sizes: list[Floats] = []
    for _ in range(networks):
        expected = np.exp(rng.uniform(np.log(FEW), np.log(MANY), units))
        truth = rng.gamma(1 / spread, spread, units) if spread else np.ones(units)
        if outlier:
            truth[-1] = outlier
        counted = slice(-1, None) if outlier else slice(None)
        by_quarter, exact = [], []
        for _ in range(QUARTERS):
            observed = rng.poisson(expected * truth)
            theirs = observed.sum() * expected / expected.sum()  # the rate of all together, as the product has it
            rows = [
                {"reporter_key": i, "count_judged": 100 * e, "count_observed": int(o), "expected": float(e), "variance": 0.99 * e}  # an addendum in a hundred
                for i, (o, e) in enumerate(zip(observed, theirs, strict=True))
            ]
            by_quarter.append(list(outside(MEASURES["addendum"], rows).values()))
            exact.append(poisson_sides(observed, theirs, TAIL))
        once += int(np.count_nonzero(np.array(by_quarter[-1])[counted]))
        lasting += int(np.count_nonzero(persistent(np.array(by_quarter).T)[counted]))
        alone += int(np.count_nonzero(persistent(np.array(exact).T)[counted]))
        sizes.append(expected[counted])
    size = np.concatenate(sizes)
    truths = np.array([outlier]) if outlier else gamma.ppf((np.arange(200) + 0.5) / 200, 1 / spread, scale=spread) if spread else np.ones(1)
    quarter, both = theory(truths, spread / 4)
    _, chance = theory(truths, None)
    name = f"one of {outlier:g} times the rate" if outlier else "nobody differs" if not spread else "all differ"
    return Study(
        f"{name}, variance {spread:g}",
        Share(once, size.size, quarter),
        Share(lasting, size.size, both),
        Share(alone, size.size, chance),
    )


def theory(truths: Floats, tau2: float | None) -> tuple[float, float]:
    """The chance that a reporter is flagged in a quarter, and in two of three on one side: by every count that the rule flags. tau2 None: no wide band."""
    expected = np.exp(np.linspace(np.log(FEW), np.log(MANY), 61))[:, None]
    counts = np.arange(400)
    flagged = np.asarray(poisson_sides(counts, expected, TAIL))
    if tau2 is not None:
        wide = overdispersed_ratio_limits(expected, tau2)
        beyond = sides(counts / expected, wide[..., 0], wide[..., -1])
        flagged = np.where(flagged == beyond, flagged, 0)
    once = lasting = 0.0
    for truth in truths:
        chance = poisson.pmf(counts, expected * truth)
        for side in (1, -1):
            t = (chance * (flagged == side)).sum(axis=1)
            once += float(t.mean())
            lasting += float((3 * t**2 - 2 * t**3).mean())
    return once / truths.size, lasting / truths.size


def studies(networks: int) -> Iterator[Study]:
    for spread in SPREADS:
        yield addenda(networks, spread)
    for spread in SPREADS:
        yield addenda(networks, spread, outlier=OUTLIER)


def said(share: Share) -> str:
    return f"{share.measured:8.3%} ({share.theory:7.3%})"


def main() -> None:
    networks = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"{networks} networks of {REPORTERS} reporters; measured, and in brackets what theory gives")
    print(f"{'':40}{'in a quarter':>20}{'called different':>20}{'without the band':>20}{'of':>8}")
    for s in studies(networks):
        print(f"{s.name:40}{said(s.once):>20}{said(s.lasting):>20}{said(s.lasting_by_chance_alone):>20}{s.once.of:>8,}", flush=True)


if __name__ == "__main__":
    main()
