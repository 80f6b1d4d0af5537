"""Figures and sentences made from small answers: gaps, provisional months, intervals, and words that claim no more than the counts."""

import ast
import re
import tomllib
from datetime import date

import numpy as np
import pytest

from readout import charts, narrate
from readout.answer import ask
from readout.charts.theme import DARK, LIGHT
from readout.scope import Scope
from readout.stats.intervals import wilson
from readout.store import Store
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
    said = narrate.compared(answer)
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
    within, whole = ask("within_28_days", Scope(("site_code",)), store), ask("within_28_days", Scope(), store)
    said = [narrate.compared(a) for a in asked] + [narrate.outlying(within, whole, "site_code"), narrate.against_standard(asked[4])]
    for sentence in said:
        assert sentence and not CLAIMS.search(sentence), sentence
        assert re.search(r"\d", sentence), sentence


def test_nothing_unusual_is_said_when_it_is_so(make):
    """Two sites alike: every interval holds the whole, so there is no news."""
    rows = [{"acc": f"A{i}", "site": f"S{1 + i % 2}", "ended": "2026-07-01 10:00", "verified": "2026-07-02 10:00" if i % 10 else ""} for i in range(40)]
    store = Store(make(rows))
    site = ask("within_28_days", Scope(("site_code",)), store)
    assert "nothing unusual" in narrate.outlying(site, ask("within_28_days", Scope(), store), "site_code")


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
    assert modules <= {"streamlit", "readout", "readout.ui", "readout.ui.frame", "readout.scope", "readout.answer"}
    assert not re.search(r"\bselect\b.*\bfrom\b|unsafe_allow|st\.html|session_state|polars", text)


def test_the_router_is_short_and_nothing_injects_markup():
    assert len((ROOT / "app.py").read_text("utf-8").splitlines()) <= 40
    for path in [*(ROOT / "readout" / "ui").rglob("*.py"), ROOT / "app.py"]:
        assert "unsafe_allow" not in path.read_text("utf-8") and "st.html" not in path.read_text("utf-8"), path


def test_both_ways_of_starting_have_the_same_settings():
    shipped = (ROOT / "readout" / "ui" / "config.toml").read_text("utf-8")
    assert shipped == (ROOT / ".streamlit" / "config.toml").read_text("utf-8")
    settings = tomllib.loads(shipped)
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["client"]["showErrorDetails"] == "none" and settings["browser"]["gatherUsageStats"] is False
