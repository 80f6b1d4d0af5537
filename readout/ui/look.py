"""How figures sit on a page."""

from typing import Any

import streamlit as st

from readout.charts import PALETTES


def palette() -> Any:
    """Colours for the viewer's light or dark theme."""
    return PALETTES.get(st.context.theme.type or "light", PALETTES["light"])


def config(name: str) -> dict[str, Any]:
    """The one button a figure has: itself as SVG."""
    return {
        "displaylogo": False,
        "scrollZoom": False,
        "toImageButtonOptions": {"format": "svg", "filename": name},
        "modeBarButtons": [["toImage"]],
    }
