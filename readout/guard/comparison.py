"""Claims that set one unit of an indicator against others: they stand where the figures are in that order and the 95 % intervals do not overlap."""

import re
from collections.abc import Callable

from readout.guard.facts import Facts, Unit
from readout.guard.subject import units_in
from readout.guard.verdicts import Found
from readout.metrics.claims import Claim

VERBS = re.compile(r"^(?:outperform|underperform|ahead|behind|above|below)", re.IGNORECASE)
THAN = re.compile(r"\bthan\b", re.IGNORECASE)
ALL = re.compile(r"\b(?:all|every|any)\b.{0,12}\bother|\bthe (?:others|rest|other (?:sites|hospitals|two|three))\b", re.IGNORECASE)


def _side(claim: Claim, facts: Facts) -> int:
    """1 where the claim is of the higher figure, -1 of the lower, 0 where neither is better."""
    side, _ = claim.needs.split("_")
    up = {"up": 1, "down": -1, "neutral": 0}[facts.better]
    return {"higher": 1, "highest": 1, "lower": -1, "lowest": -1, "better": up, "best": up, "worse": -up, "worst": -up}[side]


def compared(clause: str, m: re.Match[str], claim: Claim, facts: Facts, names: dict[str, int]) -> Found | None:
    """What speaks against a comparison; None where nothing does, and where the clause does not name who is compared."""
    sign, named = _side(claim, facts), units_in(clause, names)
    if not sign or not named:
        return None
    pair = _of_all if claim.needs.endswith("_of") else _than
    one, others = pair(clause, m, named, facts)
    if one is None:
        return None
    for other in others:
        if found := _against(one, other, sign):
            return found
    return None


Pair = tuple[Unit | None, list[Unit]]


def _of_all(clause: str, m: re.Match[str], named: list[tuple[int, int]], facts: Facts) -> Pair:
    if len({i for _, i in named}) != 1:
        return None, []
    one = facts.units[named[0][1]]
    return one, [u for u in facts.units if u is not one]


def _than(clause: str, m: re.Match[str], named: list[tuple[int, int]], facts: Facts) -> Pair:
    """`A is higher than B and C`, `higher at A than at B`, `A outperformed B`."""
    than = THAN.search(clause, m.end())
    if than is None and not VERBS.match(m[0]):
        return None, []
    at = than.start() if than else m.end()
    before = [i for place, i in named if place < m.start()] or [i for place, i in named if place < at]
    after = [i for place, i in named if place > at]
    if not before or len(set(before)) != 1:
        return None, []
    one = facts.units[before[-1]]
    if not after and ALL.search(clause[at:]):
        return one, [u for u in facts.units if u is not one]
    return one, [facts.units[i] for i in after if i != before[-1]]


def _against(a: Unit, b: Unit, sign: int) -> Found | None:
    for unit in (a, b):
        if unit.value is None or unit.low is None or unit.high is None:
            return "unit_withheld", {"a": unit.name}
    assert a.value is not None and b.value is not None and a.low is not None and b.low is not None and a.high is not None and b.high is not None
    said = {f"{k}{part}": text for k, u in (("a", a), ("b", b)) for part, text in zip(("", "_value", "_low", "_high"), (u.name, *u.said), strict=True)}
    if a.low <= b.high and b.low <= a.high:
        return "overlap", said
    return ("reverse", said) if sign * (a.value - b.value) < 0 else None


NEEDS: dict[str, Callable[..., Found | None]] = dict.fromkeys(
    ("better_than", "worse_than", "higher_than", "lower_than", "best_of", "worst_of", "highest_of", "lowest_of"), compared
)

__all__ = ["NEEDS", "compared"]
