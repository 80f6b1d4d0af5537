"""Which indicator a claim is about: its own, another of the pack, or something that no chart of the pack measures."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from readout.guard.facts import Facts
from readout.metrics.claims import OWN, Claim, Rules

GENERIC = re.compile(r"\b(?:the|hospitals?|royal|infirmary|general|community|district|centre|university|nhs|foundation|trust|clinic)\b", re.IGNORECASE)
OBJECT = re.compile(r"^\s*(?:in|of|to|for|on|against)\s+(?:(?:the|our|its|an?|this|all)\s+)?", re.IGNORECASE)
STOP = re.compile(r"[,.()]|\b(?:following|after|thanks|due|owing|by|since|because|as|when|with|driven|reflecting|attributed|which)\b", re.IGNORECASE)
WORD = re.compile(r"[A-Za-z&'][\w&'-]*")
LENGTH = re.compile(r"\b(\d+|one|two|four|six|eight|ten|twelve|thirteen|eighteen)[\s-](?:week|day|hour|month)s?\b", re.IGNORECASE)
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s?(?:%|per cent)")
LABEL_WORD = 5  # letters of a word of a label that tells it from others
BESIDE = re.compile(r"[\w&'-]+\s+$")
TOKEN = re.compile(r"\bindicator(\d+)\b")
# Claims of a direction, which only the figure itself can go in; and those of a target.
SIDES = ("above_target", "below_target")
DIRECTED = ("high", "low", "rise", "fall", "times", "highest", "lowest", "record", "higher_than", "lower_than", "highest_of", "lowest_of", *SIDES)
GOALS = ("met", "missed", *SIDES, "passes", "fails", "on_track")


@dataclass(frozen=True)
class Noun:
    """Something named. `facts`: None where no chart measures it; `is_direct`: whether what goes up or down with it is the figure itself."""

    start: int
    end: int
    facts: Facts | None
    is_direct: bool


class Pack:
    """The indicators that a comment may speak of, its own first, and the names that they go by.

    `names`: units of which nothing is in the pack; a clause that names one is not about its charts.
    """

    def __init__(self, own: Facts, others: Sequence[Facts], rules: Rules, names: Collection[str] = ()) -> None:
        self.own, self.rules = own, rules
        self.labelled = [own, *(f for f in others if f.label.lower() != own.label.lower())]
        self.series = [own, *others]
        self.units = unit_names([u.name for u in own.units])
        apart = {*names, *(f.name for f in others), *(u.name for u in own.units)} - {own.name}
        self.apart = unit_names(sorted(apart))
        self.apart_names = sorted(apart)
        self.said = f"{own.label} {own.name}".lower()

    def tokens(self, text: str) -> str:
        """A sentence with each label of an indicator as one word, so that no phrase is found inside a label."""
        for i in sorted(range(len(self.labelled)), key=lambda i: -len(self.labelled[i].label)):
            text = re.sub(rf"(?<!\w){re.escape(self.labelled[i].label)}(?!\w)", f"indicator{i}", text, flags=re.IGNORECASE)
        return text

    def nouns(self, clause: str) -> list[Noun]:
        """Everything named in a clause that can have improved, in order."""
        found = [Noun(m.start(), m.end(), self.labelled[int(m[1])], True) for m in TOKEN.finditer(clause)]
        for kind in (*OWN, "other"):
            for m in self.rules.nouns[kind].finditer(clause):
                in_label = re.search(rf"\b{re.escape(m[0].lower())}\b", self.said) is not None
                is_direct = in_label or self._is_direct(kind)
                is_own = is_direct or kind in ("good", "goal", "us")
                found.append(Noun(m.start(), m.end(), self.own if is_own else None, is_direct))
        return sorted(found, key=lambda n: (n.end, n.facts is not None))

    def _is_direct(self, kind: str) -> bool:
        f = self.own
        return kind == "figure" or (kind in ("good", "us") and f.better == "up") or (kind == "time" and f.is_time) or (kind == "volume" and f.better == "neutral")

    def subject(self, clause: str, m: re.Match[str], claim: Claim) -> Facts | None:
        """The facts that a claim is to be held against; None where it is not, or not surely, about a chart of the pack."""
        if self._is_of_a_part(clause, m):
            return None
        if claim.needs in GOALS and not self._is_own_goal(m[0]):
            return None
        noun = self._named(clause, m, claim)
        if noun is None or noun.facts is None:
            return None
        is_passive = claim.needs in SIDES and noun.start >= m.start() and self.own.better == "up"  # the target was exceeded
        if claim.needs in DIRECTED and not (noun.is_direct or is_passive):
            return None
        return self._of_unit(noun.facts, clause)

    def subject_of_figure(self, clause: str, m: re.Match[str]) -> Facts | None:
        """The facts that a typed number is to be held against: the indicator named before it, nothing else named between. Without one the
        clause must say what the indicator's label says, as in `95 % of examinations were reported within standard`.
        """
        if self._is_of_a_part(clause, m):
            return None
        named = [n for n in self.nouns(clause) if n.start < m.end() and n.facts is not None and n.is_direct]
        if named:
            noun = named[-1]
            beside = BESIDE.search(clause[: min(noun.start, m.start())])
            between = clause[noun.end : m.start()]
            return self._of_unit(noun.facts, clause) if noun.facts and self.names_nothing(f"{beside[0] if beside else ''} … {between}") else None
        label = {w for w in WORD.findall(self.own.label.lower()) if len(w) >= LABEL_WORD}
        rest = clause[m.end() :]
        is_said = "indicator0" in rest or bool(label & {w.lower() for w in WORD.findall(rest)}) or self.names_nothing(rest)
        return self._of_unit(self.own, clause) if is_said and self.names_nothing(clause[: m.start()]) else None

    def _is_of_a_part(self, clause: str, m: re.Match[str]) -> bool:
        """Whether a clause, up to the reason that it gives, speaks of a part only, such as one modality or a place that the pack does not know."""
        stop = STOP.search(clause, m.end())
        parts = self.rules.nouns["part"].finditer(clause, 0, stop.start() if stop else len(clause))
        return any(p[0].lower() not in self.said and p[0].lower() not in self.apart for p in parts)

    def _named(self, clause: str, m: re.Match[str], claim: Claim) -> Noun | None:
        nouns = self.nouns(clause)
        inside = [n for n in nouns if m.start() <= n.start < m.end()]
        is_directed = claim.needs in DIRECTED and claim.needs not in SIDES
        if any(n.facts is None or (is_directed and not n.is_direct) for n in inside):
            return None
        if claim.is_own and not any(n.facts is not None for n in nouns):
            return None
        rest = clause[m.end() :]
        reach = m.end() + len(" ".join(STOP.split(rest, maxsplit=1)[0].split(" ")[:6]))
        after = [n for n in nouns if m.end() <= n.start < reach]
        if claim.has_object and re.match(r"\s*[\w']", rest) and not self.rules.nouns["goes_on"].match(rest.lstrip()):
            return after[0] if after else None
        if claim.needs not in GOALS and (of := OBJECT.match(rest)) and not self.rules.nouns["scale"].match(rest[of.end() :]):
            return after[0] if after else None
        before = [n for n in nouns if n.start < m.start()] + [n for n in inside if n.end < m.end()]
        if not before:
            return Noun(0, 0, self.own, claim.needs not in SIDES or self.own.better == "up") if self.names_nothing(clause[: m.start()]) else None
        noun = before[-1]
        beside = BESIDE.search(clause[: min(noun.start, m.start())])
        return noun if self.names_nothing(f"{beside[0] if beside else ''}{clause[noun.end : m.start()]}") else None

    def names_nothing(self, text: str) -> bool:
        """Whether words beside a subject and before its claim are such as name nothing else, units of the network apart."""
        for name in sorted(self.apart, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text, flags=re.IGNORECASE)
        light = [self.rules.nouns[kind] for kind in ("light", "goes_on", *OWN)]
        words = (w[0].removesuffix("'s") for w in WORD.finditer(text))
        return all(any(p.fullmatch(w) for p in light) or w.lower() in self.said or TOKEN.fullmatch(w) for w in words)

    def _is_own_goal(self, said: str) -> bool:
        """Whether a target that is named by its number is that of the indicator."""
        shares = [float(p) for p in PERCENT.findall(said)]
        target = PERCENT.search(self.own.target)
        if shares and (target is None or any(abs(p - float(target[1])) > 1e-9 for p in shares)):
            return False
        return all(re.search(rf"\b{n}\b", self.own.label, re.IGNORECASE) for n in LENGTH.findall(said))

    def _of_unit(self, facts: Facts, clause: str) -> Facts | None:
        """Of a clause that names a unit the facts of that unit, where the pack has them."""
        named = {self.apart_names[i] for _, i in units_in(clause, self.apart)}
        return facts if not named else next((f for f in self.series if f.label == facts.label and f.name in named), None)


def unit_names(names: Sequence[str]) -> dict[str, int]:
    """What units are called: their names, and without `Hospital` and the like where that names one alone."""
    short = [" ".join(GENERIC.sub(" ", name).split()).lower() for name in names]
    return {name.lower(): i for i, name in enumerate(names)} | {s: i for i, s in enumerate(short) if s and short.count(s) == 1}


def units_in(clause: str, names: dict[str, int]) -> list[tuple[int, int]]:
    """Which units a clause names, in order: where, and which."""
    found: dict[int, tuple[int, int]] = {}
    for name in sorted(names, key=len):
        for m in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", clause, re.IGNORECASE):
            found[m.start()] = (m.start(), names[name])
    return [found[k] for k in sorted(found)]


__all__ = ["Pack", "unit_names", "units_in"]
