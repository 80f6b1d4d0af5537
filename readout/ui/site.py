"""The pages of the site and the way between them. Our own links keep the filters in the address; the built-in menu drops them."""

from collections.abc import Mapping

import streamlit as st
from streamlit.navigation.page import Page as SitePage

from readout import paths

ICON = paths.PACKAGE / "ui" / "icon.svg"


def navigate(entries: Mapping[str, tuple[str, str]]) -> SitePage:
    """Declare the pages (address: file under pages/, title), and give the one to run."""
    pages = {
        url: st.Page(paths.PAGES / file, title=title, url_path=url or "overview", default=not url)
        for url, (file, title) in entries.items()
    }  # fmt: skip
    st.session_state["pages"] = pages
    chosen = st.navigation(list(pages.values()), position="hidden")
    st.session_state["moved"] = st.session_state.get("at") not in (None, chosen.url_path)
    st.session_state["at"] = chosen.url_path
    return chosen


def links(chosen: SitePage) -> None:
    """The way to every page, in the sidebar."""
    with st.sidebar:
        st.markdown("**Readout**")
        for page in st.session_state["pages"].values():
            st.page_link(page, label=f"**{page.title}**" if page is chosen else page.title)
