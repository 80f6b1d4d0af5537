"""An adapter: how one export, of a RIS or of peer reviews, maps to canonical columns, as data. Adding a RIS is one TOML file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from readout import paths, schema
from readout.errors import NetworkFileError, suggest

FORMATS = ("csv", "xlsx", "parquet")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
MIDNIGHTS = ("date", "time")  # what 00:00 says: that only the date is known, or the time of day


@dataclass(frozen=True)
class FileFormat:
    """How the bytes become records. `header_row` counts physical lines (rows of the sheet) from 1."""

    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    header_row: int = 1
    sheet: str | None = None
    footer_pattern: str | None = None  # a record whose line (cells joined by the delimiter) matches is dropped, counted
    time_zone: str | None = None  # of instants without an offset; else the site's
    date_formats: tuple[str, ...] = ("%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
    missing: tuple[str, ...] = ()  # texts that stand for nothing in any column, in any case


@dataclass(frozen=True)
class SourceColumn:
    """Where a canonical column comes from: one source column, or a date and a time column."""

    name: str
    time: str | None = None

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.name,) if self.time is None else (self.name, self.time)


@dataclass(frozen=True)
class Exclusion:
    """Records left out on purpose and counted: `pattern` is searched in `column`."""

    name: str
    column: str
    pattern: str


@dataclass(frozen=True)
class Adapter:
    """A whole adapter. `values[column][source value] = canonical value`; `pad[column] = digits`."""

    name: str
    file: FileFormat
    columns: Mapping[str, SourceColumn]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    pad: Mapping[str, int] = field(default_factory=dict)
    latest: str | None = None
    optional: frozenset[str] = frozenset()  # source columns an export may lack
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # texts that stand for nothing in one column
    midnight: Mapping[str, str] = field(default_factory=dict)  # what 00:00 is in a column of times, where it is not to be judged

    def named(self) -> tuple[str, ...]:
        """Every source column that is read, also those an export may lack."""
        names = [n for c in self.columns.values() for n in c.needs]
        names += [e.column for e in self.exclude] + ([self.latest] if self.latest else [])
        return tuple(dict.fromkeys(names))

    def required(self) -> tuple[str, ...]:
        """Source columns that the file must have."""
        return tuple(n for n in self.named() if n not in self.optional)

    def stands_for_missing(self, canonical: str) -> tuple[str, ...]:
        """The texts, in small letters, that stand for nothing in a column."""
        return tuple(t.strip().casefold() for t in (*self.file.missing, *self.missing.get(canonical, ())))


def load_adapter(name: str, beside: Path, table: str = "exam") -> Adapter:
    """The adapter called `name`: a TOML path relative to `beside`, one in `beside/adapters`, or a shipped one. `table`: what it feeds."""
    tried = [beside / name, beside / f"{name}.toml", beside / "adapters" / f"{name}.toml", paths.ADAPTERS / f"{name}.toml"]
    for path in tried:
        if path.suffix == ".toml" and path.is_file():
            try:
                text = path.read_text("utf-8-sig")
            except UnicodeDecodeError as e:
                raise NetworkFileError(not_toml(path.name, e)) from e
            return parse_adapter(path.stem, text, path.name, table)
    known = [p.stem for folder in (beside / "adapters", paths.ADAPTERS) if folder.is_dir() for p in folder.glob("*.toml")]
    raise NetworkFileError(f"Adapter '{name}' was not found beside the network file or among the shipped ones. {suggest(name, [*known, 'dm01'])}")


def not_toml(where: str, error: ValueError) -> str:
    """What is wrong with a file that is no TOML, with the cure of the two faults met most."""
    if isinstance(error, UnicodeDecodeError):
        return f"{where} is not UTF-8 text: save it as UTF-8."
    cure = " Write paths with /, as in inbox/north/*.csv, or in single quotes." if "'\\'" in str(error) or "Invalid hex" in str(error) else ""
    return f"{where} is not valid TOML: {error}.{cure}"


def parse_adapter(name: str, text: str, where: str, table: str = "exam") -> Adapter:
    """Parse and check one adapter TOML of a table; anything misspelt is refused with a suggestion."""
    inputs = schema.TABLE_INPUTS[table]
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise NetworkFileError(not_toml(where, e)) from e
    sections = ("file", "columns", "values", "constants", "exclude", "pad", "latest", "optional", "missing", "midnight")
    check_keys(where, "section", data, {"about": type(data.get("about")), **dict.fromkeys(sections, dict)})
    fmt = _file(where, data.get("file", {}))
    columns = {}
    for canonical, spec in data.get("columns", {}).items():
        check_input(where, canonical, inputs)
        columns[canonical] = _source_column(where, inputs[canonical], spec)
    if not columns:
        raise NetworkFileError(f'{where} maps no columns: give a [columns] section, canonical = "source".')
    values = {}
    for canonical, mapping in data.get("values", {}).items():
        check_input(where, canonical, inputs)
        check_keys(f"{where} [values.{canonical}]", "code", mapping, dict.fromkeys(mapping, str) if isinstance(mapping, dict) else {})
        values[canonical] = {str(k).strip(): _code(where, inputs[canonical], str(v)) for k, v in mapping.items()}
    for canonical in [*data.get("constants", {}), *data.get("pad", {})]:
        check_input(where, canonical, inputs)
    for canonical, digits in data.get("pad", {}).items():
        if type(digits) is not int or digits < 1:
            raise NetworkFileError(f"{where} [pad]: {canonical} must be how many digits the code has, as in 2, without quotes.")
    if "accession" not in columns:
        raise NetworkFileError(f"{where}: [columns] must map accession: it is the number that the RIS knows an examination by.")
    exclude = tuple(_exclusion(where, n, spec) for n, spec in data.get("exclude", {}).items())
    latest = data.get("latest", {})
    check_keys(where, "key of [latest]", latest, {"column": str})
    check_keys(where, "key of [optional]", data.get("optional", {}), {"columns": list})
    check_texts(where, "columns", data.get("optional", {}).get("columns", []))
    for canonical, texts in data.get("missing", {}).items():
        if canonical != "latest":
            check_input(where, canonical, inputs)
        check_keys(f"{where} [missing]", "column", {canonical: texts}, {canonical: list})
        check_texts(where, f"missing.{canonical}", texts)
    check_midnight(where, data.get("midnight", {}), inputs)
    return Adapter(
        name=name,
        file=fmt,
        columns=columns,
        values=values,
        constants={k: str(v) for k, v in data.get("constants", {}).items()},
        exclude=exclude,
        pad={k: int(v) for k, v in data.get("pad", {}).items()},
        latest=latest.get("column"),
        optional=frozenset(data.get("optional", {}).get("columns", ())),
        missing={k: tuple(v) for k, v in data.get("missing", {}).items()},
        midnight=dict(data.get("midnight", {})),
    )


def _file(where: str, data: Mapping[str, Any]) -> FileFormat:
    kinds = {"header_row": int, "date_formats": list, "missing": list}
    check_keys(f"{where} [file]", "key of [file]", data, {k: kinds.get(k, str) for k in FileFormat.__dataclass_fields__})
    for pattern in data.get("date_formats", []):
        if not isinstance(pattern, str) or "%" not in pattern:
            raise NetworkFileError(f"{where}: date format '{pattern}' says no part of a date; write 03/11/2026 14:05 as \"%d/%m/%Y %H:%M\".")
        if ("%I" in pattern) != ("%p" in pattern):
            raise NetworkFileError(f"{where}: date format '{pattern}' must name both %I and %p, as in \"%d/%m/%Y %I:%M %p\", or write hours as %H.")
    check_texts(where, "missing", data.get("missing", []))
    given: dict[str, Any] = {k: tuple(v) if k in ("date_formats", "missing") else v for k, v in data.items()}
    fmt = FileFormat(**given)
    if fmt.format not in FORMATS:
        raise NetworkFileError(f"{where}: format '{fmt.format}' is not known. {suggest(fmt.format, FORMATS)}")
    if fmt.encoding.lower() not in ENCODINGS:
        raise NetworkFileError(f"{where}: encoding '{fmt.encoding}' is not known. {suggest(fmt.encoding, ENCODINGS)}")
    if len(fmt.delimiter) != 1:
        raise NetworkFileError(f"{where}: the delimiter must be one character, not '{fmt.delimiter}'.")
    if fmt.header_row < 1:
        raise NetworkFileError(f"{where}: header_row counts from 1, not {fmt.header_row}.")
    if fmt.time_zone:
        check_zone(where, fmt.time_zone)
    if fmt.footer_pattern:
        _pattern(where, fmt.footer_pattern)
    return fmt


def _source_column(where: str, column: schema.Column, spec: Any) -> SourceColumn:
    if isinstance(spec, str):
        return SourceColumn(spec)
    if isinstance(spec, dict) and set(spec) == {"date", "time"} and all(isinstance(s, str) for s in spec.values()) and column.type == "instant":
        return SourceColumn(spec["date"], spec["time"])
    raise NetworkFileError(f"{where}: column '{column.name}' must be a source column's name, or for an instant {{ date = ..., time = ... }}.")


def _exclusion(where: str, name: str, spec: Mapping[str, Any]) -> Exclusion:
    check_keys(f"{where} [exclude.{name}]", f"key of [exclude.{name}]", spec, {"column": str, "pattern": str})
    if set(spec) != {"column", "pattern"}:
        raise NetworkFileError(f"{where}: [exclude.{name}] needs a column and a pattern.")
    _pattern(where, spec["pattern"])
    return Exclusion(name, spec["column"], spec["pattern"])


def check_zone(where: str, zone: str) -> None:
    """Raise unless a time zone is known by that name."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NetworkFileError(f"{where}: time zone '{zone}' is not known; write it as in \"Europe/London\".") from None


def _pattern(where: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as e:
        raise NetworkFileError(f"{where}: the pattern '{pattern}' is not a regular expression: {e}.") from e


def check_input(where: str, canonical: str, inputs: Mapping[str, schema.Column]) -> None:
    """Raise unless a table has such a column to map into."""
    if canonical not in inputs:
        raise NetworkFileError(f"{where}: '{canonical}' is not a canonical column. {suggest(canonical, inputs)}")


def check_midnight(where: str, given: Mapping[str, Any], inputs: Mapping[str, schema.Column]) -> None:
    """Raise unless [midnight] says of columns of times whether 00:00 is a date or a time."""
    check_keys(f"{where} [midnight]", "column", given, dict.fromkeys(given, str) if isinstance(given, dict) else {})
    for canonical, said in given.items():
        check_input(where, canonical, inputs)
        if inputs[canonical].type != "instant":
            times = [n for n, c in inputs.items() if c.type == "instant"]
            raise NetworkFileError(f"{where} [midnight]: '{canonical}' holds no times. {suggest(canonical, times)}")
        if said not in MIDNIGHTS:
            raise NetworkFileError(f"{where} [midnight]: {canonical} must be \"date\" (00:00 says that only the date is known) or \"time\", not '{said}'.")


def _code(where: str, column: schema.Column, value: str) -> str:
    if column.codes and value not in column.codes:
        raise NetworkFileError(f"{where}: '{value}' is not a value of {column.name}. {suggest(value, column.codes)}")
    return value


KINDS = {
    str: "a text in quotes",
    bool: "true or false, without quotes",
    int: "a whole number, without quotes",
    list: 'a list, as in ["first", "second"]',
    dict: "a section of its own, or { key = value }",
    date: "a date, as in 2024-04-01 without quotes",
    datetime: "an instant with its offset, as in 2026-11-03T06:00:00Z without quotes",
}


def check_keys(where: str, what: str, given: Any, kinds: Mapping[str, type]) -> None:
    """Raise for a key that is not known, with a suggestion, and for a value that is not of its kind. Texts of a list are checked too."""
    if not isinstance(given, dict):
        raise NetworkFileError(f"{where} must be {KINDS[dict]}.")
    for key, value in given.items():
        if key not in kinds:
            raise NetworkFileError(f"{where}: '{key}' is not a known {what}. {suggest(key, kinds)}")
        if type(value) is not kinds[key]:
            raise NetworkFileError(f"{where}: {key} must be {KINDS[kinds[key]]}.")


def check_texts(where: str, key: str, given: Any) -> None:
    """Raise unless a list or a section holds texts only."""
    for value in given.values() if isinstance(given, dict) else given:
        if not isinstance(value, str):
            raise NetworkFileError(f"{where}: each value of {key} must be {KINDS[str]}, not {value}.")
