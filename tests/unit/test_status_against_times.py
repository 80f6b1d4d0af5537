"""A wrong map of statuses shows where an examination is not done by its status and yet has been examined or reported."""

from readout.__main__ import main
from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope


def test_what_is_cancelled_and_yet_examined_is_told_and_flagged(make):
    rows = [{"status": "cancelled", "patient": f"P{i}", "verified": "2026-09-02 10:00"} for i in range(3)]
    rows += [{"status": "cancelled", "patient": "Q", "ended": "", "received": "2026-09-01 10:00"}, {"patient": "R"}]
    extract = make(rows)
    (said,) = (n["text"] for n in extract.manifest["notices"] if n["kind"] == "status")
    assert said.startswith("3 examinations are not done by their status, yet have a time of examination or of a report")
    with Store(extract) as store:
        found = {r["rule"]: r["numerator"] for r in ask("data_quality", Scope(("rule",)), store).rows}
        assert found["examined_not_done"] == 3
        assert ask("activity", Scope(), store).rows[0]["value"] == 1


def test_the_sample_has_none(sample_extract):
    assert not [n for n in sample_extract.manifest["notices"] if n["kind"] == "status"]


def test_a_repeated_breakdown_is_not_lost(sample_extract, capsys):
    where = ["--extracts", str(sample_extract.folder.parent), "--format", "csv"]
    assert main(["ask", "activity", "--by", "month", "--by", "site_code", *where]) == 0
    once = capsys.readouterr().out
    assert main(["ask", "activity", "--by", "month,site_code", *where]) == 0
    assert once == capsys.readouterr().out and "month,site_code," in once
