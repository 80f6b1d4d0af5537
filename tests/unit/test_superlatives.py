"""No sentence calls anything the most, the slowest or the highest by itself: every one that may is listed here, with what holds it back."""

import ast
import re

import pytest

from benchmarks import extremes as bench
from readout import paths
from readout.stats.extremes import CHANCE, burst, largest_count, stands_out

SAYS = re.compile(r"(?<!at )\b(most|least|highest|lowest|slowest|quickest|fastest|longest|largest|smallest|worst|best)\b", re.IGNORECASE)
PLACES = ("wording/*.py", "ui/*.py", "export/*.py", "charts/*.py", "charts/svg/*.py", "analysis/stock_level.py", "analysis/judgeable.py", "analysis/signals.py")
ALLOWED = {
    "At the highest of all complete month ends": "level.records: above every month end, a quarter above a year before, beyond chance",
    "the highest of all month ends": "level.records, in the pack's and the overview's rules, and in the level's own words",
    " breaches most": "narrate.breaching: of too few, that it is too few to say",
    " breaches most, by more than chance": "standing.most_missed",
    " the largest share ": "blocks.pathway: standing.opening says whether it is beyond chance",
    "At most six, the largest": "which curves are drawn: those with the most examinations",
    "lowest to highest": "the order of every provider's bar, with no word on any of them",
    ", highest ": "the words of a chart for whoever cannot see it: where its drawing begins and ends",
    "), highest ": "the same",
    ". Lowest ": "the same",
    "exactly the longest waits": "what the reported-only figure does: by definition, not by comparison",
    "Least and most": "the range over which a time test was seen, of all sites",
    "Longest wait first": "the order of a list",
    "best estimate": "a term of statistics",
}


def sentences():
    """Every text of the code that a reader may meet, by file: no docstrings, no names of columns."""
    for place in PLACES:
        for path in sorted(paths.PACKAGE.glob(place)):
            tree = ast.parse(path.read_text("utf-8"))
            docs = {
                id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, ast.Module | ast.FunctionDef | ast.ClassDef) and n.body and isinstance(n.body[0], ast.Expr)
            }
            for node in ast.walk(tree):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs and " " in node.value.strip():
                    yield path.name, node.value


def test_every_superlative_is_known_and_says_what_holds_it_back():
    """A new one belongs in ALLOWED, with the check that lets it speak."""
    found = {text for _, text in sentences() if SAYS.search(text)}
    assert [text for text in sorted(found) if not any(known in text for known in ALLOWED)] == []
    assert [known for known in ALLOWED if not any(known in text for text in found)] == [], "no longer said"


@pytest.mark.parametrize(
    ("counts", "sizes", "found"),
    [
        ([20, 2, 3], [40, 40, 40], 0),
        ([1, 0], [15, 40], None),  # one case
        ([1, 1], [2, 1], None),
        ([0, 0], [34, 9], None),  # none at all
        ([20, 20], [40, 40], None),  # a tie
        ([6, 5], [40, 40], None),  # within chance
        ([9, 0], [9, 400], None),  # too few of it
        ([12], [40], None),  # nothing beside it
        ([5, 0], [0, 40], None),  # a unit of none
    ],
)
def test_a_unit_stands_out_only_beyond_chance(counts, sizes, found):
    assert stands_out(counts, sizes) == found


def test_it_is_fishers_test_with_allowance_for_picking_the_largest():
    from scipy.stats import fisher_exact

    for worst in range(4, 20):
        counts, sizes = [worst, 4, 4, 4], [40, 40, 40, 40]
        p = fisher_exact([[worst, 40 - worst], [12, 108]], alternative="greater").pvalue
        assert (stands_out(counts, sizes) == 0) == (worst >= 5 and 4 * p < CHANCE), worst


@pytest.mark.parametrize("case", bench.CASES)
def test_of_equal_units_one_is_called_the_most_no_more_often_than_is_said(case):
    equal, _ = bench.called(*case, 1.0, 400)
    assert equal <= CHANCE + 3 * (CHANCE * (1 - CHANCE) / 400) ** 0.5


@pytest.mark.parametrize("case", [(5, 130, 0.08), (8, 40, 0.3), (12, 200, 0.1)])
def test_a_unit_three_times_as_bad_is_found(case):
    assert bench.called(*case, 3.0, 200)[1] >= 0.8


def test_the_largest_count_and_a_burst_need_more_than_chance_too():
    assert largest_count([30, 8]) and not largest_count([20, 18]) and not largest_count([19, 19]) and not largest_count([5, 1])
    assert burst([0] * 30 + [15], [100] * 31) == 1 and burst([0] * 30 + [1], [100] * 31) == 0 == burst([3], [100]) == burst([0, 3], [100, 0])
