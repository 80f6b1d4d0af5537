"""The engine: the only importer of duckdb. A locked-down, read-only store of one extract for one viewer; a builder for publishing."""

import contextlib
import json
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import polars as pl

from readout.engine import lease
from readout.engine.cache import Kept
from readout.engine.extract import Extract
from readout.engine.query_file import MACROS, QueryFile, macros_text
from readout.errors import CatalogueError, QueryTimeout, ReadoutError

TIME_LIMIT_SECONDS = 20.0
MEMORY_LIMIT = "2GB"
BUILD_MEMORY = "1GB"  # of a publish; what it sorts or joins beyond that is spilled to disk
ROW_GROUP = 122_880
MADE = 100  # other things kept of one store
KEPT, KEPT_ROWS = 400, 8_000  # results kept of one store, and the rows of the largest

T = TypeVar("T")


@dataclass(frozen=True)
class Viewer:
    """What a viewer may see. `sites` None means every site of the network."""

    sites: frozenset[str] | None = None
    may_drill: bool = False  # may see single examinations
    reporter_key: int | None = None  # of a viewer who reports: their own point is told apart

    @property
    def key(self) -> str:
        """Part of every cache key."""
        seen = "*" if self.sites is None else ",".join(sorted(self.sites))
        return f"{seen}{'+rows' if self.may_drill else ''}{'' if self.reporter_key is None else f'+{self.reporter_key}'}"


EVERYONE = Viewer(may_drill=True)


def _connect(temporary: Path, memory_limit: str) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(f"set memory_limit = '{memory_limit}'")
    connection.execute("set temp_directory = ?", [str(temporary)])
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    make_macros(connection, macros_text())
    return connection


def make_macros(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    """What every query asks of its filters, as the file says it. Raises unless the file makes scalar macros alone, and none reads a table:
    a query is checked for what it reads, and what its macros read would not be seen."""
    try:
        statements = connection.extract_statements(text)
        if any(s.type != duckdb.StatementType.CREATE for s in statements):
            raise CatalogueError(f"{MACROS} may hold 'create macro' statements and nothing else.")
        for statement in statements:
            connection.execute(statement)
    except duckdb.Error as e:
        raise CatalogueError(f"{MACROS} is not valid SQL: {e}") from None
    own = connection.table_function("duckdb_functions").filter("not internal and function_type like '%macro%'")
    made = own.project("function_name, function_type, macro_definition").fetchall()
    if len(made) != len(statements):
        raise CatalogueError(f"{MACROS} makes something else than macros, or one twice.")
    for name, kind, body in made:
        tables, functions = _reads(_tree(connection, f"select {body}", MACROS)) if kind == "macro" else ({"a table"}, set())
        if tables or functions:
            raise CatalogueError(f"{MACROS}: '{name}' reads {', '.join(sorted(tables | functions))}; a macro may work with its arguments alone.")


class Store:
    """One extract as one viewer may see it: a view a table, filtered to the viewer's sites; nothing can be written or reached.

    While it is open the extract is leased: no publish prunes it.
    """

    def __init__(self, extract: Extract, viewer: Viewer = EVERYONE) -> None:
        self.extract = extract
        self.viewer = viewer
        held = lease.take(extract.folder.parent, extract.id)
        temporary = Path(tempfile.mkdtemp(prefix="readout-"))
        self._finalizer = weakref.finalize(self, _let_go, held, temporary)
        self._connection = _connect(temporary, MEMORY_LIMIT)
        self._checked: set[str] = set()
        self._check_lock = threading.Lock()
        self._kept = Kept(KEPT, lambda frame: frame.height <= KEPT_ROWS)  # several metrics are columns of one query
        self._made = Kept(MADE)
        self._connection.execute("create table viewer_site (site_code varchar)")
        if viewer.sites is not None:
            self._connection.executemany("insert into viewer_site values (?)", [[s] for s in sorted(viewer.sites)] or [[None]])
        for name, path in extract.tables.items():
            if name in ("exam", "peer_review") and not viewer.may_drill:
                continue  # no figure reads them: only the rows behind one do
            relation = self._connection.read_parquet(str(path))
            if viewer.sites is not None and "site_code" in relation.columns:
                relation = relation.filter("site_code in (from viewer_site)")
            elif viewer.sites is not None and "site_codes" in relation.columns:  # of several sites at once: for whoever may see all of them
                seen = duckdb.ConstantExpression(sorted(viewer.sites))
                relation = relation.filter(duckdb.FunctionExpression("list_has_all", seen, duckdb.ColumnExpression("site_codes")))
            relation.create_view(name)
        self._connection.execute("set allowed_directories = ?", [[str(extract.folder / "tables")]])
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")

    def close(self) -> None:
        """Give back the engine and the extract: from now on it may be pruned. What is never closed does so when nothing holds it any more."""
        self._connection.close()
        self._finalizer()

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is made of the extract for this viewer and asked for all the time, kept with the store."""
        made: T = self._made.get(key, make)
        return made

    def query(self, query: QueryFile, parameters: Mapping[str, Any], *, seconds: float = TIME_LIMIT_SECONDS) -> pl.DataFrame:
        """Rows of one checked query, kept for who asks the same again: the extract does not change, and the store is one viewer's.

        Raises QueryTimeout past `seconds`; missing or excess parameters raise.
        """
        if query.hash not in self._checked:
            with self._check_lock:
                check_query(self._connection.cursor(), query)
                self._checked.add(query.hash)
        asked = (query.hash, repr(sorted(parameters.items())))
        frame: pl.DataFrame = self._kept.get(asked, lambda: self._run(query, parameters, seconds))
        return frame.clone()

    def _run(self, query: QueryFile, parameters: Mapping[str, Any], seconds: float) -> pl.DataFrame:
        cursor = self._connection.cursor()
        timer = threading.Timer(seconds, cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            return _whole(cursor.sql(query.text, params=dict(parameters)).pl())
        except duckdb.InterruptException:
            raise QueryTimeout(f"'{query.name}' took longer than {seconds:g} seconds and was stopped. Narrow the dates or the sites.") from None
        finally:
            timer.cancel()
            cursor.close()


def _let_go(held: int | None, temporary: Path) -> None:
    lease.release(held)
    shutil.rmtree(temporary, ignore_errors=True)


class Builder:
    """A read-write engine for publishing: staged files in, Parquet out. Only ingest uses it."""

    def __init__(self, work: Path, memory_limit: str = BUILD_MEMORY) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self._temporary = work / "spill"
        self.connection = _connect(self._temporary, memory_limit)

    def table(self, name: str, files: list[Path], *, filename: bool = False) -> None:
        """A view over Parquet files; with `filename`, a column of that name says which."""
        self.connection.read_parquet([str(f) for f in files], union_by_name=True, filename=filename).create_view(name, replace=True)

    def view(self, query: QueryFile) -> None:
        """A query without parameters as a view, under its name."""
        check_query(self.connection, query)
        self.connection.sql(query.text).create_view(query.name)

    def frame(self, name: str, frame: pl.DataFrame, work: Path) -> None:
        """A view over a small frame, by way of a Parquet file: the engine never scans frames."""
        path = work / f"{name}.parquet"
        frame.write_parquet(path)
        self.table(name, [path])

    def rows(self, query: QueryFile, parameters: Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows of a build query or check."""
        check_query(self.connection, query)
        return _whole(self.connection.sql(query.text, params=dict(parameters or {})).pl())

    def write(self, query: QueryFile, path: Path) -> None:
        """Write a query's rows as Parquet, in the query's order, and keep the file as a view under the query's name.

        A query that builds takes no parameters: with them its whole result would be made in memory first, beyond the engine's limit.
        """
        check_query(self.connection, query)
        self.connection.sql(query.text).write_parquet(str(path), compression="zstd", row_group_size=ROW_GROUP)
        self.table(query.name, [path])

    def close(self) -> None:
        self.connection.close()


@contextlib.contextmanager
def builder(work: Path) -> Iterator[Builder]:
    """A builder that is closed whatever happens."""
    made = Builder(work)
    try:
        yield made
    finally:
        made.close()


def _whole(frame: pl.DataFrame) -> pl.DataFrame:
    """The engine's wide sums of whole numbers as ordinary integers."""
    wide = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Decimal) or kind == pl.Int128]
    return frame.with_columns(pl.col(wide).cast(pl.Int64)) if wide else frame


def check_query(connection: duckdb.DuckDBPyConnection, query: QueryFile) -> None:
    """Raise unless the file is one SELECT whose tables and parameters are those its header declares."""
    where = f"{query.name}.sql"
    try:
        statements = connection.extract_statements(query.text)
    except duckdb.Error as e:
        raise CatalogueError(f"{where} is not valid SQL: {e}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise CatalogueError(f"{where} must hold exactly one SELECT statement.")
    if set(statements[0].named_parameters) != set(query.params):
        odd = sorted(set(statements[0].named_parameters) ^ set(query.params))
        raise CatalogueError(f"{where}: the header's params and the query differ in {', '.join(odd)}.")
    tables, functions = _reads(_tree(connection, query.text, where))
    if functions:
        raise CatalogueError(f"{where} calls table functions, which walk past the views: {', '.join(sorted(functions))}.")
    if tables != set(query.reads):
        odd = sorted(tables ^ set(query.reads))
        raise CatalogueError(f"{where}: the header's reads and the query differ in {', '.join(odd)}.")


def _tree(connection: duckdb.DuckDBPyConnection, text: str, where: str) -> Any:
    """The statements of a SELECT as the engine parses them."""
    row = connection.values(duckdb.FunctionExpression("json_serialize_sql", duckdb.ConstantExpression(text))).fetchone()
    tree = json.loads(row[0]) if row else {"error": True}
    if tree.get("error"):
        raise CatalogueError(f"{where} cannot be checked: {tree.get('error_message', 'its tree cannot be read')}.")
    return tree["statements"]


def _reads(tree: Any) -> tuple[set[str], set[str]]:
    """Base tables (less common table expressions) and table functions anywhere in a serialised tree."""
    tables: set[str] = set()
    ctes: set[str] = set()
    functions: set[str] = set()
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            if node.get("type") == "BASE_TABLE":
                tables.add(node["table_name"])
            elif node.get("type") == "TABLE_FUNCTION":
                functions.add(node["function"]["function_name"])
            if isinstance(node.get("cte_map"), dict):
                ctes.update(entry["key"] for entry in node["cte_map"]["map"])
            stack.extend(node.values())
    return tables - ctes, functions - {"unnest"}


def failed(error: Exception) -> str:
    """What a viewer may read of an engine error: no path, no SQL."""
    return str(error) if isinstance(error, ReadoutError) else "The question could not be answered. The log has the detail."
