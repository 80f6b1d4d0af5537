"""Report turnaround: how long a report takes, and who is still waiting."""

import streamlit as st

from readout import charts, narrate
from readout.ui import blocks
from readout.ui.frame import frame, heading

BREAKDOWNS = {"site_code": "Site", "modality": "Modality", "urgency": "Urgency"}

page = frame()
heading(page, "Report turnaround", "How long from examination to a verified report, and who is still waiting?")

turnaround, within, unreported, backlog = (
    page.ask(m, "month") for m in ("exam_to_report", "within_28_days", "unreported", "backlog_10_days")
)
blocks.finding(
    (narrate.compared, (turnaround,)),
    (narrate.against_standard, (within,)),
    (lambda a: narrate.largest(a, "site_code"), (page.ask("unreported", "site_code"),)),
)
blocks.cards(turnaround, within, unreported, backlog)

blocks.chart(
    turnaround,
    charts.quantiles,
    "Time from examination to report",
    key="quantiles",
    column="p90_hours",
    flags=page.flags_for("exam_to_report"),
    subtitle="Examinations still unreported count as waits that have not ended.",
)
by = blocks.choice("Break down by", BREAKDOWNS, key="by")
left, right = st.columns(2)
with left:
    blocks.chart(
        page.ask("exam_to_report", by),
        charts.dumbbell,
        f"Time to report, by {BREAKDOWNS[by].lower()}",
        key=f"units_{by}",
        column="p90_hours",
        dimension=by,
        selected=page.sites if by == "site_code" else (),
    )
with right:
    blocks.chart(
        page.ask("turnaround_bands", by, "band"),
        charts.stacked,
        f"How the time to report is spread, by {BREAKDOWNS[by].lower()}",
        key=f"bands_{by}",
        dimension=by,
        as_share=True,
    )
left, right = st.columns(2)
with left:
    blocks.chart(
        within,
        charts.trend,
        "Reported within 28 days",
        key="within",
        flags=page.flags_for("within_28_days"),
        subtitle="Of examinations old enough to judge; the unreported count as missed.",
    )
with right:
    blocks.chart(
        unreported, charts.stock, "Unreported at each month end", key="unreported", drawn_with=(backlog,), part_name="10 days or more"
    )
blocks.chart(
    page.ask("unreported", "site_code", "band"),
    charts.stacked,
    "Where the unreported wait, by age",
    key="age",
    dimension="site_code",
)
