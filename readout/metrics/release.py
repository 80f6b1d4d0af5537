"""What of an answer's rows may leave under a profile: the one place where counts are withheld and rounded.

Under a profile that withholds (`least` above 0):
- Counts of individuals from 1 to least - 1 are withheld: null in the frame, `*` as text. Of a share also the numerator that would leave 1 to
  least - 1 of its denominator, for one is the other. 0 stays 0.
- Other counts are rounded to the nearest `round_to`, half up, the same count the same way everywhere.
- What would give a withheld count away is withheld beside it: see `stats.disclosure`, which attacks the table and all its totals.
- Ratios are made anew from the rounded counts; where either is withheld, so are they. Numbers that count nobody (working days, weighed to a tenth) stay.
- Medians and percentiles of fewer than `least_for_average`, and of a withheld number, are withheld, others rounded to a tenth of an hour.
- A survival curve falls in steps of `round_to` of its cohort, so that no step is one person.
- What belongs to one person (the longest wait) and further figures made from true counts (bounds, variances) are withheld.

Limits, flags and funnels are computed on true values, before a release and never from one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from readout.errors import ScopeError, UsageError
from readout.metrics import format as fmt
from readout.metrics.catalogue import Metric
from readout.metrics.release_policy import Profile
from readout.metrics.scope import DIMENSIONS, Scope, month_end, next_month
from readout.stats.disclosure import BESIDE, GONE, SHOWN, SMALL, Key, is_small, protect, rounded

AVERAGES = ("median_hours", "p90_hours", "p95_hours")
SHARES = ("still_waiting", "lower", "upper")


@dataclass(frozen=True)
class Cleared:
    """Rows as they may leave. `hidden`: what was withheld in them, by row number and column; the rest count cells and rows for the note."""

    frame: pl.DataFrame
    hidden: frozenset[tuple[int, str]]
    count_small: int
    count_beside: int
    count_gone: int


def check(scope: Scope, profile: Profile, metric: Metric) -> None:
    """Raise unless an answer of this metric and scope may leave at all."""
    if not may_compare(metric, profile):
        raise ScopeError(f"'{metric.label}' does not leave in the {profile.name} release: it rests on exact counts, which a rounded figure beside them would give away.")
    for name in (*scope.by, *scope.where):
        if name in profile.never:
            label = DIMENSIONS[name].label.lower() if name in DIMENSIONS else name.replace("_", " ")
            raise ScopeError(f"Figures by {label} do not leave in the {profile.name} release. Take {label} out of the breakdown and the filters.")
    if not profile.whole_months_only:
        return
    if scope.date_from and scope.date_from.day != 1:
        first = scope.date_from.replace(day=1)
        raise UsageError(f"The {profile.name} release is of whole months: begin on {fmt.day(first)} or {fmt.day(next_month(first))}, not on {fmt.day(scope.date_from)}.")
    if scope.date_to and scope.date_to != month_end(scope.date_to):
        before, after = scope.date_to.replace(day=1) - timedelta(days=1), month_end(scope.date_to)
        raise UsageError(f"The {profile.name} release is of whole months: end on {fmt.day(before)} or {fmt.day(after)}, not on {fmt.day(scope.date_to)}.")


def may_compare(metric: Metric, profile: Profile) -> bool:
    """False for a figure against the case mix where counts are rounded: what is expected is made of true counts, and would give the rounding away."""
    return not ("expected_alone" in metric.more and profile.round_to > 1)


def is_published(metric: Metric) -> bool:
    """True for figures that are public already: made of the national return alone, and not of our own records beside it."""
    return metric.national and all(table.startswith("national_") for table in metric.query.reads)


def least_of(scope: Scope, profile: Profile) -> int:
    """The smallest count of individuals that a scope may show."""
    is_sensitive = any(name in profile.sensitive for name in (*scope.by, *scope.where))
    return max(profile.least, profile.least_sensitive) if is_sensitive else profile.least


def counted(value: float | None, least: int, base: int) -> float | None:
    """One count as it may leave: None where it is small, else rounded."""
    return None if value is None or is_small(value, least) else rounded(value, base)


def clear(frame: pl.DataFrame, metric: Metric, scope: Scope, profile: Profile) -> Cleared:
    """The rows of an answer as they may leave under a profile; the columns and their types stay."""
    least, base = least_of(scope, profile), profile.round_to
    if is_published(metric) or not (least or base or profile.least_for_average):
        return Cleared(frame, frozenset(), 0, 0, 0)
    rows = frame.to_dicts()
    dimensions = [c for c in frame.columns if c in DIMENSIONS or c in scope.by]
    keys = [tuple(sorted((d, row[d]) for d in dimensions)) for row in rows]
    states = _states(rows, keys, metric, least, base)
    made: list[dict[str, Any]] = []
    hidden: list[set[str]] = []
    for row, key in zip(rows, keys, strict=True):
        state = {c: s[key] for c, s in states.items()}
        if GONE in state.values():
            continue
        new = _row(row, state, metric, least, base, profile.least_for_average)
        made.append(new)
        hidden.append({c for c, value in row.items() if value is not None and new[c] is None})
    every = [s for column in states.values() for s in column.values()]
    places = frozenset((i, c) for i, columns in enumerate(hidden) for c in columns)
    return Cleared(pl.DataFrame(made, schema=frame.schema), places, every.count(SMALL), every.count(BESIDE), len(rows) - len(made))


def _states(rows: Sequence[Mapping[str, Any]], keys: Sequence[Key], metric: Metric, least: int, base: int) -> dict[str, dict[Key, str]]:
    """What becomes of each count, by column and key. The rows of one curve share a key, and the counts of its cohort."""
    columns = [c for c in metric.kind.people if c != "count_at_risk"]
    firsts = {key: row for key, row in reversed(list(zip(keys, rows, strict=True)))}
    wholes = {part: whole for part, whole in metric.kind.wholes.items() if whole in columns}
    fixed = ("month",) if metric.is_snapshot or metric.kind.is_level else ()
    unique = list(firsts)
    found = protect(unique, {c: [firsts[k][c] for k in unique] for c in columns}, least=least, base=base, wholes=wholes, fixed=fixed)
    return {c: dict(zip(unique, states, strict=True)) for c, states in found.items()}


def _row(row: Mapping[str, Any], state: Mapping[str, str], metric: Metric, least: int, base: int, least_for_average: int) -> dict[str, Any]:
    new = dict(row)
    for column, fate in state.items():
        new[column] = rounded(row[column], base) if fate == SHOWN and row[column] is not None else None
        if isinstance(row[column], int) and new[column] is not None:
            new[column] = int(new[column])
    declared = metric.kind.roles
    for column in declared:
        is_made_of_exact = declared[column] == "statistic" or (column in metric.more and declared[column] != "plain")
        if column not in state and is_made_of_exact and least:
            new[column] = None
    if metric.kind.is_ratio:
        part, whole = new["numerator"], new["denominator"]
        new["value"] = part / whole if part is not None and whole else None
    elif metric.kind.is_time:
        few = new["n"] is None or row["n"] < least_for_average
        new |= {c: None if few or row[c] is None else round(row[c], 1) if base > 1 else row[c] for c in AVERAGES}
    elif metric.kind.is_curve:
        new |= _curve(row, new["n"], least, base, least_for_average)
    elif "value" not in state and least:
        new["value"] = None
    return new


def _curve(row: Mapping[str, Any], n: int | None, least: int, base: int, least_for_average: int) -> dict[str, Any]:
    """A point of a curve: its shares as whole numbers of the cohort under the rule of counts, its time to a tenth of an hour."""
    at_risk = counted(row["count_at_risk"], least, base)
    point: dict[str, Any] = {"count_at_risk": at_risk if at_risk is None else int(at_risk), "hours": round(row["hours"], 1) if base > 1 else row["hours"]}
    for column in SHARES:
        share = row[column]
        if share is None or not n or row["n"] < least_for_average:
            point[column] = None
            continue
        waiting = round(share * row["n"], 6)
        kept = counted(waiting, least, base)
        point[column] = None if kept is None or is_small(row["n"] - waiting, least) else min(1.0, kept / n) if base > 1 else share
    return point


def note(metric: Metric, cleared: Cleared, profile: Profile, least: int) -> str:
    """What was withheld and rounded, in words."""
    if is_published(metric):
        return "Published figures, unchanged."
    parts = []
    if least:
        few = f"{cleared.count_small} {'cell' if cleared.count_small == 1 else 'cells'}"
        beside = f", and {cleared.count_beside} more that would give them away" if cleared.count_beside else ""
        parts.append(f"counts of 1 to {least - 1}{', and what would leave so few of a whole,' if metric.kind.is_share else ''} are withheld ({few}{beside})")
    if profile.round_to > 1:
        parts.append(f"{'others' if least else 'counts'} rounded to the nearest {profile.round_to}")
    text = ", ".join(parts) or "counts are as they are"
    if parts and metric.kind.quotient and profile.round_to > 1:
        text += f"; {metric.kind.quotient} are of the rounded counts"
    if profile.least_for_average and metric.kind.is_time:
        text += f"; medians and percentiles of fewer than {profile.least_for_average} are withheld"
    if least and metric.kind.is_whole and "value" not in metric.kind.people:
        text += "; the figure is one person's, and is withheld"
    if cleared.count_gone:
        text += f"; {cleared.count_gone} {'row is' if cleared.count_gone == 1 else 'rows are'} left out, because even withheld they would tell"
    return f"{text[0].upper()}{text[1:]}."
