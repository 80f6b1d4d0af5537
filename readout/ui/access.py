"""Who may come in. With no identity provider the app answers on this machine only, and shows only an extract that is open."""

import streamlit as st

from readout.errors import ExtractError
from readout.ui import session

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def is_open() -> bool:
    """True while no sign-in is configured and the server listens on this machine only."""
    return st.get_option("server.address") in LOOPBACK


def gate() -> None:
    """Stop the page with a sentence unless its viewer may come in. The router and every page call it themselves."""
    if not is_open():
        st.error(
            "No sign-in is configured, so Readout answers only on the machine it runs on. Start it with `readout run`, or give streamlit `--server.address 127.0.0.1`."
        )
        st.stop()
    try:
        store, _ = session.live_store()
    except Exception:
        return  # there is nothing to guard: the frame says why
    try:
        store.extract.refuse_unless_open()
    except ExtractError as e:
        st.error(str(e))
        st.stop()
