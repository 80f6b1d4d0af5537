"""Who reports an examination, and when: route, reporter, assigned, preliminary, verified, addenda."""

import numpy as np

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY, NONE
from readout.sample.rows import CLASS, GROUP, KIND, ROUTE, SITE, URGENCY, Array, Ints, Reporters, Rng, Rows, as_of, by_kind, draw, log_normal, minute_of_day
from readout.sample.volumes import calendar


def reporters_of(rng: Rng) -> Reporters:
    """Every trust's reporters by role, then the supplier's; one of them is the outlier in addenda."""
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


def add_reports(rows: Rows, reporters: Reporters, rng: Rng) -> None:
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
    beyond = end + ((least + log_normal(rng, median, spread, n)) * DAY).astype(np.int64)
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
    addendum = verified + np.maximum(log_normal(rng, days * DAY, spread, n), 20).astype(np.int64)
    u = rng.random(n)
    theirs = np.flatnonzero(reporter == reporters.outlier)  # evenly spread, so that any size of sample shows the share
    u[theirs] = (rng.permutation(len(theirs)) + 0.5) / max(1, len(theirs))
    amended = is_reported & (u < rate) & (addendum <= a)
    rows["addendum"] = np.where(amended, addendum, NONE).astype(np.int32)
    rows["addenda"] = np.where(amended, 1 + (rng.random(n) < 0.06), 0).astype(np.int8)
    rows["addendum_class"] = np.where(amended, draw(rng, np.array(p.value("addendum_class")), n), -1).astype(np.int8)
    rows["last_verified"] = np.where(amended, addendum, NONE).astype(np.int32)  # sent only when it is another


def verify_in_bulk(rows: Rows, reporters: Reporters) -> None:
    """At one site a session's reports are signed together: by its last reporter, in its last minute, never on another day.

    Only of radiologists' reports that have waited half a day, or a day where the standard is in hours: no verdict of a standard moves.
    Nothing is drawn: every other row is as it would be without.
    """
    local = clock.to_local(rows["verified"])
    minute, day = local % DAY, local // DAY
    in_hours = (rows["group"] != GROUP["scheduled"]) | (rows["class"] == CLASS["02"]) | (rows["urgency"] == URGENCY["emergency"])
    held = (rows["site"] == SITE[p.BULK_SITE]) & (rows["verified"] != NONE) & (rows["route"] == ROUTE["in_house"]) & (rows["addenda"] == 0)
    held &= rows["verified"] - rows["end"] > np.where(in_hours, DAY, DAY // 2)
    held &= (minute >= 8 * 60) & (minute < 18 * 60) & (rows["verified"] < as_of(rows["site"]) - 2 * DAY)
    held &= (reporters.pool[rows["reporter"]] == "R") & (rows["reporter"] != reporters.outlier)
    at = np.flatnonzero(held)
    at = at[np.argsort(rows["verified"][at], kind="stable")]
    least, most = p.value("bulk_reports")
    for session in np.split(at, np.flatnonzero(np.diff(day[at])) + 1):
        for first in range(0, len(session), most):
            together = session[first : first + most]
            if len(np.unique(rows["event"][together])) >= least:
                rows["verified"][together] = rows["verified"][together[-1]]
                rows["reporter"][together] = rows["reporter"][together[-1]]


def _in_hours(verified: Ints, end: Array, rng: Rng) -> Ints:
    """Reports that take long are verified in working hours, mostly on working days."""
    cal = calendar()
    local = clock.to_local(verified.astype(np.int32))
    day = local // DAY
    known = np.clip(day - cal.first, 0, len(cal.days) - 1)
    moved = np.where(rng.random(len(day)) < 0.75, cal.next_working[known], day)
    day = np.where((day >= cal.first) & (day < cal.days[-1]), moved, day)
    hours = np.array(p.value("hours")["reporting"], dtype=np.float64)
    out = clock.to_utc((day * DAY + minute_of_day(rng, hours, len(day))).astype(np.int32)).astype(np.int64)
    return np.where(out > end + 30, out, verified)


def add_recommendations(rows: Rows, reporters: Reporters, rng: Rng) -> None:
    """Whether each report recommends further imaging, 1 or 0; -1 where there is none. From a stream of its own: no row is otherwise changed by it."""
    n = len(rows)
    factor = np.exp(p.value("follow_up_spread") * rng.standard_normal(len(reporters.ids)))
    share = by_kind("follow_up_share")[rows["kind"]] / 100 * factor[rows["reporter"]]
    rows["follow_up"] = np.where(rows["verified"] == NONE, -1, rng.random(n) < share).astype(np.int8)
