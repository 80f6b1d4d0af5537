"""The metric catalogue and the standards as typed values. A wrong entry stops the start, naming the file and the entry."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

from readout import paths
from readout.errors import CatalogueError, UsageError, suggest
from readout.queryfile import QueryFile, load_queries
from readout.scope import DIMENSIONS, Scope

Kind = Literal["count", "ratio", "time", "stock"]
KINDS = ("count", "ratio", "time", "stock")
BETTER = ("up", "down", "neutral")
SPC = ("xmr", "p_prime", "u_prime", "none")
STATUS = ("national", "network", "local", "illustrative")
# What each kind of metric takes from its query, and the names a row of the answer gives them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "count": ("value",),
    "stock": ("value",),
    "ratio": ("numerator", "denominator"),
    "time": ("n", "count_unreported", "median_hours", "p90_hours", "p95_hours"),
}


@dataclass(frozen=True)
class Metric:
    """One catalogue entry: what a number means, who owns it, and which column of which query it is."""

    id: str
    label: str
    question: str
    kind: Kind
    unit: str
    better: str
    numerator: str
    denominator: str
    cohort: str
    clock: str
    maturity_days: int
    dimensions: tuple[str, ...]
    spc: str
    chart: str
    source: str
    owner: str
    page: str
    query: QueryFile
    accounts: QueryFile
    column: Mapping[str, str]
    standard: str | None = None
    national: bool = False  # a published return: not filtered by site, never provisional

    @property
    def is_snapshot(self) -> bool:
        """True when the query answers the last snapshot in range and says its month."""
        return "snapshot_month" in self.query.returns

    def check(self, scope: Scope) -> None:
        """Raise unless every dimension of the scope is one this metric has."""
        for name in (*scope.by, *scope.where):
            if name not in self.dimensions:
                raise UsageError(f"'{self.id}' has no dimension '{name}'. {suggest(name, self.dimensions)}")
        if len(set(scope.by)) != len(scope.by):
            raise UsageError(f"A dimension stands twice in the breakdown: {', '.join(scope.by)}.")


@dataclass(frozen=True)
class Standard:
    """A standard in force between two dates. `target` is the share that should meet `threshold`."""

    id: str
    label: str
    status: str
    source: str
    target: float
    better: str
    threshold: float | None = None
    unit: str = ""
    pathway: str | None = None
    modality: str | None = None
    patient_class: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True)
class Catalogue:
    """Everything the queries mean. `hash` changes when any entry, standard or query changes."""

    metrics: Mapping[str, Metric]
    standards: Mapping[str, Standard]
    reasons: Mapping[str, str]
    rules: Mapping[str, Mapping[str, str]]
    hash: str = field(compare=False, default="")

    def metric(self, metric_id: str) -> Metric:
        try:
            return self.metrics[metric_id]
        except KeyError:
            raise UsageError(f"There is no metric '{metric_id}'. {suggest(metric_id, self.metrics)}") from None

    def standard_of(self, metric: Metric) -> Standard | None:
        return self.standards[metric.standard] if metric.standard else None


@cache
def load_catalogue(folder: Path = paths.QUERIES) -> Catalogue:
    """Read and check `metrics.toml`, `standards.toml`, `reasons.toml`, `quality.toml` and every metric query in `folder`."""
    queries = load_queries(folder / "metrics")
    standards = {k: _standard(k, v) for k, v in _toml(folder / "standards.toml").items()}
    reasons = {k: str(v) for k, v in _toml(folder / "reasons.toml").items()}
    rules = _toml(folder / "quality.toml")
    entries = _toml(folder / "metrics.toml")
    defaults = entries.pop("defaults", {})
    metrics = {k: _metric(k, {**defaults, **v}, queries, standards) for k, v in entries.items()}
    used = {q for m in metrics.values() for q in (m.query.name, m.accounts.name)}
    for orphan in sorted(set(queries) - used):
        raise CatalogueError(f"queries/metrics/{orphan}.sql is used by no metric: name it in metrics.toml or remove it.")
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.toml"), *folder.glob("metrics/*.sql")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Catalogue(metrics, standards, reasons, rules, digest.hexdigest()[:16])


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except tomllib.TOMLDecodeError as e:
        raise CatalogueError(f"{path.name} is not valid TOML: {e}.") from e


def _metric(name: str, data: dict[str, Any], queries: Mapping[str, QueryFile], standards: Mapping[str, Standard]) -> Metric:
    where = f"metrics.toml [{name}]"
    data = dict(data)
    for key in ("query", "accounts"):
        wanted = str(data.get(key, ""))
        if wanted not in queries:
            raise CatalogueError(f"{where}: {key} '{wanted}' is not a file of queries/metrics. {suggest(wanted, queries)}")
        data[key] = queries[wanted]
    data["dimensions"] = tuple(data.get("dimensions", ()))
    missing = [f for f in Metric.__dataclass_fields__ if f not in ("id", "standard", "national") and data.get(f) in (None, "")]
    if missing:
        raise CatalogueError(f"{where} lacks {', '.join(missing)}.")
    unknown = [k for k in data if k not in Metric.__dataclass_fields__]
    if unknown:
        raise CatalogueError(f"{where}: '{unknown[0]}' is not a field of a metric. {suggest(unknown[0], Metric.__dataclass_fields__)}")
    for key, known in (("kind", KINDS), ("better", BETTER), ("spc", SPC)):
        if data[key] not in known:
            raise CatalogueError(f"{where}: {key} '{data[key]}' is not known. {suggest(str(data[key]), known)}")
    for dimension in data["dimensions"]:
        if dimension not in DIMENSIONS:
            raise CatalogueError(f"{where}: dimension '{dimension}' is not known. {suggest(dimension, DIMENSIONS)}")
        for query in (data["query"], data["accounts"]):
            if DIMENSIONS[dimension].param not in query.params:
                raise CatalogueError(f"{where}: {query.name}.sql has no parameter '{DIMENSIONS[dimension].param}' to filter by {dimension}.")
        if dimension not in data["query"].returns:
            raise CatalogueError(f"{where}: {data['query'].name}.sql returns no column '{dimension}'.")
    if set(data["column"]) != set(COLUMNS[data["kind"]]):
        raise CatalogueError(f"{where}: column must name {', '.join(COLUMNS[data['kind']])} for a {data['kind']}.")
    for column in data["column"].values():
        if column not in data["query"].returns:
            raise CatalogueError(f"{where}: {data['query'].name}.sql returns no column '{column}'. {suggest(column, data['query'].returns)}")
    if data.get("standard") and data["standard"] not in standards:
        raise CatalogueError(f"{where}: standard '{data['standard']}' is not in standards.toml. {suggest(data['standard'], standards)}")
    return Metric(id=name, **data)


def _standard(name: str, data: Mapping[str, Any]) -> Standard:
    where = f"standards.toml [{name}]"
    for key in data:
        if key not in Standard.__dataclass_fields__:
            raise CatalogueError(f"{where}: '{key}' is not a field of a standard. {suggest(key, Standard.__dataclass_fields__)}")
    try:
        standard = Standard(id=name, **data)
    except TypeError as e:
        raise CatalogueError(f"{where}: {e}.") from None
    if standard.status not in STATUS:
        raise CatalogueError(f"{where}: status '{standard.status}' is not known. {suggest(standard.status, STATUS)}")
    if not 0 <= standard.target <= 1:
        raise CatalogueError(f"{where}: target is a share between 0 and 1, not {standard.target}.")
    if standard.valid_from and standard.valid_to and standard.valid_from > standard.valid_to:
        raise CatalogueError(f"{where}: valid_to is before valid_from.")
    return standard
