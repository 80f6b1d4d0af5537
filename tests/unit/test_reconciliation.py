"""Our list and activity beside the return: the steps add up, each event moves its own step alone, and one bridge is counted by hand."""

import csv
import gzip
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from readout import charts, schema
from readout.charts.theme import DARK
from readout.engine.extract import Extract
from readout.engine.store import Store, Viewer
from readout.errors import CatalogueError, UsageError
from readout.ingest.publish import publish
from readout.ingest.return_scope import return_scope
from readout.metrics.answer import ask
from readout.metrics.scope import Scope, month_end
from readout.wording import findings
from tests.conftest import ADAPTER, COLUMNS, NETWORK, NOW

LONDON = ZoneInfo("Europe/London")
TESTS = {"MR": "Magnetic Resonance Imaging", "CT": "Computed Tomography", "US": "Non-Obstetric Ultrasound", "FL": "Barium Enema", "DX": "Dexa Scan"}
LIST, ACTIVITY = "list_reconciliation", "activity_reconciliation"


@pytest.fixture(scope="module")
def store(sample_extract: Extract) -> Store:
    return Store(sample_extract)


@pytest.fixture(scope="module")
def published(sample: Path) -> dict[str, dict[tuple[str, str, int], dict[str, str]]]:
    """The two publications of the sample as they lie in its inbox, by (month end, provider, test)."""
    found = {}
    for path in (sample / "inbox" / "national").glob("*.csv.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as f:
            found[path.name.split("_")[0]] = {(r["Reporting Period"], r["Provider Code"], int(r["Diagnostic ID"])): r for r in csv.DictReader(f)}
    return found


def activity_of(row: dict[str, str]) -> int:
    return sum(int(v) for k, v in row.items() if "tests / procedures" in k.casefold())


def steps(store: Store, metric: str, month: date, **where: str) -> dict[str, int]:
    scope = Scope(("step",), {"month": (month.isoformat(),), **{k: (v,) for k, v in where.items()}})
    return {r["step"]: r["value"] for r in ask(metric, scope, store).rows}


@pytest.mark.parametrize("metric", [LIST, ACTIVITY])
def test_all_steps_together_are_the_published_figure(store, published, metric):
    """Every month, trust and test, against the file in the inbox; the months before the exports and the network's strangers are in none."""
    number = {name: i for i, name in schema.NATIONAL_TESTS.items()}
    rows = ask(metric, Scope(("month", "trust_code", "test")), store).rows
    assert len(rows) == 35 * 4 * 5  # the first of the 36 months lies before the exports
    for r in rows:
        row = published["provider"][month_end(r["month"]).isoformat(), r["trust_code"], number[r["test"]]]
        assert r["value"] == (int(row["Total Waiting List"]) if metric == LIST else activity_of(row)), r


def test_our_step_is_the_figure_of_the_other_pages(store):
    """The list of the waits page and the activity of the activity page, by trust and modality."""
    for metric, own in ((LIST, "waiting"), (ACTIVITY, "activity")):
        scope = Scope(("month", "trust_code", "test"), {"step": ("ours",)})
        bridge = {(r["month"], r["trust_code"], r["test"]): r["value"] for r in ask(metric, scope, store).rows if r["value"]}
        figures = ask(own, Scope(("month", "trust_code", "modality"), {"modality": tuple(TESTS)}), store).rows
        other = {(r["month"], r["trust_code"], TESTS[r["modality"]]): r["value"] for r in figures if r["value"]}
        months = {m for m, _, _ in bridge}
        assert bridge == {k: v for k, v in other.items() if k[0] in months} and len(months) == 35, metric


def day_of(at: datetime | None) -> date | None:
    return at.astimezone(LONDON).date() if at else None


def spans(extract: Extract, trust: str, modality: str) -> Iterator[tuple[dict[str, Any], date, date]]:
    """Requests with the day they were asked and the day they left (the last of days while they wait), from the canonical rows alone."""
    for r in pl.read_parquet(extract.tables["exam"]).to_dicts():
        last = day_of(extract.data_through[r["site_code"]])
        asked = day_of(r["clock_reset_at"]) or day_of(r["received_at"])
        left = {"completed": day_of(r["exam_at"]), "cancelled": day_of(r["cancelled_at"]), "did_not_attend": day_of(r["booked_for"])}.get(r["status"])
        is_unknown = r["status"] in ("completed", "cancelled", "did_not_attend") and left is None
        if (r["trust_code"], r["modality"]) != (trust, modality) or asked is None or is_unknown or r["vetting_outcome"] == "rejected" or r["status"] is None:
            continue
        yield r, asked, left if left and left <= last else date.max


@pytest.mark.parametrize(("trust", "modality", "month"), [("ZN1", "US", date(2026, 6, 1)), ("ZN1", "CT", date(2025, 9, 1)), ("ZN4", "MR", date(2026, 9, 1))])
def test_one_bridge_counted_by_hand(store, published, trust, modality, month):
    end, test = month_end(month), TESTS[modality]
    number = next(i for i, name in schema.NATIONAL_TESTS.items() if name == test)
    later = end + timedelta(days=3)
    expected: Counter[str] = Counter(dict.fromkeys(schema.STEPS, 0))
    for r, asked, left in spans(store.extract, trust, modality):
        is_obstetric = modality == "US" and "obstetric" in r["exam_name"].casefold()
        waits_at, waits_after = asked <= end < left, asked <= later < left
        if r["wait_category"] == "waiting_list":
            expected["ours"] += waits_at
            expected["scope"] -= waits_at and is_obstetric
            expected["timing"] += 0 if is_obstetric else waits_after - waits_at
        elif r["wait_category"] == "planned" and waits_at and not is_obstetric:
            planned_for = day_of(r["exam_at"]) or day_of(r["booked_for"])
            expected["planned"] += planned_for is not None and planned_for <= end + timedelta(days=42)
    first, latest = (int(published[name][end.isoformat(), trust, number]["Total Waiting List"]) for name in ("first", "provider"))
    expected["vintage"] = latest - first
    expected["unexplained"] = latest - expected.total()
    assert steps(store, LIST, month, trust_code=trust, test=test) == dict(expected)
    assert expected["ours"] and expected.total()


def test_the_sample_leaves_little_unexplained_and_has_every_reason(store):
    """The sample's return is counted from its requests: reasons explain nearly all of what differs, and none of them is idle."""
    rows = ask(LIST, Scope(("month", "trust_code", "test", "step")), store).rows
    size: Counter[str] = Counter()
    for r in rows:
        size[r["step"]] += abs(r["value"])
    assert all(size[s] > 20 for s in ("planned", "timing", "scope"))
    assert 0 < size["unexplained"] < 0.05 * size["ours"]
    assert 0 < size["vintage"] < 0.05 * size["ours"]


def test_a_list_is_never_added_over_months_and_its_account_is_of_the_same_month(store):
    whole = ask(LIST, Scope(), store)
    assert [r["month"] for r in whole.rows] == [date(2026, 9, 1)] and "at the end of Sep 2026" in whole.words
    ours = ask(LIST, Scope((), {"step": ("ours",)}), store)
    assert whole.n == ours.n == ours.rows[0]["value"]
    assert {x.reason for x in whole.left_out} == {"month_not_published"}
    assert {x.reason for x in ask(ACTIVITY, Scope(), store).left_out} == {"month_not_published"}


def test_a_trust_is_shown_to_whoever_may_see_all_of_its_sites(sample_extract):
    def trusts(*sites: str) -> set[str]:
        store = Store(sample_extract, Viewer(frozenset(sites)))
        return {r["trust_code"] for m in (LIST, ACTIVITY) for r in ask(m, Scope(("trust_code",)), store).rows}

    assert trusts("ZN101") == set()
    assert trusts("ZN101", "ZN102", "ZN201") == {"ZN1"}
    part = ask(LIST, Scope(), Store(sample_extract, Viewer(frozenset({"ZN101"}))))
    assert part.n == 0 and not part.left_out and not part.rows


def test_which_sites_are_a_trusts_is_asked_of_each_month(sample_extract, tmp_path):
    """A site that left the trust in August hides August's figure from whoever may not see it, and no later one; no query need remember that."""
    folder = tmp_path / sample_extract.id
    shutil.copytree(sample_extract.folder, folder)
    path = folder / "tables" / "list_bridge.parquet"
    frame = pl.read_parquet(path).filter(pl.col("trust_code") == "ZN1")
    path.unlink()
    with_august = pl.when(pl.col("month") <= date(2026, 8, 1)).then(pl.lit(["ZN101", "ZN102"])).otherwise(pl.lit(["ZN101"]))
    assert set(frame["month"]) > {date(2026, 8, 1), date(2026, 9, 1)}
    frame.with_columns(with_august.alias("site_codes")).write_parquet(path)
    store = Store(replace(sample_extract, folder=folder), Viewer(frozenset({"ZN101"})))
    assert {r["month"] for r in ask(LIST, Scope(("month",)), store).rows} == {date(2026, 9, 1)}


# A hand-made trust, whose return is written beside its requests.

EXTRA = 'booked_for = "booked"\ncancelled_at = "cancelled"\nwait_category = "wait"\nexam_name = "name"\n'
BANDS = [f"{i:02d} <{i + 1:02d} Weeks" for i in range(13)] + ["13+ Weeks"]
HEAD = ["Reporting Period", "Regional Team Code", "Provider Code", "Diagnostic ID", "Total Waiting List", *BANDS]
HEAD += ["Planned tests / procedures", "Unscheduled tests / procedures", "Waiting list tests / procedures (excluding planned)"]
SOURCE = '\n[[source]]\nname = "national"\ntable = "national_wait"\nadapter = "dm01"\npath = "return/*.csv"\n'
SEPTEMBER = date(2026, 9, 1)
SCAN = {"modality": "US", "name": "US Abdomen", "wait": "waiting_list", "received": "2026-09-02 09:00"}
WAITING = {**SCAN, "status": "requested", "ended": ""}
BASE = [WAITING, {**SCAN, "received": "2026-08-20 09:00", "ended": "2026-09-01 10:00"}]
PLANNED = {**WAITING, "wait": "planned", "status": "booked", "booked": "2026-11-11 09:00"}  # 42 days after the month's end


@pytest.fixture
def bridges(make: Callable[..., Extract], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., dict[str, dict[str, int]]]:
    """Publish requests and returns, and give the steps of the list and of activity in September."""
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",booked,cancelled,wait,name")

    def asked(rows: list[dict[str, str]], *figures: tuple[int, int]) -> dict[str, dict[str, int]]:
        (tmp_path / "return").mkdir(exist_ok=True)
        for i, (waiting, done) in enumerate(figures):
            line = ["2026-09-30", "Y1", "T1", 3, waiting, waiting, *[0] * 13, 0, 0, done]
            text = "\n".join(",".join(map(str, cells)) for cells in (HEAD, line)) + "\n"
            (tmp_path / "return" / f"publication-{i}.csv").write_text(text, "utf-8")
        store = Store(make(rows, network=NETWORK + SOURCE, adapter=ADAPTER.replace("[latest]", EXTRA + "[latest]")))
        where = {"test": TESTS["US"], "trust_code": "T1"}
        return {m: steps(store, m, SEPTEMBER, **where) for m in (LIST, ACTIVITY)}

    return asked


# What is added to the requests, what the return holds then (list, activity), and what moves by how much: nothing else may.
EVENTS: dict[str, tuple[dict[str, str] | None, tuple[int, int], dict[str, dict[str, int]]]] = {
    "a request that both count": (WAITING, (2, 1), {LIST: {"ours": 1}}),
    "a planned request that is due": (PLANNED, (2, 1), {LIST: {"planned": 1}}),
    "a planned request that is not yet due": ({**PLANNED, "booked": "2026-11-12 09:00"}, (1, 1), {}),
    "a request of the third day after": ({**WAITING, "received": "2026-10-03 23:00"}, (2, 1), {LIST: {"timing": 1}}),
    "a request of the fourth day after": ({**WAITING, "received": "2026-10-04 00:00"}, (1, 1), {}),
    "examined on the third day after": ({**SCAN, "ended": "2026-10-03 10:00"}, (1, 1), {LIST: {"ours": 1, "timing": -1}}),
    "cancelled on the first day after": (
        {**SCAN, "status": "cancelled", "ended": "", "cancelled": "2026-10-01 10:00"},
        (1, 1),
        {LIST: {"ours": 1, "timing": -1}},
    ),
    "missed on the first day after": ({**SCAN, "status": "did_not_attend", "ended": "", "booked": "2026-10-01 10:00"}, (1, 1), {LIST: {"ours": 1, "timing": -1}}),
    "an obstetric scan that waits": ({**WAITING, "name": "US Obstetric growth"}, (1, 1), {LIST: {"ours": 1, "scope": -1}}),
    "an obstetric scan done": ({**SCAN, "name": "US Obstetric growth", "ended": "2026-09-09 10:00"}, (1, 1), {ACTIVITY: {"ours": 1, "scope": -1}}),
    "a scan of another modality": ({**WAITING, "modality": "XR"}, (1, 1), {}),
    "a planned scan done": ({**SCAN, "wait": "planned", "ended": "2026-09-09 10:00"}, (1, 2), {ACTIVITY: {"ours": 1}}),
    "an emergency without a category": (
        {**SCAN, "wait": "", "class": "05", "received": "2026-09-09 09:00", "ended": "2026-09-09 10:00"},
        (1, 2),
        {ACTIVITY: {"ours": 1}},
    ),
    "booked in September, done on 1 October": (
        {**SCAN, "booked": "2026-09-30 16:00", "ended": "2026-10-01 09:00"},
        (1, 2),
        {LIST: {"ours": 1, "timing": -1}, ACTIVITY: {"timing": 1}},
    ),
    "a figure that nothing explains": (None, (3, 3), {LIST: {"unexplained": 2}, ACTIVITY: {"unexplained": 2}}),
}


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_moves_its_own_step_and_no_other(bridges, event):
    row, figures, expected = EVENTS[event]
    before = bridges(BASE, (1, 1))
    assert {m: {k: v for k, v in s.items() if v} for m, s in before.items()} == {LIST: {"ours": 1}, ACTIVITY: {"ours": 1}}
    after = bridges([*BASE, row] if row else BASE, figures)
    moved = {m: {k: after[m].get(k, 0) - before[m].get(k, 0) for k in schema.STEPS} for m in after}
    assert {m: {k: v for k, v in s.items() if v} for m, s in moved.items()} == {LIST: {}, ACTIVITY: {}, **expected}


def test_a_restatement_moves_the_vintage_and_no_other(bridges):
    once, again = bridges(BASE, (1, 1)), bridges(BASE, (1, 1), (4, 0))
    assert {k: again[LIST].get(k, 0) - once[LIST].get(k, 0) for k in schema.STEPS if again[LIST].get(k) != once[LIST].get(k)} == {"vintage": 3}
    assert {k: v for k, v in again[ACTIVITY].items() if v} == {"ours": 1, "vintage": -1}


def test_without_the_return_or_without_examinations_there_is_no_bridge(make, sample, tmp_path):
    store = Store(make(BASE))
    for metric in (LIST, ACTIVITY):
        with pytest.raises(UsageError, match="needs the table"):
            ask(metric, Scope(), store)
    text = NETWORK.split("[[source]]")[0] + SOURCE.replace("return/*.csv", "alone/*")
    (tmp_path / "alone.toml").write_text(text, "utf-8")
    (tmp_path / "alone").mkdir()
    for path in (sample / "inbox" / "national").iterdir():
        (tmp_path / "alone" / path.name).write_bytes(path.read_bytes())
    alone = publish(tmp_path / "alone.toml", tmp_path / "alone_extracts", now=datetime(2026, 11, 3, tzinfo=UTC))
    assert "national_current" in alone.tables and "list_bridge" not in alone.tables


def test_the_publish_checks_hold_on_the_sample(sample_extract):
    passed = {c["name"]: c["passed"] for c in sample_extract.manifest["checks"]}
    assert passed["bridge_differs_from_return"] and passed["bridge_differs_from_own_figures"]
    assert NOW.year == 2026


# The rules of the return's scope.


def test_the_networks_own_rules_are_asked_before_the_shipped_ones(tmp_path):
    shipped = return_scope(tmp_path)
    assert dict(shipped.select("modality", "stands_beside").unique().iter_rows()) == TESTS
    (tmp_path / "dm01_scope.toml").write_text('[[rule]]\nmodality = "CT"\nexam_code = ["CBX", "CDR"]\nname_contains = ["Biopsy"]\n', "utf-8")
    own = return_scope(tmp_path)
    assert own.height == shipped.height + 3
    assert own.filter(pl.col("rule_no") == 0).select("modality", "stands_beside", "test", "exam_code", "name_part").rows() == [
        ("CT", TESTS["CT"], None, "CBX", None),
        ("CT", TESTS["CT"], None, "CDR", None),
        ("CT", TESTS["CT"], None, None, "biopsy"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[[rule]]\nmodality = "CTT"\n', "rule 1: modality 'CTT' is not known. Did you mean 'CT'"),
        ('[[rule]]\nmodality = "CT"\ntest = "Computer Tomography"\n', "test 'Computer Tomography' is not known"),
        ('[[rule]]\nmodality = "CT"\nname = ["x"]\n', "'name' is not a field of a rule"),
        ('[[rule]]\nmodality = "CT"\nname_contains = "x"\n', "name_contains is a list of texts"),
        ('[[rule]]\nmodality = "CT"\ntest = "Dexa Scan"\n', "'CT' already stands beside 'Dexa Scan'"),
        ('[[rule]]\nmodality = "XR"\n', "no rule of 'XR' names a test"),
        ('colour = "red"\n', "holds \\[\\[rule\\]\\] and nothing else"),
        ("[[rule]\n", "is not valid TOML"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path, text, sentence):
    (tmp_path / "dm01_scope.toml").write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=sentence):
        return_scope(tmp_path)


# Words and chart.


def test_the_sentence_and_the_chart_say_the_same_steps(store):
    scope = Scope(("step",), {"month": ("2026-06-01",), "trust_code": ("ZN1",), "test": (TESTS["US"],)})
    answer = ask(LIST, scope, store)
    values = {r["step"]: r["value"] for r in answer.rows}
    said = findings.bridge(answer)
    assert f"the return holds {sum(values.values())} and we count {values['ours']}" in said
    assert "scope −" in said and "step" not in said
    for palette in ({}, {"palette": DARK}):
        figure = charts.bridge(answer, **palette)
        assert list(figure.layout.yaxis.ticktext) == [*schema.STEPS.values(), "Published"]
        assert list(figure.data[1].x) == [values["ours"], sum(values.values())]
        assert figure.data[0].base[0] + sum(figure.data[0].x) == sum(values.values())
        assert len(figure.to_json()) < 20_000
    everything = ask(LIST, Scope(("step",)), store)
    assert "at the end of Sep 2026" in findings.bridge(everything)


def test_agreement_is_said_as_such(bridges, store):
    bridges(BASE, (1, 1))
    scope = Scope(("step",), {"month": ("2026-09-01",), "trust_code": ("ZN4",), "test": (TESTS["FL"],), "step": ("ours",)})
    assert "the return and our figure agree" in findings.bridge(ask(LIST, scope, store))
