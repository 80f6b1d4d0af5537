"""The frame round every page: navigation that keeps the filters, the filters themselves bound to the address bar, and the page's scope."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import streamlit as st

from readout.analysis import worst_unit
from readout.charts import Flag
from readout.engine.store import Store
from readout.errors import ReadoutError
from readout.metrics import format as fmt
from readout.metrics.answer import Answer, data_end, dimension_labels, provisional_months, visible_sites
from readout.metrics.catalogue import Metric, Standard, load_catalogue
from readout.metrics.scope import Scope, month_end, next_month, previous_month
from readout.ui import address, drill_links, prefetch, session
from readout.ui.access import gate
from readout.ui.theme import plain

PERIODS = {"12": "12 complete months and since", "24": "24 complete months and since", "all": "All dates", "custom": "From and to"}
PERIOD_NAMES = dict(zip(PERIODS, ("12 months", "24 months", "All", "Custom"), strict=True))
FILTERS = (
    ("site", "site_code", "Sites", "All sites"),
    ("modality", "modality", "Modality", "All modalities"),
    ("pathway", "pathway", "Pathway", "All pathways"),
    ("class", "patient_class", "Patient class", "All classes"),
    ("urgency", "urgency", "Urgency", "All urgencies"),
)
NOUNS = {"site": "site", "modality": "modality", "pathway": "pathway", "class": "patient class", "urgency": "urgency"}
STALE_DAYS = 3


@dataclass(frozen=True)
class Page:
    """What a page works with: the chosen scope, and answers in it."""

    store: Store
    scope: Scope
    last_month: date  # the last month that no chosen site is still sending
    flags: tuple[Flag, ...]

    @property
    def is_synthetic(self) -> bool:
        return self.store.extract.is_synthetic

    @property
    def sites(self) -> tuple[str, ...]:
        """Sites chosen by name; empty while all are shown."""
        return self.scope.where.get("site_code", ())

    @property
    def ends_before(self) -> date | None:
        """The end of the chosen dates where the data goes further; None where they run to the end of the data. What is counted on one day is of it."""
        end, stop = data_end(self.store), self.scope.date_to
        return stop if stop and end and stop < end else None

    @property
    def history(self) -> Scope:
        """The page's filters over every month of the extract up to the end of the chosen dates: what is judged over time speaks of no later day."""
        return self.scope.between(None, self.ends_before)

    @property
    def national(self) -> Mapping[str, Any]:
        return self.store.extract.manifest.get("national") or {}

    def ask(self, metric_id: str, *by: str, scope: Scope | None = None, **where: Sequence[str]) -> Answer | session.Failure:
        """The answer in the page's scope, less the filters that the metric does not have; `where` replaces a filter."""
        dimensions = load_catalogue().metric(metric_id).dimensions
        chosen = self.scope if scope is None else scope
        kept = {k: tuple(v) for k, v in {**chosen.where, **where}.items() if k in dimensions}
        asked = Scope(by, kept, chosen.date_from, chosen.date_to)
        prefetch.note(metric_id, asked)
        return session.answered(self.store, metric_id, asked)

    def standard_of(self, metric: Metric) -> Standard | None:
        """The standard that the extract was made with."""
        return load_catalogue().with_standards(self.store.extract.manifest["standards"]).standard_of(metric)

    def at(self, day: date | None) -> "Page":
        """The page at the end of a day, which all that is counted on one day is then of; without one, when the data ends."""
        return replace(self, scope=self.scope.between(None, day))

    def until(self, day: date | None) -> "Page":
        """The page in the whole months that end by a day, for what is counted by month beside what is counted at the end of that day."""
        if day is None:
            return self
        last = day if day == month_end(day) else month_end(previous_month(day))
        start = self.scope.date_from
        return replace(self, scope=self.scope.between(start if start and start <= last else None, last))

    def last_national(self, tests: Sequence[str]) -> Scope:
        """The last month of the national return within the chosen dates, as a scope of its own."""
        answer = self.ask("national_waiting", "month", test=tests)
        months = [r["month"] for r in answer.rows] if isinstance(answer, Answer) else []
        last = max(months, default=self.last_month)
        return Scope().between(last, month_end(last))

    def month_name(self, scope: Scope) -> str:
        """The month of a scope of one month."""
        return fmt.month(scope.date_from) if scope.date_from else ""

    def flags_for(self, metric_id: str, where: Mapping[str, Collection[str]] | None = None) -> tuple[Flag, ...]:
        """The annotations that bear on a metric and on the sites and modalities of a chart: those of its filters, else of the page's."""
        notes = self.store.extract.manifest.get("annotations") or []
        wanted = {(n["title"], n["from"]) for n in notes if _bears(n.get("metrics", ()), metric_id)}
        known = load_catalogue().metric(metric_id).dimensions
        chosen = {k: v for k, v in (self.scope.where if where is None else where).items() if k in known}
        start, stop = self.scope.date_from or date.min, self.scope.date_to or date.max
        shown = [
            f
            for f in self.flags
            if (f.title, f.start.isoformat()) in wanted and start <= f.start <= stop and all(f.bears_on(dimension, values) for dimension, values in chosen.items())
        ]
        return tuple(replace(f, number=i + 1) for i, f in enumerate(shown))


def _flags(manifest: Mapping[str, Any]) -> tuple[Flag, ...]:
    """The annotations of an extract, in the order of the network file."""
    trusts = {s["site_code"]: s["trusts"] for s in manifest["sites"]}
    flags = []
    for i, note in enumerate(manifest.get("annotations") or [], 1):
        sites, modalities = (tuple(note.get(key, ())) for key in ("sites", "modalities"))
        run_by = tuple(dict.fromkeys(t for s in sites for t in trusts.get(s, ())))
        flags.append(Flag(i, date.fromisoformat(note["from"]), note["title"], note.get("text", ""), sites, modalities, run_by))
    return tuple(flags)


def _bears(named: Sequence[str], metric_id: str) -> bool:
    """An event bears on the metrics it names and on those of the same pages; one that names none bears on all."""
    metrics = load_catalogue().metrics
    pages = {metrics[m].page for m in named if m in metrics} | ({"backlog"} if "exam_to_report" in named else set())
    return not named or metric_id in named or metrics[metric_id].page in pages


def ranked_pathways(page: Page, metric_id: str = "within_pathway_standard") -> tuple[list[str], bool]:
    """Pathways of the page's scope, and whether the first breaches its standard most by more than chance; else it has the most examinations."""
    answer = page.ask(metric_id, "pathway")
    return ([], False) if isinstance(answer, session.Failure) else worst_unit.opening(answer, "pathway")


def _live() -> tuple[Store, str]:
    """The store of the live extract, and a warning where it is not the newest. Stops with a sentence where there is none."""
    try:
        return session.live_store()
    except ReadoutError as e:
        st.error(str(e))
    except Exception:
        st.error(session.failed("the live extract"))
    st.stop()


def filters() -> None:
    """Draw the shared filters and keep the scope they make. The router calls this: what a page draws is lost when the page changes."""
    store, _ = _live()
    labels = dimension_labels(store)
    address.begin()
    drill_links.arrive(labels, data_end(store), [fmt.month(m) for m in _months(store)])
    _translate(labels)
    with st.sidebar:
        where = {}
        for key, dimension, title, placeholder in FILTERS:
            where[dimension] = several(key, NOUNS[key], title, labels[dimension], placeholder, is_everywhere=True)
        last = _last_complete(store, Scope(where=where))
        start, stop = _period(_months(store), last)
        _about(store)
    st.session_state["chosen"] = (Scope(where=where).between(start, stop), last)


def expect() -> None:
    """Before anything is drawn, have the page's questions answered in the scope that its filters will make: see `ahead`."""
    if "chosen" not in st.session_state or "pages" not in st.session_state:
        return
    store, _ = _live()
    labels = dimension_labels(store)
    where = {}
    for key, dimension, _, _ in FILTERS:
        names = {name: code for code, name in unlike(labels[dimension]).items()}
        where[dimension] = tuple(names[n] for n in st.session_state.get(key) or () if n in names)
    scope, last = Scope(where=where), st.session_state["chosen"][1]
    if (period := str(st.session_state.get("period", ""))).endswith("months"):
        last = _last_complete(store, scope)
        scope = scope.between(_start(last, int(period.split(" ")[0])), None)
    elif period == PERIOD_NAMES["custom"]:
        before = st.session_state["chosen"][0]
        scope = scope.between(before.date_from, before.date_to)
    st.session_state["expected"] = scope
    prefetch.expect(store, scope)


def frame() -> Page:
    """What the page works with. Every page calls this, and with it the gate; one that runs without the router draws the filters itself."""
    gate()
    store, warning = _live()
    if warning:
        st.warning(warning)
    if "pages" not in st.session_state:
        filters()
    address.here()
    scope, last = st.session_state["chosen"]
    page = Page(store, scope, last, _flags(store.extract.manifest))
    st.session_state["page_now"] = page
    if st.session_state.pop("expected", None) != scope:
        prefetch.expect(store, scope)
    prefetch.begin(scope)
    return page


def current() -> Page:
    """The page being drawn."""
    page: Page = st.session_state["page_now"]
    return page


def heading(page: Page, title: str, question: str) -> None:
    """Title, question, how far the data goes and, where it should be newer, how old it is."""
    st.title(title, anchor=False)
    extract = page.store.extract
    through = {s: at for s, at in extract.data_through.items() if s in visible_sites(page.store, page.scope)}
    said = []
    if through:
        zone = extract.manifest["network"]["time_zone"]
        last = max(through.values())
        said.append(f"Data to {fmt.instant(last, zone)}")
        names = {s["site_code"]: s["site_name"] for s in extract.manifest["sites"]}
        behind = [f"{names[s]} to {fmt.day(at.date())}" for s, at in through.items() if at.date() < last.date()]
        if behind:
            said.append(fmt.listed(behind[:3]) + (f" and {len(behind) - 3} sites more" if len(behind) > 3 else ""))
        age = (date.today() - last.date()).days
        if not extract.is_synthetic and age > STALE_DAYS:
            said.append(f"this extract ends {age} days before today")
    if extract.is_synthetic:
        said.append("synthetic sample data")
    st.markdown(f"{question}  \n:gray[{' · '.join(said)}]")
    _filters_said()


def _filters_said() -> None:
    """Each filter that stands, with one click to clear it: a link may have set it, and on a narrow screen the sidebar is folded."""
    worst_unit = [(key, title, st.session_state[key]) for key, _, title, _ in FILTERS if st.session_state.get(key)]
    if not worst_unit:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Only", width="content")
        for key, title, names in worst_unit:
            said = fmt.listed(names) if len(names) < 4 else f"{fmt.listed(names[:2])} and {len(names) - 2} more"
            label = f"{title}: {plain(said)}"
            st.button(label, key=f"clear_{key}", icon=":material/close:", help="Clear this filter", on_click=_clear, args=(key,))


def _clear(key: str) -> None:
    st.session_state[key] = []


def _translate(labels: Mapping[str, Mapping[str, str]]) -> None:
    """Codes in a link become the names that the filters go by, before any filter is drawn."""
    changed = {}
    for key, dimension, _, _ in FILTERS:
        known, asked = unlike(labels[dimension]), st.query_params.get_all(key)
        said = list(dict.fromkeys(known.get(v, v) for whole in asked for v in _parts(whole, known)))
        if said != asked:
            changed[key] = said
    if not changed:
        return
    if "chosen" in st.session_state:  # the browser's Back led to the link as it was written
        address.reread(changed)
        return
    st.query_params.update(changed)
    st.rerun()


def _parts(text: str, known: Mapping[str, str]) -> list[str]:
    """The values of a link that sets them apart by commas, where one of them at least is a code or a name and the whole is none."""
    parts = [p.strip() for p in text.split(",")]
    options = {*known, *known.values()}
    return parts if text not in options and any(p in options for p in parts) else [text]


def several(key: str, noun: str, title: str, known: Mapping[str, str], placeholder: str, *, is_everywhere: bool = False) -> tuple[str, ...]:
    """A filter of many values, bound to the address. The address holds their names; what is none of them is said on the page."""
    names = {name: code for code, name in unlike(known).items()}
    asked = st.query_params.get_all(key)
    address.claim(key, noun, names, is_everywhere=is_everywhere, where="in this data")
    _rewrite(key, asked)
    chosen = st.multiselect(title, list(names), key=key, bind="query-params", placeholder=placeholder)
    return tuple(names[name] for name in chosen)


def unlike(known: Mapping[str, str]) -> dict[str, str]:
    """Names by code; where two codes share a name, each says its code too, so that both can be chosen."""
    shared = list(known.values())
    return {code: f"{name} ({code})" if shared.count(name) > 1 else name for code, name in known.items()}


def _rewrite(key: str, asked: Sequence[str]) -> None:
    """Put a filter back into the address: whoever changes page before the first page is done would lose it there, though not here."""
    if st.session_state.get("moved") and not asked and st.session_state.get(key):
        st.session_state[key] = st.session_state[key]


def opening(store: Store) -> Page:
    """The page of a viewer who has chosen nothing yet."""
    last = _last_complete(store, Scope())
    return Page(store, Scope().between(_start(last, 12), None), last, ())


def _start(last: date, months: int) -> date:
    """The first of so many months, of which `last` is the last."""
    for _ in range(months - 1):
        last = previous_month(last)
    return last


def _period(months: Sequence[date], last: date) -> tuple[date | None, date | None]:
    """First and last date of the chosen period. The presets run to the newest data, whose last months are marked provisional."""
    names, said = list(PERIOD_NAMES.values()), [fmt.month(m) for m in months]
    asked = st.query_params.get_all("period")
    address.claim("period", "period", names, is_everywhere=True)
    is_dated = any(v in said for key in ("from", "to") for v in st.query_params.get_all(key))
    if is_dated and not asked and "period" not in st.session_state:
        st.session_state["period"] = PERIOD_NAMES["custom"]  # a link that gives months means them
    _rewrite("period", asked)
    chosen = st.selectbox("Period", names, key="period", bind="query-params", help="12 and 24 months: that many complete months, and what has come since.")
    if chosen == "All":
        return None, None
    if chosen == "Custom" and months:
        for key, noun in (("from", "first month"), ("to", "last month")):
            address.claim(key, noun, said, is_everywhere=True, where="in this data")
            _rewrite(key, st.query_params.get_all(key))
        left, right = st.columns(2)
        first = left.selectbox("From", said, index=None, key="from", bind="query-params", placeholder=said[0])
        final = right.selectbox("To", said, index=None, key="to", bind="query-params", placeholder=said[-1])
        start, stop = (months[said.index(v) if v in said else i] for v, i in ((first, 0), (final, -1)))
        if start > stop:
            st.warning("From is after to: the two are swapped.")
            start, stop = stop, start
        return start, month_end(stop)
    for key in ("from", "to"):
        if any(v not in said for v in st.query_params.get_all(key)):
            address.claim(key, "first month" if key == "from" else "last month", said, is_everywhere=True, where="in this data")
    return _start(last, int(chosen.split(" ")[0])), None


def _months(store: Store) -> list[date]:
    """Every month that examinations were done in, for the custom period."""
    answer = session.answered(store, "activity", Scope(("month",)))
    return [] if isinstance(answer, session.Failure) else [r["month"] for r in answer.rows]


def _last_complete(store: Store, scope: Scope) -> date:
    """The last month that every chosen site has finished sending."""
    metric = load_catalogue().metric("activity")
    arriving = [m for found in provisional_months(store.extract, metric, visible_sites(store, scope)).values() for m in found]
    if arriving:
        return previous_month(min(arriving))
    through = store.extract.data_through.values()
    return previous_month(next_month(max(through).date())) if through else previous_month(date.today() - timedelta(days=1))


def _about(store: Store) -> None:
    """Whose data this is, and who can see it."""
    network = store.extract.manifest["network"]["name"]
    st.caption(f"{network}{', synthetic sample data' if store.extract.is_synthetic else ''}. Extract {store.extract.id}.")
    st.caption("Open to whoever can use this machine: no sign-in is configured.")
