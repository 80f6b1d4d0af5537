"""The command line: the same questions as the pages, and the publishing of extracts."""

import argparse
import csv
import io
import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from readout import __version__, paths, schema
from readout.analysis.signals import UNITS, plain, signals
from readout.engine import lease
from readout.engine.extract import Extract, current_id, extract_ids, open_extract, set_current
from readout.engine.store import Store
from readout.errors import ReadoutError, UsageError, suggest
from readout.metrics import format as fmt
from readout.metrics import records
from readout.metrics.answer import Released, ask, check_values, dimension_labels, filter_words
from readout.metrics.catalogue import load_catalogue
from readout.metrics.pasted import pasted
from readout.metrics.release_policy import PROFILES, load_policy
from readout.metrics.scope import DIMENSIONS, Scope, month_end, month_of
from readout.stats.spc import RULES

FIRST = "Making the extract of the sample network, the first time only: it takes about a minute."


def extracts_folder(given: str | None) -> Path:
    """--extracts, else READOUT_EXTRACTS, else ./extracts, else the sample."""
    if given:
        return Path(given)
    if os.environ.get("READOUT_EXTRACTS"):
        return Path(os.environ["READOUT_EXTRACTS"])
    here = Path("extracts")
    if current_id(here):
        return here
    from readout.ingest.staging import maker

    manifest = paths.SAMPLE_EXTRACTS / (current_id(paths.SAMPLE_EXTRACTS) or "none") / "manifest.json"
    if not manifest.is_file() or json.loads(manifest.read_text("utf-8")).get("maker") != maker():
        print(FIRST, file=sys.stderr, flush=True)
        _publish_sample(paths.SAMPLE, paths.SAMPLE_EXTRACTS)
    return paths.SAMPLE_EXTRACTS


def _publish_sample(folder: Path, extracts: Path) -> Extract:
    """The extract of a sample folder, made on the sample's own morning, so that the same seed makes the same extract."""
    from readout.ingest.publish import publish

    now = datetime(2026, 11, 3, 6, 30, tzinfo=UTC)
    extract: Extract = _with_bar(lambda say: publish(folder / "network.toml", extracts, now=now, progress=say))
    return extract


def main(arguments: list[str] | None = None) -> int:
    """Run one command. 0: done; 1: refused; 2: a name or value that is not known; 3: commentary says more than its chart shows."""
    for stream in (sys.stdout, sys.stderr):
        if os.name == "nt" and isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            stream.reconfigure(encoding="utf-8")  # Windows would write a pipe or a file in the code page of the country
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        return int(given.run(given) or 0)
    except ReadoutError as e:
        print(f"readout: {e}", file=sys.stderr)
        return e.exit_code
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  the reader went away; nothing is left to say
        return 0
    except KeyboardInterrupt:
        print("readout: stopped. What was live before is live still.", file=sys.stderr)
        return 130
    except OSError as e:
        where = f" '{Path(str(e.filename)).name}'" if e.filename else ""
        print(f"readout: the system refused{where} ({e.strerror or e}). Check that there is room on the disk and that this account may write there.", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="readout", description="Activity, turnaround and reporting variability for a radiology network.")
    parser.add_argument("--version", action="version", version=f"readout {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        return made

    def with_extracts(made: argparse.ArgumentParser) -> None:
        made.add_argument("--extracts", metavar="DIR", help="where extracts lie (else READOUT_EXTRACTS, ./extracts, the sample)")

    def with_question(made: argparse.ArgumentParser) -> None:
        made.add_argument("metric")
        made.add_argument("--by", action="append", default=[], metavar="DIM,...", help="break down by these dimensions; repeat for more")
        made.add_argument("--where", action="append", default=[], metavar="DIM=VALUE", help="keep only this value; repeat for more")
        made.add_argument("--from", dest="date_from", metavar="DATE", help="first local date, inclusive")
        made.add_argument("--to", dest="date_to", metavar="DATE", help="last local date, inclusive")

    asking = command("ask", _ask, "Ask one metric of the catalogue.")
    with_question(asking)
    asking.add_argument("--release", choices=PROFILES, default="internal", help="what may leave: internal, or public (small counts withheld, others rounded)")
    asking.add_argument("--format", choices=("table", "csv", "json"), default="table")
    with_extracts(asking)

    printing = command("sql", _sql, "Print one metric's query with its values filled in, to paste into the duckdb command line.")
    with_question(printing)
    with_extracts(printing)

    signalling = command("signals", _signals, "List what is special-cause in the last judged month, beside what chance alone would give.")
    signalling.add_argument("--where", action="append", default=[], metavar="DIM=VALUE", help="keep only this value; repeat for more")
    signalling.add_argument("--units", default=",".join(UNITS), metavar="UNIT,...", help=f"series to judge: {', '.join(UNITS)}")
    signalling.add_argument("--format", choices=("table", "csv", "json"), default="table")
    with_extracts(signalling)

    exporting = command("export", _export, "Make a board pack. Exit codes: 0 made, 1 refused, 2 a name is not known, 3 commentary overclaims.")
    exporting.add_argument("--pack", type=Path, required=True, metavar="FILE", help="the pack file: title, audience, profile, indicators")
    exporting.add_argument("--out", type=Path, required=True, metavar="DIR", help="where packs are kept; the last one is what the next is compared with")
    exporting.add_argument("--until", metavar="MONTH", help="the last month shown, in place of the file's")
    with_extracts(exporting)

    publishing = command("publish", _publish, "Make an extract from a network file and make it the live one.")
    publishing.add_argument("network", type=Path, help="the network file")
    publishing.add_argument("--extracts", metavar="DIR", default="extracts")
    publishing.add_argument("--secret-file", type=Path, help="file that holds the secret for patient keys (else READOUT_SECRET)")
    asked = "publish this source however many of its records are quarantined; repeat for more"
    publishing.add_argument("--accept-quarantine", action="append", default=[], metavar="SOURCE", help=asked)

    listing = command("extracts", _extracts, "List the published extracts, or make another the live one.")
    listing.add_argument("action", nargs="?", choices=("list", "use"), default="list")
    listing.add_argument("id", nargs="?")
    with_extracts(listing)

    quarantine = command("quarantine", _quarantine, "List quarantined records, or show one as it stands in the inbox.")
    quarantine.add_argument("action", nargs="?", choices=("list", "show"), default="list")
    quarantine.add_argument("source", nargs="?")
    quarantine.add_argument("file", nargs="?")
    quarantine.add_argument("record", nargs="?", type=int)
    quarantine.add_argument("--network", type=Path, help="the network file, where the inbox has moved since")
    with_extracts(quarantine)

    running = command("run", _run, "Open the app on this machine.")
    running.add_argument("--port", type=int, default=8501)
    running.add_argument("--address", default="127.0.0.1")
    running.add_argument("--headless", action="store_true", help="do not open a browser")
    with_extracts(running)

    checking = command("check", _check, "Check the catalogue, the queries and the current extract.")
    with_extracts(checking)

    sampling = command("sample", _sample, "Write a synthetic network: raw exports, and the extract made from them.")
    sampling.add_argument("--exams", type=lambda t: int(t.replace("_", "")), default=120_000)
    sampling.add_argument("--seed", type=int, default=2026)
    sampling.add_argument("--out", type=Path, required=True)
    return parser


def _where(pairs: list[str]) -> dict[str, tuple[str, ...]]:
    where: dict[str, tuple[str, ...]] = {}
    for pair in pairs:
        dimension, sign, value = pair.partition("=")
        if not sign:
            raise UsageError(f"'{pair}' must read DIMENSION=VALUE, as in modality=CT.")
        if dimension not in DIMENSIONS:
            raise UsageError(f"There is no dimension '{dimension}'. {suggest(dimension, DIMENSIONS)}")
        where[dimension] = (*where.get(dimension, ()), value)
    return where


def _signals(given: argparse.Namespace) -> None:
    units = tuple(u.strip() for u in given.units.split(",") if u.strip())
    for unit in units:
        if unit not in UNITS:
            raise UsageError(f"'{unit}' is not a unit that signals are looked for in. {suggest(unit, UNITS)}")
    where = _where(given.where)
    for dimension in where:
        if not any(dimension in m.dimensions and m.spc != "none" for m in load_catalogue().metrics.values()):
            raise UsageError(f"No charted metric can be filtered by '{dimension}'.")
    with Store(open_extract(extracts_folder(given.extracts))) as store:
        labels = dimension_labels(store)
        check_values(Scope((), where), labels)
        found = signals(store, where, units=units)
    if given.format == "json":
        json.dump({"of": _signals_of(where, labels), "where": where, **found.as_json()}, sys.stdout, ensure_ascii=False, indent=1)
        print()
        return
    if given.format == "csv":
        print(f"# {_signals_of(where, labels)}")
        rows = [plain(c) for c in found.found]
        out = csv.DictWriter(sys.stdout, list(rows[0]) if rows else ["metric"], lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
        return
    print(_signals_of(where, labels))
    for c in found.found:
        since = f" since {fmt.month(c.since)}" if c.since else ""
        print(f"{(c.variation or '').replace('_', ', '):16}{c.metric.label}, {c.name}: {RULES[c.flag or '']}{since}")
    by_chance = f"{len(found.found)} of {found.count_series} series; about {found.expected:.1f} would by chance."
    print(f"{by_chance} {found.count_short} are too short or have too few to judge, {found.count_stale} have no figure in their last month. Extract {found.extract_id}.")


def _signals_of(where: Mapping[str, tuple[str, ...]], labels: Mapping[str, Mapping[str, str]]) -> str:
    """What the list of signals is of: a series is named by its own unit alone."""
    return f"Signals of {', '.join(filter_words(where, labels)) or 'the whole network'}."


def _scope(given: argparse.Namespace) -> Scope:
    by = tuple(d.strip() for d in ",".join(given.by).split(",") if d.strip())
    return Scope(by, _where(given.where), _date(given.date_from), _date(given.date_to))


def _sql(given: argparse.Namespace) -> None:
    scope, catalogue = _scope(given), load_catalogue()
    catalogue.metric(given.metric).check(scope)
    with Store(open_extract(extracts_folder(given.extracts))) as store:
        print(pasted(given.metric, scope, store, catalogue), end="")


def _ask(given: argparse.Namespace) -> None:
    scope = _scope(given)
    catalogue = load_catalogue()
    catalogue.metric(given.metric).check(scope)
    with Store(open_extract(extracts_folder(given.extracts))) as store:
        answer = ask(given.metric, scope, store, catalogue).release(given.release)
    if given.format == "json":
        json.dump(answer.as_json(), sys.stdout, ensure_ascii=False, indent=1)
        print()
    elif given.format == "csv":
        print(f"# {answer.metric.label} ({answer.metric.id}): {answer.words}\n# Release {answer.profile}. {answer.note}")
        print(answer.as_csv(), end="")
    else:
        _print_table(answer)


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"'{text}' is not a date: write year, month and day, as in 2026-01-31.") from None


def _print_table(answer: Released) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    table = Table(title=f"{answer.metric.label}: {answer.words}")
    for column in answer.frame.columns:
        table.add_column(column, justify="left" if column in DIMENSIONS else "right")
    for i, row in enumerate(answer.frame.iter_rows(named=True)):
        table.add_row(*(fmt.WITHHELD if (i, c) in answer.hidden else _cell(answer, c, v) for c, v in row.items()))
    console.print(table)
    console.print(f"{answer.metric.numerator}. {answer.metric.clock}.")
    left = "; ".join(f"{x.label} {fmt.released(x.count)}" for x in answer.left_out)
    through = answer.stalest
    console.print(
        f"n {fmt.released(answer.n)}"
        + (f" · left out {fmt.released(answer.count_left_out)} ({left})" if left else "")
        + f" · extract {answer.extract_id}"
        + (f" · data to {fmt.instant(through[1], answer.time_zone)} at the earliest" if through else "")
    )
    console.print(f"Release {answer.profile}. {answer.note}")


def _cell(answer: Released, column: str, value: Any) -> str:
    if column in DIMENSIONS:
        return answer.label(column, value)
    if column == "provisional":
        return "provisional" if value else ""
    if column.endswith("_hours"):
        return answer.metric.kind.duration(value)
    if column == "value" and answer.metric.kind.is_share:
        return fmt.percent(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    return value if isinstance(value, str) else fmt.count(value)


def _export(given: argparse.Namespace) -> None:
    from dataclasses import replace

    from readout.export.pack import load_pack
    from readout.export.package import export

    pack = load_pack(given.pack)
    if given.until:
        pack = replace(pack, until=month_end(month_of(given.until)))
    with Store(open_extract(extracts_folder(given.extracts))) as store:
        made = _with_bar(lambda say: export(pack, store, given.out, say=say))
    print(f"Pack {made.pack_id}: {made.count} files in {made.folder}, and as {made.archive.name}." + (" It was made before, and is whole." if made.is_kept else ""))


def _publish(given: argparse.Namespace) -> None:
    from readout.ingest.publish import publish

    told: list[str] = []
    asked: dict[str, Any] = {"secret_file": given.secret_file, "accept_quarantine": given.accept_quarantine}
    extract = _with_bar(lambda say: publish(given.network, Path(given.extracts), **asked, progress=say, tell=told.append))
    where = f'"{given.extracts}"' if " " in given.extracts else given.extracts
    print(f"Published extract {extract.id}." + (f" Look at it: readout run --extracts {where}" if extract.is_open else ""))
    if not extract.is_open:
        print("  `readout ask` answers from it. The app shows it only once its network file says open = true under [network], for no sign-in is configured.")
    for source in extract.manifest["sources"]:
        _account(source, where)
        for notice in extract.manifest["notices"]:
            if notice["source"] == source["name"]:
                is_much = notice["kind"] == "much"
                back = f" To go back: readout extracts use ID --extracts {where}" if is_much else ""
                print(f"    {'LOOK' if is_much else records.NOTICES[notice['kind']].lower()}: {notice['text']}{back}")
    for notice in extract.manifest["notices"]:
        if not notice["source"]:
            print(f"  {records.NOTICES[notice['kind']].lower()}: {notice['text']}")
    for sentence in told:
        print(f"  {sentence}")


def _account(source: dict[str, Any], extracts: str) -> None:
    """What became of the records of a source, why any were set apart, and what to do about it."""
    r, rules = source["records"], load_catalogue().rules
    apart = sum(r["quarantined"].values())
    print(
        f"  {source['name']}: read {r['read']:,} = kept {r['kept']:,} + duplicates {r['duplicates']:,} + superseded {r['superseded']:,}"
        f" + excluded {sum(r['excluded'].values()):,} + dropped {sum(r['dropped'].values()):,} + quarantined {apart:,}"
    )
    if apart:
        reasons = ", ".join(f"{rules.get(k, {}).get('label', k)} {n:,}" for k, n in sorted(r["quarantined"].items(), key=lambda item: -item[1]))
        print(f"    quarantined: {reasons}. Which records: readout quarantine list {source['name']} --extracts {extracts}")
    unknown: dict[str, list[dict[str, Any]]] = {}
    for code in sorted(source["unknown_codes"], key=lambda c: -c["count"]):
        unknown.setdefault(code["column"], []).append(code)
    for column, codes in unknown.items():
        shown = ", ".join(f"'{c['value']}' {c['count']:,}" for c in codes[:5]) + (f" and {len(codes) - 5} more" if len(codes) > 5 else "")
        print(f"    unknown {column}: {shown}. {rules[f'unknown_{column}']['about']} Map them under [source.values.{column}] of this source.")
    for file in source.get("not_read", []):
        print(f"    not read: {file['name']}, {schema.NOT_READ[file['reason']]}")


def _with_bar(work: Any) -> Any:
    """Run work with a progress bar where a person watches."""
    if not sys.stderr.isatty():
        return work(None)
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Starting", total=1.0)
        return work(lambda what, share: bar.update(task, description=what, completed=share))


def _extracts(given: argparse.Namespace) -> None:
    folder = extracts_folder(given.extracts)
    if given.action == "use":
        if not given.id:
            raise UsageError(f"Say which: readout extracts use ID. {suggest('', extract_ids(folder))}")
        with lease.held(folder, open_extract(folder, given.id).id):
            set_current(folder, given.id)
        print(f"Extract {given.id} is now the live one.")
        return
    live = current_id(folder)
    for extract_id in extract_ids(folder):
        mark = "*" if extract_id == live else " "
        try:
            manifest = open_extract(folder, extract_id).manifest
        except ReadoutError as e:
            print(f"{mark} {extract_id}  {e}")
            continue
        used = "  in use" if lease.is_in_use(folder, extract_id) else ""
        rows = manifest["tables"].get("exam", {}).get("rows", 0)
        print(f"{mark} {extract_id}  {rows:,} examinations  made {manifest['created_at'][:16]}  {manifest['network']['name']}{used}")
    if not extract_ids(folder):
        print(f"No extract in {folder.name}. Make one: readout publish network.toml --extracts {folder.name}")


def _quarantine(given: argparse.Namespace) -> None:
    extract = open_extract(extracts_folder(given.extracts))
    names = [s["name"] for s in extract.manifest["sources"]]
    if given.source and given.source not in names:
        raise UsageError(f"There is no source '{given.source}' in extract {extract.id}. {suggest(given.source, names)}")
    if given.action == "show":
        _show_record(given, extract)
        return
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["source", "file", "record", "column", "reason", "value"])
    for name in [given.source] if given.source else names:
        path = extract.folder / "quarantine" / f"{name}.csv"
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as f:
                out.writerows([name, *row] for row in list(csv.reader(f))[1:])


def _show_record(given: argparse.Namespace, extract: Any) -> None:
    from readout.ingest.network import load_network
    from readout.ingest.reading import raw_record

    if not (given.source and given.file and given.record):
        raise UsageError("Say which record: readout quarantine show SOURCE FILE RECORD, as the list has them.")
    inbox = extract.folder.parent / extract.manifest["network"]["inbox"]
    network = load_network(given.network or inbox / extract.manifest["network"]["file"])
    source = next(s for s in network.sources if s.name == given.source)
    files = {p.name: p for p in source.found(network.folder)}
    if given.file not in files:
        raise UsageError(f"Source '{given.source}' has no file '{given.file}' in the inbox. {suggest(given.file, files)}")
    if source.adapter is None:
        raise UsageError("Records of the national return are shown by the spreadsheet they came in.")
    print(raw_record(files[given.file], source.adapter.file, given.record))


def _run(given: argparse.Namespace) -> int:
    from readout.server.serve import serve

    return serve(extracts_folder(given.extracts), port=given.port, address=given.address, headless=given.headless)


def _check(given: argparse.Namespace) -> None:
    catalogue = load_catalogue()
    load_policy()
    extract = open_extract(extracts_folder(given.extracts))
    asked = 0
    with Store(extract) as store:
        for metric in catalogue.metrics.values():
            if {t for query in metric.queries for t in query.reads} <= set(extract.tables):
                ask(metric.id, Scope(), store, catalogue)
                asked += 1
    print(f"{len(catalogue.metrics)} metrics and {len(catalogue.standards)} standards are well formed; {asked} answered from extract {extract.id}.")


def _sample(given: argparse.Namespace) -> None:
    from readout.sample import write_sample

    given.out.mkdir(parents=True, exist_ok=True)
    write_sample(given.out, exams=given.exams, seed=given.seed)
    extract = _publish_sample(given.out, given.out / "extracts")
    print(f"Wrote {given.out.name}: raw exports and extract {extract.id}. Look at it: readout run --extracts {given.out / 'extracts'}")


if __name__ == "__main__":
    sys.exit(main())
