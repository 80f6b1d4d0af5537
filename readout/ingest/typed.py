"""Text records to typed, pseudonymised rows, by an adapter. Nothing is lost: a record is kept, excluded or quarantined.

What every table needs is in `Typer`; `ExamTyper` and `ReviewTyper` make the rows of one table each.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from readout import schema
from readout.ingest import instants
from readout.ingest.decisions import Decision
from readout.ingest.network import Network, Site, Source
from readout.ingest.pseudonym import Pseudonyms
from readout.ingest.reading import Reject, TextBatch
from readout.ingest.survey import Survey, survey_times

EARLIEST = datetime(1990, 1, 1)
FURTHEST = timedelta(days=5 * 366)  # nobody is booked for later than so long from now
EXAMPLES = 2  # unreadable texts that are shown of a column
ROUNDED = r"^\d(?:\.\d+)?[eE]\+\d+$"  # a long number as a spreadsheet shows and saves it
# Local clock readings that later become local dates, hours and months; they do not enter the extract themselves.
LOCALS = (
    "requested_at",
    "received_at",
    "booked_for",
    "cancelled_at",
    "clock_reset_at",
    "exam_start_at",
    "exam_end_at",
    "assigned_at",
    "preliminary_at",
    "first_verified_at",
    "last_verified_at",
    "first_addendum_at",
)
DATE_ONLY = ("exam_start_at", "exam_end_at", "first_verified_at")
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
VETTING = ("accepted", "rejected", "returned")
AGE_STARTS = (0, 16, 25, 45, 65, 75, 85)
LATEST = schema.Column("latest", "instant", "when this version of the record was made")


@dataclass
class Tally:
    """What happened to one file's records, by rule."""

    excluded: Counter[str] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)
    first_future: datetime | None = None  # UTC: the earliest time that still lay in the future
    columns: Counter[tuple[str, str]] = field(default_factory=Counter)  # (column, one of `schema.COLUMN_COUNTS`)
    examples: dict[str, list[str]] = field(default_factory=dict)  # of a column that may be shown, texts that could not be read
    mapped: Counter[tuple[str, str]] = field(default_factory=Counter)  # (column, source value that a value map knows)

    def count(self, column: str, what: str, mask: pl.Series) -> None:
        if number := int(mask.sum() or 0):
            self.columns[column, what] += number

    def unreadable(self, column: schema.Column, text: pl.Series, mask: pl.Series) -> None:
        """Count texts that cannot be read, and keep a few to show where the column may be shown."""
        mask = mask.fill_null(False)
        self.count(column.name, "unreadable", mask)
        kept = self.examples.setdefault(column.name, []) if column.sensitivity == "open" and mask.any() else []
        if len(kept) < EXAMPLES:
            kept += [t for t in text.filter(mask).unique(maintain_order=True).head(EXAMPLES).to_list() if t not in kept][: EXAMPLES - len(kept)]

    def meets_future(self, times: pl.Series) -> None:
        found = [t for t in (self.first_future, times.min()) if isinstance(t, datetime)]
        self.first_future = min(found, default=None)


@dataclass
class Work:
    """The state of one batch: texts by canonical name, and the flags and faults found so far."""

    record: pl.Series
    text: dict[str, pl.Series]
    flags: dict[str, pl.Series] = field(default_factory=dict)
    faults: list[tuple[str, str, pl.Series]] = field(default_factory=list)  # canonical column, reason, mask

    def flag(self, name: str, mask: pl.Series) -> None:
        mask = mask.fill_null(False)
        if mask.any():
            self.flags[name] = self.flags[name] | mask if name in self.flags else mask

    def fault(self, column: str, reason: str, mask: pl.Series) -> None:
        mask = mask.fill_null(False)
        if mask.any():
            self.faults.append((column, reason, mask))


class Typer(ABC):
    """Types the batches of one source. `type_batch` returns staged rows and adds to the tally."""

    def __init__(self, network: Network, source: Source, pseudonyms: Pseudonyms, now: datetime, decision: Decision | None = None) -> None:
        assert source.adapter is not None
        self.decision = decision or Decision()
        self.network, self.source, self.adapter, self.pseudonyms = network, source, source.adapter, pseudonyms
        self.inputs: Mapping[str, schema.Column] = schema.TABLE_INPUTS[source.table]
        self.sites: dict[str, Site] = {s.code: s for s in network.sites}
        self.latest_allowed = now.replace(tzinfo=None)

    def type_batch(self, batch: TextBatch, tally: Tally) -> pl.DataFrame:
        """Staged rows of a batch: the kept columns of the schema, local clock readings, `record`, `latest_at`."""
        frame, record = self._without_excluded(batch, tally)
        work = Work(record, {c: self._text(frame, c, tally) for c in self.inputs})
        columns: dict[str, pl.Series] = {}
        self._fill(work, columns, tally)
        columns["latest_at"] = self._latest(frame, columns, tally)
        return self._finish(work, columns, tally)

    def survey_batch(self, batch: TextBatch) -> Survey:
        """What the columns of times of a batch hold, read by every format that the adapter allows."""
        frame, record = self._without_excluded(batch, Tally())
        zones = self._zones(self._placed(Work(record, {c: self._text(frame, c) for c in self.inputs if c in ("site_code", "accession")})))
        found: Survey = {}
        for name, column in self.inputs.items():
            if (column.type == "instant" or name == "birth_date") and name in self.adapter.columns:
                text, formats = self._text(frame, name), self._formats(name)
                found[name] = survey_times(text, formats, instants.parse(text, formats, *zones), is_shown=column.sensitivity == "open")
        if self.adapter.latest in frame.columns:
            text, formats = self._latest_text(frame), self._formats("latest")
            found["latest"] = survey_times(text, formats, instants.parse(text, formats, *zones), is_shown=True)
        return found

    def _placed(self, work: Work) -> dict[str, pl.Series]:
        """What `_zones` needs to know of each row."""
        return {"accession": work.text["accession"]}

    @abstractmethod
    def _fill(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        """Every column of the table's staged rows, and the flags and faults found on the way."""

    @abstractmethod
    def _zones(self, columns: dict[str, pl.Series]) -> tuple[pl.Series, pl.Series]:
        """Of each row the zone that its times are written in, and the zone of its own dates."""

    def _without_excluded(self, batch: TextBatch, tally: Tally) -> tuple[pl.DataFrame, pl.Series]:
        frame, record = batch.frame, batch.record
        for rule in self.adapter.exclude:
            if rule.column not in frame.columns:
                continue
            hit = frame[rule.column].str.contains(rule.pattern).fill_null(False)
            if hit.any():
                tally.excluded[rule.name] += int(hit.sum())
                frame, record = frame.filter(~hit), record.filter(~hit)
        return frame, record

    def _text(self, frame: pl.DataFrame, canonical: str, tally: Tally | None = None) -> pl.Series:
        """A column's text: null where nothing was sent, or what the adapter says stands for nothing."""
        empty = pl.Series(canonical, [None], dtype=pl.String).new_from_index(0, frame.height)
        spec = self.adapter.columns.get(canonical)
        text = empty
        if spec is not None and spec.name in frame.columns:
            sent = frame[spec.name]
            text = self._without_missing(canonical, sent)
            if spec.time is not None and spec.time in frame.columns:
                text = self._without_missing(canonical, instants.joined(text, self._without_missing(canonical, frame[spec.time])))
            if tally is not None:
                tally.columns[canonical, "rows"] += frame.height
                tally.count(canonical, "empty", sent.is_null())
                tally.count(canonical, "missing", sent.is_not_null() & text.is_null())
        constant = self.adapter.constants.get(canonical)
        if constant is not None:
            text = text.fill_null(constant)
        return text.alias(canonical)

    def _without_missing(self, canonical: str, text: pl.Series) -> pl.Series:
        words = self.adapter.stands_for_missing(canonical)
        if not words or text.null_count() == len(text):
            return text
        return text.set(text.str.to_lowercase().is_in(words).fill_null(False), None)

    def _count_mapped(self, column: str, raw: pl.Series, tally: Tally) -> None:
        """Which values of a column its value map knows, so that a map that never matched can be named."""
        given = {k.casefold(): k for k in self.adapter.values.get(column, {})}
        if given:
            known = raw.str.to_lowercase()
            for value, count in known.filter(known.is_in(list(given))).value_counts().iter_rows():
                tally.mapped[column, given[value]] += count

    def _code(self, work: Work, column: schema.Column, tally: Tally) -> pl.Series:
        """Map, pad and check one column. An unknown code is flagged and becomes the fallback; it is never lost."""
        raw = work.text[column.name]
        if raw.null_count() == len(raw):
            return raw
        width = self.adapter.pad.get(column.name, 2 if column.name == "patient_class" else 0)
        if width:
            short = raw.str.contains(r"^\d+$") & (raw.str.len_chars() < width)
            if column.name == "patient_class" and column.name not in self.adapter.pad:
                short = short & ~raw.is_in(list(self.adapter.values.get(column.name, {})))
            work.flag("leading_zero_repaired", short)
            raw = raw.zip_with(~short.fill_null(False), raw.str.zfill(width))
            if not column.codes and column.name in self.adapter.pad:
                work.fault(column.name, "wrong_width", raw.is_not_null() & ~raw.str.contains(rf"^\d{{{width}}}$"))
        codes = column.codes or (VETTING if column.name == "vetting_outcome" else ())
        given = self.adapter.values.get(column.name, {})
        if not codes and not given:
            return raw
        self._count_mapped(column.name, raw, tally)
        mapping = {**{c.casefold(): c for c in codes}, **{k.casefold(): v for k, v in given.items()}}
        mapped = raw.str.to_lowercase().replace_strict(mapping, default=None, return_dtype=pl.String)
        if not codes:
            return mapped.fill_null(raw)
        unknown = raw.is_not_null() & mapped.is_null()
        if unknown.any():
            work.flag(f"unknown_{column.name}", unknown)
            tally.count(column.name, "unknown", unknown)
            for value, count in raw.filter(unknown).value_counts().iter_rows():
                tally.unknown[column.name, value] += count
        return mapped.fill_null(column.fallback) if column.fallback and column.name == "modality" else mapped.set(unknown, column.fallback)

    def _formats(self, canonical: str) -> tuple[str, ...]:
        """The formats of a column of times, or of `latest`, in the order in which they are tried."""
        formats = self.adapter.file.date_formats
        spec = self.adapter.columns.get(canonical)
        formats = instants.with_times(formats) if spec is not None and spec.time else formats
        if self.adapter.file.format != "csv" or canonical in ("latest", "birth_date"):
            formats = (*formats, *instants.ISO_FORMATS)
        return self.decision.formats(canonical, formats)

    def _instant(self, work: Work, name: str, written: pl.Series, own: pl.Series, tally: Tally) -> instants.Parsed:
        """One column of times, and what is wrong with them. `written`, `own`: see `_zones`."""
        parsed = instants.parse(work.text[name], self._formats(name), written, own)
        work.fault(name, "unreadable_date", parsed.is_unreadable)
        tally.unreadable(self.inputs[name], work.text[name], parsed.is_unreadable)
        work.fault(name, "date_before_1990", parsed.utc < EARLIEST)
        ahead = timedelta(0) if self.inputs[name].past else FURTHEST
        is_future = parsed.utc > self.latest_allowed + ahead
        work.fault(name, "date_in_future", is_future)
        tally.meets_future(parsed.utc.filter(is_future) - ahead)
        work.flag("repeated_hour", parsed.is_repeated)
        work.flag("missing_hour", parsed.is_missing)
        return parsed

    def _exam_id(self, work: Work, columns: dict[str, pl.Series]) -> pl.Series:
        """The key of each row's examination; one without an accession has none."""
        work.fault("accession", "no_accession", columns["accession"].is_null())
        work.fault("accession", "rounded_accession", columns["accession"].str.contains(ROUNDED))
        parts = pl.DataFrame({"r": columns["ris_code"], "a": columns["accession"], "s": columns["exam_seq"].fill_null("")})
        return self.pseudonyms.series(parts.select(pl.concat_str("r", "a", "s", separator="\x1f")).to_series())

    def _latest_text(self, frame: pl.DataFrame) -> pl.Series:
        assert self.adapter.latest is not None
        return self._without_missing("latest", frame[self.adapter.latest])

    def _latest(self, frame: pl.DataFrame, columns: dict[str, pl.Series], tally: Tally) -> pl.Series:
        name = self.adapter.latest
        if name is None or name not in frame.columns:
            return pl.Series("latest_at", [None], dtype=pl.Datetime("us")).new_from_index(0, frame.height)
        text = self._latest_text(frame)
        parsed = instants.parse(text, self._formats("latest"), *self._zones(columns))
        tally.columns["latest", "rows"] += frame.height
        tally.count("latest", "empty", frame[name].is_null())
        tally.count("latest", "missing", frame[name].is_not_null() & text.is_null())
        tally.unreadable(LATEST, text, parsed.is_unreadable)
        return parsed.utc

    def _finish(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> pl.DataFrame:
        height = len(work.record)
        frame = pl.DataFrame({name: s.alias(name) for name, s in columns.items()} | {"record": work.record})
        frame = frame.with_columns(pl.col(*(n for n, c in self.inputs.items() if c.type == "instant"), "latest_at").dt.replace_time_zone("UTC"))
        if work.flags:
            named = [pl.when(pl.lit(mask)).then(pl.lit(name)) for name, mask in sorted(work.flags.items())]
            frame = frame.with_columns(pl.concat_list(named).list.drop_nulls().alias("dq_flags"))
        else:
            frame = frame.with_columns(pl.Series("dq_flags", [[]], dtype=pl.List(pl.String)).new_from_index(0, height).alias("dq_flags"))
        taken = pl.Series([False]).new_from_index(0, height)
        for column, reason, mask in work.faults:
            mine = mask & ~taken
            spec = self.adapter.columns.get(column)
            shown = self.inputs[column].sensitivity == "open"
            values = work.text[column].filter(mine) if shown else [None] * int(mine.sum())
            source_column = spec.name if spec else column
            tally.rejects += [Reject(r, source_column, reason, v) for r, v in zip(work.record.filter(mine), values, strict=True)]
            taken = taken | mine
        return frame.filter(~taken) if taken.any() else frame


class ExamTyper(Typer):
    """Examinations."""

    def _fill(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        self._sites(work, columns)
        self._count_mapped("site_code", work.text["site_code"], tally)
        for name, column in self.inputs.items():
            if column.type in ("code", "text") and column.sensitivity != "never" and name != "site_code":
                columns[name] = self._code(work, column, tally)
        self._numbers(work, columns, tally)
        self._flags(work, columns, tally)
        self._instants(work, columns, tally)
        self._keys(work, columns, tally)
        self._derive(work, columns, tally)

    def _placed(self, work: Work) -> dict[str, pl.Series]:
        columns = super()._placed(work)
        self._sites(work, columns)
        return columns

    def _sites(self, work: Work, columns: dict[str, pl.Series]) -> None:
        raw = work.text["site_code"]
        mapping = {**{c: c for c in self.sites}, **self.adapter.values.get("site_code", {})}
        site = raw.replace_strict(mapping, default=None, return_dtype=pl.String)
        work.fault("site_code", "no_site", raw.is_null())
        work.fault("site_code", "unmapped_site", raw.is_not_null() & site.is_null())
        columns["site_code"] = site
        columns["ris_code"] = (
            pl.Series("ris_code", [self.source.ris_code], dtype=pl.String).new_from_index(0, len(site))
            if self.source.ris_code
            else site.replace_strict({c: s.now.ris_code for c, s in self.sites.items()}, default=None, return_dtype=pl.String)
        )

    def _numbers(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        for name in ("imd_decile", "addendum_count"):
            text = work.text[name]
            number = text.str.replace(r"\.0+$", "").cast(pl.Int64, strict=False)
            if name == "imd_decile":
                number = number.set(~number.is_between(1, 10).fill_null(True), None)
            unreadable = text.is_not_null() & number.is_null()
            work.flag("unreadable_number", unreadable)
            tally.unreadable(self.inputs[name], text, unreadable)
            columns[name] = number.cast(pl.Int32)

    def _flags(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        for name in (n for n, c in self.inputs.items() if c.type == "flag"):
            text = work.text[name].str.to_lowercase()
            given = {k.casefold(): v.casefold() for k, v in self.adapter.values.get(name, {}).items()}
            mapped = text.replace_strict(given, default=None, return_dtype=pl.String).fill_null(text) if given else text
            flag = mapped.replace_strict({**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}, default=None, return_dtype=pl.Boolean)
            unknown = text.is_not_null() & flag.is_null()
            work.flag(f"unknown_{name}", unknown)
            tally.count(name, "unknown", unknown)
            self._count_mapped(name, work.text[name], tally)
            for value, count in work.text[name].filter(unknown).value_counts().iter_rows():
                tally.unknown[name, value] += count
            columns[name] = flag

    def _zones(self, columns: dict[str, pl.Series]) -> tuple[pl.Series, pl.Series]:
        zone = {c: s.time_zone for c, s in self.sites.items()}
        first = next(iter(zone.values()))
        site_zone = columns["site_code"].replace_strict(zone, default=first, return_dtype=pl.String).fill_null(first)
        written = self.adapter.file.time_zone
        return (pl.Series([written]).new_from_index(0, len(site_zone)) if written else site_zone), site_zone

    def _instants(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        written, site_zone = self._zones(columns)
        for name in schema.INSTANTS:
            text = work.text[name]
            if text.null_count() == len(text):
                columns[name] = pl.Series(name, [None], dtype=pl.Datetime("us")).new_from_index(0, len(text))
                if name in LOCALS:
                    columns[f"{name}_local"] = columns[name]
                continue
            parsed = self._instant(work, name, written, site_zone, tally)
            if name in DATE_ONLY:
                is_date_only = parsed.is_without_time | parsed.is_midnight if name in self.decision.dates else parsed.is_without_time
                work.flag("midnight_time", is_date_only)
                columns[f"is_{name}_date_only"] = is_date_only
            columns[name] = parsed.utc
            if name in LOCALS:
                columns[f"{name}_local"] = parsed.local
        nothing = pl.Series([False]).new_from_index(0, len(work.record))
        for name in DATE_ONLY:
            columns.setdefault(f"is_{name}_date_only", nothing)
        if "received_at" not in self.adapter.columns:  # a RIS that knows one date of asking: it is also the date of receipt
            columns["received_at"], columns["received_at_local"] = columns["requested_at"], columns["requested_at_local"]

    def _keys(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        if "exam_seq" not in self.adapter.columns and "exam_seq" not in self.adapter.constants:
            columns["exam_seq"] = columns["exam_code"]
        columns["exam_id"] = self._exam_id(work, columns)
        number = work.text["patient_id"].str.replace_all(r"\s", "").str.to_uppercase()
        rounded = number.str.contains(ROUNDED).fill_null(False)  # many patients under one number: none is better than a wrong one
        work.flag("rounded_patient", rounded)
        tally.unreadable(self.inputs["patient_id"], number, rounded)
        number = number.set(rounded, None)
        kind = work.text["patient_id_kind"].str.to_lowercase()
        self._count_mapped("patient_id_kind", work.text["patient_id_kind"], tally)
        given = {k.casefold(): v for k, v in self.adapter.values.get("patient_id_kind", {}).items()}
        kind = kind.replace_strict(given, default=None, return_dtype=pl.String).fill_null(kind) if given else kind
        issuers = {c: s.periods[0].trust_code for c, s in self.sites.items()}
        who = pl.DataFrame({"n": number, "k": kind, "t": columns["site_code"].replace_strict(issuers, default=None, return_dtype=pl.String)})
        national = pl.col("k").is_in(["national", "nhs"])
        across = pl.concat_str(pl.lit("national"), pl.col("n").str.replace_all("-", ""), separator="\x1f")
        within = pl.concat_str(pl.lit("local"), "t", "n", separator="\x1f")
        columns["patient_key"] = self.pseudonyms.series(who.select(pl.when(national).then(across).otherwise(within)).to_series())
        work.flag("no_patient", number.is_null())
        issuer = pl.lit(self.source.reporter_issuer) if self.source.reporter_issuer else pl.col("r")
        readers = pl.DataFrame({"r": columns["ris_code"], "i": work.text["reporter_id"].str.to_uppercase()})
        named = readers.select(pl.concat_str(pl.lit("reporter"), issuer, "i", separator="\x1f")).to_series()
        columns["reporter_key"] = self.pseudonyms.series(named)

    def _derive(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        """Status where none is sent or known, the age band, and the flags that compare two times."""
        t = pl.DataFrame({n: columns[n] for n in (*schema.INSTANTS, "status", "addendum_count")}).with_columns(
            columns["is_first_verified_at_date_only"].alias("first_day_only"),
            columns["first_verified_at_local"].dt.date().alias("first_day"),
            pl.coalesce(columns["exam_end_at_local"], columns["exam_start_at_local"]).dt.date().alias("ended_day"),
        )
        ended = pl.coalesce("exam_end_at", "exam_start_at")
        derived = (
            pl.when(pl.col("cancelled_at").is_not_null() & ended.is_null())
            .then(pl.lit("cancelled"))
            .when(ended.is_not_null())
            .then(pl.lit("completed"))
            .when(pl.col("booked_for").is_not_null())
            .then(pl.lit("booked"))
            .otherwise(pl.lit("requested"))
        )
        t = t.with_columns(pl.col("status").fill_null(derived))
        columns["status"] = t["status"]
        completed = pl.col("status") == "completed"
        first, addendum = pl.col("first_verified_at"), pl.col("first_addendum_at")
        amended = (pl.col("addendum_count") > 0).fill_null(False) | addendum.is_not_null()
        overwrote = amended & ((first >= addendum).fill_null(False) | (first.is_null() & pl.col("last_verified_at").is_not_null()))
        # A report dated on the day of the examination, without a time, is not before it.
        same_day = pl.col("first_day_only") & (pl.col("first_day") == pl.col("ended_day"))
        rules = {
            "report_before_exam": completed & (first < ended) & ~same_day.fill_null(False),
            "exam_before_request": completed & ((ended < pl.col("requested_at")) | (ended < pl.col("received_at"))),
            "no_request_time": pl.col("requested_at").is_null(),
            "no_received_time": pl.col("received_at").is_null(),
            "no_exam_time": completed & ended.is_null(),
            "start_used_for_end": completed & pl.col("exam_end_at").is_null() & pl.col("exam_start_at").is_not_null(),
            "examined_not_done": ~completed & (ended.is_not_null() | first.is_not_null()),
            "ends_before_start": completed & (pl.col("exam_end_at") < pl.col("exam_start_at")),
            "addendum_overwrote_first": overwrote,
        }
        for name, mask in t.select(**rules).to_dict().items():
            work.flag(name, mask)
        columns["age_band"] = self._age_band(work, columns, tally)

    def _age_band(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> pl.Series:
        age = work.text["age_years"].str.replace(r"\.\d+$", "").cast(pl.Int32, strict=False)
        unreadable = work.text["age_years"].is_not_null() & age.is_null()
        work.flag("unreadable_number", unreadable)
        tally.unreadable(self.inputs["age_years"], work.text["age_years"], unreadable)
        birth = work.text["birth_date"]
        if birth.null_count() < len(birth):
            utc = pl.Series(["UTC"]).new_from_index(0, len(birth))
            formats = self._formats("birth_date")
            born = instants.parse(birth, formats, utc, utc).utc
            if any("%y" in f for f in formats):  # two digits put whoever is over 57 into the century to come
                unborn = born > self.latest_allowed
                born = born.zip_with(~unborn.fill_null(False), born.dt.offset_by("-100y"))
            tally.unreadable(self.inputs["birth_date"], birth, birth.is_not_null() & born.is_null())
            at = pl.DataFrame({"b": born, "e": columns["exam_end_at"], "s": columns["exam_start_at"], "r": columns["requested_at"]})
            when = pl.coalesce("e", "s", "r")
            birthday = (when.dt.month() * 100 + when.dt.day()) < (pl.col("b").dt.month() * 100 + pl.col("b").dt.day())
            years = at.select(when.dt.year() - pl.col("b").dt.year() - birthday.cast(pl.Int32)).to_series().cast(pl.Int32)
            years = years.set((born.dt.year() < 1890).fill_null(False), None)
            work.flag("unreadable_birth_date", birth.is_not_null() & born.is_null())
            age = years.fill_null(age)
        age = age.set(~age.is_between(0, 120).fill_null(True), None)
        band = pl.lit(None, pl.String)
        for start, label in zip(AGE_STARTS, schema.AGE_BANDS, strict=True):
            band = pl.when(pl.col("age") >= start).then(pl.lit(label)).otherwise(band)
        return pl.DataFrame({"age": age}).select(band).to_series()
