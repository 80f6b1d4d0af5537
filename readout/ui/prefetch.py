"""What a page asked before, asked again for the new choice of filters before anything of it is drawn, so that the browser gets it in one go.

A browser that draws one half of a page while the other is worked out takes a processor from it, and draws more often. What is asked here is a
guess, kept like every answer: a page that asks for something else asks for it itself, and a guess that fails is the page's to say.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import ContextVar
from dataclasses import dataclass, field

import streamlit as st

from readout.engine.store import Store
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope
from readout.ui import session

WORKERS = 2
PATIENCE = 0.8  # seconds after which the page draws what there is, and the rest as it comes
BEFORE, PENDING = "asks_before", "asks_pending"  # of the session


@dataclass(frozen=True)
class Asked:
    """What a page asked while it was drawn: each metric with its scope, and the scope of the page."""

    page: str
    scope: Scope
    asks: dict[tuple[str, Scope], None] = field(default_factory=dict)


# What the page that is drawn here asks. No state of the session: answers are also made where there is none, at the
# start and ahead of a page.
_now: ContextVar[Asked | None] = ContextVar("asks_now", default=None)


@st.cache_resource(show_spinner=False)
def _by_anybody() -> dict[str, Asked]:
    """The questions of each page as it was last drawn for anybody; no answers."""
    return {}


@st.cache_resource(show_spinner=False)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS, thread_name_prefix="ahead")


def expect(store: Store, scope: Scope) -> None:
    """A page is about to be drawn: ask what it asked last time, as its scope has it now, and wait a moment for the answers."""
    for left in st.session_state.pop(PENDING, ()):
        left.cancel()
    name = str(st.session_state.get("at", ""))
    before = st.session_state.get(BEFORE, {}).get(name) or _by_anybody().get(name)
    if before is None or before.scope == scope:
        return
    pending: list[Future[object]] = [_workers().submit(session.answered, store, metric_id, asked) for metric_id, asked in again(before, scope)]
    st.session_state[PENDING] = wait(pending, PATIENCE).not_done


def begin(scope: Scope) -> None:
    """The page is drawn from here on: what it asks is noted."""
    _now.set(Asked(str(st.session_state.get("at", "")), scope))


def again(known: Asked, scope: Scope) -> tuple[tuple[str, Scope], ...]:
    """What a page would ask in another scope, judged by what it asked in its own; each question once."""
    metrics = load_catalogue().metrics
    return tuple(dict.fromkeys((m, move(asked, known.scope, scope, metrics[m].dimensions)) for m, asked in known.asks))


def remembered() -> tuple[Asked, ...]:
    """The questions of every page that was drawn for anybody."""
    return tuple(_by_anybody().values())


def note(metric_id: str, scope: Scope) -> None:
    """The page asks; what is asked where no page is drawn is not noted."""
    if (now := _now.get()) is not None:
        now.asks[metric_id, scope] = None


def done() -> None:
    """The page is drawn to its end: these are its questions. One that was interrupted teaches nothing."""
    if (now := _now.get()) is not None:
        _now.set(None)
        st.session_state.setdefault(BEFORE, {})[now.page] = now
        _by_anybody()[now.page] = now


def move(asked: Scope, before: Scope, now: Scope, dimensions: Iterable[str]) -> Scope:
    """A question as it follows from the page's scope: each filter and date that stood as the page had it stands as the page has it now."""
    where = {}
    for d in dimensions:
        own = asked.where.get(d, ())
        where[d] = now.where.get(d, ()) if own == before.where.get(d, ()) else own
    start = now.date_from if asked.date_from == before.date_from else asked.date_from
    stop = now.date_to if asked.date_to == before.date_to else asked.date_to
    return Scope(asked.by, where, *((now.date_from, now.date_to) if start and stop and start > stop else (start, stop)))
