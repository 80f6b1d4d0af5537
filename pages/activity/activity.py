"""Activity: what is asked of the network, what it does, when and for whom."""

import streamlit as st

from readout import charts, narrate
from readout.ui import blocks
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Activity", "What is asked of us, what do we do, when, and for whom?")
activity = page.ask("activity", "month")
st.markdown(f"{narrate.finding(activity)} {narrate.finding(page.ask('out_of_hours_share', 'month'))}")
blocks.cards(activity, page.ask("demand", "month"), page.ask("attendances", "month"), page.ask("patients", "month"))
by = st.segmented_control("Break down by", ["modality", "site_code", "patient_class"], default="modality", key="activity_by",
                          format_func={"modality": "Modality", "site_code": "Site", "patient_class": "Patient class"}.__getitem__) or "modality"  # fmt: skip
blocks.chart(page.ask("activity", "month", by), lambda a: charts.trend(a, dimension=by), "Examinations done (the six largest)", key="activity")
left, right = st.columns(2)
with left:
    blocks.chart(page.ask("activity_per_working_day", "month"), charts.trend, "Examinations per working day", key="per_day")
    blocks.chart(page.ask("demand", "month"), charts.trend, "Requests received", key="demand")
with right:
    blocks.chart(page.ask("out_of_hours_share", "month"), charts.trend, "Out-of-hours share", key="out_of_hours")
    blocks.chart(page.ask("activity_by_hour", "weekday", "hour"), charts.heat_map, "When examinations are done", key="hours")
