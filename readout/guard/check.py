"""Whether commentary claims what its indicator's chart does not show. An honest sentence passes: where a sentence cannot be read, nothing is said."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from readout.guard import comparison, verdicts
from readout.guard.facts import Facts
from readout.guard.figures import is_of_another_time
from readout.guard.reading import Sentence, clauses, is_past, months_spoken_of, sentences
from readout.guard.subject import DIRECTED, Pack
from readout.metrics.catalogue import load_catalogue
from readout.metrics.claims import Claim, Lift, Rules

TAKES_UP = re.compile(r"^(?:this|that|these|those|it|they|both|such|however|but|the (?:change|movement|difference|rise|fall|increase|decrease|figure|chart))\b", re.I)
MOST = 20  # of one claim in one clause, so that a text made to be slow is not
NEAR = re.compile(r"^(?:\W*(?!(?:and|but|or)\b)[\w']+){0,3}")


@dataclass(frozen=True)
class Contradiction:
    """A sentence of commentary that claims what the chart does not show. `claim`: the rule, an id of `claims.toml`; `reason`: a plain sentence."""

    sentence: str
    indicator: str
    claim: str
    reason: str


def check(text: str, facts: Facts, *, others: Sequence[Facts] = (), names: Collection[str] = (), rules: Rules | None = None) -> tuple[Contradiction, ...]:
    """The contradictions of the commentary beside one indicator, in order, one for each thing that a sentence claims.

    `others`: the other indicators of the pack. What a clause says of one of them is held against that one; what it says of a unit against the
    facts of that unit under the same label, where there are any, else against nothing. `names`: further sites and trusts of the network, so that they
    are known for units.
    """
    rules = rules or load_catalogue().claims
    pack = Pack(facts, others, rules, names)
    read = sentences(text)
    found: list[Contradiction] = []
    for i, sentence in enumerate(read):
        if not sentence.is_question:
            found += _of_sentence(sentence, read[i + 1] if i + 1 < len(read) else None, pack)
    return tuple(found)


def _of_sentence(sentence: Sentence, following: Sentence | None, pack: Pack) -> Iterator[Contradiction]:
    text = pack.tokens(sentence.text)
    after = following.text if following and TAKES_UP.match(following.text) else ""
    said: set[tuple[str, str]] = set()
    for clause in clauses(text):
        taken: list[tuple[int, int]] = []
        for claim in pack.rules.claims:
            for m in islice(claim.pattern.finditer(clause), MOST):
                if any(m.start() < end and start < m.end() for start, end in taken) or _is_lifted(claim, m, clause, text, after, pack.rules):
                    continue
                if claim.led_by is not None and not claim.led_by.search(clause[: m.start()]):
                    continue
                against = _against(claim, m, clause, pack)
                if against is None:
                    continue
                taken.append(m.span())
                facts, (key, more) = against
                if (facts.label, key) in said:
                    continue
                said.add((facts.label, key))
                shown = pack.rules.found[key].format_map({**verdicts.words(facts), **more})
                yield Contradiction(sentence.raw, facts.label, claim.id, f"{facts.label}, {facts.name}: {shown}; this sentence claims {claim.says}.")


def _against(claim: Claim, m: re.Match[str], clause: str, pack: Pack) -> tuple[Facts, verdicts.Found] | None:
    """The facts that a claim is about and what they hold against it."""
    own = pack.own
    if own.last is not None and is_past(clause, own.last.month):
        return None
    if claim.needs in comparison.NEEDS:
        named = [n for n in pack.nouns(clause) if n.facts is not own or (claim.needs in DIRECTED and not n.is_direct)]
        if named or not pack.names_nothing(f"{clause[: m.start()]} … {clause[m.end() :]}"):
            return None
        compared = comparison.compared(clause, m, claim, own, pack.units)
        return (own, compared) if compared else None
    is_figure = claim.needs == "figure"
    facts = pack.subject_of_figure(clause, m) if is_figure else pack.subject(clause, m, claim)
    if facts is None:
        return None
    if facts.is_withheld:
        return None if is_figure else (facts, ("withheld", {}))
    if is_figure and (facts.last is None or is_of_another_time(clause, m.start(), m.end(), facts.last.month)):
        return None
    if not is_figure and facts.last is not None and set(months_spoken_of(clause, facts.last.month)) & set(facts.provisional):
        return facts, ("provisional", {})
    against = verdicts.VERDICTS[claim.needs](verdicts.Case(facts, claim, m[0], clause))
    return (facts, against) if against else None


def _is_lifted(claim: Claim, m: re.Match[str], clause: str, text: str, after: str, rules: Rules) -> bool:
    """Whether a negation, a hedge, a plan or the like takes the claim back."""

    def stands(lift: Lift) -> bool:
        if lift.where in ("before", "up_to"):
            return bool(lift.pattern.search(clause[: m.start() if lift.where == "before" else m.end()]))
        if lift.where == "after":
            near = NEAR.match(clause[m.end() :])
            return bool(near and lift.pattern.search(near[0]))
        where = {"clause": clause, "sentence": text, "follows": f"{text} … {after}"}[lift.where]
        return bool(lift.pattern.search(where))

    return any(claim.id in lift.claims and stands(lift) for lift in rules.lifts)


__all__ = ["Contradiction", "check"]
