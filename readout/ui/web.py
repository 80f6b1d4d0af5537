"""What the server adds to every response: security headers, and compressed files of the front end. Plain ASGI, no copies of a stream."""

import base64
import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Callable[[], Awaitable[Message]], Send], Awaitable[None]]
SQUEEZE = (".js", ".css", ".html", ".svg", ".json")
MOST_FILES = 400
WITHOUT_CHARTS = ("/", "/examinations", "/catalogue", "/signals", "/packs")


def middleware() -> list[Middleware]:
    """Outermost first."""
    return [Middleware(Headers), Middleware(Squeezed)]


@cache
def index_hashes() -> tuple[str, ...]:
    """Hashes of the scripts written into the front end's own page, so that no other inline script may run."""
    import streamlit

    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.S)
    return tuple(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)


@cache
def headers() -> tuple[tuple[bytes, bytes], ...]:
    """Nothing from elsewhere, nothing evaluated, no framing, nothing told to other sites."""
    policy = "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(index_hashes())}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self' ws: wss:",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
    return tuple(
        (name.encode(), value.encode())
        for name, value in (
            ("content-security-policy", policy),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
            ("cross-origin-opener-policy", "same-origin"),
        )
    )


@cache
def ahead() -> tuple[tuple[bytes, bytes], ...]:
    """What a page of charts will need, named with the page itself: the browser fetches it while the server still makes the figures."""
    import streamlit

    found = sorted((Path(streamlit.__file__).parent / "static" / "static" / "js").glob("PlotlyChart.*.js"))
    return tuple((b"link", f"</static/js/{p.name}>; rel=modulepreload; crossorigin".encode()) for p in found[:1])


class Headers:
    """Adds the security headers to every response; one that is there already stays. A page of charts names its largest file ahead."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower(): value for name, value in message["headers"]}
                more = [h for h in headers() if h[0] not in there]
                if there.get(b"content-type", b"").startswith(b"text/html") and scope.get("path", "") not in WITHOUT_CHARTS:
                    more += ahead()
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self.app(scope, receive, sent)


class Squeezed:
    """Serves the front end's files compressed, each compressed once: the server itself sends them whole, 7 MB for a first visit."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[tuple[str, str], bytes] = {}

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        path = scope.get("path", "")
        asked = dict(scope.get("headers", ()))
        if (
            scope["type"] != "http"
            or scope["method"] != "GET"
            or not path.startswith("/static/")
            or not path.endswith(SQUEEZE)
            or b"gzip" not in asked.get(b"accept-encoding", b"")
            or b"range" in asked
        ):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body: list[bytes] = []

        async def sent(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                body.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await self._finish(path, start, b"".join(body), send)
            else:
                await send(message)

        await self.app(scope, receive, sent)

    async def _finish(self, path: str, start: Message, whole: bytes, send: Send) -> None:
        there = {name.lower(): value for name, value in start["headers"]}
        if start["status"] == 200 and b"content-encoding" not in there and len(whole) > 1024:
            mark = (path, there.get(b"etag", str(len(whole)).encode()).decode("latin-1"))
            if mark not in self._kept:
                if len(self._kept) >= MOST_FILES:
                    self._kept.clear()
                from anyio import to_thread

                self._kept[mark] = await to_thread.run_sync(lambda: gzip.compress(whole, 6, mtime=0))
            whole = self._kept[mark]
            kept = [(n, v) for n, v in start["headers"] if n.lower() not in (b"content-length", b"accept-ranges", b"etag")]
            etag = there.get(b"etag")
            if etag:
                kept.append((b"etag", b"W/" + etag.removeprefix(b"W/")))
            start["headers"] = [
                *kept,
                (b"content-encoding", b"gzip"),
                (b"content-length", str(len(whole)).encode()),
                (b"vary", b"Accept-Encoding"),
            ]
        await send(start)
        await send({"type": "http.response.body", "body": whole, "more_body": False})


def routes() -> list[Any]:
    """The icons of variation and assurance, each served once and kept by the browser."""
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from readout.ui.icons import PATH, drawings

    def icon(request: Request) -> Response:
        svg = drawings().get(request.path_params["name"])
        if svg is None:
            return Response(status_code=404)
        return Response(svg, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})

    return [Route(PATH + "/{name}.svg", icon)]
