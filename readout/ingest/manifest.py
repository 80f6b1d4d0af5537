"""What an extract says of itself: its manifest, with every record read accounted for, and its quarantine."""

import csv
import json
import os
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from readout import paths
from readout.engine import shape
from readout.engine.extract import file_hash
from readout.ingest.build import Build
from readout.ingest.network import Site, Source
from readout.ingest.notices import columns, notices
from readout.ingest.reading import Reject
from readout.ingest.staging import code_version, maker, reasons


def write_quarantine(build: Build) -> None:
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


def records_of(build: Build, source: Source) -> dict[str, Any]:
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


def manifest(build: Build, extract_id: str) -> dict[str, Any]:
    """Where every record and table came from, and by which network file, code and definitions."""
    network = build.network
    sources: list[dict[str, Any]] = []
    for source in [*build.exam_sources(), *build.review_sources()]:
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
                "records": records_of(build, source),
                "unknown_codes": [{"column": c, "value": v, "count": n} for (c, v), n in sorted(unknown.items())],
                "flags": build.flags.get(source.name, {}),
                "notes": dict(sum((Counter(s.notes) for s in many), Counter())),
                "columns": columns(build, source),
                "judgements": build.judgements[source.name],
                "order_unknown": build.unordered[source.name],
                "gaps": build.gaps.get(source.name, []),
                "accepted_quarantine": source.name in build.accepted,
            }
        )
    waits = build.waits
    if waits is not None:
        sources += waits.sources()
    for entry in sources:
        entry["not_read"] = [{"name": p.name, "bytes": p.stat().st_size, "reason": why} for p, why in build.not_read.get(entry["name"], [])]
    tables = {}
    for path in sorted(build.tables.glob("*.parquet")):
        tables[path.stem] = {"rows": pl.scan_parquet(path).select(pl.len()).collect().item(), "sha256": file_hash(path), "bytes": path.stat().st_size}
    sites = []
    if "site" in tables:
        trusts = {s.code: {p.trust_code: p.trust_name for p in s.periods} for s in network.sites}  # former ones too
        rows = pl.read_parquet(build.tables / "site.parquet").drop("data_through", "data_through_date", "covers_from", "opened", "closed").to_dicts()
        sites = [{**row, "trusts": trusts[row["site_code"]], "periods": _periods(network.site(row["site_code"]))} for row in rows]
    frozen = {p.name: p.read_text("utf-8") for p in sorted(paths.QUERIES.glob("*.toml"))}
    return {
        "id": extract_id,
        "created_at": build.now.isoformat(),
        "code_version": code_version(),
        "maker": maker(),
        "schema_version": shape.version(),
        "network": {
            "code": network.code,
            "name": network.name,
            "time_zone": network.time_zone,
            "nation": network.nation,
            "synthetic": network.synthetic,
            "open": network.is_open,
            "inbox": _beside(network.folder, build.folder.parent),
            "file": network.file,
        },
        "sites": sites,
        "data_through": {k: v.isoformat() for k, v in sorted(build.data_through.items())},
        "tables": tables,
        "national": waits.labels({s["trust_code"] for s in sites}) if waits is not None else {},
        "suppliers": {code: network.suppliers.get(code) for code in build.suppliers},
        "sources": sources,
        "notices": notices(build, {s["name"]: s["records"] for s in sources}),
        "checks": build.checks,
        "annotations": json.loads(json.dumps([dict(n) for n in network.annotations], default=str)),
        "standards": json.loads(json.dumps([asdict(s) for s in network.standards.values()], default=str)),
        "policy": network.policy.as_json(),
        "rebases": json.loads(json.dumps([dict(r) for r in network.rebases], default=str)),
        "network_file": network.text,
        "frozen": frozen,
    }


def _beside(folder: Path, extracts: Path) -> str:
    """Where the inbox lies as seen from the extracts, so that both can move together; by its whole path from another drive."""
    try:
        return Path(os.path.relpath(folder, extracts)).as_posix()
    except ValueError:  # Windows: no way leads from one drive to another
        return folder.as_posix()


def _periods(site: Site) -> list[dict[str, str]]:
    """What a site was called and belonged to, oldest first: answers about the past use the names of their own time."""
    return [{"from": p.valid_from.isoformat(), "site_name": p.name, "trust_code": p.trust_code, "trust_name": p.trust_name} for p in site.periods]


def write_json(path: Path, value: Any) -> None:
    """Written to the disk itself: the rename that follows must not outlive the contents."""
    with path.open("w", encoding="utf-8") as f:
        json.dump(value, f, ensure_ascii=False, indent=1)
        f.flush()
        os.fsync(f.fileno())
