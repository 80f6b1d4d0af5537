"""An adapter: how one RIS's export maps to canonical columns, as data. Adding a RIS is one TOML file."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readout import paths, schema
from readout.errors import NetworkFileError, suggest

FORMATS = ("csv", "xlsx", "parquet")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")


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

    def required(self) -> tuple[str, ...]:
        """Source columns that the file must have."""
        names = [n for c in self.columns.values() for n in c.needs]
        names += [e.column for e in self.exclude] + ([self.latest] if self.latest else [])
        return tuple(n for n in dict.fromkeys(names) if n not in self.optional)


def load_adapter(name: str, beside: Path) -> Adapter:
    """The adapter called `name`: a TOML path relative to `beside`, one in `beside/adapters`, or a shipped one."""
    tried = [beside / name, beside / f"{name}.toml", beside / "adapters" / f"{name}.toml", paths.ADAPTERS / f"{name}.toml"]
    for path in tried:
        if path.suffix == ".toml" and path.is_file():
            return parse_adapter(path.stem, path.read_text("utf-8-sig"), path.name)
    known = [p.stem for folder in (beside / "adapters", paths.ADAPTERS) if folder.is_dir() for p in folder.glob("*.toml")]
    raise NetworkFileError(f"Adapter '{name}' was not found beside the network file or among the shipped ones. {suggest(name, [*known, 'dm01'])}")


def parse_adapter(name: str, text: str, where: str) -> Adapter:
    """Parse and check one adapter TOML; anything misspelt is refused with a suggestion."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise NetworkFileError(f"{where} is not valid TOML: {e}.") from e
    _known(where, "section", data, ("about", "file", "columns", "values", "constants", "exclude", "pad", "latest", "optional"))
    fmt = _file(where, data.get("file", {}))
    columns = {}
    for canonical, spec in data.get("columns", {}).items():
        _input(where, canonical)
        columns[canonical] = _source_column(where, canonical, spec)
    if not columns:
        raise NetworkFileError(f'{where} maps no columns: give a [columns] section, canonical = "source".')
    values = {}
    for canonical, mapping in data.get("values", {}).items():
        _input(where, canonical)
        values[canonical] = {str(k).strip(): _code(where, canonical, str(v)) for k, v in mapping.items()}
    for canonical in [*data.get("constants", {}), *data.get("pad", {})]:
        _input(where, canonical)
    exclude = tuple(_exclusion(where, n, spec) for n, spec in data.get("exclude", {}).items())
    latest = data.get("latest", {})
    _known(where, "key of [latest]", latest, ("column",))
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
    )


def _file(where: str, data: Mapping[str, Any]) -> FileFormat:
    _known(where, "key of [file]", data, tuple(FileFormat.__dataclass_fields__))
    given: dict[str, Any] = {k: tuple(v) if k == "date_formats" else v for k, v in data.items()}
    fmt = FileFormat(**given)
    if fmt.format not in FORMATS:
        raise NetworkFileError(f"{where}: format '{fmt.format}' is not known. {suggest(fmt.format, FORMATS)}")
    if fmt.encoding.lower() not in ENCODINGS:
        raise NetworkFileError(f"{where}: encoding '{fmt.encoding}' is not known. {suggest(fmt.encoding, ENCODINGS)}")
    if len(fmt.delimiter) != 1:
        raise NetworkFileError(f"{where}: the delimiter must be one character, not '{fmt.delimiter}'.")
    if fmt.header_row < 1:
        raise NetworkFileError(f"{where}: header_row counts from 1, not {fmt.header_row}.")
    if fmt.footer_pattern:
        _pattern(where, fmt.footer_pattern)
    return fmt


def _source_column(where: str, canonical: str, spec: Any) -> SourceColumn:
    if isinstance(spec, str):
        return SourceColumn(spec)
    if isinstance(spec, dict) and set(spec) == {"date", "time"} and schema.INPUTS[canonical].type == "instant":
        return SourceColumn(spec["date"], spec["time"])
    raise NetworkFileError(f"{where}: column '{canonical}' must be a source column's name, or for an instant {{ date = ..., time = ... }}.")


def _exclusion(where: str, name: str, spec: Mapping[str, Any]) -> Exclusion:
    _known(where, f"key of [exclude.{name}]", spec, ("column", "pattern"))
    if set(spec) != {"column", "pattern"}:
        raise NetworkFileError(f"{where}: [exclude.{name}] needs a column and a pattern.")
    _pattern(where, spec["pattern"])
    return Exclusion(name, spec["column"], spec["pattern"])


def _pattern(where: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as e:
        raise NetworkFileError(f"{where}: the pattern '{pattern}' is not a regular expression: {e}.") from e


def _input(where: str, canonical: str) -> None:
    if canonical not in schema.INPUTS:
        raise NetworkFileError(f"{where}: '{canonical}' is not a canonical column. {suggest(canonical, schema.INPUTS)}")


def _code(where: str, canonical: str, value: str) -> str:
    codes = schema.INPUTS[canonical].codes
    if codes and value not in codes:
        raise NetworkFileError(f"{where}: '{value}' is not a value of {canonical}. {suggest(value, codes)}")
    return value


def _known(where: str, what: str, given: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            raise NetworkFileError(f"{where}: '{key}' is not a known {what}. {suggest(key, known)}")
