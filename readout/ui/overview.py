"""The overview's tables: each indicator judged, concern first, and each indicator at each site."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

import streamlit as st

from readout import format as fmt
from readout import narrate, narrate_control
from readout.answer import Answer, visible_sites
from readout.catalogue import load_catalogue
from readout.charts import icons as drawn
from readout.control import Control
from readout.export.indicator import finding as said_of
from readout.export.indicator import shown as shown_of
from readout.export.indicator import target
from readout.ui import icons
from readout.ui.engine import Failure
from readout.ui.frame import FILTERS, Page, ranked_pathways
from readout.ui.judged import judged, judged_by
from readout.ui.look import TABLES, palette

DOMAINS: dict[str, tuple[str, ...]] = {
    "Reporting": ("within_pathway_standard", "within_28_days", "exam_to_report", "addendum_rate", "clinical_addendum_rate"),
    "Backlog": ("unreported", "backlog_10_days", "unreported_over_standard"),
    "Waits for examination": ("request_to_exam", "six_week_breach", "did_not_attend_rate"),
    "Activity": ("activity_per_working_day", "demand_per_working_day", "out_of_hours_share"),
}
HOW_TO_READ = (
    "Each figure is of the last complete month. Variation: what the months so far say of the last one, by the rules of statistical process "
    "control; common-cause variation is noise, however the figure moved. Assurance: whether the target will be met every month, never, or by "
    "chance; what share should be within its own standard is set pathway by pathway (see Within standard). The lists (unreported, backlog, "
    "waiting list) are judged by their change over the month, since a list remembers the month before; one that stands at its highest, and "
    "half as high again as a year before, comes up with the concerns. A row leads to its chart. "
    "Every figure is complete unless it says what share cannot be timed."
)
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
    answer = page.ask(metric_id, "month", scope=page.scope.between(None, None), **where)
    found = judged(page, metric_id, **where)
    if isinstance(answer, Failure) or isinstance(found, Failure) or found.last is None:
        return None
    label = answer.metric.label + (f", {answer.label('pathway', where['pathway'][0])}" if where else "")
    return Indicator(metric_id, label, answer, found, where)


def segment(page: Page, metric_id: str) -> dict[str, tuple[str, ...]]:
    """A time is asked of one pathway, the one that breaches its standard most: over all of them a quantile mixes hours with weeks."""
    if load_catalogue().metric(metric_id).kind != "time":
        return {}
    ranked = ranked_pathways(page, "six_week_breach" if metric_id == "request_to_exam" else "within_pathway_standard")
    return {"pathway": tuple(ranked[:1])} if ranked else {}


def prepare(page: Page) -> Iterator[None]:
    """Give the answers of the overview before anybody asks, an indicator at a time: the first viewer waits for none of them."""
    for metric_id in (m for metric_ids in DOMAINS.values() for m in metric_ids):
        found = _indicator(page, metric_id)
        if found:
            judged_by(page, metric_id, "site_code", **found.where)
        yield


def finding(found: dict[str, list[Indicator]]) -> str:
    """How many indicators show concern, and which; then the lists that stand at their highest."""
    every = [i for rows in found.values() for i in rows]
    highest = [f"{i.label} ({i.control.level.words()})" for i in every if i.control.level is not None and i.is_highest]
    return said_of([(i.label, i.control.variation if i.control.is_current else None, narrate_control.rule(i.control)) for i in every], highest)


def table(page: Page, found: dict[str, list[Indicator]]) -> str:
    """Every indicator in one table, by domain: what a screen reader reads row by row, each name a link to its control chart."""
    dark = palette().name == "dark"
    body = []
    for domain, rows in found.items():
        body.append(f'<tr><th colspan="{len(COLUMNS)}" scope="rowgroup">{escape(domain)}</th></tr>')
        body += [_row(page, i, dark) for i in rows]
    return _framed("indicators", "Each indicator: latest, target, trend, variation and assurance", COLUMNS, body)


def _row(page: Page, i: Indicator, dark: bool) -> str:
    rows = [r for r in i.answer.rows if not r["provisional"]]
    now, before = narrate.latest_complete(i.answer)
    figure = shown_of(i.answer, now)
    notes = [*figure.notes, *(i.control.level.beside if i.control.level else ())]
    if (missing := i.answer.share_missing or 0) >= 0.005:
        notes.append(f"{fmt.percent(missing)} cannot be timed")
    spark = drawn.data_uri(drawn.sparkline(i.control, dark=dark))
    cells = [
        f"<b>{escape(figure.text)}</b>{_small(*notes)}",
        _marked(_variation(i.control, dark), narrate_control.rule(i.control) if i.control.is_current else "no figure for this month, so it is not judged"),
        _target(page, i),
        _assurance(i.control, dark),
        escape(shown_of(i.answer, before).text),
        f'<img src="{spark}" alt="trend of {len(rows)} months">',
    ]
    name = f'<th scope="row"><a href="{escape(link(page, i))}">{escape(i.label)}</a></th>'
    return f"<tr>{name}{''.join(f'<td>{c}</td>' for c in cells)}</tr>"


def _framed(kind: str, caption: str, columns: Iterable[str], body: Iterable[str]) -> str:
    """A table in a region of its own, which scrolls by keyboard where the screen is too narrow for it."""
    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in columns)
    inside = f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f'<div class="readout {kind}" role="region" tabindex="0" aria-label="{escape(caption)}">{inside}</div>'


def _small(*lines: str) -> str:
    return "".join(f"<small>{escape(x)}</small>" for x in lines if x)


def _marked(icon: str, words: str) -> str:
    return f"<span>{icon}<small>{escape(words)}</small></span>"


def _target(page: Page, i: Indicator) -> str:
    words, status = target(i.answer, len(visible_sites(page.store, page.scope)))
    return escape(words) + _small(status) if words else _small(narrate.no_target(i.answer))


def _variation(c: Control, dark: bool) -> str:
    kind, high = (c.variation, drawn.is_high(c)) if c.is_current else (None, None)
    name = f"{kind}_{'high' if high else 'low'}" if kind in ("improvement", "concern") else kind or "not_judged"
    return icons.image(f"variation_{name}", drawn.label(kind, high=high), dark)


def _assurance(c: Control, dark: bool) -> str:
    kind = drawn.assurance_of(c)
    words = narrate_control.met(c) if kind == "counted" else drawn.label(kind)
    return "" if kind == "no_target" else _marked(icons.image(f"assurance_{kind}", drawn.label(kind), dark), words.split(":")[0])


def matrix(page: Page, found: dict[str, list[Indicator]]) -> str:
    """Indicators down, sites across: the variation of each, as an icon with its words, a link to its chart."""
    dark = palette().name == "dark"
    names = {s: n for s, n in dimension_names(page).items() if not page.sites or s in page.sites}
    body = []
    for rows in found.values():
        for i in rows:
            units = judged_by(page, i.metric_id, "site_code", **i.where)
            if isinstance(units, Failure):
                continue
            cells = [f'<a href="{escape(link(page, i, s))}">{_variation(units[s], dark)}</a>' if s in units else fmt.DASH for s in names]
            body.append(f'<tr><th scope="row">{escape(i.label)}</th>{"".join(f"<td>{c}</td>" for c in cells)}</tr>')
    return _framed("matrix", "Variation of each indicator at each site", ("Indicator", *names.values()), body)


def dimension_names(page: Page) -> dict[str, str]:
    """Sites that the viewer may see, by code."""
    sites = page.store.viewer.sites
    return {s["site_code"]: s["site_name"] for s in page.store.extract.manifest["sites"] if sites is None or s["site_code"] in sites}


def link(page: Page, i: Indicator, site: str | None = None) -> str:
    """The address of an indicator's control chart, with the page's filters."""
    said = [(key, v) for key in ("period", "from", "to") for v in st.query_params.get_all(key)]
    said += [(key, v) for key, dimension, _, _ in FILTERS for v in st.session_state.get(key) or [] if not (site and dimension == "site_code")]
    if i.where and not any(key == "pathway" for key, _ in said):
        said.append(("pathway", i.answer.label("pathway", i.where["pathway"][0])))
    if site:
        said.append(("site", dimension_names(page)[site]))
    return f"/control?{urlencode([('metric', i.answer.metric.label), *said])}"


def shown(html: str) -> None:
    """A table on the page, in the look that all such tables share. Whatever comes from the data is escaped in it."""
    st.html(TABLES)
    st.html(html)
