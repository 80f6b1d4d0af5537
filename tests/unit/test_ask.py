"""The command line and the Answer: the numbers a manager reads, found a second way in plain Python."""

import ast
import json
import math
import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from readout.__main__ import main
from readout.engine.query_file import load_queries
from readout.engine.store import Store, Viewer
from readout.errors import UsageError
from readout.ingest.publish import publish
from readout.metrics import format as fmt
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope
from readout.stats.intervals import wilson
from readout.wording import findings
from tests.conftest import NETWORK, NOW, ROOT, shared

CATALOGUE = load_catalogue()


def asked(capsys, *arguments: str) -> dict:
    assert main(["ask", *arguments, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def kaplan_meier(rows: list[tuple[int, bool]], q: float) -> int | None:
    """The first time at which the plain product-limit curve is at or below 1 - q."""
    survival, left = 1.0, len(rows)
    for t in sorted({t for t, _ in rows}):
        events = sum(1 for u, e in rows if u == t and e)
        survival *= 1 - events / left
        left -= sum(1 for u, _ in rows if u == t)
        if events and survival <= 1 - q + 1e-9:
            return t
    return None


def test_every_metric_query_is_well_formed_and_answers(sample_extract):
    store = Store(sample_extract)
    for metric in CATALOGUE.metrics.values():
        for by in ((), metric.dimensions[:1], metric.dimensions[-2:]):
            answer = ask(metric.id, Scope(by), store)
            assert answer.frame.columns[: len(by)] == list(by) or metric.is_snapshot
            assert "provisional" in answer.frame.columns


def test_sql_stands_only_in_queries():
    for path in [*(ROOT / "readout").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"]:
        tree = ast.parse(path.read_text("utf-8"))
        documents = {
            id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.ClassDef, ast.FunctionDef)) and n.body and isinstance(n.body[0], ast.Expr)
        }
        texts = [n.value.casefold() for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in documents]
        held = [
            t for t in texts if re.search(r"^\s*(select|with|copy|from)\s[^\n]*(\(|\bfrom\b|_)|\bcopy \(|\bselect\b.*\bfrom\b|\bgroup by\b|\border by [a-z]", t, re.S)
        ]
        assert not held, f"{path.name} holds SQL: {held}"


def test_every_build_query_says_what_it_reads():
    for folder in ("canonical", "summary", "checks", "metrics"):
        for query in load_queries(ROOT / "queries" / folder).values():
            assert query.purpose.endswith(".") and query.grain


@pytest.fixture(scope="module")
def exams(sample_extract) -> list[dict]:
    return pl.read_parquet(sample_extract.folder / "tables" / "exam.parquet").filter(pl.col("status") == "completed").to_dicts()


def test_activity_and_out_of_hours_equal_plain_python(sample_extract, exams):
    store = Store(sample_extract)
    got = {(r["site_code"], r["modality"]): r["value"] for r in ask("activity", Scope(("site_code", "modality")), store).rows}
    want: dict[tuple[str, str], int] = {}
    for e in exams:
        if e["exam_at"] is not None:
            want[e["site_code"], e["modality"]] = want.get((e["site_code"], e["modality"]), 0) + 1
    assert got == want


@pytest.mark.parametrize("by", [("site_code", "modality"), ("month", "site_code"), ("month",), ()])
def test_turnaround_quantiles_equal_a_plain_kaplan_meier(sample_extract, exams, by):
    """Cells whose quantiles lie before their first censored wait, and cells that need the curve; both kinds occur."""
    through = sample_extract.data_through
    cells: dict[tuple, list[tuple[int, bool]]] = {}
    for e in exams:
        end, first, as_of = e["exam_at"], e["first_verified_at"], through[e["site_code"]]
        if end is None or end > as_of or e["is_report_required"] is False or "addendum_overwrote_first" in e["dq_flags"]:
            continue
        if first is not None and first < end:
            continue
        if "midnight_time" in e["dq_flags"]:
            continue
        done = first is not None and first <= as_of
        minutes = math.floor(((first if done else as_of) - end).total_seconds() / 60)
        named = {"month": e["exam_month"], "site_code": e["site_code"], "modality": e["modality"]}
        cells.setdefault(tuple(named[d] for d in by), []).append((minutes, done))
    answered = ask("exam_to_report", Scope(by), Store(sample_extract)).rows
    assert len(answered) == len(cells)
    for row in answered:
        rows = cells[tuple(row[d] for d in by)]
        assert row["n"] == len(rows)
        assert row["count_unreported"] == sum(not done for _, done in rows)
        for name, q in (("median_hours", 0.5), ("p90_hours", 0.9), ("p95_hours", 0.95)):
            want = kaplan_meier(rows, q)
            assert row[name] == (want if want is None else pytest.approx(want / 60, abs=1e-9)), (row, name)


def test_within_28_days_counts_the_unreported_as_missed(make):
    """Two of four examinations are late or unreported; one of them has no report at all."""
    extract = make(
        [
            {"verified": "2026-09-02 10:00"},
            {"verified": "2026-09-29 23:59"},  # day 28 counts
            {"verified": "2026-09-30 00:01"},  # day 29 does not
            {},
            {"ended": "2026-10-10 10:00", "verified": "2026-10-11 10:00"},  # too recent to judge
        ]
    )
    row = ask("within_28_days", Scope(), Store(extract)).rows[0]
    assert (row["numerator"], row["denominator"]) == (2, 4)
    answer = ask("within_28_days", Scope(), Store(extract))
    assert [(x.reason, x.count) for x in answer.left_out] == [("too_recent", 1)]


def test_unreported_is_a_stock_counted_as_of_each_month_end(make):
    extract = make(
        [
            {"ended": "2026-07-31 23:30", "verified": "2026-08-01 00:30"},
            {"ended": "2026-08-10 10:00", "verified": "2026-09-01 09:00"},
            {"ended": "2026-08-20 10:00"},
            {"ended": "2026-10-30 10:00", "needs_report": "no"},
        ]
    )
    store = Store(extract)
    by_month = {r["month"]: r["value"] for r in ask("unreported", Scope(("month",)), store).rows}
    assert by_month == {date(2026, 7, 1): 1, date(2026, 8, 1): 2, date(2026, 9, 1): 1, date(2026, 10, 1): 1}
    last = ask("unreported", Scope(), store).rows
    assert [(r["month"], r["value"]) for r in last] == [(date(2026, 10, 1), 1)]
    assert ask("backlog_10_days", Scope(date_to=date(2026, 8, 31)), store).rows[0]["value"] == 2


def test_an_addendum_does_not_move_a_turnaround(make):
    plain = make([{"verified": "2026-09-01 12:00"}])
    before = ask("exam_to_report", Scope(), Store(plain)).rows[0]["median_hours"]
    amended = make([{"verified": "2026-09-01 12:00", "last_verified": "2026-09-05 12:00", "addendum": "2026-09-05 12:00"}])
    assert ask("exam_to_report", Scope(), Store(amended)).rows[0]["median_hours"] == before == 2.0
    rate = ask("addendum_rate", Scope(), Store(amended)).rows[0]
    assert (rate["numerator"], rate["denominator"]) == (1, 1)


def test_clock_change_nights_are_right_both_ways(make):
    vectors = json.loads(shared("reference", "vectors.json").read_text("utf-8"))["clock_europe_london"]
    rows = [{"ended": v["from"].replace("T", " "), "verified": v["to"].replace("T", " ")} for v in vectors]
    store = Store(make(rows))
    got = [r["median_hours"] for r in ask("exam_to_report", Scope(("month",)), store).rows]
    assert got == [v["hours"] for v in vectors]


def test_a_viewer_sees_only_their_sites(make):
    extract = make([{"site": "S1"}, {"site": "S2"}, {"site": "S2"}])
    store = Store(extract, Viewer(frozenset({"S1"})))
    assert ask("activity", Scope(), store).rows[0]["value"] == 1
    assert list(ask("activity", Scope(), store).data_through) == ["S1"]
    with pytest.raises(UsageError, match="'S2' is not a site"):
        ask("activity", Scope(where={"site_code": ("S2",)}), store)


def test_england_has_the_check_figures(tmp_path, capsys):
    folder = shared("data", "dm01")
    (tmp_path / "network.toml").write_text(
        '[network]\ncode = "T"\nname = "T"\nsynthetic = true\n[[site]]\ncode = "S"\nname = "S"\ntrust_code = "RX1"\n'
        '[[source]]\nname = "national"\ntable = "national_wait"\nadapter = "dm01"\npath = "inbox/*"\n',
        "utf-8",
    )
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for path in [*folder.glob("*.csv*"), *(folder / "published_layout").iterdir()]:
        (inbox / path.name).write_bytes(path.read_bytes())
    extracts = tmp_path / "extracts"
    publish(tmp_path / "network.toml", extracts, now=NOW)
    mri = ("--where", "test=Magnetic Resonance Imaging", "--extracts", str(extracts))
    for day, waiting, six, thirteen in (
        ("2023-04-30", 274137, 62449, 20562),
        ("2024-03-31", 310208, 57411, 14493),
        ("2025-03-31", 331280, 45529, 10522),
    ):
        assert asked(capsys, "national_waiting", *mri, "--from", day, "--to", day)["rows"][0]["value"] == waiting
        assert asked(capsys, "national_six_week_breach", *mri, "--to", day)["rows"][0]["numerator"] == six
        assert asked(capsys, "national_thirteen_week_breach", *mri, "--to", day)["rows"][0]["numerator"] == thirteen
    whole = asked(capsys, "national_waiting", *mri)["rows"]
    assert [(r["month"], r["value"]) for r in whole] == [("2025-03-01", 331280)]  # never a sum over months


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["activty"], "Did you mean 'activity'?"),
        (["activity", "--by", "modalty"], "Did you mean 'modality'?"),
        (["activity", "--where", "modality=CTT"], "Did you mean 'CT'?"),
        (["activity", "--from", "2026-13-01"], "is not a date"),
        (["activity", "--from", "2026-02-01", "--to", "2026-01-01"], "runs backwards"),
    ],
)
def test_an_unknown_name_gets_a_did_you_mean_and_exit_code_2(sample_extract, capsys, arguments, said):
    assert main(["ask", *arguments, "--extracts", str(sample_extract.folder.parent)]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.out == ""


def test_the_file_a_second_ris_needs_is_only_a_toml(make):
    adapter = """
[file]
delimiter = ","
date_formats = ["%Y-%m-%d %H:%M"]
[columns]
accession = "acc"
exam_end_at = "ended"
modality = "modality"
[constants]
site_code = "S2"
[values.modality]
"CAT scan" = "CT"
"""
    extract = make([{"modality": "CAT scan"}], adapter=adapter)
    assert ask("activity", Scope(("site_code", "modality")), Store(extract)).rows[0]["value"] == 1
    assert Path(extract.folder).name == "2026-11-03a"


def test_wilson_equals_the_reference():
    for vector in json.loads(shared("reference", "vectors.json").read_text("utf-8"))["wilson"]:
        assert wilson(vector["x"], vector["n"]) == pytest.approx(vector["ci"], abs=1e-6)


def test_every_rule_that_ingest_names_is_on_the_data_quality_page(sample_extract):
    known = set(CATALOGUE.rules)
    for source in sample_extract.manifest["sources"]:
        records = source["records"]
        named = {*source["flags"], *(k for part in ("excluded", "dropped", "quarantined") for k in records[part])}
        assert named <= known, named - known


def test_an_unknown_status_is_flagged_and_told_by_the_times(make):
    extract = make([{"status": "FINI"}, {"status": ""}, {"status": "completed"}])
    assert ask("activity", Scope(), Store(extract)).rows[0]["value"] == 3
    source = extract.manifest["sources"][0]
    assert source["flags"]["unknown_status"] == 1 and source["unknown_codes"] == [{"column": "status", "value": "FINI", "count": 1}]


def test_a_former_trust_can_still_be_asked_for(make):
    moved = NETWORK.replace("[[source]]", '[[site.history]]\nfrom = 2026-08-01\ntrust_code = "T9"\ntrust_name = "New Trust"\n\n[[source]]')
    extract = make([{"site": "S2", "ended": "2026-07-01 10:00"}, {"site": "S2", "ended": "2026-09-01 10:00"}], network=moved)
    store = Store(extract)
    assert {r["trust_code"]: r["value"] for r in ask("activity", Scope(("trust_code",)), store).rows} == {"T2": 1, "T9": 1}
    assert ask("activity", Scope(where={"trust_code": ("T2",)}), store).rows[0]["value"] == 1


def test_a_time_reads_by_its_own_clock():
    metrics = load_catalogue().metrics
    days, hours = metrics["request_to_exam"], metrics["exam_to_report"]
    assert [days.kind.duration(h) for h in (0, 24, 48, 36, None)] == ["same day", "1 day", "2 days", "1.5 days", "not yet reached"]
    assert [hours.kind.duration(h) for h in (0.5, 24, 72)] == ["30 min", "24.0 h", "3.0 days"]
    assert metrics["within_28_days"].kind.figure(0.5) == "50.0 %" and metrics["unreported"].kind.figure(1200) == "1,200"
    assert metrics["clearance_weeks"].kind.figure(0.72) == "0.7" and metrics["activity"].kind.figure(None) == fmt.DASH


def test_a_ratio_says_what_stands_behind_it_in_its_own_words(sample_extract):
    store = Store(sample_extract)
    of = {
        "clearance_weeks": r"[\d,]+ at [\d,]+ a week",
        "activity_per_working_day": r"[\d,]+ in [\d.]+ (?:weighted )?working days?",
        "within_28_days": r"[\d,]+ of [\d,]+",
    }
    for metric, said in of.items():
        answer = ask(metric, Scope(("month",) if metric != "clearance_weeks" else ()), store)
        assert re.fullmatch(said, findings.beside(answer, answer.rows[0])), metric


RENAMED = """
[[site.history]]
from = 2026-08-01
name = "Second Infirmary"
trust_name = "Two United Trust"

[[site.history]]
from = 2026-10-01
trust_code = "T9"
trust_name = "New Trust"

[[source]]"""


@pytest.mark.parametrize(
    ("period", "site", "trust"),
    [
        ({"date_to": date(2026, 7, 31)}, "Second Hospital", "Two Trust"),
        ({"date_to": date(2026, 8, 1)}, "Second Infirmary", "Two United Trust"),
        ({"where": {"month": ("2026-07", "2026-06")}}, "Second Hospital", "Two Trust"),
        ({"where": {"month": ("2026-09",)}, "date_to": date(2026, 12, 31)}, "Second Infirmary", "Two United Trust"),
        ({}, "Second Infirmary", "Two United Trust"),
        ({"date_to": date(1850, 1, 1)}, "Second Hospital", "Two Trust"),
    ],
)
def test_a_figure_goes_by_the_names_that_held_at_the_end_of_its_period(make, period, site, trust):
    """The code is the key: the rows are those of both names."""
    rows = [{"site": "S2", "ended": f"2026-{month}-05 10:00"} for month in ("06", "07", "08", "09")]
    store = Store(make(rows, network=NETWORK.replace("[[source]]", RENAMED)))
    answer = ask("activity", Scope(("site_code", "trust_code"), **period), store)
    assert (answer.label("site_code", "S2"), answer.label("trust_code", "T2"), answer.label("trust_code", "T9")) == (site, trust, "New Trust")
    if not period:
        assert answer.rows[0]["value"] == 4


def test_a_filter_in_words_goes_by_the_name_of_its_time_and_an_older_extract_by_the_latest(make):
    rows = [{"site": "S2", "ended": "2026-07-05 10:00"}]
    store = Store(make(rows, network=NETWORK.replace("[[source]]", RENAMED)))
    past = Scope(where={"site_code": ("S2",)}, date_to=date(2026, 7, 31))
    assert ask("activity", past, store).words == "Second Hospital, to 31 Jul 2026"
    for site in store.extract.manifest["sites"]:
        del site["periods"]
    assert ask("activity", past, Store(store.extract)).words.startswith("Second Infirmary")


def test_metrics_that_are_columns_of_one_query_run_it_once_for_each_viewer(sample_extract, monkeypatch):
    ran = []
    run = Store._run
    monkeypatch.setattr(Store, "_run", lambda self, query, *more: ran.append(query.name) or run(self, query, *more))
    whole = Store(sample_extract)
    total = ask("unreported", Scope(), whole).rows[0]["value"]
    ask("backlog_10_days", Scope(), whole)
    ask("unreported_over_standard", Scope(), whole)
    assert ran == ["unreported", "unreported_accounts"]
    site = sample_extract.manifest["sites"][0]["site_code"]
    part = ask("unreported", Scope(), Store(sample_extract, Viewer(frozenset({site})))).rows[0]["value"]
    assert ran == ["unreported", "unreported_accounts"] * 2 and part < total
    assert ask("unreported", Scope(), whole).rows[0]["value"] == total
