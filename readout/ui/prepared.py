"""What is worked out while the server starts and before anybody asks: the pages that take longest, and the filters most readers choose."""

import time
from collections.abc import Iterator
from dataclasses import replace

from readout.answer import dimension_labels
from readout.ui import overview, variability
from readout.ui.engine import opening_store
from readout.ui.frame import Page, opening

PAUSE = 0.3  # seconds between two filters, so that whoever is there already has the machine


def prepare() -> None:
    """Give the answers of the opening page, then of what is likely asked next. One extract's: a later one is asked by whoever comes first."""
    store = opening_store()
    if store is None:
        return
    page = opening(store)
    overview.prepare(page)
    variability.between_said(*variability.between(page))
    for filtered in _likely(page):
        time.sleep(PAUSE)
        overview.prepare(filtered)


def _likely(page: Page) -> Iterator[Page]:
    """The page as the lead of a site or of a modality filters it."""
    labels = dimension_labels(page.store, page.scope.end)
    for dimension in ("site_code", "modality"):
        for value in labels[dimension]:
            yield replace(page, scope=page.scope.filtered(dimension, (value,)))
