"""When a unit is called different: outside the 99.8 % limits, to the same side, in at least two of the last three quarters."""

import numpy as np
import numpy.typing as npt

from readout.stats.funnel import Sides

QUARTERS = 3
LEAST = 2


def persistent(sides: npt.ArrayLike) -> Sides:
    """1 or -1 where a unit was above or below the limits in `LEAST` or more of its last `QUARTERS` quarters, else 0.

    `sides` holds 1, 0 or -1 by unit and quarter, quarters last and in date order, as `funnel.binomial_sides` gives them; the quarters' axis is
    dropped. nan is a quarter without data: it counts for neither side and is not replaced by an earlier one. Raises ValueError for another value.
    """
    given = np.asarray(sides, np.float64)
    if given.ndim == 0 or not np.all(np.isnan(given) | np.isin(given, (-1, 0, 1))):
        raise ValueError("sides are -1, 0, 1 or nan, one a quarter")
    last = given[..., -QUARTERS:]
    return np.asarray(((last == 1).sum(-1) >= LEAST).astype(np.int8) - ((last == -1).sum(-1) >= LEAST).astype(np.int8), np.int8)


def expected_false_alarms(units: int, p: float = 0.002, *, is_persistent: bool = False) -> float:
    """How many of so many units that differ in nothing are outside limits by chance, where each is outside with chance `p`, half of it a side.

    One quarter: units times p (a 95 % band, p .05, flags one in twenty). With `is_persistent`, by the rule of `persistent`, quarters independent:
    units 2 (3 t² - 2 t³), t = p / 2. What lasts, such as a case mix the strata miss, is not chance and is not in this number.
    Raises ValueError for units below 0 or p outside 0-1.
    """
    if units < 0 or not 0 <= p <= 1:
        raise ValueError("units are 0 or more, and p is a chance from 0 to 1")
    tail = p / 2
    return units * (2 * (3 * tail**2 - 2 * tail**3) if is_persistent else p)
