"""The catalogue as rows that a page shows."""

from typing import Any

import streamlit as st

from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.catalogue import Metric, Standard, load_catalogue
from readout.ui import address


def finding() -> str:
    """How much there is, and which edition."""
    catalogue = load_catalogue()
    counted = f"{len(catalogue.metrics)} metrics and {len(catalogue.standards)} standards, edition {catalogue.hash}"
    return f"{counted}. Pages, exports and the command line read the same entries."


def chosen() -> tuple[Metric, Standard | None]:
    """The metric the reader picked, kept in the address."""
    catalogue = load_catalogue()
    names = {m.label: m for m in catalogue.metrics.values()}
    address.claim("metric", "metric", names)
    label = st.selectbox("Metric", list(names), key="metric", bind="query-params")
    metric = names[label]
    return metric, catalogue.standard_of(metric)


def metrics() -> list[dict[str, Any]]:
    """One row a metric."""
    return [
        {"Metric": m.label, "Question": m.question, "Unit": m.unit, "Clock": m.clock, "Standard": _label(m), "Owner": m.owner, "Name": m.id}
        for m in load_catalogue().metrics.values()
    ]


def standards() -> list[dict[str, Any]]:
    """One row a standard."""
    return [
        {
            "Standard": s.label,
            "Set by": s.status,
            "Threshold": s.threshold_words or fmt.DASH,
            "Share": fmt.DASH if s.target is None else fmt.percent(s.target, 1 if s.target < 0.1 else 0),
            "Source": s.source,
            "In force": f"from {fmt.day(s.valid_from)}" if s.valid_from else "undated",
        }
        for s in load_catalogue().standards.values()
    ]


def _label(metric: Metric) -> str:
    standard = load_catalogue().standard_of(metric)
    return f"{standard.label} ({standard.status})" if standard else ""


def by_standard(answer: Answer) -> list[dict[str, Any]]:
    """One row a standard: what it asks, who set it, and how it was met."""
    rows = []
    for row in answer.rows:
        standard = answer.standards.get(row["standard_id"])
        if standard is None:
            continue
        rows.append(
            {
                "Standard": standard.label,
                "Set by": standard.status,
                "Asks": f"{fmt.percent(standard.target, 0)} in {standard.threshold_words}" if standard.target is not None else standard.threshold_words,
                "Met": fmt.percent(row["value"]),
                "Counts": f"{fmt.count(row['numerator'])} of {fmt.count(row['denominator'])}",
                "Pending": row["count_pending"],
                "Least and most": f"{fmt.percent(row['lowest'])} to {fmt.percent(row['highest'])}",
            }
        )
    return rows
