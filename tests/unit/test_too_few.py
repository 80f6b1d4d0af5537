"""A median or a 90th percentile of fewer than ten is not drawn, and a table says that it is too few."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from readout.analysis.judgeable import LEAST_TIMED, with_enough
from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from readout.ui.blocks import named_rows
from readout.wording import findings


@pytest.fixture(scope="module")
def answer(sample_extract):
    with Store(sample_extract) as store:
        return ask("exam_to_report", Scope(("month",)), store)


def of(answer, *counts):
    rows = [
        {"month": date(2026, i + 1, 1), "n": n, "count_unreported": 0, "median_hours": 5.0, "p90_hours": 9.0, "p95_hours": 9.5, "provisional": False}
        for i, n in enumerate(counts)
    ]
    return replace(answer, frame=pl.DataFrame(rows))


def test_rows_of_fewer_than_ten_are_not_drawn_and_counted_in_words(answer):
    few = of(answer, 2, 40, 9, 10)
    drawn = with_enough(few)
    assert [r["n"] for r in drawn.rows] == [40, LEAST_TIMED]
    assert findings.too_few_to_draw(few, drawn) == "2 months have fewer than 10 examinations: too few for a median or a 90th percentile, so not drawn."
    assert findings.too_few_to_draw(drawn, with_enough(drawn)) == ""
    assert with_enough(of(answer, 3)).is_empty


def test_their_table_says_too_few_beside_the_count(answer):
    first, second, *_ = named_rows(of(answer, 2, 40))
    assert findings.TOO_FEW in first.values() and findings.TOO_FEW not in second.values()
    assert 2 in first.values()


def test_withheld_counts_come_back_as_they_are(answer):
    withheld = of(answer, None, 40)
    assert with_enough(withheld).frame.height == 2


def test_a_share_comes_back_as_it_is(sample_extract):
    with Store(sample_extract) as store:
        share = ask("within_28_days", Scope(("month",)), store)
    assert with_enough(share) is share
