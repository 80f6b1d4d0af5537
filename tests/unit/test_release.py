"""What leaves an answer: no small count can be worked out from a public release, and equal counts read equal everywhere."""

import csv as csv_module
import io
import itertools
import json
import math
from collections import defaultdict
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from readout.__main__ import main
from readout.engine.store import Store
from readout.errors import ScopeError, UsageError
from readout.metrics import release as rules
from readout.metrics.answer import LeftOut, ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.release_policy import load_policy
from readout.metrics.scope import Scope
from readout.stats.disclosure import SHOWN, SMALL, is_small, protect, rounded
from tests.files import csv_of

LEAST, BASE = 8, 5
METRICS = list(load_catalogue().metrics)


@pytest.fixture(scope="module")
def store(sample_extract):
    with Store(sample_extract) as opened:
        yield opened


@pytest.fixture(scope="module")
def counts(store):
    return ask("activity", Scope(), store)


@pytest.fixture(scope="module")
def shares(store):
    return ask("out_of_hours_share", Scope(), store)


def with_table(answer, table, by):
    """The answer with rows of our own: sums of a table, {(site, modality): numbers}, over what is not in `by`."""
    columns = list(answer.metric.kind.columns)
    sums = defaultdict(lambda: [0] * len(columns))
    for (site, modality), numbers in table.items():
        key = tuple({"site_code": site, "modality": modality}[d] for d in by)
        sums[key] = [a + b for a, b in zip(sums[key], numbers, strict=True)]
    rows = [dict(zip([*by, *columns], [*key, *numbers], strict=True)) for key, numbers in sorted(sums.items())]
    for row in rows:
        if len(columns) == 2:
            row["value"] = row["numerator"] / row["denominator"] if row["denominator"] else None
        row["provisional"] = False
    schema = {**dict.fromkeys(by, pl.String), **dict.fromkeys(columns, pl.Int64), **({"value": pl.Float64} if len(columns) == 2 else {}), "provisional": pl.Boolean}
    return replace(answer, scope=Scope(by), frame=pl.DataFrame(rows, schema=schema))


GROUPINGS = ((), ("site_code",), ("modality",), ("site_code", "modality"))


def known(shown, true):
    """What a reader knows of a count: within the rounding where it is shown; of the withheld even whether it is small."""
    if shown is None:
        return (1, LEAST - 1) if is_small(true, LEAST) else (0, None)
    return (0, 0) if shown == 0 else (max(LEAST, shown - 2), shown + 2)


def recovered(answer, table):
    """Every small count that can be told to the one from the releases of all groupings together, by linear programmes over all sums at once."""
    bounds, sums, true = {}, [], {}
    columns = list(answer.metric.kind.columns)
    for by in GROUPINGS:
        whole = with_table(answer, table, by)
        released = {tuple(r[d] for d in by): r for r in whole.release("public").rows}
        for row in whole.rows:
            key = tuple((d, row[d]) for d in by)
            out = released.get(tuple(row[d] for d in by))
            for c in columns:
                true[c, key] = row[c]
                bounds[c, key] = (0, None) if out is None else known(out[c], row[c])
            if len(columns) == 2:
                true["rest", key] = row["denominator"] - row["numerator"]
                is_told = out is not None and out["numerator"] is None and out["denominator"] is not None
                bounds["rest", key] = (1, LEAST - 1) if is_told and is_small(true["rest", key], LEAST) else (0, None)
                if out is not None and out["numerator"] is None and not is_small(row["numerator"], LEAST):
                    bounds["numerator", key] = (0, None)
                sums.append((("denominator", key), [("numerator", key), ("rest", key)]))
    for column, key in bounds:
        parts = [(c, k) for c, k in bounds if c == column and len(k) == 2 and set(key) < set(k)]
        if parts:
            sums.append(((column, key), parts))
    cells = list(bounds)
    at = {c: i for i, c in enumerate(cells)}
    matrix = np.zeros((len(sums), len(cells)))
    for i, (total, parts) in enumerate(sums):
        matrix[i, at[total]] = -1
        for p in parts:
            matrix[i, at[p]] = 1
    found = {}
    for cell in cells:
        if not is_small(true[cell], LEAST):
            continue
        goal = np.zeros(len(cells))
        goal[at[cell]] = 1
        low, high = (linprog(sign * goal, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=list(bounds.values())) for sign in (1, -1))
        assert low.status == 0, "the true table is one that fits what is shown"
        least, most = math.ceil(low.fun - 1e-6), math.floor(-high.fun + 1e-6) if high.status == 0 else math.inf
        if least == most:
            found[cell] = least
    return found


NUMBERS = st.sampled_from([0, 1, 2, 3, 7, 8, 10, 12, 13, 17, 40])
TABLES = st.tuples(st.integers(1, 3), st.integers(1, 4)).flatmap(
    lambda size: st.lists(NUMBERS, min_size=size[0] * size[1], max_size=size[0] * size[1]).map(
        lambda values: dict(zip(itertools.product("ABC"[: size[0]], ("CT", "MR", "US", "XR")[: size[1]]), [(v,) for v in values], strict=True))
    )
)


@settings(max_examples=40)
@given(TABLES)
def test_no_small_count_can_be_worked_out_of_a_public_release(counts, table):
    assert recovered(counts, table) == {}


@settings(max_examples=25)
@given(TABLES, st.lists(NUMBERS, min_size=12, max_size=12))
def test_no_part_of_a_share_can_be_worked_out_either(shares, table, rests):
    assert recovered(shares, {k: (v[0], v[0] + rest) for (k, v), rest in zip(table.items(), rests, strict=False)}) == {}


WEAK = {("A", "CT"): (7,), ("B", "CT"): (12,), ("C", "CT"): (12,), ("D", "CT"): (12,)}


def small_only(keys, columns, *, least, **_):
    """Withholding what is small, and nothing beside it."""
    return {c: [SMALL if is_small(v, least) else SHOWN for v in values] for c, values in columns.items()}


def test_the_same_program_finds_a_count_where_nothing_is_withheld_beside_it(counts, monkeypatch):
    assert recovered(counts, WEAK) == {}
    assert with_table(counts, WEAK, ("site_code",)).release("public").frame["value"].to_list() == [None, None, 10, 10]
    monkeypatch.setattr(rules, "protect", small_only)
    found = recovered(counts, WEAK)
    assert found["value", (("site_code", "A"),)] == 7, "43 reads 45, 12 reads 10: only 7 is left for A"


def test_every_table_that_reads_alike_is_looked_at():
    """All lists of three counts up to 25 that give one release: no small count is the same in all of them."""
    alike = defaultdict(list)
    keys = [(("site_code", s),) for s in "ABC"]
    for values in itertools.product(range(26), repeat=3):
        fate = protect(keys, {"value": values}, least=LEAST, base=BASE, wholes={})["value"]
        cells = tuple(rounded(v, BASE) if f == SHOWN else f == "gone" for v, f in zip(values, fate, strict=True))
        total = sum(values)
        if total < 63:  # beyond it some of the tables that read alike hold larger counts
            alike[cells, None if is_small(total, LEAST) else rounded(total, BASE)].append(values)
    assert len(alike) > 100
    told = [(shown, i) for shown, tables in alike.items() for i in range(3) if len({t[i] for t in tables}) == 1 and is_small(tables[0][i], LEAST)]
    assert told == []


@pytest.mark.parametrize("values", [[1] * 7, [7] * 4, [1] * 12])
def test_where_even_the_withheld_would_tell_the_rows_are_left_out(values, counts):
    out = with_table(counts, {(f"S{i:02d}", "CT"): (v,) for i, v in enumerate(values)}, ("site_code",)).release("public")
    assert out.is_empty
    assert f"{len(values)} rows are left out" in out.note


def test_counts_read_alike_wherever_they_stand(counts):
    table = {("A", "CT"): (13,), ("A", "MR"): (0,), ("B", "CT"): (40,), ("B", "MR"): (38,)}
    by_site = {r["site_code"]: r["value"] for r in with_table(counts, table, ("site_code",)).release("public").rows}
    by_both = {(r["site_code"], r["modality"]): r["value"] for r in with_table(counts, table, ("site_code", "modality")).release("public").rows}
    alone = with_table(counts, {k: v for k, v in table.items() if k[0] == "A"}, ()).release("public").rows[0]["value"]
    assert by_site["A"] == by_both["A", "CT"] == alone == 15
    assert by_both["A", "MR"] == 0
    assert [rounded(x, 5) for x in (8, 12, 12.5, 13, 17, 18, -8, 0)] == [10, 10, 15, 15, 15, 20, -10, 0]


def test_a_site_reads_the_same_in_the_network_and_alone(store):
    by_site = {r["site_code"]: r["value"] for r in ask("activity", Scope(("site_code",)), store).release("public").rows}
    assert len(by_site) > 3
    for site, value in by_site.items():
        assert ask("activity", Scope(where={"site_code": (site,)}), store).release("public").rows[0]["value"] == value


def test_shares_are_of_the_rounded_and_go_with_what_is_withheld(shares):
    table = {("A", "CT"): (33, 98), ("B", "CT"): (3, 60), ("C", "CT"): (95, 98), ("D", "CT"): (0, 60), ("E", "CT"): (60, 60)}
    rows = {r["site_code"]: r for r in with_table(shares, table, ("site_code",)).release("public").rows}
    assert (rows["A"]["numerator"], rows["A"]["denominator"], rows["A"]["value"]) == (35, 100, 0.35)
    assert rows["B"]["numerator"] is rows["B"]["value"] is None and rows["B"]["denominator"] == 60
    assert rows["C"]["numerator"] is rows["C"]["value"] is None, "three of C do not count: they are as few as three that do"
    assert (rows["D"]["value"], rows["E"]["value"]) == (0, 1)


@pytest.mark.parametrize("metric_id", METRICS)
def test_every_metric_leaves_in_both_profiles(metric_id, store):
    metric = load_catalogue().metric(metric_id)
    for by in ((), ("month",), ("site_code",), ("site_code", "modality")):
        if not set(by) <= set(metric.dimensions):
            continue
        answer = ask(metric_id, Scope(by), store)
        if "expected_alone" in metric.more:  # what is expected is made of true counts, and beside a rounded one gives the rounding away
            assert answer.release("internal").frame.equals(answer.frame)
            with pytest.raises(ScopeError, match="does not leave in the public release: it rests on exact counts"):
                answer.release("public")
            continue
        inside, public = answer.release("internal"), answer.release("public")
        assert inside.frame.equals(answer.frame) and inside.n == answer.n and not inside.hidden
        assert public.frame.schema == answer.frame.schema
        assert public.frame.equals(answer.release("public").frame)
        if rules.is_published(metric):
            assert public.frame.equals(answer.frame) and public.note == "Published figures, unchanged."
            continue
        for c in metric.kind.people:
            shown = [v for v in public.frame[c] if v is not None]
            assert not [v for v in shown if is_small(v, LEAST)]
            assert all(v % BASE == 0 for v in shown)
        for n in (public.n, *(x.count for x in public.left_out)):
            assert n is None or n % BASE == 0
        if metric.kind.is_time:
            assert all(r["n"] is not None for r in public.rows if r["median_hours"] is not None)


def test_a_curve_falls_in_steps_of_five(store):
    answer = ask("report_survival", Scope(), store)
    public = answer.release("public")
    n = public.frame["n"][0]
    steps = [v * n / BASE for v in public.frame["still_waiting"] if v is not None and v < 1]
    assert len(steps) > 20
    assert steps == pytest.approx([round(s) for s in steps])


def test_our_own_list_beside_the_return_is_not_a_published_figure(store):
    catalogue = load_catalogue()
    assert catalogue.metric("list_reconciliation").national and not rules.is_published(catalogue.metric("list_reconciliation"))
    assert rules.is_published(catalogue.metric("national_waiting"))


def test_what_is_one_persons_is_withheld(store):
    out = ask("oldest_unreported", Scope(("site_code",)), store).release("public")
    assert out.frame["value"].null_count() == out.frame.height > 0
    assert "one person's" in out.note


def test_the_answers_own_counts_follow_the_rule(counts):
    out = replace(counts, n=38, left_out=(LeftOut("no_end", "No end", 3), LeftOut("x", "Else", 9))).release("public")
    assert (out.n, [x.count for x in out.left_out], out.count_left_out, out.share_missing) == (40, [None, 10], None, None)


@pytest.mark.parametrize(
    "start, end, said",
    [
        (date(2026, 3, 3), None, "begin on 1 Mar 2026 or 1 Apr 2026, not on 3 Mar 2026"),
        (None, date(2026, 3, 30), "end on 28 Feb 2026 or 31 Mar 2026, not on 30 Mar 2026"),
    ],
)
def test_a_public_release_is_of_whole_months(start, end, said, store):
    answer = ask("activity", Scope(date_from=start, date_to=end), store)
    answer.release("internal")
    with pytest.raises(UsageError, match=said):
        answer.release("public")
    ask("activity", Scope(date_from=date(2026, 3, 1), date_to=date(2026, 3, 31)), store).release("public")


@pytest.mark.parametrize("profile", ["internal", "public"])
@pytest.mark.parametrize("scope", [Scope(("reporter",)), Scope(where={"reporter": ("R1",)})])
def test_figures_by_reporter_leave_in_no_profile(profile, scope, counts):
    with pytest.raises(ScopeError, match="Figures by reporter do not leave"):
        replace(counts, scope=scope).release(profile)


def test_inside_the_organisation_small_breakdowns_by_age_are_withheld(counts):
    frame = pl.DataFrame({"sex": ["F", "M", "X"], "value": [40, 21, 3], "provisional": [False] * 3})
    out = replace(counts, scope=Scope(("sex",)), frame=frame).release("internal")
    assert out.frame["value"].to_list() == [40, None, None], "exact totals: with 21 shown, 64 less 61 would be 3"
    assert out.withheld == 2
    assert "(1 cell, and 1 more that would give them away)" in out.note


def test_months_of_a_stock_are_not_added_and_those_of_a_count_are(store, counts):
    rows = {"month": [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)], "value": [40, 3, 21], "provisional": [False] * 3}
    stock = ask("unreported", Scope(("month",)), store)
    assert replace(stock, frame=pl.DataFrame(rows)).release("public").frame["value"].to_list() == [40, None, 20]
    assert replace(counts, scope=Scope(("month",)), frame=pl.DataFrame(rows)).release("public").frame["value"].to_list() == [40, None, None]


def test_a_release_is_released_once(counts):
    out = counts.release("public")
    assert out.release("public") is out
    with pytest.raises(UsageError, match="This is the public release"):
        out.release("internal")
    with pytest.raises(UsageError, match="Did you mean 'public'"):
        counts.release("publc")


def test_the_policy_of_the_extract_is_what_counts(counts, tmp_path):
    (tmp_path / "policy.toml").write_text("[release.public]\nround_to = 10\nleast = 10\n", "utf-8")
    other = replace(counts, policy=load_policy(tmp_path / "policy.toml"))
    out = with_table(other, {("A", "CT"): (44,), ("B", "CT"): (25,), ("C", "CT"): (9,), ("D", "CT"): (66,)}, ("site_code",)).release("public")
    assert out.frame["value"].to_list() == [40, None, None, 70]


def test_a_download_is_the_internal_release(store):
    answer = ask("within_28_days", Scope(("site_code",)), store)
    text = csv_of(answer)
    assert "# Release internal. Counts are as they are.\n" in text
    body = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))
    rows = list(csv_module.DictReader(io.StringIO(body)))
    assert [r.pop("site_name") for r in rows] == [answer.label("site_code", r["site_code"]) for r in rows]
    assert rows == list(csv_module.DictReader(io.StringIO(answer.release("internal").as_csv())))
    assert [int(r["denominator"]) for r in rows] == answer.frame["denominator"].to_list()


def test_a_download_of_small_breakdowns_shows_stars(counts):
    frame = pl.DataFrame({"sex": ["F", "M", "X"], "value": [40, 21, 3], "provisional": [False] * 3})
    assert csv_of(replace(counts, scope=Scope(("sex",)), frame=frame)).endswith("F,40,false\nM,*,false\nX,*,false\n")


def test_the_command_line_releases(sample_extract, capsys):
    where = ["--extracts", str(sample_extract.folder.parent)]
    assert main(["ask", "six_week_breach", "--by", "site_code", "--release", "public", "--format", "json", *where]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["release"]["profile"] == "public" and "rounded to the nearest 5" in said["release"]["note"] and said["release"]["withheld"] > 0
    assert main(["ask", "six_week_breach", "--by", "site_code", "--format", "json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["release"] == {"profile": "internal", "note": "Counts are as they are.", "withheld": 0}
    assert main(["ask", "six_week_breach", "--by", "site_code", "--release", "public", *where]) == 0
    table = capsys.readouterr().out
    assert "*" in table and "Release public." in table
    assert main(["ask", "activity", "--from", "2026-03-03", "--release", "public", *where]) == 2
    assert "whole months" in capsys.readouterr().err
