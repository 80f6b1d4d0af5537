"""Every figure that leaves carries the words of its own scope: every metric, every filter, every way out."""

import io
import re
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest
from pypdf import PdfReader

from readout.__main__ import main
from readout.engine.store import Store
from readout.errors import ReadoutError
from readout.export.chart_files import Chart
from readout.export.content import build
from readout.export.pack import PackError, PackFileError, pack_of
from readout.export.package import make
from readout.metrics.answer import ask, dimension_labels, filter_words
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import DIMENSIONS, Scope

METRICS = load_catalogue().metrics
CHARTED = [m.id for m in METRICS.values() if m.spc != "none"]


@pytest.fixture(scope="module")
def store(sample_extract):
    with Store(sample_extract) as opened:
        yield opened


def values(metric, store):
    """For each filter of a metric a value that its own rows hold, and how it reads."""
    labels = dimension_labels(store)
    found = {}
    for dimension in metric.dimensions:
        if dimension in ("month", "reporter_key"):
            continue
        try:
            held = ask(metric.id, Scope((dimension,)), store).frame[dimension].drop_nulls()
        except ReadoutError:
            continue
        if len(held):
            value = str(held[len(held) // 2])
            found[dimension] = value, filter_words({dimension: (value,)}, labels)[0]
    return found


def squeezed(text):
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("metric_id", METRICS)
def test_an_answer_and_its_files_name_every_filter(metric_id, store):
    metric = METRICS[metric_id]
    for dimension, (value, name) in values(metric, store).items():
        where = {dimension: (value,)}
        answer = ask(metric_id, Scope((), where), store).release("internal")
        assert name in answer.words, (dimension, answer.words)
        assert name in answer.as_json()["scope"]["words"]
        chart = Chart(answer, go.Figure(), metric.label, answer.words, "", (), "/a", "N", True, datetime(2026, 11, 3))
        assert name in chart.as_csv().decode().splitlines()[0]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_the_command_line_names_the_filters(form, sample_extract, capsys):
    arguments = ["--where", "site_code=ZN201", "--where", "modality=CT", "--format", form, "--extracts", str(sample_extract.folder.parent)]
    for command in (["ask", "unreported"], ["signals", "--units", "network"]):
        assert main([*command, *arguments]) == 0
        said = " ".join(capsys.readouterr().out.split())
        assert "Westmere" in said and "CT" in said, (command, said[:200])


@pytest.mark.parametrize("metric_id", CHARTED)
def test_an_indicator_of_a_pack_is_named_with_its_own_filters(metric_id, store):
    """One site's unreported stood under "The whole network" as "Unreported"."""
    found = values(METRICS[metric_id], store)
    tried = 0
    for dimension, (value, name) in found.items():
        entry = {"metric": metric_id, "where": {dimension: [value]}}
        try:
            content = build(pack_of({"title": "T", "indicator": [entry], "sections": []}, {}), store)
        except ReadoutError:
            continue  # too few to judge, withheld, or no filter of a series over months: nothing leaves
        tried += 1
        (item,) = content.items
        assert name in item.label, (dimension, item.label)
        assert name in item.answer.words and name in " ".join(content.provenance(item))
        assert "its figure is for that only" in content.scope_words
        assert any(name in s for s in (*item.sentences, item.alternative)) or item.is_withheld
    assert tried or not found


def two_sites(**more):
    indicators = [{"metric": "unreported", "where": {"site_code": [s]}, "key": f"unreported_{s.lower()}"} for s in ("ZN201", "ZN102")]
    indicators.append({"metric": "within_28_days", "where": {"modality": ["CT"]}})
    return {"title": "Two", "indicator": indicators, **more}


def test_one_metric_of_two_sites_makes_a_pack_whose_every_file_says_which_is_which(store):
    """As the documents instruct, and always refused before: both were called 'Unreported'."""
    made = make(pack_of(two_sites(), {}), store)
    names = [i.label for i in made.content.items]
    assert len(set(names)) == 3 and all(n.startswith("Unreported, ") for n in names[:2]) and names[2] == "Reported within 28 days, CT"
    pdf = squeezed("".join(p.extract_text() for p in PdfReader(io.BytesIO(made.files["two.pdf"])).pages))
    slides = zipfile.ZipFile(io.BytesIO(made.files["two.pptx"]))
    tag = "{http://schemas.openxmlformats.org/drawingml/2006/main}t"
    pptx = squeezed("".join(e.text or "" for n in slides.namelist() if n.startswith("ppt/slides/slide") for e in ElementTree.fromstring(slides.read(n)).iter(tag)))
    book = zipfile.ZipFile(io.BytesIO(made.files["two.xlsx"]))
    xlsx = squeezed("".join(e.text or "" for n in book.namelist() if n.endswith(".xml") for e in ElementTree.fromstring(book.read(n)).iter()))
    mail = squeezed(made.files["summary.eml"].decode().replace("=\n", ""))
    for item in made.content.items:
        name = item.label.split(", ", 1)[1]
        for text in (pdf, pptx, xlsx):
            assert squeezed(f"{item.label}{item.latest.text}") in text or (squeezed(item.label) in text and text is xlsx), item.label
        assert squeezed(f"{item.label}: {item.latest.text}") in mail
        for kind in ("svg", "csv"):
            assert squeezed(name) in squeezed(re.sub(r"<[^>]+>", "", made.files[f"charts/{item.key}.{kind}"].decode())), kind
    for words in (pdf, pptx, xlsx, mail):
        assert squeezed("its figure is for that only") in words


def test_two_indicators_of_the_same_figure_are_refused():
    twice = [{"metric": "unreported", "key": "a"}, {"metric": "unreported", "key": "b"}]
    with pytest.raises(PackFileError, match="'a' and 'b' ask for the same figure"):
        pack_of({"title": "T", "indicator": twice}, {})


def test_an_indicator_that_goes_beyond_its_packs_scope_is_refused(store):
    pack = pack_of({**two_sites(), "scope": {"site_code": ["ZN201"]}}, {})
    with pytest.raises(PackError, match="'unreported_zn102' asks for the site ZN102, and the scope of the whole pack is ZN201"):
        build(pack, store)


def test_a_filter_in_words_has_a_name_for_every_dimension(store):
    labels = dimension_labels(store)
    for dimension in DIMENSIONS:
        (said,) = filter_words({dimension: ("2026-03",) if dimension == "month" else ("0",)}, labels) if dimension != "band" else ("",)
        assert isinstance(said, str)
