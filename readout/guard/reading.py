"""Commentary taken apart without grammar: sentences, what stands in them without decoration, clauses, and the months they speak of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SHORT = ("e.g", "i.e", "approx", "vs", "cf", "etc", "dr", "mr", "mrs", "ms", "prof", "st", "no", "fig", "para", "incl", "excl", "dept", "sept", *MONTHS)
ABBREVIATION = re.compile(rf"(?:\b(?:{'|'.join(map(re.escape, SHORT))})|\b[A-Z])\.$", re.IGNORECASE)
END = re.compile(r"[.!?]+[*_\"'”’)]*(?=\s|$)|\n\s*\n|\n(?=\s*(?:[-*•#>]|\d+[.)])\s)|\n\Z")
MARKDOWN = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
DECORATION = re.compile(r"^\s*(?:[-*•#>]+|\d+[.)])\s+|[*_`~]+|<[^>]*>")
QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|(?<!\w)‘[^’]*’(?!\w)")
SPACES = re.compile("[\u00a0\u202f]")
NOT_ONLY = re.compile(r"\bnot only\b", re.IGNORECASE)
BREAK = re.compile(
    r"[;:]|\s[-–—]+\s|,\s+(?:and|so)\s|,?\s+(?:but|yet|although|though|while|whilst|whereas|however|despite|notwithstanding)\s|^(?:although|though|while|whilst|whereas)\s",
    re.IGNORECASE,
)
NAMED = re.compile(
    r"\b(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
    r"(?:\s+(?P<year>20\d\d))?|\b(?P<alone>(?:19|20)\d\d)(?:/\d\d)?\b"
)
WITHIN = "the|early|late|mid|quarter|first|second|third|fourth|half|year|spring|summer|autumn|winter|of|end|start|beginning|calendar|financial"
DURING = re.compile(rf"\b(?:in|during|throughout|for|of|at the end of|by the end of|as at|early|late|mid|and)(?:\s+(?:{WITHIN}))*[\s-]+$", re.IGNORECASE)
BASE = re.compile(r"(?:\b(?:since|than|from|to|until|before|after|compared with|against|on)|\()(?:\s*[\d.,]+ ?%?)?(?:\s*\b(?:in|the|that of)\b)*\s+$", re.IGNORECASE)
UNTIL = re.compile(r"\b(?:before|until|prior to|up to)\s+$", re.IGNORECASE)
SINCE = re.compile(r"\bsince\b[^,]*$", re.IGNORECASE)
AHEAD = 3  # months: a month named without a year is not further ahead than this
EARLIER = "year|financial year|winter|spring|summer|autumn|quarter|decade"
LAST_YEAR = re.compile(rf"\b(?:in|during|over|throughout) (?:the )?(?:last|previous|prior|preceding) (?:{EARLIER})\b|\bpreviously\b|\bhistorically\b", re.IGNORECASE)


@dataclass(frozen=True)
class Sentence:
    """`raw`: as it was written; `text`: without decoration, quotations and typographical signs."""

    raw: str
    text: str

    @property
    def is_question(self) -> bool:
        return self.raw.rstrip("*_\"'”’) ").endswith("?")


def sentences(text: str) -> list[Sentence]:
    """The sentences, in order; an item of a list and a paragraph end one too, an abbreviation, a decimal and an initial do not."""
    found, start = [], 0
    for m in [*END.finditer(text), None]:
        end = m.end() if m else len(text)
        so_far = text[start:end].strip()
        if m and m[0].startswith(".") and (ABBREVIATION.search(so_far.rstrip("*_\"'”’)")) and _goes_on(text[end:])):
            continue
        if plain := clean(so_far):
            found.append(Sentence(" ".join(so_far.split()), plain))
        start = end
    return found


def _goes_on(rest: str) -> bool:
    """Whether what follows a full stop may be the same sentence."""
    return bool(rest.strip()) and not rest.startswith("\n")


def clean(text: str) -> str:
    """A sentence as the rules read it."""
    text = MARKDOWN.sub(r"\1", DECORATION.sub("", SPACES.sub(" ", text)).replace("\u2011", "-"))
    return " ".join(NOT_ONLY.sub("", QUOTED.sub("…", text).replace("’", "'")).split())


def clauses(text: str) -> Iterator[str]:
    """The parts of a sentence that stand for themselves: a negation or a plan in one says nothing of the next."""
    start = 0
    for m in BREAK.finditer(text):
        if text[start : m.start()].strip():
            yield text[start : m.start()].strip()
        start = m.end()
    if text[start:].strip():
        yield text[start:].strip()


def month_named(m: re.Match[str], last: date) -> date | None:
    """The month that a match of `NAMED` names: without a year the latest that is at most three months after the last month of the chart."""
    if m["month"] is None:
        return None
    number = MONTHS.index(m["month"][:3].lower()) + 1
    ahead = (number - last.month) % 12
    year = int(m["year"]) if m["year"] else last.year + (number < last.month) - (0 if ahead <= AHEAD else 1)
    return date(year, number, 1)


def months_spoken_of(clause: str, last: date) -> list[date]:
    """The months that a clause speaks of, not those that it measures from (`since March`, `than in August`)."""
    named = [(m, month_named(m, last)) for m in NAMED.finditer(clause)]
    return [month for m, month in named if month is not None and not BASE.search(clause[: m.start()])]


def is_past(clause: str, last: date) -> bool:
    """Whether a clause is of a time before the last month of the chart: `in 2024`, `in March and in August`, `before June`, `in the last year`, not `since 2024`."""
    times: list[bool] = []
    for m in NAMED.finditer(clause):
        before = clause[: m.start()]
        month = month_named(m, last)
        if UNTIL.search(before):
            times.append(month <= last if month is not None else int(m["alone"]) <= last.year)
            continue
        if not DURING.search(before) or BASE.search(before) or SINCE.search(before):
            continue
        times.append(month < last if month is not None else int(m["alone"]) < last.year)
    return (bool(times) and all(times)) or bool(LAST_YEAR.search(clause))
