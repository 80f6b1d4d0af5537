"""The router: gate, navigation, run. A page is added here and nowhere else."""

import streamlit as st

from readout.ui import prefetch
from readout.ui.access import gate
from readout.ui.address import told
from readout.ui.frame import expect, filters
from readout.ui.site import ICON, links, navigate

st.set_page_config(page_title="Readout", page_icon=ICON, layout="wide")
gate()
chosen = navigate(
    {
        "": ("overview/network.py", "Overview"),
        "signals": ("overview/signals.py", "Signals"),
        "control": ("overview/control.py", "Control chart"),
        "activity": ("activity/activity.py", "Activity"),
        "turnaround": ("turnaround/reports.py", "Turnaround"),
        "standards": ("turnaround/standards.py", "Within standard"),
        "backlog": ("turnaround/backlog.py", "Backlog"),
        "examination-waits": ("waits/examination.py", "Waits"),
        "variability": ("variability/sites.py", "Variability"),
        "routes": ("variability/routes.py", "Suppliers and routes"),
        "addenda": ("variability/addenda.py", "Addenda and discrepancies"),
        "reporters": ("variability/reporters.py", "Between reporters"),
        "waits": ("waits/national.py", "National waits"),
        "reconciliation": ("waits/reconciliation.py", "Against the return"),
        "packs": ("packs/board.py", "Board packs"),
        "examinations": ("about/examinations.py", "Examinations"),
        "quality": ("data/quality.py", "Data quality"),
        "catalogue": ("about/catalogue.py", "Metric catalogue"),
    }
)
expect()
links(chosen)
filters()
with told():
    chosen.run()
prefetch.done()
