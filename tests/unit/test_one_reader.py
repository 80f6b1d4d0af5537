"""Where one reader made nearly all the reports of a figure, it is that person's: it is left out, counted, and not found by subtraction."""

from collections import defaultdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readout import narrate
from readout.__main__ import main
from readout.answer import ask
from readout.catalogue import load_catalogue
from readout.policy import Reporters as Rule
from readout.scope import Scope
from readout.stats.dominance import withheld_lines
from readout.store import Store
from tests.conftest import ADAPTER, COLUMNS, NETWORK
from tests.files import csv_of

RULE = Rule(least=1, most_share=0.8)
METRICS = (
    *("addendum_rate", "clinical_addendum_rate", "administrative_addendum_rate", "follow_up_rate"),
    *(f"standardised_{k}_ratio" for k in ("addendum", "clinical", "administrative", "follow_up")),
)


@pytest.fixture
def network(make, monkeypatch):
    """Two sites and three modalities; at the first nuclear medicine is one person's but for a report, at the second one of two."""
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",reporter,follow_up")
    rows = []
    for site, modality, counts in (
        ("S1", "CT", {"R1": 30, "R2": 30, "R3": 9}),
        ("S1", "NM", {"R1": 19, "R2": 1}),
        ("S1", "MR", {"R2": 20, "R3": 20}),
        ("S2", "CT", {"R4": 40, "R5": 40}),
        ("S2", "NM", {"R4": 12, "R5": 10}),
        ("S2", "MR", {"R4": 25, "R5": 25}),
    ):
        for reporter, count in counts.items():
            for i in range(count):
                row = {"acc": f"{site}{modality}{reporter}{i}", "site": site, "modality": modality, "reporter": reporter}
                row |= {"ended": "2026-07-01 10:00", "verified": "2026-07-02 10:00", "follow_up": "ny"[i < 4]}
                rows.append(row | ({"addendum": "2026-07-10 09:00"} if i < 4 else {}))
    return make(rows, network=NETWORK, adapter=ADAPTER.replace("[latest]", 'reporter_id = "reporter"\nis_follow_up_recommended = "follow_up"\n[latest]'))


def gone(answer) -> int:
    return sum(x.count for x in answer.left_out if x.reason == "one_reader")


def test_which_metrics_are_of_what_a_reader_did():
    """Addenda and discrepancies are of the one who reported; how long a report took is of the service."""
    assert {m.id for m in load_catalogue().metrics.values() if m.readers} == {*METRICS, "discrepancy_rate", "standardised_discrepancy_ratio"}


@pytest.mark.parametrize("metric", METRICS)
def test_a_figure_of_one_reader_is_left_out_and_said(network, metric):
    store = Store(network)
    one = ask(metric, Scope((), {"site_code": ("S1",), "modality": ("NM",)}), store)
    assert one.is_empty and one.n == 0 and gone(one) == 20
    assert "Withheld: 20 reports where one reader made over 80 %" in narrate.empty(one)
    both = ask(metric, Scope(("site_code", "modality")), store)
    shown = {(r["site_code"], r["modality"]) for r in both.rows}
    assert ("S1", "NM") not in shown and ("S1", "MR") not in shown, "the site less its other modalities would be it"
    assert ("S2", "NM") not in shown, "nor all of the modality less the other site"
    assert {("S1", "CT"), ("S2", "CT")} <= shown
    whole = ask(metric, Scope(), store)
    assert gone(whole) == 0 and both.n + gone(both) == whole.n
    assert "one reader made over 80 %" in csv_of(both) or "nearly all one reader's" in csv_of(both)
    sites = ask(metric, Scope(("site_code",)), store)
    assert len(sites.rows) == 2 and gone(sites) == 0, "a figure of several readers is the site's"


def test_turnaround_by_site_and_modality_stays(network):
    assert len(ask("exam_to_report", Scope(("site_code", "modality")), Store(network)).rows) == 6


def test_the_command_line_says_it(network, capsys):
    assert main(["ask", "addendum_rate", "--by", "site_code,modality", "--extracts", str(network.folder.parent)]) == 0
    assert "nearly all one reader's" in capsys.readouterr().out


def test_what_is_shown_of_the_sample_is_nobody_s_alone(sample_extract):
    """Counted again from the examinations: no row of which one reader made over the share, and no row missing that nobody needs hidden at a site."""
    store = Store(sample_extract)
    exam = pl.read_parquet(sample_extract.tables["exam"]).filter(
        (pl.col("status") == "completed") & pl.col("is_reported") & ~pl.col("is_overwritten") & pl.col("is_addendum_mature") & pl.col("reporter_key").is_not_null()
    )
    for by in (("site_code",), ("site_code", "modality"), ("modality", "reader"), ("reporting_route", "site_code")):
        counts: dict[tuple, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        for *name, key in exam.select(*by, "reporter_key").rows():
            counts[tuple(name)][key] += 1
        answer = ask("addendum_rate", Scope(by), store)
        shown = {tuple(r[d] for d in by) for r in answer.rows}
        alone = {name for name, of in counts.items() if max(of.values()) > 0.8 * sum(of.values())}
        assert not shown & alone and (gone(answer) > 0) == bool(alone)


names = st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz"))
tables = st.dictionaries(names, st.dictionaries(st.integers(1, 5), st.integers(1, 20), min_size=1, max_size=4), min_size=1, max_size=9)


@settings(max_examples=200)
@given(tables)
def test_no_total_less_what_is_shown_is_one_reader_s(cells):
    """Of the whole, of every row and of every column, where that total may itself be shown: what is left without any choice of the cells shown."""
    hidden = withheld_lines(cells, RULE)
    lines = [list(cells), *([n for n in cells if n[i] == v] for i in (0, 1) for v in {n[i] for n in cells})]
    for line in lines:
        left: dict[int, int] = defaultdict(int)
        for name in line:
            if name in hidden:
                for reporter, count in cells[name].items():
                    left[reporter] += count
        together = defaultdict(int)
        for name in line:
            for reporter, count in cells[name].items():
                together[reporter] += count
        if max(together.values()) <= 0.8 * sum(together.values()):
            assert not left or max(left.values()) <= 0.8 * sum(left.values())
    for name, cell in cells.items():
        assert name in hidden or max(cell.values()) <= 0.8 * sum(cell.values())
