"""Backlog: what waits for a report, where, how long, and whether it is growing."""

import streamlit as st

from readout import charts
from readout.ui import blocks, figure, listing
from readout.ui.frame import frame, heading
from readout.wording import findings

SPLITS = {"site_code": "Site", "modality": "Modality", "pathway": "Pathway", "urgency": "Urgency", "reporting_route": "Route"}
PARTS = {"band": "Age", "place": "Where it waits"}

page = frame()
heading(page, "Backlog", "What waits for a report, where, for how long, and is it growing?")
day = listing.as_of(page)
then, page = page.at(day or page.ends_before), page.until(day)
unreported, backlog, over, oldest = (then.ask(m) for m in ("unreported", "backlog_10_days", "unreported_over_standard", "oldest_unreported"))
clearance, delegated = then.ask("clearance_weeks"), then.ask("unreported_delegated")
arrived, left_room = page.ask("report_arrivals", "month"), page.ask("report_completions", "month")
blocks.finding(
    (lambda a: findings.largest(a, "site_code"), (then.ask("unreported", "site_code"),)),
    (lambda a: findings.oldest(a, "site_code"), (then.ask("oldest_unreported", "site_code"),)),
    (findings.flow, (arrived, left_room)),
)
blocks.cards(unreported, backlog, over, clearance)
st.caption(f"{findings.one_figure(oldest)} {findings.one_figure(delegated)}")

with st.container(horizontal=True, vertical_alignment="center"):
    split = blocks.choice("Split by", SPLITS, key="by")
    part = blocks.choice("Parts", PARTS, key="part")
blocks.chart(
    then.ask("unreported", split, part),
    charts.stacked,
    f"Unreported, by {SPLITS[split].lower()} and {PARTS[part].lower()}",
    key=f"unreported_{split}_{part}",
    dimension=split,
    split=part,
    behind="unreported",
)
left, right = figure.halves()
with left:
    blocks.chart(
        page.ask("unreported", "month"),
        charts.stock,
        "Unreported at each month end",
        key="months",
        drawn_with=(page.ask("backlog_10_days", "month"),),
        part_name="10 days or more",
        part_filter="over=10_days",
        behind="unreported",
    )
with right:
    blocks.chart(
        then.ask("backlog_10_days", "site_code"),
        charts.bars,
        "Waiting ten days or more, by site",
        key="trigger",
        dimension="site_code",
        selected=page.sites,
        behind="unreported",
        behind_where={"over": ("10_days",)},
        **blocks.trigger(then.ask("backlog_10_days", "site_code")),
    )
blocks.chart(
    arrived,
    charts.paired,
    "What came to be reported and what left",
    key="flow",
    drawn_with=(left_room,),
    names=("came", "left"),
    subtitle="The unreported at a month's end are those at its start, plus what came, less what left.",
)
