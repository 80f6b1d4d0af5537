"""The overview's tables: each indicator judged, concern first, and each indicator at each site."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from readout.analysis.control import Control, Row
from readout.analysis.judgeable import LEAST_TIMED
from readout.analysis.stock_level import HIGHEST
from readout.charts import icons as drawn
from readout.metrics import format as fmt
from readout.metrics.answer import Answer, count_missing, visible_sites
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import month_end
from readout.ui import html_tables, icons, variability
from readout.ui.control_charts import judged, judged_by
from readout.ui.frame import Page, ranked_pathways
from readout.ui.html_tables import framed, marked, small, variation
from readout.ui.session import Failure
from readout.wording import control as control_words
from readout.wording import findings
from readout.wording.indicator import finding as said_of
from readout.wording.indicator import shown as shown_of
from readout.wording.indicator import target

DOMAINS: dict[str, tuple[str, ...]] = {
    "Reporting": ("within_pathway_standard", "within_28_days", "exam_to_report", "addendum_rate", "clinical_addendum_rate"),
    "Backlog": ("unreported", "backlog_10_days", "unreported_over_standard"),
    "Waits for examination": ("request_to_exam", "six_week_breach", "did_not_attend_rate"),
    "Activity": ("activity_per_working_day", "demand_per_working_day", "out_of_hours_against_calendar"),
}
HOW_TO_READ = (
    "Each figure is of the last complete month. Variation: what the months so far say of the last one, by the rules of statistical process "
    "control; common-cause variation is noise, however the figure moved. Assurance: whether the target will be met every month, never, or by "
    "chance; what share should be within its own standard is set pathway by pathway (see Within standard). A list (unreported, backlog, "
    "waiting list) is judged by its level, or against the month before where it carries over; its chart says which. One that is the highest of "
    "all month ends and well above a year before is a concern. A row leads to its chart, which says how often chance flags it. "
    "Every figure is complete unless it says how many cannot be timed or placed."
)
SPARSE = "discrepancy_rate"  # about one finding a month: a chart with limits would judge noise
COLUMNS = ("Indicator", "Latest", "Variation", "Target", "Assurance", "Month before", "Trend")
URGENT = {"concern": 0, "improvement": 1, "neutral_high": 2, "neutral_low": 2, "common_cause": 3}


@dataclass(frozen=True)
class Indicator:
    """One row: the metric, its series over the network, and the filters it has beside the page's."""

    metric_id: str
    label: str
    answer: Answer
    control: Control
    where: dict[str, tuple[str, ...]]

    @property
    def is_highest(self) -> bool:
        """Whether it is a list at its highest: to be looked at, whatever its last change."""
        return self.control.level is not None and self.control.level.is_highest

    @property
    def needs_a_look(self) -> bool:
        return self.is_highest or (self.control.is_current and self.control.variation == "concern")

    @property
    def rank(self) -> int:
        return 0 if self.needs_a_look else URGENT.get(self.control.variation or "", 4) if self.control.is_current else 1


def indicators(page: Page) -> dict[str, list[Indicator]]:
    """Rows by domain; the domain with most to look at first, and in each the rows of concern and the lists at their highest first."""
    found: dict[str, list[Indicator]] = {}
    for domain, metric_ids in DOMAINS.items():
        rows = [i for m in metric_ids if (i := _indicator(page, m))]
        if rows:
            found[domain] = sorted(rows, key=lambda i: i.rank)
    return dict(sorted(found.items(), key=lambda item: (-sum(i.needs_a_look for i in item[1]), list(DOMAINS).index(item[0]))))


def _indicator(page: Page, metric_id: str) -> Indicator | None:
    where = segment(page, metric_id)
    answer = page.ask(metric_id, "month", scope=page.history, **where)
    found = judged(page, metric_id, **where)
    if isinstance(answer, Failure) or isinstance(found, Failure) or found.last is None:
        return None
    label = answer.metric.label + (f", {answer.label('pathway', where['pathway'][0])}" if where else "")
    return Indicator(metric_id, label, answer, found, where)


def segment(page: Page, metric_id: str) -> dict[str, tuple[str, ...]]:
    """A time is asked of one pathway, the one that breaches its standard most by more than chance, else the one with the most examinations: over all of
    them a quantile mixes hours with weeks."""
    if not load_catalogue().metric(metric_id).kind.is_time:
        return {}
    ranked, _ = ranked_pathways(page, "six_week_breach" if metric_id == "request_to_exam" else "within_pathway_standard")
    return {"pathway": tuple(ranked[:1])} if ranked else {}


def prepare(page: Page) -> Iterator[None]:
    """Give the answers of the overview before anybody asks, an indicator at a time: the first viewer waits for none of them."""
    page.ask(SPARSE)
    for metric_id in (m for metric_ids in DOMAINS.values() for m in metric_ids):
        found = _indicator(page, metric_id)
        if found:
            judged_by(page, metric_id, "site_code", **found.where)
            _missing(page, found, findings.latest_complete(found.answer)[0])
        yield
    variability.compared(page)


def finding(found: dict[str, list[Indicator]]) -> str:
    """How many indicators show concern, and which; then the lists that stand at their highest."""
    every = [i for rows in found.values() for i in rows]
    highest = [f"{i.label} ({i.control.level.words()})" for i in every if i.control.level is not None and i.is_highest]
    return said_of([(i.label, i.control.variation if i.control.is_current else None, control_words.rule(i.control)) for i in every], highest)


def table(page: Page, found: dict[str, list[Indicator]]) -> str:
    """Every indicator in one table, by domain: what a screen reader reads row by row, each name a link to its control chart."""
    body = []
    for domain, rows in found.items():
        body += [html_tables.group(domain, len(COLUMNS)), *(_row(page, i) for i in rows)]
    return framed("indicators", "Each indicator: latest, target, trend, variation and assurance", COLUMNS, body)


def _row(page: Page, i: Indicator) -> str:
    rows = [r for r in i.answer.rows if not r["provisional"]]
    now, before = findings.latest_complete(i.answer)
    figure = shown_of(i.answer, now)
    notes = list(figure.notes)
    stands = i.control.level.beside if i.control.level else ()
    level = "".join(f"<small><b>{escape(x)}</b></small>" if x == HIGHEST else small(x) for x in stands)
    notes += _missing(page, i, now)
    spark = drawn.data_uri(drawn.sparkline(i.control, dark=html_tables.is_dark()))
    cells = [
        f"<b>{escape(figure.text)}</b>{small(*notes)}{level}",
        marked(variation(i.control), control_words.rule(i.control) if i.control.is_current else _unjudged(now)),
        _target(page, i),
        _assurance(i.control),
        escape(shown_of(i.answer, before).text),
        f'<img src="{spark}" alt="trend of {len(rows)} months">',
    ]
    return html_tables.row(html_tables.link(link(page, i), i.label), cells)


def _missing(page: Page, i: Indicator, now: Row | None) -> list[str]:
    """How many lack a time or code, where it is half a per cent or more: of the month of the figure that stands beside it, of a list on its last day."""
    is_list = i.answer.metric.is_snapshot
    if now is None or not (is_list or count_missing(i.answer.left_out)):
        return []
    first = None if is_list else now["month"]
    answer = page.ask(i.metric_id, scope=page.scope.between(first, month_end(now["month"])), **i.where)
    if isinstance(answer, Failure) or (answer.share_missing or 0) < 0.005:
        return []
    missing = count_missing(answer.left_out)
    return [f"{fmt.share(missing, (answer.n or 0) + missing)} cannot be timed or placed"]


def _unjudged(now: Row | None) -> str:
    """Why the last month is not judged."""
    few = now is not None and 0 < (now.get("n") or 0) < LEAST_TIMED
    return f"fewer than {LEAST_TIMED} examinations, so not judged" if few else "no figure for this month, so it is not judged"


def _target(page: Page, i: Indicator) -> str:
    words, status = target(i.answer, len(visible_sites(page.store, page.scope)))
    return escape(words).replace(" %", "\N{NO-BREAK SPACE}%") + small(status) if words else small(findings.no_target(i.answer))


def _assurance(c: Control) -> str:
    kind = drawn.assurance_of(c)
    words = control_words.met(c) if kind == "counted" else drawn.label(kind)
    return "" if kind == "no_target" else marked(icons.image(f"assurance_{kind}", drawn.label(kind), html_tables.is_dark()), words.split(":")[0])


def matrix(page: Page, found: dict[str, list[Indicator]]) -> str:
    """Indicators down, sites across: the variation of each, as an icon with its words, a link to its chart."""
    names = {s: n for s, n in dimension_names(page).items() if not page.sites or s in page.sites}
    body = []
    for rows in found.values():
        for i in rows:
            units = judged_by(page, i.metric_id, "site_code", **i.where)
            if isinstance(units, Failure):
                continue
            cells = [f'<a href="{escape(link(page, i, s))}">{variation(units[s])}</a>' if s in units else fmt.DASH for s in names]
            body.append(html_tables.row(escape(i.label), cells))
    return framed("matrix", "Variation of each indicator at each site", ("Indicator", *names.values()), body)


def dimension_names(page: Page) -> dict[str, str]:
    """Sites that the viewer may see, by code."""
    sites = page.store.viewer.sites
    return {s["site_code"]: s["site_name"] for s in page.store.extract.manifest["sites"] if sites is None or s["site_code"] in sites}


def link(page: Page, i: Indicator, site: str | None = None) -> str:
    """The address of an indicator's control chart, with the page's filters."""
    unit = {"site_code": dimension_names(page)[site]} if site else {}
    if i.where and not page.scope.where.get("pathway"):
        unit["pathway"] = i.answer.label("pathway", i.where["pathway"][0])
    return html_tables.control_address(i.answer.metric.label, unit)
