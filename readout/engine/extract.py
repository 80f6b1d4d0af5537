"""Where extracts lie, which is current, and what a manifest says. An extract is immutable once published.

extracts/
  CURRENT                one line: the id of the live extract, replaced atomically
  .readers/              a file an extract, locked by whoever reads it (see `lease`)
  <extract id>/          tables/*.parquet, quarantine/*.csv, manifest.json
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from readout import files
from readout.engine import shape
from readout.errors import ExtractError, suggest

POINTER = "CURRENT"


@dataclass(frozen=True)
class Extract:
    """One published extract: its folder and its manifest."""

    id: str
    folder: Path
    manifest: Mapping[str, Any]

    @cached_property
    def tables(self) -> dict[str, Path]:
        """Parquet file of each table."""
        return {name: self.folder / "tables" / f"{name}.parquet" for name in self.manifest["tables"]}

    @cached_property
    def data_through(self) -> dict[str, datetime]:
        """Instant (UTC) up to which each site's feeds are known."""
        return {code: datetime.fromisoformat(at) for code, at in self.manifest["data_through"].items()}

    @property
    def is_synthetic(self) -> bool:
        return bool(self.manifest["network"].get("synthetic"))

    @property
    def is_open(self) -> bool:
        """Whether it may be read without sign-in: it is synthetic, marked open in its network file, or holds no examination (a national return is public)."""
        return self.is_synthetic or bool(self.manifest["network"].get("open")) or "exam" not in self.manifest["tables"]

    def refuse_unless_open(self) -> None:
        """Raise, with what to set, where no sign-in guards an extract that is not open."""
        if not self.is_open:
            raise ExtractError(
                f"Extract {self.id} of {self.manifest['network']['name']} is not marked open, and no sign-in is configured, so the app does not show it. "
                f"Where everybody who can use this machine may see it, write open = true under [network] in {self.manifest['network']['file']} and publish again; "
                "`readout ask` answers without."
            )

    def verify(self) -> None:
        """Raise unless every table is there with the bytes that were published."""
        for name, entry in self.manifest["tables"].items():
            path = self.folder / "tables" / f"{name}.parquet"
            if not path.is_file():
                raise ExtractError(f"Extract {self.id} is incomplete: table '{name}' is missing. Publish again, or use another extract.")
            if file_hash(path) != entry["sha256"]:
                raise ExtractError(f"Extract {self.id} was altered: table '{name}' is not what was published. Publish again, or use another.")


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def extract_ids(extracts: Path) -> list[str]:
    """Ids of the published extracts, oldest first."""
    if not extracts.is_dir():
        return []
    return sorted(p.parent.name for p in extracts.glob("*/manifest.json") if not p.parent.name.startswith("."))


def current_id(extracts: Path) -> str | None:
    """Id of the live extract, or none."""
    found: list[str] = []
    try:
        files.patiently(lambda: found.append((extracts / POINTER).read_text("utf-8").strip()))
    except FileNotFoundError:
        return None
    return found[0] or None


def open_extract(extracts: Path, extract_id: str | None = None) -> Extract:
    """The named extract, else the current one, its files proved to be there."""
    wanted = extract_id or current_id(extracts)
    if wanted is None:
        raise ExtractError(f"There is no published extract in '{extracts.name}'. Make one: readout publish network.toml --extracts {extracts.name}")
    folder = extracts / wanted
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        if not isinstance(manifest, dict):
            raise ValueError
    except FileNotFoundError:
        raise ExtractError(f"Extract '{wanted}' is not in '{extracts.name}'. {suggest(wanted, extract_ids(extracts))}") from None
    except ValueError:
        raise ExtractError(f"Extract '{wanted}' has a manifest that cannot be read: it was altered or half-copied. Use another.") from None
    if manifest.get("schema_version") != shape.version():
        raise ExtractError(f"Extract '{wanted}' was made by another version of Readout and cannot be read by this one. Publish again.")
    extract = Extract(wanted, folder, manifest)
    extract.verify()
    return extract


def set_current(extracts: Path, extract_id: str) -> None:
    """Make an extract the live one: the pointer is replaced in one step, so a reader sees the old or the new, never half."""
    new = extracts / f".{POINTER}.{os.getpid()}"
    with new.open("w", encoding="utf-8") as f:
        f.write(f"{extract_id}\n")
        f.flush()
        os.fsync(f.fileno())
    files.replace(new, extracts / POINTER)
