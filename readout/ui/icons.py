"""Where a page finds the icons of variation and assurance: served once each, so that a table of a hundred costs no more than a table of ten."""

import os
from functools import cache
from html import escape

from readout.charts import icons

PATH = "/icons"
SERVED = "READOUT_ICONS_SERVED"  # set by the server that has the route; a plain `streamlit run` has none
VARIATIONS = {
    "common_cause": ("common_cause", None),
    "improvement_high": ("improvement", True),
    "improvement_low": ("improvement", False),
    "concern_high": ("concern", True),
    "concern_low": ("concern", False),
    "neutral_high": ("neutral_high", True),
    "neutral_low": ("neutral_low", False),
    "not_judged": (None, None),
}
ASSURANCES = ("passes", "fails", "hit_or_miss", "counted", "target_not_judged", "no_target")


@cache
def drawings() -> dict[str, str]:
    """Every icon as SVG, by its file name without the ending, for light and dark."""
    drawn: dict[str, str] = {}
    for dark in (False, True):
        tail = "_dark" if dark else ""
        drawn |= {f"variation_{n}{tail}": icons.variation_icon(kind, high=high, dark=dark) for n, (kind, high) in VARIATIONS.items()}
        drawn |= {f"assurance_{n}{tail}": icons.assurance_icon(n, dark=dark) for n in ASSURANCES}
    return drawn


def image(name: str, words: str, dark: bool) -> str:
    """An icon with its words, in HTML."""
    file = f"{name}{'_dark' if dark else ''}"
    source = f"{os.environ[SERVED]}{PATH}/{file}.svg" if SERVED in os.environ else icons.data_uri(drawings()[file])
    return f'<img src="{source}" alt="{escape(words)}" width="26" height="26">'
