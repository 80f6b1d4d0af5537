"""A synthetic monthly diagnostics return: four trusts of the network and a made-up England around them.

The network's own imaging lists are counted from the simulated requests as a trust counts them: run some days after the month's end,
with planned surveillance that is due, a little short for no reason, and in some months restated after validation. Every other figure
is drawn. Codes, names and regions are fictional.
"""

import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE
from readout.sample.rows import KIND, STATUS, WAIT, Floats, Ints, Rng, Rows
from readout.schema import NATIONAL_TESTS

BANDS = [f"{i:02d} <{i + 1:02d} weeks" if i else "0 <01 weeks" for i in range(13)] + ["13+ weeks"]
ACTIVITY = ("Planned tests / procedures", "Unscheduled tests / procedures", "Waiting list tests / procedures (excluding planned)")
MONTHS = 36  # to September 2026
REGIONS = tuple(f"ZY{i}" for i in range(1, 8))
OTHERS = tuple(f"ZS{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWX")
N_OTHERS = len(OTHERS)
REGION_CHANGE = {"provider": OTHERS[11], "from": "ZY4", "to": "ZY5", "since": "2025-04-30"}
# Size of a list and of a month's planned, unscheduled and waiting-list activity, relative to MRI's list = 1 (assumption)
_SIZE = (1.0, 0.55, 1.55, 0.012, 0.22, 0.22, 0.62, 0.006, 0.08, 0.07, 0.04, 0.33, 0.06, 0.14, 0.24)
_ACTIVITY = (
    (0.10, 0.16, 0.85), (0.14, 1.45, 0.75), (0.12, 0.35, 1.35), (0.002, 0.004, 0.012), (0.05, 0.0, 0.18),
    (0.02, 0.01, 0.2), (0.09, 0.2, 0.45), (0.0, 0.001, 0.003), (0.004, 0.005, 0.05), (0.01, 0.002, 0.04),
    (0.003, 0.001, 0.02), (0.09, 0.02, 0.2), (0.01, 0.01, 0.05), (0.08, 0.01, 0.1), (0.05, 0.06, 0.19),
)  # fmt: skip
_OWN_TESTS = {1: "MR", 2: "CT", 3: "US", 4: "FL", 5: "DX"}
_ONLY_CODE = {4: "FBE"}  # barium enema is one code of fluoroscopy


def month_ends() -> list[date]:
    """The last days of the months returned."""
    starts = [(9 + 1 + i) for i in range(MONTHS)]  # months since January 2023 of the first days that follow
    return [date(2023 + m // 12, m % 12 + 1, 1) - timedelta(days=1) for m in starts]


def write(folder: Path, rows: Rows, exams: int, rng: Rng) -> None:
    """One compiled file of all months as they now stand, the network's own as first published, and the names of providers and regions."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = month_ends()
    others = _others(ends, exams, rng)
    own, first = _own(ends, rows, exams, rng)
    for name, frame in (("provider", pl.concat([others, own])), ("first", first)):  # the greater name is the later publication
        path = folder / f"{name}_{ends[0]:%Y-%m}_to_{ends[-1]:%Y-%m}.csv.gz"
        text = frame.sort("Reporting Period", "Provider Code", "Diagnostic ID").write_csv()
        path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    providers = [(code, f"{trust} (synthetic)", trust) for code, trust in p.TRUSTS]
    providers += [(code, f"Synthetic Trust {i:02d}", f"Synthetic Trust {i:02d}") for i, code in enumerate(OTHERS, start=1)]
    regions = [(code, f"Synthetic Region {i}", f"Region {i}") for i, code in enumerate(REGIONS, start=1)]
    for what, table in (("Provider", providers), ("Region", regions)):
        stem = "Regional Team" if what == "Region" else what
        head = f"{stem} Code,{stem} Name,{stem} Name Refined"
        text = "\n".join([head, *(",".join(line) for line in table)]) + "\n"
        (folder / f"dim_{what}.csv").write_text(text, encoding="utf-8", newline="\n")


def _frame(ends: list[date], month: Ints, provider: list[str], region: list[str], test: Ints, bands: Ints, activity: Ints) -> pl.DataFrame:
    """Rows of the return in its published order of columns; totals are the sums of the bands."""
    total = bands.sum(1)
    six, thirteen = bands[:, 6:].sum(1), bands[:, 13]
    share = np.round(six / np.maximum(total, 1), 3)
    columns: dict[str, Any] = {
        "Reporting Period": [ends[m].isoformat() for m in month],
        "Regional Team Code": region,
        "Provider Code": provider,
        "Diagnostic ID": test,
        "Total Waiting List": total,
        "Number waiting 6+ Weeks": six,
        "Number waiting 13+ Weeks": thirteen,
        "Percentage waiting 6+ weeks": share,
    }
    columns |= {name: bands[:, i] for i, name in enumerate(BANDS)}
    columns |= {name: activity[:, i] for i, name in enumerate(ACTIVITY)}
    return pl.DataFrame(columns)


def _band_shares(six: Floats) -> Floats:
    """Shares of the fourteen bands for a share waiting six weeks or more: falling within six weeks, falling beyond."""
    within = 0.88 ** np.arange(6)
    decay = np.clip(0.72 + 0.35 * six, 0.7, 0.93)[:, None]
    beyond = decay ** np.arange(7)
    last = beyond[:, -1:] * decay / (1 - decay) * 0.8
    tail = np.concatenate([beyond, last], axis=1)
    tail /= tail.sum(1, keepdims=True)
    return np.concatenate([(1 - six)[:, None] * (within / within.sum())[None, :], six[:, None] * tail], axis=1)


def _sizes(exams: int) -> float:
    """A trust's MRI list, in keeping with the size of the sample."""
    return exams / 120_000 * 85


def _drawn(ends: list[date], six: Floats, size: Floats, tests: list[int], exams: int, rng: Rng) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Month, provider index, test, bands and activity for every month x provider x test."""
    grid = np.meshgrid(np.arange(len(ends)), np.arange(len(size)), np.array(tests), indexing="ij")
    month, provider, test = (g.ravel().astype(np.int64) for g in grid)
    by_test = np.exp(0.35 * rng.standard_normal((len(size), 16)))
    wander = np.cumsum(0.04 * rng.standard_normal((len(size), len(ends))), axis=1)
    odds = six / (1 - six)
    odds = odds[provider] * by_test[provider, test] * np.exp(wander[provider, month])
    share = odds / (1 + odds)
    growth = 1 + 0.03 * month / 12
    volume = _sizes(exams) * size[provider] * growth * np.array([0.0, *_SIZE])[test] * np.exp(0.05 * rng.standard_normal(len(month)))
    bands = rng.multinomial(rng.poisson(volume), _band_shares(share))
    rates = np.array([(0.0, 0.0, 0.0), *_ACTIVITY])[test]
    working = np.array([0.92 if e.month in (12, 8) else 1.02 for e in ends])
    activity = rng.poisson(rates * (_sizes(exams) * size[provider] * growth * working[month])[:, None])
    return month, provider, test, bands, activity


def _others(ends: list[date], exams: int, rng: Rng) -> pl.DataFrame:
    mean, least, most = p.value("national_six_weeks")
    spread = np.linspace(0, 1, N_OTHERS) ** 1.9
    six = least + (most - least) * spread
    six *= 1 + (mean / six.mean() - 1) * np.sin(np.pi * np.linspace(0, 1, N_OTHERS))
    six = rng.permutation(six)
    size = np.exp(rng.normal(0.0, 0.45, N_OTHERS))
    month, provider, test, bands, activity = _drawn(ends, six, size, list(NATIONAL_TESTS), exams, rng)
    home = np.arange(N_OTHERS) // 4 + 1
    region = [REGIONS[home[i]] for i in range(N_OTHERS)]
    mover = OTHERS.index(str(REGION_CHANGE["provider"]))
    region[mover] = str(REGION_CHANGE["from"])
    since = date.fromisoformat(str(REGION_CHANGE["since"]))
    moved = [i for i, e in enumerate(ends) if e >= since]
    where = [str(REGION_CHANGE["to"]) if q == mover and m in moved else region[q] for m, q in zip(month, provider, strict=True)]
    return _frame(ends, month, [OTHERS[i] for i in provider], where, test, bands, activity)


def _own(ends: list[date], rows: Rows, exams: int, rng: Rng) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The network's trusts, imaging from the simulated requests and the other tests drawn; and imaging as it was first published."""
    n = len(p.TRUSTS)
    drawn = [t for t in NATIONAL_TESTS if t not in _OWN_TESTS]
    month, provider, test, bands, activity = _drawn(ends, np.array([0.22, 0.3, 0.2, 0.13]), np.array([1.5, 0.95, 0.8, 0.9]), drawn, exams, rng)
    counted = [_counted(ends, rows, trust, number, rng) for trust in range(n) for number in _OWN_TESTS]
    share, taken_off = p.value("national_restated")
    restated = np.repeat(rng.random((n, len(ends))) < share, len(_OWN_TESTS), axis=0).ravel()[:, None]  # all tests of a trust's month
    first = [np.concatenate([c[i] for c in counted]) for i in (0, 1)]
    now = [np.where(restated, rng.binomial(figures, 1 - taken_off), figures) for figures in first]
    own_month = np.tile(np.arange(len(ends)), len(counted))
    own_trust = np.repeat(np.arange(n), len(_OWN_TESTS) * len(ends))
    own_test = np.tile(np.repeat(np.array(list(_OWN_TESTS)), len(ends)), n)
    codes = np.array([code for code, _ in p.TRUSTS])
    where = (own_month, list(codes[own_trust]), [REGIONS[0]] * len(own_month), own_test)
    others = _frame(ends, month, list(codes[provider]), [REGIONS[0]] * len(month), test, bands, activity)
    return pl.concat([others, _frame(ends, *where, *now)]), _frame(ends, *where, *first)


def _counted(ends: list[date], rows: Rows, trust: int, number: int, rng: Rng) -> tuple[Ints, Ints]:
    """Bands and activity of one test of one trust, month by month, as the trust counts them from its RIS."""
    trusts = np.array([s.trust for s in p.SITES])[rows["site"]]
    chosen = (trusts == trust) & (rows["kind"] == KIND[_OWN_TESTS[number]])
    if number in _ONLY_CODE:
        chosen &= rows["exam"] == next(i for i, e in enumerate(p.EXAMINATIONS) if e[1] == _ONLY_CODE[number])
    mine = rows.take(chosen)
    done = mine["status"] == STATUS["completed"]
    booked = np.where(done, mine["start"], mine["booked_for"])
    ended = np.where(done, mine["start"], mine["cancelled"])
    ended = np.where(mine["status"] == STATUS["did_not_attend"], mine["booked_for"], ended)
    ended = np.where(ended == NONE, np.iinfo(np.int32).max, ended)
    listed, planned = mine["wait"] == WAIT["waiting_list"], mine["wait"] == WAIT["planned"]
    agreement = p.value("national_agreement")
    days_before, planned_share = p.value("national_planned")
    mean, spread = p.value("national_run_days")
    run_days = np.maximum(rng.normal(mean, spread, len(ends)), 0)
    bands = np.zeros((len(ends), 14), dtype=np.int64)
    activity = np.zeros((len(ends), 3), dtype=np.int64)
    midnight = _midnights(ends)
    for m, end in enumerate(midnight):
        run = end + int(run_days[m] * DAY)
        waiting = listed & (mine["received"] < run) & (ended >= run)
        due = planned & (mine["received"] < end) & (ended >= end) & (booked != NONE) & (booked - days_before * DAY < end)
        due &= rng.random(len(mine)) < planned_share
        since = np.concatenate([mine["received"][waiting], booked[due] - days_before * DAY])
        weeks = np.clip((end - since) // (7 * DAY), 0, 13)
        bands[m] = rng.binomial(np.bincount(weeks, minlength=14), agreement)
        counted = max(m, 1)  # the first month lies before the exports: its activity is taken to be the second's
        inside = done & (mine["start"] >= midnight[counted - 1]) & (mine["start"] < midnight[counted])
        for i, kind in enumerate(("planned", "unscheduled", "waiting_list")):
            activity[m, i] = rng.binomial(int((inside & (mine["wait"] == WAIT[kind])).sum()), agreement)
    return bands, activity


def _midnights(ends: list[date]) -> NDArray[np.int32]:
    """The local midnight that ends each month, UTC."""
    return clock.to_utc(np.array([(clock.day_number(e) + 1) * DAY for e in ends], dtype=np.int32))
