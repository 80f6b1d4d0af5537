"""The small tables of an extract, from the network file and the feeds: sites, calendars, opening times, standards, annotations."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from readout.ingest.calendar import calendar
from readout.ingest.network import Network, Source


def data_through(network: Network, sources: list[Source], through: pl.DataFrame) -> dict[str, datetime]:
    """Each site's as-of: the earliest over its feeds, leaving out feeds of a RIS the site no longer uses."""
    found: dict[str, datetime] = {}
    for site in network.sites:
        feeds = [r for r in through.iter_rows(named=True) if r["site_code"] == site.code]
        feeds = [f for f in feeds if f["ris_code"] == site.now.ris_code] or feeds
        instants = [sources[f["source_no"]].taken_at or f["latest_at"] for f in feeds]
        known = [i.astimezone(UTC) for i in instants if i is not None]
        if known:
            found[site.code] = min(known)
    return found


def small_tables(network: Network, sources: list[Source], through: dict[str, datetime], first: date, last: date) -> dict[str, pl.DataFrame]:
    """Each small table by name. `through` is each site's as-of; the calendar covers every year from `first` to `last`."""
    years = (date(first.year, 1, 1), date(last.year, 12, 31))
    days = calendar([s.nation for s in network.sites] + [network.nation], *years, network.holidays)
    return {
        "site": _sites(network, sources, through),
        "site_period": _site_periods(network),
        "site_hours": _site_hours(network),
        "site_open": _site_open(network, days),
        "calendar": days,
        "standard": _standards(network),
        "report_rule": _report_rules(network),
        "annotation": _annotations(network),
    }


def _sites(network: Network, sources: list[Source], through: dict[str, datetime]) -> pl.DataFrame:
    rows = []
    for site in network.sites:
        at = through.get(site.code)
        rows.append(
            {
                "site_code": site.code,
                "site_name": site.now.name,
                "trust_code": site.now.trust_code,
                "trust_name": site.now.trust_name,
                "network_code": network.code,
                "ris_code": site.now.ris_code,
                "time_zone": site.time_zone,
                "nation": site.nation,
                "data_through": at,
                "data_through_date": at.astimezone(ZoneInfo(site.time_zone)).date() if at else None,
                "usual_lag_days": _lag(network, sources, site.code),
                "covers_from": _covers_from(network, sources, site.code),
                "opened": site.opened,
                "closed": site.closed,
            }
        )
    types: dict[str, Any] = {"covers_from": pl.Date, "opened": pl.Date, "closed": pl.Date, "data_through": pl.Datetime("us", "UTC"), "data_through_date": pl.Date}
    return pl.DataFrame(rows, schema_overrides=types)


def _lag(network: Network, sources: list[Source], code: str) -> int:
    """The longest usual lag among the feeds that can hold a site."""
    return max((s.usual_lag_days for s in _feeds(network, sources, code)), default=0)


def _covers_from(network: Network, sources: list[Source], code: str) -> date | None:
    """The date from which the feeds hold every examination of a site: the earliest of them; None where one does not say."""
    dates = [s.covers_from for s in _feeds(network, sources, code)]
    known = [d for d in dates if d is not None]
    return min(known) if known and len(known) == len(dates) else None


def _feeds(network: Network, sources: list[Source], code: str) -> list[Source]:
    """The feeds that can hold a site."""
    found = []
    for s in sources:
        assert s.adapter is not None
        given = {s.adapter.constants.get("site_code"), *s.adapter.values.get("site_code", {}).values()}
        if code in given or ("site_code" in s.adapter.columns and (s.ris_code in (None, network.site(code).now.ris_code))):
            found.append(s)
    return found


def _site_periods(network: Network) -> pl.DataFrame:
    rows = []
    for site in network.sites:
        ends = [p.valid_from for p in site.periods[1:]] + [date(9999, 12, 31)]
        rows += [
            {
                "site_code": site.code,
                "valid_from": p.valid_from,
                "valid_to": end,
                "site_name": p.name,
                "trust_code": p.trust_code,
                "trust_name": p.trust_name,
                "ris_code": p.ris_code,
            }
            for p, end in zip(site.periods, ends, strict=True)
        ]
    return pl.DataFrame(rows)


def _site_hours(network: Network) -> pl.DataFrame:
    rows = [
        {"site_code": site.code, "weekday": day, "open_minute": opens, "close_minute": closes} for site in network.sites for day, (opens, closes) in site.open.items()
    ]
    return pl.DataFrame(rows, schema={"site_code": pl.String, "weekday": pl.Int64, "open_minute": pl.Int64, "close_minute": pl.Int64})


def _site_open(network: Network, days: pl.DataFrame) -> pl.DataFrame:
    """When each site is open on each day, and the minutes it had been open before it: the working-hours clock is their difference.

    `site_code, date, open_at, close_at` (UTC; null while shut), `opened_before` (minutes; null at a site without hours), `ends_at`
    (UTC: the local midnight that ends the day). Instants, so that a day of 23 or 25 hours counts the minutes it really had. Shut on bank holidays and one-off days.
    """
    rows: list[tuple[Any, ...]] = []
    by_nation = {n: days.filter(pl.col("nation") == n).select("date", "weekday", "holiday").rows() for n in days["nation"].unique()}
    for site in network.sites:
        zone, opened = ZoneInfo(site.time_zone), 0
        for day, weekday, holiday in by_nation[site.nation]:
            hours = site.open.get(weekday) if holiday is None else None
            start = stop = None
            midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
            if hours:
                start, stop = ((midnight + timedelta(minutes=m)).astimezone(UTC) for m in hours)
            rows.append((site.code, day, start, stop, opened if site.open else None, (midnight + timedelta(days=1)).astimezone(UTC)))
            opened += int((stop - start).total_seconds()) // 60 if start and stop else 0
    instant = pl.Datetime("us", "UTC")
    types: dict[str, Any] = {"site_code": pl.String, "date": pl.Date, "open_at": instant, "close_at": instant, "opened_before": pl.Int64, "ends_at": instant}
    return pl.DataFrame(rows, schema=types, orient="row")


def _standards(network: Network) -> pl.DataFrame:
    rows = [
        {
            "standard_id": s.id,
            "measure": s.measure,
            "pathway": s.pathway,
            "modality": s.modality,
            "patient_class": s.patient_class,
            "unit": s.unit,
            "threshold": s.threshold,
            "target": s.target,
            "status": s.status,
            "valid_from": s.valid_from or date(1900, 1, 1),
            "valid_to": s.valid_to or date(9999, 12, 31),
            "specificity": s.specificity,
            "precedence": ("local", "network", "national", "illustrative").index(s.status),
        }
        for s in network.standards.values()
    ]
    types: dict[str, Any] = {"modality": pl.String, "patient_class": pl.String, "threshold": pl.Float64, "target": pl.Float64}
    return pl.DataFrame(rows, schema_overrides=types)


def _report_rules(network: Network) -> pl.DataFrame:
    types: dict[str, Any] = {
        "rule_no": pl.Int64,
        "site_code": pl.String,
        "modality": pl.String,
        "exam_code": pl.String,
        "patient_class": pl.String,
        "is_report_required": pl.Boolean,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
    }
    rows = [(i, r.site_code, r.modality, r.exam_code, r.patient_class, r.is_report_required, r.valid_from, r.valid_to) for i, r in enumerate(network.report_rules)]
    return pl.DataFrame(rows, schema=types, orient="row")


def _annotations(network: Network) -> pl.DataFrame:
    rows = [
        {
            "title": n["title"],
            "text": n.get("text", ""),
            "valid_from": n["from"],
            "valid_to": n.get("to", n["from"]),
            "site_codes": list(n.get("sites", [])),
            "modalities": list(n.get("modalities", [])),
            "metric_ids": list(n.get("metrics", [])),
        }
        for n in network.annotations
    ]
    types: dict[str, Any] = {
        "title": pl.String,
        "text": pl.String,
        "valid_from": pl.Date,
        "valid_to": pl.Date,
        "site_codes": pl.List(pl.String),
        "modalities": pl.List(pl.String),
        "metric_ids": pl.List(pl.String),
    }
    return pl.DataFrame(rows, schema=types)
