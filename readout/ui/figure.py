"""A figure on a page: our own drawing, shown by a small script that says what a mark is and returns the mark that is picked.

The browser draws nothing and loads no chart library (decision 18) until somebody presses "Explore" (decision 32). The server draws for the
width that the page was last seen to have; the script asks again where that was too far off.
"""

import re
import zlib
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from functools import cache, partial
from html import unescape
from typing import Any

import plotly.graph_objects as go
import streamlit as st
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.runtime import Runtime

from readout import paths
from readout.charts import PALETTES
from readout.charts.svg import svg
from readout.ui import address, explore, session
from readout.ui.theme import THEME, palette

UI = paths.PACKAGE / "ui"
NAME, SCRIPT = "readout.figure", "figure.js"
HINT = "Choose a mark to see the rows behind it."
HTML = (
    '<div class="figure" role="group"><div class="drawing"></div><div class="words" hidden></div>'
    '<div class="heard" aria-live="polite"></div></div>'
    f'<div class="foot"><div class="hint" hidden>{HINT}</div><button type="button" class="explore" aria-haspopup="dialog">Explore</button></div>'
)
WIDE, NARROW = 820, 350  # the first guess: a page on a desk, and on a telephone
GAP, STACKED = 16, 600  # pixels between two columns; the widest page on which they stand below one another
WIDTHS = "figure_widths"  # of the session: by figure, and the last one seen

_is_half: ContextVar[bool] = ContextVar("is_half", default=False)


def show(
    figure: go.Figure,
    *,
    key: str,
    alt: str,
    name: Hashable,
    is_picking: bool = False,
    title: str = "",
    scope: str = "",
) -> str:
    """Draw a figure across its column. `name`: what its drawing is kept under. `alt`: its words for whoever cannot see it.
    `title`, `scope`: what stands over it where it is explored.

    Returns what its picked mark stands for (`dimension=value`, joined by `&`), nothing where none is picked or `is_picking` is not set.
    """
    before = st.session_state.get(key) or {}
    wide = _width(key, before.get("width"))
    drawing: str = session.drawings().get((name, wide), lambda: svg(figure, width=wide, title=alt, is_live=True))
    mark = f"{zlib.crc32(repr(name).encode()):08x}"
    told = (before["pick"] or {}) if "pick" in before else None
    picked = address.picked(key.removesuffix("_figure"), told, marks(drawing), mark) if is_picking else ""
    explored = explore.answer(figure, key=key, asked=before.get("explore"), title=title, scope=scope, alt=alt)
    data = {"svg": drawing, "width": wide, "theme": palette().name, "picking": is_picking, "pick": picked or None, "of": mark}
    _component()(
        key=key,
        data={**data, "explored": explored} if explored else data,
        on_explore_change=_nothing,
        on_pick_change=_nothing,
        on_width_change=_nothing,
        on_theme_change=partial(_seen, key),
    )
    return picked


def marks(drawing: str) -> list[str]:
    """What the marks of a drawing stand for, those that lead to rows."""
    return [unescape(m) for m in re.findall(r'data-pick="([^"]*)"', drawing)]


def _width(key: str, told: Any) -> int:
    """Pixels to draw for: as this figure was last seen, else as the last one was."""
    known: dict[str, int] = st.session_state.setdefault(WIDTHS, {})
    if isinstance(told, int) and 200 <= told <= 3000:
        known[key] = told
        if not _is_half.get():
            known[""] = told
    if key in known:
        return known[key]
    is_small = "Mobile" in (st.context.headers.get("User-Agent") or "")
    whole = known.get("") or (NARROW if is_small else WIDE)
    return (whole - GAP) // 2 if _is_half.get() and whole > STACKED else whole


def halves() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Two columns for a figure each; they stand below one another where there is no room beside."""
    left, right = st.columns(2)
    return _half(left), _half(right)


@contextmanager
def _half(column: Any) -> Iterator[None]:
    token = _is_half.set(True)
    try:
        with column:
            yield
    finally:
        _is_half.reset(token)


def _seen(key: str) -> None:
    """The theme was switched on an open page: every figure is drawn for it from now on."""
    told = (st.session_state.get(key) or {}).get("theme")
    if told in PALETTES:
        st.session_state[THEME] = told


def _nothing() -> None:
    """The state is read where the figure is drawn."""


def script() -> str:
    """Where the server answers with the script, from the first request on."""
    if Runtime.exists():
        _component()
    return f"/_stcore/bidi-components/{NAME}/{SCRIPT}"


def _component() -> Any:
    """The component, known to whichever server runs the page. Its script is a file of ours: the page's policy lets no other run."""
    manager = get_bidi_component_manager()
    if manager.get_component_asset_root(NAME) is None:
        package, _, part = NAME.partition(".")
        manager.register_from_manifest(ComponentManifest(package, "1", [ComponentConfig(part, "assets")]), UI)
        _mounted.cache_clear()
    return _mounted()


@cache
def _mounted() -> Any:
    return st.components.v2.component(NAME, html=HTML, css=(UI / "assets" / "figure.css").read_text("utf-8"), js=SCRIPT)
