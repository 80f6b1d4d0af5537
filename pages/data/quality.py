"""Data quality: what the rules found, what was set apart, and how far the data goes."""

import streamlit as st

from readout import charts, format
from readout.ui import blocks, quality
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Data quality", "Can these figures be trusted, and what is missing from them?")
extract = page.extract
records = quality.accounting(extract)
st.markdown(
    f"Extract {extract.id}: {len(records)} sources, {format.count(extract.manifest['tables'].get('exam', {}).get('rows', 0))} examinations kept, "
    f"{sum(c['passed'] for c in extract.manifest['checks'])} of {len(extract.manifest['checks'])} checks passed. Every record read has one outcome."
)
st.subheader("Records read = kept + duplicates + superseded + excluded + dropped + quarantined")
st.dataframe(records, hide_index=True, width="stretch")
st.subheader("What each rule found")
st.dataframe(quality.outcomes(extract), hide_index=True, width="stretch")
st.subheader("Codes that no map knows")
st.dataframe(quality.unknown_codes(extract), hide_index=True, width="stretch")
blocks.chart(page.ask("completeness", "month", "site_code"), lambda a: charts.heat_map(a, "month", "site_code"), "Completed examinations with a time", key="complete")
flagged = page.ask("data_quality", "rule", "site_code")
st.subheader("Flags by site")
st.dataframe(blocks.named_rows(flagged), hide_index=True, width="stretch")
st.subheader("Data-through")
st.dataframe(quality.through(extract), hide_index=True, width="stretch")
st.caption("Quarantined records: readout quarantine list, then readout quarantine show SOURCE FILE RECORD.")
