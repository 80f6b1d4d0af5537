"""One event more in the data, every metric of the catalogue before and after: what should change does, and nothing else moves.

Which should change is told from the definitions: families by the table that their queries read and the cohort and clock of their entries, which a
metric that is new to the catalogue joins by itself, and single ones by name, each with its reason. What else moves is named by the test.
"""

from typing import Any

import pytest

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.catalogue import Metric, load_catalogue
from readout.metrics.scope import Scope
from tests.conftest import ADAPTER, COLUMNS, NETWORK

EXTRA = 'booked_for = "booked"\ncancelled_at = "cancelled"\ncancel_reason = "reason"\nwait_category = "wait"\n'
# A small, mixed month: two reported soon, one late and examined after a long wait, one that still waits for its report.
BASE = [
    {"acc": "B1", "patient": "P1", "received": "2026-08-30 09:00", "ended": "2026-09-01 10:00", "verified": "2026-09-01 12:00", "wait": "waiting_list"},
    {"acc": "B2", "patient": "P2", "received": "2026-08-30 09:00", "ended": "2026-09-02 10:00", "verified": "2026-09-03 12:00", "wait": "waiting_list"},
    {"acc": "B3", "patient": "P3", "received": "2026-07-20 09:00", "ended": "2026-09-08 10:00", "verified": "2026-10-20 12:00", "wait": "waiting_list"},
    {"acc": "B4", "patient": "P4", "received": "2026-10-18 09:00", "ended": "2026-10-20 10:00", "wait": "waiting_list"},
    {"acc": "B5", "patient": "P5", "received": "2026-10-25 09:00", "ended": "", "status": "requested", "wait": "waiting_list"},
]
# The examination or request on which the event falls.
REPORTED = {"acc": "X", "patient": "PX", "received": "2026-08-25 09:00", "ended": "2026-08-26 10:00", "verified": "2026-08-28 12:00", "wait": "waiting_list"}
UNREPORTED = {**REPORTED, "verified": ""}
BOOKED = {"acc": "X", "patient": "PX", "received": "2026-09-01 09:00", "ended": "", "status": "booked", "booked": "2026-11-20 09:00", "wait": "waiting_list"}
CANCELLED = {**BOOKED, "status": "cancelled", "cancelled": "2026-10-10 09:00", "reason": "Patient request"}
DELEGATED = {"needs_report": "no"}

def those(**wanted: str | tuple[str, ...]) -> set[str]:
    """Metrics by what their entries say: `reads` a table, `cohort`, and constants such as `clock`; a metric added later is among them by itself."""

    def is_one(metric: Metric) -> bool:
        said = {"reads": {*metric.query.reads, *metric.accounts.reads}, "cohort": {metric.cohort}, **{k: {v} for k, v in metric.constants.items()}}
        return all(said.get(key, set()) & set(values if isinstance(values, tuple) else (values,)) for key, values in wanted.items())

    return {m.id for m in load_catalogue().metrics.values() if is_one(m)}


BANDED = {m.id for m in load_catalogue().metrics.values() if "band" in m.dimensions and m.cohort == "examined"}
# Every metric that judges or counts a time to the report, or what comes to be reported: a delegated examination is in none.
REPORT_CLOCKS = those(reads="clocked", cohort=("examined", "received")) - those(clock="exam") | BANDED
REPORT_CLOCKS |= those(reads="report_flow_day", cohort="examined")
BACKLOG = those(reads="unreported_span", counts="required")
ADDENDA, FOLLOW_UP = those(reads="report_day", measure="addendum"), those(reads="report_day", measure="follow_up")
WAIT_CLOCKS = those(reads="clocked", clock=("exam", "result"))
LIST = those(reads="waiting_span")
DEMAND = those(reads="demand_day", cohort="received")
# What counts examinations, patients, attendances and requests as they happen, whatever becomes of the report.
WORK = those(reads=("activity_day", "examined"), cohort="examined") - BANDED | DEMAND


@pytest.fixture
def figures(make, monkeypatch):
    """Publish rows and ask every metric of the catalogue, without a breakdown: its row, how many it stands on and whom it leaves out."""
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",booked,cancelled,reason,wait")

    def asked(rows: list[dict[str, str]], network: str = NETWORK) -> dict[str, dict[str, Any]]:
        store, found = Store(make(rows, network=network, adapter=ADAPTER.replace("[latest]", EXTRA + "[latest]"))), {}
        for name, metric in load_catalogue().metrics.items():
            if not metric.national and {t for q in metric.queries for t in q.reads} <= set(store.extract.tables):
                answer = ask(name, Scope(), store)
                rows_ = [{k: v for k, v in r.items() if k != "provisional"} for r in answer.rows]
                found[name] = {"rows": rows_, "n": answer.n, "left_out": {x.reason: x.count for x in answer.left_out}}
        return found

    return asked


def changed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> set[str]:
    assert before.keys() == after.keys() and len(before) > 30
    return {name for name in before if before[name] != after[name]}


def moved(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]], metric: str, column: str = "value") -> Any:
    """By how much a single-row figure moved; none counts as nothing."""
    old, new = ((f[metric]["rows"][0][column] or 0) if f[metric]["rows"] else 0 for f in (before, after))
    return new - old


def test_an_addendum_changes_the_addendum_rate_and_nothing_else(figures):
    """Turnaround stops at the first verification: an addendum never moves it, nor does the verification of the addendum."""
    before = figures([*BASE, REPORTED])
    addendum = {**REPORTED, "addendum": "2026-09-05 09:00", "last_verified": "2026-09-05 09:00"}
    after = figures([*BASE, addendum])
    assert changed(before, after) == {"addendum_rate", "standardised_addendum_ratio"}, "of no stated class"
    assert (moved(before, after, "addendum_rate", "numerator"), moved(before, after, "addendum_rate", "denominator")) == (1, 0)
    late = figures([*BASE, {**REPORTED, "addendum": "2026-09-28 09:00"}])
    assert changed(before, late) == set(), "31 days after the first verification"
    again = figures([*BASE, REPORTED, {**addendum, "updated": "2026-09-05 10:00"}])
    assert again == after, "the same, sent as a later version of the row"


def test_a_reverification_changes_nothing(figures):
    """A report signed again, later: the first signature stopped the clock, and is what the reporting room did that day."""
    before = figures([*BASE, REPORTED])
    assert changed(before, figures([*BASE, {**REPORTED, "last_verified": "2026-10-15 09:00"}])) == set()
    assert changed(before, figures([*BASE, {**REPORTED, "last_verified": "2026-11-01 09:00"}])) == set(), "after the data end"
    later = {**REPORTED, "last_verified": "2026-10-15 09:00", "updated": "2026-10-15 10:00"}
    assert changed(before, figures([*BASE, {**REPORTED, "updated": "2026-08-28 13:00"}, later])) == set(), "as a later version"


def test_an_addendum_in_the_place_of_the_first_time_leaves_every_clock_and_still_counts_as_reported(figures):
    """Some RISs overwrite the first time. What is then unknown leaves the clocks, counted; what is known - there is a report - stays."""
    before = figures([*BASE, REPORTED])
    after = figures([*BASE, {**REPORTED, "verified": "2026-09-05 09:00", "addendum": "2026-09-05 09:00"}])
    expected = REPORT_CLOCKS - {"report_arrivals"}  # it came to be reported all the same
    expected |= {"exam_to_report_by_report"}  # the time of its report is not known
    expected |= {"reports", "reporting_route_mix", "timestamps_doubtful"} | ADDENDA | FOLLOW_UP  # its first verification has no date
    expected |= {"data_quality"}  # a flag more
    assert changed(before, after) == expected
    for metric in ("exam_to_report", "within_28_days", "request_to_report"):
        assert after[metric]["left_out"].get("addendum_overwrote_first") == 1, metric


def test_a_cancellation_ends_the_wait_and_leaves_demand_alone(figures):
    """A booked request is cancelled: it leaves the list, censors the wait where it was given up, is counted as lost, and was still asked for."""
    before, after = figures([*BASE, BOOKED]), figures([*BASE, CANCELLED])
    # The result clock is censored earlier too, but its quantiles stand: the last result came after 92 days, when no other was at risk.
    assert changed(before, after) == LIST | {"request_to_exam", "exam_survival", "lost_appointments"}
    assert moved(before, after, "waiting") == -1 and moved(before, after, "six_week_breach", "numerator") == -1
    assert moved(before, after, "lost_appointments") == 1
    wait = [f["request_to_exam"]["rows"][0] for f in (before, after)]
    assert [(r["n"], r["count_unreported"]) for r in wait] == [(6, 2), (6, 2)], "censored both times: at the as-of, then at the cancellation"
    # Waits of 2, 2, 3 and 50 days, censored at 6 and at 60 days: S(50) = 1/4; cancelled after 39 days: nobody is left at risk after 50.
    assert [r["p90_hours"] for r in wait] == [None, 50 * 24]


def test_a_cancelled_request_adds_to_what_was_asked_and_to_no_count_of_examinations(figures):
    """Without it and with it: demand, the waits in which it is censored, what was lost, and the rows whose quality is looked at."""
    before, after = figures(BASE), figures([*BASE, CANCELLED])
    assert changed(before, after) == DEMAND | {"lost_appointments", "data_quality"} | WAIT_CLOCKS
    assert moved(before, after, "demand") == moved(before, after, "lost_appointments") == moved(before, after, "request_to_exam", "n") == 1


def test_a_delegated_examination_leaves_the_backlog_and_the_clocks_and_nothing_that_counts_examinations(figures):
    """The same unreported examination, by policy without a report: activity, demand and its own wait stay; it is counted apart."""
    before, after = figures([*BASE, UNREPORTED]), figures([*BASE, {**UNREPORTED, **DELEGATED}])
    assert changed(before, after) == REPORT_CLOCKS | BACKLOG | {"unreported_delegated"}
    assert moved(before, after, "unreported") == moved(before, after, "backlog_10_days") == moved(before, after, "report_arrivals") == -1
    assert moved(before, after, "unreported_delegated") == 1
    assert moved(before, after, "within_28_days", "denominator") == -1
    assert after["exam_to_report"]["left_out"] == {"report_not_required": 1}
    assert after["unreported"]["left_out"] == {"report_not_required": 1}


def test_a_delegated_examination_that_was_reported_leaves_the_clocks_too(figures):
    """False leaves the backlog and the clocks even if reported. Its report remains a report, and its addendum an addendum."""
    recent = {**REPORTED, "verified": "2026-10-28 12:00"}  # in the four weeks that clearance looks at
    before, after = figures([*BASE, recent]), figures([*BASE, {**recent, **DELEGATED}])
    expected = REPORT_CLOCKS | {"exam_to_report_by_report", "report_completions", "clearance_weeks", "timestamps_doubtful"}
    assert changed(before, after) == expected
    assert moved(before, after, "report_completions") == -1 and moved(before, after, "reports") == 0
    assert moved(before, after, "clearance_weeks", "denominator") == -0.25


def test_a_rule_of_the_network_does_what_the_word_of_the_ris_does(figures):
    """A dated rule is no second mechanism: every figure is the same as where the RIS itself says that no report is needed."""
    odd = {**UNREPORTED, "modality": "FL"}
    rule = '\n[[report_rule]]\nmodality = "FL"\nrequired = false\nfrom = 2026-08-26\nto = 2026-08-26\n'
    assert figures([*BASE, odd], NETWORK + rule) == figures([*BASE, {**odd, **DELEGATED}])
    assert figures([*BASE, odd], NETWORK + rule.replace("08-26", "08-25")) == figures([*BASE, odd]), "the day before it is not in force"


def test_a_delegated_examination_adds_to_activity_and_to_no_report_figure(figures):
    """Without it and with it: everything that counts examinations, requests and patients, and nothing that times or expects a report."""
    before, after = figures(BASE), figures([*BASE, {**UNREPORTED, **DELEGATED}])
    apart = {"unreported_delegated", "data_quality"}
    wait = {"request_to_exam", "exam_survival"}
    # These still stand on the same examinations, and say beside the figure that one more is left out.
    only_beside = {m for m in REPORT_CLOCKS | BACKLOG if before[m]["rows"] == after[m]["rows"] and before[m] != after[m]}
    assert changed(before, after) == WORK | apart | wait | only_beside
    for metric in only_beside:
        extra = {k: v - before[metric]["left_out"].get(k, 0) for k, v in after[metric]["left_out"].items()}
        assert {k: v for k, v in extra.items() if v} == {"report_not_required": 1} and after[metric]["n"] == before[metric]["n"], metric
    assert REPORT_CLOCKS | BACKLOG - {"report_arrivals"} >= only_beside >= {"exam_to_report", "within_28_days", "unreported", "request_to_report"}
