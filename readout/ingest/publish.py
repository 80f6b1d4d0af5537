"""Publishing: stage every file, merge, check, write an extract beside the live one, and make it current in one step."""

import csv
import json
import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from readout import paths, schema
from readout.errors import PublishError, SourceError
from readout.extract import Extract, current_id, extract_ids, file_hash, open_extract, set_current
from readout.ingest import identifiers, national
from readout.ingest.calendar import calendar
from readout.ingest.network import Network, Source, load_network
from readout.ingest.pseudonym import Pseudonyms, load_secret
from readout.ingest.reading import Reject
from readout.ingest.staging import Staged, code_version, maker, reasons, stage
from readout.queryfile import QueryFile, load_queries
from readout.store import Builder, builder

KEEP = 12
STEPS = ("lock", "network", "stage", "merge", "exam", "summary", "national", "identifiers", "checks", "manifest", "rename", "current")
Progress = Callable[[str, float], None]  # what is being done, and the share done


@dataclass
class _Build:
    """What a publish has gathered so far."""

    network: Network
    folder: Path
    now: datetime
    staged: dict[str, list[Staged]] = field(default_factory=dict)
    fates: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    clashes: dict[str, list[tuple[Path, Reject]]] = field(default_factory=lambda: defaultdict(list))
    data_through: dict[str, datetime] = field(default_factory=dict)
    waits: national.National | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)
    flags: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def tables(self) -> Path:
        return self.folder / "tables"

    def exam_sources(self) -> list[Source]:
        return [s for s in self.network.sources if s.table == "exam"]


def publish(
    network_file: Path,
    extracts: Path,
    *,
    secret_file: Path | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
    hook: Callable[[str], None] | None = None,
) -> Extract:
    """Make an extract from a network file and make it current. Any failure leaves the current extract live.

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
        pseudonyms = load_secret(secret_file, synthetic=network.synthetic)
        _remove_leftovers(extracts)
        building = extracts / f".building-{os.getpid()}"
        (building / "tables").mkdir(parents=True)
        try:
            build = _Build(network, building, now)
            step("stage")
            _stage_all(build, extracts / ".staging", pseudonyms, say)
            with builder(building / "work") as engine:
                _fill(build, engine, step, say)
            step("manifest")
            shutil.rmtree(building / "work", ignore_errors=True)
            _write_quarantine(build)
            extract_id = _new_id(extracts, now)
            manifest = _manifest(build, extract_id)
            _write_json(building / "manifest.json", manifest)
            for path in building.rglob("*"):
                if path.is_file():
                    path.chmod(0o444)
            step("rename")
            os.replace(building, extracts / extract_id)
            step("current")
            set_current(extracts, extract_id)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        say("Published", 1.0)
        _prune(extracts, now)
        return open_extract(extracts, extract_id)


def _stage_all(build: _Build, staging: Path, pseudonyms: Pseudonyms, say: Progress) -> None:
    staging.mkdir(exist_ok=True)
    files = {s.name: s.files(build.network.folder) for s in build.network.sources}
    total = max(1, sum(p.stat().st_size for ps in files.values() for p in ps))
    done = 0
    for source in build.exam_sources():
        build.staged[source.name] = []
        for path in files[source.name]:

            def advance(count: int, what: str = path.name) -> None:
                nonlocal done
                done += count
                say(f"Reading {what}", 0.6 * done / total)

            build.staged[source.name].append(stage(build.network, source, path, staging, pseudonyms, build.now, advance))
    if not any(s.kept for many in build.staged.values() for s in many) and build.exam_sources():
        raise SourceError("No examination could be kept from any source. Look at the adapters' date formats and site codes.")
    returns = [s for s in build.network.sources if s.table == "national_wait"]
    if returns:
        say("Reading the national return", 0.6)
        build.waits = national.read_all([(s, p) for s in returns for p in files[s.name]])
    used = {s.parts[0].parent for many in build.staged.values() for s in many if s.parts}
    for folder in staging.iterdir():
        if folder not in used and time.time() - folder.stat().st_mtime > 7 * 86400:
            shutil.rmtree(folder, ignore_errors=True)


def _fill(build: _Build, engine: Builder, step: Callable[[str], None], say: Progress) -> None:
    """Every table of the extract, as Parquet."""
    queries = {kind: load_queries(paths.QUERIES / kind) for kind in ("canonical", "summary", "checks")}
    sources = build.exam_sources()
    if sources:
        step("merge")
        say("Merging", 0.62)
        _merge(build, engine, queries["canonical"])
        step("exam")
        say("Examinations", 0.68)
        _write(build, engine, queries["canonical"]["exam"], {"network_code": build.network.code})
        step("summary")
        for i, name in enumerate(("examined", "activity_day", "demand_day", "report_day", "unreported_month", "data_quality_rule")):
            say("Summaries", 0.78 + 0.02 * i)
            _write(build, engine, queries["summary"][name])
    step("national")
    if build.waits is not None:
        for name, frame in build.waits.tables().items():
            frame.write_parquet(build.tables / f"{name}.parquet")
            engine.table(name, [build.tables / f"{name}.parquet"])
        _write(build, engine, queries["summary"]["national_current"])
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
        by_source = engine.rows(queries["canonical"]["flag_count"])
        for source, rule, count in by_source.iter_rows():
            build.flags.setdefault(source, {})[rule] = count


def _write(build: _Build, engine: Builder, query: QueryFile, parameters: Mapping[str, Any] | None = None) -> None:
    engine.write(query, parameters or {}, build.tables / f"{query.name}.parquet")


def _merge(build: _Build, engine: Builder, queries: Mapping[str, QueryFile]) -> None:
    """Staged files to one view, the fate of every repeated key, the as-of of every site, and the small tables."""
    work = build.folder / "work"
    sources = build.exam_sources()
    rows = [
        (str(part), source_no, file_no)
        for source_no, source in enumerate(sources)
        for file_no, staged in enumerate(build.staged[source.name])
        for part in staged.parts
    ]
    engine.table("staged_part", [Path(r[0]) for r in rows], filename=True)
    engine.frame("staged_file", pl.DataFrame(rows, schema=["filename", "source_no", "file_no"], orient="row"), work)
    engine.frame("source", pl.DataFrame({"source_no": range(len(sources)), "name": [s.name for s in sources]}), work)
    engine.view(queries["staged_exam"])
    engine.write(queries["exam_fate"], {}, work / "exam_fate.parquet")
    for source_no, fate, count in engine.rows(queries["exam_fate_count"]).iter_rows():
        build.fates[sources[source_no].name][fate] = count
    for source_no, file_no, record in engine.rows(queries["exam_clash"]).iter_rows():
        source = sources[source_no]
        assert source.adapter is not None
        column = source.adapter.columns["accession"].name
        build.clashes[source.name].append((build.staged[source.name][file_no].path, Reject(record, column, "reused_accession")))
    through = engine.rows(queries["feed_through"])
    build.data_through = _data_through(build.network, sources, through)
    starts = [d for d in through["first_date"] if d is not None]
    last = max((t.date() for t in build.data_through.values()), default=build.now.date())
    _small_tables(build, engine, min([*starts, last]), last)


def _data_through(network: Network, sources: list[Source], through: pl.DataFrame) -> dict[str, datetime]:
    """Each site's as-of: the earliest over its feeds, leaving out feeds of a RIS the site no longer uses."""
    found: dict[str, datetime] = {}
    for site in network.sites:
        feeds = [r for r in through.iter_rows(named=True) if r["site_code"] == site.code]
        feeds = [f for f in feeds if f["ris_code"] == site.now.ris_code] or feeds
        instants = [sources[f["source_no"]].taken_at or f["latest_at"] for f in feeds]
        known = [i.astimezone(UTC) for i in instants if i is not None]
        if known:
            found[site.code] = min(known)
    return found


def _lag(network: Network, sources: list[Source], code: str) -> int:
    """The longest usual lag among the feeds that can hold a site."""
    lags = []
    for s in sources:
        assert s.adapter is not None
        given = {s.adapter.constants.get("site_code"), *s.adapter.values.get("site_code", {}).values()}
        if code in given or ("site_code" in s.adapter.columns and (s.ris_code in (None, network.site(code).now.ris_code))):
            lags.append(s.usual_lag_days)
    return max(lags, default=0)


def _small_tables(build: _Build, engine: Builder, first: date, last: date) -> None:
    network, sources = build.network, build.exam_sources()
    sites, periods, hours = [], [], []
    for site in network.sites:
        at = build.data_through.get(site.code)
        sites.append(
            {
                "site_code": site.code,
                "site_name": site.now.name,
                "trust_code": site.now.trust_code,
                "trust_name": site.now.trust_name,
                "network_code": network.code,
                "ris_code": site.now.ris_code,
                "time_zone": site.time_zone,
                "nation": site.nation,
                "data_through": at,
                "data_through_date": at.astimezone(ZoneInfo(site.time_zone)).date() if at else None,
                "usual_lag_days": _lag(network, sources, site.code),
            }
        )
        ends = [p.valid_from for p in site.periods[1:]] + [date(9999, 12, 31)]
        periods += [
            {
                "site_code": site.code,
                "valid_from": p.valid_from,
                "valid_to": end,
                "site_name": p.name,
                "trust_code": p.trust_code,
                "trust_name": p.trust_name,
                "ris_code": p.ris_code,
            }
            for p, end in zip(site.periods, ends, strict=True)
        ]
        hours += [{"site_code": site.code, "weekday": d, "open_minute": o, "close_minute": c} for d, (o, c) in site.open.items()]
    hour_types = {"site_code": pl.String, "weekday": pl.Int64, "open_minute": pl.Int64, "close_minute": pl.Int64}
    site_types: dict[str, Any] = {"data_through": pl.Datetime("us", "UTC"), "data_through_date": pl.Date}
    notes = [
        {
            "title": n["title"],
            "text": n.get("text", ""),
            "valid_from": n["from"],
            "valid_to": n.get("to", n["from"]),
            "site_codes": list(n.get("sites", [])),
            "metric_ids": list(n.get("metrics", [])),
        }
        for n in network.annotations
    ]
    note_types: dict[str, Any] = {
        "title": pl.String,
        "text": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
        "site_codes": pl.List(pl.String),
        "metric_ids": pl.List(pl.String),
    }
    years = (date(first.year, 1, 1), date(last.year, 12, 31))
    frames = {
        "site": pl.DataFrame(sites, schema_overrides=site_types),
        "site_period": pl.DataFrame(periods),
        "site_hours": pl.DataFrame(hours, schema=hour_types),
        "calendar": calendar([s.nation for s in network.sites] + [network.nation], *years, network.holidays),
        "annotation": pl.DataFrame(notes, schema=note_types),
    }
    for name, frame in frames.items():
        frame.write_parquet(build.tables / f"{name}.parquet")
        engine.table(name, [build.tables / f"{name}.parquet"])


def _refuse_identifiers(build: _Build) -> None:
    path = build.tables / "exam.parquet"
    if path.is_file():
        texts = [c.name for c in schema.EXAM_KEPT if c.type in ("text", "code") and c.name not in ("network_code", "trust_code", "site_code", "ris_code")]
        scan = pl.scan_parquet(path)
        identifiers.refuse_identifiers("exam", {c: scan.select(pl.col(c).unique()).collect().to_series() for c in texts})
    unknown: dict[str, list[str]] = defaultdict(list)
    for many in build.staged.values():
        for staged in many:
            for column, value, _ in staged.unknown:
                unknown[column].append(value)
    identifiers.refuse_identifiers("unknown codes", {c: pl.Series(c, v) for c, v in unknown.items()})


def _write_quarantine(build: _Build) -> None:
    """One CSV a source, for a person to open: file, record, column, reason, value where it is not sensitive."""
    folder = build.folder / "quarantine"
    folder.mkdir()
    rejected: dict[str, list[tuple[Path, Reject]]] = {
        name: [(s.path, r) for s in many for r in s.rejects] + build.clashes.get(name, []) for name, many in build.staged.items()
    }
    if build.waits is not None:
        rejected |= build.waits.rejected()
    for name, rows in rejected.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as f:
            out = csv.writer(f)
            out.writerow(["file", "record", "column", "reason", "value"])
            for path, r in rows:
                out.writerow([path.name, r.record, r.column or "", r.reason, _inert(r.value or "")])


def _inert(value: str) -> str:
    """A spreadsheet must not read a quarantined value as a formula."""
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _records(build: _Build, source: Source) -> dict[str, Any]:
    """A source's accounting, asserted: every record read has one outcome."""
    many = build.staged[source.name]
    fates = build.fates.get(source.name, Counter())
    quarantined = sum((Counter(reasons(s.rejects)) for s in many), Counter())
    if fates["reused_accession"]:
        quarantined["reused_accession"] = fates["reused_accession"]
    fallen = fates["duplicate"] + fates["superseded"] + fates["reused_accession"]
    records: dict[str, Any] = {
        "read": sum(s.read for s in many),
        "kept": sum(s.kept for s in many) - fallen,
        "duplicates": fates["duplicate"],
        "superseded": fates["superseded"],
        "excluded": dict(sum((Counter(s.excluded) for s in many), Counter())),
        "dropped": dict(sum((Counter(s.dropped) for s in many), Counter())),
        "quarantined": dict(quarantined),
    }
    accounted = records["kept"] + records["duplicates"] + records["superseded"]
    accounted += sum(sum(records[k].values()) for k in ("excluded", "dropped", "quarantined"))
    assert accounted == records["read"], f"{source.name}: {records['read']} records read, {accounted} accounted for"
    return records


def _manifest(build: _Build, extract_id: str) -> dict[str, Any]:
    network = build.network
    sources = []
    for source in build.exam_sources():
        many = build.staged[source.name]
        unknown = sum((Counter({(c, v): n for c, v, n in s.unknown}) for s in many), Counter())
        sources.append(
            {
                "name": source.name,
                "table": source.table,
                "adapter": source.adapter_name,
                "mode": source.mode,
                "usual_lag_days": source.usual_lag_days,
                "taken_at": source.taken_at and source.taken_at.isoformat(),
                "files": [{"name": s.path.name, "sha256": s.sha256, "bytes": s.bytes, "read": s.read, "reused": s.was_reused} for s in many],
                "records": _records(build, source),
                "unknown_codes": [{"column": c, "value": v, "count": n} for (c, v), n in sorted(unknown.items())],
                "flags": build.flags.get(source.name, {}),
                "notes": dict(sum((Counter(s.notes) for s in many), Counter())),
            }
        )
    waits = build.waits
    if waits is not None:
        sources += waits.sources()
    tables = {}
    for path in sorted(build.tables.glob("*.parquet")):
        tables[path.stem] = {"rows": pl.scan_parquet(path).select(pl.len()).collect().item(), "sha256": file_hash(path), "bytes": path.stat().st_size}
    sites = []
    if "site" in tables:
        trusts = {s.code: {p.trust_code: p.trust_name for p in s.periods} for s in network.sites}  # former ones too
        rows = pl.read_parquet(build.tables / "site.parquet").drop("data_through", "data_through_date").to_dicts()
        sites = [{**row, "trusts": trusts[row["site_code"]]} for row in rows]
    frozen = {p.name: p.read_text("utf-8") for p in sorted(paths.QUERIES.glob("*.toml"))}
    return {
        "id": extract_id,
        "created_at": build.now.isoformat(),
        "code_version": code_version(),
        "maker": maker(),
        "schema_version": schema.SCHEMA_VERSION,
        "network": {
            "code": network.code,
            "name": network.name,
            "time_zone": network.time_zone,
            "nation": network.nation,
            "synthetic": network.synthetic,
            "inbox": os.path.relpath(network.folder, build.folder.parent),
            "file": network.file,
        },
        "sites": sites,
        "data_through": {k: v.isoformat() for k, v in sorted(build.data_through.items())},
        "tables": tables,
        "national": waits.labels({s["trust_code"] for s in sites}) if waits is not None else {},
        "sources": sources,
        "checks": build.checks,
        "annotations": json.loads(json.dumps([dict(n) for n in network.annotations], default=str)),
        "network_file": network.text,
        "frozen": frozen,
    }


def _write_json(path: Path, value: Any) -> None:
    with path.open("w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=1)
        f.flush()
        os.fsync(f.fileno())


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
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(f.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            else:
                import fcntl

                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PublishError("Another publish into this folder is running. Wait for it to end.") from None
        yield


def _remove_leftovers(extracts: Path) -> None:
    """What a killed publish left: under the lock, nobody else is building."""
    for folder in [*extracts.glob(".building-*"), *extracts.glob(".staging/.*")]:
        shutil.rmtree(folder, ignore_errors=True)
    for pointer in extracts.glob(".CURRENT.*"):
        pointer.unlink(missing_ok=True)


def _prune(extracts: Path, now: datetime) -> None:
    """Keep the newest twelve and the live one; nothing younger than a day is taken from a reader's feet."""
    for extract_id in extract_ids(extracts)[:-KEEP]:
        folder = extracts / extract_id
        old = datetime.fromtimestamp(folder.stat().st_mtime, UTC) < now - timedelta(hours=24)
        if old and extract_id != current_id(extracts):
            shutil.rmtree(folder, ignore_errors=True)
