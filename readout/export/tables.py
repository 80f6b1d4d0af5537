"""The tables that a pack prints beside its charts: the same rows in every format."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from readout import format as fmt
from readout.catalogue import load_catalogue
from readout.export.changed import Changes
from readout.export.content import Content

HOW_TO_READ = (
    "Each figure is of the last complete month; months still arriving are shaded on the charts and judged in none. Variation: what the months so far "
    "say of the last one, by the rules of statistical process control. A grey disc is common cause: noise, however the figure moved. An orange square is "
    "concern, a blue diamond improvement, a purple triangle a change that is neither. Assurance, a hexagon: whether the target will be met "
    "every month, never, or by chance, if nothing changes. Lists of what waits are judged by their change over the month."
)
METHOD = (
    (
        "Unreported examinations",
        "A turnaround counts those still waiting (Kaplan-Meier); a share within a standard counts the unreported as missed once they are old enough.",
    ),
    ("Limits", "Means and limits are computed from all complete months (XmR, p' or u' charts); new limits start only where a cause is recorded."),
    (
        "Comparisons",
        "Units are set against what the network's rates give for their own case mix. Different: outside 99.8 % in two of the last three quarters. None is ranked.",
    ),
    ("Addenda", "A change to a report after its first verification never moves a turnaround."),
)


@dataclass(frozen=True)
class Table:
    """Columns and rows of plain values: numbers stay numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def quality(content: Content) -> list[Table]:
    """Records of each source, what was set apart and why, and the tests of each site's times."""
    made = []
    if content.is_exact:
        made.append(_of("Every record accounted for", content.quality.accounting()))
        apart = [{k: v for k, v in row.items() if k in ("Reason", "All")} for row in content.quality.quarantine()]
        made += [_of("Set apart, and why", apart)] if apart else []
    if content.times:
        names = (f"{t.label} (at most {fmt.percent(t.most, 0)})" for t in load_catalogue().time_tests.values())
        made.append(Table("Whether the sites' times can be compared", ("Site", *names), content.times))
    return made


def changes(found: Changes) -> list[Table]:
    """Indicators that moved, came or went, and figures restated."""
    made = []
    if found.moved:
        rows = tuple((m.label, m.then, m.now, m.verdict_then, m.verdict_now) for m in found.moved)
        made.append(Table("Moved", ("Indicator", "Last pack", "This pack", "Variation then", "Variation now"), rows))
    if found.new or found.dropped:
        both = tuple([(label, "new in this pack") for label in found.new] + [(label, "no longer in the pack") for label in found.dropped])
        made.append(Table("New and dropped", ("Indicator", "What"), both))
    if found.restated:
        rows = tuple((r.label, fmt.month(r.month), r.then, r.now, r.cause) for r in found.restated)
        made.append(Table("Restated: the same month, another figure", ("Indicator", "Month", "Last pack", "This pack", "Cause"), rows))
    return made


def glossary(content: Content) -> list[tuple[str, str]]:
    """Each indicator's definition, then the methods."""
    return [*((i.label, i.definition) for i in content.items), *METHOD]


def _of(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    columns = tuple(rows[0]) if rows else ()
    return Table(title, columns, tuple(tuple(r[c] for c in columns) for r in rows))


__all__ = ["HOW_TO_READ", "Table", "changes", "glossary", "quality"]
