"""One `.sql` file: its header (purpose, grain, reads, params, returns) and its text. The store checks it against the parse."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from readout import paths
from readout.errors import CatalogueError

MACROS = "macros.sql"
_FIELDS = ("grain", "reads", "params", "returns")
# What a returned number is, which decides what becomes of it in a release that withholds small counts.
ROLES: Mapping[str, str] = {
    "people": "counts examinations, patients, requests or reports: a small one is withheld, others are rounded",
    "plain": "counts nobody, such as working days: shown as it is",
    "expected": "how many would be expected at the rates of all sites: no count of anybody",
    "share": "a fraction from 0 to 1, worked out from counts of people",
    "hours": "a time in hours",
    "days": "a time in days",
    "statistic": "a sum or a variance made of exact values: withheld",
}
NUMBERS = ("tinyint", "smallint", "integer", "bigint", "hugeint", "ubigint", "float", "double", "decimal")


@dataclass(frozen=True)
class QueryFile:
    """A parsed query. `params` and `returns` map a name to its SQL type; `roles` a returned column to its role, where it says one."""

    name: str
    purpose: str
    grain: str
    reads: tuple[str, ...]
    params: Mapping[str, str]
    returns: Mapping[str, str]
    text: str
    roles: Mapping[str, str] = field(default_factory=dict)

    def undeclared(self, known: Iterable[str]) -> list[str]:
        """Returned numbers that do not say what they are. `known`: dimensions, which need not."""
        plain = set(known)
        return [c for c, kind in self.returns.items() if kind.startswith(NUMBERS) and c not in self.roles and c not in plain]

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal digits of the SHA-256 of the text and of the macros that it may call."""
        return hashlib.sha256(f"{self.text}\0{macros_text()}".encode()).hexdigest()[:16]


@cache
def macros_text() -> str:
    """What every query may call beside the engine's own functions."""
    return (paths.QUERIES / MACROS).read_text("utf-8")


def load_query(path: Path) -> QueryFile:
    """Read one file and its header. A missing field is an error that names it."""
    text = path.read_text("utf-8")
    header = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        header.append(line.removeprefix("--").strip())
    fields: dict[str, str] = {}
    current = "purpose"
    for line in header:
        start = re.match(rf"({'|'.join(_FIELDS)}):\s*(.*)", line)
        if start:
            current, line = start[1], start[2]
        fields[current] = f"{fields.get(current, '')} {line}".strip()
    for name in ("purpose", *_FIELDS):
        if not fields.get(name):
            raise CatalogueError(f"{path.name} has no '{name}' in its header comment: write '-- {name}: ...' ('none' where there is none).")
    returns, roles = _with_roles(_typed(path, "returns", fields["returns"]))
    return QueryFile(
        name=path.stem,
        purpose=fields["purpose"],
        grain=fields["grain"],
        reads=tuple(_listed(fields["reads"])),
        params=_typed(path, "params", fields["params"]),
        returns=returns,
        text=text,
        roles=roles,
    )


def load_queries(folder: Path) -> dict[str, QueryFile]:
    """Every query of a folder by name."""
    return {p.stem: load_query(p) for p in sorted(folder.glob("*.sql"))}


def _listed(text: str) -> list[str]:
    return [] if text == "none" else [part.strip() for part in text.rstrip(".").split(",") if part.strip()]


def _with_roles(typed: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Types and roles of returned columns: `count_exams hugeint people` has both, `site_code varchar` a type alone."""
    types, roles = {}, {}
    for name, said in typed.items():
        kind, _, last = said.rpartition(" ")
        types[name] = kind if last in ROLES else said
        if last in ROLES:
            roles[name] = last
    return types, roles


def _typed(path: Path, what: str, text: str) -> dict[str, str]:
    typed = {}
    for part in _listed(text):
        name, _, kind = part.removeprefix("$").partition(" ")
        if not kind:
            raise CatalogueError(f"{path.name}: '{part}' in '{what}' needs a name and a type, as in 'sites varchar[]'.")
        typed[name] = kind.strip().lower()
    return typed
