"""Kaplan-Meier by SQL against the reference numbers, against a plain-Python estimator written from the rules, and against statsmodels."""

import json
import math
import random
from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest

from readout.engine.query_file import load_query
from readout.engine.store import builder
from readout.metrics.scope import Scope
from readout.paths import QUERIES
from tests.conftest import shared

Cohort = list[tuple[int, bool]]  # minutes, and whether the wait ended
TYPES: dict[str, Any] = {"varchar": pl.String, "date": pl.Date, "boolean": pl.Boolean, "integer": pl.Int32}
QUANTILES = {"median_hours": 0.5, "p90_hours": 0.9, "p95_hours": 0.95}


def clocked(cohorts: dict[str, Cohort]) -> pl.DataFrame:
    """The summary table `clocked` as the file that makes it declares it, each cohort as a site of its own."""
    columns = load_query(QUERIES / "summary" / "clocked.sql").returns
    fixed = {"clock": "report", "state": "counted", "cohort_month": date(2026, 5, 1), "cohort_date": date(2026, 5, 4), "modality": "CT"}
    rows = [{**fixed, "site_code": name, "minutes": t, "is_ended": ended} for name, cohort in cohorts.items() for t, ended in cohort]
    return pl.DataFrame([{c: r.get(c) for c in columns} for r in rows], schema={c: TYPES[kind] for c, kind in columns.items()})


def by_site(tmp_path, query: str, cohorts: dict[str, Cohort], frame: pl.DataFrame | None = None) -> dict[str, list[dict[str, Any]]]:
    """Rows of a metric's query for each cohort, all in one question."""
    loaded = load_query(QUERIES / "metrics" / f"{query}.sql")
    with builder(tmp_path / "work") as engine:
        engine.frame("clocked", clocked(cohorts) if frame is None else frame, tmp_path)
        rows = engine.rows(loaded, Scope(("site_code",)).parameters(loaded.params, {"clock": "report"}))
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.sort("hours" if "hours" in rows.columns else "site_code").iter_rows(named=True):
        found[row["site_code"]].append(row)
    return found


def estimate(cohort: Cohort) -> list[tuple[int, Fraction, Fraction | None]]:
    """Time, exact S and exact Greenwood sum at each distinct time; the sum is unknown once S is 0. Straight from the rules."""
    survival, greenwood, steps = Fraction(1), Fraction(0), []
    known: Fraction | None = greenwood
    for t in sorted({t for t, _ in cohort}):
        at_risk = sum(1 for u, _ in cohort if u >= t)
        events = sum(1 for u, ended in cohort if u == t and ended)
        survival *= Fraction(at_risk - events, at_risk)
        known = None if known is None or events == at_risk else known + Fraction(events, at_risk * (at_risk - events))
        steps.append((t, survival, known))
    return steps


def quantile(cohort: Cohort, q: float) -> int | None:
    """The first time at which a wait ended and S is at most 1 - q; none where S never falls so far."""
    ends = {t for t, ended in cohort if ended}
    return next((t for t, s, _ in estimate(cohort) if t in ends and float(s) <= 1 - q + 1e-9), None)


def cohorts_of_chance(count: int = 420) -> dict[str, Cohort]:
    """Small and large, with and without ties and censoring, minutes and months, zero minutes too: seeded."""
    chance, made = random.Random(20), {}
    for number in range(count):
        size = chance.choice((1, 2, 3, 5, 10, 20, 30, 40, 60, 100))
        longest = chance.choice((3, 10, 120, 120, 5_000, 90_000))
        censored = chance.choice((0.0, 0.0, 0.1, 0.3, 0.7, 1.0))
        made[f"C{number:03d}"] = [(chance.randint(0, longest), chance.random() >= censored) for _ in range(size)]
    return made


COHORTS = cohorts_of_chance()
VECTORS = ("small", "aml_maintained", "tie_at_half", "not_reached")


@pytest.fixture(scope="module")
def vectors() -> dict[str, dict[str, Any]]:
    return {v["id"]: v for v in json.loads(shared("reference", "vectors.json").read_text("utf-8"))["kaplan_meier"]}


@pytest.fixture(scope="module")
def curves(tmp_path_factory) -> dict[str, list[dict[str, Any]]]:
    return by_site(tmp_path_factory.mktemp("curves"), "survival", COHORTS)


@pytest.fixture(scope="module")
def quantiles(tmp_path_factory) -> dict[str, dict[str, Any]]:
    return {name: rows[0] for name, rows in by_site(tmp_path_factory.mktemp("quantiles"), "turnaround", COHORTS).items()}


@pytest.mark.parametrize("name", VECTORS)
def test_the_reference_curves(tmp_path, vectors, name):
    """Numbers of R's survfit: S, the standard error that the band is made of, the log-log band itself."""
    vector = vectors[name]
    rows = by_site(tmp_path, "survival", {name: list(zip(vector["t"], map(bool, vector["event"]), strict=True))})[name]
    tolerance = vector.get("tolerance", 1e-9)

    def at(minute: str) -> dict[str, Any]:
        return [r for r in rows if round(r["hours"] * 60) <= int(minute)][-1]

    for minute, expected in vector.get("S", {}).items():
        assert at(minute)["still_waiting"] == pytest.approx(expected, abs=tolerance)
    for minute, expected in vector.get("se", {}).items():
        row = at(minute)
        log = math.log(row["still_waiting"])
        for limit, sign in (("lower", 1), ("upper", -1)):
            spread = sign * math.log(math.log(row[limit]) / log) / 1.959963984540054
            assert row["still_waiting"] * spread * abs(log) == pytest.approx(expected, abs=tolerance)
    if "ci_at_8" in vector:
        assert [at("8")["lower"], at("8")["upper"]] == pytest.approx(vector["ci_at_8"], abs=tolerance)
    assert {(r["count_exams"], r["count_unreported"]) for r in rows} == {(len(vector["t"]), vector["event"].count(0))}


@pytest.mark.parametrize("name", VECTORS)
def test_the_reference_quantiles(tmp_path, vectors, name):
    """A quantile never reached is null, not the longest time seen; the naive figure leaves the censored out and says another thing."""
    vector = vectors[name]
    cohort = {name: list(zip(vector["t"], map(bool, vector["event"]), strict=True))}
    row = by_site(tmp_path, "turnaround", cohort)[name][0]
    for key, q in (("median", "median_hours"), ("p90", "p90_hours")):
        if key in vector:
            assert row[q] == (None if vector[key] is None else pytest.approx(vector[key] / 60))
    if "reported_only" in vector:
        naive = by_site(tmp_path, "turnaround_reported_only", cohort)[name][0]
        assert [naive["median_hours"] * 60, naive["p90_hours"] * 60] == pytest.approx([vector["reported_only"]["median"], vector["reported_only"]["p90"]])
        assert (naive["count_exams"], naive["count_unreported"]) == (7, 3)


def test_nobody_reported_is_not_yet_reached_and_everybody_at_once_reaches_zero(tmp_path):
    """ln 0 at the last step, and a cohort of one: both once gave NaN to products like ours."""
    cohorts = {"NONE": [(5, False), (9, False)], "ONCE": [(7, True)] * 3, "ONE": [(4, False)]}
    quantiles, curves = by_site(tmp_path, "turnaround", cohorts), by_site(tmp_path, "survival", cohorts)
    assert [quantiles["NONE"][0][q] for q in QUANTILES] == [None] * 3
    assert [quantiles["ONCE"][0][q] for q in QUANTILES] == pytest.approx([7 / 60] * 3)
    assert [(r["still_waiting"], r["lower"], r["upper"]) for r in curves["NONE"]] == [(1, 1, 1)] * 2
    assert [(r["still_waiting"], r["lower"], r["upper"]) for r in curves["ONCE"]] == [(0, None, None)]
    assert [(r["still_waiting"], r["count_at_risk"]) for r in curves["ONE"]] == [(1, 1)]


def test_quantiles_equal_plain_python_on_hundreds_of_random_cohorts(quantiles):
    """Censored at t is still at risk at t; the tolerance lets S = 1 - q in floats; the shortcut of order statistics changes nothing."""
    assert len(COHORTS) >= 300 and len(quantiles) == len(COHORTS)
    for name, cohort in COHORTS.items():
        expected = {q: quantile(cohort, share) for q, share in QUANTILES.items()}
        found = {q: None if quantiles[name][q] is None else round(quantiles[name][q] * 60) for q in QUANTILES}
        assert found == expected, name
        counts = (quantiles[name]["count_exams"], quantiles[name]["count_unreported"])
        assert counts == (len(cohort), sum(1 for _, ended in cohort if not ended)), name


def test_uncensored_quantiles_are_the_order_statistic_of_rank_ceil_nq(quantiles):
    seen = 0
    for name, cohort in COHORTS.items():
        if all(ended for _, ended in cohort):
            ordered = sorted(t for t, _ in cohort)
            for q, share in ((k, Fraction(str(v))) for k, v in QUANTILES.items()):
                assert round(quantiles[name][q] * 60) == ordered[math.ceil(len(ordered) * share) - 1], (name, q)
            seen += 1
    assert seen > 100


def test_the_curve_and_its_band_equal_plain_python(curves):
    """Exact at every minute it names, and it names every minute up to two hours and at least the last of all."""
    seen = 0
    for name, cohort in COHORTS.items():
        steps = {t: (s, g) for t, s, g in estimate(cohort)}
        named = [round(r["hours"] * 60) for r in curves[name]]
        assert [t for t in named if t <= 120] == [t for t in steps if t <= 120], name
        assert set(named) <= set(steps) and named[-1] == max(steps), name
        for row, t in zip(curves[name], named, strict=True):
            exact, greenwood = steps[t]
            s = float(exact)
            assert row["still_waiting"] == pytest.approx(s, abs=1e-9), (name, t)
            assert row["count_at_risk"] == sum(1 for u, _ in cohort if u >= t), (name, t)
            if s == 0:
                assert (row["lower"], row["upper"]) == (None, None), (name, t)
            elif s == 1:
                assert (row["lower"], row["upper"]) == (1, 1), (name, t)
            else:
                width = 1.959963984540054 * math.sqrt(float(greenwood)) / abs(math.log(s))
                assert [row["lower"], row["upper"]] == pytest.approx([s ** math.exp(width), s ** math.exp(-width)], abs=1e-9), (name, t)
                seen += 1
    assert seen > 2_000


def test_beyond_two_hours_the_curve_drops_no_more_than_its_steps_say(curves):
    """Two times that were merged lie within 2.5 % of each other: the drawn step is never wider than that."""
    for name, cohort in COHORTS.items():
        named = sorted(round(r["hours"] * 60) for r in curves[name])
        for t in {t for t, _ in cohort} - set(named):
            stands_for_it = next(n for n in named if n > t)
            assert math.log(stands_for_it / t) <= 0.025 + 1e-9, (name, t)


def test_survival_equals_statsmodels(curves):
    """An estimator by other hands. Only S: statsmodels asks for S < 1 - q where we ask for S <= 1 - q, so its quantiles differ at ties."""
    survfunc = pytest.importorskip("statsmodels.duration.survfunc", reason="statsmodels is not installed")
    compared = 0
    for name, cohort in COHORTS.items():
        if not any(ended for _, ended in cohort):
            continue
        fitted = survfunc.SurvfuncRight([t for t, _ in cohort], [int(ended) for _, ended in cohort])
        theirs = dict(zip(map(int, fitted.surv_times), fitted.surv_prob, strict=True))
        for row in curves[name]:
            before = [t for t in theirs if t <= round(row["hours"] * 60)]
            assert row["still_waiting"] == pytest.approx(theirs[max(before)] if before else 1, abs=1e-9), (name, row["hours"])
            compared += 1
    assert compared > 2_000


def test_other_clocks_and_what_is_left_out_never_enter_a_curve(tmp_path):
    frame = clocked({"S": [(10, True), (20, True)]})
    noise = pl.concat([frame.with_columns(clock=pl.lit("exam")), frame.with_columns(state=pl.lit("date_only")), frame])
    row = by_site(tmp_path, "turnaround", {}, noise)["S"][0]
    assert (row["count_exams"], row["median_hours"] * 60) == (2, pytest.approx(10))
    assert {r["count_exams"] for r in by_site(tmp_path, "survival", {}, noise)["S"]} == {2}
