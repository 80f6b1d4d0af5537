"""Write the synthetic network: raw exports of every source, the network file and the truth about what was planted.

The same seed and size give the same bytes (within one build of zlib): gzip without a time, workbooks with a fixed one.
"""

import gzip
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from readout.errors import UsageError
from readout.metrics.scope import next_month
from readout.sample import clock, faults, national, reviews, styles
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE
from readout.sample.faults import FAULT, OUTCOMES
from readout.sample.generate import simulate
from readout.sample.reports import add_recommendations
from readout.sample.rows import CATEGORY, INSTANTS, STATUS, Array, Reporters, Rows, last_change

Progress = Callable[[float, str], None]
LEAST = 2_000  # below this a source is too small to hold its faults
XLSX_ROWS = 60_000  # a workbook is slow to write and to read
SNAPSHOT_BEFORE = datetime(2024, 1, 31, 6, tzinfo=UTC)  # the older workbook, which the newer replaces
_ENCODING = {"cris": "cp1252", "iso_semicolon": "utf-8", "us_mdy": "utf-8"}
_DELIMITER = {"cris": ",", "iso_semicolon": ";", "us_mdy": ","}
_END = {"cris": "\r\n", "iso_semicolon": "\n", "us_mdy": "\r\n"}
_UNDECODABLE = {"cris": b"\x81", "iso_semicolon": b"\xe9", "us_mdy": b"\xe9"}


@dataclass(frozen=True)
class Truth:
    """What was written and planted: the content of planted.json. `faults[fault][source]` and `records[source]` are counts."""

    out: Path
    seed: int
    exams: int
    faults: dict[str, dict[str, int]]
    records: dict[str, dict[str, Any]]
    files: dict[str, dict[str, int]]
    notable: dict[str, Any]


@dataclass(frozen=True)
class _Written:
    path: str
    records: int
    dropped: dict[str, int]
    bytes: int


def write_sample(out: Path, *, exams: int = 120_000, seed: int = 2026, progress: Progress | None = None) -> Truth:
    """Write `out/network.toml`, `out/inbox/` and `out/planted.json`: a synthetic network of `exams` examination records.

    `exams` counts records of every status before faults add theirs. `progress` is told a fraction and what is being done.
    Raises UsageError when `exams` is too small to hold every fault.
    """
    if exams < LEAST:
        raise UsageError(f"A sample of {exams} examinations is too small to hold every fault. Ask for {LEAST:,} or more.")
    tell = progress or (lambda fraction, text: None)
    streams = np.random.default_rng(seed).spawn(4 + len(p.SOURCES))
    tell(0.0, "Simulating examinations")
    rows, reporters = simulate(exams, streams[0])
    add_recommendations(rows, reporters, streams[-1])
    inbox = out / "inbox"
    counts: dict[str, dict[str, int]] = {}
    records: dict[str, dict[str, Any]] = {}
    level = 9 if exams <= 300_000 else 4
    written: dict[str, list[_Written]] = {}
    reviewed: list[reviews.Reviewed] = []
    with ThreadPoolExecutor(2) as pool:
        tell(0.15, "Writing the national return")
        national.write(inbox / "national", rows, exams, streams[1])
        for i, source in enumerate(p.SOURCES):
            tell(0.2 + 0.75 * i / len(p.SOURCES), f"Writing {source.title}")
            folder = inbox / source.name
            folder.mkdir(parents=True, exist_ok=True)
            mine = rows.take(rows["source"] == i)
            mine["file"] = _file_of(mine, source)
            clean = mine.take(mine["requested"] < clock.minute(SNAPSHOT_BEFORE)) if source.style == "split_xlsx" else None
            planted = faults.plant(mine, source, streams[2 + i])
            if clean is not None:
                _write_workbook(folder, _as_it_was(clean, SNAPSHOT_BEFORE), source, reporters, SNAPSHOT_BEFORE)
                written[source.name] = [_write_workbook(folder, planted, source, reporters)]
            else:
                written[source.name] = [job.result() for job in _write_files(folder, planted, source, reporters, level, pool)]
            _count(counts, records, planted, source, written[source.name])
            reviewed.append(reviews.review(planted, source, reporters, streams[-2]))
    spoilt, records[reviews.NAME], reviews_file = reviews.write(inbox / reviews.NAME, reviewed, streams[-2], level)
    for fault, count in spoilt.items():
        counts.setdefault(fault, {})[reviews.NAME] = count
    truth = Truth(
        out=out,
        seed=seed,
        exams=exams,
        faults=counts,
        records=records,
        files={f"inbox/{name}/{w.path}": {"records": w.records, "bytes": w.bytes} for name, ws in written.items() for w in ws}
        | {f"inbox/{reviews.NAME}/{reviews.FILE}": reviews_file},
        notable=_notable(),
    )
    (out / "network.toml").write_text(network_file(), encoding="utf-8", newline="\n")
    (out / "rebases.toml").write_text(rebases_file(), encoding="utf-8", newline="\n")
    body = {"note": "Synthetic. What was planted, for tests.", "seed": seed, "exams": exams, "notable": truth.notable}
    body |= {"faults": counts, "records": records, "files": truth.files}
    (out / "planted.json").write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8", newline="\n")
    tell(1.0, "Done")
    return truth


def _file_of(rows: Rows, source: p.Source) -> Array:
    """Which file of its source a row is in: by month of examination, or of what was booked; the odd days join the last."""
    day = clock.to_local(rows["reference"]) // DAY
    first = p.value("first_day")
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - ((first.year - 1970) * 12 + first.month - 1)
    last = max(0, 36 // source.months - 1) if source.sites[0] != p.CHANGE_SITE else 0  # the closed RIS sent one file
    out: Array = np.clip(month // source.months, 0, last).astype(np.int8)
    return out


def _write_files(folder: Path, rows: Rows, source: p.Source, reporters: Reporters, level: int, pool: ThreadPoolExecutor) -> list[Future[_Written]]:
    jobs = []
    last = int(rows["file"].max())
    for number in range(last + 1):
        part = rows.take(rows["file"] == number)
        name = f"{source.name}_{_span(number, source)}.csv.gz"
        body, records, dropped = _csv(part, source, reporters, number, last)
        jobs.append(pool.submit(_compress, folder / name, body, records, dropped, level))
    return jobs


def _span(number: int, source: p.Source) -> str:
    def month(n: int) -> str:
        return f"{2023 + (10 + n) // 12}-{(10 + n) % 12 + 1:02d}"

    last = 17 if source.name == "thornby" else min((number + 1) * source.months, 36) - 1
    last = 36 if last == 35 else last
    return f"{month(number * source.months)}_{month(last)}"


def _compress(path: Path, body: bytes, records: int, dropped: dict[str, int], level: int) -> _Written:
    data = gzip.compress(body, compresslevel=level, mtime=0)
    path.write_bytes(data)
    return _Written(path.name, records, dropped, len(data))


def _csv(rows: Rows, source: p.Source, reporters: Reporters, number: int, last: int) -> tuple[bytes, int, dict[str, int]]:
    """The bytes of one file, its records (totals and footers too) and the lines that are to be dropped."""
    style = source.style
    frame = styles.FRAMES[style](rows, source, reporters)
    encoding, delimiter, end = _ENCODING[style], _DELIMITER[style], _END[style]
    header = delimiter.join(frame.columns)
    dropped = {"total": 0, "footer": 0, "repeated_header": 0}
    spoilt = {int(i): faults.FAULTS[int(rows["fault"][i])] for i in np.flatnonzero(np.isin(rows["fault"], [FAULT[f] for f in faults.LINE_FAULTS]))}
    if number == 0 and style != "split_xlsx":
        spoilt.setdefault(len(rows) // 2, "repeated_header")
    bom = style == "iso_semicolon" and number == min(1, last)

    def text(begin: int, stop: int) -> bytes:
        part = frame.slice(begin, stop - begin).write_csv(include_header=False, separator=delimiter, line_terminator=end)
        return part.encode(encoding)

    pieces = [b"\xef\xbb\xbf"] if bom else []
    pieces.append((header + end).encode(encoding))
    done = 0
    for at in sorted(spoilt):
        pieces.append(text(done, at))
        fault = spoilt[at]
        if fault == "repeated_header":
            dropped["repeated_header"] += 1
            pieces.append((header + end).encode(encoding))
            done = at
            continue
        pieces.append(_spoilt_line(text(at, at + 1), fault, delimiter, end, _UNDECODABLE[style]))
        done = at + 1
    pieces.append(text(done, len(rows)))
    printed = f"{p.value('taken_at'):%d/%m/%Y %H:%M}"
    if style == "cris":
        pieces.append(f"TOTAL,{len(rows)}{end}Printed {printed}{end}".encode(encoding))
        dropped["total"] += 1
        dropped["footer"] += 1
    elif style == "us_mdy":
        pieces.append(f"Grand Total,{len(rows)}{end}".encode(encoding))
        dropped["total"] += 1
    elif number < last:
        pieces.append(f"# {len(rows)} records{end}".encode(encoding))
        dropped["footer"] += 1
    return b"".join(pieces), len(rows) + sum(dropped.values()), dropped


def _spoilt_line(line: bytes, fault: str, delimiter: str, end: str, undecodable: bytes) -> bytes:
    body = line.rstrip(b"\r\n")
    cut, tail = delimiter.encode(), end.encode()
    if fault == "too_few_columns":
        return body.rsplit(cut, 2)[0] + tail
    if fault == "too_many_columns":
        return body + cut + b"surplus" + tail
    if fault == "truncated_last_line":
        return body[: len(body) * 2 // 3]
    name = b"XR Chest"
    if fault == "stray_quote":
        return body.replace(name, b'"' + name, 1) + tail
    return body.replace(name, name + b" caf" + undecodable, 1) + tail


def _as_it_was(rows: Rows, at: datetime) -> Rows:
    """Rows as an export at an earlier instant would have shown them."""
    then = clock.minute(at)
    rows["fault"] = np.zeros(len(rows), dtype=np.int8)
    for name in INSTANTS:
        if name != "booked_for":
            rows[name] = np.where(rows[name] > then, NONE, rows[name]).astype(np.int32)
    gone = rows["verified"] == NONE
    for name in ("reporter", "route", "report_trust", "addendum_class", "follow_up"):
        rows[name] = np.where(gone, -1, rows[name]).astype(rows[name].dtype)
    rows["addenda"] = np.where(rows["addendum"] == NONE, 0, rows["addenda"]).astype(np.int8)
    unseen = rows["end"] == NONE
    back = unseen & np.isin(rows["status"], [STATUS["completed"], STATUS["did_not_attend"]])
    back |= (rows["status"] == STATUS["cancelled"]) & (rows["cancelled"] == NONE)
    rows["status"] = np.where(back, STATUS["booked"], rows["status"]).astype(np.int8)
    rows["updated"] = last_change(rows)
    return rows


# Columns of the workbook written as real cells; every other is text. A format is made once a workbook.
_DATE_CELLS = ("Birth Date", "Request Date", "Exam Date")
_TIME_CELLS = ("Request Time", "Report Time")
_NUMBER_CELLS = ("Addenda",)


def _write_workbook(folder: Path, rows: Rows, source: p.Source, reporters: Reporters, at: datetime | None = None) -> _Written:
    """The one source that sends a workbook: title, blank row, header on row 5, total and printed lines below."""
    import xlsxwriter

    taken: datetime = at or p.value("lagging_taken_at")
    if len(rows) > XLSX_ROWS + 1_000:
        rows = rows.take(np.arange(XLSX_ROWS))
    frame = styles.split_xlsx(rows, source, reporters)
    path = folder / f"{source.name}_{taken:%Y-%m-%d}.xlsx"
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": taken.replace(tzinfo=None), "title": source.title, "author": "Synthetic"})
    sheet = book.add_worksheet("Activity")
    formats = {c: book.add_format({"num_format": "dd/mm/yyyy"}) for c in _DATE_CELLS} | {c: book.add_format({"num_format": "hh:mm"}) for c in _TIME_CELLS}
    for r, line in enumerate((source.title, "Radiology activity, all examinations", f"Run {taken:%d/%m/%Y %H:%M}")):
        sheet.write_string(r, 0, line)
    for c, name in enumerate(frame.columns):
        sheet.write_string(4, c, name)
    epoch = pl.date(1899, 12, 30)
    cells = frame.with_columns(
        *((pl.col(c).str.to_date("%Y-%m-%d") - epoch).dt.total_days().alias(c) for c in _DATE_CELLS),
        *(((pl.col(c).str.slice(0, 2).cast(pl.Float64) * 60 + pl.col(c).str.slice(3, 2).cast(pl.Float64)) / 1440).alias(c) for c in _TIME_CELLS),
        *(pl.col(c).cast(pl.Int64) for c in _NUMBER_CELLS),
    )
    kinds = [formats.get(c) for c in frame.columns]
    classes = frame.columns.index("Class")
    for r, record in enumerate(cells.iter_rows(), start=5):
        for c, cell in enumerate(record):
            if cell is None:
                continue
            if isinstance(cell, str):
                if c == classes and len(cell) == 1:  # the leading zero lost: a number now
                    sheet.write_number(r, c, int(cell))
                else:
                    sheet.write_string(r, c, cell)
            else:
                sheet.write_number(r, c, cell, kinds[c])
    below = 5 + len(rows)
    sheet.write_string(below, 0, "Total")
    sheet.write_number(below, 1, len(rows))
    sheet.write_string(below + 1, 0, f"Printed {taken:%d/%m/%Y %H:%M}")
    book.close()
    return _Written(path.name, len(rows) + 2, {"total": 1, "footer": 1, "repeated_header": 0}, path.stat().st_size)


def _count(counts: dict[str, dict[str, int]], records: dict[str, dict[str, Any]], rows: Rows, source: p.Source, written: list[_Written]) -> None:
    """Add one source to the truth: faults as they stand in its files, and what its records should come to."""
    found = dict(zip(faults.FAULTS, np.bincount(rows["fault"], minlength=len(faults.FAULTS)).tolist(), strict=True))
    found.pop("")
    twice = np.zeros(len(rows), dtype=bool)
    for name in styles.LOCAL_INSTANTS[source.style]:
        twice |= (rows[name] != NONE) & clock.in_repeated_hour(clock.to_local(rows[name]))
    found["repeated_hour"] = int(twice.sum())  # planted and natural
    if styles.LOCAL_INSTANTS[source.style]:  # read as its second occurrence, an instant of the first comes an hour late
        seen = {n: clock.to_utc(clock.to_local(rows[n])) for n in ("received", "end", "verified")}
        usual = (rows["category"] == 0) & (rows["end"] != NONE) & ~np.isin(rows["fault"], [FAULT[f] for f in OUTCOMES])
        late = usual & (seen["received"] > seen["end"]) & (rows["fault"] != FAULT["exam_before_request"])
        early = usual & (seen["verified"] != NONE) & (seen["verified"] < seen["end"]) & (rows["fault"] != FAULT["report_before_exam"])
        found["exam_before_request"] += int(late.sum())
        found["report_before_exam"] += int(early.sum())
    found["byte_order_mark"] = int(source.style == "iso_semicolon")
    for kind in ("total", "footer", "repeated_header"):
        found[f"{kind}_line"] = sum(w.dropped[kind] for w in written)
    again = np.isin(rows["fault"], [FAULT["exact_duplicate"], FAULT["later_status"]])
    found["multi_exam_event"] = int(((rows["seq"] == 2) & ~again).sum())
    excluded = {name: int((rows["category"] == code).sum()) for name, code in CATEGORY.items() if name}
    for name, n in {**found, **{f"excluded_{k}": v for k, v in excluded.items()}}.items():
        if n:
            counts.setdefault(name, {})[source.name] = n
    outcome = {o: sum(found[f] for f, to in OUTCOMES.items() if to == o) for o in ("duplicate", "superseded", "quarantined")}
    read = sum(w.records for w in written)
    dropped = sum(sum(w.dropped.values()) for w in written)
    kept = len(rows) - sum(excluded.values()) - sum(outcome.values())
    records[source.name] = {"read": read, "kept": kept, **outcome, "excluded": excluded, "dropped": dropped}


def _notable() -> dict[str, Any]:
    change = p.RIS_CHANGE.isoformat()
    code, begin, stop = p.SCANNER_FAILURE
    return {
        "tail_site": p.TAIL_SITE,
        "tail_modality": "XR",
        "tail_from": "2026-03",
        "case_mix_site": p.CASE_MIX_SITE,
        "exemplar_site": p.EXEMPLAR_SITE,
        "bulk_site": p.BULK_SITE,
        "lagging_site": p.LAGGING_SITE,
        "ris_change": {"site": p.CHANGE_SITE, "date": change, "from": "thorn", "to": "east", "sources": ["thornby", "east"]},
        "renamed_site": {"site": p.RENAMED_SITE, "date": p.RENAMED_ON.isoformat(), "from": p.RENAMED_FROM, "to": p.RENAMED_TO},
        "scanner_failure": {"site": code, "scanner": "CT2", "from": begin.isoformat(), "to": stop.isoformat()},
        "outlier_reporter": {"id": p.OUTLIER_REPORTER, "home_trust": p.TRUSTS[0][0], "addendum_pct": p.value("outlier_addendum_share")},
        "supplier": p.SUPPLIER,
        "reviewed_reporter": {"id": p.REVIEWED_REPORTER, "from": p.REVIEWED_FROM.isoformat()},
        "still_arriving_site": p.CASE_MIX_SITE,
        "replaced_file": f"inbox/penwick/penwick_{SNAPSHOT_BEFORE:%Y-%m-%d}.xlsx",
        "region_change": national.REGION_CHANGE,
    }


def rebases_file() -> str:
    """New limits where the RIS of one site changed."""
    site = next(s for s in p.SITES if s.code == p.CHANGE_SITE)
    lines = [
        "# Months from which control charts have new limits, with the reason, who decided it and when. Without metrics: all; without sites: the",
        "# network and every site.",
        "",
        "[[rebase]]",
        f"month = {next_month(p.RIS_CHANGE)}",
        f'sites = ["{site.code}"]',
        f'reason = "{site.name.split()[0]} moved to the Eastholme RIS in {p.RIS_CHANGE:%B %Y}; times before and after are recorded differently"',
        'who = "Network analyst"',
        f"when = {next_month(next_month(next_month(p.RIS_CHANGE))).replace(day=14)}",
    ]
    return "\n".join(lines) + "\n"


def network_file() -> str:
    """The network file of the sample, as text."""
    taken, lagging = (f"{p.value(n):%Y-%m-%dT%H:%M:%SZ}" for n in ("taken_at", "lagging_taken_at"))
    lines = [
        "# The sample network: fictional hospitals, synthetic examinations. Written by `readout sample`.",
        "",
        "[network]",
        'code = "NIN"',
        'name = "Northshire Imaging Network"',
        'time_zone = "Europe/London"',
        'nation = "england"',
        "synthetic = true",
    ]
    for site in p.SITES:
        ris = "thorn" if site.code == p.CHANGE_SITE else next(s.ris for s in p.SOURCES if site.code in s.sites)
        trust, name = p.TRUSTS[site.trust]
        lines += ["", "[[site]]", f'code = "{site.code}"', f'name = "{site.name}"', f'trust_code = "{trust}"', f'trust_name = "{name}"']
        lines += [f'ris_code = "{ris}"', f'open = {{ weekdays = "{site.open}" }}']
        if site.code == p.RENAMED_SITE:
            lines += ["", "[[site.history]]", f"from = {p.RENAMED_ON}", f'name = "{p.RENAMED_TO}"']
        if site.code == p.CHANGE_SITE:
            lines += ["", "[[site.history]]", f"from = {p.RIS_CHANGE}", 'ris_code = "east"']
    for source in p.SOURCES:
        pattern = "*.xlsx" if source.style == "split_xlsx" else "*.csv*"
        lines += ["", "[[source]]", f'name = "{source.name}"', 'table = "exam"', f'adapter = "{source.style}"']
        lines += [f'path = "inbox/{source.name}/{pattern}"', f'ris_code = "{source.ris}"']
        lines += [
            f'mode = "{"snapshot" if source.style == "split_xlsx" else "append"}"',
            'cut_by = "exam"',
            f"usual_lag_days = {source.lag_days}",
            f"covers_from = {p.value('first_day')}",
        ]
        lines += [f"taken_at = {lagging if p.LAGGING_SITE in source.sites else taken}"]
        lines += ['reporter_issuer = "NIN"  # reporters have one number in the whole network']
        written = ("exam_start_at", "exam_end_at") if source.style == "iso_semicolon" else ("exam_end_at",)
        dates = ", ".join(f'{name} = "date"' for name in written)
        lines += [f"midnight = {{ {dates} }}  # these systems write 00:00 where they know no time, and never for a time"]
        if source.style in ("us_mdy", "split_xlsx"):
            lines += ["", "[source.constants]", f'site_code = "{source.sites[0]}"']
        else:
            lines += ["", "[source.values.site_code]"]
            known = {s.local_name: s.code for s in p.SITES if s.code in source.sites}
            if p.RENAMED_SITE in source.sites:
                known[p.RENAMED_FROM] = p.RENAMED_SITE
            lines += [f'"{local}" = "{code}"' for local, code in known.items()]
    lines += ["", "[[source]]", 'name = "national"', 'table = "national_wait"', 'adapter = "dm01"', 'path = "inbox/national/*"']
    lines += reviews.network_entry()
    code, begin, stop = p.SCANNER_FAILURE
    settled: date = p.RIS_CHANGE + timedelta(days=13)
    lines += ["", "[[supplier]]", f'code = "{p.SUPPLIER}"', f'name = "{p.SUPPLIER_NAME}"']
    lines += ["", "[[annotation]]", 'title = "Thornby changed its RIS"']
    lines += ['text = "Thornby Hospital moved to the Eastholme RIS: accessions, exports and status codes differ before and after."']
    lines += [
        f"from = {p.RIS_CHANGE}",
        f"to = {settled}",
        f'sites = ["{p.CHANGE_SITE}"]',
        'metrics = ["activity", "exam_to_report", "within_28_days"]',
    ]
    lines += ["", "[[annotation]]", 'title = "CT scanner failure"']
    lines += ['text = "One CT scanner of Northshire General was out of use; part of its scheduled work was lost."']
    lines += [f"from = {begin}", f"to = {stop}", f'sites = ["{code}"]', 'modalities = ["CT"]', 'metrics = ["activity", "request_to_exam"]']
    return "\n".join(lines) + "\n"
