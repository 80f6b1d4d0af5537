"""What the chart of one indicator says, as the guard of commentary reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from readout.analysis.control import Control, figure
from readout.errors import UsageError
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.stats.intervals import wilson
from readout.stats.spc import HIGH

Row = dict[str, Any]
FIGURES = ("value", "median_hours", "p90_hours", "p95_hours")
COUNTED = (*FIGURES, "numerator", "denominator", "n", "count_unreported")


@dataclass(frozen=True)
class Point:
    """One judged month with its figure, as a number and as it is said."""

    month: date
    value: float
    said: str


@dataclass(frozen=True)
class Unit:
    """One unit of a comparison: its figure and 95 % interval, in the indicator's unit; None where it is withheld or has none."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    said: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True)
class Facts:
    """One indicator.

    `points`: the judged months with a figure, oldest first; where `is_change` each is the change over its month. `variation`, `is_high` (the side of
    the rule that the last one breaks) and `assurance` as the icons show them, None where there are none. `is_met`: whether the last one meets the
    target, None without one; of a list, its level. `counted`: of a target at the end of the scale, or of a list's level, in how many of how many
    months it was met. `shown`: every figure that stands beside the chart, as it reads. `levels`: of a stock its
    level at each month's end, where known. `mean`, `target`: as they are said; `average`: the mean as a number. `provisional`: months still
    arriving, which nothing is judged of. `is_stepped`: the limits start anew at a known change, and the mean since is better than the one before.
    """

    indicator: str
    label: str
    name: str
    better: str
    variation: str | None = None
    is_high: bool | None = None
    assurance: str | None = None
    target: str = ""
    is_met: bool | None = None
    counted: tuple[int, int] | None = None
    points: tuple[Point, ...] = ()
    levels: tuple[Point, ...] = ()
    mean: str = ""
    average: float | None = None
    provisional: tuple[date, ...] = ()
    is_change: bool = False
    is_time: bool = False
    is_withheld: bool = False
    is_stepped: bool = False
    units: tuple[Unit, ...] = ()
    shown: tuple[str, ...] = ()

    @property
    def last(self) -> Point | None:
        return self.points[-1] if self.points else None

    @property
    def history(self) -> tuple[Point, ...]:
        """The figure itself, month by month: of a stock its level, which is empty where it is not known."""
        return self.levels if self.is_change else self.points


def facts_of(control: Control, *, released: Answer | None = None, by_unit: Answer | None = None, answer: Answer | None = None) -> Facts:
    """The facts of one chart.

    `released`: the answer that the chart was made of as it leaves: where it withholds the last judged month, nothing can be claimed of it; of a
    stock it also gives the level. Months are judged by their true figures and said as they leave. `by_unit`: the same metric over the pack's
    period by one dimension, as it leaves, for comparisons between units: a share has Wilson intervals, other kinds none. `answer`: the one that
    `released` was made of; of a list its target is judged by it. Raises UsageError for an answer of another metric or breakdown.
    """
    metric = control.metric
    for given in (released, by_unit, answer):
        if given is not None and (given.metric.id != metric.id or len(given.scope.by) != 1):
            raise UsageError(f"The facts of '{metric.label}' need an answer of '{metric.id}' by one dimension, not of '{given.metric.id}' by {len(given.scope.by)}.")
    judged = [r for r in control.points.iter_rows(named=True) if not r["is_provisional"] and r["x"] is not None]
    leaves = _leaves(control, released, judged)
    points = tuple(Point(m, x, _said(control, leaves.get(m))) for m, x in ((r["month"], r["x"]) for r in judged))
    last = control.last
    target = control.target if metric.better != "neutral" else None
    counted = (control.met.count, control.met.of) if control.met is not None and control.assurance is None else None
    is_met = None if target is None or not points else meets(points[-1].value, target, metric.better)
    stands = control.level
    if stands is not None and stands.met is not None and stands.target is not None:
        target, counted, is_met = stands.target, (stands.met.count, stands.met.of), meets(stands.value, stands.target, metric.better)
    mean = "" if last is None or last["mean"] is None else figure(control, last["mean"], is_line=True)
    goal = "" if target is None else f"{target * 100:.4g} %"
    limits = [] if last is None else [figure(control, last[c], is_line=True) for c in ("lpl", "upl") if last[c] is not None]
    account = _account(released) if released is not None else []
    return Facts(
        indicator=metric.id,
        label=metric.label,
        name=control.name,
        better=metric.better,
        variation=control.variation,
        is_high=None if control.flag is None else control.flag in HIGH,
        assurance=control.assurance,
        target=goal,
        is_met=is_met,
        counted=counted,
        points=points,
        mean=mean,
        average=None if last is None else last["mean"],
        provisional=tuple(control.points.filter(control.points["is_provisional"])["month"].to_list()),
        is_time=metric.kind.is_time,
        is_stepped=_is_stepped(control),
        is_withheld=released is not None and _is_withheld(control, released),
        units=_units(by_unit) if by_unit is not None else (),
        shown=(*marked(points), *_most(points, control), mean, goal, *limits, *account, metric.label)
        + ((answer.standard.label,) if answer is not None and answer.standard else ()),
    )


def marked(points: Sequence[Point]) -> list[str]:
    """Of the months those that people compare: the last, the one before, the year before, the highest and the lowest."""
    if not points:
        return []
    return [p.said for p in (*points[-2:], *points[-13:-12], max(points, key=lambda p: p.value), min(points, key=lambda p: p.value))]


def _most(points: Sequence[Point], control: Control) -> list[str]:
    """Of a series that is not judged since it stands on one value: that value."""
    said = [p.said for p in points]
    return [max(set(said), key=said.count)] if control.unjudged and said else []


def _account(released: Answer) -> list[str]:
    """Counts and further figures of the last judged month, the one before, the year before, and of the months still arriving."""
    settled = [r for r in released.rows if not r["provisional"]]
    rows = [*settled[-2:], *settled[-13:-12], *(r for r in released.rows if r["provisional"])]
    known = [(c, r[c]) for r in rows for c in COUNTED if r.get(c) is not None]
    return [fmt.count(v) if c not in FIGURES else released.metric.kind.figure(v, c) for c, v in known]


def _leaves(control: Control, released: Answer | None, judged: Sequence[Row]) -> dict[date, float | None]:
    """What is charted of each judged month as it leaves."""
    if released is None:
        return {r["month"]: r["x"] for r in judged}
    return {r["month"]: r[control.column] for r in released.rows}


def _said(control: Control, value: float | None) -> str:
    return fmt.WITHHELD if value is None else figure(control, value)


def meets(value: float, target: float, better: str) -> bool:
    margin = 1e-9 * max(1.0, abs(target))
    return value >= target - margin if better == "up" else value <= target + margin


def _is_stepped(control: Control) -> bool:
    means = control.points.filter(~control.points["is_provisional"]).unique("group", keep="first", maintain_order=True)["mean"].drop_nulls().to_list()
    sign = {"up": 1, "down": -1, "neutral": 0}[control.metric.better]
    return len(means) > 1 and sign * (means[-1] - means[-2]) > 0


def _is_withheld(control: Control, released: Answer) -> bool:
    """Whether the last judged month has no figure in the answer that leaves, though the chart has one."""
    if control.last is None:
        return False
    row = next((r for r in released.rows if r["month"] == control.last["month"]), None)
    return row is None or row.get(control.column) is None


def _units(answer: Answer) -> tuple[Unit, ...]:
    """The units of an answer of a share with their intervals. Those of other kinds, and what a release withholds, stand without."""
    (dimension,) = answer.scope.by
    found = []
    for row in answer.rows:
        if row[dimension] is None:
            continue
        part, whole = row.get("numerator"), row.get("denominator")
        value = low = high = None
        if answer.metric.kind.is_share and part is not None and whole:
            value, (low, high) = part / whole, wilson(part, whole)
        found.append(Unit(answer.label(dimension, row[dimension]), value, low, high, (fmt.percent(value), fmt.percent(low), fmt.percent(high))))
    return tuple(found)


__all__ = ["Facts", "Point", "Unit", "facts_of", "marked"]
