"""How many attendances there are: by site, kind and class, and by day, with working days, season and growth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY
from readout.sample.rows import CLASS_GROUP, GROUP, Flags, Floats, Ints, Rng, by_kind

HORIZON = 300  # days beyond the export for which attendances are drawn


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
