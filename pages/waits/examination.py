"""Waits for the examination: from the request to the scan, and on to the result."""

from readout import charts
from readout.ui import blocks, curves, figure
from readout.ui.frame import frame, heading
from readout.wording import findings

PARTS = {"band": "Time waited", "booking": "Booking"}

page = frame()
heading(page, "Waits for examination", "How long from the request to the examination, who is still waiting, and who never comes?")
result = page.ask("request_to_report", "pathway")
blocks.finding(
    (findings.against_standard, (page.ask("six_week_breach"),)),
    (lambda a: findings.standard_used(a, "suspected_cancer"), (result,)),
)
one = blocks.pathway(page, "six_week_breach")
wait = one.ask("request_to_exam", "month")
blocks.cards(wait, *(one.ask(m, "month") for m in ("waiting", "six_week_breach", "did_not_attend_rate")))

blocks.chart(
    wait,
    charts.quantiles,
    "From request to examination",
    key="wait",
    column="p90_hours",
    subtitle="By the month the request arrived. A request not yet examined is a wait that has not ended; planned surveillance is no wait.",
)
curves.drawn(
    page,
    one,
    "exam_survival",
    ("modality", "site_code", "urgency", "pathway", "month"),
    title="Who is still waiting for the examination",
    subtitle="A cancellation or missed appointment ends a wait without an examination.",
)
part = blocks.choice("Parts", PARTS, key="part")
left, right = figure.halves()
with left:
    blocks.chart(
        one.ask("waiting", "site_code", part),
        charts.stacked,
        f"On the waiting list, by site and {PARTS[part].lower()}",
        key=f"list_{part}",
        dimension="site_code",
        split=part,
        behind="waiting",
    )
with right:
    blocks.chart(
        one.ask("lost_appointments", "reason", outcome=("cancelled",)),
        charts.bars,
        "Why requests are cancelled",
        key="reasons",
        dimension="reason",
    )
blocks.chart(
    result,
    charts.dumbbell,
    "From request to result, by pathway",
    key="result",
    column="p90_hours",
    dimension="pathway",
)
