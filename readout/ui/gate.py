"""Who may come in. With no identity provider the app is open, and therefore answers on this machine only."""

import streamlit as st

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
