"""Where one reader made nearly all the reports of a figure, it is that person's: it is left out, counted, and not found by subtraction."""

import random
from collections import defaultdict
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readout.__main__ import main
from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.release_policy import Reporters as Rule
from readout.metrics.scope import Scope
from readout.stats.dominance import withheld_lines
from readout.wording import findings
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
    assert "Withheld: 20 reports where one reader made over 80 %" in findings.empty(one)
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


WHO = {  # role and route as the RIS sends them, organisation
    "radiologist": ("radiologist", "in_house", ""), "registrar": ("registrar", "in_house", ""), "radiographer": ("reporting_radiographer", "in_house", ""),
    "delegated": ("other", "delegated", ""), "network": ("radiologist", "network", "Z1 Z2 Z3"), "outsourced": ("radiologist", "outsourced", "X1 X2"),
}  # fmt: skip
AXIS = ("reader", "supplier", "reporting_route")


@pytest.mark.parametrize("seed", range(8))
def test_nothing_that_is_shown_by_any_cut_of_who_reported_adds_up_to_one_reader_s(make, monkeypatch, seed):
    """Every breakdown and filter along the axis, and every sum and difference of what they show: no part that one reader made is among them."""
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",reporter,role,reported,org")
    chance, rows = random.Random(seed), []
    for who, (role, route, orgs) in WHO.items():
        for org in orgs.split() or [""]:
            for reporter in range(chance.choice((0, 1, 1, 2, 3, 5))):
                for _ in range(chance.randint(1, 12)):
                    row = {"acc": f"A{len(rows)}", "reporter": f"{who}{org}{reporter}", "role": role, "reported": route, "org": org}
                    rows.append(row | {"ended": "2026-07-01 10:00", "verified": "2026-07-02 10:00"})
    columns = 'reporter_id = "reporter"\nreporter_role = "role"\nreporting_route = "reported"\nreporting_org_code = "org"\n[latest]'
    extract = make(rows, network=NETWORK, adapter=ADAPTER.replace("[latest]", columns))
    store = Store(extract)
    parts: dict[tuple, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for *part, key in pl.read_parquet(extract.tables["exam"]).select(*AXIS, "reporter_key").rows():
        parts[tuple(part)][key] += 1
    order = list(parts)

    def held(by, values) -> list[int]:
        return [int(all(part[AXIS.index(d)] == v for d, v in zip(by, values, strict=True))) for part in order]

    shown = []
    for by in ((), *((d,) for d in AXIS), *combinations(AXIS, 2), AXIS):
        for r in ask("addendum_rate", Scope(by), store).rows:
            vector = held(by, [r[d] for d in by])
            assert r["denominator"] == sum(n * sum(parts[p].values()) for n, p in zip(vector, order, strict=True))
            shown.append(vector)
    for i, d in enumerate(AXIS):
        for value in {p[i] for p in order if p[i] is not None}:
            for by in ((), *((o,) for o in AXIS if o != d)):
                shown += [held((d, *by), [value, *(r[b] for b in by)]) for r in ask("addendum_rate", Scope(by, {d: (value,)}), store).rows]
    known = np.array(shown or [[0] * len(order)])
    rank = np.linalg.matrix_rank(known)
    alone = [p for p, of in parts.items() if max(of.values()) > 0.8 * sum(of.values())]
    for part in alone:
        assert np.linalg.matrix_rank(np.vstack([known, held(AXIS, part)])) > rank, part
    assert alone and len(shown) > 2


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
