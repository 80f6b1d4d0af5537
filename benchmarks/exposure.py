"""How often a lasting rise of a tenth is found, and how often one is seen where there is none, by what a month's work is divided by.

    python -m benchmarks.exposure [TRIALS]      # 200 unless told

Three years of daily work, Poisson about a fixed week: every day alike (A&E), half as much on Saturdays, Sundays and bank holidays (inpatients), none then
(outpatients). In the last three months it rises by a tenth. Divided by working days, by calendar days, and by working days weighed as
`queries/metrics/per_working_day.sql` weighs them. Flagged: the last month, by the rules of the control chart.
"""

import sys
from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt

from readout.ingest.calendar import calendar
from readout.stats import spc

SEED = 2026
A_DAY = 200
SERVICES = {"seven days alike": 1.0, "half at weekends": 0.5, "office hours": 0.0}
Floats = npt.NDArray[np.float64]


def weights(work: Floats, kind: npt.NDArray[np.int64]) -> Mapping[int, float]:
    """What each kind of day counts for: 1 to 5 Monday to Friday, 6 and 7 the weekend, 8 a bank holiday."""
    pooled = {k: work[(kind <= 5) == (k <= 5)].mean() for k in range(1, 9)}
    base = pooled[1] if work.mean() < 2 * pooled[1] else work.mean()
    found = {k: (work[kind == k].sum() + 20 * pooled[k] / base) / (base * (kind == k).sum() + 20) for k in range(1, 9)}
    if all(abs(found[k] - 1) <= 0.25 if k <= 5 else found[k] < 0.05 for k in found):
        return {k: float(k <= 5) for k in found}
    return found


def main(trials: int) -> None:
    days = calendar(["england"], date(2023, 10, 1), date(2026, 9, 30))
    month = np.array([(d.year - 2023) * 12 + d.month - 10 for d in days["date"]])
    kind = np.array([w if w >= 6 or is_working else 8 for w, is_working in days.select("weekday", "is_working_day").rows()])
    rng = np.random.default_rng(SEED)
    print(f"{trials} trials of {month.max() + 1} months, {A_DAY} a working day; flagged in the last month, in %")
    print(f"{'service':18}{'divided by':24}{'no change':>10}{'+10 %':>8}")
    for service, part in SERVICES.items():
        flags: dict[tuple[str, float], int] = {}
        for rise in (1.0, 1.1):
            for _ in range(trials):
                mean = A_DAY * np.where(kind <= 5, 1.0, part) * np.where(month > month.max() - 3, rise, 1.0)
                work = rng.poisson(mean).astype(float)
                weighed = weights(work, kind)
                by = {
                    "working days": (kind <= 5).astype(float),
                    "calendar days": np.ones(len(kind)),
                    "weighted working days": np.array([weighed[k] for k in kind]),
                }
                for name, exposure in by.items():
                    values = np.bincount(month, work) / np.bincount(month, exposure)
                    chart = spc.xmr([float(v) for v in values], better="neutral", bounds=(0.0, None))
                    flags[name, rise] = flags.get((name, rise), 0) + (spc.last_flag(chart) is not None)
        for name in ("working days", "calendar days", "weighted working days"):
            print(f"{service:18}{name:24}{100 * flags[name, 1.0] / trials:10.1f}{100 * flags[name, 1.1] / trials:8.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
