"""Every chart of every page can be taken away, in every format and release, and says what it is."""

import contextlib
import json
import re
import zipfile
from html import unescape
from io import BytesIO
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
import streamlit
from pypdf import PdfReader

from readout.charts.interactive import as_json, interactive, plotly_js
from readout.charts.svg import svg
from readout.ui import downloads
from tests.conftest import ROOT, router
from tests.pages.test_pages import PAGES, opened  # noqa: F401  a fixture

pytestmark = pytest.mark.filterwarnings("default")
DRAWS = re.compile(r"\b(?:blocks\.chart|control_charts\.\w+|curves\.\w+)\(")
CHARTED = [url for url, (file, _) in router().items() if DRAWS.search((ROOT / "pages" / file).read_text("utf-8"))]


class Box(contextlib.nullcontext):
    open = True


def taken(opened, monkeypatch, url, release, **query):  # noqa: F811
    """What a page offers: files by chart and format, and the sentences of what it does not."""
    files, said = {}, []

    def button(label, data, name, mime, *, key, **_):
        files.setdefault(key.rpartition("_")[0], {})[name.rpartition(".")[2]] = data()

    proxy = SimpleNamespace(
        popover=lambda *_, **__: Box(),
        segmented_control=lambda *_, **__: downloads.RELEASES[release],
        download_button=button,
        info=said.append,
        error=said.append,
        caption=lambda *_: None,
        query_params=streamlit.query_params,
        context=streamlit.context,
    )
    monkeypatch.setattr(downloads, "st", proxy)
    app = opened(url, **query)
    assert not app.exception
    return files, said, sum(1 for e in app.main if getattr(e, "type", "") == "bidi_component")


def held(page: bytes) -> dict:
    """The figure that an HTML file holds."""
    return json.loads(re.search(r'<script id="figure" type="application/json">(.*?)</script>', page.decode())[1])


@pytest.mark.parametrize("url", PAGES)
def test_an_explored_chart_says_what_its_drawing_says(url, opened, monkeypatch):  # noqa: F811
    """Every mark of every chart, word for word; nothing is sent with a page until it is asked for, and then with the page that it was asked on."""
    from readout.ui import figure

    shown = []
    draw = figure.show
    monkeypatch.setattr(figure, "show", lambda made, **how: (shown.append(made), draw(made, **how))[1])
    app = opened(url)
    assert not app.exception
    assert len(shown) == len(app.get("bidi_component"))
    for made in shown:
        sent = json.loads(as_json(interactive(made)))
        words = [w for t in sent["data"] for row in t.get("hovertext", []) for w in (row if isinstance(row, list) else [row])]
        theirs = {" ".join(unescape(w.replace("<br>", " ")).split()) for w in words if w}
        ours = {" ".join(unescape(w).split()) for w in re.findall(r'data-say="([^"]*)"', svg(made, is_live=True))}
        assert ours <= theirs, ours - theirs
        assert len(sent["data"]) == len(made.to_dict()["data"])


@pytest.mark.parametrize("url", CHARTED)
def test_every_chart_leaves_in_every_format(url, opened, monkeypatch):  # noqa: F811
    files, said, _ = taken(opened, monkeypatch, url, "internal")
    assert files and not said
    for key, forms in files.items():
        assert set(forms) == {"svg", "png", "pdf", "html", "xlsx", "csv"}, key
        drawing = ElementTree.fromstring(forms["svg"])
        words = "".join("".join(drawing.itertext()).split())
        for part in ("extract 2026-11-03a", "Release internal", "Definition", "Live view", "Synthetic sample data"):
            assert part.replace(" ", "") in words, (key, part)
        said_in_html = "".join(unescape(re.sub(r"<[^>]+>", "", forms["html"].decode().replace(plotly_js(), ""))).split())
        for line in forms["csv"].decode().splitlines()[1:]:  # the account, word for word, as the table has it
            if line.startswith("# ") and line != "# ":
                assert "".join(line[2:].split()) in said_in_html, (key, line)
        assert forms["png"].startswith(b"\x89PNG") and len(forms["png"]) > 10_000
        pdf = PdfReader(BytesIO(forms["pdf"]))
        assert len(pdf.pages) == 1, key
        assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
        assert zipfile.ZipFile(BytesIO(forms["xlsx"])).testzip() is None
        assert b"# Release internal" in forms["csv"]


@pytest.mark.parametrize("url", ["activity", "turnaround", "backlog", "variability", "addenda"])
def test_a_public_file_says_so_or_is_not_offered(url, opened, monkeypatch):  # noqa: F811
    files, said, _ = taken(opened, monkeypatch, url, "public")
    assert files or said
    assert all("public release" in s for s in said), said
    for key, forms in files.items():
        assert b"# Release public" in forms["csv"]
        assert ("html" in forms) == ("svg" in forms), "what is refused as a picture is refused here too"
        if "html" in forms:
            words = json.dumps(held(forms["html"])["figure"])
            counts = [int(x.replace(",", "")) for pair in re.findall(r"([\d,]+) of ([\d,]+)", words) for x in pair]
            assert all(c % 5 == 0 for c in counts), (key, counts)
            assert not re.search(r"customdata|site_code=|modality=", words), key


def test_a_public_control_chart_says_its_own_counts_in_words_too(opened, monkeypatch):  # noqa: F811
    """What stands in sentences beside the table is of the same release: counts rounded to five, and nothing of a month that is withheld."""
    for metric, site in (("Reported within 28 days", ""), ("Clinical addendum rate", "Penwick Community Hospital")):
        files, _, _ = taken(opened, monkeypatch, "control", "public", metric=metric, **({"site": site} if site else {}))
        head = "".join(line for line in files["control_spc"]["csv"].decode().splitlines(True) if line.startswith("#"))
        counts = [int(x.replace(",", "")) for pair in re.findall(r"\(([\d,]+) of ([\d,]+)\)", head) for x in pair]
        assert all(c % 5 == 0 for c in counts), (metric, counts)
        assert counts or "withheld in this release, so nothing is said of it" in head, head


def test_reporters_offer_nothing(opened, monkeypatch):  # noqa: F811
    files, _, _ = taken(opened, monkeypatch, "reporters", "internal")
    assert not files


def test_a_stack_with_a_part_withheld_is_refused_in_a_sentence_and_its_table_leaves(opened, monkeypatch, caplog):  # noqa: F811
    files, said, _ = taken(opened, monkeypatch, "turnaround", "public")
    assert set(files["bands"]) == {"xlsx", "csv"} and b"*" in files["bands"]["csv"]
    assert any("a bar without it would show a wrong total. Its tables can be taken." in s for s in said)
    assert not [r for r in caplog.records if r.exc_info], "what is refused on purpose is no fault for the log"


@pytest.mark.parametrize("release", ["internal", "public"])
def test_a_fault_of_a_download_is_not_said_to_be_a_withheld_figure(release, opened, monkeypatch, caplog):  # noqa: F811
    def broken(*_, **__):
        raise TypeError("/secret/path")

    monkeypatch.setattr(downloads, "_chart", broken)
    files, said, _ = taken(opened, monkeypatch, "backlog", release)
    assert not files and said
    for sentence in said:
        reference = re.fullmatch(r"This could not be made; the rest of the page can\. Reference (\w{4}) \(in the log\)\.", sentence)
        assert reference and f"Reference {reference[1]}: {release} download" in caplog.text


def test_a_chart_whose_every_unit_is_withheld_says_so(opened, monkeypatch):  # noqa: F811
    files, said, _ = taken(opened, monkeypatch, "standards", "public", modality="NM")
    assert set(files["units_site_code"]) == {"xlsx", "csv"}
    assert any("no unit has a figure in it" in s for s in said)
