"""Reporting variability: how sites differ, each figure with its counts and its uncertainty."""

import streamlit as st

from readout import charts
from readout.ui import blocks, variability
from readout.ui.frame import frame, heading
from readout.wording import findings

WHY = {"modality": "Modality", "patient_class": "Patient class", "urgency": "Urgency", "pathway": "Pathway"}

page = frame()
heading(page, "Reporting variability", "Which differences between sites are worth a conversation?")

late, *quarters, times = variability.compared(page)
between, logs = variability.between(page)
blocks.finding((findings.against_case_mix, (late, *quarters, times)))
blocks.chart(
    late,
    charts.against_case_mix,
    "Late reports against the case mix, by site",
    key="late",
    drawn_with=(*quarters, times),
    dimension="site_code",
    selected=page.sites,
    behind="reports",
    behind_where={"verdict": ("missed",)},
    subtitle="Late: not verified within its own standard, the unreported counted. Filled: different in two of the last three quarters.",
)
blocks.explained(findings.case_mix_limits, late, *quarters, times)
st.header("Are the times of the sites comparable?", anchor=False)
st.caption("A site that fails a test is drawn hollow and called different in nothing. Under 100 reports are too few to tell.")
blocks.rows_by(times, variability.kite_marks, is_wrapped=True)
blocks.explained(variability.meanings, times)
why = blocks.choice("Why, by", WHY, key="why")
st.header(f"Where the difference lies, by site and {WHY[why].lower()}", anchor=False)
blocks.rows_by(page.ask(variability.LATE, "site_code", why), variability.strata)

paths = blocks.pathway(page)
modalities = variability.modalities(page)
one = blocks.choice("Modality", modalities, key="of")
quick, its_times = paths.ask("exam_to_report", "site_code", modality=(one,)), variability.times(paths, one)
blocks.chart(
    quick,
    charts.dumbbell,
    f"{modalities[one]}: time from examination to report, by site",
    key=f"sites_{one}",
    drawn_with=(its_times,),
    column="p90_hours",
    dimension="site_code",
    selected=page.sites,
)
blocks.explained(findings.not_comparable, its_times)
st.header("How much lies between sites", anchor=False)
st.markdown(variability.between_said(between, logs))
blocks.chart(between, charts.odds_between, "Odds of a late report, between sites", key="odds", points=variability.odds, subtitle=variability.EVERY_SITE)
blocks.chart(logs, charts.share_between, "Turnaround: the share of its variation between sites", key="share", points=variability.shares, subtitle=variability.EVERY_SITE)
everything = paths.ask("exam_to_report", "site_code", "modality")
st.header("Every site and modality", anchor=False)
blocks.rows_of(everything)
