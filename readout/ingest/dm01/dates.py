"""Days and months as the return writes them, and what its title cells state."""

import re
from datetime import date

from readout.metrics.scope import month_end

_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december")


def day_of(text: str) -> date | None:
    """The day that `2025-03-31` (a time may follow), `31/03/2025` or `31st March 2025` names, else none."""
    text = text.strip().casefold()
    if m := re.match(r"(\d{4})-(\d{2})-(\d{2})(?:[t ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?z?)?$", text):
        y, mo, d = int(m[1]), int(m[2]), int(m[3])
    elif m := re.match(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: \d{2}:\d{2}(?::\d{2})?)?$", text):
        d, mo, y = int(m[1]), int(m[2]), int(m[3])
    elif m := re.match(r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3,9}),? (\d{4})$", text):
        d, mo, y = int(m[1]), _month_number(m[2]), int(m[3])
    else:
        return None
    try:
        return date(y, mo, d)
    except ValueError:
        return None


def month_end_of(text: str) -> date | None:
    """The last day of the month that a day, `March 2025`, `Mar-2025` or `DM01-MARCH-2025` names, else none."""
    found = day_of(text)
    if found is None and (m := re.match(r"(?:dm01[- ])?([a-z]{3,9})[- ](\d{4})$", text.strip().casefold())) and _month_number(m[1]) and int(m[2]):
        found = date(int(m[2]), _month_number(m[1]), 1)
    return month_end(found) if found else None


def _month_number(word: str) -> int:
    """1-12 for a month's name or its first letters, else 0."""
    return next((i for i, name in enumerate(_MONTHS, 1) if name.startswith(word)), 0)


def title_of(titles: list[list[str]], *labels: str) -> str | None:
    """The text beside, or after the colon of, the first title cell that begins with one of the labels."""
    for label in labels:
        for row in titles:
            cells = [c.strip() for c in row if c.strip()]
            for i, cell in enumerate(cells):
                m = re.match(rf"{label}\s*(?::\s*(.*))?$", cell, re.IGNORECASE)
                value = m and (m[1] or (cells[i + 1] if i + 1 < len(cells) else ""))
                if value and re.search(r"\d", value):
                    return value
    return None


def published(titles: list[list[str]]) -> str | None:
    """ISO date of the revision, else of the publication, where a title states it."""
    for labels in (
        ("revised", "revision date", "date revised", "last revised"),
        ("published", "publication date", "date published", "release date"),
    ):
        day = day_of(title_of(titles, *labels) or "")
        if day:
            return day.isoformat()
    return None
