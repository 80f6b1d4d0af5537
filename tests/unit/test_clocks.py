"""The three clocks - elapsed, calendar days, opening hours - on the nights and days on which clocks go wrong.

The opening-hours clock is counted again minute by minute, on bank holidays written down here by hand from the governments' lists.
"""

import json
import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from tests.conftest import ADAPTER, shared

LONDON = ZoneInfo("Europe/London")
PARIS = ZoneInfo("Europe/Paris")
WEEK = {d: ("08:00", "18:00") for d in range(1, 6)}
ALWAYS = {d: ("00:00", "24:00") for d in range(1, 8)}
SHARED_DAYS = {"2025-01-01", "2025-04-18", "2025-05-05", "2025-05-26", "2025-12-25", "2025-12-26"}
SHARED_DAYS |= {"2026-01-01", "2026-04-03", "2026-05-04", "2026-05-25", "2026-12-25", "2026-12-28"}
SOUTH = SHARED_DAYS | {"2025-04-21", "2025-08-25", "2026-04-06", "2026-08-31"}
HOLIDAYS = {
    "england": SOUTH,
    "wales": SOUTH,
    "scotland": SHARED_DAYS | {"2025-01-02", "2025-08-04", "2025-12-01", "2026-01-02", "2026-08-03", "2026-11-30"},
    "northern_ireland": SOUTH | {"2025-03-17", "2025-07-14", "2026-03-17", "2026-07-13"},
}
ONE_OFF = "2026-02-20"
SITES = {
    "ENG": ("england", 'open = { weekdays = "08:00-18:00" }', WEEK),
    "WLS": ("wales", 'open = { weekdays = "08:00-18:00" }', WEEK),
    "SCT": ("scotland", 'open = { weekdays = "08:00-18:00" }', WEEK),
    "NIR": ("northern_ireland", 'open = { weekdays = "08:00-18:00" }', WEEK),
    "ODD": ("england", 'open = { weekdays = "07:30-20:15", saturday = "09:00-13:30" }', {**{d: ("07:30", "20:15") for d in WEEK}, 6: ("09:00", "13:30")}),
    "DAY": ("england", 'open = { every_day = "00:00-24:00" }', ALWAYS),
    "NON": ("england", "open = {}", {}),
}


def network() -> str:
    sites = "".join(
        f'[[site]]\ncode = "{code}"\nname = "{code}"\ntrust_code = "T"\nris_code = "ris"\nnation = "{nation}"\n{hours}\n\n' for code, (nation, hours, _) in SITES.items()
    )
    return f"""
[network]
code = "TST"
name = "Test Network"
synthetic = true

{sites}
[[holiday]]
date = {ONE_OFF}

[[source]]
name = "ris"
table = "exam"
adapter = "plain"
path = "inbox/*.csv"
ris_code = "ris"
taken_at = 2026-10-31T06:00:00Z
"""


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def minutes_open(site: str, start: datetime, stop: datetime) -> int:
    """Every minute between two instants, asked whether the site is open in it."""
    nation, _, hours = SITES[site]
    shut = HOLIDAYS[nation] | {ONE_OFF}
    count, at = 0, start.astimezone(UTC)
    while at < stop.astimezone(UTC):
        here = at.astimezone(LONDON)
        opens, closes = hours.get(here.isoweekday(), ("24:00", "24:00"))
        count += here.date().isoformat() not in shut and opens <= f"{here:%H:%M}" < closes
        at += timedelta(minutes=1)
    return count


def timed(make, pairs: list[tuple[str, datetime, datetime]]) -> tuple[Store, list[dict]]:
    """Publish examinations and their reports, one a pair of (site, end, verification); the canonical rows in the same order.

    A last examination stays unreported: test_backlog.py has the case of a network in which none is.
    """
    rows = [{"acc": f"A{i:04d}", "site": s, "ended": f"{a:%Y-%m-%d %H:%M}", "verified": f"{b:%Y-%m-%d %H:%M}"} for i, (s, a, b) in enumerate(pairs)]
    rows.append({"acc": "B", "site": "WLS", "modality": "OT", "ended": "2026-10-30 12:00"})
    extract = make(rows, network=network())
    return Store(extract), pl.read_parquet(extract.tables["exam"]).sort("accession").to_dicts()[:-1]


def test_elapsed_hours_are_right_on_both_clock_change_nights(make):
    """The reference nights: four hours on the wall clock are three in March and five in October."""
    vectors = json.loads(shared("reference", "vectors.json").read_text("utf-8"))["clock_europe_london"]
    rows = [{"modality": m, "ended": v["from"].replace("T", " "), "verified": v["to"].replace("T", " ")} for m, v in zip(("CT", "MR"), vectors, strict=True)]
    answers = ask("exam_to_report", Scope(("modality",)), Store(make(rows))).rows
    assert [r["median_hours"] for r in answers] == [v["hours"] for v in vectors] == [3.0, 5.0]


def test_days_are_local_calendar_days_whatever_the_hours(make):
    """A minute over midnight is a day; 47 hours may be one day; a clock-change day is one day; summer's 00:30 is another day in UTC."""
    cases = {
        ("2026-06-01 23:59", "2026-06-02 00:01"): 1,
        ("2026-06-01 00:30", "2026-06-02 23:30"): 1,
        ("2026-06-01 00:30", "2026-06-01 23:30"): 0,
        ("2026-03-28 12:00", "2026-03-29 12:00"): 1,
        ("2025-10-25 12:00", "2025-10-27 11:59"): 2,
        ("2026-02-27 12:00", "2026-03-01 08:00"): 2,
    }
    _, exams = timed(make, [("ENG", local(a), local(b)) for a, b in cases])
    assert [e["report_days"] for e in exams] == list(cases.values())
    assert exams[0]["turnaround_minutes"] == 2
    assert [str(e["exam_date"]) for e in exams] == [a[:10] for a, _ in cases]


# Worked out with pencil and paper: site, end of the examination, verification, open minutes between.
BY_HAND = {
    "inside one day": ("ENG", "2026-06-03 09:00", "2026-06-03 11:30", 150),
    "from before opening to after closing": ("ENG", "2026-06-03 06:00", "2026-06-03 22:00", 600),
    "over a night": ("ENG", "2026-06-03 17:00", "2026-06-04 09:00", 120),
    "over a weekend": ("ENG", "2026-06-05 17:30", "2026-06-08 08:15", 45),
    "within a weekend": ("ENG", "2026-06-06 09:00", "2026-06-07 20:00", 0),
    "Christmas to the Tuesday, Boxing Day moved to Monday 28": ("ENG", "2025-12-24 17:00", "2025-12-29 09:00", 120),
    "Easter Monday in England": ("ENG", "2026-04-02 17:00", "2026-04-07 09:00", 120),
    "Easter Monday in Wales": ("WLS", "2026-04-02 17:00", "2026-04-07 09:00", 120),
    "Easter Monday is a working day in Scotland": ("SCT", "2026-04-02 17:00", "2026-04-07 09:00", 720),
    "2 January in Scotland": ("SCT", "2025-12-31 17:00", "2026-01-05 09:00", 120),
    "2 January in England": ("ENG", "2025-12-31 17:00", "2026-01-05 09:00", 720),
    "St Patrick's Day in Northern Ireland": ("NIR", "2026-03-16 17:00", "2026-03-18 09:00", 120),
    "St Patrick's Day in England": ("ENG", "2026-03-16 17:00", "2026-03-18 09:00", 720),
    "12 July, a Sunday, moved to Monday in Northern Ireland": ("NIR", "2026-07-10 17:00", "2026-07-14 09:00", 120),
    "August bank holiday is the first Monday in Scotland": ("SCT", "2026-07-31 17:00", "2026-08-04 09:00", 120),
    "and the last in Wales": ("WLS", "2026-08-28 17:00", "2026-09-01 09:00", 120),
    "a one-off day of the network": ("ENG", "2026-02-19 17:00", "2026-02-23 09:00", 120),
    "a one-off day shuts a site of every nation": ("SCT", "2026-02-19 17:00", "2026-02-23 09:00", 120),
    "half a Saturday": ("ODD", "2026-06-05 20:00", "2026-06-08 08:00", 15 + 270 + 30),
    "always open, over the short night": ("DAY", "2026-03-28 12:00", "2026-03-29 12:00", 23 * 60),
    "always open, over the long night": ("DAY", "2025-10-25 12:00", "2025-10-26 12:00", 25 * 60),
    "always open, in the short night itself": ("DAY", "2026-03-28 23:30", "2026-03-29 03:30", 180),
    "always open, in the long night itself": ("DAY", "2025-10-25 23:30", "2025-10-26 03:30", 300),
    "always open, but not on Christmas Day": ("DAY", "2025-12-24 12:00", "2025-12-25 12:00", 720),
    "opening at the very minute of the examination": ("ENG", "2026-06-03 08:00", "2026-06-03 08:01", 1),
    "closed at the very minute of the examination": ("ENG", "2026-06-03 18:00", "2026-06-03 18:01", 0),
    "an opening hour after the short night is one hour": ("ENG", "2026-03-27 18:00", "2026-03-30 09:00", 60),
}


def test_opening_hours_by_hand_and_minute_by_minute(make):
    """Bank holidays of each nation, weekends, one-off days, and a site that never shuts on days of 23 and 25 hours."""
    chance, pairs = random.Random(3), [(s, local(a), local(b)) for s, a, b, _ in BY_HAND.values()]
    around = ["2025-12-24", "2026-01-01", "2026-02-19", "2026-03-16", "2026-03-28", "2026-04-02", "2025-10-25", "2026-07-12", "2026-08-03", "2026-08-31"]
    for site in SITES:
        for day in around:
            start = local(f"{day} 03:05") + timedelta(minutes=chance.randrange(2 * 1440))
            pairs.append((site, start, start + timedelta(minutes=chance.randrange(5 * 1440))))
    pairs = [(s, a, b) for s, a, b in pairs if time(0) not in (a.time(), b.time())]
    _, exams = timed(make, pairs)
    for (name, (*_, expected)), exam in zip(BY_HAND.items(), exams, strict=False):
        assert exam["working_minutes"] == expected, name
    for (site, _, _), exam in zip(pairs, exams, strict=True):
        if site == "NON":
            assert exam["working_minutes"] is None
            continue
        # The instants that were read, so that the repeated hour of October is the one the contract chooses.
        counted = minutes_open(site, exam["exam_at"], exam["first_verified_at"])
        assert exam["working_minutes"] == counted, (site, exam["exam_local"], exam["first_verified_at"])


def test_an_unreported_examination_runs_to_the_as_of_in_opening_hours(make):
    """Censored at 06:00 on Saturday 31 October: Friday's hours count and no more; a report after the data ends is no report."""
    rows = [
        {"acc": "A1", "site": "ENG", "ended": "2026-10-30 09:00"},
        {"acc": "A2", "site": "ENG", "ended": "2026-10-30 09:00", "verified": "2026-10-31 15:00"},
        {"acc": "A3", "site": "DAY", "ended": "2026-10-24 18:00"},
    ]
    extract = make(rows, network=network())
    exams = pl.read_parquet(extract.tables["exam"]).sort("accession").to_dicts()
    assert [e["working_minutes"] for e in exams] == [540, 540, (6 * 24 + 12 + 1) * 60]
    assert [e["is_reported"] for e in exams] == [False] * 3
    row = ask("exam_to_report_working", Scope(), Store(extract)).rows[0]
    assert (row["n"], row["count_unreported"], row["median_hours"]) == (3, 3, None)


def test_a_site_without_opening_hours_is_left_out_and_counted(make):
    """It has no working-hours clock; its elapsed clock is untouched."""
    start = local("2026-06-03 09:00")
    store, _ = timed(make, [("ENG", start, start + timedelta(hours=3)), ("NON", start, start + timedelta(hours=5))])
    working = ask("exam_to_report_working", Scope(where={"modality": ("CT",)}), store)
    assert {x.reason: x.count for x in working.left_out} == {"no_opening_hours": 1}
    assert (working.rows[0]["n"], working.rows[0]["median_hours"]) == (1, 3.0)
    elapsed = ask("exam_to_report", Scope(("site_code",), {"modality": ("CT",)}), store)
    assert [(r["site_code"], r["median_hours"]) for r in elapsed.rows] == [("ENG", 3.0), ("NON", 5.0)] and elapsed.left_out == ()
    assert ask("exam_to_report_working", Scope(where={"site_code": ("NON",)}), store).is_empty


SECONDS = [("09:00:59", "09:02:00"), ("09:00:30", "09:01:00"), ("09:00:00", "09:05:59"), ("09:00:00", "09:05:00")]


def with_seconds(make) -> list[dict]:
    adapter = ADAPTER.replace('"%Y-%m-%d %H:%M"', '"%Y-%m-%d %H:%M:%S"')
    rows = [{"acc": f"A{i}", "site": "DAY", "ended": f"2026-06-03 {a}", "verified": f"2026-06-03 {b}"} for i, (a, b) in enumerate(SECONDS)]
    return pl.read_parquet(make(rows, network=network(), adapter=adapter).tables["exam"]).sort("accession").to_dicts()


def test_at_a_site_that_never_shuts_both_clocks_agree_to_the_minute(make):
    """Seconds are in real exports: a clock is cut to whole minutes once, at its end, or opening time could exceed elapsed time."""
    assert all(e["working_minutes"] == e["turnaround_minutes"] for e in with_seconds(make))


def test_minutes_are_whole_minutes_that_have_passed(make):
    """Rounded up, 23 h 59 min 30 s would be 24 h: old enough to be judged, and missed, before its time."""
    assert [e["turnaround_minutes"] for e in with_seconds(make)] == [1, 0, 5, 5]


def test_the_calendar_of_each_nation_is_the_governments_list(make):
    """The bank holidays above were copied by hand: the calendar that is published holds these and no other, with one day the network adds."""
    store, _ = timed(make, [("ENG", local("2025-02-03 09:00"), local("2025-02-03 10:00"))])
    calendar = pl.read_parquet(store.extract.tables["calendar"])
    for nation, days in HOLIDAYS.items():
        found = set(calendar.filter((pl.col("nation") == nation) & pl.col("holiday").is_not_null())["date"].cast(pl.String))
        weekend = {d for d in found | days if date.fromisoformat(d).isoweekday() > 5}
        assert (found - weekend) - {"2026-06-15"} == (days | {ONE_OFF}) - weekend, nation  # 15 June 2026: Scotland's day for the World Cup


def test_a_site_of_another_zone_keeps_its_own_days(make):
    """Each site's own zone decides its dates and hours: a network is not one clock."""
    text = network().replace('code = "NIR"\nname', 'code = "NIR"\ntime_zone = "Europe/Paris"\nname')
    rows = [{"acc": "A", "site": "NIR", "ended": "2026-06-03 00:30", "verified": "2026-06-03 09:00"}, {"acc": "B", "site": "NIR"}]
    exam = pl.read_parquet(make(rows, network=text).tables["exam"]).sort("accession").to_dicts()[0]
    assert exam["exam_at"] == datetime(2026, 6, 3, 0, 30, tzinfo=PARIS) and str(exam["exam_date"]) == "2026-06-03"
    assert exam["working_minutes"] == 60
