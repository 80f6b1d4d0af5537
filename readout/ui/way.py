"""The way from a chart to the rows behind it: what was picked on it becomes filters of the page that lists them."""

from collections.abc import Iterable, Mapping
from datetime import date
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.errors import StreamlitAPIException

from readout import drill
from readout import format as fmt
from readout.answer import Answer
from readout.errors import UsageError
from readout.scope import DIMENSIONS, month_end, month_of

PAGE, PARAMETER, RETURN = "examinations", "behind", "return"
KINDS = {
    "unreported": "Unreported",
    "reports": "Reports",
    "waiting": "Waiting list",
    "amended": "Amended",
    "recommending": "Follow-up",
    "reviewed": "Peer review",
}
# Filters of the list itself, beside those of the frame: key in the address, dimension.
OWN = {
    "band": "band",
    "place": "place",
    "over": "over",
    "verdict": "verdict",
    "booking": "booking",
    "route": "reporting_route",
    "reader": "reader",
    "supplier": "supplier",
    "class_of_addendum": "addendum_class",
    "sampled": "sampled_how",
}
FRAME = {"site_code": "site", "modality": "modality", "pathway": "pathway", "patient_class": "class", "urgency": "urgency"}
BANDS = {
    "unreported": ("1 0 to 2 days", "2 3 to 7 days", "3 8 to 14 days", "4 15 to 28 days", "5 over 28 days"),
    "reports": (
        "1 under 4 h",
        "2 4 to 24 h",
        "3 1 to 2 days",
        "4 2 to 7 days",
        "5 7 to 14 days",
        "6 14 to 28 days",
        "7 28 days and over",
        "9 unreported",
    ),
    "waiting": ("1 under 6 weeks", "2 6 to 13 weeks", "3 13 weeks and over"),
}
Picked = dict[str, tuple[str, ...]]


def picked(mark: str) -> Picked:
    """What was picked on a chart, by dimension: what its mark stands for, `dimension=value` joined by `&`."""
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(mark):
        if name in DIMENSIONS:
            found.setdefault(name, []).append(value)
    return {k: tuple(dict.fromkeys(v)) for k, v in found.items()}


def way(kind: str, answer: Answer, chosen: Picked, *, where: Mapping[str, tuple[str, ...]] | None = None) -> None:
    """The way to the rows: everything the chart shows, or what was picked on it.

    A link, whose one parameter says it all: the page it leads to turns it into its filters. (The framework's own `switch_page`
    refuses to leave a page whose filters are bound to the address, and a link that names a bound filter doubles it.)
    """
    page = st.session_state.get("pages", {}).get(PAGE)
    if page is None:
        return
    if any("None" in values for values in chosen.values()):
        st.caption("Rows without a value here cannot be listed by it.")
        return
    wanted = {k: v for k, v in {**answer.scope.where, **(where or {}), **chosen}.items() if k in drill.DIMENSIONS[kind] and v != ("None",)}
    words = fmt.listed([_said(answer, d, v) for d, values in chosen.items() for v in values])
    label = f"See what is behind {words}" if chosen else "See the rows behind this"
    parts = [kind, *(f"{d}={v}" for d, values in wanted.items() for v in values)]
    if answer.scope.date_to and kind in drill.STOCKS and "month" not in wanted:
        parts.append(f"as_of={answer.scope.date_to.isoformat()}")
    st.session_state["came_from"] = (st.session_state.get("at"), {k: st.query_params.get_all(k) for k in st.query_params})
    st.page_link(page, label=label, icon=":material/list:", query_params={PARAMETER: ";".join(parts)})


def back() -> None:
    """A link to the chart that led here, with the filters it had."""
    name, _ = st.session_state.get("came_from") or (None, None)
    page = st.session_state.get("pages", {}).get("" if name == "overview" else name)
    if page is not None:
        st.page_link(page, label=f"Back to {page.title}", icon=":material/arrow_back:", query_params={RETURN: "1"})


def _names(known: Mapping[str, str], values: Iterable[str]) -> list[str]:
    """The names that a filter of the frame goes by."""
    names = list(known.values())
    return [f"{known[v]} ({v})" if names.count(known[v]) > 1 else known[v] for v in values if v in known]


def _said(answer: Answer, dimension: str, value: str) -> str:
    return fmt.month(month_of(value)) if dimension == "month" else answer.label(dimension, value)


def arrive(labels: Mapping[str, Mapping[str, str]], data_end: date | None) -> None:
    """Turn what a link says into the filters of the frame and of the list, before any of them is drawn. A day at which the data ends
    or after it is now."""
    if RETURN in st.query_params:
        _restore()
    said = st.query_params.get(PARAMETER)
    if said is None:
        return
    del st.query_params[PARAMETER]
    kind, *parts = said.split(";")
    if kind not in KINDS:
        return
    wanted: dict[str, list[str]] = {}
    for part in parts:
        name, _, value = part.partition("=")
        wanted.setdefault(name, []).append(value)
    state = st.session_state
    for dimension, key in FRAME.items():
        state[key] = _names(labels.get(dimension, {}), wanted.get(dimension, ()))
    try:
        months = sorted(month_of(v) for v in wanted.get("month", ()))
        at = [date.fromisoformat(v) for v in wanted.get("as_of", ())]
    except (ValueError, UsageError):
        months, at = [], []
    if months and kind in drill.STOCKS:
        at = [month_end(months[-1])]
    elif months:
        state["period"], state["from"], state["to"] = "Custom", fmt.month(months[0]), fmt.month(months[-1])
    at = [d for d in at if data_end is None or d < data_end]
    _put("list", [KINDS[kind]], KINDS[kind])
    _put("as_of", [at[0].isoformat()] if at else [], at[0] if at else None)
    for key, names_of in own_labels(kind, labels).items():
        names = _names(names_of, wanted.get(OWN[key], ()))
        _put(key, names, names)
    st.rerun()


def _restore() -> None:
    """The filters as they were where the link was followed."""
    del st.query_params[RETURN]
    came: tuple[str | None, dict[str, list[str]]] = st.session_state.pop("came_from", None) or (None, {})
    before = dict(came[1])
    for key in (*FRAME.values(), "period", "from", "to"):
        values = before.pop(key, [])
        if key in FRAME.values():
            st.session_state[key] = values
        elif values or key == "period":
            st.session_state[key] = values[0] if values else "12 months"
    for key, values in before.items():
        _put(key, values, date.fromisoformat(values[0]) if key == "as_of" else values[0])
    st.rerun()


def _put(key: str, said: list[str], value: object) -> None:
    """Set a filter of the list: in the address, which the filter reads when it is drawn; a filter already drawn takes its value itself."""
    try:
        if said:
            st.query_params[key] = said
        elif key in st.query_params:
            del st.query_params[key]
        st.session_state.pop(key, None)
    except StreamlitAPIException:
        st.session_state[key] = value


def own_labels(kind: str, labels: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Names of the list's own filter values, by their key in the address."""
    bands = {b: fmt.band(b) for b in BANDS.get(kind, ())}
    return {k: bands if d == "band" else dict(labels[d]) for k, d in OWN.items() if d in drill.DIMENSIONS[kind]}
