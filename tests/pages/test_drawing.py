"""Figures and sentences made from small answers: gaps, provisional months, intervals, and words that claim no more than the counts."""

import ast
import re
import tomllib
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from readout import charts
from readout.charts.svg import svg
from readout.charts.svg.words import width
from readout.charts.theme import DARK, LIGHT
from readout.engine.store import Store
from readout.errors import DrawingError
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from readout.stats.intervals import wilson
from readout.wording import findings
from tests.conftest import ROOT

PAGES = sorted((ROOT / "pages").rglob("*.py"))
CLAIMS = re.compile(r"\b(improv\w*|deteriorat\w*|better|worse|worsen\w*|trend|significant\w*|rising|falling)\b", re.I)


@pytest.fixture(scope="module")
def store(sample_extract):
    return Store(sample_extract)


def test_wilson_agrees_with_published_values_for_scalars_and_arrays():
    """Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for x, n, low, high in (
        (81, 100, 0.722212, 0.874852),
        (0, 10, 0, 0.277533),
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(x, n) == pytest.approx((low, high), abs=5e-5 if n != 100 and n != 10 else 5e-7)
    low, high = wilson(np.array([0, 10, 5]), np.array([10, 10, 10]))
    assert low[0] == 0 and high[1] == 1 and low[2] == pytest.approx(1 - high[2])
    assert np.isnan(wilson(0, 0)).all()
    with pytest.raises(ValueError, match="between 0 and n"):
        wilson(3, 2)


def test_a_missing_month_is_a_gap_and_a_provisional_one_is_hatched(make):
    """July has no examination: the line breaks there, and no zero is drawn."""
    rows = [{"ended": f"2026-{m:02d}-03 10:00", "verified": f"2026-{m:02d}-04 10:00"} for m in (5, 6, 8, 9, 10)]
    answer = ask("activity", Scope(("month",)), Store(make(rows)))
    figure = charts.paired(answer, answer)
    bars = figure.data[0]
    assert list(bars.x) == [date(2026, m, 1).isoformat() for m in range(5, 11)]
    assert list(bars.y) == [1, 1, None, 1, 1, 1]
    assert list(bars.marker.pattern.shape) == ["", "", "", "", "", "/"]
    assert any("provisional" in a.text for a in figure.layout.annotations)


def test_a_quantile_that_is_not_reached_is_neither_zero_nor_hidden(make):
    rows = [{"acc": f"A{i}", "ended": "2026-09-01 10:00", "verified": "2026-09-02 10:00" if i < 6 else ""} for i in range(10)]
    answer = ask("exam_to_report", Scope(("month",)), Store(make(rows)))
    figure = charts.quantiles(answer)
    assert any(t.marker.symbol == "triangle-up-open" for t in figure.data)
    said = findings.compared(answer)
    assert "within 24.0 h" in said and "nine in ten not yet reached" in said and "4 still unreported" in said


@pytest.mark.parametrize("palette", (LIGHT, DARK))
def test_marks_and_text_can_be_told_from_the_page(palette):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    def contrast(a, b):
        high, low = sorted((luminance(a), luminance(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    for colour in (palette.accent, palette.grey, palette.warn, *palette.modality.values()):
        assert contrast(colour, palette.paper) >= 3, colour
    for colour in (palette.text, palette.muted):
        assert contrast(colour, palette.paper) >= 4.5, colour
    assert len(set(palette.modality.values())) == len(palette.modality)


def test_every_figure_is_small_and_has_words(store):
    month = ask("activity", Scope(("month",)), store)
    figures = {
        "trend": charts.trend(ask("within_28_days", Scope(("month",)), store)),
        "paired": charts.paired(month, ask("demand", Scope(("month",)), store)),
        "panels": charts.panels(ask("activity", Scope(("month", "modality")), store), split="modality"),
        "stacked": charts.stacked(ask("turnaround_bands", Scope(("site_code", "band")), store), dimension="site_code", as_share=True),
        "dumbbell": charts.dumbbell(ask("exam_to_report", Scope(("site_code",)), store), dimension="site_code"),
        "map": charts.heat_map(ask("activity_by_hour", Scope(("weekday", "hour")), store), down="weekday", across="hour"),
    }
    for name, figure in figures.items():
        assert len(figure.to_json()) < 20_000, name
    said = charts.alternative(month)
    assert said.startswith("Examinations done, the whole network, by month. Lowest ") and "provisional" in said


def test_sentences_claim_nothing_that_two_months_cannot_show(store):
    asked = [ask(m, Scope(("month",)), store) for m in ("activity", "demand", "out_of_hours_share", "exam_to_report", "within_28_days", "unreported")]
    said = [findings.compared(a) for a in asked] + [findings.against_standard(asked[4])]
    for sentence in said:
        assert sentence and not CLAIMS.search(sentence), sentence
        assert re.search(r"\d", sentence), sentence


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_a_page_places_blocks_and_nothing_else(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 80
    modules = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            modules.add(node.module)
        elif isinstance(node, ast.Import):
            modules |= {a.name for a in node.names}
    assert modules <= {"streamlit", "readout", "readout.ui", "readout.ui.frame", "readout.wording", "readout.metrics"}
    assert not re.search(r"\bselect\b.*\bfrom\b|unsafe_allow|st\.html|session_state|polars", text)


def test_the_router_is_short_and_nothing_injects_markup():
    assert len((ROOT / "app.py").read_text("utf-8").splitlines()) <= 40
    for path in [*(ROOT / "readout" / "ui").rglob("*.py"), ROOT / "app.py"]:
        text = path.read_text("utf-8")
        assert "unsafe_allow" not in text and ("st.html" not in text or path.name == "html_tables.py"), path
    rules = re.findall(r"^([^{]+) \{", (ROOT / "readout" / "ui" / "tables.css").read_text("utf-8"), re.MULTILINE)
    reached = [part.strip() for rule in rules for part in rule.split(",")]
    assert reached and all(re.match(r"\.(readout|indicators|matrix|signals|plain)\b", part) for part in reached), "a style reaches beyond its own tables"


def test_both_ways_of_starting_have_the_same_settings():
    shipped = (ROOT / "readout" / "server" / "config.toml").read_text("utf-8")
    assert shipped == (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    settings = tomllib.loads(shipped)
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["client"]["showErrorDetails"] == "none" and settings["browser"]["gatherUsageStats"] is False


def lines(figure):
    """The curves of a survival chart that the eye follows: no band, no faint tail."""
    return [t for t in figure.data if t.hovertemplate and t.opacity is None]


def texts(figure):
    return [a.text for a in figure.layout.annotations]


def waits(site: str, hours: list[float | None], **more: str) -> list[dict[str, str]]:
    """Examinations of one morning, each reported so many hours later, or not at all."""
    start = datetime(2026, 9, 1, 10)
    return [
        {"acc": f"{site}{i}", "site": site, "ended": f"{start:%Y-%m-%d %H:%M}", "verified": f"{start + timedelta(hours=h):%Y-%m-%d %H:%M}" if h else "", **more}
        for i, h in enumerate(hours)
    ]


def test_a_curve_falls_in_steps_at_the_times_of_its_reports(make):
    """Forty examinations: a tenth reported after 1 hour, a fifth after 2, a tenth after 4 and after 8; half not yet, as the label says."""
    hours = [1, 2, 2, 4, 8, *[None] * 5]
    figure = charts.survival(ask("report_survival", Scope(), Store(make(waits("S1", hours * 4)))))
    (curve,) = lines(figure)
    assert curve.line.shape == "hv"
    assert list(curve.x)[:5] == [0.25, 1, 2, 4, 8] and list(curve.y)[:5] == [1.0, 0.9, 0.7, 0.6, 0.5]
    assert curve.text[2] == "2.0 h" and "still waiting after" in curve.hovertemplate
    assert any("50.0 % of 40" in t and "unreported" in t for t in texts(figure))
    assert {"half", "one in ten"} <= set(texts(figure)) and {s.y0 for s in figure.layout.shapes} == {0.5, 0.1}
    assert "elapsed hours" in figure.layout.xaxis.title.text and figure.layout.xaxis.type == "log"


def test_a_thinned_curve_is_never_out_by_more_than_can_be_seen_and_not_at_all_where_it_is_read(store):
    """Between the points kept it stands at most a hundredth too high; it passes half and one in ten where the whole curve does."""
    scope = Scope(("site_code",))
    answer = ask("report_survival", scope, store)
    quantiles = {answer.label("site_code", r["site_code"]): r for r in ask("exam_to_report", scope, store).rows}
    curves: dict[str, list[tuple[float, float]]] = {}
    for t in charts.survival(answer, dimension="site_code").data:
        curves.setdefault(t.name, []).extend(zip(t.x, t.y, strict=True))
    assert len(curves) == 6
    for name, drawn in curves.items():
        whole = [r for r in answer.rows if answer.label("site_code", r["site_code"]) == name]
        assert len(drawn) < len(whole)
        for r in (r for r in whole if r["hours"] > 0.25):
            shown = [y for x, y in drawn if x <= r["hours"] + 0.001][-1]
            assert -0.0001 <= shown - r["still_waiting"] <= 0.0101
        for level, column in ((0.5, "median_hours"), (0.1, "p90_hours")):
            passed = next(x for x, y in drawn if y <= level + 1e-9)
            assert quantiles[name][column] - 0.001 <= passed <= 1.026 * quantiles[name][column], "the answer names one time in each 2.5 %"


def test_one_curve_carries_its_band_and_several_do_not(make):
    store = Store(make(waits("S1", [1, 2, 3, 5, None]) + waits("S2", [2, 4, 6, 9, 12])))
    one, two = charts.survival(ask("report_survival", Scope(), store)), charts.survival(ask("report_survival", Scope(("site_code",)), store), dimension="site_code")
    assert [t.fill for t in one.data].count("tonexty") == 1
    low, high = one.data[1], one.data[0]
    assert all(a <= b for a, b in zip(low.y, high.y, strict=True))
    assert not [t for t in two.data if t.fill] and len(lines(two)) == 2
    said = " ".join(texts(two))
    assert "First Hospital" in said and "20.0 % of 5" in said and "Second Hospital" in said and "0.0 % of 5" in said
    assert "unreported:" in texts(two)
    assert {t.line.color for t in lines(two)} == {LIGHT.grey}, "one of five unreported stands out of nothing"
    many = Store(make(waits("S1", [1] * 12 + [None] * 12) + waits("S2", [2] * 24)))
    drawn = charts.survival(ask("report_survival", Scope(("site_code",)), many), dimension="site_code")
    assert next(t for t in lines(drawn) if t.line.color == LIGHT.accent).name == "First Hospital", "more are unreported by more than chance"
    chosen = charts.survival(ask("report_survival", Scope(("site_code",)), store), dimension="site_code", selected=("S2",))
    assert next(t for t in lines(chosen) if t.line.color == LIGHT.accent).name == "Second Hospital"


@pytest.mark.parametrize("dimension", ["site_code", "modality"])
def test_each_of_several_curves_can_be_told_from_the_others(dimension, store):
    """By its number, on the curve and in the label, and among those of one colour by its dash; no label lies on another, no number on another."""
    figure = charts.survival(ask("report_survival", Scope((dimension,)), store), dimension=dimension)
    assert len({(t.line.color, t.line.dash) for t in lines(figure)}) == len(lines(figure)) == 6
    labels = [a for a in figure.layout.annotations if re.match(r"<span[^>]*>■</span> <b>\d</b> ", a.text)]
    marks = [a for a in figure.layout.annotations if re.fullmatch(r"<b>\d</b>", a.text)]
    assert [a.text.split("<b>")[1][0] for a in sorted(labels, key=lambda a: -a.y)] == list("123456")
    assert sorted(a.text[3] for a in marks) == list("123456") and len({a.y for a in marks}) == 6
    by_number = {a.text.split("<b>")[1][0]: a.text.partition("</b> ")[2].replace("<br>   ", " ") for a in labels}
    for mark in marks:
        curve = next(t for t in lines(figure) if by_number[mark.text[3]].startswith(t.name))
        spots = list(zip(curve.x, curve.y, strict=True))
        before, after = [y for x, y in spots if x < 10**mark.x - 0.001], [y for x, y in spots if x <= 10**mark.x + 0.001]
        assert after[-1] <= mark.y + 0.01 and (not before or before[-1] >= mark.y - 0.01), "a number stands where its curve falls through its height"
    plot = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    rows = sorted(((1 - a.y) * plot, 15.6 * (a.text.count("<br>") + 1)) for a in labels)
    assert all(below - above >= (a + b) / 2 for (above, a), (below, b) in pairwise(rows))


def test_a_curve_goes_faint_where_few_are_left(make):
    """Of twelve, ten are at risk up to the third step; what follows stands on fewer."""
    answer = ask("report_survival", Scope(), Store(make(waits("S1", [float(h) for h in range(1, 13)]))))
    figure = charts.survival(answer)
    (strong,), (faint,) = lines(figure), [t for t in figure.data if t.opacity is not None]
    assert faint.opacity < 0.5
    assert list(strong.x) == [0.25, 1, 2, 3] and list(faint.x) == list(range(3, 13))
    assert faint.y[0] == strong.y[-1] and faint.y[-1] == 0


def test_at_most_six_curves_the_largest(make):
    rows = []
    for i, modality in enumerate(("CT", "MR", "XR", "US", "NM", "PT", "FL", "MG")):
        rows += [{**r, "acc": f"{modality}{r['acc']}", "modality": modality} for r in waits("S1", [float(h) for h in range(1, 4 + i)])]
    figure = charts.survival(ask("report_survival", Scope(("modality",)), Store(make(rows))), dimension="modality")
    names = [t.name for t in lines(figure)]
    assert len(names) == 6 and "CT" not in names and "MRI" not in names
    colours = {t.line.color for t in lines(figure)}
    assert colours <= set(LIGHT.modality.values()) and len(colours) == 6


def test_a_clock_of_days_begins_with_the_same_day(make):
    """No minutes on an axis that counts calendar days; a request examined the day it came stands at its left edge."""
    rows = [{"acc": f"A{i}", "received": "2026-09-01 09:00", "ended": f"2026-09-{1 + i:02d} 10:00"} for i in range(6)]
    figure = charts.survival(ask("exam_survival", Scope(), Store(make(rows))))
    assert figure.layout.xaxis.ticktext[0] == "same day" and "15 min" not in figure.layout.xaxis.ticktext
    assert min(lines(figure)[0].x) == 12.0 and "calendar days" in figure.layout.xaxis.title.text
    assert not any("waiting" in t for t in texts(figure) if "%" in t), "who was cancelled is not examined, and does not wait"


@pytest.fixture
def tail(make):
    """August is reported, all of it; of September's twenty, four are not: its nine in ten is not yet reached."""
    rows = [{"acc": f"A{i}", "ended": "2026-08-03 10:00", "verified": f"2026-08-{4 + i // 4:02d} 10:00"} for i in range(20)]
    rows += [{"acc": f"S{i}", "ended": "2026-09-01 10:00", "verified": "2026-09-02 10:00" if i < 16 else ""} for i in range(20)]
    store = Store(make(rows))
    return [ask(m, Scope(("month",)), store) for m in ("exam_to_report", "exam_to_report_reported_only")]


def test_a_month_not_yet_reached_stands_at_the_edge_beside_its_naive_figure(tail):
    honest, naive = tail
    assert [r["p90_hours"] for r in honest.rows][1] is None and naive.rows[1]["p90_hours"] == 24
    figure = charts.with_naive(honest, naive)
    (edge,) = [t for t in figure.data if t.marker.symbol == "triangle-up"]
    top = 10 ** figure.layout.yaxis.range[1]
    assert list(edge.x) == ["2026-09-01"] and 0.8 * top < edge.y[0] <= top and "not yet reached" in edge.hovertemplate
    assert edge.y[0] > max(r["p90_hours"] for r in honest.rows if r["p90_hours"])
    (dotted,) = [t for t in figure.data if t.mode == "lines"]
    assert dotted.line.dash == "dot" and dotted.y[-1] == edge.y[0], "the line runs up to the edge"
    said = " ".join(texts(figure)).replace("<br>   ", " ")
    assert "all that wait" in said and "not yet reached, Sep" in said and "reported only" in said and "24.0 h, Sep" in said
    assert {t.line.dash for t in figure.data if t.name == "reported only"} == {"dash"}
    assert all(month < "2026-10" for t in figure.data for month in t.x), "a month that is not over is not judged"


def test_where_all_is_reported_the_two_figures_are_one_line(make):
    rows = [{"acc": f"A{m}{i}", "ended": f"2026-{m:02d}-03 10:00", "verified": f"2026-{m:02d}-{4 + i:02d} 10:00"} for m in (7, 8) for i in range(10)]
    store = Store(make(rows))
    honest, naive = (ask(m, Scope(("month",)), store) for m in ("exam_to_report", "exam_to_report_reported_only"))
    figure = charts.with_naive(honest, naive)
    assert not [t for t in figure.data if t.marker.symbol == "triangle-up"]
    assert findings.naive_difference(honest, naive) == "Every examination of this range is reported, so the two figures agree."


def test_an_open_month_shows_what_it_can_still_reach(make):
    """October has pending: its upright runs from none of them met to all met. August has none, and no upright."""
    rows = [{"acc": f"A{i}", "ended": "2026-08-03 10:00", "verified": "2026-08-04 10:00", "class": "03"} for i in range(10)]
    rows += [{"acc": f"O{i}", "ended": "2026-10-28 10:00", "verified": "2026-10-29 10:00" if i < 3 else "", "class": "03"} for i in range(10)]
    answer = ask("within_pathway_standard", Scope(("month",)), Store(make(rows)))
    figure = charts.bounded(answer)
    *_, upright, edge = figure.data
    row = answer.rows[-1]
    assert (row["lowest"], row["highest"], row["count_pending"]) == (0.3, 1.0, 7)
    assert list(upright.x) == ["2026-10-01", "2026-10-01", None] and list(upright.y) == [0.3, 1.0, None]
    assert upright.text[0] == "30.0 % if none of the pending are met" and upright.text[1] == "100.0 % if all of the pending are met"
    low, high = figure.layout.yaxis.range
    assert 0.3 < low < 1 <= high, "a month of which most is pending does not set the scale"
    assert list(edge.x) == ["2026-10-01"] and list(edge.y) == [low] and list(edge.text) == ["30.0 %"], "it says at the edge how far it reaches"


def test_an_open_month_of_which_most_is_judged_sets_the_scale(make):
    rows = [{"acc": f"O{i}", "ended": "2026-10-28 10:00", "verified": "2026-10-29 10:00" if i < 6 else "", "class": "03"} for i in range(10)]
    figure = charts.bounded(ask("within_pathway_standard", Scope(("month",)), Store(make(rows))))
    assert list(figure.data[-1].y)[:2] == [0.6, 1.0] and figure.layout.yaxis.range[0] <= 0.6


def test_a_wait_of_no_days_has_its_mark_and_its_words(make):
    """A log axis has no zero: the mark stands at its left end, and says `same day`."""
    rows = [{"acc": f"A{i}", "received": "2026-09-01", "ended": f"2026-09-{1 if i < 7 else 3:02d} 10:00", "class": "03"} for i in range(10)]
    answer = ask("request_to_exam", Scope(("site_code",)), Store(make(rows)))
    assert (answer.rows[0]["median_hours"], answer.rows[0]["p90_hours"]) == (0, 48)
    figure = charts.dumbbell(answer, dimension="site_code")
    half, ninety = figure.data[1:]
    assert half.text[0].strip() == "same day" and ninety.text[0].strip() == "2 days"
    assert 10 ** figure.layout.xaxis.range[0] < half.x[0] < ninety.x[0] == 48


def test_a_month_of_days_is_no_fall_of_the_line(store):
    flow = charts.paired(ask("report_arrivals", Scope(("month",)), store), ask("report_completions", Scope(("month",)), store))
    _, settled, arriving = flow.data
    assert settled.mode == "lines+markers" and arriving.mode == "markers"


def test_a_bar_over_the_trigger_stands_out_and_the_line_says_its_status(make):
    rows = [{"acc": f"A{i}", "site": "S1" if i < 7 else "S2", "ended": "2026-09-01 10:00"} for i in range(10)]
    answer = ask("backlog_10_days", Scope(("site_code",)), Store(make(rows)))
    figure = charts.bars(answer, dimension="site_code", limit=5, limit_name="Trigger: 5 (local)")
    (bar,) = figure.data
    assert list(bar.x) == [3, 7] and list(bar.marker.color) == [LIGHT.accent, LIGHT.warn]
    assert [list(d) for d in bar.customdata] == [["site_code=S2"], ["site_code=S1"]]
    assert "Trigger: 5 (local)" in texts(figure) and figure.layout.shapes[0].x0 == 5 and figure.layout.xaxis.range[0] == 0
    high = charts.bars(answer, dimension="site_code", limit=40, limit_name="Trigger: 40", selected=("S1",))
    assert high.layout.xaxis.range[1] > 40 and list(high.data[0].marker.color) == [LIGHT.grey, LIGHT.accent]
    assert not charts.bars(answer, dimension="site_code").layout.shapes


def test_every_honest_figure_is_small(store):
    month, sites = Scope(("month",)), Scope(("site_code",))
    figures = {
        "survival": charts.survival(ask("report_survival", sites, store), dimension="site_code"),
        "one curve": charts.survival(ask("report_survival", Scope(where={"pathway": ("routine",)}), store)),
        "waits": charts.survival(ask("exam_survival", Scope(("modality",)), store), dimension="modality"),
        "naive": charts.with_naive(ask("exam_to_report", month, store), ask("exam_to_report_reported_only", month, store)),
        "bounded": charts.bounded(ask("within_pathway_standard", month, store)),
        "bars": charts.bars(ask("backlog_10_days", sites, store), dimension="site_code", limit=3, limit_name="Trigger: 3"),
    }
    sizes = {name: len(figure.to_json()) for name, figure in figures.items()}
    assert {name: size for name, size in sizes.items() if size >= 20_000} == {}


def pathways(late):
    """Examinations by pathway: so many, of which so many are late."""
    rows = []
    for patient, (n, missed) in late.items():
        ends = ["2026-09-20 10:00"] * missed + ["2026-08-03 12:00"] * (n - missed)
        rows += [{"acc": f"{patient}{i}", "class": patient, "ended": "2026-08-03 10:00", "verified": end} for i, end in enumerate(ends)]
    return rows


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ({"03": (40, 20), "01": (40, 2)}, "Of 80 examinations old enough to judge, 22 (27.5 %) are over the standard for their pathway or still unreported. "),
        ({"03": (40, 0), "01": (40, 0)}, "Of 80 examinations old enough to judge, none is over the standard for their pathway or still unreported."),
        ({"03": (10, 2), "01": (10, 0)}, "That is too few to say which pathway breaches most."),
        ({"03": (40, 6), "01": (40, 5)}, "No pathway breaches more than the others by more than chance."),
        ({"03": (40, 6), "01": (40, 6)}, "No pathway breaches more than the others by more than chance."),
    ],
)
def test_a_pathway_breaches_most_only_beyond_chance(make, late, said):
    text = findings.breaching(ask("within_pathway_standard", Scope(("pathway",)), Store(make(pathways(late)))))
    assert said in text
    assert ("breaches most, by more than chance: 50.0 % (20 of 40)." in text) == (late["03"][1] == 20)


def test_one_pathway_alone_is_named_and_none_says_nothing(make):
    store = Store(make(pathways({"03": (10, 2), "01": (10, 0)})))
    alone = findings.breaching(ask("within_pathway_standard", Scope(("pathway",), {"pathway": ("inpatient",)}), store))
    assert alone == "Of 10 examinations old enough to judge, none is over the standard for their pathway or still unreported."
    nobody = ask("within_pathway_standard", Scope(("pathway",), {"modality": ("PT",)}), store)
    assert findings.breaching(nobody) == ""


def test_a_median_and_a_90th_percentile_need_ten(make):
    """The page said `half of the examinations were reported within 2.7 days, 90 % within 3.4 days (n 2)`."""
    for n in (2, 9, 10):
        store = Store(make([{"acc": f"A{i}", "ended": "2026-08-03 10:00", "verified": "2026-08-04 10:00"} for i in range(n)]))
        answer = ask("exam_to_report", Scope(("month",)), store)
        row = next(r for r in answer.rows if r["n"])
        said = [findings.compared(answer), findings.reading(answer, row), findings.beside(answer, row)]
        if n < 10:
            assert said == [said[0], "too few", f"n {n}, 0 unreported"] and said[0].endswith("too few for a median or a 90th percentile.")
        else:
            assert "half of the examinations of Aug 2026 were reported within 24.0 h" in said[0] and said[2].startswith("90 % within 24.0 h")


def test_where_most_of_a_stock_is_needs_more_than_chance(make):
    def largest(first, second):
        store = Store(make(waits("S1", [None] * first) + waits("S2", [None] * second)))
        return findings.largest(ask("unreported", Scope(("site_code",)), store), "site_code")

    assert largest(30, 8) == "Unreported: 38, of which First Hospital holds 30 (79 %)."
    assert largest(20, 18) == largest(19, 19) == "Unreported: 38; no site holds clearly more than the next."
    assert largest(5, 1) == "Unreported: 6; no site holds clearly more than the next."


def test_the_flow_says_by_how_much_the_unreported_grew_or_fell(make):
    rows = [
        {"acc": f"A{m}{i}", "ended": f"2026-{m:02d}-03 10:00", "verified": verified} for m, verified in ((7, "2026-08-04 10:00"), (8, "")) for i in range(5 - (m == 8))
    ]
    store = Store(make(rows))
    came, left = (ask(m, Scope(("month",)).between(None, date(2026, 8, 31)), store) for m in ("report_arrivals", "report_completions"))
    assert findings.flow(came, left) == "In Aug 2026 4 examinations came to be reported and 5 left: the unreported fell by 1."
    came, left = (ask(m, Scope(("month",)).between(None, date(2026, 7, 31)), store) for m in ("report_arrivals", "report_completions"))
    assert findings.flow(came, left) in ("", "In Jul 2026 5 examinations came to be reported and 0 left: the unreported grew by 5.")


def test_the_oldest_wait_and_single_figures_are_told_in_words(make):
    store = Store(make(waits("S1", [None]) + waits("S2", [1, 2])))
    assert findings.oldest(ask("oldest_unreported", Scope(("site_code",)), store), "site_code") == "The oldest has waited 60 days, at First Hospital."
    assert findings.one_figure(ask("oldest_unreported", Scope(), store)) == "Oldest unreported: 60 days."
    assert findings.one_figure(None) == "" and findings.one_figure(ask("oldest_unreported", Scope(where={"site_code": ("S2",)}), store)) == ""
    assert findings.oldest(ask("oldest_unreported", Scope(("site_code",), {"site_code": ("S2",)}), store), "site_code") == ""
    assert findings.largest(ask("unreported", Scope(("site_code",)), store), "site_code") == "Unreported: 1 at First Hospital."


def test_the_share_of_the_cancer_standard_that_is_used_is_told(store):
    answer = ask("request_to_report", Scope(("pathway",)), store)
    row = next(r for r in answer.rows if r["pathway"] == "suspected_cancer")
    said = findings.standard_used(answer, "suspected_cancer")
    days = row["median_hours"] / 24
    assert f"within {days:.0f} days of the request, {100 * days / 28:.0f} % of the 28 days" in said and "national standard" in said
    assert findings.standard_used(answer, "nowhere") == ""


def test_a_chart_that_adds_or_joins_figures_is_refused_where_one_is_withheld(make):
    """Two of nine bands hold fewer than eight: a bar of the others would be shorter than it is."""
    rows = [{"acc": f"A{i}", "ended": "2026-09-01 10:00", "verified": "2026-09-01 10:30" if i < 40 else "2026-09-04 10:00"} for i in range(43)]
    store = Store(make(rows))
    bands, curve = ask("turnaround_bands", Scope(("site_code", "band")), store), ask("report_survival", Scope(("site_code",)), store)
    for answer, draw in ((bands, lambda a: charts.stacked(a, dimension="site_code")), (curve, lambda a: charts.survival(a, dimension="site_code"))):
        assert draw(answer).data and draw(answer.release("internal")).data
        with pytest.raises(DrawingError, match="a part of it is withheld"):
            draw(answer.release("public"))


def test_a_chart_without_a_unit_is_refused_in_a_sentence(make):
    """Nine in ten of nothing: no site has half of its reports, so no bar could be drawn."""
    answer = ask("exam_to_report", Scope(("site_code",)), Store(make([{"ended": "2026-09-01 10:00", "verified": ""}])))
    with pytest.raises(DrawingError, match="no unit of this choice has a figure"):
        charts.dumbbell(answer, dimension="site_code")


@pytest.mark.parametrize(
    ("split", "named", "marked"),
    [
        ("modality", {"modalities": ("CT",)}, {"CT"}),
        ("site_code", {"sites": ("ZN101",)}, {"Northshire General"}),
        ("trust_code", {"trusts": ("ZN1",)}, {"Northshire Hospitals"}),
        ("modality", {}, None),
    ],
)
def test_an_event_stands_on_the_panels_of_the_units_it_names_alone(split, named, marked, store):
    flag = charts.Flag(1, date(2026, 2, 9), "CT scanner failure", "", **named)
    figure = charts.panels(ask("activity", Scope(("month", split)), store), split=split, flags=(flag,))
    axes = {s.xref for s in figure.layout.shapes}
    names = {t.name for t in figure.data if (t.xaxis or "x") in axes}
    assert names == (marked or {t.name for t in figure.data})
    assert len([a for a in figure.layout.annotations if a.text == "1"]) == len(axes)


def extent(text):
    """From where to where a text of a drawing reaches."""
    wide, x = width("".join(text.itertext()), float(text.attrib["font-size"])), float(text.attrib["x"])
    start = x - wide * {"end": 1, "middle": 0.5}.get(text.attrib.get("text-anchor", ""), 0)
    return start, start + wide


@pytest.mark.parametrize("own", [("1",), ("30",), ("1", "2", "29", "30"), ("10", "14", "16", "20"), ("1", "15", "30")])
def test_the_names_of_ones_own_providers_stay_on_the_narrowest_chart_and_clear_of_the_bars(own, store):
    answer = ask("national_waiting", Scope(("provider_code",)), store)
    rows = [{**answer.rows[0], "provider_code": str(i), "value": 10 * i} for i in range(1, 31)]
    labels = {"provider_code": {str(i): "Westmere and Coast Hospitals" for i in range(1, 31)}}
    made = replace(answer, frame=pl.DataFrame(rows), labels=labels)
    figure = charts.among(made, made, dimension="provider_code", own=own, whole_name="England")
    drawing = ElementTree.fromstring(svg(figure, width=350))
    names = [t for t in drawing.iter("{http://www.w3.org/2000/svg}text") if "Westmere" in "".join(t.itertext()) or "Coast" in "".join(t.itertext())]
    assert len(names) == 2 * len(own)
    assert all(start >= 0 and end <= 350 for start, end in map(extent, names))
    heights = [a.y for a in figure.layout.annotations if "Westmere" in a.text]
    plot = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    assert min(heights) - 31 / plot * figure.layout.yaxis.range[1] >= 300 and len(set(heights)) == len(own)
