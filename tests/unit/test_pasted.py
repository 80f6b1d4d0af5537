"""`readout sql`: the text it prints, run by an engine that knows nothing of ours, gives the rows of `readout ask`."""

import math
import re
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest

from readout.__main__ import main
from readout.engine.extract import Extract
from readout.engine.store import Store, _whole
from readout.errors import UsageError
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.pasted import filled, literal, pasted
from readout.metrics.scope import DIMENSIONS, Scope

PRINTED = [m for m in load_catalogue().metrics.values() if m.readers is None]
FROM, TO = date(2026, 2, 3), date(2026, 7, 30)


def run(text: str) -> pl.DataFrame:
    frame = duckdb.connect(":memory:").execute(text).pl()
    return _whole(frame)


def same(found: pl.DataFrame, expected: pl.DataFrame) -> bool:
    """Whether the rows are the same in the same order: whole numbers, texts and dates exactly; fractions are sums made in any order."""

    def equal(a: Any, b: Any) -> bool:
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else a == b

    rows = zip(found.rows(), expected.rows(), strict=True) if found.height == expected.height else [((0,), (1,))]
    return all(equal(a, b) for left, right in rows for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("dates", [(None, None), (FROM, TO), (date(2026, 1, 1), date(2026, 6, 30))], ids=["ever", "days", "whole months"])
@pytest.mark.parametrize("metric", PRINTED, ids=lambda m: m.id)
def test_the_printed_text_gives_the_rows_of_ask(sample_extract: Extract, metric: Any, dates: tuple[date | None, date | None]) -> None:
    ways = [(), tuple(d for d in ("month", "site_code", "modality") if d in metric.dimensions)]
    with Store(sample_extract) as store:
        for by in ways:
            scope = Scope(by, {}, *dates)
            expected = ask(metric.id, scope, store).frame.drop("provisional", strict=False)
            text = pasted(metric.id, scope, store)
            found = run(text)
            assert found.columns == expected.columns
            if said := re.search(r"`readout ask` adds (\d+) rows for months", text.splitlines()[1]):  # months in which nothing waited
                names = [c for c in expected.columns if c in DIMENSIONS]
                gone = expected.join(found, on=names, how="anti", nulls_equal=True)
                assert gone.height == int(said[1]) and set(gone["value"]) == {0 if metric.kind.nothing_is_zero else None}
                expected = expected.join(found, on=names, how="semi", nulls_equal=True, maintain_order="left")
            assert same(found, expected), (by, found.head(), expected.head())


def test_values_and_breakdowns_are_filled_in(sample_extract: Extract) -> None:
    where = {"modality": ("CT", "MR"), "month": ("2026-03", "2026-04")}
    with Store(sample_extract) as store:
        scope = Scope(("month", "site_code", "modality"), where, FROM, TO)
        text = pasted("activity", scope, store)
        assert "picked(['CT', 'MR']::varchar[], modality)" in text
        assert "dated(date '2026-02-03'::date, date '2026-07-30'::date, exam_date)" in text
        assert "picked([]::varchar[], urgency)" in text
        found, expected = run(text), ask("activity", scope, store).frame.drop("provisional")
        assert found.height > 4 and found.rows() == expected.rows()
        assert run(text + text).rows() == expected.rows(), "pasted twice into one session"


@pytest.mark.parametrize("value", ["O'Brien's", "'; drop view activity_day; --", "a\\b", "$by", 'a "b"', "é\n"])
def test_a_text_with_quotes_is_the_text(value: str) -> None:
    text = filled("-- $what's this\nselect $what::varchar as a, ' $what ' as b, list_contains($all::varchar[], $what) as c", {"what": value, "all": [value]})
    assert duckdb.connect().execute(text).fetchone() == (value, " $what ", True)


@pytest.mark.parametrize("value", [None, True, 7, 0.25, date(2026, 2, 28), [], [date(2026, 2, 28)], ["a", "b"]])
def test_a_literal_is_its_value(value: Any) -> None:
    assert duckdb.connect().execute(f"select {literal(value)}").fetchone() == (value,)


def test_a_filter_whose_values_have_a_quote(sample_extract: Extract) -> None:
    """No list of values is kept of a reason: any text is asked for, and must be told apart by the engine alone."""
    metric = next(m for m in PRINTED if "reason" in m.dimensions)
    with Store(sample_extract) as store:
        scope = Scope(("month",), {"reason": ("it's cancelled' or 1=1 --",)})
        found = run(pasted(metric.id, scope, store))
        assert found.rows() == ask(metric.id, scope, store).frame.drop("provisional").rows()


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (["activty"], 2, "activity"),
        (["activity", "--by", "colour"], 2, "no dimension 'colour'"),
        (["activity", "--where", "modality=CTT"], 2, "'CTT' is not a modality of this extract"),
        (["activity", "--where", "modality"], 2, "must read DIMENSION=VALUE"),
        (["activity", "--from", "yesterday"], 2, "is not a date"),
        (["activity", "--from", "2026-03-02", "--to", "2026-03-01"], 2, "runs backwards"),
    ],
)
def test_what_ask_refuses_sql_refuses_in_the_same_words(sample_extract: Extract, capsys: pytest.CaptureFixture[str], given: list[str], code: int, said: str) -> None:
    where = ["--extracts", str(sample_extract.folder.parent)]
    assert main(["sql", *given, *where]) == code
    refused = capsys.readouterr()
    assert said in refused.err and not refused.out
    assert main(["ask", *given, *where]) == code
    assert capsys.readouterr().err == refused.err


def test_a_metric_that_leaves_out_single_readers_is_not_printed(sample_extract: Extract) -> None:
    """The query alone would print what an answer leaves out."""
    kept = [m for m in load_catalogue().metrics.values() if m.readers is not None]
    assert kept
    with Store(sample_extract) as store:
        for metric in kept:
            with pytest.raises(UsageError, match="nearly all one reader's"):
                pasted(metric.id, Scope(), store)
