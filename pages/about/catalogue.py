"""The metric catalogue, as the code reads it."""

import streamlit as st

from readout.ui import blocks, dictionary
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Metric catalogue", "What does each figure mean, who owns it, and how is it counted?")
st.markdown(dictionary.finding())
metric, standard = dictionary.chosen()
st.header(metric.label, anchor=False)
blocks.about(metric, standard)
st.header("All metrics", anchor=False)
blocks.wrapped(dictionary.metrics(), "Metrics")
st.header("Standards", anchor=False)
st.caption("A standard is data: in force between two dates, with who set it. Illustrative ones are examples to edit.")
blocks.wrapped(dictionary.standards(), "Standards")
