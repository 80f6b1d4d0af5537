"""Who was examined: persons with an age, a sex, a home trust and a hospital number in each trust."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from readout.sample import clock
from readout.sample import parameters as p
from readout.sample.clock import DAY
from readout.sample.rows import CLASS, GROUP, KIND, Rng, Rows, draw_by


def add_patients(rows: Rows, rng: Rng) -> None:
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
    band = draw_by(rng, ages, mix[per_event])
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
