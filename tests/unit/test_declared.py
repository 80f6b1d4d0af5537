"""What a returned number is stands in its query's header: nothing is withheld, or shown, because of how a column is called."""

import re
import shutil

import pytest

from readout.engine.query_file import ROLES, load_queries
from readout.engine.store import Store
from readout.errors import CatalogueError, ScopeError
from readout.metrics import release
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import DIMENSIONS, Scope
from readout.paths import QUERIES

METRICS = load_catalogue().metrics
LEAST = 8


@pytest.fixture(scope="module")
def store(sample_extract):
    with Store(sample_extract) as opened:
        yield opened


@pytest.fixture
def queries(tmp_path):
    """A copy of the catalogue and its queries, to be spoilt."""
    return shutil.copytree(QUERIES, tmp_path / "queries")


def rename(folder, old, new):
    """Call a returned column something else, in the query, its header and the catalogue; the table that it is summed from stays."""
    query, entries = folder / "metrics" / "activity.sql", folder / "metrics.toml"
    query.write_text(re.sub(rf"(?<!\(){old}\b", new, query.read_text("utf-8")), "utf-8")
    column = 'numerator = "{}", denominator = "count_timed"'
    entries.write_text(entries.read_text("utf-8").replace(column.format(old), column.format(new)), "utf-8")


@pytest.mark.parametrize("metric_id", METRICS)
def test_in_public_no_number_of_any_breakdown_is_a_count_of_one_to_seven(metric_id, store):
    """Every metric by every dimension it has, and by site and modality at once. Only numbers declared to count nobody may be small."""
    metric = METRICS[metric_id]
    if release.is_published(metric):
        pytest.skip("a published return, whose figures are public already")
    breakdowns = [(), *((d,) for d in metric.dimensions), *([("site_code", "modality")] if {"site_code", "modality"} <= set(metric.dimensions) else [])]
    asked = 0
    for by in breakdowns:
        try:
            answer = ask(metric_id, Scope(by), store).release("public")
        except ScopeError:
            continue  # this breakdown, or this metric, cannot leave at all
        asked += 1
        roles = metric.kind.roles
        for column in answer.frame.columns:
            if column in DIMENSIONS or not answer.frame[column].dtype.is_numeric() or roles.get(column) == "plain":
                continue
            if roles.get(column) in ("hours", "days", "share") or (column == "value" and metric.kind.is_ratio):
                continue
            small = [v for v in answer.frame[column] if v is not None and 0 < abs(v) < LEAST]
            assert not small, f"{metric_id} by {by}: {column} ({roles.get(column)}) shows {small[:3]}"
    assert asked or not release.may_compare(metric, store_profile(store))


def store_profile(store):
    return ask("activity", Scope(), store).policy.profile("public")


def test_a_number_that_does_not_say_what_it_is_stops_the_start(queries):
    rename(queries, "count_out_of_hours", "n_weekend")
    header = queries / "metrics" / "activity.sql"
    header.write_text(header.read_text("utf-8").replace("n_weekend hugeint people", "n_weekend hugeint"), "utf-8")
    with pytest.raises(CatalogueError, match=r"activity\.sql returns 'n_weekend' and does not say what it is.*'n_weekend hugeint people'"):
        load_catalogue(queries)


def test_a_numerator_of_any_name_is_withheld_like_every_count(queries, store):
    """The share of examinations out of hours, its numerator called n_weekend: exactly what leaves under its shipped name."""
    rename(queries, "count_out_of_hours", "n_weekend")
    renamed = load_catalogue(queries)
    scope = Scope(("site_code", "modality"), {"pathway": ("suspected_cancer",)})
    ours = ask("out_of_hours_share", scope, store, renamed)
    assert any(0 < n < LEAST for n in ours.frame["numerator"]), "no small count stands in this breakdown: the test would show nothing"
    assert ours.release("public").frame.equals(ask("out_of_hours_share", scope, store).release("public").frame)


@pytest.mark.parametrize("query", load_queries(QUERIES / "metrics").values(), ids=lambda q: q.name)
def test_every_returned_number_says_what_it_is(query):
    assert query.undeclared((*DIMENSIONS, "reporter_key")) == []
    assert set(query.roles.values()) <= set(ROLES)
    named_like_a_count = [c for c in query.returns if c.startswith("count_") and query.roles.get(c) not in ("people", "plain")]
    assert named_like_a_count == []


def test_what_counts_nobody_is_a_short_list():
    """Each of these is shown exactly in public: a new one is added here by hand, by somebody who has thought about it."""
    plain = {(q.name, c) for q in load_queries(QUERIES / "metrics").values() for c, role in q.roles.items() if role in ("plain", "expected")}
    assert plain == {
        ("per_working_day", "count_working_days"),
        ("per_working_day", "weighted_days"),
        ("national_activity", "count_providers"),
        ("national_list", "count_providers"),
        ("standardised", "expected"),
    }
