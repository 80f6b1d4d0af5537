"""How long pages take in a real browser: opened first, opened again in a new tab, come to from another page, and after a filter is changed.

`unasked` is a filter that nobody chose before, on a server that has just started and had no quiet moment; `filter` is the median of three
filters on a server that had one, as a department's has at any time of the day.

    python -m benchmarks.pages EXTRACTS      # for instance of: readout sample --exams 2_000_000 --out big

Prints seconds to the last chart drawn, the bytes over the wire of the first visit, and the ratio to the quickest page of the run: the
machine decides the seconds, the code the ratio.
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from readout import paths

PAGES = ("", "activity", "turnaround", "standards", "backlog", "examination-waits", "variability", "waits", "examinations", "quality")
GOALS = {"cold": 2.0, "again": 2.0, "warm": 1.2, "filter": 0.3, "unasked": 0.3}
SETTLED = """() => {
  const busy = document.querySelector('[data-testid=stStatusWidget]') || document.querySelector('[data-stale=true]');
  const figures = [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')];
  const drawn = figures.every(f => f.shadowRoot?.querySelector('.drawing svg'));
  return !busy && drawn && !!document.querySelector('h1') && document.querySelectorAll('.readout td, [data-testid=stDataFrame]').length + figures.length > 0;
}"""


def settled(page: Page, since: float) -> float:
    """Seconds until the page has drawn everything and stays so for a fifth of a second."""
    calm = None
    while True:
        if page.evaluate(SETTLED):
            calm = calm or time.perf_counter()
            if time.perf_counter() - calm > 0.2:
                return calm - since
        else:
            calm = None
        if time.perf_counter() - since > 60:
            return float("nan")
        time.sleep(0.01)


def choose(page: Page, option: str) -> float:
    """Seconds from the click on a modality in the sidebar to the last chart drawn."""
    chooser = page.locator("[data-testid=stSidebar]").get_by_label("Modality").first
    chooser.scroll_into_view_if_needed()
    page.wait_for_timeout(400)  # a list that is scrolled to while it opens closes again
    chooser.click()
    wanted = page.get_by_role("option", name=option, exact=True)
    wanted.wait_for(timeout=10_000)
    wanted.hover()
    start = time.perf_counter()
    wanted.click()
    page.wait_for_function("name => location.search.includes(name)", arg=f"modality={option}")
    return settled(page, start)


def visit(browser: Browser, address: str, name: str) -> dict[str, float]:
    """One page by a session of its own: opened first, opened again, come to from another page, filtered by what nobody asked before."""
    took: dict[str, float] = {}
    for kind in ("cold", "again"):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        sizes: list[int] = []
        page.on("requestfinished", lambda r, sizes=sizes: sizes.append(r.sizes()["responseBodySize"]))
        start = time.perf_counter()
        page.goto(f"{address}/{name}", wait_until="commit")
        took[kind] = settled(page, start)
        if kind == "cold":
            took["MB"] = sum(sizes) / 1e6
            page.close()
    here, there = (page.locator(f'[data-testid=stSidebar] a[href="{x}"]') for x in (name, "catalogue"))
    there.click()
    settled(page, time.perf_counter())
    start = time.perf_counter()
    here.click()
    page.wait_for_function("name => location.pathname == '/' + name", arg=name)
    took["warm"] = settled(page, start)
    took["unasked"] = choose(page, "CT")
    page.close()
    return took


def filtered(browser: Browser, address: str, name: str) -> float:
    """Median seconds of three filters, each the first of its kind in its session, on a server that had time to prepare itself."""
    found = []
    for option in ("MRI", "Ultrasound", "PET"):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/{name}", wait_until="commit")
        settled(page, time.perf_counter())
        found.append(choose(page, option))
        page.close()
    return statistics.median(found)


def wait_for_rest(server: subprocess.Popen[bytes]) -> float:
    """Seconds until the server has done what it does for itself while nobody is there: its processor time stands still for eight seconds."""
    start, since, before = time.perf_counter(), time.perf_counter(), -1
    while time.perf_counter() - since < 8 and time.perf_counter() - start < 600:
        used = sum(map(int, Path(f"/proc/{server.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        if used > before + 20:
            since, before = time.perf_counter(), used
        time.sleep(0.5)
    return since - start


def memory(server: subprocess.Popen[bytes]) -> float:
    """MB the server holds."""
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    extracts = Path(sys.argv[1]) if len(sys.argv) > 1 else paths.SAMPLE_EXTRACTS
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    command = [sys.executable, "-m", "readout", "run", "--port", str(port), "--headless", "--extracts", str(extracts)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ})
    address = f"http://localhost:{port}"
    figures: dict[str, dict[str, float]] = {}
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=os.environ.get("READOUT_CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port), 0.2).close()
                    break
                except OSError:
                    time.sleep(0.1)
            for name in PAGES:
                figures[name or "overview"] = visit(browser, address, name)
            held = memory(server)
            rested = wait_for_rest(server)
            print(f"{held:.0f} MB after the visits; {rested:.0f} s of preparation while nobody was there, then {memory(server):.0f} MB")
            for name in PAGES:
                figures[name or "overview"]["filter"] = filtered(browser, address, name)
            browser.close()
    finally:
        server.terminate()
        server.wait()
    quickest = {kind: min(f[kind] for f in figures.values()) for kind in GOALS}
    print(f"{'page':20}" + "".join(f"{kind + f' (goal {goal} s)':>26}" for kind, goal in GOALS.items()) + f"{'MB cold':>10}")
    for name, took in figures.items():
        cells = "".join(f"{took[kind]:>16.2f} s {took[kind] / quickest[kind]:>6.1f} x" for kind in GOALS)
        print(f"{name:20}{cells}{took['MB']:>10.2f}")


if __name__ == "__main__":
    main()
