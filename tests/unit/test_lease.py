"""A running reader never loses the extract it reads, and a reader that died keeps nothing."""

import contextlib
import os
import shutil
import subprocess
import sys

import pytest

from readout import files
from readout.__main__ import main
from readout.engine import lease
from readout.engine.extract import Extract, current_id, extract_ids, open_extract, set_current
from readout.engine.store import Store
from readout.errors import ExtractError
from readout.ingest import publish as publishing
from readout.ingest.publish import publish
from readout.metrics.answer import ask
from readout.metrics.scope import Scope
from tests.conftest import NOW

READER = """
import sys
from pathlib import Path
from readout.engine.extract import open_extract
from readout.engine.store import Store
store = Store(open_extract(Path(sys.argv[1]), sys.argv[2]))
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def shelf(make, tmp_path, monkeypatch):
    """Three extracts of two that are kept: the oldest goes with the next publish."""
    monkeypatch.setattr(publishing, "KEEP", 2)
    make([{}])
    first = tmp_path / "extracts" / extract_ids(tmp_path / "extracts")[0]
    for letter in "bc":
        shutil.copytree(first, first.with_name(f"2026-11-01{letter}"))
    for folder in (first, *first.parent.glob("2026-11-01?")):
        os.utime(folder, (NOW.timestamp() - 9e5,) * 2)
    return tmp_path / "extracts"


def published(shelf) -> list[str]:
    """What the next publish says of the extracts it could not prune."""
    told: list[str] = []
    publish(shelf.parent / "network.toml", shelf, now=NOW, tell=told.append)
    return told


def opened(shelf, extract_id: str) -> Extract:
    """A copied extract under its own name: copies share one manifest."""
    extract = open_extract(shelf, extract_id)
    return Extract(extract_id, extract.folder, extract.manifest)


def test_what_nobody_reads_is_pruned_with_its_lock_file(shelf):
    lease.declare(shelf, "2026-11-01b")
    assert published(shelf) == []
    assert "2026-11-01b" not in extract_ids(shelf)
    assert not (shelf / lease.FOLDER / "2026-11-01b").exists() and not list(shelf.glob(".pruned-*"))


def test_an_open_store_keeps_its_extract_and_the_publish_says_so(shelf):
    with Store(opened(shelf, "2026-11-01b")) as store:
        (said,) = published(shelf)
        assert "2026-11-01b" in said and "still in use" in said
        assert ask("activity", Scope(), store).n == 1
    assert published(shelf) == [] and "2026-11-01b" not in extract_ids(shelf)


def test_two_stores_of_one_extract_each_keep_it(shelf):
    one, two = Store(opened(shelf, "2026-11-01b")), Store(opened(shelf, "2026-11-01b"))
    one.close()
    assert lease.is_in_use(shelf, "2026-11-01b")
    two.close()
    assert not lease.is_in_use(shelf, "2026-11-01b")


def test_a_store_that_is_dropped_without_closing_gives_its_extract_back(shelf):
    store = Store(opened(shelf, "2026-11-01b"))
    assert lease.is_in_use(shelf, "2026-11-01b")
    del store
    assert not lease.is_in_use(shelf, "2026-11-01b")


def test_another_process_keeps_an_extract_until_it_is_killed(shelf):
    reader = subprocess.Popen([sys.executable, "-c", READER, str(shelf), "2026-11-01b"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert reader.stdout.readline().strip() == b"open"
        assert len(published(shelf)) == 1 and "2026-11-01b" in extract_ids(shelf)
    finally:
        reader.kill()
        reader.communicate()
    assert published(shelf) == [] and "2026-11-01b" not in extract_ids(shelf)


def test_the_live_extract_stays_though_it_is_old_and_unread(shelf):
    set_current(shelf, "2026-11-01b")
    told: list[str] = []
    publishing._prune(shelf, NOW, told.append)
    assert told == [] and current_id(shelf) == "2026-11-01b" in extract_ids(shelf)


def test_the_list_says_which_extracts_are_in_use(shelf, capsys):
    with Store(opened(shelf, "2026-11-01b")):
        assert main(["extracts", "--extracts", str(shelf)]) == 0
        lines = {line.split()[0 if line[0] != "*" else 1]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["2026-11-01b"].endswith("in use") and not lines["2026-11-01c"].endswith("in use")


def test_an_extract_pruned_while_it_was_being_opened_is_a_sentence(shelf):
    extract = opened(shelf, "2026-11-01b")
    shutil.rmtree(extract.folder)
    with pytest.raises(ExtractError, match="removed while it was being opened"):
        Store(extract)


def test_nobody_begins_to_read_while_an_extract_is_being_pruned(shelf):
    """A reader that asks during the prune waits for its end, and is then told that the extract is gone."""
    code = READER.replace("Store(open_extract", "print('asks', flush=True) or Store(open_extract")
    with lease.alone(shelf, "2026-11-01b") as nobody_reads:
        assert nobody_reads
        reader = subprocess.Popen(
            [sys.executable, "-c", code, str(shelf), "2026-11-01b"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert reader.stdout.readline().strip() == "asks"
        with contextlib.suppress(subprocess.TimeoutExpired):
            reader.wait(1.5)
        assert reader.poll() is None
        shutil.rmtree(shelf / "2026-11-01b")
    out, error = reader.communicate("\n")
    assert out == ""
    assert "removed while it was being opened" in error or "is not in" in error  # the second on a machine too slow to reach the lock first


def test_a_folder_without_locks_is_read_and_never_pruned(shelf, monkeypatch, caplog):
    def no_locks(*_: object, **__: object) -> None:
        raise OSError(95, "Operation not supported")

    extract = opened(shelf, "2026-11-01b")
    with monkeypatch.context() as patch:
        patch.setattr(files, "lock", no_locks)
        Store(extract).close()
        assert "without a lease" in caplog.text
        told: list[str] = []
        publishing._prune(shelf, NOW, told.append)
    assert len(told) == 1 and "2026-11-01b" in extract_ids(shelf)


def test_a_folder_that_a_killed_prune_left_goes_with_the_next_publish(shelf):
    (shelf / ".pruned-2026-10-01a" / "tables").mkdir(parents=True)
    published(shelf)
    assert not list(shelf.glob(".pruned-*"))


def test_a_rename_is_tried_again_where_windows_refuses_for_an_instant(tmp_path, monkeypatch):
    """A virus scanner or a reader holds a file for a moment; elsewhere a refusal means what it says."""
    calls = []

    def refused_twice() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise PermissionError(13, "held")

    with pytest.raises(PermissionError):
        files.patiently(refused_twice)
    calls.clear()
    monkeypatch.setattr(files.os, "name", "nt")
    files.patiently(refused_twice)
    assert len(calls) == 3
