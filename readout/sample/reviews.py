"""Peer reviews of the synthetic network: which reports are reviewed and what is found, and the one export that holds them.

It draws from a stream of its own: no examination is other than it would be without reviews.
"""

import csv
import gzip
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE
from readout.sample.rows import KIND, ROUTE, STATUS, URGENCY, Array, Reporters, Rng, Rows, draw, draw_by, log_normal

NAME = "peer_review"  # of the source and its folder
FILE = "reviews_2023-11_2026-11.csv.gz"
COLUMNS = ("Review No", "RIS", "Accession", "Examination", "Reviewed", "Grade", "Reviewer", "Chosen", "Last Changed")
WAYS = ("random", "all", "targeted", "referred")
FAULTS = ("unknown_grade", "unparseable_date", "review_without_exam", "exact_duplicate", "later_grade", "too_few_columns")  # as many of each
_GRADES = ("No discrepancy", "Minor", "Moderate", "Major")
_CHOSEN = ("Random", "All", "Targeted", "Meeting")
_REVIEWERS = ("Own trust", "Network", "Insourced")
_BY_EXAM = ("cris", "us_mdy")  # styles in which every examination has an accession number of its own; in the others every attendance has
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Reviewed:
    """Reviews of the reports of one source, as equally long columns. `at`: local minutes; `way`: index into WAYS."""

    source: p.Source
    accession: list[str]
    examination: list[str]
    at: Array
    way: Array
    grade: Array
    reviewer: Array


def review(rows: Rows, source: p.Source, reporters: Reporters, rng: Rng) -> Reviewed:
    """Choose reports of one source and review them. `rows` are as they are written, faults and all: none with a fault is chosen."""
    taken = clock.minute(p.value("taken_at"))
    whole = (rows["fault"] == 0) & (rows["category"] == 0) & (rows["status"] == STATUS["completed"]) & (rows["verified"] != NONE)
    whole &= rows["report_required"]
    n = len(rows)
    shares = p.value("review_share")
    trust = np.array([s.trust for s in p.SITES])[rows["site"]]
    own = np.isin(trust, [[code for code, _ in p.TRUSTS].index(t) for t in p.REVIEWING_TRUSTS]) & np.isin(rows["route"], (ROUTE["in_house"], ROUTE["network"]))
    supplier = rows["route"] == ROUTE["outsourced"]
    new = rows["reporter"] == reporters.ids.index(p.REVIEWED_REPORTER)
    new &= rows["verified"] >= clock.day_number(p.REVIEWED_FROM) * DAY
    doubted = own & (rows["kind"] == KIND["CT"]) & (rows["urgency"] == URGENCY["suspected_cancer"])
    clinical = rows["addendum_class"] == 0
    draws = rng.random((4, n))
    chosen = np.stack(
        [
            whole & ~new & ((own & (draws[0] < shares["random"])) | (supplier & (draws[0] < shares["outsourced"]))),
            whole & new,
            whole & doubted & (draws[1] < shares["targeted"]),
            whole & clinical & (draws[2] < shares["referred"]),
        ]
    )
    way, at = np.nonzero(chosen)
    again = np.flatnonzero((way == 0) & (draws[3][at] < p.value("review_twice")))  # read by a second reviewer too
    way, at = np.concatenate([way, way[again]]), np.concatenate([at, at[again]])
    start = np.where(way == 3, rows["addendum"][at], rows["verified"][at]).astype(np.int64)
    median, spread = p.value("review_days")
    later = start + (log_normal(rng, median, spread, len(at)) * DAY).astype(np.int64)
    day = clock.to_local(later.astype(np.int32)).astype(np.int64) // DAY + 1
    day += np.where(clock.weekday(day) > 4, 7 - clock.weekday(day), 0)  # the Monday after a weekend
    local = day * DAY + 9 * 60 + rng.integers(0, 8 * 60, len(at))
    grades = np.array([p.value("review_grades")[w] for w in WAYS])
    grade = draw_by(rng, grades, way)
    reviewer = draw(rng, np.array(p.value("reviewer_route")), len(at))
    known = local < clock.to_local(np.array([taken], dtype=np.int32))[0]
    at, local = at[known], local[known]
    number = rows["exam_no" if source.style in _BY_EXAM else "event_no"][at].astype(np.int64)
    base = 10_001 if source.style == "split_xlsx" else 100_001
    codes = [p.EXAMINATIONS[i][1] for i in rows["exam"][at]]
    return Reviewed(
        source=source,
        accession=[f"{source.prefix}{i + base}" for i in number],
        examination=[str(i) for i in rows["seq"][at]] if source.style == "iso_semicolon" else codes,
        at=local,
        way=way[known],
        grade=grade[known],
        reviewer=reviewer[known],
    )


def write(folder: Path, many: list[Reviewed], rng: Rng, level: int) -> tuple[dict[str, int], dict[str, Any], dict[str, int]]:
    """Write the export in the order of the reviews. Returns the faults planted, what its records should come to, and the file's records and bytes."""
    lines = [
        (int(r.at[i]), r.source.title.split(",")[0], r.accession[i], r.examination[i], _GRADES[r.grade[i]], _REVIEWERS[r.reviewer[i]], _CHOSEN[r.way[i]])
        for r in many
        for i in range(len(r.at))
    ]
    lines.sort()
    records = [[f"P{i:07d}", ris, accession, exam, _text(at), grade, who, how, _text(at)] for i, (at, ris, accession, exam, grade, who, how) in enumerate(lines, 1)]
    each = p.value("review_faults")
    spoilt = dict(zip(FAULTS, rng.permutation(len(records))[: len(FAULTS) * each].reshape(len(FAULTS), each).tolist(), strict=True))
    extra: list[tuple[int, list[str]]] = []
    for i in spoilt["unknown_grade"]:
        records[i][5] = "Interesting"
    for i in spoilt["unparseable_date"]:
        records[i][4] = "31/02/2025 10:00"
    for i in spoilt["review_without_exam"]:
        records[i][2] = f"Q{i + 100_001}"
    for i in spoilt["exact_duplicate"]:
        extra.append((i, list(records[i])))
    for i in spoilt["later_grade"]:  # entered as no discrepancy, graded anew two days later
        later = list(records[i])
        later[8] = _text(lines[i][0] + 2 * DAY)
        later[5] = "Minor" if later[5] == "No discrepancy" else later[5]
        records[i][5] = "No discrepancy"
        extra.append((i, later))
    for i in spoilt["too_few_columns"]:
        records[i] = records[i][:-2]
    for i, record in sorted(extra, reverse=True):
        records.insert(i + 1, record)
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(records)
    writer.writerow(["Total", len(records)])
    folder.mkdir(parents=True, exist_ok=True)
    body = gzip.compress(out.getvalue().encode(), compresslevel=level, mtime=0)
    (folder / FILE).write_bytes(body)
    planted = dict.fromkeys(FAULTS, each) | {"total_line": 1}
    told = {"read": len(records) + 1, "kept": len(records) - 4 * each, "duplicate": each, "superseded": each, "quarantined": 2 * each, "excluded": {}, "dropped": 1}
    return planted, told, {"records": len(records) + 1, "bytes": len(body)}


def network_entry() -> list[str]:
    """The source's lines in the network file."""
    known = [f'"{s.title.split(",")[0]}" = "{s.ris}"' for s in p.SOURCES]
    return [
        "",
        "[[source]]",
        f'name = "{NAME}"',
        'table = "peer_review"',
        'adapter = "peer_review"',
        f'path = "inbox/{NAME}/*.csv*"',
        'mode = "append"',
        "",
        "[source.values.ris_code]",
        *known,
    ]


def _text(local: int) -> str:
    day, minute = divmod(int(local), DAY)
    return f"{_EPOCH + timedelta(days=day):%d/%m/%Y} {minute // 60:02d}:{minute % 60:02d}"
