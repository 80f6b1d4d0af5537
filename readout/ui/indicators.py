"""The overview's tables: each indicator for its last complete month, for the network and for each site."""

from collections.abc import Sequence
from typing import Any

from readout import format as fmt
from readout import narrate
from readout.answer import Answer
from readout.ui.engine import Failure
from readout.ui.frame import Page

INDICATORS = (
    "activity",
    "demand",
    "out_of_hours_share",
    "exam_to_report",
    "within_28_days",
    "unreported",
    "backlog_10_days",
    "addendum_rate",
)
PARTS = {"median_hours": ", half within", "p90_hours": ", 90 % within", "value": ""}


def network(page: Page, indicators: Sequence[str] = INDICATORS) -> list[dict[str, str]]:
    """One row an indicator: its last complete month, the month before, what stands behind it, and the standard."""
    asked = [page.ask(m, "month") for m in indicators]
    own = page.national.get("own_providers")
    if own:
        asked.append(page.ask("national_six_week_breach", "month", provider_code=own))
    rows = []
    for answer in asked:
        if isinstance(answer, Failure):
            rows.append({"Indicator": answer.sentence})
            continue
        now, before = narrate.latest_complete(answer)
        for column in _columns(answer):
            name = f"{answer.metric.label}{PARTS[column]}{' (national return)' if answer.metric.national else ''}"
            behind = narrate.beside(answer, now) if answer.metric.kind == "ratio" else _people(answer, now)
            rows.append(
                {
                    "Indicator": name,
                    "Month": narrate.when(answer, now),
                    "Network": _said(answer, now, column),
                    "Counts": behind,
                    "Month before": _said(answer, before, column),
                    "Standard": _standard(answer),
                }
            )
    return rows


def sites(page: Page, indicators: Sequence[str] = INDICATORS) -> list[dict[str, str]]:
    """One row a site, one column an indicator, each for the network's last complete month of that indicator."""
    rows: dict[str, dict[str, str]] = {}
    for metric_id in indicators:
        whole, answer = page.ask(metric_id, "month"), page.ask(metric_id, "month", "site_code")
        if isinstance(whole, Failure) or isinstance(answer, Failure):
            continue
        now, _ = narrate.latest_complete(whole)
        found = {r["site_code"]: r for r in answer.rows if now and r["month"] == now["month"]}
        for code, site in whole.labels["site_code"].items():
            if page.sites and code not in page.sites:
                continue
            row = rows.setdefault(code, {"Site": site})
            for column in _columns(whole):
                row[f"{whole.metric.label}{PARTS[column]}"] = _said(answer, found.get(code), column)
    return list(rows.values())


def _columns(answer: Answer) -> tuple[str, ...]:
    return ("median_hours", "p90_hours") if answer.metric.kind == "time" else ("value",)


def _people(answer: Answer, row: Any) -> str:
    if answer.metric.kind == "time" and row:
        return f"n {fmt.count(row['n'])}, {fmt.count(row['count_unreported'])} unreported"
    return ""


def _said(answer: Answer, row: Any, column: str) -> str:
    if row is None:
        return fmt.DASH
    return fmt.hours(row[column]) if column.endswith("_hours") else narrate.reading(answer, row)


def _standard(answer: Answer) -> str:
    standard = answer.standard
    if standard is None:
        return ""
    return f"{standard.label if '%' in standard.label else fmt.percent(standard.target, 0)} ({standard.status})"
