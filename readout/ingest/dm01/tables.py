"""What one file of the return comes to, and provider names over any number of files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from readout import schema
from readout.ingest.reading import Reject

TYPES = {"date": pl.Date, "integer": pl.Int64}
WAITS = {c.name: TYPES.get(c.type, pl.String) for c in schema.NATIONAL_WAIT}
PROVIDERS = {"month_end": pl.Date, "provider_code": pl.String, "provider_name": pl.String}
REGIONS = {"region_code": pl.String, "region_name": pl.String}


@dataclass(frozen=True)
class NationalFile:
    """One file of the return, read.

    `waits` has the columns of `schema.NATIONAL_WAIT`, one row a (month_end, provider_code, test_id); counts are patients and tests.
    `providers` holds (month_end, provider_code, provider_name), distinct, the name null where the layout has none and the month
    null where the list has no date; `regions` holds (region_code, region_name).
    `count_read` = `count_kept` + `duplicates` + the sum of `dropped` + the number of `rejects`: all of them count source records.
    """

    layout: str
    waits: pl.DataFrame
    providers: pl.DataFrame
    count_read: int
    count_kept: int
    dropped: dict[str, int]
    rejects: list[Reject]
    duplicates: int
    notes: dict[str, int]
    regions: pl.DataFrame

    def __post_init__(self) -> None:
        accounted = self.count_kept + self.duplicates + sum(self.dropped.values()) + len(self.rejects)
        if self.count_read != accounted:
            raise AssertionError(f"{self.count_read} records were read and {accounted} accounted for.")


def provider_names(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Effective-dated provider names, in the columns of `schema.NATIONAL_PROVIDER`, from the `providers` of any number of files.

    A month takes the name published for it, else the name of an undated list, else the name last published before, else the next
    one after, else the code. Months that follow one another under one name (letter case apart) are one range from the first day of
    its first month to the last day of its last; `valid_to` is null for the latest. A provider that never appears in a month is left out.
    Of two undated lists the later frame is believed.
    """
    dated: dict[str, dict[date, set[str]]] = {}
    undated: dict[str, str] = {}
    for frame in frames:
        for month, code, name in frame.select(*PROVIDERS).unique(maintain_order=True).iter_rows():
            if month is not None:
                dated.setdefault(code, {}).setdefault(month, set()).update([name] if name else [])
            elif name:
                undated[code] = name
    rows = []
    for code, months in sorted(dated.items()):
        order = sorted(months)
        names = [_best(months[m]) or undated.get(code) for m in order]
        known = [n for n in names if n]
        last = known[0] if known else code
        ranges: list[tuple[list[date], list[str]]] = []
        for month, name in zip(order, names, strict=True):
            last = name or last
            if not ranges or _folded(ranges[-1][1][-1]) != _folded(last):
                ranges.append(([], []))
            ranges[-1][0].append(month)
            ranges[-1][1].append(last)
        for i, (within, called) in enumerate(ranges):
            valid_to = within[-1] if i < len(ranges) - 1 else None
            spellings = {*called, *([undated[code]] if code in undated and _folded(undated[code]) == _folded(called[-1]) else [])}
            rows.append((code, _best(spellings), within[0].replace(day=1), valid_to))
    kinds = {c.name: TYPES.get(c.type, pl.String) for c in schema.NATIONAL_PROVIDER}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def _best(names: Iterable[str]) -> str | None:
    """Of several spellings the one that is not all capitals; the choice does not depend on their order."""
    return min(names, key=lambda n: (n.isupper(), n), default=None)
