"""The rules by which commentary is read, `queries/claims.toml`, as typed values: what a sentence claims and what takes a claim back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, NoReturn

from readout import tomlfile
from readout.errors import CatalogueError, suggest

NEEDS = (
    *("improvement", "no_improvement", "concern", "decline", "special", "high", "low", "usual", "figure", "cause"),
    *("met", "missed", "above_target", "below_target", "passes", "fails", "on_track"),
    *("highest", "lowest", "best", "worst", "record", "times", "rise", "fall"),
    *("better_than", "worse_than", "higher_than", "lower_than", "best_of", "worst_of", "highest_of", "lowest_of"),
)
SWITCHES = ("is_own", "has_object")
PLACES = ("before", "up_to", "after", "clause", "sentence", "follows")
OWN = ("figure", "good", "time", "volume", "goal", "thing", "us")  # nouns of the indicator itself
NOUNS = (*OWN, "other", "part", "goes_on", "light", "scale")
NOW = ("value", "month", "mean", "target", "months")
# What the chart may show instead of a claim, and the names its words may use.
FOUND: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("common_cause", "improvement", "concern", "neutral_high", "neutral_low", "not_judged", "changed_up", "changed_down"), NOW),
    **dict.fromkeys(("is_met", "is_missed", "passes", "fails", "hit_or_miss", "no_assurance", "withheld", "provisional"), NOW),
    "counted": (*NOW, "count", "of"),
    **dict.fromkeys(("was_higher", "was_lower", "not_times", "went_up", "went_down"), (*NOW, "other", "other_month")),
    "other_figure": (*NOW, "typed"),
    **dict.fromkeys(("overlap", "reverse", "unit_withheld"), tuple(f"{u}{part}" for u in "ab" for part in ("", "_value", "_low", "_high"))),
}
Pattern = re.Pattern[str]


@dataclass(frozen=True)
class Lift:
    """Words that take a claim back. `where` they stand: see the file. `claims`: those that they lift."""

    id: str
    where: str
    pattern: Pattern
    claims: frozenset[str]


@dataclass(frozen=True)
class Claim:
    """Words that claim something of an indicator. `needs`: what its chart must show, one of `NEEDS`; `factor`: how many times as much.

    `is_own`: its clause must name the indicator. `has_object`: what follows may be what was changed. `led_by`: words that must stand right before it.
    """

    id: str
    needs: str
    says: str
    pattern: Pattern
    is_own: bool
    has_object: bool
    factor: float
    led_by: Pattern | None = None


@dataclass(frozen=True)
class Rules:
    """Everything `claims.toml` says. `nouns`: a pattern for each of `NOUNS`."""

    claims: tuple[Claim, ...]
    lifts: tuple[Lift, ...]
    nouns: Mapping[str, Pattern]
    found: Mapping[str, str]


def phrase(text: str, words: Mapping[str, str]) -> str:
    """A phrase as a regular expression: the sets set in, a set within a set too, every space any space. Raises KeyError for a set there is not."""
    for _ in range(3):
        text = re.sub(r"\{([a-z_]+)\}", lambda m: f"(?:{words[m[1]]})", text)
    return text.replace(" ?", r"\s*").replace(" ", r"\s+")


def load_claims(path: Path) -> Rules:
    """The rules of one file. Raises CatalogueError that names the file, the line, the entry and the cure."""
    data, text = tomlfile.read(path), path.read_text("utf-8-sig")

    def fail(section: str, key: str, sentence: str) -> NoReturn:
        raise CatalogueError(f"{path.name}{tomlfile.line(text, section, key)} [{section}]: {sentence}")

    sections = ("words", "nouns", "lift", "claim", "found")
    for key, value in data.items():
        if key not in sections or not isinstance(value, Mapping):
            raise CatalogueError(f"{path.name}{tomlfile.line(text, None, key)}: '{key}' is not a section of the rules. {suggest(key, sections)}")
    if missing := [s for s in sections if s not in data]:
        raise CatalogueError(f"{path.name} lacks the section {missing[0]}.")

    def texts(section: str, key: str, given: Any) -> list[str]:
        if not isinstance(given, list) or not given or not all(isinstance(p, str) and p for p in given):
            fail(section, key, f'{key} is a list of texts in quotes, as in ["improved"], and must not be empty.')
        return list(given)

    words = {name: "|".join(texts("words", name, given)) for name, given in data["words"].items()}

    def pattern(section: str, key: str, given: Any) -> Pattern:
        whole = []
        for one in texts(section, key, given):
            try:
                whole.append(re.compile(phrase(one, words)).pattern)
            except KeyError as e:
                fail(section, key, f"'{one}' uses {{{e.args[0]}}}, which [words] does not have. {suggest(e.args[0], words)}")
            except re.error as e:
                fail(section, key, f"'{one}' is not a regular expression: {e}.")
        return re.compile(rf"(?<![\w-])(?:{'|'.join(whole)})(?![\w])", re.IGNORECASE)

    def fields(section: str, entry: Any, known: tuple[str, ...], needed: tuple[str, ...]) -> Mapping[str, Any]:
        if not isinstance(entry, Mapping):
            fail(section, "", "write it as a section of its own, with its entries below it.")
        for key in entry:
            if key not in known:
                fail(section, key, f"'{key}' is not an entry of it. {suggest(key, known)}")
        for key in needed:
            if not entry.get(key):
                fail(section, key, f"it lacks {key}.")
        return entry

    nouns = fields("nouns", data["nouns"], NOUNS, NOUNS)
    entries = {
        f"claim.{k}": fields(f"claim.{k}", v, ("needs", "says", "phrases", *SWITCHES, "factor", "led_by"), ("needs", "says", "phrases")) for k, v in data["claim"].items()
    }
    claims = tuple(_claim(section, entry, pattern, fail) for section, entry in entries.items())
    ids = [c.id for c in claims]
    lifts = []
    for name, v in data["lift"].items():
        section, entry = f"lift.{name}", fields(f"lift.{name}", v, ("where", "phrases", "claims", "except"), ("where", "phrases"))
        if entry["where"] not in PLACES:
            fail(section, "where", f"where '{entry['where']}' is not known. {suggest(str(entry['where']), PLACES)}")
        if "claims" in entry and "except" in entry:
            fail(section, "except", "give claims or except, not both.")
        for key in ("claims", "except"):
            for claim in texts(section, key, entry[key]) if key in entry else ():
                if claim not in ids:
                    fail(section, key, f"there is no claim '{claim}'. {suggest(claim, ids)}")
        lifted = frozenset(entry.get("claims", ids)) - frozenset(entry.get("except", ()))
        lifts.append(Lift(name, entry["where"], pattern(section, "phrases", entry["phrases"]), lifted))
    found = fields("found", data["found"], tuple(FOUND), tuple(FOUND))
    for name, said in found.items():
        for _, placeholder, _, _ in Formatter().parse(said):
            if placeholder is not None and placeholder not in FOUND[name]:
                fail("found", name, f"{{{placeholder}}} is not known here. {suggest(placeholder, FOUND[name])}")
    return Rules(claims, tuple(lifts), {k: pattern("nouns", k, nouns[k]) for k in NOUNS}, dict(found))


def _claim(section: str, entry: Mapping[str, Any], pattern: Callable[[str, str, Any], Pattern], fail: Callable[[str, str, str], NoReturn]) -> Claim:
    if entry["needs"] not in NEEDS:
        fail(section, "needs", f"needs '{entry['needs']}' is not known. {suggest(str(entry['needs']), NEEDS)}")
    factor = entry.get("factor", 1)
    if isinstance(factor, bool) or not isinstance(factor, (int, float)) or factor <= 0:
        fail(section, "factor", f"factor is a number above 0, not {factor!r}.")
    if (entry["needs"] == "times") != ("factor" in entry):
        fail(section, "factor", 'a factor goes with needs = "times", and only with it.')
    for key in SWITCHES:
        if not isinstance(entry.get(key, False), bool):
            fail(section, key, f"{key} is true or false.")
    switches = {key: entry.get(key, False) for key in SWITCHES}
    spoken = pattern(section, "phrases", entry["phrases"])
    led_by = pattern(section, "led_by", entry["led_by"]) if "led_by" in entry else None
    return Claim(section.removeprefix("claim."), entry["needs"], str(entry["says"]), spoken, factor=float(factor), led_by=led_by, **switches)


__all__ = ["Claim", "Lift", "Rules", "load_claims"]
