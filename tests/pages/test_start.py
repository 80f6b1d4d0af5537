"""What a newcomer sees in the terminal: where Readout is and how to stop it, how long the first start takes, and nothing else."""

import contextlib
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from readout import __main__ as command
from readout import paths
from readout.errors import UsageError
from readout.ui import ahead, engine, prepared
from tests.conftest import ROOT

WAIT = 60.0  # seconds for a server to come up
READY = 15.0  # and for it to have prepared itself, or most of it
REST = 3.0  # seconds in which its processor time stands still once it has


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(what, *, seconds: float = WAIT) -> None:
    stop = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < stop, what
        time.sleep(0.1)


def is_healthy(port: int) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1) as r:
        return bool(r.status == 200)
    return False


def rest(process: subprocess.Popen) -> None:
    """Wait until the server has made ready what it makes by itself: its processor time stands still."""
    since, before, stop = time.monotonic(), -1, time.monotonic() + READY
    while time.monotonic() - since < REST and time.monotonic() < stop:
        used = sum(map(int, Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]))
        if used > before + 10:
            since, before = time.monotonic(), used
        time.sleep(0.2)


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="processor time of another process is read from /proc")
def test_a_start_says_where_it_is_and_how_to_stop_it_and_nothing_else(sample_extract, tmp_path):
    port, log = free_port(), tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "readout", "run", "--headless", "--port", str(port), "--extracts", str(sample_extract.folder.parent)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        try:
            until(lambda: is_healthy(port))
            rest(process)
        finally:
            process.terminate()
            process.wait(timeout=20)
    said = log.read_text("utf-8").splitlines()
    assert said == ["Readout is ready. Open this address in a browser:", "", f"    http://localhost:{port}", "", "Stop it with Ctrl+C."]


def test_what_is_made_ready_needs_no_page_of_the_framework(sample_extract, monkeypatch):
    """Every answer given outside a page: by the start, by the quiet hours, by the workers that ask ahead of a page."""
    from streamlit.runtime.scriptrunner_utils import script_run_context

    monkeypatch.setenv("READOUT_EXTRACTS", str(sample_extract.folder.parent))
    missed = []
    monkeypatch.setattr(script_run_context._LOGGER, "warning", lambda *said: missed.append(said))
    monkeypatch.setattr(prepared, "quiet_for", lambda: prepared.QUIET)
    monkeypatch.setattr(prepared, "LIKELY", [])  # the same answers again, filter by filter: minutes
    store = engine.opening_store()
    page = prepared.opening(store)
    known = ahead.Asked("activity", page.scope, {("activity", page.scope): None})
    monkeypatch.setitem(ahead._by_anybody(), "activity", known)

    def work() -> None:
        prepared.prepare()
        prepared._give(store, prepared.single_filters(known, "modality", {"modality": {"CT": "CT"}}), 2)
        assert known in ahead.remembered()

    for thread in (threading.Thread(target=work), threading.Thread(target=lambda: list(ahead._workers().map(lambda a: engine.answered(store, *a), known.asks)))):
        thread.start()
        thread.join()
    assert not missed, missed[0]


def test_a_port_that_is_taken_is_said_before_any_address(sample_extract, capsys):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        from readout.ui.serve import serve

        with pytest.raises(UsageError, match=rf"Port {port} is in use.*--port"):
            serve(sample_extract.folder.parent, port=port)
    assert "Readout is" not in capsys.readouterr().out


def test_the_first_start_says_how_long_it_takes(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("READOUT_EXTRACTS", raising=False)
    monkeypatch.setattr(paths, "SAMPLE_EXTRACTS", tmp_path / "none")
    made = []
    monkeypatch.setattr(command, "_publish_sample", lambda *folders: made.append(folders))
    command.extracts_folder(None)
    said = capsys.readouterr()
    assert made and not said.out, "what a command answers with stays alone on its own channel"
    assert re.search(r"first (start|time).*about a minute", said.err)
