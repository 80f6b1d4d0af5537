"""Lists judged: what each month end is held against, chosen by the list's own memory; a lasting change is seen; a record is a signal of its own."""

import itertools
from dataclasses import replace
from datetime import date
from math import fsum

import numpy as np
import pytest

from benchmarks import signals as bench
from readout.analysis.control import Rebase, control
from readout.analysis.signals import plain
from readout.analysis.stock_level import records
from readout.charts.icons import is_high
from readout.stats.autocorrelation import LITTLE, MUCH, NONE, RUNS, expected, memory
from readout.stats.spc_rules import RUN
from readout.wording.control import choice, rule, signal


def of(levels, metric="unreported"):
    return control(bench.answer_of(metric, np.array(levels, np.float64)))


def slow_memory(levels):
    """The two readings of the autocorrelation, written out again with numpy."""
    x = np.array(levels, np.float64)
    base = x[:24] - x[:24].mean()
    of_levels = (base[1:] * base[:-1]).sum() / (base**2).sum()
    of_levels += (1 + 3 * of_levels) / len(base)
    d = np.diff(x) - np.diff(x).mean()
    d = np.clip(d, -3.267 * np.abs(d).mean(), 3.267 * np.abs(d).mean())
    of_changes = 1 + 2 * (d[1:] * d[:-1]).sum() / (d**2).sum()
    return min(1, max(0, (of_levels + of_changes) / 2))


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_the_memory_is_that_of_a_second_program_and_decides_alone(phi):
    rng = np.random.default_rng(11)
    seen = []
    for _ in range(40):
        levels = bench.remembering(phi)(rng)
        found = memory(list(levels))
        assert found.autocorrelation == pytest.approx(slow_memory(levels))
        assert found.kind == ("level" if found.autocorrelation <= LITTLE else "change" if found.autocorrelation >= MUCH else "residual")
        seen.append(found.kind)
    usual = {0.0: "level", 0.5: "residual", 0.9: "change"}[phi]
    assert seen.count(usual) > len(seen) / 2


def test_too_short_or_unmoving_lists_are_held_against_their_mean():
    assert memory([1.0, 2.0, 3.0]) == memory([5.0] * 30) == memory([]) == memory([None] * 20) == NONE


def test_a_longer_memory_needs_a_longer_run():
    assert RUNS[0] == (LITTLE, RUN) and [run for _, run in RUNS] == sorted(run for _, run in RUNS)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_limits_lie_about_what_each_month_end_is_held_against(phi):
    levels = bench.remembering(phi)(np.random.default_rng(5))
    made = of(levels)
    settled = [None, *map(float, levels[1:])]  # the first month end is not whole
    mean = fsum(x for x in settled if x is not None) / (len(settled) - 1)
    held = expected(settled, mean, made.memory)
    left = [None if x is None or e is None else x - e for x, e in zip(settled, held, strict=True)]
    moves = [abs(b - a) for a, b in itertools.pairwise(left) if a is not None and b is not None]
    kept = [m for m in moves if m < 3.267 * fsum(moves) / len(moves)]
    reach = 2.66 * fsum(kept) / len(kept)
    for e, low, high in zip(held, made.points["lpl"], made.points["upl"], strict=True):
        if e is None:
            assert low is None
        else:
            assert (low, high) == pytest.approx((e - reach, e + reach))


SHIPPED = [150, 262, 240, 255, 231, 262, 249, 226, 258, 244, 251, 236, 262, 247, 228, 254, 239, 261, 250, 233, 257, 245, 230, 252, 248, 238]


def test_the_network_of_the_review_is_flagged_long_before_427():
    """260, 267, 277, 348, 366, 427: not one month was flagged."""
    for end, is_flagged in ((3, None), (4, True), (5, True), (6, True)):
        made = of([*SHIPPED, *[260, 267, 277, 348, 366, 427][:end]])
        if is_flagged:
            assert made.variation == "concern" and is_high(made), end


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_a_lasting_rise_and_a_list_that_doubles_are_seen(phi):
    """Power of four in five: 25 series each; `python -m benchmarks.signals` measures more."""
    for name, null, change, within in bench.changes():
        if name in (f"list, autocorrelation {phi:g}, lasting +30%", f"list, autocorrelation {phi:g}, doubling in 24 months"):
            assert bench.power(name, null, change, within, 25) >= 0.8, name


def test_a_record_well_above_a_year_before_is_a_concern_whatever_the_limits_say():
    levels = [400, 402, *[round(400 * 1.02**i) for i in range(1, 31)]]
    made = of(levels)
    assert made.level.is_highest and made.variation == "concern" and is_high(made)
    assert plain(made)["variation"] == "concern"
    odd = [20, *[0, 0, 1, 0] * 6, 30]
    alone = of(odd)
    assert alone.unjudged and alone.flag == "record_high" and alone.variation == "concern"
    assert rule(alone) == "the highest of all month ends, and well above a year before" and "**Concern**" in signal(alone)


def test_a_record_never_has_a_calm_icon():
    rng = np.random.default_rng(8)
    seen = 0
    for phi in (0.0, 0.5, 0.9, 1.0):
        for _ in range(40):
            levels = bench.remembering(phi, level=60)(rng) * np.linspace(1, 1.8, bench.MONTHS)
            made = of(np.round(levels))
            if made.level.is_highest:
                seen += 1
                assert made.variation == "concern" and is_high(made)
    assert seen > 20


def test_one_function_decides_what_a_record_is():
    answer = bench.answer_of("unreported", np.array([100, *[90] * 11, 150, 160, 100, 170], np.float64))
    found = records(answer.metric, answer.rows)
    assert found == {date(2024, 10, 1), date(2024, 11, 1), date(2025, 1, 1)}
    made = control(answer)
    assert made.level.is_highest == (made.level.month in found)
    assert records(answer.metric, [r | {"value": None} for r in answer.rows]) == set()


def test_a_list_is_never_flagged_by_a_month_that_still_arrives():
    answer = bench.answer_of("unreported", np.array([*SHIPPED, 900], np.float64), arriving=1)
    made = control(answer)
    assert made.points["flag"][-1] is None and made.points["upl"][-1] is None and made.last["x"] == SHIPPED[-1] and made.variation == "common_cause"


def test_new_limits_and_a_gap_hold_for_a_list():
    levels = np.array([*SHIPPED, *[x + 200 for x in SHIPPED]], np.float64)
    answer = bench.answer_of("unreported", levels)
    month = answer.rows[len(SHIPPED)]["month"]
    made = control(answer, (Rebase(month, "a new site"),))
    assert made.points["group"].n_unique() == 2 and made.points["mean"][0] + 150 < made.points["mean"][-1]
    gone = replace(answer, frame=answer.frame.filter(answer.frame["month"] != answer.rows[8]["month"]))
    assert control(gone).points["x"][8] is None and control(gone).points["flag"][8] is None


def test_the_choice_is_said_and_leaves_with_a_release():
    from readout.export.content import as_shown

    answer = bench.answer_of("unreported", np.array(SHIPPED, np.float64))
    made = control(answer)
    assert f"autocorrelation {made.memory.autocorrelation:.2f}" in choice(made)
    shown = as_shown(made, answer.release("public"), ())
    assert shown.memory == made.memory and shown.points["flag"].to_list() == made.points["flag"].to_list()
