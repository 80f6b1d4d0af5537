"""From a figure to the examinations behind it: pseudonymous rows, the longest wait or the latest first, a page of them at a time.

The rows are chosen by the same rules as the figure, so that their number is the figure; a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import polars as pl

from readout import paths
from readout.engine.query_file import QueryFile, load_queries
from readout.engine.store import Store
from readout.errors import ScopeError, UsageError, suggest
from readout.metrics import reporter_disclosure
from readout.metrics.answer import ask, check_values, data_end, dimension_labels, words
from readout.metrics.catalogue import load_catalogue, refuse_earlier_day
from readout.metrics.release_policy import Policy, policy_of
from readout.metrics.scope import Scope

COMMON = ("month", "trust_code", "site_code", "modality", "patient_class", "urgency", "pathway")
DIMENSIONS: dict[str, tuple[str, ...]] = {
    "unreported": (*COMMON, "reporting_route", "band", "place", "over"),
    "reports": (*COMMON, "reporting_route", "reader", "supplier", "verdict", "band"),
    "waiting": (*COMMON, "band", "booking"),
    "amended": (*COMMON, "reporting_route", "reader", "supplier", "addendum_class"),
    "recommending": (*COMMON, "reporting_route", "reader", "supplier"),
    "reviewed": (*COMMON, "reporting_route", "reader", "supplier", "sampled_how"),
}
STOCKS = ("unreported", "waiting")  # of one day; the others are of a period
LABELS = {
    "unreported": "Unreported examinations",
    "reports": "Examinations and their reports",
    "waiting": "Requests on the waiting list",
    "amended": "Reports amended within 30 days",
    "recommending": "Reports that recommend follow-up",
    "reviewed": "Reports found to differ at peer review",
}
ONE = {
    "unreported": "unreported examination",
    "reports": "examination and its report",
    "waiting": "request on the waiting list",
    "amended": "report amended within 30 days",
    "recommending": "report that recommends follow-up",
    "reviewed": "report found to differ at peer review",
}
MOST = 50_000  # rows of one export
RATES = {"amended": "addendum_rate", "recommending": "follow_up_rate", "reviewed": "discrepancy_rate"}  # the figure of a list that is of what reporters did


@dataclass(frozen=True)
class Listing:
    """One page of rows. `total`: how many there are in all; `skipped`: how many come before these."""

    kind: str
    scope: Scope
    words: str
    frame: pl.DataFrame
    total: int
    skipped: int
    extract_id: str
    labels: Mapping[str, Mapping[str, str]]
    standards: Mapping[str, str]
    policy: Policy

    @property
    def label(self) -> str:
        return LABELS[self.kind]


@cache
def _queries() -> dict[str, QueryFile]:
    return load_queries(paths.QUERIES / "drill")


def listing(kind: str, scope: Scope, store: Store, *, rows: int = 100, skip: int = 0) -> Listing:
    """The rows behind a figure. `kind`: unreported, reports, waiting, amended, recommending or reviewed.

    Columns: a reference made of the keyed hash, the dimensions, the local time of the examination (or the date of the request), the
    wait, and what the kind adds. Raises ScopeError for a viewer who may not see single examinations, UsageError for anything unknown.
    """
    if kind not in DIMENSIONS:
        raise UsageError(f"There is no list '{kind}'. {suggest(kind, DIMENSIONS)}")
    if not store.viewer.may_drill:
        raise ScopeError("Single examinations are not open to you. Ask whoever runs Readout here for access to them.")
    for name in scope.where:
        if name not in DIMENSIONS[kind]:
            raise UsageError(f"'{kind}' cannot be filtered by '{name}'. {suggest(name, DIMENSIONS[kind])}")
    labels = dimension_labels(store, scope.end)
    check_values(scope, labels)
    _refuse_one_reader(kind, scope, store)
    for name in ("reporting_route", "booking"):
        if kind in STOCKS and scope.where.get(name):
            refuse_earlier_day(name, scope, data_end(store))
    query = _queries()[kind]
    if missing := [t for t in query.reads if t not in store.extract.tables]:
        raise UsageError(f"This list needs the table '{missing[0]}', which is not in this extract. Add a source for it.")
    page: dict[str, object] = {"until_date": scope.until(data_end(store)), "max_rows": max(0, min(rows, MOST)), "skipped_rows": max(0, skip)}
    frame = store.query(query, scope.parameters(query.params, page))
    total = int(frame["count_all"][0]) if frame.height else _count(query, scope, store, page)
    # The hash is shown unsigned and in hexadecimal: a reference that says nothing by itself.
    reference = pl.Series("reference", [f"{i & (2**64 - 1):016x}" for i in frame["exam_id"]], dtype=pl.String)
    frame = frame.drop("exam_id", "count_all").insert_column(0, reference)
    standards = {s["id"]: f"{s['label']} ({s['status']})" for s in store.extract.manifest["standards"]}
    return Listing(kind, scope, words(scope, labels), frame, total, max(0, skip), store.extract.id, labels, standards, policy_of(store.extract.manifest))


def _refuse_one_reader(kind: str, scope: Scope, store: Store) -> None:
    """A list narrowed by who reported, or by how reports came to be reviewed, does not tell what its figure withholds as one reader's."""
    chosen = [d for axis in reporter_disclosure.AXES for d in axis if scope.where.get(d)]
    metric = RATES.get(kind)
    if metric is None or not chosen:
        return
    known = load_catalogue().metric(metric).dimensions
    answer = ask(metric, Scope((), {d: v for d, v in scope.where.items() if d in known}, scope.date_from, scope.date_to), store)
    if any(x.reason == "one_reader" for x in answer.left_out):
        raise ScopeError("Withheld: these reports are nearly all one reader's, or would tell of such. Take the filters of who reported away.")


def released(listing: Listing, profile: str = "internal") -> pl.DataFrame:
    """What may leave of a list under a profile of the extract's policy. Inside the organisation its rows, which name nobody; in public nothing.

    Raises ScopeError where single rows may not leave, for one row is one patient; UsageError for an unknown profile.
    """
    if not listing.policy.profile(profile).single_rows:
        raise ScopeError(f"Single examinations do not leave in the {profile} release. Export the figure they make instead.")
    return listing.frame


def _count(query: QueryFile, scope: Scope, store: Store, page: Mapping[str, object]) -> int:
    """How many rows there are when the page asked for lies past the last."""
    if not page["skipped_rows"]:
        return 0
    first = store.query(query, scope.parameters(query.params, {**page, "max_rows": 1, "skipped_rows": 0}))
    return int(first["count_all"][0]) if first.height else 0
