"""Everything special-cause in the last judged month: over metrics, for the network, each site, modality and pathway, beside what chance gives.

Times are judged pathway by pathway, for the network and within each site and modality.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from readout.analysis.chance import by_chance
from readout.analysis.control import Control, control, controls, rebases_of
from readout.engine.store import Store
from readout.errors import ReadoutError
from readout.metrics.answer import ask
from readout.metrics.catalogue import Catalogue, Metric, load_catalogue
from readout.metrics.scope import Scope
from readout.stats.spc import RULES

UNITS = ("network", "site_code", "modality", "pathway")
FEWEST = 12  # judged months: fewer give trial limits, and no signal is raised on those


@dataclass(frozen=True)
class Signals:
    """`found`: the series whose last judged month breaks a rule. `count_series`: how many were judged. `expected`: how many would by chance alone, were
    all steady, for the charts they have (see `readout.analysis.chance`). `count_short`: series too short to judge, or that cannot be (see `judgeable`).
    `count_stale`: series without a figure in their last month, such as a quantile not yet reached. `failed`: metrics that could not be asked, and why.
    """

    found: tuple[Control, ...]
    count_series: int
    count_short: int
    count_stale: int
    expected: float
    extract_id: str
    failed: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What `readout signals --format json` prints."""
        return {
            "signals": [plain(c) for c in self.found],
            "series_judged": self.count_series,
            "series_too_short": self.count_short,
            "series_without_a_last_figure": self.count_stale,
            "expected_by_chance": round(self.expected, 2),
            "extract_id": self.extract_id,
            "failed": [{"metric": m, "reason": why} for m, why in self.failed],
        }


def plain(c: Control) -> dict[str, Any]:
    """One signal as plain values."""
    last = c.last or {}
    return {
        "metric": c.metric.id,
        "label": c.metric.label,
        **{d: c.unit.get(d) for d in UNITS[1:]},
        "month": last["month"].isoformat() if last else None,
        "variation": c.variation,
        "rule": c.flag,
        "rule_words": RULES.get(c.flag or "", ""),
        "since": c.since.isoformat() if c.since else None,
        "value": last.get("x"),
        "mean": last.get("mean"),
        "lower_limit": last.get("lpl"),
        "upper_limit": last.get("upl"),
        "assurance": c.assurance,
        "target": c.target,
        "chart": c.chart,
        "judged_against": c.limits,
        "by_chance": by_chance(c.metric, c.limits),
        "column": c.column,
        "rebase_suggested": c.suggestion.isoformat() if c.suggestion else None,
    }


def signals(
    store: Store,
    where: Mapping[str, Sequence[str]] | None = None,
    *,
    units: Sequence[str] = UNITS,
    catalogue: Catalogue | None = None,
    until: date | None = None,
) -> Signals:
    """Judge every series that the catalogue charts. `where`: filters, each used by the metrics that have it. `until`: the last day spoken of."""
    catalogue = catalogue or load_catalogue()
    rebases = rebases_of(store.extract.manifest)
    judged: list[Control] = []
    failed: list[tuple[str, str]] = []
    short = stale = 0
    for metric in catalogue.metrics.values():
        if metric.spc == "none":
            continue
        kept = {k: tuple(v) for k, v in (where or {}).items() if k in metric.dimensions}
        if where and set(kept) != {k for k, v in where.items() if v}:
            continue  # a metric without the filter would answer for more than was asked
        try:
            for by in _breakdowns(metric, kept, units):
                answer = ask(metric.id, Scope(("month", *by), kept, None, until), store, catalogue)
                found = controls(answer, rebases) if by else [control(answer, rebases)]
                long = [c for c in found if c.count_judged >= FEWEST and (not c.unjudged or c.is_special)]
                now = [c for c in long if c.is_current]
                short += len(found) - len(long)
                stale += len(long) - len(now)
                judged += now
        except ReadoutError as e:
            failed.append((metric.id, str(e)))
    special = sorted((c for c in judged if c.is_special), key=_worst_first)
    expected = sum(by_chance(c.metric, c.limits) for c in judged)
    return Signals(tuple(special), len(judged), short, stale, expected, store.extract.id, tuple(failed))


def _breakdowns(metric: Metric, where: Mapping[str, Sequence[str]], units: Sequence[str]) -> list[tuple[str, ...]]:
    """How a metric is cut into series. A time only within a pathway: over several a quantile mixes hours with weeks, and moves with their mix."""
    found: list[tuple[str, ...]] = [() if unit == "network" else (unit,) for unit in units if unit == "network" or unit in metric.dimensions]
    if metric.kind.is_time and len(where.get("pathway", ())) != 1:
        found = [(*(d for d in by if d != "pathway"), "pathway") for by in found]
    return list(dict.fromkeys(found))


def _worst_first(c: Control) -> tuple[int, int, str, str]:
    order = {"concern": 0, "improvement": 1}
    return order.get(c.variation or "", 2), len(c.unit), c.metric.label, c.name


__all__ = ["Signals", "plain", "signals"]
