"""The fault table, a row a fault: what happens to the record, and where it is counted."""

import pytest

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from tests.conftest import ADAPTER, COLUMNS, NETWORK

GOOD = {"acc": "GOOD", "received": "2026-08-30 09:00", "verified": "2026-09-01 12:00"}


def value(extract, metric, name="value", **where):
    return ask(metric, Scope(where={k: (v,) for k, v in where.items()}), Store(extract)).rows[0][name]


def left_out(extract, metric):
    return {x.reason: x.count for x in ask(metric, Scope(), Store(extract)).left_out}


@pytest.mark.parametrize(
    ("row", "flag"),
    [
        ({"verified": "2026-09-01 09:00"}, "report_before_exam"),
        ({"received": "2026-09-02 09:00"}, "exam_before_request"),
        ({"received": ""}, "no_received_time"),
        ({"ended": "2025-10-26 01:30"}, "repeated_hour"),
        ({"ended": "2026-03-29 01:30"}, "missing_hour"),
        ({"ended": "2026-09-01"}, "midnight_time"),
        ({"class": "5"}, "leading_zero_repaired"),
        ({"modality": "ZZ"}, "unknown_modality"),
        ({"class": "99"}, "unknown_patient_class"),
        ({"ended": ""}, "no_exam_time"),
        ({"patient": ""}, "no_patient"),
        ({"verified": "2026-09-05 12:00", "addendum": "2026-09-05 12:00"}, "addendum_overwrote_first"),
    ],
)
def test_a_flagged_fault_is_kept_counted_as_activity_and_listed(make, row, flag):
    extract = make([{"received": "2026-01-01 09:00", **row}, GOOD])
    source = extract.manifest["sources"][0]
    assert source["records"]["kept"] == 2
    assert source["flags"][flag] == 1
    undated = flag == "no_exam_time"
    assert value(extract, "activity") == (1 if undated else 2)
    assert left_out(extract, "activity") == ({"no_exam_time": 1} if undated else {})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"verified": "2026-09-01 09:00"}, "report_before_exam"),
        ({"ended": "2026-09-01"}, "date_only"),
        ({"verified": "2026-09-05 12:00", "addendum": "2026-09-05 12:00"}, "addendum_overwrote_first"),
        ({"needs_report": "no"}, "report_not_required"),
        ({"ended": "2026-10-31 08:00"}, "after_as_of"),
    ],
)
def test_what_cannot_be_clocked_leaves_the_clock_and_is_counted(make, row, reason):
    extract = make([{"received": "2026-01-01 09:00", **row}, GOOD])
    assert value(extract, "exam_to_report", "n") == 1
    assert left_out(extract, "exam_to_report") == {reason: 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"ended": "1900-01-01 00:00"}, "date_before_1990"),
        ({"ended": "2062-01-01 10:00"}, "date_in_future"),
        ({"received": "31/02/2026"}, "unreadable_date"),
        ({"site": "S9"}, "unmapped_site"),
        ({"site": ""}, "no_site"),
        ({"acc": ""}, "no_accession"),
    ],
)
def test_a_quarantined_fault_is_set_apart_with_its_reason(make, row, reason):
    records = make([row, GOOD]).manifest["sources"][0]["records"]
    assert records["kept"] == 1 and records["quarantined"] == {reason: 1}


def test_a_moved_or_repeated_hour_is_read_as_the_contract_says(make):
    """October's 01:30 is the second one; March's missing 01:30 becomes 02:30. Elapsed time is on UTC."""
    october = make([{"ended": "2025-10-26 01:30", "verified": "2025-10-26 03:30"}])
    assert value(october, "exam_to_report", "median_hours") == 2.0
    march = make([{"ended": "2026-03-29 01:30", "verified": "2026-03-29 03:30"}])
    assert value(march, "exam_to_report", "median_hours") == 1.0


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("A9,1,A9,S1", ("quarantined", "column_count")),
        ('A9,1,"A9,S1,P,CT,03,completed,,2026-09-01 10:00,,,,,', ("quarantined", "stray_quote")),
        (COLUMNS, ("dropped", "repeated_header")),
        ("Total records: 2", ("dropped", "footer")),
        ("", ("dropped", "blank")),
    ],
)
def test_a_broken_or_foreign_line_costs_only_itself(make, tmp_path, line, outcome):
    adapter = ADAPTER.replace("[file]", '[file]\nfooter_pattern = "^Total"')
    make([GOOD], adapter=adapter)
    path = tmp_path / "inbox" / "a.csv"
    header, row = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header, line, row, ""]), "utf-8")
    from readout.ingest.publish import publish
    from tests.conftest import NOW

    records = publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW).manifest["sources"][0]["records"]
    part, reason = outcome
    assert records["kept"] == 1 and records["read"] == 2 and records[part] == {reason: 1}


def test_several_examinations_of_one_attendance_count_as_one_attendance(make):
    extract = make([{"acc": "A", "seq": "1"}, {"acc": "A", "seq": "2", "modality": "XR"}])
    assert (value(extract, "activity"), value(extract, "attendances"), value(extract, "patients")) == (2, 1, 1)


def test_a_filtered_patient_is_excluded_and_counted(make):
    adapter = ADAPTER + '[exclude.test_patient]\ncolumn = "patient"\npattern = "^ZZZ"\n'
    records = make([{"patient": "ZZZ1"}, GOOD], adapter=adapter).manifest["sources"][0]["records"]
    assert records["excluded"] == {"test_patient": 1} and records["kept"] == 1


def test_months_still_arriving_are_provisional_and_a_month_without_data_is_no_zero(make):
    extract = make([{"ended": "2026-08-03 10:00"}, {"ended": "2026-10-05 10:00"}])
    rows = ask("activity", Scope(("month",)), Store(extract)).rows
    assert [(r["month"].month, r["provisional"]) for r in rows] == [(8, False), (10, True)]


def test_a_ris_that_changed_holds_the_data_through_of_the_present_one(make):
    """The old RIS has no examination since its end: it must not hold the site's as-of back."""
    changed = NETWORK.replace('ris_code = "ris"\n\n[[site]]', 'ris_code = "ris"\n\n[[site.history]]\nfrom = 2026-09-01\nris_code = "new"\n\n[[site]]', 1)
    old = changed[changed.index("[[source]]") :].replace('name = "ris"', 'name = "old"').replace("taken_at = 2026-10-31T06:00:00Z", "")
    new = changed.replace('ris_code = "ris"\nusual_lag_days', 'ris_code = "new"\nusual_lag_days')
    extract = make([{"ended": "2026-08-03 10:00"}], network=new + old)
    assert extract.data_through["S1"].isoformat() == "2026-10-31T06:00:00+00:00"
