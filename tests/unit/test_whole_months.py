"""What is counted by month is what is counted examination by examination: every query that may read either, over scopes of chance."""

import random
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from readout.engine.query_file import QueryFile
from readout.engine.store import Store
from readout.metrics.answer import dimension_labels
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import DIMENSIONS, Scope, month_end

EITHER = "is_whole_months"
BY_PARAM = {d.param: d.name for d in DIMENSIONS.values()}
QUERIES = {q.name: (q, m) for m in load_catalogue().metrics.values() for q in m.queries if EITHER in q.params}


def in_one_order(frame: pl.DataFrame) -> list[tuple[Any, ...]]:
    return sorted(frame.rows(), key=repr)


def scopes_of_chance(query: QueryFile, labels: dict[str, dict[str, str]], months: list[Any], seed: int) -> Scope:
    chance = random.Random(seed)
    filters = [BY_PARAM[p] for p in query.params if p in BY_PARAM and BY_PARAM[p] in labels]
    where = {d: tuple(chance.sample(list(labels[d]), min(len(labels[d]), chance.choice((1, 1, 2))))) for d in filters if labels[d] and chance.random() < 0.3}
    groups = [c for c in query.returns if c in DIMENSIONS]
    by = tuple(d for d in groups if chance.random() < 0.3) if "by" in query.params else ()
    first, last = sorted(chance.choices(months, k=2))
    start, stop = chance.choice(((None, None), (first, None), (None, month_end(last)), (first, month_end(last))))
    return Scope(by, where, start, stop)


@pytest.mark.parametrize("name", QUERIES)
def test_by_month_and_one_by_one_are_the_same(name, sample_extract):
    query, metric = QUERIES[name]
    seen = 0
    with Store(sample_extract) as store:
        labels = dimension_labels(store)
        months = pl.read_parquet(sample_extract.tables["activity_day"])["exam_month"].drop_nulls().unique().sort().to_list()
        for seed in range(40):
            scope = scopes_of_chance(query, labels, months, seed)
            params = scope.parameters(query.params, metric.constants)
            assert params[EITHER] is True
            fast, slow = (store.query(query, {**params, EITHER: whole}) for whole in (True, False))
            assert in_one_order(fast) == in_one_order(slow), (name, scope)
            seen += fast.height
    assert seen > 20  # the scopes find something


def test_a_month_in_part_is_never_counted_by_month(sample_extract):
    """One day fewer leaves that day's examinations out: the answer is not the whole month's."""
    query, _ = QUERIES["within_standard_accounts"]
    days = pl.read_parquet(sample_extract.tables["clocked"]).filter(pl.col("clock") == "report").group_by("account_date").len().sort("len")
    busy = days.filter(pl.col("account_date").is_not_null())["account_date"].to_list()[-1]
    with Store(sample_extract) as store:
        one = Scope((), {}, busy, busy)
        assert not one.is_whole_months
        assert store.query(query, one.parameters(query.params))["count_exams"].sum() == days.filter(pl.col("account_date") == busy)["len"].sum()
        rest = [Scope((), {}, None, busy - timedelta(days=1)), Scope((), {}, busy + timedelta(days=1), None)]
        parts = sum(store.query(query, s.parameters(query.params))["count_exams"].sum() for s in [one, *rest])
        undated = days.filter(pl.col("account_date").is_null())["len"].sum()
        assert parts + undated == store.query(query, Scope().parameters(query.params))["count_exams"].sum()


@pytest.mark.parametrize(
    ("start", "stop", "is_whole"),
    [(None, None, True), ("2025-02-01", "2025-02-28", True), ("2024-02-01", "2024-02-28", False), ("2025-02-02", None, False), (None, "2025-12-31", True)],
)
def test_whole_months_are_told_by_their_days(start, stop, is_whole):
    from datetime import date

    assert Scope((), {}, start and date.fromisoformat(start), stop and date.fromisoformat(stop)).is_whole_months is is_whole
