"""One indicator as a control chart: what is signal, and what is noise."""

import streamlit as st

from readout.ui import blocks, control_charts
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Control chart", "Is this a signal, or only noise?")
metric = blocks.charted()
if metric.kind.is_time:
    page = blocks.pathway(page, "six_week_breach" if metric.id == "request_to_exam" else "within_pathway_standard")
found = control_charts.stated(page, metric.id, blocks.limits(metric))
if found:
    st.header(f"{metric.label}, {blocks.scope_said(page, metric.id)}", anchor=False)
    control_charts.draw(found, page.scope.where, key="control")
    control_charts.offer(found, page.scope.where, key="control")
    with st.expander("About this chart"):
        blocks.about(metric, page.standard_of(metric))
    st.header("Month by month", anchor=False)
    blocks.table(control_charts.points(found), metric.label)
