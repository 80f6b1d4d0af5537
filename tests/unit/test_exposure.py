"""What work is divided by: days on which its unit existed, each counting for what it usually brings. Counted again in plain Python, and on
made networks whose truth is known."""

import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from readout.analysis.control import control
from readout.engine.store import Store
from readout.errors import NetworkFileError
from readout.metrics.answer import ask, data_end
from readout.metrics.scope import Scope
from tests.conftest import NETWORK

DONE = "activity_per_working_day"
FIRST, LAST = date(2024, 11, 1), date(2026, 10, 30)
OPENED = date(2025, 3, 17)


@pytest.fixture(scope="module")
def store(sample_extract) -> Store:
    return Store(sample_extract)


def days(first: date = FIRST, last: date = LAST) -> list[date]:
    return [first + timedelta(days=i) for i in range((last - first).days + 1)]


def working(store: Store) -> dict[date, bool]:
    return {r["date"]: r["is_working_day"] for r in pl.read_parquet(store.extract.tables["calendar"]).filter(pl.col("nation") == "england").to_dicts()}


def of(day: date, n: int, **more: str) -> list[dict[str, str]]:
    """So many examinations of a day, an hour apart from each other."""
    return [{"acc": f"{day}{i}{more.get('site', '')}{more.get('modality', '')}", "ended": f"{day} {8 + i % 10:02d}:{(7 * i) % 60:02d}", **more} for i in range(n)]


def by_month(store: Store, metric: str = DONE, **where: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    return {f"{r['month']:%Y-%m}": r for r in ask(metric, Scope(("month",), where), store).rows}


def test_a_constant_service_of_seven_days_reads_the_same_each_month(make):
    """8 a day on every day: per plain working day it reads 10.8 to 13.1; a holiday in a month moves nothing either."""
    store = Store(make([row for d in days() for row in of(d, 8)]))
    months = by_month(store)
    assert len(months) == 24
    for month, r in list(months.items())[:-1]:
        assert r["value"] == pytest.approx(8, rel=0.005), (month, r)
    plain = [r["numerator"] / r["count_working_days"] for r in months.values()]
    assert max(plain) / min(plain) > 1.15, "what it was divided by before"


def test_work_that_keeps_office_hours_is_divided_by_its_working_days(make):
    """And a lasting rise of a tenth is a rise of a tenth."""
    calendar = {}
    rows = []
    probe = Store(make(of(FIRST, 1) + of(LAST, 1)))
    calendar = working(probe)
    for d in days():
        if calendar[d]:
            rows += of(d, 11 if d >= date(2026, 8, 1) else 10)
    store = Store(make(rows))
    for month, r in by_month(store).items():
        worked = sum(calendar[d] for d in days() if f"{d:%Y-%m}" == month)
        assert r["denominator"] == r["count_working_days"] == worked
        assert r["value"] == (11 if month >= "2026-08" else 10)


def test_a_site_that_opened_or_closed_is_divided_by_its_own_days(make):
    """Opened on 17 March 2025: 11 working days of that month, and the whole range from its first day. The other closed on 15 May 2026."""
    calendar = working(Store(make(of(FIRST, 1) + of(LAST, 1))))
    closed = date(2026, 5, 15)
    rows = [row for d in days() if calendar[d] for row in of(d, 4, site="S1") if d <= closed]
    rows += [row for d in days(OPENED) if calendar[d] for row in of(d, 2, site="S2")]
    store = Store(make(rows))
    s1, s2 = ({f"{r['month']:%Y-%m}": r for r in ask(DONE, Scope(("month", "site_code")), store).rows if r["site_code"] == s} for s in ("S1", "S2"))
    assert min(s2) == "2025-03" and (s2["2025-03"]["denominator"], s2["2025-03"]["value"], s2["2025-03"]["is_part_month"]) == (11, 2, True)
    assert s2["2025-04"]["value"] == 2 and s2["2025-04"]["is_part_month"] is False
    assert max(s1) == "2026-05" and (s1["2026-05"]["denominator"], s1["2026-05"]["value"], s1["2026-05"]["is_part_month"]) == (10, 4, True)
    whole = {r["site_code"]: r for r in ask(DONE, Scope(("site_code",)), store).rows}
    assert whole["S2"]["denominator"] == sum(calendar[d] for d in days(OPENED)) and whole["S2"]["value"] == 2
    assert whole["S1"]["denominator"] == sum(calendar[d] for d in days(FIRST, closed)) and whole["S1"]["value"] == 4
    network = ask(DONE, Scope(), store).rows[0]
    assert network["count_working_days"] == sum(calendar[d] for d in days()), "the network has all of its days"
    charted = control(ask(DONE, Scope(("month",), {"site_code": ("S2",)}), store))
    assert charted.points["month"][0] == date(2025, 4, 1), "a part of a month is no settled point"
    assert charted.flag is None


def test_a_modality_that_came_later_is_divided_by_its_own_days(make):
    """A second scanner of an open site; what is too rare to tell is divided by all of them, and a month without work is a nought."""
    calendar = working(Store(make(of(FIRST, 1) + of(LAST, 1))))
    rows = [row for d in days() if calendar[d] for row in of(d, 2)]
    rows += [row for d in days(OPENED) if calendar[d] for row in of(d, 1, modality="MR")]
    rows += [row for d in (date(2025, 2, 3), date(2026, 2, 3)) for row in of(d, 1, modality="DX")]
    store = Store(make(rows))
    assert by_month(store, modality=("MR",))["2025-03"]["denominator"] == 11
    rare = by_month(store, modality=("DX",))
    assert len(rare) == 24 and sum(r["numerator"] for r in rare.values()) == 2 and rare["2025-03"]["value"] == 0


def test_the_network_file_may_say_when_a_site_opened_and_closed(make):
    """A small site with nothing in its first weeks: its days count from the date given, which the data could not tell."""
    given = NETWORK.replace('name = "Second Hospital"', 'name = "Second Hospital"\nopened = 2025-03-17\nclosed = 2026-05-15')
    rows = [row for d in days() for row in of(d, 1, site="S1")]
    rows += [row for i, d in enumerate(days(date(2025, 4, 7), date(2026, 5, 8))) if i % 14 == 0 for row in of(d, 1, site="S2")]
    store = Store(make(rows, network=given))
    calendar = working(store)
    row = next(r for r in ask(DONE, Scope(("site_code",)), store).rows if r["site_code"] == "S2")
    assert row["count_working_days"] == sum(calendar[d] for d in days(OPENED, date(2026, 5, 15)))
    with pytest.raises(NetworkFileError, match="before it opened"):
        make(rows[:1], network=given.replace("2026-05-15", "2025-01-01"))


def usual_days(store: Store, where: dict[str, str]) -> dict[str, tuple[int, float]]:
    """By month: the work done and its weighted working days, from the canonical table, by the definition."""
    exams = [
        r
        for r in pl.read_parquet(store.extract.tables["exam"], columns=["status", "exam_date", "site_code", "modality", "pathway"]).to_dicts()
        if r["status"] == "completed" and r["exam_date"] and all(r[d] == v for d, v in where.items())
    ]
    works = working(store)
    first = min(r["exam_date"] for r in pl.read_parquet(store.extract.tables["exam"]).to_dicts() if r["exam_date"] and r["status"] == "completed")
    ends = {r["site_code"]: r["data_through_date"] for r in pl.read_parquet(store.extract.tables["site"]).to_dicts()}
    last = max(max(r["exam_date"], ends[r["site_code"]] - timedelta(days=1)) for r in exams)
    done = Counter(r["exam_date"] for r in exams)
    kind = {d: 8 if d.isoweekday() <= 5 and not works[d] else d.isoweekday() for d in days(first, last)}
    count, size = Counter(), Counter()
    for d, k in kind.items():
        count[k] += done[d]
        size[k] += 1
    pooled = {}
    for kinds in ((1, 2, 3, 4, 5), (6, 7, 8)):
        for k in kinds:
            pooled[k] = sum(count[j] for j in kinds) / sum(size[j] for j in kinds)
    base = pooled[1]
    weight = {k: (count[k] + 20 * pooled[k] / base) / (base * size[k] + 20) for k in size}
    if all(abs(weight[k] - 1) <= 0.25 for k in range(1, 6)) and all(weight[k] < 0.05 for k in (6, 7, 8)):
        weight = {k: float(k <= 5) for k in weight}
    found: dict[str, list[float]] = defaultdict(lambda: [0, 0.0])
    for d, k in kind.items():
        found[f"{d:%Y-%m}"][0] += done[d]
        found[f"{d:%Y-%m}"][1] += weight[k]
    return {m: (int(n), round(w, 1)) for m, (n, w) in found.items()}


@pytest.mark.parametrize(
    "where", [{}, {"pathway": "emergency"}, {"pathway": "routine"}, {"site_code": "ZN101"}, {"modality": "CT", "pathway": "inpatient"}, {"modality": "DX"}], ids=str
)
def test_the_weighted_days_equal_plain_python(store, where):
    answer = by_month(store, **{d: (v,) for d, v in where.items()})
    expected = usual_days(store, where)
    assert {m: r["numerator"] for m, r in answer.items()} == {m: n for m, (n, _) in expected.items()}
    for month, r in answer.items():
        assert r["denominator"] == pytest.approx(expected[month][1], abs=0.11), (month, where)


def test_a_part_of_a_month_is_of_its_own_days(store):
    """A single Sunday is a part of a day, and no division by nothing."""
    sunday = date(2026, 6, 7)
    assert sunday.isoweekday() == 7 and sunday < data_end(store)
    row = ask(DONE, Scope((), {"pathway": ("emergency",)}, sunday, sunday), store).rows[0]
    assert row["count_working_days"] == 0 and 0.2 < row["denominator"] < 1.5 and row["value"] > 0


def test_out_of_hours_is_set_against_its_calendar(make):
    """Constant rates by hour: the share follows the weekends of the month, what is set against the calendar does not."""
    chance = random.Random(5)
    rows = []
    for d in days():
        for i in range(10):
            hour = chance.choice(range(24))
            rows.append({"acc": f"{d}{i}", "ended": f"{d} {hour:02d}:{chance.randint(1, 59):02d}"})
    store = Store(make(rows))
    share, against = by_month(store, "out_of_hours_share"), by_month(store, "out_of_hours_against_calendar")
    weekends = {m: 1 - sum(w for d, w in working(store).items() if f"{d:%Y-%m}" == m) / sum(f"{d:%Y-%m}" == m for d in days()) for m in list(share)[:-1]}

    def correlation(values: dict[str, float]) -> float:
        mean_w, mean_v = (sum(x.values()) / len(x) for x in (weekends, values))
        top = sum((weekends[m] - mean_w) * (values[m] - mean_v) for m in weekends)
        return top / (sum((weekends[m] - mean_w) ** 2 for m in weekends) * sum((values[m] - mean_v) ** 2 for m in weekends)) ** 0.5

    assert correlation({m: share[m]["value"] for m in weekends}) > 0.5
    assert abs(correlation({m: against[m]["value"] for m in weekends})) < 0.35
    total = ask("out_of_hours_against_calendar", Scope(), store).rows[0]
    assert total["numerator"] == ask("out_of_hours_share", Scope(), store).rows[0]["numerator"]
    assert total["value"] == pytest.approx(1, abs=0.005)
