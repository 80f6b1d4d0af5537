"""A page that is not there leads to the first page, which says so; whatever else the address asks for is kept."""

import asyncio

import pytest

from readout.server.web import KnownPages, pages
from tests.conftest import router


def asked(path, query=b"", accept=b"text/html,application/xhtml+xml"):
    """What comes back: the redirect's target, or None where the app itself answers."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": [(b"accept", accept)]}
    asyncio.run(KnownPages(app)(scope, None, send))
    return dict(sent[0]["headers"]).get(b"location", b"").decode() or None


def test_every_page_of_the_router_is_known():
    assert pages() == {"overview", *router()}
    assert {asked(f"/{name}") for name in router()} == {None}


@pytest.mark.parametrize("name", ["reports", "Turnaround", "backlogs", "r%C3%A9sum%C3%A9"])
def test_a_page_that_is_not_there_is_said_to_be_so(name):
    assert asked(f"/{name}").startswith("/?ignored=page%3A")
    assert asked(f"/{name}", b"site=ZN101").startswith("/?site=ZN101&ignored=page%3A")


@pytest.mark.parametrize("path", ["/", "/static/js/index.js", "/_stcore/health", "/favicon.png", "/component/x/main.js"])
def test_what_is_no_page_is_left_alone(path):
    assert asked(path) is None


def test_only_a_browser_is_led_elsewhere():
    assert asked("/reports", accept=b"*/*") is None
