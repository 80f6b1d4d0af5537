"""Data quality: what was read, what was kept apart and why, and what the figures rest on."""

import streamlit as st

from readout import charts
from readout.metrics import records
from readout.ui import blocks
from readout.ui.frame import frame, heading

VIEWS = {
    "notices": "To check",
    "source": "Rules by source",
    "site": "Rules by site",
    "quarantine": "Quarantine",
    "codes": "Unknown codes",
    "columns": "Columns",
    "decisions": "How times are read",
    "records": "Records",
    "files": "Files",
    "through": "Data to",
    "checks": "Checks",
}
LONG = ("codes", "columns", "files")  # to be sorted and searched
ABOUT = {
    "notices": "What the publish found that can change a figure. Ask the people who look after the exports.",
    "columns": "What each column of the exports held. Unreadable and unknown are shares of the filled records; the worst column is first.",
    "decisions": "A column is judged over all files of its source. A date without a time is not used in figures in hours.",
    "source": "What each rule found in the files, and what became of those records.",
    "site": "Kept examinations that carry each flag.",
    "quarantine": "Records kept apart, readable on the command line with `readout quarantine list`.",
    "codes": "Codes as sent that no code map knows. The examinations are kept; add the code to the adapter's map.",
    "records": "Read = kept + duplicates + superseded + excluded + dropped + quarantined.",
    "files": "Every file that a source's path matches. Of a snapshot only the last by name is read: it replaces the others.",
    "through": "How far each site's data goes, and how late it usually is.",
    "checks": "Made on the finished extract before it went live.",
}

page = frame()
heading(page, "Data quality", "What do the figures rest on, and what should be mended at its source?")
held = records.Quality(page.store.extract)
st.markdown(held.finding())
blocks.unfiltered(page, "what was read, kept and set apart: it is of the whole extract")
blocks.figures(
    ("Records read", held.total("read"), f"from {len(held.sources)} source{'s' * (len(held.sources) != 1)}"),
    ("Kept", held.total("kept"), "the figures stand on these"),
    ("Quarantined", held.total("quarantined"), "kept apart with a reason"),
    ("Unknown codes", held.count_unknown, "records with a code that no map knows"),
)
blocks.chart(
    page.ask("completeness", "month", "site_code"),
    charts.heat_map,
    "Completed examinations with a time, by site and month",
    key="completeness",
    down="site_code",
    across="month",
    subtitle="An empty cell is a month without data, not a zero.",
)
st.header("The detail", anchor=False)
view = blocks.choice("Detail", VIEWS, key="view")
st.caption(ABOUT[view])
if view == "site":
    blocks.unfiltered_but(page, "Flags", "data_quality")
    blocks.rows_by(page.ask("data_quality", "rule", "site_code"), records.by_site, is_wrapped=True)
else:
    rows = {
        "source": held.by_source,
        "quarantine": held.quarantine,
        "notices": held.notices,
        "codes": held.unknown_codes,
        "columns": held.columns,
        "decisions": held.decisions,
        "records": held.accounting,
        "files": held.files,
        "through": held.through,
        "checks": held.checks,
    }[view]()
    (blocks.table if view in LONG else blocks.wrapped)(rows, VIEWS[view])
