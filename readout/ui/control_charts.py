"""Control charts on pages: the series judged, kept between reruns, its block, and the switch that every chart over months has."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from readout import charts
from readout.analysis.control import Control, control, controls, rebases_of
from readout.export.content import as_shown
from readout.metrics import format as fmt
from readout.metrics.answer import Answer, Released
from readout.metrics.scope import Scope
from readout.ui import downloads, figure, session
from readout.ui.frame import Page, current
from readout.ui.session import Failure
from readout.ui.theme import palette
from readout.wording import control as control_words

WITHHELD = "The figure of its last complete month is withheld in this release, so nothing is said of it."


LIMITS = {"mean": "All months", "year": "Same month a year before", "trend": "Straight trend"}


def judged(page: Page, metric_id: str, **where: Sequence[str]) -> Control | Failure:
    """One series in the page's filters over every month of the extract up to the end of the page's dates."""
    answer = page.ask(metric_id, "month", scope=page.history, **where)
    return answer if isinstance(answer, Failure) else _kept(page, answer)


def stated(page: Page, metric_id: str, limits: str = "mean") -> Control | None:
    """One series in the page's filters, with limits against a key of LIMITS; where there is none to show, the sentence that says why, and None."""
    answer = page.ask(metric_id, "month", scope=page.history)
    found = answer if isinstance(answer, Failure) else _kept(page, answer, limits)
    if isinstance(found, Failure):
        st.info(found.sentence)
        return None
    if found.last is None:
        st.info("No month of this choice is complete. Widen the filters.")
        return None
    return found


def judged_by(page: Page, metric_id: str, dimension: str, **where: Sequence[str]) -> dict[str, Control] | Failure:
    """A series for each unit."""
    answer = page.ask(metric_id, "month", dimension, scope=page.history, **where)
    if isinstance(answer, Failure):
        return answer
    made: list[Control] = session.answers().get(_key(page, answer, "units"), lambda: controls(answer, rebases_of(page.store.extract.manifest)))
    return {c.unit[dimension]: c for c in made}


def same(page: Page, answer: Answer) -> Control | Failure:
    """The series of a chart over months, judged over every month of the extract up to the end of the page's dates."""
    scope = Scope(("month",), answer.scope.where, None, page.ends_before)
    whole = session.answered(page.store, answer.metric.id, scope)
    return whole if isinstance(whole, Failure) else _kept(page, whole)


def _kept(page: Page, answer: Answer, limits: str = "mean") -> Control:
    made: Control = session.answers().get(_key(page, answer, limits), lambda: control(answer, rebases_of(page.store.extract.manifest), limits=limits))
    return made


def _key(page: Page, answer: Answer, how: str) -> tuple[Any, ...]:
    return ("control", how, str(session.extracts()), answer.extract_id, page.store.viewer.key, answer.catalogue_hash, answer.metric.id, answer.scope)


def can_be_judged(answer: Answer) -> bool:
    return answer.scope.by == ("month",) and answer.metric.spc != "none"


def draw(found: Control, where: Mapping[str, Sequence[str]], *, key: str) -> None:
    """The chart, what it says, what it is judged against, and how often chance flags such a chart. `where`: its filters."""
    page, colours = current(), palette()
    flags = page.flags_for(found.metric.id, where)
    name = ("spc", str(session.extracts()), page.store.extract.id, page.store.viewer.key, colours.name, found.metric.id, found.chart, *sorted(found.unit.items()))
    name = (*name, key, page.scope, tuple(sorted((d, tuple(v)) for d, v in where.items() if v)))
    drawn = session.figures().get(name, lambda: charts.spc_chart(found, flags=flags, palette=colours, standard=page.standard_of(found.metric)))
    heading = f"{found.metric.label}: control chart"
    figure.show(drawn, key=f"{key}_spc_figure", alt=control_words.alternative(found), name=name, title=heading, scope=found.name)
    st.markdown(" ".join(s for s in (control_words.signal(found), control_words.target_words(found), control_words.suggestion(found)) if s))
    if held := " ".join(s for s in (control_words.choice(found), control_words.by_chance(found)) if s):
        st.markdown(held)
    notes = [f"New limits from {fmt.month(r.month)}: {r.reason} ({r.who}{f', {fmt.day(r.when)}' if r.when else ''})." for r in found.rebases]
    notes += [f"{f.number}: {f.title} ({fmt.day(f.start)}). {f.text}" for f in flags]
    st.caption(" ".join([f"Chart: {found.chart}, {_span(page)}.", *notes]))


def _span(page: Page) -> str:
    """Which months a control chart is of."""
    end = page.ends_before
    return f"every month of the extract up to {fmt.month(end)}, where the period chosen ends" if end else "every month of the extract, whenever the period chosen begins"


def _whole(page: Page, found: Control, where: Mapping[str, Sequence[str]]) -> Answer | Failure:
    """The figures of a series over every month of the extract up to the end of the page's dates."""
    return page.ask(found.metric.id, "month", scope=Scope((), {k: tuple(v) for k, v in where.items()}, None, page.ends_before))


def offer(found: Control, where: Mapping[str, Sequence[str]], *, key: str) -> None:
    """The control chart to take away, over every month of the extract."""
    page = current()
    whole = _whole(page, found, where)
    if isinstance(whole, Failure):
        return
    flags, rebases, standard = page.flags_for(found.metric.id, where), rebases_of(page.store.extract.manifest), page.standard_of(found.metric)

    def shown(out: Released) -> Control:
        return as_shown(found, out, rebases)

    def is_withheld(out: Released) -> bool:
        last = shown(out).last
        return last is None or found.last is None or last["month"] != found.last["month"]

    def alternative(out: Released) -> str:
        return f"Control chart of {found.metric.label}. {WITHHELD}" if is_withheld(out) else control_words.alternative(shown(out))

    def notes(out: Released) -> tuple[str, ...]:
        said = (WITHHELD,) if is_withheld(out) else (control_words.signal(shown(out)).replace("**", ""), control_words.target_words(shown(out)))
        return (*said, *(f"{f.number}: {f.title} ({fmt.day(f.start)}). {f.text}" for f in flags))

    downloads.offer(
        whole,
        lambda out: charts.spc_chart(shown(out), flags=flags, standard=standard),
        key=f"{key}_spc",
        title=f"{found.metric.label}: control chart",
        scope=f"{found.name[0].upper()}{found.name[1:]}. Chart: {found.chart}.",
        alternative=alternative,
        notes=notes,
    )


def points(found: Control) -> list[dict[str, Any]]:
    """The months of a chart as a person reads them, the newest first; lines to the decimal that the chart gives them."""
    from readout.stats.spc import RULES

    return [
        {
            "Month": fmt.month(r["month"]),
            "Figure": control_words.reading(found, r["x"]),
            "Mean": control_words.reading(found, r["mean"], is_line=True),
            "Lower limit": control_words.reading(found, r["lpl"], is_line=True),
            "Upper limit": control_words.reading(found, r["upl"], is_line=True),
            "Note": "provisional" if r["is_provisional"] else RULES.get(r["flag"] or "", ""),
        }
        for r in found.points.reverse().iter_rows(named=True)
    ]
