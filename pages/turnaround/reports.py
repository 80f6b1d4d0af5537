"""Report turnaround: from the examination to the first verified report, the unreported counted."""

import streamlit as st

from readout import charts, narrate
from readout.ui import blocks
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Report turnaround", "How long from examination to a verified report, and who is still waiting?")
turnaround = page.ask("exam_to_report", "month")
within = page.ask("within_28_days", "month")
unreported = page.ask("unreported", "month")
st.markdown(f"{narrate.finding(turnaround)} {narrate.finding(within)} {narrate.finding(unreported)}")
blocks.cards(turnaround, within, unreported, page.ask("backlog_10_days", "month"))
st.caption("An examination without a report is a wait that has not ended: it counts in every figure here.")
by = st.segmented_control("Break down by", ["modality", "site_code"], default="modality", key="turnaround_by",
                          format_func={"modality": "Modality", "site_code": "Site"}.__getitem__) or "modality"  # fmt: skip
which = st.segmented_control("Quantile", ["median_hours", "p90_hours"], default="p90_hours", key="quantile",
                             format_func={"median_hours": "Half within", "p90_hours": "90 % within"}.__getitem__) or "p90_hours"  # fmt: skip
title = {"median_hours": "Half of examinations reported within", "p90_hours": "90 % of examinations reported within"}[which]
blocks.chart(page.ask("exam_to_report", "month", by), lambda a: charts.trend(a, which, by), f"{title} (the six largest)", key="quantiles", column=which)
left, right = st.columns(2)
with left:
    blocks.chart(page.ask("turnaround_bands", "band"), charts.distribution, "Time to report", key="bands")
    blocks.chart(page.ask("unreported", "month", "site_code"), lambda a: charts.trend(a, dimension="site_code"), "Unreported at month end", key="unreported")
with right:
    blocks.chart(within, charts.trend, "Reported within 28 days, the unreported counted as missed", key="within")
    blocks.chart(page.ask("unreported", "band"), charts.distribution, "Unreported by age", key="ages")
blocks.chart(page.ask("exam_to_report", "site_code"), charts.dumbbell, "By site: median and 90 %", key="by_site", column="p90_hours")
