"""Figures of what reporters did, less those that are nearly all one reader's, and less what would tell of such: see decision 15.

A row goes where one reporter made over the policy's share of its reports, and with it the smallest others until what is left when the shown
are taken from a total is nobody's. The same reports can be cut by who reported, by supplier and by route: so what is withheld of their finest parts
is in every row of every cut either whole or not at all.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from readout import schema
from readout.engine.store import Store
from readout.metrics.catalogue import Metric
from readout.metrics.release_policy import Reporters, policy_of
from readout.metrics.scope import Scope
from readout.stats.dominance import withheld_lines

# Ways of cutting the same reports: a cell that one of them withholds must not be what two others leave.
AXES = (("reader", "supplier", "reporting_route"), ("sampled_how",))
Cells = Mapping[tuple[Hashable, ...], Mapping[int, int]]


def without(metric: Metric, scope: Scope, store: Store, raw: pl.DataFrame, accounts: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that may be shown, and the account with what was left out under `one_reader`. A metric without `readers` is left as it is."""
    if metric.readers is None:
        return raw, accounts
    rule = replace(policy_of(store.extract.manifest).reporters, least=1)
    made = _made(metric, scope, store)
    cells = _by_reporter(made, scope.by)
    hidden = _hidden(cells, scope.by, rule)
    for axis in AXES:
        if any(d in scope.by or scope.where.get(d) for d in axis):
            hidden |= _in_part(metric, scope, store, rule, tuple(d for d in axis if d in metric.dimensions))
    if not hidden:
        return raw, accounts
    sizes: dict[tuple[Hashable, ...], int] = defaultdict(int)
    for r in made.to_dicts():
        sizes[tuple(r[d] for d in scope.by)] += r["count_reports"]
    kept = [name not in hidden for name in (raw.select(scope.by).rows() if scope.by else [()] * raw.height)]
    gone = sum(sizes[name] for name in hidden)
    counts = {**dict(accounts.iter_rows()), "one_reader": gone}
    counts["counted"] -= gone
    return raw.filter(pl.Series(kept, dtype=pl.Boolean)), pl.DataFrame({"reason": list(counts), "count": list(counts.values())})


def _made(metric: Metric, scope: Scope, store: Store) -> pl.DataFrame:
    """Reports by cell and reporter."""
    assert metric.readers is not None
    return store.query(metric.readers, scope.parameters(metric.readers.params, metric.constants))


def _by_reporter(made: pl.DataFrame, by: Sequence[str]) -> Cells:
    cells: dict[tuple[Hashable, ...], dict[int, int]] = defaultdict(dict)
    for r in made.filter(pl.col("reporter_key").is_not_null(), pl.col("count_reports") > 0).to_dicts():
        cells[tuple(r[d] for d in by)][r["reporter_key"]] = r["count_reports"]
    return cells


def _hidden(cells: Cells, by: Sequence[str], rule: Reporters) -> frozenset[tuple[Hashable, ...]]:
    """The cells that must go: none where no cell is one reader's."""
    if all(max(cell.values()) <= rule.most_share * sum(cell.values()) for cell in cells.values()):
        return frozenset()
    at = by.index("sampled_how") if "sampled_how" in by else None
    samples = {name: cell for name, cell in cells.items() if at is not None and name[at] in schema.SAMPLES}  # what is asked without the breakdown is their total
    return withheld_lines(cells, rule, withheld_lines(samples, rule))


def _in_part(metric: Metric, scope: Scope, store: Store, rule: Reporters, axis: tuple[str, ...]) -> frozenset[tuple[Hashable, ...]]:
    """The rows that hold some of the parts withheld of their finest cut, and not all.

    So whatever is shown, by any breakdown or filter of an axis, holds all of the withheld or none of them: no sum or difference parts them, and together
    they keep the rule.
    """
    others = tuple(d for d in scope.by if d not in axis)
    free = Scope((*others, *axis), {d: v for d, v in scope.where.items() if d not in axis}, scope.date_from, scope.date_to)
    finest = _by_reporter(_made(metric, free, store), free.by)
    if len(axis) > 1:  # one dimension, of all that cuts along the axis
        names = {(*name[: len(others)], name[len(others) :]): name for name in finest}
        hidden = frozenset(names[j] for j in _hidden({j: finest[name] for j, name in names.items()}, others, rule))
    else:
        hidden = _hidden(finest, free.by, rule)
    if not hidden:
        return frozenset()
    parts = tuple(dict.fromkeys((*scope.by, *axis)))
    within: dict[tuple[Hashable, ...], set[tuple[Hashable, ...]]] = defaultdict(set)
    for r in _made(metric, replace(scope, by=parts), store).to_dicts():
        within[tuple(r[d] for d in scope.by)].add(tuple(r[d] for d in free.by))
    found = set()
    for name, cells in within.items():
        line = dict(zip(scope.by, name, strict=True))
        beside = {h for h in hidden if all(h[i] == line[d] for i, d in enumerate(others))}
        if cells & beside and not beside <= cells:
            found.add(name)
    return frozenset(found)
