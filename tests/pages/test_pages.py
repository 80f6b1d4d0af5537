"""Every page runs from the router, in every state a viewer can meet, and says in a sentence what it cannot show."""

import gc
import json
import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from readout.engine import lease
from tests.conftest import NETWORK, ROOT, headed, router

PAGES = {url: headed(ROOT / "pages" / file) for url, (file, _) in router().items()}
pytestmark = pytest.mark.filterwarnings("default")  # the test harness itself warns


@pytest.fixture
def opened(sample_extract, monkeypatch):
    """The router at an address, on the sample extract or on another."""

    def open_at(url: str, extracts=None, address: str = "127.0.0.1", **query: str) -> AppTest:
        monkeypatch.setenv("READOUT_EXTRACTS", str(extracts or sample_extract.folder.parent))
        from streamlit import config

        monkeypatch.setattr("readout.ui.access.st.get_option", lambda name: address if name == "server.address" else config.get_option(name))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
        for key, value in query.items():
            app.query_params[key] = value
        app._page_hash = calc_hash(url) if url else ""
        return app.run()

    return open_at


def alerts(app):
    return [a.value for kind in (app.error, app.warning, app.info) for a in kind]


@pytest.fixture
def altered(sample_extract, tmp_path):
    """A folder of extracts that holds the sample's, its manifest changed."""

    def changed(change):
        extracts = tmp_path / "extracts"
        shutil.copytree(sample_extract.folder, extracts / sample_extract.id)
        (extracts / "CURRENT").write_text(sample_extract.id)
        path = extracts / sample_extract.id / "manifest.json"
        path.chmod(0o644)
        path.parent.chmod(0o755)
        manifest = json.loads(path.read_text("utf-8"))
        change(manifest)
        path.write_text(json.dumps(manifest), "utf-8")
        return extracts

    return changed


@pytest.mark.parametrize("url", PAGES)
def test_a_page_runs_from_the_router(url, opened):
    app = opened(url)
    assert not app.exception, app.exception
    assert app.title[0].value == PAGES[url]
    assert not app.error, [e.value for e in app.error]
    assert app.sidebar.multiselect and app.sidebar.selectbox
    charts = len(app.get("bidi_component"))
    assert charts <= 6 and (charts or app.dataframe or app.get("html"))


@pytest.mark.parametrize("path", sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "pages").rglob("*.py")))
def test_a_page_without_its_router_still_has_the_gate_and_the_filters(path, sample_extract, monkeypatch):
    monkeypatch.setenv("READOUT_EXTRACTS", str(sample_extract.folder.parent))
    monkeypatch.setattr("readout.ui.access.st.get_option", lambda name: "127.0.0.1" if name == "server.address" else None)
    app = AppTest.from_file(str(ROOT / path), default_timeout=60).run()
    assert not app.exception, app.exception
    assert app.title and app.sidebar.multiselect
    monkeypatch.setattr("readout.ui.access.st.get_option", lambda name: "0.0.0.0")
    shut = AppTest.from_file(str(ROOT / path), default_timeout=60).run()
    assert not shut.title and "No sign-in is configured" in shut.error[0].value


def test_an_address_that_others_can_reach_is_refused(opened):
    for address in ("0.0.0.0", None, "192.0.2.1"):
        app = opened("", address=address)
        assert not app.title and not app.sidebar.multiselect
        assert "answers only on the machine it runs on" in app.error[0].value


def test_the_server_does_not_start_where_others_can_reach_it(tmp_path):
    from readout.errors import UsageError
    from readout.server.serve import serve

    with pytest.raises(UsageError, match="No sign-in is configured"):
        serve(tmp_path, address="0.0.0.0")


def test_an_extract_of_real_records_is_shown_only_where_it_is_marked_open(make, opened, tmp_path, monkeypatch, capsys):
    from readout.__main__ import main
    from readout.errors import ExtractError
    from readout.server.serve import serve

    monkeypatch.setenv("READOUT_SECRET", "a long enough secret, kept elsewhere")
    real = NETWORK.replace("synthetic = true", "")
    make([{}], network=real)
    extracts = tmp_path / "extracts"
    assert main(["publish", str(tmp_path / "network.toml"), "--extracts", str(extracts)]) == 0
    assert "only once its network file says open = true" in capsys.readouterr().out
    app = opened("quality", extracts=extracts)
    assert not app.title and not app.sidebar.multiselect and not app.dataframe
    assert "write open = true under [network] in network.toml" in app.error[0].value
    with pytest.raises(ExtractError, match="is not marked open"):
        serve(extracts)
    assert main(["ask", "activity", "--extracts", str(extracts), "--format", "csv"]) == 0
    (tmp_path / "network.toml").write_text(real.replace("[[site]]", "open = true\n[[site]]", 1), "utf-8")
    assert main(["publish", str(tmp_path / "network.toml"), "--extracts", str(extracts)]) == 0
    assert "open = true" not in capsys.readouterr().out
    app = opened("quality", extracts=extracts)
    assert app.title[0].value == "Data quality" and not app.error
    assert any("Open to whoever can use this machine" in c.value for c in app.sidebar.caption)


def test_a_link_with_codes_or_names_makes_the_same_view(opened, sample_extract):
    site = sample_extract.manifest["sites"][0]
    by_code, by_name = opened("turnaround", site=site["site_code"]), opened("turnaround", site=site["site_name"])
    for app in (by_code, by_name):
        assert app.sidebar.multiselect(key="site").value == [site["site_name"]]
        assert any(f"{site['site_name']}, " in c.value for c in app.caption)


def test_a_value_that_is_not_an_option_is_said_on_the_page(opened):
    app = opened("activity", modality="ZZ", period="7 weeks")
    said = " ".join(alerts(app))
    assert "a modality that is not in this data ('ZZ')" in said and "a period that is not one of those offered here ('7 weeks')" in said
    assert app.sidebar.multiselect(key="modality").value == []


def test_an_empty_choice_has_a_sentence_and_no_broken_chart(opened):
    app = opened("activity", period="All")
    app.sidebar.multiselect(key="modality").set_value(["PET"])
    app.sidebar.multiselect(key="urgency").set_value(["Emergency"])
    app.sidebar.multiselect(key="class").set_value(["GP direct access"]).run()
    assert not app.exception
    assert any("Widen the dates or the filters" in a for a in alerts(app))
    assert not app.error


def test_no_extract_has_a_sentence(opened, tmp_path):
    app = opened("", extracts=tmp_path)
    assert "There is no published extract yet" in app.error[0].value
    assert not app.exception


def test_an_absent_table_costs_its_charts_only(opened, altered):
    app = opened("addenda", extracts=altered(lambda manifest: manifest["tables"].pop("report_day")))
    assert not app.exception
    assert any("needs the table 'report_day'" in i.value for i in app.info)
    assert len(app.get("bidi_component")) == 1, "what peer review found"


def test_nothing_of_the_reporters_can_be_taken_away(opened, sample_extract):
    """No table (it would carry its own download) and no button; a link to a withheld or unknown choice shows nobody."""
    for query in ({}, {"compared": "Time from assignment"}, {"of": "One modality"}, {"of": "One modality", "in": "PET"}, {"of": "One site", "at": "Nowhere"}):
        app = opened("reporters", **query)
        assert not app.exception and not app.error
        assert app.get("arrow_data_frame") == [] and app.get("download_button") == []
    shown = opened("reporters", of="One modality", **{"in": "PET"})
    names = shown.selectbox(key="in").options if shown.selectbox else []
    assert "PET" not in names and "PET" not in " ".join(m.value for m in shown.markdown)


def test_a_chart_that_fails_says_so_and_the_others_stand(opened, monkeypatch):
    import importlib

    trend = importlib.import_module("readout.charts.trend")

    def broken(*_, **__):
        raise RuntimeError("/secret/path select 1")

    monkeypatch.setattr(trend, "bars_of", broken)
    from readout.ui import session

    session.figures.clear()
    app = opened("activity")
    session.figures.clear()
    assert not app.exception
    assert "This could not be made; the rest of the page can. Reference" in app.error[0].value
    assert "secret" not in app.error[0].value
    assert len(app.get("bidi_component")) >= 3


def test_a_newer_extract_is_shown_without_a_restart_and_a_broken_one_is_not(opened, sample_extract, tmp_path):
    extracts = tmp_path / "extracts"
    for name in ("2026-11-03a", "2026-11-03b", "2026-11-03c"):
        shutil.copytree(sample_extract.folder, extracts / name)
        (extracts / name).chmod(0o755)
    (extracts / "CURRENT").write_text("2026-11-03a")
    app = opened("activity", extracts=extracts)
    assert any("extract 2026-11-03a" in c.value for c in app.caption)
    (extracts / "CURRENT").write_text("2026-11-03b")
    app.run()
    assert any("extract 2026-11-03b" in c.value for c in app.caption)
    tables = extracts / "2026-11-03c" / "tables"
    tables.chmod(0o755)
    (tables / "activity_day.parquet").unlink()
    (extracts / "CURRENT").write_text("2026-11-03c")
    app.run()
    assert not app.exception
    assert any("still shows extract 2026-11-03b" in w.value for w in app.warning)


def test_a_chart_gives_its_definition_and_its_rows(opened):
    app = opened("turnaround")
    more = next(b for b in app.get("button_group") if b.key == "quantiles_exam_to_report_more")
    more.set_value("About this chart").run()
    assert any("Kaplan-Meier" in m.value for m in app.markdown)
    assert any("from clocked" in c.value for c in app.code)
    more = next(b for b in app.get("button_group") if b.key == "quantiles_exam_to_report_more")
    more.set_value("Table").run()
    assert "Half within" in app.dataframe[0].value.columns


def test_the_return_is_set_beside_the_trust_test_and_month_of_the_address(opened):
    """The link makes the view, cards and sentence say one difference, and a name that is no trust is said."""
    app = opened("reconciliation", compared="Examinations done", trust="Northshire Hospitals", test="Non-Obstetric Ultrasound", month="Jun 2026")
    assert not app.exception and not app.error
    assert [app.selectbox(key=k).value for k in ("trust", "test", "month")] == ["Northshire Hospitals", "Non-Obstetric Ultrasound", "Jun 2026"]
    cards = {m.label: m.value for m in app.metric}
    assert set(cards) == {"Our figure", "Published", "Difference", "Unexplained"}
    assert any(f"the return holds {cards['Published']} and we count {cards['Our figure']}" in m.value for m in app.markdown)
    assert any(h.value == "By wait category" for h in app.header)
    odd = opened("reconciliation", trust="Nowhere Hospitals")
    assert not odd.exception and any("a trust that is not one of those offered here ('Nowhere Hospitals')" in w.value for w in odd.warning)


def test_without_the_bridge_the_page_says_which_table_it_needs(opened, altered):
    app = opened("reconciliation", extracts=altered(lambda manifest: manifest["tables"].pop("list_bridge")))
    assert not app.exception and not app.error
    assert any("needs the table 'list_bridge'" in i.value for i in app.info)


def test_the_overview_is_two_tables_that_say_in_words_what_the_icons_draw(opened, sample_extract):
    app = opened("")
    tables = [ElementTree.fromstring(re.sub(r"<img ([^>]*)>", r"<img \1/>", h.proto.body)) for h in app.get("html") if "<table>" in h.proto.body]
    indicators, matrix = (t.find("table") for t in tables)
    rows = [tr for tr in indicators.find("tbody") if len(tr) > 1]
    assert len(rows) == 14 and len(matrix.find("tbody")) == 14
    domains = [tr[0].text for tr in indicators.find("tbody") if len(tr) == 1]
    assert sorted(domains) == ["Activity", "Backlog", "Reporting", "Waits for examination"]
    sites = sample_extract.manifest["sites"]
    assert [th.text for th in matrix.iter("th") if th.get("scope") == "col"][1:] == [s["site_name"] for s in sites]
    for row in rows:
        assert row.find("th/a").get("href").startswith("/control?metric=") and row.find("th/a").text
        assert row[1].find("b").text and row[1].find("small").text, "each figure says its month"
    for image in (*indicators.iter("img"), *matrix.iter("img")):
        assert image.get("alt")
    lists = {tr.find("th/a").text: ["".join(s.itertext()) for s in tr[1].findall("small")] for tr in rows}
    assert any(re.fullmatch(r"against \d+ a year before", x) for x in lists["Backlog"])
    finding = next(m.value for m in app.markdown if "common-cause" in m.value)
    named = finding.partition("**At the highest of all complete month ends**: ")[2]
    assert all(f"{name} (" in named for name, notes in lists.items() if "the highest of all month ends" in notes)
    own = next(tr for tr in rows if tr.find("th/a").text == "Own list, six weeks or more")
    assert own[3].text == "at most 1\N{NO-BREAK SPACE}%" and re.fullmatch(r"met in \d+ of \d+ months", own[4].find("span/small").text)
    assert all(tr[3].text or tr[3].find("small").text for tr in rows), "a target, or why there is none"
    assert any(re.search(r"Not judged by month.*Discrepancy rate: [\d.]+ % \([\d,]+ of [\d,]+\), 95 % interval", m.value) for m in app.markdown)
    concern = [tr.find("th/a").text for tr in rows if "Concern" in tr[2].find("span/img").get("alt")]
    assert all(name in app.markdown[0].value + "".join(m.value for m in app.markdown) for name in concern)


@pytest.mark.parametrize(("metric", "is_list"), [("Backlog", True), ("Own list, six weeks or more", True), ("Examinations per working day", False)])
def test_a_control_chart_says_what_it_is_judged_against_and_how_often_chance_flags_it(metric, is_list, opened):
    app = opened("control", metric=metric)
    assert not app.exception and len(app.get("bidi_component")) == 1
    said = " ".join(m.value for m in app.markdown)
    assert ("This list is judged " in said) == is_list and re.search(r"would flag its last month in \d+ of 100", said)
    assert ("Growth of 3 % a year alone" in said) == (not is_list)


def test_the_limits_of_activity_may_be_set_against_a_year_before_or_a_trend(opened):
    for name, said in (("Same month a year before", "the same month a year before with the usual change"), ("Straight trend", "the straight line through all months")):
        app = opened("control", metric="Examinations per working day", limits=name)
        assert not app.exception and said in " ".join(m.value for m in app.markdown)


def test_an_event_is_marked_only_where_it_applies(opened, altered):
    """A scanner of one site and modality is no event of another, whether that is a filter of the page or a chart of its own."""
    from readout.ui import frame as framed

    def change(manifest):
        manifest["annotations"] = [
            {"title": "CT scanner failure", "text": "Out of use.", "from": "2026-02-09", "sites": ["ZN101"], "modalities": ["CT"], "metrics": ["activity"]},
            {"title": "Strike", "from": "2026-03-02"},
        ]

    seen = {}
    extracts = altered(change)
    for name, query in (("all", {}), ("CT", {"modality": "CT"}), ("MR", {"modality": "MR"}), ("there", {"site": "ZN101"}), ("elsewhere", {"site": "ZN102"})):
        with pytest.MonkeyPatch.context() as patch:
            pages = []
            patch.setattr(framed, "Page", lambda *a, made=framed.Page, kept=pages: kept.append(made(*a)) or kept[-1])
            app = opened("activity", extracts, **query)
        assert not app.exception and not app.error
        seen[name] = [f.title for f in pages[-1].flags_for("activity")]
        assert [f.title for f in pages[-1].flags_for("activity", {"modality": ("MR",)})] == ["Strike"]
        assert all(f.trusts == (("ZN1",) if f.sites else ()) for f in pages[-1].flags), "a provider of the return is marked for its own sites"
    assert seen == {
        "all": ["CT scanner failure", "Strike"],
        "CT": ["CT scanner failure", "Strike"],
        "MR": ["Strike"],
        "there": ["CT scanner failure", "Strike"],
        "elsewhere": ["Strike"],
    }


def test_a_signal_leads_to_its_control_chart_which_says_the_same(opened):
    app = opened("signals", kind="All", modality="CT")
    (table,) = (ElementTree.fromstring(re.sub(r"<img ([^>]*)>", r"<img \1/>", h.proto.body)) for h in app.get("html") if "<table>" in h.proto.body)
    rows = [tr for tr in table.find("table/tbody") if tr.find("th/a") is not None]
    assert re.match(rf"{len(rows)} of \d+ series", app.markdown[1].value) and rows
    assert sum(int(tr[0].text.split(" · ")[1].split()[0]) for tr in table.find("table/tbody") if len(tr) == 1) == len(rows)
    one = next((tr for tr in rows if tr.find("th/small") is not None and tr.find("th/small").text == "Site"), rows[0])
    asked = parse_qs(urlsplit(one.find("th/a").get("href")).query)
    assert asked["modality"] == ["CT"] and len(asked["metric"]) == 1
    assert asked.get("site", [one.find("th/a").text]) == [one.find("th/a").text], "the address names it as the filter does"
    chart = opened("control", **{k: v[0] for k, v in asked.items()})
    said = " ".join(m.value for m in chart.markdown)
    assert not chart.exception and one[1].find("span/small").text.split(",")[0] in said.lower()


@pytest.mark.parametrize(
    ("url", "query", "head"),
    [("quality", {"view": "Rules by site"}, "Rule"), ("catalogue", {}, "Metric"), ("reconciliation", {}, "Trust"), ("standards", {}, "Standard")],
)
def test_a_table_to_read_wraps_and_names_every_column_and_row(url, query, head, opened):
    app = opened(url, **query)
    bodies = [h.proto.body.replace("<wbr>", "") for h in app.get("html") if 'class="readout plain"' in h.proto.body]
    table = ElementTree.fromstring(bodies[0]).find("table")
    columns = [th.text for th in table.find("thead/tr")]
    assert columns[0] == head and all(th.get("scope") == "col" for th in table.find("thead/tr"))
    rows = list(table.find("tbody"))
    assert rows and all(tr[0].get("scope") == "row" and len(tr) == len(columns) for tr in rows)
    assert table.find("caption").text.endswith(f": {len(rows)} rows")


def test_names_from_the_data_stay_text_in_the_tables_of_the_overview(opened, altered):
    def renamed(manifest):
        manifest["sites"][0]["site_name"] = 'A & <b onclick="x">B</b>'

    extracts = altered(renamed)
    pages = {url: "".join(h.proto.body for h in opened(url, extracts, kind="All", view="Rules by site").get("html")) for url in ("", "signals", "quality")}
    assert all("A &amp; &lt;b" in pages[url] for url in ("", "quality")) and pages["signals"]
    bodies = "".join(pages.values())
    assert "A &amp; &lt;b onclick" in bodies and "<b onclick" not in bodies


def test_the_quality_page_lists_every_file(opened, sample_extract):
    app = opened("quality", view="Files")
    assert not app.exception and not app.error
    shown = app.dataframe[0].value
    assert len(shown) == sum(len(s["files"]) + len(s["not_read"]) for s in sample_extract.manifest["sources"])
    assert {o.split(":")[0] for o in shown["Outcome"]} == {"read", "not read"}  # the sample holds a snapshot that another replaced


def test_a_viewer_who_moves_over_to_a_newer_extract_gives_the_older_one_back(make, opened, tmp_path):
    extracts = tmp_path / "extracts"
    older = make([{}]).id
    app = opened("quality", extracts=extracts)
    assert app.title and lease.is_in_use(extracts, older)
    newer = make([{"acc": "B"}]).id
    app.run()
    assert not app.error and any(newer in c.value for c in app.sidebar.caption)
    app.run()  # until then the session still holds what the page before was drawn from
    gc.collect()
    assert lease.is_in_use(extracts, newer) and not lease.is_in_use(extracts, older)


def test_what_the_first_page_needs_is_ready_before_anybody_asks(opened, sample_extract, monkeypatch):
    from readout.server import warmup
    from readout.ui import session

    monkeypatch.setenv("READOUT_EXTRACTS", str(sample_extract.folder.parent))
    monkeypatch.setattr(warmup, "quiet_for", lambda: 60.0)
    session.answers.clear()
    warmup.prepare()
    ready = len(session.answers()._results)
    assert ready > 26
    for filters in ({}, {"modality": "MRI"}, {"site": "Westmere Royal"}):
        opened("", **filters)
        assert len(session.answers()._results) <= ready + 2, f"the months of the custom period and no more: {filters}"
        ready = len(session.answers()._results)
    monkeypatch.setenv("READOUT_EXTRACTS", str(sample_extract.folder / "nothing"))
    warmup.prepare()


def test_what_many_ask_for_at_once_is_made_once():
    from readout.engine.cache import Kept

    kept, made = Kept(10), []

    def slow():
        made.append(1)
        time.sleep(0.05)
        return "it"

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: kept.get("key", slow), range(8))) == ["it"] * 8
    assert len(made) == 1
    with pytest.raises(ZeroDivisionError):
        kept.get("other", lambda: 1 / 0)
    assert kept.get("other", lambda: "now") == "now" and not kept._making


def test_a_page_names_ahead_the_parts_it_is_made_of():
    """Each part of the front end once, with what it imports, none that its own page names already, and never a chart library."""
    import streamlit

    from readout.server import web

    links = [value.decode() for name, value in web.ahead() if name == b"link"]
    names = [
        re.fullmatch(r"</(?:static/js|_stcore/bidi-components/readout.figure)/([\w.-]+\.js)>; rel=modulepreload; crossorigin; fetchpriority=low", v)[1] for v in links
    ]
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    assert len(names) == len(set(names)) and names[-1] == "figure.js" and all((folder / n).is_file() for n in names[:-1])
    assert all(any(n.startswith(f"{part}.") for n in names) for part in web.PARTS)
    page = (folder.parents[1] / "index.html").read_text("utf-8")
    assert not any(n in page or "Plotly" in n for n in names) and sum((folder / n).stat().st_size for n in names[:-1]) < 1_000_000


def test_what_is_prepared_waits_while_somebody_is_there(sample_extract, monkeypatch):
    from readout.server import warmup
    from readout.ui import session

    monkeypatch.setenv("READOUT_EXTRACTS", str(sample_extract.folder.parent))
    quiet = iter([0.0, 1.0, 60.0])
    slept = []
    monkeypatch.setattr(warmup, "quiet_for", lambda: next(quiet, 60.0))
    monkeypatch.setattr(warmup.time, "sleep", slept.append)
    monkeypatch.setattr(warmup.overview, "prepare", lambda _: iter([None]))
    warmup.prepare()
    assert len(slept) == 2
    session._visits.last = float("-inf")
    assert session.quiet_for() == float("inf")


def test_typed_commentary_is_saved_beside_its_pack_and_never_over_the_shipped_one(opened, altered):
    app = opened("packs")
    app.text_area(key=next(a.key for a in app.text_area if a.key.startswith("text_"))).set_value("Two lists were lost in May.").run()
    app.button(key="pack_save").click().run()
    assert any("is the example that is shipped" in e.value for e in app.error)
    extracts = altered(lambda manifest: None)
    own = extracts.parent / "packs"
    own.mkdir()
    (own / "own.toml").write_text('title = "Own"\ncommentary = "own-commentary.toml"\n[[indicator]]\nmetric = "within_28_days"\n', "utf-8")
    (own / "own-commentary.toml").write_text("", "utf-8")
    app = opened("packs", extracts)
    assert not app.exception and not [b for b in app.button if b.key == "pack_save"]
    app.text_area(key="text_Own_within_28_days").set_value("Two lists were lost in May.").run()
    app.button(key="pack_save").click().run()
    assert not app.exception and [s.value for s in app.success] == ["Saved in own-commentary.toml: the next pack begins with it."]
    assert 'text = "Two lists were lost in May."' in (own / "own-commentary.toml").read_text("utf-8")
    assert app.text_area(key="text_Own_within_28_days").value == "Two lists were lost in May." and not [b for b in app.button if b.key == "pack_save"]


def test_the_server_sends_at_once_what_is_ready(monkeypatch):
    """On the socket it listens on and on those it accepts: else a page waits 40 ms for the receipt of its first line."""
    import socket

    from streamlit.web.server.starlette import starlette_server

    from readout.server import serve

    monkeypatch.setattr(starlette_server, "_bind_socket", starlette_server._bind_socket)
    serve._listen(lambda: None)
    with starlette_server._bind_socket("127.0.0.1", 0, 5) as listening, socket.create_connection(listening.getsockname()):
        listening.setblocking(True)
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_nothing_is_collected_while_a_viewer_waits():
    from readout.server.serve import options

    assert options(1, "127.0.0.1")["runner.postScriptGC"] is False


@pytest.mark.parametrize(("url", "query"), [("turnaround", {"quantiles_exam_to_report_limits": "true"}), ("control", {"metric": "Report turnaround"})])
def test_a_control_chart_is_drawn_anew_for_another_pathway(opened, monkeypatch, url, query):
    """The pathway is chosen on the page and is no filter of the frame: a figure kept from another pathway must not stand under these words."""
    from readout.ui import control_charts, session

    session.figures.clear()
    drawn = []
    draw = control_charts.charts.spc_chart
    monkeypatch.setattr(control_charts.charts, "spc_chart", lambda found, **how: (drawn.append(found.name), draw(found, **how))[1])
    for name in ("A&E and emergency", "Suspected cancer"):
        app = opened(url, on=name, **query)
        assert not app.exception and not app.error and drawn[-1].startswith(name), drawn


def test_a_new_filter_is_asked_for_before_the_page_is_drawn(opened, monkeypatch):
    """What the page asked of all modalities is asked of CT by workers; the page itself finds nearly all of it answered, and shows CT."""
    import threading

    from readout.ui import session

    app = opened("standards")
    asked = []
    ask = session.ask
    monkeypatch.setattr(session, "ask", lambda metric, scope, *rest: (asked.append((threading.current_thread().name, metric, scope)), ask(metric, scope, *rest))[1])
    app.multiselect(key="modality").set_value(["CT"]).run()
    assert not app.exception
    prefetch = {(m, s) for name, m, s in asked if name.startswith("ahead")}
    own = {(m, s) for name, m, s in asked if not name.startswith("ahead")}
    assert len(prefetch) >= 5 and all(s.where.get("modality") == ("CT",) for _, s in prefetch)
    assert len(own) <= 2 and not own & prefetch
    assert any("CT" in c.value for c in app.caption)


def test_a_page_that_was_drawn_is_answered_for_each_single_filter_while_nobody_is_there(opened, sample_extract, monkeypatch):
    from readout.server import warmup
    from readout.ui import prefetch, session

    def run(most: int, rounds: int) -> list[str]:
        slept = iter([None] * rounds)
        asked.clear()
        with monkeypatch.context() as during, pytest.raises(StopIteration):
            during.setattr(warmup, "MOST", most)
            during.setattr(warmup.time, "sleep", lambda _: next(slept))
            warmup.go_on()
        return list(asked)

    asked = []
    ask = session.ask
    app = opened("standards")
    session.answers.clear()
    monkeypatch.setattr(prefetch, "_by_anybody", lambda: {"standards": known})
    known = app.session_state["asks_before"]["standards"]
    monkeypatch.setattr(session, "ask", lambda metric, *rest: (asked.append(metric), ask(metric, *rest))[1])
    monkeypatch.setattr(warmup, "quiet_for", lambda: 60.0)
    assert len(run(7, 1)) == 7  # never more than may be kept
    session.answers.clear()
    given = run(2_000, 3)
    assert len(given) > 100  # once, though it went round three times
    asked.clear()
    for key, name in (("modality", "MRI"), ("site", "Westmere Royal"), ("pathway", "Inpatient and day case")):
        before = len(asked)
        app = opened("standards", **{key: name})
        assert not app.exception and not app.warning, [w.value for w in app.warning]
        assert len(asked) <= before + 2, (key, asked[before:])
