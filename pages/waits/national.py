"""National waits: the network's own providers in the published return, beside England."""

import streamlit as st

from readout import charts, narrate, schema
from readout.scope import Scope
from readout.ui import blocks
from readout.ui.frame import frame, heading

page = frame()
heading(page, "National waits", "How long is our published list, and how does it compare with England?")
national = page.extract.manifest.get("national") or {}
if not national:
    st.info("The national return is not in this extract. Add a source for `national_wait` with the adapter `dm01`.")
    st.stop()
own = national["own_providers"]
if page.extract.is_synthetic:
    st.caption("'England' here is a synthetic England of made-up providers.")
tests = st.multiselect("Tests", list(schema.NATIONAL_TESTS.values()), default=list(schema.IMAGING_TESTS[:3]), key="tests", bind="query-params")
where = {"test": tuple(tests)}
ours = Scope(where={**where, "provider_code": tuple(own)})
england = Scope(where=where)
six, six_england = (page.ask("national_six_week_breach", "month", scope=s) for s in (ours, england))
st.markdown(f"Our providers: {narrate.finding(six)} All England: {narrate.finding(six_england)}")
blocks.cards(*(page.ask(m, "month", scope=ours) for m in ("national_waiting", "national_six_week_breach", "national_thirteen_week_breach", "national_activity")))
if not own:
    st.info("None of the network's trusts is in the return: its codes must match the trust codes of the network file.")
by_provider = page.ask("national_six_week_breach", "month", "provider_code", scope=ours)
blocks.chart(by_provider, lambda a: charts.trend(a, dimension="provider_code"), "Waiting six weeks or more: our providers", key="own")
blocks.chart(six_england, charts.trend, "Waiting six weeks or more: England", key="england")
left, right = st.columns(2)
with left:
    waiting = page.ask("national_waiting", "month", "provider_code", scope=ours)
    blocks.chart(waiting, lambda a: charts.trend(a, dimension="provider_code"), "Waiting list", key="list")
with right:
    done = page.ask("national_activity", "month", "provider_code", scope=ours)
    blocks.chart(done, lambda a: charts.trend(a, dimension="provider_code"), "Tests done", key="done")
