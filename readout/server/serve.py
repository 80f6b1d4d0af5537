"""Start the app: a server on this machine, told everything explicitly, so that it runs from any folder."""

import contextlib
import errno
import gc
import ipaddress
import os
import socket
import threading
import tomllib
import webbrowser
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from readout.engine.extract import open_extract
from readout.errors import ExtractError, UsageError
from readout.metrics.release_policy import load_policy

ENTRY = Path(__file__).with_name("entry") / "start.py"
CONFIG = Path(__file__).with_name("config.toml")


def options(port: int, address: str) -> dict[str, Any]:
    """Every setting of the server by its dotted name: the shipped file, then where it listens."""
    flat: dict[str, Any] = {}

    def walk(prefix: str, part: dict[str, Any]) -> None:
        for key, value in part.items():
            if isinstance(value, dict):
                walk(f"{prefix}{key}.", value)
            else:
                flat[prefix + key] = value

    walk("", tomllib.loads(CONFIG.read_text("utf-8")))
    here = {"localhost", "127.0.0.1", "::1", address}
    return {
        **flat,
        "server.port": port,
        "server.address": address,
        "server.headless": True,
        "server.allowedHosts": sorted(here),
        "logger.hideWelcomeMessage": True,
    }


def serve(extracts: Path, *, port: int = 8501, address: str = "127.0.0.1", headless: bool = True) -> int:
    """Run until stopped; returns the exit code.

    While no sign-in is set up, an address that others can reach is refused, and so is an extract that is not open: here and by each page.
    """
    if not _is_loopback(address):
        raise UsageError(f"No sign-in is configured, so Readout answers only on this machine, not on {address}. Leave out --address.")
    load_policy()
    _refuse_unless_open(extracts)
    os.environ["READOUT_EXTRACTS"] = str(extracts.resolve())
    import sys

    from streamlit.web.server.starlette import App

    from readout.server.web import middleware, routes
    from readout.ui.icons import SERVED

    _refuse_taken(address, port)
    os.environ[SERVED] = ""
    _listen(partial(_greet, f"http://localhost:{port}", headless))
    threading.Thread(target=_prepare, daemon=True).start()
    sys.argv = [str(ENTRY)]  # where the server looks for a configuration of its own: there is none beside the entry
    try:
        App(ENTRY, middleware=middleware(), routes=routes()).run(config=options(port, address))
    except KeyboardInterrupt:
        return 0
    except SystemExit as e:
        return int(e.code or 0) if not isinstance(e.code, str) else 1
    return 0


def _refuse_unless_open(extracts: Path) -> None:
    """Raise where the live extract may not be shown without sign-in. One that cannot be opened is left to the pages, which say why."""
    try:
        extract = open_extract(extracts)
    except ExtractError:
        return
    extract.refuse_unless_open()


def _is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _refuse_taken(address: str, port: int) -> None:
    """Raise where another program listens already, before anybody is told an address that is not ours."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as tried:
        if os.name != "nt":
            # as the server itself does: one that has just ended leaves the port free
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((address, port))
        except OSError as e:
            is_taken = e.errno == errno.EADDRINUSE
            why = "is in use, perhaps by a Readout that runs already" if is_taken else f"cannot be used ({e.strerror})"
            other = port + 1 if port < 65_535 else 8501
            raise UsageError(
                f"Port {port} {why}. Stop that, or start this one elsewhere: readout run --port {other}"
            ) from None


def _greet(url: str, headless: bool) -> None:
    """What a newcomer reads, once the address answers."""
    print(f"Readout is ready. Open this address in a browser:\n\n    {url}\n\nStop it with Ctrl+C.", flush=True)
    if not headless:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _listen(greet: Callable[[], None]) -> None:
    """Greet once the server listens, and have it send what is ready, and not wait for the receipt of what it sent before: that held each page
    back by 40 ms.

    The event loop asks for this itself on sockets it makes; the framework makes its own, and those accepted from it inherit what it is set to.
    """
    from streamlit.web.server.starlette import starlette_server

    bind = starlette_server._bind_socket

    def bound(address: str, port: int, backlog: int) -> socket.socket:
        made = bind(address, port, backlog)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        greet()
        return made

    starlette_server._bind_socket = bound


def _prepare() -> None:
    """What the first page needs, while the server starts. Whatever fails here is said by the page, to whoever opens it."""
    with contextlib.suppress(Exception):
        from readout import charts  # noqa: F401  the slowest import of a page
        from readout.server.warmup import go_on, prepare

        prepare()
        gc.collect()
        gc.freeze()  # what is there now stays: no later collection need walk it, and hold everybody up
        go_on()
