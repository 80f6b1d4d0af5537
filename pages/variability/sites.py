"""Reporting variability: how sites differ, each figure with its counts and its uncertainty."""

import streamlit as st

from readout import charts, narrate
from readout.ui import blocks
from readout.ui.frame import frame, heading

MODALITIES = {"CT": "CT", "MR": "MRI", "XR": "X-ray", "US": "Ultrasound", "NM": "Nuclear medicine"}

page = frame()
heading(page, "Reporting variability", "Which differences between sites are worth a conversation?")

addenda, all_addenda = page.ask("addendum_rate", "site_code"), page.ask("addendum_rate")
within, all_within = page.ask("within_28_days", "site_code"), page.ask("within_28_days")
blocks.finding(
    (lambda a, b: narrate.outlying(a, b, "site_code"), (within, all_within)),
    (lambda a, b: narrate.outlying(a, b, "site_code"), (addenda, all_addenda)),
)
st.info(
    "No adjustment for case mix is made yet: a site with sicker patients, or with more complex examinations, will look slower here "
    "even where it reports as fast as the others. Compare within one modality, patient class and urgency before drawing a conclusion."
)

paths = blocks.pathway(page)
one = blocks.choice("Modality", MODALITIES, key="of")
quick = paths.ask("exam_to_report", "site_code", modality=(one,))
blocks.chart(
    quick,
    charts.dumbbell,
    f"{MODALITIES[one]}: time from examination to report, by site",
    key=f"sites_{one}",
    column="p90_hours",
    dimension="site_code",
    selected=page.sites,
)
left, right = st.columns(2)
with left:
    blocks.chart(
        within,
        charts.intervals,
        "Reported within 28 days",
        key="within",
        drawn_with=(all_within,),
        dimension="site_code",
        selected=page.sites,
    )
with right:
    blocks.chart(
        addenda,
        charts.intervals,
        "Reports amended within 30 days",
        key="addenda",
        drawn_with=(all_addenda,),
        dimension="site_code",
        selected=page.sites,
    )
everything = paths.ask("exam_to_report", "site_code", "modality")
st.header("Every site and modality", anchor=False)
blocks.rows_of(everything)
