"""Suppliers and routes: late reports and addenda by who reported, beside what the same case mix gives, and what the comparison cannot tell."""

import streamlit as st

from readout import charts, narrate
from readout.ui import blocks, variability
from readout.ui.frame import frame, heading

UNITS = {"reader": "Who reported", "supplier": "Reported for others"}
KINDS = {"standardised_addendum_ratio": "Addenda", "standardised_clinical_ratio": "Clinical addenda", "standardised_late_ratio": "Late reports"}
TITLES = {
    "standardised_addendum_ratio": "Amended within 30 days, against the case mix",
    "standardised_clinical_ratio": "Clinical addenda within 30 days, against the case mix",
    "standardised_late_ratio": "Late reports, against the case mix",
}

LISTS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "standardised_addendum_ratio": ("amended", {}),
    "standardised_clinical_ratio": ("amended", {"addendum_class": ("clinical",)}),
    "standardised_late_ratio": ("reports", {"verdict": ("missed",)}),
}

page = frame()
heading(page, "Suppliers and routes", "Does it matter for the report who makes it?")
kind = blocks.choice("Compared on", KINDS, key="compared")
unit = blocks.choice("By", UNITS, key="by")
found, quarters = page.ask(kind, unit), variability.quarters(page, unit, metric=kind)
blocks.finding((narrate.against_case_mix, (found, *quarters)), (narrate.unattributed, (found,)))
blocks.chart(
    found,
    charts.against_case_mix,
    f"{TITLES[kind]}, by {'reader' if unit == 'reader' else 'organisation'}",
    key=f"{kind}_{unit}",
    drawn_with=quarters,
    dimension=unit,
    behind=LISTS[kind][0],
    behind_where={**LISTS[kind][1], **variability.units(found)},
    subtitle="Filled: different in two of the last three quarters.",
)
blocks.explained(narrate.case_mix_limits, found, *quarters)
st.markdown(narrate.ROUTES_LATE if kind == "standardised_late_ratio" else narrate.ROUTES_ADDENDA)
reviewed, all_reviewed = page.ask("discrepancy_rate", "reporting_route"), page.ask("discrepancy_rate")
blocks.chart(
    reviewed,
    charts.intervals,
    "Found to differ at peer review, by reporting route",
    key="reviewed",
    drawn_with=(all_reviewed,),
    dimension="reporting_route",
    is_funnel=True,
    behind="reviewed",
    behind_where=variability.units(reviewed),
    subtitle="Moderate or major, of reports sampled at random or all of a reporter's. Without adjustment for case mix.",
)
blocks.explained(narrate.beyond_chance, reviewed, all_reviewed)
st.markdown(narrate.REVIEWS)
