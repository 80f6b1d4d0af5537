"""Cards, charts and tables, each made from Answers, each a click from its definition, its rows and its query."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from inspect import signature
from typing import Any

import plotly.graph_objects as go
import polars as pl
import streamlit as st

from readout import schema
from readout.analysis.control import may_have_season
from readout.analysis.judgeable import LEAST_TIMED, with_enough
from readout.charts import LIGHT, Flag, alternative
from readout.errors import DrawingError
from readout.metrics import format as fmt
from readout.metrics.answer import Answer, Released
from readout.metrics.catalogue import Metric, Standard, load_catalogue
from readout.metrics.scope import DIMENSIONS
from readout.ui import address, control_charts, downloads, drill_links, figure, html_tables, session
from readout.ui.frame import Page, current, ranked_pathways
from readout.ui.session import Failure
from readout.ui.theme import palette
from readout.wording import findings

Asked = Answer | Failure
Points = Callable[[Answer], Sequence[dict[str, Any]]]
ABOUT, TABLE = "About this chart", "Table"
SWITCHED = ("true", "false")


def finding(*sentences: tuple[Callable[..., str], Sequence[Any]]) -> None:
    """The finding of the page: each sentence with the answers it is made from; one that cannot be made is left unsaid."""
    said = []
    for say, answers in sentences:
        if any(isinstance(a, Failure) or (isinstance(a, Answer) and a.is_empty) for a in answers):
            continue
        said.append(say(*answers))
    text = " ".join(s for s in said if s) or "Nothing to report for this choice of dates and filters."
    st.markdown(text)


def cards(*answers: Asked, pages: Sequence[str] = ()) -> None:
    """At most four figures: the last complete month beside the one before; a stock as it stands now beside the last month end."""
    with st.container(horizontal=True):
        for i, answer in enumerate(answers):
            with st.container(border=True, height="stretch", gap="xsmall", width="stretch"):
                _card(answer)
                if pages:
                    go_to(pages[i])


def _card(answer: Asked) -> None:
    if isinstance(answer, Failure):
        _figure("Not available", fmt.DASH, [answer.sentence])
        return
    now, before = findings.latest_complete(answer)
    label = answer.metric.label
    is_one_day = answer.metric.is_snapshot and "month" not in answer.scope.by
    if is_one_day or (answer.metric.kind.is_level and not answer.metric.national):
        now, before = findings.latest(answer), None if is_one_day else now
        label = f"{label} now" if now and now["provisional"] and not answer.scope.date_to else label
    said = findings.when(answer, now)
    paths = [answer.label("pathway", p) for p in answer.scope.where.get("pathway", ())]
    if is_one_day:
        said = answer.words.rsplit(", ", 1)[-1]
    elif now and answer.metric.kind.is_level and now["provisional"]:
        said = "when the data ends"
    lines = [fmt.listed(paths) if paths else "", said, findings.beside(answer, now) if answer.metric.kind.behind else ""]
    if before and before is not now:
        lines.append(f"{findings.when(answer, before)}: {findings.reading(answer, before)}")
    _figure(label + (", half within" if answer.metric.kind.is_time else ""), findings.reading(answer, now), lines)


def _figure(label: str, value: str, lines: Sequence[str]) -> None:
    """A figure with its name above and its counts below, all of it readable at any width."""
    st.markdown(label)
    st.metric(label, value, label_visibility="collapsed")
    st.caption("  \n".join(x for x in lines if x))


def go_to(name: str) -> None:
    """A link to another page that keeps the filters."""
    page = st.session_state.get("pages", {}).get(name)
    if page is not None:
        st.page_link(page, label=page.title, icon=":material/arrow_forward:")


def chart(
    answer: Asked,
    draw: Callable[..., go.Figure],
    title: str,
    *,
    key: str,
    drawn_with: Sequence[Asked] = (),
    column: str = "value",
    scope: str = "",
    subtitle: str = "",
    flags: Sequence[Flag] | None = None,
    behind: str = "",
    behind_where: Mapping[str, tuple[str, ...]] | None = None,
    points: Points | None = None,
    **options: Any,
) -> None:
    """Title, scope, figure, and one click away the definition, the rows, the query and a download.

    `drawn_with`: further answers that `draw` takes after the first. `scope`: other words for the filters, where the answer's are long.
    `flags`: the events to mark; by default those of the network that bear on the metric, on every chart over months.
    `behind`: the list of rows that the chart counts; a mark that is picked narrows it. `behind_where`: filters of the list beside.
    `points`: what is drawn, where that is worked out from the answer: its table and its file hold these rows.
    A chart that cannot be made says so and harms no other.
    """
    st.header(title, anchor=False)
    absent = next((a for a in (answer, *drawn_with) if isinstance(a, Failure)), None)
    if absent is not None or isinstance(answer, Failure):
        sentence = absent.sentence if absent else ""
        (st.info if absent and absent.is_absence else st.error)(sentence)
        return
    if flags is None:
        flags = current().flags_for(answer.metric.id, answer.scope.where) if "month" in answer.scope.by and "flags" in signature(draw).parameters else ()
    said = scope or answer.words
    st.caption(f"{said[0].upper()}{said[1:]}. {subtitle}".removesuffix(" "))
    if answer.is_empty:
        st.info(findings.empty(answer))
        return
    is_limits_asked = st.session_state.get(f"{key}_limits", st.query_params.get(f"{key}_limits") == "true")
    if control_charts.can_be_judged(answer) and is_limits_asked:
        with_limits(answer, key)
        return
    colours = palette()
    counted = with_enough(answer)
    if counted.is_empty:
        st.info(findings.too_few_to_draw(answer, counted))
        return
    others = [with_enough(a) for a in drawn_with if isinstance(a, Answer)]
    parts = [(a.extract_id, a.catalogue_hash, a.metric.id, a.scope) for a in (answer, *others)]
    name = (str(session.extracts()), draw.__module__, draw.__qualname__, colours.name, *parts, tuple(flags), repr(sorted(options.items())))
    extra = {"flags": flags} if flags else {}
    try:
        drawn = session.figures().get(name, lambda: draw(counted, *others, palette=colours, **extra, **options))
        picked = figure.show(drawn, key=f"{key}_figure", alt=alternative(counted, column), name=name, is_picking=bool(behind), title=title, scope=said)
    except DrawingError as e:
        st.info(str(e))
        return
    except Exception:
        st.error(session.failed(f"chart {key}"))
        return
    notes = [findings.provisional(answer), findings.one_reader(answer), findings.too_few_to_draw(answer, counted)]
    notes += [f"{f.number}: {f.title} ({fmt.day(f.start)}). {f.text}" for f in flags]
    lead = partial(drill_links.way, behind, answer, drill_links.picked(picked), where=behind_where) if behind else None

    def redrawn(out: Released) -> go.Figure:
        if not out.hidden and out.policy.profile(out.profile).round_to <= 1:  # nothing is another figure than on the page: only the paper is white
            light: go.Figure = session.figures().get((*name[:3], LIGHT.name, *name[4:]), lambda: draw(counted, *others, palette=LIGHT, **extra, **options))
            return light
        return draw(with_enough(out), *(o.release(out.profile) for o in others), palette=LIGHT, **extra, **options)

    heading = f"{said[0].upper()}{said[1:]}. {subtitle}".strip()
    offer = partial(
        downloads.offer, answer, redrawn, key=key, title=title, scope=heading, alternative=partial(alternative, column=column), notes=lambda _: notes, points=points
    )
    _under(answer, key, " ".join(n for n in (*notes, findings.not_reached(answer)) if n), offer, lead, points)  # its counts stay on the page


def with_limits(answer: Answer, key: str) -> None:
    """The same figure as a control chart."""
    found = control_charts.same(current(), answer)
    if isinstance(found, Failure):
        st.error(found.sentence)
        return
    try:
        control_charts.draw(found, answer.scope.where, key=key)
    except Exception:
        st.error(session.failed(f"control chart {key}"))
        return
    _under(answer, key, "", partial(control_charts.offer, found, answer.scope.where, key=key))


def _under(answer: Answer, key: str, notes: str, offer: Callable[[], None], lead: Callable[[], None] | None = None, points: Points | None = None) -> None:
    if notes:
        st.caption(notes)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        address.claim(f"{key}_more", "view of a chart", (ABOUT, TABLE))
        more = st.segmented_control("More on this chart", [ABOUT, TABLE], key=f"{key}_more", bind="query-params", label_visibility="collapsed")
        offer()
        if control_charts.can_be_judged(answer):
            address.claim(f"{key}_limits", "switch", SWITCHED)
            st.toggle("Limits", key=f"{key}_limits", bind="query-params", help="Show it as a control chart: what is signal and what is noise.")
        if lead:
            lead()
    if more == ABOUT:
        about(answer.metric, answer.standard)
    elif more == TABLE:
        table(points(answer) if points else named_rows(answer), answer.metric.label)
    st.caption(findings.footer(answer))


def about(metric: Metric, standard: Standard | None) -> None:
    """What the figure means, who owns it, and the query as it ran."""
    lines = [
        f"**{metric.question}**",
        f"Numerator: {metric.numerator}.",
        f"Denominator: {metric.denominator}.",
        f"Clock: {metric.clock}.",
        f"Source: {metric.source}. Owner: {metric.owner}. Metric `{metric.id}`, query `{metric.query.name}` {metric.query.hash}.",
    ]
    if standard:
        lines.insert(4, f"Standard: {standard.label}, {standard.status}. {standard.source}.")
    st.markdown("  \n".join(lines))
    st.code(metric.query.text, language=None, wrap_lines=True)


def table(rows: Sequence[dict[str, Any]], name: str) -> None:
    """Rows that can be sorted, searched and walked with the keyboard; counts stay numbers, so that they sort as numbers."""
    if not rows:
        st.caption("None.")
        return
    columns = list(dict.fromkeys(k for row in rows for k in row))
    frame = pl.DataFrame({c: [_plain(row.get(c)) for row in rows] for c in columns}, strict=False)
    numbers = {c: st.column_config.NumberColumn(format="localized") for c in columns if frame[c].dtype.is_numeric()}
    first: dict[str, Any] = {columns[0]: st.column_config.TextColumn(pinned=len(columns) > 4)}
    st.dataframe(
        frame,
        hide_index=True,
        column_config={**first, **numbers},
        height="content" if len(rows) <= 16 else 600,
        alt=f"{name}: {len(rows)} rows",
    )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (int, float)) else str(value)


def named_rows(answer: Answer) -> list[dict[str, Any]]:
    """Rows as a person reads them; a column that says nothing is left out."""
    rows = [{_title(answer, c): _cell(answer, c, v, row) for c, v in row.items()} for row in answer.rows]
    if len({row.get("Provisional") for row in rows}) == 1:
        for row in rows:
            row.pop("Provisional", None)
    return rows


def _title(answer: Answer, column: str) -> str:
    if column == "value":
        return "Share" if answer.metric.kind.is_share else answer.metric.unit.capitalize()
    return DIMENSIONS[column].label if column in DIMENSIONS else fmt.COLUMNS.get(column, column)


def _cell(answer: Answer, column: str, value: Any, row: Mapping[str, Any]) -> Any:
    if column in DIMENSIONS:
        return answer.label(column, value)
    if column.endswith("_hours"):
        if answer.metric.kind.is_time and value is not None and (row["n"] or 0) < LEAST_TIMED:
            return findings.TOO_FEW
        return answer.metric.kind.duration(value)
    if column == "provisional":
        return "provisional" if value else ""
    if column == "value" and answer.metric.kind.is_ratio:
        return answer.metric.kind.figure(value, column)
    return value


def pathway(page: Page, metric_id: str = "within_pathway_standard") -> Page:
    """The page narrowed to one pathway: times of different pathways differ by an order of magnitude, and a median over all says little.

    It opens on the one that breaches its standard most, by share of `metric_id` and by more than chance, else on the one with the most examinations; the
    choice is kept in the address.
    """
    ranked, is_worst = ranked_pathways(page, metric_id)
    options = {p: schema.PATHWAYS[p] for p in ranked}
    if not options:
        return page
    chosen = choice("Pathway", options, key="on")
    first = next(iter(options))
    if len(options) == 1:
        st.caption("One pathway only: this choice of filters holds no other.")
    else:
        over = "waiting six weeks or more" if metric_id == "six_week_breach" else "over its standard"
        most = "this one has" if chosen == first else f"{options[first]} has"
        told = f"{most} the largest share {over}, by more than chance" if is_worst else f"none has a share {over} that is larger by more than chance"
        st.caption(f"Pathways are shown one by one, since their times differ too much to be put together; {told}.")
    return replace(page, scope=page.scope.filtered("pathway", (chosen,)))


def choice(title: str, options: dict[str, str], *, key: str) -> str:
    """One of a few, kept in the address. Gives the option's key; the first one where none is chosen."""
    names = list(options.values())
    address.claim(key, "choice", names, where=f"offered under '{title}'")
    chosen = st.segmented_control(title, names, default=names[0], required=True, key=key, bind="query-params", label_visibility="collapsed")
    return next((k for k, v in options.items() if v == chosen), next(iter(options)))


def limits(metric: Metric) -> str:
    """What each month is held against, a key of `judged.LIMITS`; offered for work alone, which may have a season and grow."""
    return choice("Limits", control_charts.LIMITS, key="limits") if may_have_season(metric) else "mean"


def switch(title: str, *, key: str) -> bool:
    """A switch, off until it is turned on, kept in the address."""
    address.claim(key, "switch", SWITCHED)
    return st.toggle(title, key=key, bind="query-params")


def explained(say: Callable[..., str], *answers: Asked) -> None:
    """A sentence under a chart, where the answers it is made from could be given."""
    given = [a for a in answers if isinstance(a, Answer)]
    if len(given) == len(answers):
        st.markdown(say(*given))


def trigger(answer: Asked) -> dict[str, Any]:
    """The line at which a unit acts, where the catalogue gives the metric one that is counted in its own unit."""
    standard = answer.standard if isinstance(answer, Answer) else None
    if standard is None or standard.threshold is None or not isinstance(answer, Answer) or standard.unit != answer.metric.unit:
        return {}
    return {"limit": standard.threshold, "limit_name": f"{standard.label} ({standard.status})"}


def charted() -> Metric:
    """One of the metrics that are charted with limits, kept in the address by its name."""
    names = {m.label: m for m in load_catalogue().metrics.values() if m.spc != "none"}
    address.claim("metric", "indicator", names)
    return names[st.selectbox("Indicator", list(names), key="metric", bind="query-params")]


def unfiltered(page: Page, what: str) -> None:
    """Say where the filters do nothing."""
    if any(page.scope.where.values()):
        st.caption(f"The filters of site, modality, pathway, class and urgency do not narrow {what}.")


def undated(what: str) -> None:
    """Say, to whoever chose dates, that they do nothing here."""
    if st.session_state.get("period", drill_links.AT_FIRST["period"]) != drill_links.AT_FIRST["period"]:
        st.caption(f"The dates chosen do not apply here: {what}.")


def unfiltered_but(page: Page, what: str, metric_id: str) -> None:
    """Say which of the filters that stand do nothing to a figure."""
    known = load_catalogue().metric(metric_id).dimensions
    idle = [DIMENSIONS[d].label.lower() for d, values in page.scope.where.items() if values and d not in known]
    if idle:
        st.caption(f"{what} cannot be narrowed by {fmt.listed(idle)}: of {'this filter' if len(idle) == 1 else 'these filters'} nothing is applied here.")


def scope_said(page: Page, metric_id: str) -> str:
    """The page's filters as a metric uses them, without the dates."""
    answer = page.ask(metric_id, "month", scope=page.scope.between(None, None))
    return answer.words.removesuffix(", by month") if isinstance(answer, Answer) else ""


def figures(*items: tuple[str, float | str, str]) -> None:
    """Up to four counts, or figures already in words, with a word on each."""
    with st.container(horizontal=True):
        for label, value, said in items:
            with st.container(border=True, height="stretch", gap="xsmall", width="stretch"):
                _figure(label, value if isinstance(value, str) else fmt.count(value), [said])


def rows_of(answer: Asked) -> None:
    """An answer as a table, with its account."""
    rows_by(answer, named_rows)


def rows_by(answer: Asked, arrange: Callable[[Answer], Sequence[dict[str, Any]]], *, is_wrapped: bool = False) -> None:
    """An answer as a table arranged in another way, with its account. `is_wrapped`: see `wrapped`."""
    if isinstance(answer, Failure):
        (st.info if answer.is_absence else st.error)(answer.sentence)
        return
    if answer.is_empty:
        st.info(findings.empty(answer))
        return
    (wrapped if is_wrapped else table)(arrange(answer), answer.metric.label)
    st.caption(findings.footer(answer))


def wrapped(rows: Sequence[dict[str, Any]], name: str) -> None:
    """Rows whose words and headings wrap, so that every column is seen: for tables to read, where `table` is for those to sort and search."""
    if not rows:
        st.caption("None.")
        return
    html_tables.shown(html_tables.plain(f"{name}: {len(rows)} rows", rows))


def tests() -> tuple[str, ...]:
    """Tests of the national return: the five imaging ones until others are chosen."""
    known = list(schema.NATIONAL_TESTS.values())
    address.claim("tests", "test", known)
    chosen = st.multiselect("Tests", known, key="tests", bind="query-params", placeholder="The five imaging tests")
    return tuple(chosen) or schema.IMAGING_TESTS


def tests_said(chosen: Sequence[str]) -> str:
    """The chosen tests in a few words."""
    return "the five imaging tests" if tuple(chosen) == schema.IMAGING_TESTS else fmt.listed(list(chosen)) if len(chosen) < 4 else f"{len(chosen)} tests"
