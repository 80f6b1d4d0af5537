"""An indicator's figures in a few words: what a page, a slide and a printed pack say of one month, and of its target."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from readout.analysis.control import Control
from readout.analysis.judgeable import LEAST_TIMED
from readout.metrics import format as fmt
from readout.metrics.answer import Answer, Released
from readout.metrics.scope import months_between
from readout.stats.spc import RULES
from readout.wording import findings

Row = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """One month's figure as it reads, with its month and counts in lines of their own. `value`: the number, None where there is none."""

    text: str
    value: float | None
    notes: tuple[str, ...]


def shown(answer: Answer, row: Row | None) -> Shown:
    """The figure that is charted (of a time the 90th percentile) with its account."""
    notes = [findings.when(answer, row)]
    if row is None:
        return Shown(fmt.DASH, None, tuple(notes))
    column = answer.metric.kind.charted
    if answer.metric.kind.is_time and row["n"] is not None and row["n"] < LEAST_TIMED:
        return Shown(findings.TOO_FEW, None, (*notes, f"n {fmt.count(row['n'])}, {fmt.count(row['count_unreported'])} {answer.metric.unended}"))
    if answer.metric.kind.is_ratio:
        notes.append(findings.beside(answer, row))
    elif answer.metric.kind.is_time:
        notes += ["nine in ten within this" if row["p90_hours"] is not None else "nine in ten"]
        count = fmt.released if isinstance(answer, Released) else fmt.count
        notes += [answer.metric.kind.counts(row, count)]
    return Shown(answer.metric.kind.figure(row[column], column), row[column], tuple(notes))


def marked_months(control: Control) -> str:
    """Why months stand out on a chart, rule by rule: `Dec 2023: above the upper limit; Jul 2026 and Aug 2026: two of three points close to it`; empty without any."""
    months: dict[str, list[date]] = {}
    for row in control.points.iter_rows(named=True):
        if row["flag"] and row["x"] is not None and not row["is_provisional"]:  # of a withheld month nothing is said
            months.setdefault(RULES[row["flag"]], []).append(row["month"])
    return "; ".join(f"{_runs(found)}: {rule}" for rule, found in months.items())


def _runs(months: Sequence[date]) -> str:
    """Months as people say them: those that follow one another as `Feb 2026 to Aug 2026`."""
    runs: list[list[date]] = []
    for month in months:
        if runs and len(months_between(runs[-1][-1], month)) == 2:
            runs[-1].append(month)
        else:
            runs.append([month])
    said = [fmt.month(r[0]) if len(r) == 1 else f"{fmt.month(r[0])} {'and' if len(r) == 2 else 'to'} {fmt.month(r[-1])}" for r in runs]
    return fmt.listed(said) if all(len(r) != 2 for r in runs) else ", ".join(said)


def finding(rows: Sequence[tuple[str, str | None, str]], highest: Sequence[str] = ()) -> str:
    """How many indicators show concern and improvement, and which, from the label, the kind of variation and the rule of each.

    `highest`: the lists that stand at their highest, as `level.records` has it.
    """
    if not rows:
        return "No indicator has a complete month for this choice of filters."
    concern, better = ([f"{label} ({rule})" for label, kind, rule in rows if kind == wanted] for wanted in ("concern", "improvement"))
    unjudged = sum(kind is None for _, kind, _ in rows)
    if unjudged == len(rows) and not highest:
        return f"None of {len(rows)} indicators can be judged yet: too few months, or too few in them."
    apart = f" {unjudged} of {len(rows)} cannot be judged." if unjudged else ""
    at_peak = f"{apart} **At the highest of all complete month ends**: {fmt.listed(list(highest))}." if highest else apart
    other = [f"{label} ({rule})" for label, kind, rule in rows if (kind or "").startswith("neutral")]
    if not concern and not better and other:
        said = f"No concern and no improvement among {len(rows)} indicators; {len(other)} with a change that is neither good nor bad: {fmt.listed(other)}."
        return f"{said}{at_peak}"
    if not concern and not better:
        lead = "None" if highest else "Nothing unusual: none"
        return f"{lead} of {len(rows) - unjudged} indicators shows more than common-cause variation.{at_peak}"
    parts = [f"{len(concern)} of {len(rows)} indicators show **concern**: {fmt.listed(concern)}"] if concern else []
    parts += [f"{len(better)} **improvement**: {fmt.listed(better)}"] if better else []
    return "; ".join(parts) + f". The rest {'that can be judged ' if unjudged else ''}is common-cause variation, or a change that is neither good nor bad.{at_peak}"


def latest(released: Released) -> tuple[Row | None, Row | None]:
    """The rows of the last complete month and of the one before it, withheld ones among them: else an older figure would pass for the last."""
    column = released.metric.kind.counting
    rows = [
        r for i, r in enumerate(released.rows) if not r["provisional"] and (r[column] or (r[column] is not None and column == "value") or (i, column) in released.hidden)
    ]
    return (rows[-1] if rows else None), (rows[-2] if len(rows) > 1 else None)


def is_withheld(released: Released, row: Row | None) -> bool:
    """Whether the figure of a row is withheld, and not merely absent."""
    if row is None:
        return False
    column = released.metric.kind.charted
    return any(r == row and (i, column) in released.hidden for i, r in enumerate(released.rows))


def released_figure(released: Released, row: Row | None) -> Shown:
    """`shown`, with `*` for what is withheld."""
    if is_withheld(released, row):
        return Shown(fmt.WITHHELD, None, (findings.when(released, row), "withheld in this release"))
    return shown(released, row)


def target(answer: Answer, count_sites: int) -> tuple[str, str]:
    """The target in words and its status; both empty where there is none, or where a trigger of one site would stand beside several."""
    standard = answer.standard
    if standard is None or standard.better == "neutral" or (standard.unit == answer.metric.unit and count_sites != 1):
        return "", ""
    if standard.target is not None and answer.metric.kind.is_share:
        return f"{'at most ' if standard.better == 'down' else ''}{fmt.percent(standard.target, 0)}", standard.status
    return standard.label, standard.status


__all__ = ["Shown", "finding", "is_withheld", "latest", "marked_months", "released_figure", "shown", "target"]
