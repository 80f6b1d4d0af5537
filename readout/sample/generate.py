"""The simulation: attendances, their examinations and their reports, as arrays. Whole minutes; instants are UTC.

Attendances are drawn by examination day (working days, season, growth), then given a request before it, and whatever was
asked for after the export is dropped: what is left with an examination day after the export is the waiting list. Each
examination then waits for its report, and whatever is not yet verified at the export is the backlog.
"""

import numpy as np
from numpy.typing import NDArray

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE
from readout.sample.patients import add_patients
from readout.sample.reports import add_reports, reporters_of, verify_in_bulk
from readout.sample.rows import (
    CLASS,
    CLASS_GROUP,
    GROUP,
    INSTANTS,
    KIND,
    SITE,
    SOURCE,
    STATUS,
    URGENCY,
    WAIT,
    Array,
    Reporters,
    Rng,
    Rows,
    as_of,
    by_kind,
    draw,
    draw_by,
    last_change,
    log_normal,
    minute_of_day,
)
from readout.sample.volumes import calendar, day_weights, weights_by_site


def simulate(exams: int, rng: Rng) -> tuple[Rows, Reporters]:
    """`exams` examination records of every status, in no particular order of time, and who reported them."""
    events = _events(exams, rng)
    rows = _examinations(events, rng)
    keep = len(rows)
    if keep > exams:
        rows = rows.take(np.sort(rng.permutation(keep)[:exams]))
    reporters = reporters_of(rng)
    add_reports(rows, reporters, rng)
    verify_in_bulk(rows, reporters)
    add_patients(rows, rng)
    _number(rows)
    return rows, reporters


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
            cell = draw(rng, cells.ravel(), n)
            parts.append(
                {
                    "kind": np.full(n, k, dtype=np.int8),
                    "group": np.full(n, g, dtype=np.int8),
                    "day": cal.days[draw(rng, volume, n)],
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
    ev["urgency"] = draw_by(rng, mix.reshape(-1, len(p.URGENCIES)), kind.astype(np.int64) * len(p.CLASSES) + klass).astype(np.int8)

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
        tod[flag] = minute_of_day(rng, hours[name], int(flag.sum()))
    same_day = scheduled & (rng.random(n, dtype=np.float32) < by_kind("same_day")[kind])
    booked = scheduled & ~same_day
    slot = ev["day"] * DAY + np.where(booked, tod // 10 * 10, tod)
    start = slot + np.where(booked, np.clip(rng.normal(6, 9, n), -12, 60), 0).astype(np.int64)

    # When it was asked for
    site_wait = np.array([s.wait for s in p.SITES])[site]
    urgency_wait = np.array([p.value("wait_urgency")[u] for u in p.URGENCIES])[ev["urgency"]]
    urgency_wait = np.where(np.isin(kind, (KIND["UO"], KIND["PT"])), 1.0, urgency_wait)
    median = by_kind("wait_scheduled")[kind] * DAY * site_wait * urgency_wait
    wait = log_normal(rng, median, p.value("wait_spread"), n)
    wait = np.where(same_day, log_normal(rng, 45.0, 0.8, n), np.maximum(wait, 0.7 * DAY))
    wait = np.where(group == GROUP["inpatient"], log_normal(rng, by_kind("wait_ward_hours")[kind] * 60, 1.2, n), wait)
    wait = np.where(group == GROUP["emergency"], log_normal(rng, by_kind("wait_front_door_minutes")[kind], 0.75, n), wait)
    planned = scheduled & (rng.random(n, dtype=np.float32) < by_kind("planned_share")[kind]) & booked & (klass == CLASS["03"])
    wait = np.where(planned, rng.choice(np.array([91, 182, 365]), n) * DAY + rng.normal(0, 9 * DAY, n), wait)
    received = start - np.clip(wait, 4, 500 * DAY).astype(np.int64)
    office = minute_of_day(rng, hours["scheduled"], n)
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
    reason = draw(rng, np.array([40.0, 6, 14, 27, 0, 13]), n)
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
    count = 1 + draw_by(rng, shares, ev["kind"])
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
        base[mine] = draw(rng, weight, len(mine))
        if name == "FL":  # the first code is theatre's
            base[mine] = np.where(ev["theatre"][mine], 0, 1 + draw(rng, weight[1:], len(mine)))
        flag = kind == k
        exam[flag] = at[(base[event[flag]] + seq[flag]) % len(at)]
    rows["exam"] = exam.astype(np.int16)

    duration = np.maximum(log_normal(rng, by_kind("duration")[kind], 0.4, m), 1).astype(np.int32)
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
