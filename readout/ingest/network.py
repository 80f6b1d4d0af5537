"""The network file: sites, sources and adapters, typed and checked. One declarative file says what makes an extract."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from readout import paths, schema
from readout.errors import NetworkFileError, suggest
from readout.ingest.adapter import Adapter, check_input, check_keys, check_midnight, check_texts, check_zone, load_adapter, not_toml
from readout.metrics.catalogue import Standard, load_catalogue, load_standards, refuse_overlaps
from readout.metrics.release_policy import Policy, load_policy
from readout.metrics.scope import next_month

NATIONS = {"england": "ENG", "wales": "WLS", "scotland": "SCT", "northern_ireland": "NIR"}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
TABLES = (*schema.TABLE_INPUTS, "national_wait")
MODES = ("append", "snapshot")
NATIONAL_ADAPTER = "dm01"


@dataclass(frozen=True)
class SitePeriod:
    """What a site was called and belonged to, from one date until the next period."""

    valid_from: date
    name: str
    trust_code: str
    trust_name: str
    ris_code: str


@dataclass(frozen=True)
class Site:
    """A hospital site. `open[weekday 1-7]` = minutes of the day [open, close); a missing weekday is closed."""

    code: str
    time_zone: str
    nation: str
    open: Mapping[int, tuple[int, int]]
    periods: tuple[SitePeriod, ...]
    opened: date | None = None  # the first day it examined anybody; None: told by its data
    closed: date | None = None  # the last such day

    @property
    def now(self) -> SitePeriod:
        return self.periods[-1]


@dataclass(frozen=True)
class Source:
    """One feed: files of one layout for one canonical table."""

    name: str
    table: str
    adapter_name: str
    adapter: Adapter | None  # None: the Python adapter of the national return
    path: str
    ris_code: str | None = None
    mode: str = "append"
    cut_by: str = "exam"
    usual_lag_days: int = 0
    taken_at: datetime | None = None
    covers_from: date | None = None  # the export holds every examination from this date on
    vintage: str | None = None
    own_values: tuple[tuple[str, str], ...] = ()  # (column, value) of the maps that the network file gives for this source
    reporter_issuer: str | None = None  # who issued reporter numbers; else the RIS, so that two RISs' numbers never meet

    def files(self, folder: Path) -> list[Path]:
        """The files the source reads, in name order; a snapshot reads only the last."""
        found = [p for p in self.found(folder) if not _is_hidden(p)]
        if not found:
            raise NetworkFileError(f"Source '{self.name}': no file matches '{self.path}'. Check the path, or take the source out.")
        return found[-1:] if self.mode == "snapshot" else found

    def found(self, folder: Path) -> list[Path]:
        """Every file that the source's path matches, in name order, read or not."""
        anchor = Path(self.path).anchor  # a drive, a share or the root: such a path does not begin at the network file
        return sorted(p for p in Path(anchor or folder).glob(self.path[len(anchor) :]) if p.is_file())

    def not_read(self, folder: Path) -> list[tuple[Path, str]]:
        """The files that are found and not read, each with its reason, a key of `schema.NOT_READ`."""
        read = self.files(folder)
        last = read[-1].stat().st_mtime + 3600  # files copied together differ by less, and mean nothing by it
        left = [p for p in self.found(folder) if p not in read]
        return [(p, "hidden" if _is_hidden(p) else "replaced_though_newer" if p.stat().st_mtime > last else "replaced") for p in left]


def _is_hidden(path: Path) -> bool:
    """What systems and spreadsheet programs leave beside a file."""
    return path.name.startswith((".", "~$"))


@dataclass(frozen=True)
class ReportRule:
    """Which examinations need a report, between two dates, inclusive; None stands for any. It decides over what a RIS says."""

    is_report_required: bool
    valid_from: date
    valid_to: date
    site_code: str | None = None
    modality: str | None = None
    exam_code: str | None = None
    patient_class: str | None = None


@dataclass(frozen=True)
class Network:
    """The whole network file. `folder`: where it lies, which its paths are relative to."""

    code: str
    name: str
    time_zone: str
    nation: str
    synthetic: bool
    is_open: bool  # its extracts may be read without sign-in by whoever can use the machine
    sites: tuple[Site, ...]
    sources: tuple[Source, ...]
    folder: Path
    annotations: tuple[Mapping[str, Any], ...] = ()
    suppliers: Mapping[str, str] = field(default_factory=dict)  # organisations that report for the sites, by the code in the exports
    report_rules: tuple[ReportRule, ...] = ()
    standards: Mapping[str, Standard] = field(default_factory=dict)  # the shipped ones, and over them those beside the network file
    policy: Policy = field(default_factory=load_policy)  # the shipped one, and over it that beside the network file
    rebases: tuple[Mapping[str, Any], ...] = ()  # new limits of control charts, from rebases.toml beside the network file
    holidays: tuple[date, ...] = ()  # one-off days beside the nation's own
    file: str = "network.toml"
    text: str = field(default="", repr=False)

    @property
    def ris_codes(self) -> frozenset[str]:
        """Every RIS that may have issued an accession: of the sites, now and before, and of the sources of examinations."""
        return frozenset(p.ris_code for s in self.sites for p in s.periods) | {s.ris_code for s in self.sources if s.table == "exam" and s.ris_code}

    def site(self, code: str) -> Site:
        return next(s for s in self.sites if s.code == code)


def load_network(path: Path) -> Network:
    """Read and check a network file and the adapters it names."""
    try:
        text = path.read_text("utf-8-sig")
        data = tomllib.loads(text)
    except FileNotFoundError:
        raise NetworkFileError(f"There is no network file '{path.name}' here. Give its path: readout publish network.toml") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise NetworkFileError(not_toml(path.name, e)) from e
    except OSError as e:
        raise NetworkFileError(f"The network file '{path.name}' cannot be read ({e.strerror}). Give the path of a file that this account may read.") from e
    where = path.name
    lists = ("site", "source", "supplier", "annotation", "holiday", "report_rule")
    for key in lists:
        if not isinstance(data.get(key, []), list):
            raise NetworkFileError(f"{where}: write [[{key}]] in double brackets, for there may be several.")
        if not all(isinstance(entry, dict) for entry in data.get(key, [])):
            raise NetworkFileError(f"{where}: each {key} is a section of its own that begins with [[{key}]].")
    check_keys(where, "section", data, {"network": dict, **dict.fromkeys(lists, list)})
    head = data.get("network", {})
    check_keys(f"{where} [network]", "key", head, {**dict.fromkeys(("code", "name", "time_zone", "nation"), str), "synthetic": bool, "open": bool})
    _need(f"{where} [network]", head, "code", "name")
    zone, nation = head.get("time_zone", "Europe/London"), head.get("nation", "england")
    check_zone(where, zone)
    _nation(where, nation)
    sites = tuple(_site(where, s, zone, nation) for s in data.get("site", []))
    if not sites:
        raise NetworkFileError(f"{where} lists no [[site]]: an extract needs at least one.")
    _unique(where, "site", [s.code for s in sites])
    sources = tuple(_source(where, s, path.parent, {s.code for s in sites}) for s in data.get("source", []))
    if not sources:
        raise NetworkFileError(f"{where} lists no [[source]]: an extract needs at least one.")
    _unique(where, "source", [s.name for s in sources])
    codes = {s.code for s in sites}
    for note in data.get("annotation", []):
        named: dict[str, tuple[str, Collection[str]]] = {
            "sites": ("site", codes),
            "modalities": ("modality", schema.MODALITIES),
            "metrics": ("metric", load_catalogue().metrics),
        }
        check_keys(f"{where} [[annotation]]", "key", note, {"title": str, "text": str, "from": date, "to": date, **dict.fromkeys(named, list)})
        _need(f"{where} [[annotation]]", note, "title", "from")
        if note.get("to", note["from"]) < note["from"]:
            raise NetworkFileError(f"{where}: annotation '{note['title']}' ends on {note['to']}, before it begins on {note['from']}. Swap the two dates.")
        for key, (what, known) in named.items():
            check_texts(f"{where} [[annotation]] {note['title']}", key, note.get(key, []))
            for value in note.get(key, []):
                if value not in known:
                    raise NetworkFileError(f"{where}: annotation '{note['title']}' names {what} '{value}'. {suggest(value, known)}")
    for supplier in data.get("supplier", []):
        check_keys(f"{where} [[supplier]]", "key", supplier, {"code": str, "name": str})
        _need(f"{where} [[supplier]]", supplier, "code", "name")
    _unique(where, "supplier", [s["code"] for s in data.get("supplier", [])])
    for day in data.get("holiday", []):
        check_keys(f"{where} [[holiday]]", "key", day, {"date": date, "name": str})
        _need(f"{where} [[holiday]]", day, "date")
    network = Network(
        code=head["code"],
        name=head["name"],
        time_zone=zone,
        nation=nation,
        synthetic=head.get("synthetic", False),
        is_open=head.get("open", False),
        sites=sites,
        sources=sources,
        folder=path.parent.resolve(),
        annotations=tuple(data.get("annotation", [])),
        suppliers={s["code"]: s["name"] for s in data.get("supplier", [])},
        report_rules=tuple(_report_rule(where, r, codes) for r in data.get("report_rule", [])),
        standards=_standards(path.parent),
        policy=load_policy(path.parent / "policy.toml"),
        rebases=_rebases(path.parent / "rebases.toml", codes),
        holidays=tuple(h["date"] for h in data.get("holiday", [])),
        file=path.name,
        text=text,
    )
    _refuse_reviews_of_nothing(where, network)
    return network


def _refuse_reviews_of_nothing(where: str, network: Network) -> None:
    """Peer reviews need the examinations that they are of, and the code of a RIS that has some."""
    for source in [s for s in network.sources if s.table == "peer_review"]:
        if all(s.table != "exam" for s in network.sources):
            raise NetworkFileError(f"{where} [[source]] {source.name}: peer reviews need the examinations that they are of. Add a source of table 'exam'.")
        assert source.adapter is not None
        named = [source.ris_code, source.adapter.constants.get("ris_code"), *source.adapter.values.get("ris_code", {}).values()]
        for code in named:
            if code is not None and code not in network.ris_codes:
                raise NetworkFileError(f"{where} [[source]] {source.name}: no site has the RIS '{code}'. {suggest(code, network.ris_codes)}")


def _standards(folder: Path) -> dict[str, Standard]:
    """The shipped standards, and over them those of a `standards.toml` beside the network file."""
    shipped, own = load_standards(paths.QUERIES / "standards.toml"), folder / "standards.toml"
    if not own.is_file():
        return shipped
    merged = {**shipped, **load_standards(own)}
    refuse_overlaps(own.name, own.read_text("utf-8-sig"), merged)
    return merged


def _rebases(path: Path, sites: set[str]) -> tuple[Mapping[str, Any], ...]:
    """The months from which control charts have new limits, each with its reason, who decided it and when."""
    if not path.is_file():
        return ()
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise NetworkFileError(not_toml(path.name, e)) from e
    check_keys(path.name, "section", data, {"rebase": list})
    metrics = load_catalogue().metrics
    seen: set[tuple[Any, ...]] = set()
    for rebase in data.get("rebase", []):
        where = f"{path.name} [[rebase]] {rebase.get('month', '?')}"
        check_keys(where, "key", rebase, {"month": date, "metrics": list, "sites": list, "reason": str, "who": str, "when": date})
        _need(where, rebase, "month", "reason", "who", "when")
        month = rebase["month"]
        if month.day != 1:
            raise NetworkFileError(f"{where}: a chart has one point a month, on its first day. The nearest are {month.replace(day=1)} and {next_month(month)}.")
        for metric in rebase.get("metrics", []):
            if metric not in metrics:
                raise NetworkFileError(f"{where}: metric '{metric}' is not in the catalogue. {suggest(metric, metrics)}")
            if metrics[metric].spc == "none":
                charted = [m for m, entry in metrics.items() if entry.spc != "none"]
                raise NetworkFileError(f"{where}: '{metric}' has no control chart. {suggest(metric, charted)}")
        for site in rebase.get("sites", []):
            if site not in sites:
                raise NetworkFileError(f"{where}: site '{site}' is not listed. {suggest(site, sites)}")
        key = (month, tuple(sorted(rebase.get("metrics", []))), tuple(sorted(rebase.get("sites", []))))
        if key in seen:
            raise NetworkFileError(f"{where}: it is given twice.")
        seen.add(key)
    return tuple(data.get("rebase", []))


def _report_rule(where: str, data: Mapping[str, Any], sites: set[str]) -> ReportRule:
    where = f"{where} [[report_rule]]"
    check_keys(where, "key", data, {**dict.fromkeys(("site", "modality", "exam_code", "patient_class"), str), "required": bool, "from": date, "to": date})
    if "required" not in data:
        raise NetworkFileError(f"{where} needs required = true or false.")
    choices = (("site", sites), ("modality", schema.MODALITIES), ("patient_class", schema.PATIENT_CLASSES))
    for key, known in choices:
        if key in data and data[key] not in known:
            raise NetworkFileError(f"{where}: {key} '{data[key]}' is not known. {suggest(str(data[key]), known)}")
    if not any(k in data for k in ("site", "modality", "exam_code", "patient_class")):
        raise NetworkFileError(f"{where} names no site, modality, exam_code or patient_class: it would decide for every examination.")
    start, stop = data.get("from", date(1900, 1, 1)), data.get("to", date(9999, 12, 31))
    if start > stop:
        raise NetworkFileError(f"{where} ends on {stop}, before it begins on {start}. Swap the two dates.")
    return ReportRule(data["required"], start, stop, data.get("site"), data.get("modality"), data.get("exam_code"), data.get("patient_class"))


def _site(where: str, data: Mapping[str, Any], zone: str, nation: str) -> Site:
    where = f"{where} [[site]] {data.get('code', '?')}"
    texts = ("code", "name", "trust_code", "trust_name", "ris_code")
    check_keys(where, "key", data, {**dict.fromkeys((*texts, "time_zone", "nation"), str), "open": dict, "history": list, "opened": date, "closed": date})
    _need(where, data, "code", "name", "trust_code")
    zone, nation = data.get("time_zone", zone), data.get("nation", nation)
    check_zone(where, zone)
    _nation(where, nation)
    first = SitePeriod(date(1900, 1, 1), data["name"], data["trust_code"], data.get("trust_name", data["trust_code"]), data.get("ris_code", data["code"]))
    periods = [first]
    for change in sorted(data.get("history", []), key=lambda c: str(c.get("from"))):
        check_keys(f"{where} [[site.history]]", "key", change, {"from": date, **dict.fromkeys(texts[1:], str)})
        _need(f"{where} [[site.history]]", change, "from")
        last = periods[-1]
        if change["from"] <= last.valid_from:
            raise NetworkFileError(f"{where} [[site.history]]: two begin on {change['from']}. Write what changed on one day as one.")
        trust = change.get("trust_code", last.trust_code)
        trust_name = change.get("trust_name", last.trust_name if trust == last.trust_code else trust)
        periods.append(SitePeriod(change["from"], change.get("name", last.name), trust, trust_name, change.get("ris_code", last.ris_code)))
    opened, closed = data.get("opened"), data.get("closed")
    if opened and closed and closed < opened:
        raise NetworkFileError(f"{where}: it closed on {closed}, before it opened on {opened}. Swap the two dates.")
    return Site(data["code"], zone, nation, _opening(where, data.get("open", {"weekdays": "08:00-18:00"})), tuple(periods), opened, closed)


def _opening(where: str, data: Mapping[str, str]) -> dict[int, tuple[int, int]]:
    check_keys(where, "day of 'open'", data, dict.fromkeys(("weekdays", "weekend", "every_day", *WEEKDAYS), str))
    hours: dict[int, tuple[int, int]] = {}
    groups = {"every_day": range(1, 8), "weekdays": range(1, 6), "weekend": range(6, 8)} | {d: [i + 1] for i, d in enumerate(WEEKDAYS)}
    for name, days in groups.items():
        if name in data:
            for d in days:
                hours[d] = _hours(where, data[name])
    return hours


def _hours(where: str, text: str) -> tuple[int, int]:
    try:
        opens, closes = (int(t[:2]) * 60 + int(t[3:5]) for t in text.split("-"))
    except ValueError:
        opens, closes = 1, 0
    if not 0 <= opens < closes <= 24 * 60:
        raise NetworkFileError(f"{where}: opening hours '{text}' must read like \"08:00-18:00\".")
    return opens, closes


def _source(where: str, data: Mapping[str, Any], folder: Path, sites: set[str]) -> Source:
    where = f"{where} [[source]] {data.get('name', '?')}"
    kinds: dict[str, type] = {"constants": dict, "values": dict, "usual_lag_days": int, "taken_at": datetime, "covers_from": date, "midnight": dict}
    allowed = (*Source.__dataclass_fields__, "constants", "values", "midnight")
    check_keys(where, "key", data, {f: kinds.get(f, str) for f in allowed if f not in ("adapter_name", "own_values")})
    _need(where, data, "name", "table", "adapter", "path")
    if data.get("usual_lag_days", 0) < 0:
        raise NetworkFileError(f"{where}: usual_lag_days counts the days by which data is usually late, from 0 up.")
    if data["table"] not in TABLES:
        raise NetworkFileError(f"{where}: table '{data['table']}' cannot be loaded yet. {suggest(data['table'], TABLES)}")
    if data.get("mode", "append") not in MODES:
        raise NetworkFileError(f"{where}: mode '{data['mode']}' is not known. {suggest(data['mode'], MODES)}")
    if data["table"] == "exam" and data.get("cut_by", "exam") != "exam":
        raise NetworkFileError(
            f"{where}: an export cut by {data['cut_by']} date cannot see examinations that have no report yet, so every turnaround would flatter. "
            'Export by examination date, and say cut_by = "exam".'
        )
    if not all(c.isalnum() or c in "-_" for c in data["name"]):
        raise NetworkFileError(f"{where}: a source's name holds letters, digits, - and _ only.")
    taken = data.get("taken_at")
    if taken is not None and taken.tzinfo is None:
        raise NetworkFileError(f"{where}: taken_at must be an instant with its offset, as in 2026-11-03T06:00:00Z.")
    if not data["path"].isprintable():
        raise NetworkFileError(f'{where}: a backslash in the path was read as a sign of its own. Write paths with /, as in "inbox/north/*.csv", or in single quotes.')
    pattern = data["path"][len(Path(data["path"]).anchor) :]
    if not pattern or any("**" in part and part != "**" for part in Path(pattern).parts):
        raise NetworkFileError(f"{where}: path '{data['path']}' must name files, as in \"inbox/north/*.csv*\"; ** stands alone between two slashes.")
    national = data["table"] == "national_wait"
    if national != (data["adapter"] == NATIONAL_ADAPTER):
        raise NetworkFileError(f"{where}: adapter '{NATIONAL_ADAPTER}' feeds table 'national_wait' and no other does.")
    adapter = None if national else _overlaid(where, load_adapter(data["adapter"], folder, data["table"]), data, sites)
    fields = {k: v for k, v in data.items() if k in Source.__dataclass_fields__ and k not in ("adapter", "taken_at")}
    own = tuple((column, str(value).strip()) for column, mapping in data.get("values", {}).items() for value in mapping)
    return Source(**fields, adapter_name=data["adapter"], adapter=adapter, taken_at=taken.astimezone(UTC) if taken else None, own_values=own)


def _overlaid(where: str, adapter: Adapter, data: Mapping[str, Any], sites: set[str]) -> Adapter:
    """The adapter with the source's own constants, value maps and midnights on top."""
    inputs = schema.TABLE_INPUTS[data["table"]]
    check_midnight(where, data.get("midnight", {}), inputs)
    for canonical in [*data.get("constants", {}), *data.get("values", {})]:
        check_input(where, canonical, inputs)
    for canonical, mapping in data.get("values", {}).items():
        check_keys(f"{where}: values.{canonical}", "code", mapping, dict.fromkeys(mapping, str) if isinstance(mapping, dict) else {})
    values = {k: dict(v) for k, v in adapter.values.items()}
    for canonical, mapping in data.get("values", {}).items():
        codes = inputs[canonical].codes
        for value in mapping.values():
            if codes and value not in codes:
                raise NetworkFileError(f"{where}: '{value}' is not a value of {canonical}. {suggest(value, codes)}")
        values.setdefault(canonical, {}).update({str(k).strip(): str(v) for k, v in mapping.items()})
    constants = {**adapter.constants, **{k: str(v) for k, v in data.get("constants", {}).items()}}
    for code in [constants.get("site_code"), *values.get("site_code", {}).values()]:
        if code is not None and code not in sites:
            raise NetworkFileError(f"{where}: site '{code}' is not listed as a [[site]]. {suggest(code, sites)}")
    if "site_code" in inputs and "site_code" not in constants and "site_code" not in adapter.columns:
        raise NetworkFileError(f'{where}: no site is named. Map site_code in the adapter, or give [source.constants] site_code = "...".')
    if "ris_code" in inputs and not data.get("ris_code") and "ris_code" not in constants and "ris_code" not in adapter.columns:
        raise NetworkFileError(f'{where}: no RIS is named. Map ris_code in the adapter, or give ris_code = "...": an accession number is unique only inside its RIS.')
    return replace(adapter, values=values, constants=constants, midnight={**adapter.midnight, **data.get("midnight", {})})


def _need(where: str, given: Mapping[str, Any], *keys: str) -> None:
    missing = [k for k in keys if not given.get(k)]
    if missing:
        raise NetworkFileError(f"{where} lacks {', '.join(missing)}.")


def _unique(where: str, what: str, names: list[str]) -> None:
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise NetworkFileError(f"{where}: {what} '{twice[0]}' is listed twice.")


def _nation(where: str, nation: str) -> None:
    if nation not in NATIONS:
        raise NetworkFileError(f"{where}: nation '{nation}' is not known. {suggest(nation, NATIONS)}")
