"""Source files as text: every structural fault has its reason, good lines always load, and every record is accounted for."""

import csv
import datetime as dt
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from readout.errors import SourceError
from readout.ingest.adapter import FileFormat
from readout.ingest.reading import BLOCK, Reject, TextReader, raw_record
from readout.ingest.reading_lines import GOOD, LOOSE, OPEN, STRAY, split_line

CSV = FileFormat()
quick = settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read(path: Path, fmt: FileFormat = CSV, required: tuple[str, ...] = (), block: int = BLOCK) -> tuple[TextReader, dict[int, tuple]]:
    reader = TextReader(path, fmt, required, block)
    rows = {}
    for batch in reader.batches():
        assert batch.record.name == "record" and batch.record.dtype == pl.Int64
        assert batch.frame.columns == list(reader.header) and set(batch.frame.dtypes) == {pl.String}
        rows |= dict(zip(batch.record.to_list(), batch.frame.rows(), strict=True))
    assert list(rows) == sorted(rows)
    return reader, rows


@pytest.fixture
def source(tmp_path):
    def write(content: str | bytes, name: str = "north.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


def reasons(reader: TextReader) -> list[tuple[int, str]]:
    return [(r.record, r.reason) for r in reader.rejects]


# --- lines and quotes


@pytest.mark.parametrize(
    ("line", "fields", "state"),
    [
        ("a,b", ["a", "b"], GOOD),
        ("", [""], GOOD),
        ("a,", ["a", ""], GOOD),
        ('"a,b",""', ["a,b", ""], GOOD),
        ('"say ""ah""",', ['say "ah"', ""], GOOD),
        ('5" pipe,b', ['5" pipe', "b"], LOOSE),
        ('a,"b', ["a", "b"], OPEN),
        ('a,"b""', ["a", 'b""'], OPEN),
        ('a,"b"c,d', ["a", "b"], STRAY),
    ],
)
def test_a_line_parses_by_the_rules(line, fields, state):
    assert split_line(line, ",") == (fields, state)


@pytest.mark.parametrize("block", [1, 7, BLOCK])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_line_ends_of_every_kind(source, end, block):
    reader, rows = read(source(end.join(["id,note", '1,"a, b"', '2,"two', 'lines"', " 3 ,", ""])), block=block)
    assert rows == {2: ("1", "a, b"), 3: ("2", "two\nlines"), 5: ("3", None)}
    assert reader.header == ("id", "note") and reader.count_read == 3 and not reader.rejects and not reader.dropped and not reader.notes


@pytest.mark.parametrize("quoted", ["", '"'])
def test_last_line_may_lack_its_end(source, quoted):
    assert read(source(f"id,b\n1,{quoted}x{quoted}"))[1] == {2: ("1", "x")}


@pytest.mark.parametrize("block", [1, 5, 16, BLOCK])
@pytest.mark.parametrize(
    ("bad", "reason", "value"),
    [
        ("1,2", "column_count", "2 fields, 3 expected"),
        ("1", "column_count", "1 field, 3 expected"),
        ("1,2,3,4", "column_count", "4 fields, 3 expected"),
        ('1,"2",3,4', "column_count", "4 fields, 3 expected"),
        ('1,"2,3', "stray_quote", None),
        ('1,"2"x,3', "stray_quote", None),
        ('1,2"', "stray_quote", None),
        ("1,\0,3", "nul_byte", None),
        ('1,"\0,3', "nul_byte", None),
    ],
)
def test_a_bad_line_is_rejected_alone(source, bad, reason, value, block):
    reader, rows = read(source(f"a,b,c\nx,y,z\n{bad}\nu,v,w\n"), block=block)
    assert rows == {2: ("x", "y", "z"), 4: ("u", "v", "w")}
    assert reader.rejects == [Reject(3, None, reason, value)]
    assert reader.count_read == 3


def test_a_stray_quote_never_eats_good_lines(source):
    """An inch mark at the start of a field opens a quote that the next inch mark would close, thousands of rows on."""
    lines = ["id,size,n", *(f'{i},"5 mm,1' if i in (3, 9) else f"{i},5,1" for i in range(12))]
    reader, rows = read(source("\n".join(lines) + "\n"))
    assert reasons(reader) == [(5, "stray_quote"), (11, "stray_quote")] and len(rows) == 10


def test_a_quote_inside_an_unquoted_field_is_text(source):
    reader, rows = read(source('id,size\n1,5" pipe\n2,"x"\n3,a\n'))
    assert rows == {2: ("1", '5" pipe'), 3: ("2", "x"), 4: ("3", "a")} and not reader.rejects


def test_a_quoted_record_spans_at_most_fifty_more_lines(source):
    body = "\n".join("t" for _ in range(50))
    reader, _ = read(source(f'id,note\n1,"{body}\nend\nok"\n'), block=16)
    assert len(reader.rejects) == reader.count_read == 52  # one line too many: each is rejected
    reader, rows = read(source(f'id,note\n1,"{body}\nok"\n2,x\n'), block=16)
    assert reader.count_read == 2 and rows[53] == ("2", "x") and rows[2][1] == body + "\nok"


def test_a_record_left_open_at_the_end_is_rejected_line_by_line(source):
    reader, rows = read(source('id,note\n1,x\n2,"never\nclosed\n'))
    assert reasons(reader) == [(3, "stray_quote"), (4, "column_count")] and list(rows) == [2]


@pytest.mark.parametrize("last", ["2", '2,"x', "2,x,y"])
def test_a_truncated_last_line_has_its_own_reason(source, last):
    assert reasons(read(source(f"id,note\n1,x\n{last}"))[0]) == [(3, "truncated_last_line")]


def test_footers_repeated_headers_and_blanks_are_dropped_and_counted(source):
    text = 'Export\n\nid,note\n1,x\n\n , \n,\nid,note\n"id"," note "\n2,y\nTOTAL,2,0\nPrinted by "A\n'
    fmt = FileFormat(header_row=3, footer_pattern="^(TOTAL|Printed)")
    reader, rows = read(source(text), fmt, ("id",))
    assert rows == {4: ("1", "x"), 10: ("2", "y")}
    assert reader.dropped == {"blank": 3, "repeated_header": 2, "footer": 2} and not reader.rejects and reader.count_read == 9


def test_a_footer_pattern_may_use_what_only_python_knows(source):
    reader, _ = read(source("id,note\n1,x\nTotal 2\nTotality,y\n"), FileFormat(footer_pattern=r"^Total(?!ity)"))
    assert reader.dropped == {"footer": 1} and reader.count_read == 3


def test_a_trailing_delimiter_on_every_line_is_no_column(source):
    reader, rows = read(source('id,note,\n1,x,\n2,"y",\n'))
    assert reader.header == ("id", "note") and rows == {2: ("1", "x"), 3: ("2", "y")}


def test_one_column_is_enough(source):
    reader, rows = read(source('id\n1\n\n"2"\n"a\nb"\n'))
    assert rows == {2: ("1",), 4: ("2",), 5: ("a\nb",)} and reader.dropped == {"blank": 1} and not reader.rejects


@pytest.mark.parametrize("delimiter", ["\t", "|", ";", "^", "¦", "\\", "]"])
def test_any_delimiter(source, delimiter):
    lines = [delimiter.join(cells) for cells in (["id", "a", "b"], ["1", "x", "y"], ["2", f'"x{delimiter}"', "z"])]
    reader, rows = read(source("\n".join(lines)), FileFormat(delimiter=delimiter), ("id",))
    assert rows == {2: ("1", "x", "y"), 3: ("2", f"x{delimiter}".strip(), "z")} and not reader.rejects


def test_very_many_columns(source):
    names = [f"c{i}" for i in range(2000)]
    assert read(source(",".join(names) + "\n" + ",".join(['"x"'] * 2000) + "\n"))[1] == {2: ("x",) * 2000}


# --- encodings


def test_a_byte_order_mark_is_stripped_and_noted(source):
    for encoding in ("utf-8", "utf-8-sig", "cp1252"):
        reader, rows = read(source("id,b\n1,x\n", encoding="utf-8-sig"), FileFormat(encoding=encoding), ("id",))
        assert reader.notes == {"byte_order_mark": 1} and rows == {2: ("1", "x")}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("block", [1, 3, BLOCK])
def test_utf_16_with_and_without_its_mark(source, encoding, block):
    reader, rows = read(source("id,b\r\n1,Ngũgĩ 😀\r\n2,Ċ\r\n", encoding=encoding), FileFormat(encoding="utf-16"), ("id",), block)
    assert rows == {2: ("1", "Ngũgĩ 😀"), 3: ("2", "Ċ")} and reader.notes == ({"byte_order_mark": 1} if encoding == "utf-16" else {})


def test_broken_utf_16_is_rejected_by_line(source):
    text = "id,b\n1,x\n2,".encode("utf-16-le") + b"\x00\xd8" + "\n3,z\n4,q".encode("utf-16-le") + b"q"
    reader, rows = read(source(text), FileFormat(encoding="utf-16"))
    assert rows == {2: ("1", "x"), 4: ("3", "z")} and reasons(reader) == [(3, "encoding"), (5, "encoding")]


def test_a_wrong_declared_encoding_is_refused_with_the_setting(source):
    with pytest.raises(SourceError, match=r'^north.csv is UTF-16, not utf-8: set encoding = "utf-16"'):
        read(source("id,b\n", encoding="utf-16"))
    with pytest.raises(SourceError, match='if it is UTF-16, set encoding = "utf-16"'):
        read(source("id,b\n", encoding="utf-16-le"))
    with pytest.raises(SourceError, match="is not UTF-16"):
        read(source("id,b\n1,x\n"), FileFormat(encoding="utf-16"))
    with pytest.raises(SourceError, match="line 1, is not utf-8"):
        read(source("idé,b\n", encoding="cp1252"))


def test_a_line_outside_the_encoding_is_rejected(source):
    reader, rows = read(source(b"id,b\n1,caf\xe9\n2,caf\xc3\xa9\n"))
    assert rows == {3: ("2", "café")} and reasons(reader) == [(2, "encoding")]
    reader, rows = read(source(b"id,b\n1,caf\xe9\n2,\x81\xe9\n"), FileFormat(encoding="cp1252"))
    assert rows == {2: ("1", "café")} and reasons(reader) == [(3, "encoding")]


@pytest.mark.parametrize("block", [4, BLOCK])
def test_utf_8_lines_in_a_cp1252_file_are_decoded_and_counted(source, block):
    """The second half of the file came from another system; an open record at a block's border is counted once."""
    reader, rows = read(source(b'id,b\n1,caf\xe9\n2,"caf\xc3\xa9\nx"\n3,\x80\n'), FileFormat(encoding="cp1252"), block=block)
    assert rows == {2: ("1", "café"), 3: ("2", "café\nx"), 5: ("3", "€")} and reader.notes == {"mixed_encoding": 1}


# --- headers and files that are refused whole


def test_a_missing_column_is_named_with_what_is_like_it(source):
    path = source("Exam Key,Status,Site\n1,x,y\n")
    with pytest.raises(SourceError, match=r"^north.csv lacks the column 'Exam Kee'. Did you mean 'Exam Key'\?$"):
        read(path, required=("Exam Kee",))
    with pytest.raises(SourceError, match=r"lacks the columns 'Exam Kee', 'Zz'. For 'Exam Kee': Did you mean 'Exam Key'\?"):
        read(path, required=("Exam Kee", "Zz", "Site"))
    with pytest.raises(SourceError, match=r"lacks the column 'Zz'. Choose from: Exam Key, Site, Status."):
        read(path, required=("Zz", "Site"))


def test_a_file_without_its_header_shows_no_record(source):
    with pytest.raises(SourceError, match="header_row") as refused:
        read(source("A1,Smith,1970-01-01\n"), required=("accession", "birth_date"))
    assert "Smith" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "fmt", "words"),
    [
        ("", CSV, "no header on line 1"),
        ("\n\n", CSV, "no header on line 1"),
        (",,\n1,2,3\n", CSV, "no header on line 1"),
        ("id\n", FileFormat(header_row=3), "no header on line 3"),
        ("id;b\n1;2\n", CSV, "delimiter ',' may be wrong"),
        ("id,b,id\n1,2,3\n", CSV, "column 'id' twice"),
        ('id,"b\n1,2\n', CSV, "stray quote"),
        (b"PK\x03\x04zzzz", CSV, "workbook"),
        (b"\x1f\x8bzzzz", CSV, "gz"),
        (bytes(range(1, 256)) * 40, CSV, "not utf-8"),
        (bytes(range(256)) * 40, FileFormat(encoding="cp1252"), "is not cp1252 text"),
        (bytes(range(256)) * 40, FileFormat(format="xlsx"), "is not an Excel workbook"),
        (b"", FileFormat(format="xlsx"), "is not an Excel workbook"),
        (bytes(range(256)) * 40, FileFormat(format="parquet"), "is not a Parquet file"),
        (b"", FileFormat(format="parquet"), "is not a Parquet file"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_whole(source, content, fmt, words):
    with pytest.raises(SourceError, match=words) as refused:
        read(source(content), fmt, ("id",))
    assert str(refused.value).startswith("north.csv") and "/" not in str(refused.value)


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
@pytest.mark.parametrize("name", ["gone", "."])
def test_an_unreadable_file_is_refused(tmp_path, kind, name):
    with pytest.raises(SourceError, match="cannot be read"):
        TextReader(tmp_path / name, FileFormat(format=kind), ())


def test_a_file_that_vanishes_between_opening_and_reading_is_refused(source):
    path = source("id\n1\n")
    reader = TextReader(path, CSV, ())
    path.unlink()
    with pytest.raises(SourceError, match="cannot be read"):
        list(reader.batches())


def test_duplicate_and_quoted_header_names(source):
    reader, rows = read(source('"id", "b" ,c,c,c_2,\n1,2,3,4,5,\n'), required=("id",))
    assert reader.header == ("id", "b", "c", "c_3", "c_2") and rows == {2: ("1", "2", "3", "4", "5")}


def test_a_header_name_may_hold_a_line_end(source):
    reader, rows = read(source('id,"Exam\nDate"\n1,x\n'), required=("Exam\nDate",))
    assert rows == {3: ("1", "x")} and raw_record(reader.path, CSV, 3) == "1,x"


def test_gzip_is_read_as_it_is_and_refused_when_half_copied(source):
    whole = gzip.compress(b"id,b\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(5000)), mtime=0)
    assert len(read(source(whole, "n.csv.GZ"))[1]) == 5000
    for broken in (whole[:-9], whole[:200], whole[:300] + bytes(40) + whole[340:]):
        with pytest.raises(SourceError, match=r"^n.csv.gz ends early: looks half-copied; copy it again"):
            read(source(broken, "n.csv.gz"))
    with pytest.raises(SourceError, match=r"^n.csv.gz is not gzip though its name says so"):
        read(source(b"id,b\n1,2\n", "n.csv.gz"))


def test_batches_may_be_read_twice(source):
    reader, rows = read(source("id,b\n1,2\n3\n"))
    assert sum(b.frame.height for b in reader.batches()) == len(rows) and len(reader.rejects) == 1 and reader.count_read == 2


# --- properties

NAMES = ["id", "b", "c", "d"]
cells = st.text(alphabet='ab,;"\n é日😀', max_size=6)


def written(rows: list[list[str]], **style) -> str:
    out = io.StringIO()
    csv.writer(out, **style).writerows(rows)
    return out.getvalue()


@quick
@given(
    st.lists(st.lists(cells, min_size=3, max_size=3), max_size=12),
    st.sampled_from([",", ";"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    st.sampled_from([1, 9, 40, BLOCK]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_writes_is_read_back(tmp_path, rest, delimiter, end, quoting, block, encoding):
    rows = [[str(i), *cells] for i, cells in enumerate(rest)]
    style = {"delimiter": delimiter, "lineterminator": end, "quoting": quoting}
    starts, at = {}, 2
    for row in rows:
        lines = written([row], **style).split("\n")[:-1]
        # A continuation line that is a whole record by itself is read as one: there is no telling them apart.
        parsed = [split_line(line.removesuffix("\r"), delimiter) for line in lines[1:]]
        assume(not any(state == GOOD and len(fields) == 4 for fields, state in parsed))
        starts[at] = tuple(c.strip() or None for c in row)
        at += len(lines)
    path = tmp_path / "p.csv"
    path.write_bytes(written([NAMES, *rows], **style).encode(encoding))
    fmt = FileFormat(delimiter=delimiter, encoding=encoding)
    reader, got = read(path, fmt, tuple(NAMES), block)
    assert got == starts and not reader.rejects and not reader.dropped and reader.count_read == len(rows)
    for record, row in list(starts.items())[:3]:
        (again,) = csv.reader(io.StringIO(raw_record(path, fmt, record), newline=""), delimiter=delimiter)
        assert tuple(c.strip() or None for c in again) == row


DAMAGE = ["cut", "quote", "comma", "nul", "byte", "break", "open"]


def corrupt(line: bytes, how: str, at: int) -> bytes:
    at %= len(line) + 1
    if how == "cut":
        return line[:at]
    return line[:at] + {"quote": b'"', "comma": b",", "nul": b"\0", "byte": b"\xff", "break": b"\n", "open": b',"x'}[how] + line[at:]


@quick
@given(
    st.lists(st.lists(st.text(alphabet='ab,"é ', max_size=5), min_size=3, max_size=3), min_size=1, max_size=12),
    st.dictionaries(st.integers(0, 11), st.tuples(st.sampled_from(DAMAGE), st.integers(0, 30)), max_size=6),
    st.sampled_from([1, 9, 40, BLOCK]),
    st.sampled_from(["utf-8", "cp1252"]),
    st.booleans(),
)
def test_rows_beside_corrupted_ones_still_load(tmp_path, rest, damage, block, encoding, end):
    lines, whole, at = [b"id,b,c,d"], {}, 2
    for i, cells in enumerate(rest):
        line = written([[str(i), *cells]], lineterminator="").encode(encoding)
        if i in damage:
            line = corrupt(line, *damage[i])
        else:
            whole[at] = (str(i), *(c.strip() or None for c in cells))
        lines.append(line)
        at += line.count(b"\n") + 1
    path = tmp_path / "p.csv"
    path.write_bytes(b"\n".join(lines) + b"\n" * end)
    reader, got = read(path, FileFormat(encoding=encoding, footer_pattern="^TOTAL"), tuple(NAMES), block)
    assert whole.items() <= got.items()
    assert {r.record for r in reader.rejects}.isdisjoint(got)
    for reject in reader.rejects:
        assert isinstance(raw_record(path, FileFormat(encoding=encoding), reject.record), str)


@quick
@given(st.binary(max_size=120), st.sampled_from(["utf-8", "cp1252", "utf-16"]), st.sampled_from([1, 9, BLOCK]))
def test_any_bytes_after_the_header_are_accounted_for(tmp_path, junk, encoding, block):
    path = tmp_path / "p.csv"
    path.write_bytes("id,b\n".encode(encoding) + junk.replace(b"7", b'"').replace(b"8", b"\n").replace(b"9", b","))
    read(path, FileFormat(encoding=encoding, footer_pattern="x$"), ("id",), block)


# --- workbooks


def workbook(path: Path, rows: list[list], sheets: tuple[str, ...] = ("Data",), top: int = 0) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy hh:mm", "nan_inf_to_errors": True}) as book:
        clock = book.add_format({"num_format": "hh:mm"})
        pages = [book.add_worksheet(name) for name in sheets]
        for i, row in enumerate(rows, top):
            for j, cell in enumerate(row):
                if isinstance(cell, dt.time):
                    pages[0].write_datetime(i, j, cell, clock)
                elif cell is not None:
                    pages[0].write(i, j, cell)
    return path


XLSX = FileFormat(format="xlsx", header_row=3, footer_pattern="^(TOTAL|Printed)")


def test_a_sheet_gives_text_with_the_sheets_own_row_numbers(tmp_path):
    at = dt.datetime(2026, 3, 1, 13, 5, 7)
    rows = [
        ["Radiology export"],
        [],
        ["id", " when ", "clock", "n", None],
        [1.0, dt.datetime(2026, 3, 1), dt.time(8, 30), 1.5],
        ["007", at + dt.timedelta(milliseconds=999.9), None, float("nan"), "beside"],
        [],
        ["id", "when", "clock", "n"],
        [9434765919, "two\nlines", " ", True],
        ["TOTAL", 3],
    ]
    path = workbook(tmp_path / "s.xlsx", rows)
    reader, got = read(path, XLSX, ("id", "when"))
    assert reader.header == ("id", "when", "clock", "n")
    assert got == {
        4: ("1", "2026-03-01 00:00:00", "08:30:00", "1.5"),
        5: ("007", "2026-03-01 13:05:08", None, None),
        8: ("9434765919", "two\nlines", None, "true"),
    }
    assert reader.dropped == {"blank": 1, "repeated_header": 1, "footer": 1} and reader.count_read == 6
    assert raw_record(path, XLSX, 4) == "1,2026-03-01 00:00:00,08:30:00,1.5,"
    with pytest.raises(SourceError, match="has no record 99"):
        raw_record(path, XLSX, 99)


def test_blank_rows_above_the_header_count(tmp_path):
    path = workbook(tmp_path / "s.xlsx", [["id"], ["x"]], top=2)
    assert read(path, XLSX)[1] == {4: ("x",)}


def test_a_sheet_is_found_by_name_or_refused(tmp_path):
    path = workbook(tmp_path / "s.xlsx", [["id"], ["x"]], ("First", "Waiting list"))
    assert read(path, FileFormat(format="xlsx", sheet="First"))[1] == {2: ("x",)}
    with pytest.raises(SourceError, match=r"^s.xlsx has no sheet 'Waiting lst'. Did you mean 'Waiting list'\?$"):
        read(path, FileFormat(format="xlsx", sheet="Waiting lst"))
    with pytest.raises(SourceError, match="has no header on row 1"):
        read(path, FileFormat(format="xlsx", sheet="Waiting list"))
    with pytest.raises(SourceError, match=r"lacks the column 'idd'. Did you mean 'id'"):
        read(path, FileFormat(format="xlsx"), ("idd",))


# --- Parquet


def test_parquet_columns_become_text(tmp_path):
    at = dt.datetime(2026, 7, 1, 9, 0, 0)
    frame = pl.DataFrame(
        {
            "id": ["01", " ", "03"],
            "at": [at, None, at + dt.timedelta(milliseconds=5)],
            "aware": pl.Series([at, None, at]).dt.replace_time_zone("Europe/London"),
            "day": [at.date(), None, at.date()],
            "clock": [dt.time(8, 30), None, dt.time(0, 0)],
            "n": [1, None, 3],
            "whole": [12345678.0, None, 1.5],
            "flag": [True, None, False],
            "kind": pl.Series(["a", None, "b"], dtype=pl.Categorical),
            "list": [[1], None, [2]],
        }
    )
    path = tmp_path / "s.parquet"
    frame.write_parquet(path)
    reader, got = read(path, FileFormat(format="parquet"), ("id",))
    assert got == {
        1: ("01", "2026-07-01T09:00:00", "2026-07-01T09:00:00+01:00", "2026-07-01", "08:30:00", "1", "12345678", "true", "a", None),
        3: ("03", "2026-07-01T09:00:00.005", "2026-07-01T09:00:00+01:00", "2026-07-01", "00:00:00", "3", "1.5", "false", "b", None),
    }
    assert reader.dropped == {"blank": 1} and reader.count_read == 3
    assert raw_record(path, FileFormat(format="parquet"), 1).startswith("01,2026-07-01T09:00:00,")
    with pytest.raises(SourceError, match="'list' holds lists"):
        read(path, FileFormat(format="parquet"), ("list",))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match="is not a Parquet file"):
        read(path, FileFormat(format="parquet"))


def test_parquet_comes_in_slices_and_bytes_must_be_text(tmp_path, monkeypatch):
    monkeypatch.setattr("readout.ingest.reading.ROWS", 4)
    path = tmp_path / "s.parquet"
    pl.DataFrame({"id": [b"%d" % i for i in range(9)] + [b"\xff"]}).write_parquet(path, row_group_size=3)
    reader, got = read(path, FileFormat(format="parquet", footer_pattern="^8$"), ("id",))
    assert got == {i + 1: (str(i),) for i in range(8)}
    assert reader.rejects == [Reject(10, "id", "encoding")] and reader.dropped == {"footer": 1} and reader.count_read == 10
