"""How often control charts call noise a signal, and how soon they see a real change, on seeded series whose truth is known.

    python -m benchmarks.signals [--series N]     # 60 of a kind unless told, which takes under a minute
    python -m benchmarks.signals --write          # also writes what pages say of chance: readout/stats/chance.toml

Every series goes through `readout.analysis.control.control`, as an answer by month of a metric of the catalogue does: what is not judged is not flagged.
A false signal is a last month that breaks a rule although nothing changed. Power is the share of changes that are flagged to the right side within
six months, with what was known then; for a list that doubles in 24 months, by its end.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from readout.analysis import chance
from readout.analysis.control import Control, control
from readout.metrics.answer import Answer
from readout.metrics.catalogue import load_catalogue
from readout.metrics.release_policy import load_policy
from readout.metrics.scope import Scope, months_between
from readout.stats.spc import HIGH

SEED, SERIES, MONTHS, SOON = 2026, 60, 36, 6
START = date(2023, 10, 1)
LEAST_JUDGED = 0.5  # of a kind of which fewer are judged, chance is not averaged in
Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator], Floats]


@dataclass(frozen=True)
class Null:
    """A kind of steady series: `draw` gives its values, or for a share its numerators of `n`. `key`: what pages say of chance for it."""

    name: str
    metric: str
    key: str
    draw: Draw
    n: int = 0
    limits: str = "mean"


def answer_of(metric_id: str, values: Floats, n: int = 0, arriving: int = 0) -> Answer:
    """An answer by month with values of our own, one a month: of a share its numerators of `n`, of a time its 90th percentiles of `n`."""
    catalogue = load_catalogue()
    metric = catalogue.metric(metric_id)
    rows = []
    for i, (month, value) in enumerate(zip(months_between(START, date(2099, 1, 1)), values, strict=False)):
        row: dict[str, Any] = {"month": month, "provisional": i >= len(values) - arriving}
        if metric.kind.is_time:
            row |= {"n": n or 100, "count_unreported": 0, "median_hours": value / 2, "p90_hours": value, "p95_hours": value}
        elif metric.kind.is_share:
            row |= {"numerator": int(value), "denominator": n, "value": value / n}
        elif metric.kind.is_ratio:
            row |= {"numerator": int(value), "denominator": 21, "value": value / 21}
        else:
            row |= {"value": value}
        rows.append(row)
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return Answer(metric, Scope(("month",)), "all, by month", frame, None, (), None, "x", {}, (), {}, None, {}, "x", "UTC", load_policy())


def flagged(null: Null, values: Floats) -> Control:
    return control(answer_of(null.metric, values, null.n), limits=null.limits)


def remembering(phi: float, *, level: float = 250.0, sd: float = 16.0) -> Draw:
    """A list whose month ends have a lag-1 autocorrelation; at 1 a random walk."""

    def draw(rng: np.random.Generator) -> Floats:
        walk = np.cumsum(rng.normal(0, 0.44, MONTHS)) if phi >= 1 else _memory(rng, phi)
        return np.maximum(np.round(level + sd * walk), 0)

    return draw


def shares(p: float, n: int) -> Draw:
    return lambda rng: rng.binomial(n, p, MONTHS).astype(np.float64)


def times(n: int, sigma: float = 1.0) -> Draw:
    """The 90th percentile of so many skewed (lognormal) times a month."""
    return lambda rng: np.quantile(np.exp(rng.normal(2.5, sigma, (MONTHS, n))), 0.9, axis=1)


def whole_days(zero: float) -> Draw:
    """A 90th percentile of a wait in whole days that is 0 with a chance, else 1 or 2."""
    return lambda rng: np.where(rng.random(MONTHS) < zero, 0.0, 24.0 * rng.integers(1, 3, MONTHS))


def work(mean: float, *, season: float = 0.0, growth: float = 0.0, phi: float = 0.0) -> Draw:
    """Examinations a month: Poisson about a mean that may have a yearly season, grow by a share a year, or remember the month before."""

    def draw(rng: np.random.Generator) -> Floats:
        months = np.arange(MONTHS)
        expected = mean * (1 + season * np.sin(2 * np.pi * (months + rng.integers(12)) / 12)) * (1 + growth) ** (months / 12)
        if phi:
            return np.round(expected * (1 + 0.03 * _memory(rng, phi)))
        return rng.poisson(np.maximum(expected, 0)).astype(np.float64)

    return draw


def _memory(rng: np.random.Generator, phi: float) -> Floats:
    """Months of mean 0 and standard deviation 1 with a lag-1 autocorrelation."""
    noise = rng.normal(0, 1, MONTHS + 60)
    x = np.zeros(MONTHS + 60)
    for t in range(1, len(x)):
        x[t] = phi * x[t - 1] + sqrt(1 - phi**2) * noise[t]
    return x[60:]


def nulls() -> Iterator[Null]:
    """What may be called a signal by mistake."""
    for p, n in ((0.98, 5), (0.99, 20), (0.995, 80), (0.98, 100), (0.97, 50), (0.9, 40), (0.9, 400), (0.85, 2_000), (0.5, 12)):
        yield Null(f"share {p:g}, n {n}", "within_28_days", "share", shares(p, n), n)
    for p, n in ((0.002, 400), (0.005, 400), (0.05, 300)):
        yield Null(f"addenda {p:g}, n {n}", "addendum_rate", "share", shares(p, n), n)
    for zero in (0.97, 0.94, 0.9, 0.7, 0.5):
        yield Null(f"whole days, 0 with chance {zero:g}", "request_to_exam", "time", whole_days(zero), 40)
    for n in (12, 30, 200):
        yield Null(f"P90 of {n} skewed times", "exam_to_report", "time", times(n), n)
    for mean in (0.1, 0.3, 1, 2, 5, 20):
        yield Null(f"list of mean {mean:g}, Poisson", "unreported", "list", lambda rng, m=mean: rng.poisson(m, MONTHS).astype(np.float64))  # type: ignore[misc]
    for phi in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0):
        yield Null(f"list, autocorrelation {phi:g}", "unreported", "list", remembering(phi))
    for limits in ("mean", "year", "trend"):
        yield Null(f"work, steady, {limits}", "activity_per_working_day", f"count_{limits}", work(1_000), limits=limits)


def moved() -> Iterator[tuple[str, Null]]:
    """What is no signal and yet moves a chart: said beside it, with what the other limits do."""
    kinds = {
        "season_3": {"season": 0.03},
        "season_5": {"season": 0.05},
        "growth_3": {"growth": 0.03},
        "season_5_growth_3": {"season": 0.05, "growth": 0.03},
        "autocorrelation": {"phi": 0.4},
    }
    for limits in ("mean", "year", "trend"):
        for key, kind in kinds.items():
            yield key, Null(f"work, {key.replace('_', ' ')}, {limits}", "activity_per_working_day", f"moved_{limits}", work(2_000, **kind), limits=limits)


@dataclass(frozen=True)
class Rate:
    flagged: float
    judged: float
    by_kind: dict[str, tuple[int, int]]  # of a list: by what it was judged against, flagged and all


def false_signals(null: Null, series: int) -> Rate:
    """The share of series flagged in their last month, of all; and the share that was judged at all."""
    rng = np.random.default_rng([SEED, abs(hash_of(null.name))])
    made = [flagged(null, null.draw(rng)) for _ in range(series)]
    kinds = {k: (sum(c.is_special for c in made if c.limits == k), sum(c.limits == k for c in made)) for k in {c.limits for c in made}}
    return Rate(sum(c.is_special for c in made) / series, sum(not c.unjudged for c in made) / series, kinds)


def hash_of(name: str) -> int:
    """The same number for a name on every machine."""
    return sum(ord(c) * 31**i for i, c in enumerate(name)) % 2**31


def changes() -> Iterator[tuple[str, Null, Callable[[Floats], Floats], int]]:
    """What should be seen: a steady series, the change laid on it from its last months on, and in how many months."""
    for phi in (0.0, 0.5, 0.9):
        null = Null("", "unreported", "list", remembering(phi))
        for up in (0.1, 0.2, 0.3):
            yield f"list, autocorrelation {phi:g}, lasting +{up:.0%}", null, _step(250 * up), SOON
        yield f"list, autocorrelation {phi:g}, doubling in 24 months", null, lambda x: np.round(x * 2 ** (np.clip(np.arange(MONTHS) - 11, 0, None) / 24)), 24
    for limits in ("mean", "year", "trend"):
        for up in (0.1, 0.2, 0.3):
            null = Null("", "activity_per_working_day", "", work(1_000), limits=limits)
            yield f"work of 1,000 a month, {limits}, lasting +{up:.0%}", null, _step(1_000 * up), SOON
    for n in (40, 400):
        for late in (0.1, 0.2, 0.3):
            null = Null("", "within_28_days", "share", shares(0.9, n), n)
            yield f"share .9 of {n}, {late:.0%} fewer in time", null, lambda x, a=late: np.round(np.where(np.arange(MONTHS) >= MONTHS - SOON, x * (1 - a), x)), SOON  # type: ignore[misc]
    for up in (0.1, 0.2, 0.3):
        null = Null("", "exam_to_report", "time", times(200), 200)
        yield f"P90 of 200 times, lasting +{up:.0%}", null, lambda x, a=up: np.where(np.arange(MONTHS) >= MONTHS - SOON, x * (1 + a), x), SOON  # type: ignore[misc]


def _step(size: float) -> Callable[[Floats], Floats]:
    return lambda x: x + np.where(np.arange(MONTHS) >= MONTHS - SOON, size, 0)


def power(name: str, null: Null, change: Callable[[Floats], Floats], within: int, series: int) -> float:
    """The share of changed series flagged within so many months, as each month's chart would have shown it."""
    rng = np.random.default_rng([SEED, hash_of(name)])
    found = 0
    wanted_high = "fewer" not in name
    for _ in range(series):
        values = change(null.draw(rng))
        ends = range(MONTHS - within + 1, MONTHS + 1)
        found += any((c := flagged(null, values[:end])).flag is not None and (c.flag in HIGH) == wanted_high for end in ends)
    return found / series


def steady(series: int) -> dict[str, float]:
    """The nulls printed, and what is said of chance for each kind of chart: the mean of what is judged, and at least half of the worst."""
    print(f"False signals: of {series} steady series of {MONTHS} months each, % judged and % flagged in the last month")
    found: dict[str, list[Rate]] = {}
    for null in nulls():
        rate = false_signals(null, series)
        found.setdefault(null.key, []).append(rate)
        kinds = "  ".join(f"{k} {a} of {n}" for k, (a, n) in sorted(rate.by_kind.items())) if null.key == "list" else ""
        print(f"  {null.name:36} {rate.judged:6.0%} {rate.flagged:8.1%}   {kinds}")
    return {k: max(float(np.mean([r.flagged for r in rates if r.judged >= LEAST_JUDGED])), max(r.flagged for r in rates) / 2) for k, rates in found.items()}


def alone(series: int) -> dict[str, dict[str, float]]:
    """What a season, growth or memory does by itself to charts of work, printed, by limits."""
    print("Flagged in the last month by a season, growth or memory alone, %")
    found: dict[str, dict[str, float]] = {}
    for key, null in moved():
        found.setdefault(null.key, {})[key] = false_signals(null, series).flagged
        print(f"  {null.name:44} {found[null.key][key]:8.1%}")
    return found


def seen(series: int) -> None:
    print(f"Power: of {series} changes each, % flagged to the right side")
    for name, null, change, within in changes():
        print(f"  {name:52} {power(name, null, change, within, series):6.0%} within {within} months")


def written(tables: dict[str, dict[str, float]], series: int) -> str:
    """The text of `readout/stats/chance.toml`."""
    lines = [f"# Written by benchmarks/signals.py --write, of {series} series of {MONTHS} months each: the share flagged in the last month."]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{k} = {v:.3f}" for k, v in table.items())]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=SERIES, help="steady series of each kind; of a change a fifth as many")
    parser.add_argument("--write", action="store_true", help="write readout/stats/chance.toml, and measure no power")
    asked = parser.parse_args()
    tables = {"steady": steady(asked.series), **alone(asked.series)}
    if asked.write:
        chance.SHARES.write_text(written(tables, asked.series), "utf-8")
        return
    print("Said on pages: " + ", ".join(f"{k} {v:.1%}" for k, v in chance.shares()["steady"].items()))
    seen(max(20, asked.series // 5))


if __name__ == "__main__":
    main()
