"""Within standard: is each examination reported in the time its own pathway allows?"""

import streamlit as st

from readout import charts
from readout.ui import blocks, dictionary, figure
from readout.ui.frame import frame, heading
from readout.wording import findings

BREAKDOWNS = {"site_code": "Site", "modality": "Modality", "pathway": "Pathway"}

page = frame()
heading(page, "Within standard", "Is each examination reported in the time its own pathway allows, the unreported counted as missed?")
within, national, over = (page.ask(m, "month") for m in ("within_pathway_standard", "within_28_days", "unreported_over_standard"))
blocks.finding((findings.breaching, (page.ask("within_pathway_standard", "pathway"),)), (findings.against_standard, (national,)))
blocks.cards(within, national, over, page.ask("backlog_10_days", "month"))

blocks.chart(
    within,
    charts.bounded,
    "Reported within their own standard",
    key="own",
    subtitle="Line: of those old enough to judge. Upright: the least and most that an open month can still reach.",
    behind="reports",
    behind_where={"verdict": ("missed",)},
)
by = blocks.choice("Break down by", BREAKDOWNS, key="by")
left, right = figure.halves()
with left:
    blocks.chart(
        page.ask("within_pathway_standard", by),
        charts.intervals,
        f"Within their own standard, by {BREAKDOWNS[by].lower()}",
        key=f"units_{by}",
        drawn_with=(page.ask("within_pathway_standard"),),
        dimension=by,
        selected=page.sites if by == "site_code" else (),
        behind="reports",
        behind_where={"verdict": ("missed",)},
    )
with right:
    blocks.chart(
        national,
        charts.trend,
        "Reported within 28 days",
        key="national",
        subtitle="The national standard, for every pathway alike.",
    )
st.header("By standard", anchor=False)
blocks.rows_by(page.ask("within_pathway_standard", "standard_id"), dictionary.by_standard, is_wrapped=True)
