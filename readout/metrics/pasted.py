"""One metric's query as text to paste into the engine's own command line, with every value filled in: the rows of `readout ask`."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from readout import paths
from readout.engine.query_file import macros_text
from readout.engine.store import Store
from readout.errors import UsageError
from readout.metrics.answer import Answer, ask, data_end
from readout.metrics.catalogue import Catalogue, Metric, load_catalogue
from readout.metrics.scope import Scope

FRAME = "pasted.txt"  # around a query, so that its columns have an answer's names
# A comment, a string, a quoted name: what stands in them is no parameter.
_APART = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(?P<name>[a-z_]+)")


def pasted(metric_id: str, scope: Scope, store: Store, catalogue: Catalogue | None = None) -> str:
    """Text that gives the rows of an answer, less the column `provisional`. Refuses what `ask` refuses, for it asks first."""
    catalogue = catalogue or load_catalogue()
    metric = catalogue.metric(metric_id)
    if metric.readers is not None:
        raise UsageError(
            f"'{metric_id}' is not printed: an answer leaves out lines that are nearly all one reader's, and the query alone would not. Use readout ask {metric_id}."
        )
    answer = ask(metric_id, scope, store, catalogue)
    own = {**metric.constants, "until_date": scope.until(data_end(store))}
    values = scope.parameters(metric.query.params, own)
    added = answer.frame.height - store.query(metric.query, values).height
    lines = [f"-- {metric.label} ({metric.id}): {answer.words}. Extract {answer.extract_id}."]
    if added:
        lines.append(f"-- `readout ask` adds {added} rows for months in which nothing waited.")
    lines.append("set TimeZone = 'UTC';")
    lines.append(macros_text().replace("create macro", "create or replace macro").strip())
    for name in metric.query.reads:
        path = literal(store.extract.tables[name].resolve().as_posix())
        lines.append(f"create or replace view {name} as from read_parquet({path});")
    lines.append(_outer(metric, scope, answer, filled(metric.query.text, values)))
    return "\n".join(lines) + "\n"


def _outer(metric: Metric, scope: Scope, answer: Answer, text: str) -> str:
    """The query's columns under the names that an answer gives them, in its order."""
    columns = [c for c in answer.frame.columns if c != "provisional"]
    named = {**metric.column, **({"month": "snapshot_month"} if metric.is_snapshot else {})}
    if metric.kind.is_ratio:
        over = f"{named['numerator']} / {named['denominator']}"
        named["value"] = f"case when {named['denominator']} > 0 then {over} end"
    said = ",\n    ".join(c if named.get(c, c) == c else f"{named[c]} as {c}" for c in columns)
    dimensions = [c for c in columns if c in scope.by or (metric.is_snapshot and c == "month")]
    order = [*dimensions, *metric.kind.order]
    by = "\norder by " + ", ".join(f"{c} nulls last" for c in order) if order else ""
    frame = (paths.QUERIES / FRAME).read_text("utf-8").strip()
    return frame.format(columns=said, query=text.strip().rstrip(";"), order=by)


def filled(text: str, values: Mapping[str, Any]) -> str:
    """A query with each `$name` as a literal; those in comments and strings are left as they are."""
    return _APART.sub(lambda found: literal(values[found["name"]]) if found["name"] else found[0], text)


def literal(value: Any) -> str:
    """A value as SQL. Raises for a kind that no parameter has."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    raise TypeError(f"{type(value).__name__} is not a value of a query")
