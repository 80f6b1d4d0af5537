"""Addenda, follow-up and discrepancies: each site beside its case mix, best estimates with intervals, and what peer review found."""

import streamlit as st

from readout import charts
from readout.ui import blocks, variability
from readout.ui.frame import frame, heading
from readout.wording import findings

page = frame()
heading(page, "Addenda and discrepancies", "How often are reports amended, recommend follow-up, or are found to differ, and does it differ between sites?")
key = blocks.choice("Compared on", {k: variability.KINDS[k].label for k in variability.OF_SITES}, key="addenda")
kind = variability.KINDS[key]
found, quarters = page.ask(kind.ratio, "site_code"), variability.quarters(page, "site_code", metric=kind.ratio)
reviewed, all_reviewed = page.ask("discrepancy_rate", "site_code"), page.ask("discrepancy_rate")
blocks.finding((findings.one_rate, (page.ask(kind.rate),)), (findings.against_case_mix, (found, *quarters)))
blocks.chart(
    found,
    charts.against_case_mix,
    f"{kind.title}, against the case mix, by site",
    key=f"amended_{key}",
    drawn_with=quarters,
    dimension="site_code",
    selected=page.sites,
    behind=kind.behind,
    behind_where=kind.where,
    subtitle="Filled: different in two of the last three quarters.",
)
blocks.explained(findings.case_mix_limits, found, *quarters)
st.markdown(kind.of_sites)
if variability.has_estimates(found):
    blocks.chart(
        found,
        charts.best_estimates,
        "Best estimate of each site's ratio",
        key=f"best_{key}",
        dimension="site_code",
        selected=page.sites,
        behind=kind.behind,
        behind_where=kind.where,
        subtitle="Drawn towards all sites together the more, the fewer reports a site has.",
    )
    blocks.explained(findings.best_estimates, found)
blocks.chart(
    reviewed,
    charts.intervals,
    "Found to differ at peer review, by site, as counted",
    key="reviewed",
    drawn_with=(all_reviewed,),
    dimension="site_code",
    is_funnel=True,
    selected=page.sites,
    behind="reviewed",
    subtitle="Moderate or major, of reports sampled at random or all of a reporter's. Without adjustment for case mix.",
)
blocks.explained(findings.beyond_chance, reviewed, all_reviewed)
st.header("How the reviewed reports were chosen", anchor=False)
blocks.explained(findings.sampled, all_reviewed)
blocks.rows_of(page.ask("discrepancy_rate", "sampled_how"))
st.markdown(findings.REVIEWS)
