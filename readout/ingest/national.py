"""The national return inside a publish: many files of any layout to tables, labels and an accounting."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from readout.engine.extract import file_hash
from readout.ingest.dm01 import NationalFile, provider_names, read_dm01
from readout.ingest.network import Source
from readout.ingest.reading import Reject

KEY = ("month_end", "vintage", "provider_code", "test_id")


@dataclass(frozen=True)
class National:
    """Every file of the national sources. `waits` holds one row a key; `duplicates[i]`, `clashing[i]`: rows of file i that others repeat."""

    files: tuple[tuple[Source, Path, NationalFile], ...]
    waits: pl.DataFrame
    duplicates: tuple[int, ...]

    def tables(self) -> dict[str, pl.DataFrame]:
        names = provider_names([f.providers for _, _, f in self.files])
        regions = pl.concat([f.regions for _, _, f in self.files]).unique(subset="region_code", keep="last").sort("region_code")
        return {"national_wait": self.waits, "national_provider": names, "national_region": regions}

    def rejected(self) -> dict[str, list[tuple[Path, Reject]]]:
        found: dict[str, list[tuple[Path, Reject]]] = {}
        for source, path, file in self.files:
            found.setdefault(source.name, []).extend((path, r) for r in file.rejects)
        return found

    def labels(self, trusts: set[str]) -> dict[str, Any]:
        """Names of providers and regions, and which providers are the network's own trusts."""
        tables = self.tables()
        current = tables["national_provider"].filter(pl.col("valid_to").is_null())
        providers = dict(current.select("provider_code", "provider_name").iter_rows())
        known = self.waits["provider_code"].unique().to_list()
        regions = dict(tables["national_region"].iter_rows())
        for code in self.waits["region_code"].drop_nulls().unique():
            regions.setdefault(code, code)
        dated: dict[str, list[dict[str, str]]] = {}
        for code, name, valid_from in tables["national_provider"].select("provider_code", "provider_name", "valid_from").sort("valid_from").iter_rows():
            dated.setdefault(code, []).append({"from": valid_from.isoformat(), "provider_name": name or code})
        return {
            "providers": {c: providers.get(c) or c for c in sorted(known)},
            "provider_periods": {c: periods for c, periods in sorted(dated.items()) if len(periods) > 1},
            "regions": dict(sorted(regions.items())),
            "own_providers": sorted(trusts & set(known)),
        }

    def sources(self) -> list[dict[str, Any]]:
        """Manifest entries, with an accounting in which every record read has one outcome."""
        entries = []
        for source in dict.fromkeys(s.name for s, _, _ in self.files):
            mine = [(i, s, p, f) for i, (s, p, f) in enumerate(self.files) if s.name == source]
            repeated = sum(self.duplicates[i] for i, *_ in mine)
            records = {
                "read": sum(f.count_read for *_, f in mine),
                "kept": sum(f.count_kept for *_, f in mine) - repeated,
                "duplicates": sum(f.duplicates for *_, f in mine) + repeated,
                "superseded": 0,
                "excluded": {},
                "dropped": dict(sum((Counter(f.dropped) for *_, f in mine), Counter())),
                "quarantined": dict(Counter(r.reason for *_, f in mine for r in f.rejects)),
            }
            first = mine[0][1]
            entries.append(
                {
                    "name": source,
                    "table": "national_wait",
                    "adapter": first.adapter_name,
                    "mode": first.mode,
                    "usual_lag_days": first.usual_lag_days,
                    "taken_at": None,
                    "files": [
                        {"name": p.name, "sha256": file_hash(p), "bytes": p.stat().st_size, "read": f.count_read, "reused": False, "layout": f.layout}
                        for _, _, p, f in mine
                    ],
                    "records": records,
                    "unknown_codes": [],
                    "flags": {},
                    "notes": dict(sum((Counter(f.notes) for *_, f in mine), Counter())),
                }
            )
        return entries


def read_all(sources: Sequence[tuple[Source, Path]]) -> National:
    """Read every file. A (month, vintage, provider, test) that a later file repeats is counted as its duplicate."""
    files = tuple((s, p, read_dm01(p, vintage=s.vintage)) for s, p in sources)
    kept: list[pl.DataFrame] = []
    duplicates = []
    for _, _, file in files:
        fresh = file.waits
        if kept and not fresh.is_empty():
            fresh = fresh.join(pl.concat(kept).select(KEY), on=list(KEY), how="anti")
        duplicates.append(file.waits.height - fresh.height)
        kept.append(fresh)
    return National(files, pl.concat(kept), tuple(duplicates))
