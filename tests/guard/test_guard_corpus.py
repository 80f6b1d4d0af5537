"""Commentary as boards' authors write it: no honest sentence is blocked, and how many contradictions are found."""

import pytest

from readout.guard import check
from tests.commentary import Case, cases

LEAST_FOUND = 0.95  # of the corpus that the rules were written by
HELD_OUT_FOUND = 0.84  # of the one they were not written by, as measured (28 of 33); it may rise, and may not fall
FIGURES_FOUND = 0.88  # of figures and causes held out, as measured (24 of 27)
KNOWN, HELD_OUT = [*cases("corpus"), *cases("figures")], list(cases("held_out"))
FIGURES_HELD_OUT = list(cases("figures_held_out"))


def share_found(corpus: list[Case]) -> float:
    contradicting = [c for c in corpus if c.claim is not None]
    return sum(bool(check(c.text, c.facts, others=c.others)) for c in contradicting) / len(contradicting)


@pytest.mark.parametrize("case", [c for c in (*KNOWN, *HELD_OUT, *FIGURES_HELD_OUT) if c.claim is None], ids=lambda c: c.text.strip()[:60])
def test_no_honest_sentence_is_blocked(case):
    assert check(case.text, case.facts, others=case.others) == ()


@pytest.mark.parametrize("case", [c for c in KNOWN if c.claim is not None], ids=lambda c: c.text[:60])
def test_what_is_found_names_the_sentence_the_indicator_the_claim_and_why(case):
    found = check(case.text, case.facts, others=case.others)
    assert not found or any(c.claim.startswith(case.claim) or case.claim in c.reason for c in found), found  # how many are found: see below
    for c in found:
        assert c.sentence in " ".join(case.text.split()) and c.indicator == case.facts.label
        assert c.reason.startswith(f"{case.facts.label}, ") and "; this sentence claims " in c.reason and "{" not in c.reason


def test_how_much_is_found():
    assert len(KNOWN) >= 80 and len(HELD_OUT) >= 30
    assert share_found(KNOWN) >= LEAST_FOUND
    assert share_found(HELD_OUT) >= HELD_OUT_FOUND
    assert share_found(list(cases("figures"))) >= LEAST_FOUND
    assert share_found(FIGURES_HELD_OUT) >= FIGURES_FOUND


def test_a_third_of_the_figures_is_held_out():
    """Else what the rules make of new sentences is not known."""
    for is_honest, least in ((True, 30), (False, 20)):
        known, apart = (sum((c.claim is None) == is_honest for c in corpus) for corpus in (list(cases("figures")), FIGURES_HELD_OUT))
        assert known + apart >= least and apart >= (known + apart) * 0.32
