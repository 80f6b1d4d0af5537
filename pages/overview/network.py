"""Network overview: each indicator by site, the last complete month beside the one before and the standard."""

import streamlit as st

from readout import format as fmt
from readout import narrate
from readout.scope import previous_month
from readout.ui import blocks
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Network overview", "What was done, how fast was it reported, and where does it wait?")
unreported = page.ask("unreported", "month")
turnaround = page.ask("exam_to_report", "month")
within = page.ask("within_28_days", "month")
st.markdown(f"{narrate.finding(turnaround)} {narrate.finding(within)}")
blocks.cards(page.ask("activity", "month"), turnaround, within, unreported)

month, before = page.last_month, previous_month(page.last_month)
st.subheader(f"By site, {fmt.month(month)} (in brackets: {fmt.month(before)})")
names = page.ask("activity", "site_code", scope=page.month(month))
sites: dict[str, dict[str, str]] = {}
for metric in ("activity", "demand", "out_of_hours_share", "exam_to_report", "unreported", "backlog_10_days", "within_28_days", "addendum_rate"):
    when = (month, before)
    if metric in ("within_28_days", "addendum_rate"):  # judged a month later: the last month that is old enough
        when = (before, previous_month(before))
    now, then = (page.ask(metric, "site_code", scope=page.month(m)) for m in when)
    earlier = {r["site_code"]: r for r in then.rows}
    for row in now.rows:
        title = now.metric.label + (f", {fmt.month(when[0])}" if when[0] != month else "")
        sites.setdefault(row["site_code"], {"Site": names.label("site_code", row["site_code"])})[title] = (
            f"{narrate.reading(now, row)} ({narrate.reading(then, earlier.get(row['site_code']))})"
        )
st.dataframe(list(sites.values()), hide_index=True, width="stretch")
st.caption("Report turnaround is the Kaplan-Meier median, so the unreported count. Standard: 28 days, 100 % (national).")
st.caption(narrate.footer(names))
