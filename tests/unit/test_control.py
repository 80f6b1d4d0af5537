"""Series judged from their edge: gaps, months still arriving, few or one or no months, nothing that moves, and the words for each."""

import re
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from readout.analysis.control import Rebase, control, controls
from readout.engine.store import Store
from readout.metrics import format as fmt
from readout.metrics.answer import ask
from readout.metrics.scope import Scope, months_between
from readout.wording.control import alternative, choice, gaps, limits, rebases, rule, signal, suggestion, target_words, trial
from readout.wording.findings import not_reached

CLAIMS = re.compile(r"\b(improv\w*|concern|deteriorat\w*|better|worse\w*|significant\w*)\b", re.I)
LEVEL = [88, 90, 87, 91, 89, 90, 88, 92, 89, 90, 87, 91]
START = date(2024, 1, 1)


@pytest.fixture(scope="module")
def store(sample_extract):
    return Store(sample_extract)


@pytest.fixture
def series(store):
    """An answer by month of a real metric with months of our own: a value each, None a month that has no row."""

    def made(metric, values, *, arriving=0, of=100, target=None, unreported=0):
        answer = ask(metric, Scope(("month",)), store)
        rows = []
        for i, value in enumerate(values):
            month = months_between(START, date(2030, 1, 1))[i]
            row = {"month": month, "provisional": i >= len(values) - arriving}
            if answer.metric.kind.is_time:
                row |= {"n": of, "count_unreported": unreported, "median_hours": value and value / 2, "p90_hours": value, "p95_hours": value}
            elif answer.metric.kind.is_ratio:
                row |= {"numerator": value, "denominator": of, "value": None if value is None else value / of}
            else:
                row |= {"value": value}
            if value is not None or answer.metric.kind.is_time:
                rows.append(row)
        standard = answer.standard and replace(answer.standard, **({"target": target} if target is not None else {}))
        return replace(answer, frame=pl.DataFrame(rows, infer_schema_length=None), standard=standard)

    return made


def test_a_month_without_an_examination_is_a_gap_and_no_zero(make):
    """May to August, July with nothing: it stands in the chart without a value, and the sentence says it."""
    rows = [{"acc": f"A{m}{i}", "ended": f"2026-{m:02d}-03 10:00", "verified": f"2026-{m:02d}-0{4 + i} 10:00"} for m in (3, 4, 5, 6, 8) for i in range(3)]
    made = control(ask("within_28_days", Scope(("month",)), Store(make(rows))))
    assert made.points["month"].to_list() == months_between(date(2026, 3, 1), date(2026, 8, 1))
    assert made.points["x"].to_list() == [1, 1, 1, 1, None, 1]
    assert made.points["flag"].null_count() == 6
    assert gaps(made) == "1 month has no figure: nothing to count."


def test_months_still_arriving_are_not_judged_and_move_no_limit(series):
    still, full = control(series("within_28_days", [*LEVEL, 10], arriving=1)), control(series("within_28_days", LEVEL))
    assert still.points["flag"].to_list() == [None] * 13 and still.last["month"] == date(2024, 12, 1)
    assert still.points["upl"][:12].to_list() == full.points["upl"].to_list()
    assert signal(still) == signal(full)
    assert alternative(still).endswith("Jan 2025 provisional.")


@pytest.mark.parametrize(
    ("metric", "chart"),
    [("within_28_days", "p'"), ("activity_per_working_day", "XmR"), ("exam_to_report", "XmR"), ("unreported", "XmR of the level")],
)
def test_the_catalogue_says_which_chart(series, metric, chart):
    made = control(series(metric, LEVEL))
    assert made.chart == chart and f"({chart})" in alternative(made)


def test_a_list_is_judged_by_its_level_and_says_it_as_one(series):
    made = control(series("unreported", [40, 100, 103, 101, 104, 100, 105, 103, 101, 104, 102, 105, 103, 102]))
    assert made.points["x"].to_list()[:3] == [None, 100.0, 103.0], "what is older than the extract is not in its first month end"
    said = "Unreported, the whole network: common-cause variation, nothing unusual. 102 at the end of Feb 2025, mean 102.5."
    assert signal(made) == f"{said} At the end of Feb 2025: 102, against 100 a year before."
    assert gaps(made) == "" and target_words(made) == "" and made.limits == "level"
    assert choice(made).startswith("This list is judged by its level: a month end says little of the next (autocorrelation 0.")
    jumped = control(series("unreported", [40, 100, 103, 101, 104, 100, 105, 103, 101, 104, 102, 105, 103, 102, 120]))
    assert jumped.variation == "concern"
    assert "**concern**. Above the upper limit; 120 at the end of Mar 2025, mean 103.8." in signal(jumped)


def test_a_rate_of_too_few_events_is_not_judged(series):
    """Four events in 35 months: nearly every month is 0 and lies below the mean, which is no run of anything."""
    made = control(series("addendum_rate", [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, *([0] * 12)]))
    assert (made.variation, made.flag, made.suggestion, bool(made.unjudged)) == (None, None, None, True)
    assert made.points["lpl"].null_count() == made.points.height
    assert "fewer than 1 a month on average: too few for a month to say anything" in signal(made)
    assert rule(made) == "not judged: fewer than 1 a month on average"
    assert not control(series("addendum_rate", [0, 1, 2, 3] * 6)).unjudged


def test_a_quantile_of_a_few_is_no_figure(series):
    """The 90th percentile of fewer than ten is the longest of them: one long wait would set the limits of years."""
    answer = series("exam_to_report", [10.0] * 12 + [900.0] + [10.0] * 3)
    few = answer.frame.with_columns(n=pl.when(pl.col("p90_hours") > 100).then(4).otherwise(pl.col("n")))
    made = control(replace(answer, frame=few))
    assert made.points["x"].to_list()[12] is None and made.count_judged == 15
    assert "1 month has no figure: fewer than 10 examinations." in gaps(made)


def test_new_limits_move_only_what_they_name(store):
    answer = ask("within_28_days", Scope(("month", "site_code")), store)
    frame = pl.DataFrame(
        [
            {"month": m, "site_code": s, "numerator": v, "denominator": 100, "value": v / 100, "provisional": False}
            for s in ("ZN101", "ZN201")
            for m, v in zip(months_between(START, date(2025, 12, 1)), [*LEVEL, *(v - 30 for v in LEVEL)], strict=True)
        ]
    )
    answer = replace(answer, frame=frame)
    at = Rebase(date(2025, 1, 1), "a second scanner", "A. Lead", date(2025, 2, 3), metrics=("within_28_days",), sites=("ZN201",))
    plain, marked = controls(answer), controls(answer, (at,))
    assert marked[0].points.equals(plain[0].points) and marked[0].rebases == ()
    assert marked[1].points["mean"].n_unique() == 2 and marked[1].points["group"].to_list() == [1] * 12 + [2] * 12
    assert marked[1].flag is None and plain[1].flag == "below_limit"
    assert rebases(marked[1]) == "New limits from Jan 2025: a second scanner (A. Lead, 3 Feb 2025)."
    assert rebases(marked[1]) in alternative(marked[1])
    other = replace(at, metrics=("activity_per_working_day",))
    assert controls(answer, (other,))[1].points.equals(plain[1].points)


def test_trial_limits_count_from_the_new_limits(series):
    answer = series("within_28_days", [*LEVEL, 70, 72, 71])
    made = control(answer, (Rebase(date(2025, 1, 1), "moved"),))
    assert made.is_trial
    assert trial(made) == "Trial limits: they stand on 3 months since the new limits of Jan 2025, and will move until there are 12."
    assert rule(made) == "common cause (trial limits)"
    one = control(answer, (Rebase(date(2025, 3, 1), "moved"),))
    assert one.variation is None and "one month since the new limits makes no limits" in signal(one)


def test_new_limits_are_suggested_after_nine_months_on_one_side_and_never_applied(series):
    eight = control(series("within_28_days", [*LEVEL, *LEVEL, *([70, 72] * 4)]))
    nine = control(series("within_28_days", [*LEVEL, *LEVEL, *([70, 72] * 4), 70]))
    assert suggestion(eight) == "" and nine.suggestion == date(2026, 1, 1)
    assert suggestion(nine).startswith("Below its mean for 9 months in a row, since Jan 2026:") and "Nothing is changed by itself" in suggestion(nine)
    assert nine.points["group"].n_unique() == 1


@pytest.mark.parametrize(("count", "is_trial"), [(11, True), (12, False)])
def test_eleven_months_make_trial_limits_and_twelve_do_not(series, count, is_trial):
    made = control(series("within_28_days", LEVEL[:count]))
    assert made.is_trial == is_trial and made.variation == "common_cause"
    assert ("they stand on 11 months, and" in signal(made)) == is_trial
    assert ("(trial limits)" in rule(made)) == is_trial


def test_one_month_and_none_are_not_judged(series):
    one = control(series("within_28_days", [88], target=0.9))
    assert one.variation is None and one.points["lpl"].to_list() == [None] and rule(one) == "no limits yet"
    assert signal(one) == (
        "Reported within 28 days, the whole network: not judged. 88.0 % (88 of 100) in Jan 2024; one month makes no limits, so what is usual is not known yet."
    )
    assert target_words(one) == "Whether the target of 90 % will be met cannot be said yet: there are no limits."
    none = control(series("within_28_days", [88], arriving=1))
    assert none.last is None and rule(none) == "no complete month yet" and "nothing can be judged" in signal(none) and alternative(none)
    apart = control(series("within_28_days", [88, None, 90, None, 91]))
    assert apart.variation is None and "no two months stand side by side" in signal(apart)


@pytest.mark.parametrize(("value", "target", "counted"), [(100, 1.0, "met in 14 of 14 months"), (0, 0.9, "met in 0 of 14 months")])
def test_a_share_that_never_moves_is_not_judged_and_its_target_is_counted(series, value, target, counted):
    made = control(series("within_28_days", [value] * 14, target=target))
    assert made.variation is None and made.assurance is None and made.chart == "p'"
    assert made.points["lpl"].null_count() == 14 and counted in target_words(made) and limits(made) == ""


def test_a_target_on_a_limit_is_met_by_chance(series):
    made = control(series("within_28_days", LEVEL, target=0.5))
    assert made.assurance == "passes"
    for at in ("lpl", "upl"):
        again = control(series("within_28_days", LEVEL, target=made.last[at]))
        assert again.assurance == "hit_or_miss" and "in some months and missed in others, by chance" in target_words(again)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (0.5, "Without a change the target of 50 % will be met every month."),
        (0.995, "Without a change the target of 99.5 % will be missed every month."),
        (1.0, "The target of 100 % was met in 1 of 12 months."),
    ],
)
def test_the_target_in_words(series, target, said):
    assert target_words(control(series("within_28_days", [*LEVEL[:11], 100] if target == 1 else LEVEL, target=target))) == said


def test_a_neutral_measure_is_neither_better_nor_worse(series):
    made = control(series("activity_per_working_day", [*(v * 20 for v in LEVEL), 3000], of=20))
    assert made.variation == "neutral_high" and made.target is None and made.assurance is None
    assert "higher than usual, which is neither better nor worse. Above the upper limit; 150.0 (3,000 in 20 weighted working days) in Jan 2025" in signal(made)


SHIFTED = [*LEVEL, *LEVEL, 86, 87, 86, 88, 86, 87, 86]
TREND = [*LEVEL[:8], 88, 89, 90, 91, 92, 93, 94]


@pytest.mark.parametrize(
    ("values", "flag", "said"),
    [
        ([*LEVEL, 40], "below_limit", "**concern**. Below the lower limit; 40.0 % (40 of 100) in Jan 2025"),
        ([*LEVEL, *LEVEL, 75, 75], "below_limit", "**concern**. Below the lower limit for 2 months in a row, since Jan 2026;"),
        (SHIFTED, "shift_low", "**concern**. Below its mean for 7 months in a row, since Jan 2026; 86.0 % (86 of 100) in Jul 2026, mean 88.7 %."),
        (TREND, "trend_up", "**improvement**. Rising for 7 months in a row, since Sep 2024; 94.0 % (94 of 100) in Mar 2025"),
        ([*LEVEL, *LEVEL, 88, 81, 81], "two_of_three_low", "**concern**. Two of three months close to the lower limit, since Feb 2026; 81.0 % (81 of 100) in Mar 2026"),
    ],
)
def test_the_rule_in_words_with_its_length_and_its_first_month(series, values, flag, said):
    made = control(series("within_28_days", values))
    assert made.flag == flag and said in signal(made)
    assert not rule(made).startswith("common") and rule(made).split(",")[0].lower() in signal(made).lower()


@pytest.mark.parametrize(
    ("late", "since"),
    [
        ([99, 95, 99], date(2026, 1, 1)),  # the one between is not close
        ([95, 99, 99], date(2026, 2, 1)),
        ([99, 99, 95, 99], date(2026, 1, 1)),  # linked by stretches of three
        ([99, 99, 95, 95, 99, 99], date(2026, 5, 1)),  # and no further back than they reach
        ([99, 85, 99, 99], None),  # one below the mean between breaks the stretch
    ],
)
def test_two_of_three_began_with_the_first_of_the_points_that_made_it(series, late, since):
    steady = [*[90, 92] * 12]
    made = control(series("within_28_days", [*steady, *late]))
    assert made.flag == ("two_of_three_high" if since else None) and made.since == since
    if since and since != made.last["month"]:
        assert f"close to the upper limit, since {fmt.month(since)}" in rule(made)


def test_common_cause_is_never_called_better_or_worse(series):
    for metric in ("within_28_days", "exam_to_report", "activity_per_working_day", "unreported"):
        for last in (LEVEL[:-1], [*LEVEL[:-1], 88]):
            made = control(series(metric, last))
            assert made.flag is None and not CLAIMS.search(f"{signal(made)} {rule(made)} {suggestion(made)} {alternative(made)}"), metric


def test_a_quantile_not_reached_is_said_under_the_chart_with_the_least_it_can_be(series):
    """Every examination without a report is at least as old as the end of its month is past: no nine in ten before that."""
    answer = series("exam_to_report", [*LEVEL, None], of=40, unreported=12)
    days = (answer.stalest[1].date() - date(2025, 1, 31)).days - 1
    still = f"Jan 2025 (12 of 40 unreported, so more than {days} days)."
    assert not_reached(answer) == f"Half not yet reached: {still} Nine in ten not yet reached: {still} The time is longer than can be seen yet, and not zero."
    assert "days)" not in not_reached(series("request_to_exam", [*LEVEL, None], of=40, unreported=12)), "a cancellation may end a young wait"
    assert not_reached(series("exam_to_report", LEVEL)) == "" == not_reached(series("unreported", LEVEL))


def test_a_quantile_not_reached_is_said_and_an_earlier_month_is_judged(series):
    made = control(series("exam_to_report", [*LEVEL, None], unreported=12))
    assert made.last["month"] == date(2024, 12, 1) and not made.is_current
    assert "nine in ten within 3.8 days (n 100, 12 unreported) in Dec 2024" in signal(made).replace("Nine", "nine")
    assert gaps(made) == "1 month has no figure: nine in ten not yet reached. It is the latest, Jan 2025, so Dec 2024 is judged."
    two = control(series("exam_to_report", [*LEVEL, None, None], unreported=12))
    assert gaps(two).startswith("2 months have no figure: nine in ten not yet reached. Feb 2025 is among them")


def test_limits_beyond_the_end_of_the_scale_are_said_to_be(series):
    made = control(series("exam_to_report", [1, 30, 2, 28, 1, 33, 2, 29, 3, 30, 1, 31]))
    assert made.last["lpl"] < 0 and limits(made).startswith("under 0 to ")
