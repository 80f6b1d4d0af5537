"""The real app in a real browser: a cold deep link, filters that stay, headers, and accessibility. Skipped, saying so, without chromium."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from functools import cache

import pytest
from pypdf import PdfReader

from readout import paths
from readout.__main__ import main
from readout.charts import PALETTES
from tests.conftest import ROOT, router

ROUTER = router()
CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (on Debian: apt-get install chromium)"),
    pytest.mark.filterwarnings("default"),
    pytest.mark.xdist_group("browser"),
]
THEMES = ("light", "dark")
WIDTHS = (1280, 390)  # the widest first: the page is loaded at it
BEYOND = """() => Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')]
    .map(e => e.scrollWidth - e.clientWidth))"""
# Each bar: the count it says, how wide it is, and where its middle lies.
BARS = """p => [...p.querySelectorAll('[data-pick*="band="]')].map(e => [e.dataset.say, e.getBoundingClientRect()])
    .map(([said, r]) => ({value: said.match(/: ([\\d,]+)/)[1], width: r.width, x: r.x + r.width / 2, y: r.y + r.height / 2}))"""
# What each mark of units below one another says, row by row from the top.
READ = """f => [...f.querySelectorAll('[data-say]')].map(e => [e.dataset.say, e.getBoundingClientRect()])
    .map(([said, r]) => [said, Math.round((r.y + r.height / 2) / 10), r.x]).sort((a, b) => a[1] - b[1] || a[2] - b[2]).map(([said]) => said)"""
DRAWN = ".figure svg"
# Whether every figure in sight is drawn for the width it has: after that no rerun is under way on its account.
FITTED = """() => [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')].every(e => {
    const figure = e.shadowRoot?.querySelector('.figure'), width = figure?.querySelector('svg')?.viewBox.baseVal.width
    return width && Math.abs(width - figure.clientWidth) < 0.07 * figure.clientWidth })"""
WATCH = (
    "window.seen = []; new MutationObserver(() => { if (/Page not found/i.test(document.body?.innerText || '')) window.seen.push(1) })"
    ".observe(document, {childList: true, subtree: true, characterData: true})"
)


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="module")
def address(sample_extract, tmp_path_factory):
    """A cold server, started from a folder that holds nothing."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "readout", "run", "--headless", "--port", str(port), "--extracts", str(sample_extract.folder.parent)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path_factory.mktemp("elsewhere"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
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
    process.wait(timeout=20)


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        made = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield made
        made.close()


def test_a_cold_deep_link_shows_frame_filter_and_gate_and_never_page_not_found(address, browser):
    """It is the first request this server ever gets. Filters then survive a change of page, and back brings page and filters."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    broken = []
    page.on("console", lambda m: broken.append(m.text) if m.type == "error" and "Content Security Policy" in m.text else None)
    page.on("pageerror", lambda e: broken.append(str(e)))
    page.add_init_script(WATCH)
    page.goto(f"{address}/turnaround?modality=CT")
    page.get_by_role("heading", name="Report turnaround", exact=True).wait_for(timeout=60_000)
    page.get_by_text("Open to whoever can use this machine").wait_for()
    page.get_by_text("CT, ", exact=False).first.wait_for(timeout=30_000)
    page.locator(DRAWN).first.wait_for(timeout=30_000)
    assert page.evaluate("window.seen.length") == 0
    assert "modality=CT" in page.url
    page.get_by_role("link", name="Activity").first.click()
    page.get_by_role("heading", name="Activity", exact=True).wait_for(timeout=30_000)
    page.get_by_text("CT, ", exact=False).first.wait_for(timeout=30_000)
    assert "modality=CT" in page.url
    page.go_back()
    page.get_by_role("heading", name="Report turnaround", exact=True).wait_for(timeout=30_000)
    assert "modality=CT" in page.url
    page.get_by_text("CT, ", exact=False).first.wait_for(timeout=30_000)
    assert not broken, broken
    page.close()


def test_an_indicator_leads_to_its_chart_and_keeps_the_filters(address, browser, sample_extract):
    """A row of the overview leads to its control chart, and back; the link names its site by code, the address then holds the name."""
    site = sample_extract.manifest["sites"][0]
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{address}/?modality=MRI&site={site['site_code']}")
    page.get_by_role("link", name="Reported within 28 days").first.click(timeout=60_000)
    chart = page
    chart.get_by_role("heading", name="Control chart", exact=True).wait_for(timeout=60_000)
    chart.locator(DRAWN).first.wait_for(timeout=30_000)
    assert "modality=MRI" in chart.url and f"site={site['site_name'].split()[0]}" in chart.url and "metric=Reported+within+28+days" in chart.url
    assert chart.get_by_role("img", name="Control chart (p')").count() or chart.get_by_text("Chart: p'").count()
    chart.go_back()
    page.get_by_role("heading", name="Network overview", exact=True).wait_for(timeout=60_000)
    assert "modality=MRI" in page.url
    page.get_by_role("table").nth(1).get_by_role("link").first.press("Enter")
    chart.get_by_role("heading", name="Control chart", exact=True).wait_for(timeout=60_000)
    assert len(context.pages) == 1
    context.close()


def said_on(page) -> str:
    """The line of a list that says how many rows it holds and of what."""
    line = page.get_by_text("Shown: ", exact=False).first
    line.wait_for(timeout=30_000)
    return line.inner_text()


def settled(page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=60_000)
    page.wait_for_timeout(500)


def test_the_pack_of_the_page_is_the_pack_of_the_command(address, browser, sample_extract, tmp_path):
    """Chosen, made and taken away by hand: the same PDF, pictures and text byte for byte, and the same numbers."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/packs")
    page.get_by_role("button", name="Make the pack").click(timeout=60_000)
    page.get_by_text("opened again and complete").wait_for(timeout=60_000)
    with page.expect_download() as taken:
        page.get_by_role("button", name="Everything (zip)").click()
    taken.value.save_as(tmp_path / "page.zip")
    page.close()
    assert main(["export", "--pack", str(paths.SAMPLE / "packs" / "board.toml"), "--out", str(tmp_path / "out"), "--extracts", str(sample_extract.folder.parent)]) == 0
    (archive,) = (tmp_path / "out").glob("*.zip")
    by_page, by_command = zipfile.ZipFile(tmp_path / "page.zip"), zipfile.ZipFile(archive)
    assert by_page.namelist() == by_command.namelist()
    other = [n for n in by_page.namelist() if by_page.read(n) != by_command.read(n)]
    assert {n.rpartition(".")[2] for n in other} <= {"pptx", "xlsx", "csv", "json"}, "the PDF, the pictures and the text are the same bytes"
    for name in (n for n in other if n.endswith(".csv")):  # the engine adds up in parts: the last of sixteen digits may differ
        cells = [re.split(r"[,\n]", archive_.read(name).decode()) for archive_ in (by_page, by_command)]
        for a, b in zip(*cells, strict=True):
            assert a == b or float(a) == pytest.approx(float(b), rel=1e-12)


def test_a_chart_is_taken_away_with_its_account(address, browser, tmp_path):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/standards?modality=CT")
    page.get_by_role("button", name="Download", exact=False).first.click(timeout=60_000)
    with page.expect_download() as taken:
        page.get_by_role("button", name="PDF page").click(timeout=30_000)
    taken.value.save_as(tmp_path / "a.pdf")
    page.close()
    words = re.sub(r"\s+", "", PdfReader(tmp_path / "a.pdf").pages[0].extract_text())
    for part in ("CT", "Releaseinternal", "/standards?modality=CT", "extract2026-11-03a"):
        assert part in words, part


def test_a_clicked_bar_leads_to_its_rows_and_back_again(address, browser):
    """The list holds as many rows as the bar counts; its address alone gives the same list to somebody else; back restores the filters."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{address}/backlog?modality=X-ray")
    page.get_by_role("heading", name="Backlog", exact=True).wait_for(timeout=60_000)
    plot = page.locator(".figure").first
    plot.locator("[data-pick]").first.wait_for(state="attached", timeout=30_000)
    settled(page)
    widest = max(plot.evaluate(BARS), key=lambda b: b["width"])
    page.mouse.click(widest["x"], widest["y"])
    link = page.get_by_role("link", name="See what is behind").first
    link.wait_for(timeout=30_000)
    behind = link.inner_text().split("See what is behind ")[1]
    steps, before = page.evaluate("history.length"), page.url
    link.click()
    page.get_by_role("heading", name="Examinations", exact=True).wait_for(timeout=30_000)
    said = said_on(page)
    settled(page)
    assert page.evaluate("history.length") == steps + 1, "one press of the browser's own Back returns"
    assert said.startswith(f"{widest['value']} unreported examinations"), (said, behind)
    site, age = behind.rsplit(" and ", 1)
    assert site in said and age in said and "X-ray" in said
    found = page.url
    assert "/examinations?" in found and all(f"{key}=" in found for key in ("site", "band", "modality")) and "behind=" not in found

    other = browser.new_context().new_page()
    other.goto(found)
    other.get_by_role("heading", name="Examinations", exact=True).wait_for(timeout=60_000)
    assert said_on(other) == said
    other.close()

    page.get_by_role("link", name="Back to Backlog").click()
    page.get_by_role("heading", name="Backlog", exact=True).wait_for(timeout=30_000)
    settled(page)
    page.wait_for_url(lambda url: "/backlog" in url and "modality=X-ray" in url and "return=" not in url, timeout=15_000)
    assert "site=" not in page.url and "band=" not in page.url, "what was picked does not narrow the page it was picked on"
    assert page.evaluate("history.length") == steps + 2
    page.go_back()
    page.get_by_role("heading", name="Examinations", exact=True).wait_for(timeout=30_000)
    page.go_back()
    page.get_by_role("heading", name="Backlog", exact=True).wait_for(timeout=30_000)
    settled(page)
    assert page.url == before
    page.close()


def test_a_picked_month_and_its_rows_are_the_same_to_whoever_is_sent_the_address(address, browser):
    """The mark stands in the address and is no step of the way back; the list's address holds its days."""
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{address}/standards?modality=X-ray")
    box = page.locator(".figure").first
    box.locator("[data-pick]").first.wait_for(state="attached", timeout=60_000)
    page.wait_for_function(FITTED, timeout=60_000)
    settled(page)
    steps = page.evaluate("history.length")
    box.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="See what is behind").first
    link.wait_for(timeout=30_000)
    settled(page)
    assert "mark=own" in page.url and page.evaluate("history.length") == steps, page.url
    label = link.inner_text().split("\n")[-1]
    other = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
    other.goto(page.url)
    other.get_by_role("link", name=label).wait_for(timeout=60_000)
    other.locator(".figure").first.locator(".is-picked").first.wait_for(state="attached", timeout=30_000)
    link.click()
    page.get_by_role("heading", name="Examinations", exact=True).wait_for(timeout=30_000)
    said = said_on(page)
    settled(page)
    assert all(f"{key}=" in page.url for key in ("period", "from", "to", "verdict")), page.url
    other.goto(page.url)
    assert said_on(other) == said and label.removeprefix("See what is behind ").split()[0] in said
    other.context.close()
    page.close()


def test_an_unknown_filter_is_said_until_it_is_dismissed_and_to_the_next_reader_too(address, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/turnaround?site=Nowhere")
    note = page.get_by_text("The link names a site that is not in this data ('Nowhere').")
    note.wait_for(timeout=60_000)
    page.wait_for_function(FITTED, timeout=60_000)
    settled(page)
    page.wait_for_timeout(2_000)
    assert note.is_visible() and "site=Nowhere" not in page.url and "ignored=site" in page.url, page.url
    page.reload()
    note.wait_for(timeout=60_000)
    page.get_by_role("link", name="Examinations").first.click()
    page.get_by_role("heading", name="Examinations", exact=True).wait_for(timeout=30_000)
    page.get_by_text("No rows are listed", exact=False).wait_for(timeout=30_000)
    page.get_by_role("button", name="Dismiss").click()
    assert said_on(page) and not note.is_visible()
    settled(page)
    assert "ignored" not in page.url, page.url
    page.close()


def test_a_split_that_nobody_chose_stays_on_its_page(address, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/activity")
    for name in ("Backlog", "Within standard", "Activity"):
        page.locator(DRAWN).first.wait_for(timeout=60_000)
        settled(page)
        page.get_by_role("link", name=name, exact=True).first.click()
        page.get_by_role("heading", name=name, exact=True).wait_for(timeout=30_000)
        settled(page)
        assert "by=" not in page.url and "?" not in page.url, page.url
    page.close()


def test_a_figure_is_drawn_for_its_width_and_says_a_mark_to_pointer_and_keyboard(address, browser):
    """Narrow from the start, then wide; nothing of it is a picture: no chart library is loaded for it."""
    page = browser.new_page(viewport={"width": 390, "height": 1400})
    asked = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto(f"{address}/backlog")
    box = page.locator(".figure").first
    page.locator(DRAWN).first.wait_for(timeout=60_000)
    page.wait_for_function(FITTED, timeout=60_000)
    assert box.evaluate("f => f.clientWidth") < 390
    page.set_viewport_size({"width": 1280, "height": 1400})
    page.wait_for_function("() => document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot.querySelector('.figure').clientWidth > 600")
    page.wait_for_function(FITTED, timeout=30_000)
    settled(page)
    marks = box.locator("[data-say]")
    widest = max(box.evaluate(BARS), key=lambda b: b["width"])
    page.mouse.move(widest["x"], widest["y"])
    assert f": {widest['value']} (" in box.locator(".words").inner_text()
    box.focus()
    page.keyboard.press("Escape")
    assert not box.locator(".words").is_visible()
    read = box.evaluate(READ)
    heard = []
    for _ in read:
        page.keyboard.press("ArrowDown")
        heard.append(box.locator(".heard").inner_text())
    assert heard == read and len(read) == marks.count(), "the arrows walk the bars as they are read, top to bottom"
    page.keyboard.press("ArrowUp")
    assert box.locator(".heard").inner_text() == read[-2]
    behind = page.get_by_role("link", name="See what is behind").first
    for leave in ("Enter", "Escape"):
        page.keyboard.press("Enter")
        behind.wait_for(timeout=30_000)
        settled(page)
        assert box.locator(".is-picked").count() == 1
        page.keyboard.press(leave)
        behind.wait_for(state="detached", timeout=30_000)
        settled(page)
        page.keyboard.press("ArrowUp")
    assert not any("Plotly" in url for url in asked) and any(url.endswith("/figure.js") for url in asked)
    page.close()


def test_a_figure_says_whether_its_marks_lead_to_rows_and_its_words_hide_no_other_row(address, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 2600})
    page.goto(f"{address}/backlog")
    page.locator(DRAWN).nth(3).wait_for(timeout=60_000)
    page.wait_for_function(FITTED, timeout=60_000)
    settled(page)
    leads, does_not = page.locator(".figure").first, page.locator(".figure").nth(3)
    cursor = "f => getComputedStyle(f.querySelector('.drawing')).cursor"
    for box, at, hint, shape in ((leads, 0, True, "pointer"), (does_not, 3, False, "default")):
        assert page.locator(".hint").nth(at).is_visible() == hint
        at = box.evaluate("f => { const r = [...f.querySelectorAll('[data-say]')].at(-1).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] }")
        page.mouse.move(*at)
        assert box.locator(".words").is_visible() and box.evaluate(cursor) == shape
    bars = leads.evaluate("f => [...f.querySelectorAll('[data-say]')].map(e => e.getBoundingClientRect()).map(r => [r.x + r.width / 2, r.y + r.height / 2, r.height])")
    for x, y, tall in bars:
        page.mouse.move(x, y)
        words = leads.locator(".words").bounding_box()
        assert words["y"] > y - 1.5 * tall and words["y"] + words["height"] < y + 1.5 * tall
    page.close()


def test_figures_follow_a_theme_that_is_switched_on_an_open_page(address, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
    page.goto(f"{address}/backlog")
    words = page.locator(DRAWN).first.locator("text").first
    words.wait_for(timeout=60_000)
    settled(page)
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme)
        wanted = PALETTES[theme].text, PALETTES[theme].muted
        page.wait_for_function(
            "wanted => wanted.includes(document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot.querySelector('text').getAttribute('fill'))",
            arg=list(wanted),
            timeout=15_000,
        )
        settled(page)
    page.close()


@pytest.fixture(scope="module")
def visit(address, browser):
    """A page in a theme, at each width: what axe finds there, and how many pixels lie beyond the right edge.

    It is loaded once, in a window that each theme has, and that window is then made narrower: loading takes longer than all the rest.
    """
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    windows = {theme: browser.new_context(color_scheme=theme) for theme in THEMES}

    @cache
    def visited(name: str, theme: str) -> dict[int, tuple[list[str], int]]:
        page = windows[theme].new_page()
        seen = {}
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if not seen:
                page.goto(f"{address}/{name}")
                page.locator("h1").wait_for(timeout=60_000)
                page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=60_000)
                page.locator(f"{DRAWN}, [data-testid=stDataFrame] canvas, .readout td").first.wait_for(timeout=30_000)
            page.wait_for_timeout(500)
            page.wait_for_function(FITTED, timeout=30_000)
            settled(page)
            faults = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
            serious = [f"{v['id']} at {[n['target'] for n in v['nodes'][:3]]}" for v in faults if v["impact"] in ("serious", "critical")]
            seen[width] = serious, page.evaluate(BEYOND)
        page.close()
        return seen

    yield visited
    for window in windows.values():
        window.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ROUTER)
def test_axe_finds_no_serious_fault(name, theme, width, visit):
    """In both themes and at both widths: the dark one is designed, not inverted."""
    faults, _ = visit(name, theme)[width]
    assert not faults, f"page '{name or 'overview'}', {theme}, {width} wide: {'; '.join(faults)}"


@pytest.mark.parametrize("name", ROUTER)
def test_a_narrow_page_does_not_scroll_sideways(name, visit):
    """A table may scroll inside its own frame; the page may not."""
    _, beyond = visit(name, "light")[min(WIDTHS)]
    assert beyond <= 1, f"page '{name or 'overview'}', {min(WIDTHS)} wide: {beyond} pixels lie beyond the right edge"


def test_responses_carry_security_headers_and_the_front_end_comes_compressed(address):
    with urllib.request.urlopen(address) as r:
        policy = r.headers["content-security-policy"]
        page = r.read().decode()
    assert "unsafe-eval" not in policy and "frame-ancestors 'none'" in policy and "script-src 'self' 'sha256-" in policy
    assert r.headers["x-content-type-options"] == "nosniff"
    script = next(part.split('"')[0] for part in page.split('src="./') if part.startswith("static/js/"))
    sizes = {}
    for encoding in ("gzip", "identity"):
        with urllib.request.urlopen(urllib.request.Request(f"{address}/{script}", headers={"Accept-Encoding": encoding})) as r:
            sizes[encoding] = len(r.read())
    assert sizes["gzip"] < sizes["identity"] / 2
