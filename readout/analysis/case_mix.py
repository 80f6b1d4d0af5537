"""Units beside what their own case mix would give: limits of chance, and which differ lastingly. Built from answers, for charts and words alike."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from readout import schema
from readout.metrics.answer import Answer
from readout.metrics.scope import month_end, previous_month
from readout.stats import funnel
from readout.stats.persistence import expected_false_alarms, persistent
from readout.stats.shrinkage import gamma_poisson

QUARTERS = 3
TAIL = funnel.P[0]  # a thousandth on either side: 99.8 %


@dataclass(frozen=True)
class Unit:
    """One site, or another unit, beside its expectation. Limits are of the ratio; None where there is none."""

    code: str
    observed: int
    expected: float
    n: int
    ratio: float | None
    unadjusted: float | None  # beside the rate of all together, whatever the case mix
    limits: tuple[float | None, ...]  # at .1, 2.5, 97.5 and 99.9 per cent of chance
    side: int  # 1 above the outer limits, -1 below, else 0
    unadjusted_side: int
    quarters: tuple[int, ...]  # the side in each of the last quarters, in order
    is_lasting: int  # 1 or -1 where outside on one side in two of the last three quarters
    share_alone: float  # of the expected, from strata that only one unit has
    is_comparable: bool = True  # False: its times fail a test; it is never lasting


@dataclass(frozen=True)
class Comparison:
    """`chance`: how many of so many like units would be outside the outer limits by chance in the period shown."""

    units: tuple[Unit, ...]
    chance: float


def event(answer: Answer) -> schema.Event:
    """What is counted of a report."""
    return schema.EVENTS[answer.metric.constants["measure"]]


def compared(answer: Answer, quarters: Sequence[Answer] = (), apart: Collection[str] = ()) -> Comparison:
    """The units of an answer beside what is expected of them, by one dimension, the largest first.

    Poisson limits where lateness is rare (under a tenth), else those of the binomial with the variance of the strata: see `stats.funnel`. `quarters`:
    the same question of each of the last quarters, oldest first; each has its own expectation. `apart`: codes of units whose times cannot be
    compared: they count in what is expected of all, and are called different in nothing.
    """
    (dimension,) = answer.scope.by
    rows = sorted((r for r in answer.rows if r["denominator"] and r[dimension] is not None), key=lambda r: -r["count_judged"])
    if not rows:
        return Comparison((), 0.0)
    # What all of the network together are like: a filter of units does not change it.
    rate = rows[0]["expected_unadjusted"] / rows[0]["count_judged"]
    is_rare = rate < funnel.RARE
    limits, sides = _judged(rows, is_rare)
    plain = [{**r, "denominator": r["expected_unadjusted"], "variance": r["count_judged"] * rate * (1 - rate)} for r in rows]
    _, plain_sides = _judged(plain, is_rare)
    past = [_sides_by(a, dimension) for a in quarters]
    units = []
    for r, limit, side, plain_side in zip(rows, limits, sides, plain_sides, strict=True):
        code = r[dimension]
        seen = [p.get(code) for p in past]
        lasting = int(persistent([float("nan") if s is None else s for s in seen])) if seen and code not in apart else 0
        units.append(
            Unit(
                code=code,
                observed=r["numerator"],
                expected=r["denominator"],
                n=r["count_judged"],
                ratio=r["value"],
                unadjusted=r["numerator"] / r["expected_unadjusted"] if r["expected_unadjusted"] else None,
                limits=limit,
                side=side,
                unadjusted_side=plain_side,
                quarters=tuple(s or 0 for s in seen),
                is_lasting=lasting,
                share_alone=r["expected_alone"] / r["denominator"],
                is_comparable=code not in apart,
            )
        )
    return Comparison(tuple(units), expected_false_alarms(len(units), 2 * TAIL))


@dataclass(frozen=True)
class Estimate:
    """The best guess of a unit's ratio: drawn towards all units together the more, the less is expected of it. With a 95 % interval."""

    code: str
    n: int
    ratio: float
    best: float
    low: float
    high: float


def last_quarters(months: Answer) -> list[tuple[date, date]]:
    """First and last day of each of the last three times three months that are complete and old enough, oldest first; `months`: by month."""
    settled = [r["month"] for r in months.rows if not r["provisional"]]
    found: list[tuple[date, date]] = []
    while settled and len(found) < QUARTERS:
        last = previous_month(found[-1][0]) if found else max(settled)
        first = previous_month(previous_month(last))
        if first < min(settled):
            break
        found.append((first, month_end(last)))
    return found[::-1]


def estimates(answer: Answer) -> tuple[Estimate, ...]:
    """Gamma-Poisson estimates of a rare event by unit, the largest unit first; none where the event is not rare (a tenth or more)."""
    (dimension,) = answer.scope.by
    rows = sorted((r for r in answer.rows if r["denominator"] and r[dimension] is not None), key=lambda r: -r["count_judged"])
    if len(rows) < 2 or rows[0]["expected_unadjusted"] / rows[0]["count_judged"] >= funnel.RARE:
        return ()
    found = gamma_poisson([r["numerator"] for r in rows], [r["denominator"] for r in rows])
    return tuple(
        Estimate(r[dimension], r["count_judged"], r["value"], float(best), float(low), float(high))
        for r, best, low, high in zip(rows, found.theta, found.low, found.high, strict=True)
    )


def _sides_by(answer: Answer, dimension: str) -> dict[str, int]:
    rows = [r for r in answer.rows if r["denominator"] and r[dimension] is not None]
    if not rows:
        return {}
    is_rare = rows[0]["expected_unadjusted"] / rows[0]["count_judged"] < funnel.RARE
    return dict(zip((r[dimension] for r in rows), _judged(rows, is_rare)[1], strict=True))


def _judged(rows: Sequence[dict[str, Any]], is_rare: bool) -> tuple[list[tuple[float | None, ...]], list[int]]:
    """The limits of each row's ratio and its side of the outer ones."""
    observed, expected, variance = ([float(r[c]) for r in rows] for c in ("numerator", "denominator", "variance"))
    if is_rare:
        limits, sides = funnel.poisson_limits(expected), funnel.poisson_sides(observed, expected, TAIL)
    else:
        limits, sides = funnel.mixed_limits(expected, variance), funnel.mixed_sides(observed, expected, variance, TAIL)
    return [tuple(None if v != v else float(v) for v in row) for row in limits], [int(s) for s in sides]


__all__ = ["Comparison", "Estimate", "Unit", "compared", "estimates", "event", "last_quarters"]
