"""The synthetic network: same bytes from the same seed, aggregates near their anchors, every fault where the truth says."""

import csv
import gzip
import hashlib
import json
import re
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from readout import schema
from readout.errors import UsageError
from readout.ingest.adapter import Adapter, load_adapter
from readout.sample import Truth, clock, faults, generate, reviews, volumes, write_sample
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE
from readout.sample.rows import CLASS_GROUP, INSTANTS, KIND, SITE, SOURCE, STATUS, WAIT, Rows, as_of

MODERATE = 60_000
WRITTEN = 40_000


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Truth:
    return write_sample(tmp_path_factory.mktemp("sample"), exams=WRITTEN, seed=2026)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return generate.simulate(MODERATE, np.random.default_rng(11))[0]


@pytest.fixture(scope="module")
def files(sample: Truth) -> dict[str, "Export"]:
    """The delimited exports, read back by a reader that shares nothing with the writer."""
    return {s.name: Export(sample.out, s) for s in p.SOURCES if s.style != "split_xlsx"}


class Export:
    """One source as text: records that have the right number of fields, those that have not, and lines to be dropped."""

    def __init__(self, out: Path, source: p.Source) -> None:
        self.adapter: Adapter = load_adapter(source.style, out)
        fmt = self.adapter.file
        encoding, cut, end = fmt.encoding, fmt.delimiter, "\n" if source.style == "iso_semicolon" else "\r\n"
        self.records: list[dict[str, str]] = []
        self.wrong: Counter[str] = Counter()
        self.dropped = 0
        self.n = 0
        self.boms = 0
        for path in sorted((out / "inbox" / source.name).glob("*.csv.gz")):
            data = gzip.decompress(path.read_bytes())
            self.boms += data.startswith(b"\xef\xbb\xbf")
            data = data.removeprefix(b"\xef\xbb\xbf")
            self.wrong["truncated_last_line"] += not data.endswith(end.encode())
            header, *lines = data.split(end.encode())
            names = header.decode(encoding).split(cut)
            for line in self._whole(lines, end.encode(), cut.encode(), len(names)):
                self.n += 1
                try:
                    text = line.decode(encoding)
                except UnicodeDecodeError:
                    self.wrong["undecodable_bytes"] += 1
                    continue
                if fmt.footer_pattern and re.search(fmt.footer_pattern, text):
                    self.dropped += 1
                    continue
                if text.count('"') % 2:
                    self.wrong["stray_quote"] += 1
                    continue
                fields = next(csv.reader(StringIO(text, newline=""), delimiter=cut))
                if len(fields) != len(names):
                    self.wrong["too_few_columns" if len(fields) < len(names) else "too_many_columns"] += 1
                    continue
                self.records.append(dict(zip(names, fields, strict=True)))
        self.wrong["too_few_columns"] -= self.wrong["truncated_last_line"]

    @staticmethod
    def _whole(lines: list[bytes], end: bytes, cut: bytes, width: int) -> Iterator[bytes]:
        """Physical lines, joined where a quoted field runs over two."""
        held: bytes | None = None
        for line in lines:
            if held is not None:
                if line.count(b'"') % 2 and (held + line).count(cut) == width - 1:
                    yield held + end + line
                    held = None
                    continue
                yield held
                held = None
            if line.count(b'"') % 2 and line.count(cut) < width - 1:
                held = line
            elif line:
                yield line
        if held:
            yield held

    def column(self, canonical: str) -> list[str]:
        source = self.adapter.columns[canonical]
        if source.time is None:
            return [r[source.name] for r in self.records]
        return [f"{r[source.name]} {r[source.time]}".strip() for r in self.records]

    def instants(self, canonical: str) -> list[datetime | None]:
        return [self._instant(v) for v in self.column(canonical)]

    def _instant(self, value: str) -> datetime | None:
        for pattern in self.adapter.file.date_formats:
            try:
                return datetime.strptime(value, pattern).replace(tzinfo=None)
            except ValueError:
                continue
        return None


def digest(folder: Path) -> dict[str, str]:
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.rglob("*")) if f.is_file()}


def planted(sample: Truth, fault: str, source: str) -> int:
    return sample.faults.get(fault, {}).get(source, 0)


# --- the same bytes, the files, the network file -----------------------------------------------------------------------


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    said: list[float] = []
    write_sample(tmp_path / "a", exams=2_500, seed=7, progress=lambda fraction, text: said.append(fraction))
    write_sample(tmp_path / "b", exams=2_500, seed=7)
    write_sample(tmp_path / "c", exams=2_500, seed=8)
    a, b, c = (digest(tmp_path / n) for n in "abc")
    assert a == b
    assert a.keys() == c.keys()
    assert {n for n in a if a[n] == c[n]} == {"network.toml", "rebases.toml", "inbox/national/dim_Provider.csv", "inbox/national/dim_Region.csv"}
    assert said == sorted(said) and said[-1] == 1.0


def test_a_sample_too_small_for_its_faults_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="too small"):
        write_sample(tmp_path, exams=100)


def test_truth_is_written_as_it_is_returned(sample: Truth) -> None:
    told = json.loads((sample.out / "planted.json").read_text("utf-8"))
    assert told["faults"] == sample.faults
    assert told["records"] == sample.records
    for name, about in told["files"].items():
        assert (sample.out / name).stat().st_size == about["bytes"]


def test_the_committed_size_stays_small(sample: Truth) -> None:
    raw = sum(f.stat().st_size for f in sample.out.rglob("*") if f.is_file())
    national = sum(f.stat().st_size for f in (sample.out / "inbox" / "national").iterdir())
    assert (raw - national) * (120_000 / WRITTEN) + national < 5_250_000  # small files compress a little worse


def test_network_file_names_what_is_there(sample: Truth) -> None:
    network = tomllib.loads((sample.out / "network.toml").read_text("utf-8"))
    assert network["network"]["synthetic"] is True
    assert {s["code"] for s in network["site"]} == set(p.SITE_CODES)
    assert len({s["trust_code"] for s in network["site"]}) == 4
    changes = {s["code"]: s["history"] for s in network["site"] if "history" in s}
    assert changes["ZN402"] == [{"from": p.RIS_CHANGE, "ris_code": "east"}]
    assert changes["ZN102"] == [{"from": p.RENAMED_ON, "name": p.RENAMED_TO}]
    lagging = []
    for source in network["source"]:
        assert list(sample.out.glob(source["path"])), source["path"]
        if source["table"] == "exam":
            load_adapter(source["adapter"], sample.out)
            assert source["cut_by"] == "exam"
            lagging += [source["name"]] * (source["taken_at"] == p.value("lagging_taken_at"))
    assert lagging == ["penwick"]
    assert [s["mode"] for s in network["source"] if s["name"] == "penwick"] == ["snapshot"]
    for a in network["annotation"]:
        assert a["from"] <= a["to"] and a["title"] and a["text"] and set(a["sites"]) <= set(p.SITE_CODES) and a["metrics"]


def test_adapters_map_columns_that_the_exports_have(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        assert set(export.adapter.required()) <= set(export.records[0]), name
    adapter = load_adapter("split_xlsx", sample.out)
    book = pl.read_excel(sample.out / "inbox/penwick/penwick_2026-10-28.xlsx", sheet_name="Activity", read_options={"header_row": 4}, infer_schema_length=0)
    assert set(adapter.required()) <= set(book.columns)
    first = book["Accession"].to_list()
    assert first[-2] == "Total" and first[-1].startswith("Printed")
    assert len(book) == sample.records["penwick"]["read"]


def test_every_code_but_the_unknown_ones_is_mapped(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        for canonical, fault in (("modality", "unknown_modality"), ("patient_class", "unknown_class"), ("urgency", "unknown_urgency")):
            known = {**{c: c for c in schema.INPUTS[canonical].codes}, **export.adapter.values.get(canonical, {})}
            digits = export.adapter.pad.get(canonical, 0)
            unknown = sum(v.zfill(digits) not in known for v in export.column(canonical))
            assert unknown == planted(sample, fault, name), (name, canonical)
        for canonical in ("status", "reporting_route", "reporter_role", "wait_category", "addendum_class", "is_report_required"):
            known = {**{c: c for c in schema.INPUTS[canonical].codes}, **export.adapter.values.get(canonical, {})}
            assert set(export.column(canonical)) - {"", "Entered in error", "ERR"} <= set(known), (name, canonical)


# --- nothing that could be real ----------------------------------------------------------------------------------------


def raw_texts(out: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(out.rglob("*")):
        if path.suffix == ".gz":
            yield path.name, gzip.decompress(path.read_bytes()).decode("latin-1")
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                yield path.name, "\n".join(book.read(n).decode() for n in book.namelist())
        elif path.is_file():
            yield path.name, path.read_text("utf-8")


def is_national(number: str) -> bool:
    """Whether ten digits pass the modulus-11 check."""
    check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(number[:9])) % 11
    return check != 10 and check % 11 == int(number[9])


def test_check_digit_of_a_known_test_number() -> None:
    assert is_national("9434765919") and not is_national("9434765918")


def test_no_number_that_a_patient_could_hold(sample: Truth) -> None:
    seen = 0
    for name, text in raw_texts(sample.out):
        for number in set(re.findall(r"(?<![\d.])\d{10}(?!\d)", text)) | {"".join(m) for m in re.findall(r"(?<!\d)(\d{3})[ -](\d{3})[ -](\d{4})(?!\d)", text)}:
            seen += 1
            assert number.startswith("999") or not is_national(number), (name, number)
    assert seen > 2_000


def test_numbers_past_the_test_range_fail_their_check() -> None:
    from readout.sample.styles import national_numbers

    person = np.array([0, 999_999, 1_000_000, 1_234_567, 2_999_999])
    numbers = national_numbers(person).to_list()
    assert len(set(numbers)) == 5 and all(len(n) == 10 for n in numbers)
    assert all(n.startswith("999") or not is_national(n) for n in numbers)


def test_no_postcode_and_accessions_are_short(sample: Truth, files: dict[str, Export]) -> None:
    for name, text in raw_texts(sample.out):
        if not name.endswith(".xlsx"):
            assert not re.search(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b", text), name
    for export in files.values():
        assert all(re.fullmatch(r"[A-Z]\d{6,7}", a) for a in export.column("accession"))
    surnames = {r["Surname"] for r in files["north"].records}
    assert surnames == {"", "ZZZTEST"}


def test_nothing_happens_after_its_export(rows: Rows) -> None:
    end = as_of(rows["site"])
    for name in INSTANTS:
        if name != "booked_for":
            assert (rows[name] <= end).all(), name


# --- anchors -----------------------------------------------------------------------------------------------------------


def done(rows: Rows) -> np.ndarray:
    return rows["status"] == STATUS["completed"]


def days(rows: Rows, name: str) -> np.ndarray:
    return clock.to_local(rows[name]) // DAY


def test_every_parameter_has_a_unit_and_a_source() -> None:
    assert len(p.TABLE) > 40
    for parameter in p.TABLE.values():
        assert parameter.unit and parameter.source, parameter.name
    assert sum(p.value("modality_mix").values()) == pytest.approx(100)
    assert sum(s.share for s in p.SITES) == pytest.approx(1)


def test_modality_mix(rows: Rows) -> None:
    share = np.bincount(rows["kind"][done(rows)], minlength=len(p.KINDS)) / done(rows).sum() * 100
    wanted = p.value("modality_mix")
    for i, kind in enumerate(p.KINDS):
        assert share[i] == pytest.approx(wanted[kind], abs=0.8 if wanted[kind] > 5 else 0.35), kind


def test_volume_follows_working_days_growth_and_december() -> None:
    """The intensities themselves, without the noise of a draw."""
    cal = volumes.calendar()
    weights = volumes.weights_by_site()
    by_group = np.stack([weights[:, :, g == CLASS_GROUP].sum((0, 2)) for g in range(3)], axis=1)
    volume = volumes.day_weights(cal, np.random.default_rng(1), by_group)
    month = cal.month - cal.month[0]
    working = np.bincount(month, cal.working)[:36]
    everything = np.zeros(36)
    for kind, anchor in {"XR": 0.98, "CT": 1.03, "MR": 0.96, "US": 0.91}.items():
        k = KIND[kind]
        total = np.bincount(month, (by_group[k][:, None] * volume[k]).sum(0))[:36]
        everything += total / total.sum() * p.value("modality_mix")[kind]
        per_day = total / working
        level = per_day / (1 + p.value("growth")[kind]) ** (np.arange(36) / 12)  # December beside a year without its growth
        december = np.mean([level[12 * y + 1] / level[12 * y : 12 * y + 12].mean() for y in range(3)])
        assert december == pytest.approx(anchor, abs=0.035), kind
        years = per_day.reshape(3, 12).sum(1)
        growth = years[1:] / years[:-1] - 1
        low, high = {"XR": (-0.02, 0.02), "CT": (0.08, 0.11), "MR": (0.08, 0.11), "US": (0.0, 0.06)}[kind]
        assert low - 0.01 <= growth.mean() <= high + 0.01, kind
    raw = everything / np.repeat(everything.reshape(3, 12).mean(1), 12)
    assert raw.min() > 0.84 and raw.max() < 1.13
    per_day = everything / working
    per_day /= np.repeat(per_day.reshape(3, 12).mean(1), 12)
    assert per_day.min() > 0.93 and per_day.max() < 1.06


def test_waits_from_request_to_examination(rows: Rows) -> None:
    wait = days(rows, "end") - days(rows, "received")
    counted = done(rows) & (rows["wait"] != WAIT["planned"])
    for kind, (low, high) in {
        "XR": (0, 0),
        "FL": (0, 0),
        "CT": (0, 2),
        "PT": (6, 10),
        "US": (13, 16),
        "NM": (16, 24),
        "MR": (19, 26),
    }.items():
        assert low <= np.median(wait[counted & (rows["kind"] == KIND[kind])]) <= high, kind
    ct = counted & (rows["kind"] == KIND["CT"])
    assert np.mean(wait[ct] == 0) > 0.4 and np.mean(wait[ct] > 7) > 0.25  # two humps: same day, and weeks


def test_waiting_over_six_weeks(rows: Rows) -> None:
    ended = np.where(rows["start"] != NONE, rows["start"], np.where(rows["cancelled"] != NONE, rows["cancelled"], 2**30))
    ended = np.where(rows["status"] == STATUS["did_not_attend"], rows["booked_for"], ended)
    shares, by_site = [], np.zeros((len(p.SITES), 2))
    for year, month in ((2024, 4), (2024, 10), (2025, 4), (2025, 10), (2026, 4), (2026, 10)):
        at = clock.day_number(date(year, month, 1)) * DAY
        waiting = (rows["wait"] == WAIT["waiting_list"]) & (rows["received"] < at) & (ended >= at)
        six = waiting & (at - rows["received"] >= 42 * DAY)
        shares.append(six.sum() / waiting.sum())
        by_site += np.stack([np.bincount(rows["site"][w], minlength=len(p.SITES)) for w in (six, waiting)], axis=1)
    assert np.mean(shares) == pytest.approx(0.23, abs=0.035)
    site = by_site[:, 0] / by_site[:, 1]
    assert site.min() < 0.12 and 0.30 < site.max() < 0.51


def test_reports_after_28_days(rows: Rows) -> None:
    until = np.where(rows["verified"] == NONE, as_of(rows["site"]), rows["verified"])
    age = clock.to_local(until.astype(np.int32)) // DAY - days(rows, "end")
    mature = done(rows) & rows["report_required"] & (clock.to_local(as_of(rows["site"])) // DAY - days(rows, "end") > 28)
    late = age > 28
    assert late[mature].mean() == pytest.approx(0.016, abs=0.004)
    scans = mature & np.isin(rows["kind"], [KIND[k] for k in ("CT", "MR", "NM", "PT")])
    assert late[scans].mean() == pytest.approx(0.028, abs=0.007)
    by_site = np.array([late[mature & (rows["site"] == s)].mean() for s in range(len(p.SITES)) if p.SITES[s].share > 0.05])
    assert by_site.max() > 2 * np.sort(by_site)[1]
    assert by_site.argmin() == [s.code for s in p.SITES if s.share > 0.05].index(p.EXEMPLAR_SITE)
    emergency = mature & (rows["class"] == p.CLASSES.index("05"))
    assert 0.001 < late[emergency].mean() < 0.015


def test_did_not_attend_and_out_of_hours(rows: Rows) -> None:
    outpatient = np.isin(rows["class"], [2, 3]) & (rows["booked_for"] != NONE) & np.isin(rows["status"], [2, 4])
    for s, site in enumerate(p.SITES):
        share = np.mean(rows["status"][outpatient & (rows["site"] == s)] == STATUS["did_not_attend"])
        if site.share > 0.05:
            assert 0.024 < share < 0.08, site.code
    local = clock.to_local(rows["start"])
    day, minute = local // DAY, local % DAY
    holiday = np.isin(day, clock.bank_holidays(clock.day_number(date(2023, 11, 1)), clock.day_number(date(2026, 11, 3))))
    outside = (clock.weekday(day) >= 5) | holiday | (minute < 8 * 60) | (minute >= 18 * 60)
    share = {k: outside[done(rows) & (rows["kind"] == KIND[k])].mean() for k in p.KINDS}
    assert max(share, key=lambda k: share[k]) == "CT"
    assert 0.3 < share["CT"] < 0.5


def test_addenda_and_the_outlier(rows: Rows) -> None:
    reported = rows["verified"] != NONE
    amended = rows["addenda"] > 0
    for kind in ("CT", "MR", "US"):
        assert 0.009 < amended[reported & (rows["kind"] == KIND[kind])].mean() < 0.019, kind
    rest = reported & ~np.isin(rows["kind"], [KIND[k] for k in ("CT", "MR", "US")])
    assert amended[rest].mean() == pytest.approx(0.0035, abs=0.0015)
    _, reporters = generate.simulate(5_000, np.random.default_rng(3))
    mine = rows["reporter"] == reporters.ids.index(p.OUTLIER_REPORTER)
    assert mine.sum() > 300
    assert amended[mine].mean() == pytest.approx(0.06, abs=0.006)


def test_the_tail_grows_while_reported_only_looks_no_worse(rows: Rows) -> None:
    films = done(rows) & rows["report_required"] & (rows["site"] == SITE[p.TAIL_SITE]) & (rows["kind"] == KIND["XR"])
    reported = rows["verified"] != NONE
    took = rows["verified"] - rows["end"]
    day = days(rows, "end")

    def part(first: date, last: date) -> tuple[float, float]:
        flag = films & (day >= clock.day_number(first)) & (day <= clock.day_number(last))
        return float(np.quantile(took[flag & reported], 0.9)), float(1 - reported[flag].mean())

    before, none = part(date(2025, 3, 1), date(2026, 2, 28))
    naive, left = part(date(2026, 6, 1), date(2026, 9, 30))
    assert naive <= before * 1.02
    assert none < 0.01 and left > 0.08
    others = done(rows) & rows["report_required"] & (rows["site"] != SITE[p.TAIL_SITE]) & ~reported & (as_of(rows["site"]) - rows["end"] > 10 * DAY)
    mine = films & ~reported & (as_of(rows["site"]) - rows["end"] > 10 * DAY)
    assert mine.sum() > others.sum()


def test_case_mix_site_differs_in_mix_and_is_average_within_strata(rows: Rows) -> None:
    here = rows["site"] == SITE[p.CASE_MIX_SITE]
    acute = np.isin(rows["class"], [0, 4])
    assert acute[here].mean() > acute[~here].mean() + 0.1
    ok = done(rows) & rows["report_required"] & (rows["verified"] != NONE)
    took = np.log(np.maximum(rows["verified"] - rows["end"], 1))
    gaps, sizes = [], []
    for kind in ("XR", "CT", "MR"):
        for group in range(3):
            flag = ok & (rows["kind"] == KIND[kind]) & (rows["group"] == group)
            peers = flag & ~here & (rows["site"] != SITE[p.EXEMPLAR_SITE])
            gaps.append(np.median(took[flag & here]) - np.median(took[peers]))
            sizes.append((flag & here).sum())
    assert abs(np.average(gaps, weights=sizes)) < 0.08


def test_routes_patients_and_events(rows: Rows) -> None:
    obstetric = done(rows) & (rows["kind"] == KIND["UO"])
    assert not rows["report_required"][obstetric].any()
    routes = np.bincount(rows["route"][rows["route"] >= 0], minlength=4) / (rows["route"] >= 0).sum()
    assert (routes > 0.015).all() and routes[0] > 0.75
    assert len(np.unique(rows["person"])) < len(rows) / 2
    assert 0.05 < np.mean(rows["seq"] > 1) < 0.2
    source = rows["source"] == SOURCE["thornby"]
    assert (rows["site"][source] == SITE[p.CHANGE_SITE]).all() and (rows["site"] == SITE[p.CHANGE_SITE]).sum() > source.sum()
    assert (rows["wait"] == WAIT["planned"]).mean() > 0.01
    assert (rows["cancelled"] != NONE).mean() == pytest.approx((rows["cancel_reason"] >= 0).mean())


# --- faults ------------------------------------------------------------------------------------------------------------


def test_every_fault_is_planted_somewhere(sample: Truth) -> None:
    wanted = set(faults.FAULTS[1:]) | {"byte_order_mark", "total_line", "footer_line", "repeated_header_line", "multi_exam_event"}
    wanted |= {f"excluded_{k}" for k in ("screening", "private", "research", "test_patient", "entered_in_error")}
    assert set(sample.faults) == wanted | set(reviews.FAULTS)


def test_spoilt_lines_and_dropped_lines_add_up(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        for fault in faults.LINE_FAULTS:
            assert export.wrong[fault] == planted(sample, fault, name), (name, fault)
        told = sample.records[name]
        assert export.boms == planted(sample, "byte_order_mark", name)
        assert export.n == told["read"]
        assert export.dropped == told["dropped"]
        assert told["read"] == told["kept"] + told["duplicate"] + told["superseded"] + told["quarantined"] + told["dropped"] + sum(told["excluded"].values())


def test_exclusions_are_found_by_the_adapters(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        found = Counter(e.name for r in export.records for e in export.adapter.exclude if re.search(e.pattern, r[e.column]))
        assert found == {k: n for k, n in sample.records[name]["excluded"].items() if n}, name


def test_faults_of_time(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        received, end, verified, addendum = (export.instants(c) for c in ("received_at", "exam_end_at", "first_verified_at", "first_addendum_at"))
        # read as they stand, as local clocks: what the missing hour was sent as comes an hour too early
        lost = planted(sample, "missing_hour", name)
        before = sum(bool(e and v and e.year < 2030 and v < e) for v, e in zip(verified, end, strict=True))
        assert before == planted(sample, "report_before_exam", name), name
        asked = sum(bool(e and x and x > e) for e, x in zip(end, received, strict=True))
        assert planted(sample, "exam_before_request", name) <= asked <= planted(sample, "exam_before_request", name) + lost, name
        assert sum(x == "" for x in export.column("received_at")) == planted(sample, "missing_request", name)
        midnight = sum(bool(e and (e.hour, e.minute) == (0, 0)) for e in end)
        assert midnight == planted(sample, "midnight_time", name), name
        overwritten = sum(bool(a and v and a == v) for a, v in zip(addendum, verified, strict=True))
        assert overwritten == planted(sample, "addendum_overwrote_first", name)
        assert sum(bool(e and e.year >= 2030) for e in end) == planted(sample, "future_date", name)
        assert sum(bool(x and x.year == 1900) for x in received) == planted(sample, "year_1900", name)
        unread = sum(bool(text) and v is None for text, v in zip(export.column("first_verified_at"), verified, strict=True))
        assert unread == planted(sample, "unparseable_date", name)


def test_faults_of_the_clock_change(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        if export.adapter.name == "iso_semicolon":
            offsets = {v[19:] for c in ("exam_end_at", "first_verified_at") for v in export.column(c) if v}
            assert offsets == {"+01:00", "+00:00", "Z"}
            continue
        instants = [c for c in export.adapter.columns if c in schema.INSTANTS]
        inside = [False] * len(export.records)
        for c in instants:
            for i, v in enumerate(export.instants(c)):
                if v and v.month == 10 and v.hour == 1:
                    minutes = np.array([int((v - datetime(1970, 1, 1)).total_seconds()) // 60], dtype=np.int32)
                    inside[i] |= bool(clock.in_repeated_hour(minutes)[0])
        assert sum(inside) == planted(sample, "repeated_hour", name), name
        springs = {clock.spring(y) for y in range(2023, 2028)}
        lost = sum(
            bool(e and e.month == 3 and e.hour == 1 and int((e.replace(minute=0) - datetime(1970, 1, 1)).total_seconds()) // 60 in springs)
            for e in export.instants("exam_end_at")
        )
        assert lost == planted(sample, "missing_hour", name) > 0


def test_faults_of_keys(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        adapter = export.adapter
        names = [adapter.columns[c].name for c in ("accession", "exam_seq", "exam_code") if c in adapter.columns]
        names = names[:2] if "exam_seq" in adapter.columns else names
        patient = adapter.columns["patient_id"].name
        whole = Counter(tuple(r.values()) for r in export.records)
        assert sum(n - 1 for n in whole.values()) == planted(sample, "exact_duplicate", name), name
        by_key: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for record in whole:
            row = dict(zip(export.records[0], record, strict=True))
            by_key.setdefault(tuple(row[n] for n in names), []).append((row[patient], *record))
        several = [v for v in by_key.values() if len(v) > 1]
        reused = [v for v in several if len({x[0] for x in v}) > 1]
        assert sum(len(v) for v in reused) == planted(sample, "reused_accession", name)
        assert sum(len(v) - 1 for v in several if v not in reused) == planted(sample, "later_status", name)


def test_other_faults(sample: Truth, files: dict[str, Export]) -> None:
    for name, export in files.items():
        exam = export.column("exam_name")
        assert sum("\n" in x for x in exam) == planted(sample, "embedded_newline", name) == 1
        if export.adapter.pad:
            assert sum(len(x) == 1 for x in export.column("patient_class")) == planted(sample, "leading_zero_lost", name) > 0
        if "site_code" in export.adapter.columns:
            network = tomllib.loads((sample.out / "network.toml").read_text("utf-8"))
            known = next(s for s in network["source"] if s["name"] == name)["values"]["site_code"]
            assert sum(x not in known for x in export.column("site_code")) == planted(sample, "unmapped_site", name) > 0
    assert {p.RENAMED_FROM, p.RENAMED_TO} < set(files["north"].column("site_code"))
    assert any("é" in x for x in files["north"].column("exam_name"))
    for line in gzip.decompress((sample.out / "inbox/west/west_2025-11_2026-11.csv.gz").read_bytes()).split(b"\n")[-1:]:
        assert line and line.count(b";") < 40


# --- the national return -----------------------------------------------------------------------------------------------


def test_national_return(sample: Truth) -> None:
    path = next((sample.out / "inbox" / "national").glob("provider_*.csv.gz"))
    frame = pl.read_csv(gzip.decompress(path.read_bytes()))
    bands = frame.select(pl.col("^.*weeks$") - 0).select([c for c in frame.columns if re.match(r"\d\d? ?<|13\+", c)])
    assert bands.width == 14
    assert (bands.sum_horizontal() == frame["Total Waiting List"]).all()
    assert (bands[:, 6:].sum_horizontal() == frame["Number waiting 6+ Weeks"]).all()
    assert (bands[:, 13] == frame["Number waiting 13+ Weeks"]).all()
    assert frame["Reporting Period"].n_unique() == 36
    assert frame["Reporting Period"].min() == "2023-10-31" and frame["Reporting Period"].max() == "2026-09-30"
    assert frame.select("Reporting Period", "Provider Code", "Diagnostic ID").is_duplicated().sum() == 0
    assert sorted(frame["Diagnostic ID"].unique()) == list(schema.NATIONAL_TESTS)
    assert frame["Provider Code"].n_unique() == 28
    share = frame.group_by("Provider Code").agg(s=pl.col("Number waiting 6+ Weeks").sum() / pl.col("Total Waiting List").sum())
    total = frame["Number waiting 6+ Weeks"].sum() / frame["Total Waiting List"].sum()
    assert total == pytest.approx(0.23, abs=0.035)
    assert 0.05 < share["s"].min() < 0.13 and 0.42 < share["s"].max() < 0.6  # type: ignore[operator]
    moved = frame.group_by("Provider Code").agg(n=pl.col("Regional Team Code").n_unique()).filter(pl.col("n") > 1)
    assert moved["Provider Code"].to_list() == [sample.notable["region_change"]["provider"]]
    assert frame["Regional Team Code"].n_unique() == 7


# --- the clock ---------------------------------------------------------------------------------------------------------


def test_clock_agrees_with_the_time_zone_database() -> None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/London")
    for day in (date(2024, 3, 31), date(2024, 10, 27), date(2025, 3, 30), date(2026, 10, 25), date(2025, 7, 1)):
        utc = (clock.day_number(day) * DAY + np.arange(-120, 300, 7)).astype(np.int32)
        local = clock.to_local(utc)
        for u, mine in zip(utc.tolist(), local.tolist(), strict=True):
            there = datetime.fromtimestamp(u * 60, tz=zone).replace(tzinfo=None)
            assert there == datetime(1970, 1, 1) + timedelta(minutes=mine)
        sure = ~clock.in_repeated_hour(local)
        assert (clock.to_utc(local)[sure] == utc[sure]).all()
