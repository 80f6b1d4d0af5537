"""Where a list stands: told from its rows by month, said the same on pages and in packs."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from readout.analysis.control import control
from readout.analysis.stock_level import level
from readout.charts.icons import assurance_of
from readout.engine.store import Store
from readout.export.content import as_shown
from readout.metrics.answer import ask
from readout.metrics.scope import Scope, months_between
from readout.wording.control import alternative, met, signal, target_words
from readout.wording.indicator import finding


@pytest.fixture(scope="module")
def listed(sample_extract):
    """An answer by month of a list, with month ends of our own."""
    store = Store(sample_extract)

    def made(metric, values, *, arriving=0):
        answer = ask(metric, Scope(("month",)), store)
        rows = [
            {"month": m, "provisional": i >= len(values) - arriving, "value": v}
            for i, (m, v) in enumerate(zip(months_between(date(2024, 1, 1), date(2030, 1, 1)), values, strict=False))
        ]
        return replace(answer, frame=pl.DataFrame(rows))

    return made


@pytest.mark.parametrize(
    ("values", "said", "is_highest"),
    [
        ([100, *[90] * 11, 150], "150, the highest of all month ends, against 100 a year before", True),
        ([100, *[90] * 11, 140], "140, the highest of all month ends, against 100 a year before", True),
        ([100, *[90] * 11, 139], "139, against 100 a year before", False),  # a peak, and within what two such counts differ by once in a hundred
        ([1000, *[900] * 11, 1249], "1,249, against 1,000 a year before", False),  # a peak, beyond chance, and not a quarter more
        ([100, *[150] * 11, 150], "150, against 100 a year before", False),  # as high, and not higher
        ([90] * 12, "", False),  # no year before
    ],
)
def test_a_list_is_at_its_highest_above_every_month_end_and_half_above_the_year_before(listed, values, said, is_highest):
    answer = listed("unreported", values)
    found = level(answer.metric, answer.standard, answer.rows)
    assert (found.words(), found.is_highest) == (said, is_highest)


def test_a_month_that_still_arrives_has_no_level(listed):
    answer = listed("unreported", [100, *[90] * 11, 150, 900], arriving=1)
    found = level(answer.metric, answer.standard, answer.rows)
    assert found.month == date(2025, 1, 1) and found.value == 150 and found.before == 100


def test_its_height_comes_first_in_words_and_is_a_concern_of_its_own(listed):
    made = control(listed("unreported", [90, 100, 110, 90, 110, 90, 110, 90, 110, 90, 110, 90, 130, 150]))
    assert signal(made).startswith("Unreported, the whole network: at the end of Feb 2025: 150, the highest of all month ends, against 100 a year before. **Concern**. ")
    assert made.variation == "concern" and "nothing unusual" not in signal(made)
    assert "the highest of all month ends" in alternative(made)


def test_a_signal_of_its_limits_is_said_after_its_height(listed):
    made = control(listed("unreported", [90, 100, 111, 93, 107, 95, 109, 90, 110, 92, 108, 91, 106, 250]))
    assert ", against 100 a year before. **Concern**. Above the upper limit; 250 at the end of Feb 2025" in signal(made)


def test_a_list_with_a_target_counts_the_month_ends_that_met_it(listed):
    made = control(listed("six_week_breach", [0.01, 0.02, *[0.3] * 10, 0.005]))
    assert met(made) == "met in 2 of 13 months" and assurance_of(made) == "counted"
    assert target_words(made) == "The target of at most 1 % was met in 2 of 13 months."
    assert made.level.words() == "0.5 %, against 1.0 % a year before" and made.target == 0.01


def test_a_release_says_its_own_figures_and_the_true_verdict(listed):
    answer = listed("unreported", [101, *[90] * 11, 152])
    seen = as_shown(control(answer), answer.release("public"), ())
    assert seen.level.words() == "150, the highest of all month ends, against 100 a year before"
    small = listed("unreported", [101, *[90] * 11, 3])
    assert as_shown(control(small), small.release("public"), ()).level is None


def test_a_change_that_is_neither_good_nor_bad_is_not_called_nothing():
    said = finding([("Addenda", "neutral_low", "below its mean for 8 months in a row"), ("Backlog", "common_cause", "")])
    assert said == "No concern and no improvement among 2 indicators; 1 with a change that is neither good nor bad: Addenda (below its mean for 8 months in a row)."


def test_with_a_list_at_its_highest_nothing_is_called_usual():
    assert finding([("Backlog", "common_cause", "")]).startswith("Nothing unusual")
    said = finding([("Backlog", "common_cause", "")], ["Backlog (9, the highest)"])
    assert "Nothing unusual" not in said and said.endswith("**At the highest of all complete month ends**: Backlog (9, the highest).")


def test_what_cannot_be_judged_is_not_called_usual():
    assert finding([("Addenda", None, ""), ("Backlog", "common_cause", "")]) == (
        "Nothing unusual: none of 1 indicators shows more than common-cause variation. 1 of 2 cannot be judged."
    )
    assert finding([("Addenda", None, ""), ("Backlog", None, "")]).startswith("None of 2 indicators can be judged yet")
    assert "The rest that can be judged is common-cause" in finding([("A", "concern", "r"), ("B", None, "")])
