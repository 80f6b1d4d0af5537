"""The metric catalogue and the standards as typed values. A wrong entry stops the start, naming the file and the entry."""

import hashlib
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from readout import paths, schema, tomlfile
from readout.engine.query_file import MACROS, ROLES, QueryFile, load_queries
from readout.errors import CatalogueError, UsageError, suggest
from readout.metrics.claims import Rules, load_claims
from readout.metrics.kinds import KINDS, Kind
from readout.metrics.scope import DIMENSIONS, Dimension, Scope

BETTER = ("up", "down", "neutral")
SPC = ("xmr", "p_prime", "u_prime", "none")
STATUS = ("national", "network", "local", "illustrative")
WORDS = {"counts": "phrase", "ended": "ended", "unended": "unended", "decimals": "decimals"}  # of an entry, for its kind
UNCOUNTED = ("reporter_key",)  # a returned number that names, and counts nothing

# The moment at which a record joins each kind of cohort. From then on all of it counts, whatever becomes of it later.
COHORTS = {
    "received": "request",
    "booked": "appointment",
    "examined": "exam",
    "snapshot": "snapshot",
    "verified": "report",
    "reviewed": "review",
    "extract": "data_end",
    "month end": "data_end",
}

CLOCKS = {
    "report": "time to report, elapsed hours",
    "report_working": "time to report, opening hours",
    "exam": "time to examination, calendar days",
    "result": "time to result, calendar days",
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
    source: str
    owner: str
    page: str  # the address of a page of app.py; an event that names one metric bears on those of the same page
    query: QueryFile
    accounts: QueryFile
    column: Mapping[str, str]
    standard: str | None = None
    national: bool = False  # a published return: not filtered by site, never provisional
    constants: Mapping[str, str] = field(default_factory=dict)  # parameters of the query that are the metric's own, such as its clock
    more: tuple[str, ...] = ()  # further columns of the query that an answer keeps
    readers: QueryFile | None = None  # reports by reporter of each cell, where a cell that is nearly all one person's is left out
    # Dimensions known only after the cohort has begun, which it offers all the same:
    ends: tuple[str, ...] = ()  # how the wait ended, with those that go on as one of the ends: all of the cohort is counted
    as_at_end: tuple[str, ...] = ()  # known of what still waits when the data ends, and told at no earlier day

    @property
    def queries(self) -> tuple[QueryFile, ...]:
        """Every query that an answer runs."""
        return tuple(q for q in (self.query, self.accounts, self.readers) if q is not None)

    @property
    def ended(self) -> str:
        """Of a time or curve: what has happened to an examination whose wait has ended."""
        return self.kind.ended

    @property
    def unended(self) -> str:
        """And what is said of one whose wait has not."""
        return self.kind.unended

    @property
    def short_clock(self) -> str:
        """The clock in the words of an axis: what is timed and how; empty where nothing is."""
        return self.kind.clock

    @property
    def is_snapshot(self) -> bool:
        """True when the query answers the last snapshot in range and says its month."""
        return "snapshot_month" in self.query.returns

    @property
    def begins(self) -> str:
        """The moment at which a record joins its cohort."""
        return COHORTS[self.cohort]

    def _refusal(self, dimension: Dimension) -> str:
        """Why a dimension that is known only later is not offered, and what to ask instead."""
        asked = [m for m in dimension.instead if m != self.id]
        cure = f" Ask for {', '.join(asked[:-1])} or {asked[-1]} instead." if len(asked) > 1 else ""
        return (
            f"'{self.id}' cannot be asked by '{dimension.name}': {dimension.lacks}, so the figure would hold only those that have one and look better than it is.{cure}"
        )

    def check_day(self, scope: Scope, end: date | None) -> None:
        """Raise where a filter of the scope is known only of what still waits when the data ends, and an earlier day is asked about."""
        early = [name for name in self.as_at_end if scope.where.get(name)]
        if early:
            refuse_earlier_day(early[0], scope, end)

    def check(self, scope: Scope) -> None:
        """Raise unless every dimension of the scope is one this metric has."""
        for name in (*scope.by, *scope.where):
            if name not in self.dimensions:
                if name in DIMENSIONS and not DIMENSIONS[name].is_known_at(self.begins):
                    raise UsageError(self._refusal(DIMENSIONS[name]))
                raise UsageError(f"'{self.id}' has no dimension '{name}'. {suggest(name, self.dimensions)}")
        if len(set(scope.by)) != len(scope.by):
            raise UsageError(f"A dimension stands twice in the breakdown: {', '.join(scope.by)}.")


def refuse_earlier_day(name: str, scope: Scope, end: date | None) -> None:
    """Raise where a snapshot before the end of the data is asked about: of a dimension that is known only then."""
    first = min((d for d in (scope.date_from, *scope.months[:1]) if d is not None), default=date.min) if len(scope.months) < 2 else date.min
    is_last_only = "month" not in scope.by or (end is not None and first >= end.replace(day=1))
    if end is not None and (scope.until(end) != end or not is_last_only):
        label = DIMENSIONS[name].label.lower()
        raise UsageError(
            f"A list of an earlier day cannot be narrowed by {label}: a RIS says the {label} as it is now and keeps no history of it. "
            f"Ask about the end of the data ({end}) without a breakdown by month, or take the filter away."
        )


@dataclass(frozen=True)
class Standard:
    """A standard in force between two dates, inclusive. `target` is the share that should meet `threshold`.

    `measure`: the metric that it judges. Of several that fit an examination the most specific applies, and of equals the
    one set nearest to it: local, then network, national, illustrative.
    """

    id: str
    label: str
    status: str
    source: str
    better: str
    measure: str = ""
    target: float | None = None
    threshold: float | None = None
    unit: str = ""
    pathway: str = "all"
    modality: str | None = None
    patient_class: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def specificity(self) -> int:
        """How many of pathway, modality and patient class it names."""
        return (self.pathway != "all") + (self.modality is not None) + (self.patient_class is not None)

    @property
    def threshold_words(self) -> str:
        """The threshold as a page says it."""
        if self.threshold is None:
            return ""
        unit = self.unit.removesuffix("s") if self.threshold == 1 else self.unit
        return f"{self.threshold:g} {unit}"


@dataclass(frozen=True)
class TimeTest:
    """A test of a site's times. It fails where more than `most` of its reports raise the doubt; honest times do so in `by_chance` of them.

    `said` ends the sentence "38 % of its reports ..."; `means`: what it does to a comparison; `why`: why the line is where it is.
    """

    id: str
    label: str
    most: float
    said: str
    means: str
    why: str
    by_chance: float = 0.0


@dataclass(frozen=True)
class Catalogue:
    """Everything the queries mean. `hash` changes when any entry, standard or query changes."""

    metrics: Mapping[str, Metric]
    standards: Mapping[str, Standard]
    reasons: Mapping[str, str]
    rules: Mapping[str, Mapping[str, str]]
    time_tests: Mapping[str, TimeTest]
    claims: Rules
    hash: str = field(compare=False, default="")

    def metric(self, metric_id: str) -> Metric:
        try:
            return self.metrics[metric_id]
        except KeyError:
            raise UsageError(f"There is no metric '{metric_id}'. {suggest(metric_id, self.metrics)}") from None

    def standard_of(self, metric: Metric) -> Standard | None:
        return self.standards.get(metric.standard) if metric.standard else None

    def with_standards(self, rows: Iterable[Mapping[str, Any]]) -> "Catalogue":
        """The same catalogue with the standards an extract was made with: those are what its figures were judged by."""
        standards = {r["id"]: Standard(**{**r, **{k: r[k] and date.fromisoformat(r[k]) for k in ("valid_from", "valid_to")}}) for r in rows}
        digest = hashlib.sha256(repr((self.hash, sorted(standards.items()))).encode()).hexdigest()[:16]
        return replace(self, standards=standards, hash=digest if standards != self.standards else self.hash)


@cache
def load_catalogue(folder: Path = paths.QUERIES) -> Catalogue:
    """Read and check `metrics.toml`, `standards.toml`, `reasons.toml`, `quality.toml`, `timestamps.toml`, `claims.toml` and every metric query in `folder`."""
    queries = load_queries(folder / "metrics")
    standards = load_standards(folder / "standards.toml")
    reasons = {k: str(v) for k, v in tomlfile.read(folder / "reasons.toml").items()}
    rules = tomlfile.read(folder / "quality.toml")
    time_tests = load_time_tests(folder / "timestamps.toml")
    claims = load_claims(folder / "claims.toml")
    entries = tomlfile.read(folder / "metrics.toml")
    defaults = entries.pop("defaults", {})
    metrics = {k: _metric(k, {**defaults, **v}, queries, standards) for k, v in entries.items()}
    used = {q.name for m in metrics.values() for q in m.queries}
    for orphan in sorted(set(queries) - used):
        raise CatalogueError(f"queries/metrics/{orphan}.sql is used by no metric: name it in metrics.toml or remove it.")
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.toml"), folder / MACROS, *folder.glob("metrics/*.sql")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return Catalogue(metrics, standards, reasons, rules, time_tests, claims, digest.hexdigest()[:16])


def _metric(name: str, data: dict[str, Any], queries: Mapping[str, QueryFile], standards: Mapping[str, Standard]) -> Metric:
    where = f"metrics.toml [{name}]"
    data = dict(data)
    for key in ("query", "accounts", *(["readers"] if "readers" in data else [])):
        wanted = str(data.get(key, ""))
        if wanted not in queries:
            raise CatalogueError(f"{where}: {key} '{wanted}' is not a file of queries/metrics. {suggest(wanted, queries)}")
        data[key] = queries[wanted]
    data["dimensions"] = tuple(data.get("dimensions", ()))
    data["more"] = tuple(data.get("more", ()))
    for key in ("ends", "as_at_end"):
        data[key] = tuple(data.get(key, ()))
    optional = ("id", "standard", "national", "constants", "more", "readers", "ends", "as_at_end")
    missing = [f for f in Metric.__dataclass_fields__ if f not in optional and data.get(f) in (None, "")]
    if missing:
        raise CatalogueError(f"{where} lacks {', '.join(missing)}.")
    fields = (*Metric.__dataclass_fields__, *WORDS)
    unknown = [k for k in data if k not in fields]
    if unknown:
        raise CatalogueError(f"{where}: '{unknown[0]}' is not a field of a metric. {suggest(unknown[0], fields)}")
    for key, known in (("kind", KINDS), ("better", BETTER), ("spc", SPC)):
        if data[key] not in known:
            raise CatalogueError(f"{where}: {key} '{data[key]}' is not known. {suggest(str(data[key]), known)}")
    if data["cohort"] not in COHORTS:
        raise CatalogueError(f"{where}: cohort '{data['cohort']}' is not known. {suggest(str(data['cohort']), COHORTS)}")
    _refuse_outcomes(where, data)
    for dimension in data["dimensions"]:
        for query in (data[k] for k in ("query", "accounts", "readers") if data.get(k)):
            if dimension in data["ends"] and query is data["accounts"]:
                continue  # the account is of the whole cohort, however its waits ended
            if DIMENSIONS[dimension].param not in query.params and not (dimension == "month" and "until_date" in query.params):
                raise CatalogueError(f"{where}: {query.name}.sql has no parameter '{DIMENSIONS[dimension].param}' to filter by {dimension}.")
        if dimension not in data["query"].returns:
            raise CatalogueError(f"{where}: {data['query'].name}.sql returns no column '{dimension}'.")
    known_params = {"by", "date_from", "date_to", "until_date", "is_whole_months", *(d.param for d in DIMENSIONS.values()), *data.get("constants", {})}
    for query in (data[k] for k in ("query", "accounts", "readers") if data.get(k)):
        for param in query.params:
            if param not in known_params:
                raise CatalogueError(f"{where}: {query.name}.sql has a parameter '{param}' that nothing sets. Give it in constants.")
    if set(data["column"]) != set(KINDS[data["kind"]].columns):
        raise CatalogueError(f"{where}: column must name {', '.join(KINDS[data['kind']].columns)} for a {data['kind']}.")
    for column in (*data["column"].values(), *data["more"]):
        if column not in data["query"].returns:
            raise CatalogueError(f"{where}: {data['query'].name}.sql returns no column '{column}'. {suggest(column, data['query'].returns)}")
    for query in (data[k] for k in ("query", "accounts", "readers") if data.get(k)):
        for column in query.undeclared((*DIMENSIONS, *UNCOUNTED)):
            raise CatalogueError(
                f"{where}: {query.name}.sql returns '{column}' and does not say what it is, so nobody knows whether a public release must "
                f"withhold it. In its header write '{column} {query.returns[column]} people' if it counts examinations, patients, requests "
                f"or reports, else one of {', '.join(r for r in ROLES if r != 'people')}."
            )
    if data.get("standard") and data["standard"] not in standards:
        raise CatalogueError(f"{where}: standard '{data['standard']}' is not in standards.toml. {suggest(data['standard'], standards)}")
    data["kind"] = _kind(where, data)
    return Metric(id=name, **{k: v for k, v in data.items() if k not in WORDS})


def _kind(where: str, data: Mapping[str, Any]) -> Kind:
    """The kind of an entry with the entry's words; raises where it cannot say its counts."""
    kind = KINDS[data["kind"]]
    named = {**{c: data["column"][c] for c in kind.columns}, **{c: c for c in data["more"]}}
    roles = {c: data["query"].roles[column] for c, column in named.items() if column in data["query"].roles}
    words = {word: data[key] for key, word in WORDS.items() if key in data}
    for key, word in WORDS.items():
        if key in data and word not in kind.words:
            raise CatalogueError(f"{where}: a {kind.name} has no {key}. Take it away, or say the right kind.")
    try:
        return kind(roles=roles, clock=CLOCKS.get(data.get("constants", {}).get("clock", ""), ""), **words)
    except CatalogueError as e:
        raise CatalogueError(f"{where}: {e}") from None


def _refuse_outcomes(where: str, data: Mapping[str, Any]) -> None:
    """A dimension known only after the cohort has begun would leave out those that have no value yet: it is offered as one of the ends or not at all."""
    begins = COHORTS[data["cohort"]]
    for key in ("ends", "as_at_end"):
        for dimension in data[key]:
            if dimension not in data["dimensions"]:
                raise CatalogueError(f"{where}: {key} names '{dimension}', which is not among its dimensions.")
    for dimension in data["dimensions"]:
        if dimension not in DIMENSIONS:
            raise CatalogueError(f"{where}: dimension '{dimension}' is not known. {suggest(dimension, DIMENSIONS)}")
        known = DIMENSIONS[dimension]
        if not known.is_known_at(begins) and dimension not in data["ends"] and dimension not in data["as_at_end"]:
            raise CatalogueError(
                f"{where}: it counts what is {data['cohort']}, and '{dimension}' is known only later ({known.lacks}): the figure would leave those out. "
                "Take the dimension away, count from the later event, or give it as one of the ends."
            )


def load_standards(path: Path) -> dict[str, Standard]:
    """The standards of one file by id. A wrong row is refused with its line."""
    text = path.read_text("utf-8-sig") if path.is_file() else ""
    found = {k: _standard(path.name, text, k, v) for k, v in tomlfile.read(path).items()}
    refuse_overlaps(path.name, text, found)
    return found


def load_time_tests(path: Path) -> dict[str, TimeTest]:
    """The tests of times of one file by id, in its order. A wrong row is refused with its line."""
    text = path.read_text("utf-8-sig")
    return {k: _time_test(path.name, text, k, v) for k, v in tomlfile.read(path).items()}


def _time_test(file: str, text: str, name: str, data: Any) -> TimeTest:
    def fail(key: str, sentence: str) -> NoReturn:
        raise CatalogueError(f"{file}{tomlfile.line(text, name, key)} [{name}]: {sentence}")

    if not isinstance(data, Mapping):
        raise CatalogueError(f"{file}{tomlfile.line(text, None, name)}: '{name}' stands outside any test. Begin a test with its name: [name].")
    known = [f for f in TimeTest.__dataclass_fields__ if f != "id"]
    for key in data:
        if key not in known:
            fail(key, f"'{key}' is not a field of a test. {suggest(key, known)}")
    for key in ("label", "said", "means", "why"):
        if not isinstance(data.get(key), str) or not data[key]:
            fail(key, f"{key} is a text, and must not be empty.")
    most, by_chance = data.get("most", 0), data.get("by_chance", 0.0)
    if not (_is_number(most) and 0 < most < 1):
        fail("most", f"most is a share between 0 and 1, not {most}.")
    if not (_is_number(by_chance) and 0 <= by_chance < most):
        fail("by_chance", f"by_chance is a share from 0 to below most, not {by_chance}: honest times would fail.")
    return TimeTest(id=name, **data)


def refuse_overlaps(file: str, text: str, standards: Mapping[str, Standard]) -> None:
    """Two standards of one status that judge the same examinations on the same day contradict each other."""
    for a, b in itertools.combinations([s for s in standards.values() if s.measure], 2):
        same = all(getattr(a, f) == getattr(b, f) for f in ("measure", "status", "pathway", "modality", "patient_class"))
        overlap = (a.valid_from or date.min) <= (b.valid_to or date.max) and (b.valid_from or date.min) <= (a.valid_to or date.max)
        if same and overlap:
            raise CatalogueError(
                f"{file}{tomlfile.line(text, b.id)} [{b.id}]: it is in force beside [{a.id}] and judges the same examinations. "
                "Give the earlier a valid_to, or the later a valid_from after it."
            )


def _standard(file: str, text: str, name: str, data: Any) -> Standard:
    if not isinstance(data, Mapping):
        raise CatalogueError(f"{file}{tomlfile.line(text, None, name)}: '{name}' stands outside any standard. Begin a standard with its name: [name].")

    def fail(key: str, sentence: str) -> NoReturn:
        raise CatalogueError(f"{file}{tomlfile.line(text, name, key)} [{name}]: {sentence}")

    for key in data:
        if key not in Standard.__dataclass_fields__ or key == "id":
            fail(key, f"'{key}' is not a field of a standard. {suggest(key, Standard.__dataclass_fields__)}")
    missing = [k for k in ("label", "status", "source", "better") if not data.get(k)]
    if missing:
        fail("", f"it lacks {', '.join(missing)}.")
    standard = Standard(id=name, **data)
    choices: tuple[tuple[str, Any, Sequence[Any]], ...] = (
        ("status", standard.status, STATUS),
        ("better", standard.better, BETTER),
        ("pathway", standard.pathway, ("all", *schema.PATHWAYS)),
        ("modality", standard.modality, (None, *schema.MODALITIES)),
        ("patient_class", standard.patient_class, (None, *schema.PATIENT_CLASSES)),
        ("unit", standard.unit, ("", "hours", "days", "examinations")),
    )
    for key, value, known in choices:
        if value not in known:
            fail(key, f"{key} '{value}' is not known. {suggest(str(value), [k for k in known if k])}")
    if standard.target is not None and not (_is_number(standard.target) and 0 <= standard.target <= 1):
        fail("target", f"target is a share between 0 and 1, not {standard.target}.")
    if standard.threshold is not None and not (_is_number(standard.threshold) and standard.threshold > 0):
        fail("threshold", f"threshold is a number above 0, not {standard.threshold}.")
    for key in ("valid_from", "valid_to"):
        value = getattr(standard, key)
        if value is not None and (isinstance(value, datetime) or not isinstance(value, date)):
            fail(key, f"{key} is a date without quotes, as in 2026-04-01, not '{value}'.")
    if standard.valid_from and standard.valid_to and standard.valid_from > standard.valid_to:
        fail("valid_to", "valid_to is before valid_from.")
    if standard.measure == "exam_to_report":
        if standard.threshold is None or standard.unit not in ("hours", "days"):
            fail("threshold", 'it judges reports, so it needs a threshold and a unit of "hours" or "days".')
        if standard.unit == "days" and standard.threshold != int(standard.threshold):
            fail("threshold", f"days are whole calendar days, not {standard.threshold}.")
    return standard


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
