"""What a list leaves out is of the day of the list: n and what is left out together are no more than the records alive on that day.

Counted over the canonical table in plain Python, which knows a record to be alive unless it has ended by the day or begun after it.
"""

import json
from datetime import date, timedelta

import polars as pl
import pytest

from readout.__main__ import main
from readout.engine.store import Store
from readout.metrics.answer import ask, data_end
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope, month_end
from tests.unit.test_waits import Request, day_of

METRICS = load_catalogue().metrics
LISTS = [m for m in METRICS.values() if m.is_snapshot and not m.national]
DAYS = [date(2024, 1, 31), date(2024, 12, 31), date(2025, 6, 30), date(2026, 3, 31), date(2026, 8, 15), date(2026, 9, 30), date(2026, 10, 28), date(2026, 11, 3)]
FILTERS = [{}, {"modality": ("FL",)}, {"site_code": ("ZN401",)}, {"pathway": ("routine", "urgent"), "modality": ("CT", "MR")}, {"patient_class": ("03",)}]


@pytest.fixture(scope="module")
def store(sample_extract) -> Store:
    return Store(sample_extract)


@pytest.fixture(scope="module")
def records(store) -> list[Request]:
    through = store.extract.data_through
    return [Request(r, through[r["site_code"]]) for r in pl.read_parquet(store.extract.tables["exam"]).to_dicts()]


def is_waiting(r: Request, day: date) -> bool:
    """A request that has begun, or may have, and has not ended by the end of the day."""
    day = min(day, r.last)
    ended = day_of(r.row["exam_at"]) if r.is_examined else r.lost if r.is_lost else None
    has_ended = (r.is_examined or r.is_lost) and ((ended is None and day == r.last) or (ended is not None and ended <= day))
    return (r.asked is None or r.asked <= day) and not has_ended


def is_unreported(r: Request, day: date) -> bool:
    """An examination done by the day, or without a date, whose report had not been verified by its end."""
    day = min(day, r.last)
    done, left = day_of(r.row["exam_at"]), day_of(r.reported) if r.reported else None
    return r.is_examined and (done is None or done <= day) and (left is None or left > day)


def alive(metric, records: list[Request], day: date, where: dict[str, tuple[str, ...]]) -> int:
    is_alive = is_waiting if "booking" in metric.dimensions else is_unreported
    return sum(is_alive(r, day) and all(r.row[d] in values for d, values in where.items()) for r in records)


@pytest.mark.parametrize("metric", LISTS, ids=lambda m: m.id)
def test_a_list_and_what_it_leaves_out_are_alive_on_its_day(metric, store, records):
    some = 0
    for day in DAYS:
        for where in FILTERS:
            answer = ask(metric.id, Scope((), where, None, day), store)
            most = alive(metric, records, day, where)
            assert answer.n + answer.count_left_out <= most, (day, where, answer.n, answer.left_out, most)
            some += answer.n
            by_month = ask(metric.id, Scope(("month",), where, None, day), store) if "month" in metric.dimensions else answer
            assert (by_month.n, by_month.left_out) == (answer.n, answer.left_out)
            if metric.kind.is_level and metric.column["value"] in ("count_exams", "count_waiting") and answer.rows:
                assert answer.n == answer.rows[0]["value"]
    assert some > 200 or metric.constants.get("counts") == "delegated"


def test_what_is_left_out_for_a_missing_time_is_of_the_waiting_list(store, records):
    """Planned and unscheduled requests are told as such, whether their receipt is known or not; each reason is counted again."""
    for day in DAYS:
        out = {x.reason: x.count for x in ask("waiting", Scope((), {}, None, day), store).left_out}
        here = [r for r in records if is_waiting(r, day)]
        timed = {c: sum(r.row["wait_category"] == c and r.asked is not None for r in here) for c in ("planned", "unscheduled")}
        most = {c: sum(r.row["wait_category"] == c for r in here) for c in ("planned", "unscheduled")}
        for c in timed:
            assert out.get(c, 0) <= most[c]
        unknown = [r for r in here if r.asked is None and r.row["wait_category"] not in ("planned", "unscheduled")]
        soon = [r for r in unknown if not r.is_examined or day_of(r.row["exam_at"]) <= day + timedelta(days=91)]
        assert out.get("no_received_time", 0) == len(soon), day


def test_a_page_and_the_command_line_give_one_share(store, capsys):
    """The share of the list that lacks a time, at a month end: of those on the list and those that may be, and of the same day."""
    end = date(2026, 9, 30)
    assert end == month_end(end) < data_end(store)
    answer = ask("waiting", Scope((), {}, None, end), store)
    missing = sum(x.count for x in answer.left_out if x.reason.startswith("no_"))
    assert answer.share_missing == missing / (answer.n + missing) < 0.02
    folder = str(store.extract.folder.parent)
    assert main(["ask", "waiting", "--to", end.isoformat(), "--format", "json", "--extracts", folder]) in (0, None)
    said = json.loads(capsys.readouterr().out)["provenance"]
    assert (said["n"], said["share_missing"]) == (answer.n, answer.share_missing)
