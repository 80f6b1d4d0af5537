"""Exports that decide a figure by something nobody was told: each is read right, or it is said, or nothing is published."""

import json
import random
import shutil
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readout.__main__ import main
from readout.engine.extract import current_id
from readout.engine.store import Store
from readout.errors import NetworkFileError, PublishError, SourceError, UsageError
from readout.ingest import decisions, instants
from readout.ingest.adapter import parse_adapter
from readout.ingest.publish import publish
from readout.ingest.survey import TimeSurvey, added, as_json, from_json, survey_times
from readout.metrics.answer import ask
from readout.metrics.records import Quality
from readout.metrics.scope import Scope
from tests.conftest import ADAPTER, NETWORK, NOW, shared

UK, US = "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"
BOTH = ADAPTER.replace('date_formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]', f'date_formats = ["{UK}", "{US}"]')
DAY_FIRST = BOTH.replace(f', "{US}"', "")


def source(extract):
    return extract.manifest["sources"][0]


def told(extract, kind):
    return [n["text"] for n in extract.manifest["notices"] if n["kind"] == kind]


def judged(extract, column):
    return next((j for j in source(extract)["judgements"] if j["column"] == column), None)


def value(extract, metric, name="value"):
    return ask(metric, Scope(), Store(extract)).rows[0][name]


def left_out(extract, metric="exam_to_report"):
    return {x.reason: x.count for x in ask(metric, Scope(), Store(extract)).left_out}


def adds_up(extract):
    return Quality(extract).adds_up and source(extract)["records"]["read"] > 0


def series(count, form, seed=1, minutes=1, first=datetime(2026, 3, 1), days=180):
    """Examinations with a report some hours later, at any minute of the day that the rounding allows."""
    chance, rows = random.Random(seed), []
    for _ in range(count):
        ended = first + timedelta(minutes=minutes * chance.randrange(days * 1440 // minutes))
        verified = ended + timedelta(minutes=minutes * (1 + chance.randrange(1000 // minutes)))
        rows.append(
            {
                "received": f"{ended - timedelta(days=2):{form}}",
                "ended": f"{ended:{form}}",
                "verified": f"{verified:{form}}",
            }
        )
    return rows


# --- the cases that went wrong ------------------------------------------------------------------------------------------


@pytest.fixture
def case(tmp_path, monkeypatch):
    """Publish a shared case; None where it is refused."""
    monkeypatch.setenv("READOUT_SECRET", "a long enough secret, kept elsewhere")

    def published(name):
        folder = shared("cases", name)
        shutil.copytree(folder, tmp_path / name)
        expected = json.loads((folder / "expected.json").read_text("utf-8"))
        return publish(
            tmp_path / name / "network.toml", tmp_path / "extracts", now=datetime(2026, 11, 3, tzinfo=UTC)
        ), expected

    return published


def test_the_newest_version_wins_where_its_time_is_written_without_signs(case):
    extract, expected = case("latest-unread")
    assert value(extract, "activity") == expected["activity"]
    assert (
        source(extract)["records"]["superseded"] == expected["superseded"]
        and source(extract)["order_unknown"] == 0
    )
    assert value(extract, "unreported") == expected["count_unreported"]
    within = ask("within_28_days", Scope(), Store(extract)).rows[0]
    assert [within["numerator"], within["denominator"]] == expected["within_28_days"]


def test_a_true_midnight_is_a_time(case):
    extract, expected = case("true-midnight")
    assert value(extract, "activity") == expected["activity"]
    assert value(extract, "exam_to_report", "n") == expected["exam_to_report_n"]
    assert left_out(extract).get("date_only", 0) == expected["left_out_date_only"]
    midnights = [j for j in source(extract)["judgements"] if j["question"] == "midnight"]
    assert sum(j["count"] for j in midnights) == expected["times_at_midnight"] and {
        j["decision"] for j in midnights
    } == {"time"}


def test_month_first_dates_under_both_orders_are_read_as_the_source_writes_them(case):
    extract, expected = case("ambiguous-dates")
    assert value(extract, "activity") == expected["activity"]
    within = ask("within_28_days", Scope(), Store(extract)).rows[0]
    assert [within["numerator"], within["denominator"]] == expected["within_28_days"]
    assert judged(extract, "exam_end_at")["decision"] == US and len(told(extract, "format")) == 3


def test_month_first_dates_under_a_day_first_adapter_are_not_published(case, tmp_path):
    with pytest.raises(
        PublishError,
        match=r"190 of 300 values in column 'requested' cannot be read as times.*'%m/%d/%Y %H:%M' would read them",
    ):
        case("wrong-date-format")
    assert current_id(tmp_path / "extracts") is None


# --- which version wins -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%dT%H%M%S", "%Y-%m-%dT%H:%M:%S"])
def test_times_without_signs_are_understood_without_being_listed(make, form):
    """In [latest] and in a column of times; the older version stands last in the file."""
    new = {
        "acc": "A",
        "ended": "20260901100000",
        "verified": f"{datetime(2026, 9, 2, 9):%Y%m%d%H%M}",
        "updated": f"{datetime(2026, 9, 2, 9, 1):{form}}",
    }
    old = {**new, "verified": "", "updated": f"{datetime(2026, 9, 1, 11):{form}}"}
    extract = make([new, old])
    assert (value(extract, "activity"), value(extract, "unreported"), source(extract)["order_unknown"]) == (
        1,
        0,
        0,
    )
    assert value(extract, "exam_to_report", "median_hours") == 23.0


@given(st.text(alphabet="0123456789", min_size=1, max_size=16))
def test_a_number_is_a_date_only_where_it_can_be_one(text):
    zone = pl.Series(["Europe/London"])
    parsed = instants.parse(pl.Series([text]), (), zone, zone)
    if parsed.utc[0] is not None:
        assert (
            len(text) in (8, 12, 14)
            and 1900 <= parsed.local[0].year <= 2099
            and text.startswith(f"{parsed.local[0]:%Y%m%d}")
        )


def versions(count, write):
    """Pairs of versions, the newer first, with what `write` makes of the time of change."""
    rows = []
    for i in range(count):
        at = datetime(2026, 9, 1, 8) + timedelta(hours=i)
        new = {"acc": f"A{i}", "verified": "2026-10-01 09:00", "updated": write(at + timedelta(days=1))}
        rows += [new, {**new, "verified": "", "updated": write(at)}]
    return rows


def test_a_latest_column_that_cannot_be_read_stops_the_publish_with_its_cure(make, tmp_path):
    with pytest.raises(PublishError) as refused:
        make(versions(15, lambda at: f"{at:%d-%b-%Y %H:%M:%S}"))
    said = str(refused.value)
    assert (
        "Source 'ris': 30 of 30 values in column 'updated' cannot be read as times, such as '02-Sep-2026"
        in said
    )
    assert (
        "which of two versions" in said
        and "'%d-%b-%Y %H:%M:%S' would read them: list it in date_formats of adapter 'plain'" in said
    )
    assert current_id(tmp_path / "extracts") is None
    cured = ADAPTER.replace('"%Y-%m-%d"]', '"%Y-%m-%d", "%d-%b-%Y %H:%M:%S"]')
    extract = make(versions(15, lambda at: f"{at:%d-%b-%Y %H:%M:%S}"), adapter=cured)
    assert (value(extract, "unreported"), source(extract)["order_unknown"]) == (0, 0)


def test_a_few_unreadable_times_of_change_are_counted_and_listed(make):
    rows = versions(40, lambda at: f"{at:%Y-%m-%d %H:%M}")
    rows[0]["updated"] = rows[2]["updated"] = "at 9 or so"
    extract = make(rows)
    assert source(extract)["order_unknown"] == 2 and adds_up(extract)
    assert told(extract, "unread") == [
        "2 of 80 values in column 'updated' cannot be read, such as 'at 9 or so'."
    ]
    assert told(extract, "order") == ["2 records were replaced by another version of the same examination though by column 'updated' neither is the newer: "
                                      "the later file and record won."]  # fmt: skip
    assert {"Replaced by a version not known to be newer", "Older version of the same examination"} <= {
        r["Rule"] for r in Quality(extract).by_source()
    }


@pytest.mark.parametrize(
    "updated", [("2026-09-02 10:00", "2026-09-02 10:00"), ("", "2026-09-02 10:00"), ("", "")]
)
def test_versions_of_one_time_or_of_none_are_counted(make, updated):
    """Of a known and an unknown time the known one wins, and that is no order either."""
    first, second = updated
    extract = make(
        [{"acc": "A", "verified": "2026-09-02 09:00", "updated": first}, {"acc": "A", "updated": second}]
    )
    assert source(extract)["order_unknown"] == 1 and source(extract)["records"]["superseded"] == 1


def test_the_order_is_by_place_where_no_latest_column_is_named_and_that_is_told(make):
    extract = make(
        [{"acc": "A", "verified": "2026-09-02 09:00"}, {"acc": "A"}], adapter=ADAPTER.split("[latest]")[0]
    )
    assert value(extract, "unreported") == 1
    assert "the adapter names no [latest] column" in told(extract, "order")[0]


# --- what is not used ---------------------------------------------------------------------------------------------------


def test_what_nothing_uses_is_listed_and_what_something_uses_is_not(make):
    adapter = (
        ADAPTER.replace('[latest]\ncolumn = "updated"', "")
        + """
[latest]
column = "updated"
[values.modality]
"Kernspin" = "MR"
[values.sex]
F = "female"
[values.patient_class]
"OP" = "03"
[exclude.test_patient]
column = "patient"
pattern = "^ZZZ"
[exclude.private]
column = "event"
pattern = "^A1$"
[pad]
exam_code = 4
[optional]
columns = ["event", "colour"]
[midnight]
received_at = "time"
[missing]
sex = ["-"]
"""
    )
    network = (
        NETWORK
        + '[source.values.site_code]\n"FIRST" = "S1"\n"FRIST" = "S1"\n[[supplier]]\ncode = "SUP"\nname = "Supplier"\n'
    )
    rows = [{"site": "FIRST", "class": "OP", "patient": f"P{i}"} for i in range(5)]
    extract = make(rows, adapter=adapter, network=network)
    assert source(extract)["records"]["excluded"] == {"private": 1}
    assert sorted(told(extract, "unused")) == sorted([
        "[values.modality] matched no value of column 'modality'.",
        "[values.sex] maps the values of a column that is not mapped.",
        "[source.values.site_code] 'FRIST' matched no record.",
        "[exclude.test_patient] matched no record in column 'patient'.",
        "[pad] exam_code is not mapped.",
        "[missing] sex is not mapped.",
        "[midnight] received_at has no effect: a bare date matters in exam_start_at, exam_end_at, first_verified_at alone.",
        "[optional] 'colour' is a column that nothing reads.",
        "[[site]] S2: no source has a record of it.",
        "[[supplier]] SUP: no export names it.",
    ])  # fmt: skip
    shown = [r["What was found"] for r in Quality(extract).notices()]
    assert "[pad] exam_code is not mapped." in shown


def test_every_notice_is_printed_in_the_manifest_and_on_the_page(make, tmp_path, capsys):
    make([{"acc": "A", "verified": "2026-09-02 09:00"}, {"acc": "A"}])
    assert main(["publish", str(tmp_path / "network.toml"), "--extracts", str(tmp_path / "extracts")]) == 0
    said = capsys.readouterr().out
    extract = make([{"acc": "A", "verified": "2026-09-02 09:00"}, {"acc": "A"}])
    assert extract.manifest["notices"] and len(Quality(extract).notices()) == len(extract.manifest["notices"])
    assert all(n["text"] in said for n in extract.manifest["notices"])


def test_the_shares_of_each_column_are_in_the_manifest_the_worst_first_on_the_page(make):
    rows = [
        {
            "modality": "ZZ" if i < 3 else "CT",
            "verified": "2026-09-02 09:00" if i % 2 else "",
            "received": "n/a" if i == 0 else "",
        }
        for i in range(10)
    ]
    extract = make(rows, adapter=ADAPTER.replace("[columns]", 'missing = ["N/A"]\n[columns]'))
    found = {c["column"]: c for c in source(extract)["columns"]}
    assert [found["modality"][k] for k in ("rows", "empty", "missing", "unreadable", "unknown")] == [
        10,
        0,
        0,
        0,
        3,
    ]
    assert (
        found["first_verified_at"]["empty"],
        found["received_at"]["empty"],
        found["received_at"]["missing"],
    ) == (5, 9, 1)
    page = Quality(extract).columns()
    assert (page[0]["Column"], page[0]["Unknown code"]) == ("modality", "30.0 %")
    assert told(extract, "empty") == [
        "Nothing is in columns 'received', 'last_verified', 'needs_report', 'addendum', 'updated', in any record."
    ]


# --- midnight -----------------------------------------------------------------------------------------------------------


def with_dates(rows, share, form="%Y-%m-%d 00:00"):
    count = round(share * len(rows))
    for row in rows[:count]:
        row["ended"] = f"{datetime.strptime(row['ended'], '%Y-%m-%d %H:%M'):{form}}"
        row["verified"] = ""
    return count


def test_dates_written_as_midnight_among_times_stay_dates(make):
    rows = series(1000, "%Y-%m-%d %H:%M")
    count = with_dates(rows, 0.03)
    extract = make(rows)
    assert (
        judged(extract, "exam_end_at")["decision"] == "date"
        and "beyond chance" in judged(extract, "exam_end_at")["reason"]
    )
    assert left_out(extract)["date_only"] >= count
    decisions_shown = Quality(extract).decisions()
    assert any(
        d["Question"] == "What is 00:00?" and d["Decision"] == "a date without a time" and d["Share"]
        for d in decisions_shown
    )


@pytest.mark.parametrize("minutes", [1, 5, 15, 30, 60])
def test_true_midnights_are_times_however_the_column_is_rounded(make, minutes):
    rows = series(2000, "%Y-%m-%d %H:%M", seed=minutes, minutes=minutes)
    midnights = sum(r["ended"].endswith("00:00") for r in rows)
    extract = make(rows)
    assert left_out(extract).get("date_only", 0) == 0 and value(extract, "exam_to_report", "n") == 2000
    assert judged(extract, "exam_end_at")["count"] == midnights if midnights else True


def test_a_value_without_a_time_is_a_date_whatever_is_decided_of_midnight(make):
    rows = series(1500, "%Y-%m-%d %H:%M", seed=4)
    rows[0]["ended"] = "2026-04-01 00:00"
    rows[1]["ended"], rows[1]["verified"] = "2026-04-01", ""
    extract = make(rows)
    assert judged(extract, "exam_end_at")["decision"] == "time" and left_out(extract) == {"date_only": 1}


@pytest.mark.parametrize(("said", "count"), [("date", 1), ("time", 0)])
def test_an_adapter_or_a_source_can_say_what_midnight_is(make, said, count):
    rows = [{"ended": "2026-04-01 00:00"}, *series(300, "%Y-%m-%d %H:%M", seed=9)]
    rows[1:] = [
        r for r in rows[1:] if not r["ended"].endswith("00:00") and not r["verified"].endswith("00:00")
    ]
    for made in (
        make(rows, adapter=ADAPTER + f'[midnight]\nexam_end_at = "{said}"\n'),
        make(rows, network=NETWORK + f'midnight = {{ exam_end_at = "{said}" }}\n'),
    ):
        assert (
            left_out(made).get("date_only", 0) == count
            and judged(made, "exam_end_at")["is_stated"]
            and not told(made, "midnight")
        )


def test_a_midnight_that_is_neither_is_refused(make):
    with pytest.raises(NetworkFileError, match='exam_end_at must be "date"'):
        make([{}], adapter=ADAPTER + '[midnight]\nexam_end_at = "noon"\n')
    with pytest.raises(NetworkFileError, match="'modality' holds no times"):
        make([{}], adapter=ADAPTER + '[midnight]\nmodality = "time"\n')


def test_a_source_is_judged_over_all_its_files_and_an_unchanged_file_is_read_again_only_if_the_decision_moved(
    make,
):
    """Alone the first file's midnights are within chance; with the second they are dates, in both."""
    first = [
        {"acc": f"F{i}", **r}
        for i, r in enumerate(series(300, "%Y-%m-%d %H:%M", seed=3))
        if "00:00" not in (r["ended"] + r["verified"])
    ]
    first[0]["ended"] = "2026-04-01 00:00"
    assert judged(make(first), "exam_end_at")["decision"] == "time"
    second = [{"acc": f"S{i}", "ended": "2026-04-02 00:00"} for i in range(40)]
    extract = make(second, name="b.csv")
    assert judged(extract, "exam_end_at")["decision"] == "date" and left_out(extract)["date_only"] == 41
    assert [f["reused"] for f in source(extract)["files"]] == [False, False]
    assert [f["reused"] for f in source(make(second, name="b.csv"))["files"]] == [True, True]


@given(st.lists(st.tuples(st.integers(0, 1439), st.booleans()), min_size=1, max_size=60), st.integers(1, 59))
def test_a_survey_in_parts_is_the_survey_of_the_whole(minutes, cut):
    """Property: batches and files add up, and survive being written down."""
    texts = pl.Series(
        [
            f"{1 + m % 12:02d}/{1 + m % 28:02d}/2026 {m // 60:02d}:{m % 60:02d}"
            if timed
            else f"{1 + m % 28:02d}/03/2026"
            for m, timed in minutes
        ]
    )

    def survey(part):
        zone = pl.Series(["Europe/London"]).new_from_index(0, len(part))
        formats = (UK, US, "%d/%m/%Y")
        return {
            "ended": survey_times(part, formats, instants.parse(part, formats, zone, zone), is_shown=True)
        }

    parts = [texts[:cut], texts[cut:]] if cut < len(texts) else [texts]
    whole, summed = survey(texts)["ended"], added(from_json(as_json(survey(p))) for p in parts)["ended"]
    for found in (whole, summed):
        found.rivalries[0].alone, found.rivalries[0].differing = {}, None
    assert whole == summed


# --- dates that parse two ways ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [UK, US])
def test_of_two_orders_the_one_that_reads_every_row_is_meant(make, form):
    rows = series(200, form)
    truth = sorted(datetime.strptime(r["ended"], form).date() for r in rows)
    extract = make(rows, adapter=BOTH)
    assert value(extract, "activity") == 200 and value(extract, "within_28_days") == 1.0
    assert pl.read_parquet(extract.folder / "tables" / "exam.parquet")["exam_date"].sort().to_list() == truth


def test_a_column_that_cannot_tell_is_read_as_the_others_are(make):
    rows = series(100, US)
    for i, row in enumerate(rows):
        row["received"] = f"0{1 + i % 2}/0{1 + i % 9}/2026 08:00"
    extract = make(rows, adapter=BOTH)
    assert (
        judged(extract, "received_at")["decision"] == US
        and "other columns" in judged(extract, "received_at")["reason"]
    )
    assert pl.read_parquet(extract.folder / "tables" / "exam.parquet")[
        "received_date"
    ].dt.month().unique().sort().to_list() == [1, 2]


def test_dates_without_a_time_go_by_the_order_of_the_times(make):
    adapter = BOTH.replace(f'"{US}"]', f'"{US}", "%d/%m/%Y", "%m/%d/%Y"]')
    rows = series(100, US)
    rows[0]["ended"], rows[0]["verified"] = "04/05/2026", ""
    extract = make(rows, adapter=adapter)
    assert (
        date(2026, 4, 5) in pl.read_parquet(extract.folder / "tables" / "exam.parquet")["exam_date"].to_list()
    )


def test_a_tie_is_refused_with_an_example_both_formats_and_the_column(make, tmp_path):
    with pytest.raises(SourceError) as refused:
        make([{"ended": "03/04/2026 10:00"}, {"ended": "05/05/2026 10:00"}], adapter=BOTH)
    said = str(refused.value)
    assert (
        "column 'ended' 1 values, such as '03/04/2026 10:00'," in said
        and UK in said
        and US in said
        and "date_formats of adapter 'plain'" in said
    )
    assert current_id(tmp_path / "extracts") is None


def test_a_column_that_mixes_both_orders_is_refused(make):
    with pytest.raises(SourceError, match="column 'received' mixes date formats"):
        make([*series(50, UK), *series(50, US, seed=2)], adapter=BOTH)


def test_one_value_that_only_the_other_order_reads_is_quarantined_and_told(make):
    extract = make([*series(200, UK), {"ended": "02/25/2026 10:00"}], adapter=BOTH)
    assert source(extract)["records"]["quarantined"] == {"unreadable_date": 1} and adds_up(extract)
    assert "1 that it does not read are quarantined" in judged(extract, "exam_end_at")["reason"]


@given(
    st.sampled_from([(UK, US), (US, UK), ("%y/%m/%d", "%d/%m/%y"), ("%Y-%m-%d", "%Y-%d-%m")]),
    st.sampled_from([0, 1]),
    st.integers(0, 2**32),
)
def test_whatever_is_read_is_what_was_written(formats, meant, seed):
    """Property: with two orders listed, the decision reads every text as it was written, or there is none."""
    chance = random.Random(seed)
    days = [
        datetime(2024, 1, 1) + timedelta(days=chance.randrange(366), minutes=chance.randrange(1440))
        for _ in range(chance.choice((1, 3, 30)))
    ]
    texts = pl.Series([f"{d:{formats[meant]}}" for d in days])
    zone = pl.Series(["UTC"]).new_from_index(0, len(texts))
    found = {
        "exam_end_at": survey_times(texts, formats, instants.parse(texts, formats, zone, zone), is_shown=True)
    }
    adapter = parse_adapter("plain", ADAPTER, "plain.toml")
    one = type("One", (), {"name": "ris", "adapter": adapter, "adapter_name": "plain"})
    try:
        decision, _ = decisions.decide(one, found, ())
    except SourceError:
        assert all(_reads(t, formats[1 - meant]) for t in texts)  # nothing could tell
        return
    read = instants.parse(texts, decision.formats("exam_end_at", formats), zone, zone).utc
    assert [r.date() for r in read] == [d.date() for d in days]


def _reads(text, form):
    try:
        return bool(datetime.strptime(text, form))
    except ValueError:
        return False


# --- too much quarantined -----------------------------------------------------------------------------------------------


def test_a_source_with_much_in_quarantine_is_published_only_by_name(make, tmp_path):
    rows = [{"site": "S9" if i < 15 else "S1"} for i in range(100)]
    with pytest.raises(
        PublishError,
        match=r"15 of 100 records \(15.0 %\) would be quarantined: site not mapped 15.*'S9'.*--accept-quarantine ris",
    ):
        make(rows)
    assert current_id(tmp_path / "extracts") is None
    extract = make(rows, accept=("ris",))
    assert (
        source(extract)["accepted_quarantine"]
        and "asked by --accept-quarantine" in told(extract, "accepted")[0]
        and adds_up(extract)
    )
    with pytest.raises(UsageError, match="no source 'rsi'"):
        make(rows, accept=("rsi",))
    code = ["publish", str(tmp_path / "network.toml"), "--extracts", str(tmp_path / "extracts")]
    assert main(code) == 1 and main([*code, "--accept-quarantine", "ris"]) == 0


def test_unreadable_dates_can_be_accepted_but_an_unread_latest_cannot(make):
    rows = series(100, US)
    with pytest.raises(PublishError, match="in place of '%d/%m/%Y %H:%M', which reads it as another day"):
        make(rows, adapter=DAY_FIRST)
    assert source(make(rows, adapter=DAY_FIRST, accept=("ris",)))["records"]["kept"] < 60
    with pytest.raises(PublishError, match="column 'updated'"):
        make([{"updated": f"version {i} of 9"} for i in range(20)], accept=("ris",))


# --- placeholders, spreadsheets, months ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["missing", "[missing]\nfirst_verified_at"])
def test_what_stands_for_missing_costs_no_examination(make, key):
    adapter = DAY_FIRST.replace(
        "[columns]", f'{key} = ["31/12/9999 00:00", "01/01/1900", "Null"]\n[columns]', 1
    )
    rows = [
        {"ended": "01/09/2026 10:00", "verified": v}
        for v in ("31/12/9999 00:00", "01/01/1900", "NULL", "02/09/2026 10:00")
    ]
    extract = make(rows, adapter=adapter)
    assert (source(extract)["records"]["kept"], value(extract, "unreported")) == (4, 3)


def test_a_placeholder_that_is_not_listed_is_named_with_its_cure(make):
    rows = [
        {"ended": "2026-09-01 10:00", "verified": "9999-12-31 00:00" if i < 6 else ""} for i in range(100)
    ]
    extract = make(rows)
    assert source(extract)["records"]["quarantined"] == {"date_in_future": 6}
    assert told(extract, "placeholder") == ["'9999-12-31 00:00' in column 'verified' had 6 records quarantined. If it stands for nothing, list it under [file] "
                                            "of adapter 'plain': missing = [\"9999-12-31 00:00\"]."]  # fmt: skip
    advice = {r["Reason"]: r["What to do"] for r in Quality(extract).quarantine()}
    assert "missing" in advice["Date in the future"]


def test_every_shipped_adapter_lists_placeholders_of_its_own_dates():
    from readout import paths

    for path in sorted(paths.ADAPTERS.glob("*.toml")):
        adapter = parse_adapter(
            path.stem,
            path.read_text("utf-8"),
            path.name,
            "peer_review" if path.stem == "peer_review" else "exam",
        )
        years = [t for t in adapter.file.missing if "9999" in t] and [
            t for t in adapter.file.missing if "1900" in t
        ]
        assert years and {"NULL", "n/a"} <= set(adapter.file.missing), path.name


def test_an_accession_that_a_spreadsheet_rounded_is_told_as_such(make):
    rows = [{"acc": "2.02E+10", "patient": f"P{i}"} for i in range(6)] + [{"acc": f"A{i}"} for i in range(94)]
    extract = make(rows)
    assert source(extract)["records"]["quarantined"] == {"rounded_accession": 6} and adds_up(extract)
    with pytest.raises(PublishError, match=r"accession number rounded by a spreadsheet 36.*as text"):
        make([{"acc": "2.02E+10", "patient": f"P{i}"} for i in range(30)] + rows)


def test_a_patient_number_that_a_spreadsheet_rounded_is_no_patient(make):
    extract = make([{"patient": "9.43E+09"}, {"patient": "9.43E+09"}, {"patient": "P1"}])
    assert (
        value(extract, "activity"),
        value(extract, "patients"),
        source(extract)["flags"]["rounded_patient"],
    ) == (3, 1, 2)


def monthly(counts, site="S1", year=2026):
    return [
        {"site": site, "ended": f"{year}-{m:02d}-{1 + i % 27:02d} 10:{i % 60:02d}"}
        for m, n in counts.items()
        for i in range(n)
    ]


def test_a_month_missing_in_the_middle_is_told_by_site_and_one_at_the_end_is_not(make):
    rows = monthly({1: 30, 2: 30, 4: 30, 5: 2, 6: 30, 7: 1}) + monthly({3: 30, 4: 30}, "S2")
    extract = make(rows)
    assert told(extract, "gap") == [
        "First Hospital has no examinations in Mar 2026, where about 30 are usual: a file may be missing.",
        "First Hospital has only 2 examinations in May 2026, where about 30 are usual: a file may be missing.",
    ]
    assert told(make(monthly({1: 3, 2: 4, 4: 3})), "gap") == []  # so few that a month without any is nothing


# --- relatives: told or right -------------------------------------------------------------------------------------------


def test_a_status_that_nobody_mapped_is_listed_and_in_number_stops_the_publish(make):
    few = [{"status": "abandoned" if i < 3 else "completed"} for i in range(100)]
    extract = make(few)
    assert source(extract)["unknown_codes"] == [{"column": "status", "value": "abandoned", "count": 3}]
    with pytest.raises(
        PublishError,
        match=r"33 of 130 values in column 'status' cannot be read as status, such as 'dropped'.*what counts as done.*values.status",
    ):
        make([*few[3:], *({"status": "dropped"} for _ in range(30)), *few[:3]])


def test_a_report_needed_value_that_nobody_mapped_is_listed_and_in_number_stops_the_publish(make):
    rows = [{"needs_report": "ja" if i < 2 else "yes"} for i in range(100)]
    assert {"column": "is_report_required", "value": "ja", "count": 2} in source(make(rows))["unknown_codes"]
    with pytest.raises(PublishError, match="which examinations need a report"):
        make([{"needs_report": "nein" if i < 20 else "yes"} for i in range(100)])


def test_day_numbers_of_a_spreadsheet_are_named(make):
    with pytest.raises(PublishError, match="day numbers of a spreadsheet"):
        make([{"ended": f"{45231 + i}.5"} for i in range(20)])


def test_am_and_pm_without_a_format_are_named_with_the_format(make):
    with pytest.raises(PublishError, match="'%d/%m/%Y %I:%M %p' would read them"):
        make([{"ended": f"{1 + i:02d}/09/2026 1:05 PM"} for i in range(20)], adapter=DAY_FIRST)
    with pytest.raises(NetworkFileError, match="both %I and %p"):
        make([{}], adapter=ADAPTER.replace('"%Y-%m-%d"]', '"%d/%m/%Y %I:%M"]'))


def test_a_clock_that_lost_its_am_and_pm_is_told(make):
    rows = series(400, "%Y-%m-%d %H:%M")
    for row in rows:
        at = datetime.strptime(row["ended"], "%Y-%m-%d %H:%M")
        row["ended"] = f"{at:%Y-%m-%d} {at:%I:%M}"
    assert any("'ended' is after 12:59" in t for t in told(make(rows), "clock")) and not told(
        make(series(400, "%Y-%m-%d %H:%M")), "clock"
    )


def test_twenty_four_o_clock_is_quarantined_with_its_value_and_in_number_named(make):
    assert source(make([{"ended": "2026-09-01 24:00"}, {}]))["records"]["quarantined"] == {
        "unreadable_date": 1
    }
    with pytest.raises(PublishError, match="No clock shows 24:00"):
        make([{"ended": "2026-09-01 24:00"}] * 12)


def test_offsets_that_the_site_never_has_are_told_and_its_own_are_not(make):
    adapter = ADAPTER.replace('"%Y-%m-%d"]', '"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]')
    right = [
        {"ended": t}
        for t in (
            "2026-07-01T10:00:00+01:00",
            "2026-07-01T09:00:00Z",
            "2026-01-05T10:00:00+00:00",
            "2026-01-05T10:00:00-00:00",
        )
    ]
    assert told(make(right, adapter=adapter), "zone") == []
    wrong = told(
        make(
            [*right, {"ended": "2026-01-05T10:00:00+01:00"}, {"ended": "2026-07-01T10:00:00-05:00"}],
            adapter=adapter,
        ),
        "zone",
    )
    assert wrong == ["2 times in column 'ended' state an offset that the site's clock does not have then, such as '2026-01-05T10:00:00+01:00'. "
                     "If the offset is wrong, so are they by as much."]  # fmt: skip


def test_dates_written_as_midnight_in_utc_are_told(make):
    """In summer they are 01:00 on the site's clock, and no midnight there."""
    adapter = ADAPTER.replace('"%Y-%m-%d"]', '"%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]')
    times = series(500, "%Y-%m-%dT%H:%M:00Z", first=datetime(2026, 5, 1), days=90)
    assert told(make(times, adapter=adapter), "zone") == []
    for row in times[:30]:
        row["ended"], row["verified"] = f"{row['ended'][:10]}T00:00:00Z", ""
    assert "30 times in column 'ended' are 00:00 in UTC" in told(make(times, adapter=adapter), "zone")[0]


def test_a_column_twice_in_the_header_is_refused_also_where_it_is_optional(make, tmp_path):
    make([{}], adapter=ADAPTER + '[optional]\ncolumns = ["verified"]\n')
    path = tmp_path / "inbox" / "a.csv"
    path.write_text(path.read_text("utf-8").replace("last_verified", "verified", 1), "utf-8")
    (tmp_path / "plain.toml").write_text(
        ADAPTER.replace('last_verified_at = "last_verified"\n', "") + '[optional]\ncolumns = ["verified"]\n',
        "utf-8",
    )
    with pytest.raises(SourceError, match="'verified' twice"):
        publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW)


def test_an_export_cut_in_its_last_line_is_quarantined_or_noted(make, tmp_path):
    make([{"acc": "A", "updated": "2026-09-01 10:00"}, {"acc": "B", "updated": "2026-09-01 10:00"}])
    path = tmp_path / "inbox" / "a.csv"
    whole = path.read_text("utf-8")
    for text, note, kept in (
        (whole.rstrip("\n")[:-6], 1, 2),
        (whole.rstrip("\n")[:-30], 0, 1),
        (whole, 0, 2),
    ):
        path.write_text(text, "utf-8")
        extract = publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW)
        assert (source(extract)["notes"].get("no_last_line_end", 0), source(extract)["records"]["kept"]) == (
            note,
            kept,
        ) and adds_up(extract)


def test_another_delimiter_is_refused(make, tmp_path):
    make([{"acc": f"A{i}"} for i in range(20)])
    path = tmp_path / "inbox" / "a.csv"
    path.write_text(path.read_text("utf-8").replace(",", ";"), "utf-8")
    with pytest.raises(SourceError, match="delimiter ',' may be wrong"):
        publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW)
    header, *lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([header.replace(";", ","), *lines]) + "\n", "utf-8")
    with pytest.raises((PublishError, SourceError), match=r"wrong number of columns|column count"):
        publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW)


def test_ages_with_a_decimal_comma_are_told(make):
    adapter = ADAPTER.replace('event_id = "event"', 'age_years = "event"')
    extract = make([{"event": '"45,5"' if i < 4 else "45"} for i in range(20)], adapter=adapter)
    assert source(extract)["flags"]["unreadable_number"] == 4
    assert told(extract, "unread") == [
        "4 of 20 values in column 'event' cannot be read."
    ]  # an age is never shown


def test_whoever_was_born_before_the_pivot_of_two_digit_years_has_an_age(make):
    adapter = ADAPTER.replace('"%Y-%m-%d"]', '"%Y-%m-%d", "%d/%m/%y"]').replace(
        'event_id = "event"', 'birth_date = "event"'
    )
    extract = make([{"event": "01/02/45"}, {"event": "01/02/75"}, {"event": "01/02/20"}], adapter=adapter)
    assert pl.read_parquet(extract.folder / "tables" / "exam.parquet")["age_band"].sort().to_list() == [
        "0-15",
        "45-64",
        "75-84",
    ]


def test_an_appointment_in_the_year_9999_is_none(make):
    adapter = ADAPTER.replace('received_at = "received"', 'booked_for = "received"')
    rows = [
        {"ended": "", "status": "booked", "received": r} for r in ("9999-12-31 00:00", "2026-12-01 10:00")
    ]
    assert source(make(rows, adapter=adapter))["records"]["quarantined"] == {"date_in_future": 1}


def test_nothing_that_could_name_a_patient_is_in_what_is_told(make):
    """A [latest] that names the column of patient numbers by mistake."""
    adapter = ADAPTER.replace('column = "updated"', 'column = "patient"')
    with pytest.raises(PublishError) as refused:
        make([{"patient": f"94347659{i:02d}"} for i in range(30)], adapter=adapter)
    assert "94347659" not in str(refused.value) and "30 of 30 values in column 'patient'" in str(
        refused.value
    )


# --- the chance that a decision is wrong ---------------------------------------------------------------------------------


def test_the_probability_of_midnight_is_the_binomial_of_scipy():
    from scipy.stats import binom

    for k, n, p in ((0, 5, 0.2), (3, 10, 1 / 241), (40, 900, 0.05), (8, 250, 1 / 241), (2000, 2100, 0.9)):
        assert decisions._at_least(k, n, p) == pytest.approx(binom.sf(k - 1, n, p), rel=1e-9, abs=1e-300)


def test_true_midnights_are_rarely_taken_for_dates_and_many_dates_never_for_midnights():
    """A small version of benchmarks/midnights.py, by the numbers alone."""
    chance = random.Random(20)

    def column(times, bare, minutes):
        found = TimeSurvey(count_read=times + bare, count_midnight=bare)
        for _ in range(times):
            m = minutes * chance.randrange(1440 // minutes)
            found.count_midnight += m == 0
            found.count_on_the_hour += m % 60 == 0 and m > 0
            found.count_near_midnight += m >= 1320 or 0 < m <= 120
        return found

    for minutes in (1, 15, 60):
        assert sum(decisions.is_beyond_chance(column(1000, 0, minutes)) for _ in range(200)) <= 3
    assert all(decisions.is_beyond_chance(column(1000, 30, 1)) for _ in range(50))
