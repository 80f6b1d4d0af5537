"""A number knows what it is: its kind holds what it can do, and nobody else compares kinds or reads a unit to find out."""

import ast
import shutil
from datetime import date

import pytest

from readout.errors import CatalogueError
from readout.metrics import format as fmt
from readout.metrics.catalogue import load_catalogue
from readout.metrics.kinds import KINDS, Count, Curve, Rate, Share, Stock, Time
from readout.paths import PACKAGE, QUERIES
from tests.conftest import ROOT, router

METRICS = load_catalogue().metrics
NAMES = {*KINDS, "ratio"}
WORDS = {"share": {"phrase": "{numerator} of {denominator}"}, "rate": {"phrase": "{numerator} in {denominator} day(s)"}}
WORDS |= {name: {"ended": "reported", "unended": "unreported"} for name in ("time", "curve")}


def made(name, **words):
    return KINDS[name](**{**WORDS.get(name, {}), **words})


@pytest.mark.parametrize(
    ("name", "value", "said", "line", "bounds"),
    [
        ("count", 1234, "1,234", "1,234.0", (0, None)),
        ("stock", 1234, "1,234", "1,234.0", (0, None)),
        ("share", 0.5, fmt.percent(0.5), fmt.percent(0.5), (0, 1)),
        ("rate", 14.66, "14.7", "14.7", (0, None)),
        ("time", 30, "30.0 h", "30.0 h", (0, None)),
    ],
)
def test_a_figure_and_its_scale_are_those_of_its_kind(name, value, said, line, bounds):
    kind = made(name)
    assert (kind.figure(value, kind.charted), kind.line(value, kind.charted), kind.bounds) == (said, line, bounds)
    assert kind.figure(None) == fmt.DASH


def test_a_rate_has_the_decimals_of_its_entry_and_a_time_the_unit_of_its_clock():
    assert made("rate", decimals=2).figure(0.987) == "0.99"
    days = made("time", clock="time to examination, calendar days")
    assert days.figure(48, "p90_hours") == "2 days" and made("time").figure(48, "p90_hours") == "2.0 days"
    assert days.figure(48, "n") == "48", "a count of a time is a count"


def test_counts_read_in_the_words_of_the_entry():
    people = {"numerator": "people", "denominator": "people"}
    assert made("share", roles=people).counts({"numerator": 9468, "denominator": 9880}) == "9,468 of 9,880"
    assert made("rate", roles={"numerator": "people"}).counts({"numerator": 3, "denominator": 1}) == "3 in 1 day"
    assert made("rate", roles={"numerator": "people"}).counts({"numerator": 3, "denominator": 21.5}) == "3 in 21.5 days"
    assert made("time").counts({"n": 1040, "count_unreported": 3}) == "n 1,040, 3 unreported"
    assert made("count").counts({"value": 3}) == made("stock").counts({"value": 3}) == ""


def test_what_stands_and_what_happened_are_dated_differently():
    month = date(2026, 9, 1)
    assert f"{Stock().preposition} {Stock().when(month)}" == "at the end of Sep 2026"
    assert {f"{made(n).preposition} {made(n).when(month)}" for n in KINDS if n != "stock"} == {"in Sep 2026"}


@pytest.mark.parametrize("name", ["share", "rate", "time", "curve"])
def test_a_kind_that_cannot_say_its_counts_does_not_construct(name):
    for lost in WORDS[name]:
        with pytest.raises(CatalogueError, match=f"^a {name} says"):
            made(name, **{lost: ""})


def spoilt(tmp_path, entry, old, new):
    folder = shutil.copytree(QUERIES, tmp_path / "queries")
    head, text = (folder / "metrics.toml").read_text("utf-8").split(f"[{entry}]\n")
    assert old in text
    (folder / "metrics.toml").write_text(f"{head}[{entry}]\n{text.replace(old, new, 1)}", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("entry", "old", "new", "said"),
    [
        ("exam_to_report", 'unended = "unreported"\n', "", r"\[exam_to_report\]: a time says how a wait ends: give unended"),
        ("clearance_weeks", "{denominator}", "some", r"\[clearance_weeks\]: a rate says what its counts are called, and counts lacks {denom"),
        ("activity", 'kind = "count"', 'kind = "ratio"', r"\[activity\]: kind 'ratio' is not known\. .*rate"),
        ("activity", 'kind = "count"\n', 'kind = "count"\ncounts = "{value} of them"\n', r"\[activity\]: a count has no counts"),
        ("within_28_days", 'kind = "share"\n', 'kind = "share"\ndecimals = 2\n', r"\[within_28_days\]: a share has no decimals"),
        ("within_28_days", 'kind = "share"\n', 'kind = "share"\nchart = "trend"\n', r"\[within_28_days\]: 'chart' is not a field of a metric"),
    ],
)
def test_an_entry_that_its_kind_cannot_use_stops_the_start_with_its_name(entry, old, new, said, tmp_path):
    with pytest.raises(CatalogueError, match=said):
        load_catalogue(spoilt(tmp_path, entry, old, new))


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.id)
def test_every_metric_is_what_its_catalogue_entry_says(metric):
    kind = metric.kind
    assert set(metric.column) == set(kind.columns)
    assert set(kind.roles) <= {*kind.columns, *metric.more} and set(kind.people) <= set(kind.roles)
    assert {kind.charted, kind.typical, kind.counting, kind.weight, *kind.behind, *kind.order} <= {*kind.columns, "value"}
    assert kind.nothing_is_zero == (type(kind) in (Count, Stock) and metric.unit != "days")
    if type(kind) in (Share, Curve):
        assert metric.unit.startswith("share of"), "a reader is told what it is a share of"
    if type(kind) is Rate:
        assert not metric.unit.startswith("share")
    if type(kind) in (Time, Curve):
        assert kind.clock


def test_the_page_of_every_metric_is_an_address_of_the_router():
    wrong = {m.id: m.page for m in METRICS.values() if m.page not in router()}
    assert not wrong, f"not among {', '.join(filter(None, router()))}: {wrong}"


def is_kind(node):
    return isinstance(node, ast.Attribute) and node.attr in ("kind", "name") and "kind" in ast.unparse(node)


def of_metric(node, attr):
    """Whether a node reads this field of a metric: `metric.unit`, `self.answer.metric.unit`, `m.unit`."""
    if not isinstance(node, ast.Attribute) or node.attr != attr:
        return False
    return ast.unparse(node.value).split(".")[-1] in ("metric", "m", "entry", "known") or "metric(" in ast.unparse(node.value)


def texts(node):
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def compared(source):
    """Lines that compare a metric's kind with a name, look it up by one, ask for its class, or read what a unit begins with or holds."""
    found = []
    for node in ast.walk(ast.parse(source)):
        parts = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        by_name = any(of_metric(p, "kind") or is_kind(p) for p in parts) and any(texts(p) & NAMES for p in parts)
        by_object = any(of_metric(p, "kind") for p in parts)
        by_unit = any(of_metric(p, "unit") for p in parts) and any(isinstance(p, (ast.Constant, ast.Tuple, ast.Set, ast.List)) for p in parts)
        call = node.func if isinstance(node, ast.Call) else None
        begins = isinstance(call, ast.Attribute) and call.attr in ("startswith", "endswith", "find", "split", "partition") and of_metric(call.value, "unit")
        looked_up = isinstance(call, ast.Attribute) and call.attr == "get" and any(of_metric(a, "kind") for a in node.args)
        classed = isinstance(call, ast.Name) and call.id in ("isinstance", "type") and any(of_metric(a, "kind") for a in node.args)
        if by_name or by_object or by_unit or begins or looked_up or classed:
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize(
    "wrong",
    [
        'metric.kind == "time"',
        'answer.metric.kind in ("count", "stock")',
        'load_catalogue().metric(x).kind != "time"',
        'self.metric.kind.name == "share"',
        'metric.unit.startswith("share")',
        '"working day" in answer.metric.unit',
        'metric.unit == "days"',
        '{"time": "n"}.get(answer.metric.kind, "value")',
        "isinstance(metric.kind, Share)",
    ],
)
def test_the_search_finds_each_way_to_ask(wrong):
    assert compared(wrong)


def test_nobody_but_the_kinds_compares_a_kind_or_reads_a_unit():
    files = [p for folder in (PACKAGE, ROOT / "pages", ROOT / "benchmarks", ROOT / "tests") for p in folder.rglob("*.py") if not p.name.endswith("kinds.py")]
    assert len(files) > 150
    found = [f"{p.relative_to(ROOT)}:{line}" for p in files for line in compared(p.read_text("utf-8"))]
    assert not found, found
