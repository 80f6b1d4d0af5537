"""What the server adds to every response: security headers, and compressed files of the front end. Plain ASGI, no copies of a stream."""

import ast
import base64
import gzip
import hashlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.middleware import Middleware

from readout import paths

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, Callable[[], Awaitable[Message]], Send], Awaitable[None]]
SQUEEZE = (".js", ".css", ".html", ".svg", ".json")
MOST_FILES = 400
STATIC = Path("static", "static", "js")
PARTS = ("PageLink", "Multiselect", "Selectbox", "ButtonGroup", "Checkbox", "Metric", "BidiComponent")  # parts of the front end that pages are made of
IMPORTED = re.compile(r"(?:from|import)\s*[\"']\./([^\"']+\.js)[\"']")


def middleware() -> list[Middleware]:
    """Outermost first."""
    return [Middleware(Headers), Middleware(KnownPages), Middleware(Squeezed)]


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
    """What any page will need, named with the page itself: the browser fetches it while the server still makes the figures."""
    import streamlit

    from readout.ui import figure

    folder = Path(streamlit.__file__).parent / STATIC
    wanted = [p.name for part in PARTS for p in sorted(folder.glob(f"{part}.*.js"))[:1]]
    found: dict[str, None] = {}
    while wanted:
        name = wanted.pop(0)
        if name not in found and (folder / name).is_file():
            found[name] = None
            wanted += IMPORTED.findall((folder / name).read_text("utf-8"))
    named = (folder.parents[1] / "index.html").read_text("utf-8")
    scripts = [f"/static/js/{name}" for name in found if name not in named]
    return tuple((b"link", f"<{path}>; rel=modulepreload; crossorigin; fetchpriority=low".encode()) for path in (*scripts, figure.script()))


@cache
def pages() -> frozenset[str]:
    """The addresses of the pages that the router declares."""
    calls = (n for n in ast.walk(ast.parse(paths.APP.read_text("utf-8"))) if isinstance(n, ast.Call))
    declared = next(c for c in calls if getattr(c.func, "id", "") == "navigate").args[0]
    assert isinstance(declared, ast.Dict)
    return frozenset({"overview", *(str(ast.literal_eval(key)) for key in declared.keys if key is not None)})


class KnownPages:
    """Leads whoever asks for a page that is not there to the first page, which says so: the framework shows that page without a word."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        name = scope.get("path", "").strip("/")
        accept = dict(scope.get("headers", ())).get(b"accept", b"")
        is_page = scope["type"] == "http" and scope["method"] == "GET" and accept.startswith(b"text/html")
        if is_page and name not in pages() and "/" not in name and "." not in name and not name.startswith("_"):
            query = scope.get("query_string", b"").decode("latin-1")
            target = f"/?{query}{'&' if query else ''}{urlencode({'ignored': f'page:{name}'})}"
            await send({"type": "http.response.start", "status": 302, "headers": [(b"location", target.encode("latin-1"))]})
            await send({"type": "http.response.body", "body": b""})
            return
        await self.app(scope, receive, send)


class Headers:
    """Adds the security headers to every response; one that is there already stays. A page names ahead what it will need."""

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
                if there.get(b"content-type", b"").startswith(b"text/html"):
                    more += ahead()
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self.app(scope, receive, sent)


class Squeezed:
    """Serves the front end's files compressed, each read and compressed once: the server itself sends them whole, 7 MB for a first visit.

    Their names hold their content's mark, so what was sent once stands for as long as the server does.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: dict[str, tuple[list[tuple[bytes, bytes]], bytes]] = {}

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
        path = scope.get("path", "")
        if not path.startswith("/static/") or not path.endswith(SQUEEZE) or not self._may_squeeze(scope):
            await self.app(scope, receive, send)
            return
        kept = self._kept.get(path)
        if kept is not None:
            await self._answer({"type": "http.response.start", "status": 200, "headers": kept[0]}, kept[1], send)
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

    @staticmethod
    def _may_squeeze(scope: Message) -> bool:
        """Whether a whole compressed file may answer: not a part of one, and not the question whether the browser's own is still good."""
        asked = dict(scope.get("headers", ()))
        is_plain = b"range" not in asked and b"if-none-match" not in asked
        return scope["type"] == "http" and scope["method"] == "GET" and is_plain and b"gzip" in asked.get(b"accept-encoding", b"")

    async def _finish(self, path: str, start: Message, whole: bytes, send: Send) -> None:
        there = {name.lower(): value for name, value in start["headers"]}
        if start["status"] == 200 and b"content-encoding" not in there and len(whole) > 1024:
            from anyio import to_thread

            whole = await to_thread.run_sync(lambda: gzip.compress(whole, 6, mtime=0))
            headers = [(n, v) for n, v in start["headers"] if n.lower() not in (b"content-length", b"accept-ranges", b"etag", b"date")]
            if b"etag" in there:
                headers.append((b"etag", b"W/" + there[b"etag"].removeprefix(b"W/")))
            headers += [(b"content-encoding", b"gzip"), (b"content-length", str(len(whole)).encode()), (b"vary", b"Accept-Encoding")]
            start["headers"] = headers
            if len(self._kept) < MOST_FILES:
                self._kept[path] = (headers, whole)
        await self._answer(start, whole, send)

    @staticmethod
    async def _answer(start: Message, body: bytes, send: Send) -> None:
        await send(start)
        await send({"type": "http.response.body", "body": body, "more_body": False})


def routes() -> list[Any]:
    """The icons of variation and assurance, and what makes a chart interactive, each served once and kept by the browser."""
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from readout.ui import explore
    from readout.ui.icons import PATH, drawings

    def icon(request: Request) -> Response:
        svg = drawings().get(request.path_params["name"])
        if svg is None:
            return Response(status_code=404)
        return Response(svg, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})

    return [Route(PATH + "/{name}.svg", icon), *explore.routes()]
