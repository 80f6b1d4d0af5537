"""Standards as data: which one judges an examination, what a wrong row says, and the verdict on each side of every boundary."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from readout.engine.extract import current_id
from readout.engine.store import Store
from readout.errors import CatalogueError
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_standards
from readout.metrics.scope import Scope
from tests.conftest import ADAPTER, COLUMNS

URGENCY = ADAPTER.replace("[latest]", 'urgency = "urgency"\n[latest]')
AS_OF = datetime(2026, 10, 31, 6, 0)  # local: the clocks went back a week before, so it is UTC too


def entry(name: str, **more: object) -> str:
    """One standard of reports, TOML."""
    given = {"label": name, "status": "local", "source": "test", "measure": "exam_to_report", "threshold": 5, "unit": "days", "better": "up", **more}
    values = {k: v if isinstance(v, (int, float, date)) else f'"{v}"' for k, v in given.items() if v is not None}
    return f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items()) + "\n"


@pytest.fixture
def judged(make, tmp_path, monkeypatch):
    """Publish rows under a standards.toml beside the network file."""
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",urgency")

    def published(rows: list[dict[str, str]], standards: str = "", adapter: str = URGENCY) -> Store:
        if standards:
            (tmp_path / "standards.toml").write_text(standards, "utf-8")
        return Store(make(rows, adapter=adapter))

    return published


def applied(store: Store) -> dict[str, str | None]:
    """The standard of each examination, by accession; none where none is in force."""
    tables = {name: pl.read_parquet(store.extract.tables[name]) for name in ("exam", "exam_standard")}
    keys = ["exam_date", "pathway", "modality", "patient_class"]
    joined = tables["exam"].join(tables["exam_standard"], on=keys, how="left", nulls_equal=True)
    return dict(joined.select("accession", "standard_id").iter_rows())


def verdicts(store: Store, **where: str) -> dict[str, int]:
    """How many are met, missed, met early and pending, from the metric."""
    rows = ask("within_pathway_standard", Scope(where={k: (v,) for k, v in where.items()}), store).rows
    row = rows[0] if rows else {"numerator": 0, "denominator": 0, "count_met_early": 0, "count_pending": 0}
    missed = row["denominator"] - row["numerator"]
    return {"met": row["numerator"], "missed": missed, "met_early": row["count_met_early"], "pending": row["count_pending"]}


def test_a_standard_that_changes_in_mid_period_applies_by_examination_date(judged):
    """Both last days count; the report's date and the request's never choose. Between two standards that leave a gap none is in force."""
    standards = entry("old", modality="CT", threshold=10, valid_to=date(2026, 9, 14)) + entry("new", modality="CT", threshold=3, valid_from=date(2026, 9, 15))
    standards += entry("gap_a", modality="MR", valid_to=date(2026, 6, 30)) + entry("gap_b", modality="MR", valid_from=date(2026, 7, 2))
    late = {"received": "2026-09-01 09:00", "verified": "2026-09-20 12:00"}
    store = judged(
        [
            {"acc": "last old", "ended": "2026-09-14 23:59", **late},
            {"acc": "first new", "ended": "2026-09-15 00:01", **late},
            {"acc": "gap a", "modality": "MR", "ended": "2026-06-30 10:00"},
            {"acc": "in the gap", "modality": "MR", "ended": "2026-07-01 10:00"},
            {"acc": "gap b", "modality": "MR", "ended": "2026-07-02 10:00"},
            {"acc": "before 9 August 2023", "modality": "XR", "class": "", "ended": "2022-01-10 10:00"},
        ],
        standards,
    )
    expected = {"last old": "old", "first new": "new", "gap a": "gap_a", "in the gap": "report_14_days_routine", "gap b": "gap_b"}
    assert applied(store) == expected | {"before 9 August 2023": None}
    by = ask("within_pathway_standard", Scope(("standard_id",), {"modality": ("CT",)}, date(2026, 9, 1), date(2026, 9, 30)), store).rows
    assert {r["standard_id"]: (r["numerator"], r["denominator"]) for r in by} == {"old": (1, 1), "new": (0, 1)}


def test_the_most_specific_wins_then_the_one_set_nearest(judged):
    """Two named things beat one whoever set them; of equals local beats network, national and illustrative; of those the newest."""
    standards = "".join(
        [
            entry("local_all", status="local"),
            entry("illustrative_pathway", status="illustrative", pathway="routine", modality="XR"),
            entry("local_class", status="local", patient_class="03"),
            entry("network_two", status="network", pathway="routine", modality="US"),
            entry("national_two", status="national", pathway="routine", modality="US"),
            entry("national_three", status="national", pathway="routine", modality="NM", patient_class="03"),
            entry("local_two", status="local", pathway="routine", modality="NM"),
            entry("illustrative_mr", status="illustrative", modality="MR"),
            entry("network_mr", status="network", modality="MR"),
            entry("older_fl", modality="FL", patient_class="04", valid_from=date(2020, 1, 1)),
            entry("newer_fl", modality="FL", pathway="routine", valid_from=date(2026, 1, 1)),
        ]
    )
    rows = [
        {"acc": "CT routine", "modality": "CT", "class": "03"},
        {"acc": "CT routine GP", "modality": "CT", "class": "04"},
        {"acc": "CT inpatient", "modality": "CT", "class": "01"},
        {"acc": "CT no class", "modality": "CT", "class": ""},
        {"acc": "XR routine", "modality": "XR", "class": "03"},
        {"acc": "US routine", "modality": "US", "class": "04"},
        {"acc": "NM routine", "modality": "NM", "class": "03"},
        {"acc": "MR inpatient", "modality": "MR", "class": "01"},
        {"acc": "FL GP", "modality": "FL", "class": "04"},
        {"acc": "urgent", "modality": "DX", "class": "04", "urgency": "urgent"},
        {"acc": "cancer beats inpatient", "modality": "DX", "class": "01", "urgency": "suspected_cancer"},
    ]
    assert applied(judged(rows, standards)) == {
        "CT routine": "local_class",  # one thing named each: the local class before the network's routine two weeks
        "CT routine GP": "report_14_days_routine",
        "CT inpatient": "report_24_hours_inpatient",
        "CT no class": "local_all",  # no pathway is known: only standards for all apply, the local before the national
        "XR routine": "illustrative_pathway",
        "US routine": "network_two",
        "NM routine": "national_three",
        "MR inpatient": "network_mr",
        "FL GP": "newer_fl",
        "urgent": "report_7_days_urgent",
        "cancer beats inpatient": "report_3_days_suspected_cancer",
    }


def test_a_file_beside_the_network_file_replaces_by_name_and_adds_the_rest(judged, tmp_path):
    """The analyst edits one file; what it does not name stays as shipped, and the manifest keeps what the extract was judged by."""
    rows = [{"acc": "routine"}, {"acc": "inpatient", "class": "01"}, {"acc": "MR", "modality": "MR"}]
    shipped = judged(rows)
    assert applied(shipped) == {"routine": "report_14_days_routine", "inpatient": "report_24_hours_inpatient", "MR": "report_14_days_routine"}
    own = entry("report_14_days_routine", status="local", pathway="routine", threshold=60) + entry("ours", modality="MR", pathway="routine")
    store = judged(rows, own)
    assert applied(store) == {"routine": "report_14_days_routine", "inpatient": "report_24_hours_inpatient", "MR": "ours"}
    assert verdicts(shipped, modality="CT", patient_class="03") == {"met": 0, "missed": 1, "met_early": 0, "pending": 0}
    assert verdicts(store, modality="CT", patient_class="03") == {"met": 0, "missed": 0, "met_early": 0, "pending": 1}
    kept = {s["id"]: s for s in store.extract.manifest["standards"]}
    assert kept["report_14_days_routine"]["threshold"] == 60 and "ours" in kept and "report_28_days" in kept
    first = {s["id"]: s["threshold"] for s in shipped.extract.manifest["standards"]}
    assert first["report_14_days_routine"] == 14, "an extract keeps the standards that it was made with"


def test_an_unknown_modality_is_still_judged_by_a_standard_for_all(judged):
    """A RIS without a column of modalities gives null in every row. A standard that names no modality judges it all the same."""
    store = judged([{"acc": "A", "verified": "2026-09-02 10:00"}, {"acc": "B"}], adapter=URGENCY.replace('modality = "modality"\n', ""))
    assert verdicts(store) == {"met": 1, "missed": 1, "met_early": 0, "pending": 0}
    assert ask("unreported_over_standard", Scope(), store).rows[0]["value"] == 1


GOOD = entry("fine", modality="CT")
# What is wrong: the file, what the message must say, and the line it must point at ("[odd]" where a row is missing).
WRONG = {
    "an unknown key": (GOOD + entry("odd", tresholds=4), "Did you mean 'threshold'?", "tresholds = 4"),
    "an unknown status": (GOOD + entry("odd", status="regional"), "status 'regional'", 'status = "regional"'),
    "an unknown pathway": (GOOD + entry("odd", pathway="rutine"), "Did you mean 'routine'?", 'pathway = "rutine"'),
    "an unknown modality": (GOOD + entry("odd", modality="CAT"), "modality 'CAT'", 'modality = "CAT"'),
    "an unknown class": (GOOD + entry("odd", patient_class="3"), "patient_class '3'", 'patient_class = "3"'),
    "a target of two": (GOOD + entry("odd", target=2), "between 0 and 1", "target = 2"),
    "a target in per cent": (GOOD + entry("odd", target=90), "between 0 and 1", "target = 90"),
    "no label": (GOOD + entry("odd", label=None), "lacks label", "[odd]"),
    "no threshold": (GOOD + entry("odd", threshold=None), "needs a threshold", "[odd]"),
    "a threshold of nothing": (GOOD + entry("odd", threshold=0), "above 0", "threshold = 0"),
    "a threshold in text": (GOOD + entry("odd", threshold="five"), "above 0", 'threshold = "five"'),
    "half a day": (GOOD + entry("odd", threshold=2.5), "whole calendar days", "threshold = 2.5"),
    "no unit": (GOOD + entry("odd", unit=None, threshold=6), "a unit", "threshold = 6"),
    "an unknown unit": (GOOD + entry("odd", unit="weeks"), "unit 'weeks'", 'unit = "weeks"'),
    "a date in quotes": (GOOD + entry("odd", valid_from="2026-04-01"), "without quotes", 'valid_from = "2026-04-01"'),
    "dates the wrong way round": (GOOD + entry("odd", valid_from=date(2026, 4, 1), valid_to=date(2026, 3, 1)), "before valid_from", "valid_to = 2026-03-01"),
    "two in force at once": (GOOD + entry("odd", modality="CT", threshold=9), "[fine]", "[odd]"),
    "two that share one day": (entry("fine", valid_to=date(2026, 4, 1)) + entry("odd", valid_from=date(2026, 4, 1)), "[fine]", "[odd]"),
    "a row outside any standard": ('odd = "loose"\n' + GOOD, "outside any standard", 'odd = "loose"'),
    "broken TOML": (GOOD + "[odd\nlabel = 1\n", "not valid TOML", "[odd"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_row_is_refused_with_its_line(tmp_path, case):
    text, said, pointed_at = WRONG[case]
    path = tmp_path / "standards.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CatalogueError) as refused:
        load_standards(path)
    message = str(refused.value)
    assert message.startswith("standards.toml") and said in message
    assert f"line {text.splitlines().index(pointed_at) + 1}" in message, message


def test_rows_that_only_follow_one_another_or_differ_in_status_are_no_contradiction(tmp_path):
    """A standard's successor, and a local one over a national, are the point of the table."""
    path = tmp_path / "standards.toml"
    text = entry("a", valid_to=date(2026, 3, 31)) + entry("b", valid_from=date(2026, 4, 1)) + entry("c", status="national") + entry("d", modality="CT")
    path.write_text(text, "utf-8")
    assert set(load_standards(path)) == {"a", "b", "c", "d"}


def test_a_wrong_file_beside_the_network_file_leaves_the_live_extract_live(judged, tmp_path):
    live = judged([{"acc": "A"}]).extract.id
    for standards in (entry("odd", target=2), entry("twice", status="network", pathway="routine")):  # the second contradicts a shipped one
        with pytest.raises(CatalogueError, match=r"standards\.toml, line"):
            judged([{"acc": "A"}, {"acc": "B"}], standards)
        assert current_id(tmp_path / "extracts") == live


DAYS = 14  # the shipped standard of routine examinations


def days_ago(days: int, clock: str = "09:00") -> str:
    return f"{(AS_OF - timedelta(days=days)).date()} {clock}"


def plus(days: int, ago: int, clock: str) -> str:
    return f"{(AS_OF - timedelta(days=ago - days)).date()} {clock}"


# verdict: rows of a standard of 14 local calendar days. Mature from the fifteenth day on; times of day do not matter.
BY_DAYS = {
    "met": [
        {"ended": days_ago(15), "verified": plus(14, 15, "23:59")},
        {"ended": days_ago(15, "23:59"), "verified": plus(0, 15, "23:59")},
        {"ended": days_ago(40), "verified": plus(14, 40, "23:58")},
    ],
    "missed": [
        {"ended": days_ago(15, "23:59"), "verified": plus(15, 15, "00:01")},
        {"ended": days_ago(40), "verified": plus(15, 40, "00:01")},
        {"ended": days_ago(15)},
        {"ended": days_ago(400)},
        {"ended": days_ago(15), "verified": "2026-10-31 07:00"},  # after the data ends: unreported
    ],
    "met_early": [{"ended": days_ago(14, "00:01"), "verified": plus(14, 14, "05:59")}, {"ended": days_ago(0, "01:00"), "verified": days_ago(0, "02:00")}],
    "pending": [{"ended": days_ago(14, "00:01")}, {"ended": days_ago(0, "01:00")}, {"ended": days_ago(3), "verified": "2026-10-31 06:01"}],
}
# the same for 24 elapsed hours: mature at 24 h exactly, met at 24 h exactly.
BY_HOURS = {
    "met": [
        {"ended": "2026-10-30 06:00", "verified": "2026-10-31 06:00"},
        {"ended": "2026-10-29 09:00", "verified": "2026-10-30 09:00"},
        {"ended": "2026-10-24 10:00", "verified": "2026-10-25 09:00"},  # the long night: 24 hours
        {"ended": "2026-03-28 10:00", "verified": "2026-03-29 11:00"},  # the short one: 24 hours
    ],
    "missed": [
        {"ended": "2026-10-29 09:00", "verified": "2026-10-30 09:01"},
        {"ended": "2026-10-30 06:00"},
        {"ended": "2026-10-30 05:59"},
        {"ended": "2026-10-24 10:00", "verified": "2026-10-25 09:01"},
        {"ended": "2026-03-28 10:00", "verified": "2026-03-29 11:01"},
    ],
    "met_early": [{"ended": "2026-10-30 06:01", "verified": "2026-10-31 06:00"}],
    "pending": [{"ended": "2026-10-30 06:01"}, {"ended": "2026-10-31 05:59"}],
}


def rows_of(cases: dict[str, list[dict[str, str]]], **common: str) -> list[dict[str, str]]:
    return [{"acc": f"{common['class']} {v} {i}", **common, **row} for v, rows in cases.items() for i, row in enumerate(rows)]


def test_verdicts_on_each_side_of_the_mature_boundary(judged):
    """Days: judged once older than s. Hours: once s hours have passed. The unreported are missed, never met; the young pend unless met."""
    store = judged([*rows_of(BY_DAYS, **{"class": "03"}), *rows_of(BY_HOURS, **{"class": "01"})])
    clocked = pl.read_parquet(store.extract.tables["clocked"]).filter(pl.col("clock") == "report")
    assert clocked.height == sum(len(r) for cases in (BY_DAYS, BY_HOURS) for r in cases.values())
    for patient_class, cases in (("03", BY_DAYS), ("01", BY_HOURS)):
        expected = {v: len(rows) for v, rows in cases.items()}
        assert verdicts(store, patient_class=patient_class) == expected
        total = sum(expected.values())
        row = ask("within_pathway_standard", Scope(where={"patient_class": (patient_class,)}), store).rows[0]
        assert row["lowest"] == pytest.approx((expected["met"] + expected["met_early"]) / total)
        assert row["highest"] == pytest.approx((total - expected["missed"]) / total)
        assert row["value"] == pytest.approx(expected["met"] / (expected["met"] + expected["missed"]))


def test_every_examination_has_the_verdict_it_should(judged):
    """The counts above could agree by two errors: each single verdict, through the drill-through's own table of clocks."""
    rows = [*rows_of(BY_DAYS, **{"class": "03"}), *rows_of(BY_HOURS, **{"class": "01"})]
    for number, row in enumerate(rows):
        row["received"] = f"2020-01-01 {number // 60:02d}:{number % 60:02d}"
    store = judged(rows)
    exam = pl.read_parquet(store.extract.tables["exam"])
    judgements = pl.read_parquet(store.extract.tables["clocked"]).filter(pl.col("clock") == "report")
    for verdict in BY_DAYS:
        mine = exam.filter(pl.col("accession").str.contains(f" {verdict} "))
        found = judgements.filter(pl.col("standard_state") == verdict)
        keys = ["site_code", "patient_class", "cohort_date", "minutes", "is_ended"]
        renamed = mine.rename({"exam_date": "cohort_date", "turnaround_minutes": "minutes", "is_reported": "is_ended"})
        assert renamed.select(keys).sort(keys).rows() == found.select(keys).sort(keys).rows(), verdict


def test_what_cannot_be_timed_leaves_only_the_standard_that_needs_the_time(judged):
    """A date without a time is judged in days and not in hours; what needs no report, or has no true time, is judged by neither."""
    dates = {"ended": "2026-06-01", "verified": "2026-06-03 10:00"}
    rows = [
        {"acc": "days", "class": "03", **dates},
        {"acc": "hours", "class": "01", **dates},
        {"acc": "report a date", "class": "03", "ended": "2026-06-01 10:00", "verified": "2026-06-03"},
        {"acc": "delegated", "class": "03", "needs_report": "no"},
        {"acc": "backwards", "class": "03", "ended": "2026-06-03 10:00", "verified": "2026-06-01 10:00"},
        {"acc": "overwritten", "class": "03", "ended": "2026-06-01 10:00", "verified": "2026-06-05 10:00", "addendum": "2026-06-05 10:00"},
    ]
    store = judged(rows)
    assert verdicts(store) == {"met": 2, "missed": 0, "met_early": 0, "pending": 0}
    answer = ask("within_pathway_standard", Scope(), store)
    assert {x.reason: x.count for x in answer.left_out} == {
        "date_only": 1,
        "report_not_required": 1,
        "report_before_exam": 1,
        "addendum_overwrote_first": 1,
    }
    assert answer.n == 2


def test_a_report_dated_on_the_day_of_the_examination_is_met_in_days(judged):
    """A date cannot be before an hour of itself. Taken for a report before its examination, every same-day report of such a RIS leaves the rate."""
    store = judged([{"acc": "A", "ended": "2026-06-01 10:00", "verified": "2026-06-01"}, {"acc": "B"}])
    assert verdicts(store) == {"met": 1, "missed": 1, "met_early": 0, "pending": 0}
    assert {x.reason: x.count for x in ask("exam_to_report", Scope(), store).left_out} == {"date_only": 1}
