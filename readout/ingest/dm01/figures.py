"""Text cells to counted figures: drops, checks, repeats, and the lines of a commissioner summed to the provider."""

import polars as pl

from readout import schema
from readout.errors import SourceError
from readout.ingest.dm01.cells import DROPS, TOTALS, is_prose
from readout.ingest.dm01.dates import month_end_of, title_of
from readout.ingest.dm01.layouts import ACTIVITY, BANDS, COUNTS, LAYOUTS, LISTS, STATED, Header, Table
from readout.ingest.dm01.tables import PROVIDERS, REGIONS, WAITS, NationalFile
from readout.ingest.reading import Reject

_COUNT = r"^(?:\d{1,12}|\d{1,3}(?:,\d{3}){1,3})$"


def names_of(table: Table) -> NationalFile:
    """A list of codes and names; the list of tests is read for its count only, for tests are named by their number."""
    layout = table.header.layout
    code, name = LISTS[layout]
    rows = _drop(table).filter(pl.col("kind").is_null())
    for column in (code, name):
        for record in rows.filter(pl.col(column) == "")["record"]:
            table.rejects.append(Reject(record, table.header.named(column), "missing_code" if column == code else "missing_name"))
        rows = rows.filter(pl.col(column) != "")
    rows, duplicates = _single(table, rows, [code], [name])
    providers, regions = pl.DataFrame(schema=PROVIDERS), pl.DataFrame(schema=REGIONS)
    if layout == "provider_names":
        providers = rows.select(pl.lit(None, pl.Date).alias("month_end"), code, name)
    elif layout == "region_names":
        regions = rows.select(code, name)
    return _finished(table, pl.DataFrame(schema=WAITS), providers, rows.height, duplicates, regions)


def figures_of(table: Table, where: str, vintage: str) -> NationalFile:
    """The waits of a file, by provider and test; a record that contradicts itself, or another of its key, is rejected."""
    header = table.header
    rows = _typed(table, _drop(table), where)
    england = rows.filter((pl.col("kind") == "total") & _is_england(header))
    rows = rows.filter(pl.col("kind").is_null())
    checks = _checks(header)
    verdict = pl.coalesce([pl.when(bad).then(pl.lit(i)) for i, (bad, _, _) in enumerate(checks)]).alias("verdict")
    rows = rows.with_columns(verdict)
    refused = rows.filter(pl.col("verdict").is_not_null())
    for row in refused.iter_rows(named=True):
        _, column, reason = checks[row["verdict"]]
        table.rejects.append(Reject(row["record"], column and header.named(column), reason, row[column] if column else None))
    rows = rows.filter(pl.col("verdict").is_null())
    commissioner = [c for c in ("commissioner_parent", "commissioner_code") if header.layout == "full_extract" and c in header.columns]
    key = ["month_end", "provider_code", "test"]
    before = len(table.rejects)
    standing, duplicates = _single(table, rows, [*key, *commissioner], ["region_code", *(f"n_{c}" for c in COUNTS)])
    numbers = [pl.col(f"n_{c}").alias(c) for c in COUNTS]
    kept = standing.select(*key, "region_code", *numbers)
    if header.layout == "full_extract":
        short = pl.concat([refused, rows.filter(pl.col("record").is_in([r.record for r in table.rejects[before:]]))])
        _note(table, "sums_short_of_a_line", short.select(key).unique().join(kept, on=key, how="semi").height)
        regions = standing.group_by(key).agg(pl.col("region_code").n_unique().alias("regions"))
        _note(table, "provider_in_two_regions", regions.filter(pl.col("regions") > 1).height)
        kept = kept.group_by(key, maintain_order=True).agg(pl.col("region_code").first(), pl.col(COUNTS).sum())
    _note(table, "no_region", kept.filter(pl.col("region_code") == "").height)
    _note(table, "england_row_differs", _england_differs(england, kept))
    waits = kept.select(
        "month_end",
        pl.lit(vintage).alias("vintage"),
        "provider_code",
        pl.when(pl.col("region_code") != "").then(pl.col("region_code")).alias("region_code"),
        pl.col("test").alias("test_id"),
        pl.col("test").replace_strict(schema.NATIONAL_TESTS, return_dtype=pl.String).alias("test"),
        *COUNTS,
    ).sort("month_end", "provider_code", "test_id")
    name = pl.col("provider_name") if "provider_name" in header.columns else pl.lit("")
    providers = standing.select("month_end", "provider_code", pl.when(name != "").then(name).alias("provider_name"))
    providers = providers.unique().sort("month_end", "provider_code", "provider_name")
    return _finished(table, waits.select(*WAITS), providers, standing.height, duplicates, pl.DataFrame(schema=REGIONS))


def _drop(table: Table) -> pl.DataFrame:
    """The records with a column `kind`: null for a figure or name, else what it is dropped as; the drops are counted."""
    columns = table.header.columns
    lower = {c: pl.col(c).str.to_lowercase() for c in columns}
    keys = [c for c in ("provider_code", "region_code", "test_id") if c in columns]
    repeated = pl.all_horizontal([lower[c] == table.header.named(c).casefold() for c in keys])
    prose = [cell for cell in table.rows["first"].unique().drop_nulls().to_list() if is_prose(cell)]
    footer = (pl.col("filled") == 1) & pl.col("first").is_in(prose)
    total = pl.lit(False)
    if table.header.layout in LAYOUTS:
        named = [c for c in ("period", "region_code", "provider_code", "provider_name", "commissioner_code", "test_name") if c in columns]
        total = pl.any_horizontal([lower[c].is_in(TOTALS) for c in named]) | pl.col("test_id").str.contains("^0*16$")
        if "provider_name" in columns:  # the subtotal of a region names no provider
            no_name = (lower["provider_name"] == "") | lower["provider_name"].str.ends_with(" region")
            total |= (pl.col("provider_code") == "") & (pl.col("region_code") != "") & no_name
        no_figure = pl.all_horizontal([pl.col(c) == "" for c in ("test_id", *COUNTS)])
        footer |= no_figure & pl.col("first").is_in(prose)
    kind = pl.when(pl.col("filled") == 0).then(pl.lit("blank")).when(repeated).then(pl.lit("repeated_header"))
    rows = table.rows.with_columns(kind.when(footer).then(pl.lit("footer")).when(total).then(pl.lit("total")).alias("kind"))
    table.dropped.update(dict(rows["kind"].drop_nulls().value_counts().iter_rows()))
    return rows


def _typed(table: Table, rows: pl.DataFrame, where: str) -> pl.DataFrame:
    """Adds `month_end`, `test` (1-15) and `n_<column>` for every count; null where the text is not one."""
    header = table.header
    if "period" in header.columns:
        ends = {text: month_end_of(text) for text in rows["period"].unique().to_list()}
        month = pl.col("period").replace_strict(list(ends), list(ends.values()), return_dtype=pl.Date)
    else:
        stated = title_of(table.titles, "period", "month", "reporting period")
        end = month_end_of(stated) if stated else None
        if end is None:
            raise SourceError(f"{where} does not say its month: a title cell 'Period:' with a month such as 'March 2025' was looked for.")
        month = pl.lit(end)
    test = pl.when(pl.col("test_id").str.contains(r"^\d{1,4}$")).then(pl.col("test_id")).cast(pl.Int64)
    return rows.with_columns(
        month.alias("month_end"),
        pl.when(test.is_in(list(schema.NATIONAL_TESTS))).then(test).alias("test"),
        *(_number(c, dash_is_zero=header.layout == "provider_workbook").alias(f"n_{c}") for c in (*COUNTS, *STATED) if c in header.columns),
    )


def _number(column: str, *, dash_is_zero: bool) -> pl.Expr:
    """A whole number, thousands separators allowed; the published workbook shows a nought as a dash."""
    text = pl.col(column)
    number = pl.when(text.str.contains(_COUNT)).then(text.str.replace_all(",", "", literal=True)).cast(pl.Int64)
    return pl.when(text == "-").then(pl.lit(0, pl.Int64)).otherwise(number) if dash_is_zero else number


def _checks(header: Header) -> list[tuple[pl.Expr, str | None, str]]:
    """What makes a record unusable, in order: test, the column to name, reason."""
    over_six = pl.sum_horizontal([f"n_{b}" for b in BANDS[6:]])
    counted = [c for c in (*COUNTS, *STATED) if c in header.columns]
    checks: list[tuple[pl.Expr, str | None, str]] = [
        (pl.col("month_end").is_null(), "period" if "period" in header.columns else None, "unreadable_date"),
        (pl.col("provider_code") == "", "provider_code", "missing_provider"),
        (pl.col("test").is_null(), "test_id", "unknown_test"),
        *((pl.col(f"n_{c}").is_null(), c, "not_a_count") for c in counted),
        (pl.sum_horizontal([f"n_{b}" for b in BANDS]) != pl.col("n_count_waiting"), "count_waiting", "bands_do_not_sum"),
    ]
    repeats = {
        "over_six_weeks": (over_six, "over_six_weeks_disagree"),
        "over_thirteen_weeks": (pl.col(f"n_{BANDS[-1]}"), "over_thirteen_weeks_disagree"),
        "total_activity": (pl.sum_horizontal([f"n_{a}" for a in ACTIVITY]), "total_activity_disagrees"),
    }
    return checks + [(pl.col(f"n_{c}") != figure, c, reason) for c, (figure, reason) in repeats.items() if c in header.columns]


def _single(table: Table, rows: pl.DataFrame, key: list[str], content: list[str]) -> tuple[pl.DataFrame, int]:
    """One record a key: repeats with the same content are counted, keys with different content are rejected whole."""
    repeated = rows.filter(pl.struct(key).is_duplicated())
    if repeated.is_empty():
        return rows, 0
    differs = repeated.group_by(key).agg(pl.struct(content).n_unique().alias("versions")).filter(pl.col("versions") > 1)
    clashing = repeated.join(differs, on=key, how="semi")["record"]
    table.rejects.extend(Reject(record, None, "conflicting_rows") for record in clashing.to_list())
    agreed = rows.filter(~pl.col("record").is_in(clashing.implode()))
    single = agreed.unique(key, keep="first", maintain_order=True)
    return single, agreed.height - single.height


def _is_england(header: Header) -> pl.Expr:
    columns = [c for c in ("provider_name", "provider_code") if c in header.columns]
    return pl.any_horizontal([pl.col(c).str.to_lowercase() == "england" for c in columns])


def _england_differs(england: pl.DataFrame, kept: pl.DataFrame) -> int:
    """England rows of which any figure is not the sum over the providers kept."""
    differ = 0
    for row in england.iter_rows(named=True):
        month = kept.filter(pl.col("month_end") == row["month_end"])
        if row["test"] is not None:
            month = month.filter(pl.col("test") == row["test"])
        differ += any(row[f"n_{c}"] != month[c].sum() for c in COUNTS)
    return differ


def _note(table: Table, name: str, count: int) -> None:
    if count:
        table.notes[name] = count


def _finished(table: Table, waits: pl.DataFrame, providers: pl.DataFrame, kept: int, duplicates: int, regions: pl.DataFrame) -> NationalFile:
    return NationalFile(
        layout=table.header.layout,
        waits=waits,
        providers=providers,
        count_read=table.read,
        count_kept=kept,
        dropped={kind: table.dropped[kind] for kind in DROPS},
        rejects=sorted(table.rejects, key=lambda r: r.record),
        duplicates=duplicates,
        notes=table.notes,
        regions=regions,
    )
