"""Reporters beside one another, under pseudonyms and only where enough of them share a cell. The one place that reads rows by reporter.

What may be asked is little, so that nothing withheld can be had by subtraction: one fixed period, all sites together or one site or one
modality. A choice is withheld where fewer than `least` reporters made its reports or one made over `most_share` of them (policy.toml); and where the
withheld choices of a kind would together still break that rule, the smallest of the others are withheld too, for what is left
when the shown are taken from the whole is those together. How much lies between reporters is also given over time, where each single month keeps the rule:
see `over_time`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import log
from typing import Any

import numpy as np

from readout import schema
from readout.engine.store import Store
from readout.errors import UsageError, suggest
from readout.metrics import format as fmt
from readout.metrics import release_policy
from readout.metrics.answer import check_values, dimension_labels, provisional_months, visible_sites, words
from readout.metrics.catalogue import Catalogue, Metric, load_catalogue
from readout.metrics.scope import Scope, months_between, next_month, previous_month
from readout.stats import funnel, variance
from readout.stats.dominance import is_open, keeps, withheld, withheld_throughout
from readout.stats.persistence import expected_false_alarms, persistent
from readout.stats.variance import Spread

MONTHS, QUARTERS = 12, 3
SLICES = ("site_code", "modality")
MIN_UNITS = 10  # of an overdispersed band
LEAST_EVENTS = 10  # of fewer the interval of an odds ratio has no upper end worth a word
TAIL = funnel.P[0]


@dataclass(frozen=True)
class Measure:
    """What reporters are compared on: the catalogue's metric of the same cube, and how its rows are read."""

    label: str
    metric: str
    measure: str
    counts: str
    is_time: bool = False

    @property
    def event(self) -> schema.Event:
        return schema.EVENTS[self.measure]


MEASURES = {
    "addendum": Measure("Addenda", "standardised_addendum_ratio", "addendum", "all"),
    "clinical": Measure("Clinical addenda", "standardised_clinical_ratio", "addendum", "clinical"),
    "follow_up": Measure("Follow-up recommended", "standardised_follow_up_ratio", "follow_up", "all"),
    "discrepancy": Measure("Discrepancies at peer review", "standardised_discrepancy_ratio", "discrepancy", "all"),
    "assigned": Measure("Time from assignment", "standardised_addendum_ratio", "assigned", "all", is_time=True),
}


@dataclass(frozen=True)
class Reporter:
    """One reporter's reports. `ratio`: of the events to those expected, or how many times as long as the same case mix takes, in the geometric mean."""

    name: str  # a pseudonym
    n: int
    observed: float
    expected: float
    ratio: float
    side: int  # 1 above what chance, and the differences that all share, would give; -1 below; else 0
    is_lasting: int  # so in two of the last three quarters
    is_own: bool  # the viewer's own


@dataclass(frozen=True)
class Reporters:
    """A comparison, or the sentence `withheld` and nobody. `shown`: the choices of each kind that may be asked for.

    `icc` (of the logarithm of the time) or `odds_ratio` (median, of the event), with a 95 % interval: how much lies between reporters.
    """

    measure: Measure
    words: str
    first: date | None
    last: date | None
    reporters: tuple[Reporter, ...]
    withheld: str
    shown: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, Mapping[str, str]]
    tau2: float | None  # beyond chance, on the scale of the limits; None under ten reporters
    rate: float  # events of all reports; of a time the standard deviation of its logarithm within strata
    between: tuple[float, float, float] | None
    chance: float  # reporters outside on any side by chance, in one period
    count_unnamed: int  # reports whose reporter is not stated
    count_apart: int  # reports by reporters of whom nothing is expected, or a time that cannot vary
    rule: release_policy.Reporters
    extract_id: str

    @property
    def can_be_drawn(self) -> bool:
        """Whether anybody's figure could be told from chance: where less than one event is expected of everybody, a single one makes anybody look extreme."""
        return bool(self.reporters) and (self.measure.is_time or max(r.expected for r in self.reporters) >= 1)


@dataclass(frozen=True)
class Course:
    """How much lies between reporters over time, oldest first, or the sentence `withheld` and no points. A median odds ratio of the event, or the
    intraclass correlation of the logarithm of a time."""

    measure: Measure
    words: str
    points: tuple[Spread, ...]
    withheld: str
    rule: release_policy.Reporters
    extract_id: str
    last: date | None = None  # the last month of the last window, whether it could be told or not


@dataclass(frozen=True)
class _Question:
    """What is asked, checked: the measure, and the last month that is old enough (None: there is none)."""

    kind: Measure
    metric: Metric
    rule: release_policy.Reporters
    where: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, Mapping[str, str]]
    last: date | None


def _question(measure: str, store: Store, dimension: str, value: str, catalogue: Catalogue | None) -> _Question:
    if measure not in MEASURES:
        raise UsageError(f"Reporters are not compared on '{measure}'. {suggest(measure, MEASURES)}")
    if dimension and dimension not in SLICES:
        raise UsageError(f"Reporters are compared over all sites, at one site or in one modality, not by '{dimension}'. {suggest(dimension, SLICES)}")
    kind = MEASURES[measure]
    metric = (catalogue or load_catalogue()).metric(kind.metric)
    if absent := [t for t in metric.query.reads if t not in store.extract.tables]:
        raise UsageError(f"Reporters are compared from the table '{absent[0]}', which is not in this extract. Publish it anew.")
    where = {dimension: (value,)} if dimension else {}
    last = _last_month(store, metric)
    labels = dimension_labels(store, last)
    check_values(Scope((), where), labels)
    return _Question(kind, metric, release_policy.policy_of(store.extract.manifest).reporters, where, labels, last)


def compared(measure: str, store: Store, dimension: str = "", value: str = "", catalogue: Catalogue | None = None) -> Reporters:
    """Reporters over the last twelve whole months that are old enough: all, or those of one site or modality. UsageError for anything else."""
    asked = _question(measure, store, dimension, value, catalogue)
    kind, metric, rule, where, labels, last = asked.kind, asked.metric, asked.rule, asked.where, asked.labels, asked.last
    months = _before(last, MONTHS) if last else []
    cells = {d: _cells(store, metric, kind, months, d) for d in SLICES} if months else {d: {} for d in SLICES}
    shown = {d: tuple(sorted(cells[d].keys() - withheld(cells[d], rule))) for d in SLICES}
    everyone: dict[int, int] = defaultdict(int)
    for cell in cells[SLICES[0]].values():
        for reporter, count in cell.items():
            everyone[reporter] += count
    is_shown = value in shown[dimension] if dimension else is_open([everyone], rule)
    said = words(Scope((), where), labels)
    if months:
        said += f", {fmt.month(months[0])} to {fmt.month(months[-1])}"
    whole = _asked(store, metric, kind, months, ("reporter_key",), where) if is_shown else []
    rows = [r for r in whole if _is_compared(kind, r)]
    past = [_asked(store, metric, kind, quarter, ("reporter_key",), where) for quarter in _quarters(months)] if rows else []
    sides = [outside(kind, [r for r in quarter if _is_compared(kind, r)]) for quarter in past]
    tau2 = _tau2(kind, rows)
    now = outside(kind, rows)
    found = [
        Reporter(
            name=pseudonym(r["reporter_key"]),
            n=r["count_judged"],
            observed=r["sum_log"] if kind.is_time else r["count_observed"],
            expected=r["expected_log"] if kind.is_time else r["expected"],
            ratio=_ratio(kind, r),
            side=now[r["reporter_key"]],
            is_lasting=int(persistent([float(s.get(r["reporter_key"], np.nan)) for s in sides])),
            is_own=r["reporter_key"] == store.viewer.reporter_key,
        )
        for r in rows
    ]
    return Reporters(
        measure=kind,
        words=said,
        first=months[0] if months else None,
        last=last,
        reporters=tuple(sorted(found, key=lambda r: r.name)),
        withheld="" if is_shown else _why_withheld(bool(months and everyone), bool(dimension), rule),
        shown=shown,
        labels=labels,
        tau2=tau2,
        rate=_rate(kind, rows),
        between=_between(kind, rows),
        chance=expected_false_alarms(len(rows), 2 * TAIL),
        count_unnamed=sum(r["count_judged"] for r in whole if r["reporter_key"] is None),
        count_apart=sum(r["count_judged"] for r in whole if r["reporter_key"] is not None and not _is_compared(kind, r)),
        rule=rule,
        extract_id=store.extract.id,
    )


def over_time(measure: str, store: Store, dimension: str = "", value: str = "", catalogue: Catalogue | None = None) -> Course:
    """How much lies between reporters in the twelve months to the end of each calendar quarter, of all or of one site or modality. UsageError as in `compared`.

    Twelve months and not a quarter: what a quarter gives is mostly chance. On the sample, of 8,500 reports by 125 reporters a quarter, the interval of
    the odds ratio begins at no difference in 4 of 11 quarters and for clinical addenda in 10; over twelve months never. Twelve months also hold each
    season once. Two neighbours share nine months, so that only points a year apart are evidence of one another.

    Privacy. Two windows that overlap differ by what came less what went, so that the rule must hold for the pieces and not only for the windows. A
    choice has a course only where each of its months could be shown by itself, and what is withheld is withheld from every window and keeps the
    rule together in every month. Groups that keep it, added, keep it: so every difference, of windows, of the fixed period of `compared`, or
    of the next extract's, is made of whole months of groups that might each be shown. Windows end with a calendar quarter, so that they are the same
    ones in the next extract; and nothing is given by reporter.
    """
    asked = _question(measure, store, dimension, value, catalogue)
    kind, metric, rule, last = asked.kind, asked.metric, asked.rule, asked.last
    months, periods = _months(store, metric, kind, dimension or SLICES[0], last) if last else ([], [])
    windows = [months[i - MONTHS : i] for i in range(MONTHS, len(months) + 1) if months[i - 1].month % 3 == 0]
    beside = withheld(_cells(store, metric, kind, _before(last, MONTHS), dimension), rule) if last and dimension else ()
    if dimension:
        is_shown = value not in withheld_throughout(periods, rule, beside)
    else:
        is_shown = all(keeps(list(cells.values()), rule) for cells in periods)
    points = [_point(kind, window[-1], _asked(store, metric, kind, window, ("reporter_key",), asked.where)) for window in windows] if is_shown else []
    said = words(Scope((), asked.where), asked.labels)
    refused = "" if is_shown else _why_withheld(is_known=bool(months), is_part=bool(dimension), rule=rule, when=" in some month")
    told = tuple(p for p in points if p is not None)
    return Course(kind, said, told, refused, rule, store.extract.id, windows[-1][-1] if windows else None)


def _months(store: Store, metric: Metric, kind: Measure, dimension: str, last: date) -> tuple[list[date], list[dict[str, dict[int, int]]]]:
    """The months up to `last` that are whole, and of each the reports by reporter of each value. The first of all lacks reports of what was examined before it."""
    found: dict[date, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for r in _asked(store, metric, kind, [], ("reporter_key", "month", dimension), {}):
        if r["reporter_key"] is not None and r[dimension] is not None and r["month"] is not None:
            found[r["month"]][r[dimension]][r["reporter_key"]] = r["count_judged"]
    months = months_between(next_month(min(found)), last) if found else []
    return months, [found[m] for m in months]


def _point(kind: Measure, last: date, rows: list[dict[str, Any]]) -> Spread | None:
    """What lies between reporters in the months to `last`; None where it cannot be told."""
    able = [r for r in rows if _is_compared(kind, r)]
    between = _between(kind, able)
    if between is None:
        return None
    events = None if kind.is_time else sum(r["count_observed"] for r in able)
    return Spread(last, *between, len(able), sum(r["count_judged"] for r in able), events)


def pseudonym(key: int) -> str:
    """A short name made of the keyed hash: the same in every month, and nothing without the secret."""
    return f"R-{key & 0xFFFFFF:06x}"


def limits(kind: Measure, n: np.ndarray[Any, Any], rate: float, tau2: float | None) -> np.ndarray[Any, Any]:
    """Limits of the ratio at .1, 2.5, 97.5 and 99.9 per cent for sizes `n`: events expected, or reports timed. With `tau2` beyond chance too."""
    if kind.is_time:
        return funnel.log_ratio_limits(rate**2 / n, tau2=tau2 or 0.0)
    if tau2 is not None:
        return funnel.overdispersed_ratio_limits(n, tau2)
    return funnel.poisson_limits(n) if rate < funnel.RARE else funnel.mixed_limits(n, n * (1 - rate))


def outside(kind: Measure, rows: list[dict[str, Any]]) -> dict[int, int]:
    """The side of each reporter in one period, by key: 1 or -1 outside both what chance gives and, from ten reporters, what they differ by anyway; else 0.

    `rows`: of an event `reporter_key, count_judged, count_observed, expected, variance`; of a time `reporter_key, count_judged, sum_log, expected_log, variance_log`.
    """
    if not rows:
        return {}
    tau2 = _tau2(kind, rows)
    ratio = np.array([_ratio(kind, r) for r in rows])
    if kind.is_time:
        band = funnel.log_ratio_limits([_variance(r) for r in rows], tau2=tau2 or 0.0)
        found = funnel.sides(ratio, band[:, 0], band[:, -1])
    else:
        expected = np.array([r["expected"] for r in rows])
        if _rate(kind, rows) < funnel.RARE:
            found = funnel.poisson_sides([r["count_observed"] for r in rows], expected, TAIL)
        else:
            found = funnel.mixed_sides([r["count_observed"] for r in rows], expected, [r["variance"] for r in rows], TAIL)
        if tau2 is not None:
            wide = funnel.overdispersed_ratio_limits(expected, tau2)
            found = np.where(found == funnel.sides(ratio, wide[:, 0], wide[:, -1]), found, 0)
    return {r["reporter_key"]: int(s) for r, s in zip(rows, found, strict=True)}


def _why_withheld(is_known: bool, is_part: bool, rule: release_policy.Reporters, when: str = "") -> str:
    if not is_known:
        return "No report of this choice is old enough and names its reporter."
    few = f"Withheld: fewer than {rule.least} reporters made these reports{when}, or one made over {fmt.percent(rule.most_share, 0)} of them"
    return f"{few}, or to show them would give such a choice away by subtraction. Choose all sites together." if is_part else f"{few}."


def _last_month(store: Store, metric: Metric) -> date | None:
    """The last month that no site is still sending and that is old enough."""
    open_months = provisional_months(store.extract, metric, visible_sites(store, Scope()))
    return previous_month(min(set().union(*open_months.values()))) if open_months and any(open_months.values()) else None


def _before(last: date, count: int) -> list[date]:
    months = [last]
    while len(months) < count:
        months.append(previous_month(months[-1]))
    return months[::-1]


def _quarters(months: list[date]) -> list[list[date]]:
    """The last three times three months, oldest first."""
    return [months[i : i + 3] for i in range(len(months) - 3 * QUARTERS, len(months), 3)]


def _asked(store: Store, metric: Metric, kind: Measure, months: list[date], by: tuple[str, ...], where: Mapping[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    scope = Scope(by, {**where, "month": tuple(m.isoformat() for m in months)})
    constants = {**metric.constants, "measure": kind.measure, "counts": kind.counts}
    return store.query(metric.query, scope.parameters(metric.query.params, constants)).to_dicts()


def _cells(store: Store, metric: Metric, kind: Measure, months: list[date], dimension: str) -> dict[str, dict[int, int]]:
    """Reports by reporter of each value of a dimension."""
    cells: dict[str, dict[int, int]] = defaultdict(dict)
    for r in _asked(store, metric, kind, months, ("reporter_key", dimension), {}):
        if r["reporter_key"] is not None and r[dimension] is not None:
            cells[r[dimension]][r["reporter_key"]] = r["count_judged"]
    return dict(cells)


def _is_compared(kind: Measure, row: Mapping[str, Any]) -> bool:
    """Whether the reporter is named and anything is expected of so few reports; a time must be able to vary."""
    return row["reporter_key"] is not None and bool(row["variance_log"] > 0 if kind.is_time else row["expected"] > 0)


def _variance(row: Mapping[str, Any]) -> float:
    """Of the mean logarithm of a reporter's times, by chance."""
    return float(row["variance_log"] / row["count_judged"] ** 2)


def _ratio(kind: Measure, row: Mapping[str, Any]) -> float:
    if kind.is_time:
        return float(np.exp((row["sum_log"] - row["expected_log"]) / row["count_judged"]))
    return float(row["count_observed"] / row["expected"])


def _rate(kind: Measure, rows: list[dict[str, Any]]) -> float:
    n = sum(r["count_judged"] for r in rows)
    if not n:
        return 0.0
    return float(np.sqrt(sum(r["variance_log"] for r in rows) / n) if kind.is_time else sum(r["count_observed"] for r in rows) / n)


def _tau2(kind: Measure, rows: list[dict[str, Any]]) -> float | None:
    if len(rows) < MIN_UNITS:
        return None
    if kind.is_time:
        return funnel.overdispersion_logs([log(_ratio(kind, r)) for r in rows], [_variance(r) for r in rows]).tau2
    return funnel.overdispersion([r["count_observed"] for r in rows], [r["expected"] for r in rows]).tau2


def _between(kind: Measure, rows: list[dict[str, Any]]) -> tuple[float, float, float] | None:
    """How much lies between reporters; None where it cannot be told."""
    if len(rows) < MIN_UNITS:
        return None
    if kind.is_time:
        n = np.array([r["count_judged"] for r in rows], np.float64)
        mean = np.array([r["sum_log"] for r in rows]) / n
        squares = np.maximum(0, np.array([r["sum_squares"] for r in rows]) - n * mean**2)
        parts = variance.one_way(n, mean, squares)
        return (parts.icc, parts.low, parts.high)
    able = [r for r in rows if 0 < r["expected"] < r["count_judged"]]
    share = np.array([r["expected"] / r["count_judged"] for r in able])
    fit = variance.random_intercept(
        [r["reporter_key"] for r in able], [r["count_observed"] for r in able], [r["count_judged"] for r in able], np.log(share / (1 - share))
    )
    if not fit.sigma2 >= 0 or sum(r["count_observed"] for r in able) < LEAST_EVENTS or not np.isfinite(fit.high):
        return None
    return (variance.median_odds_ratio(fit.sigma2), variance.median_odds_ratio(fit.low), variance.median_odds_ratio(fit.high))


__all__ = ["MEASURES", "Course", "Measure", "Reporter", "Reporters", "compared", "limits", "outside", "over_time", "pseudonym"]
