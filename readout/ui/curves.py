"""Curves of who still waits, by what the reader chooses: units of the page, every pathway at once, or months beside those of a year before."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from readout import charts
from readout.metrics.scope import DIMENSIONS, previous_month
from readout.ui import blocks
from readout.ui.blocks import Asked
from readout.ui.frame import Page

MONTHS = 3  # the last ones; with those of a year before as many curves as can be told apart


def drawn(page: Page, one: Page, metric_id: str, by: Sequence[str], *, title: str, subtitle: str) -> None:
    """The choice and its chart. `one`: the page narrowed to a pathway, as all curves are but those of the pathways."""
    curve = blocks.choice("Curves by", {d: DIMENSIONS[d].label for d in by}, key="curves")
    answer, options = _asked(page, one, metric_id, curve)
    name = DIMENSIONS[curve].label.lower()
    said = f"The last {MONTHS} months that are over, and the same a year before." if curve == "month" else "At most six, the largest."
    key = f"survival_{curve}"
    blocks.chart(answer, charts.survival, f"{title}, by {name}", key=key, column="still_waiting", dimension=curve, subtitle=f"{said} {subtitle}", **options)


def _asked(page: Page, one: Page, metric_id: str, curve: str) -> tuple[Asked, dict[str, Any]]:
    if curve == "pathway":
        return page.ask(metric_id, curve), {}
    if curve == "month":
        now, before = months(page)
        chosen = tuple(m.isoformat() for m in (*before, *now))
        return one.ask(metric_id, curve, scope=one.scope.between(None, None), month=chosen), {"selected": now}
    return one.ask(metric_id, curve), {"selected": one.sites if curve == "site_code" else ()}


def months(page: Page) -> tuple[tuple[date, ...], tuple[date, ...]]:
    """The last months of the page that are over, oldest first, and the same of a year before."""
    last = min(page.last_month, (page.scope.date_to or page.last_month).replace(day=1))
    now = [last]
    while len(now) < MONTHS:
        now.append(previous_month(now[-1]))
    return tuple(now[::-1]), tuple(m.replace(year=m.year - 1) for m in now[::-1])
