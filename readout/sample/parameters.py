"""Every parameter of the synthetic network: value, unit and source. Whatever has no source says `assumption`.

`TABLE` is what a reader (or a test) goes through; `value(name)` is what the simulation uses. Site, source and
examination lists are plain tuples below it: they are fiction, not parameters.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

ASSUMPTION = "assumption"
TRUST_MIX = "mix of a 433,000-examination English trust, 2022/23"
CENSUS = "workforce census and network reports: CT and MR grow 8-11 % a year, plain film is flat"
NATIONAL_2012 = "national diagnostic imaging data set, 2012"
NATIONAL_2017 = "national diagnostic imaging data set, 2017-19: median days from request to examination"
ENGLAND_2023 = "England, 2023: 1.6 % of reports after 28 days, 2.8 % of CT, MR, NM and PET; at least two-fold between sites"
AUDITS = "published audits of addenda: 1.0-1.7 % of CT, MR and ultrasound, 0.3 % of the rest"
RETURN_2026 = "monthly diagnostics return, England 2023-26: 23 % at six weeks or more, 9-51 % by provider"


@dataclass(frozen=True)
class Parameter:
    """One row of the table. `value` may be a mapping or a tuple; `unit` says of what."""

    name: str
    value: Any
    unit: str
    source: str


# Kinds of examination. UO is obstetric ultrasound: modality US, its own codes, its report delegated.
KINDS = ("XR", "CT", "MR", "US", "UO", "NM", "PT", "FL", "MG", "DX", "IR")
CLASSES = ("01", "02", "03", "04", "05", "06", "07")
URGENCIES = ("emergency", "urgent", "suspected_cancer", "routine")
GROUPS = ("emergency", "inpatient", "scheduled")  # class 05; class 01; all others

_FLAT = (1.01, 1.02, 1.02, 1.00, 1.00, 1.00, 0.99, 0.97, 1.01, 1.02, 1.01, 0.95)
_OFFICE = (0, 0, 0, 0, 0, 0, 0, 0, 90, 120, 125, 120, 85, 90, 115, 110, 95, 50, 6, 4, 1, 0, 0, 0)
_LONG_DAY = (0, 0, 0, 0, 0, 0, 0, 10, 95, 115, 115, 110, 95, 95, 110, 105, 95, 75, 32, 24, 8, 0, 0, 0)
_FRONT_DOOR = (45, 38, 32, 28, 26, 26, 30, 40, 60, 85, 110, 125, 125, 120, 120, 120, 120, 120, 120, 115, 110, 100, 80, 60)
_WARD = (20, 16, 14, 12, 12, 14, 20, 30, 80, 130, 150, 150, 120, 120, 140, 140, 120, 90, 60, 50, 45, 40, 30, 25)
_REPORTING = (0, 0, 0, 0, 0, 0, 1, 8, 80, 120, 125, 120, 80, 95, 120, 120, 105, 70, 25, 18, 12, 8, 3, 0)

_ROWS = (
    Parameter("first_day", date(2023, 11, 1), "first examination date", ASSUMPTION),
    Parameter("taken_at", datetime(2026, 11, 3, 6, tzinfo=UTC), "instant of the exports", ASSUMPTION),
    Parameter("lagging_taken_at", datetime(2026, 10, 28, 6, tzinfo=UTC), "instant of the lagging site's export", ASSUMPTION),
    Parameter(
        "modality_mix",
        {"XR": 49.5, "CT": 12.9, "MR": 7.2, "US": 11.4, "UO": 8.3, "NM": 0.9, "PT": 0.6, "FL": 2.6, "MG": 3.2, "DX": 1.5, "IR": 1.9},
        "% of examinations",
        TRUST_MIX + "; the split of the 10.7 % other is an assumption",
    ),
    Parameter(
        "growth",
        {"XR": 0.0, "CT": 0.10, "MR": 0.09, "US": 0.03, "UO": 0.0, "NM": 0.02, "PT": 0.08, "FL": -0.01, "MG": 0.02, "DX": 0.02, "IR": 0.03},
        "fraction a year",
        CENSUS + "; the other modalities are an assumption",
    ),
    Parameter(
        "season",
        {
            "XR": (1.02, 1.02, 1.01, 0.99, 1.00, 0.99, 0.99, 0.97, 1.00, 1.01, 1.02, 0.98),
            "CT": (1.01, 1.01, 1.00, 0.98, 0.99, 0.99, 0.99, 0.97, 0.99, 1.01, 1.02, 1.03),
            "MR": (1.00, 1.02, 1.02, 1.00, 1.00, 1.00, 0.99, 0.97, 1.01, 1.02, 1.01, 0.96),
            "US": (1.01, 1.03, 1.03, 1.00, 1.00, 1.01, 0.99, 0.97, 1.01, 1.03, 1.01, 0.91),
        }
        | {k: _FLAT for k in ("UO", "NM", "PT", "FL", "MG", "DX", "IR")},
        "volume per working day, January to December, 1 = the year's mean",
        NATIONAL_2012 + " for December of CT, MR, XR and US; the other months are an assumption within 0.96-1.05",
    ),
    Parameter("month_noise", 0.01, "standard deviation of a month's volume, fraction", ASSUMPTION),
    Parameter(
        "weekend_scheduled",
        {"XR": (0.18, 0.08), "CT": (0.45, 0.28), "MR": (0.50, 0.35), "US": (0.22, 0.07), "UO": (0.10, 0.0)}
        | {k: (0.08, 0.02) for k in ("NM", "PT", "FL", "MG", "DX", "IR")},
        "scheduled volume on Saturday and Sunday, 1 = a weekday",
        ASSUMPTION,
    ),
    Parameter("weekend_ward", (0.68, 0.62), "inpatient volume on Saturday and Sunday, 1 = a weekday", ASSUMPTION),
    Parameter("weekend_front_door", (0.97, 0.95), "A&E volume on Saturday and Sunday, 1 = a weekday", ASSUMPTION),
    Parameter("bank_holiday", {"emergency": 0.97, "inpatient": 0.66, "scheduled": 0.08}, "volume, 1 = a weekday", ASSUMPTION),
    Parameter(
        "hours",
        {"emergency": _FRONT_DOOR, "inpatient": _WARD, "scheduled": _OFFICE, "long_day": _LONG_DAY, "reporting": _REPORTING},
        "relative volume by local hour of day; long_day is scheduled CT and MR",
        ASSUMPTION,
    ),
    Parameter(
        "class_mix",
        {
            "XR": (16.0, 1.0, 27.0, 19.0, 35.5, 1.0, 0.5),
            "CT": (27.0, 1.0, 36.0, 3.5, 31.0, 1.0, 0.5),
            "MR": (9.0, 1.0, 74.0, 12.0, 2.0, 1.5, 0.5),
            "US": (12.0, 1.0, 39.0, 43.0, 4.0, 0.7, 0.3),
            "UO": (3.0, 0.0, 97.0, 0.0, 0.0, 0.0, 0.0),
            "NM": (8.0, 2.0, 88.0, 0.0, 0.0, 2.0, 0.0),
            "PT": (4.0, 0.0, 90.0, 0.0, 0.0, 6.0, 0.0),
            "FL": (35.0, 25.0, 30.0, 0.0, 10.0, 0.0, 0.0),
            "MG": (0.0, 0.0, 80.0, 20.0, 0.0, 0.0, 0.0),
            "DX": (0.0, 0.0, 55.0, 45.0, 0.0, 0.0, 0.0),
            "IR": (45.0, 30.0, 22.0, 0.0, 3.0, 0.0, 0.0),
        },
        "% of the modality's examinations by patient class 01-07",
        ASSUMPTION,
    ),
    Parameter(
        "urgency_mix",
        {
            "01": (15.0, 50.0, 3.0, 32.0),
            "02": (2.0, 28.0, 20.0, 50.0),
            "03": (0.0, 19.0, 14.0, 67.0),
            "04": (0.0, 10.0, 8.0, 82.0),
            "05": (74.0, 25.0, 0.0, 1.0),
            "06": (2.0, 28.0, 10.0, 60.0),
            "07": (0.0, 10.0, 2.0, 88.0),
        },
        "% of the class by urgency: emergency, urgent, suspected cancer, routine",
        ASSUMPTION,
    ),
    Parameter(
        "suspected_cancer_factor",
        {"XR": 0.25, "CT": 1.7, "MR": 1.0, "US": 1.0, "UO": 0.0, "NM": 0.8, "PT": 4.5, "FL": 0.5, "MG": 3.0, "DX": 0.0, "IR": 1.0},
        "weight of suspected cancer in the urgency mix, by modality",
        ASSUMPTION,
    ),
    Parameter(
        "examinations_an_event",
        {"XR": (0.80, 0.17, 0.03), "CT": (0.84, 0.14, 0.02), "MR": (0.86, 0.12, 0.02), "US": (0.92, 0.07, 0.01), "UO": (0.99, 0.01, 0.0)}
        | {k: (0.95, 0.05, 0.0) for k in ("NM", "PT", "FL", "MG", "DX", "IR")},
        "share of attendances with one, two and three examinations",
        ASSUMPTION,
    ),
    Parameter(
        "same_day",
        {"XR": 0.66, "CT": 0.05, "MR": 0.01, "US": 0.04, "UO": 0.03, "NM": 0.01, "PT": 0.0, "FL": 0.62, "MG": 0.10, "DX": 0.01, "IR": 0.02},
        "share of scheduled examinations done on the day of the request",
        NATIONAL_2017 + ": XR and FL are done at once; the shares are an assumption",
    ),
    Parameter(
        "wait_scheduled",
        {"XR": 5.0, "CT": 25.0, "MR": 34.0, "US": 24.5, "UO": 16.0, "NM": 29.5, "PT": 9.5, "FL": 12.0, "MG": 14.0, "DX": 27.0, "IR": 18.0},
        "days from request to examination, median of routine scheduled examinations",
        NATIONAL_2017 + " over all classes and urgencies; the routine median that gives it is an assumption",
    ),
    Parameter("wait_spread", 0.82, "standard deviation of log days, scheduled", ASSUMPTION),
    Parameter(
        "wait_urgency",
        {"emergency": 0.12, "urgent": 0.55, "suspected_cancer": 0.42, "routine": 1.0},
        "factor on the scheduled wait",
        ASSUMPTION,
    ),
    Parameter(
        "wait_ward_hours",
        {"XR": 2.5, "CT": 16.0, "MR": 34.0, "US": 22.0, "UO": 8.0, "NM": 44.0, "PT": 120.0, "FL": 4.0, "MG": 48.0, "DX": 72.0, "IR": 26.0},
        "hours from request to examination, median of inpatients",
        ASSUMPTION,
    ),
    Parameter(
        "wait_front_door_minutes",
        {"XR": 38, "CT": 58, "MR": 260, "US": 150, "UO": 120, "NM": 300, "PT": 300, "FL": 60, "MG": 300, "DX": 300, "IR": 130},
        "minutes from request to examination, median of A&E",
        ASSUMPTION,
    ),
    Parameter(
        "duration",
        {"XR": 6, "CT": 16, "MR": 30, "US": 18, "UO": 22, "NM": 35, "PT": 50, "FL": 25, "MG": 14, "DX": 15, "IR": 55},
        "minutes of an examination, median",
        ASSUMPTION,
    ),
    Parameter(
        "planned_share",
        {"CT": 0.10, "MR": 0.09, "US": 0.05, "NM": 0.05, "MG": 0.10, "DX": 0.12},
        "planned surveillance, share of outpatients",
        ASSUMPTION,
    ),
    Parameter("cancelled_share", 0.045, "share of booked examinations cancelled", ASSUMPTION),
    Parameter("vetting_rejected_share", 0.012, "share of scheduled CT and MR requests rejected at vetting", ASSUMPTION),
    Parameter("clock_reset_share", 0.012, "share of booked examinations whose waiting clock restarted", ASSUMPTION),
    Parameter(
        "report_hours",
        {
            "XR": (9.0, 15.0, 40.0),
            "CT": (1.0, 3.0, 92.0),
            "MR": (6.0, 16.0, 122.0),
            "US": (0.45, 0.45, 0.40),
            "UO": (0.3, 0.3, 0.3),
            "NM": (22.0, 22.0, 54.0),
            "PT": (30.0, 30.0, 52.0),
            "FL": (1.2, 1.2, 2.0),
            "MG": (22.0, 22.0, 24.0),
            "DX": (48.0, 48.0, 76.0),
            "IR": (1.6, 1.6, 2.2),
        },
        "hours from examination to first verification, median for A&E, inpatients and scheduled",
        ASSUMPTION,
    ),
    Parameter("report_spread", 0.80, "standard deviation of log hours, body of the distribution", ASSUMPTION),
    Parameter(
        "report_urgency",
        {"emergency": 0.8, "urgent": 0.75, "suspected_cancer": 0.55, "routine": 1.1},
        "factor on the report delay",
        ASSUMPTION,
    ),
    Parameter(
        "late_share",
        {"XR": 1.38, "CT": 2.8, "MR": 1.9, "US": 0.20, "UO": 0.1, "NM": 2.4, "PT": 2.4, "FL": 0.8, "MG": 0.7, "DX": 1.6, "IR": 0.8},
        "% of reports in the long tail, before the factors by class and site",
        ENGLAND_2023,
    ),
    Parameter(
        "late_class",
        {"emergency": 0.35, "inpatient": 0.55, "scheduled": 1.4},
        "factor on the long tail; it exists even for A&E",
        ENGLAND_2023,
    ),
    Parameter("late_days", (29.0, 12.0, 0.8), "least days, median further days and log spread of a late report", ASSUMPTION),
    Parameter("forgotten_share", 0.0005, "share of reports that wait more than a year", "heavy tail of the unreported; the share is an assumption"),
    Parameter("tail_months", 8, "months before the exports in which one site's plain films are left unreported", ASSUMPTION),
    Parameter("tail_share", 0.34, "share of that site's non-A&E plain films left unreported in the last month, rising from none", ASSUMPTION),
    Parameter("tail_speed", 0.72, "factor on the report delay of the plain films that site does report, in the last month", ASSUMPTION),
    Parameter(
        "addendum_share",
        {"XR": 0.30, "CT": 1.40, "MR": 1.35, "US": 1.20, "UO": 0.3, "NM": 0.3, "PT": 0.3, "FL": 0.3, "MG": 0.3, "DX": 0.3, "IR": 0.3},
        "% of reports with an addendum",
        AUDITS,
    ),
    Parameter("addendum_spread", 0.20, "log spread between reporters", ASSUMPTION),
    Parameter("addendum_days", (3.0, 1.3), "median days and log spread from verification to addendum", ASSUMPTION),
    Parameter(
        "addendum_class",
        (0.33, 0.57, 0.10),
        "share clinical, administrative, unknown",
        "few addenda are clinically significant; the shares are an assumption",
    ),
    Parameter(
        "follow_up_share",
        {"XR": 4.0, "CT": 10.0, "MR": 7.0, "US": 8.0, "UO": 2.0, "NM": 5.0, "PT": 9.0, "FL": 2.0, "MG": 6.0, "DX": 0.5, "IR": 0.5},
        "% of reports that recommend further imaging, where the RIS records it",
        ASSUMPTION,
    ),
    Parameter("follow_up_spread", 0.30, "log spread of that share between reporters", ASSUMPTION),
    Parameter("outlier_addendum_share", 6.0, "% of the outlier reporter's reports with an addendum", ASSUMPTION),
    Parameter(
        "review_share",
        {"random": 0.03, "outsourced": 0.05, "targeted": 0.04, "referred": 0.5},
        "share reviewed: of the reviewing trusts' own reports and of the supplier's at random; of suspected-cancer CT; of reports with a clinical addendum",
        ASSUMPTION,
    ),
    Parameter(
        "review_grades",
        {"random": (94.4, 4.0, 1.2, 0.4), "all": (94.4, 4.0, 1.2, 0.4), "targeted": (84.0, 10.0, 5.0, 1.0), "referred": (25.0, 35.0, 30.0, 10.0)},
        "% graded agree, minor, moderate and major, by how the report was sampled",
        ASSUMPTION,
    ),
    Parameter("review_twice", 0.03, "share of the random sample that a second reviewer reads too", ASSUMPTION),
    Parameter("review_days", (21.0, 0.6), "median days and log spread from the report, or from the addendum that raised a doubt, to its review", ASSUMPTION),
    Parameter("reviewer_route", (0.6, 0.35, 0.05), "share reviewed in the own trust, by another member and insourced", ASSUMPTION),
    Parameter("review_faults", 3, "peer reviews with each planted fault", ASSUMPTION),
    Parameter("outsourced_night", 0.55, "share of CT and MR between 20:00 and 08:00 reported by the supplier", ASSUMPTION),
    Parameter("outsourced_day", {"CT": 0.09, "MR": 0.12, "XR": 0.01}, "share of scheduled examinations reported by the supplier", ASSUMPTION),
    Parameter("network_share", (0.015, 0.075), "share of CT, MR and XR reported by another member, first and last day", ASSUMPTION),
    Parameter("theatre_share", 0.55, "share of fluoroscopy done in theatre, no radiology report required", ASSUMPTION),
    Parameter("delegated_limb_share", 0.25, "share of one site's outpatient limb films evaluated by the clinic, since July 2024", ASSUMPTION),
    Parameter("delegated_reported_share", 0.06, "share of examinations that need no report and have one", ASSUMPTION),
    Parameter("radiographer_share", 0.45, "share of in-hours plain films first verified by a reporting radiographer", ASSUMPTION),
    Parameter("sonographer_share", 0.75, "share of ultrasound first verified by a sonographer", ASSUMPTION),
    Parameter("bulk_reports", (5, 12), "attendances that one site's radiologists verify together, least and most", ASSUMPTION),
    Parameter("registrar_share", 0.04, "share of A&E and inpatient CT and MR first verified by a registrar", ASSUMPTION),
    Parameter("preliminary_share", 0.08, "share of A&E and inpatient CT and MR with a preliminary report", ASSUMPTION),
    Parameter("examinations_a_patient", 2.7, "examinations a patient in three years, mean", ASSUMPTION),
    Parameter("visitor_share", 0.05, "share of attendances by a patient of another trust", ASSUMPTION),
    Parameter(
        "age_mix",
        {
            "front_door": (18, 12, 22, 18, 10, 12, 8),
            "XR": (6, 5, 16, 28, 19, 18, 8),
            "CT": (2, 3, 12, 27, 22, 22, 12),
            "MR": (5, 6, 25, 34, 17, 11, 2),
            "US": (6, 8, 30, 28, 14, 10, 4),
            "UO": (0, 18, 82, 0, 0, 0, 0),
            "MG": (0, 0, 20, 50, 20, 10, 0),
            "DX": (0, 1, 7, 32, 30, 24, 6),
            "other": (3, 4, 15, 30, 23, 19, 6),
        },
        "% by age band 0-15, 16-24, 25-44, 45-64, 65-74, 75-84, 85+",
        ASSUMPTION,
    ),
    Parameter("female_share", {"UO": 1.0, "MG": 0.99, "DX": 0.80, "other": 0.53}, "share of examinations of women", ASSUMPTION),
    Parameter(
        "arriving",
        (6, 0.45),
        "days before its export in which one source's records are still arriving, and the share missing on the last",
        ASSUMPTION,
    ),
    Parameter("scanner_failure_loss", 0.45, "share of scheduled CT lost at one site while a scanner is down", ASSUMPTION),
    Parameter("fault_share", 0.00025, "records of each fault, share of a source, at least two", ASSUMPTION),
    Parameter(
        "excluded_share",
        {"screening": 0.08, "private": 0.003, "research": 0.002, "test_patient": 0.0005, "entered_in_error": 0.0005},
        "share of records excluded by the adapters; screening is a share of mammography",
        ASSUMPTION,
    ),
    Parameter("missing_request_share", 0.004, "share of records without a request date", ASSUMPTION),
    Parameter("national_six_weeks", (0.23, 0.09, 0.51), "share waiting six weeks or more: mean, least and most by provider", RETURN_2026),
    Parameter("national_agreement", 0.985, "share of the RIS list and activity that a trust returns nationally, the rest lost for no reason", ASSUMPTION),
    Parameter("national_run_days", (3.0, 0.25), "days after the month's end at which a trust runs its return: mean and standard deviation", ASSUMPTION),
    Parameter("national_planned", (42, 0.92), "days before its date from which planned surveillance is due, and the share of it that is returned", ASSUMPTION),
    Parameter("national_restated", (0.25, 0.06), "share of a trust's months that are restated after validation, and the share that it takes off", ASSUMPTION),
)
TABLE: dict[str, Parameter] = {p.name: p for p in _ROWS}


def value(name: str) -> Any:
    """The value of one parameter."""
    return TABLE[name].value


@dataclass(frozen=True)
class Site:
    """A fictional hospital. `share` of examinations; factors on waits, report delay and long tail; DNA share of booked."""

    code: str
    name: str
    trust: int  # index into TRUSTS
    share: float
    wait: float
    speed: float
    late: float
    did_not_attend: float
    local_name: str
    open: str = "08:00-18:00"


TRUSTS = (
    ("ZN1", "Northshire Hospitals"),
    ("ZN2", "Westmere and Coast Hospitals"),
    ("ZN3", "Harrowdale Hospitals"),
    ("ZN4", "Eastholme Hospitals"),
)
SITES = (
    Site("ZN101", "Northshire General", 0, 0.250, 1.00, 1.00, 0.85, 0.050, "Northshire General"),
    Site("ZN102", "Fellgate Infirmary", 0, 0.120, 1.12, 1.10, 1.25, 0.060, "Fellgate Hospital"),
    Site("ZN201", "Westmere Royal", 1, 0.170, 1.08, 1.00, 1.00, 0.055, "WESTMERE"),
    Site("ZN202", "Saltness Hospital", 1, 0.060, 1.50, 1.30, 1.90, 0.065, "SALTNESS"),
    Site("ZN301", "Harrowdale Infirmary", 2, 0.165, 0.95, 1.00, 1.00, 0.050, "HARROWDALE"),
    Site("ZN302", "Penwick Community Hospital", 2, 0.015, 0.75, 0.95, 0.80, 0.036, "PENWICK"),
    Site("ZN401", "Eastholme General", 3, 0.140, 0.55, 0.50, 0.30, 0.034, "Eastholme", "08:00-20:00"),
    Site("ZN402", "Thornby Hospital", 3, 0.080, 1.02, 1.10, 1.20, 0.045, "Thornby"),
)
SITE_CODES = tuple(s.code for s in SITES)
TAIL_SITE, CASE_MIX_SITE, EXEMPLAR_SITE = "ZN201", "ZN301", "ZN401"
LAGGING_SITE, CHANGE_SITE, RENAMED_SITE, DELEGATING_SITE = "ZN302", "ZN402", "ZN102", "ZN102"
BULK_SITE = "ZN102"  # its waiting reports are signed at the end of a session, all in one minute
RIS_CHANGE, RENAMED_ON, DELEGATED_FROM = date(2025, 4, 7), date(2025, 1, 1), date(2024, 7, 1)
RENAMED_FROM, RENAMED_TO = "Fellgate Infirmary", "Fellgate Hospital"  # in the RIS too
SCANNER_FAILURE = ("ZN101", date(2026, 2, 9), date(2026, 2, 27))
SUPPLIER = "ZSUP1"
SUPPLIER_NAME = "Farlight Reporting"
OUTLIER_REPORTER = "R017"
REVIEWING_TRUSTS = ("ZN1", "ZN2")  # they review a random sample of their own reports; the network reviews the supplier's
REVIEWED_REPORTER, REVIEWED_FROM = "X03", date(2026, 5, 1)  # new at the supplier: every report is reviewed

# Factors on the class mix and the modality mix of a site; what is not named is 1.
CLASS_TILT = {
    "ZN301": {"01": 1.85, "05": 1.6},
    "ZN302": {"01": 0.15, "05": 0.25, "04": 1.8, "02": 0.3},
    "ZN202": {"01": 0.7, "05": 0.8},
}
MODALITY_TILT = {
    "ZN301": {"CT": 1.45, "IR": 1.5, "DX": 0.5},
    "ZN302": {"CT": 0.0, "MR": 0.0, "NM": 0.0, "PT": 0.0, "IR": 0.0, "FL": 0.0, "MG": 0.0, "DX": 3.0},
    "ZN202": {"PT": 0.0, "NM": 0.0, "IR": 0.3},
    "ZN102": {"PT": 0.0, "IR": 0.5},
    "ZN402": {"PT": 0.0, "NM": 0.5},
}

Style = Literal["cris", "iso_semicolon", "us_mdy", "split_xlsx"]


@dataclass(frozen=True)
class Source:
    """One export. `prefix` begins its accessions; `months`: how many months a file holds."""

    name: str
    ris: str
    style: Style
    sites: tuple[str, ...]
    prefix: str
    months: int
    lag_days: int
    title: str


SOURCES = (
    Source("north", "north", "cris", ("ZN101", "ZN102"), "N", 6, 7, "Northshire RIS"),
    Source("west", "west", "iso_semicolon", ("ZN201", "ZN202"), "W", 12, 5, "Westmere RIS"),
    Source("harrow", "harrow", "us_mdy", ("ZN301",), "H", 12, 10, "Harrowdale RIS"),
    Source("penwick", "penwick", "split_xlsx", ("ZN302",), "K", 36, 14, "Penwick RIS"),
    Source("thornby", "thorn", "us_mdy", ("ZN402",), "T", 24, 7, "Thornby RIS, closed April 2025"),
    Source("east", "east", "cris", ("ZN401", "ZN402"), "E", 12, 7, "Eastholme RIS"),
)

# (kind, code, name, region, weight). Our own codes: they look like a RIS's, and are none.
EXAMINATIONS = (
    ("XR", "XCH", "XR Chest", "chest", 38),
    ("XR", "XHA", "XR Hand", "limb", 8),
    ("XR", "XKN", "XR Knee", "limb", 11),
    ("XR", "XAN", "XR Ankle", "limb", 8),
    ("XR", "XFO", "XR Foot", "limb", 8),
    ("XR", "XSH", "XR Shoulder", "limb", 7),
    ("XR", "XPE", "XR Pelvis and hips", "pelvis", 10),
    ("XR", "XLS", "XR Lumbar spine", "spine", 5),
    ("XR", "XAB", "XR Abdomen", "abdomen", 5),
    ("CT", "CHD", "CT Head", "head", 30),
    ("CT", "CAP", "CT Abdomen and pelvis", "abdomen", 22),
    ("CT", "CTC", "CT Chest, abdomen and pelvis", "trunk", 20),
    ("CT", "CPA", "CT Pulmonary arteries", "chest", 10),
    ("CT", "CCH", "CT Chest", "chest", 10),
    ("CT", "CKU", "CT Kidneys, ureters, bladder", "abdomen", 6),
    ("CT", "CTB", "CT Temporal bones, Ménière protocol", "head", 2),
    ("MR", "MHD", "MRI Head", "head", 27),
    ("MR", "MLS", "MRI Lumbar spine", "spine", 25),
    ("MR", "MKN", "MRI Knee", "limb", 17),
    ("MR", "MPR", "MRI Prostate", "pelvis", 9),
    ("MR", "MAB", "MRI Abdomen", "abdomen", 11),
    ("MR", "MIN", "MRI Inner ear (Ménière)", "head", 3),
    ("MR", "MSH", "MRI Shoulder", "limb", 8),
    ("US", "UAB", "US Abdomen", "abdomen", 40),
    ("US", "UPV", "US Pelvis, transvaginal", "pelvis", 20),
    ("US", "UNK", "US Neck", "neck", 11),
    ("US", "UDV", "US Leg veins", "limb", 11),
    ("US", "UTE", "US Testes", "pelvis", 8),
    ("US", "UMS", "US Soft tissue", "limb", 10),
    ("UO", "OBD", "US Obstetric dating", "pelvis", 38),
    ("UO", "OBA", "US Obstetric anomaly", "pelvis", 34),
    ("UO", "OBG", "US Obstetric growth", "pelvis", 28),
    ("NM", "NBO", "NM Bone", "whole body", 50),
    ("NM", "NRE", "NM Renal", "abdomen", 28),
    ("NM", "NLU", "NM Lung", "chest", 22),
    ("PT", "PWB", "PET-CT whole body", "whole body", 76),
    ("PT", "PHD", "PET-CT head", "head", 14),
    ("PT", "PPS", "PET-CT PSMA", "whole body", 10),
    ("FL", "FTH", "Fluoroscopy in theatre", "limb", 55),
    ("FL", "FBS", "Barium swallow", "chest", 25),
    ("FL", "FBE", "Barium enema", "abdomen", 4),
    ("FL", "FHY", "Hysterosalpingogram", "pelvis", 16),
    ("MG", "GBI", "Mammogram both", "breast", 80),
    ("MG", "GUN", "Mammogram one side", "breast", 14),
    ("MG", "GTO", "Tomosynthesis", "breast", 6),
    ("DX", "DHS", "DEXA hip and spine", "whole body", 84),
    ("DX", "DFA", "DEXA forearm", "limb", 9),
    ("DX", "DVF", "DEXA vertebral", "spine", 7),
    ("IR", "IDR", "IR Drainage", "abdomen", 38),
    ("IR", "ILI", "IR Line insertion", "chest", 40),
    ("IR", "IAN", "IR Angioplasty", "limb", 22),
)
SPECIALTIES = (
    "General medicine",
    "General surgery",
    "Orthopaedics",
    "Emergency medicine",
    "General practice",
    "Oncology",
    "Urology",
    "Obstetrics",
)
CANCEL_REASONS = (
    "Patient cancelled",
    "Equipment failure",
    "Patient unwell",
    "No longer required",
    "Not justified at vetting",
    "Staff unavailable",
)
ROOMS = {"XR": 3, "CT": 3, "MR": 2, "US": 3, "UO": 2, "NM": 1, "PT": 1, "FL": 2, "MG": 1, "DX": 1, "IR": 1}  # of a large site

# Reporters: (prefix, role, number in each trust). The supplier's are beside the trusts'.
REPORTERS = (
    ("R", "radiologist", (24, 14, 12, 10)),
    ("P", "reporting_radiographer", (6, 4, 4, 4)),
    ("S", "reporting_radiographer", (9, 6, 6, 5)),
    ("G", "registrar", (4, 2, 2, 1)),
)
SUPPLIER_REPORTERS = ("X", "radiologist", 14)
