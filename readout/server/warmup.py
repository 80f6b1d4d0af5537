"""What is worked out while the server starts and before anybody asks: the pages that take longest, and the filters most readers choose."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace

from readout.engine.store import Store
from readout.errors import ReadoutError
from readout.metrics.answer import dimension_labels
from readout.metrics.scope import Scope
from readout.ui import overview, prefetch, session, variability
from readout.ui.frame import FILTERS, Page, opening
from readout.ui.session import opening_store, quiet_for

QUIET = 3.0  # seconds without a visit before work goes on: whoever is there has the machine
MOST = 3_000  # answers that are given of one extract because a page asked for the like
LIKELY = sorted((d for _, d, _, _ in FILTERS), key=lambda d: d not in ("modality", "site_code"))  # what most readers filter by, first


def prepare() -> None:
    """Give the answers of the opening page, then, while nobody is there, of what is likely asked next. A later extract's wait for who comes first."""
    store = opening_store()
    if store is None:
        return
    page = opening(store)
    for _ in overview.prepare(page):
        pass
    for _ in _likely(page):
        _wait_for_quiet()


def go_on() -> None:
    """For as long as the server runs: give each page that was drawn its answers for each single value of each filter, the likeliest filters first."""
    of, seen, left = "", set[tuple[str, str]](), 0
    while True:
        time.sleep(QUIET)
        with contextlib.suppress(ReadoutError):  # an extract that cannot be opened: the page says it, to whoever opens one
            if (store := opening_store()) is None:
                continue
            if store.extract.id != of:
                of, seen, left = store.extract.id, set(), MOST
            for dimension in LIKELY:
                for known in prefetch.remembered():
                    if (known.page, dimension) not in seen:
                        seen.add((known.page, dimension))
                        left -= _give(store, single_filters(known, dimension, dimension_labels(store, known.scope.end)), left)


def _give(store: Store, questions: Iterator[tuple[str, Scope]], most: int) -> int:
    """How many answers were given: at most so many, and none of an extract that another has followed, which nobody should hold any longer."""
    count = 0
    for metric_id, scope in questions:
        _wait_for_quiet()
        if count >= most or opening_store() is not store:
            break
        session.answered(store, metric_id, scope)
        count += 1
    return count


def single_filters(known: prefetch.Asked, dimension: str, labels: dict[str, dict[str, str]]) -> Iterator[tuple[str, Scope]]:
    """What a page asks with one filter set to one value."""
    for value in labels[dimension]:
        yield from prefetch.again(known, replace(known.scope, where={dimension: (value,)}))


def _wait_for_quiet() -> None:
    while quiet_for() < QUIET:
        time.sleep(QUIET / 10)


def _likely(page: Page) -> Iterator[None]:
    """Piece by piece: the comparison of sites, then it and the overview as the lead of a site or of a modality filters them, then by the other filters."""
    yield
    variability.prepare(page)
    labels = dimension_labels(page.store, page.scope.end)
    for dimension in LIKELY:
        for value in labels[dimension]:
            filtered = replace(page, scope=page.scope.filtered(dimension, (value,)))
            if dimension in ("modality", "site_code"):
                yield from overview.prepare(filtered)
            yield
            variability.prepare(filtered)
