"""Variance between units: the reference numbers, another program's estimates, slow integration, and networks whose truth is known."""

import json
from math import inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readout.stats.variance import icc, marginal_log_likelihood, median_odds_ratio, one_way, random_intercept
from tests.conftest import shared

# Davies 1947: yield of dyestuff in grams, five samples of each of six batches.
DYESTUFF = np.array(
    [
        [1545, 1440, 1440, 1520, 1580],
        [1540, 1555, 1490, 1560, 1495],
        [1595, 1550, 1605, 1510, 1560],
        [1445, 1440, 1595, 1465, 1545],
        [1595, 1630, 1515, 1635, 1625],
        [1520, 1455, 1450, 1480, 1445],
    ],
    float,
)


def summarised(groups: list[np.ndarray]) -> tuple[list[int], list[float], list[float]]:
    return [g.size for g in groups], [float(g.mean()) for g in groups], [float(g.var() * g.size) for g in groups]


def vectors() -> dict:  # type: ignore[type-arg]
    return json.loads(shared("reference", "vectors.json").read_text("utf-8"))  # type: ignore[no-any-return]


def test_vectors() -> None:
    v = vectors()
    assert icc(1764.05, 2451.25) == pytest.approx(v["icc"]["icc"], abs=v["icc"]["tolerance"])
    for one in v["median_odds_ratio"]:
        assert median_odds_ratio(one["sigma2"]) == pytest.approx(one["mor"], abs=5e-6)


def test_edges_of_the_two_summaries() -> None:
    assert np.isnan(icc(0, 0)) and icc(0, 3) == 0 and icc(3, 0) == 1
    assert median_odds_ratio(0) == 1 and median_odds_ratio(1e9) == inf
    for wrong in (lambda: icc(-1, 1), lambda: median_odds_ratio(-1), lambda: median_odds_ratio(float("nan"))):
        with pytest.raises(ValueError):
            wrong()


# One way


def test_dyestuff() -> None:
    found = one_way(*summarised(list(DYESTUFF)))
    assert (found.mean, found.between, found.within) == pytest.approx((1527.5, 1764.05, 2451.25), abs=5e-3)
    assert found.icc == pytest.approx(0.41849, abs=1e-5) and found.low < found.icc < found.high


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(2, 8), st.integers(2, 12), st.floats(0, 3))
def test_balanced_is_the_analysis_of_variance(seed: int, units: int, size: int, spread: float) -> None:
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(units, size)) + spread * rng.normal(size=(units, 1))
    inside, between = y.var(axis=1, ddof=1).mean(), y.mean(axis=1).var(ddof=1)
    found = one_way(*summarised(list(y)))
    expected = max(0.0, between - inside / size)
    assert found.between == pytest.approx(expected, abs=1e-3 * (expected + inside))
    if expected > 0.01:
        assert found.within == pytest.approx(inside, rel=1e-3)


def test_unbalanced_is_what_another_program_finds() -> None:
    import statsmodels.formula.api as smf
    from pandas import DataFrame

    rng = np.random.default_rng(5)
    groups = [rng.normal(3 + rng.normal(0, 0.7), 1.5, size) for size in (2, 3, 40, 7, 15, 90, 4, 22)]
    frame = DataFrame({"y": np.concatenate(groups), "g": np.repeat(np.arange(8), [g.size for g in groups])})
    other = smf.mixedlm("y ~ 1", frame, groups=frame["g"]).fit(reml=True)
    found = one_way(*summarised(groups))
    assert found.between == pytest.approx(float(other.cov_re.iloc[0, 0]), rel=1e-3)
    assert found.within == pytest.approx(float(other.scale), rel=1e-4)
    assert found.mean == pytest.approx(float(other.fe_params.iloc[0]), abs=1e-4)


def test_units_of_none_and_the_order_of_units_change_nothing() -> None:
    n, mean, squares = summarised([DYESTUFF[0], DYESTUFF[1, :3], DYESTUFF[4], DYESTUFF[5, :2]])
    found = one_way(n, mean, squares)
    assert one_way([*n, 0], [*mean, float("nan")], [*squares, 0]) == found
    turned = one_way(n[::-1], mean[::-1], squares[::-1])
    assert (turned.icc, turned.low, turned.high) == pytest.approx((found.icc, found.low, found.high), rel=1e-5)


def test_what_cannot_be_told_apart() -> None:
    for few in (([], [], []), ([5], [1.0], [2.0]), ([1, 1, 1], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0])):
        assert np.isnan(one_way(*few).icc)
    same = one_way([10, 10, 10], [2.0, 2.0, 2.0], [9.0, 9.0, 9.0])
    assert same.between == 0 and same.icc == 0 and same.low == 0 and 0 < same.high < 1
    apart = one_way([10, 10], [1.0, 3.0], [0.0, 0.0])
    assert (apart.between, apart.within, apart.icc) == (2.0, 0.0, 1.0)
    assert np.isnan(one_way([10, 10], [1.0, 1.0], [0.0, 0.0]).icc)
    for wrong in (([5, -1], [1, 1], [1, 1]), ([5, 5], [1, 1], [1, -1]), ([5, 5], [1, 1], [1])):
        with pytest.raises(ValueError):
            one_way(*wrong)


def test_interval_of_the_intraclass_correlation_holds_the_truth() -> None:
    rng, held = np.random.default_rng(11), 0
    for _ in range(200):
        groups = [rng.normal(rng.normal(0, 0.5), 1.0, size) for size in rng.integers(5, 60, 15)]
        found = one_way(*summarised(groups))
        held += found.low <= 0.2 <= found.high
    assert 180 <= held <= 199


# Random intercept


def simulated(seed: int, units: int, strata: int, size: float, sigma: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(units), strata)
    offset, n = rng.normal(-1.5, 1.0, unit.size), rng.poisson(size, unit.size)
    logit = offset + rng.normal(0, sigma, units)[unit]
    return unit, rng.binomial(n, 1 / (1 + np.exp(-logit))), n, offset


def integrated(unit: np.ndarray, observed: np.ndarray, n: np.ndarray, offset: np.ndarray, intercept: float, sigma: float) -> float:
    """The log likelihood by sixty thousand small steps a unit."""
    b, total = np.linspace(-9 * sigma, 9 * sigma, 60_001), 0.0
    for one in np.unique(unit):
        logs = -(b**2) / (2 * sigma**2) - log(sigma * np.sqrt(2 * np.pi))
        for y, size, level in zip(observed[unit == one], n[unit == one], offset[unit == one], strict=True):
            logs = logs + y * (level + intercept + b) - size * np.logaddexp(0, level + intercept + b)
        total += logs.max() + log(np.exp(logs - logs.max()).sum() * (b[1] - b[0]))
    return total


@pytest.mark.parametrize(("size", "intercept", "sigma"), [(0.5, -0.3, 1.0), (5, 0.2, 0.4), (3_000, 0.0, 0.6), (40, 0.5, 3.0), (8, 0.0, 0.02)])
def test_likelihood_by_slow_integration(size: float, intercept: float, sigma: float) -> None:
    rows = simulated(3, 6, 4, size, 0.6)
    found = marginal_log_likelihood(*rows, intercept, sigma)
    assert found == pytest.approx(integrated(*rows, intercept, sigma), abs=1e-5, rel=1e-9)


def test_estimate_is_where_the_slow_likelihood_is_greatest() -> None:
    rows = simulated(8, 8, 3, 30, 0.7)
    found = random_intercept(*rows)
    sigma = found.sigma2**0.5
    best = integrated(*rows, found.intercept, sigma)
    for d_intercept, d_sigma in ((0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02)):
        assert integrated(*rows, found.intercept + d_intercept, sigma + d_sigma) < best
    # An end of the interval is where the best that any intercept can do has fallen by half the 95 % point of chi-square.
    for end in (found.low, found.high):
        profile = max(integrated(*rows, a, end**0.5) for a in np.linspace(found.intercept - 0.5, found.intercept + 0.5, 41))
        assert profile == pytest.approx(best - 3.841459 / 2, abs=0.01)


def test_finds_the_truth_on_average_and_holds_it() -> None:
    fits = [random_intercept(*simulated(seed, 30, 6, 50, 0.5)) for seed in range(60)]
    assert float(np.mean([fit.sigma2 for fit in fits])) == pytest.approx(0.25, abs=0.03)
    assert float(np.mean([fit.intercept for fit in fits])) == pytest.approx(0.0, abs=0.05)
    assert 53 <= sum(fit.low <= 0.25 <= fit.high for fit in fits) <= 60


def test_no_difference_gives_none() -> None:
    fits = [random_intercept(*simulated(seed, 12, 5, 80, 0.0)) for seed in range(40)]
    assert sum(fit.low == 0 for fit in fits) >= 36 and sum(fit.sigma2 == 0 for fit in fits) >= 15
    assert max(fit.high for fit in fits) < 0.2


def test_strata_may_be_split_and_units_renamed_and_empty_rows_added() -> None:
    unit, observed, n, offset = simulated(4, 9, 3, 40, 0.5)
    found = random_intercept(unit, observed, n, offset)
    names = np.array([f"unit {9 - u}" for u in unit])
    order = np.random.default_rng(1).permutation(unit.size)
    half = n // 2
    part = np.minimum(observed, half)
    split = [np.concatenate(v) for v in ((names, names), (part, observed - part), (half, n - half), (offset, offset))]
    more = [np.append(v, extra) for v, extra in zip(split, (["new"] * 2, [0, 0], [0, 7], [0.3, -inf]), strict=True)]
    for other in (
        random_intercept(names[order], observed[order], n[order], offset[order]),
        random_intercept(*split),
        random_intercept(*more),
    ):
        assert (other.sigma2, other.low, other.high) == pytest.approx((found.sigma2, found.low, found.high), rel=1e-4)


def test_one_event_of_few_reports_is_told_as_far_as_it_goes() -> None:
    """Far out the quadrature of a single event depends on where the search began; asked twice it once said two things, and no end was found."""
    n = [3, 10, 11, 15, 10, 12, 25, 10, 8, 16, 24, 9, 3, 9, 14, 6, 7, 8, 20, 2, 17, 7, 9, 10, 13, 9, 9, 11, 14, 12, 31, 10, 13, 10, 6, 4, 12, 12, 11, 11, 5, 8]
    for at in range(len(n)):
        fit = random_intercept(range(len(n)), [int(i == at) for i in range(len(n))], n, np.linspace(-7, -5.9, len(n)))
        assert 0 <= fit.low <= fit.sigma2 <= fit.high and fit.low == 0


def test_what_gives_no_estimate() -> None:
    for few in (([], [], [], []), ([1, 1], [3, 4], [9, 9], [0, 0]), ([1, 2], [0, 0], [9, 9], [0, 0]), ([1, 2], [9, 9], [9, 9], [0, 0])):
        assert np.isnan(random_intercept(*few).sigma2)
    assert np.isnan(marginal_log_likelihood([1], [3], [9], [0], 0.0, 1.0))
    apart = random_intercept([1, 2], [0, 50], [50, 50], [0.0, 0.0])
    assert apart.high == inf and apart.low > 1
    for wrong in (([1, 2], [5, 1], [4, 4], [0, 0]), ([1, 2], [1, 1], [4, 4], [-inf, 0]), ([1, 2], [1, 1], [4, 4], [inf, 0]), ([1], [1, 1], [4], [0])):
        with pytest.raises(ValueError):
            random_intercept(*wrong)
