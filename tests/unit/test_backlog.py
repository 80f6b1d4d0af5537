"""The backlog of any past day, counted again from the raw exports and from the instants of the canonical table, row by row.

A past day means the local midnight that ends it; the last day means the instant at which the site's data ends.
"""

import random
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import test_raw_sample as raw

from readout.engine.query_file import load_query
from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from readout.paths import QUERIES
from tests.conftest import ADAPTER, COLUMNS, NETWORK

exams = raw.exams  # the fixture: one site's examinations, from its raw files by hand
LONDON = ZoneInfo("Europe/London")
LAST = date(2026, 11, 3)
DAYS = sorted(random.Random(11).sample([date(2023, 12, 1) + timedelta(days=d) for d in range(1068)], 50))
BANDS = ((2, "1 0 to 2 days"), (7, "2 3 to 7 days"), (14, "3 8 to 14 days"), (28, "4 15 to 28 days"), (10**6, "5 over 28 days"))
Row = dict[str, Any]


def midnight(day: date) -> datetime:
    """The local midnight that ends a day."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON) + timedelta(days=1)


def day_of(at: datetime) -> date:
    return at.astimezone(LONDON).date()


def reported_at(exam: Row) -> datetime | None:
    """The first verification; where an addendum overwrote it, what stands in its place: such an examination counts as reported."""
    overwritten = "addendum_overwrote_first" in exam["dq_flags"]
    return exam["first_verified_at"] or ((exam["last_verified_at"] or exam["first_addendum_at"]) if overwritten else None)


def standards() -> list[Row]:
    """The shipped standards of reports, as the file says them."""
    return [s for s in tomllib.loads((QUERIES / "standards.toml").read_text("utf-8")).values() if s.get("measure") == "exam_to_report"]


def standard_of(exam: Row, known: list[Row]) -> Row | None:
    """The most specific in force on the day of the examination; of equals the one set nearest."""
    fit = [s for s in known if s.get("pathway", "all") in ("all", exam["pathway"]) and s.get("valid_from", date.min) <= exam["exam_date"]]
    order = ("illustrative", "national", "network", "local")
    return max(fit, key=lambda s: ("pathway" in s, order.index(s["status"])), default=None)


def happened(at: datetime | None, seen: datetime, is_last: bool) -> bool:
    """By the end of the day: what happens at midnight itself belongs to the next day; what happens at the as-of is known."""
    return at is not None and (at <= seen if is_last else at < seen)


class Backlog:
    """What waits for a report at the end of a day, from instants alone. `delegated`: what needs none by policy, and has none."""

    def __init__(self, store: Store) -> None:
        done = pl.read_parquet(store.extract.tables["exam"]).filter((pl.col("status") == "completed") & pl.col("exam_at").is_not_null()).to_dicts()
        self.through = store.extract.data_through
        self.exams = [e | {"left": reported_at(e)} for e in done if e["exam_at"] <= self.through[e["site_code"]]]
        recorded = {e["source"] for e in pl.read_parquet(store.extract.tables["exam"]).to_dicts() if e["assigned_at"]}
        known = standards()
        for e in self.exams:
            e["recorded"], e["standard"] = e["source"] in recorded, standard_of(e, known)

    def standing(self, day: date, delegated: bool = False) -> Iterable[Row]:
        for e in self.exams:
            seen = min(midnight(day).astimezone(UTC), self.through[e["site_code"]])
            before = partial(happened, seen=seen, is_last=seen < midnight(day).astimezone(UTC))
            if (e["is_report_required"] is False) == delegated and before(e["exam_at"]) and not before(e["left"]):
                age = (min(day, day_of(self.through[e["site_code"]])) - day_of(e["exam_at"])).days
                is_end = day >= day_of(self.through[e["site_code"]])
                band = next(b for most, b in BANDS if age <= most)
                yield e | {"age": age, "band": band, "place": place(e, before, is_end=is_end), "over": over(e, age, seen)}


def place(exam: Row, before: Callable[[datetime | None], bool], *, is_end: bool) -> str:
    """Where an examination waits. That a supplier has it is known only when the data ends: a RIS keeps no day on which it was sent."""
    if is_end and exam["reporting_route"] == "outsourced":
        return "supplier"
    if before(exam["preliminary_at"]):
        return "preliminary"
    if before(exam["assigned_at"]):
        return "assigned"
    return "unallocated" if exam["recorded"] else "not_recorded"


def over(exam: Row, age: int, seen: datetime) -> bool:
    """Days count local dates and must be passed; hours run on UTC and are over when they are full."""
    standard = exam["standard"]
    if standard is None:
        return False
    if standard["unit"] == "days":
        return age > standard["threshold"]
    return seen - exam["exam_at"] >= timedelta(hours=standard["threshold"])


def value(metric: str, store: Store, scope: Scope | None = None) -> Any:
    rows = ask(metric, scope or Scope(), store).rows
    return rows[0]["value"] if rows else 0


@pytest.fixture(scope="module")
def store(sample_extract) -> Store:
    return Store(sample_extract)


@pytest.fixture(scope="module")
def backlog(store) -> Backlog:
    return Backlog(store)


def test_fifty_past_days_of_one_site_equal_a_count_of_its_raw_exports(store, exams):
    """No reader, no engine, no adapter in between: the files' own text. A report on the day itself has left by midnight."""
    done = []
    for e in exams:
        end = e["ended"] or e["started"]
        if e["status"] not in ("DONE", "REP") or e["report_required"] == "0" or end is None or end > raw.AS_OF:
            continue
        first, amended = e["first_verified"], e["addendum_at"] is not None or int(e["addenda"] or 0) > 0
        left = first or (e["last_verified"] or e["addendum_at"] if amended and e["last_verified"] else None)
        done.append((end, left))
    assert len(done) > 500
    counts = []
    for day in [*DAYS, LAST]:
        seen = min(midnight(day), raw.AS_OF)
        waiting = sum(1 for end, left in done if end < seen and (left is None or left >= seen))
        assert value("unreported", store, Scope(where={"site_code": ("ZN201",)}, date_to=day)) == waiting, day
        counts.append(waiting)
    assert len(set(counts)) > 5


def test_fifty_past_days_of_every_site_by_band_and_place(store, backlog):
    """Total, ten days or more, over the standard, oldest, delegated: each cell of site, band and place, counted one examination at a time."""
    by = ("site_code", "band", "place")
    seen = Counter()
    for day in [*DAYS, LAST]:
        expected: dict[tuple, Counter] = defaultdict(Counter)
        for e in backlog.standing(day):
            cell = expected[e["site_code"], e["band"], e["place"]]
            cell.update({"unreported": 1, "backlog_10_days": int(e["age"] >= 10), "unreported_over_standard": int(e["over"])})
            cell["oldest_unreported"] = max(cell["oldest_unreported"], e["age"])
        for e in backlog.standing(day, delegated=True):
            expected[e["site_code"], e["band"], e["place"]]["unreported_delegated"] += 1
        for metric in ("unreported", "backlog_10_days", "unreported_over_standard", "oldest_unreported", "unreported_delegated"):
            rows = ask(metric, Scope(by, date_to=day), store).rows
            found = {tuple(r[d] for d in by): r["value"] or 0 for r in rows}
            assert found == {cell: counts[metric] for cell, counts in expected.items()}, (metric, day)
            seen[metric] += sum(found.values())
        seen.update(p for _, _, p in expected)
    assert all(seen[m] > 0 for m in ("unreported", "backlog_10_days", "unreported_over_standard", "unreported_delegated")), seen
    # "With a supplier" is told only when the data ends, and nothing of this sample waits with one then: its given and expected rows test it.
    assert set(seen) >= {"assigned", "unallocated", "not_recorded", "preliminary"} and "supplier" not in seen, seen


def test_the_stock_moves_by_what_comes_and_what_leaves_and_by_nothing_else(store):
    """stock(m) = stock(m - 1) + came - left, for every site and month: no examination slips in or out between two counts."""
    by = Scope(("month", "site_code"))
    cells = {m: {(r["month"], r["site_code"]): r["value"] for r in ask(m, by, store).rows} for m in ("unreported", "report_arrivals", "report_completions")}
    months = sorted({month for month, _ in cells["report_arrivals"]})
    sites = {site for _, site in cells["report_arrivals"]}
    assert len(months) == 37 and len(sites) == 8
    for site in sites:
        stock = 0
        for month in months:
            stock += cells["report_arrivals"].get((month, site), 0) - cells["report_completions"].get((month, site), 0)
            assert cells["unreported"].get((month, site), 0) == stock, (site, month)
        assert stock > 0 or site != "ZN201"


def test_each_day_moves_the_same_way(store, backlog):
    """The same over single days around month ends and clock changes, where a count by dates and one by instants part most easily."""
    for day in (date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25), date(2026, 1, 1), date(2026, 10, 31), LAST):
        today, yesterday = (value("unreported", store, Scope(date_to=d)) for d in (day, day - timedelta(days=1)))
        came, left = (value(m, store, Scope(date_from=day, date_to=day)) for m in ("report_arrivals", "report_completions"))
        assert today == yesterday + came - left == sum(1 for _ in backlog.standing(day)), day


def test_by_month_equals_the_last_day_of_the_month(store):
    """The two ways to ask are two queries: they must be one number, in each breakdown, in the cut-off last month too."""
    by = ("site_code", "band", "place", "pathway")

    def cells(rows: Iterable[Row]) -> dict[tuple, int]:
        return {tuple(r[d] for d in by): r["value"] for r in rows if r["value"]}

    months = ((date(2025, 3, 1), date(2025, 3, 31)), (date(2025, 10, 1), date(2025, 10, 31)), (date(2026, 2, 1), date(2026, 2, 28)))
    for metric in ("unreported", "unreported_over_standard", "backlog_10_days", "unreported_delegated"):
        by_month = ask(metric, Scope(("month", *by)), store).rows
        for month, last in (*months, (LAST.replace(day=1), LAST)):
            expected = cells(r for r in by_month if r["month"] == month)
            for scope in (Scope(date_to=last), Scope(where={"month": (month.isoformat(),)}), Scope(date_from=month, date_to=last)):
                rows = ask(metric, replace(scope, by=by), store).rows
                assert cells(rows) == expected, (metric, month, scope)
                assert {r["month"] for r in rows} <= {month}


def test_a_day_past_the_data_is_the_last_day_and_a_range_after_it_holds_none(store):
    """`--to` in the future answers what is known, and says its month; a range that begins after the data is no zero."""
    known = ask("unreported", Scope(), store).rows
    assert ask("unreported", Scope(date_to=date(2030, 1, 1)), store).rows == known == ask("unreported", Scope(date_to=LAST), store).rows
    assert known[0]["month"] == LAST.replace(day=1)
    assert ask("unreported", Scope(date_from=LAST + timedelta(days=1)), store).is_empty


def test_by_month_a_month_whose_end_is_out_of_range_is_no_zero(store):
    """Up to 30 March there is no figure for the end of March; the day itself has one, and it is not nought."""
    assert value("unreported", store, Scope(date_to=date(2026, 3, 30))) > 0
    rows = ask("unreported", Scope(("month",), date_to=date(2026, 3, 30)), store).rows
    assert rows[-1]["month"] == date(2026, 2, 1), rows[-1]


def test_what_the_figure_leaves_out_is_counted_beside_it(store, backlog):
    for day in (*DAYS[::10], LAST):
        answer = ask("unreported", Scope(date_to=day), store)
        assert answer.n == answer.rows[0]["value"]
        delegated = sum(1 for _ in backlog.standing(day, delegated=True))
        assert {x.reason: x.count for x in answer.left_out}.get("report_not_required", 0) == delegated == value("unreported_delegated", store, Scope(date_to=day))


def test_weeks_to_clear_are_the_unreported_over_a_quarter_of_four_weeks_reports(store, backlog):
    """28 days that end with the day, at each site's own end; what needs no report is in neither number."""
    for day in (*DAYS[::7], LAST):
        stock, pace = Counter(), Counter()
        for e in backlog.standing(day):
            stock[e["site_code"]] += 1
        for e in backlog.exams:
            last = min(day, day_of(backlog.through[e["site_code"]]))
            if e["is_report_required"] is not False and e["left"] and e["left"] <= backlog.through[e["site_code"]]:
                pace[e["site_code"]] += last - timedelta(days=28) < max(day_of(e["left"]), day_of(e["exam_at"])) <= last
        rows = ask("clearance_weeks", Scope(("site_code",), date_to=day), store).rows
        found = {r["site_code"]: (r["numerator"], r["denominator"]) for r in rows}
        assert found == {s: (stock[s], pace[s] / 4) for s in found} and set(found) == {s for s in stock | pace if stock[s] or pace[s]}, day
        network = ask("clearance_weeks", Scope(date_to=day), store).rows[0]
        assert network["value"] == pytest.approx(stock.total() / (pace.total() / 4))


def test_the_drill_through_holds_the_rows_that_the_figure_counts(store, backlog):
    """The backlog on screen equals the rows behind it, one by one, and both equal the brute force."""
    query = load_query(QUERIES / "drill" / "unreported.sql")
    for day in (*DAYS[::10], LAST):
        parameters = Scope(date_to=day).parameters(query.params, {"until_date": day, "max_rows": 100_000, "skipped_rows": 0})
        rows = store.query(query, parameters).to_dicts()
        expected = {e["exam_id"]: (e["age"], e["band"], e["place"], e["over"]) for e in backlog.standing(day)}
        assert {r["exam_id"]: (r["age_days"], r["band"], r["place"], r["is_over_standard"]) for r in rows} == expected, day
        assert len(rows) == value("unreported", store, Scope(date_to=day))


# Hand-made networks.

EXTRA = ADAPTER.replace("[latest]", 'exam_code = "code"\nassigned_at = "assigned"\n[latest]')


@pytest.fixture
def publish(make, monkeypatch):
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",code,assigned")
    return lambda rows, **more: Store(make(rows, **{"adapter": EXTRA, **more}))


def over_on(store: Store, day: str) -> int:
    return value("unreported_over_standard", store, Scope(date_to=date.fromisoformat(day)))


def test_an_hours_standard_is_passed_at_the_full_hour_and_a_days_standard_on_the_day_after(publish):
    """24 hours (inpatient): full at midnight counts that midnight. 14 days (routine): over on the fifteenth day. A report ends it."""
    late = {"verified": "2026-06-30 12:00"}
    rows = [
        {"acc": "hours", "class": "01", "ended": "2026-06-02 10:00", **late},
        {"acc": "days", "class": "03", "modality": "MR", "ended": "2026-06-01 23:50", **late},
        {"acc": "stands", "ended": "2026-10-30 10:00"},
    ]
    store = publish(rows)
    assert [over_on(store, f"2026-06-{d:02d}") for d in (1, 2, 3, 15, 16, 29, 30)] == [0, 0, 1, 1, 2, 2, 0]
    emergency = publish([{"acc": "12 h at midnight", "class": "05", "ended": "2026-06-02 12:00", **late}, {"acc": "x", "ended": "2026-10-30 10:00"}])
    assert [over_on(emergency, f"2026-06-{d:02d}") for d in (1, 2, 3)] == [0, 1, 1]


def test_an_hours_standard_runs_on_utc_over_a_clock_change(publish):
    """Elapsed on UTC: 24 h from Saturday 23:30 end at 00:30 on Monday in March, and from Sunday 00:30 at 23:30 the same Sunday in October."""
    rows = [
        {"acc": "short night", "class": "01", "ended": "2026-03-28 23:30", "verified": "2026-04-01 12:00"},
        {"acc": "long night", "class": "01", "ended": "2025-10-26 00:30", "verified": "2025-10-30 12:00"},
        {"acc": "stands", "ended": "2026-10-30 10:00"},
    ]
    store = publish(rows)
    assert [over_on(store, d) for d in ("2026-03-29", "2026-03-30", "2025-10-25", "2025-10-26")] == [0, 1, 0, 1]


def test_a_deadline_at_the_midnight_after_the_data_ends_is_not_yet_passed(publish):
    """The data end at 18:00; twelve hours from noon are not over, though midnight belongs to the day. The drill-through says so already."""
    network = NETWORK.replace("2026-10-31T06:00:00Z", "2026-10-31T18:00:00Z")
    store = publish([{"acc": "A", "class": "05", "ended": "2026-10-31 12:00"}], network=network)
    assert (value("unreported", store), value("unreported_over_standard", store)) == (1, 0)


def test_a_standard_of_a_fraction_of_an_hour_is_that_fraction(publish, tmp_path):
    """A standard of hours may be 1.5: 22:20 is over at midnight and 22:40 is not; rounded to two hours neither would be."""
    own = '[x]\nlabel = "x"\nstatus = "local"\nsource = "x"\nmeasure = "exam_to_report"\npathway = "emergency"\nthreshold = 1.5\nunit = "hours"\nbetter = "up"\n'
    (tmp_path / "standards.toml").write_text(own, "utf-8")
    rows = [{"acc": a, "class": "05", "ended": f"2026-06-02 {a}", "verified": "2026-06-05 12:00"} for a in ("22:20", "22:40")]
    assert over_on(publish([*rows, {"acc": "x", "ended": "2026-10-30 10:00"}]), "2026-06-02") == 1


def test_a_network_with_nothing_unreported_can_be_published(publish):
    """The good day on which the last report is verified: the check compared that day with an old month end, and refused the publish."""
    store = publish([{"acc": "A", "ended": "2026-06-30 10:00", "verified": "2026-07-02 10:00"}])
    assert value("unreported", store) in (0, None)
    assert value("unreported", store, Scope(date_to=date(2026, 6, 30))) == 1


def test_policy_takes_an_examination_out_of_the_backlog_and_the_clocks_and_counts_it_apart(publish):
    """By the RIS's word, or by a dated rule of the network that decides over it - even if the examination was reported after all."""
    rule = '\n[[report_rule]]\nmodality = "FL"\nrequired = false\nfrom = 2026-09-02\nto = 2026-09-04\n'
    rule += '\n[[report_rule]]\nexam_code = "ALWAYS"\nrequired = true\n'
    rows = [
        {"acc": "needs one", "ended": "2026-09-01 10:00"},
        {"acc": "by the RIS", "needs_report": "no", "ended": "2026-09-01 10:00"},
        {"acc": "by the RIS but reported", "needs_report": "no", "ended": "2026-09-01 10:00", "verified": "2026-09-03 10:00"},
        {"acc": "day before the rule", "modality": "FL", "ended": "2026-09-01 23:59"},
        {"acc": "first day", "modality": "FL", "ended": "2026-09-02 00:01"},
        {"acc": "last day", "modality": "FL", "ended": "2026-09-04 23:59"},
        {"acc": "last day but reported", "modality": "FL", "ended": "2026-09-04 10:00", "verified": "2026-09-04 12:00"},
        {"acc": "day after", "modality": "FL", "ended": "2026-09-05 00:01"},
        {"acc": "a later rule decides", "modality": "FL", "code": "ALWAYS", "ended": "2026-09-03 10:00"},
        {"acc": "over the RIS", "code": "ALWAYS", "needs_report": "no", "ended": "2026-09-03 10:00"},
    ]
    store = publish(rows, network=NETWORK + rule)
    waiting = {"needs one", "day before the rule", "day after", "a later rule decides", "over the RIS"}
    assert value("unreported", store) == len(waiting)
    assert value("unreported_delegated", store) == 3, "by the RIS; first day; last day: those without a report"
    assert value("unreported_delegated", store, Scope(date_to=date(2026, 9, 1))) == 2, "on 1 September the one that was reported on the 3rd had none"
    clock = ask("exam_to_report", Scope(), store)
    assert clock.rows[0]["n"] == len(waiting) and {x.reason: x.count for x in clock.left_out} == {"report_not_required": 5}
    assert value("report_arrivals", store) == len(waiting) and ask("report_completions", Scope(), store).rows[0]["value"] == 0
    assert value("reports", store) == 2, "a report is a report, though none was asked for"
    assert {x.reason: x.count for x in ask("unreported", Scope(), store).left_out} == {"report_not_required": 3}
    assert ask("clearance_weeks", Scope(), store).rows[0]["numerator"] == len(waiting)
    state = dict(pl.read_parquet(store.extract.tables["exam"]).select("accession", "clock_state").iter_rows())
    assert {a for a, s in state.items() if s == "counted"} == waiting


def test_a_delegated_examination_without_a_time_is_not_missing_from_the_backlog(publish):
    """It could never be in the backlog: it must not be counted as a backlog row whose time is missing."""
    store = publish([{"acc": "A"}, {"acc": "B", "needs_report": "no", "ended": ""}, {"acc": "C", "ended": ""}])
    answer = ask("unreported", Scope(), store)
    assert {x.reason: x.count for x in answer.left_out} == {"no_exam_time": 1, "report_not_required": 1}


def test_where_it_waits_is_known_only_where_the_ris_says_it(publish):
    """Unallocated and not recorded are two things: a source that never sends an assignment cannot say that nobody has the examination."""
    some = publish([{"acc": "A"}, {"acc": "B", "assigned": "2026-09-02 10:00"}, {"acc": "C", "assigned": "2026-09-02 10:00", "verified": "2026-09-03 10:00"}])

    def places(store: Store, day: str) -> dict[str, int]:
        return {r["place"]: r["value"] for r in ask("unreported", Scope(("place",), date_to=date.fromisoformat(day)), store).rows}

    assert places(some, "2026-09-01") == {"unallocated": 3}
    assert places(some, "2026-09-02") == {"unallocated": 1, "assigned": 2}
    assert places(some, "2026-10-30") == {"unallocated": 1, "assigned": 1}
    assert places(publish([{"acc": "A"}, {"acc": "B"}]), "2026-10-30") == {"not_recorded": 2}


def test_a_report_on_the_day_waits_at_no_midnight_and_one_after_midnight_at_one(publish):
    """23:50 to 00:10 is twenty minutes and one midnight; 00:10 to 23:50 is most of a day and none."""
    rows = [
        {"acc": "A", "ended": "2026-09-01 23:50", "verified": "2026-09-02 00:10"},
        {"acc": "B", "ended": "2026-09-01 00:10", "verified": "2026-09-01 23:50"},
        {"acc": "C", "ended": "2026-09-03 10:00", "verified": "2026-09-02 10:00"},  # backwards: reported, so it never waits
        {"acc": "D", "ended": "2026-10-31 08:00"},  # after the data end
        {"acc": "E", "ended": "2026-10-31 05:00", "verified": "2026-10-31 07:00"},  # reported after the data end
    ]
    store = publish(rows)
    assert [value("unreported", store, Scope(date_to=date(2026, 9, d))) for d in (1, 2, 3)] == [1, 0, 0]
    assert value("unreported", store) == 1
    assert (value("report_arrivals", store), value("report_completions", store)) == (4, 3)
    left = [value("report_completions", store, Scope(date_from=date(2026, 9, d), date_to=date(2026, 9, d))) for d in (1, 2, 3)]
    assert left == [1, 1, 1], "C leaves on the day it came: gone before it came, it would break the sum of the days"


@pytest.mark.parametrize("metric", ["unreported", "waiting"])
def test_a_site_whose_data_ends_a_month_early_keeps_the_months_of_the_network(store, metric):
    """Filtered to that site or broken down by site, the same months with the same figures: the last as of the site's own end."""
    ends = {s: at.astimezone(LONDON).date().replace(day=1) for s, at in store.extract.data_through.items()}
    early = min(ends, key=lambda s: ends[s])
    assert ends[early] < max(ends.values())
    alone = {r["month"]: r["value"] for r in ask(metric, Scope(("month",), where={"site_code": (early,)}), store).rows}
    beside = {r["month"]: r["value"] for r in ask(metric, Scope(("month", "site_code")), store).rows if r["site_code"] == early}
    assert {m: v for m, v in beside.items() if m >= min(alone)} == alone and max(alone) == max(ends.values())
    assert not any(v for m, v in beside.items() if m < min(alone))
    assert alone[max(alone)] == value(metric, store, Scope(where={"site_code": (early,)}))
    assert any(alone.values())


def test_the_day_of_a_snapshot_is_the_last_in_range_and_no_later_than_the_data():
    end = date(2026, 10, 28)
    months = {"month": ("2026-05", "2026-02")}
    assert Scope().until(end) == end == Scope(date_to=date(2026, 12, 1)).until(end)
    assert Scope(where=months).until(end) == date(2026, 5, 31) and Scope(where=months, date_to=date(2026, 3, 1)).until(end) == date(2026, 3, 1)
    assert Scope(date_from=end + timedelta(days=1)).until(end) is None is Scope().until(None)
