"""Late reports beside those expected of the same case mix: counted again in plain Python, and what the comparison says of the planted sites."""

import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from readout import charts
from readout.analysis import between_sites, reporters
from readout.analysis.case_mix import compared, estimates
from readout.engine.store import Store, Viewer
from readout.errors import DrawingError, UsageError
from readout.ingest.publish import publish
from readout.metrics.answer import Answer, ask
from readout.metrics.scope import Scope
from readout.sample import write_sample
from readout.stats import variance
from readout.ui import variability
from readout.wording import findings
from readout.wording import reporters as reporter_words
from tests.conftest import NOW
from tests.files import csv_of

PARTS = ("modality", "body_region", "patient_class", "urgency", "hour_band", "is_weekend")
SPARSE = 20
METRIC = "standardised_late_ratio"


@pytest.fixture(scope="module")
def store(sample_extract) -> Store:
    return Store(sample_extract)


@pytest.fixture(scope="module")
def judged(sample_extract) -> list[dict[str, Any]]:
    """Examinations old enough to judge, with the parts of their stratum: the hour and the weekend from the canonical table."""
    rows = pl.read_parquet(sample_extract.tables["clocked"]).filter((pl.col("clock") == "report") & pl.col("standard_state").is_in(["met", "missed"]))
    return rows.to_dicts()


def is_late(row: dict[str, Any]) -> bool:
    return row["standard_state"] == "missed"


def expected(rows: list[dict[str, Any]], is_event: Callable[[dict[str, Any]], bool] = is_late, unit: str = "site_code", least: int = SPARSE) -> dict[str, list[float]]:
    """By unit: observed, expected, judged, variance, and the expected of strata that only one site has. Step by step, from the finest stratum up."""
    stratum: dict[int, tuple[Any, ...]] = {}
    left = set(range(len(rows)))
    for depth in range(len(PARTS), -1, -1):
        groups = defaultdict(list)
        for i in left:
            groups[tuple(rows[i][p] for p in PARTS[:depth])].append(i)
        for key, members in groups.items():
            if len(members) >= least or depth == 0:
                stratum |= dict.fromkeys(members, (depth, *key))
                left -= set(members)
    of: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i, key in stratum.items():
        of[key].append(i)
    found: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0, 0.0, 0.0])
    for members in of.values():
        rate = sum(is_event(rows[i]) for i in members) / len(members)
        is_alone = len({rows[i]["site_code"] for i in members}) == 1
        for i in members:
            site = found[rows[i][unit]]
            site[0] += is_event(rows[i])
            site[1] += rate
            site[2] += 1
            site[3] += rate * (1 - rate)
            site[4] += rate if is_alone else 0.0
    return found


COLUMNS = ("numerator", "denominator", "count_judged", "variance", "expected_alone")


def figures(answer: Answer) -> dict[str, list[float]]:
    return {r["site_code"]: [r[c] for c in COLUMNS] for r in answer.rows}


@pytest.mark.parametrize("where", [{}, {"modality": ("CT", "MR")}, {"patient_class": ("03",), "modality": ("XR",)}, {"month": ("2026-02-01",)}])
def test_the_expected_equal_plain_python(store, judged, where):
    rows = [r for r in judged if all((str(r["cohort_month"]) if k == "month" else r[k]) in v for k, v in where.items())]
    theirs = expected(rows)
    ours = figures(ask(METRIC, Scope(("site_code",), where), store))
    assert set(ours) == set(theirs) and len(ours) > 4
    for site, values in theirs.items():
        assert ours[site] == pytest.approx(values, rel=1e-9, abs=1e-9), site


CLASSES = {"addendum": (None,), "clinical": ("clinical",), "administrative": ("administrative",)}


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("unit", ["site_code", "reader"])
def test_the_expected_addenda_equal_plain_python(sample_extract, store, kind, unit):
    """Reports 30 days old at the site's own end of data, amended within 30 days: counted from the instants of the canonical table."""
    ends = sample_extract.data_through
    rows = []
    for r in pl.read_parquet(sample_extract.tables["exam"]).filter(pl.col("status") == "completed").iter_rows(named=True):
        first, end = r["first_verified_at"], ends[r["site_code"]]
        if first is not None and first <= end - timedelta(days=30) and not r["is_overwritten"]:
            is_amended = r["first_addendum_at"] is not None and r["first_addendum_at"] <= first + timedelta(days=30)
            hour, weekday = r["exam_hour"], r["exam_weekday"]
            band = None if hour is None else "day" if 8 <= hour < 18 else "evening" if 18 <= hour < 23 else "night"
            rows.append(
                {**r, "event": is_amended and (kind == "addendum" or r["addendum_class"] in CLASSES[kind]), "hour_band": band, "is_weekend": weekday and weekday > 5}
            )
    theirs = expected(rows, lambda r: r["event"], unit, 200)
    answer = ask(f"standardised_{kind}_ratio", Scope((unit,)), store)
    ours = {r[unit]: [r[c] for c in COLUMNS] for r in answer.rows}
    assert set(ours) == set(theirs) and len(ours) > 4 and sum(v[0] for v in ours.values()) > 3
    for code, values in theirs.items():
        assert ours[code] == pytest.approx(values, rel=1e-9, abs=1e-9), code
    assert sum(v[1] for v in ours.values()) == pytest.approx(sum(v[0] for v in ours.values()), rel=1e-9)


@pytest.mark.parametrize("unit", ["site_code", "reader"])
def test_the_expected_follow_up_equals_plain_python(sample_extract, store, unit):
    """Reports of which the RIS says: a report old enough for no other measure counts, one whose RIS is silent does not."""
    rows = []
    for r in pl.read_parquet(sample_extract.tables["exam"]).filter(pl.col("status") == "completed").iter_rows(named=True):
        if r["first_verified_at"] is not None and not r["is_overwritten"] and r["is_follow_up_recommended"] is not None:
            rows.append({**r, "event": r["is_follow_up_recommended"]})
    theirs = expected(rows, lambda r: r["event"], unit, 50)
    ours = {r[unit]: [r[c] for c in COLUMNS[:4]] for r in ask("standardised_follow_up_ratio", Scope((unit,)), store).rows}
    assert set(ours) == set(theirs) and len(ours) > 4 and sum(v[0] for v in ours.values()) > 100
    for code, values in theirs.items():
        assert ours[code] == pytest.approx(values[:4], rel=1e-9, abs=1e-9), code


def test_observed_and_expected_add_up(store):
    for where in ({}, {"pathway": ("inpatient",)}, {"modality": ("US",)}):
        (whole,) = ask(METRIC, Scope((), where), store).rows
        assert whole["denominator"] == pytest.approx(whole["numerator"], rel=1e-9) and whole["value"] == (pytest.approx(1) if whole["numerator"] else None)
        assert whole["expected_unadjusted"] == pytest.approx(whole["numerator"], rel=1e-9)
        parts = ask(METRIC, Scope(("site_code", "modality"), where), store).rows
        assert sum(r["numerator"] for r in parts) == whole["numerator"]
        assert sum(r["denominator"] for r in parts) == pytest.approx(whole["numerator"], rel=1e-9)


def test_a_filter_of_sites_shows_fewer_and_changes_none(store):
    every = figures(ask(METRIC, Scope(("site_code",)), store))
    some = sorted(every)[2:4]
    shown = figures(ask(METRIC, Scope(("site_code",), {"site_code": tuple(some)}), store))
    assert set(shown) == set(some) and all(shown[s] == pytest.approx(every[s], rel=1e-12) for s in some)
    units = {u.code: u for u in compared(ask(METRIC, Scope(("site_code",)), store)).units}
    for u in compared(ask(METRIC, Scope(("site_code",), {"site_code": tuple(some)}), store)).units:
        assert (u.limits, u.side, u.unadjusted_side) == (pytest.approx(units[u.code].limits), units[u.code].side, units[u.code].unadjusted_side)


def test_a_viewer_of_one_site_learns_nothing_of_the_others(sample_extract, store):
    site = sample_extract.manifest["sites"][0]["site_code"]
    (row,) = ask(METRIC, Scope(("site_code",)), Store(sample_extract, Viewer(frozenset({site})))).rows
    assert row["value"] == pytest.approx(1), "compared with what may be seen: itself"


def test_on_paper(make):
    """Two strata of 20 at two sites each; a third of 12 that joins the second by its modality: rates by hand."""
    rows = []
    for site, modality, n, late in (("S1", "CT", 30, 9), ("S2", "CT", 10, 1), ("S1", "MR", 10, 0), ("S2", "MR", 20, 6)):
        same = {"site": site, "modality": modality, "class": "03", "ended": "2026-08-03 10:00"}
        rows += [{"acc": f"{site}{modality}{i}", "verified": "" if i < late else "2026-08-04 10:00", **same} for i in range(n)]
    found = {r["site_code"]: r for r in ask(METRIC, Scope(("site_code",)), Store(make(rows))).rows}
    assert [found[s]["numerator"] for s in ("S1", "S2")] == [9, 7]
    assert [found[s]["denominator"] for s in ("S1", "S2")] == pytest.approx([30 * 10 / 40 + 10 * 6 / 30, 10 * 10 / 40 + 20 * 6 / 30])
    assert found["S1"]["variance"] == pytest.approx(30 * 0.25 * 0.75 + 10 * 0.2 * 0.8)
    assert found["S1"]["expected_unadjusted"] == pytest.approx(40 * 16 / 70)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[Store, dict[str, Any]]:
    """Large enough for the planted sites to stand out from chance."""
    folder = tmp_path_factory.mktemp("large")
    write_sample(folder, exams=120_000, seed=2026)
    extract = publish(folder / "network.toml", folder / "extracts", now=NOW)
    return Store(extract), json.loads((folder / "planted.json").read_text("utf-8"))["notable"]


def test_the_site_of_another_case_mix_is_outside_before_and_inside_after(large):
    """It does more of what is late everywhere, and is as good as the others at each."""
    store, planted = large
    units = {u.code: u for u in compared(ask(METRIC, Scope(("site_code",)), store)).units}
    assert units[planted["case_mix_site"]].unadjusted_side == 1 and units[planted["case_mix_site"]].side == 0
    assert units[planted["exemplar_site"]].side == -1


def test_the_planted_reporter_alone_is_called_different(large):
    """Six per cent amended among a hundred who amend about .7: outside in two of the last three quarters, by the rule and the band of all."""
    store, planted = large
    found = reporters.compared("addendum", store)
    (outlier,) = [r for r in found.reporters if r.is_lasting]
    assert outlier.side == 1 and outlier.observed / outlier.n == pytest.approx(planted["outlier_reporter"]["addendum_pct"] / 100, rel=0.4)
    assert found.between[1] > 1.1 and outlier.name in reporter_words.finding(found)


def test_how_much_lies_between_sites(large):
    """The odds ratio of the last quarter is that of a model fitted to the same rows here, and the exemplar and the slow site make it more than chance."""
    store, _ = large
    late = ask(METRIC, Scope(("month", "site_code", "modality")), store)
    found = between_sites.odds_ratios(late)
    assert len(found) > 6 and found[-1].low > 1 and found[-1].value == pytest.approx(1.7, abs=0.5) and found[-1].units == 8
    months = sorted({r["month"] for r in late.rows if not r["provisional"]} - {r["month"] for r in late.rows if r["provisional"]})
    assert found[-1].last == months[-1]
    logs = ask("log_turnaround", Scope(("month", "site_code")), store)
    shares = between_sites.correlations(logs)
    assert 0 < shares[-1].low < shares[-1].value < shares[-1].high < 0.3
    rows = pl.read_parquet(store.extract.tables["clocked"]).filter(
        (pl.col("clock") == "report") & (pl.col("state") == "counted") & pl.col("is_ended") & pl.col("cohort_month").is_in(months[-3:])
    )
    groups = (
        rows.with_columns(pl.max_horizontal("minutes", pl.lit(1)).log().alias("x"))
        .group_by("site_code")
        .agg(pl.len(), pl.mean("x").alias("m"), pl.var("x", ddof=0).alias("v"))
    )
    parts = variance.one_way(groups["len"], groups["m"], groups["v"] * groups["len"])
    assert shares[-1].value == pytest.approx(parts.icc, rel=1e-6)
    assert "times the odds of a late report" in findings.variation_between_sites(found, shares)


def test_table_and_file_of_the_odds_hold_the_points_drawn(large):
    """A row a quarter, and not the thousands of rows that it is worked out from; the file begins with what it is, as every file does."""
    store, _ = large
    late, logs = ask(METRIC, Scope(("month", "site_code", "modality")), store), ask("log_turnaround", Scope(("month", "site_code")), store)
    for answer, points, draw in ((late, variability.odds, charts.odds_between), (logs, variability.shares, charts.share_between)):
        rows, figure = points(answer), draw(answer)
        assert [r["Quarter"] for r in rows] == list(figure.data[0].x) and [next(v for v in r.values() if isinstance(v, float)) for r in rows] == list(figure.data[0].y)
        head, body = ([x for x in csv_of(answer, points).splitlines() if x.startswith("# ") == is_head] for is_head in (True, False))
        assert answer.metric.label in head[0] and any(x.startswith("# Release internal") for x in head) and len(body) == len(rows) + 1
        assert body[0].startswith("Quarter,") and body[1].split(",")[-1] == str(list(rows[0].values())[-1])
    assert sum(r["Late"] for r in variability.odds(late)) <= sum(r["numerator"] for r in late.rows)


def test_a_stratum_without_a_difference_changes_nothing(make):
    """Two sites, one stratum; then the same split by class with equal rates in both: the expected stay what they were."""
    rows = []
    for site, n, late in (("S1", 60, 12), ("S2", 40, 16)):
        rows += [{"acc": f"{site}{i}", "site": site, "verified": "" if i < late else "2026-08-04 10:00", "ended": "2026-08-03 10:00"} for i in range(n)]
    one = figures(ask(METRIC, Scope(("site_code",)), Store(make(rows))))
    # Late and not late are split alike: 14 of 50 in either class.
    order: dict[bool, int] = {True: 0, False: 0}
    for row in rows:
        is_one_late = not row["verified"]
        row["class"] = ("02", "03")[order[is_one_late] % 2]
        order[is_one_late] += 1
    two = figures(ask(METRIC, Scope(("site_code",)), Store(make(rows))))
    assert one["S1"][:3] == pytest.approx(two["S1"][:3]) and one["S2"][:3] == pytest.approx(two["S2"][:3]) and one["S1"][1] == pytest.approx(60 * 28 / 100)


def test_what_has_no_reader_is_said_for_what_it_is(store):
    """Of addenda it is reported by somebody who is not named. Lateness has no readers: what is not reported has none yet."""
    with pytest.raises(UsageError, match="an examination that is not reported has no reporter yet"):
        ask(METRIC, Scope(("reader",)), store)
    answer = ask("standardised_addendum_ratio", Scope(("reader",)), store)
    row = {**answer.rows[0], "reader": None, "numerator": 2, "denominator": 1.5, "count_judged": 100}
    said = findings.unattributed(replace(answer, frame=pl.DataFrame([row], schema=answer.frame.schema)))
    assert said == "100 reports do not say who made them: 2 amended, 1.5 expected. They are in no figure of the chart."


def test_relabelling_sites_permutes_the_figures(make):
    rows = []
    for site, modality, n, late in (("S1", "CT", 30, 9), ("S2", "CT", 25, 1), ("S1", "MR", 22, 0), ("S2", "MR", 20, 6)):
        same = {"site": site, "modality": modality, "ended": "2026-08-03 10:00"}
        rows += [{"acc": f"{site}{modality}{i}", "verified": "" if i < late else "2026-08-04 10:00", **same} for i in range(n)]
    before = figures(ask(METRIC, Scope(("site_code",)), Store(make(rows))))
    after = figures(ask(METRIC, Scope(("site_code",)), Store(make([{**r, "site": {"S1": "S2", "S2": "S1"}[r["site"]]} for r in rows]))))
    assert (after["S1"], after["S2"]) == (pytest.approx(before["S2"]), pytest.approx(before["S1"]))


def test_best_estimates_lie_between_the_count_and_all_together(large):
    """Of a rare event: each is drawn towards the whole, the smaller the unit the more; of a common one there are none."""
    store, _ = large
    answer = ask("standardised_addendum_ratio", Scope(("site_code",)), store)
    found = estimates(answer)
    assert len(found) == 8 and [e.n for e in found] == sorted((e.n for e in found), reverse=True)
    for e in found:
        assert e.low < e.best < e.high and (min(e.ratio, 1) - 0.02 <= e.best <= max(e.ratio, 1) + 0.02)
    assert len(charts.best_estimates(answer, dimension="site_code").data[1].x) == 8
    assert estimates(ask(METRIC, Scope(("site_code",)), store)) == ()


def test_only_what_lasts_is_called_different(large):
    """Outside in one quarter of three is not: the words and the filled marks follow two of the last three."""

    store, _ = large

    def quarter(first: date, last: date) -> Answer:
        return ask(METRIC, Scope(("site_code",)).between(first, last), store)

    quarters = [quarter(date(2025, 12, 1), date(2026, 2, 28)), quarter(date(2026, 3, 1), date(2026, 5, 31)), quarter(date(2026, 6, 1), date(2026, 8, 31))]
    answer = ask(METRIC, Scope(("site_code",)), store)
    found = compared(answer, quarters)
    assert any(u.is_lasting for u in found.units) and found.chance == pytest.approx(len(found.units) * 0.002)
    for u in found.units:
        assert u.is_lasting == (1 if u.quarters.count(1) >= 2 else -1 if u.quarters.count(-1) >= 2 else 0)
    said = findings.against_case_mix(answer, *quarters)
    for u in found.units:
        assert (f"{answer.label('site_code', u.code)} ({u.observed:,} late" in said) == bool(u.is_lasting)
    alone = findings.against_case_mix(answer)
    assert "differs lastingly" in alone and not any(u.is_lasting for u in compared(answer).units)
    figure = charts.against_case_mix(answer, *quarters, dimension="site_code")
    marks = figure.data[-1]
    assert list(marks.marker.symbol) == ["diamond" if u.is_lasting else "diamond-open" for u in found.units[::-1]]
    assert [u.n for u in found.units] == sorted((u.n for u in found.units), reverse=True), "by size, never by rank"


def test_where_nothing_can_be_judged_it_is_said(make):
    answer = ask(METRIC, Scope(("site_code",)), Store(make([{"ended": "2026-10-30 10:00"}])))
    assert "old enough" in findings.against_case_mix(answer)
    with pytest.raises(DrawingError, match="no unit of this choice has a figure"):
        charts.against_case_mix(answer, dimension="site_code")
