"""Shrunken ratios against the reference vector, as the posterior they claim to be, and at every degenerate case."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from benchmarks import funnels
from readout.stats.shrinkage import gamma_poisson
from tests.conftest import shared

O = [100, 150, 180, 80, 120, 225]  # noqa: E741
E = [108, 112, 165, 95, 100, 220]
UNITS = st.lists(st.tuples(st.integers(0, 300), st.floats(0.5, 300)), min_size=1, max_size=25)


def test_vector() -> None:
    v = json.loads(shared("reference", "vectors.json").read_text("utf-8"))["shrinkage_gamma_poisson"]
    found = gamma_poisson(v["O"], v["E"])
    assert (found.m, found.A) == pytest.approx((v["m"], v["A"]), abs=1e-8)
    np.testing.assert_allclose(found.B, v["B"], atol=v["tolerance"], rtol=0)
    np.testing.assert_allclose(found.theta, v["theta"], atol=v["tolerance"], rtol=0)


def test_theta_is_the_mean_of_the_posterior_gamma() -> None:
    """By adding up prior times likelihood on a fine grid, gamma functions left out."""
    found = gamma_poisson(O, E)
    t = np.linspace(1e-4, 4, 40_001)
    for theta, o, e in zip(found.theta, O, E, strict=True):
        logs = (found.m**2 / found.A - 1) * np.log(t) - found.m / found.A * t + o * np.log(t) - e * t
        mass = np.exp(logs - logs.max())
        assert theta == pytest.approx(float(mass @ t / mass.sum()), abs=1e-5)


def test_interval_by_drawing_networks_like_this_one() -> None:
    """Networks drawn from the prior and kept by how likely they make the counts; the quantiles of the true ratios they imply."""
    o, e, rng = np.array([14.0, 40.0, 22.0]), np.array([20.0, 25.0, 24.0]), np.random.default_rng(3)
    spread, m = rng.uniform(0.01, 2, 200_000), np.exp(rng.uniform(-2.5, 2.5, 200_000))
    shape, rate = 1 / spread**2, 1 / spread**2 / m
    logs = sum(nbinom.logpmf(count, shape, rate / (rate + mean)) for count, mean in zip(o, e, strict=True))
    kept = rng.choice(spread.size, 40_000, p=np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum())
    found = gamma_poisson(o, e)
    for i in range(3):
        low, high = np.quantile(rng.gamma(shape[kept] + o[i], 1 / (rate[kept] + e[i])), [0.025, 0.975])
        # The grid of m reaches three standard errors, the draws everywhere: they part a little.
        assert (found.low[i], found.high[i]) == pytest.approx((low, high), abs=0.05)


@settings(max_examples=40)
@given(UNITS, st.randoms())
def test_drawn_towards_the_network_and_indifferent_to_labels(units: list[tuple[int, float]], random) -> None:  # type: ignore[no-untyped-def]
    order = random.sample(range(len(units)), len(units))
    o, e = (np.array(v, float) for v in zip(*units, strict=True))
    found, shuffled = gamma_poisson(o, e), gamma_poisson(o[order], e[order])
    assert np.all(np.abs(found.theta - found.m) <= np.abs(o / e - found.m) + 1e-9)
    assert np.all((found.B >= 0) & (found.B <= 1))
    np.testing.assert_allclose(shuffled.A, found.A, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(shuffled.theta, found.theta[order], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(shuffled.low, found.low[order], rtol=1e-6, atol=1e-9)
    assert np.all((found.low < found.high) | np.isnan(found.low))
    assert np.all(np.diff(found.B[np.argsort(e, kind="stable")]) >= -1e-12)


def test_interval_narrows_with_volume() -> None:
    found = gamma_poisson([*O, 10, 1_000], [*E, 10, 1_000])
    assert found.high[6] - found.low[6] > 2 * (found.high[7] - found.low[7])
    wider = gamma_poisson(O, E, level=0.998)
    assert np.all(wider.low < gamma_poisson(O, E).low)


@pytest.mark.parametrize(("o", "e"), [([7], [5.0]), ([10, 20, 30], [5.0, 10.0, 15.0]), ([10, 21, 29], [10, 20, 30]), ([1, 1, 1], [0.3, 0.3, 0.3])])
def test_no_more_than_chance_gives_the_network_ratio_and_still_an_interval(o: list[int], e: list[float]) -> None:
    found = gamma_poisson(o, e)
    assert found.A == 0 and np.all(found.B == 0) and found.theta == pytest.approx([sum(o) / sum(e)] * len(o))
    assert np.all((found.low < found.m) & (found.m < found.high)) if len(o) > 1 else np.isnan(found.low).all()


def test_units_that_expect_nothing() -> None:
    with_none, without = gamma_poisson([*O, 0], [*E, 0]), gamma_poisson(O, E)
    assert (with_none.m, with_none.A) == pytest.approx((without.m, without.A))
    assert with_none.B[-1] == 0 and with_none.theta[-1] == pytest.approx(without.m)
    assert with_none.high[-1] - with_none.low[-1] > np.max(with_none.high[:-1] - with_none.low[:-1])
    assert np.isnan(gamma_poisson([0, 0], [0, 0]).theta).all() and gamma_poisson([], []).theta.shape == (0,)
    never = gamma_poisson([0, 0], [4, 5])
    assert never.m == 0 and never.theta.tolist() == [0, 0] and np.isnan(never.low).all()


@pytest.mark.parametrize(("o", "e", "level"), [([1], [0], 0.95), ([-1], [1], 0.95), ([1, 2], [1], 0.95), ([[1]], [[1]], 0.95), ([1], [1], 1.0)])
def test_what_cannot_be_is_refused(o: list[int], e: list[int], level: float) -> None:
    with pytest.raises(ValueError):
        gamma_poisson(o, e, level)


@pytest.mark.parametrize(("units", "spread"), [(10, 0.05), (10, 0.005), (40, 0.05)])
def test_nearer_the_truth_than_raw_ratios_and_intervals_hold_it(units: int, spread: float) -> None:
    outside, error = funnels.shrunken(30, units, spread)
    assert error < 0.6 and outside.measured < 0.08
