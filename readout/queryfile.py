"""One `.sql` file: its header (purpose, grain, reads, params, returns) and its text. The store checks it against the parse."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from readout.errors import CatalogueError

_FIELDS = ("grain", "reads", "params", "returns")


@dataclass(frozen=True)
class QueryFile:
    """A parsed query. `params` and `returns` map a name to its SQL type."""

    name: str
    purpose: str
    grain: str
    reads: tuple[str, ...]
    params: Mapping[str, str]
    returns: Mapping[str, str]
    text: str

    @property
    def hash(self) -> str:
        """Sixteen hexadecimal digits of the text's SHA-256."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


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
    return QueryFile(
        name=path.stem,
        purpose=fields["purpose"],
        grain=fields["grain"],
        reads=tuple(_listed(fields["reads"])),
        params=_typed(path, "params", fields["params"]),
        returns=_typed(path, "returns", fields["returns"]),
        text=text,
    )


def load_queries(folder: Path) -> dict[str, QueryFile]:
    """Every query of a folder by name."""
    return {p.stem: load_query(p) for p in sorted(folder.glob("*.sql"))}


def _listed(text: str) -> list[str]:
    return [] if text == "none" else [part.strip() for part in text.rstrip(".").split(",") if part.strip()]


def _typed(path: Path, what: str, text: str) -> dict[str, str]:
    typed = {}
    for part in _listed(text):
        name, _, kind = part.removeprefix("$").partition(" ")
        if not kind:
            raise CatalogueError(f"{path.name}: '{part}' in '{what}' needs a name and a type, as in 'sites varchar[]'.")
        typed[name] = kind.strip().lower()
    return typed
