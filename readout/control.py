"""An answer by month as a control chart: which chart its metric asks for, its limits, the rule its last month breaks, its target.

Only months that are no longer arriving are judged. Months are made dense: one without a figure is a gap, never a zero. Every month
of the extract is charted whatever the page's dates, so that a limit cannot differ between two pages.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

import polars as pl

from readout import format as fmt
from readout.answer import Answer
from readout.catalogue import Metric
from readout.errors import UsageError
from readout.level import Level, level
from readout.scope import months_between
from readout.stats import spc

Row = Mapping[str, Any]
LASTING = 9  # months on one side of the mean after which new limits are suggested
LEAST_TIMED = 10  # examinations of a month whose 90th percentile is charted: of fewer it is the longest of them
LEAST_EVENTS = 1.0  # events in a month, on average, of a rate that is judged: of fewer most months are 0 and lie below any mean, all the same side


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
    x in the metric's unit (for a stock its change over the month). `since`: the first month of the run that the last one belongs to.
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
    level: Level | None = None  # of a list, which is judged by its change
    is_sparse: bool = False  # too few events for a month to say anything: no limits, not judged

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

    @property
    def count_gaps(self) -> int:
        """Judged months without a figure, such as a quantile not yet reached."""
        return self._settled.height - self._judged.height

    @cached_property
    def is_current(self) -> bool:
        """Whether the last month that is no longer arriving has a figure: else the last judgement is of an earlier one."""
        return bool(self._settled.height) and self._settled["x"][-1] is not None

    @property
    def is_special(self) -> bool:
        return self.flag is not None


def column_of(metric: Metric) -> str:
    """The figure of a metric that is charted: for a time its 90th percentile."""
    return "p90_hours" if metric.kind == "time" else "value"


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


def control(answer: Answer, rebases: Sequence[Rebase] = (), *, is_sparse: bool | None = None) -> Control:
    """The chart of an answer by month alone. `is_sparse`: where it is known of the true counts, of an answer that was released."""
    if answer.scope.by != ("month",):
        raise UsageError("A control chart is one series over months. Break the answer down by month alone.")
    sites = answer.scope.where.get("site_code", ())
    return _control(answer, answer.rows, {}, rebases, sites[0] if len(sites) == 1 else None, is_sparse)


def figure(control: Control, value: float, *, is_line: bool = False) -> str:
    """A charted value as pages, charts and words say it; a change with its sign, a share's in percentage points. `is_line`: a mean or limit,
    which of whole numbers may keep a decimal."""
    if control.metric.is_snapshot:
        return fmt.signed(value * 100, 1) if control.metric.is_share else fmt.signed(value, 1 if is_line and abs(value) < 100 else 0)
    if is_line and control.metric.kind in ("count", "stock"):
        return f"{value:,.1f}"
    return fmt.figure(control.metric, control.column, value)


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


def _control(answer: Answer, rows: Sequence[Row], unit: Mapping[str, str], rebases: Sequence[Rebase], site: str | None, is_sparse: bool | None = None) -> Control:
    metric = answer.metric
    if metric.spc == "none":
        raise UsageError(f"'{metric.label}' is not charted with limits: the catalogue says spc = none.")
    column = column_of(metric)
    dense = _dense(rows)
    settled = [r for r in dense if not r["provisional"] and not r.get("is_part_month")]  # nor a month in which the unit opened or closed
    months = [r["month"] for r in settled]
    mine = tuple(r for r in rebases if r.bears_on(metric.id, site) and months and months[0] < r.month <= months[-1])
    at = tuple(sorted({months.index(r.month) + 1 for r in mine}))
    standard = answer.standard
    is_share = metric.is_share
    target = standard.target if standard and is_share and not metric.is_snapshot and standard.better in ("up", "down") else None
    if metric.spc == "p_prime":
        name = "p'"
        chart = spc.p_prime([r.get("numerator") for r in settled], [r.get("denominator") for r in settled], better=metric.better, target=target, rebase_at=at)
    elif metric.spc == "u_prime":
        name = "u'"
        chart = spc.u_prime([r.get("numerator") for r in settled], [r.get("denominator") for r in settled], better=metric.better, target=target, rebase_at=at)
    else:
        values = [_charted(metric, r, column) for r in settled]
        name = "XmR"
        if metric.is_snapshot:
            name = "XmR of the monthly change"
            values = [None, *(b - a if a is not None and b is not None else None for a, b in pairwise(values))] if values else []
            if not metric.national:
                values[1:2] = [None] * len(values[1:2])  # the first month end lacks what is older than the extract, so the change from it is none of the list's
        bounds = (None, None) if metric.is_snapshot else (0.0, 1.0) if is_share else (0.0, None)
        chart = spc.xmr(values, better=metric.better, target=target, rebase_at=at, bounds=bounds)
    is_sparse = _is_sparse(metric, settled) if is_sparse is None else is_sparse
    if is_sparse:
        chart = chart.with_columns(*(pl.lit(None, chart.schema[c]).alias(c) for c in ("lpl", "upl", "near_lower", "near_upper", "flag")))
    points = _points(chart, dense, settled, column, metric)
    flag = spc.last_flag(chart)
    return Control(
        metric=metric,
        unit=unit,
        name=_name(answer, unit),
        column=column,
        chart=name,
        points=points,
        variation=None if is_sparse else spc.variation(chart),
        assurance=None if is_sparse else spc.assurance(chart),
        flag=flag,
        met=None if is_sparse else spc.met(chart),
        target=target,
        since=_since(chart, months, flag),
        is_trial=spc.is_trial(chart),
        rebases=mine,
        suggestion=None if is_sparse else _suggestion(chart, months),
        level=level(metric, standard, rows),
        is_sparse=is_sparse,
    )


def _is_sparse(metric: Metric, settled: Sequence[Row]) -> bool:
    """Whether a rate of events has too few of them. A share that should be met and never is, is judged."""
    if metric.spc not in ("p_prime", "u_prime") or metric.better == "up":
        return False
    events = [r["numerator"] or 0 for r in settled if r.get("denominator")]
    return bool(events) and sum(events) < LEAST_EVENTS * len(events)


def _charted(metric: Metric, row: Row, column: str) -> float | None:
    """The figure of a month, None where it has none or one that stands on too few."""
    return None if metric.kind == "time" and (row.get("n") or 0) < LEAST_TIMED else row.get(column)


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
    """Judged months with their lines, then those still arriving, along which the last lines run on."""
    names = ("x", "mean", "lpl", "upl", "near_lower", "near_upper", "group", "flag")
    lines = dict(zip(names, chart.select(names).row(-1), strict=True)) if chart.height else dict.fromkeys(names)
    arriving = [r for r in dense if r["provisional"]]
    before = settled[-1].get(column) if settled else None
    later = []
    for r in arriving:
        x = _charted(metric, r, column)
        if metric.is_snapshot:
            x, before = (x - before if x is not None and before is not None else None), x
        later.append({**lines, "x": x, "flag": None})
    order = [*settled, *arriving]
    counts = {c: [r.get(c) for r in order] for c in ("numerator", "denominator", "n", "count_unreported") if any(c in r for r in order)}
    series = [pl.Series("month", [r["month"] for r in order], dtype=pl.Date)]
    series += [pl.Series(c, [*chart[c].to_list(), *(r[c] for r in later)], dtype=chart.schema[c]) for c in names]
    series += [pl.Series("is_provisional", [bool(r["provisional"]) for r in order], dtype=pl.Boolean), *(pl.Series(c, v) for c, v in counts.items())]
    return pl.DataFrame(series)


def _since(chart: pl.DataFrame, months: Sequence[date], flag: str | None) -> date | None:
    """The first month of the run that breaks the rule of the last one: of a shift the first on its side of the mean, of a trend its foot, of two of
    three the first of the points that made it."""
    if flag is None:
        return None
    rows = chart.rows(named=True)
    last = max(i for i, r in enumerate(rows) if r["x"] is not None)
    sign = 1 if flag in spc.HIGH else -1
    if flag.startswith("two"):
        return months[_first_of_two(rows, last, sign)]

    def goes_on(i: int) -> bool:
        earlier, later = rows[i - 1], rows[i]
        if earlier["x"] is None or earlier["group"] != later["group"]:
            return False
        if flag.startswith("shift"):
            return bool(sign * (earlier["x"] - earlier["mean"]) > 1e-9 * max(1.0, abs(earlier["mean"])))
        if flag.startswith("trend"):
            return bool(sign * (later["x"] - earlier["x"]) > 0)
        return bool(earlier["flag"] == flag)

    first = last
    while first > 0 and goes_on(first):
        first -= 1
    return months[first]


def _first_of_two(rows: Sequence[Row], last: int, sign: int) -> int:
    """The first of the points close to a limit that are linked to the last one by stretches of three on its side of the mean."""
    near, limit = ("near_upper", "upl") if sign > 0 else ("near_lower", "lpl")

    def beyond(i: int, line: str) -> bool:
        r = rows[i]
        return r["x"] is not None and r["group"] == rows[last]["group"] and sign * (r["x"] - r[line]) > 1e-9 * max(1.0, abs(r["mean"]))

    def linked(i: int, j: int) -> bool:
        """Whether a stretch of three on one side of the mean holds two points, of which j is the earlier."""
        return any(all(beyond(k, "mean") for k in (s, s + 1, s + 2)) for s in range(max(0, i - 2), j + 1) if s + 2 <= last)

    first = last
    while close := [j for j in range(max(0, first - 2), first) if beyond(j, near) and not beyond(j, limit) and linked(first, j)]:
        first = close[0]
    return first


def _suggestion(chart: pl.DataFrame, months: Sequence[date]) -> date | None:
    """Where new limits might start: the first month of a shift that has lasted and goes on. A suggestion: nothing is changed by it."""
    xs, means = chart["x"].to_list(), chart["mean"].to_list()
    side, start, length = 0, 0, 0
    for i, (x, mean) in enumerate(zip(xs, means, strict=True)):
        now = 0 if x is None or mean is None or abs(x - mean) <= 1e-9 * max(1.0, abs(mean)) else 1 if x > mean else -1
        length, start = (length + 1, start) if now and now == side else (1 if now else 0, i)
        side = now
    return months[start] if side and length >= LASTING and start > 0 else None


__all__ = ["Control", "Rebase", "column_of", "control", "controls", "figure", "rebases_of"]
