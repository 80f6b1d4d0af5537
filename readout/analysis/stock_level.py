"""Where a list stands: its level, beside a year before, and whether it is the highest of all month ends."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

from readout.metrics.catalogue import Metric, Standard
from readout.stats.spc import Met

GROWN = 1.25  # times a year before, and by more than chance: a list that stands so at its highest is a signal, whatever its limits say
BEYOND = 2.58  # standard deviations that two counts of one size differ by once in a hundred
HIGHEST = "the highest of all month ends"


@dataclass(frozen=True)
class Level:
    """The level of a list at its last complete month end.

    `before`: a year before; None where it is not known. `is_peak`: no complete month end before was as high. `target`: what the
    level of a share is to meet, and `met` in how many of its month ends it did. `is_highest`: the highest of all, and well above a year before.
    """

    metric: Metric
    month: date
    value: float
    before: float | None
    is_peak: bool
    target: float | None = None
    met: Met | None = None
    is_highest: bool = False

    @property
    def beside(self) -> tuple[str, ...]:
        """What stands beside the figure, a line each."""
        lines = [HIGHEST] if self.is_highest else []
        return (*lines, f"against {self._said(self.before)} a year before") if self.before is not None else ()

    def words(self) -> str:
        """`427, the highest of all month ends, against 178 a year before`; empty where no year before is known."""
        return ", ".join([self._said(self.value), *self.beside]) if self.beside else ""

    def _said(self, value: float) -> str:
        return self.metric.kind.figure(value)


def level(metric: Metric, standard: Standard | None, rows: Iterable[Mapping[str, Any]]) -> Level | None:
    """The level of a list, of its rows by month; None for what is no list, and where no complete month has a figure."""
    if not metric.is_snapshot:
        return None
    settled = sorted((r for r in rows if r["month"] is not None and not r["provisional"] and r.get("value") is not None), key=lambda r: r["month"])
    if not settled:
        return None
    last = settled[-1]
    month, value = last["month"], last["value"]
    earlier = [r["value"] for r in settled[:-1]]
    before = {r["month"]: r["value"] for r in settled}.get(month.replace(year=month.year - 1))
    target, met = None, None
    if metric.kind.is_share and standard is not None and standard.target is not None and standard.better in ("up", "down"):
        target, sign = standard.target, 1 if standard.better == "up" else -1
        met = Met(sum(sign * r["value"] >= sign * target for r in settled), len(settled))
    is_highest = month in records(metric, settled)
    return Level(metric, month, value, before, bool(earlier) and value > max(earlier), target, met, is_highest)


def records(metric: Metric, settled: Sequence[Mapping[str, Any]]) -> set[date]:
    """The complete month ends at which a list stood higher than ever before and well above a year before, by more than two such counts differ by
    chance. `settled`: its rows, oldest first. None of a list that is not better short."""
    if not metric.is_snapshot or metric.better != "down":
        return set()
    known = {r["month"]: r for r in settled if r.get("value") is not None}
    found, most = set(), None
    for month, row in known.items():
        before = known.get(month.replace(year=month.year - 1))
        if most is not None and row["value"] > most and before is not None and _is_well_above(metric, row, before):
            found.add(month)
        most = row["value"] if most is None else max(most, row["value"])
    return found


def _is_well_above(metric: Metric, row: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    now, then = row["value"], before["value"]
    if now < GROWN * then:
        return False
    if metric.kind.is_share and row.get("denominator") and before.get("denominator"):
        n, m = row["denominator"], before["denominator"]
        together = (now * n + then * m) / (n + m)
        return bool(now - then > BEYOND * sqrt(together * (1 - together) * (1 / n + 1 / m)))
    return bool(metric.kind.is_share or now - then > BEYOND * sqrt(now + then))


__all__ = ["GROWN", "HIGHEST", "Level", "level", "records"]
