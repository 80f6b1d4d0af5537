"""What is known only after the event chooses no cohort: every metric is asked by every dimension, and what is answered adds up.

An examination without a report has no route, so a turnaround of one route holds only what was reported: the longest waits fall out.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from readout.engine.store import Store
from readout.errors import CatalogueError, UsageError
from readout.metrics import drill
from readout.metrics.answer import Answer, ask, data_end, dimension_labels
from readout.metrics.catalogue import COHORTS, Metric, load_catalogue
from readout.metrics.scope import DIMENSIONS, MOMENTS, Scope
from tests.conftest import ROOT

METRICS = load_catalogue().metrics
OUTCOMES = [d.name for d in DIMENSIONS.values() if d.known != "request"]
# Where a unit is counted once in each of its parts, or a part is a test that each report takes: not added up here.
REPEATED = {"timestamps_doubtful", "data_quality"}


@pytest.fixture(scope="module")
def store(sample_extract) -> Store:
    return Store(sample_extract)


def counts(answer: Answer) -> dict[str, float]:
    """The counts of an answer that must be the same however it is cut."""
    rows, kind = answer.rows, answer.metric.kind
    if kind.is_whole:
        return {"value": sum(r["value"] for r in rows)}
    if kind.is_time:
        return {c: sum(r[c] for r in rows) for c in ("n", "count_unreported")}
    if kind.is_curve:
        first: dict[Any, Any] = {}
        for r in rows:
            first.setdefault(tuple(r[d] for d in answer.scope.by), r)
        return {c: sum(r[c] for r in first.values()) for c in ("n", "count_unreported")}
    return {"numerator": sum(r["numerator"] for r in rows), "denominator": sum(r["denominator"] for r in rows)}


def refused(metric: Metric, scope: Scope, store: Store) -> str:
    with pytest.raises(UsageError) as e:
        ask(metric.id, scope, store)
    return str(e.value)


@pytest.mark.parametrize("name", OUTCOMES)
@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.id)
def test_every_metric_by_every_outcome_is_refused_or_adds_up(metric, name, store):
    """A refusal says why; an answer has a part for those without an outcome, and its parts and these make the whole."""
    known = dimension_labels(store).get(name, {})
    values = tuple(known)[:1] or ("x",)
    if name not in metric.dimensions:
        for scope in (Scope((name,)), Scope(where={name: values})):
            said = refused(metric, scope, store)
            if MOMENTS.index(DIMENSIONS[name].known) > MOMENTS.index(COHORTS[metric.cohort]):
                assert DIMENSIONS[name].lacks in said and "look better than it is" in said, said
                assert all(m in METRICS for m in DIMENSIONS[name].instead)
        return
    if metric.id in REPEATED or any(t not in store.extract.tables for q in metric.queries for t in q.reads):
        return
    whole, cut = ask(metric.id, Scope(), store), ask(metric.id, Scope((name,)), store)
    if metric.kind.roles.get("value") == "days":
        assert max(r["value"] or 0 for r in cut.rows) == whole.rows[0]["value"], "the longest wait of all is that of one of the parts"
        return
    if name == "sampled_how":
        return  # without it only samples are counted; with it the others too, each under its own
    gone = sum(x.count for x in cut.left_out if x.reason == "one_reader")
    if "count_judged" in metric.more or gone:  # rows withheld as one reporter's are in the account
        judged = "count_judged" if "count_judged" in metric.more else "denominator"
        assert sum(r[judged] for r in cut.rows) + gone == sum(r[judged] for r in whole.rows)
        return
    parts, total = counts(cut), counts(whole)
    if metric.id in ("reporting_route_mix",) or (name in metric.ends and metric.kind.is_ratio):
        assert sum(r["numerator"] for r in cut.rows) == whole.rows[0]["denominator"]
        assert {r["denominator"] for r in cut.rows} == {whole.rows[0]["denominator"]}, "each part is of the whole"
        assert sum(r["value"] for r in cut.rows) == pytest.approx(1, abs=1e-12)
        assert cut.n == whole.n
    else:
        assert parts == total, (parts, total)


@pytest.mark.parametrize("metric", [m for m in METRICS.values() if "ended_by" in m.dimensions], ids=lambda m: m.id)
def test_a_share_by_route_is_of_everybody(metric, store):
    """By month, site and pathway, and under a filter of one route: the denominator is that of the plain figure, reported or not."""
    plain = METRICS[metric.id.removesuffix("_by_route")]
    for by in ((), ("month",), ("site_code", "pathway")):
        those = {tuple(r[d] for d in by): r for r in ask(plain.id, Scope(by), store).rows}
        cut: dict[tuple[Any, ...], dict[str, Any]] = {}
        for r in ask(metric.id, Scope((*by, "ended_by")), store).rows:
            cut.setdefault(tuple(r[d] for d in by), {})[r["ended_by"]] = r
        assert set(cut) == {k for k, r in those.items() if r["denominator"]}
        for key, ends in cut.items():
            assert {r["denominator"] for r in ends.values()} == {those[key]["denominator"]}
            assert sum(r["numerator"] for r in ends.values()) == those[key]["denominator"]
            in_time = sum(r["numerator"] for e, r in ends.items() if e not in ("reported_later", "not_yet_reported"))
            assert in_time == those[key]["numerator"]
        one = ask(metric.id, Scope(by, {"ended_by": ("in_house",)}), store)
        assert {tuple(r[d] for d in by): r["denominator"] for r in one.rows} == {k: r["denominator"] for k, r in those.items() if r["denominator"]}
        assert one.n == ask(plain.id, Scope(by), store).n


def test_a_route_does_not_make_a_turnaround_faster(store):
    """The question that brought the reported-only bias back says why it is not answered, and what to ask."""
    for metric in ("within_28_days", "exam_to_report", "report_survival", "request_to_report", "turnaround_bands", "report_arrivals"):
        for scope in (Scope(("reporting_route",)), Scope(("month",), {"reporting_route": ("in_house",)})):
            said = refused(METRICS[metric], scope, store)
            assert "an examination that is not reported has no route yet" in said and "within_28_days_by_route" in said, said
    said = refused(METRICS["standardised_late_ratio"], Scope(("supplier",)), store)
    assert "no reporting organisation yet" in said


@pytest.mark.parametrize(("metric", "name"), [(m.id, d) for m in METRICS.values() for d in m.as_at_end])
def test_what_is_known_at_the_end_of_the_data_is_told_of_no_earlier_day(metric, name, store):
    """Of an earlier list the route is who reported it since, and whether it was booked is not kept: a filter would empty it (it gave 0)."""
    end = data_end(store)
    value = "outsourced" if name == "reporting_route" else "booked"
    for scope in (Scope().between(None, end - timedelta(days=40)), Scope(("month",)), Scope(where={"month": ("2026-03",)})):
        said = refused(METRICS[metric], replace(scope, where={**scope.where, name: (value,)}), store)
        assert "of an earlier day cannot be narrowed" in said and str(end) in said
        cut = ask(metric, replace(scope, by=(*scope.by, name)), store)
        if METRICS[metric].unit != "days":
            assert counts(cut) == counts(ask(metric, scope, store))
        if not scope.by:
            assert {r[name] for r in cut.rows} == {None}, "all of an earlier list stands in a row of its own"
    for scope in (Scope(), Scope(("month",)).between(end.replace(day=1), None), Scope(("month",), {"month": (f"{end:%Y-%m}",)})):
        ask(metric, replace(scope, where={**scope.where, name: (value,)}), store)
    kind = "waiting" if name == "booking" else "unreported"
    with pytest.raises(UsageError, match="cannot be narrowed"):
        drill.listing(kind, Scope((), {name: (value,)}, None, end - timedelta(days=40)), store)


def test_the_unreported_of_a_route_say_how_many_have_none(store):
    """Filtered by a route, those not yet with one are in the account: together with every route they are all."""
    whole = ask("unreported", Scope(), store)
    routes = [ask("unreported", Scope(where={"reporting_route": (r,)}), store) for r in dimension_labels(store)["reporting_route"]]
    without = {next(x.count for x in a.left_out if x.reason == "route_not_known_yet") for a in routes}
    assert len(without) == 1 and sum(a.n for a in routes) + without.pop() == whole.n > 0


def broken(tmp_path, *changes: tuple[str, str]) -> str:
    """The sentence of a catalogue whose entries are changed."""
    folder = tmp_path / "queries"
    if not folder.exists():
        folder.mkdir()
        for path in (ROOT / "queries").iterdir():
            (folder / path.name).symlink_to(path) if path.name != "metrics.toml" else None
    text = (ROOT / "queries" / "metrics.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "metrics.toml").write_text(text, "utf-8")
    load_catalogue.cache_clear()
    try:
        with pytest.raises(CatalogueError) as e:
            load_catalogue(folder)
    finally:
        load_catalogue.cache_clear()
    return str(e.value)


def test_the_catalogue_refuses_an_outcome_as_a_cohort(tmp_path):
    """At the start, naming the entry, whoever writes it: by the moment at which a dimension is known and the one at which the cohort begins."""
    said = broken(tmp_path, ('ends = ["ended_by"]\n', ""))
    assert "[within_28_days_by_route]" in said and "known only later" in said
    said = broken(tmp_path, ('as_at_end = ["booking"]\n', ""))
    assert "[waiting]" in said and "'booking'" in said
    first = METRICS["reports"]
    assert first.begins == "report"
    said = broken(tmp_path, ('label = "Reports verified"', 'label = "Reports verified"\nends = ["band"]'))
    assert "[reports]" in said and "not among its dimensions" in said
    said = broken(tmp_path, ('cohort = "verified"', 'cohort = "examined"'))
    assert "known only later" in said and "reporting_route" in said
    said = broken(tmp_path, ('cohort = "verified"', 'cohort = "reported"'))
    assert "cohort 'reported' is not known" in said


def test_every_dimension_known_later_says_who_lacks_it():
    for d in DIMENSIONS.values():
        assert (d.known == "request") == (d.lacks == ""), d.name
        assert set(d.instead) <= set(METRICS)
