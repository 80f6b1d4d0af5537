"""The live extract, one store for each viewer, and the answers already given. Nothing here draws."""

import logging
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from readout import paths
from readout.engine.cache import Kept
from readout.engine.extract import current_id, open_extract
from readout.engine.store import EVERYONE, Store, Viewer
from readout.errors import ExtractError, ReadoutError
from readout.metrics.answer import Answer, ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope

log = logging.getLogger("readout.ui")


@dataclass
class _Visits:
    """When somebody last had a page drawn, in seconds of a clock of its own."""

    last: float = float("-inf")


_visits = _Visits()


@dataclass(frozen=True)
class Failure:
    """An answer that could not be given, and the sentence that says so."""

    sentence: str
    is_absence: bool = False  # the extract lacks what the question needs: not a fault


@st.cache_resource(show_spinner=False)
def answers() -> Kept:
    """Answers of every session, keyed by extract, viewer, catalogue, metric and scope."""
    return Kept(4_000)


@st.cache_resource(show_spinner=False)
def figures() -> Kept:
    """Figures already drawn, keyed by the answers they draw and how."""
    return Kept(600)


@st.cache_resource(show_spinner=False)
def drawings() -> Kept:
    """Figures as the browser gets them, keyed by figure and width."""
    return Kept(600)


def extracts() -> Path:
    return Path(os.environ.get("READOUT_EXTRACTS") or paths.SAMPLE_EXTRACTS)


@st.cache_resource(max_entries=20, show_spinner=False)
def _store(folder: str, extract_id: str, viewer_key: str, _viewer: Viewer = EVERYONE) -> Store:
    """One engine for each extract and viewer. The extract's files are proved here, once, and not on each rerun."""
    return Store(open_extract(Path(folder), extract_id), _viewer)


def opening_store() -> Store | None:
    """The store of the live extract, for whoever comes first; None where there is none yet."""
    live = current_id(extracts())
    return None if live is None else _store(str(extracts()), live, EVERYONE.key)


def quiet_for() -> float:
    """Seconds since a page was last drawn for anybody."""
    return time.monotonic() - _visits.last


def live_store() -> tuple[Store, str]:
    """The store of the live extract; where that cannot be opened, the one this session already had, and a sentence that says so."""
    _visits.last = time.monotonic()
    folder = extracts()
    live = current_id(folder)
    if live is None:
        raise ExtractError("There is no published extract yet. Make one: readout publish network.toml")
    try:
        store = _store(str(folder), live, EVERYONE.key)
        before = st.session_state.get("extract_in_use", live)
        if before != live:  # nobody comes to it any more: its lease ends with the last page that still draws from it
            _store.clear(str(folder), before, EVERYONE.key)
        st.session_state["extract_in_use"] = live
        return store, ""
    except ReadoutError as e:
        before = st.session_state.get("extract_in_use")
        if not before or before == live:
            raise
        return _store(str(folder), before, EVERYONE.key), f"A newer extract cannot be used; this page still shows extract {before}. {e}"


def answered(store: Store, metric_id: str, scope: Scope) -> Answer | Failure:
    """The answer, from what is kept where it was asked before; a failure as a sentence, with its detail in the log."""
    catalogue = load_catalogue()
    key = (str(store.extract.folder), store.viewer.key, catalogue.hash, metric_id, scope)
    try:
        answer: Answer = answers().get(key, lambda: ask(metric_id, scope, store, catalogue))
        return answer
    except ReadoutError as e:
        return Failure(str(e), is_absence=True)
    except Exception:
        return Failure(failed(f"{metric_id} over {scope}"))


def failed(what: str) -> str:
    """The sentence of a fault, whose detail goes to the log under the same reference. Called while the error is handled."""
    reference = secrets.token_hex(2)
    log.exception("Reference %s: %s", reference, what)
    return f"This could not be made; the rest of the page can. Reference {reference} (in the log)."
