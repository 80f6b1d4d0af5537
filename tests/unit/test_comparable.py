"""Whether the times of two sites can be compared: counted again in plain Python, each test's line, and what charts and words make of a site that fails."""

import json
from collections import Counter, defaultdict
from datetime import UTC, date, time
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from readout import charts
from readout.analysis.case_mix import compared
from readout.analysis.timestamp_tests import LEAST, marks, parted
from readout.charts import DARK, LIGHT
from readout.engine.store import Store, Viewer
from readout.errors import CatalogueError, UsageError
from readout.ingest.publish import publish
from readout.metrics.answer import Answer, ask
from readout.metrics.catalogue import load_catalogue, load_time_tests
from readout.metrics.scope import Scope
from readout.sample import write_sample
from readout.ui.variability import kite_marks, meanings
from readout.wording import findings
from tests.conftest import NOW

METRIC = "timestamps_doubtful"
LATE = "standardised_late_ratio"
BY = ("site_code", "time_test")
MIDNIGHT = time(0)


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> tuple[Store, dict[str, Any]]:
    """Large enough for a session of one site's reports to be signed together."""
    folder = tmp_path_factory.mktemp("large")
    write_sample(folder, exams=100_000, seed=2026)
    extract = publish(folder / "network.toml", folder / "extracts", now=NOW)
    return Store(extract), json.loads((folder / "planted.json").read_text("utf-8"))["notable"]


def counted_again(store: Store, first: date, last: date, modalities: tuple[str, ...]) -> dict[tuple[str, str], tuple[int, int]]:
    """(doubtful, checked) by site and test from the canonical examinations and the clocks on the wall."""
    zones = {s["site_code"]: ZoneInfo(s["time_zone"]) for s in store.extract.manifest["sites"]}
    done = [e for e in pl.read_parquet(store.extract.tables["exam"]).to_dicts() if e["status"] == "completed" and e["first_verified_at"]]
    done = [e for e in done if "addendum_overwrote_first" not in (e["dq_flags"] or [])]
    batches = defaultdict(set)
    for e in done:
        batches[e["reporter_key"], e["first_verified_at"].replace(second=0)].add((e["ris_code"], e["event_id"]))
    found: Counter[tuple[str, str]] = Counter()
    of: Counter[tuple[str, str]] = Counter()
    for e in done:
        began = e["exam_end_at"] or e["exam_start_at"]
        if began is None or e["is_report_required"] is False:
            continue
        site = e["site_code"]
        start, stop = (t.astimezone(UTC).astimezone(zones[site]) for t in (began, e["first_verified_at"]))
        if not first <= stop.date() <= last or (modalities and e["modality"] not in modalities):
            continue
        is_early = stop < start and not (stop.time() == MIDNIGHT and stop.date() == start.date())
        is_midnight = not is_early and MIDNIGHT in (start.time(), stop.time())
        doubts = {
            "exam_rounded": not is_midnight and start.minute % 5 == 0,
            "report_rounded": not is_midnight and stop.minute % 5 == 0,
            "midnight": is_midnight,
            "bulk": e["reporter_key"] is not None and len(batches[e["reporter_key"], e["first_verified_at"].replace(second=0)]) >= 5,
            "early": is_early,
        }
        for test, is_doubtful in doubts.items():
            found[site, test] += is_doubtful
            of[site, test] += test != "bulk" or e["reporter_key"] is not None
    return {k: (found[k], of[k]) for k in of}


@pytest.mark.parametrize("modalities", [(), ("XR", "CT")])
def test_the_metric_equals_plain_python(large, modalities):
    store, _ = large
    first, last = date(2024, 3, 15), date(2026, 9, 2)
    where = {"modality": modalities} if modalities else {}
    ours = {(r["site_code"], r["time_test"]): (r["numerator"], r["denominator"]) for r in ask(METRIC, Scope(BY, where, first, last), store).rows}
    theirs = counted_again(store, first, last, modalities)
    assert ours == theirs and len({s for s, _ in ours}) == 8
    assert all(any(n for (_, t), (n, _) in theirs.items() if t == test) for test in ("exam_rounded", "report_rounded", "midnight", "bulk", "early"))


def test_parts_add_up_and_every_report_is_counted_or_left_out(large):
    store, _ = large
    whole, parts = ask(METRIC, Scope(), store), ask(METRIC, Scope((*BY, "month", "modality")), store)
    assert whole.rows[0]["numerator"] == sum(r["numerator"] for r in parts.rows)
    assert whole.rows[0]["denominator"] == sum(r["denominator"] for r in parts.rows)
    exams = pl.read_parquet(store.extract.tables["exam"])
    assert whole.n + whole.count_left_out == exams.filter((pl.col("status") == "completed") & pl.col("is_reported")).height
    assert {x.reason for x in whole.left_out} <= {"no_exam_time", "after_as_of", "report_not_required", "addendum_overwrote_first"}


def test_the_query_and_the_file_name_the_same_tests(large):
    store, _ = large
    assert {r["time_test"] for r in ask(METRIC, Scope(("time_test",)), store).rows} == set(load_catalogue().time_tests)
    with pytest.raises(UsageError, match="Did you mean 'midnight'"):
        ask(METRIC, Scope(("site_code",), {"time_test": ("midnigt",)}), store)


def test_nothing_of_a_reporter_stands_in_the_summary_and_a_viewer_sees_his_own_sites(large):
    store, _ = large
    assert not [c for c in pl.read_parquet_schema(store.extract.tables["timestamp_day"]) if "reporter" in c]
    (site,) = marks(ask(METRIC, Scope(BY), Store(store.extract, Viewer(frozenset({"ZN102"})))))
    assert site == "ZN102"


def test_the_planted_site_fails_in_bulk_and_no_other_fails_anything(large):
    store, planted = large
    found = marks(ask(METRIC, Scope(BY), store))
    assert {code: [t.test.id for t in m.failed] for code, m in found.items() if m.failed} == {planted["bulk_site"]: ["bulk"]}


# By hand


def answer(shares: dict[str, dict[str, tuple[int, int]]], store: Store) -> Answer:
    """An answer whose rows are `shares`: by site and test (doubtful, checked)."""
    base = ask(METRIC, Scope(BY), store)
    rows = [{"site_code": s, "time_test": t, "numerator": n, "denominator": of} for s, tests in shares.items() for t, (n, of) in tests.items()]
    made = {f: getattr(base, f) for f in base.__dataclass_fields__}
    return Answer(**{**made, "frame": pl.DataFrame(rows, schema={"site_code": pl.String, "time_test": pl.String, "numerator": pl.Int64, "denominator": pl.Int64})})


FINE = {"exam_rounded": (40, 200), "report_rounded": (40, 200), "midnight": (0, 200), "bulk": (0, 200), "early": (0, 200)}


def verdicts(a: Answer, site: str) -> dict[str, str]:
    return {t.test.id: t.verdict for t in marks(a)[site].tests}


@pytest.mark.parametrize("test", list(FINE))
def test_a_share_on_the_line_passes_and_above_it_fails(large, test):
    store, _ = large
    n = 1000
    line = round(load_catalogue().time_tests[test].most * n)
    on, above = ({"S1": FINE | {test: (k, n)}} for k in (line, line + 1))
    assert set(verdicts(answer(on, store), "S1").values()) == {"passes"}
    assert [t for t, v in verdicts(answer(above, store), "S1").items() if v == "fails"] == [test]


def test_under_a_hundred_reports_are_too_few_whatever_the_share(large):
    store, _ = large
    few = answer({"S1": FINE | {"bulk": (LEAST - 1, LEAST - 1)}, "S2": FINE | {"bulk": (0, 0)}, "S3": FINE | {"bulk": (LEAST, LEAST)}, "S4": {"early": (0, 200)}}, store)
    assert [verdicts(few, s)["bulk"] for s in ("S1", "S2", "S3", "S4")] == ["too few", "too few", "fails", "too few"]
    failing, others = parted([few])
    assert set(failing) == {"S3"} and others == []
    rows = {r["Site"]: {k: v.replace("\N{NO-BREAK SPACE}", " ") for k, v in r.items()} for r in kite_marks(few)}
    assert "– too few: Verified in bulk, 100.0 %" in rows["S1"]["Passes"] and "– too few: Verified in bulk" in rows["S2"]["Passes"]
    assert "✗ Verified in bulk, 100.0 %" in rows["S3"]["Fails"] and rows["S1"]["Fails"] == "none"
    assert "✓ Date without a time, 0.0 %" in rows["S1"]["Passes"]
    assert "- **Date without a time**, at most 2 %. They leave" in meanings(few)


def test_relabelling_sites_permutes_the_marks(large):
    store, _ = large
    shares = {"S1": FINE | {"early": (50, 200)}, "S2": FINE, "S3": FINE | {"midnight": (150, 200), "bulk": (9, 90)}}
    named = {"S1": "S3", "S2": "S1", "S3": "S2"}
    before, after = marks(answer(shares, store)), marks(answer({named[s]: v for s, v in shares.items()}, store))
    assert {named[s]: m.tests for s, m in before.items()} == {s: m.tests for s, m in after.items()}


def test_each_failing_site_is_named_with_its_reasons_in_one_sentence(large):
    store, _ = large
    a = answer({"ZN101": FINE, "ZN202": FINE | {"bulk": (76, 200), "report_rounded": (120, 200)}}, store)
    assert findings.not_comparable(a) == (
        "The times of Saltness Hospital are not comparable: 60 % of its reports were verified on a minute that ends in 0 or 5 (by chance 20 %) "
        "and 38 % of its reports were verified in bulk, five or more attendances by one reporter in one minute."
    )
    assert findings.not_comparable(answer({"ZN101": FINE}, store)) == ""


# On the comparison


@pytest.fixture(scope="module")
def asked(large) -> tuple[Answer, list[Answer], Store]:
    store, _ = large
    spans = ((date(2025, 12, 1), date(2026, 2, 28)), (date(2026, 3, 1), date(2026, 5, 31)), (date(2026, 6, 1), date(2026, 8, 31)))
    return ask(LATE, Scope(("site_code",)), store), [ask(LATE, Scope(("site_code",)).between(*s), store) for s in spans], store


def test_a_site_that_fails_is_never_called_different(asked):
    """Every site that is lasting by its late reports alone: with failing times it is hollow, named as not comparable, and no more."""
    late, quarters, store = asked
    lasting = [u.code for u in compared(late, quarters).units if u.is_lasting]
    assert lasting
    for code in lasting:
        times = answer({code: FINE | {"bulk": (76, 200)}}, store)
        name = late.label("site_code", code)
        (unit,) = (u for u in compared(late, quarters, {code}).units if u.code == code)
        assert not unit.is_comparable and unit.is_lasting == 0
        said = findings.against_case_mix(late, *quarters, times)
        assert said.count(name) == 1 and f"The times of {name} are not comparable: 38 % of its reports were verified in bulk" in said
        assert name in findings.against_case_mix(late, *quarters) and "not comparable" not in findings.against_case_mix(late, *quarters)
        assert f"called different in nothing: {name} †." in findings.case_mix_limits(late, *quarters, times)


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_a_site_that_fails_is_a_ring_by_shape_size_and_name(asked, palette):
    late, quarters, store = asked
    units = compared(late, quarters).units[::-1]
    (code,) = [u.code for u in units if u.is_lasting][:1]
    times = answer({u.code: FINE | ({"bulk": (76, 200)} if u.code == code else {}) for u in units}, store)
    figure = charts.against_case_mix(late, *quarters, times, dimension="site_code", palette=palette)
    small, mark = figure.data[-2:]
    at = [u.code for u in units].index(code)
    assert mark.marker.symbol[at] == "circle-open" and mark.marker.size[at] > small.marker.size and mark.marker.color[at] == palette.muted
    assert [s for i, s in enumerate(mark.marker.symbol) if i != at] == ["diamond" if u.is_lasting else "diamond-open" for u in units if u.code != code]
    assert [("†" in y) for y in mark.y] == [u.code == code for u in units] and len(small.x) == len(units) - 1
    assert "times not comparable" in figure.layout.annotations[0].text
    plain = charts.against_case_mix(late, *quarters, dimension="site_code", palette=palette)
    assert "†" not in plain.to_json() and "circle-open" not in plain.data[-1].marker.symbol


def test_the_times_of_a_site_that_fails_are_drawn_hollow(asked):
    _, _, store = asked
    quick = ask("exam_to_report", Scope(("site_code",)), store)
    times = answer({"ZN101": FINE, "ZN202": FINE | {"early": (50, 200)}}, store)
    figure = charts.dumbbell(quick, times, dimension="site_code")
    for trace, symbol in zip(figure.data[1:], ("circle", "diamond"), strict=True):
        hollow = {y.split("<br>")[0] for y, s in zip(trace.y, trace.marker.symbol, strict=True) if s == f"{symbol}-open"}
        assert hollow == {"Saltness †"} or hollow == {"Saltness Hospital †"}
        assert set(trace.marker.symbol) == {symbol, f"{symbol}-open"}


# The file


GOOD = 'label = "A"\nmost = 0.1\nsaid = "b"\nmeans = "C"\nwhy = "D"\n'
WRONG = {
    "unknown field": (f"[x]\n{GOOD}mots = 0.2\n", "line 7 .x.: 'mots' is not a field.*Did you mean 'most'"),
    "no share": ("[x]\n" + GOOD.replace("0.1", "40"), "line 3 .x.: most is a share"),
    "a switch": ("[x]\n" + GOOD.replace("0.1", "true"), "line 3 .x.: most is a share"),
    "no line": ("[x]\n" + GOOD.replace("most = 0.1\n", ""), "line 1 .x.: most is a share"),
    "no words": ("[x]\n" + GOOD.replace('"C"', '""'), "line 5 .x.: means is a text"),
    "honest times would fail": (f"[x]\n{GOOD}by_chance = 0.1\n", "line 7 .x.: by_chance is a share from 0 to below most"),
    "outside": ("x = 1\n", "line 1: 'x' stands outside"),
    "no toml": ("[x\n", "timestamps.toml is not valid TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_row_is_refused_with_its_line(tmp_path, case):
    text, said = WRONG[case]
    path = tmp_path / "timestamps.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=said):
        load_time_tests(path)
    path.write_text(f"[x]\n{GOOD}", "utf-8")
    assert load_time_tests(path)["x"].most == 0.1
