"""National waits: the network's own providers in the published return, beside England."""

import streamlit as st

from readout import charts
from readout.ui import blocks
from readout.ui.frame import frame, heading
from readout.wording import findings

MEASURES = {
    "national_six_week_breach": "Six weeks or more",
    "national_thirteen_week_breach": "Thirteen weeks or more",
    "national_waiting": "List",
    "national_activity": "Tests done",
}

page = frame()
heading(page, "National waits", "How long is our published list, and how does it compare with England?")
own = page.national.get("own_providers") or []
if not page.national:
    st.info("The national return is not in this extract. Add a source for `national_wait` with the adapter `dm01`.")
    st.stop()
if not own:
    st.info("None of the network's trusts is in the return: the trust codes of the network file must match the provider codes of the return.")
england = "synthetic England" if page.is_synthetic else "England"
blocks.unfiltered(page, "the national return: it counts by trust and test")
tests = blocks.tests()

ours = {m: page.ask(m, "month", test=tests, provider_code=own) for m in MEASURES}
theirs = {m: page.ask(m, "month", test=tests) for m in MEASURES}
blocks.finding(
    (lambda a, b: findings.beside_national(a, b, england), (ours["national_six_week_breach"], theirs["national_six_week_breach"])),
    (lambda a, b: findings.beside_national(a, b, england), (ours["national_thirteen_week_breach"], theirs["national_thirteen_week_breach"])),
)
blocks.cards(*ours.values())
measure = blocks.choice("Measure", MEASURES, key="measure")
said = f"{blocks.tests_said(tests)}, published return"
is_share = measure.endswith("breach")
blocks.chart(
    ours[measure],
    charts.trend,
    f"{MEASURES[measure]}: our providers" + (f" beside {england}" if is_share else ""),
    key=f"trend_{measure}",
    scope=f"Our providers together, {said}",
    **({"drawn_with": (theirs[measure],), "name": "Our providers", "reference_name": england[0].upper() + england[1:]} if is_share else {"zero": True}),
)
latest = page.last_national(tests)
blocks.chart(
    page.ask(measure, "provider_code", test=tests, scope=latest),
    charts.among,
    f"{MEASURES[measure]}: every provider, {page.month_name(latest)}",
    key=f"among_{measure}",
    scope=f"Every provider, {said}",
    drawn_with=(page.ask(measure, test=tests, scope=latest),),
    dimension="provider_code",
    own=tuple(own),
    whole_name=england[0].upper() + england[1:],
)
blocks.chart(
    page.ask(measure, "month", "provider_code", test=tests, provider_code=own),
    charts.panels,
    f"{MEASURES[measure]}: each of our providers",
    key=f"each_{measure}",
    scope=f"Our providers, {said}",
    split="provider_code",
)
