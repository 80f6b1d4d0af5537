"""Control charts against the reference vectors, against a slow reading of the rules that shares nothing with them, and at every degenerate case."""

import json
import math
import random
from collections import Counter
from typing import Any

import polars as pl
import pytest

from readout.errors import UsageError
from readout.stats import spc_chance
from readout.stats.spc import BURST_HIGH, BURST_LOW, HIGH, RECORD, RULES, Met, assurance, expected_signals, is_trial, last_flag, met, p_prime, u_prime, variation, xmr
from tests.conftest import shared

COLUMNS = ["x", "mean", "lpl", "upl", "near_lower", "near_upper", "group", "flag"]
LINES = COLUMNS[1:6]
HALF, WAVE = [50.0, 52.0] * 6, [50.0, 52.0, 51.0] * 8


def vector(name: str) -> dict[str, Any]:
    vectors = json.loads(shared("reference", "vectors.json").read_text("utf-8"))["spc"]
    return next(v for v in vectors if v["id"] == name)


def flagged(chart: pl.DataFrame) -> dict[int, str]:
    """The flags by point, counted from 1."""
    return {i: flag for i, flag in enumerate(chart["flag"], 1) if flag is not None}


def lines(chart: pl.DataFrame, point: int) -> dict[str, float]:
    """The lines at a point, counted from 1."""
    return {name: chart[name][point - 1] for name in LINES}


def near(chart: pl.DataFrame, point: int, expected: dict[str, float], tolerance: float) -> None:
    drawn = lines(chart, point)
    for name in set(LINES) & set(expected):
        assert drawn[name] == pytest.approx(expected[name], abs=tolerance, rel=0), name
    if "amr" in expected:
        assert (drawn["upl"] - drawn["mean"]) / 2.66 == pytest.approx(expected["amr"], abs=tolerance, rel=0)


# The vectors


def test_vector_a_screened_and_not() -> None:
    v = vector("A")
    for key in ("screened", "unscreened"):
        chart = xmr(v["y"], better=v["better"], screen_ranges=key == "screened")
        near(chart, 1, v[key], v["tolerance"])
        assert flagged(chart) == {int(k): f for k, f in v["flags"].items()}
        assert variation(chart) == v["variation"]


def test_vector_b_shift_two_of_three_and_limit() -> None:
    v = vector("B")
    chart = xmr(v["y"], better=v["better"], target=v["target"])
    near(chart, 24, v["screened"], v["tolerance"])
    assert flagged(chart) == {int(k): f for k, f in v["flags"].items()}
    assert variation(chart) == "improvement"
    assert assurance(chart) == v["assurance"]


def test_vector_c_rebased() -> None:
    v = vector("C")
    chart = xmr(v["y"], better=v["better"], target=v["target"], rebase_at=v["rebase_at"])
    for point, expected in zip((1, 26), v["groups"], strict=True):
        near(chart, point, expected, v["tolerance"])
    assert chart["group"].to_list() == [1] * 13 + [2] * 13
    assert flagged(chart) == v["flags"]
    assert assurance(chart) == v["assurance"]


def test_vector_c_without_a_rebase() -> None:
    v, expected = vector("C"), vector("C")["without_rebase"]
    raw = xmr(v["y"], screen_ranges=False)
    near(raw, 1, expected["unscreened"], v["tolerance"])
    assert len(flagged(raw)) == expected["unscreened"]["flagged"] and raw["flag"][-1] == expected["unscreened"]["last"]
    screened = xmr(v["y"])
    near(screened, 1, expected["screened"], v["tolerance"])
    assert screened["flag"][1] == expected["screened"]["point_2"] and screened["flag"][-1] == expected["screened"]["last"]


def test_vector_c_on_a_baseline() -> None:
    v = vector("C")
    chart = xmr(v["y"], baseline=12)
    near(chart, 26, v["baseline_12"], v["tolerance"])
    assert flagged(chart) == dict.fromkeys(range(14, 27), v["baseline_12"]["flags_14_to_26"])


def test_vector_d_the_later_trend_takes_the_turning_point() -> None:
    v = vector("D")
    chart = xmr(v["y"], better=v["better"])
    near(chart, 1, v["screened"], v["tolerance"])
    assert flagged(chart) == {i: flag for start, stop, flag in v["flags_ranges"] for i in range(start, stop + 1)}
    assert variation(chart) == v["variation"]


def test_vector_laney() -> None:
    v = vector("laney")
    chart = p_prime(v["x"], v["n"], better="up")
    tolerance = v["tolerance"]
    assert chart["mean"][0] == pytest.approx(v["pbar"], abs=tolerance, rel=0)
    assert chart["sigma_z"].to_list() == pytest.approx([v["sigma_z"]] * 12, abs=tolerance, rel=0)
    assert [chart["lpl"][0], chart["upl"][0]] == pytest.approx(v["first_point_p_prime_limits"], abs=tolerance, rel=0)
    plain = [v["pbar"] + (line - chart["mean"][0]) / chart["sigma_z"][0] for line in (chart["lpl"][0], chart["upl"][0])]
    assert plain == pytest.approx(v["first_point_p_limits"], abs=2 * tolerance, rel=0)


def test_vector_near_constant() -> None:
    v = vector("near_constant")
    chart = xmr(v["y"], better=v["better"])
    near(chart, 1, v, v["tolerance"])
    assert flagged(chart) == {**dict.fromkeys(range(1, 24), v["flags"]["1..23"]), 24: v["flags"]["24"]}


def test_vector_constant_at_its_target() -> None:
    v = vector("constant_at_target")
    for bounds in ((None, None), (0, 1)):
        chart = xmr(v["y"], better=v["better"], target=v["target"], bounds=bounds)
        near(chart, 18, v, 0)
        assert flagged(chart) == v["flags"]
        assert (variation(chart), assurance(chart)) == (v["variation"], v["assurance"])


# A slow reading of the rules: every point asks every rule in turn, by definition


def slow_flag(i: int, xs: list[float | None], mean: float, low: list[Any], high: list[Any], near_low: list[Any], near_high: list[Any]) -> str | None:
    e = 1e-9 * max(1, abs(mean))
    v = xs[i]
    if v is None:
        return None
    if v - high[i] > e:
        return "above_limit"
    if low[i] - v > e:
        return "below_limit"
    for start in range(i, i - 7, -1):  # the later trend first
        window = xs[start : start + 7] if start >= 0 else []
        if len(window) == 7 and None not in window:
            if all(window[k + 1] - window[k] > e for k in range(6)):
                return "trend_up"
            if all(window[k] - window[k + 1] > e for k in range(6)):
                return "trend_down"
    for start in (i - 2, i - 1, i):
        where = [k for k in (start, start + 1, start + 2) if 0 <= k < len(xs) and xs[k] is not None]
        if len(where) < 3:
            continue
        if all(xs[k] - mean > e for k in where):
            inside = [k for k in where if xs[k] - near_high[k] > e and xs[k] - high[k] <= e]
            if len(inside) >= 2 and i in inside:
                return "two_of_three_high"
        if all(mean - xs[k] > e for k in where):
            inside = [k for k in where if near_low[k] - xs[k] > e and low[k] - xs[k] <= e]
            if len(inside) >= 2 and i in inside:
                return "two_of_three_low"
    for start in range(i - 6, i + 1):
        window = xs[start : start + 7] if start >= 0 else []
        if len(window) == 7 and None not in window:
            if all(w - mean > e for w in window):
                return "shift_high"
            if all(mean - w > e for w in window):
                return "shift_low"
    return None


def slow_parts(length: int, rebase_at: list[int]) -> list[tuple[int, int]]:
    edges = [1]
    for r in sorted(rebase_at):
        if r != 1:
            edges.append(r)
    edges.append(length + 1)
    return [(edges[k] - 1, edges[k + 1] - 1) for k in range(len(edges) - 1)]


def slow_baseline(xs: list[float | None], baseline: int | None) -> list[float | None]:
    kept: list[float | None] = []
    for v in xs:
        if baseline is not None and sum(k is not None for k in kept) == baseline:
            break
        kept.append(v)
    return kept


def slow_xmr(xs: list[float | None], screen: bool, baseline: int | None) -> list[Any]:
    """The mean, and 2.66 average moving ranges."""
    base = slow_baseline(xs, baseline)
    total, count = 0.0, 0
    for v in base:
        if v is not None:
            total += v
            count += 1
    if count == 0:
        return [None, None]
    mean = total / count
    e = 1e-9 * max(1, abs(mean))
    moving = []
    for k in range(1, len(base)):
        if base[k] is not None and base[k - 1] is not None:
            moving.append(abs(base[k] - base[k - 1]))
    if not moving:
        return [mean, None]
    amr = sum(moving) / len(moving)
    if screen and amr > e:
        smaller = [m for m in moving if 3.267 * amr - m > e]
        again = sum(smaller) / len(smaller)
        if again > e:
            amr = again
    return [mean, 0 if amr <= e else 2.66 * amr]


def slow_chart(xs: list[float | None], screen: bool, baseline: int | None, rebase_at: list[int]) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for group, (start, stop) in enumerate(slow_parts(len(xs), rebase_at), 1):
        part = xs[start:stop]
        mean, reach = slow_xmr(part, screen, baseline)
        n = len(part)
        for i in range(n):
            if reach is None:
                rows.append([part[i], mean, None, None, None, None, group, None])
            else:
                where = [mean - reach, mean + reach, mean - reach * 2 / 3, mean + reach * 2 / 3]
                rows.append([part[i], mean, *where, group, slow_flag(i, part, mean, *([w] * n for w in where))])
    return rows


def slow_prime(
    counts: list[Any], sizes: list[Any], is_share: bool, baseline: int | None, rebase_at: list[int]
) -> tuple[list[list[Any]], list[tuple[float | None, bool | None]]]:
    xs = [None if c is None or n is None or n == 0 else c / n for c, n in zip(counts, sizes, strict=True)]
    rows: list[list[Any]] = []
    sigmas: list[tuple[float | None, bool | None]] = []
    for group, (start, stop) in enumerate(slow_parts(len(xs), rebase_at), 1):
        part = xs[start:stop]
        base = slow_baseline(part, baseline)
        c = sum(counts[start + k] for k in range(len(base)) if base[k] is not None)
        n = sum(sizes[start + k] for k in range(len(base)) if base[k] is not None)
        if c == 0 or (is_share and c == n):
            for row in slow_chart(part, False, baseline, []):
                rows.append([*row[:6], group, row[7]])
                sigmas.append((None, None))
            continue
        mean = c / n
        size_of = [sizes[start + k] if part[k] is not None else None for k in range(len(part))]
        sd = [None if s is None else math.sqrt((mean * (1 - mean) if is_share else mean) / s) for s in size_of]
        jumps = [abs((base[k] - mean) / sd[k] - (base[k - 1] - mean) / sd[k - 1]) for k in range(1, len(base)) if base[k] is not None and base[k - 1] is not None]
        if not jumps:
            rows += [[v, mean, None, None, None, None, group, None] for v in part]
            sigmas += [(None, None)] * len(part)
            continue
        z = sum(jumps) / len(jumps) / 1.128
        widen = z if z > 1 else 1
        four: list[list[Any]] = [[], [], [], []]
        for s in sd:
            for line, k in zip(four, (-3, 3, -2, 2), strict=True):
                if s is None:
                    line.append(None)
                else:
                    at = mean + k * s * widen
                    line.append(0 if at < 0 else 1 if is_share and at > 1 else at)
        for i, v in enumerate(part):
            rows.append([v, mean, *(line[i] for line in four), group, slow_flag(i, part, mean, *four)])
            sigmas.append((widen, z < 1))
    return rows, sigmas


def same(chart: pl.DataFrame, rows: list[list[Any]]) -> bool:
    drawn = chart.select(COLUMNS).rows()
    if len(drawn) != len(rows):
        return False
    for a, b in zip(drawn, rows, strict=True):
        if a[6:] != tuple(b[6:]):
            return False
        for p, q in zip(a[:6], b[:6], strict=True):
            if (p is None) != (q is None) or (p is not None and not math.isclose(p, q, rel_tol=1e-9, abs_tol=1e-9)):
                return False
    return True


def series(rng: random.Random) -> list[float | None]:
    """A rounded series of one of many kinds: noise, ties, walks, ramps, steps, shares against their ceiling, nearly constant, large and small."""
    n = rng.choice([0, 1, 2, 3, 6, 7, 8, 11, 12, 13, 24, 30, 36, 45])
    kind, places = rng.randrange(9), rng.choice([0, 0, 1, 2])
    if kind == 0:
        xs = [rng.gauss(50, 3) for _ in range(n)]
    elif kind == 1:
        xs = [float(rng.choice([1, 2, 2, 2, 3])) for _ in range(n)]
    elif kind == 2:
        xs, at = [], 50.0
        for _ in range(n):
            at += rng.gauss(0, 1)
            xs.append(at)
    elif kind == 3:
        turn = rng.randint(1, 12)
        xs = [rng.choice([0.0, 0.3]) * rng.random() + abs((i % (2 * turn)) - turn) for i in range(n)]
    elif kind == 4:
        step = rng.randint(0, max(n, 1))
        xs = [rng.gauss(50, 2) + (rng.choice([3, 6]) if i >= step else 0) for i in range(n)]
    elif kind == 5:
        xs = [min(100.0, rng.gauss(99.5, 1)) for _ in range(n)]
    elif kind == 6:
        odd = rng.randrange(max(n, 1))
        xs = [99.8 if i == odd else 100.0 for i in range(n)]
    elif kind == 7:
        xs, places = [rng.gauss(4e6, 2e4) for _ in range(n)], -3
    else:
        xs, places = [rng.betavariate(8, 2) for _ in range(n)], 3
    gaps = rng.choice([0, 0, 0, 0.05, 0.3])
    return [None if rng.random() < gaps else round(x, places) for x in xs]


def test_charts_equal_the_slow_reading_of_the_rules() -> None:
    rng, seen = random.Random(20260611), Counter[str]()
    for number in range(4_000):
        xs = series(rng)
        rebase_at = rng.sample(range(1, len(xs) + 1), min(len(xs), rng.choice([0, 0, 0, 1, 2, 3])))
        baseline = rng.choice([None, None, 12, 15, 24])
        for screen in (True, False):
            chart = xmr(xs, screen_ranges=screen, baseline=baseline, rebase_at=rebase_at)
            assert same(chart, slow_chart(xs, screen, baseline, rebase_at)), f"series {number}: {xs} {screen} {baseline} {rebase_at}"
            seen.update(flagged(chart).values())
    assert set(seen) == set(RULES) - {RECORD, BURST_HIGH, BURST_LOW}  # which no chart sets by itself, see test_judgeable and min(seen.values()) > 500


@pytest.mark.parametrize("is_share", [True, False])
def test_prime_charts_equal_the_slow_reading_of_the_rules(is_share: bool) -> None:
    rng, seen = random.Random(1128), Counter[str]()
    for number in range(600):
        n = rng.choice([0, 1, 2, 8, 13, 24, 40])
        true, size = rng.choice([0.0, 0.02, 0.5, 0.9, 0.99, 1.0]), rng.choice([3, 40, 2_000])
        sizes: list[Any] = [rng.choice([None, 0]) if rng.random() < 0.06 else rng.randint(1, size) for _ in range(n)]
        counts: list[Any] = []
        for i, s in enumerate(sizes):
            true = min(1.0, max(0.0, true + rng.choice([0, 0, 0.01, -0.01]))) if 0 < true < 1 else true
            counts.append(None if s is None or rng.random() < 0.03 else min(s, round(s * true + rng.gauss(0, 1) * (0 < true < 1) * i % 3)))
        counts = [c if c is None else max(c, 0) for c in counts]
        rebase_at = rng.sample(range(1, n + 1), min(n, rng.choice([0, 0, 1, 2])))
        baseline = rng.choice([None, 12])
        chart = (p_prime if is_share else u_prime)(counts, sizes, better="up", baseline=baseline, rebase_at=rebase_at)
        rows, sigmas = slow_prime(counts, sizes, is_share, baseline, rebase_at)
        assert same(chart, rows), f"series {number}: {counts} {sizes} {baseline} {rebase_at}"
        for (sigma, is_raised), (want, want_raised) in zip(chart.select("sigma_z", "is_sigma_z_raised").rows(), sigmas, strict=True):
            assert is_raised == want_raised and (sigma == want if want is None else sigma == pytest.approx(want))
        seen.update(flagged(chart).values())
    assert set(seen) == set(RULES) - {RECORD, BURST_HIGH, BURST_LOW}  # which no chart sets by itself, see test_judgeable


# The shape of a chart


def test_a_chart_has_its_columns_whatever_it_holds() -> None:
    empty = xmr([])
    assert empty.columns == [*COLUMNS, "target", "better", "is_target_bound"]
    assert p_prime([], [], better="up").columns == [*empty.columns, "sigma_z", "is_sigma_z_raised"]
    assert xmr([None, None]).schema == xmr(WAVE, target=3).schema == empty.schema
    assert p_prime([1], [2], better="up").schema == u_prime([], [], better="down").schema


def test_a_polars_series_and_a_list_give_one_chart() -> None:
    xs = [1.0, None, 3.0, 4.0, 2.0, 5.0]
    assert xmr(pl.Series(xs)).equals(xmr(xs))
    assert xmr([1, math.nan, 3, 4, 2, 5]).equals(xmr(xs))
    assert xmr(pl.Series([1, None, 3, 4, 2, 5])).equals(xmr(xs))


# The rules, one by one


def test_a_point_on_a_limit_is_not_beyond_it_and_counts_for_two_of_three() -> None:
    base = HALF  # mean 51, average range 2: limits 51 ± 5.32, near 51 ± 3.5467
    chart = xmr([*base, 56.32, 51.5, 56.32, 51.0, 56.33], baseline=12)
    assert flagged(chart) == {13: "two_of_three_high", 15: "two_of_three_high", 17: "above_limit"}
    below = xmr([*base, 45.68, 50.5, 45.68, 51.0, 45.67], baseline=12)
    assert flagged(below) == {13: "two_of_three_low", 15: "two_of_three_low", 17: "below_limit"}


def test_a_point_on_a_near_limit_does_not_count() -> None:
    edge = 51 + 2.66 * 2 / 3 * 2
    assert flagged(xmr([*HALF, edge, edge, edge], baseline=12)) == {}
    assert flagged(xmr([*HALF, edge + 1e-6, edge, edge + 1e-6], baseline=12)) == {13: "two_of_three_high", 15: "two_of_three_high"}


def test_two_of_three_need_all_three_on_one_side_and_the_third_may_lie_beyond_the_limit() -> None:
    assert flagged(xmr([*HALF, 55, 50.9, 55], baseline=12)) == {}
    assert flagged(xmr([*HALF, 55, 51, 55], baseline=12)) == {}
    assert flagged(xmr([*HALF, 55, 60, 55, 50], baseline=12)) == {13: "two_of_three_high", 14: "above_limit", 15: "two_of_three_high"}
    assert flagged(xmr([*HALF, 55, 60, 50], baseline=12)) == {14: "above_limit"}


def test_seven_on_one_side_are_a_shift_and_six_are_not() -> None:
    high = [51.5, 52.0] * 4
    assert flagged(xmr([*HALF[:11], 50.0, *high[:6], 50.0], baseline=12)) == {}
    assert flagged(xmr([*HALF[:11], 50.0, *high[:7], 50.0], baseline=12)) == dict.fromkeys(range(13, 20), "shift_high")


def test_a_point_on_the_mean_breaks_a_shift() -> None:
    high = [51.5, 52.0, 51.5]
    chart = xmr([*HALF[:11], 50.0, *high, 51.0, *high, 51.5], baseline=12)
    assert chart["mean"][0] == pytest.approx(50 + 5 / 6)
    level = [50.0, 52.0] * 5 + [51.0, 51.0]
    assert flagged(xmr([*level, *high, *high], baseline=12)) == {}
    assert flagged(xmr([*level, *high, 51.0, *high, 52.0], baseline=12)) == {}
    assert flagged(xmr([*level, *high, 51.0 + 1e-11, *high, 52.0], baseline=12)) == {}
    assert flagged(xmr([*level, *high, *high, 52.0], baseline=12)) == dict.fromkeys(range(13, 20), "shift_high")


def test_a_tie_and_a_gap_break_a_trend() -> None:
    ramp = [49.5, 49.8, 50.1, 50.4, 51.7, 52.0, 52.3]
    rest = [50.0, 52.0, 50.0]
    assert flagged(xmr([*HALF, *ramp, *rest], baseline=12)) == dict.fromkeys(range(13, 20), "trend_up")
    assert flagged(xmr([*HALF, *ramp[::-1], *[52.0, 50.0]], baseline=12)) == dict.fromkeys(range(13, 20), "trend_down")
    assert flagged(xmr([*HALF, *ramp[:3], ramp[2], *ramp[4:], *rest], baseline=12)) == {}
    assert flagged(xmr([*HALF, *ramp[:4], None, *ramp[4:], *rest], baseline=12)) == {}
    assert flagged(xmr([50.0, 52.0, *ramp[1:], 50.0, 52.0])) == {}


def test_a_trend_goes_before_a_shift_and_a_limit_before_both() -> None:
    chart = xmr([*HALF[:11], 53.5, 51.2, 51.4, 51.6, 51.8, 52.1, 52.4, 60.0, 52.5, 51.5, 51.3], baseline=12, screen_ranges=False)
    assert flagged(chart) == {12: "shift_high", **dict.fromkeys(range(13, 19), "trend_up"), 19: "above_limit", **dict.fromkeys(range(20, 23), "shift_high")}


@pytest.mark.parametrize(
    ("last", "better", "expected"),
    [
        (60.0, "up", "improvement"),
        (60.0, "down", "concern"),
        (60.0, "neutral", "neutral_high"),
        (40.0, "up", "concern"),
        (40.0, "down", "improvement"),
        (40.0, "neutral", "neutral_low"),
        (51.0, "up", "common_cause"),
        (51.0, "neutral", "common_cause"),
    ],
)
def test_variation_is_direction_times_better(last: float, better: str, expected: str) -> None:
    assert variation(xmr([*HALF, last], better=better, baseline=12)) == expected


def test_every_rule_has_a_direction_and_a_name() -> None:
    chart = xmr(WAVE)
    for flag, name in RULES.items():
        marked = chart.with_columns(flag=pl.lit(flag))
        upward = "above" in flag or "up" in flag or "high" in flag
        assert last_flag(marked) == flag and (flag in HIGH) == upward and name
        assert variation(marked) == ("improvement" if upward else "concern")


# Assurance


@pytest.mark.parametrize(
    ("target", "better", "expected"),
    [
        (45.0, "up", "passes"),
        (57.0, "up", "fails"),
        (51.0, "up", "hit_or_miss"),
        (45.0, "down", "fails"),
        (57.0, "down", "passes"),
        (51.0, "down", "hit_or_miss"),
        (45.0, "neutral", None),
        (None, "up", None),
        (math.nan, "up", None),
        (45.68, "up", "hit_or_miss"),  # on the lower limit
        (45.68, "down", "hit_or_miss"),
        (56.32, "up", "hit_or_miss"),  # on the upper limit
        (56.32, "down", "hit_or_miss"),
        (45.679, "up", "passes"),
        (56.321, "up", "fails"),
    ],
)
def test_assurance_sets_the_target_against_the_limits(target: float | None, better: str, expected: str) -> None:
    assert assurance(xmr(HALF, target=target, better=better)) == expected


@pytest.mark.parametrize(("target", "up", "down"), [(90.0, "passes", "fails"), (95.0, "passes", "passes"), (95.1, "fails", "passes")])
def test_a_constant_measure_passes_a_target_it_equals_or_betters(target: float, up: str, down: str) -> None:
    assert assurance(xmr([95.0] * 14, target=target, better="up")) == up
    assert assurance(xmr([95.0] * 14, target=target, better="down")) == down


def test_assurance_and_trial_read_the_last_group_that_has_a_point() -> None:
    chart = xmr([*HALF, *[70.0, 72.0] * 6], target=60, rebase_at=[13])
    assert assurance(chart) == "passes" and not is_trial(chart)
    assert assurance(xmr([*HALF, 70.0], target=60, rebase_at=[13])) is None
    waiting = xmr([*HALF, None, None], target=60, rebase_at=[13])
    assert assurance(waiting) == "fails" and not is_trial(waiting) and variation(waiting) == "common_cause"


def test_a_target_at_a_natural_bound_is_counted_not_judged() -> None:
    y = [100, 98, 100, 99, 100, None, 97, 100, 100, 98, 99, 100, 100]
    chart = xmr(y, target=100, bounds=(0, 100))
    assert assurance(chart) is None and met(chart) == Met(7, 12)
    assert Met(7, 12).words() == "met in 7 of 12 months" and Met(1, 4).words("weeks") == "met in 1 of 4 weeks"
    plain = xmr(y, target=99, bounds=(0, 100))
    assert assurance(plain) == "hit_or_miss" and met(plain) is None
    none = xmr([0, 1, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0], target=0, better="down", bounds=(0, None))
    assert assurance(none) is None and met(none) == Met(9, 12)
    assert met(xmr(y, target=100, bounds=(0, 100), better="neutral")) is None and met(xmr(y, bounds=(0, 100))) is None
    assert met(xmr([*y, 100, 100, 99], target=100, bounds=(0, 100), rebase_at=[14])) == Met(2, 3)


def test_a_share_meets_its_bound_without_being_told() -> None:
    chart = p_prime([9, 10, 10, 8], [10, 10, 10, 10], better="up", target=1)
    assert assurance(chart) is None and met(chart) == Met(2, 4)


# Degenerate series, each with its outcome


def test_an_empty_series_is_an_empty_chart() -> None:
    chart = xmr([], target=1)
    assert chart.height == 0 and variation(chart) is None and assurance(chart) is None and met(chart) is None and is_trial(chart)
    gaps = xmr([None, math.nan, None], target=1)
    assert gaps.height == 3 and gaps["mean"].null_count() == 3 and variation(gaps) is None and assurance(gaps) is None and is_trial(gaps)


def test_one_point_has_a_mean_and_no_limits() -> None:
    chart = xmr([5.0], target=4)
    assert chart["mean"].to_list() == [5.0] and all(chart[c].null_count() == 1 for c in (*LINES[1:], "flag"))
    assert variation(chart) is None and assurance(chart) is None and is_trial(chart)


def test_points_that_never_touch_have_no_limits() -> None:
    chart = xmr([1.0, None, 9.0, None, 5.0])
    assert chart["mean"].to_list() == [5.0] * 5 and chart["lpl"].null_count() == 5 and flagged(chart) == {}
    later = xmr([*[5.0, None] * 12, *range(6, 15)], baseline=12)  # without limits not even a trend is told
    assert later["mean"][0] == 5.0 and flagged(later) == {} and variation(later) is None


def test_eleven_points_are_a_trial_and_twelve_are_not() -> None:
    eleven = xmr(HALF[:11])
    assert is_trial(eleven) and eleven["lpl"].null_count() == 0 and variation(eleven) == "common_cause"
    assert is_trial(xmr([*HALF[:11], None])) and not is_trial(xmr(HALF))
    assert is_trial(xmr([*HALF, *HALF[:11]], rebase_at=[13])) and not is_trial(xmr([*HALF, *HALF], rebase_at=[13]))


@pytest.mark.parametrize("value", [100.0, 0.0, 0.1, 1e7 / 3])
@pytest.mark.parametrize("screen", [True, False])
def test_a_stuck_measure_has_its_limits_on_the_mean(value: float, screen: bool) -> None:
    chart = xmr([value] * 24, screen_ranges=screen, target=value, bounds=(0, 100))
    assert all(chart[name].to_list() == pytest.approx([value] * 24, rel=1e-15) for name in LINES)
    assert flagged(chart) == {} and variation(chart) == "common_cause" and assurance(chart) == "passes"


def test_stuck_at_100_per_cent_and_at_0_per_cent() -> None:
    full = xmr([100.0] * 12, target=100, bounds=(0, 100))
    assert assurance(full) == "passes" and met(full) == Met(12, 12)
    empty = xmr([0.0] * 12, target=95, bounds=(0, 100))
    assert assurance(empty) == "fails" and met(empty) is None and variation(empty) == "common_cause"


def test_nearly_constant_uses_the_ranges_screening_would_lose() -> None:
    y = [100.0] * 23 + [99.8]
    assert xmr(y).equals(xmr(y, screen_ranges=False)) and xmr(y)["upl"][0] > 100
    middle = [0.0] * 10 + [0.4] + [0.0] * 13
    chart = xmr(middle, better="down")
    assert flagged(chart)[11] == "above_limit" and chart["lpl"][0] < 0 and variation(chart) == "improvement"


def zigzag(ranges: list[float]) -> list[float]:
    """A series with these moving ranges."""
    y = [0.0]
    for i, size in enumerate(ranges):
        y.append(y[-1] + (size if i % 2 else -size))
    return y


def test_screening_is_done_once_and_leaves_the_mean() -> None:
    """Ranges average 1.303: 5 goes, and 4 stays, though above 3.267 times the second average, 1.1875."""
    y = zigzag([1.0] * 30 + [5.0, 4.0, 4.0])
    chart = xmr(y)
    assert chart["upl"][0] - chart["mean"][0] == pytest.approx(2.66 * 38 / 32)
    assert chart["mean"][0] == pytest.approx(sum(y) / len(y))


def test_a_range_of_just_3267_averages_is_screened_out() -> None:
    just = 32.67 / 7.733  # with ten ranges of 1, this is 3.267 times the average of all eleven
    for last, average in ((just, 1.0), (just - 1e-6, (10 + just) / 11)):
        chart = xmr(zigzag([1.0] * 10 + [last]))
        assert chart["upl"][0] - chart["mean"][0] == pytest.approx(2.66 * average, rel=1e-6)


def test_no_movement_inside_two_levels_puts_every_point_beyond_the_limits() -> None:
    """A gap hides the only step, so nothing moves and the limits lie on the mean."""
    chart = xmr([1.0] * 6 + [None] + [3.0] * 6)
    assert chart["lpl"][0] == chart["upl"][0] == 2.0
    assert flagged(chart) == {**dict.fromkeys(range(1, 7), "below_limit"), **dict.fromkeys(range(8, 14), "above_limit")}


def test_a_constant_baseline_flags_what_leaves_it() -> None:
    assert flagged(xmr([3.0] * 12 + [3.0, 3.1, 2.9], baseline=12)) == {14: "above_limit", 15: "below_limit"}


def test_a_gap_gives_no_range_and_no_flag_and_keeps_the_lines() -> None:
    chart = xmr([50.0, 52.0, None, 80.0, 82.0])
    assert chart["mean"].to_list() == [66.0] * 5 and chart["upl"][2] == pytest.approx(66 + 2.66 * 2)
    assert chart["x"][2] is None and chart["flag"][2] is None
    shift = xmr([*HALF, 52.0, 51.5, 52.0, None, 51.5, 52.0, 51.5, 52.0], baseline=12)
    assert flagged(shift) == {}


# Baseline and rebase


def test_a_baseline_counts_points_not_gaps_in_every_group() -> None:
    y = [*HALF[:6], None, *HALF[6:], 90.0]
    assert xmr(y, baseline=12)["mean"][13] == 51.0
    chart = xmr([*y, *HALF, 70.0], baseline=12, rebase_at=[15])
    assert chart["mean"].to_list() == [51.0] * 27 and flagged(chart) == {14: "above_limit", 27: "above_limit"}


def test_a_baseline_not_yet_full_takes_the_points_there_are() -> None:
    assert xmr(HALF, baseline=20).equals(xmr(HALF)) and is_trial(xmr(HALF[:5], baseline=12))


@pytest.mark.parametrize("baseline", [11, 0, -3])
def test_a_short_baseline_is_refused(baseline: int) -> None:
    with pytest.raises(UsageError, match=rf"A baseline of {baseline} points is too short.*Give 12 or more"):
        xmr(HALF, baseline=baseline)
    with pytest.raises(UsageError, match="too short"):
        p_prime([1], [2], better="up", baseline=baseline)


def test_a_rebase_starts_a_group_at_that_point_and_ends_every_run() -> None:
    y = [50.0, 52.0, *[51.5] * 3, *[51.6] * 3, 50.0, 51.0]
    chart = xmr(y, rebase_at=[6, 3])
    assert chart["group"].to_list() == [1, 1, 2, 2, 2, 3, 3, 3, 3, 3]
    assert chart["mean"].to_list()[:5] == pytest.approx([51.0] * 2 + [51.5] * 3)
    assert xmr(y, rebase_at=[1]).equals(xmr(y))
    assert flagged(xmr([*range(6), *range(6, 12)], rebase_at=[7])) == {}


@pytest.mark.parametrize(
    ("rebase_at", "sentence"),
    [
        ([13], "The series has 12 points, and no point 13 to rebase at. The nearest: 11, 12."),
        ([0], "The series has 12 points, and no point 0 to rebase at. The nearest: 1, 2."),
        ([5, -4], "The series has 12 points, and no point -4 to rebase at. The nearest: 1, 2."),
        ([5, 5], "Point 5 is given more than once to rebase at. Give it once. The nearest: 4, 6."),
    ],
)
def test_a_rebase_that_is_no_point_or_given_twice_is_refused(rebase_at: list[int], sentence: str) -> None:
    for draw in (lambda: xmr(HALF, rebase_at=rebase_at), lambda: u_prime(HALF, HALF, better="up", rebase_at=rebase_at)):
        with pytest.raises(UsageError) as refused:
            draw()
        assert str(refused.value) == sentence


def test_nothing_can_be_rebased_in_an_empty_series() -> None:
    with pytest.raises(UsageError, match=r"has 0 points, and no point 1 to rebase at\. There is none to choose from"):
        xmr([], rebase_at=[1])


def test_an_unknown_better_and_an_infinite_value_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'upp' does not say what is better\. Did you mean 'up'"):
        xmr(HALF, better="upp")
    with pytest.raises(ValueError, match="point 2 of y is infinite"):
        xmr([1.0, math.inf])


# Shares and rates


def test_a_share_that_varies_by_chance_or_less_has_sigma_z_1_and_says_so() -> None:
    chart = p_prime([50, 51, 50, 49, 50, 51] * 2, [100] * 12, better="up")
    assert chart["sigma_z"].to_list() == [1.0] * 12 and chart["is_sigma_z_raised"].to_list() == [True] * 12
    p = chart["mean"][0]
    assert chart["upl"][0] == pytest.approx(p + 3 * math.sqrt(p * (1 - p) / 100))
    assert chart["near_upper"][0] == pytest.approx(p + 2 * math.sqrt(p * (1 - p) / 100))
    constant = p_prime([5, 10, 20], [10, 20, 40], better="up")
    assert constant["sigma_z"][0] == 1.0 and constant["is_sigma_z_raised"][0]


def test_a_share_that_varies_more_has_its_sigma_z_and_does_not_say_so() -> None:
    chart = p_prime([40, 60] * 6, [100] * 12, better="up")
    assert chart["sigma_z"][0] == pytest.approx(0.2 / 0.05 / 1.128) and chart["is_sigma_z_raised"].to_list() == [False] * 12


def test_limits_of_shares_and_rates_are_clipped_to_what_can_be() -> None:
    shares = p_prime([9, 10, 10, 1, 0, 1], [10, 10, 10, 10, 10, 10], better="up")
    assert (shares["lpl"][0], shares["upl"][0]) == (0.0, 1.0)
    rates = u_prime([0, 9, 0, 8, 1, 7], [1, 2, 3, 1, 2, 3], better="down")
    assert rates["lpl"].to_list() == [0.0] * 6 and rates["upl"].min() > 1


def test_a_smaller_denominator_has_wider_limits() -> None:
    chart = p_prime([50, 5, 500], [100, 10, 1000], better="up")
    width = (chart["upl"] - chart["lpl"]).to_list()
    assert width[1] > width[0] > width[2]


@pytest.mark.parametrize("share", [0, 1])
def test_a_share_of_all_or_nothing_is_charted_as_xmr(share: int) -> None:
    sizes = [10, 20, 30] * 4
    chart = p_prime([n * share for n in sizes], sizes, better="up", target=share)
    assert chart["lpl"].to_list() == chart["upl"].to_list() == [float(share)] * 12
    assert chart["sigma_z"].null_count() == 12 and flagged(chart) == {} and assurance(chart) == "passes"
    none = u_prime([0] * 12, sizes, better="down", target=0)
    assert none["upl"].to_list() == [0.0] * 12 and assurance(none) == "passes"


def test_a_rate_may_pass_1_and_follows_the_same_rules() -> None:
    chart = u_prime([20, 22] * 6 + [90], [10] * 13, better="down", baseline=12)
    assert chart["mean"][0] == pytest.approx(2.1) and flagged(chart) == {13: "above_limit"} and variation(chart) == "concern"


def test_no_denominator_is_a_gap() -> None:
    chart = p_prime([5, 0, None, 6, 5, 7], [10, 0, 10, None, 10, 10], better="up")
    assert chart["x"].to_list() == [0.5, None, None, None, 0.5, 0.7]
    assert chart["lpl"].is_null().to_list() == [False, True, True, True, False, False]
    assert chart["mean"].to_list() == pytest.approx([17 / 30] * 6)
    alone = p_prime([5, None, 7], [10, 10, 10], better="up", target=0.2)
    assert alone["lpl"].null_count() == 3 and alone["sigma_z"].null_count() == 3 and assurance(alone) is None


def test_impossible_counts_are_refused() -> None:
    for counts, sizes in (([11], [10]), ([-1], [10]), ([1], [-10])):
        with pytest.raises(ValueError, match=r"point 1 counts .*a share lies between 0 and 1"):
            p_prime(counts, sizes, better="up")
    with pytest.raises(ValueError, match=r"point 2 counts .*a count is at least 0"):
        u_prime([1, -1], [1, 1], better="up")
    with pytest.raises(ValueError, match="2 counts stand beside 1 sizes"):
        u_prime([1, 2], [1], better="up")


# What chance alone flags


def test_the_share_flagged_by_chance_is_small_and_kept() -> None:
    share = expected_signals([24])
    assert 0.01 < share < 0.02 and share == expected_signals([24]) == expected_signals(iter([24, 24]))
    assert expected_signals([]) == 0 and expected_signals([0, 1, 2]) == 0
    assert expected_signals([1, 24]) == pytest.approx(share / 2)
    assert expected_signals([24], draws=500, seed=1) != expected_signals([24], draws=500, seed=2)
    for length, draws in ((-1, 10), (5, 0)):
        with pytest.raises(ValueError, match="no negative length"):
            expected_signals([length], draws=draws)


@pytest.mark.parametrize("length", [2, 3, 6, 7, 8, 24])
@pytest.mark.parametrize("screen", [True, False])
def test_the_simulation_flags_what_a_chart_flags(length: int, screen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over walks, which break every rule often, and not over noise, which seldom does."""
    draws = 300

    def walk(point: int, draws: int, seed: int) -> pl.Series:
        rng = [random.Random(f"{seed} {draw}") for draw in range(draws)]
        return pl.Series(str(point), [sum(r.gauss(0, 1) for _ in range(point + 1)) for r in rng])

    monkeypatch.setattr(spc_chance, "noise", walk)
    columns = [walk(i, draws, 5) for i in range(length)]
    charted = sum(xmr([c[draw] for c in columns], screen_ranges=screen)["flag"][-1] is not None for draw in range(draws))
    assert spc_chance._share.__wrapped__(length, draws, 5, screen) == charted / draws
    assert charted > draws / 4 or length < 24
