"""Reporters compared: counted again in plain Python, and every way tried by which somebody withheld could be found."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from math import log
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readout import charts
from readout.__main__ import main
from readout.analysis import reporters
from readout.analysis.reporters import compared, over_time, pseudonym
from readout.engine.store import Store, Viewer
from readout.errors import UsageError
from readout.metrics import drill
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.release_policy import Reporters as Rule
from readout.metrics.scope import Scope
from readout.stats import variance
from readout.stats.dominance import withheld, withheld_throughout
from readout.wording import reporters as reporter_words
from tests.conftest import ADAPTER, COLUMNS, NETWORK
from tests.unit.test_fair import expected

RULE = Rule(least=5, most_share=0.8)
EXTRA = 'reporter_id = "reporter"\nassigned_at = "assigned"\n'


@pytest.fixture(scope="module")
def store(sample_extract) -> Store:
    return Store(sample_extract)


@pytest.fixture
def network(make, monkeypatch):
    """Publish rows with reporters: their number, and when the case was assigned."""
    monkeypatch.setattr("tests.conftest.COLUMNS", COLUMNS + ",reporter,assigned")
    return lambda rows: make(rows, network=NETWORK, adapter=ADAPTER.replace("[latest]", EXTRA + "[latest]"))


def reports(modality: str, site: str, counts: dict[str, int], amended: int = 0) -> list[dict[str, str]]:
    """So many reports by each reporter, verified in July 2026, the first `amended` of each with an addendum."""
    found = []
    for reporter, count in counts.items():
        for i in range(count):
            row = {"acc": f"{modality}{site}{reporter}{i}", "modality": modality, "site": site, "reporter": reporter}
            row |= {"ended": "2026-07-01 10:00", "assigned": "2026-07-01 12:00", "verified": f"2026-07-02 {10 + i % 8}:00"}
            found.append(row | ({"addendum": "2026-07-10 09:00"} if i < amended else {}))
    return found


def in_period(extract: Any, found: reporters.Reporters) -> list[dict[str, Any]]:
    rows = []
    for r in pl.read_parquet(extract.tables["exam"]).filter(pl.col("status") == "completed").iter_rows(named=True):
        first = r["first_verified_at"]
        if first is None or r["is_overwritten"] or r["reported_date"] is None or not found.first <= r["reported_date"].replace(day=1) <= found.last:
            continue
        rows.append({**r, "event": r["first_addendum_at"] is not None and r["first_addendum_at"] <= first + timedelta(days=30)})
    return rows


def test_addenda_by_reporter_equal_plain_python(sample_extract, store):
    found = compared("addendum", store)
    rows = in_period(sample_extract, found)
    theirs = expected(rows, lambda r: r["event"], "reporter_key", 200)
    ours = {r.name: (r.observed, r.expected, r.n) for r in found.reporters}
    assert len(ours) > 50 and len(ours) == len([v for k, v in theirs.items() if k is not None and v[1] > 0])
    for key, values in theirs.items():
        if key is not None and values[1] > 0:
            assert ours[pseudonym(key)] == pytest.approx(values[:3], rel=1e-9), key
    assert sum(v[1] for v in theirs.values()) == pytest.approx(sum(v[0] for v in theirs.values()))


def test_time_from_assignment_equals_plain_python(sample_extract, store):
    found = compared("assigned", store)
    total: dict[int, list[float]] = defaultdict(lambda: [0, 0.0])
    for r in in_period(sample_extract, found):
        if r["clock_state"] == "counted" and r["assigned_at"] is not None and r["assigned_at"] <= r["first_verified_at"] and r["reporter_key"] is not None:
            of = total[r["reporter_key"]]
            of[0] += 1
            of[1] += log(max(1, (r["first_verified_at"] - r["assigned_at"]).total_seconds() / 60))
    by_name = {pseudonym(k): v for k, v in total.items()}
    assert len(found.reporters) > 5
    for r in found.reporters:
        assert (r.n, r.observed) == pytest.approx(tuple(by_name[r.name]), rel=1e-9)
        assert r.ratio == pytest.approx(np.exp((r.observed - r.expected) / r.n))


def test_follow_up_by_reporter_equals_plain_python(sample_extract, store):
    found = compared("follow_up", store)
    rows = [{**r, "event": r["is_follow_up_recommended"]} for r in in_period(sample_extract, found) if r["is_follow_up_recommended"] is not None]
    theirs = {pseudonym(k): v for k, v in expected(rows, lambda r: r["event"], "reporter_key", 50).items() if k is not None and v[1] > 0}
    assert len(found.reporters) > 30 and {r.name for r in found.reporters} == set(theirs)
    for r in found.reporters:
        assert (r.observed, r.expected, r.n) == pytest.approx(theirs[r.name][:3], rel=1e-9), r.name


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_the_limits_drawn_are_those_that_judge(rate):
    """A rare event by the exact tails of a Poisson count, another by the normal form of the binomial: a reporter is outside where the mark is."""
    kind, chance = reporters.MEASURES["follow_up"], np.random.default_rng(7)
    rows = []
    for key in range(9):  # under ten: by chance alone
        n = int(chance.integers(900, 1800))
        e = n * rate
        rows.append({"reporter_key": key, "count_judged": n, "expected": e, "variance": e * (1 - rate), "count_observed": round(e * chance.choice((0.5, 1, 1.6)))})
    whole = sum(r["count_observed"] for r in rows) / sum(r["count_judged"] for r in rows)
    assert (whole < 0.1) == (rate < 0.1)
    sides = reporters.outside(kind, rows)
    for r in rows:
        low, _, _, high = reporters.limits(kind, np.array([r["expected"]]), rate, None)[0]
        ratio = r["count_observed"] / r["expected"]
        side = 1 if ratio > high else -1 if ratio < low else 0
        assert sides[r["reporter_key"]] == side or min(abs(ratio - low), abs(ratio - high)) < 0.6 / r["expected"], r
    assert {1, -1} & set(sides.values())


def test_nobody_is_compared_on_the_time_from_the_examination():
    """It is mostly the queue: the cube holds no reporter for lateness, and no measure asks for one."""
    assert {m.measure for m in reporters.MEASURES.values()} == {"addendum", "follow_up", "discrepancy", "assigned"}


def test_the_cube_names_no_reporter_of_a_late_examination(sample_extract):
    cube = pl.read_parquet(sample_extract.tables["case_mix"]).filter(pl.col("measure") == "late")
    assert cube.height > 100 and cube["reporter_key"].null_count() == cube.height


cells = st.dictionaries(st.sampled_from("ABCDEFG"), st.dictionaries(st.integers(1, 12), st.integers(1, 50), min_size=1, max_size=9), min_size=1, max_size=7)


def recovered(whole: dict[int, int], shown: dict[str, dict[int, int]], hidden: dict[str, dict[int, int]]) -> set[str]:
    """Subtract every choice of shown cells from the whole, reporter by reporter, and see whether a withheld cell is left."""
    found = set()
    for size in range(len(shown) + 1):
        for taken in combinations(shown, size):
            left = {k: v - sum(shown[t].get(k, 0) for t in taken) for k, v in whole.items()}
            left = {k: v for k, v in left.items() if v}
            found |= {name for name, cell in hidden.items() if cell == left}
    return found


def added(cells: dict[str, dict[int, int]]) -> dict[int, int]:
    whole: dict[int, int] = defaultdict(int)
    for cell in cells.values():
        for reporter, count in cell.items():
            whole[reporter] += count
    return dict(whole)


@settings(max_examples=300)
@given(cells)
def test_no_withheld_cell_is_found_by_subtraction(cells):
    hidden = withheld(cells, RULE)
    for name, cell in cells.items():
        breaks = len(cell) < RULE.least or max(cell.values()) > RULE.most_share * sum(cell.values())
        assert name in hidden or not breaks
    whole, shown = added(cells), {k: v for k, v in cells.items() if k not in hidden}
    if shown:  # the whole is shown too
        assert recovered(whole, shown, {k: cells[k] for k in hidden}) == set()
        rest = added({k: cells[k] for k in hidden})
        assert not rest or (len(rest) >= RULE.least and max(rest.values()) <= RULE.most_share * sum(rest.values()))


def test_the_recovery_program_finds_what_is_withheld_alone():
    """The program works: where only the cell that breaks the rule is held back, it is what is left of the whole."""
    many = {i: 10 for i in range(1, 8)}
    cells = {"CT": many, "MR": {i: 8 for i in range(1, 7)}, "NM": {1: 3, 2: 4}}
    alone = {"NM": cells["NM"]}
    shown = {k: v for k, v in cells.items() if k != "NM"}
    assert recovered(added(cells), shown, alone) == {"NM"}
    hidden = withheld(cells, RULE)
    assert hidden == {"NM", "MR"}, "the smaller of the others goes with it"
    assert recovered(added(cells), {"CT": many}, {k: cells[k] for k in hidden}) == set()


def test_relabelling_changes_what_is_withheld_by_its_name_alone():
    cells = {"A": {i: 10 for i in range(7)}, "B": {i: 6 for i in range(6)}, "C": {1: 3}}
    again = withheld({f"x{k}": v for k, v in cells.items()}, RULE)
    assert again == {f"x{k}" for k in withheld(cells, RULE)}


def test_a_choice_with_too_few_is_withheld_by_every_way(network, monkeypatch, capsys):
    """Nuclear medicine is read by two: no page, link, question, list or command shows one of them, and CT less the rest does not either."""
    seven, six = {f"R{i}": 30 for i in range(7)}, {f"R{i}": 20 for i in range(6)}
    extract = network(reports("CT", "S1", seven, 2) + reports("MR", "S1", six, 1) + reports("NM", "S2", {"R0": 9, "R9": 8}, 3))
    store = Store(extract)
    for measure in ("addendum", "assigned"):
        whole = compared(measure, store)
        assert len(whole.reporters) == 8 and whole.shown == {"site_code": (), "modality": ("CT",)}, "one site alone would give the other away"
        for dimension, value in (("modality", "NM"), ("modality", "MR"), ("site_code", "S1"), ("site_code", "S2")):
            found = compared(measure, store, dimension, value)
            assert found.reporters == () and "Withheld" in found.withheld and found.between is None and found.rate == 0
            assert reporter_words.finding(found) == found.withheld
        shown = {"CT": {r.name: r.n for r in compared(measure, store, "modality", "CT").reporters}}
        left = {r.name: r.n - shown["CT"].get(r.name, 0) for r in whole.reporters}
        assert sum(1 for n in left.values() if n) >= RULE.least, "what is left is of enough reporters"
    for metric in load_catalogue().metrics.values():
        assert not {"reporter", "reporter_key"} & set(metric.dimensions)
    for scope in (Scope(("reporter_key",)), Scope((), {"reporter_key": ("7",)})):
        with pytest.raises(UsageError, match="no dimension 'reporter_key'"):
            ask("standardised_addendum_ratio", scope, store)
        with pytest.raises(UsageError):
            drill.listing("reports", Scope((), {"reporter_key": ("7",)}), store)
    assert not [c for c in drill.listing("reports", Scope(), store).frame.columns if "reporter" in c]
    with pytest.raises(UsageError, match="not by 'trust_code'"):
        compared("addendum", store, "trust_code", "T1")
    with pytest.raises(UsageError, match="not compared on 'late'"):
        compared("late", store)
    assert main(["ask", "standardised_addendum_ratio", "--by", "reporter_key", "--extracts", str(extract.folder.parent)]) != 0
    assert "R-" not in capsys.readouterr().out


def test_one_who_made_nearly_all_is_withheld(network):
    extract = network(reports("CT", "S1", {"R0": 100, "R1": 2, "R2": 2, "R3": 2, "R4": 2, "R5": 2}))
    said = compared("addendum", Store(extract)).withheld
    assert "80 %" in said and "Choose all sites" not in said, "they are chosen already"


def test_a_viewer_of_one_site_sees_reports_of_that_site_alone(sample_extract, store):
    site = sample_extract.manifest["sites"][0]["site_code"]
    alone = Store(sample_extract, Viewer(frozenset({site})))
    found = compared("addendum", alone)
    everyone = {r.name: r.n for r in compared("addendum", store).reporters}
    assert found.reporters and all(r.n <= everyone[r.name] for r in found.reporters)
    rows = [r for r in in_period(sample_extract, found) if r["site_code"] == site and r["reporter_key"] is not None]
    assert sum(r.n for r in found.reporters) + found.count_apart == len(rows)
    assert set(found.shown["site_code"]) <= {site}
    with pytest.raises(UsageError):
        compared("addendum", alone, "site_code", sample_extract.manifest["sites"][1]["site_code"])


def test_a_reporter_sees_their_own_point_told_apart(sample_extract):
    key = next(k for k in pl.read_parquet(sample_extract.tables["case_mix"])["reporter_key"].to_list() if k is not None)
    own = compared("addendum", Store(sample_extract, Viewer(reporter_key=key)))
    assert [r.name for r in own.reporters if r.is_own] in ([pseudonym(key)], [])
    assert Viewer(reporter_key=key).key != Viewer().key
    marks = charts.funnel(own).data[-1]
    assert list(marks.text).count("You") == sum(r.is_own for r in own.reporters)


@pytest.mark.parametrize("measure", list(reporters.MEASURES))
def test_the_funnel_and_its_words(store, measure):
    found = compared(measure, store)
    if not found.reporters:  # a small sample in which peer review found nothing
        assert measure == "discrepancy" and "nobody can be compared" in reporter_words.finding(found)
        return
    figure = charts.funnel(found)
    assert len(figure.data[-1].x) == len(found.reporters)
    named = [t for t in figure.data[-1].text if t]
    assert len(named) == sum(r.is_lasting != 0 or r.is_own for r in found.reporters), "only who differs lastingly is named"
    text = " ".join((reporter_words.finding(found), reporter_words.limits(found), reporter_words.caveats(found), reporter_words.privacy(found)))
    assert "pseudonyms" in text and "%%" not in text
    assert [r.name for r in found.reporters] == sorted(r.name for r in found.reporters), "never in order of the ratio"


def test_the_course_over_time_equals_plain_python(sample_extract, store):
    """The median odds ratio of a window, from the same reports counted and expected here; windows end with a calendar quarter and are whole."""
    course = over_time("addendum", store)
    assert [p.last for p in course.points] == [date(2024, 12, 1), *(date(2025, m, 1) for m in (3, 6, 9, 12)), date(2026, 3, 1), date(2026, 6, 1)]
    for point in (course.points[0], course.points[-1]):
        window = replace(compared("addendum", store), first=(point.last - timedelta(days=330)).replace(day=1), last=point.last)
        theirs = expected(in_period(sample_extract, window), lambda r: r["event"], "reporter_key", 200)
        able = {k: v for k, v in theirs.items() if k is not None and 0 < v[1] < v[2]}
        share = np.array([v[1] / v[2] for v in able.values()])
        fit = variance.random_intercept(list(able), [v[0] for v in able.values()], [v[2] for v in able.values()], np.log(share / (1 - share)))
        assert point.value == pytest.approx(variance.median_odds_ratio(fit.sigma2), rel=1e-4)
        assert (point.n, point.events, point.units) == (sum(v[2] for v in able.values()), sum(v[0] for v in able.values()), len(able))
        assert point.low <= point.value <= point.high


def test_the_course_of_times_and_its_words(store):
    course = over_time("assigned", store)
    assert course.points and all(0 <= p.low <= p.value <= p.high <= 1 and p.events is None for p in course.points)
    text = reporter_words.course(course)
    assert "to Jun 2026" in text and "in the twelve before" in text and "no change can be told from chance" in text
    figure = charts.between_reporters(course)
    assert len(figure.data[0].x) == len(course.points) and "reporters" in figure.data[0].customdata[0]
    low, high = course.points[0], course.points[-1]
    apart = replace(course, points=(replace(low, last=date(2025, 6, 1), high=0.01), replace(high, value=0.5, low=0.4)))
    assert "it is higher now" in reporter_words.course(apart)
    assert "no twelve whole months" in reporter_words.course(replace(course, points=()))


months = st.lists(st.dictionaries(st.sampled_from("ABCDE"), st.dictionaries(st.integers(1, 9), st.integers(1, 30), max_size=8), max_size=5), min_size=6, max_size=6)
LENGTH = 3  # months of a window here


def spans(vectors: list[np.ndarray], target: np.ndarray) -> bool:
    """Whether sums and differences of what is known give the target."""
    if not vectors:
        return False
    known = np.array(vectors, float)
    return bool(np.linalg.matrix_rank(np.vstack([known, target])) == np.linalg.matrix_rank(known))


def found_over_time(periods: list[dict[str, dict[int, int]]], shown: set[str], now: Collection[str] = ()) -> set[str]:
    """Cells that break the rule and that some combination of what is given tells: of `shown` every run of `LENGTH` months, of `now` the last run, of all both.

    Cells known to be empty help who attacks; beside `now` nobody is taken to know them.
    """
    names = {name for cells in periods for name, cell in cells.items() if cell}
    atoms = [(name, i) for i, cells in enumerate(periods) for name in names if now or cells.get(name)]

    def of(chosen: Collection[str], months: range) -> np.ndarray:
        return np.array([name in chosen and i in months for name, i in atoms], float)

    runs = [range(i, i + LENGTH) for i in range(len(periods) - LENGTH + 1)]
    known = [of({name}, run) for name in shown for run in runs] + [of({name}, runs[-1]) for name in now]
    known += [of(names, run) for run in runs]
    found = set()
    for name in names:
        for first, last in combinations(range(len(periods) + 1), 2):
            cell = added({str(i): periods[i].get(name, {}) for i in range(first, last)})
            breaks = cell and (len(cell) < RULE.least or max(cell.values()) > RULE.most_share * sum(cell.values()))
            if breaks and spans(known, of({name}, range(first, last))):
                found.add(name)
    return found


@settings(max_examples=150)
@given(months)
def test_no_cell_is_found_from_windows_that_overlap(periods):
    """Windows that move on by a month, each with the whole, and the fixed period beside them: no sum or difference of any of them is a cell that breaks the rule."""
    names = {n for cells in periods for n, cell in cells.items() if cell}
    whole = [added(cells) for cells in periods]
    if not all(len(w) >= RULE.least and max(w.values()) <= RULE.most_share * sum(w.values()) for w in whole if w):
        return  # then the whole has no course
    last = {n: added({str(i): c.get(n, {}) for i, c in enumerate(periods[-LENGTH:])}) for n in names}
    hidden_now = withheld({n: cell for n, cell in last.items() if cell}, RULE)
    hidden = withheld_throughout(periods, RULE, hidden_now)
    assert hidden_now <= hidden
    assert found_over_time(periods, names - hidden) == set()
    assert found_over_time(periods, names - hidden, {n for n in names if last[n]} - hidden_now) == set()


def test_the_program_finds_what_windows_give_away():
    """It works: where each window is judged by itself, two that overlap tell the month by which they differ, though twelve months have enough."""
    many, one = {i: 10 for i in range(1, 7)}, {1: 3}
    periods = [{"A": many, "B": many}] * 3 + [{"A": many, "B": one}] + [{"A": many}] * 2
    assert found_over_time(periods, {"A", "B"}) == {"B"}
    assert withheld_throughout(periods, RULE) == {"A", "B"}, "what is left of the whole is B"
    assert found_over_time(periods, set()) == set()


def test_a_choice_that_a_month_gives_away_has_no_course(network):
    """Over twelve months CT has enough reporters; in one of them one person read all of it."""
    six = {f"R{i}": 20 for i in range(6)}
    rows = [
        r | {"acc": f"{r['acc']}{m}"} | {k: r[k].replace("2026-07", f"{2025 + m // 12}-{m % 12 + 1:02d}") for k in ("ended", "assigned", "verified")}
        for m in range(21)
        for r in reports("CT", "S1", {"R0": 20} if m == 10 else six) + reports("MR", "S2", six) + reports("XR", "S2", six)
    ]
    store = Store(network(rows))
    assert "CT" in compared("addendum", store).shown["modality"]
    assert over_time("addendum", store, "modality", "CT").withheld.startswith("Withheld: fewer than 5 reporters made these reports in some month")
    assert not over_time("addendum", store).withheld and not over_time("assigned", store).withheld
    hidden = [m for m in ("CT", "MR", "XR") if over_time("addendum", store, "modality", m).withheld]
    assert len(hidden) == 2, "and the smallest other with it"
    with pytest.raises(UsageError, match="not by 'trust_code'"):
        over_time("addendum", store, "trust_code", "T1")
