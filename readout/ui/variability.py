"""What the comparison of sites asks: the whole period, each of the last three quarters that are old enough to judge, and whether times compare."""

from collections.abc import Mapping
from dataclasses import dataclass

from readout import schema
from readout.analysis import case_mix
from readout.analysis.between_sites import correlations, odds_ratios
from readout.analysis.case_mix import last_quarters
from readout.analysis.timestamp_tests import METRIC, Tested, marks
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import DIMENSIONS, Scope
from readout.stats.variance import Spread
from readout.ui import session
from readout.ui.blocks import Asked
from readout.ui.frame import Page
from readout.wording import findings

LATE = "standardised_late_ratio"


@dataclass(frozen=True)
class Kind:
    """What units are compared on beside their case mix: the ratio and the rate, the list behind them, and what to bear in mind of sites and of readers."""

    label: str
    ratio: str
    rate: str
    title: str
    behind: str
    where: Mapping[str, tuple[str, ...]]
    of_sites: str
    of_readers: str


KINDS = {
    "addendum": Kind("Addenda", "standardised_addendum_ratio", "addendum_rate", "Amended within 30 days", "amended", {}, findings.ADDENDA, findings.ROUTES_ADDENDA),
    "clinical": Kind(
        "Clinical addenda",
        "standardised_clinical_ratio",
        "clinical_addendum_rate",
        "Clinical addenda within 30 days",
        "amended",
        {"addendum_class": ("clinical",)},
        findings.ADDENDA,
        findings.ROUTES_ADDENDA,
    ),
    "administrative": Kind(
        "Administrative addenda",
        "standardised_administrative_ratio",
        "administrative_addendum_rate",
        "Administrative addenda within 30 days",
        "amended",
        {"addendum_class": ("administrative",)},
        findings.ADDENDA,
        findings.ROUTES_ADDENDA,
    ),
    "follow_up": Kind(
        "Follow-up recommended",
        "standardised_follow_up_ratio",
        "follow_up_rate",
        "Follow-up recommended",
        "recommending",
        {},
        findings.FOLLOW_UP,
        findings.FOLLOW_UP,
    ),
    "discrepancy": Kind(
        "Discrepancies",
        "standardised_discrepancy_ratio",
        "discrepancy_rate",
        "Found to differ at peer review",
        "reviewed",
        {},
        findings.REVIEWS,
        findings.ROUTES_REVIEWED,
    ),
}
OF_SITES = ("addendum", "clinical", "administrative", "follow_up", "discrepancy")
OF_READERS = ("addendum", "clinical", "follow_up", "discrepancy")
EVERY_SITE = "By quarter, from the first in the extract to the end of the period chosen, and of every site: the filter of sites does not apply."
SYMBOLS = {"passes": "✓", "fails": "✗", "too few": "– too few:"}


def compared(page: Page) -> tuple[Asked, ...]:
    """Late reports of each site beside its case mix: over the page's period, in the last three quarters, and whether its times compare."""
    return page.ask(LATE, "site_code"), *quarters(page, "site_code"), times(page)


def modalities(page: Page) -> dict[str, str]:
    """The modalities whose times are shown one by one: those of the filter where there is one, else the five that most examinations are of."""
    chosen = page.scope.where.get("modality") or ("CT", "MR", "XR", "US", "NM")
    return {m: schema.MODALITY_NAMES[m] for m in chosen}


def quarters(page: Page, *by: str, metric: str = LATE) -> list[Asked]:
    """The same of the last three times three months that are complete and old enough, oldest first, up to the end of the period chosen."""
    months = page.ask(metric, "month", scope=page.history)
    periods = last_quarters(months) if isinstance(months, Answer) else []
    return [page.ask(metric, *by, scope=Scope((), page.scope.where, first, last)) for first, last in periods]


def between(page: Page) -> tuple[Asked, Asked]:
    """What the shares of variation between sites are made of: late reports by parts of the case mix, and logarithms, of every site and of
    every month up to the end of the page's dates."""
    scope = page.history.filtered("site_code", ())
    return page.ask(LATE, "month", "site_code", "modality", "patient_class", "urgency", scope=scope), page.ask("log_turnaround", "month", "site_code", scope=scope)


def between_said(late: Asked, logs: Asked) -> str:
    """What lies between sites, in words."""
    if isinstance(late, session.Failure) or isinstance(logs, session.Failure):
        return ""
    return findings.variation_between_sites(odds_ratios(late), correlations(logs))


def prepare(page: Page) -> None:
    """Give the comparison of sites before anybody asks."""
    compared(page)
    between_said(*between(page))


def odds(answer: Answer) -> list[dict[str, object]]:
    """The points of the chart of odds between sites, a row a quarter."""
    return [
        {**_quarter(s), "Median odds ratio": s.value, "95 % from": s.low, "95 % to": s.high, "Sites": s.units, "Examinations": s.n, "Late": s.events}
        for s in odds_ratios(answer)
    ]


def shares(answer: Answer) -> list[dict[str, object]]:
    """The points of the chart of what lies between sites of turnaround, a row a quarter; shares are fractions."""
    return [
        {**_quarter(s), "Intraclass correlation": s.value, "95 % from": s.low, "95 % to": s.high, "Sites": s.units, "Examinations": s.n} for s in correlations(answer)
    ]


def _quarter(spread: Spread) -> dict[str, object]:
    return {"Quarter": f"to {fmt.month(spread.last)}"}


def units(answer: Asked) -> dict[str, tuple[str, ...]]:
    """The units that a chart by one dimension draws, as a filter of the list behind it: what has no unit is in no figure of the chart."""
    if isinstance(answer, session.Failure):
        return {}
    (dimension,) = answer.scope.by
    return {dimension: tuple(r[dimension] for r in answer.rows if r["denominator"] and r[dimension] is not None)}


def strata(answer: Answer) -> list[dict[str, object]]:
    """Where a unit's late reports differ most from those expected, the largest difference first."""
    rows = sorted((r for r in answer.rows if r["denominator"]), key=lambda r: -abs(r["numerator"] - r["denominator"]))
    return [
        {
            **{DIMENSIONS[d].label: answer.label(d, r[d]) for d in answer.scope.by},
            "Examinations": r["count_judged"],
            "Late": r["numerator"],
            "Expected": round(r["denominator"], 1),
            "More than expected": round(r["numerator"] - r["denominator"], 1),
        }
        for r in rows
    ]


def times(page: Page, *modality: str) -> Asked:
    """The tests of each site's times in the page's scope, of one modality where it is given."""
    return page.ask(METRIC, "site_code", "time_test", modality=modality or page.scope.where.get("modality", ()))


def kite_marks(answer: Answer) -> list[dict[str, object]]:
    """A row a site: the tests it fails, and those it passes, each with its share; cells that wrap, so that a narrow screen shows them all."""
    found: list[dict[str, object]] = []
    for code, mark in marks(answer).items():
        said = {v: [t for t in mark.tests if t.verdict == v] for v in ("fails", "passes", "too few")}
        others = [_mark(t) for v in ("passes", "too few") for t in said[v]]
        found.append({"Site": answer.label("site_code", code), "Fails": "; ".join(map(_mark, said["fails"])) or "none", "Passes": "; ".join(others) or "none"})
    return found


def meanings(_: Answer) -> str:
    """Each test: its line, what it means for a comparison, and why the line is there."""
    return "\n".join(f"- **{t.label}**, at most {fmt.percent(t.most, 0)}. {t.means} {t.why}" for t in load_catalogue().time_tests.values())


def _mark(tested: Tested) -> str:
    said = f"{tested.test.label}, {fmt.percent(tested.share)}" if tested.n else tested.test.label
    return f"{SYMBOLS[tested.verdict]}\N{NO-BREAK SPACE}{said}".replace(" %", "\N{NO-BREAK SPACE}%")


def has_estimates(answer: Asked) -> bool:
    """Whether best estimates can be drawn: of a rare event of at least two units."""
    return isinstance(answer, Answer) and bool(case_mix.estimates(answer))
