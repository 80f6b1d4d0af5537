"""The router: gate, navigation, run. A page is added here and nowhere else."""

import streamlit as st

from readout import paths
from readout.ui.frame import filters, gate

st.set_page_config(page_title="Readout", layout="wide")
gate()
PAGES = [
    st.Page(paths.PAGES / file, title=title, url_path=url or None, default=not url)
    for file, title, url in (
        ("overview/network.py", "Overview", ""),
        ("activity/activity.py", "Activity", "activity"),
        ("turnaround/reports.py", "Turnaround", "turnaround"),
        ("variability/sites.py", "Variability", "variability"),
        ("waits/national.py", "National waits", "waits"),
        ("data/quality.py", "Data quality", "quality"),
        ("about/catalogue.py", "Metric catalogue", "catalogue"),
    )
]
chosen = st.navigation(PAGES, position="hidden")
with st.sidebar:
    st.header("Readout")
    for page in PAGES:
        st.page_link(page, label=page.title)
filters()
chosen.run()
