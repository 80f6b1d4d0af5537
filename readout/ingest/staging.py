"""One file read once: typed records as Parquet under a fingerprint, with its counts and rejects beside them."""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from readout import __version__, files, paths, schema
from readout.extract import file_hash
from readout.ingest.network import Network, Source
from readout.ingest.pseudonym import Pseudonyms
from readout.ingest.reading import Reject, TextReader
from readout.ingest.typed import ExamTyper, Tally, Typer
from readout.ingest.typed_review import ReviewTyper

TYPERS: Mapping[str, type[Typer]] = {"exam": ExamTyper, "peer_review": ReviewTyper}


@dataclass(frozen=True)
class Staged:
    """What is known of one staged file. `counts` accounts for every record of it."""

    path: Path
    parts: tuple[Path, ...]
    sha256: str
    bytes: int
    read: int
    kept: int
    excluded: Mapping[str, int]
    dropped: Mapping[str, int]
    unknown: tuple[tuple[str, str, int], ...]
    notes: Mapping[str, int]
    rejects: tuple[Reject, ...]
    first_future: str | None  # the earliest time set aside for lying in the future, UTC
    was_reused: bool


@cache
def code_version() -> str:
    """The package's version and a hash of the code that shapes staged rows."""
    digest = hashlib.sha256(pl.__version__.encode())
    for path in [*sorted((paths.PACKAGE / "ingest").rglob("*.py")), Path(schema.__file__)]:
        digest.update(path.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:12]}"


@cache
def maker() -> str:
    """The code version and a hash of the SQL that builds tables: the same maker makes the same extract of the same files."""
    digest = hashlib.sha256(code_version().encode())
    for folder in ("canonical", "summary", "checks"):
        for path in sorted((paths.QUERIES / folder).glob("*.sql")):
            digest.update(path.read_bytes())
    for name in ("standards.toml", "policy.toml"):  # what is shipped and frozen in an extract
        digest.update((paths.QUERIES / name).read_bytes())
    return digest.hexdigest()[:12]


def fingerprint(network: Network, source: Source, sha256: str, pseudonyms: Pseudonyms) -> str:
    """Changes with the content, the adapter, the source and site entries, the code and the secret; with nothing else."""
    parts = (sha256, repr(source), repr(network.sites), network.time_zone, code_version(), pseudonyms.id)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def stage(network: Network, source: Source, path: Path, staging: Path, pseudonyms: Pseudonyms, now: datetime, advance: Callable[[int], None]) -> Staged:
    """Read a file, or reuse what was staged of it. `advance` is told of the bytes done."""
    assert source.adapter is not None
    sha256, size = file_hash(path), path.stat().st_size
    folder = staging / fingerprint(network, source, sha256, pseudonyms)
    if (folder / "tally.json").is_file():
        staged = _load(folder, path)
        first = staged.first_future
        if first is None or datetime.fromisoformat(first) > now.replace(tzinfo=None):  # else what lay in the future does so no longer
            os.utime(folder)
            advance(size)
            return staged
        shutil.rmtree(folder)
    work = staging / f".{folder.name}.{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    reader = TextReader(path, source.adapter.file, source.adapter.required())
    typer, tally, kept, done = TYPERS[source.table](network, source, pseudonyms, now), Tally(), 0, 0
    for number, batch in enumerate(reader.batches()):
        rows = typer.type_batch(batch, tally)
        kept += rows.height
        rows.write_parquet(work / f"part-{number:04d}.parquet", compression="zstd", compression_level=1)
        step = min(size - done, size // 20)
        done += step
        advance(step)
    advance(size - done)
    rejects = [*reader.rejects, *tally.rejects]
    entry = {
        "sha256": sha256,
        "bytes": size,
        "read": reader.count_read,
        "kept": kept,
        "excluded": dict(tally.excluded),
        "dropped": dict(reader.dropped),
        "unknown": [[c, v, n] for (c, v), n in sorted(tally.unknown.items())],
        "notes": dict(reader.notes),
        "first_future": tally.first_future.isoformat() if tally.first_future else None,
        "rejects": [asdict(r) for r in sorted(rejects, key=lambda r: r.record)],
    }
    accounted = kept + sum(tally.excluded.values()) + sum(reader.dropped.values()) + len(rejects)
    assert reader.count_read == accounted, f"{path.name}: {reader.count_read} records read, {accounted} accounted for"
    (work / "tally.json").write_text(json.dumps(entry), "utf-8")
    files.replace(work, folder)
    return _load(folder, path, was_reused=False)


def _load(folder: Path, path: Path, *, was_reused: bool = True) -> Staged:
    entry: dict[str, Any] = json.loads((folder / "tally.json").read_text("utf-8"))
    entry["rejects"] = tuple(Reject(**r) for r in entry["rejects"])
    entry["unknown"] = tuple((c, v, n) for c, v, n in entry["unknown"])
    return Staged(path=path, parts=tuple(sorted(folder.glob("part-*.parquet"))), was_reused=was_reused, **entry)


def reasons(rejects: tuple[Reject, ...]) -> dict[str, int]:
    """How many records each reason quarantined."""
    return dict(Counter(r.reason for r in rejects))
