"""What the counts behind a figure are called is data of the catalogue: no sentence guesses it from a unit."""

import re
import shutil
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from readout.analysis.control import control
from readout.charts.trend import _hover
from readout.engine.store import Store
from readout.errors import CatalogueError
from readout.metrics import format as fmt
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope
from readout.paths import PACKAGE, QUERIES
from readout.wording import control as control_words
from readout.wording import findings

METRICS = load_catalogue().metrics
RATIOS = [m for m in METRICS.values() if m.kind.is_ratio]


@pytest.fixture(scope="module")
def store(sample_extract):
    with Store(sample_extract) as opened:
        yield opened


def with_rows(answer, *rows):
    frame = pl.DataFrame(
        [{"month": m, "numerator": n, "denominator": d, "value": n / d, "provisional": False} for m, n, d in rows],
        schema_overrides={"numerator": pl.Int64, "denominator": pl.Int64},
    )
    return replace(answer, frame=frame)


def test_a_rate_of_minutes_is_not_said_to_be_in_working_days(store):
    """11,604 minutes of 792 examinations read as '11,604 in 792 working days' while the words were guessed from the unit."""
    answer = ask("activity_per_working_day", Scope(("month",)), store)
    kind = replace(answer.metric.kind, phrase="{numerator} minutes in {denominator} examination(s)")
    entry = replace(answer.metric, unit="minutes an examination", kind=kind)
    answer = with_rows(replace(answer, metric=entry), (date(2026, 8, 1), 14, 1), (date(2026, 9, 1), 11_604, 792))
    said = findings.compared(answer)
    assert said.endswith("14.7 (11,604 minutes in 792 examinations) in Sep 2026, 14.0 in Aug 2026.")
    assert findings.beside(answer, answer.rows[0]) == "14 minutes in 1 examination"
    assert "11,604 minutes in 792 examinations" in _hover(answer, answer.rows, "value")[1]


@pytest.mark.parametrize("metric", RATIOS, ids=lambda m: m.id)
def test_every_ratio_reads_alike_on_card_chart_and_in_the_verdict(metric, store):
    row = {"month": date(2026, 9, 1), "numerator": 1200, "denominator": 3000, "value": 0.4, "provisional": False, "x": 0.4, "flag": None}
    wanted = metric.kind.counts(row)
    assert "1,200" in wanted and "3,000" in wanted and "{" not in wanted and "(s)" not in wanted
    answer = replace(ask("activity_per_working_day", Scope(("month",)), store), metric=metric)
    assert findings.beside(answer, row) == wanted
    assert wanted in _hover(answer, [row], "value")[0]
    if metric.spc != "none" and not metric.is_snapshot:
        c = replace(control(ask("within_28_days", Scope(("month",)), store)), metric=metric, column="value")
        assert f"({wanted})" in control_words._value(c, row)


@pytest.mark.parametrize("metric", [m for m in METRICS.values() if m.kind.is_time], ids=lambda m: m.id)
def test_every_time_says_how_its_own_wait_ends(metric):
    said = metric.kind.counts({"n": 40, "count_unreported": 3})
    assert said == f"n 40, 3 {metric.unended}"
    is_exam = metric.constants["clock"] == "exam"
    assert (metric.ended == "examined") == is_exam and (metric.unended == "not examined") == is_exam


def test_what_a_release_withholds_is_withheld_in_words_too():
    row = {"numerator": None, "denominator": 30}
    assert METRICS["within_28_days"].kind.counts(row, fmt.released) == "* of 30"


@pytest.mark.parametrize("spoilt", ["", 'counts = "{numerator} of all"\n'])
def test_a_ratio_without_words_for_its_counts_stops_the_start(spoilt, tmp_path):
    folder = shutil.copytree(QUERIES, tmp_path / "queries")
    entries = (folder / "metrics.toml").read_text("utf-8")
    head, entry = entries.split("[out_of_hours_share]")
    entry = re.sub(r"counts = .*\n", spoilt, entry, count=1)
    (folder / "metrics.toml").write_text(f"{head}[out_of_hours_share]{entry}", "utf-8")
    with pytest.raises(CatalogueError, match=r"\[out_of_hours_share\]: a share says what its counts are called, and counts lacks"):
        load_catalogue(folder)


def test_no_sentence_holds_words_for_counts_of_its_own():
    for path in (PACKAGE / "wording").glob("*.py"):
        assert "working day" not in path.read_text("utf-8"), path.name
