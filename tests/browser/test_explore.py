"""Explore, in a real browser: the chart of a page in a dialog, and as a file; nothing of it before it is asked for."""

import re
from datetime import datetime

import pytest

from readout.charts import bars
from readout.engine.store import Store
from readout.export.chart_files import Chart
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from tests.browser.test_browser import CHROMIUM, FITTED, ROUTER, THEMES, WIDTHS, address, browser, settled  # noqa: F401  fixtures

pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None, reason="chromium is not installed (on Debian: apt-get install chromium)"
    ),
    pytest.mark.filterwarnings("default"),
    pytest.mark.xdist_group("browser"),
]
RANGES = """() => Object.fromEntries(Object.entries(document.querySelector('.explore-plot')._fullLayout)
    .filter(([name]) => /^[xy]axis\\d*$/.test(name)).map(([name, axis]) => [name, axis.range]))"""
# What plotly.js finds wrong in a figure; what it merely does not need is no fault.
WRONG = """() => { const p = document.querySelector('.explore-plot')
    return (Plotly.validate(p.data, p.layout) || []).filter(x => x.code !== 'unused' && x.astr !== 'bargap').map(x => x.msg) }"""
# Each trace that holds a value must have left a mark: points, a line, bars, error bars or cells.
UNDRAWN = """() => { const p = document.querySelector('.explore-plot')
    const has = t => t.type === 'heatmap' || (t.x || []).some((x, i) => x != null && t.y[i] != null)
    const marks = p.querySelectorAll('.point path, path.point, path.js-line, .errorbar path, .hm image, .point, .textpoint').length
    return p.data.some(has) && !marks }"""
TICKS = """() => [...document.querySelectorAll('.explore-plot [class*=axislayer] text')]
    .map(word => getComputedStyle(word).fill)"""
NOTES = (
    "() => document.querySelector('.explore-plot').layout.annotations.filter(a => a.visible !== false).length"
)


def opened(page, i: int = 0) -> None:
    page.locator("button.explore").nth(i).click()
    page.locator(".explore-plot .main-svg").first.wait_for(timeout=30_000)
    page.wait_for_timeout(300)


def at(address, browser, name, width=1280, **window):  # noqa: F811
    """A page of the app that has come to rest, what it asked for, and what its console holds against it."""
    page = browser.new_page(viewport={"width": width, "height": 900}, **window)
    asked, broken = [], []
    page.on("request", lambda r: asked.append(r.url))
    page.on(
        "console",
        lambda m: (
            broken.append(m.text)
            if "Content Security Policy" in m.text or (m.type == "error" and "404" not in m.text)
            else None
        ),
    )
    page.on("pageerror", lambda e: broken.append(str(e)))
    page.goto(f"{address}/{name}")
    page.locator("h1").wait_for(timeout=60_000)
    settled(page)
    page.wait_for_function(FITTED, timeout=30_000)
    settled(page)
    return page, asked, broken


def test_a_chart_is_explored_by_pointer_and_keyboard_and_left_with_escape(address, browser):  # noqa: F811
    page, asked, broken = at(address, browser, "activity")
    assert page.locator("button.explore").count() == page.locator(".figure").count() > 3, (
        "every chart has one"
    )
    assert not [url for url in asked if "/explore/" in url or "plotly" in url.lower()], (
        "nothing of it is loaded before it is pressed"
    )
    before = len(asked)
    page.locator("button.explore").first.focus()
    page.keyboard.press("Enter")
    page.locator(".explore-plot .main-svg").first.wait_for(timeout=30_000)
    page.wait_for_timeout(300)
    assert sorted(
        re.sub(r"-\w+\.", ".", url.rpartition("/")[2]) for url in asked[before:] if "/explore/" in url
    ) == ["explore.css", "explore.js", "plotly.js"]
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading", name="Examinations done and requests received").is_visible()
    whole = page.evaluate(RANGES)

    dialog.get_by_role("button", name="Zoom in").click()
    closer = page.evaluate(RANGES)
    assert closer["yaxis"][1] < whole["yaxis"][1] and closer["xaxis"] != whole["xaxis"]
    dialog.get_by_role("button", name="Show all").click()
    assert page.evaluate(RANGES) == whole

    page.locator(".explore-plot").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(RANGES)["xaxis"][0] > whole["xaxis"][0]
    page.keyboard.press("0")
    page.keyboard.press("+")
    assert page.evaluate(RANGES) == closer
    page.keyboard.press("0")

    box = page.locator(".explore-plot .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.7, steps=5)
    page.mouse.up()
    page.wait_for_timeout(700)
    dragged = page.evaluate(RANGES)
    assert whole["xaxis"][0] < dragged["xaxis"][0] < dragged["xaxis"][1] < whole["xaxis"][1]
    dialog.get_by_role("button", name="Show all").click()
    page.wait_for_timeout(500)
    assert page.evaluate(RANGES) == whole, "also after a drag"

    bar = page.locator(".explore-plot .bars .point path").nth(3).bounding_box()
    page.mouse.move(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2, steps=6)
    page.locator(".explore-plot .hovertext").wait_for(timeout=5_000)
    assert re.search(r"\w{3} 20\d\d.*\d", page.locator(".explore-plot .hovertext").text_content())

    switch = dialog.get_by_role("checkbox", name="Requests received")
    switch.focus()
    page.keyboard.press("Space")
    visible = "() => document.querySelector('.explore-plot').data.map(t => t.visible !== false)"
    assert (
        not switch.is_checked()
        and page.evaluate(visible).count(False) >= 1
        and page.evaluate(visible).count(True) >= 1
    )

    page.keyboard.press("Escape")
    dialog.wait_for(state="detached", timeout=5_000)
    assert (
        page.evaluate("() => document.activeElement.shadowRoot?.activeElement?.textContent") == "Explore"
    ), "the focus is where it was"
    before = len(asked)
    opened(page, 1)
    assert not [url for url in asked[before:] if "plotly" in url], "the library is fetched once"
    dialog.get_by_role("button", name="Close").click()
    dialog.wait_for(state="detached", timeout=5_000)
    assert not broken, broken
    page.close()


def test_the_sum_of_a_bar_is_gone_while_a_part_of_it_is_hidden(address, browser):  # noqa: F811
    page, _, broken = at(address, browser, "backlog")
    opened(page)
    dialog, shown = page.get_by_role("dialog"), page.evaluate(NOTES)
    switch = dialog.get_by_role("checkbox").first
    switch.uncheck()
    assert page.evaluate(NOTES) < shown
    switch.check()
    assert page.evaluate(NOTES) == shown and not broken
    page.close()


@pytest.mark.parametrize("name", ROUTER)
def test_every_chart_of_a_page_opens_as_it_is_drawn(name, address, browser):  # noqa: F811
    """In the dark theme, in which a colour of plotly's own is seen at once."""
    page, _, broken = at(address, browser, name, color_scheme="dark")
    count = page.locator(".figure").count()
    assert page.locator("button.explore").count() == count
    for i in range(count):
        opened(page, i)
        drawn = page.locator(".figure").nth(i)
        ours = drawn.evaluate(
            "f => [...f.querySelectorAll('.drawing text')].map(t => t.textContent.replace(/\\s+/g, ' ').trim())"
        )
        theirs = re.sub(r"\s+", "", page.locator(".explore-plot").text_content())
        missing = [
            words
            for words in ours
            if re.search(r"[a-z]{4}", words) and re.sub(r"\s+", "", words) not in theirs
        ]
        assert not missing, (i, missing)
        assert page.evaluate(WRONG) == [], i
        assert not page.evaluate(UNDRAWN), f"chart {i} has values and no mark"
        colours = {c for c in page.evaluate(TICKS) if c}
        assert len(colours) <= 1, f"chart {i}: words at its axes in {colours}"
        page.keyboard.press("Escape")
        page.get_by_role("dialog").wait_for(state="detached", timeout=5_000)
    assert not broken, broken
    page.close()


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_fault_in_the_open_dialog(theme, address, browser):  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    page, _, _ = at(address, browser, "backlog", color_scheme=theme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        settled(page)
        opened(page)
        faults = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        serious = [
            f"{v['id']} at {[n['target'] for n in v['nodes'][:3]]}"
            for v in faults
            if v["impact"] in ("serious", "critical")
        ]
        assert not serious, f"{theme}, {width} wide: {'; '.join(serious)}"
        beyond = page.get_by_role("dialog").evaluate("d => d.scrollWidth - d.clientWidth")
        assert beyond <= 1, f"{theme}, {width} wide: {beyond} pixels lie beyond the right edge"
        page.keyboard.press("Escape")
    page.close()


def test_the_file_is_interactive_without_a_network_and_asks_for_nothing(sample_extract, browser, tmp_path):  # noqa: F811
    out = ask("unreported", Scope(("site_code",)), Store(sample_extract)).release("internal")
    chart = Chart(
        out,
        bars(out, dimension="site_code"),
        "Unreported",
        "By site",
        "Bars",
        (),
        "http://localhost:8501/",
        "N",
        True,
        datetime(2026, 11, 3),
    )
    (tmp_path / "a.html").write_bytes(chart.as_file("html"))
    window = browser.new_context(offline=True, viewport={"width": 1280, "height": 900})
    page, asked, broken = window.new_page(), [], []
    page.on("request", lambda r: asked.append(r.url))
    page.on("console", lambda m: broken.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: broken.append(str(e)))
    page.goto((tmp_path / "a.html").as_uri())
    page.locator(".explore-plot .main-svg").first.wait_for(timeout=30_000)
    whole = page.evaluate(RANGES)
    page.get_by_role("button", name="Zoom in").click()
    assert page.evaluate(RANGES)["xaxis"] != whole["xaxis"]
    assert (
        page.get_by_text("Release internal.", exact=False).is_visible()
        and page.get_by_role("heading", name="Unreported").is_visible()
    )
    assert len(asked) == 1 and asked[0].startswith("file:") and not broken, (asked, broken)
    window.close()


def test_the_same_file_without_scripts_still_shows_the_chart(sample_extract, browser, tmp_path):  # noqa: F811
    out = ask("unreported", Scope(("site_code",)), Store(sample_extract)).release("internal")
    chart = Chart(
        out,
        bars(out, dimension="site_code"),
        "Unreported",
        "By site",
        "Bars",
        (),
        "http://localhost:8501/",
        "N",
        True,
        datetime(2026, 11, 3),
    )
    (tmp_path / "a.html").write_bytes(chart.as_file("html"))
    window = browser.new_context(offline=True, java_script_enabled=False)
    page = window.new_page()
    page.goto((tmp_path / "a.html").as_uri())
    assert page.locator("#chart > svg").is_visible()
    window.close()
