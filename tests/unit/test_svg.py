"""Figures drawn by ourselves: every point where its value puts it, told without plotly; nothing unknown left out; the same bytes each time."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readout.charts.svg import svg
from readout.charts.svg.marks import dashes, hover, shade
from readout.charts.svg.scale import said
from readout.charts.svg.words import height, path, pieces, width

NAME = "{http://www.w3.org/2000/svg}"


def figure(*traces, **layout):
    return go.Figure({"data": list(traces), "layout": {"template": {"layout": {}}, "height": 300, **layout}}, _validate=False)


def points(text):
    """Where the marks of a drawing lie: the first spot of each closed path."""
    paths = [e.attrib["d"] for e in ElementTree.fromstring(text).iter(f"{NAME}path")]
    found = [re.match(r"M(-?[\d.]+) (-?[\d.]+)m", d) for d in paths]
    return [(float(m[1]), float(m[2])) for m in found if m]


def texts(text):
    return ["".join(e.itertext()) for e in ElementTree.fromstring(text).iter(f"{NAME}text")]


def marked(x, y, **more):
    return {"type": "scatter", "mode": "markers", "x": x, "y": y, "marker": {"size": 8, "color": "#112233"}, **more}


@given(st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=3, max_size=12, unique_by=(lambda p: p[0], lambda p: p[1])))
def test_points_lie_on_their_axes_in_proportion(spots):
    x, y = zip(*spots, strict=True)
    low, high = (min(x), min(y)), (max(x), max(y))
    drawn = points(svg(figure(marked(x, y), xaxis={"range": [low[0], high[0]]}, yaxis={"range": [low[1], high[1]]})))
    assert len(drawn) == len(spots)
    left, right = min(p[0] for p in drawn), max(p[0] for p in drawn)
    bottom, top = max(p[1] for p in drawn), min(p[1] for p in drawn)
    for (a, b), (px, py) in zip(spots, drawn, strict=True):
        assert px == pytest.approx(left + (a - low[0]) / (high[0] - low[0]) * (right - left), abs=0.11)
        assert py == pytest.approx(bottom - (b - low[1]) / (high[1] - low[1]) * (bottom - top), abs=0.11)


def test_log_and_date_axes_place_by_logarithm_and_by_day():
    hours = [1.0, 10.0, 100.0, 1000.0]
    at = [p[0] for p in points(svg(figure(marked(hours, [1, 2, 3, 4]), xaxis={"type": "log", "range": [0, 3]})))]
    steps = [b - a for a, b in pairwise(at)]
    assert max(steps) - min(steps) < 0.3
    days = ["2026-01-01", "2026-02-01", "2026-03-01"]
    at = [p[0] for p in points(svg(figure(marked(days, [1, 2, 3]))))]
    assert (at[1] - at[0]) / (at[2] - at[1]) == pytest.approx(31 / 28, abs=0.02)


def test_a_gap_is_drawn_as_a_gap_and_no_point():
    text = svg(figure(marked([1, 2, 3], [1, None, 3], mode="lines+markers", line={"color": "#445566", "width": 2})))
    assert len(points(text)) == 2
    line = next(e.attrib["d"] for e in ElementTree.fromstring(text).iter(f"{NAME}path") if e.attrib.get("stroke") == "#445566")
    assert line.count("M") == 2


def test_bars_are_as_long_as_their_values_and_stack():
    bar = {"type": "bar", "orientation": "h", "y": ["a", "b"], "marker": {"color": "#112233"}}
    text = svg(figure(bar | {"x": [10, 20]}, bar | {"x": [30, 5]}, barmode="stack", xaxis={"range": [0, 40]}))
    boxes = [re.match(r"M([\d.]+) [\d.]+H([\d.]+)V", e.attrib["d"]) for e in ElementTree.fromstring(text).iter(f"{NAME}path") if e.attrib.get("fill") == "#112233"]
    (a0, a1), (b0, b1), (c0, c1), (d0, _) = ((float(m[1]), float(m[2])) for m in boxes)
    assert (b1 - b0) / (a1 - a0) == pytest.approx(2, abs=0.02)
    assert c0 == a1 and d0 == b1
    assert (c1 - c0) / (a1 - a0) == pytest.approx(3, abs=0.02)


def test_what_is_not_known_is_refused_rather_than_left_out():
    with pytest.raises(ValueError, match="pie"):
        svg(go.Figure({"data": [{"type": "pie", "values": [1]}], "layout": {}}, _validate=False))
    with pytest.raises(ValueError, match="tick format"):
        said(1.0, "$,.2s")


@pytest.mark.parametrize(
    ("value", "style", "words"),
    [(0.85, ".0%", "85 %"), (0.8512, ".1%", "85.1 %"), (1234, ",", "1,234"), (0.5, ",", "0.5"), (1.0, ".2~f", "1"), (1.25, ".2~f", "1.25"), (10.0, ",~g", "10")],
)
def test_ticks_read_as_the_formats_say(value, style, words):
    assert said(value, style) == words


def test_words_are_escaped_and_keep_their_lines_weight_and_colour():
    note = {"text": "<b>A & B</b><br><span style='color:#ff0000'>■</span> a <i", "x": 0, "y": 1, "xref": "paper", "yref": "paper"}
    text = svg(figure(marked([1], [1]), annotations=[note]), title="5 < 6 & 7")
    found = ElementTree.fromstring(text)
    assert found.find(f"{NAME}title").text == "5 < 6 & 7"
    assert {"A & B", "■ a <i"} <= set(texts(text))
    assert [[p.text for p in line] for line in pieces("a<br><b>b</b>c")] == [["a"], ["b", "c"]]


def test_measured_words_fit():
    assert width("Westmere Royal", 13) > width("Westmere", 13) > 40
    assert width("<b>iii</b><br>wwwwww", 10) == width("wwwwww", 10)
    assert height("a<br>b", 10) == 26


def test_labels_never_lie_outside_the_drawing_or_touch():
    names = [f"A long name of a site, number {i}" for i in range(9)]
    trace = {"type": "bar", "x": names, "y": list(range(9)), "marker": {"color": "#112233"}}
    text = svg(figure(trace), width=500)
    spans = []
    for e in ElementTree.fromstring(text).iter(f"{NAME}text"):
        if "long name" in "".join(e.itertext()):
            half = width("".join(e.itertext()), float(e.attrib["font-size"])) / 2
            spans.append((float(e.attrib["x"]) - half, float(e.attrib["x"]) + half))
    assert spans and all(b[0] > a[1] for a, b in pairwise(spans))


def test_colours_mix_and_dashes_are_known():
    assert shade([[0, "#000000"], [1, "#ffffff"]], 0.5) in ("#808080", "#7f7f7f")
    assert shade([[0, "#000000"], [1, "#ffffff"]], 7) == "#ffffff"
    assert dashes("solid", 2) == "" and dashes("5px,3px", 1) == ' stroke-dasharray="5 3"'


def test_a_live_mark_says_what_the_page_says():
    trace = marked(["2026-09-01"], [0.5], text=["50 % (5 of 10)"], hovertemplate="all, %{x|%b %Y}: %{text} %{y:.1%}<extra></extra>")
    assert hover(trace, 0) == "all, Sep 2026: 50 % (5 of 10) 50.0 %"
    text = svg(figure(trace), is_live=True)
    assert 'data-say="all, Sep 2026: 50 % (5 of 10) 50.0 %"' in text and 'data-pick="month=2026-09-01"' in text
    odd = marked(["a"], [1], customdata=[["site_code=A&E", "said=no matter"]])
    assert 'data-pick="site_code=A%26E&amp;said=no matter"' in svg(figure(odd), is_live=True)
    assert "data-pick" not in svg(figure(trace)) and "data-say" not in svg(figure(trace))


def test_a_live_drawing_has_its_words_where_no_pointer_shows_them():
    """A title would pop up over the whole chart; in a file it is the words."""
    made = figure(marked([1], [1]))
    assert 'aria-label="A &amp; B"' in svg(made, title="A & B", is_live=True) and "<title>" not in svg(made, title="A & B", is_live=True)
    assert "<title>A &amp; B</title>" in svg(made, title="A & B")


def test_a_line_without_marks_says_its_figures_and_a_bar_of_nothing_says_none():
    line = {"type": "scatter", "mode": "lines", "x": list(range(1000)), "y": [1.0] * 1000, "hovertemplate": "at %{x}"}
    spots = re.findall(r'd="M([\d.]+) [^"]*h.1" data-say="at (\d+)"', svg(figure(line), is_live=True))
    assert 30 < len(spots) < 60 and all(float(b[0]) - float(a[0]) >= 16 for a, b in pairwise(spots))
    assert "data-say" not in svg(figure({**line, "hovertemplate": None}), is_live=True)
    bars = {"type": "bar", "x": ["a", "b"], "y": [0, 3], "hovertemplate": "%{x}"}
    assert re.findall(r'data-say="(\w)"', svg(figure(bars), is_live=True)) == ["b"]


def test_blanks_that_make_room_are_none_in_what_a_mark_says():
    trace = marked([1], ["A<br>n 3"], text=["  7.7 h  "], hovertemplate="%{y}: half within %{text}, n 478<extra></extra>")
    assert hover(trace, 0) == "A n 3: half within 7.7 h, n 478"


def test_the_same_figure_gives_the_same_bytes():
    made = figure(marked([1, 2, 3], [3, math.pi, 1]))
    assert svg(made) == svg(made)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30))
def test_a_path_said_shortly_goes_through_the_same_spots(spots):
    """Read back by the grammar of SVG: every spot lies on the way, in order, and the way has no other corners than theirs."""
    at, read = (0.0, 0.0), []
    for how, values in re.findall(r"([MLHV])([-\d.,]+)", "M" + path(spots)):
        numbers = [float(v) for v in values.split(",")]
        at = (numbers[0], at[1]) if how == "H" else (at[0], numbers[0]) if how == "V" else (numbers[0], numbers[1])
        read.append(at)
    assert read[0] == spots[0] and read[-1] == spots[-1] and set(read) <= {(float(x), float(y)) for x, y in spots}
    corners = iter(read[1:])
    before, end = read[0], next(corners, read[0])
    for spot in spots[1:]:
        while not (min(before[0], end[0]) <= spot[0] <= max(before[0], end[0]) and min(before[1], end[1]) <= spot[1] <= max(before[1], end[1])):
            before, end = end, next(corners)
        if spot == end:
            before, end = end, next(corners, end)


@pytest.mark.parametrize(("side", "sign"), [("middle left", -1), ("middle right", 1)])
def test_blanks_of_a_word_are_room_between_it_and_its_mark(side, sign):
    """On either side: a word to the left ended on its mark."""
    made = {
        text: svg(figure({"type": "scatter", "mode": "markers+text", "x": [1, 2, 3], "y": [1, 1, 1], "text": ["", text, ""], "textposition": side}))
        for text in ("5 h", "  5 h  ")
    }
    tight, roomy = (float(re.search(r'<text x="([\d.]+)"[^>]*>5 h<', drawing)[1]) for drawing in made.values())
    assert sign * (roomy - tight) == pytest.approx(width("  ", 12), abs=0.1)
