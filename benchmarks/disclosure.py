"""In how many small tables a withheld count can still be told to the one, by linear programmes over all sums of the table and its coarser tables at once.

    python -m benchmarks.disclosure [TABLES]      # 700 unless told

The tables are seeded and made to be hard: up to three rows by four columns, and three or four by three or four, of counts that are mostly small,
just above small or round, each with a count to protect. The attack knows what a reader knows, and even which of the withheld are small. With the
public rounding to 5, and without.
"""

import itertools
import math
import random
import sys

import numpy as np
from scipy.optimize import linprog

from readout.stats.disclosure import GONE, SHOWN, Key, is_small, protect

SEED, LEAST = 2026, 8
NUMBERS = (0, 1, 2, 3, 7, 8, 10, 12, 13, 17, 40)
SIZES = {"small": ((1, 3), (2, 4)), "larger": ((3, 4), (3, 4))}  # rows, columns
Counts = dict[Key, int]


def tables(count: int, size: str = "small") -> list[Counts]:
    """Counts by two dimensions, each table with at least one that is small."""
    chance, found = random.Random(SEED), []
    while len(found) < count:
        rows, columns = (chance.randint(*ends) for ends in SIZES[size])
        cells = {(("a", f"{i}"), ("b", f"{j}")): chance.choice(NUMBERS) for i in range(rows) for j in range(columns)}
        if any(is_small(v, LEAST) for v in cells.values()):
            found.append(cells)
    return found


def recovered(cells: Counts, base: int) -> int:
    """How many small counts are known to the one from the releases of the table and of every coarser one together."""
    true: Counts = {}
    bounds: dict[Key, tuple[int, int | None]] = {}
    for kept in ((), ("a",), ("b",), ("a", "b")):
        level: Counts = {}
        for key, value in cells.items():
            part = tuple(p for p in key if p[0] in kept)
            level[part] = level.get(part, 0) + value
        (states,) = protect(list(level), {"n": list(level.values())}, least=LEAST, base=base, wholes={}).values()
        for (key, value), state in zip(level.items(), states, strict=True):
            true[key] = value
            near = base // 2
            shown = (0, 0) if not value else (max(LEAST, _rounded(value, base) - near), _rounded(value, base) + near)
            bounds[key] = shown if state == SHOWN else (0, None) if state == GONE or not is_small(value, LEAST) else (1, LEAST - 1)
    at = {key: i for i, key in enumerate(bounds)}
    sums = [(key, [k for k in cells if set(key) < set(k)]) for key in bounds if len(key) < 2]
    matrix = np.zeros((len(sums), len(at)))
    for i, (total, parts) in enumerate(sums):
        matrix[i, at[total]] = -1
        matrix[i, [at[p] for p in parts]] = 1
    found = 0
    for key in (k for k, v in true.items() if is_small(v, LEAST)):
        goal = np.eye(len(at))[at[key]]
        low, high = (linprog(sign * goal, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=list(bounds.values())) for sign in (1, -1))
        assert low.status == 0, "the true table is one that fits what is shown"
        found += high.status == 0 and math.ceil(low.fun - 1e-6) == math.floor(-high.fun + 1e-6)
    return found


def _rounded(value: int, base: int) -> int:
    return base * ((2 * value + base) // (2 * base)) if base else value


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 700
    for size, base in itertools.product(SIZES, (5, 0)):
        told = sum(recovered(cells, base) > 0 for cells in tables(count, size))
        print(f"{size:8} {'rounded to 5' if base else 'not rounded':14} a count told in {told} of {count} tables", flush=True)


if __name__ == "__main__":
    main()
