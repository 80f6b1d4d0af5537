"""Cards, charts and tables, each made from one Answer, each a click from its definition, its rows and its query."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from readout import format as fmt
from readout import narrate
from readout.answer import Answer
from readout.charts import alternative
from readout.scope import DIMENSIONS

CONFIG = {"displaylogo": False, "toImageButtonOptions": {"format": "svg"}, "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"]}


def cards(*answers: Answer) -> None:
    """The last complete month of each answer by month; the last snapshot of a stock."""
    for column, answer in zip(st.columns(len(answers)), answers, strict=True):
        now, _ = narrate.latest_complete(answer)
        with column:
            st.metric(answer.metric.label, narrate.reading(answer, now), border=True, help=answer.metric.question)
            st.caption(f"{fmt.month(now['month'])}: {narrate.beside(answer, now)}" if now else "no complete month in range")


def chart(answer: Answer, draw: Callable[[Answer], go.Figure], title: str, *, key: str, column: str = "value") -> None:
    """Title, scope, figure, and one click away the definition, the rows, the SQL and a download."""
    st.subheader(title)
    st.caption(answer.words[0].upper() + answer.words[1:])
    if answer.is_empty:
        st.info(narrate.empty(answer))
        return
    st.plotly_chart(draw(answer), key=f"{key}_figure", config=CONFIG, alt=alternative(answer, column))
    st.caption(" · ".join(t for t in (narrate.provisional(answer.provisional_months), narrate.footer(answer)) if t))
    chosen = st.segmented_control("More on: " + title, ["About", "Table", "SQL"], key=f"{key}_more", label_visibility="collapsed")
    if chosen == "About":
        about(answer)
    elif chosen == "Table":
        table(answer, key)
    elif chosen == "SQL":
        st.code(answer.metric.query.text, language="sql", wrap_lines=True)


def about(answer: Answer) -> None:
    """The catalogue's words."""
    metric, standard = answer.metric, answer.standard
    lines = [
        f"**{metric.question}**",
        f"Numerator: {metric.numerator}.",
        f"Denominator: {metric.denominator}.",
        f"Clock: {metric.clock}.",
        f"Source: {metric.source}. Owner: {metric.owner}. Metric `{metric.id}`, query `{metric.query.name}` {metric.query.hash}.",
    ]
    if standard:
        lines.append(f"Standard: {standard.label}, {fmt.percent(standard.target, 0)} ({standard.status}). {standard.source}.")
    st.markdown("  \n".join(lines))


def table(answer: Answer, key: str) -> None:
    """The rows with names and units, and their download as CSV."""
    st.dataframe(named_rows(answer), hide_index=True, width="stretch")
    st.download_button("Download CSV", answer.frame.write_csv(), f"{answer.metric.id}_{answer.extract_id}.csv", "text/csv", key=f"{key}_csv")


def named_rows(answer: Answer) -> list[dict[str, Any]]:
    """Rows as a person reads them."""
    return [{_title(c): _cell(answer, c, v) for c, v in row.items()} for row in answer.rows]


def _title(column: str) -> str:
    return DIMENSIONS[column].label if column in DIMENSIONS else column.replace("_", " ").capitalize()


def _cell(answer: Answer, column: str, value: Any) -> Any:
    if column in DIMENSIONS:
        return answer.label(column, value)
    if column.endswith("_hours"):
        return fmt.hours(value)
    if column == "provisional":
        return "provisional" if value else ""
    if column == "value" and answer.metric.kind == "ratio":
        return fmt.percent(value) if answer.metric.unit.startswith("share") else (fmt.DASH if value is None else f"{value:,.1f}")
    return fmt.count(value)
