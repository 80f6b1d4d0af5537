"""One question, one frozen Answer: pages, command line and exports use nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from readout import schema
from readout.engine.extract import Extract
from readout.engine.store import Store
from readout.errors import UsageError, suggest
from readout.metrics import format as fmt
from readout.metrics import release, reporter_disclosure
from readout.metrics.catalogue import Catalogue, Metric, Standard, load_catalogue
from readout.metrics.release_policy import Policy, policy_of
from readout.metrics.scope import DIMENSIONS, Scope, month_end, month_of, months_between, next_month

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class LeftOut:
    """Records that could not be counted, and why. `count` is None where a release withholds it."""

    reason: str
    label: str
    count: int | None


@dataclass(frozen=True)
class Answer:
    """The rows, and everything needed to defend them.

    `frame`: the dimensions asked for, then the columns of the metric's kind (`value`; `numerator, denominator, value`;
    or `n, count_unreported, median_hours, p90_hours, p95_hours`), then `provisional`. Shares are fractions 0-1, unrounded.
    """

    metric: Metric
    scope: Scope
    words: str
    frame: pl.DataFrame
    n: int | None  # None where a release withholds it
    left_out: tuple[LeftOut, ...]
    share_missing: float | None
    extract_id: str
    data_through: Mapping[str, datetime]
    provisional_months: tuple[date, ...]
    labels: Mapping[str, Mapping[str, str]]
    standard: Standard | None
    standards: Mapping[str, Standard]
    catalogue_hash: str
    time_zone: str
    policy: Policy

    @property
    def rows(self) -> list[dict[str, Any]]:
        return self.frame.to_dicts()

    @property
    def is_empty(self) -> bool:
        return self.frame.is_empty()

    @property
    def count_left_out(self) -> int | None:
        counts = [x.count for x in self.left_out]
        return None if None in counts else sum(c for c in counts if c is not None)

    @property
    def stalest(self) -> tuple[str, datetime] | None:
        """The site whose data ends first, and when."""
        return min(self.data_through.items(), key=lambda item: item[1], default=None)

    def label(self, dimension: str, value: Any) -> str:
        """How a dimension's value reads on a page."""
        if value is None:
            return "No other organisation" if dimension == "supplier" else "Not stated"
        if isinstance(value, date):
            return fmt.month(value)
        if dimension == "band":
            return fmt.band(str(value))
        return self.labels.get(dimension, {}).get(str(value), str(value))

    def release(self, profile: str) -> "Released":
        """The answer as it may leave under a profile of the extract's policy; what leaves is made from this and nothing else.

        The rules stand in `release`. Judge first (limits, flags, funnels: on true values), release then. Raises UsageError for an unknown
        profile or, in public, for dates that are not whole months; ScopeError for figures by reporter, in any profile.
        """
        rules = self.policy.profile(profile)
        release.check(self.scope, rules, self.metric)
        cleared = release.clear(self.frame, self.metric, self.scope, rules)
        least, base = (0, 0) if release.is_published(self.metric) else (release.least_of(self.scope, rules), rules.round_to)
        n, *counts = (None if c is None else int(c) for c in (release.counted(c, least, base) for c in (self.n, *(x.count for x in self.left_out))))
        left_out = tuple(replace(x, count=c) for x, c in zip(self.left_out, counts, strict=True))
        kept = {f.name: getattr(self, f.name) for f in fields(Answer)}
        kept |= {"frame": cleared.frame, "n": n, "left_out": left_out, "share_missing": _share_missing(n, left_out)}
        return Released(**kept, profile=profile, note=release.note(self.metric, cleared, rules, least), hidden=cleared.hidden, count_gone=cleared.count_gone)

    def as_json(self) -> dict[str, Any]:
        """What `readout ask --format json` prints."""
        return {
            "metric": self.metric.id,
            "scope": {
                "by": list(self.scope.by),
                "where": {k: list(v) for k, v in self.scope.where.items()},
                "from": self.scope.date_from and self.scope.date_from.isoformat(),
                "to": self.scope.date_to and self.scope.date_to.isoformat(),
                "words": self.words,
            },
            "rows": [{k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()} for row in self.rows],
            "provenance": {
                "label": self.metric.label,
                "kind": self.metric.kind.name,
                "unit": self.metric.unit,
                "clock": self.metric.clock,
                "extract_id": self.extract_id,
                "data_through": {k: v.isoformat() for k, v in self.data_through.items()},
                "n": self.n,
                "left_out": [{"reason": x.reason, "label": x.label, "count": x.count} for x in self.left_out],
                "share_missing": self.share_missing,
                "provisional_months": [m.isoformat() for m in self.provisional_months],
                "standard": self.standard and {"label": self.standard.label, "status": self.standard.status, "target": self.standard.target},
                "catalogue_hash": self.catalogue_hash,
                "query": self.metric.query.name,
                "query_hash": self.metric.query.hash,
                "query_text": self.metric.query.text,
            },
        }


@dataclass(frozen=True)
class Released(Answer):
    """An answer as it may leave: true counts are no longer in it. `hidden`: what was withheld, by row number and column of `frame`.
    `count_gone`: rows that left it whole.

    What is withheld is null in `frame` and `*` where it is shown as text.
    """

    profile: str
    note: str
    hidden: frozenset[tuple[int, str]]
    count_gone: int = 0

    @property
    def withheld(self) -> int:
        """How many figures were withheld in the rows."""
        return len(self.hidden)

    def release(self, profile: str) -> "Released":
        """Itself, under its own profile. Raises UsageError for another one: what is gone does not come back, nor is it rounded twice."""
        if profile != self.profile:
            raise UsageError(f"This is the {self.profile} release. Ask the question again for the {profile} one.")
        return self

    def as_csv(self) -> str:
        """The rows as CSV, with `*` for what is withheld."""
        columns = {c for _, c in self.hidden}
        text = [pl.Series(c, [fmt.WITHHELD if (i, c) in self.hidden else v for i, v in enumerate(self.frame[c].cast(pl.String))], pl.String) for c in sorted(columns)]
        return self.frame.with_columns(text).write_csv()

    def as_json(self) -> dict[str, Any]:
        return {**super().as_json(), "release": {"profile": self.profile, "note": self.note, "withheld": self.withheld}}


def ask(metric_id: str, scope: Scope, store: Store, catalogue: Catalogue | None = None) -> Answer:
    """Answer one metric over one scope. Raises UsageError with a did-you-mean for anything unknown."""
    catalogue = (catalogue or load_catalogue()).with_standards(store.extract.manifest["standards"])
    metric = catalogue.metric(metric_id)
    metric.check(scope)
    labels = dimension_labels(store, scope.end)
    check_values(scope, labels)
    missing = [t for query in metric.queries for t in query.reads if t not in store.extract.tables]
    if missing:
        raise UsageError(f"'{metric.label}' needs the table '{missing[0]}', which is not in this extract. Add a source for it.")
    end = data_end(store)
    metric.check_day(scope, end)
    own = {**metric.constants, "until_date": scope.until(end)}
    raw = store.query(metric.query, scope.parameters(metric.query.params, own))
    accounts = store.query(metric.accounts, scope.parameters(metric.accounts.params, own))
    raw, accounts = reporter_disclosure.without(metric, scope, store, raw, accounts)
    return _answer(metric, scope, store, catalogue, labels, raw, accounts, end)


def _answer(
    metric: Metric, scope: Scope, store: Store, catalogue: Catalogue, labels: Mapping[str, Mapping[str, str]], raw: pl.DataFrame, accounts: pl.DataFrame, end: date | None
) -> Answer:
    counted = {reason: count for reason, count in accounts.iter_rows() if count is not None}
    n = int(counted.pop("counted", 0))
    left_out = tuple(LeftOut(k, catalogue.reasons.get(k, k), int(v)) for k, v in sorted(counted.items()) if v)
    network = store.extract.manifest["network"]
    sites = visible_sites(store, scope)
    through = {} if metric.national else {s: at for s, at in store.extract.data_through.items() if s in sites}
    frame = _shape(metric, scope, raw)
    if metric.kind.is_level and metric.is_snapshot and not metric.national and end:
        frame = _dense(metric, scope, frame, end)
    months = provisional_months(store.extract, metric, sites)
    frame, marked = _mark_provisional(frame, metric, scope, store.extract, months)
    return Answer(
        metric=metric,
        scope=scope,
        words=words(scope, labels, _snapshot_words(metric, scope, frame, end)),
        frame=frame,
        n=n,
        left_out=left_out,
        share_missing=_share_missing(n, left_out),
        extract_id=store.extract.id,
        data_through=through,
        provisional_months=marked,
        labels=labels,
        standard=catalogue.standard_of(metric),
        standards=catalogue.standards,
        catalogue_hash=catalogue.hash,
        time_zone=network["time_zone"],
        policy=policy_of(store.extract.manifest),
    )


def _share_missing(n: int | None, left_out: Sequence[LeftOut]) -> float | None:
    """The share that lacks a time or code, of what the figure counts and would count with it; None where there is none, or a count is withheld."""
    if n is None or any(x.count is None for x in left_out):
        return None
    missing = count_missing(left_out)
    return missing / (n + missing) if n + missing else None


def count_missing(left_out: Sequence[LeftOut]) -> int:
    """How many would be in the figure but for a time or code that they lack. What is left out by a rule, such as planned surveillance, is not of it."""
    return sum(x.count or 0 for x in left_out if x.reason.startswith("no_"))


def data_end(store: Store) -> date | None:
    """The last local day for which any site that the viewer may see has data: the day of the latest snapshot."""
    zones = {s["site_code"]: s["time_zone"] for s in store.extract.manifest["sites"]}
    seen = store.viewer.sites
    days = [at.astimezone(ZoneInfo(zones[s])).date() for s, at in store.extract.data_through.items() if seen is None or s in seen]
    return max(days, default=None)


def _dense(metric: Metric, scope: Scope, frame: pl.DataFrame, end: date) -> pl.DataFrame:
    """A stock has a figure for every snapshot in range: where no row stands nothing waits, which is a zero and not a missing month."""
    last = scope.until(end)
    others = [d for d in scope.by if d != "month"]
    if last is None or ("month" not in scope.by and (frame.height or others)) or ("month" in scope.by and not frame.height):
        return frame
    months, units = [last.replace(day=1)], [()]
    if "month" in scope.by:
        in_range = months_between(min(frame["month"]), last)
        months = [m for m in in_range if min(month_end(m), end) <= last and (not scope.months or m in scope.months)]
        units = frame.select(others).unique().rows() if others else [()]
    order = ["month", *others]
    full = pl.DataFrame([(m, *u) for m in months for u in units], schema={d: frame.schema[d] for d in order}, orient="row")
    joined = full.join(frame, on=order, how="left", nulls_equal=True)
    filled = joined.with_columns(pl.col("value").fill_null(0)) if metric.kind.nothing_is_zero else joined
    return filled.select(frame.columns).sort([d for d in frame.columns if d in order], nulls_last=True)


def _snapshot_words(metric: Metric, scope: Scope, frame: pl.DataFrame, end: date | None) -> str | None:
    """The day that a snapshot is of, in words; None for what is not one snapshot."""
    if not metric.is_snapshot or "month" in scope.by:
        return None
    if metric.national:
        return f"at the end of {fmt.month(frame['month'][0])}" if frame.height else ""
    last = scope.until(end)
    return "when the data ends" if last is None or last == end else f"at the end of {fmt.day(last)}"


def _shape(metric: Metric, scope: Scope, raw: pl.DataFrame) -> pl.DataFrame:
    """The dimensions asked for and the columns of the kind, sorted; a snapshot always says its month."""
    dimensions = list(scope.by)
    if metric.is_snapshot:
        raw = raw.with_columns(pl.col("snapshot_month").alias("month"))
        dimensions = ["month", *(d for d in dimensions if d != "month")] if "month" not in dimensions else dimensions
    columns = {name: pl.col(metric.column[name]).alias(name) for name in metric.kind.columns}
    shaped = raw.select(*dimensions, *columns.values(), *metric.more)
    if metric.kind.is_ratio:
        value = pl.when(pl.col("denominator") > 0).then(pl.col("numerator") / pl.col("denominator"))
        shaped = shaped.with_columns(value.alias("value"))
    order = [*dimensions, *metric.kind.order]
    return shaped.sort(order, nulls_last=True) if order else shaped


def visible_sites(store: Store, scope: Scope) -> tuple[str, ...]:
    """Codes of the sites that the viewer may see and the scope asks for."""
    chosen = scope.where.get("site_code", ())
    trusts = scope.where.get("trust_code", ())
    return tuple(
        s["site_code"]
        for s in store.extract.manifest["sites"]
        if (store.viewer.sites is None or s["site_code"] in store.viewer.sites)
        and (not chosen or s["site_code"] in chosen)
        and (not trusts or set(trusts) & set(s["trusts"]))
    )


def is_provisional(extract: Extract, site: Mapping[str, Any], month: date, maturity_days: int) -> bool:
    """True until the site's as-of passes the month's end, its usual lag and the metric's maturity."""
    through = extract.data_through.get(site["site_code"])
    if through is None:
        return True
    zone = ZoneInfo(site["time_zone"])
    ready = next_month(month) + timedelta(days=site["usual_lag_days"] + maturity_days)
    return through < datetime(ready.year, ready.month, ready.day, tzinfo=zone)


def _awaits_reviews(extract: Extract, site: Mapping[str, Any], month: date) -> bool:
    """True until every peer-review export that says when it was taken passes the month's end and its own usual lag: reviews come from another tool."""
    feeds = [s for s in extract.manifest["sources"] if s.get("table") == "peer_review" and s.get("taken_at")]
    zone = ZoneInfo(site["time_zone"])
    ready = [next_month(month) + timedelta(days=s["usual_lag_days"]) for s in feeds]
    return any(datetime.fromisoformat(s["taken_at"]) < datetime(r.year, r.month, r.day, tzinfo=zone) for s, r in zip(feeds, ready, strict=True))


def provisional_months(extract: Extract, metric: Metric, sites: tuple[str, ...]) -> dict[str, set[date]]:
    """For each site with data, the months that are still arriving, up to the month of the extract's latest instant."""
    if metric.national or not extract.data_through:
        return {}
    last = max(extract.data_through.values()).astimezone(UTC).date().replace(day=1)
    found: dict[str, set[date]] = {}
    for site in extract.manifest["sites"]:
        if site["site_code"] not in sites or site["site_code"] not in extract.data_through:
            continue
        month, months = last, set()
        while is_provisional(extract, site, month, metric.maturity_days) or (metric.cohort == "reviewed" and _awaits_reviews(extract, site, month)):
            months.add(month)
            month = (month - timedelta(days=1)).replace(day=1)
        found[site["site_code"]] = months
    return found


def _mark_provisional(frame: pl.DataFrame, metric: Metric, scope: Scope, extract: Extract, months: Mapping[str, set[date]]) -> tuple[pl.DataFrame, tuple[date, ...]]:
    """Add `provisional` to each row; also the months of the scope that are provisional anywhere in it."""
    trusts = {s["site_code"]: s["trusts"] for s in extract.manifest["sites"]}
    anywhere = set().union(*months.values()) if months else set()
    chosen = scope.months
    in_scope = {
        m for m in anywhere if (not scope.date_from or month_end(m) >= scope.date_from) and (not scope.date_to or m <= scope.date_to) and (not chosen or m in chosen)
    }

    def mark(row: Mapping[str, Any]) -> bool:
        sites = [s for s in months if row.get("site_code") in (None, s) and (row.get("trust_code") is None or row["trust_code"] in trusts[s])]
        provisional = set().union(*(months[s] for s in sites)) if sites else set()
        return row["month"] in provisional if row.get("month") else bool(provisional & in_scope)

    keys = [c for c in ("month", "site_code", "trust_code") if c in frame.columns]
    if not keys:
        return frame.with_columns(pl.lit(bool(in_scope)).alias("provisional")), tuple(sorted(in_scope))
    cells = frame.select(keys).unique()  # far fewer than rows where there are other breakdowns
    marks = pl.Series("provisional", [mark(row) for row in cells.iter_rows(named=True)], dtype=pl.Boolean)
    marked = frame.join(cells.with_columns(marks), on=keys, how="left", nulls_equal=True, maintain_order="left")
    return marked, tuple(sorted(in_scope))


def _in_force(periods: Sequence[Mapping[str, str]], on: date) -> Mapping[str, str]:
    """Of periods, oldest first, the one that holds on a day; the first, for a day before it."""
    return [p for p in periods if p["from"] <= on.isoformat()][-1] if periods[0]["from"] <= on.isoformat() else periods[0]


def _site_names(sites: Sequence[Mapping[str, Any]], on: date | None) -> tuple[dict[str, str], dict[str, str]]:
    """Names of sites and of trusts, former ones too, in force on a day; without a day the latest."""
    named = {s["site_code"]: s["site_name"] for s in sites}
    trusts = {code: name for s in sites for code, name in s["trusts"].items()}
    dated = [s for s in sites if s.get("periods")]  # an extract made before names had dates holds the latest only
    if on is not None:
        named |= {s["site_code"]: _in_force(s["periods"], on)["site_name"] for s in dated}
    changes = sorted((p for s in dated for p in s["periods"]), key=lambda p: p["from"])  # a trust's new name counts for all its sites
    trusts |= {code: _in_force([p for p in changes if p["trust_code"] == code], on or date.max)["trust_name"] for code in {p["trust_code"] for p in changes}}
    return named, trusts


def _provider_names(national: Mapping[str, Any], on: date | None) -> dict[str, str]:
    """Names of the return's providers as published for the month of a day; without a day the latest."""
    dated = national.get("provider_periods", {}) if on is not None else {}
    return {**national.get("providers", {}), **{code: _in_force(periods, on)["provider_name"] for code, periods in dated.items() if on is not None}}


def dimension_labels(store: Store, on: date | None = None) -> dict[str, dict[str, str]]:
    """How codes read, by dimension; also the values a filter may take. Sites outside the viewer's scope are not among them.

    Codes key, names are effective-dated: `on` is the day whose names are meant, the last that is asked about; None means the latest.
    """
    return store.once(("labels", on), lambda: _labels(store, on))


def _labels(store: Store, on: date | None) -> dict[str, dict[str, str]]:
    manifest = store.extract.manifest
    sites = [s for s in manifest["sites"] if store.viewer.sites is None or s["site_code"] in store.viewer.sites]
    site_names, trust_names = _site_names(sites, on)
    national = manifest.get("national", {})
    routes = {r: r.replace("_", " ").capitalize() for r in schema.ROUTES}
    return {
        "site_code": site_names,
        "trust_code": trust_names,
        "modality": dict(schema.MODALITY_NAMES),
        "patient_class": dict(schema.PATIENT_CLASSES),
        "urgency": dict(schema.URGENCIES),
        "pathway": dict(schema.PATHWAYS),
        "place": dict(schema.PLACES),
        "over": dict(schema.OVERS),
        "booking": dict(schema.BOOKINGS),
        "outcome": dict(schema.OUTCOMES),
        "verdict": dict(schema.VERDICTS),
        "standard_id": {s["id"]: s["label"] for s in manifest["standards"]},
        "reporting_route": routes,
        "ended_by": {**routes, **schema.NO_ROUTE},
        "reader": dict(schema.READERS),
        "supplier": {o: name or trust_names.get(o) or routes.get(o, o) for o, name in manifest.get("suppliers", {}).items()},
        "addendum_class": dict(schema.ADDENDUM_NAMES),
        "sampled_how": dict(schema.SAMPLINGS),
        "grade": dict(schema.GRADES),
        "weekday": {str(i + 1): d for i, d in enumerate(WEEKDAYS)},
        "hour": {str(h): f"{h:02d}:00" for h in range(24)},
        "wait_category": dict(schema.WAIT_CATEGORY_NAMES),
        "step": dict(schema.STEPS),
        "time_test": {t.id: t.label for t in load_catalogue().time_tests.values()},
        "test": {t: t for t in schema.NATIONAL_TESTS.values()},
        "provider_code": _provider_names(national, on),
        "region_code": dict(national.get("regions", {})),
    }


def check_values(scope: Scope, labels: Mapping[str, Mapping[str, str]]) -> None:
    """Raise, with a did-you-mean, for a filter value that the extract or the viewer's scope does not hold."""
    for dimension, values in scope.where.items():
        known = labels.get(dimension)
        if known is None:
            continue
        for value in values:
            if value not in known:
                by_name = [code for code, name in known.items() if name.casefold() == value.casefold()]
                hint = f"Did you mean '{by_name[0]}'?" if by_name else suggest(value, known)
                raise UsageError(f"'{value}' is not a {DIMENSIONS[dimension].label.lower()} of this extract. {hint}")


def filter_words(where: Mapping[str, Sequence[str]], labels: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Each filter in words, the values of one together: `["Westmere Royal and Saltness", "CT"]`."""
    found = []
    for dimension, values in where.items():
        if dimension == "month":
            found.append(fmt.listed([fmt.month(month_of(v)) for v in values]))
        else:
            named = (fmt.band(v) if dimension == "band" else labels.get(dimension, {}).get(v, v) for v in values)
            found.append(fmt.listed(list(named)))
    return found


def words(scope: Scope, labels: Mapping[str, Mapping[str, str]], snapshot: str | None = None) -> str:
    """The filters in words, as a page or an export prints them. `snapshot`: the day of a snapshot in words, in place of the dates."""
    parts = filter_words({d: v for d, v in scope.where.items() if snapshot is None or d != "month"}, labels)
    if snapshot is not None:
        parts = [*(parts or ["the whole network"]), snapshot] if snapshot else parts
    elif scope.date_from and scope.date_to:
        parts.append(f"{fmt.day(scope.date_from)} to {fmt.day(scope.date_to)}")
    elif scope.date_from:
        parts.append(f"from {fmt.day(scope.date_from)}")
    elif scope.date_to:
        parts.append(f"to {fmt.day(scope.date_to)}")
    text = ", ".join(parts) or "the whole network"
    return text + (f", by {fmt.listed([DIMENSIONS[d].label.lower() for d in scope.by])}" if scope.by else "")
