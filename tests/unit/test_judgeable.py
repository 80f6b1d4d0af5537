"""Which series are not judged, and why: shares at a bound, whole days, few values, a quantile of few. The false signals of a review, each a test."""

import random
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import signals as bench
from readout.analysis import chance
from readout.analysis.control import control
from readout.analysis.judgeable import LEAST_TIMED
from readout.wording.control import by_chance, rule, signal, target_words
from tests.unit.test_spc import slow_chart  # the rules read by a second program

TRENDS = ("trend_up", "trend_down")  # of the yearly change: no rule against a value that moves


def share(values, n=100, metric="within_28_days"):
    answer = bench.answer_of(metric, np.array(values, np.float64), n)
    return answer


def test_one_late_report_in_33_months_is_no_improvement():
    """The pages said `improvement ... above its mean for 25 months in a row` of 5 of 5 after one miss at month 9."""
    made = control(share([5] * 8 + [4] + [5] * 24, n=5))
    assert (made.variation, made.flag, made.suggestion) == (None, None, None)
    assert rule(made) == "not judged: only 1 of 165 missed it in 33 months"
    assert "improvement" not in signal(made)


def test_a_share_that_is_not_judged_still_counts_its_target():
    answer = share([5] * 8 + [4] + [5] * 24, n=5)
    from readout.metrics.catalogue import Standard

    standard = Standard("s", "Within 28 days", "national", "", "up", target=1.0)
    made = control(replace(answer, standard=standard))
    assert made.assurance is None and target_words(made) == "The target of 100 % was met in 32 of 33 months."
    lower = control(replace(answer, standard=replace(standard, target=0.75)))
    assert target_words(lower) == "The target of 75 % was met in 33 of 33 months."


def test_a_wait_in_whole_days_that_is_mostly_the_same_day_is_not_judged():
    days = [0.0] * 35
    days[4] = days[13] = days[20] = 24.0
    made = control(bench.answer_of("request_to_exam", np.array(days), 40))
    assert made.variation is None and rule(made) == "not judged: 32 of 35 months are same day"


def test_a_small_list_that_fell_by_three_after_rising_by_three_is_no_improvement():
    levels = [1, 2, 1, 2, 1, 1, 2, 1, 1, 2, 1, 1, 4, 1, 2, 1, 1, 1, 2, 1, 1, 2, 1, 1]
    made = control(bench.answer_of("unreported", np.array(levels, np.float64)))
    assert made.variation is None and "months are 1" in rule(made)


def test_half_of_the_months_on_one_value_is_not_judged_and_one_less_is():
    half = [90 if i % 2 else 60 + i for i in range(24)]
    assert control(share(half)).unjudged == "12 of 24 months are 90.0 %"
    assert not control(share([*half[:23], 77])).unjudged
    assert control(share([80, 90, 85] * 8)).unjudged == "its 24 months have only 3 different figures"


def test_the_rarer_side_is_counted_whichever_way_is_better():
    rng = random.Random(4)
    few = [int(rng.random() < 0.4) for _ in range(36)]
    assert control(share(few, 400, "addendum_rate")).unjudged.startswith("fewer than 1 a month")
    assert control(share([400 - x for x in few], 400, "addendum_rate")).unjudged.startswith("only ")
    enough = [rng.randint(1, 6) for _ in range(36)]
    assert not control(share(enough, 400, "addendum_rate")).unjudged and not control(share([400 - x for x in enough], 400)).unjudged


def test_a_burst_of_rare_events_is_a_signal_though_its_months_are_not_judged():
    """Not to judge is not to look away: 15 misses of 100 after 30 months without one."""
    made = control(share([100] * 30 + [85]))
    assert made.variation == "concern" and made.flag == "burst_low"
    assert "**concern**. Far fewer than the months before lead to expect; 85.0 % (85 of 100)" in signal(made)
    assert control(share([100] * 30 + [99])).variation is None
    many = control(share([0] * 30 + [15], metric="did_not_attend_rate"))
    assert many.variation == "concern" and many.flag == "burst_high"
    assert control(share([100] * 30 + [85], 100, "follow_up_rate")).variation == "neutral_low"


def test_a_quantile_of_fewer_than_ten_is_no_figure():
    made = control(bench.answer_of("exam_to_report", np.array([10.0 + i % 7 for i in range(20)]), LEAST_TIMED - 1))
    assert made.last is None


NULLS = {n.name: n for n in bench.nulls()}
REVIEWED = ("share 0.98, n 5", "share 0.99, n 20", "share 0.995, n 80", "share 0.98, n 100", "whole days, 0 with chance 0.97", "whole days, 0 with chance 0.94")
REVIEWED += ("whole days, 0 with chance 0.9", "list of mean 0.1, Poisson", "list of mean 0.3, Poisson", "list, autocorrelation 0", "list, autocorrelation 0.9")


@pytest.mark.parametrize("name", REVIEWED)
def test_a_steady_series_is_flagged_at_most_twice_as_often_as_the_page_says(name):
    """60 series and three standard errors; `python -m benchmarks.signals --series 400` measures all kinds."""
    null = NULLS[name]
    said = chance.shares()["steady"][null.key]
    found = bench.false_signals(null, 60).flagged
    assert found <= 2 * said + 3 * (2 * said * (1 - 2 * said) / 60) ** 0.5


def test_every_kind_of_chart_says_what_chance_gives():
    from readout.analysis.control import LIMITS, may_have_season
    from readout.metrics.catalogue import load_catalogue

    for metric in load_catalogue().metrics.values():
        if metric.spc != "none":
            for limits in LIMITS if may_have_season(metric) else ("mean",):
                assert 0 < chance.by_chance(metric, limits) < 0.1
    made = control(bench.answer_of("activity_per_working_day", bench.work(1_000)(np.random.default_rng(1))))
    assert "Growth of 3 % a year alone would flag it in 77 of 100, a yearly season of 5 % either way in 14 of 100." in by_chance(made)


@pytest.mark.parametrize("limits", ["year", "trend"])
def test_growth_alone_is_no_signal_against_a_year_before_or_a_trend(limits):
    rng = np.random.default_rng(3)
    grown = [bench.work(2_000, growth=0.05)(rng) for _ in range(20)]
    answers = [bench.answer_of("activity_per_working_day", x) for x in grown]
    assert sum(control(a).is_special for a in answers) >= 15
    assert sum(control(a, limits=limits).is_special for a in answers) <= 2


def test_a_season_alone_is_no_signal_against_a_year_before():
    rng = np.random.default_rng(3)
    answers = [bench.answer_of("activity_per_working_day", bench.work(2_000, season=0.08)(rng)) for _ in range(20)]
    assert sum(control(a, limits="year").is_special for a in answers) <= 2 < sum(control(a).is_special for a in answers)


def test_limits_against_a_year_before_are_the_moving_ranges_of_the_yearly_change():
    xs = bench.work(1_000, growth=0.03)(np.random.default_rng(9))
    made = control(bench.answer_of("activity_per_working_day", xs), limits="year")
    values = [int(x) / 21 for x in xs]
    yearly = [b - a for a, b in zip(values, values[12:], strict=False)]
    rows = slow_chart(yearly, True, None, [])
    assert made.points["x"].to_list() == values and made.points["upl"][:12].null_count() == 12
    for i, row in enumerate(rows):
        assert made.points["upl"][12 + i] == pytest.approx(values[i] + row[3])
        assert row[7] in TRENDS or made.points["flag"][12 + i] == row[7]
