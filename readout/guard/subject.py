"""Which indicator a claim is about: its own, another of the pack, or something that no chart of the pack measures."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from readout.claims import Claim, Rules
from readout.guard.facts import Facts, Unit

GENERIC = re.compile(r"\b(?:the|hospitals?|royal|infirmary|general|community|district|centre|university|nhs|foundation|trust|clinic)\b", re.IGNORECASE)
OBJECT = re.compile(r"^\s*(?:in|of|to|for|on|against)\s", re.IGNORECASE)
STOP = re.compile(r"[,.()]|\b(?:following|after|thanks|due|owing|by|since|because|as|when|with|driven|reflecting|attributed|which)\b", re.IGNORECASE)
TOKEN = re.compile(r"\bindicator(\d+)\b")


@dataclass(frozen=True)
class Noun:
    start: int
    end: int
    facts: Facts | None  # None: something that no chart measures


class Pack:
    """The indicators that a comment may speak of, its own first, and the names that they go by."""

    def __init__(self, own: Facts, others: Sequence[Facts], rules: Rules) -> None:
        self.own, self.rules = own, rules
        self.labelled = [own, *(f for f in others if f.label.lower() != own.label.lower())]
        self.series = [own, *others]
        self.names = unit_names(own.units)

    def tokens(self, text: str) -> str:
        """A sentence with each label of an indicator as one word, so that no phrase is found inside a label."""
        for i in sorted(range(len(self.labelled)), key=lambda i: -len(self.labelled[i].label)):
            text = re.sub(rf"(?<!\w){re.escape(self.labelled[i].label)}(?!\w)", f"indicator{i}", text, flags=re.IGNORECASE)
        return text

    def nouns(self, clause: str) -> list[Noun]:
        """Everything named in a clause that can have improved, in order."""
        words = f"{self.own.label} {self.own.name}".lower()
        found = [Noun(m.start(), m.end(), self.labelled[int(m[1])]) for m in TOKEN.finditer(clause)]
        for kind in ("own", "us", "other"):
            for m in self.rules.nouns[kind].finditer(clause):
                is_own = kind != "other" or re.search(rf"\b{re.escape(m[0].lower())}\b", words)
                found.append(Noun(m.start(), m.end(), self.own if is_own else None))
        return sorted(found, key=lambda n: (n.end, n.facts is not None))

    def subject(self, clause: str, m: re.Match[str], claim: Claim) -> Facts | None:
        """The facts that a claim is to be held against; None where it is not about a chart of the pack."""
        stop = STOP.search(clause, m.end())
        part = self.rules.nouns["part"].finditer(clause, 0, stop.start() if stop else len(clause))
        if any(p[0].lower() not in f"{self.own.label} {self.own.name}".lower() for p in part):
            return None
        found = self._named(clause, m, claim)
        return self._of_unit(found, clause) if found is not None else None

    def _named(self, clause: str, m: re.Match[str], claim: Claim) -> Facts | None:
        nouns = self.nouns(clause)
        inside = [n for n in nouns if m.start() <= n.start < m.end()]
        if any(n.facts is None for n in inside):
            return None
        if claim.is_own and not (self.rules.nouns["own"].search(clause) or TOKEN.search(clause)):
            return None
        rest = clause[m.end() :]
        goes_on = not re.match(r"\s*[\w']", rest) or self.rules.nouns["goes_on"].match(rest.lstrip())
        reach = m.end() + len(" ".join(STOP.split(rest, maxsplit=1)[0].split(" ")[:6]))
        after = [n for n in nouns if m.end() <= n.start < reach]
        if claim.has_object and not goes_on:
            return after[0].facts if after and after[0].facts is not None else None
        if OBJECT.match(rest) and after and claim.needs not in ("met", "missed"):
            return after[0].facts
        before = [n for n in nouns if n.start < m.start()] + [n for n in inside if n.end < m.end()]
        return before[-1].facts if before else self.own

    def _of_unit(self, facts: Facts, clause: str) -> Facts | None:
        """Of a clause that names a unit the facts of that unit, where the pack has them."""
        if not units_in(clause, self.names):
            return facts
        named = {self.own.units[i].name for _, i in units_in(clause, self.names)}
        return next((f for f in self.series if f.label == facts.label and f.name in named), None)


def unit_names(units: Sequence[Unit]) -> dict[str, int]:
    """What units are called: their names, and without `Hospital` and the like where that names one alone."""
    short = [" ".join(GENERIC.sub(" ", u.name).split()) for u in units]
    names = {u.name.lower(): i for i, u in enumerate(units)}
    return names | {s.lower(): i for i, s in enumerate(short) if s and [t.lower() for t in short].count(s.lower()) == 1}


def units_in(clause: str, names: dict[str, int]) -> list[tuple[int, int]]:
    """Which units a clause names, in order: where, and which."""
    found: dict[int, tuple[int, int]] = {}
    for name in sorted(names, key=len):
        for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", clause, re.IGNORECASE):
            found[m.start()] = (m.start(), names[name])
    return [found[k] for k in sorted(found)]


__all__ = ["Pack", "unit_names", "units_in"]
