"""What every query asks of its filters is written once, and cannot reach past what a query's header declares."""

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from readout.engine.query_file import MACROS, QueryFile, macros_text
from readout.engine.store import builder, check_query, make_macros
from readout.errors import CatalogueError
from readout.metrics.catalogue import load_catalogue
from readout.paths import QUERIES

LENGTH = re.compile(r"\b(array_length|list_length|len|length|cardinality)\(\s*\$", re.IGNORECASE)
BY = re.compile(r"case\s+when list_contains\(\$by::varchar\[\], '\w+'\) then \S+ end", re.IGNORECASE)
DATED = re.compile(r"\$date_(from|to)::date is null")


@pytest.mark.parametrize("path", sorted(QUERIES.rglob("*.sql")), ids=lambda p: p.relative_to(QUERIES).as_posix())
def test_a_filter_is_written_in_the_macros_alone(path: Path) -> None:
    if path.name == MACROS:
        return
    text = path.read_text("utf-8")
    written = [found[0] for rule in (LENGTH, BY, DATED) for found in rule.finditer(text)]
    assert not written, f"{path.name} writes {written}: call picked, filtered, dated or shown of {MACROS}"


@pytest.mark.parametrize("text", ["where array_length($sites::varchar[]) = 0", "where len( $sites) > 0", "and ($date_to::date is null or x)"])
def test_the_search_finds_what_it_looks_for(text: str) -> None:
    assert LENGTH.search(text) or DATED.search(text)


def test_each_macro_says_what_it_means():
    made: Any = duckdb.connect(":memory:")
    make_macros(made, macros_text())

    def value(expression: str, *given: Any) -> Any:
        return made.execute(f"select {expression}", list(given)).fetchone()[0]

    assert value("picked(?::varchar[], 'CT')", []) is True
    assert value("picked(?::varchar[], null::varchar)", []) is True, "nothing is chosen: what has no value is kept"
    assert value("picked(?::varchar[], 'CT')", ["MR", "CT"]) is True
    assert value("picked(?::varchar[], 'CT')", ["MR"]) is False
    assert not value("picked(?::varchar[], null::varchar)", ["MR"])
    assert (value("filtered(?::varchar[])", []), value("filtered(?::varchar[])", ["MR"])) == (False, True)
    first, last = date(2026, 1, 1), date(2026, 1, 31)
    for day, lies in ((first, True), (last, True), (date(2025, 12, 31), False), (date(2026, 2, 1), False)):
        assert value("dated(?::date, ?::date, ?::date)", first, last, day) is lies
        assert value("dated(?::date, ?::date, ?::date)", None, None, day) is True
    assert value("dated(?::date, ?::date, ?::date)", None, last, date(1990, 1, 1)) is True
    assert value("dated(?::date, ?::date, ?::date)", first, None, date(2090, 1, 1)) is True
    assert value("shown(?::varchar[], 'modality', 'CT')", ["month", "modality"]) == "CT"
    assert value("shown(?::varchar[], 'modality', 'CT')", ["month"]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("create macro sly() as (select count(*) from exam)", "'sly' reads exam"),
        ("create macro sly() as (select count(*) from range(3))", "'sly' reads range"),
        ("create macro sly() as table select * from exam", "'sly' reads"),
        ("create table sly (a integer)", "something else than macros"),
        ("select 1", "nothing else"),
        ("create macro sly( as 1", "not valid SQL"),
    ],
)
def test_a_macro_works_with_its_arguments_alone(text: str, said: str) -> None:
    connection = duckdb.connect(":memory:")
    connection.execute("create table exam (a integer)")
    with pytest.raises(CatalogueError, match=said):
        make_macros(connection, text)


def test_a_table_or_a_function_inside_a_call_is_seen(tmp_path: Path) -> None:
    def query(text: str) -> QueryFile:
        return QueryFile("q", "p", "g", (), {"sites": "varchar[]"}, {}, text)

    with builder(tmp_path) as engine:
        with pytest.raises(CatalogueError, match="reads and the query differ in exam"):
            check_query(engine.connection, query("select picked($sites::varchar[], (select site_code from exam)) as a"))
        with pytest.raises(CatalogueError, match="walk past the views"):
            check_query(engine.connection, query("select picked($sites::varchar[], (select a from read_csv('x'))) as a"))


def test_another_macro_is_another_definition(tmp_path: Path) -> None:
    same, folder = (shutil.copytree(QUERIES, tmp_path / name) for name in ("same", "other"))
    assert load_catalogue(same).hash == load_catalogue().hash
    (folder / MACROS).write_text(macros_text().replace("day <= last_day", "day < last_day"), "utf-8")
    assert load_catalogue(folder).hash != load_catalogue().hash
