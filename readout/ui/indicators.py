"""The overview's tables: each indicator for its last complete month, for the network and for each site."""

from collections.abc import Sequence
from typing import Any

from readout import format as fmt
from readout import narrate
from readout.answer import Answer
from readout.catalogue import load_catalogue
from readout.ui.engine import Failure
from readout.ui.frame import Page, ranked_pathways

INDICATORS = (
    "activity",
    "demand",
    "out_of_hours_share",
    "exam_to_report",
    "within_pathway_standard",
    "within_28_days",
    "unreported",
    "backlog_10_days",
    "unreported_over_standard",
    "request_to_exam",
    "six_week_breach",
    "did_not_attend_rate",
    "addendum_rate",
)
PARTS = {"median_hours": ", half within", "p90_hours": ", 90 % within", "value": ""}


def network(page: Page, indicators: Sequence[str] = INDICATORS) -> list[dict[str, str]]:
    """One row an indicator: its last complete month, the month before, what stands behind it, and the standard."""
    asked = [_ask(page, m, "month") for m in indicators]
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
            name = f"{answer.metric.label}{_segment(answer)}{PARTS[column]}{' (national return)' if answer.metric.national else ''}"
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
        whole, answer = _ask(page, metric_id, "month"), _ask(page, metric_id, "month", "site_code")
        if isinstance(whole, Failure) or isinstance(answer, Failure):
            continue
        now, _ = narrate.latest_complete(whole)
        found = {r["site_code"]: r for r in answer.rows if now and r["month"] == now["month"]}
        for code, site in whole.labels["site_code"].items():
            if page.sites and code not in page.sites:
                continue
            row = rows.setdefault(code, {"Site": site})
            for column in _columns(whole):
                row[f"{whole.metric.label}{_segment(whole)}{PARTS[column]}"] = _said(answer, found.get(code), column)
    return list(rows.values())


def _ask(page: Page, metric_id: str, *by: str) -> Answer | Failure:
    """A time is asked of one pathway, the one that breaches its standard most: over all of them a median mixes hours with weeks."""
    if load_catalogue().metric(metric_id).kind == "time":
        ranked = ranked_pathways(page, "six_week_breach" if metric_id == "request_to_exam" else "within_pathway_standard")
        return page.ask(metric_id, *by, pathway=ranked[:1])
    return page.ask(metric_id, *by)


def _segment(answer: Answer) -> str:
    chosen = answer.scope.where.get("pathway", ())
    return f", {answer.label('pathway', chosen[0])}" if answer.metric.kind == "time" and chosen else ""


def _columns(answer: Answer) -> tuple[str, ...]:
    return ("median_hours", "p90_hours") if answer.metric.kind == "time" else ("value",)


def _people(answer: Answer, row: Any) -> str:
    if answer.metric.kind == "time" and row:
        return f"n {fmt.count(row['n'])}, {fmt.count(row['count_unreported'])} {answer.metric.unended}"
    return ""


def _said(answer: Answer, row: Any, column: str) -> str:
    if row is None:
        return fmt.DASH
    return fmt.hours(row[column]) if column.endswith("_hours") else narrate.reading(answer, row)


def _standard(answer: Answer) -> str:
    standard = answer.standard
    if standard is None:
        return ""
    if "%" in standard.label or standard.target is None or not narrate.is_share(answer):
        return f"{standard.label} ({standard.status})"
    return f"{fmt.percent(standard.target, 0)} ({standard.status})"
