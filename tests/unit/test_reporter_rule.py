"""The rule by which a reporter is called different, on networks whose truth is known: theory by hand, and what the document says of it."""

import re

import numpy as np
import pytest
from scipy.stats import poisson

from benchmarks import reporters as rule
from readout.stats.funnel import poisson_sides
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "methods" / "reporters.md").read_text("utf-8")


@pytest.fixture(scope="module")
def studies() -> dict[str, rule.Study]:
    return {s.name: s for s in rule.studies(200)}


def test_the_document_says_what_the_benchmark_prints(studies):
    rows = re.findall(r"^\| (\w.*?, variance [\d.]+) \| (.*) \|$", PAGE, re.MULTILINE)
    assert len(rows) == len(studies) == 6
    for name, cells in rows:
        s = studies[name]
        shares = (s.once, s.lasting, s.lasting_by_chance_alone)
        assert cells.split(" | ") == [*(f"{x.measured:.3%} ({x.theory:.3%})" for x in shares), f"{s.once.of:,}"], name


def test_the_rule_errs_as_seldom_as_theory_says(studies):
    """Who does not differ is not called different; and where all differ the band names far fewer than chance alone would."""
    nobody = studies["nobody differs, variance 0"]
    assert nobody.once.measured <= 0.002 and abs(nobody.once.deviation) < 3 and nobody.lasting.count == 0
    for spread in ("0.05", "0.2"):
        found = studies[f"all differ, variance {spread}"]
        assert found.lasting.measured < 0.002 and found.lasting.measured < found.lasting_by_chance_alone.measured / 4
        assert studies[f"one of 3 times the rate, variance {spread}"].lasting.measured > 20 * found.lasting.measured


def test_theory_counts_what_the_exact_rule_flags(monkeypatch):
    """Of one expectation, every count added up here; and two of three quarters by all eight outcomes."""
    monkeypatch.setattr(rule, "FEW", 7.0)
    monkeypatch.setattr(rule, "MANY", 7.0)
    chance = {side: sum(poisson.pmf(c, 14.0) for c in range(100) if poisson_sides(c, 7.0) == side) for side in (1, -1)}
    twice = sum(sum(np.prod([t if x else 1 - t for x in (a, b, c)]) for a in (0, 1) for b in (0, 1) for c in (0, 1) if a + b + c >= 2) for t in chance.values())
    assert rule.theory(np.array([2.0]), None) == pytest.approx((sum(chance.values()), twice))
    assert rule.theory(np.array([2.0]), 0.2)[0] < sum(chance.values())
