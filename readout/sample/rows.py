"""The simulation's rows: equally long columns of coded values, the codes, and the draws that fill them. Instants are minutes, UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import Minutes

Rng = np.random.Generator
Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

KIND = {k: i for i, k in enumerate(p.KINDS)}
CLASS = {c: i for i, c in enumerate(p.CLASSES)}
URGENCY = {u: i for i, u in enumerate(p.URGENCIES)}
GROUP = {g: i for i, g in enumerate(p.GROUPS)}
SITE = {s.code: i for i, s in enumerate(p.SITES)}
SOURCE = {s.name: i for i, s in enumerate(p.SOURCES)}
STATUS = {"requested": 0, "booked": 1, "completed": 2, "cancelled": 3, "did_not_attend": 4}
WAIT = {"waiting_list": 0, "planned": 1, "unscheduled": 2}
ROUTE = {"in_house": 0, "network": 1, "outsourced": 2, "delegated": 3}
CATEGORY = {"": 0, "screening": 1, "private": 2, "research": 3, "test_patient": 4, "entered_in_error": 5}
CLASS_GROUP = np.array([GROUP[{"05": "emergency", "01": "inpatient"}.get(c, "scheduled")] for c in p.CLASSES])
INSTANTS = (
    "requested", "received", "clock_reset", "booked_for", "arrived", "start", "end", "assigned", "preliminary",
    "verified", "last_verified", "addendum", "cancelled",
)  # fmt: skip


@dataclass
class Rows:
    """Examinations as equally long columns."""

    columns: dict[str, Array]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, name: str) -> Array:
        return self.columns[name]

    def __setitem__(self, name: str, values: Array) -> None:
        self.columns[name] = values

    def take(self, index: Array) -> "Rows":
        """The rows at `index` (numbers or flags), copied."""
        return Rows({k: v[index] for k, v in self.columns.items()})

    def plus(self, other: "Rows") -> "Rows":
        """Both, one after the other."""
        return Rows({k: np.concatenate([v, other.columns[k]]) for k, v in self.columns.items()})


@dataclass(frozen=True)
class Reporters:
    """Who reports. `home` is a trust, or -1 for the supplier; `addendum_factor` multiplies the modality's share."""

    ids: tuple[str, ...]
    roles: tuple[str, ...]
    home: Ints
    pool: Array  # the letter of the group
    weight: Floats
    addendum_factor: Floats
    outlier: int


def by_kind(name: str, default: float = 0.0) -> Floats:
    """A parameter keyed by kind as an array in the order of KINDS."""
    values: Mapping[str, float] = p.value(name)
    return np.array([values.get(k, default) for k in p.KINDS], dtype=np.float64)


def as_of(site: Array) -> Minutes:
    """The export's instant, by site index."""
    main, lagging = clock.minute(p.value("taken_at")), clock.minute(p.value("lagging_taken_at"))
    return np.where(site == SITE[p.LAGGING_SITE], lagging, main).astype(np.int32)


def last_change(rows: Rows) -> Minutes:
    """The latest instant of a row that has happened: what the RIS shows as its last update."""
    happened = [rows[c] for c in ("received", "end", "verified", "last_verified", "cancelled", "assigned", "preliminary")]
    out = np.maximum.reduce(happened)
    absent = rows["status"] == STATUS["did_not_attend"]
    return np.where(absent, np.maximum(out, rows["booked_for"]), out).astype(np.int32)


def draw(rng: Rng, weights: Floats, n: int) -> Ints:
    """`n` picks of an index, by weight."""
    cumulative = np.cumsum(weights)
    out: Ints = np.minimum(np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right"), len(weights) - 1)
    return out


def draw_by(rng: Rng, weights: Floats, row: Array) -> Ints:
    """One pick an element of `row`, which names the row of `weights` to draw from."""
    cumulative = np.cumsum(weights, axis=1)
    cumulative /= cumulative[:, -1:]
    u = rng.random(len(row), dtype=np.float32)
    out = np.zeros(len(row), dtype=np.int64)
    for j in range(weights.shape[1] - 1):
        out += u >= cumulative[row, j]
    return out


def log_normal(rng: Rng, median: Floats | float, spread: float, n: int) -> Floats:
    out: Floats = median * np.exp(spread * rng.standard_normal(n, dtype=np.float32))
    return out


def minute_of_day(rng: Rng, hours: Floats, n: int) -> Ints:
    return draw(rng, hours, n) * 60 + rng.integers(0, 60, n)
