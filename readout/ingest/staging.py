"""One file surveyed, then typed: its records as Parquet under a fingerprint, with its counts and rejects beside them."""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from readout import __version__, files, paths, schema
from readout.engine.extract import file_hash
from readout.engine.query_file import MACROS
from readout.ingest import survey as counting
from readout.ingest.decisions import Decision
from readout.ingest.network import Network, Source
from readout.ingest.pseudonym import Pseudonyms
from readout.ingest.reading import Reject, TextReader
from readout.ingest.reviews import ReviewTyper
from readout.ingest.survey import Survey
from readout.ingest.typed import DATE_ONLY, ExamTyper, Tally, Typer

SURVEYED = 1 / 3  # the share of the work on a file that its survey is
MIDNIGHTS: Mapping[str, tuple[str, ...]] = {"exam": DATE_ONLY, "peer_review": ()}  # columns of hours, where a bare date matters
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
    columns: Mapping[str, Mapping[str, int]]  # of each mapped column, and "latest", the counts of `schema.COLUMN_COUNTS`
    examples: Mapping[str, tuple[str, ...]]  # unreadable texts of columns that may be shown
    mapped: Mapping[str, Mapping[str, int]]  # of each value map, how often each of its source values stood in the file
    named: tuple[str, ...]  # the source columns that the file has
    was_reused: bool


@dataclass(frozen=True)
class Surveyed:
    """One file before it is typed."""

    path: Path
    sha256: str
    bytes: int
    folder: Path
    survey: Survey


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
    for name in (MACROS, "standards.toml", "policy.toml"):  # the macros, and what is shipped and frozen in an extract
        digest.update((paths.QUERIES / name).read_bytes())
    return digest.hexdigest()[:12]


def fingerprint(network: Network, source: Source, sha256: str, pseudonyms: Pseudonyms, decision: Decision | None = None) -> str:
    """Changes with the content, the adapter, the source and site entries, the code, the secret and how times are read; with nothing else."""
    parts = (sha256, repr(source), repr(network.sites), network.time_zone, code_version(), pseudonyms.id, repr(decision))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def survey(network: Network, source: Source, path: Path, staging: Path, pseudonyms: Pseudonyms, now: datetime, advance: Callable[[int], None]) -> Surveyed:
    """Count what the columns of times of a file hold, or take what was counted before. `advance` is told of the bytes done."""
    assert source.adapter is not None
    sha256, size = file_hash(path), path.stat().st_size
    folder = staging / fingerprint(network, source, sha256, pseudonyms)
    kept = folder / "survey.json"
    if not kept.is_file():
        reader, typer = _opened(network, source, path, pseudonyms, now)
        found = counting.added(typer.survey_batch(batch) for batch in reader.batches())
        with _made(folder) as work:
            (work / kept.name).write_text(json.dumps(counting.as_json(found)), "utf-8")
    os.utime(folder)
    advance(int(size * SURVEYED))
    return Surveyed(path, sha256, size, folder, counting.from_json(json.loads(kept.read_text("utf-8"))))


def stage(network: Network, source: Source, surveyed: Surveyed, decision: Decision, pseudonyms: Pseudonyms, now: datetime, advance: Callable[[int], None]) -> Staged:
    """Type a file by the decision made over its whole source, or reuse what was staged so. `advance` is told of the bytes done."""
    path, sha256, size = surveyed.path, surveyed.sha256, surveyed.bytes
    folder = surveyed.folder.parent / fingerprint(network, source, sha256, pseudonyms, decision)
    rest = size - int(size * SURVEYED)
    if (folder / "tally.json").is_file():
        staged = _load(folder, path)
        first = staged.first_future
        if first is None or datetime.fromisoformat(first) > now.replace(tzinfo=None):  # else what lay in the future does so no longer
            os.utime(folder)
            advance(rest)
            return staged
        shutil.rmtree(folder)
    reader, typer = _opened(network, source, path, pseudonyms, now, decision)
    tally, kept, done = Tally(), 0, 0
    with _made(folder) as work:
        for number, batch in enumerate(reader.batches()):
            rows = typer.type_batch(batch, tally)
            kept += rows.height
            rows.write_parquet(work / f"part-{number:04d}.parquet", compression="zstd", compression_level=1)
            step = min(rest - done, rest // 20)
            done += step
            advance(step)
        advance(rest - done)
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
            "columns": _nested(tally.columns),
            "examples": tally.examples,
            "mapped": _nested(tally.mapped),
            "named": reader.header,
        }
        accounted = kept + sum(tally.excluded.values()) + sum(reader.dropped.values()) + len(rejects)
        assert reader.count_read == accounted, f"{path.name}: {reader.count_read} records read, {accounted} accounted for"
        (work / "tally.json").write_text(json.dumps(entry), "utf-8")
    return _load(folder, path, was_reused=False)


def _opened(
    network: Network, source: Source, path: Path, pseudonyms: Pseudonyms, now: datetime, decision: Decision | None = None
) -> tuple[TextReader, Typer]:
    """The reader of a file and the typer of its source."""
    adapter = source.adapter
    assert adapter is not None
    return TextReader(path, adapter.file, adapter.required(), named=adapter.named()), TYPERS[source.table](network, source, pseudonyms, now, decision)


@contextmanager
def _made(folder: Path) -> Iterator[Path]:
    """A folder to fill, which takes its name only when it is whole."""
    work = folder.parent / f".{folder.name}.{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    yield work
    files.replace(work, folder)


def _nested(counts: Mapping[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    made: dict[str, dict[str, int]] = {}
    for (column, what), number in counts.items():
        made.setdefault(column, {})[what] = number
    return made


def _load(folder: Path, path: Path, *, was_reused: bool = True) -> Staged:
    entry: dict[str, Any] = json.loads((folder / "tally.json").read_text("utf-8"))
    entry["rejects"] = tuple(Reject(**r) for r in entry["rejects"])
    entry["unknown"] = tuple((c, v, n) for c, v, n in entry["unknown"])
    entry["examples"] = {c: tuple(texts) for c, texts in entry["examples"].items()}
    entry["named"] = tuple(entry["named"])
    return Staged(path=path, parts=tuple(sorted(folder.glob("part-*.parquet"))), was_reused=was_reused, **entry)


def reasons(rejects: tuple[Reject, ...]) -> dict[str, int]:
    """How many records each reason quarantined."""
    return dict(Counter(r.reason for r in rejects))
