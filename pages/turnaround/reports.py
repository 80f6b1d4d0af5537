"""Report turnaround: how long a report takes, and who is still waiting."""

import streamlit as st

from readout import charts
from readout.ui import blocks, curves, figure
from readout.ui.frame import frame, heading
from readout.wording import findings

VIEWS = {"exam_to_report": "By examination month", "exam_to_report_by_report": "By report month"}
CLOCKS = {"exam_to_report": "Elapsed hours", "exam_to_report_working": "Opening hours"}

page = frame()
heading(page, "Report turnaround", "How long from examination to a verified report, and who is still waiting?")
by_pathway = page.ask("within_pathway_standard", "pathway")
one = blocks.pathway(page)
turnaround, within, unreported, over = (one.ask(m, "month") for m in ("exam_to_report", "within_pathway_standard", "unreported", "unreported_over_standard"))
blocks.finding((findings.breaching, (by_pathway,)), (findings.compared, (turnaround,)))
blocks.cards(turnaround, within, unreported, over)

with st.container(horizontal=True, vertical_alignment="center"):
    view = blocks.choice("View", VIEWS, key="view")
    clock = blocks.choice("Clock", CLOCKS, key="clock") if view == "exam_to_report" else view
    is_naive_shown = blocks.switch("Show the reported-only figure", key="naive") if view == clock == "exam_to_report" else False
if is_naive_shown:
    naive = one.ask("exam_to_report_reported_only", "month")
    blocks.chart(turnaround, charts.with_naive, "Nine in ten reported within", key="naive", drawn_with=(naive,), column="p90_hours", subtitle="Months that are over.")
    blocks.explained(findings.naive_difference, turnaround, naive)
else:
    blocks.chart(
        one.ask(clock, "month"),
        charts.quantiles,
        "Time from examination to report",
        key=f"quantiles_{clock}",
        column="p90_hours",
        subtitle=findings.VIEWS[clock],
        behind="reports" if view == "exam_to_report" else "",
    )
curves.drawn(
    page,
    one,
    "report_survival",
    ("site_code", "modality", "patient_class", "pathway", "month"),
    title="Who is still waiting",
    subtitle="A curve that ends above zero ends in examinations still unreported.",
)
left, right = figure.halves()
with left:
    blocks.chart(
        one.ask("exam_to_report", "site_code"),
        charts.dumbbell,
        "Time to report, by site",
        key="sites",
        column="p90_hours",
        dimension="site_code",
        selected=one.sites,
        behind="reports",
    )
with right:
    blocks.chart(
        one.ask("turnaround_bands", "site_code", "band"),
        charts.stacked,
        "How the time to report is spread, by site",
        key="bands",
        dimension="site_code",
        as_share=True,
        behind="reports",
    )
