"""The frame round every page: gate, navigation, shared filters bound to the address bar, the store, and cached answers."""

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import streamlit as st

from readout import format as fmt
from readout import paths
from readout.answer import Answer, ask, dimension_labels, provisional_months, visible_sites
from readout.catalogue import load_catalogue
from readout.errors import ExtractError, ReadoutError
from readout.extract import Extract, current_id, open_extract
from readout.scope import Scope, month_end, previous_month
from readout.store import EVERYONE, Store

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PERIODS = {"12": "Last 12 complete months, and since", "24": "Last 24 complete months, and since", "all": "All dates"}
FILTERS = {"site": "site_code", "modality": "modality", "class": "patient_class", "urgency": "urgency"}


def gate() -> None:
    """With no identity provider the app is open, and therefore runs on this machine only. Every page calls this itself."""
    address = st.get_option("server.address")
    if address not in LOOPBACK:
        st.error("No sign-in is configured, so Readout answers on this machine only. Start it with --server.address 127.0.0.1.")
        st.stop()


def extracts() -> Path:
    return Path(os.environ.get("READOUT_EXTRACTS") or paths.SAMPLE_EXTRACTS)


@st.cache_resource(max_entries=20, show_spinner=False)
def _store(folder: str, extract_id: str, viewer: str) -> Store:
    return Store(open_extract(Path(folder), extract_id), EVERYONE)


@st.cache_resource(max_entries=2000, show_spinner=False)
def _answer(folder: str, extract_id: str, viewer: str, catalogue_hash: str, metric: str, scope: Scope) -> Answer:
    return ask(metric, scope, _store(folder, extract_id, viewer))


@dataclass(frozen=True)
class Frame:
    """What a page works with: the chosen scope, and answers in it."""

    store: Store
    scope: Scope
    last_month: date  # the last month that no site is still sending

    @property
    def extract(self) -> Extract:
        return self.store.extract

    def ask(self, metric_id: str, *by: str, scope: Scope | None = None) -> Answer:
        """The answer in the frame's scope, less the filters that the metric does not have."""
        catalogue = load_catalogue()
        metric = catalogue.metric(metric_id)
        chosen = scope or self.scope
        where = {k: v for k, v in chosen.where.items() if k in metric.dimensions}
        kept = Scope(by, where, chosen.date_from, chosen.date_to)
        return _answer(str(extracts()), self.extract.id, self.store.viewer.key, catalogue.hash, metric_id, kept)

    def month(self, month: date) -> Scope:
        return self.scope.between(month, month_end(month))


def _live() -> Store:
    """The store of the live extract. Stops with a sentence where there is none."""
    try:
        live = current_id(extracts())
        if live is None:
            raise ExtractError("There is no published extract yet. Make one: readout publish network.toml")
        store = _store(str(extracts()), live, EVERYONE.key)
    except ReadoutError as e:
        st.error(str(e))
        st.stop()
    return store


def filters() -> None:
    """Draw the shared filters, bound to the address bar. The router calls this: what it draws outlives a change of page."""
    store = _live()
    labels = dimension_labels(store)
    with st.sidebar:
        for name, dimension, title in (
            ("site", "site_code", "Sites"),
            ("modality", "modality", "Modality"),
            ("class", "patient_class", "Patient class"),
            ("urgency", "urgency", "Urgency"),
        ):
            known = labels[dimension]
            odd = [v for v in st.query_params.get_all(name) if v not in known]
            st.multiselect(title, list(known), format_func=known.__getitem__, key=name, bind="query-params", placeholder="All")
            if odd:
                st.caption(f"The address names {title.lower()} '{odd[0]}', which this extract does not have: it is not applied.")
        st.selectbox("Period", list(PERIODS), format_func=PERIODS.__getitem__, key="period", bind="query-params")
        network = store.extract.manifest["network"]["name"]
        st.caption(f"{network}{' · synthetic sample data' if store.extract.is_synthetic else ''}")
        st.caption("Open to whoever can use this machine: no sign-in is configured.")


def frame() -> Frame:
    """The page's scope and store. Every page calls this, and with it the gate."""
    gate()
    store = _live()
    where = {dimension: tuple(st.session_state.get(name) or ()) for name, dimension in FILTERS.items()}
    everything = Scope(where=where)
    last = _last_complete(store, everything)
    start = None
    if st.session_state.get("period") != "all":
        start = last
        for _ in range(int(st.session_state.get("period") or 12) - 1):
            start = previous_month(start)
    return Frame(store, everything.between(start, None), last)


def _last_complete(store: Store, scope: Scope) -> date:
    metric = load_catalogue().metric("activity")
    months = provisional_months(store.extract, metric, visible_sites(store, scope))
    arriving = [m for found in months.values() for m in found]
    return previous_month(min(arriving) if arriving else date.today())


def heading(page: Frame, title: str, question: str) -> None:
    """Title, question, how far the data goes and how old it is."""
    st.title(title)
    st.caption(question)
    through = page.extract.data_through
    if through:
        zone = page.extract.manifest["network"]["time_zone"]
        first, last = min(through.values()), max(through.values())
        said = f"Data to {fmt.instant(last, zone)}" + (f", one site only to {fmt.instant(first, zone)}" if first != last else "")
        age = (date.today() - first.date()).days
        if page.extract.is_synthetic:
            said += " · synthetic sample data"
        elif age > 10:
            said += f" · this extract ends {age} days before today"
        st.caption(said)
