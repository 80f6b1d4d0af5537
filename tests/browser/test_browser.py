"""The real app in a real browser: a cold deep link, filters that stay, and accessibility. Skipped, saying so, without chromium."""

import json
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest

from readout.ui.serve import command
from tests.conftest import ROOT

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (on Debian: apt-get install chromium)"),
    pytest.mark.filterwarnings("default"),
    pytest.mark.xdist_group("browser"),
]
PAGES = ("", "activity", "turnaround", "variability", "waits", "quality", "catalogue")


@pytest.fixture(scope="module")
def address(sample_extract, tmp_path_factory):
    """A cold server, started from a folder that holds nothing."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    environment = {**__import__("os").environ, "READOUT_EXTRACTS": str(sample_extract.folder.parent)}
    process = subprocess.Popen(
        command(port, "127.0.0.1", True), env=environment, cwd=tmp_path_factory.mktemp("elsewhere"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{base}/_stcore/health", timeout=1) as r:
                if r.status == 200:
                    break
        except OSError:
            time.sleep(0.2)
    yield base
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        made = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield made
        made.close()


def test_a_cold_deep_link_shows_frame_filter_and_gate_and_never_page_not_found(address, browser):
    """It is the first request this server ever gets."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(
        "window.seen = []; new MutationObserver(() => { if (/Page not found/i.test(document.body?.innerText || '')) window.seen.push(1) })"
        ".observe(document, {childList: true, subtree: true, characterData: true})"
    )
    page.goto(f"{address}/turnaround?modality=CT")
    page.get_by_role("heading", name="Report turnaround", exact=True).wait_for(timeout=60_000)
    page.get_by_text("Open to whoever can use this machine").wait_for()
    page.get_by_text("CT, from", exact=False).first.wait_for(timeout=30_000)
    assert page.evaluate("window.seen.length") == 0
    assert "modality=CT" in page.url
    page.get_by_role("link", name="Activity").first.click()
    page.get_by_role("heading", name="Activity", exact=True).wait_for(timeout=30_000)
    page.get_by_text("CT, from", exact=False).first.wait_for(timeout=30_000)
    assert "modality=CT" in page.url
    page.go_back()
    page.get_by_role("heading", name="Report turnaround", exact=True).wait_for(timeout=30_000)
    assert "modality=CT" in page.url
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_serious_fault(address, browser, name):
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/{name}")
    page.locator("h1").wait_for(timeout=60_000)
    page.wait_for_timeout(2_000)
    found = json.loads(json.dumps(Axe().run(page).response))["violations"]
    serious = [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found if v["impact"] in ("serious", "critical")]
    page.close()
    assert not serious, serious


def test_the_project_has_a_page_for_every_address():
    assert len(list((ROOT / "pages").rglob("*.py"))) == len(PAGES)
