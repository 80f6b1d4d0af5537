"""The canonical tables as data: column, type, unit, sensitivity. The contract is docs/definitions.md; this is its code.

Types: `text`, `code` (text; a leading zero counts), `instant` (UTC), `date` (local), `integer`, `flag` (boolean),
`key` (63-bit integer made by a keyed hash), `list` (list of text).
"""

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "code", "instant", "date", "integer", "flag", "key", "list"]
# open: may be shown anywhere; drill: only where a viewer may see examinations; never: read at ingest, never kept
Sensitivity = Literal["open", "drill", "never"]


@dataclass(frozen=True)
class Column:
    """One column of a canonical table. `codes`: the values it may hold; anything else is flagged, never lost."""

    name: str
    type: Type
    about: str
    sensitivity: Sensitivity = "open"
    codes: tuple[str, ...] = ()
    fallback: str | None = None  # what an unknown code becomes
    past: bool = False  # an event that has happened: a future instant is a fault


MODALITIES = ("XR", "CT", "MR", "US", "NM", "PT", "FL", "MG", "DX", "IR", "OT")
MODALITY_NAMES = {
    "XR": "X-ray",
    "CT": "CT",
    "MR": "MRI",
    "US": "Ultrasound",
    "NM": "Nuclear medicine",
    "PT": "PET",
    "FL": "Fluoroscopy",
    "MG": "Mammography",
    "DX": "DEXA",
    "IR": "Interventional",
    "OT": "Other or unknown",
}
PATIENT_CLASSES = {
    "01": "Inpatient",
    "02": "Day case",
    "03": "Outpatient",
    "04": "GP direct access",
    "05": "A&E",
    "06": "Other provider",
    "07": "Other",
}
URGENCIES = {
    "emergency": "Emergency",
    "urgent": "Urgent",
    "suspected_cancer": "Suspected cancer",
    "routine": "Routine",
}
# Derived at publish from urgency and patient class, the first that applies: see queries/canonical/exam.sql.
PATHWAYS = {
    "emergency": "A&E and emergency",
    "inpatient": "Inpatient and day case",
    "suspected_cancer": "Suspected cancer",
    "urgent": "Urgent outpatient and GP",
    "routine": "Routine outpatient and GP",
}
PLACES = {
    "unallocated": "Unallocated",
    "assigned": "With a reporter",
    "preliminary": "Preliminary, awaiting verification",
    "supplier": "With a supplier",
    "not_recorded": "Allocation not recorded by the RIS",
}
OVERS = {"10_days": "Ten days or more", "standard": "More than its standard"}
BOOKINGS = {"booked": "Booked", "unbooked": "Not booked"}
VERDICTS = {
    "met": "Within its standard",
    "missed": "Over its standard",
    "met_early": "Within its standard, not yet judged",
    "pending": "Pending",
    "unreported": "Unreported",
}
OUTCOMES = {"cancelled": "Cancelled", "did_not_attend": "Did not attend"}
STATUSES = ("requested", "booked", "completed", "cancelled", "did_not_attend")
ROUTES = ("in_house", "network", "insourced", "outsourced", "delegated")
NO_ROUTE = {  # how a wait ended, beside the routes
    "route_not_stated": "Reported, route not stated",
    "reported_later": "Reported later",
    "not_yet_reported": "Not yet reported",
}
READERS = {  # who first verified, of those at the site by role
    "radiologist": "In-house radiologist",
    "registrar": "In-house registrar",
    "reporting_radiographer": "In-house reporting radiographer",
    "in_house_other": "In-house, role not stated",
    "network": "Network",
    "insourced": "Insourced",
    "outsourced": "Outsourced",
    "delegated": "Delegated",
}
# The grades of a peer review, the mildest first, and what each means.
GRADES = {
    "agree": "No discrepancy",
    "minor": "Minor discrepancy of no clinical consequence",
    "moderate": "Discrepancy that might have changed management",
    "major": "Discrepancy that did harm, or was likely to",
}
# How a report came to be reviewed. Only the first two are samples, and so give a rate.
SAMPLINGS = {
    "random": "Random sample",
    "all": "Every report of a supplier or reporter",
    "targeted": "Chosen for a reason",
    "referred": "Brought to a meeting for a suspected discrepancy",
}
SAMPLES = ("random", "all")
ROLES = ("radiologist", "registrar", "reporting_radiographer", "other")
WAIT_CATEGORIES = ("waiting_list", "planned", "unscheduled")
WAIT_CATEGORY_NAMES = {"waiting_list": "Waiting list", "planned": "Planned surveillance", "unscheduled": "Unscheduled"}
# From our figure to the published one, in the order in which they are told.
STEPS = {
    "ours": "Our figure",
    "planned": "Planned",
    "timing": "Timing",
    "scope": "Scope",
    "vintage": "Vintage",
    "unexplained": "Unexplained",
}
ADDENDUM_NAMES = {"clinical": "Clinical", "administrative": "Administrative", "unknown": "Not classed"}
ADDENDUM_CLASSES = tuple(ADDENDUM_NAMES)


@dataclass(frozen=True)
class Event:
    """What a measure of the case mix counts: `said` after a number, `one` and `many` as nouns, `reports` for the reports that have it."""

    said: str
    one: str
    many: str
    reports: str


EVENTS = {
    "late": Event("late", "a late report", "late reports", "late reports"),
    "addendum": Event("amended", "an addendum", "addenda", "amended reports"),
    "follow_up": Event("recommending follow-up", "a recommendation", "recommendations", "reports recommending follow-up"),
    "discrepancy": Event("discrepant", "a discrepancy", "discrepancies", "discrepant reports"),
}
SEXES = ("female", "male", "other", "unknown")
AGE_BANDS = ("0-15", "16-24", "25-44", "45-64", "65-74", "75-84", "85+")

# What an adapter may map into, for one examination a row.
EXAM_INPUTS: tuple[Column, ...] = (
    Column("accession", "code", "accession number, unique only inside its RIS", "drill"),
    Column("exam_seq", "code", "number of the examination inside the accession"),
    Column("event_id", "code", "attendance; several examinations may share it", "drill"),
    Column("site_code", "code", "organisation code of the site"),
    Column("scanner_code", "code", "scanner or room"),
    Column("patient_id", "code", "patient number, hashed into patient_key", "never"),
    Column("patient_id_kind", "code", "national or local: which kind of number patient_id is", "never"),
    Column("birth_date", "date", "birth date, turned into an age band", "never"),
    Column("age_years", "integer", "age in years, turned into an age band", "never"),
    Column("sex", "code", "sex", codes=SEXES),
    Column("imd_decile", "integer", "decile of deprivation, 1 most deprived"),
    Column("exam_code", "code", "local examination code"),
    Column("exam_name", "text", "examination name"),
    Column("modality", "code", "modality", codes=MODALITIES, fallback="OT"),
    Column("body_region", "text", "body region"),
    Column("patient_class", "code", "patient class", codes=tuple(PATIENT_CLASSES)),
    Column("urgency", "code", "urgency", codes=tuple(URGENCIES)),
    Column("referrer_specialty", "text", "specialty of the referrer"),
    Column("wait_category", "code", "waiting list, planned or unscheduled", codes=WAIT_CATEGORIES),
    Column("vetting_outcome", "text", "outcome of vetting"),
    Column("cancelled_at", "instant", "cancelled", past=True),
    Column("cancel_reason", "text", "reason for the cancellation"),
    Column("clock_reset_at", "instant", "waiting-time clock restarted", past=True),
    Column("status", "code", "status", codes=STATUSES),
    Column("requested_at", "instant", "requested", past=True),
    Column("received_at", "instant", "request received", past=True),
    Column("booked_for", "instant", "booked for"),
    Column("arrived_at", "instant", "arrived", past=True),
    Column("exam_start_at", "instant", "examination began", past=True),
    Column("exam_end_at", "instant", "examination ended", past=True),
    Column("assigned_at", "instant", "assigned to a reporter", past=True),
    Column("preliminary_at", "instant", "preliminary report", past=True),
    Column("first_verified_at", "instant", "first verified report: stops the turnaround clock", past=True),
    Column("last_verified_at", "instant", "last verified report", past=True),
    Column("issued_at", "instant", "issued to the referrer", past=True),
    Column("reporter_id", "code", "first verifier, hashed into reporter_key", "never"),
    Column("reporter_role", "code", "role of the first verifier", codes=ROLES, fallback="other"),
    Column("reporting_route", "code", "who reported", codes=ROUTES),
    Column("reporting_org_code", "code", "organisation that reported"),
    Column("is_report_required", "flag", "false leaves the backlog and the clocks"),
    Column("addendum_count", "integer", "addenda"),
    Column("first_addendum_at", "instant", "first addendum", past=True),
    Column("addendum_class", "code", "class of the addendum", codes=ADDENDUM_CLASSES, fallback="unknown"),
    Column("is_follow_up_recommended", "flag", "whether the report recommends further imaging; empty where the RIS does not say"),
)
INPUTS = {c.name: c for c in EXAM_INPUTS}
INSTANTS = tuple(c.name for c in EXAM_INPUTS if c.type == "instant")

# What an adapter may map into, for one peer review a row. Who reviewed is no column: it is never read.
REVIEW_INPUTS: dict[str, Column] = {
    c.name: c
    for c in (
        Column("review_no", "code", "number of the review where it is kept; a later record of the same number replaces the earlier", "never"),
        Column("ris_code", "code", "RIS that issued the accession"),
        Column("accession", "code", "accession number of the examination reviewed", "drill"),
        Column("exam_seq", "code", "number of the examination inside the accession; its examination code where the RIS numbers none"),
        Column("reviewed_at", "instant", "reviewed", past=True),
        Column("grade", "code", "grade of the discrepancy", codes=tuple(GRADES)),
        Column("reviewer_route", "code", "who reviewed, as one of the reporting routes", codes=ROUTES),
        Column("sampled_how", "code", "how the report was chosen", codes=tuple(SAMPLINGS)),
    )
}
# What the adapters of each table may map into.
TABLE_INPUTS: dict[str, dict[str, Column]] = {"exam": INPUTS, "peer_review": REVIEW_INPUTS}

# The canonical examination: inputs that are kept, and what ingest adds.
EXAM_ADDED: tuple[Column, ...] = (
    Column("exam_id", "key", "keyed hash of (ris_code, accession, exam_seq)"),
    Column("network_code", "code", "network"),
    Column("trust_code", "code", "trust that ran the site on the examination date"),
    Column("ris_code", "code", "RIS that issued the accession"),
    Column("patient_key", "key", "keyed hash of (kind, issuer, number)"),
    Column("reporter_key", "key", "keyed hash of the first verifier", "drill"),
    Column("age_band", "code", "age band", codes=AGE_BANDS),
    Column("dq_flags", "list", "names of the defects found on this row"),
)
EXAM_KEPT: tuple[Column, ...] = EXAM_ADDED + tuple(c for c in EXAM_INPUTS if c.sensitivity != "never")

# The canonical peer review: one row a review, so that a report may have several.
PEER_REVIEW: tuple[Column, ...] = (
    Column("review_id", "key", "keyed hash of the review's number, else of all that is known of it"),
    Column("exam_id", "key", "key of the examination reviewed, as in table exam"),
    Column("site_code", "code", "site of the examination; null where the extract does not hold it"),
    *(c for c in REVIEW_INPUTS.values() if c.sensitivity != "never"),
    Column("reviewed_date", "date", "day of the review, in the network's time zone"),
    Column("source", "code", "source that sent the review"),
    Column("dq_flags", "list", "names of the defects found on this row"),
)

NATIONAL_BANDS = tuple(f"weeks_{i:02d}" for i in range(13)) + ("weeks_13_plus",)
NATIONAL_TESTS: dict[int, str] = {
    1: "Magnetic Resonance Imaging",
    2: "Computed Tomography",
    3: "Non-Obstetric Ultrasound",
    4: "Barium Enema",
    5: "Dexa Scan",
    6: "Audiology - Audiology Assessments",
    7: "Cardiology - Echocardiography",
    8: "Cardiology - Electrophysiology",
    9: "Neurophysiology - Peripheral Neurophysiology",
    10: "Respiratory Physiology - Sleep Studies",
    11: "Urodynamics - Pressures & Flows",
    12: "Colonoscopy",
    13: "Flexi Sigmoidoscopy",
    14: "Cystoscopy",
    15: "Gastroscopy",
}
IMAGING_TESTS = tuple(NATIONAL_TESTS[i] for i in range(1, 6))
NATIONAL_WAIT: tuple[Column, ...] = (
    Column("month_end", "date", "last day of the month"),
    Column("vintage", "text", "which publication: its date, else its file name"),
    Column("provider_code", "code", "provider"),
    Column("region_code", "code", "region the provider belonged to in that month"),
    Column("test_id", "integer", "Diagnostic ID of the return, 1-15"),
    Column("test", "text", "published long name of the test"),
    *(Column(b, "integer", "patients waiting, by weeks waited") for b in NATIONAL_BANDS),
    Column("count_waiting", "integer", "patients waiting: the sum of the bands"),
    Column("count_waiting_list_activity", "integer", "tests done from the waiting list"),
    Column("count_planned_activity", "integer", "planned tests done"),
    Column("count_unscheduled_activity", "integer", "unscheduled tests done"),
)
NATIONAL_PROVIDER: tuple[Column, ...] = (
    Column("provider_code", "code", "provider"),
    Column("provider_name", "text", "name as published"),
    Column("valid_from", "date", "first month under this name"),
    Column("valid_to", "date", "last month under this name; null while current"),
)

# Tables made of the network file and of what stands beside it, by column and type as the engine has them; the others are made by queries,
# whose headers say the same. Of these and of MANIFEST an extract's shape is worked out (`engine.shape`).
ENGINE_TYPES = {"text": "varchar", "code": "varchar", "date": "date", "integer": "bigint"}


def _columns(said: str) -> dict[str, str]:
    return dict(part.split() for part in said.split(", "))


NETWORK_TABLES: dict[str, dict[str, str]] = {
    "annotation": _columns("title varchar, text varchar, valid_from date, valid_to date, site_codes varchar[], modalities varchar[], metric_ids varchar[]"),
    "calendar": _columns("nation varchar, date date, month date, weekday bigint, holiday varchar, is_working_day boolean, financial_year varchar"),
    "dm01_scope": _columns("rule_no bigint, modality varchar, stands_beside varchar, test varchar, exam_code varchar, name_part varchar"),
    "national_provider": {c.name: ENGINE_TYPES[c.type] for c in NATIONAL_PROVIDER},
    "national_region": _columns("region_code varchar, region_name varchar"),
    "national_wait": {c.name: ENGINE_TYPES[c.type] for c in NATIONAL_WAIT},
    "report_rule": _columns(
        "rule_no bigint, site_code varchar, modality varchar, exam_code varchar, patient_class varchar, is_report_required boolean, valid_from date, valid_to date"
    ),
    "site": _columns(
        "site_code varchar, site_name varchar, trust_code varchar, trust_name varchar, network_code varchar, "
        "ris_code varchar, time_zone varchar, nation varchar, data_through timestamptz, data_through_date date, "
        "usual_lag_days bigint, covers_from date, opened date, closed date"
    ),
    "site_hours": _columns("site_code varchar, weekday bigint, open_minute bigint, close_minute bigint"),
    "site_open": _columns("site_code varchar, date date, open_at timestamptz, close_at timestamptz, opened_before bigint, ends_at timestamptz"),
    "site_period": _columns("site_code varchar, valid_from date, valid_to date, site_name varchar, trust_code varchar, trust_name varchar, ris_code varchar"),
    "standard": _columns(
        "standard_id varchar, measure varchar, pathway varchar, modality varchar, patient_class varchar, unit varchar, "
        "threshold double, target double, status varchar, valid_from date, valid_to date, specificity bigint, "
        "precedence bigint"
    ),
}
# What a manifest holds: its keys, and those of the entries within it.
MANIFEST: dict[str, tuple[str, ...]] = {
    "": (
        *("annotations", "checks", "code_version", "created_at", "data_through", "frozen", "id", "maker", "national"),
        *("network", "network_file", "notices", "policy", "rebases", "schema_version", "sites", "sources", "standards"),
        *("suppliers", "tables"),
    ),
    "network": ("code", "file", "inbox", "name", "nation", "open", "synthetic", "time_zone"),
    "sites": (
        *("nation", "network_code", "periods", "ris_code", "site_code", "site_name", "time_zone", "trust_code"),
        *("trust_name", "trusts", "usual_lag_days"),
    ),
    "national": ("own_providers", "provider_periods", "providers", "regions"),
}

NOT_READ = {  # why a file that a source's path matches was left alone
    "replaced": "an older snapshot: a later one, by name, replaces it",
    "replaced_though_newer": "a snapshot whose name sorts earlier, though it was written later: name snapshots so that the newest sorts last, as in list-2026-11-03.csv",
    "hidden": "a hidden or temporary file: its name begins with . or ~$",
}

# What is counted of each column that an adapter maps: records read into it, and of these the empty ones, the texts that stand for nothing,
# those that could not be read, and codes that no map knows.
COLUMN_COUNTS = ("rows", "empty", "missing", "unreadable", "unknown")
