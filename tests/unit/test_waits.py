"""The wait for the examination, and what becomes of requests, counted again in plain Python over the sample's canonical table.

Local calendar days throughout: from receipt, or the restart of the clock, to the examination; else to where the wait was given up.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from tests.conftest import ADAPTER, COLUMNS, NETWORK

LONDON = ZoneInfo("Europe/London")
LAST = date(2026, 11, 3)
AS_OF = date(2026, 10, 31)  # of the hand-made networks, at 06:00
DAYS = [date(2024, 2, 29), date(2024, 12, 31), date(2025, 3, 30), date(2025, 9, 17), date(2026, 3, 31), date(2026, 8, 5), date(2026, 10, 28), date(2026, 11, 2), LAST]
Row = dict[str, Any]


def day_of(at: datetime | None) -> date | None:
    return at.astimezone(LONDON).date() if at else None


def quantile(waits: list[tuple[int, bool]], q: float) -> int | None:
    """Kaplan-Meier in plain Python: the first time at which S is at most 1 - q; none where it never is."""
    survival = 1.0
    for t in sorted({t for t, _ in waits}):
        at_risk = sum(1 for u, _ in waits if u >= t)
        events = sum(1 for u, ended in waits if u == t and ended)
        survival *= 1 - events / at_risk
        if events and survival <= 1 - q + 1e-9:
            return t
    return None


COVERS_FROM = date(2023, 11, 1)  # the sample's exports hold every examination from here: an earlier request is seen only if it still waited


class Request:
    """One row of the canonical table, by the definitions: from when it waits, what ended the wait, and which clocks it is in."""

    def __init__(self, row: Row, through: datetime) -> None:
        self.row, self.last = row, day_of(through)
        self.asked = day_of(row["clock_reset_at"]) or day_of(row["received_at"])
        self.is_examined = row["status"] == "completed" and (row["exam_at"] is None or row["exam_at"] <= through)
        overwritten = "addendum_overwrote_first" in row["dq_flags"]
        reported = row["first_verified_at"] or (overwritten and (row["last_verified_at"] or row["first_addendum_at"])) or None
        self.is_overwritten = overwritten
        self.reported = reported if reported and reported <= through else None

    @property
    def is_lost(self) -> bool:
        return self.row["status"] in ("cancelled", "did_not_attend")

    @property
    def lost(self) -> date | None:
        """The day on which it was cancelled or missed."""
        return day_of(self.row["cancelled_at" if self.row["status"] == "cancelled" else "booked_for"])

    @property
    def given_up(self) -> date | None:
        """Where a wait that no examination ended is censored: the day it was lost, else the as-of; none where the RIS does not say when."""
        if not self.is_lost:
            return self.last
        return min(self.lost, self.last) if self.lost else None

    @property
    def no_wait(self) -> str | None:
        if self.row["vetting_outcome"] == "rejected":
            return "vetting_rejected"
        if self.row["wait_category"] == "planned":
            return "planned"
        if self.asked is None:
            return "no_received_time"
        if self.asked > self.last:
            return "after_as_of"
        if self.asked < COVERS_FROM:
            return "before_export"
        return "no_end_time" if self.given_up is None else None

    @property
    def is_backwards_within_the_day(self) -> bool:
        """Examined before it was asked for, on one day: the dates agree and the times do not."""
        if not self.is_examined or self.row["exam_at"] is None or self.row["clock_reset_at"] is not None:
            return False
        asked = [self.row[c] for c in ("requested_at", "received_at") if self.row[c] is not None]
        return day_of(self.row["exam_at"]) == self.asked and any(self.row["exam_at"] < a for a in asked)

    def exam_clock(self) -> str | tuple[int, bool]:
        """Days and whether it ended in an examination, or why it is left out."""
        if self.no_wait:
            return self.no_wait
        if self.is_examined and self.row["exam_at"] is None:
            return "no_exam_time"
        days = ((day_of(self.row["exam_at"]) if self.is_examined else self.given_up) - self.asked).days
        if days < 0 or self.is_backwards_within_the_day:
            return "exam_before_request" if self.is_examined else "ended_before_request"
        return days, self.is_examined

    def result_clock(self) -> str | tuple[int, bool]:
        """The same to the first verified report; what needs none is in it neither before nor after the examination."""
        if self.no_wait:
            return self.no_wait
        if self.row["is_report_required"] is False:
            return "report_not_required"
        if self.is_overwritten and self.is_examined:
            return "addendum_overwrote_first"
        examined = self.row["exam_at"] if self.is_examined else None
        if examined and self.reported and self.reported < examined:
            return "report_before_exam"
        if examined and (day_of(examined) < self.asked or self.is_backwards_within_the_day):
            return "exam_before_request"
        days = ((day_of(self.reported) if self.reported else self.given_up) - self.asked).days
        if days < 0:
            return "report_before_request" if self.reported else "ended_before_request"
        return days, self.reported is not None

    def waits_on(self, day: date) -> int | None:
        """Days on the list at the end of a day; none where it is not on it."""
        day = min(day, self.last)
        left = day_of(self.row["exam_at"]) if self.is_examined else self.lost if self.is_lost else None
        unknown = self.no_wait or (self.is_examined and self.row["exam_at"] is None)
        if unknown or self.row["wait_category"] != "waiting_list" or self.asked > day or (left and left <= day):
            return None
        return (day - self.asked).days


@pytest.fixture(scope="module")
def store(sample_extract) -> Store:
    return Store(sample_extract)


@pytest.fixture(scope="module")
def requests(store) -> list[Request]:
    through = store.extract.data_through
    return [Request(r, through[r["site_code"]]) for r in pl.read_parquet(store.extract.tables["exam"]).to_dicts()]


def timed(requests: Iterable[Request], clock: Callable[[Request], str | tuple[int, bool]], by: str) -> tuple[dict, Counter]:
    """By a dimension: n, how many have not ended, median, P90 and P95 in hours; and the reasons of what is left out."""
    waits: dict[Any, list[tuple[int, bool]]] = defaultdict(list)
    out: Counter = Counter()
    for r in requests:
        found = clock(r)
        if isinstance(found, str):
            out[found] += 1
        else:
            waits[r.row[by]].append(found)

    def hours(ws: list[tuple[int, bool]], q: float) -> int | None:
        days = quantile(ws, q)
        return None if days is None else days * 24

    found = {k: (len(ws), sum(not e for _, e in ws), *(hours(ws, q) for q in (0.5, 0.9, 0.95))) for k, ws in waits.items()}
    return found, out


def answered(metric: str, store: Store, by: str, **where: tuple[str, ...]) -> tuple[dict, dict[str, int]]:
    answer = ask(metric, Scope((by,), where), store)
    columns = ("n", "count_unreported", "median_hours", "p90_hours", "p95_hours")
    return {r[by]: tuple(r[c] for c in columns) for r in answer.rows}, {x.reason: x.count for x in answer.left_out}


@pytest.mark.parametrize("by", ["modality", "pathway", "site_code"])
def test_the_wait_for_the_examination_equals_plain_python(store, requests, by):
    """A request not yet examined is a wait; a cancellation or a missed appointment ends it by censoring; planned surveillance is none."""
    found, left_out = answered("request_to_exam", store, by)
    expected, out = timed(requests, Request.exam_clock, by)
    assert found == expected
    assert left_out == out and {"planned", "vetting_rejected", "no_received_time"} <= set(out)
    assert sum(n for n, *_ in found.values()) + out.total() == len(requests)
    assert sum(censored for _, censored, *_ in found.values()) > 100


def test_referral_to_result_equals_plain_python_where_every_examination_needs_a_report(store, requests):
    """End to end, an unreported examination and an unmade one are both waits for the result."""
    none_needed = {r.row["modality"] for r in requests if r.row["is_report_required"] is False}
    kept = [r for r in requests if r.row["modality"] not in none_needed]
    modalities = tuple(sorted({r.row["modality"] for r in kept}))
    assert len(kept) > 1_500
    found, left_out = answered("request_to_report", store, "modality", modality=modalities)
    expected, out = timed(kept, Request.result_clock, "modality")
    assert found == expected and left_out == out


def test_referral_to_result_equals_plain_python_everywhere(store, requests):
    found, left_out = answered("request_to_report", store, "site_code")
    expected, out = timed(requests, Request.result_clock, "site_code")
    assert found == expected and left_out == out


def test_the_list_of_past_days_equals_plain_python(store, requests):
    """Count, six weeks, thirteen weeks, by site: each request asked whether it waits at the end of the day."""
    seen = Counter()
    for day in DAYS:
        expected: dict[str, Counter] = defaultdict(Counter)
        for r in requests:
            days = r.waits_on(day)
            if days is not None:
                expected[r.row["site_code"]].update({"list": 1, "six": int(days >= 42), "thirteen": int(days >= 91)})
        scope = Scope(("site_code",), date_to=day)
        rows = {m: {r["site_code"]: r for r in ask(m, scope, store).rows} for m in ("waiting", "six_week_breach", "thirteen_week_breach")}
        assert {s: r["value"] for s, r in rows["waiting"].items() if r["value"]} == {s: c["list"] for s, c in expected.items()}, day
        for metric, key in (("six_week_breach", "six"), ("thirteen_week_breach", "thirteen")):
            found = {s: (r["numerator"], r["denominator"]) for s, r in rows[metric].items() if r["denominator"]}
            assert found == {s: (c[key], c["list"]) for s, c in expected.items()}, (day, metric)
        seen.update(sum(expected.values(), Counter()))
    assert seen["list"] > seen["six"] > seen["thirteen"] > 0


def test_by_month_the_list_equals_that_of_the_last_day_of_the_month(store):
    by_month = {r["month"]: r["value"] for r in ask("waiting", Scope(("month",)), store).rows}
    for last in (date(2024, 2, 29), date(2025, 3, 31), date(2025, 10, 31), date(2026, 9, 30), LAST):
        assert by_month[last.replace(day=1)] == ask("waiting", Scope(date_to=last), store).rows[0]["value"], last


def test_what_is_lost_and_why_equals_plain_python(store, requests):
    """A cancellation on the day it was made, a missed appointment on the day it was booked for."""
    expected = Counter()
    for r in requests:
        kind = r.row["status"]
        day = day_of(r.row["cancelled_at"] if kind == "cancelled" else r.row["booked_for"])
        if kind in ("cancelled", "did_not_attend") and day and day <= r.last:
            reason = (r.row["cancel_reason"] or "Reason not stated") if kind == "cancelled" else None
            expected[day.replace(day=1), kind, reason, r.row["site_code"]] += 1
    by = ("month", "outcome", "reason", "site_code")
    rows = ask("lost_appointments", Scope(by), store).rows
    assert {tuple(r[d] for d in by): r["value"] for r in rows} == expected and len({k[2] for k in expected}) > 3


def test_who_did_not_attend_equals_plain_python(store, requests):
    """Of booked outpatients and GP patients who came or did not; inpatients are fetched, and walk-ins have no appointment to miss."""
    missed, booked = Counter(), Counter()
    for r in requests:
        day = day_of(r.row["booked_for"])
        if r.row["patient_class"] in ("03", "04") and r.row["status"] in ("completed", "did_not_attend") and day and day <= r.last:
            booked[day.replace(day=1)] += 1
            missed[day.replace(day=1)] += r.row["status"] == "did_not_attend"
    rows = ask("did_not_attend_rate", Scope(("month",)), store).rows
    assert {r["month"]: (r["numerator"], r["denominator"]) for r in rows} == {m: (missed[m], n) for m, n in booked.items()}
    total = ask("did_not_attend_rate", Scope(), store)
    assert total.rows[0]["value"] == pytest.approx(missed.total() / booked.total()) and total.n == booked.total()


# Hand-made networks.

EXTRA = 'booked_for = "booked"\ncancelled_at = "cancelled"\ncancel_reason = "reason"\nclock_reset_at = "reset"\nwait_category = "wait"\nvetting_outcome = "vetting"\n'


@pytest.fixture
def publish(make, monkeypatch):
    """Publish requests; those that are not completed have no examination."""
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",booked,cancelled,reason,reset,wait,vetting")
    adapter = ADAPTER.replace("[latest]", EXTRA + "[latest]")

    def published(rows: list[dict[str, str]]) -> Store:
        open_ended = [{"wait": "waiting_list", **({} if r.get("status", "completed") == "completed" else {"ended": ""}), **r} for r in rows]
        return Store(make(open_ended, adapter=adapter))

    return published


def ago(days: int, clock: str = "09:00") -> str:
    return f"{AS_OF - timedelta(days=days)} {clock}"


def waits(store: Store) -> dict[tuple[str, bool], int]:
    """What the examination clock counted: days and whether examined, and how many."""
    clocked = pl.read_parquet(store.extract.tables["clocked"]).filter((pl.col("clock") == "exam") & (pl.col("state") == "counted"))
    return Counter((m // 1440, e) for m, e in clocked.select("minutes", "is_ended").iter_rows())


def left_out(metric: str, store: Store) -> dict[str, int]:
    return {x.reason: x.count for x in ask(metric, Scope(), store).left_out}


def test_what_is_a_wait_and_how_it_ends(publish):
    """Each row another rule: only the first ends in an examination; the others are censored where they were given up, or at the as-of."""
    store = publish(
        [
            {"acc": "examined", "received": ago(40), "ended": ago(33, "23:59")},
            {"acc": "requested", "status": "requested", "received": ago(5)},
            {"acc": "booked", "status": "booked", "received": ago(6), "booked": "2026-11-20 09:00"},
            {"acc": "cancelled", "status": "cancelled", "received": ago(50), "cancelled": ago(20)},
            {"acc": "missed", "status": "did_not_attend", "received": ago(50), "booked": ago(39)},
            {"acc": "restarted", "status": "booked", "received": ago(300), "reset": ago(9)},
            {"acc": "restarted and examined", "received": ago(300), "reset": ago(20), "ended": ago(8, "10:00")},
            {"acc": "planned", "status": "booked", "received": ago(400), "wait": "planned"},
            {"acc": "planned and examined", "received": ago(400), "ended": ago(10), "wait": "planned"},
            {"acc": "rejected", "status": "cancelled", "received": ago(10), "cancelled": ago(9), "vetting": "rejected"},
            {"acc": "no time", "received": ago(30), "ended": ""},
            {"acc": "no receipt", "received": "", "ended": ago(3)},
            {"acc": "no end", "status": "cancelled", "received": ago(30)},
            {"acc": "backwards", "received": ago(3), "ended": ago(5)},
        ]
    )
    expected = {(7, True): 1, (5, False): 1, (6, False): 1, (30, False): 1, (11, False): 1, (9, False): 1, (12, True): 1}
    assert waits(store) == expected
    row = ask("request_to_exam", Scope(), store).rows[0]
    assert (row["n"], row["count_unreported"]) == (7, 5)
    reasons = {"planned": 2, "vetting_rejected": 1, "no_exam_time": 1, "no_received_time": 1, "no_end_time": 1, "exam_before_request": 1}
    assert left_out("request_to_exam", store) == reasons
    # On the list: requested, booked, and the one whose clock restarted. Not: planned, cancelled, missed, rejected, or of unknown end.
    assert ask("waiting", Scope(), store).rows[0]["value"] == 3
    on_list = left_out("waiting", store)
    assert on_list == {"planned": 1}, "whatever its times, what has ended waits no more when the data ends"


def test_six_weeks_are_forty_two_days_and_thirteen_are_ninety_one(publish):
    """By local dates: the 42nd day is a breach whatever the hour; a restarted clock is six weeks from its restart."""
    rows = [{"acc": f"D{d}", "status": "requested", "received": ago(d, c)} for d, c in ((41, "00:01"), (42, "23:59"), (43, "12:00"), (90, "00:01"), (91, "23:59"))]
    rows.append({"acc": "restarted", "status": "requested", "received": ago(200), "reset": ago(41)})
    store = publish(rows)
    six, thirteen = (ask(m, Scope(), store).rows[0] for m in ("six_week_breach", "thirteen_week_breach"))
    assert (six["numerator"], six["denominator"]) == (4, 6)
    assert (thirteen["numerator"], thirteen["denominator"]) == (1, 6)
    bands = {r["band"]: r["value"] for r in ask("waiting", Scope(("band",)), store).rows}
    assert bands == {"1 under 6 weeks": 2, "2 6 to 13 weeks": 3, "3 13 weeks and over": 1}
    yesterday = ask("six_week_breach", Scope(date_to=AS_OF - timedelta(days=1)), store).rows[0]
    assert (yesterday["numerator"], yesterday["denominator"]) == (3, 6)


def test_booked_or_not_is_known_of_the_last_day_alone(publish):
    """A RIS says what is booked now, not what was booked then: on a past day it is not stated, and nobody is called unbooked for it."""
    store = publish(
        [
            {"acc": "A", "status": "booked", "received": ago(20), "booked": "2026-11-20 09:00"},
            {"acc": "B", "status": "requested", "received": ago(20)},
            {"acc": "C", "status": "requested", "received": ago(20)},
            {"acc": "D", "received": ago(20), "booked": ago(2), "ended": ago(2)},
        ]
    )

    def bookings(day: date) -> dict[str | None, int]:
        return {r["booking"]: r["value"] for r in ask("waiting", Scope(("booking",), date_to=day), store).rows}

    assert bookings(AS_OF) == {"booked": 1, "unbooked": 2}
    assert bookings(AS_OF - timedelta(days=1)) == {None: 3}
    assert bookings(AS_OF - timedelta(days=5)) == {None: 4}
    by_month = ask("waiting", Scope(("month", "booking")), store).rows
    assert {(r["month"].month, r["booking"]): r["value"] for r in by_month} == {(10, "booked"): 1, (10, "unbooked"): 2}


def test_a_wait_is_on_the_list_from_its_request_to_the_day_before_it_ends(publish):
    store = publish(
        [
            {"acc": "A", "received": ago(10), "ended": ago(8)},
            {"acc": "B", "received": ago(10), "ended": ago(10, "17:00")},
            {"acc": "C", "status": "cancelled", "received": ago(10), "cancelled": ago(7)},
            {"acc": "D", "status": "did_not_attend", "received": ago(10), "booked": ago(6)},
        ]
    )
    answers = [ask("waiting", Scope(date_to=AS_OF - timedelta(days=d)), store).rows for d in (11, 10, 9, 8, 7, 6, 0)]
    assert [r[0]["value"] if r else 0 for r in answers] == [0, 3, 3, 2, 1, 0, 0]


def test_an_examination_after_the_data_ends_is_still_a_wait(publish):
    """The feed of a site ends at 06:00: what is done at eight is on the list at six, and censored there."""
    store = publish([{"acc": "A", "received": ago(4), "ended": "2026-10-31 08:00"}])
    assert waits(store) == {(4, False): 1}
    assert ask("waiting", Scope(), store).rows[0]["value"] == 1


def test_a_cancellation_without_any_date_is_counted_as_one_that_cannot_be_placed(publish):
    """Nothing is ever lost silently: it is in no month, and every figure says that there is one."""
    store = publish([{"acc": "A", "status": "cancelled", "received": ""}, {"acc": "B", "status": "cancelled", "received": ago(9), "cancelled": ago(3)}])
    answer = ask("lost_appointments", Scope(), store)
    assert (answer.n, {x.reason: x.count for x in answer.left_out}) == (1, {"no_end_time": 1})


def test_a_cancelled_request_with_a_report_has_no_result(publish):
    """A report typed on the wrong request: the wait ended with the cancellation, by censoring, and the request has no result."""
    store = publish(
        [{"acc": "A", "status": "cancelled", "received": ago(20), "cancelled": ago(9), "verified": ago(3)}, {"acc": "B", "received": ago(9), "ended": ago(2)}]
    )
    row = ask("request_to_report", Scope(), store).rows[0]
    assert (row["n"], row["count_unreported"]) == (2, 2)


def test_an_examination_before_its_request_on_one_day_leaves_the_wait_as_its_flag_says(publish):
    """quality.toml: 'left out of waits from the request'. The dates agree, the times do not: one rule must hold for the flag and the clock."""
    store = publish([{"acc": "A", "received": ago(3, "15:00"), "ended": ago(3, "10:00")}, {"acc": "B", "received": ago(3, "09:00"), "ended": ago(3, "10:00")}])
    assert waits(store) == {(0, True): 1} and left_out("request_to_exam", store) == {"exam_before_request": 1}


def test_a_request_that_will_need_no_report_never_waits_for_a_result(publish):
    """It left the clock on the day it was examined: counted until then, it is censored by the event itself, and every quantile is too long."""
    none_needed = {"needs_report": "no", "received": ago(60)}
    rows = [{"acc": "A", **none_needed, "ended": ago(2)}, {"acc": "B", **none_needed, "status": "booked", "booked": "2026-11-20 09:00"}]
    rows += [{"acc": "C", **none_needed, "status": "cancelled", "cancelled": ago(9)}, {"acc": "D", "received": ago(9), "ended": ago(2), "verified": ago(1)}]
    answer = ask("request_to_report", Scope(), publish(rows))
    assert (answer.rows[0]["n"], answer.rows[0]["count_unreported"]) == (1, 0)
    assert {x.reason: x.count for x in answer.left_out} == {"report_not_required": 3}


def test_only_booked_outpatients_and_gp_patients_are_in_the_rate_of_missed_appointments(publish):
    rows = [
        {"acc": "came", "class": "03", "booked": ago(9), "ended": ago(9)},
        {"acc": "GP came", "class": "04", "booked": ago(9), "ended": ago(8)},
        {"acc": "missed", "class": "03", "status": "did_not_attend", "booked": ago(9)},
        {"acc": "inpatient", "class": "01", "status": "did_not_attend", "booked": ago(9)},
        {"acc": "inpatient came", "class": "01", "booked": ago(9), "ended": ago(9)},
        {"acc": "walked in", "class": "03", "ended": ago(9)},
        {"acc": "to come", "class": "03", "status": "booked", "booked": "2026-11-20 09:00"},
        {"acc": "cancelled", "class": "03", "status": "cancelled", "booked": ago(9), "cancelled": ago(12)},
        {"acc": "missed but when", "class": "03", "status": "did_not_attend"},
    ]
    store = publish([{"received": ago(20), **r} for r in rows])
    answer = ask("did_not_attend_rate", Scope(), store)
    assert (answer.rows[0]["numerator"], answer.rows[0]["denominator"]) == (1, 3)
    assert {x.reason: x.count for x in answer.left_out} == {"not_outpatient": 2, "no_end_time": 1}
    lost = ask("lost_appointments", Scope(("outcome",)), store)
    assert {r["outcome"]: r["value"] for r in lost.rows} == {"cancelled": 1, "did_not_attend": 2}
    assert {x.reason: x.count for x in lost.left_out} == {"no_end_time": 1}


def test_a_request_older_than_the_export_is_not_in_its_clocks(make):
    """Requests examined before the export begins are not in it, those still waiting then are: counted, the first months would look slow."""
    rows = [
        {"acc": "OLD", "received": "2026-06-01 09:00", "ended": "2026-09-01 10:00"},
        {"acc": "NEW", "received": "2026-08-20 09:00", "ended": "2026-09-01 10:00"},
    ]
    open_ended = Store(make(rows))
    assert ask("request_to_exam", Scope(), open_ended).rows[0]["n"] == 2
    stated = Store(make(rows, network=NETWORK.replace("usual_lag_days = 3", "usual_lag_days = 3\ncovers_from = 2026-08-01")))
    answer = ask("request_to_exam", Scope(), stated)
    assert answer.rows[0]["n"] == 1 and {x.reason: x.count for x in answer.left_out} == {"before_export": 1}
    demand = ask("demand", Scope(), stated)
    assert demand.rows[0]["value"] == 1 and {x.reason: x.count for x in demand.left_out} == {"before_export": 1}
    july = ask("waiting", Scope(date_to=date(2026, 7, 15)), stated)
    assert sum(r["value"] for r in july.rows) == 0 and july.n == 0
