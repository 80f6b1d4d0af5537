"""The metric catalogue, as the code reads it."""

import streamlit as st

from readout.catalogue import load_catalogue
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Metric catalogue", "What does each figure mean, and who owns it?")
catalogue = load_catalogue()
st.dataframe(
    [
        {"Metric": m.label, "Id": m.id, "Question": m.question, "Kind": m.kind, "Unit": m.unit, "Clock": m.clock, "Owner": m.owner}
        for m in catalogue.metrics.values()
    ],
    hide_index=True,
    width="stretch",
)
chosen = st.selectbox("Look at one", list(catalogue.metrics), key="metric", bind="query-params", format_func=lambda m: catalogue.metrics[m].label)
metric = catalogue.metric(chosen)
st.markdown(f"**{metric.question}**  \nNumerator: {metric.numerator}.  \nDenominator: {metric.denominator}.  \nClock: {metric.clock}.  \nSource: {metric.source}.")
st.code(metric.query.text, language="sql", wrap_lines=True)
st.subheader("Standards")
st.dataframe(
    [{"Standard": s.label, "Status": s.status, "Target": s.target, "Source": s.source, "From": str(s.valid_from or "")} for s in catalogue.standards.values()],
    hide_index=True,
    width="stretch",
)
