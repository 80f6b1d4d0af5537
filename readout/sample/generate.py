"""The simulation: attendances, their examinations and their reports, as arrays. Whole minutes; instants are UTC.

Attendances are drawn by examination day (working days, season, growth), then given a request before it, and whatever was
asked for after the export is dropped: what is left with an examination day after the export is the waiting list. Each
examination then waits for its report, and whatever is not yet verified at the export is the backlog.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE, Minutes

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
HORIZON = 300  # days beyond the export for which attendances are drawn
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


def _draw(rng: Rng, weights: Floats, n: int) -> Ints:
    """`n` picks of an index, by weight."""
    cumulative = np.cumsum(weights)
    out: Ints = np.minimum(np.searchsorted(cumulative, rng.random(n) * cumulative[-1], side="right"), len(weights) - 1)
    return out


def _draw_by(rng: Rng, weights: Floats, row: Array) -> Ints:
    """One pick an element of `row`, which names the row of `weights` to draw from."""
    cumulative = np.cumsum(weights, axis=1)
    cumulative /= cumulative[:, -1:]
    u = rng.random(len(row), dtype=np.float32)
    out = np.zeros(len(row), dtype=np.int64)
    for j in range(weights.shape[1] - 1):
        out += u >= cumulative[row, j]
    return out


def _log_normal(rng: Rng, median: Floats | float, spread: float, n: int) -> Floats:
    out: Floats = median * np.exp(spread * rng.standard_normal(n, dtype=np.float32))
    return out


def _minute_of_day(rng: Rng, hours: Floats, n: int) -> Ints:
    return _draw(rng, hours, n) * 60 + rng.integers(0, 60, n)


def _done_share() -> Floats:
    """Expected share of records by kind that end in an examination: booked ones may be cancelled or missed."""
    classes = np.array([p.value("class_mix")[k] for k in p.KINDS]) / 100
    booked = classes[:, GROUP["scheduled"] == CLASS_GROUP].sum(1) * (1 - by_kind("same_day"))
    lost: float = 0.9 * p.value("cancelled_share") + float(np.mean([s.did_not_attend for s in p.SITES]))
    out: Floats = 1 - booked * lost
    return out


def weights_by_site() -> Floats:
    """Share of attendances by site x kind x class, raked to the site shares and the modality mix."""
    mix = by_kind("modality_mix") / _done_share()
    per_event = np.array([np.dot(p.value("examinations_an_event")[k], (1, 2, 3)) for k in p.KINDS])
    share = np.array([s.share for s in p.SITES])
    tilt = np.array([[p.MODALITY_TILT.get(s.code, {}).get("US" if k == "UO" else k, 1.0) for k in p.KINDS] for s in p.SITES])
    w = share[:, None] * mix[None, :] * tilt
    for _ in range(60):
        w *= (mix / w.sum(0))[None, :]
        w *= (share * mix.sum() / w.sum(1))[:, None]
    w /= w.sum() * per_event[None, :]
    classes = np.array([p.value("class_mix")[k] for k in p.KINDS])
    by_class = np.repeat(classes[None], len(p.SITES), axis=0)
    for s, site in enumerate(p.SITES):
        by_class[s] *= np.array([p.CLASS_TILT.get(site.code, {}).get(c, 1.0) for c in p.CLASSES])
    by_class /= by_class.sum(2, keepdims=True)
    out: Floats = w[:, :, None] * by_class
    return out


@dataclass(frozen=True)
class Calendar:
    """Days from the first examination day to the horizon."""

    first: int  # day number
    days: Ints  # day numbers
    working: Flags
    month: Ints  # months since January 1970
    month_of_year: Ints  # 0 to 11
    next_working: Ints  # day number of this day or the next working one


def calendar() -> Calendar:
    """The calendar of the simulation, with the bank holidays of England."""
    first = clock.day_number(p.value("first_day"))
    last = clock.minute(p.value("taken_at")) // DAY + HORIZON
    days = np.arange(first, last + 1, dtype=np.int64)
    working = (clock.weekday(days) < 5) & ~np.isin(days, clock.bank_holidays(first, last))
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    at = np.where(working, np.arange(len(days)), len(days) - 1)
    return Calendar(first, days, working, months, months % 12, days[np.minimum.accumulate(at[::-1])[::-1]])


def day_weights(cal: Calendar, rng: Rng, by_group: Floats) -> Floats:
    """Relative volume by kind x group x day. Each month's total over its working days follows `season` and `growth`."""
    weekday = clock.weekday(cal.days)
    holiday = ~cal.working & (weekday < 5)
    out = np.empty((len(p.KINDS), len(p.GROUPS), len(cal.days)))
    closed: Mapping[str, float] = p.value("bank_holiday")
    for k, kind in enumerate(p.KINDS):
        weekends = {
            "scheduled": p.value("weekend_scheduled")[kind],
            "inpatient": p.value("weekend_ward"),
            "emergency": p.value("weekend_front_door"),
        }
        for g, group in enumerate(p.GROUPS):
            week = np.array([1.04, 1.03, 1.02, 1.0, 0.93, *weekends[group]])[weekday]
            out[k, g] = np.where(holiday, closed[group], week)
    months = cal.month - cal.month[0]
    noise = 1 + p.value("month_noise") * rng.standard_normal((len(p.KINDS), months[-1] + 1))
    years = (cal.days - cal.first) / 365.25
    for k, kind in enumerate(p.KINDS):
        mean = out[k] / out[k].mean(1, keepdims=True)
        share = by_group[k] / by_group[k].sum()
        total = np.bincount(months, (share[:, None] * mean).sum(0)) / np.bincount(months, cal.working)
        season = np.array(p.value("season")[kind])[cal.month_of_year]
        target = season * np.exp(np.log1p(p.value("growth")[kind]) * years) * noise[k][months]
        out[k] = mean * (target / total[months])[None, :]
    return out


def simulate(exams: int, rng: Rng) -> tuple[Rows, Reporters]:
    """`exams` examination records of every status, in no particular order of time, and who reported them."""
    events = _events(exams, rng)
    rows = _examinations(events, rng)
    keep = len(rows)
    if keep > exams:
        rows = rows.take(np.sort(rng.permutation(keep)[:exams]))
    reporters = _reporters(rng)
    _reports(rows, reporters, rng)
    _patients(rows, rng)
    _number(rows)
    return rows, reporters


def as_of(site: Array) -> Minutes:
    """The export's instant, by site index."""
    main, lagging = clock.minute(p.value("taken_at")), clock.minute(p.value("lagging_taken_at"))
    return np.where(site == SITE[p.LAGGING_SITE], lagging, main).astype(np.int32)


def _events(exams: int, rng: Rng) -> Rows:
    """Attendances asked for before the export: site, kind, class, urgency, times up to the start of the examination."""
    cal = calendar()
    weights = weights_by_site()
    n_group = len(p.GROUPS)
    by_group = np.stack([weights[:, :, g == CLASS_GROUP].sum((0, 2)) for g in range(n_group)], axis=1)
    days = day_weights(cal, rng, by_group)
    inside = clock.minute(p.value("taken_at")) // DAY - cal.first
    horizon = np.where(np.arange(n_group) == GROUP["scheduled"], days.shape[2], inside + 3)
    parts: list[dict[str, Array]] = []
    for k in range(len(p.KINDS)):
        for g in range(n_group):
            if by_group[k, g] == 0:
                continue
            volume = days[k, g, : horizon[g]] / days[k, g, :inside].sum()
            n = rng.poisson(exams * 1.012 * by_group[k, g] * volume.sum())
            cells = weights[:, k, g == CLASS_GROUP]
            cell = _draw(rng, cells.ravel(), n)
            parts.append(
                {
                    "kind": np.full(n, k, dtype=np.int8),
                    "group": np.full(n, g, dtype=np.int8),
                    "day": cal.days[_draw(rng, volume, n)],
                    "site": (cell // cells.shape[1]).astype(np.int8),
                    "class": np.flatnonzero(g == CLASS_GROUP)[cell % cells.shape[1]].astype(np.int8),
                }
            )
    ev = Rows({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    n = len(ev)
    kind, site, klass, group = ev["kind"], ev["site"], ev["class"], ev["group"]
    scheduled = group == GROUP["scheduled"]

    mix = np.array([[p.value("urgency_mix")[c] for c in p.CLASSES]] * len(p.KINDS))
    mix[:, :, URGENCY["suspected_cancer"]] *= by_kind("suspected_cancer_factor")[:, None]
    ev["urgency"] = _draw_by(rng, mix.reshape(-1, len(p.URGENCIES)), kind.astype(np.int64) * len(p.CLASSES) + klass).astype(np.int8)

    # When the examination begins, on the local clock
    hours = {name: np.array(curve, dtype=np.float64) for name, curve in p.value("hours").items()}
    tod = np.zeros(n, dtype=np.int64)
    long_day = scheduled & np.isin(kind, (KIND["CT"], KIND["MR"]))
    chosen = (
        (group == GROUP["emergency"], "emergency"),
        (group == GROUP["inpatient"], "inpatient"),
        (scheduled & ~long_day, "scheduled"),
        (long_day, "long_day"),
    )
    for flag, name in chosen:
        tod[flag] = _minute_of_day(rng, hours[name], int(flag.sum()))
    same_day = scheduled & (rng.random(n, dtype=np.float32) < by_kind("same_day")[kind])
    booked = scheduled & ~same_day
    slot = ev["day"] * DAY + np.where(booked, tod // 10 * 10, tod)
    start = slot + np.where(booked, np.clip(rng.normal(6, 9, n), -12, 60), 0).astype(np.int64)

    # When it was asked for
    site_wait = np.array([s.wait for s in p.SITES])[site]
    urgency_wait = np.array([p.value("wait_urgency")[u] for u in p.URGENCIES])[ev["urgency"]]
    urgency_wait = np.where(np.isin(kind, (KIND["UO"], KIND["PT"])), 1.0, urgency_wait)
    median = by_kind("wait_scheduled")[kind] * DAY * site_wait * urgency_wait
    wait = _log_normal(rng, median, p.value("wait_spread"), n)
    wait = np.where(same_day, _log_normal(rng, 45.0, 0.8, n), np.maximum(wait, 0.7 * DAY))
    wait = np.where(group == GROUP["inpatient"], _log_normal(rng, by_kind("wait_ward_hours")[kind] * 60, 1.2, n), wait)
    wait = np.where(group == GROUP["emergency"], _log_normal(rng, by_kind("wait_front_door_minutes")[kind], 0.75, n), wait)
    planned = scheduled & (rng.random(n, dtype=np.float32) < by_kind("planned_share")[kind]) & booked & (klass == CLASS["03"])
    wait = np.where(planned, rng.choice(np.array([91, 182, 365]), n) * DAY + rng.normal(0, 9 * DAY, n), wait)
    received = start - np.clip(wait, 4, 500 * DAY).astype(np.int64)
    office = _minute_of_day(rng, hours["scheduled"], n)
    received = np.where(booked, received // DAY * DAY + office, received)
    received = np.minimum(received, start - 4)
    lag = np.where(booked, np.where(rng.random(n) < 0.55, rng.integers(1, 40, n), rng.integers(300, 2 * DAY, n)), 0)

    end_of_data = as_of(site)
    ev["received"] = clock.to_utc(received.astype(np.int32))
    ev["requested"] = clock.to_utc((received - lag).astype(np.int32))
    ev["booked_for"] = np.where(booked, clock.to_utc(slot.astype(np.int32)), NONE).astype(np.int32)
    ev["start"] = clock.to_utc(start.astype(np.int32))
    ev["wait"] = np.where(planned, WAIT["planned"], np.where(scheduled, WAIT["waiting_list"], WAIT["unscheduled"])).astype(np.int8)
    keep = ev["received"] <= end_of_data
    code, lost_from, lost_to = p.SCANNER_FAILURE
    down = (site == SITE[code]) & (kind == KIND["CT"]) & scheduled & (ev["day"] >= clock.day_number(lost_from)) & (ev["day"] <= clock.day_number(lost_to))
    keep &= ~(down & (rng.random(n) < p.value("scanner_failure_loss")))
    over, missing = p.value("arriving")
    age = (end_of_data - ev["start"]) / DAY
    late = np.clip(1 - age / over, 0, 1) * missing * (site == SITE[p.CASE_MIX_SITE]) * (age >= 0)
    keep &= rng.random(n) >= late
    ev = ev.take(keep)
    _outcomes(ev, rng)
    ev["theatre"] = (ev["kind"] == KIND["FL"]) & (rng.random(len(ev)) < p.value("theatre_share"))
    return ev


def _outcomes(ev: Rows, rng: Rng) -> None:
    """Status, cancellation, vetting, restart of the clock; actual times only for what was done."""
    n = len(ev)
    site, start, booked_for, received = ev["site"], ev["start"], ev["booked_for"], ev["received"]
    a = as_of(site)
    booked = booked_for != NONE
    status = np.full(n, STATUS["completed"], dtype=np.int8)
    future = start > a - 75
    status[future] = STATUS["requested"]
    status[future & booked & ((start - a < 20 * DAY) | (rng.random(n) < 0.35))] = STATUS["booked"]
    share = np.array([s.did_not_attend for s in p.SITES])[site]
    absent = booked & ~future & np.isin(ev["class"], (CLASS["03"], CLASS["04"])) & (rng.random(n) < share)
    status[absent] = STATUS["did_not_attend"]

    u = rng.random(n)
    gap = start.astype(np.int64) - received
    cancelled_at = received + (gap * (0.15 + 0.85 * rng.random(n))).astype(np.int64)
    cancelled = booked & ~absent & (u < p.value("cancelled_share")) & (cancelled_at <= a) & (gap > DAY)
    vetted = booked & np.isin(ev["kind"], (KIND["CT"], KIND["MR"]))
    rejected = vetted & ~absent & ~cancelled & (rng.random(n) < p.value("vetting_rejected_share"))
    cancelled_at = np.where(rejected, np.minimum(received + rng.integers(60, 3 * DAY, n), start - 1), cancelled_at)
    rejected &= cancelled_at <= a
    status[cancelled | rejected] = STATUS["cancelled"]
    reason = _draw(rng, np.array([40.0, 6, 14, 27, 0, 13]), n)
    ev["cancel_reason"] = np.where(rejected, p.CANCEL_REASONS.index("Not justified at vetting"), np.where(cancelled, reason, -1)).astype(np.int8)
    ev["cancelled"] = np.where(cancelled | rejected, cancelled_at, NONE).astype(np.int32)
    accepted = vetted & (rng.random(n) < np.where(status == STATUS["requested"], 0.6, 0.97))
    ev["vetting"] = np.where(rejected, 2, np.where(accepted, 1, 0)).astype(np.int8)
    done = status == STATUS["completed"]
    reset = booked & done & (ev["wait"] == WAIT["waiting_list"]) & (gap > 10 * DAY) & (rng.random(n) < p.value("clock_reset_share"))
    ev["clock_reset"] = np.where(reset, received + gap // 2, NONE).astype(np.int32)
    ev["status"] = status
    ev["booked_for"] = np.where((status == STATUS["requested"]) | rejected, NONE, booked_for).astype(np.int32)
    arrived = np.minimum(start - rng.integers(1, 8, n), np.where(booked, booked_for - rng.integers(-4, 25, n), start - 1))
    ev["arrived"] = np.where(done & booked, np.maximum(arrived, received + 1), NONE).astype(np.int32)
    ev["reference"] = np.where(done, start, np.where(booked, booked_for, start)).astype(np.int32)
    ev["start"] = np.where(done, start, NONE).astype(np.int32)


def _examinations(ev: Rows, rng: Rng) -> Rows:
    """One row an examination: attendances repeated, with their code, room, start and end."""
    n = len(ev)
    shares = np.array([p.value("examinations_an_event")[k] for k in p.KINDS])
    count = 1 + _draw_by(rng, shares, ev["kind"])
    single = (ev["status"] != STATUS["completed"]) | ev["theatre"]
    count = np.where(single, 1, count)
    event = np.repeat(np.arange(n), count)
    rows = ev.take(event)
    m = len(rows)
    rows["event"] = event.astype(np.int32)
    first = np.concatenate([[0], np.cumsum(count)[:-1]])
    seq = np.arange(m) - first[event]
    rows["seq"] = (seq + 1).astype(np.int8)

    kind = rows["kind"]
    exam = np.zeros(m, dtype=np.int64)
    for k, name in enumerate(p.KINDS):
        at = np.array([i for i, e in enumerate(p.EXAMINATIONS) if e[0] == name])
        mine = np.flatnonzero(ev["kind"] == k)
        weight = np.array([p.EXAMINATIONS[i][4] for i in at], dtype=np.float64)
        base = np.zeros(n, dtype=np.int64)
        base[mine] = _draw(rng, weight, len(mine))
        if name == "FL":  # the first code is theatre's
            base[mine] = np.where(ev["theatre"][mine], 0, 1 + _draw(rng, weight[1:], len(mine)))
        flag = kind == k
        exam[flag] = at[(base[event[flag]] + seq[flag]) % len(at)]
    rows["exam"] = exam.astype(np.int16)

    duration = np.maximum(_log_normal(rng, by_kind("duration")[kind], 0.4, m), 1).astype(np.int32)
    before = np.cumsum(duration) - duration
    before -= before[first[event]]
    done = rows["start"] != NONE
    start = np.where(done, rows["start"] + before, NONE)
    end = np.where(done, start + duration, NONE)
    rows["start"], rows["end"] = start.astype(np.int32), end.astype(np.int32)
    unfinished = done & (end > as_of(rows["site"]))
    rows["status"] = np.where(unfinished, STATUS["booked"], rows["status"]).astype(np.int8)
    for name in ("start", "end", "arrived"):
        rows[name] = np.where(unfinished, NONE, rows[name]).astype(np.int32)
    size = np.array([s.share for s in p.SITES])[rows["site"]] / max(s.share for s in p.SITES)
    rooms = np.maximum(1, np.round(np.array([p.ROOMS[k] for k in p.KINDS])[kind] * np.sqrt(size)))
    aside = np.where(rows["group"] == GROUP["scheduled"], ev["day"][event], rows["group"])  # A&E and wards have rooms of their own
    aside = np.where(rng.random(n) < 0.08, rng.integers(0, 6, n), aside[first])[event]
    room = 1 + aside % rooms.astype(np.int64)
    code, lost_from, lost_to = p.SCANNER_FAILURE
    day = ev["day"][event]
    down = (rows["site"] == SITE[code]) & (kind == KIND["CT"]) & (day >= clock.day_number(lost_from)) & (day <= clock.day_number(lost_to))
    rows["room"] = np.where(down & (room == 2), 1, room).astype(np.int8)
    rows["category"] = np.zeros(m, dtype=np.int8)
    return rows


def _reporters(rng: Rng) -> Reporters:
    ids: list[str] = []
    roles: list[str] = []
    home: list[int] = []
    pool: list[str] = []
    width = {"R": 3}
    for letter, role, counts in p.REPORTERS:
        for trust, count in enumerate(counts):
            for _ in range(count):
                ids.append(f"{letter}{sum(x == letter for x in pool) + 1:0{width.get(letter, 2)}d}")
                roles.append(role)
                home.append(trust)
                pool.append(letter)
    letter, role, count = p.SUPPLIER_REPORTERS
    for i in range(count):
        ids.append(f"{letter}{i + 1:02d}")
        roles.append(role)
        home.append(-1)
        pool.append(letter)
    weight = rng.gamma(8, 1 / 8, len(ids))
    factor = np.exp(p.value("addendum_spread") * rng.standard_normal(len(ids)))
    outlier = ids.index(p.OUTLIER_REPORTER)
    weight[outlier] = 1.25
    return Reporters(tuple(ids), tuple(roles), np.array(home), np.array(pool), weight, factor, outlier)


def _reports(rows: Rows, reporters: Reporters, rng: Rng) -> None:
    """Route, reporter, assigned, preliminary, verified, addenda: whatever lies after the export is not yet there."""
    n = len(rows)
    kind, site, group, end = rows["kind"], rows["site"], rows["group"], rows["end"]
    a = as_of(site)
    done = end != NONE
    trust = np.array([s.trust for s in p.SITES])[site]
    local = clock.to_local(rows["start"])
    hour = local % DAY // 60
    day = local // DAY
    event = rows["event"].astype(np.int64)
    shared = rng.random(int(event.max()) + 1 if n else 1)[event]  # one report may cover the attendance

    obstetric, theatre = kind == KIND["UO"], rows["theatre"]
    limb = np.array([e[3] == "limb" for e in p.EXAMINATIONS])[rows["exam"]]
    clinic = (site == SITE[p.DELEGATING_SITE]) & (kind == KIND["XR"]) & limb & (rows["class"] == CLASS["03"])
    clinic &= (day >= clock.day_number(p.DELEGATED_FROM)) & (rng.random(n) < p.value("delegated_limb_share"))
    delegated = obstetric | theatre | clinic

    cross = np.isin(kind, (KIND["CT"], KIND["MR"]))
    night = cross & ((hour >= 20) | (hour < 8))
    share = np.where(night, p.value("outsourced_night"), np.where(group == GROUP["scheduled"], by_kind("outsourced_day")[kind], 0.0))
    first = clock.day_number(p.value("first_day"))
    progress = np.clip((day - first) / 1098, 0, 1)
    low, high = p.value("network_share")
    network = np.where(cross | (kind == KIND["XR"]), low + (high - low) * progress, 0.0)
    route = np.where(shared < share, ROUTE["outsourced"], np.where(shared > 1 - network, ROUTE["network"], ROUTE["in_house"]))
    route = np.where(delegated, ROUTE["delegated"], route)

    # How long the report takes
    medians = np.array([p.value("report_hours")[k] for k in p.KINDS]) * 60
    delay = medians[kind, group] * np.array([p.value("report_urgency")[u] for u in p.URGENCIES])[rows["urgency"]]
    delay *= np.array([s.speed for s in p.SITES])[site] * np.where(route == ROUTE["outsourced"], 0.8, 1.0)
    z = rng.standard_normal(int(event.max()) + 1 if n else 1)[event]
    delay *= np.exp(p.value("report_spread") * z)
    months = (a - end) / (DAY * 30.44)
    tail = np.clip(1 - months / p.value("tail_months"), 0, 1) * ((site == SITE[p.TAIL_SITE]) & (kind == KIND["XR"]) & (group != GROUP["emergency"]))
    delay *= 1 - tail * (1 - p.value("tail_speed"))
    verified = end + np.maximum(delay, 2).astype(np.int64)
    slow = delay > 12 * 60
    verified[slow] = _in_hours(verified[slow], end[slow], rng)
    late = np.array([p.value("late_class")[g] for g in p.GROUPS])[group] * by_kind("late_share")[kind] / 100
    late = late * np.array([s.late for s in p.SITES])[site]
    least, median, spread = p.value("late_days")
    beyond = end + ((least + _log_normal(rng, median, spread, n)) * DAY).astype(np.int64)
    is_late = rng.random(n, dtype=np.float32) < late
    verified[is_late] = _in_hours(beyond[is_late], end[is_late], rng)
    left = (rng.random(n, dtype=np.float32) < p.value("forgotten_share")) | (rng.random(n, dtype=np.float32) < tail * p.value("tail_share"))
    verified = np.where(left & ~obstetric, end + rng.integers(370 * DAY, 700 * DAY, n), verified)
    unneeded = delegated & (rng.random(n) >= p.value("delegated_reported_share"))
    is_reported = done & ~unneeded & (verified <= a)

    # Who
    radiographer = (kind == KIND["XR"]) & (hour >= 8) & (hour < 18) & (rng.random(n) < p.value("radiographer_share"))
    sonographer = obstetric | ((kind == KIND["US"]) & (rng.random(n) < p.value("sonographer_share")))
    acute = cross & (group != GROUP["scheduled"])
    registrar = acute & (rng.random(n) < p.value("registrar_share"))
    letter = np.where(sonographer, "S", np.where(radiographer, "P", np.where(registrar, "G", "R")))
    letter = np.where(route == ROUTE["outsourced"], "X", np.where(route == ROUTE["network"], "R", letter))
    reader_trust = np.where(route == ROUTE["network"], (trust + 1 + (shared * 997).astype(np.int64) % 3) % 4, trust)
    reader_trust = np.where(route == ROUTE["outsourced"], -1, reader_trust)
    reporter = np.full(n, -1, dtype=np.int16)
    pick = rng.random(n)
    for mark in ("R", "P", "S", "G", "X"):
        for home in (-1, 0, 1, 2, 3):
            members = np.flatnonzero((reporters.pool == mark) & (reporters.home == home))
            mine = np.flatnonzero((letter == mark) & (reader_trust == home) & is_reported)
            if len(members) and len(mine):
                cumulative = np.cumsum(reporters.weight[members])
                reporter[mine] = members[np.searchsorted(cumulative, pick[mine] * cumulative[-1])]
    rows["reporter"] = reporter
    rows["report_required"] = ~delegated

    # Assigned: to a person or the supplier, before the report; part of the backlog is assigned too
    waited = np.where(is_reported, verified, np.maximum(a, end)) - end
    assigned = end + (waited * (0.25 + 0.6 * rng.random(n))).astype(np.int64)
    has_assigned = (
        done & ~delegated & ((is_reported & (waited > DAY) & (cross | (rng.random(n) < 0.2))) | (~is_reported & ((route == ROUTE["outsourced"]) | (rng.random(n) < 0.3))))
    )
    rows["assigned"] = np.where(has_assigned & (assigned <= a), assigned, NONE).astype(np.int32)
    preliminary = end + np.maximum(waited * 0.4, 1).astype(np.int64)
    has_preliminary = done & acute & (route == ROUTE["in_house"]) & (rng.random(n) < p.value("preliminary_share"))
    rows["preliminary"] = np.where(has_preliminary & (preliminary <= a), preliminary, NONE).astype(np.int32)
    known = is_reported | delegated | ((route == ROUTE["outsourced"]) & (rows["assigned"] != NONE))
    rows["route"] = np.where(done & known, route, -1).astype(np.int8)
    rows["report_trust"] = np.where((rows["route"] == ROUTE["network"]), reader_trust, -1).astype(np.int8)
    rows["verified"] = np.where(is_reported, verified, NONE).astype(np.int32)

    rate = by_kind("addendum_share")[kind] / 100 * reporters.addendum_factor[reporter]
    rate = np.where(reporter == reporters.outlier, p.value("outlier_addendum_share") / 100, rate)
    days, spread = p.value("addendum_days")
    addendum = verified + np.maximum(_log_normal(rng, days * DAY, spread, n), 20).astype(np.int64)
    u = rng.random(n)
    theirs = np.flatnonzero(reporter == reporters.outlier)  # evenly spread, so that any size of sample shows the share
    u[theirs] = (rng.permutation(len(theirs)) + 0.5) / max(1, len(theirs))
    amended = is_reported & (u < rate) & (addendum <= a)
    rows["addendum"] = np.where(amended, addendum, NONE).astype(np.int32)
    rows["addenda"] = np.where(amended, 1 + (rng.random(n) < 0.06), 0).astype(np.int8)
    rows["addendum_class"] = np.where(amended, _draw(rng, np.array(p.value("addendum_class")), n), -1).astype(np.int8)
    rows["last_verified"] = np.where(amended, addendum, NONE).astype(np.int32)  # sent only when it is another


def _in_hours(verified: Ints, end: Array, rng: Rng) -> Ints:
    """Reports that take long are verified in working hours, mostly on working days."""
    cal = calendar()
    local = clock.to_local(verified.astype(np.int32))
    day = local // DAY
    known = np.clip(day - cal.first, 0, len(cal.days) - 1)
    moved = np.where(rng.random(len(day)) < 0.75, cal.next_working[known], day)
    day = np.where((day >= cal.first) & (day < cal.days[-1]), moved, day)
    hours = np.array(p.value("hours")["reporting"], dtype=np.float64)
    out = clock.to_utc((day * DAY + _minute_of_day(rng, hours, len(day))).astype(np.int32)).astype(np.int64)
    return np.where(out > end + 30, out, verified)


def _patients(rows: Rows, rng: Rng) -> None:
    """Who was examined: a person is one of a pool by home trust, sex and age band, and comes back."""
    n = len(rows)
    event = rows["event"].astype(np.int64)
    n_events = int(event.max()) + 1 if n else 1
    kind, group = rows["kind"], rows["group"]
    mixes: Mapping[str, tuple[int, ...]] = p.value("age_mix")
    ages = np.array([mixes.get(k, mixes["other"]) for k in p.KINDS] + [mixes["front_door"]], dtype=np.float64)
    front_door = (group == GROUP["emergency"]) & ~np.isin(kind, (KIND["UO"],))
    mix = np.where(front_door, len(p.KINDS), kind)
    shares: Mapping[str, float] = p.value("female_share")
    female_share = np.array([shares.get(k, shares["other"]) for k in p.KINDS])

    per_event = np.zeros(n_events, dtype=np.int64)  # the row that stands for the attendance
    per_event[event] = np.arange(n)
    band = _draw_by(rng, ages, mix[per_event])
    woman = rng.random(n_events) < female_share[kind[per_event]]
    trust = np.array([s.trust for s in p.SITES])[rows["site"][per_event]]
    home = np.where(rng.random(n_events) < p.value("visitor_share"), rng.integers(0, 4, n_events), trust)
    pool = (home * 2 + woman) * 7 + band
    used = np.zeros(n_events, dtype=bool)
    used[event] = True
    size = np.maximum(1, np.ceil(np.bincount(pool[used], minlength=56) / p.value("examinations_a_patient") * 1.25)).astype(np.int64)
    offset = np.concatenate([[0], np.cumsum(size)[:-1]])
    person = offset[pool] + np.minimum((size[pool] * rng.random(n_events) ** 1.35).astype(np.int64), size[pool] - 1)

    total = int(size.sum())
    of_pool = np.repeat(np.arange(56), size)
    low = np.array([1.6, 16, 25, 45, 65, 75, 85])[of_pool % 7]
    high = np.array([15.9, 24.9, 44.9, 64.9, 74.9, 84.9, 97])[of_pool % 7]
    middle = clock.day_number(date(2025, 5, 1))
    birth = middle - ((low + (high - low) * rng.random(total)) * 365.25).astype(np.int64)
    imd = np.clip(np.round(rng.normal(4.8, 2.6, total)), 1, 10).astype(np.int8)
    # Numbers tell nothing of the pool: persons are dealt out anew
    dealt = rng.permutation(total)
    rows["person"] = dealt[person[event]].astype(np.int32)
    # A hospital number is a permutation of the person, another in each trust: few digits, and a leading zero that counts
    modulus = next(prime for prime in (9_973, 99_991, 999_983, 9_999_991) if prime > total)
    at_trust = np.array([s.trust for s in p.SITES])[rows["site"]]
    multiplier = np.array((1_237, 2_719, 3_163, 4_673))[at_trust]
    rows["hospital_no"] = ((rows["person"].astype(np.int64) * multiplier + at_trust * 777) % modulus).astype(np.int32)
    rows["birth"] = birth[person[event]].astype(np.int32)
    rows["female"] = (of_pool // 7 % 2 == 1)[person[event]]
    rows["imd"] = imd[person[event]]
    at = rows["reference"] // DAY
    rows["age"] = np.clip((at - rows["birth"]) / 365.25, 0, None).astype(np.int16)
    obstetric = kind == KIND["UO"]
    asks = {"chest": 0, "abdomen": 1, "trunk": 5, "limb": 2, "spine": 2, "head": 0, "neck": 1, "breast": 1, "pelvis": 6, "whole body": 5}
    specialty = np.array([asks[e[3]] for e in p.EXAMINATIONS])[rows["exam"]]
    specialty = np.where(obstetric, p.SPECIALTIES.index("Obstetrics"), specialty)
    specialty = np.where(rows["class"] == CLASS["04"], p.SPECIALTIES.index("General practice"), specialty)
    rows["specialty"] = np.where(rows["class"] == CLASS["05"], p.SPECIALTIES.index("Emergency medicine"), specialty).astype(np.int8)


def source_of(site: Array, reference: Array) -> NDArray[np.int8]:
    """Which export holds a row: the site's, before or after its RIS changed."""
    home = np.array([max(i for i, s in enumerate(p.SOURCES) if code in s.sites) for code in p.SITE_CODES])[site]
    change = clock.to_utc(np.array([clock.day_number(p.RIS_CHANGE) * DAY], dtype=np.int32))[0]
    old = (site == SITE[p.CHANGE_SITE]) & (reference < change)
    return np.where(old, SOURCE["thornby"], home).astype(np.int8)


def _number(rows: Rows) -> None:
    """Sort by export and time; number attendances and examinations; keep instants off midnight; add the version's instant."""
    for name in INSTANTS:  # midnight is what a date without a time looks like: it is planted, never natural
        values = rows[name]
        rows[name] = np.where((values != NONE) & (clock.to_local(values) % DAY == 0), values + 1, values).astype(np.int32)
    rows["source"] = source_of(rows["site"], rows["reference"])
    order = np.lexsort((rows["seq"], rows["event"], rows["reference"], rows["source"]))
    rows.columns = {k: v[order] for k, v in rows.columns.items()}
    n = len(rows)
    source, event = rows["source"], rows["event"]
    begins = np.concatenate([[True], (event[1:] != event[:-1]) | (source[1:] != source[:-1])]) if n else np.zeros(0, dtype=bool)
    running = np.cumsum(begins)
    position = np.arange(n)
    exam_no = position - np.searchsorted(source, source)  # sorted by source: the first of each
    rows["exam_no"] = exam_no
    rows["event_no"] = exam_no[np.flatnonzero(begins)[running - 1]]  # an attendance has the number of its first examination
    rows["updated"] = last_change(rows)


def last_change(rows: Rows) -> Minutes:
    """The latest instant of a row that has happened: what the RIS shows as its last update."""
    happened = [rows[c] for c in ("received", "end", "verified", "last_verified", "cancelled", "assigned", "preliminary")]
    out = np.maximum.reduce(happened)
    absent = rows["status"] == STATUS["did_not_attend"]
    return np.where(absent, np.maximum(out, rows["booked_for"]), out).astype(np.int32)
