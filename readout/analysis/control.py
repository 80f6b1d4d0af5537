"""An answer by month as a control chart: which chart its metric asks for, its limits, the rule its last month breaks, its target.

A list is charted by its level; what each month end is held against (the mean, or the month before) is chosen by how much the list remembers, see
`stats.autocorrelation`. Only months that are no longer arriving are judged. Months are made dense: one without a figure is a gap, never a zero. Every month
of the extract is charted whatever the page's dates, so that a limit cannot differ between two pages.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import polars as pl

from readout.analysis.judgeable import LEAST_TIMED, why_not
from readout.analysis.stock_level import Level, level, records
from readout.errors import UsageError, suggest
from readout.metrics.answer import Answer
from readout.metrics.catalogue import Metric
from readout.metrics.scope import months_between
from readout.stats import spc
from readout.stats.autocorrelation import Memory, memory
from readout.stats.extremes import burst
from readout.stats.spc import BURST_HIGH, BURST_LOW, RECORD
from readout.stats.spc_against import by_memory, by_trend, by_year
from readout.stats.spc_since import lasting_shift, since

Row = Mapping[str, Any]
LINED = ("lpl", "upl", "near_lower", "near_upper", "flag", "expected")
MOVING = ("lpl", "upl", "near_lower", "near_upper", "expected")
LIMITS = ("mean", "year", "trend")  # what a month may be held against, where its metric may have a season or grow


@dataclass(frozen=True)
class Rebase:
    """New limits from a month on, and why."""

    month: date
    reason: str
    who: str = ""
    when: date | None = None
    metrics: tuple[str, ...] = ()  # none: all
    sites: tuple[str, ...] = ()  # none: the network and every site

    def bears_on(self, metric_id: str, site: str | None) -> bool:
        return (not self.metrics or metric_id in self.metrics) and (not self.sites or site in self.sites)


@dataclass(frozen=True)
class Control:
    """One series judged.

    `points`: a row a month, with `month, x, mean, lpl, upl, near_lower, near_upper, group, flag, is_provisional` and the row's own counts;
    x in the metric's unit. `since`: the first month of the run that the last one belongs to. `limits`: what each month is held against: the mean, the
    same month a year before, a straight trend; of a list as its `memory` has it, level, residual or change. `unjudged`: why nothing is judged,
    in words; then there are no limits, and a target is counted.
    """

    metric: Metric
    unit: Mapping[str, str]  # the breakdown values of the series: empty for the whole network
    name: str
    column: str
    chart: str
    points: pl.DataFrame
    variation: str | None
    assurance: str | None
    flag: str | None
    met: spc.Met | None
    target: float | None
    since: date | None
    is_trial: bool
    rebases: tuple[Rebase, ...]
    suggestion: date | None
    level: Level | None = None  # of a list
    memory: Memory | None = None  # of a list
    limits: str = "mean"
    unjudged: str = ""

    @cached_property
    def _settled(self) -> pl.DataFrame:
        """The months that are no longer arriving."""
        return self.points.filter(~pl.col("is_provisional"))

    @cached_property
    def _judged(self) -> pl.DataFrame:
        return self._settled.filter(pl.col("x").is_not_null())

    @cached_property
    def last(self) -> Row | None:
        """The last judged month that has a figure."""
        return self._judged.row(-1, named=True) if self._judged.height else None

    @property
    def previous(self) -> Row | None:
        return self._judged.row(-2, named=True) if self._judged.height > 1 else None

    @property
    def count_judged(self) -> int:
        return self._judged.height

    @cached_property
    def is_current(self) -> bool:
        """Whether the last month that is no longer arriving has a figure: else the last judgement is of an earlier one."""
        return bool(self._settled.height) and self._settled["x"][-1] is not None

    @property
    def is_special(self) -> bool:
        return self.flag is not None

    @property
    def has_season(self) -> bool:
        """Whether its limits may be set against a year before or a trend: of counts of work, which have a season and grow."""
        return may_have_season(self.metric)


def may_have_season(metric: Metric) -> bool:
    """Whether a season or growth alone may move a metric from month to month: activity and demand."""
    return metric.spc == "xmr" and metric.better == "neutral" and metric.kind.may_have_season


def rebases_of(manifest: Mapping[str, Any]) -> tuple[Rebase, ...]:
    """The rebases an extract was made with."""
    return tuple(
        Rebase(
            date.fromisoformat(r["month"]),
            r["reason"],
            r.get("who", ""),
            date.fromisoformat(r["when"]) if r.get("when") else None,
            tuple(r.get("metrics", ())),
            tuple(r.get("sites", ())),
        )
        for r in manifest.get("rebases", [])
    )


def control(answer: Answer, rebases: Sequence[Rebase] = (), *, limits: str = "mean", like: Control | None = None) -> Control:
    """The chart of an answer by month alone. `limits`: one of LIMITS. `like`: the chart of the true figures, of an answer that was released; what was
    chosen by those is chosen here."""
    if answer.scope.by != ("month",):
        raise UsageError("A control chart is one series over months. Break the answer down by month alone.")
    sites = answer.scope.where.get("site_code", ())
    return _control(answer, answer.rows, {}, rebases, sites[0] if len(sites) == 1 else None, limits, like)


def figure(control: Control, value: float, *, is_line: bool = False) -> str:
    """A charted value as pages, charts and words say it. `is_line`: a mean or limit, which of whole numbers may keep a decimal."""
    kind = control.metric.kind
    return (kind.line if is_line else kind.figure)(value, control.column)


def controls(answer: Answer, rebases: Sequence[Rebase] = ()) -> list[Control]:
    """The chart of each unit of an answer by month and one dimension more, or several: then of each of their combinations."""
    dimensions = [d for d in answer.scope.by if d != "month"]
    by_unit: dict[tuple[str, ...], list[Row]] = {}
    for row in answer.rows:
        key = tuple(row[d] for d in dimensions)
        if None not in key:
            by_unit.setdefault(key, []).append(row)
    found = []
    for key, rows in sorted(by_unit.items()):
        unit = dict(zip(dimensions, key, strict=True))
        found.append(_control(answer, rows, unit, rebases, unit.get("site_code")))
    return found


def _control(
    answer: Answer,
    rows: Sequence[Row],
    unit: Mapping[str, str],
    rebases: Sequence[Rebase],
    site: str | None,
    limits: str = "mean",
    like: Control | None = None,
) -> Control:
    metric = answer.metric
    if metric.spc == "none":
        raise UsageError(f"'{metric.label}' is not charted with limits: the catalogue says spc = none.")
    if like is not None:
        limits = "mean" if like.memory else like.limits
    if limits not in LIMITS or (limits != "mean" and not may_have_season(metric)):
        raise UsageError(f"'{metric.label}' has no limits against '{limits}'. {suggest(limits, LIMITS if may_have_season(metric) else LIMITS[:1])}")
    column = metric.kind.charted
    dense = _dense(rows)
    settled = [r for r in dense if not r["provisional"] and not r.get("is_part_month")]  # nor a month in which the unit opened or closed
    months = [r["month"] for r in settled]
    mine = tuple(r for r in rebases if r.bears_on(metric.id, site) and months and months[0] < r.month <= months[-1])
    at = tuple(sorted({months.index(r.month) + 1 for r in mine}))
    standard = answer.standard
    target = standard.target if standard and metric.kind.is_share and standard.better in ("up", "down") else None
    values = [_charted(metric, r, column) for r in settled]
    if metric.is_snapshot and not metric.national:
        values[:1] = [None] * len(values[:1])  # the first month end lacks what is older than the extract
    remembers = None
    if metric.is_snapshot:
        remembers = like.memory if like is not None else memory(values[at[-1] - 1 :] if at else values)
    name, chart = _chart(metric, settled, values, target, at, limits, remembers)
    unjudged = like.unjudged if like is not None else why_not(metric, column, settled, values)
    counted = spc.met(chart)
    if unjudged:
        counted = _counted(chart) if target is not None and not metric.is_snapshot else None
        chart = chart.with_columns(*(pl.lit(None, chart.schema[c]).alias(c) for c in LINED if c in chart.columns))
        chart = _with_burst(chart, metric, settled)
    if metric.is_snapshot:
        chart = _with_records(chart, months, records(metric, settled))
    flag = spc.last_flag(chart)
    began, shifted = since(chart, flag), None if unjudged or (remembers and remembers.run is None) else lasting_shift(chart)
    return Control(
        metric=metric,
        unit=unit,
        name=_name(answer, unit),
        column=column,
        chart=name,
        points=_points(chart, dense, settled, column, metric),
        variation=_variation(chart, flag),
        assurance=None if unjudged else spc.assurance(chart),
        flag=flag,
        met=counted,
        target=target,
        since=None if began is None else months[began],
        is_trial=spc.is_trial(chart),
        rebases=mine,
        suggestion=None if shifted is None else months[shifted],
        level=level(metric, standard, rows),
        memory=remembers,
        limits=remembers.kind if remembers else limits,
        unjudged=unjudged,
    )


def _chart(
    metric: Metric,
    settled: Sequence[Row],
    values: Sequence[float | None],
    target: float | None,
    at: Sequence[int],
    limits: str,
    remembers: Memory | None,
) -> tuple[str, pl.DataFrame]:
    """The chart that a metric asks for, and its name."""
    if metric.spc in ("p_prime", "u_prime"):
        make, name = (spc.p_prime, "p'") if metric.spc == "p_prime" else (spc.u_prime, "u'")
        counts, sizes = [r.get("numerator") for r in settled], [r.get("denominator") for r in settled]
        return name, make(counts, sizes, better=metric.better, target=target, rebase_at=at)
    if remembers is not None:
        names = {"level": "XmR of the level", "residual": "XmR against what the month before leads to expect", "change": "XmR against the month before"}
        return names[remembers.kind], spc.against(values, lambda x: by_memory(x, remembers), better=metric.better, rebase_at=at)
    if limits == "year":
        return "XmR against the same month a year before", spc.against(values, by_year, better=metric.better, rebase_at=at)
    if limits == "trend":
        return "XmR against a straight trend", spc.against(values, by_trend, better=metric.better, rebase_at=at)
    return "XmR", spc.xmr(values, better=metric.better, target=target, rebase_at=at, bounds=metric.kind.bounds)


def _with_records(chart: pl.DataFrame, months: Sequence[date], found: Collection[date]) -> pl.DataFrame:
    """A record is a signal where no other of the high side is."""
    flags = [RECORD if m in found and x is not None and f not in spc.HIGH else f for m, x, f in zip(months, chart["x"], chart["flag"], strict=True)]
    return chart.with_columns(pl.Series("flag", flags, pl.String))


def _with_burst(chart: pl.DataFrame, metric: Metric, settled: Sequence[Row]) -> pl.DataFrame:
    """Of a share or rate that is not judged, its last month is a signal where it holds far more of the rarer side than the months before."""
    rows = [r for r in settled if r.get("denominator") and r.get("numerator") is not None]
    if not metric.kind.is_share or not rows or rows[-1] is not settled[-1]:
        return chart
    counted, sizes = [int(r["numerator"]) for r in rows], [int(r["denominator"]) for r in rows]
    is_rare = 2 * sum(counted) <= sum(sizes)
    if not burst(counted if is_rare else [n - c for c, n in zip(counted, sizes, strict=True)], sizes):
        return chart
    flags = [*chart["flag"].to_list()[:-1], BURST_HIGH if is_rare else BURST_LOW]
    return chart.with_columns(pl.Series("flag", flags, pl.String))


def _variation(chart: pl.DataFrame, flag: str | None) -> str | None:
    """The icon of the last point; a record, and a burst of rare events, need no limits."""
    found = spc.variation(chart)
    if found is not None or flag is None:
        return found
    better = chart["better"][0]
    return f"neutral_{'high' if flag in spc.HIGH else 'low'}" if better == "neutral" else "improvement" if (flag in spc.HIGH) == (better == "up") else "concern"


def _counted(chart: pl.DataFrame) -> spc.Met | None:
    """In how many months the target of a series that is not judged was met."""
    return spc.met(chart.with_columns(is_target_bound=pl.lit(True)))


def _charted(metric: Metric, row: Row, column: str) -> float | None:
    """The figure of a month, None where it has none or one that stands on too few."""
    return None if metric.kind.is_time and (row.get("n") or 0) < LEAST_TIMED else row.get(column)


def _name(answer: Answer, unit: Mapping[str, str]) -> str:
    """The series in words."""
    return ", ".join(answer.label(d, v) for d, v in unit.items()) or answer.words.removesuffix(", by month")


def _dense(rows: Iterable[Row]) -> list[dict[str, Any]]:
    found = {r["month"]: dict(r) for r in rows if r["month"] is not None}
    if not found:
        return []
    first_open = min((m for m, r in found.items() if r["provisional"]), default=date.max)
    return [found.get(m) or {"month": m, "provisional": m >= first_open} for m in months_between(min(found), max(found))]


def _points(chart: pl.DataFrame, dense: Sequence[Row], settled: Sequence[Row], column: str, metric: Metric) -> pl.DataFrame:
    """Judged months with their lines, then those still arriving, along which the last lines run on; but none that move from month to month."""
    names = tuple(c for c in ("x", "mean", "expected", "lpl", "upl", "near_lower", "near_upper", "group", "flag") if c in chart.columns)
    lines = dict(zip(names, chart.select(names).row(-1), strict=True)) if chart.height else dict.fromkeys(names)
    if "expected" in names:
        lines |= dict.fromkeys(MOVING) | ({"mean": None} if len(chart["mean"].unique()) > chart["group"].n_unique() else {})
    arriving = [r for r in dense if r["provisional"]]
    later = [{**lines, "x": _charted(metric, r, column), "flag": None} for r in arriving]
    order = [*settled, *arriving]
    counts = {c: [r.get(c) for r in order] for c in ("numerator", "denominator", "n", "count_unreported") if any(c in r for r in order)}
    series = [pl.Series("month", [r["month"] for r in order], dtype=pl.Date)]
    series += [pl.Series(c, [*chart[c].to_list(), *(r[c] for r in later)], dtype=chart.schema[c]) for c in names]
    series += [pl.Series("is_provisional", [bool(r["provisional"]) for r in order], dtype=pl.Boolean), *(pl.Series(c, v) for c, v in counts.items())]
    return pl.DataFrame(series)


__all__ = ["LIMITS", "Control", "Rebase", "control", "controls", "figure", "may_have_season", "rebases_of"]
