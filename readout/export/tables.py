"""The tables that a pack prints beside its charts: the same rows in every format."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from readout.export.compare import Changes
from readout.export.content import Content
from readout.metrics import format as fmt
from readout.metrics.answer import Released
from readout.metrics.catalogue import load_catalogue

HOW_TO_READ = (
    "Each figure is of the last complete month; months still arriving are shaded on the charts and judged in none. Variation: what the months so far "
    "say of the last one, by the rules of statistical process control. A grey disc is common cause: noise, however the figure moved. An orange square is "
    "concern, a blue diamond improvement, a purple triangle a change that is neither. Assurance, a hexagon: whether the target will be met "
    "every month, never, or by chance, if nothing changes. Lists of what waits are judged by their level, or against the month before where they remember "
    "it; which is said with each. A list that is the highest of all month ends and well above a year before is a concern whatever its limits."
)
LEVEL = "Level at each month end"
MATRIX = "This table answers whether an indicator has changed at a site. Whether a site differs from the others is answered by the comparisons against the case mix."
FUNNEL_KEY = (
    "A diamond is what was observed for each one expected. It is filled where it lies outside 99.8 % on the same side in two of the last three quarters: orange "
    "is more, blue fewer; an open one is within chance, or not lastingly outside. The small ring is the figure without the adjustment, the bands are what "
    "chance gives (95 % and 99.8 %), and a large empty ring is a unit whose times cannot be compared."
)
NAMED = {"site_code": "site_name", "trust_code": "trust_name", "provider_code": "provider_name"}
METHOD = (
    (
        "Unreported examinations",
        "A turnaround counts those still waiting (Kaplan-Meier); a share within a standard counts the unreported as missed once they are old enough.",
    ),
    (
        "Kaplan-Meier",
        "A way to say how long reports take while some are still awaited: an examination without a report counts as waiting for as long as it has waited so far, "
        "instead of being left out. Leaving it out would make times look shorter than they are.",
    ),
    (
        "Lists",
        "How much a month end of a list depends on the one before is measured (autocorrelation). Where little, the level is judged against "
        "its mean; where nearly all, against the month before; between, against what the month before leads to expect. A run above or below "
        "the mean is counted on the level itself.",
    ),
    ("Limits", "Means and limits are computed from all complete months; new limits start only where a cause is recorded."),
    (
        "XmR chart",
        "The plain control chart: limits lie about three usual month-to-month movements from the mean. Nearly every month falls between them while nothing has changed.",
    ),
    (
        "p′ and u′ charts",
        "Control charts of shares (p′) and of rates (u′). Their limits are wider in months with few examinations, and allow for what months differ by besides chance.",
    ),
    (
        "Rules",
        "A month stands out when it lies beyond a limit, when seven in a row lie on one side of the mean or move one way, or when two of three lie beyond a near limit, "
        "two thirds of the way to the limit. Each has its rule named beside its chart.",
    ),
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


def named_csv(answer: Released) -> str:
    """The rows of an answer as CSV; beside each code of a site or trust stands its name as it read at the end of the period."""
    text = answer.as_csv()
    frame = pl.read_csv(io.StringIO(text), infer_schema=False)
    for dimension, column in NAMED.items():
        if dimension in frame.columns:
            names = pl.Series(column, [None if code is None else answer.label(dimension, code) for code in frame[dimension]], pl.String)
            frame = frame.insert_column(frame.columns.index(dimension) + 1, names)
    return frame.write_csv()


def _of(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    columns = tuple(rows[0]) if rows else ()
    return Table(title, columns, tuple(tuple(r[c] for c in columns) for r in rows))


__all__ = ["FUNNEL_KEY", "HOW_TO_READ", "LEVEL", "MATRIX", "Table", "changes", "glossary", "named_csv", "quality"]
