"""How numbers, times and dates read: British English, thousands separated, units as people say them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

DASH = "–"
WITHHELD = "*"  # a figure that a release does not show
COLUMNS = {  # how columns of an answer read
    "value": "Value",
    "numerator": "Counted",
    "denominator": "Of",
    "n": "Examinations",
    "count_unreported": "Unreported",
    "median_hours": "Half within",
    "p90_hours": "90 % within",
    "p95_hours": "95 % within",
    "provisional": "Provisional",
    "vintage": "Publication",
    "count_working_days": "Working days",
    "is_part_month": "Open for part of the month",
    "share_by_calendar": "Share by the calendar alone",
}


def count(value: float | None) -> str:
    """`41,233`; a dash where there is none."""
    return DASH if value is None else f"{value:,.0f}"


def released(value: float | None) -> str:
    """A count of a release: `41,235`; `*` where it is withheld."""
    return WITHHELD if value is None else count(value)


def signed(value: float, digits: int = 0) -> str:
    """A difference with its sign: `+1,204`, `−78`; what rounds to nothing has none: `0`."""
    text = f"{value:+,.{digits}f}"
    return "0" if float(text.replace(",", "")) == 0 else text.replace("-", "−")


def percent(share: float | None, digits: int = 1) -> str:
    """A fraction 0-1 as `95.8 %`."""
    return DASH if share is None else f"{share * 100:.{digits}f} %"


def share(numerator: float | None, denominator: float | None) -> str:
    """`95.8 % (9,468 of 9,880)`."""
    if numerator is None or not denominator:
        return DASH
    return f"{percent(numerator / denominator)} ({count(numerator)} of {count(denominator)})"


def hours(value: float | None) -> str:
    """Hours as people say them: minutes under one hour, `5.2 h` under 48, then `3.4 days`."""
    if value is None:
        return "not yet reached"
    if value < 1:
        return f"{value * 60:.0f} min"
    return f"{value:.1f} h" if value < 48 else f"{value / 24:.1f} days"


def days(value: float) -> str:
    """Calendar days as people say them: `same day`, `1 day`, `10 days`."""
    if value == 0:
        return "same day"
    said = f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"
    return f"{said} day{'' if value == 1 else 's'}"


def day(value: date) -> str:
    """`3 Nov 2026`."""
    return f"{value.day} {value:%b %Y}"


def month(value: date) -> str:
    """`Nov 2026`."""
    return f"{value:%b %Y}"


def instant(value: datetime, time_zone: str = "Europe/London") -> str:
    """`3 Nov 2026 06:00`, on the local clock."""
    local = value.astimezone(ZoneInfo(time_zone))
    return f"{day(local.date())} {local:%H:%M}"


def band(value: str) -> str:
    """A band without the digit that sorts it: `1 under 4 h` is `under 4 h`."""
    return value[2:] if value[:1].isdigit() and value[1:2] == " " else value


def listed(items: list[str], joiner: str = "and") -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {joiner} {items[-1]}" if items else ""
