"""Our figures against the national return: which trust, test and month, and the steps between the two as figures and rows."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from readout import schema
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.scope import DIMENSIONS, Scope, month_of
from readout.ui import address, blocks
from readout.ui.frame import Page
from readout.ui.session import Failure
from readout.wording import findings

ALL_TRUSTS, ALL_TESTS = "All trusts together", "All tests together"
PUBLISHED = "Published"


def choose(page: Page, metric_id: str) -> Scope | None:
    """The trust, test and month that are chosen, kept in the address; none, with the reason said, where nothing can be compared.

    It opens on the last month and on the trust and test with the most left unexplained.
    """
    months = page.ask(metric_id, "month")
    if isinstance(months, Failure):
        (st.info if months.is_absence else st.error)(months.sentence)
        return None
    if months.is_empty:
        st.info("No month in these dates has both our figure and a published one. Widen the dates.")
        st.caption(findings.footer(months))
        return None
    by_name = {fmt.month(r["month"]): r["month"] for r in reversed(months.rows)}
    left, middle, right = st.columns(3)
    with right:
        month = by_name[_one("Month", list(by_name), "month", 0)]
    scope = Scope(where={"month": (month.isoformat(),)})
    rest = page.ask(metric_id, "trust_code", "test", scope=scope.filtered("step", ("unexplained",)))
    if isinstance(rest, Failure) or rest.is_empty:
        return None
    worst = max(rest.rows, key=lambda r: abs(r["value"]))
    where: dict[str, str] = {}
    for column, key, title, dimension, every in ((left, "trust", "Trust", "trust_code", ALL_TRUSTS), (middle, "test", "Test", "test", ALL_TESTS)):
        names = {rest.label(dimension, r[dimension]): r[dimension] for r in rest.rows}
        options = [*sorted(names), every]
        with column:
            chosen = _one(title, options, key, options.index(rest.label(dimension, worst[dimension])))
        where |= {dimension: names[chosen]} if chosen in names else {}
    for dimension, value in where.items():
        scope = scope.filtered(dimension, (value,))
    return scope


def _one(title: str, options: list[str], key: str, index: int) -> str:
    """One of many by name, kept in the address; a name that is none of them is said."""
    address.claim(key, title.lower(), options)
    chosen: str = st.selectbox(title, options, index=index, key=key, bind="query-params")
    return chosen


def month_name(scope: Scope) -> str:
    """The month of the choice."""
    return fmt.month(month_of(scope.where["month"][0]))


def cards(answer: Answer | Failure) -> None:
    """Ours, published, the difference and what no reason explains."""
    if isinstance(answer, Failure) or answer.is_empty:
        return
    steps = {r["step"]: r["value"] for r in answer.rows}
    ours, published, rest = steps.get("ours", 0), sum(steps.values()), steps.get("unexplained", 0)
    publication = max((r["vintage"] for r in answer.rows if r["vintage"]), default="")
    share = f"{fmt.percent(abs(rest) / published)} of the published figure" if published else answer.metric.unit
    blocks.figures(
        ("Our figure", ours, f"{answer.metric.unit}, from the RIS"),
        (PUBLISHED, published, f"publication {publication}"),
        ("Difference", fmt.signed(published - ours), "published less ours"),
        ("Unexplained", fmt.signed(rest), share),
    )


def rows(answer: Answer) -> list[dict[str, Any]]:
    """One row a unit of the breakdown: our figure, the published one, what is unexplained, each reason; the most unexplained first."""
    units = [d for d in answer.scope.by if d != "step"]
    found: dict[tuple[Any, ...], dict[str, float]] = {}
    for r in answer.rows:
        found.setdefault(tuple(r[d] for d in units), {})[r["step"]] = r["value"]
    ordered = sorted(found.items(), key=lambda item: -abs(item[1].get("unexplained", 0)))
    order = ("ours", "", "unexplained", *(x for x in schema.STEPS if x not in ("ours", "unexplained")))  # what matters most needs no scrolling
    return [{**_named(answer, units, key), **{schema.STEPS.get(x, PUBLISHED): v.get(x, 0) if x else sum(v.values()) for x in order}} for key, v in ordered]


def _named(answer: Answer, units: list[str], key: tuple[Any, ...]) -> Mapping[str, str]:
    return {DIMENSIONS[d].label: answer.label(d, value) for d, value in zip(units, key, strict=True)}


def reasons() -> None:
    """What each reason means."""
    st.markdown("\n".join(f"- **{schema.STEPS[step]}**: {said}." for step, said in findings.STEPS_SAID.items()))
