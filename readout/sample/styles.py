"""How each RIS writes its export: simulated columns to columns of text, with the text its faults need.

A style is a function from rows to a frame of text, null where nothing is written. Tables of days and minutes are
looked up, never formatted row by row.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE, Minutes
from readout.sample.faults import FAULT
from readout.sample.rows import CATEGORY, STATUS, Array, Reporters, Rows

_EPOCH = date(1970, 1, 1)
_NO_DAY = -1_000_000


def lookup(table: Sequence[str | None], index: Array) -> pl.Series:
    """Text by index; a negative index is null."""
    words = pl.Series([*table, None], dtype=pl.String)
    return words.gather(np.where(index < 0, len(table), index).astype(np.uint32))


def joined(*parts: pl.Series | str) -> pl.Series:
    """Texts put together; null where any part is."""
    n = next(len(part) for part in parts if isinstance(part, pl.Series))
    columns = [pl.lit(part) if isinstance(part, str) else part for part in parts]
    return pl.DataFrame({"_": np.zeros(n, dtype=np.int8)}).select(pl.concat_str(columns)).to_series()


def _days(day: Array, write: Callable[[date], str]) -> pl.Series:
    """Text of day numbers, null where _NO_DAY."""
    known = day[day != _NO_DAY]
    if not len(known):
        return pl.Series([None] * len(day), dtype=pl.String)
    low, high = int(known.min()), int(known.max())
    table = [write(_EPOCH + timedelta(days=d)) for d in range(low, high + 1)]
    return lookup(table, np.where(day == _NO_DAY, -1, day - low))


def _clock_text(offsets: str = "") -> list[str]:
    return [f"{m // 60:02d}:{m % 60:02d}{offsets}" for m in range(DAY)]


def dates(local: Minutes, write: Callable[[date], str]) -> pl.Series:
    """The date of local instants."""
    return _days(np.where(local == NONE, _NO_DAY, local // DAY), write)


def times(local: Minutes) -> pl.Series:
    """The time of day of local instants, HH:MM."""
    return lookup(_clock_text(), np.where(local == NONE, -1, local % DAY))


def british(day: date) -> str:
    """dd/mm/yyyy."""
    return f"{day:%d/%m/%Y}"


def iso(day: date) -> str:
    """yyyy-mm-dd."""
    return f"{day:%Y-%m-%d}"


def american(day: date) -> str:
    """m/d/yy."""
    return f"{day.month}/{day.day}/{day:%y}"


def iso_instants(utc: Minutes, zulu: Array) -> pl.Series:
    """ISO 8601 with +01:00 in summer, and in winter Z or +00:00 as the site writes it."""
    local = clock.to_local(utc)
    ends = _clock_text(":00+00:00") + _clock_text(":00Z") + _clock_text(":00+01:00")
    which = np.where(local != utc, 2, zulu.astype(np.int64))
    time = lookup(ends, np.where(utc == NONE, -1, which * DAY + local % DAY))
    return joined(dates(local, iso), "T", time)


def _numbers(values: Array, prefix: str = "", base: int = 0, width: int = 0) -> pl.Series:
    text = pl.Series(values.astype(np.int64) + base).cast(pl.String)
    text = text.str.zfill(width) if width else text
    return joined(prefix, text) if prefix else text


def national_numbers(person: Array) -> pl.Series:
    """Ten digits nobody holds: the range 999, kept for tests. Past its end, numbers whose check digit is wrong."""
    person = person.astype(np.int64)
    level = person // 1_000_000
    base = (999 - level) * 1_000_000 + person % 1_000_000
    total = sum((base // 10 ** (8 - i) % 10) * (10 - i) for i in range(9))
    check = 11 - total % 11
    check = np.where(check == 11, 0, check)
    digit = np.where(check == 10, 0, np.where(level > 0, (check + 1) % 10, check))
    return _numbers(base * 10 + digit, width=10)


def _exam(column: int) -> list[str]:
    return [str(e[column]) for e in p.EXAMINATIONS]


def _modality(names: Mapping[str, str]) -> list[str]:
    return [names["US" if k == "UO" else k] for k in p.KINDS]


def _rooms(rows: Rows, modality: Sequence[str]) -> pl.Series:
    room = np.where(rows["end"] == NONE, -1, rows["room"])
    codes = [f"{m}{n}" for m in modality for n in range(8)]
    return lookup(codes, np.where(room < 0, -1, rows["kind"].astype(np.int64) * 8 + room))


def _status(rows: Rows) -> Array:
    """requested, booked, completed, cancelled, did_not_attend, then 5 completed and reported, 6 amended, 7 entered in error."""
    out = rows["status"].astype(np.int64)
    out = np.where((out == STATUS["completed"]) & (rows["verified"] != NONE), 5, out)
    out = np.where((out == 5) & (rows["addendum"] != NONE), 6, out)
    return np.where(rows["category"] == CATEGORY["entered_in_error"], 7, out)


def _org(rows: Rows) -> pl.Series:
    """The supplier, or the trust that reported for another."""
    index = np.where(rows["route"] == 2, 0, np.where(rows["report_trust"] >= 0, rows["report_trust"] + 1, -1))
    return lookup([p.SUPPLIER, *(code for code, _ in p.TRUSTS)], index)


def _addenda(rows: Rows) -> pl.Series:
    return lookup(["0", "1", "2", "3"], np.where(rows["addenda"] > 0, rows["addenda"], -1))


def _spoil(columns: dict[str, pl.Series], rows: Rows, texts: Mapping[str, tuple[str, str]]) -> pl.DataFrame:
    """Write the text of the faults that are a spoilt cell: fault -> (column, text)."""
    for fault, (column, text) in texts.items():
        at = np.flatnonzero(rows["fault"] == FAULT[fault])
        if len(at):
            columns[column] = columns[column].scatter(at.astype(np.uint32), [text] * len(at))
    return pl.DataFrame(columns)


def _local_end(rows: Rows) -> Minutes:
    """Local end of the examination; in the fault `missing_hour` as the RIS sent it, an hour that did not exist."""
    local = clock.to_local(rows["end"])
    return np.where(rows["fault"] == FAULT["missing_hour"], local - 60, local).astype(np.int32)


def cris(rows: Rows, source: p.Source, reporters: Reporters) -> pl.DataFrame:
    """UK dates, names in words, several sites in one RIS."""

    def at(name: str) -> pl.Series:
        local = clock.to_local(rows[name])
        return joined(dates(local, british), " ", times(local))

    end = _local_end(rows)
    site = rows["site"].astype(np.int64)
    renamed = (site == p.SITE_CODES.index(p.RENAMED_SITE)) & (clock.to_local(rows["reference"]) < clock.day_number(p.RENAMED_ON) * DAY)
    names = [s.local_name for s in p.SITES] + [p.RENAMED_FROM]
    modality = _modality(
        {
            "XR": "X-Ray",
            "CT": "CT",
            "MR": "MRI",
            "US": "Ultrasound",
            "NM": "Nuclear Medicine",
            "PT": "PET",
            "FL": "Fluoroscopy",
            "MG": "Mammography",
        }
        | {"DX": "DEXA", "IR": "Intervention"}
    )
    roles = ["Consultant" if r == "radiologist" else "Registrar" if r == "registrar" else "Radiographer" for r in reporters.roles]
    columns = {
        "Exam Key": _numbers(rows["exam_no"], source.prefix, 100_001),
        "Event Key": _numbers(rows["event_no"], "A", 100_001),
        "Site": lookup(names, np.where(renamed, len(p.SITES), site)),
        "Hospital No": _numbers(rows["hospital_no"], width=7),
        "Surname": lookup(["ZZZTEST"], np.where(rows["category"] == CATEGORY["test_patient"], 0, -1)),
        "Age": _numbers(rows["age"]),
        "Sex": lookup(["M", "F"], rows["female"].astype(np.int8)),
        "IMD": lookup([str(i) for i in range(11)], rows["imd"]),
        "Exam Code": lookup(_exam(1), rows["exam"]),
        "Exam Name": lookup(_exam(2), rows["exam"]),
        "Modality": lookup(modality, rows["kind"]),
        "Region": lookup(_exam(3), rows["exam"]),
        "Patient Type": lookup(["Inpatient", "Day Case", "Outpatient", "GP", "A&E", "Other Hospital", "Other"], rows["class"]),
        "Urgency": lookup(["Emergency", "Urgent", "2WW", "Routine"], rows["urgency"]),
        "Specialty": lookup(p.SPECIALTIES, rows["specialty"]),
        "Funding": lookup([None, "Screening", "Private", "Research", None, None], rows["category"]),
        "Wait": lookup(["WL", "Planned", "Unscheduled"], rows["wait"]),
        "Vetting": lookup(["A", "R"], rows["vetting"] - 1),
        "Status": lookup(["Requested", "Booked", "Performed", "Cancelled", "DNA", "Verified", "Amended", "Entered in error"], _status(rows)),
        "Requested": at("requested"),
        "Received": at("received"),
        "Clock Reset": at("clock_reset"),
        "Booked": at("booked_for"),
        "Exam Date": dates(end, british),
        "Exam Time": times(end),
        "Room": _rooms(rows, p.KINDS),
        "Assigned": at("assigned"),
        "Preliminary": at("preliminary"),
        "First Verified": at("verified"),
        "Last Verified": at("last_verified"),
        "Reporter": lookup(reporters.ids, rows["reporter"]),
        "Grade": lookup(roles, rows["reporter"]),
        "Reported": lookup(["Own", "Network", "Outsourced", "Delegated"], rows["route"]),
        "Reporting Org": _org(rows),
        "Report Needed": lookup(["N", "Y"], rows["report_required"].astype(np.int8)),
        "Addenda": _addenda(rows),
        "Addendum": at("addendum"),
        "Addendum Type": lookup(["Clinical", "Admin", "?"], rows["addendum_class"]),
        "Follow Up": lookup(["N", "Y"], rows["follow_up"]),
        "Cancelled": at("cancelled"),
        "Cancel Reason": lookup(p.CANCEL_REASONS, rows["cancel_reason"]),
        "Last Updated": dates(clock.to_local(rows["updated"]), british),
    }
    texts = {
        "future_date": ("Exam Date", "14/02/2031"),
        "year_1900": ("Received", "01/01/1900 00:00"),
        "unparseable_date": ("First Verified", "31/02/2025 09:15"),
        "unknown_modality": ("Modality", "Photography"),
        "unknown_class": ("Patient Type", "Walk-in"),
        "unknown_urgency": ("Urgency", "Soon"),
        "unmapped_site": ("Site", "Mobile Unit 9"),
        "embedded_newline": ("Exam Name", "XR Chest\nportable"),
    }
    return _spoil(columns, rows, texts)


def iso_semicolon(rows: Rows, source: p.Source, reporters: Reporters) -> pl.DataFrame:
    """ISO instants with offsets, codes, national numbers where known."""
    zulu = rows["site"] == p.SITE_CODES.index("ZN202")

    def at(name: str) -> pl.Series:
        return iso_instants(rows[name], zulu)

    person = rows["person"]
    national = person.astype(np.int64) * 7919 % 10 < 7
    local = _numbers(rows["hospital_no"], width=7)
    roles = ["CON" if r == "radiologist" else "REG" if r == "registrar" else "RAD" for r in reporters.roles]
    columns = {
        "accession": _numbers(rows["event_no"], source.prefix, 100_001),
        "seq": lookup([str(i) for i in range(10)], rows["seq"]),
        "site": lookup([s.local_name for s in p.SITES], rows["site"]),
        "patient_number": national_numbers(person).zip_with(pl.Series(national), local),
        "number_type": lookup(["LOC", "NAT"], national.astype(np.int8)),
        "age": _numbers(rows["age"]),
        "sex": lookup(["1", "2"], rows["female"].astype(np.int8)),
        "exam_code": lookup(_exam(1), rows["exam"]),
        "exam": lookup(_exam(2), rows["exam"]),
        "modality": lookup(_modality({k: k for k in p.KINDS}), rows["kind"]),
        "region": lookup(_exam(3), rows["exam"]),
        "class": lookup(p.CLASSES, rows["class"]),
        "priority": lookup(["E", "U", "C", "R"], rows["urgency"]),
        "wait_category": lookup(["waiting_list", "planned", "unscheduled"], rows["wait"]),
        "programme": lookup([None, "screening", "private", "research", "test", None], rows["category"]),
        "vetting": lookup(["accepted", "rejected"], rows["vetting"] - 1),
        "status": lookup(["REQ", "BKD", "DONE", "CAN", "DNA", "REP", "REP", "ERR"], _status(rows)),
        "requested": at("requested"),
        "received": at("received"),
        "clock_reset": at("clock_reset"),
        "booked_for": at("booked_for"),
        "arrived": at("arrived"),
        "started": at("start"),
        "ended": at("end"),
        "room": _rooms(rows, p.KINDS),
        "assigned": at("assigned"),
        "preliminary": at("preliminary"),
        "first_verified": at("verified"),
        "last_verified": at("last_verified"),
        "reporter": lookup(reporters.ids, rows["reporter"]),
        "role": lookup(roles, rows["reporter"]),
        "route": lookup(["in_house", "network", "outsourced", "delegated"], rows["route"]),
        "report_org": _org(rows),
        "report_required": lookup(["0", "1"], rows["report_required"].astype(np.int8)),
        "addenda": _addenda(rows),
        "addendum_at": at("addendum"),
        "addendum_class": lookup(["clinical", "administrative", "unknown"], rows["addendum_class"]),
        "follow_up": lookup(["0", "1"], rows["follow_up"]),
        "cancelled": at("cancelled"),
        "cancel_reason": lookup(p.CANCEL_REASONS, rows["cancel_reason"]),
        "updated": dates(clock.to_local(rows["updated"]), iso),
    }
    lost = np.where(rows["fault"] == FAULT["leading_zero_lost"], rows["class"] + 7, rows["class"])
    columns["class"] = lookup([*p.CLASSES, *(c.lstrip("0") for c in p.CLASSES)], lost)
    texts = {
        "future_date": ("ended", "2031-02-14T10:15:00+00:00"),
        "year_1900": ("received", "1900-01-01T00:00:00Z"),
        "unparseable_date": ("first_verified", "2025-13-01T09:15:00Z"),
        "unknown_modality": ("modality", "ZX"),
        "unknown_class": ("class", "Z9"),
        "unknown_urgency": ("priority", "Q"),
        "unmapped_site": ("site", "MOBILE9"),
        "embedded_newline": ("exam", "XR Chest\nportable"),
    }
    return _spoil(columns, rows, texts)


def us_mdy(rows: Rows, source: p.Source, reporters: Reporters) -> pl.DataFrame:
    """m/d/yy, no site, minutes already worked out by the RIS."""

    def text(local: Minutes) -> pl.Series:
        return joined(dates(local, american), " ", times(local))

    def at(name: str) -> pl.Series:
        return text(clock.to_local(rows[name]))

    def between(start: str, end: str) -> pl.Series:
        known = (rows[start] != NONE) & (rows[end] != NONE)
        minutes = pl.Series(rows[end].astype(np.int64) - rows[start]).cast(pl.String)
        return minutes.zip_with(pl.Series(known), pl.Series([None] * len(rows), dtype=pl.String))

    modality = _modality(
        {
            "XR": "DIAG",
            "CT": "CTSC",
            "MR": "MRIM",
            "US": "ULTR",
            "NM": "NUCM",
            "PT": "PETC",
            "FL": "FLUO",
            "MG": "MAMM",
            "DX": "BONE",
            "IR": "INTV",
        }
    )
    roles = ["MD" if r == "radiologist" else "RES" if r == "registrar" else "TECH" for r in reporters.roles]
    columns = {
        "Unique.Identifier": _numbers(rows["exam_no"], source.prefix, 100_001),
        "MRN": _numbers(rows["hospital_no"], "M", width=7),
        "PatientAge": _numbers(rows["age"]),
        "CatalogCode": lookup(_exam(1), rows["exam"]),
        "Exam.Description": lookup(_exam(2), rows["exam"]),
        "Section": lookup(modality, rows["kind"]),
        "PatientTypeMnemonic": lookup(["INPT", "DAYS", "OUTP", "PRIM", "EMER", "REFL", "OTHR"], rows["class"]),
        "Priority": lookup(["STAT", "ASAP", "ONCO", "ROUT"], rows["urgency"]),
        "ListType": lookup(["W", "P", "X"], rows["wait"]),
        "ExamStatus": lookup(["ORDERED", "SCHEDULED", "COMPLETE", "CANCELED", "NOSHOW", "FINAL", "FINAL", "COMPLETE"], _status(rows)),
        "OrderDateTime": at("received"),
        "ScheduledDateTime": at("booked_for"),
        "ExamCompleteDateTime": text(_local_end(rows)),
        "PrelimDateTime": at("preliminary"),
        "FinalDateTime": at("verified"),
        "Ordered.to.Complete...Mins": between("received", "end"),
        "Complete.to.Final...Mins": between("end", "verified"),
        "FinalBy": lookup(reporters.ids, rows["reporter"]),
        "FinalBy.Type": lookup(roles, rows["reporter"]),
        "Read.Location": lookup(["HOME", "MEMBER", "VENDOR", "CLINIC"], rows["route"]),
        "Read.Org": _org(rows),
        "Read.Required": lookup(["N", "Y"], rows["report_required"].astype(np.int8)),
        "Addenda": _addenda(rows),
        "AddendumDateTime": at("addendum"),
        "Addendum.Type": lookup(["CLIN", "ADM", "UNK"], rows["addendum_class"]),
        "CancelDateTime": at("cancelled"),
        "CancelReason": lookup(p.CANCEL_REASONS, rows["cancel_reason"]),
        "Account.Type": lookup([None, "SCREENING", "PRIVATE", "RESEARCH", "TEST", "VOID"], rows["category"]),
        "Exam.Room": _rooms(rows, modality),
    }
    texts = {
        "future_date": ("ExamCompleteDateTime", "2/14/31 10:15"),
        "unparseable_date": ("FinalDateTime", "13/45/25 09:15"),
        "unknown_modality": ("Section", "PHOT"),
        "unknown_class": ("PatientTypeMnemonic", "HOSP"),
        "unknown_urgency": ("Priority", "SOON"),
        "embedded_newline": ("Exam.Description", "XR Chest\nportable"),
    }
    return _spoil(columns, rows, texts)


def split_xlsx(rows: Rows, source: p.Source, reporters: Reporters) -> pl.DataFrame:
    """The cells of the workbook as text; the writer turns ISO dates of some columns and times of others into real cells."""

    def local(name: str) -> Minutes:
        return clock.to_local(rows[name])

    def both(name: str) -> pl.Series:
        return joined(dates(local(name), british), " ", times(local(name)))

    modality = ["Plain film" if k == "XR" else "Ultrasound" if k in ("US", "UO") else "DEXA" if k == "DX" else k for k in p.KINDS]
    roles = ["Radiologist" if r == "radiologist" else "Registrar" if r == "registrar" else "Radiographer" for r in reporters.roles]
    lost = np.where(rows["fault"] == FAULT["leading_zero_lost"], rows["class"] + 7, rows["class"])
    columns = {
        "Accession": _numbers(rows["event_no"], source.prefix, 10_001),
        "Patient No": national_numbers(rows["person"]),
        "Birth Date": _days(rows["birth"], iso),
        "Sex": lookup(["M", "F"], rows["female"].astype(np.int8)),
        "Exam Code": lookup(_exam(1), rows["exam"]),
        "Examination": lookup(_exam(2), rows["exam"]),
        "Modality": lookup(modality, rows["kind"]),
        "Class": lookup([*p.CLASSES, *(c.lstrip("0") for c in p.CLASSES)], lost),
        "Priority": lookup(["1 Emergency", "2 Urgent", "3 Cancer", "4 Routine"], rows["urgency"]),
        "List": lookup(["Waiting", "Planned", "Walk-in"], rows["wait"]),
        "Status": lookup(["Requested", "Booked", "Done", "Cancelled", "Did not attend", "Reported", "Reported", "Done"], _status(rows)),
        "Request Date": dates(local("received"), iso),
        "Request Time": times(local("received")),
        "Appointment Date": dates(local("booked_for"), british),
        "Appointment Time": times(local("booked_for")),
        "Exam Date": dates(local("end"), iso),
        "Exam Time": times(local("end")),
        "Report Date": dates(local("verified"), british),
        "Report Time": times(local("verified")),
        "Reporter": lookup(reporters.ids, rows["reporter"]),
        "Role": lookup(roles, rows["reporter"]),
        "Route": lookup(["Site", "Network", "Supplier", "Delegated"], rows["route"]),
        "Report Org": _org(rows),
        "Report": lookup(["No", "Yes"], rows["report_required"].astype(np.int8)),
        "Addenda": _addenda(rows),
        "Addendum": both("addendum"),
        "Cancelled": both("cancelled"),
        "Reason": lookup(p.CANCEL_REASONS, rows["cancel_reason"]),
        "Note": lookup([None, None, "Private patient", "Research study", "Test patient", "Entered in error"], rows["category"]),
    }
    texts = {
        "future_date": ("Exam Date", "2031-02-14"),
        "unparseable_date": ("Report Date", "not known"),
        "unknown_modality": ("Modality", "Photography"),
        "unknown_class": ("Class", "Z9"),
        "unknown_urgency": ("Priority", "5 Soon"),
    }
    return _spoil(columns, rows, texts)


Frame = Callable[[Rows, p.Source, Reporters], pl.DataFrame]
FRAMES: Mapping[p.Style, Frame] = {"cris": cris, "iso_semicolon": iso_semicolon, "us_mdy": us_mdy, "split_xlsx": split_xlsx}
# Instants a style writes as local wall clock, where the repeated hour of October is ambiguous
LOCAL_INSTANTS: Mapping[p.Style, tuple[str, ...]] = {
    "cris": (
        "requested",
        "received",
        "clock_reset",
        "booked_for",
        "end",
        "assigned",
        "preliminary",
        "verified",
        "last_verified",
        "addendum",
        "cancelled",
    ),
    "iso_semicolon": (),
    "us_mdy": ("received", "booked_for", "end", "preliminary", "verified", "addendum", "cancelled"),
    "split_xlsx": ("received", "booked_for", "end", "verified", "addendum", "cancelled"),
}
