"""docs/methods/unreported.md says what its script gives, the script what the product answers, and the chart is the script's."""

import importlib.util
import re
import sys

import pytest
import test_bias

from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from tests.conftest import ROOT

demonstration = test_bias.demonstration  # the fixture: the simulation, published
FOLDER = ROOT / "docs" / "methods"
PAGE = (FOLDER / "unreported.md").read_text("utf-8")
TEN = [(1, True), (2, True), (2, True), (3, True), (5, False), (8, True), (8, False), (12, True), (20, False), (24, True)]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_bias", FOLDER / "make_bias.py")
    made = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    sys.modules["make_bias"] = made  # where its frozen values look for their types
    spec.loader.exec_module(made)
    yield made
    sys.path[:] = before
    del sys.modules["make_bias"]


@pytest.fixture(scope="module")
def exams(script):
    return script.simulated(script.SEED)


def rows_of(heading: str) -> list[list[str]]:
    """Cells of the rows of the table under a heading or a sentence."""
    lines = PAGE.split(heading)[1].split("\n\n")[1].splitlines()
    return [[c.strip() for c in line.strip("|").split("|")] for line in lines[2:]]


def test_the_numbers_of_the_page_are_those_of_the_simulation(script, exams):
    at, share = script.point(exams, script.SPAN), script.shares(exams)
    assert f"Taken with {100 * at.unreported:.1f} % unreported" in PAGE
    hours, within = rows_of("% unreported:")
    assert hours[1:] == [f"{v:.1f} h" for v in (at.truth, at.naive, at.ours)]
    assert within[1:] == [f"{100 * share[k]:.1f} %" for k in ("truth", "naive", "mature")]
    assert f"they are {100 * share['least']:.1f} % and {100 * share['most']:.1f} %" in PAGE
    assert share["least"] < share["truth"] < share["most"]
    last = script.point(exams, script.SPANS[0])
    assert f"With {100 * last.unreported:.1f} % unreported the reported-only figure says {last.naive:.1f} h, and ours {last.ours:.1f} h." in PAGE


def test_the_chart_is_what_the_script_draws(script, exams):
    points = [script.point(exams, span) for span in script.SPANS]
    assert (FOLDER / "bias.svg").read_text("utf-8") == script.draw(points)
    shares = [p.unreported for p in points]
    assert shares == sorted(shares, reverse=True) and shares[-1] < 0.01 and shares[0] > 0.145
    naive = [p.naive for p in points]
    assert naive == sorted(naive), "the more is left unreported, the better the naive figure looks"
    assert all(p.ours == pytest.approx(p.truth, rel=0.02) for p in points)


def test_the_script_counts_as_the_product_does(script, demonstration):
    """The same examinations through raw rows, publish and SQL."""
    exams, store = demonstration
    at, share = script.point(exams, script.SPAN), script.shares(exams)
    assert ask("exam_to_report", Scope(), store).rows[0]["p90_hours"] == pytest.approx(at.ours)
    assert ask("exam_to_report_reported_only", Scope(), store).rows[0]["p90_hours"] == pytest.approx(at.naive)
    row = ask("within_pathway_standard", Scope(), store).rows[0]
    assert [row[k] for k in ("value", "lowest", "highest")] == pytest.approx([share[k] for k in ("mature", "least", "most")])


def test_the_ten_by_hand_are_right(script):
    said = ", ".join(f"{t}{'' if is_reported else '+'}" for t, is_reported in TEN)
    assert f"after that time: {said}." in PAGE.replace("\n", " ")
    rows = [[float(c) for c in row] for row in rows_of("## Ten examinations by hand\n\nHours")]
    assert rows == [[t, n, d, pytest.approx(s)] for t, n, d, s in script.curve(TEN)]
    assert (script.quantile(TEN, 0.5), script.quantile(TEN, 0.9)) == (8, 24)
    alone = [t for t, is_reported in TEN if is_reported]
    assert len(alone) == 7 and script.plain(alone, 0.5) == 3 and script.plain(alone, 0.9) == pytest.approx(16.8)
    assert re.search(r"within 8 hours, nine in ten within\s24\. The seven reported ones alone say 3 and 16\.8\.", PAGE)
    assert script.quantile([(1, True), (5, False)], 0.9) is None
