"""The faults of real exports, planted on purpose. Each row carries at most one, so that every count is exact.

`plant` changes the simulated values (a report before its examination, a reused accession) and marks the rows whose text
or line is spoilt when it is written (`readout.sample.exports` does that). What a fault should come to is in `OUTCOMES`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE
from readout.sample.rows import CATEGORY, INSTANTS, KIND, STATUS, Rows, as_of, last_change

FAULTS = (
    "",
    "report_before_exam",
    "exam_before_request",
    "missing_request",
    "exact_duplicate",
    "later_status",
    "reused_accession",
    "repeated_hour",
    "missing_hour",
    "midnight_time",
    "addendum_overwrote_first",
    "leading_zero_lost",
    "future_date",
    "year_1900",
    "unparseable_date",
    "unknown_modality",
    "unknown_class",
    "unknown_urgency",
    "unmapped_site",
    "too_few_columns",
    "too_many_columns",
    "truncated_last_line",
    "stray_quote",
    "embedded_newline",
    "undecodable_bytes",
)
FAULT = {name: i for i, name in enumerate(FAULTS)}
LINE_FAULTS = ("too_few_columns", "too_many_columns", "truncated_last_line", "stray_quote", "undecodable_bytes")
# What a fault comes to; any other is kept and flagged. Totals, footers and repeated headers are dropped.
OUTCOMES: Mapping[str, str] = {
    "exact_duplicate": "duplicate",
    "later_status": "superseded",
    "reused_accession": "quarantined",
    "future_date": "quarantined",
    "unparseable_date": "quarantined",
    "unmapped_site": "quarantined",
    **dict.fromkeys(LINE_FAULTS, "quarantined"),
}
_EVERYWHERE = (
    "report_before_exam", "exam_before_request", "missing_request", "exact_duplicate", "later_status", "reused_accession",
    "midnight_time", "addendum_overwrote_first", "future_date", "unparseable_date", "unknown_modality", "unknown_class", "unknown_urgency",
)  # fmt: skip
_LINES = ("too_few_columns", "too_many_columns", "stray_quote", "embedded_newline", "undecodable_bytes")
BY_STYLE: Mapping[p.Style, tuple[str, ...]] = {
    "cris": (*_EVERYWHERE, *_LINES, "repeated_hour", "missing_hour", "year_1900", "unmapped_site"),
    "iso_semicolon": (*_EVERYWHERE, *_LINES, "year_1900", "unmapped_site", "leading_zero_lost", "truncated_last_line"),
    "us_mdy": (*_EVERYWHERE, *_LINES, "repeated_hour", "missing_hour"),
    "split_xlsx": (*_EVERYWHERE, "leading_zero_lost"),
}
_CHANGE_YEARS = {"thornby": (2024, 2024), "east": (2026, 2025)}  # of the missing and of the repeated hour

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


class _Planter:
    """Rows of one source, and which of them are still without a fault."""

    def __init__(self, rows: Rows, source: p.Source, rng: np.random.Generator) -> None:
        self.rows, self.source, self.rng = rows, source, rng
        n = len(rows)
        rows["fault"] = np.zeros(n, dtype=np.int8)
        rows["order"] = np.arange(n, dtype=np.float64)
        self.free: Flags = np.ones(n, dtype=bool)
        self.extra: list[Rows] = []
        self.last_file = int(rows["file"].max())
        self.size = max(2, round(n * p.value("fault_share")))

    def pick(self, wanted: Flags, count: int) -> Ints:
        """Up to `count` rows that are wanted and free; they are free no longer."""
        eligible = np.flatnonzero(wanted & self.free)
        chosen = np.sort(self.rng.permutation(eligible)[:count])
        self.free[chosen] = False
        return chosen

    def mark(self, at: Ints, fault: str) -> None:
        self.rows["fault"][at] = FAULT[fault]

    def put(self, at: Ints, **columns: NDArray[Any] | int) -> None:
        for name, values in columns.items():
            self.rows[name][at] = values


def plant(rows: Rows, source: p.Source, rng: np.random.Generator) -> Rows:
    """The rows of one source with its faults, in the order in which they are written. `rows` must have `file`."""
    planter = _Planter(rows, source, rng)
    _exclude(planter)
    for fault in BY_STYLE[source.style]:
        _PLANTERS.get(fault, _text_fault)(planter, fault)
    rows["updated"] = last_change(rows)
    for more in planter.extra:
        rows = rows.plus(more)
    return rows.take(np.lexsort((rows["order"], rows["file"])))


def _exclude(x: _Planter) -> None:
    """Screening, private, research and test patients, and what was entered in error."""
    shares = p.value("excluded_share")
    n = len(x.rows)
    mammography = x.rows["kind"] == KIND["MG"]
    done = x.rows["status"] == STATUS["completed"]
    x.put(x.pick(mammography & done, round(shares["screening"] * int(mammography.sum()))), category=CATEGORY["screening"])
    for name in ("private", "research", "test_patient", "entered_in_error"):
        x.put(x.pick(done, max(2, round(shares[name] * n))), category=CATEGORY[name])


def _plain(x: _Planter) -> Flags:
    """Examinations done and reported, once, as most are."""
    rows = x.rows
    plain: Flags = (rows["status"] == STATUS["completed"]) & (rows["verified"] != NONE) & (rows["addenda"] == 0) & (rows["category"] == 0)
    return plain


def _report_before_exam(x: _Planter, fault: str) -> None:
    at = x.pick(_plain(x) & x.rows["report_required"], x.size)
    verified = _off_midnight(x.rows["end"][at] - 20 - x.rng.integers(0, 70, len(at)))
    x.put(at, verified=verified, assigned=NONE, preliminary=NONE)
    x.mark(at, fault)


def _exam_before_request(x: _Planter, fault: str) -> None:
    at = x.pick(_plain(x) & (x.rows["verified"] - x.rows["end"] > 700) & (x.rows["clock_reset"] == NONE), x.size)
    asked = _off_midnight(x.rows["end"][at] + 60 + x.rng.integers(0, 600, len(at)))
    x.put(at, requested=asked, received=asked)
    x.mark(at, fault)


def _missing_request(x: _Planter, fault: str) -> None:
    at = x.pick(_plain(x), max(2, round(p.value("missing_request_share") * len(x.rows))))
    x.put(at, requested=NONE, received=NONE)
    x.mark(at, fault)


def _exact_duplicate(x: _Planter, fault: str) -> None:
    at = x.pick(_plain(x), x.size)
    x.rows["updated"][at] = last_change(x.rows)[at]
    copies = x.rows.take(at)
    copies["fault"][:] = FAULT[fault]
    copies["order"] += 0.5
    apart = np.arange(len(copies)) % 2 == 1  # every other copy comes again with the next file
    copies["file"] = np.minimum(copies["file"] + apart, x.last_file)
    x.extra.append(copies)


def _later_status(x: _Planter, fault: str) -> None:
    rows = x.rows
    later = clock.to_local(rows["verified"]) // DAY > clock.to_local(rows["end"]) // DAY  # the last update is a date
    at = x.pick(_plain(x) & later & rows["report_required"], x.size)
    early = rows.take(at)
    for name in ("verified", "last_verified", "assigned", "preliminary"):
        early[name][:] = NONE
    early["route"][:] = early["reporter"][:] = early["report_trust"][:] = -1
    early["updated"] = early["end"].copy()
    early["fault"][:] = FAULT[fault]
    x.extra.append(early)
    moved = rows["file"][at] < x.last_file
    rows["order"][at] = np.where(moved, len(rows) + np.arange(len(at)), rows["order"][at] + 0.25)
    rows["file"][at] += moved


def _reused_accession(x: _Planter, fault: str) -> None:
    rows = x.rows
    pool = _plain(x) & (rows["exam"] == 0) & (rows["seq"] == 1)
    at = x.pick(pool, 2 * x.size)
    half = len(at) // 2
    first, second = at[:half], at[half : 2 * half]
    differ = rows["person"][first] != rows["person"][second]
    first, second = first[differ], second[differ]
    for name in ("event_no", "exam_no"):
        rows[name][second] = rows[name][first]
    x.mark(np.concatenate([first, second]), fault)


def _clock_change(x: _Planter, fault: str) -> None:
    """Move whole examinations, times and all, into the hour that happened twice, or into the one that did not."""
    rows = x.rows
    spring, autumn = _CHANGE_YEARS.get(x.source.name, (2025, 2024))
    local = clock.spring(spring) if fault == "missing_hour" else clock.autumn(autumn)
    target = int(clock.to_utc(np.array([local], dtype=np.int32))[0])
    near = np.abs(rows["end"] - target) < 40 * DAY
    at = x.pick(_plain(x) & near & (rows["end"] - rows["start"] < 20), x.size)
    end = target + 21 + x.rng.integers(0, 38, len(at))
    shift = end - rows["end"][at]
    for name in INSTANTS:
        values = rows[name][at]
        moved = values + shift
        rows[name][at] = np.where(values == NONE, NONE, _off_midnight(moved))
    rows["reference"][at] += shift.astype(np.int32)
    x.mark(at, fault)


def _midnight_time(x: _Planter, fault: str) -> None:
    rows = x.rows
    day = clock.to_local(rows["end"]) // DAY
    before = clock.to_local(rows["received"]) // DAY < day
    after = clock.to_local(rows["verified"]) // DAY > day
    same = clock.to_local(rows["start"]) // DAY == day
    at = x.pick(_plain(x) & before & after & same, x.size)
    midnight = clock.to_utc((day[at] * DAY).astype(np.int32))
    x.put(at, start=midnight, end=midnight, arrived=NONE)
    x.mark(at, fault)


def _addendum_overwrote_first(x: _Planter, fault: str) -> None:
    rows = x.rows
    later = rows["verified"] + 2000
    at = x.pick(_plain(x) & (later < as_of(rows["site"])), x.size)
    now = _off_midnight(later[at])
    x.put(at, verified=now, last_verified=now, addendum=now, addenda=1, addendum_class=1)
    x.mark(at, fault)


def _text_fault(x: _Planter, fault: str) -> None:
    """Only the mark: the text or the line is spoilt when it is written."""
    rows = x.rows
    plain = _plain(x) & (rows["exam"] == 0)  # XR Chest, whose line needs no quotes
    if fault == "truncated_last_line":
        last = np.flatnonzero(rows["file"] == x.last_file)
        keep = np.flatnonzero(x.free & plain & (rows["file"] == x.last_file))
        at = keep[-1:]
        rows["order"][at] = rows["order"][last].max() + len(rows) + x.size  # after whatever was moved behind the last row
        x.free[at] = False
        x.mark(at, fault)
        return
    count = x.size if fault not in LINE_FAULTS else min(x.size, 5)
    if fault in ("stray_quote", "embedded_newline"):  # never in one file: a quote left open would run into the other's
        plain &= rows["file"] == (0 if fault == "stray_quote" else min(1, x.last_file))
        if x.last_file == 0:
            middle = len(rows) // 2
            plain &= np.arange(len(rows)) > middle if fault == "stray_quote" else np.arange(len(rows)) < middle
        count = 1
    if fault == "leading_zero_lost":
        plain = _plain(x)
        count *= 4
    x.mark(x.pick(plain, count), fault)


def _off_midnight(utc: NDArray[np.int_]) -> NDArray[np.int32]:
    values = utc.astype(np.int32)
    return np.where(clock.to_local(values) % DAY == 0, values + 1, values).astype(np.int32)


_PLANTERS: Mapping[str, Callable[[_Planter, str], None]] = {
    "report_before_exam": _report_before_exam,
    "exam_before_request": _exam_before_request,
    "missing_request": _missing_request,
    "exact_duplicate": _exact_duplicate,
    "later_status": _later_status,
    "reused_accession": _reused_accession,
    "repeated_hour": _clock_change,
    "missing_hour": _clock_change,
    "midnight_time": _midnight_time,
    "addendum_overwrote_first": _addendum_overwrote_first,
}
