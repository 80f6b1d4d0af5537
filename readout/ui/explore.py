"""Explore: a figure of a page, interactive in a dialog. plotly.js is served from here, to who asks for it.

A press of the button tells the server, which answers once with the figure's data; until then nothing of this is
on a page but the button.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from readout.charts.interactive import SCRIPT, STYLE, interactive, plotly_js

PATH = "/explore"
ANSWERED = "figure_explored"  # of the session: by figure, the last press that was answered
KINDS = {"js": "text/javascript", "css": "text/css"}


@cache
def files() -> dict[str, bytes]:
    """What a dialog needs, compressed, by a name that holds the mark of its content: browsers keep it."""
    made = {
        "plotly.js": plotly_js().encode(),
        "explore.js": SCRIPT.read_bytes(),
        "explore.css": STYLE.read_bytes(),
    }
    return {_marked(name, whole): gzip.compress(whole, 6, mtime=0) for name, whole in made.items()}


def _marked(name: str, whole: bytes) -> str:
    first, _, kind = name.partition(".")
    return f"{first}-{hashlib.sha256(whole).hexdigest()[:12]}.{kind}"


def answer(
    figure: go.Figure, *, key: str, asked: Any, title: str, scope: str, alt: str
) -> Mapping[str, Any] | None:
    """The figure's data for the press that asked for it; None where none did, or it was answered."""
    before: dict[str, Any] = st.session_state.setdefault(ANSWERED, {})
    if not asked or before.get(key) == asked:
        return None
    before[key] = asked
    served = {name.partition("-")[0] + name[name.rindex(".") :]: f"{PATH}/{name}" for name in files()}
    return {
        "asked": asked,
        "figure": interactive(figure),
        "title": title,
        "scope": scope,
        "alt": alt,
        "files": served,
    }


def routes() -> list[Any]:
    """plotly.js, our script on top of it and its style, each compressed once."""
    from anyio import to_thread
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        packed = (await to_thread.run_sync(files)).get(name)
        if packed is None:
            return Response(status_code=404)
        headers = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                packed,
                media_type=KINDS[name.rpartition(".")[2]],
                headers={**headers, "content-encoding": "gzip"},
            )
        return Response(gzip.decompress(packed), media_type=KINDS[name.rpartition(".")[2]], headers=headers)

    return [Route(PATH + "/{name}", file)]


__all__ = ["PATH", "answer", "files", "routes"]
