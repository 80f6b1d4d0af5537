"""What a page asked, as it is asked again for another choice of filters."""

from datetime import date

from readout.metrics.scope import Scope
from readout.ui.prefetch import move

ALL = ("month", "site_code", "modality", "pathway")
YEAR = Scope((), {}, date(2025, 1, 1), None)
CT = Scope((), {"modality": ("CT",)}, date(2025, 1, 1), None)


def test_a_filter_that_the_page_gains_is_gained_and_one_of_the_question_alone_stays():
    asked = Scope(("month",), {"pathway": ("routine",)}, date(2025, 1, 1), None)
    assert move(asked, YEAR, CT, ALL) == Scope(("month",), {"pathway": ("routine",), "modality": ("CT",)}, date(2025, 1, 1), None)


def test_a_filter_that_the_page_loses_is_lost():
    assert move(Scope(("month",), {"modality": ("CT",)}), CT, YEAR, ALL) == Scope(("month",), {})


def test_a_filter_that_the_question_set_aside_stays_set_aside():
    asked = Scope(("site_code",), {}, date(2025, 1, 1), None)  # of all modalities, whatever the page's filter
    other = Scope((), {"modality": ("MR",)}, date(2025, 1, 1), None)
    assert move(asked, CT, other, ALL) == asked


def test_a_metric_without_the_dimension_is_not_asked_by_it():
    assert move(Scope(("month",)), YEAR, CT, ("month", "site_code")) == Scope(("month",))


def test_dates_of_the_page_move_and_the_question_s_own_stay():
    later = Scope((), {}, date(2025, 6, 1), date(2025, 12, 31))
    assert move(Scope((), {}, date(2025, 1, 1), None), YEAR, later, ALL) == later
    assert move(Scope(("month",)), YEAR, later, ALL) == Scope(("month",), {}, None, date(2025, 12, 31))
    quarter = Scope((), {}, date(2024, 1, 1), date(2024, 3, 31))
    assert move(quarter, YEAR, later, ALL) == quarter


def test_dates_that_would_run_backwards_are_the_page_s():
    asked = Scope((), {}, date(2025, 1, 1), date(2025, 3, 31))
    later = Scope((), {}, date(2025, 6, 1), None)
    assert move(asked, YEAR, later, ALL) == Scope((), {}, date(2025, 6, 1), None)
