"""How much of the variation lies between sites: a median odds ratio of lateness and an intraclass correlation of turnaround, by quarter."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from math import log
from typing import Any

import numpy as np

from readout.engine.cache import Kept
from readout.metrics.answer import Answer
from readout.stats import variance
from readout.stats.variance import Spread

MIN_SITES = 3
_KEPT = Kept(200)  # words, chart, table and file of a page ask the same, and a fit takes half a second


def odds_ratios(late: Answer) -> tuple[Spread, ...]:
    """The median odds ratio of lateness between sites in each whole quarter of an answer by month, site and parts of the case mix.

    Each row's expected share is its offset, so what is left between sites is beyond their case mix. The last quarter is that of the last
    month that is no longer arriving; a month short of a quarter at the beginning is left out.
    """
    return _once(_odds_ratios, late)


def _odds_ratios(late: Answer) -> tuple[Spread, ...]:
    found = []
    for last, rows in _quarters(late):
        cells: dict[tuple[Any, ...], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
        for r in rows:
            cell = cells[tuple(r[d] for d in late.scope.by if d != "month")]
            for i, column in enumerate(("numerator", "denominator", "count_judged")):
                cell[i] += r[column]
        at = late.scope.by.index("site_code") - 1
        able = {k: v for k, v in cells.items() if 0 < v[1] < v[2] and k[at] is not None}
        sites = {k[at] for k in able}
        if len(sites) < MIN_SITES:
            continue
        share = [v[1] / v[2] for v in able.values()]
        fit = variance.random_intercept([k[at] for k in able], [v[0] for v in able.values()], [v[2] for v in able.values()], [log(p / (1 - p)) for p in share])
        if fit.sigma2 >= 0:
            value, low, high = (variance.median_odds_ratio(v) for v in (fit.sigma2, fit.low, fit.high))
            found.append(Spread(last, value, low, high, len(sites), sum(int(v[2]) for v in able.values()), sum(int(v[0]) for v in able.values())))
    return tuple(found)


def correlations(logs: Answer) -> tuple[Spread, ...]:
    """The intraclass correlation of the logarithm of turnaround between sites in each whole quarter of an answer by month and site. Reported rows only."""
    return _once(_correlations, logs)


def _correlations(logs: Answer) -> tuple[Spread, ...]:
    found = []
    for last, rows in _quarters(logs):
        sums: dict[str, np.ndarray[Any, Any]] = defaultdict(lambda: np.zeros(3))
        for r in rows:
            sums[r["site_code"]] += (r["denominator"], r["numerator"], r["sum_squares"])
        if len(sums) < MIN_SITES:
            continue
        n, total, squares = np.array(list(sums.values())).T
        parts = variance.one_way(n, total / n, np.maximum(0, squares - total**2 / n))
        found.append(Spread(last, parts.icc, parts.low, parts.high, len(sums), int(n.sum())))
    return tuple(found)


def _once(work_out: Callable[[Answer], tuple[Spread, ...]], answer: Answer) -> tuple[Spread, ...]:
    """Kept by the rows themselves: equal rows give equal points to anyone."""
    key = (work_out.__name__, answer.catalogue_hash, answer.scope, answer.frame.height, int(answer.frame.hash_rows().sum()), answer.provisional_months)
    found: tuple[Spread, ...] = _KEPT.get(key, lambda: work_out(answer))
    return found


def _quarters(answer: Answer) -> Iterable[tuple[date, list[dict[str, Any]]]]:
    """Three months each, back from the last that is complete everywhere, oldest first."""
    rows = [r for r in answer.rows if r["month"] is not None]
    open_months = {r["month"] for r in rows if r["provisional"]}
    months = sorted({r["month"] for r in rows} - open_months)
    whole = [months[i - 3 : i] for i in range(len(months), 2, -3)][::-1]
    return [(quarter[-1], [r for r in rows if r["month"] in quarter]) for quarter in whole]


__all__ = ["Spread", "correlations", "odds_ratios"]
