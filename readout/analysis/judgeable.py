"""Which series a control chart cannot judge, and why, in words. A chart of one of these calls noise a signal, mostly an improvement.

Counted is the rarer side of a share: where nearly every examination is in time it is the late ones that are few. A series that stands on one value for
half of its months, or takes fewer than a handful of values, has long runs on one side of its mean whatever happens.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import polars as pl

from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.catalogue import Metric

A = TypeVar("A", bound=Answer)

Row = Mapping[str, Any]
LEAST_TIMED = 10  # examinations of a month whose 90th percentile is charted: of fewer it is the longest of them
LEAST_EVENTS = 1.0  # of the rarer side in a month, on average
LEAST_VALUES = 4  # different figures in a series of a year or more
LEAST_MONTHS = 12
TOO_FEW = "too few for a month to say anything"


def why_not(metric: Metric, column: str, settled: Sequence[Row], values: Sequence[float | None]) -> str:
    """Why a series of complete months is not judged, the reason in short before any colon; empty where it can be. `values`: what is charted of each."""
    return _few_events(metric, settled) or _few_values(metric, column, values)


def _few_events(metric: Metric, settled: Sequence[Row]) -> str:
    """Too few of what a share or rate counts, or of what it does not."""
    if metric.spc not in ("p_prime", "u_prime") and not metric.kind.is_share:
        return ""
    rows = [r for r in settled if r.get("denominator")]
    counted = sum(r["numerator"] or 0 for r in rows)
    rest = sum(r["denominator"] - (r["numerator"] or 0) for r in rows)
    if metric.kind.is_share and rest < min(counted, LEAST_EVENTS * len(rows)):
        what = "missed it" if metric.better == "up" else "were not counted"
        return f"{f'only {fmt.count(rest)}' if rest else 'none'} of {fmt.count(counted + rest)} {what} in {_months(len(rows))}: {TOO_FEW}"
    if rows and counted < LEAST_EVENTS * len(rows):
        return f"fewer than {LEAST_EVENTS:.0f} a month on average: {TOO_FEW}"
    return ""


def _few_values(metric: Metric, column: str, values: Sequence[float | None]) -> str:
    """Half of the months or more on one value, or hardly any different values."""
    known = [round(v, 9) for v in values if v is not None]
    if len(known) < 2:
        return ""  # no limits yet, which is said as such
    seen = Counter(known)
    value, times = seen.most_common(1)[0]
    if 2 * times >= len(known) and times > 1:
        return f"{times} of {len(known)} months are {metric.kind.figure(value, column)}"
    if len(known) >= LEAST_MONTHS and len(seen) < LEAST_VALUES:
        return f"its {len(known)} months have only {len(seen)} different figures"
    return ""


def _months(count: int) -> str:
    return f"{count} month{'' if count == 1 else 's'}"


def with_enough(answer: A) -> A:
    """An answer of times without the rows of fewer than LEAST_TIMED examinations: of so few the 90th percentile is the longest of them.

    A row whose count a release withholds stays: its times are withheld too. Answers of other kinds come back as they are.
    """
    if not answer.metric.kind.is_time:
        return answer
    return replace(answer, frame=answer.frame.filter(pl.col("n").is_null() | (pl.col("n") >= LEAST_TIMED)))


__all__ = ["LEAST_EVENTS", "LEAST_TIMED", "LEAST_VALUES", "why_not", "with_enough"]
