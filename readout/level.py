"""Where a list stands: its level, beside the change over the month that it is judged by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from readout import format as fmt
from readout.catalogue import Metric, Standard
from readout.stats.spc import Met

GROWN = 1.5  # times a year before: a list that stands so at its highest is to be looked at, whatever its last change
HIGHEST = "the highest of all month ends"


@dataclass(frozen=True)
class Level:
    """The level of a list at its last complete month end.

    `before`: a year before; None where it is not known. `is_peak`: no complete month end before was as high. `target`: what the
    level of a share is to meet, and `met` in how many of its month ends it did.
    """

    metric: Metric
    month: date
    value: float
    before: float | None
    is_peak: bool
    target: float | None = None
    met: Met | None = None

    @property
    def is_highest(self) -> bool:
        """Whether the list stands higher than at any complete month end before, and by half as much again as a year before."""
        return bool(self.is_peak and self.before is not None and self.metric.better == "down" and self.value >= GROWN * self.before)

    @property
    def beside(self) -> tuple[str, ...]:
        """What stands beside the figure, a line each."""
        lines = [HIGHEST] if self.is_highest else []
        return (*lines, f"against {self._said(self.before)} a year before") if self.before is not None else ()

    def words(self) -> str:
        """`427, the highest of all month ends, against 178 a year before`; empty where no year before is known."""
        return ", ".join([self._said(self.value), *self.beside]) if self.beside else ""

    def _said(self, value: float) -> str:
        return fmt.figure(self.metric, "value", value)


def level(metric: Metric, standard: Standard | None, rows: Iterable[Mapping[str, Any]]) -> Level | None:
    """The level of a list, of its rows by month; None for what is no list, and where no complete month has a figure."""
    if not metric.is_snapshot:
        return None
    settled = sorted((r["month"], r["value"]) for r in rows if r["month"] is not None and not r["provisional"] and r.get("value") is not None)
    if not settled:
        return None
    month, value = settled[-1]
    earlier = [v for _, v in settled[:-1]]
    before = dict(settled).get(month.replace(year=month.year - 1))
    target, met = None, None
    if metric.is_share and standard is not None and standard.target is not None and standard.better in ("up", "down"):
        target, sign = standard.target, 1 if standard.better == "up" else -1
        met = Met(sum(sign * v >= sign * target for _, v in settled), len(settled))
    return Level(metric, month, value, before, bool(earlier) and value > max(earlier), target, met)


__all__ = ["GROWN", "HIGHEST", "Level", "level"]
