"""Follow-up recommended: what the RIS says, what it does not say, and that nothing else is changed by it."""

import polars as pl
import pytest

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope
from tests.conftest import ADAPTER, COLUMNS, NETWORK

DONE = {"ended": "2026-07-01 10:00", "verified": "2026-07-02 10:00"}


@pytest.fixture
def network(make, monkeypatch):
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",follow_up")
    columns = 'is_follow_up_recommended = "follow_up"\n[values.is_follow_up_recommended]\n"Rec" = "true"\n"None" = "false"\n[latest]'
    return lambda rows: make(rows, network=NETWORK, adapter=ADAPTER.replace("[latest]", columns))


def figures(extract, metric="follow_up_rate"):
    answer = ask(metric, Scope(), Store(extract))
    return [(r["numerator"], r["denominator"]) for r in answer.rows], answer.n, {x.reason: x.count for x in answer.left_out}


def test_silence_is_not_a_no(network):
    said = ["Rec", "none", "y", "0", "", "perhaps"]
    extract = network([{**DONE, "acc": f"A{i}", "follow_up": text} for i, text in enumerate(said)])
    assert figures(extract) == ([(2, 4)], 4, {"follow_up_not_recorded": 2})
    flagged = extract.manifest["sources"][0]["flags"]
    assert flagged.get("unknown_is_follow_up_recommended") == 1, "an unknown sign is counted with its rule; a blank is none"


def test_it_needs_no_waiting_and_no_addendum(network):
    """A report of the last days counts at once; one whose first verification an addendum overwrote is left out and counted."""
    late = {"ended": "2026-10-29 10:00", "verified": "2026-10-29 12:00", "follow_up": "Rec"}
    lost = {**DONE, "acc": "B", "follow_up": "Rec", "addendum": "2026-07-01 20:00"}
    assert figures(network([{**late, "acc": "A"}, lost])) == ([(1, 1)], 1, {"addendum_overwrote_first": 1})


def test_the_newest_version_of_a_row_says(network):
    """Two versions that differ in nothing else are a change and not a copy."""
    first, second = ({**DONE, "acc": "A", "follow_up": f, "updated": f"2026-07-0{d} 09:00"} for f, d in (("None", 3), ("Rec", 4)))
    extract = network([first, second])
    assert figures(extract) == ([(1, 1)], 1, {})
    record = extract.manifest["sources"][0]["records"]
    assert (record["read"], record["kept"], record["superseded"], record["duplicates"]) == (2, 1, 1, 0)


def test_it_changes_no_other_figure(network, tmp_path):
    """Every metric of the same rows, with and without it."""
    rows = [{**DONE, "acc": f"A{i}", "modality": "CT" if i % 2 else "XR"} for i in range(8)]
    others = [m.id for m in load_catalogue().metrics.values() if "follow_up" not in m.id and not m.national]

    def told(extract):
        store, found = Store(extract), {}
        for metric in others:
            try:
                found[metric] = ask(metric, Scope(), store).rows
            except Exception as e:
                found[metric] = str(e)
        return found

    without = told(network(rows))
    assert told(network([{**r, "follow_up": "Rec"} for r in rows])) == without and len(without) > 20


def test_a_site_whose_ris_is_silent_is_in_no_comparison(network):
    rows = [{**DONE, "acc": f"A{i}", "site": "S1", "follow_up": "Rec" if i < 3 else "None"} for i in range(9)]
    rows += [{**DONE, "acc": f"B{i}", "site": "S2"} for i in range(5)]
    store = Store(network(rows))
    by_site = ask("follow_up_rate", Scope(("site_code",)), store)
    assert [(r["numerator"], r["denominator"], r["value"]) for r in by_site.rows] == [(3, 9, 3 / 9), (0, 0, None)]
    compared = ask("standardised_follow_up_ratio", Scope(("site_code",)), store)
    assert [(r["numerator"], r["denominator"]) for r in compared.rows] == [(3, pytest.approx(3))]
    assert {x.reason: x.count for x in compared.left_out} == {"follow_up_not_recorded": 5}


def test_the_sample_says_it_in_three_sources_alone(sample_extract):
    exam = pl.read_parquet(sample_extract.tables["exam"]).filter(pl.col("is_reported"))
    said = exam.group_by("source").agg(pl.col("is_follow_up_recommended").is_not_null().mean().alias("share"))
    shares = dict(said.rows())
    assert {s for s, share in shares.items() if share > 0.99} == {"north", "east", "west"}
    assert all(shares[s] == 0 for s in shares if s not in ("north", "east", "west"))
