"""Funnels against the reference vectors, against exact arithmetic that shares nothing with them, and on networks where nothing differs."""

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from math import comb, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from benchmarks import funnels
from readout.stats.funnel import (
    MIN_UNITS,
    P,
    binomial_limits,
    binomial_sides,
    log_ratio_limits,
    mixed_limits,
    mixed_sides,
    overdispersed_proportion_limits,
    overdispersed_ratio_limits,
    overdispersion,
    overdispersion_logs,
    overdispersion_proportions,
    overdispersion_z,
    poisson_limits,
    poisson_sides,
    sides,
    z_limits,
    z_scores,
)
from readout.stats.intervals import exact_poisson, wilson
from readout.stats.persistence import expected_false_alarms, persistent
from tests.conftest import shared

O = [100, 150, 180, 80, 120, 225]  # noqa: E741
E = [108, 112, 165, 95, 100, 220]
CHANCES = st.floats(0.0005, 0.9995)


def vector(name: str) -> Any:
    return json.loads(shared("reference", "vectors.json").read_text("utf-8"))[name]


def slow(pmf: Any, p: float, zero: Any) -> float:
    """The count where the cumulative chance, added up one exact count at a time and joined by straight lines, reaches p."""
    below, k = zero, 0
    while below + pmf(k) < p:
        below, k = below + pmf(k), k + 1
    return float(k - 1 + (type(zero)(p) - below) / pmf(k))


def slow_binomial(theta: float, n: int, p: float) -> float:
    share = Fraction(theta)
    return slow(lambda k: comb(n, k) * share**k * (1 - share) ** (n - k), p, Fraction(0))


def slow_poisson(mean: float, p: float) -> float:
    with localcontext() as context:
        context.prec = 60
        terms = [(-Decimal(mean)).exp()]

        def pmf(k: int) -> Decimal:
            while len(terms) <= k:
                terms.append(terms[-1] * Decimal(mean) / len(terms))
            return terms[k]

        return slow(pmf, p, Decimal(0))


# The vectors


def test_binomial_vectors() -> None:
    v = vector("funnel")
    for one in v["binomial"]:
        np.testing.assert_allclose(binomial_limits(one["theta"], one["n"], v["p"]), one["limits"], atol=v["tolerance"], rtol=0)


def test_poisson_vectors() -> None:
    v = vector("funnel")
    limits = poisson_limits([one["E"] for one in v["poisson"]], v["p"])
    np.testing.assert_allclose(limits, [one["limits"] for one in v["poisson"]], atol=v["tolerance"], rtol=0)


def test_overdispersion_vectors() -> None:
    v = vector("overdispersion")
    for winsorise, key in ((0.1, "winsorised_10pct"), (0.05, "winsorised_5pct")):
        found = overdispersion(v["O"], v["E"], winsorise)
        assert found.phi == pytest.approx(v[key]["phi"], abs=v["tolerance"], rel=0)
        assert found.tau2 == pytest.approx(v[key]["tau2"], abs=1e-8, rel=0)


def test_overdispersed_limit_vectors() -> None:
    v = vector("overdispersion")
    low998, low95, high95, high998 = overdispersed_ratio_limits(108, overdispersion(v["O"], v["E"]).tau2)
    for found, expected in ((low95, high95), "95"), ((low998, high998), "99.8"):
        assert found == pytest.approx(v["ratio_limits_at_E_108"][expected], abs=v["tolerance"], rel=0)


def test_interval_vectors() -> None:
    v = vector("exact_poisson_ci")
    assert exact_poisson(v["O"]) == pytest.approx(v["ci"], abs=5e-5, rel=0)
    for one in vector("wilson"):
        assert wilson(one["x"], one["n"]) == pytest.approx(one["ci"], abs=1e-6, rel=0)


# Without the vectors: the same figures as the methods print them


def test_printed_figures() -> None:
    assert binomial_limits(0.9, 200) == pytest.approx([0.82643, 0.85403, 0.93731, 0.95715], abs=6e-6)
    assert poisson_limits(15) == pytest.approx([0.2716, 0.49066, 1.50554, 1.85581], abs=6e-6)
    assert overdispersion(O, E) == pytest.approx((2.327178, 0.00343978), abs=1e-6)


# Exact limits


@settings(max_examples=60)
@given(st.floats(0.001, 0.999), st.integers(1, 150), CHANCES)
def test_binomial_limits_by_exact_fractions(theta: float, n: int, p: float) -> None:
    exact = slow_binomial(theta, n, p) / n
    found = float(binomial_limits(theta, n, p))
    if exact < 0:
        assert np.isnan(found) if p < 0.5 else found == 0
    else:
        assert found == pytest.approx(exact, abs=1e-8)


@settings(max_examples=60)
@given(st.floats(0.01, 120), CHANCES)
def test_poisson_limits_by_exact_decimals(mean: float, p: float) -> None:
    exact = slow_poisson(mean, p) / mean
    found = float(poisson_limits(mean, p))
    if exact < 0:
        assert np.isnan(found) if p < 0.5 else found == 0
    else:
        assert found == pytest.approx(exact, rel=1e-8, abs=1e-8)


@settings(max_examples=50)
@given(st.integers(1, 100_000), st.floats(0.001, 0.999), st.lists(CHANCES, min_size=2, max_size=6))
def test_limits_rise_with_p(n: int, theta: float, p: list[float]) -> None:
    ordered = np.sort(p)
    for limits in (
        binomial_limits(theta, n, ordered),
        poisson_limits(n * theta, ordered),
        overdispersed_ratio_limits(n * theta, 0.01, ordered),
        overdispersed_proportion_limits(theta, n, 0.01, ordered),
        z_limits(n * theta, n * theta * (1 - theta), ordered),
    ):
        assert np.all(np.diff(limits[~np.isnan(limits)]) >= -1e-12)


def test_limits_narrow_with_size_and_cover_the_centre() -> None:
    sizes = np.array([20, 200, 2_000, 20_000, 2_000_000])
    for centre, limits in ((0.3, binomial_limits(0.3, sizes)), (1.0, poisson_limits(sizes))):
        assert np.all(np.diff(limits[:, 2] - limits[:, 1]) < 0) and np.all((limits[:, 1] < centre) & (limits[:, 2] > centre))


def test_shapes() -> None:
    assert binomial_limits(0.9, 50, 0.5).shape == () and binomial_limits(0.9, 50).shape == (4,)
    assert binomial_limits([0.9, 0.8, 0.7], [50, 60, 70]).shape == (3, 4)
    assert poisson_limits([[1.0, 2.0]], 0.975).shape == (1, 2) and poisson_limits([], P).shape == (0, 4)
    assert overdispersed_ratio_limits([5.0, 6.0], 0.01, [0.1]).shape == z_limits([5.0, 6.0], 4.0, [0.1]).shape == (2, 1)


def test_edges_of_limits() -> None:
    assert binomial_limits(0, 5).tolist() == [0.0] * 4 and binomial_limits(1, 5).tolist() == [1.0] * 4
    assert np.isnan(binomial_limits([0.0, 0.5, 1.0], 0)).all() and np.isnan(poisson_limits(0)).all()
    # Three expected: none is no surprise at 99.8 % nor at 95 %.
    assert np.isnan(poisson_limits(3)[:2]).all() and poisson_limits(3)[2:] == pytest.approx([2.13128, 3.04217], abs=1e-5)
    # One in ten thousand expected, of five: none is not above the limit, one is.
    assert binomial_limits(0.0001, 5, [0.001, 0.999]).tolist() == pytest.approx([nan, 0.0], nan_ok=True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: binomial_limits(1.1, 5), "theta"),
        (lambda: binomial_limits(0.5, 5.5), "whole"),
        (lambda: binomial_limits(0.5, -1), "n must"),
        (lambda: binomial_limits(0.5, 5, 1.0), "p is"),
        (lambda: poisson_limits(-1.0), "expected"),
        (lambda: poisson_limits(np.inf), "expected"),
        (lambda: poisson_limits(5, [0.0, 0.5]), "p is"),
        (lambda: binomial_sides(6, 5, 0.5), "observed"),
        (lambda: overdispersion_proportions([6], [5], 0.5), "observed"),
        (lambda: poisson_sides(6, 5, 0.5), "tail"),
        (lambda: overdispersion([1, 2], [1, 2], 0.5), "winsorise"),
        (lambda: overdispersed_ratio_limits(5, -0.1), "tau2"),
        (lambda: z_scores([1], [1], [-1]), "variance"),
        (lambda: exact_poisson(-1), "count"),
        (lambda: persistent([2, 0, 0]), "sides"),
        (lambda: expected_false_alarms(-1), "units"),
    ],
)
def test_errors_say_what(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


# Which units lie outside


@settings(max_examples=60)
@example(1, 0.07, 0.07)
@given(st.integers(1, 60), st.floats(0.01, 0.99), st.floats(0.001, 0.2))
def test_sides_by_exact_tails(n: int, theta: float, tail: float) -> None:
    share = Fraction(theta)
    chance = [comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
    counts = np.arange(n + 1)
    at_most = tail * (1 + 1e-12)
    expected = [1 if sum(chance[k:]) <= at_most else -1 if sum(chance[: k + 1]) <= at_most else 0 for k in counts]
    found = binomial_sides(counts, n, theta, tail)
    assert found.tolist() == expected
    # The complement mirrors, and whoever the test finds the drawn limits leave outside too.
    assert binomial_sides(n - counts, n, 1 - theta, tail).tolist() == [-s for s in expected]
    limits = binomial_limits(theta, n, (tail, 1 - tail))
    drawn = sides(counts / n, limits[0], limits[1])
    assert np.all(drawn[found != 0] == found[found != 0])
    assert np.count_nonzero(drawn != found) <= 1


def test_sides_of_few_examinations() -> None:
    assert sides(1.0, *binomial_limits(0.9, 10, (0.025, 0.975))) == 1 and binomial_sides(10, 10, 0.9, 0.025) == 0
    # One addendum where .04 was expected: 3.9 % of such reporters have one, and the drawn 99.8 % limit is passed.
    assert sides(1 / 0.04, *poisson_limits(0.04, (0.001, 0.999))) == 1 and poisson_sides(1, 0.04) == 0
    assert poisson_sides([0, 3, 15, 40, 0, 2], [15, 15, 15, 15, 0, 0]).tolist() == [-1, -1, 0, 1, 0, 0]
    assert binomial_sides([0, 0, 5, 5], [0, 5, 5, 5], [0.5, 0.5, 0.0, 1.0]).tolist() == [0, 0, 1, 0]
    assert sides([1.0, 1.0, nan], [nan, 1.0, 0.0], [0.9, 1.0, 1.0]).tolist() == [1, 0, 0]


# Overdispersion

UNITS = st.lists(st.tuples(st.integers(0, 400), st.floats(1, 400)), min_size=2, max_size=30)


@settings(max_examples=50)
@given(UNITS, st.randoms())
def test_relabelling_changes_nothing(units: list[tuple[int, float]], random: Any) -> None:
    shuffled = random.sample(units, len(units))
    assert overdispersion(*zip(*units, strict=True)) == pytest.approx(overdispersion(*zip(*shuffled, strict=True)), rel=1e-9, abs=1e-12)


@settings(max_examples=50)
@given(UNITS)
def test_overdispersion_by_the_letter(units: list[tuple[int, float]]) -> None:
    z = [((o / e) ** 0.5 - 1) * 2 * e**0.5 for o, e in units]
    ranked = sorted(z)

    def quantile(q: float) -> float:
        at = q * (len(z) - 1)
        low = int(at)
        return ranked[low] + (at - low) * (ranked[min(low + 1, len(z) - 1)] - ranked[low])

    held = [min(max(v, quantile(0.1)), quantile(0.9)) for v in z]
    count, phi = len(z), sum(v * v for v in held) / len(z)
    w = [4 * e for _, e in units]
    tau2 = max(0.0, (count * phi - (count - 1)) / (sum(w) - sum(v * v for v in w) / sum(w)))
    assert overdispersion(*zip(*units, strict=True)) == pytest.approx((phi, tau2), rel=1e-7, abs=1e-9)


def test_overdispersion_edges() -> None:
    assert overdispersion(E, E) == (0.0, 0.0)
    assert overdispersion([*O, 0], [*E, 0]) == overdispersion(O, E)
    phi, tau2 = overdispersion([100], [81])
    assert phi == pytest.approx(4.0) and np.isnan(tau2)
    assert np.isnan(overdispersion([], [])).all()
    assert overdispersion(O, E, 0.0).phi > overdispersion(O, E).phi
    assert MIN_UNITS == 10


def test_overdispersed_limits_hold_the_ends_and_widen() -> None:
    assert overdispersed_ratio_limits(4, 0.1)[0] == 0 and np.isnan(overdispersed_ratio_limits(0, 0.1)).all()
    assert overdispersed_proportion_limits(0.02, 20, 0.01)[0] == 0 and overdispersed_proportion_limits(0.98, 20, 0.01)[3] == 1
    assert np.isnan(overdispersed_proportion_limits(0.5, 0, 0.0)).all()
    for limits in (
        (overdispersed_ratio_limits(50, 0.0), overdispersed_ratio_limits(50, 0.02)),
        (
            overdispersed_proportion_limits(0.2, 300, 0.0),
            overdispersed_proportion_limits(0.2, 300, 0.02),
        ),
    ):
        assert np.all(limits[1][:2] < limits[0][:2]) and np.all(limits[1][2:] > limits[0][2:])
    # With nothing added they are the exact limits but for the approximation.
    np.testing.assert_allclose(overdispersed_ratio_limits(400, 0.0), poisson_limits(400), atol=0.01)
    np.testing.assert_allclose(overdispersed_proportion_limits(0.2, 4000, 0.0), binomial_limits(0.2, 4000), atol=0.001)


def test_proportions_mirror_and_approach_ratios_where_rare() -> None:
    n, late = np.array([900, 1100, 800, 1500, 700, 1000]), np.array([90, 150, 60, 140, 90, 100])
    theta = late.sum() / n.sum()
    found = overdispersion_proportions(late, n, theta)
    assert overdispersion_proportions(n - late, n, 1 - theta) == pytest.approx(found, rel=1e-9)
    late, n = np.array(O), np.array(E) * 10_000
    rare = overdispersion_proportions(late, n, 1e-4)
    assert rare.phi == pytest.approx(overdispersion(O, E).phi, rel=1e-3)


# Late reports with case mix


def test_z_scores_and_their_limits() -> None:
    z = z_scores([12, 20, 3], [10, 20, 3], [4, 9, 0])
    assert z.tolist() == pytest.approx([1.0, 0.0, nan], nan_ok=True)
    low, high = z_limits(10, 4, [0.025, 0.975])
    assert (low, high) == pytest.approx((1 - 1.959964 * 0.2, 1 + 1.959964 * 0.2), abs=1e-6)
    assert np.isnan(z_limits(2, 2, 0.001)) and np.isnan(z_limits(0, 0, 0.5)) and z_limits(10, 4, 0.975, tau2=0.01) > high


@pytest.mark.parametrize(("n", "p"), [(30, 0.15), (100, 0.12), (25, 0.3), (400, 0.2)])
def test_units_of_small_variance_are_outside_no_more_often_than_the_limits_say(n: int, p: float) -> None:
    """Of every count that is possible, with its exact chance: variance 3.8, 10.6, 5.3 and 64."""
    counts = np.arange(n + 1)
    chance, v = binom.pmf(counts, n, p), n * p * (1 - p)
    found = mixed_sides(counts, n * p, v)
    assert chance[found == 1].sum() <= 0.001 and chance[found == -1].sum() <= 0.001
    np.testing.assert_array_equal(found, binomial_sides(counts, n, p))
    if v < 25:
        np.testing.assert_allclose(mixed_limits(n * p, v) * p, binomial_limits(p, n), atol=1e-6)
    by_normal = np.asarray(counts / (n * p) > z_limits(n * p, v)[-1])
    if n in (30, 100):
        assert chance[by_normal].sum() > 0.00125, "the normal errs more often than it says"


def test_units_of_mixed_strata_are_judged_by_the_exact_tail() -> None:
    """Half at risk .05 and half at .5, against the exact sum of two binomials."""
    low, high = binom.pmf(np.arange(21), 20, 0.05), binom.pmf(np.arange(21), 20, 0.5)
    exact = np.convolve(low, high)
    found = mixed_sides(np.arange(41), 11.0, 20 * 0.05 * 0.95 + 20 * 0.25)
    assert exact[found == 1].sum() <= 0.0012 and exact[found == -1].sum() <= 0.0012
    assert found[25] == 1 and found[11] == 0


def test_z_agrees_with_the_binomial_for_one_stratum() -> None:
    n, theta = 20_000, 0.3
    np.testing.assert_allclose(z_limits(n * theta, n * theta * (1 - theta)) * theta, binomial_limits(theta, n), atol=5e-4)


def test_overdispersion_of_z() -> None:
    expected, variance = np.array([50.0, 60, 70, 80]), np.array([40.0, 45, 50, 60])
    phi, tau2 = overdispersion_z([80, 40, 95, 60], expected, variance)
    assert phi > 1 and tau2 > 0
    assert overdispersion_z(expected, expected, variance) == (0.0, 0.0)
    assert overdispersion_z([80, 40, 95, 60, 0], [*expected, 0], [*variance, 0]) == pytest.approx((phi, tau2))


# Persistence and chance


def test_different_only_when_it_lasts() -> None:
    quarters = [[1, 1, 0], [1, 0, 1], [-1, 0, -1], [1, -1, 0], [1, 0, 0], [1, nan, 1], [nan, nan, 1], [1, 1, 1]]
    assert persistent(quarters).tolist() == [1, 1, -1, 0, 0, 1, 0, 1]
    # Only the last three quarters count, and one alone never suffices.
    assert persistent([1, 1, 0, 0, 1]) == 0 and persistent([1]) == 0 and persistent([1, 1]) == 1
    assert persistent(np.zeros((3, 4, 3))).shape == (3, 4) and persistent(np.zeros((3, 0))).tolist() == [0, 0, 0]


def test_expected_false_alarms() -> None:
    assert expected_false_alarms(40, 0.05) == 2.0 and expected_false_alarms(500) == 1.0
    assert expected_false_alarms(1_000, is_persistent=True) == pytest.approx(1_000 * 2 * (3e-6 - 2e-9))
    assert expected_false_alarms(0) == 0 and expected_false_alarms(1, 1.0, is_persistent=True) == 1.0


@pytest.mark.parametrize(
    "study",
    [
        lambda: funnels.late_reports(200, 0.001, by_test=True),
        lambda: funnels.late_reports(200, 0.001, by_test=False),
        lambda: funnels.addenda(200, 0.001, by_test=True),
        lambda: funnels.addenda(200, 0.025, by_test=False),
        lambda: funnels.late_by_case_mix(200, 0.025),
        lambda: funnels.lasting(10_000, 0.05),
    ],
    ids=["late, test", "late, limits", "addenda, test", "addenda, limits 95 %", "case mix", "lasting"],
)
def test_networks_without_a_difference_are_flagged_as_often_as_theory_says(study: Any) -> None:
    share = study()
    assert abs(share.deviation) < 3.5


def test_the_exact_test_errs_no_more_than_it_says() -> None:
    assert funnels.late_reports(50, 0.001, by_test=True).theory <= 0.002
    assert funnels.addenda(50, 0.025, by_test=True).theory <= 0.05
    # The drawn limits err as they say on average over sizes, more than that above and less below.
    assert funnels.late_reports(50, 0.001, by_test=False).theory == pytest.approx(0.002, rel=0.1)


# The interval of a count


def test_exact_poisson_is_the_set_of_means_that_the_count_does_not_refute() -> None:
    low, high = exact_poisson([1, 5, 65])
    counts = np.array([1, 5, 65])
    for mean in (low, high):
        assert (poisson_sides(counts, mean * (1 + 1e-9), 0.025) == 0).all() or (poisson_sides(counts, mean * (1 - 1e-9), 0.025) == 0).all()
    assert (poisson_sides(counts, low * 0.999, 0.025) == 1).all() and (poisson_sides(counts, high * 1.001, 0.025) == -1).all()
    assert exact_poisson(0) == pytest.approx((0.0, 3.688879), abs=1e-6)
    assert exact_poisson(10, 0.998)[1] > exact_poisson(10)[1]


def test_limits_of_a_ratio_of_geometric_means():
    """By hand: variance .01 and z 3.0902 give exp(.30902); with tau2 .03 the root is .2. Far below 1 no unit is cut off."""
    assert log_ratio_limits(0.01)[[0, -1]] == pytest.approx([0.734164, 1.362093], abs=1e-5)
    assert log_ratio_limits([0.01], tau2=0.03)[0, -1] == pytest.approx(1.855297, abs=1e-5)
    alike = overdispersion_logs([0.1, -0.1, 0.1, -0.1], [0.01] * 4)
    assert alike.phi == pytest.approx(1) and alike.tau2 == pytest.approx((4 - 3) / (400 - 100))
    low, high = overdispersion_logs([-3.0, 1.0] * 6, [0.1] * 12), overdispersion_logs([3.0, -1.0] * 6, [0.1] * 12)
    assert low.tau2 == pytest.approx(high.tau2) and low.tau2 > 1
