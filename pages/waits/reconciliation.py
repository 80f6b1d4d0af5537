"""Against the return: our waiting list and activity beside the published ones, the difference split into named reasons."""

import streamlit as st

from readout import charts
from readout.ui import blocks, reconciliation
from readout.ui.frame import frame, heading
from readout.wording import findings

MEASURES = {"list_reconciliation": "Waiting list", "activity_reconciliation": "Examinations done"}

page = frame()
heading(page, "Against the return", "Why does our figure differ from the published one of the same trust, test and month?")
if not page.national:
    st.info("The national return is not in this extract. Add a source for `national_wait` with the adapter `dm01`.")
    st.stop()
measure = blocks.choice("Measure", MEASURES, key="compared")
chosen = reconciliation.choose(page, measure)
if chosen is None:
    st.stop()

steps = page.ask(measure, "step", scope=chosen)
blocks.finding((findings.bridge, (steps,)))
reconciliation.cards(steps)
blocks.chart(
    steps,
    charts.bridge,
    "From our figure to the published one",
    key=f"bridge_{measure}",
    subtitle="A return is of whole trusts and tests: of the filters only the dates apply.",
)
reconciliation.reasons()

if measure == "activity_reconciliation":
    st.header("By wait category", anchor=False)
    blocks.rows_by(page.ask(measure, "wait_category", "step", scope=chosen), reconciliation.rows, is_wrapped=True)
month = chosen.filtered("trust_code", ()).filtered("test", ())
st.header(f"Every trust and test, {reconciliation.month_name(chosen)}", anchor=False)
blocks.rows_by(page.ask(measure, "trust_code", "test", "step", scope=month), reconciliation.rows, is_wrapped=True)
