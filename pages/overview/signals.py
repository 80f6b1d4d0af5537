"""Signals: everything special-cause in the last judged month, beside what chance alone would give."""

import streamlit as st

from readout.ui import blocks, html_tables, signal_list
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Signals", "What has changed, and how much of it would chance alone explain?")
found = signal_list.found(page)
st.markdown(signal_list.finding(found))
kind = blocks.choice("Show", signal_list.KINDS, key="kind")
st.caption(signal_list.ONE_EVENT)
st.caption(signal_list.season())
rows = signal_list.table(page, found, kind)
html_tables.shown(rows) if rows else st.info("None of this kind.")
st.caption(signal_list.account(found))
