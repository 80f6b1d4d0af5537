"""What a publish has to say of its sources beside their counts, and what it must not publish unasked.

A refusal names the source, the column, how many, why, an example where the column may be shown, and the cure. Every notice is in the manifest.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from readout import schema
from readout.errors import PublishError
from readout.ingest import identifiers, instants
from readout.ingest.build import Build
from readout.ingest.decisions import is_frequent, source_column
from readout.ingest.network import Source
from readout.ingest.staging import MIDNIGHTS, Staged
from readout.metrics.catalogue import load_catalogue

UNREAD_SHARE = 0.05  # of a column that decides something: with more unreadable nothing is published
QUARANTINE_SHARE = 0.10  # of the records of a source: with more quarantined nothing is published unasked
LEAST = 10  # fewer never stop a publish, unless they are a whole column
WHOLE_LEAST = 3  # so many, and nothing else in the column, do
SENTINEL_LEAST = 5  # one text so often among the dates that cannot be used looks like a placeholder
GAP_MONTH = 10  # examinations of a usual month from which one with less than a tenth of them looks like a missing file
TIMES_LEAST = 100  # times of which at least one should be after 12:59
CLOCK_LEAST = 2000  # examinations before, and after, the changes of the clocks from which a zone is judged
CLOCK_MOVED = 40  # minutes that the time of day moves with the clocks, of 60, from which the zone looks wrong

# What else than times decides a figure, and what a value that cannot be read would change.
DECIDING = {
    "latest": "It decides which of two versions of an examination counts.",
    "status": "It decides what counts as done.",
    "is_report_required": "It decides which examinations need a report.",
    "grade": "It decides what counts as a discrepancy.",
}
# Formats to try on texts that no listed format reads, the likelier first.
CANDIDATES = (
    *(f"{day}{gap}{time}" for day in ("%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%m/%d/%y", "%d-%b-%Y", "%d %b %Y", "%Y/%m/%d")
      for gap, time in ((" ", "%H:%M"), (" ", "%H:%M:%S"), ("", ""), (" ", "%I:%M %p"), (" ", "%I:%M:%S %p"), (" ", "%H:%M:%S.%f"), ("T", "%H:%M:%S"))),
    "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M",
)  # fmt: skip
STAYS = "Nothing was published; the current extract stays live."


def column_counts(many: Iterable[Staged]) -> dict[str, Counter[str]]:
    """Of each mapped column of a source, and of `latest`, the counts of `schema.COLUMN_COUNTS`."""
    found: dict[str, Counter[str]] = {}
    for staged in many:
        for column, counts in staged.columns.items():
            found.setdefault(column, Counter()).update(counts)
    return found


def shown(texts: Iterable[str]) -> list[str]:
    """Those texts that can be shown: that hold a digit, as a time does, and that look like no NHS number and no postcode."""
    hidden = "|".join((identifiers.NHS_SPACED, identifiers.NHS_PLAIN))
    return [
        t
        for t in texts
        if re.search(r"\d", t) and not re.search(hidden, t) and not re.search(identifiers.POSTCODE, t)
    ]


def columns(build: Build, source: Source) -> list[dict[str, Any]]:
    """Each mapped column as the manifest has it, in the order of the schema."""
    counts, surveyed = column_counts(build.staged[source.name]), build.surveyed[source.name]
    rows = []
    for column in (c for c in (*schema.TABLE_INPUTS[source.table], "latest") if c in counts):
        row: dict[str, Any] = {"column": column, "source_column": source_column(source, column)}
        row |= {what: counts[column][what] for what in schema.COLUMN_COUNTS}
        if column in surveyed:
            found = surveyed[column]
            row |= {
                "times": found.count_timed,
                "midnight": found.count_midnight,
                "on_the_hour": found.count_on_the_hour,
            }
        rows.append(row)
    return rows


# What must not be published unasked


def refuse_unread(build: Build) -> None:
    """Raise where a column that decides a figure cannot be read in more than a few records."""
    for source in [*build.exam_sources(), *build.review_sources()]:
        for column, counts in column_counts(build.staged[source.name]).items():
            is_time = (
                column in schema.TABLE_INPUTS[source.table]
                and schema.TABLE_INPUTS[source.table][column].type == "instant"
            )
            lost, filled = (
                counts["unreadable"] + counts["unknown"],
                counts["rows"] - counts["empty"] - counts["missing"],
            )
            if (
                not (is_time or column in DECIDING)
                or not is_too_many(lost, filled, UNREAD_SHARE)
                or (is_time and source.name in build.accepted)
            ):
                continue
            raise PublishError(_unread(build, source, column, lost, filled, is_time))


def is_too_many(part: int, whole: int, share: float) -> bool:
    """Whether a part is more than a share of the whole, and not merely a few."""
    return part > share * whole and (part >= LEAST or WHOLE_LEAST <= part == whole)


def _unread(build: Build, source: Source, column: str, lost: int, filled: int, is_time: bool) -> str:
    many = build.staged[source.name]
    name = source_column(source, column)
    said = f"Source '{source.name}': {lost:,} of {filled:,} values in column '{name}' cannot be read as {'times' if is_time or column == 'latest' else column}"
    if column in DECIDING and column != "latest":
        codes = Counter({v: n for s in many for c, v, n in s.unknown if c == column})
        texts = [v for v, _ in codes.most_common(2)]
        cure = (
            f'Map them under [source.values.{column}] in the network file, as in "{texts[0]}" = "{_code_of(source, column)}".'
            if texts
            else ""
        )
    else:
        texts = shown(t for s in many for t in s.examples.get(column, ()))[:2]
        rejected = [
            r.value
            for s in many
            for r in s.rejects
            if r.column in (name, *_parts(source, column)) and r.reason == "unreadable_date" and r.value
        ]
        cure = _cure(source, rejected or texts)
        if column == "latest":
            cure += " Where the column tells no time, take [latest] out: then the later file and record win, and the publish counts them."
    said += f", such as {_joined(texts)}. " if texts else ". "
    said += DECIDING.get(column, "Each of these records would be quarantined.")
    flag = f" To publish without them: --accept-quarantine {source.name}." if is_time else ""
    return f"{said} {cure}{flag} {STAYS}"


def _parts(source: Source, column: str) -> tuple[str, ...]:
    assert source.adapter is not None
    spec = source.adapter.columns.get(column)
    return spec.needs if spec else ()


def _code_of(source: Source, column: str) -> str:
    """A code of the column as an example to write: of a status the one that is met most."""
    likely = {"is_report_required": "true", "status": "completed"}
    return likely.get(column) or schema.TABLE_INPUTS[source.table][column].codes[0]


def _cure(source: Source, texts: Sequence[str]) -> str:
    """What would make texts readable, as far as they tell."""
    adapter = source.adapter
    assert adapter is not None
    listed = adapter.file.date_formats
    values = pl.Series(sorted(set(texts))[:200], dtype=pl.String)
    if len(values) and values.str.contains(r"^\d{5}(?:[.,]\d+)?$").all():
        return "They look like the day numbers of a spreadsheet: format the column as a date there, and export again."
    if len(values) and values.str.contains(r"[ T]24:\d\d").all():
        return "No clock shows 24:00: write midnight as 00:00 of the next day."
    for form in CANDIDATES:
        if (
            len(values)
            and form not in listed
            and instants.read_as(values, form).null_count() <= 0.02 * len(values)
        ):
            rival = next((f for f in listed if instants.rivals((f, form))), None)
            instead = f" in place of '{rival}', which reads it as another day" if rival else ""
            return f"'{form}' would read them: list it in date_formats of adapter '{source.adapter_name}'{instead}."
    return (
        f"List their format in date_formats of adapter '{source.adapter_name}'; a text that stands for nothing belongs "
        'under [file], as in missing = ["31/12/9999", "NULL"].'
    )


def refuse_quarantined(build: Build, records: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise where more than a share of a source's records is quarantined, unless it was asked for by name. `records`: by source."""
    rules = load_catalogue().rules
    for name, r in records.items():
        apart = sum(r["quarantined"].values())
        if name in build.accepted or not is_too_many(apart, r["read"], QUARANTINE_SHARE):
            continue
        source = next(s for s in build.network.sources if s.name == name)
        reasons = sorted(r["quarantined"].items(), key=lambda item: -item[1])
        listed = ", ".join(f"{_label(rules, reason)} {count:,}" for reason, count in reasons[:3])
        told = {reason: str(rules.get(reason, {}).get("about", "")) for reason, _ in reasons}
        first = reasons[0][0]
        where = [
            (x.column, x.value) for s in build.staged.get(name, []) for x in s.rejects if x.reason == first
        ]
        column = Counter(c for c, _ in where if c).most_common(1)
        values = shown(v for _, v in where if v)
        said = f"Source '{name}': {apart:,} of {r['read']:,} records ({100 * apart / r['read']:.1f} %) would be quarantined: {listed}."
        if column:
            said += f" Most are in column '{column[0][0]}'" + (f", such as '{values[0]}'." if values else ".")
        cure = _cure(source, values) if first == "unreadable_date" and source.adapter else told[first]
        raise PublishError(
            f"{said} {cure} More than {100 * QUARANTINE_SHARE:.0f} % of a source is not published unasked, for what is left may be misread too; "
            f"to publish it as it is: --accept-quarantine {name}. {STAYS}"
        )


def _label(rules: Mapping[str, Mapping[str, Any]], reason: str) -> str:
    return str(rules.get(reason, {}).get("label", reason.replace("_", " "))).lower()


# What is told after a publish


def notices(build: Build, records: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Everything that may decide a figure and that the counts do not say: `source` (empty for the network file), `kind`, `text`.

    `records`: the accounting of each source.
    """
    told: list[dict[str, str]] = []
    for source in [*build.exam_sources(), *build.review_sources()]:
        parts = {
            "accepted": _accepted(build, source),
            "much": _much(records[source.name]),
            "order": _order_unknown(build, source),
            "unread": _few_unread(build, source),
            "format": [
                f"Column '{j['source_column']}': {j['reason']}"
                for j in build.judgements[source.name]
                if j["question"] == "date_format"
            ],
            "midnight": [
                f"Column '{j['source_column']}': {j['reason']} {MEANS[j['decision']]}"
                for j in _midnights(build, source)
            ],
            "placeholder": _placeholders(build, source),
            "gap": [g["text"] for g in build.gaps.get(source.name, [])],
            "zone": _offsets(build, source) + _utc_dates(build, source) + _wrong_zone(build, source),
            "clock": _no_afternoon(build, source),
            "status": _not_done(build, source),
            "empty": _empty(build, source),
            "unused": _unused(build, source),
        }
        told += [
            {"source": source.name, "kind": kind, "text": text}
            for kind, texts in parts.items()
            for text in texts
        ]
    return told + [{"source": "", "kind": "unused", "text": text} for text in _unused_network(build)]


MEANS = {
    "date": "They are read as dates without a time and leave metrics in hours.",
    "time": "They are read as times.",
}


def _midnights(build: Build, source: Source) -> list[dict[str, Any]]:
    return [j for j in build.judgements[source.name] if j["question"] == "midnight" and not j["is_stated"]]


def _accepted(build: Build, source: Source) -> list[str]:
    if source.name not in build.accepted:
        return []
    return [
        "Published however many records are quarantined, as asked by --accept-quarantine. Its figures may be misread."
    ]


def _much(r: Mapping[str, Any]) -> list[str]:
    if sum(r["quarantined"].values()) <= QUARANTINE_SHARE * r["read"]:
        return []
    return [
        f"more than one record in {1 / QUARANTINE_SHARE:.0f} was quarantined. Check the adapter before anyone relies on this extract."
    ]


def _order_unknown(build: Build, source: Source) -> list[str]:
    count = build.unordered[source.name]
    if not count:
        return []
    assert source.adapter is not None
    latest = source.adapter.latest
    why = f"by column '{latest}' neither is the newer" if latest else "the adapter names no [latest] column"
    what = "review" if source.table == "peer_review" else "examination"
    return [
        f"{_records(count)} replaced by another version of the same {what} though {why}: the later file and record won."
    ]


def _records(count: int) -> str:
    return "1 record was" if count == 1 else f"{count:,} records were"


def _few_unread(build: Build, source: Source) -> list[str]:
    """Values that cannot be read in columns whose records are kept all the same."""
    many, said = build.staged[source.name], []
    for column, counts in column_counts(many).items():
        is_time = (
            column in schema.TABLE_INPUTS[source.table]
            and schema.TABLE_INPUTS[source.table][column].type == "instant"
        )
        if counts["unreadable"] and not is_time:
            texts = shown(t for s in many for t in s.examples.get(column, ()))[:2]
            such = f", such as {_joined(texts)}" if texts else ""
            filled = counts["rows"] - counts["empty"] - counts["missing"]
            said.append(
                f"{counts['unreadable']:,} of {filled:,} values in column '{source_column(source, column)}' cannot be read{such}."
            )
    return said


def _placeholders(build: Build, source: Source) -> list[str]:
    dates = ("date_before_1990", "date_in_future", "unreadable_date")
    found = Counter(
        (r.column, r.value)
        for s in build.staged[source.name]
        for r in s.rejects
        if r.reason in dates and r.value and shown([r.value])
    )
    return [
        f"'{value}' in column '{column}' had {count:,} records quarantined. If it stands for nothing, list it under [file] of adapter "
        f"'{source.adapter_name}': missing = [\"{value}\"]."
        for (column, value), count in found.most_common(3)
        if count >= SENTINEL_LEAST
    ]


def _offsets(build: Build, source: Source) -> list[str]:
    return [
        f"{found.count_wrong_offset:,} times in column '{source_column(source, column)}' state an offset that the site's clock does not have then, "
        f"such as '{found.wrong_offset}'. If the offset is wrong, so are they by as much."
        for column, found in build.surveyed[source.name].items()
        if found.count_wrong_offset and found.wrong_offset
    ]


def moved_with_the_clocks(changes: Iterable[Mapping[str, Any]]) -> float | None:
    """How many minutes of the 60 the time of day moves as the clocks move, over all changes: 0 for work that keeps the local clock, about -60 for UTC
    read as local time, about 60 for local time read as UTC. None where there is too little to tell. `changes`: rows of `canonical/clock_change`.
    """
    known = [c for c in changes if abs(c["moved_minutes"]) == 60 and c["count_before"] and c["count_after"]]
    if min(sum(c["count_before"] for c in known), sum(c["count_after"] for c in known)) < CLOCK_LEAST:
        return None
    weights = [min(c["count_before"], c["count_after"]) for c in known]
    moved = [(c["median_after"] - c["median_before"]) * c["moved_minutes"] / 60 for c in known]
    return float(sum(w * m for w, m in zip(weights, moved, strict=True)) / sum(weights))


def _wrong_zone(build: Build, source: Source) -> list[str]:
    moved = moved_with_the_clocks(build.clock_changes.get(source.name, ()))
    if moved is None or abs(moved) < CLOCK_MOVED:
        return []
    looks, zone = ("UTC read as local time", "UTC") if moved < 0 else ("local time read as UTC", "Europe/London")
    return [
        f"the time of day of its examinations moves by {abs(moved):.0f} minutes whenever the clocks change, which work does not: it looks like {looks}. "
        f'If it is, say so under [file] of adapter \'{source.adapter_name}\': time_zone = "{zone}".'
    ]


def _utc_dates(build: Build, source: Source) -> list[str]:
    return [
        f"{found.count_utc_midnight:,} times in column '{source_column(source, column)}' are 00:00 in UTC, which is another hour on the "
        "site's clock: they look like dates. Export the column without a time, or in local time."
        for column, found in build.surveyed[source.name].items()
        if is_frequent(found, found.count_utc_midnight)
    ]


def _no_afternoon(build: Build, source: Source) -> list[str]:
    return [
        f"None of {found.count_timed:,} times in column '{source_column(source, column)}' is after 12:59: a twelve-hour clock may have lost its am and pm."
        for column, found in build.surveyed[source.name].items()
        if found.count_timed - found.count_midnight >= TIMES_LEAST and not found.count_afternoon
    ]


def _not_done(build: Build, source: Source) -> list[str]:
    count = build.flags.get(source.name, {}).get("examined_not_done", 0)
    if not count:
        return []
    is_one = count == 1
    return [
        f"{count:,} {'examination is' if is_one else 'examinations are'} not done by {'its' if is_one else 'their'} status, yet {'has' if is_one else 'have'} "
        "a time of examination or of a report: counted as not done. Where that is wrong, correct the map under [values.status]."
    ]


def _empty(build: Build, source: Source) -> list[str]:
    counts = column_counts(build.staged[source.name])
    names = [
        source_column(source, c)
        for c, n in counts.items()
        if n["rows"] >= LEAST and n["rows"] == n["empty"] + n["missing"]
    ]
    return [f"Nothing is in {_quoted(names)}, in any record."] if names else []


def _joined(texts: Sequence[str]) -> str:
    return " and ".join(f"'{t}'" for t in texts)


def _quoted(names: Sequence[str]) -> str:
    named = [f"'{n}'" for n in dict.fromkeys(names)]
    return f"column{'s' * (len(named) > 1)} {', '.join(named)}"


def _unused(build: Build, source: Source) -> list[str]:
    """Keys of the adapter and of the source's entry that nothing in its files met."""
    adapter, many = source.adapter, build.staged[source.name]
    assert adapter is not None
    mapped: dict[str, Counter[str]] = {}
    for staged in many:
        for column, hits in staged.mapped.items():
            mapped.setdefault(column, Counter()).update(hits)
    named = {n for s in many for n in s.named}
    said = []
    for column, values in adapter.values.items():
        if column not in adapter.columns and column not in adapter.constants:
            said.append(f"[values.{column}] maps the values of a column that is not mapped.")
        elif not mapped.get(column):
            said.append(f"[values.{column}] matched no value of column '{source_column(source, column)}'.")
        else:
            own = [v for c, v in source.own_values if c == column and v in values and not mapped[column][v]]
            said += [f"[source.values.{column}] '{v}' matched no record." for v in own]
    matched = {name for s in many for name, n in s.excluded.items() if n}
    for rule in (e for e in adapter.exclude if e.name not in matched):
        where = (
            f"in column '{rule.column}'"
            if rule.column in named
            else f"for no file has a column '{rule.column}'"
        )
        said.append(f"[exclude.{rule.name}] matched no record {where}.")
    said += [f"[pad] {column} is not mapped." for column in adapter.pad if column not in adapter.columns]
    said += [
        f"[missing] {column} is not mapped."
        for column in adapter.missing
        if column not in adapter.columns and column != "latest"
    ]
    judged = MIDNIGHTS[source.table]
    said += [
        f"[midnight] {c} has no effect: a bare date matters in {', '.join(judged) or 'no column of this table'} alone."
        for c in adapter.midnight
        if c not in judged
    ]
    said += [
        f"[midnight] {c} is not mapped." for c in adapter.midnight if c in judged and c not in adapter.columns
    ]
    known = {*adapter.named()}
    said += [f"[optional] '{n}' is a column that nothing reads." for n in sorted(adapter.optional - known)]
    said += [f"Optional column '{n}' is in no file." for n in sorted((adapter.optional & known) - named)]
    counts = column_counts(many)
    full = [c for c in adapter.constants if c in counts and not counts[c]["empty"] + counts[c]["missing"]]
    said += [
        f"[constants] {c} is never used: column '{source_column(source, c)}' is never empty." for c in full
    ]
    if adapter.file.footer_pattern and not any(s.dropped.get("footer") for s in many):
        said.append("footer_pattern matched no line.")
    if adapter.file.sheet and adapter.file.format != "xlsx":
        said.append("[file] sheet is for workbooks alone.")
    if source.reporter_issuer and "reporter_id" not in adapter.columns:
        said.append("reporter_issuer is not used: no reporter_id is mapped.")
    if source.vintage:
        said.append("vintage is for the national return alone.")
    return said


def _unused_network(build: Build) -> list[str]:
    network, path = build.network, build.tables / "exam.parquet"
    if not path.is_file():
        return []
    exam = pl.scan_parquet(path)
    sites = set(exam.select(pl.col("site_code").unique()).collect().to_series())
    said = [f"[[site]] {s.code}: no source has a record of it." for s in network.sites if s.code not in sites]
    said += [
        f"[[supplier]] {code}: no export names it."
        for code in network.suppliers
        if code not in build.suppliers
    ]
    for number, rule in enumerate(network.report_rules, start=1):
        held = exam.filter(pl.col("exam_date").is_between(rule.valid_from, rule.valid_to))
        for column in ("site_code", "modality", "exam_code", "patient_class"):
            value = getattr(rule, column)
            held = held if value is None else held.filter(pl.col(column) == value)
        if held.head(1).collect().is_empty():
            said.append(f"[[report_rule]] number {number} decides for no examination.")
    return said


# Months without data


def find_gaps(build: Build, months: pl.DataFrame) -> None:
    """Months between the first and the last of a source at a site that hold nothing, or less than a tenth of a usual month."""
    for (source, site), rows in months.sort("exam_month").group_by(
        "source", "site_code", maintain_order=True
    ):
        usual = rows.filter(pl.col("count_exams") > 0)["count_exams"].median()
        if not isinstance(usual, float) or usual < GAP_MONTH:
            continue
        inner = rows.slice(1, max(0, rows.height - 2)).filter(pl.col("count_exams") < usual / 10)
        name = build.network.site(str(site)).now.name
        for month, count in inner.select("exam_month", "count_exams").iter_rows():
            held = "no examinations" if not count else f"only {count:,} examination{'s' * (count != 1)}"
            text = f"{name} has {held} in {month:%b %Y}, where about {usual:,.0f} are usual: a file may be missing."
            build.gaps.setdefault(str(source), []).append(
                {"site_code": str(site), "month": month.isoformat(), "count": count, "text": text}
            )
