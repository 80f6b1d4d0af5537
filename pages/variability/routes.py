"""Suppliers and routes: addenda, follow-up and discrepancies by who reported, and who reports in time, beside the case mix, and what the comparison cannot tell."""

import streamlit as st

from readout import charts
from readout.ui import blocks, variability
from readout.ui.frame import frame, heading
from readout.wording import findings

UNITS = {"reader": "Who reported", "supplier": "Reported for others"}

page = frame()
heading(page, "Suppliers and routes", "Does it matter for the report who makes it?")
key = blocks.choice("Compared on", {k: variability.KINDS[k].label for k in variability.OF_READERS}, key="compared")
unit = blocks.choice("By", UNITS, key="by")
kind = variability.KINDS[key]
found, quarters = page.ask(kind.ratio, unit), variability.quarters(page, unit, metric=kind.ratio)
reviewed, all_reviewed = page.ask("discrepancy_rate", unit), page.ask("discrepancy_rate")
blocks.finding((findings.against_case_mix, (found, *quarters)), (findings.unattributed, (found,)))
noun = "reader" if unit == "reader" else "organisation"
blocks.chart(
    found,
    charts.against_case_mix,
    f"{kind.title}, against the case mix, by {noun}",
    key=f"{key}_{unit}",
    drawn_with=quarters,
    dimension=unit,
    behind=kind.behind,
    behind_where={**kind.where, **variability.units(found)},
    subtitle="Filled: different in two of the last three quarters.",
)
blocks.explained(findings.case_mix_limits, found, *quarters)
st.markdown(kind.of_readers)
st.header("Reported within 28 days, by route", anchor=False)
blocks.rows_of(page.ask("within_28_days_by_route", "ended_by"))
st.markdown(findings.ROUTES_LATE)
blocks.chart(
    reviewed,
    charts.intervals,
    f"Found to differ at peer review, by {noun}, as counted",
    key="reviewed",
    drawn_with=(all_reviewed,),
    dimension=unit,
    is_funnel=True,
    behind="reviewed",
    behind_where=variability.units(reviewed),
    subtitle="Moderate or major, of reports sampled at random or all of a reporter's. Without adjustment for case mix.",
)
blocks.explained(findings.beyond_chance, reviewed, all_reviewed)
st.markdown(findings.REVIEWS)
