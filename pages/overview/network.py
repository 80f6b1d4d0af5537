"""Network overview: every indicator for the last complete month, and where the reports wait."""

import streamlit as st

from readout import charts, narrate
from readout.ui import blocks, indicators
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Network overview", "How is the network doing, and where should I look first?")

within, unreported, activity = (page.ask(m, "month") for m in ("within_28_days", "unreported", "activity"))
by_site = page.ask("within_28_days", "site_code")
waiting = page.ask("unreported", "site_code", "band")
blocks.finding(
    (lambda a: narrate.largest(a, "site_code"), (waiting,)),
    (narrate.against_standard, (within,)),
    (narrate.compared, (activity,)),
)
blocks.cards(
    activity,
    page.ask("within_pathway_standard", "month"),
    unreported,
    page.ask("six_week_breach", "month"),
    pages=("activity", "standards", "backlog", "examination-waits"),
)

blocks.chart(
    waiting,
    charts.stacked,
    "Unreported examinations, by how long they have waited",
    key="waiting",
    dimension="site_code",
)

st.header("Indicators: the last complete month of each", anchor=False)
blocks.table(indicators.network(page), "Indicators")
with st.container(horizontal=True):
    for name in ("activity", "turnaround", "standards", "backlog", "examination-waits", "variability", "waits"):
        blocks.go_to(name)
st.header("By site", anchor=False)
st.caption("The same indicators for the same months as above.")
blocks.table(indicators.sites(page), "Indicators by site")

left, right = st.columns(2)
with left:
    blocks.chart(
        by_site,
        charts.intervals,
        "Reported within 28 days, by site",
        key="within_site",
        drawn_with=(page.ask("within_28_days"),),
        dimension="site_code",
        selected=page.sites,
    )
with right:
    blocks.chart(
        activity,
        charts.paired,
        "Examinations done and requests received",
        key="activity",
        drawn_with=(page.ask("demand", "month"),),
        flags=page.flags_for("activity"),
    )
