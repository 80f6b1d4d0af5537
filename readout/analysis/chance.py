"""How often a steady series is flagged by chance, for the chart that is used: simulated by `benchmarks.signals`, which writes the figures."""

import tomllib
from functools import cache
from pathlib import Path

from readout.metrics.catalogue import Metric

SHARES = Path(__file__).parent.parent / "stats" / "chance.toml"


@cache
def shares() -> dict[str, dict[str, float]]:
    """The tables of `stats/chance.toml`: shares (0-1) of steady series whose last month is flagged, by kind of chart and by what else may move them."""
    return {name: {k: float(v) for k, v in table.items()} for name, table in tomllib.loads(SHARES.read_text("utf-8")).items()}


def kind_of(metric: Metric, limits: str) -> str:
    """The key of a chart in `shares()["steady"]`. `limits`: what a month is held against, as `Control.limits` has it; all lists have one figure, since
    what a list is held against is read from the list itself, and that reading errs too."""
    if metric.is_snapshot:
        return "list"
    if metric.spc in ("p_prime", "u_prime"):
        return "share"
    return "time" if metric.kind.is_time else f"count_{limits}"


def by_chance(metric: Metric, limits: str) -> float:
    """The share of steady series that a chart of this kind flags in their last month by chance alone."""
    return shares()["steady"][kind_of(metric, limits)]


__all__ = ["by_chance", "kind_of", "shares"]
