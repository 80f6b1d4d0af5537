"""The layouts of the return, told by their column headings, and a file of it as text cells."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from readout import schema
from readout.errors import SourceError
from readout.ingest.reading import Reject

_HEADINGS = {
    "reporting period": "period",
    "period": "period",
    "region code": "region_code",
    "regional team code": "region_code",
    "provider parent org code": "region_code",
    "regional team name": "region_name",
    "region name": "region_name",
    "provider code": "provider_code",
    "provider org code": "provider_code",
    "provider name": "provider_name",
    "provider org name": "provider_name",
    "commissioner parent org code": "commissioner_parent",
    "commissioner org code": "commissioner_code",
    "diagnostic id": "test_id",
    "diagnostic tests sort order": "test_id",
    "diagnostic test name": "test_name",
    "diagnostic tests": "test_name",
    "total waiting list": "count_waiting",
    "total wl": "count_waiting",
    "number waiting 6+ weeks": "over_six_weeks",
    "number waiting 13+ weeks": "over_thirteen_weeks",
    "waiting list tests / procedures (excluding planned)": "count_waiting_list_activity",
    "waiting list activity": "count_waiting_list_activity",
    "planned tests / procedures": "count_planned_activity",
    "planned activity": "count_planned_activity",
    "unscheduled tests / procedures": "count_unscheduled_activity",
    "unscheduled activity": "count_unscheduled_activity",
    "total activity": "total_activity",
}
BANDS = schema.NATIONAL_BANDS
ACTIVITY = ("count_waiting_list_activity", "count_planned_activity", "count_unscheduled_activity")
COUNTS = (*BANDS, "count_waiting", *ACTIVITY)
STATED = ("over_six_weeks", "over_thirteen_weeks", "total_activity")  # figures that only repeat others: checked, not kept
_FIGURES = frozenset({"region_code", "provider_code", "test_id", *COUNTS})
LAYOUTS: dict[str, frozenset[str]] = {
    "full_extract": _FIGURES | {"period", "commissioner_code"},
    "compiled": _FIGURES | {"period"},
    "provider_workbook": _FIGURES | {"provider_name"},
}
LISTS: dict[str, tuple[str, str]] = {
    "provider_names": ("provider_code", "provider_name"),
    "region_names": ("region_code", "region_name"),
    "test_names": ("test_id", "test_name"),
}
_LOOKED_FOR = (
    "the compiled CSV ('Reporting Period', 'Provider Code', 'Diagnostic ID', ...), the published provider workbook "
    "('Region Code', 'Provider Code', 'Provider Name', 'Diagnostic ID', ...), the full extract ('Period', 'Provider Org Code', "
    "'Commissioner Org Code', 'Diagnostic Tests Sort Order', ...), or a list of provider, region or test names"
)
HEADER_WITHIN = 40  # lines or rows in which the headings must be found


@dataclass(frozen=True)
class Header:
    """Which layout the headings are, and where its columns stand."""

    layout: str
    columns: Mapping[str, int]  # canonical name -> position
    cells: Sequence[str]

    def named(self, column: str) -> str:
        return self.cells[self.columns[column]].strip()


@dataclass
class Table:
    """A file as text cells: titles above the headings, then records. `rows` has `record` and one text column a canonical name."""

    header: Header
    titles: list[list[str]]
    rows: pl.DataFrame
    read: int
    dropped: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)


def recognise(cells: Sequence[str]) -> Header | None:
    """The layout whose headings these cells are."""
    columns: dict[str, int] = {}
    for i, cell in enumerate(cells):
        name = _column(cell)
        if name is not None:
            columns.setdefault(name, i)
    for layout, needed in LAYOUTS.items():
        if needed <= set(columns):
            return Header(layout, columns, cells)
    for layout, pair in LISTS.items():
        if set(columns) == set(pair):
            return Header(layout, columns, cells)
    return None


def _column(heading: str) -> str | None:
    text = " ".join(heading.casefold().split())
    band = re.fullmatch(r"0*(\d+) ?< ?0*(\d+) weeks?", text)
    if band and int(band[2]) == int(band[1]) + 1 and f"weeks_{int(band[1]):02d}" in BANDS:
        return f"weeks_{int(band[1]):02d}"
    return "weeks_13_plus" if re.fullmatch(r"13\+ weeks?", text) else _HEADINGS.get(text)


def unrecognised(where: str, tops: Iterable[Sequence[str]]) -> SourceError:
    """Why none of these rows is a header: what the closest layout lacks, else what was looked for."""
    nearest = max(
        ((needed, {_column(c) for c in cells}, layout) for cells in tops for layout, needed in LAYOUTS.items()),
        key=lambda x: (len(x[0] & x[1]), -len(x[0])),
        default=None,
    )
    if nearest and 2 * len(nearest[0] & nearest[1]) > len(nearest[0]):
        lacks = ", ".join(sorted(nearest[0] - nearest[1]))
        return SourceError(f"{where} resembles the layout '{nearest[2]}' of the national return but lacks a column for: {lacks}. Export it again.")
    return SourceError(f"{where} is not a layout of the national return. Looked in its first {HEADER_WITHIN} lines for the headings of {_LOOKED_FOR}.")
