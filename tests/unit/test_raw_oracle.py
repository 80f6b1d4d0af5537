"""Five metrics by SQL equal the same metrics by plain Python over the raw, fault-laden export."""

import csv
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope

LONDON = ZoneInfo("Europe/London")
AS_OF = datetime(2026, 10, 31, 6, 0, tzinfo=UTC)


def rows(seed: int) -> list[dict[str, str]]:
    chance, made = random.Random(seed), []
    for number in range(400):
        ended = datetime(2026, 6, 1) + timedelta(minutes=chance.randrange(200_000))
        verified = ended + timedelta(minutes=int(chance.lognormvariate(7, 2)))
        row = {"acc": f"A{number}", "patient": f"P{number % 90}", "site": chance.choice(("S1", "S2")), "modality": chance.choice(("CT", "MR", "XR"))}
        row |= {"received": f"{ended - timedelta(days=chance.randrange(30)):%Y-%m-%d %H:%M}", "ended": f"{ended:%Y-%m-%d %H:%M}"}
        row |= {"verified": f"{verified:%Y-%m-%d %H:%M}" if verified < datetime(2026, 10, 31) and chance.random() > 0.1 else ""}
        fault = chance.randrange(40)
        if fault == 0:
            row["ended"] = "31/02/2026"
        elif fault == 1:
            row["site"] = "S9"
        elif fault == 2:
            row["ended"] = "2071-01-01 10:00"
        elif fault == 3:
            row["verified"] = f"{ended - timedelta(hours=3):%Y-%m-%d %H:%M}"
        elif fault == 4:
            row["ended"] = f"{ended:%Y-%m-%d}"
        elif fault == 5:
            row["modality"] = "QQ"
        elif fault == 6:
            row["received"] = ""
        elif fault == 7:
            row["needs_report"] = "N"
        elif fault == 8:
            row["status"] = "cancelled"
        made.append(row)
        if fault == 9:
            made.append(dict(row))
        elif fault == 10:
            made.append({**row, "patient": "OTHER"})
        elif fault == 11:
            made.append({**row, "verified": "", "updated": "2026-01-01 00:01"})
            row["updated"] = "2026-02-01 00:01"
    return made


def read(path) -> list[dict]:
    """The examinations that stand, from the raw text, by the rules of the data contract."""

    def instant(text: str) -> datetime | None:
        for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
            try:
                return datetime.strptime(text, form).replace(tzinfo=LONDON)
            except ValueError:
                continue
        return None

    by_key: dict[str, list[dict]] = {}
    with path.open(encoding="utf-8", newline="") as f:
        for raw in csv.DictReader(f):
            times = {c: instant(raw[c]) for c in ("received", "ended", "verified")}
            bad = any(raw[c] and (times[c] is None or times[c].year > 2026) for c in times)
            if not bad and raw["site"] in ("S1", "S2"):
                by_key.setdefault(raw["acc"], []).append({**raw, **times, "has_time": len(raw["ended"]) > 10})
    standing = []
    for versions in by_key.values():
        if len({v["patient"] for v in versions}) == 1:
            standing.append(max(versions, key=lambda v: v["updated"]))
    return standing


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_five_metrics_equal_plain_python_over_the_raw_export(make, tmp_path, seed):
    store = Store(make(rows(seed), accept=("ris",)))  # an eighth of these records is spoilt on purpose
    exams = read(tmp_path / "inbox" / "a.csv")
    done = [e for e in exams if e["status"] == "completed"]
    months = Counter(e["ended"].date().replace(day=1) for e in done)
    assert {r["month"]: r["value"] for r in ask("activity", Scope(("month",)), store).rows} == months

    received = Counter(e["received"].date().replace(day=1) for e in exams if e["received"])
    assert {r["month"]: r["value"] for r in ask("demand", Scope(("month",)), store).rows} == received

    judged = [e for e in done if e["needs_report"] != "N" and not (e["verified"] and e["verified"] < e["ended"])]
    mature = [e for e in judged if (AS_OF.astimezone(LONDON).date() - e["ended"].date()).days > 28]
    met = sum(1 for e in mature if e["verified"] and (e["verified"].date() - e["ended"].date()).days <= 28)
    row = ask("within_28_days", Scope(), store).rows[0]
    assert (row["numerator"], row["denominator"]) == (met, len(mature))

    waiting = sum(1 for e in done if e["needs_report"] != "N" and not e["verified"])
    assert ask("unreported", Scope(), store).rows[0]["value"] == waiting

    clocked = [e for e in judged if e["has_time"]]  # a bare date has no time; one 00:00 among four hundred times is a time
    timed = ask("exam_to_report", Scope(), store).rows[0]
    assert (timed["n"], timed["count_unreported"]) == (len(clocked), sum(1 for e in clocked if not e["verified"]))
