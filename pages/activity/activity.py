"""Activity: what is asked of the network, what it does, when and for whom."""

from readout import charts
from readout.ui import blocks, figure
from readout.ui.frame import frame, heading
from readout.wording import findings

CALENDAR = "A month with more weekends and bank holidays has a larger share. Out of hours against the calendar allows for that."
BREAKDOWNS = {"modality": "Modality", "site_code": "Site", "patient_class": "Patient class"}

page = frame()
heading(page, "Activity", "What is asked of us, what do we do, when, and for whom?")

activity, demand, out_of_hours = (page.ask(m, "month") for m in ("activity", "demand", "out_of_hours_share"))
blocks.finding((findings.compared, (activity,)), (findings.compared, (demand,)), (findings.compared, (page.ask("out_of_hours_against_calendar", "month"),)))
blocks.cards(activity, demand, page.ask("attendances", "month"), page.ask("patients", "month"))

blocks.chart(
    activity,
    charts.paired,
    "Examinations done and requests received",
    key="both",
    drawn_with=(demand,),
    subtitle="Requests by the month they arrived, less those rejected at vetting.",
)

by = blocks.choice("Break down by", BREAKDOWNS, key="by")
blocks.chart(
    page.ask("activity", "month", by),
    charts.panels,
    f"Examinations done, by {BREAKDOWNS[by].lower()}",
    key=f"by_{by}",
    split=by,
    selected=page.sites if by == "site_code" else (),
    subtitle="Up to eight, the largest first, each on its own scale from zero.",
)

left, right = figure.halves()
with left:
    blocks.chart(
        page.ask("activity_by_hour", "weekday", "hour"),
        charts.heat_map,
        "When examinations are done",
        key="hours",
        down="weekday",
        across="hour",
    )
with right:
    blocks.chart(out_of_hours, charts.trend, "Out-of-hours share", key="out_of_hours", subtitle=CALENDAR)
blocks.chart(page.ask("activity_per_working_day", "month"), charts.trend, "Examinations per working day", key="per_day", zero=True)
