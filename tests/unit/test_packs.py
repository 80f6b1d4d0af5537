"""Board packs: one set of numbers in every format, nothing handed over that is not whole, and what a pack may not say or hold."""

import email
import errno
import hashlib
import io
import json
import re
import shutil
import subprocess
import tomllib
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pptx.enum.dml import MSO_FILL
from pypdf import PdfReader

from readout import paths, schema
from readout.__main__ import main
from readout.engine.store import Store
from readout.errors import ReadoutError, UsageError
from readout.export import package, verify
from readout.export.compare import Changes, compared, figures
from readout.export.content import build, maker_of_packs, pack_id
from readout.export.pack import KEYS, Comment, ContradictedError, PackError, PackFileError, comments_of, comments_toml, load_pack, pack_of, save_comments
from readout.export.package import export, make, previous, zipped
from readout.export.pdf import pack_pdf
from readout.export.slides import pack_pptx
from readout.export.verify import IncompleteError
from readout.export.workbook import Book, cut, pack_xlsx, series_of
from readout.metrics import format as fmt
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from readout.stats.spc import RULES

BOARD = paths.SAMPLE / "packs" / "board.toml"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


@pytest.fixture(scope="module")
def store(sample_extract):
    with Store(sample_extract) as opened:
        yield opened


@pytest.fixture(scope="module")
def pack():
    return load_pack(BOARD)


@pytest.fixture(scope="module")
def content(pack, store):
    return build(pack, store)


@pytest.fixture(scope="module")
def public(pack, store):
    return build(replace(pack, profile="public"), store)


def squeezed(text):
    return re.sub(r"\s+", "", text)


def minimal(**more):
    return {"title": "T", "indicator": [{"metric": "within_28_days"}], **more}


def test_the_shipped_pack_holds_twelve_indicators_three_funnels_and_every_section(pack):
    assert (len(pack.indicators), len(pack.funnels)) == (12, 3)
    assert set(pack.sections) == {"matrix", "quality", "changes", "glossary"} and set(pack.formats) == {"pdf", "pptx", "xlsx"}
    assert pack.comments["within_28_days"].actions


@pytest.mark.parametrize("profile", ["content", "public"])
def test_every_format_shows_the_number_of_readout_ask(profile, request, store):
    """Read back by other means than the product's own check: the PDF's words, the slides' XML, the workbook's XML."""
    content = request.getfixturevalue(profile)
    name = content.pack.profile
    pdf = squeezed("".join(p.extract_text() for p in PdfReader(io.BytesIO(pack_pdf(content, Changes()))).pages))
    slides = zipfile.ZipFile(io.BytesIO(pack_pptx(content, Changes())))
    slide_words = squeezed(
        "".join(e.text or "" for n in slides.namelist() if re.match(r"ppt/slides/slide\d+\.xml", n) for e in ElementTree.fromstring(slides.read(n)).iter(f"{DRAWING}t"))
    )
    chart_numbers = {e.text for n in slides.namelist() if n.startswith("ppt/charts/chart") for e in ElementTree.fromstring(slides.read(n)).iter(f"{CHART}v")}
    book = zipfile.ZipFile(io.BytesIO(pack_xlsx(content, Changes())))
    cells = {e.text for n in book.namelist() if n.startswith("xl/worksheets/sheet") for e in ElementTree.fromstring(book.read(n)).iter() if e.tag.endswith("}v")}
    for item in content.items:
        answer = ask(item.metric.id, Scope(("month",), item.answer.scope.where, None, item.answer.scope.date_to), store).release(name)
        column = item.metric.kind.charted
        counted = item.metric.kind.counting
        settled = [(i, r) for i, r in enumerate(answer.rows) if not r["provisional"] and (r[counted] is not None or (i, counted) in answer.hidden)]
        at, last = settled[-1]
        is_few = counted == "n" and (last["n"] or 0) < 10
        said = "*" if (at, column) in answer.hidden else "too few" if is_few else item.metric.kind.figure(last[column], column)
        assert squeezed(f"{item.label}{said}") in pdf, item.key
        assert squeezed(f"{item.label}{said}") in slide_words, item.key
        if last[column] is not None and not is_few:
            assert any(abs(float(c) - last[column]) < 1e-9 for c in cells if c and re.fullmatch(r"-?[\d.]+(e-?\d+)?", c)), item.key
    assert chart_numbers


def test_the_pdf_is_tagged_bookmarked_archival_and_the_same_twice(content):
    data = pack_pdf(content, Changes())
    assert pack_pdf(content, Changes()) == data
    pdf = PdfReader(io.BytesIO(data))
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"].startswith("en") and root["/ViewerPreferences"]["/DisplayDocTitle"]
    xmp = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part>1<", xmp) and re.search(r"pdfaid:part>2<", xmp) and re.search(r"pdfaid:conformance>A<", xmp)
    assert pdf.metadata.title == content.pack.title
    kinds: dict[str, list] = {}

    def walk(element):
        element = element.get_object()
        if isinstance(element, list):
            for child in element:
                walk(child)
        elif isinstance(element, dict):
            if "/S" in element:
                kinds.setdefault(str(element["/S"]), []).append(element)
            if "/K" in element:
                walk(element["/K"])

    walk(root["/StructTreeRoot"])
    figures_ = kinds["/Figure"]
    assert len(figures_) >= len(content.pages) + len(content.funnels) and all(f.get("/Alt") for f in figures_)
    assert {"/H1", "/Table", "/TH", "/TD"} <= set(kinds)
    titles = [o.title for o in pdf.outline if not isinstance(o, list)]
    assert {i.label for i in content.pages} | {f.title for f in content.funnels} <= set(titles)
    text = [p.extract_text() for p in pdf.pages]
    assert all(squeezed(f"Page {i} of {len(text)}") in squeezed(t) for i, t in enumerate(text, 1))
    fonts = {str(f["/BaseFont"]) for p in pdf.pages for f in (x.get_object() for x in p["/Resources"].get("/Font", {}).values())}
    assert fonts and all("Inter" in f for f in fonts)


@pytest.mark.parametrize("profile", ["content", "public"])
def test_our_reader_of_a_pdf_reads_what_a_general_one_reads(profile, request):
    odd = "Brackets (one (two) and three), a back\\slash, fi ffi, 1 ≤ 2, “quoted” – O’Brien"
    content = request.getfixturevalue(profile)
    content = replace(content, pack=replace(content.pack, title=odd))
    data = pack_pdf(content, Changes())
    read = squeezed("".join(p.extract_text() for p in PdfReader(io.BytesIO(data)).pages))
    assert verify.pdf_text(data) == read and squeezed(odd) in read


def test_slides_are_native_editable_and_say_where_they_come_from(content):
    from pptx import Presentation

    deck = Presentation(io.BytesIO(pack_pptx(content, Changes())))
    charted = [(s, shape) for s in deck.slides for shape in s.shapes if shape.has_chart]
    assert len(charted) == len(content.pages) + sum(f.answer is not None for f in content.funnels)
    for slide, shape in charted:
        assert shape._element.nvGraphicFramePr.cNvPr.get("descr")
        assert shape.chart.part.chart_workbook.xlsx_part is not None
        assert content.pack_id in slide.notes_slide.notes_text_frame.text
        assert sum(1 for x in slide.shapes if x.has_chart) == 1
    titles = [s.shapes.title.text_frame.text for s in deck.slides]
    assert all(titles) and all(i.label in titles for i in content.pages)


@pytest.mark.parametrize("letters", [100, 1_200])
def test_what_a_pack_is_of_stands_below_its_finding(content, monkeypatch, letters):
    """However many indicators the finding names: a line of it takes a quarter of an inch."""
    from pptx import Presentation

    said = ("Backlog (above the upper limit), " * letters)[:letters]
    monkeypatch.setattr(type(content), "finding", property(lambda _: said))
    boxes = [s for s in Presentation(io.BytesIO(pack_pptx(content, Changes()))).slides[0].shapes if s.has_text_frame]
    finding = next(s for s in boxes if s.text_frame.text == said)
    below = next(s for s in boxes if s.text_frame.text.startswith("For "))
    assert below.top.inches >= finding.top.inches + 0.24 * len(said) / 130


def test_slides_open_in_libreoffice(content, tmp_path):
    office = shutil.which("soffice")
    if not office:
        pytest.skip("needs LibreOffice (soffice), which is not installed")
    (tmp_path / "a.pptx").write_bytes(pack_pptx(content, Changes()))
    subprocess.run(
        [office, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to", "pdf", "--outdir", tmp_path, tmp_path / "a.pptx"],
        check=True,
        timeout=180,
        capture_output=True,
    )
    from pptx import Presentation

    assert len(PdfReader(tmp_path / "a.pdf").pages) == len(Presentation(tmp_path / "a.pptx").slides)


def test_the_workbook_runs_nothing_and_holds_real_tables(content):
    odd = replace(content, pack=replace(content.pack, audience="=1+1", title="=HYPERLINK(1)"))
    book = zipfile.ZipFile(io.BytesIO(pack_xlsx(odd, Changes())))
    sheets = [book.read(n).decode() for n in book.namelist() if n.startswith("xl/worksheets/sheet")]
    assert not any("<f>" in s for s in sheets)
    assert sum(n.startswith("xl/tables/") for n in book.namelist()) >= len(content.items) + 2
    charts_ = len(content.items) + sum(f.answer is not None for f in content.funnels)
    assert sum(n.startswith("xl/charts/chart") for n in book.namelist()) == charts_
    assert pack_xlsx(odd, Changes()) == pack_xlsx(odd, Changes())


def test_a_public_pack_shows_no_small_count_and_no_exact_one(public, pack, store):
    assert all(i.answer.profile == "public" for i in public.items)
    assert all(f.answer is None and "rests on exact counts" in f.absent for f in public.funnels)
    for item in public.items:
        last = max(r["month"] for r in item.answer.rows)
        assert last < date(2026, 10, 1), "a month still arriving is in a release of whole months"
        for row in item.answer.rows:
            for column in ("numerator", "denominator", "count_unreported"):
                if row.get(column) is not None and item.metric.id != "activity_per_working_day":
                    assert row[column] % 5 == 0, (item.key, column, row)
    true = {i.key: i.kind for i in build(replace(pack, until=date(2026, 9, 30)), store).items}
    withheld = [i for i in public.items if i.is_withheld]
    assert withheld and len(withheld) < len(public.items)
    for item in public.items:
        assert item.kind == (None if item.is_withheld else true[item.key])
    for item in withheld:
        assert item.latest.text == "*" and "nothing is said of it" in item.sentences[0] and item.assurance == ""


def test_no_reporter_and_no_pseudonym_is_in_any_file(content):
    for data in (pack_pptx(content, Changes()), pack_xlsx(content, Changes())):
        archive = zipfile.ZipFile(io.BytesIO(data))
        assert not any(re.search(rb"\bR-[0-9a-f]{6}\b", archive.read(n)) for n in archive.namelist())
    text = "".join(p.extract_text() for p in PdfReader(io.BytesIO(pack_pdf(content, Changes()))).pages)
    assert not re.search(r"\bR-[0-9a-f]{6}\b", text)
    with pytest.raises(PackError, match="cannot be drawn"):
        pack_of(minimal(funnel=[{"metric": "standardised_addendum_ratio", "by": "reporter"}]), {})


def test_a_pack_is_made_once_and_handed_over_whole(pack, store, tmp_path):
    first = export(pack, store, tmp_path)
    listed = json.loads((first.folder / "manifest.json").read_text("utf-8"))
    assert {n: hashlib.sha256((first.folder / n).read_bytes()).hexdigest() for n in listed["files"]} == listed["files"]
    assert zipfile.ZipFile(first.archive).testzip() is None
    assert len(zipfile.ZipFile(first.archive).namelist()) == first.count
    mail = email.message_from_bytes((first.folder / "summary.eml").read_bytes())
    assert pack.title in mail["Subject"] and mail["To"] is None and "97" in mail.get_payload(decode=True).decode()
    again = export(pack, store, tmp_path)
    assert again.is_kept and again.pack_id == first.pack_id
    (first.folder / "figures.json").write_bytes(b"{}")
    mended = export(pack, store, tmp_path)
    assert not mended.is_kept and json.loads((mended.folder / "figures.json").read_text("utf-8"))["pack_id"] == first.pack_id
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([first.folder.name, first.archive.name])


def test_other_code_makes_another_pack(pack, store, tmp_path, monkeypatch):
    """Else a pack made before a fault was mended would be handed over as whole."""
    before = pack_id(pack, store)
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "pack.typ").write_text("other", "utf-8")
    monkeypatch.setattr(paths, "PACKAGE", tmp_path)
    maker_of_packs.cache_clear()
    assert pack_id(pack, store) != before
    monkeypatch.undo()
    maker_of_packs.cache_clear()
    assert pack_id(pack, store) == before


def test_any_word_of_the_pack_makes_another_pack(pack, store):
    names = {
        pack_id(p, store)
        for p in (pack, replace(pack, title="Other"), replace(pack, comments={}), replace(pack, profile="public"), pack.with_indicators(["within_28_days"]))
    }
    assert len(names) == 5


@pytest.mark.parametrize("form", ["pdf", "pptx", "xlsx"])
def test_a_file_without_an_indicator_is_not_handed_over(form, pack, store, content, tmp_path, monkeypatch):
    maker = package.MAKERS[form]
    monkeypatch.setattr(
        package, "MAKERS", {**package.MAKERS, form: lambda c, ch: maker(c.with_pack(c.pack.with_indicators([i.key for i in c.items[1:]]), c.pack_id), ch)}
    )
    with pytest.raises(IncompleteError, match=f"{form.upper()}: {content.items[0].label}"):
        export(pack, store, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def slides_of(content):
    """Each slide's title, its charts as series by name, and its words, read from the finished file."""
    from pptx import Presentation

    found = {}
    for slide in Presentation(io.BytesIO(pack_pptx(content, Changes()))).slides:
        charts_ = [s.chart for s in slide.shapes if s.has_chart]
        words_ = " ".join(s.text_frame.text for s in slide.shapes if s.has_text_frame)
        found[slide.shapes.title.text_frame.text] = (charts_, words_)
    return found


@pytest.mark.parametrize("form", ["pptx", "xlsx"])
def test_a_list_whose_level_is_another_is_not_handed_over(form, content):
    """The chart of a list is of its level."""

    def halved(item):
        points = item.control.points
        return replace(item, control=replace(item.control, points=points.with_columns(x=points["x"] / 2))) if item.metric.is_snapshot else item

    assert any(i.metric.is_snapshot for i in content.pages)
    wrong = replace(content, items=tuple(halved(i) for i in content.items))
    made = package.MAKERS[form](wrong, Changes())
    with pytest.raises(IncompleteError, match="does not hold its figures"):
        verify.check(content, {form: made})


def test_a_list_shows_its_level_by_month_end_with_its_limits_and_says_what_it_is_judged_against(content):
    deck = slides_of(content)
    text = verify.pdf_text(pack_pdf(content, Changes()))
    for item in (i for i in content.pages if i.metric.is_snapshot):
        ((chart,), words_) = deck[item.label]
        series = {s.name: list(s.values) for s in chart.plots[0].series}
        levels = {r["month"]: r["value"] for r in item.answer.rows if not r["provisional"]}
        drawn = [levels.get(m) for m in item.control.points["month"]]
        assert series["Level at each month end"][1:] == drawn[1:] and series["Level at each month end"][0] is None
        assert "Mean" in series and item.judged_by in words_ and squeezed(item.judged_by) in text
        assert item.control.unjudged or item.judged_by.startswith("This list is judged ")


def test_slides_say_counts_and_provisional_months_and_begin_as_printed(content):
    deck = slides_of(content)
    for item in content.pages:
        charts_, words_ = deck[item.label]
        assert (item.latest.notes[-1] in words_ and "provisional" in words_.casefold()) or "arriving" in words_, item.key
        unit = series_of(item)[1]
        low, high = (v / unit for v in item.figure.layout.yaxis.range)
        axis = charts_[-1].value_axis
        assert axis.minimum_scale <= low + axis.major_unit and axis.minimum_scale >= low - axis.major_unit
        assert axis.maximum_scale <= high + axis.major_unit
    for funnel in (f for f in content.funnels if f.answer is not None):
        ((chart,), words_) = deck[funnel.title]
        plot = chart.plots[0]
        counts = [int(c.rpartition("n ")[2].replace(",", "")) for c in plot.categories]
        assert counts == sorted(counts, reverse=True) == [u.n for u in funnel.comparison().units]
        by_name = {s.name: s for s in plot.series}
        assert by_name["Upper 99.8 %"].format.line.fill.type == MSO_FILL.BACKGROUND, "no line joins the limits of units"
        assert any(v is not None for v in by_name["Unadjusted"].values) and " n " in words_


def test_a_month_beyond_the_scale_is_named_on_slide_and_page(content):
    (item,) = [i for i in content.pages if i.key == "within_pathway_standard"]
    points = item.control.points
    last = points["month"].max()
    far = points.with_columns(x=pl.when(pl.col("month") == last).then(0.123).otherwise(pl.col("x")))
    assert points.filter(pl.col("month") == last)["is_provisional"].item()
    odd = replace(content, items=tuple(replace(i, control=replace(i.control, points=far)) if i is item else i for i in content.items))
    said_ = f"12.3 % in {last:%b}"
    assert squeezed(f"▽ beyond the scale: {said_}") in verify.pdf_text(pack_pdf(odd, Changes()))
    assert f"Beyond the scale: {said_} (provisional)." in slides_of(odd)[item.label][1]


def test_small_print_is_large_enough(content):
    """Words beside charts: those in drawings are checked by eye."""
    for name in ("pack.typ", "chart.typ"):
        sizes = [float(x) for x in re.findall(r"size: ([\d.]+)pt", (paths.PACKAGE / "export" / name).read_text("utf-8"))]
        assert sizes and min(sizes) >= 8.5


def test_words_that_a_board_does_not_know_are_explained(content):
    from readout.export import tables

    glossary = dict(tables.glossary(content))
    assert {"Kaplan-Meier", "XmR chart", "p′ and u′ charts", "Rules"} <= set(glossary)
    text = verify.pdf_text(pack_pdf(content, Changes()))
    for words_ in (tables.MATRIX, tables.FUNNEL_KEY, glossary["XmR chart"]):
        assert squeezed(words_) in text
    one = replace(content, times=(("Fellgate", "passes, 0.0 %", "fails, 15.4 %"), ("Saltness", "passes, 0.0 %", "passes, 0.0 %")))
    assert "All checks of the extract passed. Those checks are of the records." in one.quality_said and "site by site: Fellgate fails a test" in one.quality_said
    assert "fails a test" not in replace(content, times=()).quality_said


def test_months_that_stand_out_are_told_with_their_rule(content):
    for item in content.items:
        flagged = [(r["month"], RULES[r["flag"]]) for r in item.control.points.iter_rows(named=True) if r["flag"] and not r["is_provisional"]]
        assert bool(item.marked) == bool(flagged)
        assert all(rule in item.marked for _, rule in flagged)
        assert not flagged or f"{flagged[-1][0]:%b %Y}" in item.marked


def test_of_a_withheld_month_no_rule_is_told(content):
    item = next(i for i in content.items if i.marked)
    points = item.control.points
    gone = replace(item, control=replace(item.control, points=points.with_columns(x=pl.when(pl.col("flag").is_null()).then(pl.col("x")))))
    assert gone.marked == ""


def test_rows_with_site_codes_hold_site_names(pack, store, tmp_path):
    made = make(replace(pack, formats=("xlsx",)).with_indicators(["within_28_days"]), store, tmp_path)
    found = [d.decode() for n, d in made.files.items() if n.endswith(".csv") and b"site_code," in d]
    assert found
    for text in found:
        rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
        at = rows[0].index("site_code")
        assert rows[0][at + 1] == "site_name" and all(made.content.sites[r[at]] == r[at + 1] for r in rows[1:])


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("Wait for the examination, Routine outpatient and GP", "Wait for the examination"),
        ("Late reports against the case mix, by site", "Late reports against the case"),
        ("Short", "Short"),
        ("A" * 40, "A" * 31),
        ("Exactly thirty-one letters long", "Exactly thirty-one letters long"),
    ],
)
def test_the_name_of_a_sheet_ends_at_a_word(wanted, said):
    assert cut(wanted, 31) == said and len(said) <= 31


def test_names_of_sheets_stay_unique(content):
    book = Book(content.made)
    names = [book.name("Late reports against the case mix, by site"), book.name("Late reports against the case mix, by trust")]
    assert names == ["Late reports against the case", "Late reports against the case 2"] and all(len(n) <= 31 for n in names)


@pytest.mark.parametrize("form", ["pptx", "xlsx"])
def test_a_chart_with_another_number_is_found(form, content):
    def moved(item):
        points = item.control.points
        return replace(item, control=replace(item.control, points=points.with_columns(x=points["x"] * 1.001)))

    wrong = replace(content, items=tuple(moved(i) for i in content.items))
    made = package.MAKERS[form](wrong, Changes())
    with pytest.raises(IncompleteError, match="does not hold its figures"):
        verify.check(content, {form: made})
    verify.check(content, {form: package.MAKERS[form](content, Changes())})


def test_a_full_disk_leaves_nothing_half_written(pack, store, tmp_path, monkeypatch):
    kept = export(replace(pack, title="Kept"), store, tmp_path)
    real = Path.write_bytes

    def full(self, data):
        if self.suffix == ".xlsx" and package.MAKING in str(self):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PackError, match=r"No space left on device\. Nothing is left half-written"):
        export(pack, store, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([kept.folder.name, kept.archive.name])


def test_what_a_killed_export_left_is_swept_away(pack, store, tmp_path):
    (tmp_path / f"{package.MAKING}abc" / "pack").mkdir(parents=True)
    export(pack.with_indicators(["within_28_days"]), store, tmp_path)
    assert not list(tmp_path.glob(f"{package.MAKING}*"))


def test_a_renderer_that_fails_says_so(pack, store, tmp_path, monkeypatch):
    import typst

    class Broken:
        def __init__(self, **_):
            raise typst.TypstError("the renderer stopped")

    monkeypatch.setattr(typst, "Compiler", Broken)
    with pytest.raises(ReadoutError, match="The PDF could not be made: the renderer stopped"):
        export(pack, store, tmp_path / "out")
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"indicator": [{"metric": "within_28_day"}], "title": "T"}, "Did you mean 'within_28_days'"),
        (minimal(profile="publik"), "Did you mean 'public'"),
        (minimal(formats=["pdf", "doc"]), "'doc' is not among the formats"),
        (minimal(titel="x"), "Did you mean 'title'"),
        ({"indicator": [{"metric": "within_28_days"}]}, "needs a title"),
        ({"title": "T"}, "at least one indicator"),
        (minimal(indicator={"metric": "within_28_days"}), "double brackets"),
        ({"title": "T", "indicator": [{"metric": "within_28_days"}] * 2}, "two indicators are called"),
        ({"title": "T", "indicator": [{"metric": "within_28_days", "where": {"band": "x"}}]}, "cannot be filtered by band"),
        ({"title": "T", "indicator": [{"metric": "activity_by_hour"}]}, "not charted over months"),
        (minimal(funnel=[{"metric": "within_28_days"}]), "has no funnel"),
        (minimal(until="September"), "write it as 2026-09"),
        (minimal(scope={"sit": ["X"]}), "there is no filter 'sit'"),
    ],
)
def test_a_wrong_pack_is_refused_in_words(entries, said):
    with pytest.raises((PackError, UsageError), match=re.escape(said)):
        pack_of(entries, {})


def test_what_cannot_be_shown_is_refused_in_words(store, pack):
    with pytest.raises(PackFileError, match="the pack: 'NOPE' is not a site"):
        build(pack_of(minimal(scope={"site_code": ["NOPE"]}), {}), store)
    with pytest.raises(PackError, match="cannot be narrowed by reader"):
        build(pack_of(minimal(scope={"reader": ["radiologist"]}), {}), store)
    few = {"title": "T", "profile": "public", "indicator": [{"metric": "clinical_addendum_rate", "where": {"site_code": ["ZN301"], "modality": ["NM"]}}]}
    with pytest.raises(PackError, match=r"withheld in the public release|Widen the dates|no month of"):
        build(pack_of(few, {}), store)
    with pytest.raises(PackError, match="speaks of 'other'"):
        pack_of(minimal(), comments_of({"other": {"text": "x"}}))


def test_a_time_over_all_pathways_says_so(store):
    """A quantile over them mixes hours with weeks; one of a pathway names it."""
    made = build(pack_of(minimal(indicator=[{"metric": "exam_to_report"}, {"metric": "exam_to_report", "key": "b", "where": {"pathway": ["routine"]}}]), {}), store)
    assert [i.label for i in made.items] == ["Report turnaround, all pathways together", f"Report turnaround, {schema.PATHWAYS['routine']}"]


def test_the_command_says_what_it_did_and_its_exit_code(tmp_path, sample_extract, capsys):
    extracts = ["--extracts", str(sample_extract.folder.parent)]
    file = tmp_path / "p.toml"
    file.write_text('title = "Small"\nformats = ["xlsx"]\n[[indicator]]\nmetric = "within_28_days"\n', "utf-8")
    assert main(["export", "--pack", str(file), "--out", str(tmp_path / "o"), *extracts]) == 0
    assert "Pack P-" in capsys.readouterr().out
    assert main(["export", "--pack", str(tmp_path / "none.toml"), "--out", str(tmp_path), *extracts]) == 2
    assert "There is no pack file none.toml" in capsys.readouterr().err
    file.write_text('title = "Small"\ncommentary = "away.toml"\n[[indicator]]\nmetric = "within_28_days"\n', "utf-8")
    assert main(["export", "--pack", str(file), "--out", str(tmp_path), *extracts]) == 1
    assert "which is not beside it" in capsys.readouterr().err


def test_an_unknown_filter_value_is_named_with_file_and_line(tmp_path, sample_extract, store, capsys):
    file = tmp_path / "p.toml"
    file.write_text('title = "Small"\n# site_code = ["NOPE"]\n[[indicator]]\nmetric = "within_28_days"\nwhere = { site_code = [\n  "NOPE",\n] }\n', "utf-8")
    assert main(["export", "--pack", str(file), "--out", str(tmp_path / "o"), "--extracts", str(sample_extract.folder.parent)]) == 2
    assert "p.toml, line 6: 'NOPE' is not a site of this extract." in capsys.readouterr().err
    file.write_text('title = "Small"\n[scope]\nmodality = ["CTT"]\n[[indicator]]\nmetric = "within_28_days"\n', "utf-8")
    with pytest.raises(PackFileError, match=r"p\.toml, line 3: 'CTT' is not .* Did you mean 'CT'"):
        build(load_pack(file), store)
    assert pack_id(load_pack(file), store) == pack_id(replace(load_pack(file), places={}), store), "where it stands is no part of what a pack is made of"


def test_a_control_character_is_refused_before_anything_is_drawn(tmp_path, store, pack):
    file = tmp_path / "p.toml"
    file.write_text('audience = "A"\ntitle = "Sm\\u0007all"\n[[indicator]]\nmetric = "within_28_days"\n', "utf-8")
    with pytest.raises(PackFileError, match=r"p\.toml, line 2: the title holds a control character \(U\+0007\)"):
        load_pack(file)
    for text in ("bell \x07", "erased \x7f"):
        with pytest.raises(PackFileError, match=r"under \[within_28_days\] holds a control character"):
            make(said(pack, text), store)
    (tmp_path / "c.toml").write_text('[within_28_days]\nowner = "a\\u0000b"\n', "utf-8")
    file.write_text('title = "Small"\ncommentary = "c.toml"\n[[indicator]]\nmetric = "within_28_days"\n', "utf-8")
    with pytest.raises(PackFileError, match=r"c\.toml: what stands under"):
        load_pack(file)
    assert make(said(pack, "Two lines.\nOne\ttab."), store).files


@pytest.fixture
def own_pack(tmp_path):
    (tmp_path / "p.toml").write_text('title = "Own"\ncommentary = "c.toml"\n[[indicator]]\nmetric = "within_28_days"\n[[indicator]]\nmetric = "unreported"\n', "utf-8")
    (tmp_path / "c.toml").write_text('# Kept by the office.\n[unreported]\ntext = "As it was."\n', "utf-8")
    return tmp_path / "p.toml"


def test_typed_commentary_is_saved_over_what_stands_there(own_pack):
    file = save_comments(own_pack, {"within_28_days": Comment("It is as it was.", "Weekly.", "Office", {"A sentence.": "The board asked for it."})})
    assert file.read_text("utf-8").startswith("# Kept by the office.\n")
    found = load_pack(own_pack).comments
    assert found["unreported"].text == "As it was." and found["within_28_days"].reasons == {"A sentence.": "The board asked for it."}
    before = file.read_text("utf-8")
    assert save_comments(own_pack, {}).read_text("utf-8") == before, "saved twice it is the same"
    save_comments(own_pack, {"unreported": Comment()})
    assert set(load_pack(own_pack).comments) == {"within_28_days"}
    assert sorted(p.name for p in own_pack.parent.iterdir()) == ["c.toml", "p.toml"]


def test_commentary_that_cannot_be_saved_is_refused_in_words_and_what_stood_stays(own_pack, monkeypatch):
    typed = {"unreported": Comment("Other.")}
    before = (own_pack.parent / "c.toml").read_text("utf-8")

    def shut(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as m:
        m.setattr("tempfile.mkstemp", shut)
        with pytest.raises(PackError, match=r"c\.toml cannot be written: Permission denied\. Download the commentary"):
            save_comments(own_pack, typed)
    with monkeypatch.context() as m:
        m.setattr("readout.files.os.replace", shut)
        with pytest.raises(PackError, match="cannot be written"):
            save_comments(own_pack, typed)
    assert (own_pack.parent / "c.toml").read_text("utf-8") == before and sorted(p.name for p in own_pack.parent.iterdir()) == ["c.toml", "p.toml"]
    for named, said_ in (('"../c.toml"', "which is not beside it"), (None, "names no commentary file")):
        text = 'title = "Own"\n' + (f"commentary = {named}\n" if named else "") + '[[indicator]]\nmetric = "unreported"\n'
        own_pack.write_text(text, "utf-8")
        with pytest.raises(PackError, match=said_):
            save_comments(own_pack, typed)
    assert not (own_pack.parent.parent / "c.toml").exists()


def test_what_changed_names_moved_new_dropped_and_restated(content, store):
    now = figures(content, store.extract)
    before = json.loads(json.dumps(now))
    before["pack_id"], before["extract_id"] = "P-before", "2026-10-01"
    old = before["indicators"]
    gone = old.pop("addendum_rate")
    old["gone"] = {**gone, "label": "Once there"}
    month = sorted(old["within_28_days"]["months"])[-4]
    old["within_28_days"]["months"][month] |= {"text": "12.3 %", "provisional": False}
    first = next(iter(before["sources"]))
    before["sources"][first] = []
    old["unreported"]["latest"] = "1"
    found = compared(content, now, before)
    labels = {i.key: i.label for i in content.items}
    assert found.previous == ("P-before", "2026-10-01")
    assert found.new == (labels["addendum_rate"],) and found.dropped == ("Once there",)
    assert [m.label for m in found.moved] == [labels["unreported"]]
    (restated,) = found.restated
    assert restated.then == "12.3 %" and restated.month.isoformat() == month
    assert restated.cause == f"later records of {first} (extract 2026-10-01, now {content.extract_id})"
    assert "1 figures" in found.said or "1 figure" in found.said
    for change, cause in (({"definition": "x"}, "the definition changed"),):
        before["indicators"]["within_28_days"] |= change
        assert compared(content, now, before).restated[0].cause.startswith(cause)
    before["indicators"]["within_28_days"]["definition"] = now["indicators"]["within_28_days"]["definition"]
    before["indicators"]["within_28_days"]["months"][month]["provisional"] = True
    assert compared(content, now, before).restated[0].cause.startswith("the month was still arriving")


def test_a_pack_of_other_things_is_not_compared(content, store):
    now = figures(content, store.extract)
    assert compared(content, now, None).previous is None
    assert "cannot be compared" in compared(content, now, {**now, "pack_id": "P-x", "scope": "CT"}).said
    assert "another version" in compared(content, now, {**now, "pack_id": "P-x", "shape": 0}).said


def test_the_last_pack_of_the_name_is_found_among_those_kept(pack, store, tmp_path):
    small = pack.with_indicators(["within_28_days"])
    first = export(replace(small, audience="A"), store, tmp_path)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "figures.json").write_text("not json", "utf-8")
    assert previous(tmp_path, small, "P-other")["pack_id"] == first.pack_id
    assert previous(tmp_path, small, first.pack_id) is None
    assert previous(tmp_path, replace(small, profile="public"), "P-other") is None
    second = make(small, store, tmp_path)
    assert second.changes.previous[0] == first.pack_id and not second.changes.restated
    assert zipped(second.files, "a") == zipped(second.files, "a")


TEXT = st.text(st.characters(codec="utf-8")).map(str.strip)
CLAIM = "Reporting within 28 days has improved significantly."


def said(pack, text, **reasons):
    return replace(
        pack.with_indicators(["within_28_days"]),
        comments={"within_28_days": replace(pack.comments["within_28_days"], text=text, **reasons)},
        formats=("pdf", "pptx", "xlsx"),
    )


def test_commentary_that_overclaims_stops_the_pack_and_names_sentence_chart_and_reason(pack, store, tmp_path):
    with pytest.raises(ContradictedError, match=f"Reported within 28 days: “{CLAIM}” Reported within 28 days, the whole network: the chart shows") as refused:
        export(said(pack, f"Two sessions were lost. {CLAIM}"), store, tmp_path / "out")
    assert refused.value.exit_code == 3 and not list((tmp_path / "out").glob("*"))


def test_a_recorded_reason_lets_it_stand_and_is_printed_everywhere(pack, store, tmp_path):
    why = "The board asked for the half year, which the chart does not judge."
    made = make(said(pack, CLAIM, reasons={CLAIM: why}), store, tmp_path)
    files_ = {n.rpartition(".")[2]: d for n, d in made.files.items() if "/" not in n}
    assert squeezed(why) in verify.pdf_text(files_["pdf"])
    for form in ("pptx", "xlsx"):
        archive = zipfile.ZipFile(io.BytesIO(files_[form]))
        assert any(why in re.sub(r"<[^>]+>", "", archive.read(n).decode("utf-8", "ignore")).replace("\n", " ") for n in archive.namelist() if n.endswith(".xml"))


def test_honest_commentary_is_not_stopped(pack, store):
    honest = "There is no evidence of improvement. Two reporting sessions were lost in May. We aim to improve this by March."
    assert build(said(pack, honest), store).contradictions() == []
    assert build(pack, store).contradictions() == [], "the shipped commentary is honest"


def test_the_command_exits_with_three_where_commentary_overclaims(tmp_path, sample_extract, capsys):
    (tmp_path / "p.toml").write_text('title = "Small"\ncommentary = "c.toml"\nformats = ["xlsx"]\n[[indicator]]\nmetric = "within_28_days"\n', "utf-8")
    (tmp_path / "c.toml").write_text(f'[within_28_days]\ntext = "{CLAIM}"\n', "utf-8")
    asked = ["export", "--pack", str(tmp_path / "p.toml"), "--out", str(tmp_path / "o"), "--extracts", str(sample_extract.folder.parent)]
    assert main(asked) == 3
    assert "Reword it, or record why it stands" in capsys.readouterr().err
    (tmp_path / "c.toml").write_text(f'[within_28_days]\ntext = "{CLAIM}"\nreasons = [{{ sentence = "{CLAIM}", why = "The board asked for it." }}]\n', "utf-8")
    assert main(asked) == 0


def test_the_page_on_packs_shows_a_file_that_is_accepted():
    """The example of docs/packs.md, but for what stands for a name of one's own."""
    text = (Path(__file__).parents[2] / "docs" / "packs.md").read_text("utf-8")
    block = re.search(r"## The pack file\n\n((?: {4}.*\n|\n)+)", text)[1]
    entries = tomllib.loads("\n".join(line[4:] for line in block.splitlines()))
    entries.pop("commentary")
    found = pack_of(entries, {})
    assert found.until == date(2026, 9, 30) and found.indicators[0].key == "cancer_reports" and found.funnels[0].by == "site_code"
    assert set(entries) | {"commentary"} == KEYS


@given(st.dictionaries(st.from_regex(r"[a-z0-9_]{1,9}", fullmatch=True), st.tuples(*[TEXT] * 3, st.dictionaries(TEXT, TEXT, max_size=2)), max_size=3))
def test_commentary_is_kept_with_the_pack_word_for_word(said_):
    comments = {k: Comment(text, actions, owner, {s: w for s, w in reasons.items() if s}) for k, (text, actions, owner, reasons) in said_.items()}
    assert comments_of(tomllib.loads(comments_toml(comments))) == comments


def test_a_list_at_its_highest_is_said_to_be_though_no_month_of_change_is_unusual(content):
    """Its level beside a year before, told from the rows alone; a target missed at every month end is counted and named."""
    for item in content.items:
        if not item.metric.is_snapshot:
            assert item.level == "" and item.level_met is None
            continue
        settled = [r for r in item.answer.rows if not r["provisional"]]
        now, before = settled[-1], next(r for r in item.answer.rows if r["month"] == settled[-1]["month"].replace(year=settled[-1]["month"].year - 1))
        if item.metric.kind.is_share:
            assert item.level_met == (sum(r["value"] <= item.standard.target for r in settled), len(settled))
            assert item.assurance == f"met in {item.level_met[0]} of {len(settled)} months"
            assert item.rule.endswith(f"{fmt.percent(now['value'])}, against {fmt.percent(before['value'])} a year before") or item.is_highest
            assert not item.is_never_met or item.sentences[0].startswith(f"{item.label}: {fmt.percent(now['value'])} at the end of {now['month']:%b %Y}, against")
            continue
        assert re.search(rf"{now['value']:,.0f}(, the highest of all month ends)?, against {before['value']:,.0f} a year before", item.rule)
        assert item.is_peak == (now["value"] > max(r["value"] for r in settled[:-1]))
        assert item.is_highest == (item.is_peak and now["value"] >= 1.5 * before["value"])
        if item.is_highest:
            assert item.has_page and item.label in content.finding.partition("At the highest")[2]
    missed = [i for i in content.items if i.is_never_met]
    assert missed and all(i.has_page and i.label in content.finding.partition("Target missed")[2] for i in missed)


def test_a_month_after_the_data_is_refused(store, pack):
    with pytest.raises(PackError, match="The pack is to end with May 2027, and the data ends on"):
        build(replace(pack, until=date(2027, 5, 31)), store)


def test_a_reason_of_a_word_is_none():
    comment = Comment("x", reasons={"It  rose.": "x", "It fell.": "The board asked."})
    assert comment.reason_for("It rose.") == "" and comment.reason_for("It fell.") == "The board asked."


def test_the_matrix_of_a_public_pack_says_nothing_of_a_withheld_figure(pack, public, content, store):
    """Each cell told anew from the released rows of the same question; what is said is the true verdict."""
    gone = 0
    for item in public.items:
        if "site_code" not in item.metric.dimensions:
            continue
        scope = Scope(("month", "site_code"), item.answer.scope.where, None, item.answer.scope.date_to)
        released = ask(item.metric.id, scope, store).release("public")
        column = item.metric.kind.charted
        last = {r["site_code"]: (i, r) for i, r in enumerate(released.rows) if not r["provisional"]}
        for site, (i, _) in last.items():
            if (i, column) in released.hidden:
                assert site not in public.matrix[item.key]
                gone += 1
    assert gone
    true = build(replace(pack, until=date(2026, 9, 30)), store).matrix
    assert all(true[key][site] == verdict for key, units in public.matrix.items() for site, verdict in units.items())
