"""Since when the last point of a chart breaks its rule, and whether a shift has lasted; `readout.analysis.control` turns points into months."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from readout.stats.spc_rules import BURST_HIGH, BURST_LOW, HIGH, RECORD, slack

LASTING = 9  # points on one side of the mean after which new limits are suggested


def since(chart: pl.DataFrame, flag: str | None) -> int | None:
    """The first point (from 0) of the run that breaks the rule of the last one: of a shift the first on its side of the mean, of a trend its foot, of
    two of three the first of the points that made it; of a record the point itself."""
    if flag is None:
        return None
    rows = chart.rows(named=True)
    last = max(i for i, r in enumerate(rows) if r["x"] is not None)
    sign = 1 if flag in HIGH else -1
    if flag in (RECORD, BURST_HIGH, BURST_LOW):
        return last
    if flag.startswith("two"):
        return _first_of_two(rows, last, sign)

    def goes_on(i: int) -> bool:
        earlier, later = rows[i - 1], rows[i]
        if earlier["x"] is None or earlier["group"] != later["group"]:
            return False
        if flag.startswith("shift"):
            return earlier["mean"] is not None and bool(sign * (earlier["x"] - earlier["mean"]) > slack(earlier["mean"]))
        if flag.startswith("trend"):
            return bool(sign * (later["x"] - earlier["x"]) > 0)
        return bool(earlier["flag"] == flag)

    first = last
    while first > 0 and goes_on(first):
        first -= 1
    return first


def _first_of_two(rows: Sequence[Mapping[str, Any]], last: int, sign: int) -> int:
    """The first of the points close to a limit that are linked to the last one by stretches of three on its side of what they are held against."""
    near, limit = ("near_upper", "upl") if sign > 0 else ("near_lower", "lpl")
    middle = "expected" if "expected" in rows[last] else "mean"

    def beyond(i: int, line: str) -> bool:
        r = rows[i]
        if r["x"] is None or r["group"] != rows[last]["group"] or r[line] is None:
            return False
        return bool(sign * (r["x"] - r[line]) > slack(r["mean"]))

    def linked(i: int, j: int) -> bool:
        """Whether a stretch of three on one side holds two points, of which j is the earlier."""
        return any(all(beyond(k, middle) for k in (s, s + 1, s + 2)) for s in range(max(0, i - 2), j + 1) if s + 2 <= last)

    first = last
    while close := [j for j in range(max(0, first - 2), first) if beyond(j, near) and not beyond(j, limit) and linked(first, j)]:
        first = close[0]
    return first


def lasting_shift(chart: pl.DataFrame) -> int | None:
    """Where new limits might start: the first point (from 0) of a shift that has lasted and goes on. A suggestion: nothing is changed by it."""
    xs, means = chart["x"].to_list(), chart["mean"].to_list()
    side, start, length = 0, 0, 0
    for i, (x, mean) in enumerate(zip(xs, means, strict=True)):
        now = 0 if x is None or mean is None or abs(x - mean) <= slack(mean) else 1 if x > mean else -1
        length, start = (length + 1, start) if now and now == side else (1 if now else 0, i)
        side = now
    return start if side and length >= LASTING and start > 0 else None


__all__ = ["LASTING", "lasting_shift", "since"]
