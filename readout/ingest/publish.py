"""Publishing: stage every file, merge, check, write an extract beside the live one, and make it current in one step."""

import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from readout import files, paths, schema
from readout.engine import lease
from readout.engine.extract import Extract, current_id, extract_ids, open_extract, set_current
from readout.engine.query_file import QueryFile, load_queries
from readout.engine.store import Builder, builder
from readout.errors import NetworkFileError, PublishError, SourceError, UsageError, suggest
from readout.ingest import identifiers, national
from readout.ingest.build import Build
from readout.ingest.decisions import decide
from readout.ingest.manifest import manifest, records_of, write_json, write_quarantine
from readout.ingest.network import Network, load_network
from readout.ingest.notices import find_gaps, refuse_quarantined, refuse_unread
from readout.ingest.pseudonym import Pseudonyms, load_secret
from readout.ingest.reading import Reject
from readout.ingest.return_scope import return_scope
from readout.ingest.reviews import STAGED as STAGED_REVIEW
from readout.ingest.small_tables import data_through, small_tables
from readout.ingest.staging import MIDNIGHTS, stage, survey
from readout.ingest.survey import added
from readout.metrics.scope import months_between

KEEP = 12
STEPS = ("lock", "network", "stage", "merge", "exam", "summary", "national", "identifiers", "checks", "manifest", "rename", "current")
SUMMARIES = (  # in the order in which one reads another
    "examined",
    "activity_day",
    "demand_day",
    "unit_life",
    "report_day",
    "timestamp_day",
    "exam_standard",
    "clocked",
    "clocked_month",
    "stratum",
    "case_mix",
    "unreported_span",
    "unreported_month",
    "report_flow_day",
    "waiting_span",
    "waiting_month",
    "booking_day",
    "data_quality_rule",
)
BESIDE_RETURN = ("exam_test", "return_span", "return_month")  # views that the bridges are made of
BRIDGES = ("list_bridge", "activity_bridge")  # our figures beside the national return's, where there are both
Progress = Callable[[str, float], None]  # what is being done, and the share done


def publish(
    network_file: Path,
    extracts: Path,
    *,
    secret_file: Path | None = None,
    accept_quarantine: Collection[str] = (),
    now: datetime | None = None,
    progress: Progress | None = None,
    tell: Callable[[str], None] | None = None,
    hook: Callable[[str], None] | None = None,
) -> Extract:
    """Make an extract from a network file and make it current. Any failure leaves the current extract live.

    `accept_quarantine` names sources that are published however many of their records are quarantined.
    `tell` is given sentences about what is not in the extract itself: older ones that could not be pruned.
    `hook` is called before each of STEPS; tests fail a publish with it.
    """
    say: Progress = progress or (lambda _what, _share: None)
    step = hook or (lambda _name: None)
    now = (now or datetime.now(UTC)).astimezone(UTC)
    extracts.mkdir(parents=True, exist_ok=True)
    step("lock")
    with _locked(extracts):
        step("network")
        network = load_network(network_file)
        _refuse_future(network, now)
        for name in accept_quarantine:
            if name not in (known := [s.name for s in network.sources]):
                raise UsageError(f"There is no source '{name}' whose quarantine could be accepted. {suggest(name, known)}")
        pseudonyms = load_secret(secret_file, synthetic=network.synthetic)
        _remove_leftovers(extracts)
        building = extracts / f".building-{os.getpid()}"
        (building / "tables").mkdir(parents=True)
        try:
            build = Build(network, building, now, accepted=frozenset(accept_quarantine))
            step("stage")
            _stage_all(build, extracts / ".staging", pseudonyms, say)
            with builder(building / "work") as engine:
                _fill(build, engine, step, say)
            step("manifest")
            shutil.rmtree(building / "work", ignore_errors=True)
            write_quarantine(build)
            extract_id = _new_id(extracts, now)
            write_json(building / "manifest.json", manifest(build, extract_id))
            for path in building.rglob("*"):
                if path.is_file():
                    path.chmod(0o444)
            step("rename")
            lease.declare(extracts, extract_id)
            files.replace(building, extracts / extract_id)
            step("current")
            set_current(extracts, extract_id)
        except BaseException:
            files.remove(building)
            raise
        say("Published", 1.0)
        _prune(extracts, now, tell or (lambda _sentence: None))
        return open_extract(extracts, extract_id)


def _stage_all(build: Build, staging: Path, pseudonyms: Pseudonyms, say: Progress) -> None:
    staging.mkdir(exist_ok=True)
    inbox = {s.name: s.files(build.network.folder) for s in build.network.sources}
    build.not_read = {s.name: s.not_read(build.network.folder) for s in build.network.sources}
    total = max(1, sum(p.stat().st_size for ps in inbox.values() for p in ps))
    done = 0
    used: set[Path] = set()
    for source in [*build.exam_sources(), *build.review_sources()]:

        def advance(count: int, what: str = source.name) -> None:
            nonlocal done
            done += count
            say(f"Reading {what}", 0.6 * done / total)

        surveyed = [survey(build.network, source, path, staging, pseudonyms, build.now, advance) for path in inbox[source.name]]
        build.surveyed[source.name] = added(s.survey for s in surveyed)
        decision, build.judgements[source.name] = decide(source, build.surveyed[source.name], MIDNIGHTS[source.table])
        build.decisions[source.name] = decision
        build.staged[source.name] = [stage(build.network, source, s, decision, pseudonyms, build.now, advance) for s in surveyed]
        used |= {s.folder for s in surveyed}
    refuse_unread(build)
    if not any(s.kept for source in build.exam_sources() for s in build.staged[source.name]) and build.exam_sources():
        raise SourceError(_nothing_kept(build))
    returns = [s for s in build.network.sources if s.table == "national_wait"]
    if returns:
        say("Reading the national return", 0.6)
        build.waits = national.read_all([(s, p) for s in returns for p in inbox[s.name]])
    used |= {s.parts[0].parent for many in build.staged.values() for s in many if s.parts}
    for folder in staging.iterdir():
        if folder not in used and time.time() - folder.stat().st_mtime > 7 * 86400:
            shutil.rmtree(folder, ignore_errors=True)


def _plain(reason: str) -> str:
    """A reason as words within a sentence."""
    return reason.replace("_", " ")


def _nothing_kept(build: Build) -> str:
    """Why no record at all could be kept: what befell most of them, and in which column."""
    many = [s for source in build.exam_sources() for s in build.staged[source.name]]
    read = sum(s.read for s in many)
    if not read:
        return "No source holds any record: the files have a header and nothing below it. Export them again."
    causes = Counter((_plain(r.reason), r.column) for s in many for r in s.rejects)
    causes += sum((Counter({(f"left out by [exclude.{name}]", None): n for name, n in s.excluded.items()}) for s in many), Counter())
    causes += sum((Counter({(_plain(name), None): n for name, n in s.dropped.items()}) for s in many), Counter())
    said = "; ".join(f"{n:,} {cause}" + (f" in column '{column}'" if column else "") for (cause, column), n in causes.most_common(3))
    return f"No examination could be kept from any source. Of {read:,} records: {said}. Look there in the adapter, at its date formats and site codes first."


def _fill(build: Build, engine: Builder, step: Callable[[str], None], say: Progress) -> None:
    """Every table of the extract, as Parquet."""
    queries = {kind: load_queries(paths.QUERIES / kind) for kind in ("canonical", "summary", "checks")}
    sources = build.exam_sources()
    if sources:
        step("merge")
        say("Merging", 0.62)
        _merge(build, engine, queries["canonical"])
        refuse_quarantined(build, {s.name: records_of(build, s) for s in sources})
        step("exam")
        say("Examinations", 0.68)
        _write(build, engine, queries["canonical"]["exam"])
        find_gaps(build, engine.rows(queries["canonical"]["month_count"]))
        for change in engine.rows(queries["canonical"]["clock_change"]).iter_rows(named=True):
            build.clock_changes.setdefault(change["source"], []).append(change)
        _reviews(build, engine, queries)
        refuse_quarantined(build, {s.name: records_of(build, s) for s in build.review_sources()})
        step("summary")
        for i, name in enumerate(SUMMARIES):
            say("Summaries", 0.78 + 0.01 * i)
            _write(build, engine, queries["summary"][name])
    step("national")
    if build.waits is not None:
        refuse_quarantined(build, {entry["name"]: entry["records"] for entry in build.waits.sources()})
        for name, frame in build.waits.tables().items():
            _write_frame(build, engine, name, frame)
        _write(build, engine, queries["summary"]["national_current"])
        if sources:
            _write_frame(build, engine, "dm01_scope", return_scope(build.network.folder))
            for name in BESIDE_RETURN:
                engine.view(queries["summary"][name])
            for name in BRIDGES:
                _write(build, engine, queries["summary"][name])
    step("identifiers")
    say("Looking for identifiers", 0.92)
    _refuse_identifiers(build)
    step("checks")
    say("Checks", 0.95)
    tables = {p.stem for p in build.tables.glob("*.parquet")}
    for name, query in queries["checks"].items():
        if set(query.reads) <= tables:
            rows = engine.rows(query)
            build.checks.append({"name": name, "about": query.purpose, "passed": rows.is_empty(), "rows": rows.height})
            if not rows.is_empty():
                raise PublishError(f"The check '{name}' failed on {rows.height} rows ({query.purpose}) Nothing was published; the current extract stays live.")
    if sources:
        build.suppliers = engine.rows(queries["canonical"]["supplier"])["supplier"].to_list()
    for name in ("flag_count", "review_flag_count"):
        if set(queries["canonical"][name].reads) <= tables:
            for source, rule, count in engine.rows(queries["canonical"][name]).iter_rows():
                build.flags.setdefault(source, {})[rule] = count


def _write(build: Build, engine: Builder, query: QueryFile) -> None:
    engine.write(query, build.tables / f"{query.name}.parquet")


def _write_frame(build: Build, engine: Builder, name: str, frame: pl.DataFrame) -> None:
    frame.write_parquet(build.tables / f"{name}.parquet")
    engine.table(name, [build.tables / f"{name}.parquet"])


def _merge(build: Build, engine: Builder, queries: Mapping[str, QueryFile]) -> None:
    """Staged files to one view, the fate of every repeated key, the as-of of every site, and the small tables."""
    work = build.folder / "work"
    sources = build.exam_sources()
    rows = [
        (str(part), source_no, file_no) for source_no, source in enumerate(sources) for file_no, staged in enumerate(build.staged[source.name]) for part in staged.parts
    ]
    engine.table("staged_part", [Path(r[0]) for r in rows], filename=True)
    engine.frame("staged_file", pl.DataFrame(rows, schema=["filename", "source_no", "file_no"], orient="row"), work)
    engine.frame("source", pl.DataFrame({"source_no": range(len(sources)), "name": [s.name for s in sources], "network_code": build.network.code}), work)
    engine.view(queries["staged_exam"])
    engine.write(queries["exam_fate"], work / "exam_fate.parquet")
    for source_no, fate, count, unordered in engine.rows(queries["exam_fate_count"]).iter_rows():
        build.fates[sources[source_no].name][fate] = count
        build.unordered[sources[source_no].name] += unordered
    for source_no, file_no, record in engine.rows(queries["exam_clash"]).iter_rows():
        source = sources[source_no]
        assert source.adapter is not None
        column = source.adapter.columns["accession"].name
        build.clashes[source.name].append((build.staged[source.name][file_no].path, Reject(record, column, "reused_accession")))
    through = engine.rows(queries["feed_through"])
    build.data_through = data_through(build.network, sources, through)
    starts = [d for d in through["first_date"] if d is not None]
    last = max((t.date() for t in build.data_through.values()), default=build.now.date())
    _refuse_rebases(build.network, min([*starts, last]), last)
    for name, frame in small_tables(build.network, sources, build.data_through, min([*starts, last]), last).items():
        _write_frame(build, engine, name, frame)


def _reviews(build: Build, engine: Builder, queries: Mapping[str, Mapping[str, QueryFile]]) -> None:
    """Staged peer reviews to one view, the fate of every repeated one, the canonical reviews and what is made of them; of no source, no review."""
    work = build.folder / "work"
    sources = build.review_sources()
    none = work / "no_review.parquet"  # a table that no file holds any record of has its columns all the same
    pl.DataFrame(schema=STAGED_REVIEW).write_parquet(none)
    rows = [
        (str(part), source_no, file_no, source.name)
        for source_no, source in enumerate(sources)
        for file_no, staged in enumerate(build.staged[source.name])
        for part in staged.parts
    ]
    engine.table("staged_review_part", [none, *(Path(r[0]) for r in rows)], filename=True)
    kinds = {"filename": pl.String, "source_no": pl.Int64, "file_no": pl.Int64, "source": pl.String}
    engine.frame("staged_review_file", pl.DataFrame(rows, schema=kinds, orient="row"), work)
    engine.view(queries["canonical"]["staged_review"])
    engine.write(queries["canonical"]["review_fate"], work / "review_fate.parquet")
    for source, fate, count, unordered in engine.rows(queries["canonical"]["review_fate_count"]).iter_rows():
        build.fates[source][fate] = count
        build.unordered[source] += unordered
    if sources:
        _write(build, engine, queries["canonical"]["peer_review"])
    else:
        engine.view(queries["canonical"]["peer_review"])
    engine.write(queries["summary"]["reviewed_report"], work / "reviewed_report.parquet")
    if sources:
        _write(build, engine, queries["summary"]["review_day"])


def _refuse_future(network: Network, now: datetime) -> None:
    """An export cannot be taken or begin later than now: every wait would be longer than it is, or none would count."""
    for source in network.sources:
        if source.taken_at and source.taken_at > now:
            raise NetworkFileError(f"Source '{source.name}': taken_at {source.taken_at:%Y-%m-%d %H:%M} UTC lies in the future. Give the instant the export was made at.")
        if source.covers_from and source.covers_from > now.date():
            raise NetworkFileError(f"Source '{source.name}': covers_from {source.covers_from} lies in the future. Give the first day whose examinations are all in it.")


def _refuse_rebases(network: Network, first: date, last: date) -> None:
    """A control chart can have new limits only from a month that has data."""
    months = months_between(first, last)
    for rebase in network.rebases:
        if rebase["month"] not in months:
            near = sorted(sorted(months, key=lambda m: abs((m - rebase["month"]).days))[:2])
            raise NetworkFileError(f"rebases.toml: there is no data for {rebase['month']}. The nearest months are {' and '.join(map(str, near))}.")


def _refuse_identifiers(build: Build) -> None:
    own = ("network_code", "trust_code", "site_code", "ris_code", "source")  # the network file's own codes
    for table, columns in (("exam", schema.EXAM_KEPT), ("peer_review", schema.PEER_REVIEW)):
        path = build.tables / f"{table}.parquet"
        if path.is_file():
            texts = [c.name for c in columns if c.type in ("text", "code") and c.name not in own]
            scan = pl.scan_parquet(path)
            identifiers.refuse_identifiers(table, {c: scan.select(pl.col(c).unique()).collect().to_series() for c in texts})
    unknown: dict[str, list[str]] = defaultdict(list)
    for many in build.staged.values():
        for staged in many:
            for column, value, _ in staged.unknown:
                unknown[column].append(value)
    identifiers.refuse_identifiers("unknown codes", {c: pl.Series(c, v) for c, v in unknown.items()})


def _new_id(extracts: Path, now: datetime) -> str:
    """The date and a letter: 2026-11-03a, then b; after z come za, zb, which sort behind it."""
    taken = set(extract_ids(extracts))
    prefix = f"{now:%Y-%m-%d}"
    while True:
        for letter in "abcdefghijklmnopqrstuvwxyz":
            if f"{prefix}{letter}" not in taken and not (extracts / f"{prefix}{letter}").exists():
                return f"{prefix}{letter}"
        prefix += "z"


@contextmanager
def _locked(extracts: Path) -> Iterator[None]:
    """One publish at a time; the lock dies with its process."""
    with (extracts / ".lock").open("a+") as f:
        try:
            files.lock(f.fileno())
        except OSError:
            raise PublishError("Another publish into this folder is running. Wait for it to end.") from None
        yield


def _remove_leftovers(extracts: Path) -> None:
    """What a killed publish left: under the lock, nobody else is building or pruning."""
    for folder in [*extracts.glob(".building-*"), *extracts.glob(".pruned-*"), *extracts.glob(".staging/.*")]:
        files.remove(folder)
    for pointer in extracts.glob(".CURRENT.*"):
        pointer.unlink(missing_ok=True)


def _prune(extracts: Path, now: datetime, tell: Callable[[str], None]) -> None:
    """Keep the newest twelve, the live one, any younger than a day, and any that a reader still holds: those go after a later publish."""
    for extract_id in extract_ids(extracts)[:-KEEP]:
        folder = extracts / extract_id
        if datetime.fromtimestamp(folder.stat().st_mtime, UTC) >= now - timedelta(hours=24):
            continue
        with lease.alone(extracts, extract_id) as nobody_reads:
            if extract_id == current_id(extracts):
                continue
            if not nobody_reads:
                tell(f"Extract {extract_id} is older than the last {KEEP} but still in use: it is kept until a publish after its reader has ended.")
                continue
            gone = extracts / f".pruned-{extract_id}"
            try:
                files.replace(folder, gone)
            except OSError as e:
                tell(f"Extract {extract_id} is older than the last {KEEP} but could not be removed ({e.strerror}). The next publish tries again.")
                continue
            files.remove(gone)
        lease.forget(extracts, extract_id)
