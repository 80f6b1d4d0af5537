"""The signals as a page shows them."""

from typing import Any

from readout import format as fmt
from readout import narrate_control
from readout.signals import Signals, signals
from readout.ui import engine
from readout.ui.frame import Page

KINDS = {"concern": "Concern", "improvement": "Improvement", "neutral": "Neither", "all": "All"}


def found(page: Page) -> Signals:
    """Every signal in the page's filters, kept between reruns; over every month of the extract."""
    where = {k: v for k, v in page.scope.where.items() if v}
    key = ("signals", str(engine.extracts()), page.store.extract.id, page.store.viewer.key, tuple(sorted(where.items())))
    kept: Signals = engine.answers().get(key, lambda: signals(page.store, where))
    return kept


def finding(s: Signals) -> str:
    """How many there are, beside what chance gives."""
    concern = sum(c.variation == "concern" for c in s.found)
    better = sum(c.variation == "improvement" for c in s.found)
    if not s.count_series:
        return "No series is long enough to judge in this choice of filters."
    return (
        f"{len(s.found)} of {s.count_series} series show special-cause variation in their last complete month: {concern} of concern, {better} of "
        f"improvement. Were every series steady, about {s.expected:.0f} would do so by chance, so read a single signal with its reason, "
        "and several together as a pattern."
    )


def rows(s: Signals, kind: str) -> list[dict[str, Any]]:
    """One row a signal."""
    shown = [c for c in s.found if kind == "all" or (c.variation or "").startswith(kind)]
    return [
        {
            "Indicator": c.metric.label,
            "Where": c.name,
            "Variation": narrate_control.variation_words(c),
            "Rule": narrate_control.rule(c),
            "Since": fmt.month(c.since) if c.since else "",
            "Latest": narrate_control.reading(c, c.last["x"]) if c.last else "",
            "Mean": narrate_control.reading(c, c.last["mean"]) if c.last else "",
            "Month": fmt.month(c.last["month"]) if c.last else "",
        }
        for c in shown
    ]


def account(s: Signals) -> str:
    """What was judged and what could not be."""
    parts = [f"{s.count_series} series judged", f"{s.count_short} too short to judge", f"{s.count_stale} without a figure in their last month"]
    parts += [f"{metric}: {why}" for metric, why in s.failed]
    return " · ".join([*parts, f"extract {s.extract_id}"])
