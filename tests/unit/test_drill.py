"""The rows behind a figure: as many as the figure says, each shown once, to whom they are open, and naming nobody."""

import csv
import gzip
import random
import re
from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest

from readout import schema
from readout.engine.store import Store, Viewer
from readout.errors import ScopeError, UsageError
from readout.metrics import drill
from readout.metrics.answer import ask
from readout.metrics.drill import listing, released
from readout.metrics.scope import Scope, month_end, months_between
from readout.ui import drill_links
from readout.ui.listing import export
from readout.wording.findings import of_list

ROUNDS = 80  # random scopes a figure, each checked against several
FRAME = ("site_code", "modality", "pathway", "patient_class", "urgency", "trust_code")


@pytest.fixture(scope="module")
def store(sample_extract):
    return Store(sample_extract)


@pytest.fixture(scope="module")
def ends(sample_extract) -> date:
    return max(at.date() for at in sample_extract.data_through.values())


@pytest.fixture(scope="module")
def values(sample_extract) -> dict[str, list[str]]:
    """What each filter may hold."""
    sites = sample_extract.manifest["sites"]
    return {
        "site_code": [s["site_code"] for s in sites],
        "trust_code": sorted({t for s in sites for t in s["trusts"]}),
        "modality": ["XR", "CT", "MR", "US"],
        "pathway": list(schema.PATHWAYS),
        "patient_class": list(schema.PATIENT_CLASSES),
        "urgency": list(schema.URGENCIES),
        "reporting_route": list(schema.ROUTES),
        "place": list(schema.PLACES),
        "booking": list(schema.BOOKINGS),
        "reader": list(schema.READERS),
        "supplier": list(sample_extract.manifest["suppliers"]),
    }


def chosen(chance: random.Random, values: dict[str, list[str]], *dimensions: str) -> dict[str, tuple[str, ...]]:
    """None, one, or a few values of some of the dimensions; few enough filters that rows are left."""
    picked = chance.sample(dimensions, chance.choice((0, 1, 1, 2, 3)))
    return {d: tuple(chance.sample(values[d], chance.randint(1, min(3, len(values[d]))))) for d in picked}


def past(chance: random.Random, ends: date) -> date | None:
    """A day of the last year, one past the end of the data, or none."""
    return chance.choice((None, ends - timedelta(days=chance.randint(0, 365)), ends - timedelta(days=chance.randint(0, 20)), ends + timedelta(days=3)))


def known_at(dimension: str, day: date | None, ends: date) -> tuple[str, ...]:
    """A filter known only of what still waits when the data ends: of no earlier day."""
    return (dimension,) if day is None or day >= ends else ()


def every(kind: str) -> Scope:
    """All that a list may hold: the small sample has reviews that found something only among those chosen for a reason."""
    return Scope(where={"sampled_how": tuple(schema.SAMPLINGS)} if kind == "reviewed" else {})


def single(metric: str, scope: Scope, store: Store, column: str = "value") -> int:
    """The one figure of a scope; no row is nothing counted."""
    rows = ask(metric, scope, store).rows
    assert len(rows) <= 1
    return int(rows[0][column] or 0) if rows else 0


def test_the_unreported_on_any_day_are_as_many_as_their_rows(store, values, ends):
    """And of those over their standard, as many rows say so."""
    chance, some = random.Random(11), 0
    bands = {**values, "band": list(drill_links.BANDS["unreported"])}
    for _ in range(ROUNDS):
        day = past(chance, ends)
        scope = Scope(where=chosen(chance, bands, *FRAME, *known_at("reporting_route", day, ends), "band", "place")).between(None, day)
        rows = listing("unreported", scope, store, rows=drill.MOST)
        assert rows.total == rows.frame.height == single("unreported", scope, store), scope
        assert rows.frame["is_over_standard"].sum() == single("unreported_over_standard", scope, store), scope
        old = rows.frame.filter(pl.col("age_days") >= 10).height
        assert old == single("backlog_10_days", scope, store), scope
        for over, metric in (("10_days", "backlog_10_days"), ("standard", "unreported_over_standard")):
            assert listing("unreported", scope.filtered("over", (over,)), store, rows=1).total == single(metric, scope, store), (over, scope)
        some += bool(rows.total)
    assert some > ROUNDS / 2, "most scopes hold rows, else this shows little"


def test_the_unreported_at_a_month_end_are_as_many_as_their_rows(store, values, ends):
    chance = random.Random(12)
    months = months_between(ends - timedelta(days=300), ends)
    for _ in range(ROUNDS // 3):
        scope = Scope(where={**chosen(chance, values, *FRAME, "place"), "month": (chance.choice(months).isoformat(),)})
        assert listing("unreported", scope, store).total == single("unreported", replace(scope, by=("month",)), store), scope
        of_waits = Scope(where={k: v for k, v in scope.where.items() if k in drill.DIMENSIONS["waiting"]})
        assert listing("waiting", of_waits, store).total == single("waiting", replace(of_waits, by=("month",)), store), of_waits


def test_the_waiting_list_on_any_day_is_as_long_as_its_rows(store, values, ends):
    chance, some = random.Random(13), 0
    bands = {**values, "band": list(drill_links.BANDS["waiting"])}
    for _ in range(ROUNDS):
        day = past(chance, ends)
        scope = Scope(where=chosen(chance, bands, *FRAME, "band", *known_at("booking", day, ends))).between(None, day)
        rows = listing("waiting", scope, store, rows=drill.MOST)
        assert rows.total == rows.frame.height == single("waiting", scope, store), scope
        some += bool(rows.total)
    assert some > ROUNDS / 2


def test_the_examinations_of_a_turnaround_are_as_many_as_their_rows(store, values, ends):
    """Its n, its unreported, and each of its bands."""
    chance, some = random.Random(14), 0
    for _ in range(ROUNDS):
        start = chance.choice((None, ends - timedelta(days=chance.randint(0, 500))))
        stop = chance.choice((None, (start or ends - timedelta(days=200)) + timedelta(days=chance.randint(0, 150))))
        scope = Scope(where=chosen(chance, values, *FRAME)).between(start, stop)
        assert listing("reports", scope, store).total == single("exam_to_report", scope, store, "n"), scope
        unreported = listing("reports", scope.filtered("verdict", ("unreported",)), store)
        assert unreported.total == single("exam_to_report", scope, store, "count_unreported"), scope
        assert not unreported.frame["is_reported"].any()
        band = scope.filtered("band", chance.sample(drill_links.BANDS["reports"], chance.randint(1, 3)))
        assert listing("reports", band, store).total == single("turnaround_bands", band, store), band
        some += bool(unreported.total)
    assert some > ROUNDS / 3


def test_what_missed_its_standard_is_as_many_as_its_rows(store, values, ends):
    """And what met it, met it early, or is pending; two of them together are their sum."""
    chance, some = random.Random(15), 0
    for _ in range(ROUNDS):
        start = chance.choice((None, ends - timedelta(days=chance.randint(0, 400))))
        scope = Scope(where=chosen(chance, values, *FRAME)).between(start, None)
        row = next(iter(ask("within_pathway_standard", scope, store).rows), {})
        met, mature, early, pending = (row.get(c) or 0 for c in ("numerator", "denominator", "count_met_early", "count_pending"))
        figures = {"met": met, "missed": mature - met, "met_early": early, "pending": pending}
        for verdict, figure in figures.items():
            rows = listing("reports", scope.filtered("verdict", (verdict,)), store, rows=drill.MOST)
            assert rows.total == rows.frame.height == figure, (verdict, scope)
            assert set(rows.frame["verdict"]) <= {verdict}
        two = chance.sample(list(figures), 2)
        assert listing("reports", scope.filtered("verdict", two), store).total == sum(figures[v] for v in two), scope
        some += bool(mature - met)
    assert some > ROUNDS / 2


def period(chance: random.Random, ends: date) -> tuple[date | None, date | None]:
    start = chance.choice((None, ends - timedelta(days=chance.randint(60, 700))))
    return start, chance.choice((None, (start or ends - timedelta(days=500)) + timedelta(days=chance.randint(0, 400))))


ADDENDA = {"addendum": (), "clinical": ("clinical",), "administrative": ("administrative",)}


def test_the_amended_are_as_many_as_their_rows(store, values, ends):
    """Of every kind: the rate, and what is beside the case mix by site, by who reported and by supplier; the units of a chart together are its rows."""
    chance, some = random.Random(16), 0
    for _ in range(ROUNDS):
        scope = Scope(where=chosen(chance, values, *FRAME, "reader", "supplier")).between(*period(chance, ends))
        kind, classes = chance.choice(list(ADDENDA.items()))
        classed = scope.filtered("addendum_class", classes)
        if any(x.reason == "one_reader" for x in ask("addendum_rate", scope, store).left_out):
            if {"reader", "supplier"} & {d for d, v in scope.where.items() if v}:
                with pytest.raises(ScopeError, match="nearly all one reader's"):
                    listing("amended", classed, store)
            continue  # the figure is withheld from who may not see its rows
        rows = listing("amended", classed, store, rows=drill.MOST)
        assert rows.total == rows.frame.height == single("addendum_rate" if kind == "addendum" else f"{kind}_addendum_rate", scope, store, "numerator"), (kind, scope)
        unit = chance.choice(("site_code", "reader", "supplier"))
        drawn = [r for r in ask(f"standardised_{kind}_ratio", replace(scope, by=(unit,)), store).rows if r["denominator"] and r[unit] is not None]
        for r in drawn:
            assert listing("amended", classed.filtered(unit, (r[unit],)), store, rows=1).total == r["numerator"], (kind, unit, r[unit], scope)
        together = listing("amended", classed.filtered(unit, [r[unit] for r in drawn]), store, rows=1).total if drawn else 0
        assert together == sum(r["numerator"] for r in drawn)
        some += bool(rows.total)
    assert some > ROUNDS / 3


def test_the_reports_that_recommend_follow_up_are_as_many_as_their_rows(store, values, ends):
    chance, some = random.Random(18), 0
    for _ in range(ROUNDS):
        scope = Scope(where=chosen(chance, values, *FRAME, "reader", "supplier")).between(*period(chance, ends))
        if any(x.reason == "one_reader" for x in ask("follow_up_rate", scope, store).left_out):
            continue
        rows = listing("recommending", scope, store, rows=drill.MOST)
        assert rows.total == rows.frame.height == single("follow_up_rate", scope, store, "numerator"), scope
        unit = chance.choice(("site_code", "reader", "supplier"))
        for r in ask("standardised_follow_up_ratio", replace(scope, by=(unit,)), store).rows:
            if r["denominator"] and r[unit] is not None:
                assert listing("recommending", scope.filtered(unit, (r[unit],)), store, rows=1).total == r["numerator"], (unit, r[unit], scope)
        some += bool(rows.total)
    assert some > ROUNDS / 3


def test_what_a_route_reported_in_time_is_as_many_as_its_rows(store, values, ends):
    """A list may be narrowed by who reported: it is a list and no share."""
    chance, some = random.Random(17), 0
    for _ in range(ROUNDS // 2):
        scope = Scope(where=chosen(chance, values, *FRAME)).between(*period(chance, ends))
        for r in ask("within_pathway_standard_by_route", replace(scope, by=("ended_by",)), store).rows:
            if r["ended_by"] in schema.ROUTES:
                met = scope.filtered("verdict", ("met",)).filtered("reporting_route", (r["ended_by"],))
                assert listing("reports", met, store, rows=1).total == r["numerator"], scope
                some += r["numerator"] > 0
    assert some > ROUNDS


def test_no_list_knows_a_reporter():
    for kind, query in drill._queries().items():
        assert not [n for n in (*drill.DIMENSIONS[kind], *query.returns, *query.params) if "reporter" in n], kind


@pytest.mark.parametrize(("kind", "column"), [("unreported", "age_days"), ("waiting", "wait_days"), ("reports", "hours")])
def test_pages_hold_every_row_once_the_longest_wait_first(kind, column, store):
    scope = Scope(where={"modality": ("CT",)}).between(date(2026, 1, 1), None) if kind == "reports" else Scope().between(None, date(2026, 8, 14))
    whole = listing(kind, scope, store, rows=drill.MOST)
    assert whole.total > 14
    size = -(-whole.total // 7)
    starts = range(0, whole.total, size)
    pages = [listing(kind, scope, store, rows=size, skip=s) for s in starts]
    assert {p.total for p in pages} == {whole.total}
    assert [p.skipped for p in pages] == list(starts)
    assert pl.concat([p.frame for p in pages]).equals(whole.frame)
    assert whole.frame["reference"].n_unique() == whole.total
    waited = whole.frame[column].to_list()
    order = "exam_local" if kind == "unreported" else "asked_date" if kind == "waiting" else None
    if order:
        assert whole.frame[order].is_sorted()
    else:
        assert waited == sorted(waited, reverse=True)


@pytest.mark.parametrize("kind", drill.DIMENSIONS)
def test_a_page_past_the_last_is_empty_and_still_says_how_many_there_are(kind, store):
    first = listing(kind, every(kind), store, rows=1)
    beyond = listing(kind, every(kind), store, rows=10, skip=first.total + 5)
    assert beyond.frame.height == 0 and beyond.total == first.total > 1
    assert beyond.frame.columns == first.frame.columns
    assert listing(kind, Scope(), store, rows=-3, skip=-1).skipped == 0


@pytest.mark.parametrize("kind", drill.DIMENSIONS)
def test_who_may_not_see_single_examinations_sees_none(kind, sample_extract):
    """Not by the list, nor by any other query: the table is not there for such a viewer, and the figures need it not."""
    shut = Store(sample_extract, Viewer())
    with pytest.raises(ScopeError, match="not open to you"):
        listing(kind, Scope(), shut)
    query = drill._queries()[kind]
    with pytest.raises(Exception, match=r"(exam|peer_review) does not exist"):
        shut.query(query, Scope().parameters(query.params, {"until_date": None, "max_rows": 1, "skipped_rows": 0}))
    views = {r[0] for r in shut._connection.execute("select view_name from duckdb_views() where not internal").fetchall()}
    assert "exam" not in views and "clocked" in views
    assert ask("unreported", Scope(), shut).rows == ask("unreported", Scope(), Store(sample_extract)).rows


def test_a_viewer_of_one_site_sees_the_rows_of_that_site_alone(sample_extract, store, values):
    mine, other = values["site_code"][:2]
    view = Store(sample_extract, Viewer(frozenset({mine}), may_drill=True))
    for kind in drill.DIMENSIONS:
        seen = listing(kind, every(kind), view, rows=drill.MOST)
        assert seen.total and set(seen.frame["site_code"]) == {mine}, kind
        assert seen.frame.equals(listing(kind, every(kind).filtered("site_code", (mine,)), store, rows=drill.MOST).frame), kind
        assert other not in seen.labels["site_code"]
        with pytest.raises(UsageError, match="not a site of this extract"):
            listing(kind, Scope(where={"site_code": (other,)}), view)
    assert listing("unreported", Scope(), view).total == single("unreported", Scope(), view)
    nothing = Store(sample_extract, Viewer(frozenset(), may_drill=True))
    assert all(listing(kind, Scope(), nothing).total == 0 for kind in drill.DIMENSIONS)


def test_what_is_unknown_says_what_was_perhaps_meant(store):
    with pytest.raises(UsageError, match=r"no list 'unreport'.*Did you mean 'unreported'"):
        listing("unreport", Scope(), store)
    with pytest.raises(UsageError, match=r"'unreported' cannot be filtered by 'bnd'.*Did you mean 'band'"):
        listing("unreported", Scope(where={"bnd": ("x",)}), store)
    with pytest.raises(UsageError, match="'waiting' cannot be filtered by 'place'"):
        listing("waiting", Scope(where={"place": ("assigned",)}), store)
    with pytest.raises(UsageError, match=r"'CTT' is not a modality.*Did you mean 'CT'"):
        listing("reports", Scope(where={"modality": ("CTT",)}), store)
    with pytest.raises(UsageError, match="Did you mean 'assigned'"):
        listing("unreported", Scope(where={"place": ("With a reporter",)}), store)


def test_a_list_whose_table_is_absent_says_which(store, monkeypatch):
    tables = {k: v for k, v in store.extract.tables.items() if k != "exam"}
    monkeypatch.setitem(vars(store.extract), "tables", tables)
    with pytest.raises(UsageError, match="needs the table 'exam'"):
        listing("waiting", Scope(), store)


def test_no_row_leaves_in_a_public_release(store):
    found = listing("unreported", Scope(), store)
    assert released(found).equals(found.frame)
    with pytest.raises(ScopeError, match="do not leave in the public release"):
        released(found, "public")
    for profile in ("board", ""):
        with pytest.raises(UsageError, match="no release profile"):
            released(found, profile)


@pytest.mark.parametrize("kind", drill.DIMENSIONS)
def test_an_export_names_its_filters_and_holds_every_row(kind, store, sample_extract, values):
    site = sample_extract.manifest["sites"][0]
    start = date(2025, 11, 1) if kind in (*drill.STOCKS, "reports") else date(2023, 11, 1)
    where = {**every(kind).where, "site_code": (site["site_code"],), "modality": ("CT", "XR", "MR")}
    scope = Scope(where=where).between(start, month_end(date(2026, 8, 1)))
    whole = listing(kind, scope, store, rows=drill.MOST)
    assert whole.total > (kind != "reviewed")
    text = export(whole)
    head = [line for line in text.splitlines() if line.startswith("# ")]
    for said in (whole.label, site["site_name"], "CT", "X-ray", sample_extract.id, f"{whole.total} of {whole.total} rows"):
        assert any(said in line for line in head), (said, head)
    assert "31 Aug 2026" in head[0] and of_list(whole) in head[0]
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("# ")))
    assert [r["reference"] for r in rows] == whole.frame["reference"].to_list()


def test_a_reference_is_no_number_of_the_ris(store, sample):
    """Sixteen hexadecimal digits; neither they nor any other cell is an accession or a patient number of the raw exports."""
    frames = {kind: listing(kind, every(kind), store, rows=drill.MOST).frame for kind in drill.DIMENSIONS}
    assert not {"accession", "patient_id", "patient_key", "exam_id", "reporter_id"} & {c for f in frames.values() for c in f.columns}
    references = pl.concat([f["reference"] for f in frames.values()]).unique()
    assert references.str.contains(r"^[0-9a-f]{16}$").all()
    raw = b"\n".join(gzip.decompress(p.read_bytes()) for p in sorted((sample / "inbox").glob("*/*.csv.gz")) if "national" not in p.parts)
    tokens = {t for t in re.findall(r"\w{5,}", raw.decode("utf-8", "replace")) if re.search(r"\d{4}", t)}
    assert len(tokens) > 6_000
    numbers = {r: int(r, 16) for r in references}
    assert not tokens & {t for r, n in numbers.items() for t in (r, str(n), str(n - 2**64), f"{n:x}")}
    for kind, frame in frames.items():
        for column in (c for c in frame.columns if frame[c].dtype == pl.String and c != "reference"):
            said = set(frame[column].drop_nulls().unique())
            assert len(said) < 200 and not said & tokens, (kind, column)
