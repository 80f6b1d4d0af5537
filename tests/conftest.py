"""What the tests share: where the national data lies, a small synthetic network, and a hand-made one."""

import ast
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from readout.engine.extract import Extract
from readout.ingest.publish import publish
from readout.sample import write_sample

settings.register_profile("readout", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("readout")

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 3, 6, 30, tzinfo=UTC)

NETWORK = """
[network]
code = "TST"
name = "Test Network"
synthetic = true

[[site]]
code = "S1"
name = "First Hospital"
trust_code = "T1"
trust_name = "One Trust"
ris_code = "ris"

[[site]]
code = "S2"
name = "Second Hospital"
trust_code = "T2"
trust_name = "Two Trust"
ris_code = "ris"

[[source]]
name = "ris"
table = "exam"
adapter = "plain"
path = "inbox/*.csv"
ris_code = "ris"
usual_lag_days = 3
taken_at = 2026-10-31T06:00:00Z
"""
ADAPTER = """
[file]
date_formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]
[columns]
accession = "acc"
exam_seq = "seq"
event_id = "event"
site_code = "site"
patient_id = "patient"
modality = "modality"
patient_class = "class"
status = "status"
received_at = "received"
exam_end_at = "ended"
first_verified_at = "verified"
last_verified_at = "last_verified"
first_addendum_at = "addendum"
is_report_required = "needs_report"
[latest]
column = "updated"
"""
COLUMNS = "acc,seq,event,site,patient,modality,class,status,received,ended,verified,last_verified,addendum,needs_report,updated"


def router() -> dict[str, tuple[str, str]]:
    """The pages that app.py declares, by address: the file under pages/, and the title."""
    calls = (node for node in ast.walk(ast.parse((ROOT / "app.py").read_text("utf-8"))) if isinstance(node, ast.Call))
    pages: dict[str, tuple[str, str]] = ast.literal_eval(next(c for c in calls if getattr(c.func, "id", "") == "navigate").args[0])
    return pages


def headed(path: Path) -> str:
    """The heading that a page's file gives it."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    return str(ast.literal_eval(next(c for c in calls if getattr(c.func, "id", "") == "heading").args[1]))


def shared(*parts: str) -> Path:
    """A file of the national data beside the checkout; the test is skipped, saying so, where it is absent."""
    path = ROOT.parent.joinpath("shared", *parts)
    if not path.exists():
        pytest.skip(f"needs {'/'.join(parts)} beside the checkout, which is not there")
    return path


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample network, raw."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, exams=6_000, seed=7)
    return folder


@pytest.fixture(scope="session")
def sample_extract(sample: Path) -> Extract:
    return publish(sample / "network.toml", sample / "extracts", now=NOW)


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Extract]:
    """Publish a hand-made network: rows by column name, blank where not given."""

    def made(rows: list[dict[str, str]], *, network: str = NETWORK, adapter: str = ADAPTER, name: str = "a.csv", accept: Collection[str] = ()) -> Extract:
        (tmp_path / "inbox").mkdir(exist_ok=True)
        (tmp_path / "network.toml").write_text(network, "utf-8")
        (tmp_path / "plain.toml").write_text(adapter, "utf-8")
        defaults = {"seq": "1", "site": "S1", "patient": "P1", "modality": "CT", "class": "03", "status": "completed", "ended": "2026-09-01 10:00"}
        lines = [COLUMNS]
        for number, row in enumerate(rows):
            full = {"acc": f"A{number}", "event": row.get("acc", f"A{number}"), **defaults, **row}
            lines.append(",".join(full.get(c, "") for c in COLUMNS.split(",")))
        (tmp_path / "inbox" / name).write_text("\n".join(lines) + "\n", "utf-8")
        return publish(tmp_path / "network.toml", tmp_path / "extracts", now=NOW, accept_quarantine=accept)

    return made
