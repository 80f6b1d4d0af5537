"""Working days, weekends and bank holidays of each nation, from the `holidays` package and the network's one-off days."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from readout.ingest.network import NATIONS


def calendar(nations: Iterable[str], first: date, last: date, extra: Iterable[date] = ()) -> pl.DataFrame:
    """One row a date and nation: `nation, date, month, weekday` (1 Monday), `holiday, is_working_day, financial_year`."""
    import holidays

    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    one_off = set(extra)
    rows = []
    for nation in sorted(set(nations)):
        named = holidays.country_holidays("GB", subdiv=NATIONS[nation], years=range(first.year, last.year + 1))
        for day in days:
            holiday = named.get(day) or ("One-off day" if day in one_off else None)
            start = day.year if day.month >= 4 else day.year - 1
            rows.append((nation, day, day.replace(day=1), day.isoweekday(), holiday, holiday is None and day.isoweekday() <= 5, f"{start}/{(start + 1) % 100:02d}"))
    types = {
        "nation": pl.String,
        "date": pl.Date,
        "month": pl.Date,
        "weekday": pl.Int64,
        "holiday": pl.String,
        "is_working_day": pl.Boolean,
        "financial_year": pl.String,
    }
    return pl.DataFrame(rows, schema=types, orient="row")
