"""A figure in words, for whoever cannot see it: what, over what, from lowest to highest, the latest, and where every value is."""

from typing import Any

from readout.charts.theme import read
from readout.metrics import format as fmt
from readout.metrics.answer import Answer


def alternative(answer: Answer, column: str = "value") -> str:
    """The text alternative of a chart of `column`, written from its answer."""
    if answer.metric.kind.is_time and column == "value":
        column = answer.metric.kind.charted
    what = {"median_hours": ", half within", "p90_hours": ", 90 % within"}.get(column, "")
    known = [r for r in answer.rows if r.get(column) is not None]
    if not known:
        return f"{answer.metric.label}{what}, {answer.words}: nothing to show."
    low, high = min(known, key=lambda r: r[column]), max(known, key=lambda r: r[column])
    said = f"{answer.metric.label}{what}, {answer.words}. Lowest {_one(answer, low, column)}, highest {_one(answer, high, column)}."
    if answer.scope.by == ("month",):
        settled = [r for r in known if not r["provisional"]]
        if settled:
            said += f" Latest complete month {_one(answer, settled[-1], column)}."
    if answer.provisional_months:
        said += f" {fmt.listed([fmt.month(m) for m in answer.provisional_months])} provisional."
    return said + " The table below holds every value."


def _one(answer: Answer, row: dict[str, Any], column: str) -> str:
    where = ", ".join(answer.label(d, row[d]) for d in answer.scope.by)
    return read(answer, column, row[column]) + (f" ({where})" if where else "")
