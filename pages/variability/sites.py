"""Reporting variability between sites: quantiles with their counts, addenda with their intervals."""

import streamlit as st

from readout import charts, format, narrate
from readout.ui import blocks
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Reporting variability", "How much do sites differ, and on how many examinations does that rest?")
st.warning("Not adjusted for case mix: a site with more inpatients or more CT looks different without performing differently. Read no ranking into this.")
addenda = page.ask("addendum_rate", "site_code")
st.markdown(narrate.finding(page.ask("exam_to_report", "month")))
chosen = st.segmented_control("Modality", ["CT", "MR", "XR", "US"], default="CT", key="variability_modality") or "CT"
one = page.scope.filtered("modality", [chosen])
turnaround = page.ask("exam_to_report", "site_code", scope=one)
blocks.chart(turnaround, charts.dumbbell, f"{turnaround.label('modality', chosen)}: time to report by site", key="sites", column="p90_hours")
blocks.chart(addenda, charts.intervals, "Reports amended within 30 days, by site", key="addenda")
st.caption("With eight sites, one interval in twenty excludes the true share by chance alone. Reference range 0.3 to 1.7 % (illustrative).")
st.subheader("Who reports")
route = page.ask("reporting_route_mix", "reporting_route")
st.dataframe(blocks.named_rows(route), hide_index=True, width="stretch")
st.caption(f"{narrate.footer(route)} · {format.count(route.n)} reports")
