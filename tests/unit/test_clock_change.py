"""Times in the wrong zone: work keeps the local clock, so a time of day that moves whenever the clocks do gives the zone away."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from readout.ingest.notices import CLOCK_LEAST, CLOCK_MOVED, moved_with_the_clocks
from tests.conftest import ADAPTER, NETWORK

LONDON = ZoneInfo("Europe/London")
CHANGES = (datetime(2026, 3, 29), datetime(2025, 10, 26))


def rows(written):
    """Fifty-five examinations a weekday, from 08:00 to 18:48 by the local clock, seven weeks round each change; `written`: how a local time is exported."""
    made = []
    for change in CHANGES:
        for day in range(-49, 49):
            date = change + timedelta(days=day)
            for i in range(55) if date.weekday() < 5 else ():
                local = (date + timedelta(hours=8, minutes=12 * i)).replace(tzinfo=LONDON)
                made.append({"acc": f"A{len(made)}", "patient": f"P{len(made)}", "ended": f"{written(local):%Y-%m-%d %H:%M}"})
    return made


def zones(extract):
    return [n["text"] for n in extract.manifest["notices"] if n["kind"] == "zone"]


def test_local_time_read_as_local_time_is_not_told(make):
    assert zones(make(rows(lambda t: t), network=NETWORK.replace("2026-10-31T06", "2026-06-30T06"))) == []


def test_utc_read_as_local_time_is_told(make):
    (said,) = zones(make(rows(lambda t: t.astimezone(UTC))))
    assert said.startswith("the time of day of its examinations moves by 60 minutes whenever the clocks change, which work does not: it looks like UTC read as")
    assert said.endswith("time_zone = \"UTC\".")


def test_local_time_read_as_utc_is_told(make):
    (said,) = zones(make(rows(lambda t: t), adapter=ADAPTER.replace("[file]", '[file]\ntime_zone = "UTC"', 1)))
    assert "local time read as UTC" in said and 'time_zone = "Europe/London"' in said


def simulated(rng, n, error, spread):
    """Two changes of the clocks, n examinations either side of each, about a normal day of that spread in minutes, its centre another each month."""
    found = []
    for moved in (60, -60):
        before, after = (rng.normal(780 + rng.normal(0, 8), spread, n) for _ in range(2))
        after = after + error * moved / 60
        found.append(
            {"moved_minutes": moved, "count_before": n, "count_after": n, "median_before": float(np.median(before)), "median_after": float(np.median(after))}
        )
    return found


@pytest.mark.parametrize(("error", "most"), [(0, 0.02), (-60, 0.14), (60, 0.14)])
def test_how_often_the_zone_is_judged_wrongly(error, most):
    """Of 2,000 sources with the least there may be and a wide day (six hours either way): how many are called what they are not."""
    rng = np.random.default_rng(5)
    moved = [moved_with_the_clocks(simulated(rng, CLOCK_LEAST // 2, error, 360)) for _ in range(2000)]
    is_told = [abs(m) >= CLOCK_MOVED for m in moved]
    wrong = sum(is_told) if error == 0 else sum(not t for t in is_told)
    assert wrong / 2000 <= most


def test_too_little_tells_nothing():
    rng = np.random.default_rng(1)
    assert moved_with_the_clocks(simulated(rng, CLOCK_LEAST // 2 - 1, -60, 200)) is None
