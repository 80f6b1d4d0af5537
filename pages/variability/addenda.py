"""Addenda and discrepancies: each site beside its case mix, best estimates with intervals, and what peer review found."""

import streamlit as st

from readout import charts, narrate
from readout.ui import blocks, variability
from readout.ui.frame import frame, heading

CLASSES = {"addendum": "All", "clinical": "Clinical", "administrative": "Administrative"}

page = frame()
heading(page, "Addenda and discrepancies", "How often are reports amended, or found to differ, and does it differ between sites?")
kind = blocks.choice("Addenda", CLASSES, key="addenda")
classed = {} if kind == "addendum" else {"addendum_class": (kind,)}
metric = f"standardised_{kind}_ratio"
amended, quarters = page.ask(metric, "site_code"), variability.quarters(page, "site_code", metric=metric)
rate = page.ask("addendum_rate" if kind == "addendum" else f"{kind}_addendum_rate")
reviewed, all_reviewed = page.ask("discrepancy_rate", "site_code"), page.ask("discrepancy_rate")
blocks.finding((narrate.one_rate, (rate,)), (narrate.against_case_mix, (amended, *quarters)))
blocks.chart(
    amended,
    charts.against_case_mix,
    "Amended within 30 days, against the case mix, by site",
    key=f"amended_{kind}",
    drawn_with=quarters,
    dimension="site_code",
    selected=page.sites,
    behind="amended",
    behind_where=classed,
    subtitle="Filled: different in two of the last three quarters.",
)
blocks.explained(narrate.case_mix_limits, amended, *quarters)
st.markdown(narrate.ADDENDA)
blocks.chart(
    amended,
    charts.best_estimates,
    "Best estimate of each site's ratio",
    key=f"best_{kind}",
    dimension="site_code",
    selected=page.sites,
    behind="amended",
    behind_where=classed,
    subtitle="Drawn towards all sites together the more, the fewer reports a site has.",
)
blocks.chart(
    reviewed,
    charts.intervals,
    "Found to differ at peer review, by site",
    key="reviewed",
    drawn_with=(all_reviewed,),
    dimension="site_code",
    is_funnel=True,
    selected=page.sites,
    behind="reviewed",
    subtitle="Moderate or major, of reports sampled at random or all of a reporter's. Without adjustment for case mix.",
)
blocks.explained(narrate.beyond_chance, reviewed, all_reviewed)
st.header("How the reviewed reports were chosen", anchor=False)
blocks.rows_of(page.ask("discrepancy_rate", "sampled_how"))
st.markdown(narrate.REVIEWS)
