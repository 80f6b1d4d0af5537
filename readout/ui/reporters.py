"""The reporters' page: which comparison is asked for, given once to all who ask, and drawn without a table or a download."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from readout import charts
from readout.analysis.reporters import MEASURES, Course, Reporters, compared, over_time
from readout.charts.reporters import said as one
from readout.errors import ReadoutError
from readout.ui import address, blocks, figure, session
from readout.ui.frame import Page
from readout.ui.theme import palette
from readout.wording import reporters as said

EVERYONE = "All sites together"
COURSE = "How much lies between reporters, over time"
OF = {"": EVERYONE, "site_code": "One site", "modality": "One modality"}


T = TypeVar("T")


@dataclass(frozen=True)
class Chosen:
    measure: str
    dimension: str
    value: str


def choose(page: Page) -> Chosen | None:
    """The measure and the choice, kept in the address; only what may be shown is offered, and what else an address names is withheld all the same."""
    measure = blocks.choice("Measure", {k: m.label for k, m in MEASURES.items()}, key="compared")
    dimension = blocks.choice("Reports of", OF, key="of")
    if not dimension:
        return Chosen(measure, "", "")
    whole = asked(page, Chosen(measure, "", ""), compared)
    if not isinstance(whole, Reporters):
        st.error(whole.sentence)
        return None
    names = {whole.labels[dimension].get(v, v): v for v in whole.shown[dimension]}
    if not names:
        st.info("No choice of this kind has reports of enough reporters to be shown.")
        return None
    key = "at" if dimension == "site_code" else "in"
    address.claim(key, OF[dimension].removeprefix("One "), names)
    named = st.selectbox(OF[dimension], list(names), key=key, bind="query-params", label_visibility="collapsed")
    return Chosen(measure, dimension, names[named])


def _key(page: Page, chosen: Chosen, what: str) -> tuple[object, ...]:
    return (str(page.store.extract.folder), page.store.viewer.key, what, chosen)


def asked(page: Page, chosen: Chosen, make: Callable[..., T]) -> T | session.Failure:
    """A comparison, or its course over time, kept as answers are: by extract, viewer and choice."""
    try:
        found: T = session.answers().get(_key(page, chosen, make.__name__), lambda: make(chosen.measure, page.store, chosen.dimension, chosen.value))
        return found
    except ReadoutError as e:
        return session.Failure(str(e), is_absence=True)
    except Exception:
        return session.Failure(session.failed(f"reporters {chosen}"))


def drawn(page: Page, chosen: Chosen) -> None:
    """The finding, the funnel, and how to read it. No button on the figure: nothing of it leaves the page."""
    found = asked(page, chosen, compared)
    if not isinstance(found, Reporters):
        (st.info if found.is_absence else st.error)(found.sentence)
        return
    st.markdown(said.finding(found))
    st.caption(said.privacy(found))
    if found.withheld or not found.reporters:
        return
    st.header(f"{found.measure.label} beside the same case mix, by reporter", anchor=False)
    if found.can_be_drawn:
        st.caption(f"{found.words[0].upper()}{found.words[1:]}. Filled and named: different in two of the last three quarters.")
        lasting = "; ".join(one(found, r) for r in found.reporters if r.is_lasting) or "none differs lastingly"
        alt = f"Funnel of {len(found.reporters)} reporters under pseudonyms: {lasting}."
        drawn, heading = charts.funnel(found, palette=palette()), f"{found.measure.label} by reporter"
        figure.show(drawn, key="reporters_figure", alt=alt, name=(palette().name, *_key(page, chosen, "funnel")), title=heading, scope=found.words)
        st.caption(said.limits(found))
    else:
        st.info(said.too_few(found))
    _course(page, chosen)
    st.markdown(said.caveats(found))


def _course(page: Page, chosen: Chosen) -> None:
    """How much lies between reporters over time, in words and, where it may be shown, drawn."""
    st.header(COURSE, anchor=False)
    found = asked(page, chosen, over_time)
    if not isinstance(found, Course):
        (st.info if found.is_absence else st.error)(found.sentence)
        return
    st.markdown(said.course(found))
    if found.points:
        st.caption(said.shares_months())
        drawn = charts.between_reporters(found, palette=palette())
        figure.show(drawn, key="reporters_course", alt=f"By quarter. {said.course(found)}", name=(palette().name, *_key(page, chosen, "course")), title=COURSE)
