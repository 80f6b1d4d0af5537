"""Every query against a few rows worked out by hand from the definitions: the case files mirror `queries/`, and README.md says how to write one."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from readout.engine.extract import Extract
from readout.engine.query_file import QueryFile, load_query
from readout.engine.store import builder
from readout.metrics.scope import Scope
from readout.paths import QUERIES

HERE = Path(__file__).resolve().parent
TYPES: dict[str, Any] = {
    "boolean": pl.Boolean,
    "bigint": pl.Int64,
    "integer": pl.Int32,
    "varchar": pl.String,
    "varchar[]": pl.List(pl.String),
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
    "timestamptz": pl.Datetime("us", "UTC"),
    "double": pl.Float64,
}
Row = Mapping[str, Any]
WHOLE_MONTHS = "is_whole_months"


@dataclass(frozen=True)
class Case:
    """One question to one query. `expect` holds no row where the query is to return none."""

    file: str
    name: str
    given: Mapping[str, list[Row]]
    params: Row
    expect: list[Row]
    exact: bool = False
    only: Row = field(default_factory=dict)
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.file}: {self.name}" if self.name else self.file


def load_cases(path: Path) -> list[Case]:
    """The cases of one file. A file without `[[case]]` is one case; `given` and `common` at its top are shared by all."""
    name = path.relative_to(HERE).with_suffix("").as_posix()
    data = tomllib.loads(path.read_text("utf-8"))
    top = {"given", "common", "types", "case"} if "case" in data else {"given", "common", "types", "params", "expect", "exact", "only"}
    _known(name, data, top)
    cases = []
    for entry in data.get("case", [data]):
        where = f"{name}: {entry.get('name', '')}"
        if entry is not data:
            _known(where, entry, {"name", "given", "params", "expect", "exact", "only"})
            assert entry.get("name"), f"{name}: a case has no name: say in a few words what it guards"
        expect = entry.get("expect", [])
        assert expect == "nothing" or (expect and isinstance(expect, list)), f'{where} expects no row: give one, or say expect = "nothing"'
        common = data.get("common", {})
        given = {t: [{**common.get(t, {}), **r} for r in rows] for t, rows in {**data.get("given", {}), **entry.get("given", {})}.items()}
        cases.append(
            Case(
                file=name,
                name=entry.get("name", ""),
                given=given,
                params=entry.get("params", {}),
                expect=[] if expect == "nothing" else expect,
                exact=entry.get("exact", False),
                only=entry.get("only", {}),
                types=data.get("types", {}),
            )
        )
    return cases


def parameters(query: QueryFile, given: Row) -> dict[str, Any]:
    """Exactly the parameters the query declares: an unstated list is empty, an unstated date null, anything else must be stated.

    What whole months are is told by the dates.
    """
    _known(query.name, given, set(query.params))
    values: dict[str, Any] = {}
    for name, kind in query.params.items():
        if name == WHOLE_MONTHS:
            values[name] = Scope((), {}, given.get("date_from"), given.get("date_to")).is_whole_months
            continue
        unstated = name not in given
        assert not unstated or kind == "date" or kind.endswith("[]"), f"{query.name}: the case must state the parameter '{name}'"
        values[name] = given[name] if not unstated else [] if kind.endswith("[]") else None
    return values


def table(where: str, name: str, rows: list[Row], types: Mapping[str, Any]) -> pl.DataFrame:
    """The given rows under the table's whole schema; what a row does not name is null."""
    assert types, f"{where}: the types of '{name}' are not known: declare them under [types.{name}]"
    for row in rows:
        _known(f"{where}, given.{name}", row, set(types))
    return pl.DataFrame([[_value(row.get(c)) for c in types] for row in rows], schema=dict(types), orient="row", strict=True)


def differences(case: Case, found: pl.DataFrame, *, in_order: bool) -> str:
    """Empty where the rows are those expected, in any order unless the query has one; else both sides, to be read side by side."""
    columns = found.columns if case.exact or not case.expect else [c for c in found.columns if any(c in row for row in case.expect)]
    for row in [case.only, *case.expect]:
        _known(f"{case.id}, expect", row, set(found.columns))
    found = found.filter(**case.only) if case.only else found
    wanted = [[_value(row.get(c)) for c in columns] for row in case.expect]
    got = [list(r) for r in found.select(columns).rows()]
    if in_order:
        same = len(got) == len(wanted) and all(_same(w, g) for w, g in zip(wanted, got, strict=True))
    else:
        left = list(got)
        for row in wanted:
            match = next((i for i, g in enumerate(left) if _same(row, g)), None)
            if match is None:
                break
            del left[match]
        same = len(got) == len(wanted) and not left
    lines = [f"{case.id}", f"  columns  {columns}", *(f"  expected {r}" for r in wanted), *(f"  found    {r}" for r in got)]
    return "" if same else "\n".join(lines)


def _known(where: str, named: Row, known: set[str]) -> None:
    odd = sorted(set(named) - known)
    assert not odd, f"{where}: unknown {', '.join(odd)}; known are {', '.join(sorted(known))}"


def _value(value: Any) -> Any:
    return None if value == "null" else value


def _same(wanted: list[Any], got: list[Any]) -> bool:
    return all(_equal(w, g) for w, g in zip(wanted, got, strict=True))


def _equal(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(got, bool) or not isinstance(wanted, int | float) or not isinstance(got, int | float):
        return type(wanted) is type(got) and wanted == got
    return math.isclose(wanted, got, rel_tol=0, abs_tol=1e-9)


def _case_files() -> list[Path]:
    return sorted(HERE.rglob("*.toml"))


CASES = [case for path in _case_files() for case in load_cases(path)]


@pytest.fixture(scope="session")
def known_types(sample_extract: Extract) -> dict[str, dict[str, Any]]:
    """Column types by table, read off real files: the published tables, and the staged records they were made of."""
    known = {name: dict(pl.read_parquet_schema(path)) for name, path in sample_extract.tables.items()}
    staged: dict[str, Any] = {}
    reviews: dict[str, Any] = {}
    for part in sorted((sample_extract.folder.parent / ".staging").glob("*/part-*.parquet")):
        types = pl.read_parquet_schema(part)
        found = reviews if "review_id" in types else staged
        found |= {c: t for c, t in types.items() if c not in found or t != pl.Null}
    assert staged and reviews, "the sample left no staged records to read types from"
    known["staged_part"] = {"filename": pl.String, **staged}
    known["staged_review"] = {"source_no": pl.Int64, "file_no": pl.Int64, "source": pl.String, **reviews}
    known["staged_exam"] = {"source_no": pl.Int64, "file_no": pl.Int64, **staged}
    return known


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_query_returns_the_rows_worked_out_by_hand(case: Case, known_types: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    query = load_query(QUERIES / f"{case.file}.sql")
    _known(f"{case.id}, given", case.given, set(query.reads))
    with builder(tmp_path / "work") as engine:
        for name in query.reads:
            types = {**known_types.get(name, {}), **{c: TYPES[t] for c, t in case.types.get(name, {}).items()}}
            engine.frame(name, table(case.id, name, case.given.get(name, []), types), tmp_path)
        for counted in _counted_by_month(query):  # made of what is given, as a publish makes it
            engine.write(counted, tmp_path / f"{counted.name}.made.parquet")
        params = parameters(query, case.params)
        every = [params, {**params, WHOLE_MONTHS: False}] if params.get(WHOLE_MONTHS) else [params]
        for found in [engine.rows(query, asked) for asked in every]:
            different = differences(case, found, in_order=re.search(r"^order by", query.text, re.MULTILINE) is not None)
            assert not different, different


def _counted_by_month(query: QueryFile) -> list[QueryFile]:
    """The summaries that a query reads in place of others where no month is asked about in part."""
    if WHOLE_MONTHS not in query.params:
        return []
    made = [load_query(p) for p in sorted((QUERIES / "summary").glob("*.sql")) if p.stem in query.reads]
    return [q for q in made if set(q.reads) <= set(query.reads)]


def test_every_query_has_a_case_file_and_every_case_file_a_query():
    queries = {p.relative_to(QUERIES).with_suffix("").as_posix() for p in QUERIES.glob("*/*.sql")}
    files = {p.relative_to(HERE).with_suffix("").as_posix() for p in HERE.rglob("*.toml")}
    assert sorted(queries - files) == [], "queries without given and expected rows"
    assert sorted(files - queries) == [], "case files whose query is gone"


@pytest.mark.parametrize("path", _case_files(), ids=lambda p: p.relative_to(HERE).as_posix())
def test_every_case_file_says_why_its_rows_are_there_and_stays_small(path: Path) -> None:
    assert path.read_text("utf-8").startswith("# "), "begin with a comment: which trap do these rows guard?"
    names = [case.name for case in load_cases(path)]
    assert len(set(names)) == len(names), "two cases share a name"


# The runner itself: a case that cannot fail guards nothing.

QUERY = QueryFile("q", "p", "g", ("t",), {"by": "varchar[]", "date_from": "date", "code": "varchar"}, {}, "")
FOUND = pl.DataFrame({"a": [1, 2], "b": [0.1 + 0.2, None]})


def _expecting(*rows: Row, exact: bool = False) -> Case:
    return Case("metrics/q", "", {}, {}, list(rows), exact)


def test_unstated_parameters_are_empty_lists_and_null_dates_and_nothing_else():
    assert parameters(QUERY, {"code": "X"}) == {"by": [], "date_from": None, "code": "X"}
    with pytest.raises(AssertionError, match="must state the parameter 'code'"):
        parameters(QUERY, {})
    with pytest.raises(AssertionError, match="unknown sites"):
        parameters(QUERY, {"code": "X", "sites": ["S1"]})


def test_an_unknown_column_is_named():
    with pytest.raises(AssertionError, match=r"given\.t: unknown modalty"):
        table("q", "t", [{"modalty": "CT"}], {"modality": pl.String})
    with pytest.raises(AssertionError, match="expect: unknown count"):
        differences(_expecting({"count": 1}), FOUND, in_order=False)
    with pytest.raises(AssertionError, match=r"declare them under \[types\.t\]"):
        table("q", "t", [{"modality": "CT"}], {})


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1, "b": 0.3}],
        [{"a": 1, "b": 0.3}, {"a": 2}, {"a": 2}],
        [{"a": 1, "b": 0.3}, {"a": 1, "b": 0.3}],
        [{"a": 1, "b": 0.3000001}, {"a": 2}],
        [{"a": 1, "b": "null"}, {"a": 2}],
        [{"a": True, "b": 0.3}, {"a": 2}],
    ],
    ids=["too few", "too many", "one twice", "another number", "null is no number", "true is not one"],
)
def test_rows_that_differ_are_told(rows: list[Row]) -> None:
    assert differences(_expecting(*rows), FOUND, in_order=False)


def test_order_and_unnamed_columns_count_only_when_asked():
    case = _expecting({"a": 2}, {"a": 1})
    assert not differences(case, FOUND, in_order=False)
    assert differences(case, FOUND, in_order=True)
    assert differences(_expecting({"a": 2}, {"a": 1}, exact=True), FOUND, in_order=False)
    assert not differences(_expecting({"a": 2}, {"a": 1, "b": 0.3}, exact=True), FOUND, in_order=False)
    assert differences(_expecting(), FOUND, in_order=False)
