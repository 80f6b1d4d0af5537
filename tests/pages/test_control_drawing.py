"""Control charts, their icons and small trends: what each mark means is told by shape as well as colour, and nothing is drawn that was not judged."""

import re
from base64 import b64decode
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import polars as pl
import pytest

from readout import charts
from readout.analysis.control import Rebase, control
from readout.charts import icons
from readout.charts.theme import DARK, LIGHT
from readout.charts.trend import Flag
from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope

VARIATIONS = (
    (None, None),
    ("common_cause", None),
    ("improvement", True),
    ("improvement", False),
    ("concern", True),
    ("concern", False),
    ("neutral_high", True),
    ("neutral_low", False),
)
ASSURANCES = ("passes", "fails", "hit_or_miss", "counted", "target_not_judged", "no_target")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def store(sample_extract):
    return Store(sample_extract)


def of(store, metric, values=None, rebases=(), arriving=0):
    """A chart of a real metric, or of the shares in `values` (None a gap), the last ones still arriving."""
    answer = ask(metric, Scope(("month",)), store)
    if values is not None:
        months = [date(2023 + i // 12, 1 + i % 12, 1) for i in range(len(values))]
        rows = [
            {"month": m, "numerator": v, "denominator": 100, "value": v / 100, "provisional": i >= len(values) - arriving}
            for i, (m, v) in enumerate(zip(months, values, strict=True))
            if v is not None
        ]
        answer = replace(answer, frame=pl.DataFrame(rows))
    return control(answer, rebases)


def trace(figure, name):
    return next(t for t in figure.data if t.name == name)


def said(figure):
    return " ".join(a.text for a in figure.layout.annotations)


def contrast(a, b):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


LEVEL = [88, 90, 87, 91, 89, 90, 88, 92, 89, 90, 87, 91]


def test_every_metric_that_is_charted_makes_a_small_figure_that_names_its_chart(store):
    for metric in load_catalogue().metrics.values():
        if metric.spc == "none":
            continue
        made = of(store, metric.id)
        for palette in (LIGHT, DARK):
            figure = charts.spc_chart(made, palette=palette)
            assert len(figure.to_json()) < 20_000, metric.id
            if made.last:
                named = made.chart.replace("XmR", "XmR chart") if "XmR" in made.chart else f"{made.chart} chart"
                assert named in said(figure)
                assert ("not judged" in said(figure)) == bool(made.unjudged)


def test_a_gap_is_a_gap_and_what_still_arrives_is_hollow_and_outside_the_limits(store):
    figure = charts.spc_chart(of(store, "within_28_days", [*LEVEL[:5], None, *LEVEL[6:], 60], arriving=1))
    judged, arriving = trace(figure, "judged"), trace(figure, "provisional")
    assert judged.y[5] is None and trace(figure, "line").y[5] is None and not trace(figure, "line").connectgaps
    assert list(arriving.x) == ["2024-01-01"] and arriving.marker.color == LIGHT.paper
    for line in ("upper limit", "lower limit"):
        assert max(x for x in trace(figure, line).x if x) < "2024-01-01"
    assert "provisional" in said(figure) and any(s.type == "rect" for s in figure.layout.shapes)


def test_a_month_still_arriving_far_from_the_rest_does_not_flatten_the_chart(store):
    figure = charts.spc_chart(of(store, "within_28_days", [*LEVEL, 2], arriving=1))
    low = figure.layout.yaxis.range[0]
    arriving = trace(figure, "provisional")
    assert low > 0.6 and arriving.marker.symbol == ("triangle-down",) and arriving.y[0] == pytest.approx(low, rel=1e-5)
    assert "2.0 % (2 of 100), provisional" in arriving.text[0]


def test_points_are_told_by_shape_and_the_shapes_are_explained(store):
    figure = charts.spc_chart(of(store, "within_28_days", [*LEVEL, *LEVEL, 70]))
    marker = trace(figure, "judged").marker
    assert marker.symbol[-1] == "square" and marker.color[-1] == "#e46c0a" and set(marker.symbol[:-1]) == {"circle"}
    assert "concern" in said(figure) and "common cause" in said(figure) and "improvement" not in said(figure)
    assert "below the lower limit" in trace(figure, "judged").text[-1]
    assert "concern" not in said(charts.spc_chart(of(store, "within_28_days", LEVEL)))


@pytest.mark.parametrize("palette", (LIGHT, DARK))
def test_marks_hold_three_to_one_against_the_page_and_ink_against_the_mark(palette):
    marks = icons.MARKS[palette.name]
    for kind, mark in marks.items():
        assert contrast(mark.edge, palette.paper) >= 3, kind
        if kind != "common_cause":
            assert contrast(mark.ink, mark.fill) >= 4.5, kind
    assert contrast(marks["common_cause"].ink, palette.paper) >= 4.5
    assert contrast(icons.TARGET[palette.name], palette.paper) >= 3
    assert len({m.symbol for m in marks.values()}) == len(marks)


def test_new_limits_step_and_say_why_and_events_are_numbered(store):
    at = Rebase(date(2024, 1, 1), "a second scanner")
    made = of(store, "within_28_days", [*LEVEL, *(v - 30 for v in LEVEL)], (at,))
    figure = charts.spc_chart(made, flags=(Flag(7, date(2023, 6, 2), "Strike", ""), Flag(8, date(2031, 1, 1), "Later", "")))
    text = said(figure).replace("<br>", " ")
    assert "new limits: a second scanner" in text and "<b>7</b>" in text and "<b>8</b>" not in text
    assert len({y for y in trace(figure, "mean").y if y is not None}) == 2 and None in trace(figure, "mean").y
    assert [s.x0 for s in figure.layout.shapes if s.type == "line"] == ["2023-12-17", "2023-06-02"]


def test_every_line_is_labelled_in_its_unit_and_the_target_with_its_status(store):
    made = of(store, "within_28_days", LEVEL)
    plain = said(charts.spc_chart(made))
    assert "mean 89.3 %" in plain and "upper limit " in plain and "lower limit " in plain and "target 100 %" in plain and "■" not in plain
    standard = ask("within_28_days", Scope(("month",)), store).standard
    assert "28 days (national)" in said(charts.spc_chart(made, standard=standard)).replace("<br>   ", " ")
    assert "trial limits" not in plain and "trial limits" in said(charts.spc_chart(of(store, "within_28_days", LEVEL[:11])))
    assert re.search(r"mean \d+\.\d days", said(charts.spc_chart(of(store, "exam_to_report"))))
    assert re.search(r"upper limit \d", said(charts.spc_chart(of(store, "unreported"))))


def test_limits_are_drawn_within_the_scale_though_not_computed_so(store):
    answer = ask("exam_to_report", Scope(("month",)), store)
    values = [1.0, 30.0, 2.0, 28.0, 1.0, 33.0, 2.0, 29.0, 3.0, 30.0, 1.0, 31.0]
    rows = [
        {"month": date(2024, i + 1, 1), "n": 90, "count_unreported": 0, "median_hours": v, "p90_hours": v, "p95_hours": v, "provisional": False}
        for i, v in enumerate(values)
    ]
    made = control(replace(answer, frame=pl.DataFrame(rows)))
    figure = charts.spc_chart(made)
    assert made.last["lpl"] < 0 and set(trace(figure, "lower limit").y) == {0.0}
    assert "lower limit under 0" in said(figure) and min(figure.layout.yaxis.tickvals) == 0 and figure.layout.yaxis.type is None


@pytest.mark.parametrize("values", [[88], [100] * 14, [0] * 14, [88, None, 90]], ids=["one", "all", "none", "apart"])
def test_a_chart_of_little_is_still_a_chart(store, values):
    made = of(store, "within_28_days", values)
    figure = charts.spc_chart(made)
    low, high = figure.layout.yaxis.range
    assert low < min(v for v in values if v is not None) / 100 <= max(v for v in values if v is not None) / 100 < high
    assert len(figure.layout.yaxis.tickvals) >= 2
    if len(values) == 14:
        assert "not judged" in said(figure) and "limit" not in said(figure)
    ElementTree.fromstring(icons.sparkline(made))


def test_nothing_complete_says_so(store):
    nothing = of(store, "within_28_days", LEVEL)
    nothing = replace(nothing, points=nothing.points.clear())
    assert "no figure yet" in said(charts.spc_chart(nothing))
    ElementTree.fromstring(icons.sparkline(nothing))


def shape(svg):
    """An icon without its colours: what a monochrome page shows."""
    return re.sub(r"#[0-9a-f]{6}|<title>.*</title>", "", svg)


@pytest.mark.parametrize("dark", (False, True))
def test_icons_are_small_distinct_without_colour_and_named(dark):
    drawn = {(kind, high): icons.variation_icon(kind, high=high, dark=dark) for kind, high in VARIATIONS}
    drawn |= {(kind, None): icons.assurance_icon(kind, dark=dark) for kind in ASSURANCES}
    assert len({shape(svg) for svg in drawn.values()}) == len(drawn) == 14
    titles = []
    for (kind, high), svg in drawn.items():
        assert len(svg) < 900, kind
        root = ElementTree.fromstring(svg)
        assert root.get("role") == "img" and root.get("viewBox") == "0 0 28 28"
        titles.append(root.find(f"{SVG}title").text)
        assert titles[-1] == icons.label(kind, high=high)
        assert b64decode(icons.data_uri(svg).split(",")[1]).decode() == svg
    assert len(set(titles)) == 14
    assert icons.label("concern", high=True) == "Concern: higher" and icons.label(None) == "Not judged" and icons.label("no_target") == "No target"
    assert icons.assurance_icon(None, dark=dark) == drawn["no_target", None]


def test_the_assurance_tells_a_counted_target_from_none(store):
    assert icons.assurance_of(of(store, "within_28_days", LEVEL)) == "counted"
    one = of(store, "within_28_days", [88])
    assert icons.assurance_of(replace(one, target=0.9, met=None)) == "target_not_judged"
    assert icons.assurance_of(of(store, "exam_to_report")) == "no_target"


def test_a_sparkline_is_small_and_marks_the_last_judged_month(store):
    for metric in load_catalogue().metrics.values():
        if metric.spc != "none":
            for dark in (False, True):
                svg = icons.sparkline(of(store, metric.id), dark=dark)
                assert len(svg) < 2_500, metric.id
                assert ElementTree.fromstring(svg).find(f"{SVG}title").text.startswith(metric.label)
    made = of(store, "within_28_days", [*LEVEL, 40, 95, 96], arriving=2)
    svg = icons.sparkline(made)
    assert svg == icons.sparkline(made)
    assert svg.count('r="1.8" fill="none"') == 2 and "#e46c0a" in svg and svg.index("#e46c0a") > svg.index('r="1.8"')


def test_a_provisional_month_off_the_scale_has_its_figure_in_the_key(store):
    made = control(ask("within_28_days", Scope(("month",)), store))
    last = made.points["month"].max()
    assert made.points.filter(pl.col("month") == last)["is_provisional"].item()

    def keys(x: float) -> list[str]:
        moved = replace(made, points=made.points.with_columns(x=pl.when(pl.col("month") == last).then(x).otherwise(pl.col("x"))))
        return [a["text"] for a in charts.spc_chart(moved).to_dict()["layout"]["annotations"] if "beyond the scale" in a["text"]]

    assert keys(0.2) == [f"▽ beyond the scale: 20.0 % in {last:%b}"]
    assert keys(made.last["x"]) == []
    low = charts.spc_chart(made, height=240).to_dict()["layout"]
    assert low["height"] == 240
