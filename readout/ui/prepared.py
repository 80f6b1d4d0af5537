"""What is worked out while the server starts and before anybody asks: the pages that take longest, and the filters most readers choose."""

import time
from collections.abc import Iterator
from dataclasses import replace

from readout.answer import dimension_labels
from readout.ui import overview, variability
from readout.ui.engine import opening_store, quiet_for
from readout.ui.frame import Page, opening

QUIET = 3.0  # seconds without a visit before work goes on: whoever is there has the machine


def prepare() -> None:
    """Give the answers of the opening page, then, while nobody is there, of what is likely asked next. A later extract's wait for who comes first."""
    store = opening_store()
    if store is None:
        return
    page = opening(store)
    for _ in overview.prepare(page):
        pass
    for _ in _likely(page):
        while quiet_for() < QUIET:
            time.sleep(QUIET / 10)


def _likely(page: Page) -> Iterator[None]:
    """Piece by piece: the comparison of sites, then both pages as the lead of a site or of a modality filters them."""
    yield
    variability.prepare(page)
    labels = dimension_labels(page.store, page.scope.end)
    for dimension in ("modality", "site_code"):
        for value in labels[dimension]:
            filtered = replace(page, scope=page.scope.filtered(dimension, (value,)))
            yield from overview.prepare(filtered)
            if dimension == "modality":
                yield
                variability.prepare(filtered)
