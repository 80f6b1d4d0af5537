"""What the comparison of sites asks: the whole period, and each of the last three quarters that are old enough to judge."""

from readout.answer import Answer
from readout.scope import DIMENSIONS, Scope, month_end, previous_month
from readout.ui.blocks import Asked
from readout.ui.frame import Page

LATE = "standardised_late_ratio"
QUARTERS = 3


def quarters(page: Page, *by: str, metric: str = LATE) -> list[Asked]:
    """The same of the last three times three months that are complete and old enough, oldest first, whatever the period chosen."""
    months = page.ask(metric, "month", scope=page.scope.between(None, None))
    settled = [r["month"] for r in months.rows if not r["provisional"]] if isinstance(months, Answer) else []
    if not settled:
        return []
    asked, last = [], max(settled)
    for _ in range(QUARTERS):
        first = previous_month(previous_month(last))
        if first < min(settled):
            break
        asked.append(page.ask(metric, *by, scope=Scope((), page.scope.where, first, month_end(last))))
        last = previous_month(first)
    return asked[::-1]


def strata(answer: Answer) -> list[dict[str, object]]:
    """Where a unit's late reports differ most from those expected, the largest difference first."""
    rows = sorted((r for r in answer.rows if r["denominator"]), key=lambda r: -abs(r["numerator"] - r["denominator"]))
    return [
        {
            **{DIMENSIONS[d].label: answer.label(d, r[d]) for d in answer.scope.by},
            "Examinations": r["count_judged"],
            "Late": r["numerator"],
            "Expected": round(r["denominator"], 1),
            "More than expected": round(r["numerator"] - r["denominator"], 1),
        }
        for r in rows
    ]
