"""Network overview: every indicator with its signal and its target, concern first, and where it comes from."""

import streamlit as st

from readout import narrate
from readout.ui import blocks, overview, variability, written
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Network overview", "What needs attention, and why?")
found = overview.indicators(page)
st.markdown(overview.finding(found))
written.shown(overview.table(page, found))
st.caption(overview.HOW_TO_READ)
blocks.explained(narrate.sparse_rate, page.ask(overview.SPARSE))

st.header("Where: each indicator at each site", anchor=False)
written.shown(overview.matrix(page, found))
st.header("Between sites: are more reports late than the case mix explains?", anchor=False)
blocks.explained(narrate.against_case_mix_in, *variability.compared(page))
blocks.go_to("variability")
blocks.go_to("signals")
blocks.go_to("backlog")
blocks.go_to("addenda")
