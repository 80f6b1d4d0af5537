"""Network overview: every indicator with its signal and its target, concern first, and where it comes from."""

import streamlit as st

from readout.ui import blocks, html_tables, overview, variability
from readout.ui.frame import frame, heading
from readout.wording import findings

page = frame()
heading(page, "Network overview", "What needs attention, and why?")
found = overview.indicators(page)
st.markdown(overview.finding(found))
html_tables.shown(overview.table(page, found))
st.caption(overview.HOW_TO_READ)
blocks.explained(findings.sparse_rate, page.ask(overview.SPARSE))

st.header("Where: each indicator at each site", anchor=False)
html_tables.shown(overview.matrix(page, found))
st.header("Between sites: are more reports late than the case mix explains?", anchor=False)
blocks.explained(findings.against_case_mix_in, *variability.compared(page))
blocks.go_to("variability")
blocks.go_to("signals")
blocks.go_to("backlog")
blocks.go_to("addenda")
