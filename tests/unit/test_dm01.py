"""The national return: three layouts, one set of figures. Small files are made up; the real ones are read where they lie."""

import csv
import gzip
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from readout import schema
from readout.engine.query_file import load_query
from readout.engine.store import Store
from readout.errors import SourceError
from readout.ingest.dm01 import NationalFile, provider_names, read_dm01
from readout.ingest.dm01.dates import day_of, month_end_of
from readout.ingest.publish import publish
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from tests.conftest import ROOT, shared

BANDS = [f"{i:02d} <{i + 1:02d} weeks" if i else "0 <01 weeks" for i in range(13)] + ["13+ weeks"]
STATED = ["Total Waiting List", "Number waiting 6+ Weeks", "Number waiting 13+ Weeks", "Percentage waiting 6+ weeks"]
COMPILED = [
    *("Reporting Period", "Regional Team Code", "Provider Code", "Diagnostic ID", *STATED, *BANDS),
    *("Planned tests / procedures", "Unscheduled tests / procedures", "Waiting list tests / procedures (excluding planned)"),
]
WORKBOOK = [
    *("Region Code", "Provider Code", "Provider Name", "Diagnostic ID", "Diagnostic Test Name", *STATED, *BANDS),
    *("Waiting list tests / procedures (excluding planned)", "Planned tests / procedures", "Unscheduled tests / procedures"),
]
FULL = [
    *("Period", "Provider Parent Org Code", "Provider Parent Name", "Provider Org Code", "Provider Org Name"),
    *("Commissioner Parent Org Code", "Commissioner Parent Name", "Commissioner Org Code", "Commissioner Org Name"),
    *("Diagnostic Tests Sort Order", "Diagnostic Tests"),
    *(f"{i:02d} < {i + 1:02d} Week{'s' if i else ''}" for i in range(13)),
    *("13+ Weeks", "Total WL", "Waiting List Activity", "Planned Activity", "Unscheduled Activity", "Total Activity"),
]
ONES = [1] * 14  # one patient in each band: 14 wait, 8 of them six weeks or more, 1 thirteen weeks or more
NO_DROPS = {"total": 0, "footer": 0, "blank": 0, "repeated_header": 0}
TITLES = [[], ["Title:", "Diagnostic Waiting Times and Activity"], ["Period:", "March 2025"], ["Status:", "Published"], []]


def compiled(**changes: Any) -> list[Any]:
    """One made-up record of the compiled layout; `changes` by heading."""
    bands = changes.pop("bands", ONES)
    row = dict(zip(COMPILED, ["2025-03-31", "Y99", "ZZ1", 1, sum(bands), sum(bands[6:]), bands[13], "0.5", *bands, 20, 30, 10], strict=True))
    return list({**row, **changes}.values())


def published(**changes: Any) -> list[Any]:
    """One made-up record of the workbook."""
    bands = changes.pop("bands", ONES)
    start = ["Y99", "ZZ1", "Made-up Hospital", 1, "Magnetic Resonance Imaging"]
    row = dict(zip(WORKBOOK, [*start, sum(bands), sum(bands[6:]), bands[13], "0.5", *bands, 10, 20, 30], strict=True))
    return list({**row, **changes}.values())


def extracted(**changes: Any) -> list[Any]:
    """One made-up commissioner line of the full extract."""
    bands = changes.pop("bands", ONES)
    start = ["DM01-MARCH-2025", "Y99", "", "ZZ1", "MADE-UP HOSPITAL", "Y99", "", "00X", "", 1, "MRI"]
    row = dict(zip(FULL, [*start, *bands, sum(bands), 10, 20, 30, 60], strict=True))
    return list({**row, **changes}.values())


def england(*rows: list[Any]) -> list[Any]:
    """The workbook's England row over these records."""
    sums = [sum(row[i] for row in rows) if i != 8 else "0.5" for i in range(5, len(WORKBOOK))]
    return [None, None, "England", 16, "Total", *sums]


def as_csv(path: Path, *rows: list[Any]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return path


def as_workbook(path: Path, *rows: list[Any], titles: list[list[Any]] = TITLES, more: Mapping[str, list[list[Any]]] | None = None) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as book:
        for name, content in {"Provider by Test": [*titles, WORKBOOK, *rows], **(more or {})}.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(content):
                for k, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(i, k, cell)
    return path


def rejected(file: NationalFile) -> list[tuple[int, str | None, str, str | None]]:
    return [(r.record, r.column, r.reason, r.value) for r in file.rejects]


# --- compiled CSV


def test_compiled_columns_are_taken_by_heading(tmp_path: Path) -> None:
    """The compiled file lists planned, unscheduled, waiting list in that order: taken by place they would swap."""
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, compiled()))
    assert file.layout == "compiled"
    assert file.waits.columns == [c.name for c in schema.NATIONAL_WAIT]
    row = file.waits.row(0, named=True)
    assert (row["count_waiting_list_activity"], row["count_planned_activity"], row["count_unscheduled_activity"]) == (10, 20, 30)
    assert (row["month_end"], row["vintage"], row["test_id"]) == (date(2025, 3, 31), "a", 1)
    assert (row["provider_code"], row["region_code"], row["test"]) == ("ZZ1", "Y99", "Magnetic Resonance Imaging")
    assert file.providers.rows() == [(date(2025, 3, 31), "ZZ1", None)]
    assert (file.count_read, file.count_kept, file.duplicates, file.dropped, file.rejects, file.notes) == (1, 1, 0, NO_DROPS, [], {})


def test_a_gzip_a_byte_order_mark_and_another_name_change_nothing(tmp_path: Path) -> None:
    plain = as_csv(tmp_path / "x.csv", COMPILED, compiled())
    other = tmp_path / "something.dat"
    other.write_bytes(gzip.compress(b"\xef\xbb\xbf" + plain.read_bytes()))
    assert read_dm01(other, vintage="v").waits.equals(read_dm01(plain, vintage="v").waits)


def test_columns_in_another_order_and_extra_columns_change_nothing(tmp_path: Path) -> None:
    header, row = [*reversed(COMPILED), "Remark"], [*reversed(compiled()), "x"]
    plain = as_csv(tmp_path / "x.csv", COMPILED, compiled())
    assert read_dm01(as_csv(tmp_path / "y.csv", header, row), vintage="v").waits.equals(read_dm01(plain, vintage="v").waits)


@pytest.mark.parametrize("period", ["2025-03-31", "2025-03-01", "31/03/2025", "2025-03-14 00:00:00", "2025-03-31T00:00:00"])
def test_any_date_moves_to_its_month_end(tmp_path: Path, period: str) -> None:
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, compiled(**{"Reporting Period": period})))
    assert file.waits["month_end"].to_list() == [date(2025, 3, 31)]


@pytest.mark.parametrize(
    ("changes", "column", "reason", "value"),
    [
        ({"Reporting Period": "31/02/2025"}, "Reporting Period", "unreadable_date", "31/02/2025"),
        ({"Provider Code": ""}, "Provider Code", "missing_provider", ""),
        ({"Diagnostic ID": 17}, "Diagnostic ID", "unknown_test", "17"),
        ({"Diagnostic ID": 0}, "Diagnostic ID", "unknown_test", "0"),
        ({"Diagnostic ID": "MRI"}, "Diagnostic ID", "unknown_test", "MRI"),
        ({"06 <07 weeks": "1.5"}, "06 <07 weeks", "not_a_count", "1.5"),
        ({"06 <07 weeks": "-1"}, "06 <07 weeks", "not_a_count", "-1"),
        ({"06 <07 weeks": "-"}, "06 <07 weeks", "not_a_count", "-"),
        ({"06 <07 weeks": ""}, "06 <07 weeks", "not_a_count", ""),
        ({"06 <07 weeks": "1,23"}, "06 <07 weeks", "not_a_count", "1,23"),
        ({"Planned tests / procedures": "many"}, "Planned tests / procedures", "not_a_count", "many"),
        ({"Total Waiting List": 15}, "Total Waiting List", "bands_do_not_sum", "15"),
        ({"Number waiting 6+ Weeks": 7}, "Number waiting 6+ Weeks", "over_six_weeks_disagree", "7"),
        ({"Number waiting 13+ Weeks": 2}, "Number waiting 13+ Weeks", "over_thirteen_weeks_disagree", "2"),
    ],
)
def test_compiled_record_that_contradicts_itself(tmp_path: Path, changes: dict[str, Any], column: str, reason: str, value: str) -> None:
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, compiled(**{"Provider Code": "ZZ2"}), compiled(**changes)))
    assert rejected(file) == [(3, column, reason, value)]
    assert file.waits["provider_code"].to_list() == ["ZZ2"]


def test_thousands_separators_are_counts(tmp_path: Path) -> None:
    bands = [1234567, *ONES[1:]]
    row = compiled(bands=bands, **{"0 <01 weeks": "1,234,567", "Total Waiting List": "1,234,580"})
    assert read_dm01(as_csv(tmp_path / "a.csv", COMPILED, row)).waits["count_waiting"].to_list() == [1234580]


def test_same_key_same_numbers_is_a_duplicate(tmp_path: Path) -> None:
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, compiled(), compiled(), compiled()))
    assert (file.count_read, file.count_kept, file.duplicates, file.waits.height) == (3, 1, 2, 1)


@pytest.mark.parametrize("changes", [{"bands": [2, *ONES[1:]]}, {"Regional Team Code": "Y98"}])
def test_same_key_different_content_rejects_every_version(tmp_path: Path, changes: dict[str, Any]) -> None:
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, compiled(), compiled(**changes), compiled(), compiled(**{"Diagnostic ID": 2})))
    assert rejected(file) == [(n, None, "conflicting_rows", None) for n in (2, 3, 4)]
    assert file.waits["test_id"].to_list() == [2]


def test_totals_footers_blanks_and_headings_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [
        compiled(),
        compiled(**{"Diagnostic ID": 16}),
        compiled(**{"Provider Code": "Total"}),
        compiled(**{"Regional Team Code": "England", "Provider Code": ""}),
        ["Total", *[""] * 24],
        COMPILED,
        [],
        [""] * 25,
        ["Note: figures may be revised.", *[""] * 24],
        ["Source: made up, for this test"],
    ]
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, *rows))
    assert file.dropped == {"total": 4, "footer": 2, "blank": 2, "repeated_header": 1}
    assert (file.count_read, file.count_kept, file.rejects) == (10, 1, [])


def test_a_region_is_a_fact_of_the_month(tmp_path: Path) -> None:
    """Providers of the real file change region: the region belongs to the row, not to the provider."""
    april = compiled(**{"Reporting Period": "2025-04-30", "Regional Team Code": "Y98"})
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, compiled(), april))
    assert file.waits.select("month_end", "region_code").rows() == [(date(2025, 3, 31), "Y99"), (date(2025, 4, 30), "Y98")]


def test_codes_keep_leading_zeros_and_a_missing_region_is_noted(tmp_path: Path) -> None:
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, compiled(**{"Provider Code": "007", "Regional Team Code": ""})))
    assert file.waits.select("provider_code", "region_code").rows() == [("007", None)]
    assert file.notes == {"no_region": 1}


def test_damaged_lines_leave_the_good_ones(tmp_path: Path) -> None:
    good = [",".join(map(str, compiled(**{"Diagnostic ID": n}))) for n in (1, 2, 3)]
    lines = [
        ",".join(COMPILED),
        good[0],
        good[1] + ",9",  # a field too many
        good[1].replace("Y99", '"Y99'),  # a stray quote must not swallow the next lines
        good[1],
        good[2].replace("Y99", '"Y99'),
        good[2] + ",,",  # a spreadsheet's empty columns
        good[0][:40],  # cut off
        "2025-03-31",
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    file = read_dm01(path)
    found = [(r.record, r.reason) for r in file.rejects]
    assert found == [(3, "column_count"), (4, "stray_quote"), (6, "stray_quote"), (8, "column_count"), (9, "column_count")]
    assert file.waits["test_id"].to_list() == [1, 2, 3]
    assert file.count_read == 8


def test_a_line_break_inside_a_name_is_one_record(tmp_path: Path) -> None:
    rows = [extracted(**{"Provider Org Name": "MADE-UP,\nHOSPITAL"}), extracted(**{"Diagnostic Tests Sort Order": 99})]
    file = read_dm01(as_csv(tmp_path / "a.csv", FULL, *rows))
    assert file.providers["provider_name"].to_list() == ["MADE-UP,\nHOSPITAL"]
    assert (file.count_read, [r.record for r in file.rejects]) == (2, [4])


def test_a_file_of_headings_only_is_empty(tmp_path: Path) -> None:
    for header in (COMPILED, FULL):
        file = read_dm01(as_csv(tmp_path / "a.csv", header))
        assert (file.count_read, file.waits.height, file.waits.columns) == (0, 0, [c.name for c in schema.NATIONAL_WAIT])


# --- the published workbook


def test_workbook(tmp_path: Path) -> None:
    rows = [published(), published(**{"Provider Code": "ZZ2", "Diagnostic ID": 5})]
    totals = [published(**{"Diagnostic ID": 16, "Diagnostic Test Name": "Total"})]
    summary: dict[str, list[list[Any]]] = {
        "Provider": [
            *TITLES,
            ["Region Code", "Provider Code", "Provider Name", "Total Waiting List"],
            ["Y99", "ZZ1", "Made-up Hospital", 14],
        ]
    }
    path = as_workbook(tmp_path / "any.xlsx", england(*rows), [], *rows, *totals, [], ["Note: figures may be revised."], more=summary)
    file = read_dm01(path)
    assert file.layout == "provider_workbook"
    assert file.dropped == {"total": 2, "footer": 1, "blank": 2, "repeated_header": 0}
    assert (file.count_read, file.count_kept, file.rejects, file.notes) == (7, 2, [], {"other_sheets": 1})
    assert file.providers.rows() == [(date(2025, 3, 31), "ZZ1", "Made-up Hospital"), (date(2025, 3, 31), "ZZ2", "Made-up Hospital")]
    assert file.waits["count_waiting_list_activity"].to_list() == [10, 10]
    assert file.waits["vintage"].unique().to_list() == ["any"]


def test_workbook_test_name_follows_the_number(tmp_path: Path) -> None:
    file = read_dm01(as_workbook(tmp_path / "a.xlsx", published(**{"Diagnostic Test Name": "MRI scans"})))
    assert file.waits["test"].to_list() == ["Magnetic Resonance Imaging"]


def test_workbook_shows_nought_as_a_dash(tmp_path: Path) -> None:
    row = published(bands=[0] * 14, **{"Percentage waiting 6+ weeks": "-", "Total Waiting List": "-", "06 <07 weeks": "-", "13+ weeks": "-"})
    file = read_dm01(as_workbook(tmp_path / "a.xlsx", row))
    assert (file.waits["count_waiting"].to_list(), file.rejects) == ([0], [])


@pytest.mark.parametrize(
    ("changes", "column", "reason", "value"),
    [
        ({"Provider Code": None}, "Provider Code", "missing_provider", ""),
        ({"Diagnostic ID": 99}, "Diagnostic ID", "unknown_test", "99"),
        ({"06 <07 weeks": 1.5}, "06 <07 weeks", "not_a_count", "1.5"),
        ({"06 <07 weeks": -1}, "06 <07 weeks", "not_a_count", "-1"),
        ({"06 <07 weeks": None}, "06 <07 weeks", "not_a_count", ""),
        ({"Total Waiting List": 15}, "Total Waiting List", "bands_do_not_sum", "15"),
        ({"Number waiting 6+ Weeks": 7}, "Number waiting 6+ Weeks", "over_six_weeks_disagree", "7"),
        ({"Number waiting 13+ Weeks": 2}, "Number waiting 13+ Weeks", "over_thirteen_weeks_disagree", "2"),
    ],
)
def test_workbook_record_that_contradicts_itself(tmp_path: Path, changes: dict[str, Any], column: str, reason: str, value: str) -> None:
    file = read_dm01(as_workbook(tmp_path / "a.xlsx", published(**{"Provider Code": "ZZ2"}), published(**changes)))
    assert rejected(file) == [(len(TITLES) + 3, column, reason, value)]
    assert file.waits["provider_code"].to_list() == ["ZZ2"]


def test_workbook_conflicts_duplicates_and_region_subtotals(tmp_path: Path) -> None:
    rows = [
        published(),
        published(),
        published(**{"Provider Code": "ZZ2"}),
        published(**{"Provider Code": "ZZ2"}, bands=[9, *ONES[1:]]),
        published(**{"Provider Code": None, "Provider Name": "Made-up Commissioning Region"}),
        published(**{"Provider Code": None, "Provider Name": None}),
        published(**{"Provider Name": "Total"}),
        WORKBOOK,
    ]
    file = read_dm01(as_workbook(tmp_path / "a.xlsx", *rows))
    assert file.waits["provider_code"].to_list() == ["ZZ1"]
    assert (file.duplicates, file.dropped["total"], file.dropped["repeated_header"]) == (1, 3, 1)
    assert [(r.record, r.reason) for r in file.rejects] == [(9, "conflicting_rows"), (10, "conflicting_rows")]


def test_workbook_england_row_that_disagrees_is_noted_not_rejected(tmp_path: Path) -> None:
    wrong = england(published())
    wrong[5] += 1
    file = read_dm01(as_workbook(tmp_path / "a.xlsx", wrong, [], published()))
    assert (file.notes, file.rejects, file.waits.height) == ({"england_row_differs": 1}, [], 1)


@pytest.mark.parametrize(
    ("titles", "vintage"),
    [
        ([["Period:", "March 2025"], ["Published:", "15th May 2025"]], "2025-05-15"),
        ([["Period:", "March 2025"], ["Published:", datetime(2025, 5, 15)], ["Revised:", "-"]], "2025-05-15"),
        ([["Period: March 2025"], ["Published: 15/05/2025"], ["Revised: 2025-10-09"]], "2025-10-09"),
        ([["Period:", datetime(2025, 3, 1)], ["Status:", "Published"]], "name-of-file"),
    ],
)
def test_vintage_is_the_stated_date_else_the_name(tmp_path: Path, titles: list[list[Any]], vintage: str) -> None:
    path = as_workbook(tmp_path / "name-of-file.xlsx", published(), titles=titles)
    assert read_dm01(path).waits.select("month_end", "vintage").rows() == [(date(2025, 3, 31), vintage)]
    assert read_dm01(path, vintage="given").waits["vintage"].to_list() == ["given"]


def test_workbook_without_a_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not say its month"):
        read_dm01(as_workbook(tmp_path / "a.xlsx", published(), titles=[["Title:", "Diagnostics"]]))


def test_workbook_with_two_tables_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="2 sheets"):
        read_dm01(as_workbook(tmp_path / "a.xlsx", published(), more={"Copy": [*TITLES, WORKBOOK, published()]}))


# --- the full extract


def test_full_extract_sums_commissioners(tmp_path: Path) -> None:
    lines = [
        extracted(),
        extracted(**{"Commissioner Org Code": "00Y"}, bands=[0] * 13 + [5]),
        extracted(**{"Commissioner Org Code": "00Y"}, bands=[0] * 13 + [5]),
        extracted(**{"Diagnostic Tests Sort Order": 16, "Diagnostic Tests": "TOTAL"}),
        extracted(**{"Commissioner Org Code": "TOTAL"}),
    ]
    file = read_dm01(as_csv(tmp_path / "a.csv", FULL, *lines))
    assert file.layout == "full_extract"
    assert (file.count_read, file.count_kept, file.duplicates, file.dropped["total"]) == (5, 2, 1, 2)
    row = file.waits.row(0, named=True)
    assert (row["count_waiting"], row["weeks_13_plus"], row["count_planned_activity"], row["region_code"]) == (19, 6, 40, "Y99")
    assert (row["test"], row["month_end"]) == ("Magnetic Resonance Imaging", date(2025, 3, 31))
    assert file.providers.rows() == [(date(2025, 3, 31), "ZZ1", "MADE-UP HOSPITAL")]


@pytest.mark.parametrize(
    ("changes", "column", "reason", "value"),
    [
        ({"Period": "DM01-MARS-2025"}, "Period", "unreadable_date", "DM01-MARS-2025"),
        ({"Provider Org Code": ""}, "Provider Org Code", "missing_provider", ""),
        ({"Diagnostic Tests Sort Order": 17}, "Diagnostic Tests Sort Order", "unknown_test", "17"),
        ({"13+ Weeks": "1.0"}, "13+ Weeks", "not_a_count", "1.0"),
        ({"13+ Weeks": "-"}, "13+ Weeks", "not_a_count", "-"),
        ({"Total WL": 13}, "Total WL", "bands_do_not_sum", "13"),
        ({"Total Activity": 61}, "Total Activity", "total_activity_disagrees", "61"),
    ],
)
def test_full_extract_line_that_contradicts_itself(tmp_path: Path, changes: dict[str, Any], column: str, reason: str, value: str) -> None:
    file = read_dm01(as_csv(tmp_path / "a.csv", FULL, extracted(**{"Provider Org Code": "ZZ2"}), extracted(**changes)))
    assert rejected(file) == [(3, column, reason, value)]
    assert file.waits["provider_code"].to_list() == ["ZZ2"]


def test_full_extract_conflict_is_within_a_commissioner_and_a_short_sum_is_noted(tmp_path: Path) -> None:
    lines = [extracted(), extracted(bands=[7, *ONES[1:]]), extracted(**{"Commissioner Org Code": "00Y"})]
    file = read_dm01(as_csv(tmp_path / "a.csv", FULL, *lines))
    assert [(r.record, r.reason) for r in file.rejects] == [(2, "conflicting_rows"), (3, "conflicting_rows")]
    assert (file.waits["count_waiting"].to_list(), file.notes) == ([14], {"sums_short_of_a_line": 1})


# --- name lists, and files that are none of these


def test_name_lists_feed_names_and_no_figure(tmp_path: Path) -> None:
    header = ["Provider Code", "Provider Name", "Provider Name Refined"]
    rows = [
        ["ZZ1", "Same, Name", "x"],
        ["ZZ2", "Same, Name", "x"],
        ["ZZ2", "Same, Name", "x"],
        ["ZZ3", "One", ""],
        ["ZZ3", "Two", ""],
        ["", "Nameless", ""],
    ]
    file = read_dm01(as_csv(tmp_path / "p.csv", header, *rows))
    assert (file.layout, file.waits.height, file.waits.columns) == ("provider_names", 0, [c.name for c in schema.NATIONAL_WAIT])
    assert file.providers.rows() == [(None, "ZZ1", "Same, Name"), (None, "ZZ2", "Same, Name")]
    assert (file.count_read, file.count_kept, file.duplicates) == (6, 2, 1)
    assert [r.reason for r in file.rejects] == ["conflicting_rows", "conflicting_rows", "missing_code"]
    regions = read_dm01(as_csv(tmp_path / "r.csv", ["Regional Team Code", "Regional Team Name"], ["Y99", "Made-up Region"], ["X24", "NHS England"]))
    assert (regions.layout, regions.regions.rows(), regions.count_kept) == (
        "region_names",
        [("Y99", "Made-up Region"), ("X24", "NHS England")],
        2,
    )
    tests = read_dm01(
        as_csv(
            tmp_path / "t.csv",
            ["Diagnostic ID", "Diagnostic Test Name", "Diagnostic Category"],
            [1, "Magnetic Resonance Imaging", "Imaging"],
        )
    )
    assert (tests.layout, tests.count_kept, tests.providers.height, tests.regions.height) == ("test_names", 1, 0, 0)


def test_unrecognised_files_say_what_was_looked_for(tmp_path: Path) -> None:
    cases = {
        "not a layout of the national return.*Reporting Period.*Commissioner Org Code": b"Exam Key,Exam Date\n1,2\n",
        "lacks a column for: weeks_13_plus": ",".join(c for c in COMPILED if c != "13+ weeks").encode() + b"\n",
        "not a layout": b"",
        "damaged .gz": gzip.compress(b"x" * 999)[:20],
        "cannot be opened as a workbook": b"PK\x03\x04 and no more",
    }
    for message, content in cases.items():
        path = tmp_path / "file.csv"
        path.write_bytes(content)
        with pytest.raises(SourceError, match=message) as raised:
            read_dm01(path)
        assert str(tmp_path) not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DM01-MARCH-2025", date(2025, 3, 31)),
        ("DM01-FEBRUARY-2024", date(2024, 2, 29)),
        ("March 2025", date(2025, 3, 31)),
        ("Mar-2025", date(2025, 3, 31)),
        ("31/12/2024", date(2024, 12, 31)),
        ("12/31/2024", None),
        ("DM01-MA-2025", None),
        ("2025", None),
        ("", None),
    ],
)
def test_months(text: str, expected: date | None) -> None:
    assert month_end_of(text) == expected


@given(st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 12, 31)))
def test_every_spelling_of_a_day_is_that_day(day: date) -> None:
    for spelt in (
        day.isoformat(),
        f"{day:%d/%m/%Y}",
        f"{day.day}th {day:%B} {day.year}",
        f"{day.day} {day:%b} {day.year}",
        f"{day.isoformat()} 00:00:00",
    ):
        assert day_of(spelt) == day


FAULTS: list[list[Any]] = [
    compiled(),
    compiled(bands=[2, *ONES[1:]]),
    compiled(**{"Provider Code": "ZZ2"}),
    compiled(**{"Diagnostic ID": 16}),
    compiled(**{"Diagnostic ID": 40}),
    compiled(**{"Total Waiting List": 1}),
    compiled(**{"Provider Code": ""}),
    compiled(**{"Regional Team Code": 'a "quoted", code'}),
    compiled()[:9],
    ["Note: figures may be revised."],
    [""] * 25,
    COMPILED,
    [],
]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.sampled_from(FAULTS), max_size=12))
def test_every_record_is_counted_once_and_keys_are_unique(tmp_path: Path, rows: list[list[Any]]) -> None:
    file = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, *rows))
    assert file.count_read == len(rows)
    assert file.count_read == file.count_kept + file.duplicates + sum(file.dropped.values()) + len(file.rejects)
    assert file.waits.select("month_end", "provider_code", "test_id").is_unique().all()
    assert all(rows[r.record - 2] in FAULTS for r in file.rejects)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["ZZ1", "ZZ2"]), st.integers(1, 15), st.lists(st.integers(0, 3000), min_size=14, max_size=14)), max_size=8))
def test_the_three_layouts_agree(tmp_path: Path, figures: list[tuple[str, int, list[int]]]) -> None:
    """The same figures, laid out three ways and in the extract split over two commissioners, are the same frame."""
    unique = list({(code, test): (code, test, bands) for code, test, bands in figures}.values())
    one = [compiled(**{"Provider Code": c, "Diagnostic ID": t}, bands=b) for c, t, b in unique]
    two = [published(**{"Provider Code": c, "Diagnostic ID": t}, bands=b) for c, t, b in unique]
    three = []
    for code, test, bands in unique:
        half = [b // 2 for b in bands]
        key = {"Provider Org Code": code, "Diagnostic Tests Sort Order": test}
        none = {"Waiting List Activity": 0, "Planned Activity": 0, "Unscheduled Activity": 0, "Total Activity": 0}
        three.append(extracted(**key, bands=half))
        three.append(extracted(**key, **none, **{"Commissioner Org Code": "00Y"}, bands=[b - h for b, h in zip(bands, half, strict=True)]))
    a = read_dm01(as_csv(tmp_path / "a.csv", COMPILED, *one), vintage="v").waits
    b = read_dm01(as_workbook(tmp_path / "b.xlsx", *two), vintage="v").waits
    c = read_dm01(as_csv(tmp_path / "c.csv", FULL, *three), vintage="v").waits
    assert a.equals(b)
    assert a.equals(c)


# --- names over time


def names(*rows: tuple[date | None, str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"month_end": pl.Date, "provider_code": pl.String, "provider_name": pl.String}, orient="row")


JAN, FEB, MAR, APR = date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)


def test_names_are_ranges_of_months() -> None:
    """A provider renamed and renamed back has three ranges; letter case is not a new name; the latest has no end."""
    frame = names((JAN, "A", "Old"), (FEB, "A", "OLD"), (MAR, "A", "New"), (APR, "A", "Old"))
    assert provider_names([frame]).rows() == [
        ("A", "Old", date(2025, 1, 1), FEB),
        ("A", "New", date(2025, 3, 1), MAR),
        ("A", "Old", date(2025, 4, 1), None),
    ]
    assert provider_names([frame]).columns == [c.name for c in schema.NATIONAL_PROVIDER]


def test_a_month_without_a_name_takes_the_undated_list_then_its_neighbours_then_the_code() -> None:
    listed = names((None, "A", "Listed"), (None, "Z", "Never in a month"))
    assert provider_names([listed, names((JAN, "A", None), (FEB, "A", "New"))]).rows() == [
        ("A", "Listed", date(2025, 1, 1), JAN),
        ("A", "New", date(2025, 2, 1), None),
    ]
    assert provider_names([names((JAN, "B", None), (FEB, "B", "Name"), (MAR, "B", None))]).rows() == [("B", "Name", date(2025, 1, 1), None)]
    assert provider_names([names((JAN, "C", None))]).rows() == [("C", "C", date(2025, 1, 1), None)]
    assert provider_names([]).is_empty()


def test_two_providers_of_one_name_stay_two() -> None:
    rows = provider_names([names((JAN, "A", "Same"), (JAN, "B", "Same"))]).rows()
    assert rows == [("A", "Same", date(2025, 1, 1), None), ("B", "Same", date(2025, 1, 1), None)]


def test_a_provider_goes_by_the_name_published_for_the_end_of_the_period(tmp_path: Path) -> None:
    now = datetime(2025, 6, 30, tzinfo=UTC)
    for month, name in (("MARCH", "Old Name"), ("APRIL", "New Name")):
        as_csv(tmp_path / f"{month}.csv", FULL, extracted(Period=f"DM01-{month}-2025", **{"Provider Org Name": name}))
    site = '[[site]]\ncode = "ZZ101"\nname = "Site"\ntrust_code = "ZZ1"\n'
    source = '[[source]]\nname = "return"\ntable = "national_wait"\nadapter = "dm01"\npath = "*.csv"\n'
    (tmp_path / "network.toml").write_text(f'[network]\ncode = "N"\nname = "N"\nsynthetic = true\n{site}{source}', "utf-8")
    with Store(publish(tmp_path / "network.toml", tmp_path / "extracts", now=now)) as store:
        for period, name in (({"date_to": MAR}, "Old Name"), ({"date_to": APR}, "New Name"), ({}, "New Name"), ({"where": {"month": ("2025-03",)}}, "Old Name")):
            answer = ask("national_waiting", Scope(("provider_code",), **period), store)
            assert answer.label("provider_code", "ZZ1").casefold() == name.casefold(), period


@given(st.permutations([names((JAN, "A", "NAME")), names((JAN, "A", "Name")), names((FEB, "A", None)), names((None, "A", "name"))]))
def test_the_order_of_files_does_not_change_names(frames: list[pl.DataFrame]) -> None:
    assert provider_names(frames).rows() == [("A", "Name", date(2025, 1, 1), None)]


# --- the queries

EVERYTHING: dict[str, Any] = {
    "by": [],
    "months": [],
    "tests": [],
    "provider_codes": [],
    "region_codes": [],
    "date_from": None,
    "date_to": None,
}
CURRENT = load_query(ROOT / "queries/summary/national_current.sql")
LIST = load_query(ROOT / "queries/metrics/national_list.sql")
ACTIVITY = load_query(ROOT / "queries/metrics/national_activity.sql")


def engine(waits: pl.DataFrame, folder: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(":memory:")
    connection.execute((ROOT / "queries/macros.sql").read_text("utf-8"))
    waits.write_parquet(folder / "national_wait.parquet")
    connection.read_parquet(str(folder / "national_wait.parquet")).create("national_wait")
    connection.sql(CURRENT.text).create("national_current")
    return connection


def asked(connection: duckdb.DuckDBPyConnection, text: str, **changes: Any) -> list[dict[str, Any]]:
    frame = connection.cursor().sql(text, params={**EVERYTHING, **changes}).pl()
    kinds: Any = {c: pl.Int64 for c, t in frame.schema.items() if t.is_decimal()}
    return frame.cast(kinds).sort(pl.all(), nulls_last=True).to_dicts()


def wait(month_end: date, provider: str, waiting: int, *, test: int = 1, vintage: str = "v1", region: str = "Y99", done: int = 1) -> dict[str, Any]:
    bands = {b: 0 for b in schema.NATIONAL_BANDS} | {"weeks_06": waiting - 1, "weeks_13_plus": 1}
    key = {"month_end": month_end, "vintage": vintage, "provider_code": provider, "region_code": region}
    activity = {"count_waiting_list_activity": done, "count_planned_activity": 2, "count_unscheduled_activity": 3}
    return {**key, "test_id": test, "test": schema.NATIONAL_TESTS[test], **bands, "count_waiting": waiting, **activity}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Two providers in March and one of them in April; the other changed region in March."""
    rows = [
        wait(FEB, "A", 10),
        wait(FEB, "B", 100),
        wait(MAR, "A", 20),
        wait(MAR, "B", 200, region="Y98"),
        wait(MAR, "B", 7, test=2),
        wait(APR, "A", 40),
    ]
    connection = engine(pl.DataFrame(rows), tmp_path)
    yield connection
    connection.close()


def test_query_headers_match_their_results(small: duckdb.DuckDBPyConnection) -> None:
    for query in (CURRENT, LIST, ACTIVITY):
        result = small.sql(query.text, params={name: EVERYTHING[name] for name in query.params}) if query.params else small.sql(query.text)
        assert dict(zip(result.columns, [str(t).lower() for t in result.types], strict=True)) == dict(query.returns)


def test_a_list_over_several_months_is_never_a_sum(small: duckdb.DuckDBPyConnection) -> None:
    row = asked(small, LIST.text, date_to=MAR)[0]
    assert (row["month"], row["snapshot_month"]) == (date(2025, 3, 1), date(2025, 3, 1))
    assert (row["count_waiting"], row["count_over_six_weeks"], row["count_over_thirteen_weeks"], row["count_providers"]) == (227, 227, 3, 2)
    assert [(r["month"].month, r["count_waiting"]) for r in asked(small, LIST.text, by=["month"])] == [(2, 110), (3, 227), (4, 40)]


def test_the_last_month_is_that_of_the_return_not_of_the_provider(small: duckdb.DuckDBPyConnection) -> None:
    """Provider B sent nothing in April: its March list must not pass for April's."""
    assert asked(small, LIST.text, provider_codes=["B"]) == []
    assert [(r["provider_code"], r["count_waiting"]) for r in asked(small, LIST.text, by=["provider_code"])] == [("A", 40)]
    assert asked(small, LIST.text, provider_codes=["B"], months=[date(2025, 2, 1), date(2025, 3, 1)])[0]["count_waiting"] == 207


def test_list_filters_and_breakdowns(small: duckdb.DuckDBPyConnection) -> None:
    rows = asked(small, LIST.text, by=["test", "region_code"], months=[date(2025, 3, 1)])
    assert [(r["test"][:3], r["region_code"], r["provider_code"], r["count_waiting"]) for r in rows] == [
        ("Com", "Y99", None, 7),
        ("Mag", "Y98", None, 200),
        ("Mag", "Y99", None, 20),
    ]
    assert asked(small, LIST.text, date_from=MAR, date_to=MAR, tests=["Computed Tomography"])[0]["count_waiting"] == 7
    assert asked(small, LIST.text, date_from=MAR, date_to=MAR, region_codes=["Y98"])[0]["count_waiting"] == 200
    assert asked(small, LIST.text, date_to=date(2025, 3, 30))[0]["snapshot_month"] == date(2025, 2, 1)


def test_activity_is_a_flow_and_adds(small: duckdb.DuckDBPyConnection) -> None:
    row = asked(small, ACTIVITY.text)[0]
    assert (row["month"], row["count_activity"], row["count_waiting_list_activity"]) == (None, 36, 6)
    assert (row["count_planned_activity"], row["count_unscheduled_activity"], row["count_providers"]) == (12, 18, 2)
    assert [(r["month"].month, r["count_activity"]) for r in asked(small, ACTIVITY.text, by=["month"], date_from=MAR)] == [(3, 18), (4, 6)]
    assert asked(small, ACTIVITY.text, provider_codes=["B"], tests=["Computed Tomography"])[0]["count_activity"] == 6


def test_the_latest_publication_of_a_month_stands_whole(tmp_path: Path) -> None:
    """A revision without provider B removes B from that month; another month keeps its own latest; a date beats a file's name."""
    rows = [
        wait(FEB, "A", 10, vintage="provider_compiled"),
        wait(FEB, "B", 100, vintage="provider_compiled"),
        wait(MAR, "A", 20, vintage="provider_compiled"),
        wait(MAR, "A", 21, vintage="2025-05-15"),
        wait(MAR, "B", 200, vintage="2025-05-15"),
        wait(MAR, "A", 22, vintage="2025-10-09"),
    ]
    current = engine(pl.DataFrame(rows), tmp_path).table("national_current").pl().sort("month_end", "provider_code")
    assert current.select("month_end", "provider_code", "count_waiting").rows() == [(FEB, "A", 10), (FEB, "B", 100), (MAR, "A", 22)]


def test_a_key_held_twice_by_one_publication_counts_once(tmp_path: Path) -> None:
    current = engine(pl.DataFrame([wait(MAR, "A", 20), wait(MAR, "A", 30), wait(MAR, "A", 30)]), tmp_path).table("national_current").pl()
    assert current["count_waiting"].to_list() == [30]


# --- the real files


def real(name: str) -> Path:
    """One of the real files, wherever it lies in the folder of the return."""
    return next(iter(sorted(shared("data", "dm01").rglob(name))))


@pytest.fixture(scope="module")
def national() -> NationalFile:
    return read_dm01(real("provider_*.csv.gz"))


@pytest.mark.parametrize(
    ("month_end", "expected"),
    [
        (date(2023, 4, 30), (274137, 62449, 20562)),
        (date(2024, 3, 31), (310208, 57411, 14493)),
        (date(2025, 3, 31), (331280, 45529, 10522)),
    ],
)
def test_england_check_figures(national: NationalFile, tmp_path: Path, month_end: date, expected: tuple[int, int, int]) -> None:
    rows = asked(engine(national.waits, tmp_path), LIST.text, date_to=month_end, tests=["Magnetic Resonance Imaging"])
    assert [(r["count_waiting"], r["count_over_six_weeks"], r["count_over_thirteen_weeks"]) for r in rows] == [expected]
    assert rows[0]["snapshot_month"] == month_end.replace(day=1)


def test_real_compiled_file_is_read_whole(national: NationalFile) -> None:
    assert (national.count_read, national.count_kept, national.waits.height) == (63962, 63962, 63962)
    assert (national.waits["month_end"].n_unique(), national.rejects, national.notes) == (24, [], {})
    regions = national.waits.group_by("provider_code").agg(pl.col("region_code").n_unique())
    assert regions.filter(pl.col("region_code") > 1)["provider_code"].sort().to_list() == ["NYR", "RPG", "T8R5I", "Y8L9S"]


def test_march_2025_is_the_same_in_all_layouts(national: NationalFile) -> None:
    compiled_march = national.waits.filter(pl.col("month_end") == MAR).drop("vintage")
    assert compiled_march["test_id"].n_unique() == 15
    workbook, extract = read_dm01(real("*.xlsx")), read_dm01(real("*full-extract.csv"))
    assert (workbook.layout, workbook.count_kept, workbook.rejects, workbook.notes) == ("provider_workbook", 2751, [], {"other_sheets": 1})
    assert (extract.layout, extract.count_kept, extract.rejects, extract.notes) == ("full_extract", 5387, [], {})
    assert workbook.waits.drop("vintage").equals(compiled_march)
    assert extract.waits.drop("vintage").equals(compiled_march)


def test_real_names(national: NationalFile) -> None:
    """Names come from the list beside the compiled file; the other layouts spell them alike, letter case apart."""
    files = [
        national,
        *(read_dm01(real(n)) for n in ("dim_Provider.csv", "dim_Region.csv", "dim_Diagnostic_Test.csv", "*.xlsx", "*full-extract.csv")),
    ]
    named = provider_names([f.providers for f in files])
    assert named.height == named["provider_code"].n_unique() == national.waits["provider_code"].n_unique()
    assert named.filter(pl.col("provider_name") == "Duchy Hospital")["provider_code"].to_list() == ["NT447", "NVC04"]
    assert sum(f.regions.height for f in files) == 8
