"""Which cells are too much one person's to be shown, each given as reports by reporter; and what else must go so that they are not found by subtraction."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import combinations
from typing import Protocol, TypeVar


class Rule(Protocol):
    """How many reporters a cell needs at least, and the largest share (a fraction) that one of them may have of it."""

    @property
    def least(self) -> int: ...

    @property
    def most_share(self) -> float: ...


Name = TypeVar("Name", bound=Hashable)
Cell = Mapping[int, int]


def withheld(cells: Mapping[Name, Cell], rule: Rule, beside: Collection[Name] = ()) -> frozenset[Name]:
    """Those that break the rule, those `beside`, and the smallest others until all withheld together keep it."""
    return withheld_throughout([cells], rule, beside)


def withheld_throughout(periods: Sequence[Mapping[Name, Cell]], rule: Rule, beside: Collection[Name] = ()) -> frozenset[Name]:
    """Those that break the rule in any of the periods, those `beside`, and the smallest others until all withheld together keep it in every period.

    A cell without reports has nobody to protect and is withheld from nothing.
    """
    sizes: dict[Name, int] = defaultdict(int)
    for cells in periods:
        for name, cell in cells.items():
            sizes[name] += sum(cell.values())
    hidden = {name for name in sizes if name in beside or not all(keeps([c.get(name, {})], rule) for c in periods)}
    while not all(keeps([c[name] for name in hidden if name in c], rule) for c in periods):
        others = sorted((name for name in sizes if name not in hidden), key=lambda name: (sizes[name], str(name)))
        if not others:
            break
        hidden.add(others[0])
    return frozenset(hidden)


def withheld_lines(cells: Mapping[tuple[Hashable, ...], Cell], rule: Rule, beside: Collection[tuple[Hashable, ...]] = ()) -> frozenset[tuple[Hashable, ...]]:
    """Of a table by several dimensions: those `beside`, and those withheld in each of its lines (every other dimension fixed), in each table that fixes
    some, and in the whole.

    Whatever total of the table is known, what is left of it when the cells shown are taken away keeps the rule.
    """
    width = len(next(iter(cells), ()))
    fixings = [f for size in range(width) for f in combinations(range(width), size)] or [()]
    hidden = frozenset(beside)
    while True:
        before = hidden
        for fixed in fixings:
            lines: dict[tuple[Hashable, ...], dict[tuple[Hashable, ...], Cell]] = defaultdict(dict)
            for name, cell in cells.items():
                lines[tuple(name[i] for i in fixed)][name] = cell
            for line in lines.values():
                hidden |= withheld(line, rule, [name for name in line if name in hidden])
        if hidden == before:
            return hidden


def is_open(cells: Sequence[Cell], rule: Rule) -> bool:
    """Enough reporters, and none with too large a share, in all the cells taken together."""
    together: dict[int, int] = defaultdict(int)
    for cell in cells:
        for reporter, count in cell.items():
            together[reporter] += count
    made = [n for n in together.values() if n]
    return bool(made) and len(made) >= rule.least and max(made) <= rule.most_share * sum(made)


def keeps(cells: Sequence[Cell], rule: Rule) -> bool:
    """Whether the cells taken together keep the rule; those without reports have nobody to protect."""
    return is_open(cells, rule) or not any(n for cell in cells for n in cell.values())


__all__ = ["is_open", "keeps", "withheld", "withheld_lines", "withheld_throughout"]
