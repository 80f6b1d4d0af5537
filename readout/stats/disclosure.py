"""Which cells of a table must be withheld so that none of its small counts can be worked out from what is shown.

A table is shown beside its totals: whoever has a breakdown can ask for every coarser one too. What is shown as a rounded count is known to
lie in an interval, what is withheld in one that is open above, and each total is the sum of its parts. Narrowing all these intervals by each
other until nothing changes is what an attentive reader can do; `Sums.attack` does it, and `protect` withholds until it finds nothing.
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing

Key = tuple[tuple[str, object], ...]  # the dimensions of a cell, by name, with their values
Cell = tuple[str, Key]  # a column's name and a key
Interval = tuple[float, float]
Numbers = np.typing.NDArray[Any]
REST = " remainder"
SHOWN, SMALL, BESIDE, GONE = "shown", "small", "beside", "gone"  # withheld: for being small, for protecting another, with its whole row


def rounded(value: float, base: int) -> float:
    """The nearest multiple of `base`, half up (away from zero below it), so that one value reads the same everywhere. 0 or 1: as it is."""
    if base <= 1:
        return value
    return math.copysign(base * math.floor(abs(value) / base + 0.5), value) if value else 0


def is_small(value: float, least: int) -> bool:
    """True for a count of individuals that is not shown: not none, and fewer than `least`."""
    return 0 < abs(value) < least


@dataclass(frozen=True)
class Sum:
    """`total` is the sum of `parts`."""

    total: Cell
    parts: tuple[Cell, ...]


class Sums:
    """Many sums over numbered cells, narrowed all at once."""

    def __init__(self, sums: Sequence[Sum], cells: Sequence[Cell]) -> None:
        number = {c: i for i, c in enumerate(cells)}
        self.totals = np.array([number[s.total] for s in sums], dtype=int)
        self.parts = np.array([number[p] for s in sums for p in s.parts], dtype=int)
        self.of = np.repeat(np.arange(len(sums)), [len(s.parts) for s in sums])

    def attack(self, low: Numbers, high: Numbers, most_rounds: int = 50) -> tuple[Numbers, Numbers]:
        """What can be known of every cell: its interval narrowed by every sum, from the parts to the total and back, until nothing changes."""
        for _ in range(most_rounds):
            before = (low, high)
            low, high = low.copy(), high.copy()
            lows, open_low = self._added(low)
            highs, open_high = self._added(high)
            np.maximum.at(low, self.totals, np.where(open_low, -np.inf, lows))
            np.minimum.at(high, self.totals, np.where(open_high, np.inf, highs))
            np.minimum.at(high, self.parts, high[self.totals][self.of] - self._others(low, lows, open_low, -np.inf))
            np.maximum.at(low, self.parts, low[self.totals][self.of] - self._others(high, highs, open_high, np.inf))
            if np.allclose(low, before[0]) and np.allclose(high, before[1]):
                break
        return low, high

    def _added(self, bound: Numbers) -> tuple[Numbers, Numbers]:
        """For each sum the parts' bounds added, less those that are open, and how many are open."""
        value = bound[self.parts]
        is_open = np.isinf(value)
        size = len(self.totals)
        return np.bincount(self.of, np.where(is_open, 0.0, value), size), np.bincount(self.of, is_open.astype(float), size)

    def _others(self, bound: Numbers, added: Numbers, count_open: Numbers, infinite: float) -> Numbers:
        """For each part the sum of the bounds of the others beside it."""
        value = bound[self.parts]
        is_open = np.isinf(value)
        rest = added[self.of] - np.where(is_open, 0, value)
        return np.where(count_open[self.of] - is_open > 0, infinite, rest)


@dataclass
class _Table:
    """The cells of a breakdown and of every coarser one, with what becomes of each."""

    least: int
    base: int
    value: dict[Cell, float]
    state: dict[Cell, str]
    hidden: dict[Cell, float]  # remainders: nobody shows them, but whole less part gives them
    signed: frozenset[str]
    whole: frozenset[str]  # columns of whole numbers
    sums: list[Sum] = field(default_factory=list)

    def known(self, cell: Cell) -> Interval:
        """What the reader sees of a cell, if they know the rules and even guess right which of the withheld are small."""
        column, key = cell
        one = 1 if column.removesuffix(REST) in self.whole else 0
        few = (float(one), float(self.least - one))
        if cell in self.hidden:
            state = self.state[(column.removesuffix(REST), key)]
            return few if state == SMALL and is_small(self.hidden[cell], self.least) else (0.0, math.inf)
        value, state = self.value[cell], self.state[cell]
        if column in self.signed:
            if state == SHOWN:
                return (rounded(value, self.base) - self.base / 2, rounded(value, self.base) + self.base / 2) if value and self.base > 1 else (value, value)
            return (-few[1], few[1]) if state == SMALL else (-math.inf, math.inf)
        if state == SHOWN:
            middle, spread = rounded(value, self.base), self.base if value and self.base > 1 else 0
            low, high = (middle - spread // 2, middle + (spread - one) // 2) if one and spread else (middle - spread / 2, middle + spread / 2)
            return (max(low, self.least) if value else low), high
        if state == SMALL and is_small(value, self.least):
            return few
        return (float(one) if state == BESIDE else 0.0), math.inf


def protect(
    keys: Sequence[Key], columns: Mapping[str, Sequence[float | None]], *, least: int, base: int, wholes: Mapping[str, str], fixed: Sequence[str] = ()
) -> dict[str, list[str]]:
    """For every column what becomes of each row's count: shown, small, beside (withheld to protect another) or gone (its row is left out).

    `keys`: the row's dimensions with their values, once each. `wholes`: of a column that is a part, the column that it is a part of; what is
    left of the whole is a count of individuals too. `fixed`: dimensions over which nobody adds, such as the months of a stock.

    Counts from 1 to least - 1 are small. Of every line of cells (all dimensions but one held) that has one cell withheld, and whose total is
    shown, the smallest other is withheld too. Rounding to 5 makes each shown count uncertain by two either way, which is enough for most
    lines, but not for all: 7 beside three times 12 is 43, shown as 45 beside three times 10, and only 7 fits. So all sums over all dimensions
    are attacked together, and withholding goes on, the smallest first, until no small count is known to the one. Coarser breakdowns are
    decided before finer ones and in the same way, so that the finer cannot undo them. Where nothing is left to withhold (seven sites with one
    each), the rows are left out. A column that may be negative (steps between two lists) is withheld by its size.
    """
    names = sorted({d for key in keys for d, _ in key})
    free = [d for d in names if d not in fixed]
    signed = frozenset(c for c, values in columns.items() if any(v is not None and v < 0 for v in values))
    whole = frozenset(c for c, values in columns.items() if all(v is None or v == int(v) for v in values))
    table = _Table(least, base, {}, {}, {}, signed, whole)
    rows = {key: i for i, key in enumerate(keys)}
    for size in range(len(free) + 1):
        for kept in itertools.combinations(free, size):
            _level(table, tuple(d for d in names if d in fixed or d in kept), names, keys, columns, wholes)
    return {c: [table.state.get((c, key), SHOWN) for key in rows] for c in columns}


def _level(
    table: _Table, dims: Sequence[str], names: Sequence[str], keys: Sequence[Key], columns: Mapping[str, Sequence[float | None]], wholes: Mapping[str, str]
) -> None:
    """Add one breakdown: its cells, its sums with every coarser one, and what becomes of each cell."""
    cells: dict[Cell, float] = defaultdict(float)
    for column, values in columns.items():
        for key, value in zip(keys, values, strict=True):
            if value is not None:
                cells[(column, _part(key, dims))] += value
    part: _Table = _Table(table.least, table.base, dict(cells), {}, {}, table.signed, table.whole)
    for (column, key), value in cells.items():
        part.state[(column, key)] = SMALL if is_small(value, table.least) else SHOWN
        whole = (wholes.get(column, ""), key)
        if whole in cells:
            rest = part.hidden[(column + REST, key)] = cells[whole] - value
            part.sums.append(Sum(whole, ((column, key), (column + REST, key))))
            if is_small(rest, table.least):
                part.state[(column, key)] = SMALL
    coarser = [c for c in table.value if {d for d, _ in c[1]} < set(dims)]
    hidden = [c for c in table.hidden if {d for d, _ in c[1]} < set(dims)]
    sums: dict[Cell, list[Cell]] = {c: [] for c in (*coarser, *hidden)}
    for cell in (*part.value, *part.hidden):
        for size in range(len(cell[1])):
            for kept in itertools.combinations(cell[1], size):
                if (cell[0], kept) in sums:
                    sums[(cell[0], kept)].append(cell)
    part.sums += [Sum(total, tuple(parts)) for total, parts in sums.items() if parts]
    lines = [s for s in part.sums if len(s.total[1]) == len(dims) - 1 and s.total in table.value]
    mine = list(part.value)
    part.value |= {c: table.value[c] for c in coarser}
    part.state |= {c: table.state[c] for c in coarser}
    part.hidden |= {c: table.hidden[c] for c in hidden}
    held = part.value.keys() | part.hidden.keys()
    part.sums += [s for s in table.sums if held.issuperset((s.total, *s.parts))]
    if any(part.state[c] != SHOWN for c in mine):
        _withhold(part, mine, lines)
    table.value |= part.value
    table.state |= part.state
    table.hidden |= part.hidden
    table.sums = list(dict.fromkeys((*table.sums, *part.sums)))


def _part(key: Key, dims: Sequence[str]) -> Key:
    return tuple(sorted((d, v) for d, v in key if d in dims))


def _withhold(part: _Table, mine: Sequence[Cell], lines: Sequence[Sum]) -> None:
    """Withhold beside the small until none is known."""
    order = sorted((c for c in mine if part.value[c]), key=lambda c: (abs(part.value[c]), repr(c)))
    rank = {c: i for i, c in enumerate(order)}
    own = {key for _, key in mine}
    of: dict[Cell, list[Sum]] = defaultdict(list)
    for s in part.sums:
        for cell in (s.total, *s.parts):
            of[cell].append(s)

    def smallest(cells: Iterable[Cell]) -> Cell | None:
        return min((c for c in cells if c in rank and part.state[c] == SHOWN), key=rank.__getitem__, default=None)

    def near(cell: Cell) -> list[Sum]:
        """The lines that a cell is in, the shortest first, then what makes up the withheld cells beside it."""
        lines = [s for s in of[cell] if len(s.total[1]) >= len(cell[1]) - 1]
        beside = [p for s in lines for p in s.parts if part.state.get(p, SHOWN) != SHOWN]
        return sorted(lines, key=lambda s: len(s.parts)) + sorted((s for p in beside for s in of[p] if s.total == p), key=lambda s: len(s.parts))

    def tries(cell: Cell) -> Iterator[Iterable[Cell]]:
        """Where to look for a cell to withhold: its own column first."""
        column = cell[0].removesuffix(REST)
        for s in near(cell):
            yield [(column, key) for name, key in s.parts if name.removesuffix(REST) == column]
        for s in near(cell):
            yield (s.total, *s.parts)

    cells = [*part.value, *part.hidden]
    sums = Sums(part.sums, cells)
    bounds = {c: part.known(c) for c in cells}
    is_secret = np.array([is_small(part.hidden.get(c, part.value.get(c, 0)), part.least) for c in cells])
    _pair(part, lines, smallest)
    while True:
        bounds |= {c: part.known(c) for c in (*mine, *(x for x in part.hidden if x[1] in own))}
        low, high = sums.attack(np.array([b[0] for b in bounds.values()], dtype=float), np.array([b[1] for b in bounds.values()], dtype=float))
        known = [cells[i] for i in np.flatnonzero(is_secret & (high - low < 0.5))]
        if not known:
            return
        chosen = {found for cell in known if (found := next(filter(None, map(smallest, tries(cell))), None)) is not None}
        part.state |= dict.fromkeys(chosen, BESIDE)
        if not chosen:
            for cell in known:
                _leave_out(part, mine, near(cell))
        _pair(part, lines, smallest)


def _pair(part: _Table, lines: Sequence[Sum], smallest: Callable[[Iterable[Cell]], Cell | None]) -> None:
    """No line keeps a single withheld cell where its total is shown."""
    is_changed = True
    while is_changed:
        is_changed = False
        for line in lines:
            if sum(part.state[p] != SHOWN for p in line.parts) == 1 and not is_small(part.value[line.total], part.least):
                other = smallest(line.parts)
                if other is not None:
                    part.state[other] = BESIDE
                    is_changed = True


def _leave_out(part: _Table, mine: Sequence[Cell], near: Sequence[Sum]) -> None:
    """Everything is withheld and the totals still tell: the rows of the nearest sum go, and with them how many there are."""
    left = {c[1] for c in mine if part.state[c] != GONE}
    nearest = next((keys for keys in ({key for _, key in s.parts} & left for s in near) if keys), left)
    part.state |= {c: GONE for c in mine if c[1] in nearest}
