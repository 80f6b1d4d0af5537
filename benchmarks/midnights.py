"""How often the rule for 00:00 errs, in both directions, on seeded columns of times whose truth is known.

    python -m benchmarks.midnights [COLUMNS]      # 400 unless told

The rule is the product's own, `readout.ingest.decisions.is_beyond_chance`, on counts made as the survey of a source makes them. Times follow the
day of a service: the same at every minute, an emergency department with a quiet night, or a clinic that works by day; they are rounded to
1, 5, 15, 30 or 60 minutes. Bare dates stand among them as 00:00. A column without any bare date that is called dates loses true times; one
with bare dates that is called times has hours that are none.
"""

import sys
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from readout.ingest.decisions import is_beyond_chance
from readout.ingest.survey import EVENING, NIGHT, TimeSurvey

SEED = 2026
SIZES = (100, 1_000, 10_000, 100_000)
ROUNDINGS = (1, 5, 15, 30, 60)
SHARES = (0.001, 0.003, 0.01, 0.03, 0.1)
DAY = 24 * 60


def profile(name: str) -> npt.NDArray[np.float64]:
    """The share of examinations at each minute of the day."""
    hour = np.arange(DAY) / 60
    weight = {
        "even": np.ones(DAY),
        "emergency": 1 + 0.75 * np.cos((hour - 15) / 24 * 2 * np.pi),  # the least at 3 in the morning
        "clinic": np.where((hour >= 8) & (hour < 18), 1.0, 0.0),
    }[name]
    return weight / weight.sum()


def column(rng: np.random.Generator, size: int, day: str, rounding: int, share: float) -> TimeSurvey:
    """The counts of one column of `size` values, of which `share` are bare dates."""
    bare = round(share * size)
    counts = np.zeros(DAY, dtype=np.int64)
    np.add.at(counts, np.arange(DAY) // rounding * rounding, rng.multinomial(size - bare, profile(day)))
    return TimeSurvey(
        count_read=size,
        count_midnight=int(counts[0]) + bare,
        count_on_the_hour=int(counts[60::60].sum()),
        count_near_midnight=int(counts[EVENING:].sum() + counts[1 : NIGHT + 1].sum()),
    )


def called_dates(
    rng: np.random.Generator, columns: int, size: int, day: str, rounding: int, share: float
) -> float:
    """The share of columns that the rule calls dates."""
    return sum(is_beyond_chance(column(rng, size, day, rounding, share)) for _ in range(columns)) / columns


def lines(columns: int) -> Iterator[str]:
    """The two tables, as Markdown."""
    rng = np.random.default_rng(SEED)
    yield f"True midnights taken for dates (no bare date in the column; {columns} columns each)"
    yield ""
    yield "| day | rounded to | " + " | ".join(f"n {s:,}" for s in SIZES) + " |"
    yield "|---|---|" + "---|" * len(SIZES)
    for day in ("even", "emergency", "clinic"):
        for rounding in ROUNDINGS:
            rates = (called_dates(rng, columns, size, day, rounding, 0.0) for size in SIZES)
            yield f"| {day} | {rounding} min | " + " | ".join(f"{100 * r:.1f} %" for r in rates) + " |"
    yield ""
    yield "Bare dates taken for midnights (share of columns that are called times)"
    yield ""
    yield "| day | rounded to | bare dates | " + " | ".join(f"n {s:,}" for s in SIZES) + " |"
    yield "|---|---|---|" + "---|" * len(SIZES)
    for day, rounding in (("even", 1), ("emergency", 1), ("emergency", 15), ("emergency", 60), ("clinic", 1)):
        for share in SHARES:
            rates = (1 - called_dates(rng, columns, size, day, rounding, share) for size in SIZES)
            yield (
                f"| {day} | {rounding} min | {100 * share:.1f} % | "
                + " | ".join(f"{100 * r:.0f} %" for r in rates)
                + " |"
            )


if __name__ == "__main__":
    for line in lines(int(sys.argv[1]) if len(sys.argv) > 1 else 400):
        print(line)
