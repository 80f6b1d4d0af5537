"""How figures sit on a page."""

import re
from pathlib import Path
from typing import Any

import streamlit as st

from readout.charts import PALETTES

TABLES = Path(__file__).with_name("tables.css")  # how tables drawn as HTML look


THEME = "theme_seen"  # of the session: what a figure was last seen in, since the framework does not say when the theme is switched


def palette() -> Any:
    """Colours for the viewer's light or dark theme."""
    return PALETTES.get(st.session_state.get(THEME) or st.context.theme.type or "light", PALETTES["light"])


MARKED = re.compile(r"([\\`*_\[\]<>$:|~#])")  # what text on a page would read as formatting


def plain(text: str) -> str:
    """Text from the data, so that nothing in it is read as formatting."""
    return MARKED.sub(r"\\\1", text)
