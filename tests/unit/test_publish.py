"""Publishing: nothing lost, nothing half-done, nothing identifiable."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from readout.engine.extract import current_id, extract_ids, open_extract, set_current
from readout.errors import IdentifierError, NetworkFileError, PublishError, ReadoutError, SourceError
from readout.ingest.publish import STEPS, publish
from tests.conftest import ADAPTER, NETWORK, NOW


def accounts(records: dict) -> int:
    apart = sum(sum(records[k].values()) for k in ("excluded", "dropped", "quarantined"))
    return records["kept"] + records["duplicates"] + records["superseded"] + apart


def test_every_record_of_the_sample_has_one_outcome(sample_extract):
    for source in sample_extract.manifest["sources"]:
        assert source["records"]["read"] == accounts(source["records"]) > 0
        assert source["records"]["read"] == sum(f["read"] for f in source["files"])


def test_planted_faults_are_found_where_they_were_planted(sample, sample_extract):
    planted = json.loads((sample / "planted.json").read_text("utf-8"))
    assert planted
    found = {s["name"]: s for s in sample_extract.manifest["sources"]}
    for name in ("north", "west", "harrow", "penwick", "thornby", "east"):
        source = found[name]
        assert source["records"]["quarantined"]["reused_accession"] >= 2
        assert source["records"]["quarantined"]["unreadable_date"] >= 1
        assert source["records"]["duplicates"] >= 1
        assert source["records"]["superseded"] >= 1
        assert {c["column"] for c in source["unknown_codes"]} >= {"modality", "patient_class", "urgency"}
        assert source["flags"]["report_before_exam"] >= 1
        assert source["flags"]["addendum_overwrote_first"] >= 1


def test_the_quarantine_is_a_file_a_person_can_open(make):
    extract = make([{"ended": "2062-01-01 10:00"}, {"acc": "B1", "ended": "rubbish"}, {"acc": "C1", "site": "S9"}, {}])
    with (extract.folder / "quarantine" / "ris.csv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f))
    assert [(r["file"], r["record"], r["column"], r["reason"], r["value"]) for r in rows] == [
        ("a.csv", "2", "ended", "date_in_future", "2062-01-01 10:00"),
        ("a.csv", "3", "ended", "unreadable_date", "rubbish"),
        ("a.csv", "4", "site", "unmapped_site", "S9"),
    ]


def test_the_newest_version_of_an_examination_wins_and_copies_are_dropped(make):
    old = {"acc": "A", "verified": "", "updated": "2026-09-01 11:00"}
    new = {"acc": "A", "verified": "2026-09-02 09:00", "updated": "2026-09-02 09:01"}
    extract = make([new, old, new])
    records = extract.manifest["sources"][0]["records"]
    assert (records["kept"], records["duplicates"], records["superseded"]) == (1, 1, 1)


def test_an_accession_reused_for_another_patient_is_set_apart_with_both_records(make):
    extract = make([{"acc": "A", "patient": "P1"}, {"acc": "A", "patient": "P2"}, {"acc": "B"}])
    records = extract.manifest["sources"][0]["records"]
    assert records["quarantined"] == {"reused_accession": 2} and records["kept"] == 1


def test_an_unchanged_file_is_not_read_again_but_a_changed_one_is(make):
    first = make([{"acc": "A"}])
    assert [f["reused"] for f in first.manifest["sources"][0]["files"]] == [False]
    assert [f["reused"] for f in make([{"acc": "A"}]).manifest["sources"][0]["files"]] == [True]
    assert [f["reused"] for f in make([{"acc": "B"}]).manifest["sources"][0]["files"]] == [False]


def test_a_file_with_a_time_in_the_future_is_read_again_once_that_time_has_come(make, tmp_path):
    """Until then it is not: a slip of the year would have the file read at every publish."""
    first = make([{"acc": "A"}, {"acc": "B", "ended": "2026-11-04 10:00"}, {"acc": "C", "ended": "2062-01-01 10:00"}])

    def files(extract):
        (source,) = extract.manifest["sources"]
        return [f["reused"] for f in source["files"]], source["records"]["quarantined"]

    assert files(first) == ([False], {"date_in_future": 2})
    network, extracts = tmp_path / "network.toml", tmp_path / "extracts"
    assert files(publish(network, extracts, now=NOW + timedelta(hours=1))) == ([True], {"date_in_future": 2})
    assert files(publish(network, extracts, now=NOW + timedelta(days=2))) == ([False], {"date_in_future": 1})
    assert files(publish(network, extracts, now=NOW + timedelta(days=3))) == ([True], {"date_in_future": 1})


def test_without_a_secret_a_real_network_is_refused(make, tmp_path, monkeypatch):
    monkeypatch.delenv("READOUT_SECRET", raising=False)
    real = NETWORK.replace("synthetic = true", "")
    with pytest.raises(PublishError, match="No secret is set"):
        make([{}], network=real)
    monkeypatch.setenv("READOUT_SECRET", "short")
    with pytest.raises(PublishError, match="too short"):
        make([{}], network=real)
    monkeypatch.setenv("READOUT_SECRET", "a long enough secret, kept elsewhere")
    assert make([{}], network=real).id


@pytest.mark.parametrize(
    ("value", "what"),
    [("943 476 5919", "NHS numbers"), ("CT head SW1A 1AA", "postcodes"), ("born 03/11/1950", "birth dates")],
)
def test_identifiers_in_a_kept_column_stop_the_publish(make, value, what):
    adapter = ADAPTER.replace('event_id = "event"', 'event_id = "event"\nexam_name = "updated"').replace('[latest]\ncolumn = "updated"', "")
    make([{}], adapter=adapter)
    with pytest.raises(IdentifierError, match=f"'exam_name' of 'exam' holds values that look like {what}"):
        make([{"updated": value}], adapter=adapter)


def test_no_patient_number_is_anywhere_in_the_extract(make):
    extract = make([{"patient": "SECRETNUMBER1"}])
    for path in extract.folder.rglob("*"):
        assert not path.is_file() or b"SECRETNUMBER1" not in path.read_bytes()


def test_an_export_cut_by_report_date_is_refused(make):
    with pytest.raises(NetworkFileError, match="cannot see examinations that have no report"):
        make([{}], network=NETWORK + 'cut_by = "report"\n')


def test_a_missing_column_is_named_and_the_old_extract_stays(make, tmp_path):
    live = make([{}]).id
    with pytest.raises(SourceError, match="endedd"):
        make([{}], adapter=ADAPTER.replace('"ended"', '"endedd"'))
    assert current_id(tmp_path / "extracts") == live


@pytest.mark.parametrize("failing", STEPS)
def test_a_publish_that_fails_at_any_step_leaves_the_old_extract_live(make, tmp_path, failing):
    live = make([{}])

    def hook(step: str) -> None:
        if step == failing:
            raise RuntimeError(step)

    with pytest.raises(RuntimeError):
        publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW, hook=hook)
    assert open_extract(tmp_path / "extracts").id == live.id
    assert not list((tmp_path / "extracts").glob(".building-*"))


def test_a_publish_killed_at_twenty_instants_leaves_the_old_extract_live_and_whole(sample, sample_extract, tmp_path):
    """The pointer moves last and in one step; a later publish cleans up what the killed one left."""
    extracts = tmp_path / "extracts"
    live = publish(sample / "network.toml", extracts, now=NOW).id
    code = f"from pathlib import Path; from readout.ingest.publish import publish; publish(Path({str(sample / 'network.toml')!r}), Path({str(extracts)!r}))"
    chance = random.Random(3)
    for _ in range(20):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.3, 1.6))
        process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        process.wait()
        now_live = open_extract(extracts)
        assert now_live.id == live or now_live.id in extract_ids(extracts)
        live = now_live.id
    publish(sample / "network.toml", extracts, now=NOW)
    assert not list(extracts.glob(".building-*"))


def test_going_back_to_an_earlier_extract(make, tmp_path):
    first, second = make([{}]), make([{"acc": "B"}])
    assert (first.id, second.id) == ("2026-11-03a", "2026-11-03b")
    set_current(tmp_path / "extracts", first.id)
    assert open_extract(tmp_path / "extracts").id == first.id


def test_an_altered_extract_is_refused(make, tmp_path):
    extract = make([{}])
    path = extract.folder / "tables" / "exam.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ReadoutError, match="was altered"):
        open_extract(tmp_path / "extracts")


def test_a_second_publish_at_the_same_time_is_refused(make, tmp_path):
    make([{}])

    def hook(step: str) -> None:
        if step == "stage":
            with pytest.raises(PublishError, match="Another publish"):
                publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW)

    publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW, hook=hook)


def test_a_quarantined_record_is_shown_as_it_stands_in_the_inbox(make, tmp_path, capsys):
    from readout.__main__ import main

    make([{"acc": "RIGHT"}, {"acc": "WRONG", "ended": "rubbish"}])
    where = ["--extracts", str(tmp_path / "extracts")]
    assert main(["quarantine", "list", *where]) == 0
    assert "ris,a.csv,3,ended,unreadable_date,rubbish" in capsys.readouterr().out
    assert main(["quarantine", "show", "ris", "a.csv", "3", *where]) == 0
    assert capsys.readouterr().out.startswith("WRONG,1,WRONG,S1,P1")


def test_an_extract_of_another_version_is_refused_and_still_listed(make, tmp_path, capsys):
    from readout.__main__ import main

    extract = make([{}])
    manifest = extract.folder / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text("utf-8").replace('"schema_version": "', '"schema_version": "9'), "utf-8")
    with pytest.raises(ReadoutError, match="another version of Readout"):
        open_extract(tmp_path / "extracts")
    assert main(["extracts", "--extracts", str(tmp_path / "extracts")]) == 0
    assert "another version of Readout" in capsys.readouterr().out


def test_every_file_found_and_not_read_is_in_the_manifest_with_its_reason(make, tmp_path, capsys):
    """Of a snapshot only the last file by name is read: the others must not vanish from the account."""
    from readout.__main__ import main
    from readout.metrics.records import Quality

    snapshot = NETWORK + 'mode = "snapshot"\n'
    make([{"acc": "OLD"}], network=snapshot, name="list-2026-10-01.csv")
    (tmp_path / "inbox" / "~$list.csv").write_text("left by a spreadsheet", "utf-8")
    (tmp_path / "inbox" / "list-2026-09-01.csv").write_text("nobody reads this", "utf-8")
    os.utime(tmp_path / "inbox" / "list-2026-10-01.csv", (1, 1))
    extract = make([{"acc": "NEW", "ended": "rubbish"}, {"acc": "B"}], network=snapshot, name="list-2026-10-08.csv")
    (source,) = make([{"acc": "NEW"}, {"acc": "B"}], network=snapshot, name="list-2026-10-08.csv").manifest["sources"]
    assert [f["name"] for f in source["files"]] == ["list-2026-10-08.csv"]
    assert {f["name"]: f["reason"] for f in source["not_read"]} == {"list-2026-09-01.csv": "replaced", "list-2026-10-01.csv": "replaced", "~$list.csv": "hidden"}
    assert all(f["bytes"] > 0 for f in source["not_read"])
    assert main(["publish", str(tmp_path / "network.toml"), "--extracts", str(tmp_path / "extracts")]) == 0
    said = capsys.readouterr().out
    assert "not read: list-2026-10-01.csv, an older snapshot" in said and "not read: ~$list.csv, a hidden or temporary file" in said
    rows = {r["File"]: r["Outcome"] for r in Quality(extract).files()}
    assert rows["list-2026-10-08.csv"] == "read" and rows["list-2026-10-01.csv"].startswith("not read: an older snapshot") and len(rows) == 4


def test_a_snapshot_whose_name_sorts_early_though_it_is_newer_is_pointed_out(make, tmp_path):
    """list-31-10-2026 sorts behind list-01-11-2026: the wrong one of the two would be read without a word."""
    snapshot = NETWORK + 'mode = "snapshot"\n'
    make([{}], network=snapshot, name="list-31-10-2026.csv")
    os.utime(tmp_path / "inbox" / "list-31-10-2026.csv", (1, 1))
    (source,) = make([{}], network=snapshot, name="list-01-11-2026.csv").manifest["sources"]
    assert [f["name"] for f in source["files"]] == ["list-31-10-2026.csv"]
    assert [(f["name"], f["reason"]) for f in source["not_read"]] == [("list-01-11-2026.csv", "replaced_though_newer")]


def test_a_record_of_a_snapshot_that_was_replaced_since_can_still_be_shown(make, tmp_path, capsys):
    from readout.__main__ import main

    snapshot = NETWORK + 'mode = "snapshot"\n'
    make([{"acc": "WRONG", "ended": "rubbish"}, {}], network=snapshot, name="a.csv")
    (tmp_path / "inbox" / "b.csv").write_bytes((tmp_path / "inbox" / "a.csv").read_bytes())
    assert main(["quarantine", "show", "ris", "a.csv", "2", "--extracts", str(tmp_path / "extracts")]) == 0
    assert capsys.readouterr().out.startswith("WRONG")


def test_an_extract_is_open_where_it_is_marked_synthetic_or_holds_no_examination(make, monkeypatch):
    monkeypatch.setenv("READOUT_SECRET", "a long enough secret, kept elsewhere")
    real = NETWORK.replace("synthetic = true", "")
    assert make([{}]).is_open
    extract = make([{}], network=real)
    assert not extract.is_open
    tables = {k: v for k, v in extract.manifest["tables"].items() if k != "exam"}
    assert replace(extract, manifest={**extract.manifest, "tables": tables}).is_open
    assert make([{}], network=NETWORK.replace("synthetic = true", "open = true")).is_open
    with pytest.raises(NetworkFileError, match="open must be true or false, without quotes"):
        make([{}], network=NETWORK.replace("synthetic = true", 'open = "yes"'))
