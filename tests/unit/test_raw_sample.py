"""Six metrics of one site of the sample equal plain Python over that site's raw, fault-laden exports: no reader, no engine."""

import csv
import gzip
from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.scope import Scope

LONDON = ZoneInfo("Europe/London")
AS_OF = datetime(2026, 11, 3, 6, tzinfo=UTC)
TIMES = ("requested", "received", "booked_for", "arrived", "started", "ended", "assigned", "preliminary", "first_verified", "last_verified")
TIMES += ("clock_reset", "addendum_at", "cancelled")


def records(path) -> list[dict[str, str]]:
    """The well-formed records of a file, by hand: a line of the right width, or two lines that a quoted field joins."""
    raw = gzip.decompress(path.read_bytes()).removeprefix(b"\xef\xbb\xbf").split(b"\n")
    lines = []
    for line in raw:
        try:
            lines.append(line.decode("utf-8").rstrip("\r"))
        except UnicodeDecodeError:
            lines.append("")
    header = lines[0].split(";")

    def fields(text: str) -> list[str] | None:
        if text.count('"') % 2:
            return None
        parsed = next(csv.reader([text.replace("\n", " ")], delimiter=";"), [])
        return parsed if len(parsed) == len(header) else None

    found = []
    for here, line in enumerate(lines[1:], start=1):
        parsed = fields(line)
        if parsed is None and line.count('"') % 2 and here + 1 < len(lines) and fields(lines[here + 1]) is None:
            parsed = fields(f"{line}\n{lines[here + 1]}")
        if parsed and parsed != header:
            found.append(dict(zip(header, (p.strip() for p in parsed), strict=True)))
    return found


def instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=LONDON)


@pytest.fixture(scope="module")
def exams(sample) -> list[dict]:
    """The examinations of the site that stand. An accession is unique in the RIS, which two sites share: so repeated keys come first."""
    kept: dict[tuple[str, str], list[dict]] = {}
    for number, path in enumerate(sorted((sample / "inbox" / "west").glob("*.gz"))):
        for place, raw in enumerate(records(path)):
            raw |= {c: "" for c in TIMES if raw[c] == "1900-01-01T00:00:00Z"}  # a placeholder that the adapter lists
            times = {c: instant(raw[c]) for c in TIMES}
            left_out = raw["programme"].startswith(("test", "screening", "private", "research")) or raw["status"].startswith("ERR")
            if left_out or raw["site"] not in ("WESTMERE", "SALTNESS"):
                continue
            if any(raw[c] and (times[c] is None or times[c].year < 1990) for c in TIMES):
                continue
            if any(times[c] and times[c] > AS_OF.replace(minute=30) for c in TIMES if c != "booked_for"):
                continue
            patient = (raw["number_type"], raw["patient_number"])
            kept.setdefault((raw["accession"], raw["seq"]), []).append(raw | times | {"patient": patient, "place": (raw["updated"], number, place)})
    standing = [max(versions, key=lambda v: v["place"]) for versions in kept.values() if len({v["patient"] for v in versions}) == 1]
    return [e for e in standing if e["site"] == "WESTMERE"]


def local(at: datetime) -> datetime:
    return at.astimezone(LONDON)


def test_six_metrics_of_a_sample_site_equal_plain_python_over_its_raw_exports(sample_extract, exams):
    store, site = Store(sample_extract), {"site_code": ("ZN201",)}
    done = [e | {"end": e["ended"] or e["started"]} for e in exams if e["status"] in ("DONE", "REP")]
    assert len(done) > 500

    months = Counter(local(e["end"]).date().replace(day=1) for e in done)
    assert {r["month"]: r["value"] for r in ask("activity", Scope(("month",), site), store).rows} == months

    # The exports hold every examination from November 2023: an older request is in them only if it still waited then.
    received = Counter(local(e["received"]).date().replace(day=1) for e in exams if e["received"] and e["vetting"] != "R")
    received = {month: count for month, count in received.items() if month >= date(2023, 11, 1)}
    assert {r["month"]: r["value"] for r in ask("demand", Scope(("month",), site), store).rows} == received

    wanted = [e for e in done if e["report_required"] != "0"]
    for e in wanted:
        amended = e["addendum_at"] is not None or int(e["addenda"] or 0) > 0
        first, addendum = e["first_verified"], e["addendum_at"]
        e["overwritten"] = amended and ((first and addendum and first >= addendum) or (not first and e["last_verified"]))
    judged = [e for e in wanted if not e["overwritten"] and not (e["first_verified"] and e["first_verified"] < e["end"])]
    mature = [e for e in judged if (local(AS_OF).date() - local(e["end"]).date()).days > 28]
    met = sum(1 for e in mature if e["first_verified"] and (local(e["first_verified"]).date() - local(e["end"]).date()).days <= 28)
    row = ask("within_28_days", Scope(where=site), store).rows[0]
    assert (row["numerator"], row["denominator"]) == (met, len(mature))

    waiting = sum(1 for e in wanted if not e["first_verified"] and not e["overwritten"])
    assert ask("unreported", Scope(where=site), store).rows[0]["value"] == waiting

    old = [e for e in done if e["first_verified"] and not (e["addendum_at"] and e["first_verified"] >= e["addendum_at"])]
    old = [e for e in old if (AS_OF - e["first_verified"]).total_seconds() >= 30 * 86400]
    amended = sum(1 for e in old if e["addendum_at"] and (e["addendum_at"] - e["first_verified"]).total_seconds() <= 30 * 86400)
    row = ask("addendum_rate", Scope(where=site), store).rows[0]
    assert (row["numerator"], row["denominator"]) == (amended, len(old))

    says = [e for e in done if e["first_verified"] and not e.get("overwritten") and not (e["addendum_at"] and e["first_verified"] >= e["addendum_at"]) and e["follow_up"]]
    row = ask("follow_up_rate", Scope(where=site), store).rows[0]
    assert (row["numerator"], row["denominator"]) == (sum(e["follow_up"] == "1" for e in says), len(says)) and row["numerator"] > 30
