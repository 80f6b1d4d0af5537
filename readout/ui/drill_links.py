"""The way from a chart to the rows behind it: what was picked on it becomes filters of the page that lists them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import parse_qsl

import streamlit as st
from streamlit.errors import StreamlitAPIException

from readout.errors import UsageError
from readout.metrics import drill
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.scope import DIMENSIONS, month_end, month_of
from readout.ui import address

PAGE, PARAMETER, RETURN = "examinations", "behind", "return"
DATES, CUSTOM = ("period", "from", "to"), "Custom"  # of the frame
AT_FIRST = {"period": "12 months", "list": "Unreported"}  # what stands where nothing is chosen
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
    if kind in drill.STOCKS or "month" not in wanted:
        parts += [f"{key}={v}" for key, v in dates()]
    st.session_state["came_from"] = (st.session_state.get("at"), {k: st.query_params.get_all(k) for k in st.query_params})
    st.page_link(page, label=label, icon=":material/list:", query_params={PARAMETER: ";".join(parts)})


def dates() -> list[tuple[str, str]]:
    """The period of the page, as the address writes it: a link opened in a window of its own has no other way to know it."""
    said = [(key, st.session_state.get(key)) for key in DATES]
    return [(key, str(v)) for key, v in said if v and (said[0][1] == CUSTOM or (key == DATES[0] and v != AT_FIRST[key]))]


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


def arrive(labels: Mapping[str, Mapping[str, str]], data_end: date | None, months: Sequence[str]) -> None:
    """Turn what a link says into the filters of the frame and of the list, before any of them is drawn. A day at which the data ends
    or after it is now. What the link says that is unknown is left for those filters to say so. `months`: those of the frame's dates."""
    if RETURN in st.query_params:
        _restore()
    said = st.query_params.get(PARAMETER)
    if said is None:
        return
    del st.query_params[PARAMETER]
    kind, *parts = said.split(";")
    wanted: dict[str, list[str]] = {}
    for part in parts:
        name, _, value = part.partition("=")
        wanted.setdefault(name, []).append(value)
    odd: list[str] = []
    for dimension, key in FRAME.items():
        names = _names(labels.get(dimension, {}), asked := wanted.pop(dimension, []))
        odd += [f"{key}:{v}" for v in asked if v not in labels.get(dimension, {})]
        _put(key, names)
    dates = {key: wanted.pop(key, []) for key in DATES}
    chosen, at = sorted(wanted.pop("month", [])), wanted.pop("as_of", [])
    if chosen and kind in drill.STOCKS:
        at = [_end(chosen[-1])]
    elif chosen:
        dates = {"period": [CUSTOM], "from": [_month(chosen[0])], "to": [_month(chosen[-1])]}
    for key, values in dates.items():
        _put(key, [v for v in values if key == "period" or v in months])
        odd += [f"{key}:{v}" for v in values if key != "period" and v not in months]
    _put("list", [KINDS.get(kind, kind)])
    _put("as_of", [d for d in at if data_end is None or not address.is_day(d, None) or date.fromisoformat(d) < data_end])
    for key, names_of in own_labels(kind, labels).items():
        asked = wanted.pop(OWN[key], [])
        odd += [f"{key}:{v}" for v in asked if v not in names_of]
        _put(key, _names(names_of, asked))
    address.ignore([*odd, *(f"{name}:{v}" for name, values in wanted.items() for v in values)])
    st.rerun()


def _month(text: str) -> str:
    """A month as the frame's dates name it; what is none, as it is."""
    try:
        return fmt.month(month_of(text))
    except UsageError:
        return text


def _end(month: str) -> str:
    """The last day of a month; what is none, as it is."""
    try:
        return month_end(month_of(month)).isoformat()
    except UsageError:
        return month


def _restore() -> None:
    """The address as it was where the link was followed."""
    del st.query_params[RETURN]
    came: tuple[str | None, dict[str, list[str]]] = st.session_state.pop("came_from", None) or (None, {})
    before = dict(came[1])
    for key in (*FRAME.values(), *DATES):
        _put(key, before.pop(key, []))
    for key, values in before.items():
        _put(key, values)
    st.rerun()


def _put(key: str, said: list[str]) -> None:
    """Set a filter, or take it back: in the address, which it reads when it is drawn. One that is drawn already takes its value itself."""
    try:
        if said:
            st.query_params[key] = said
        elif key in st.query_params:
            del st.query_params[key]
        st.session_state.pop(key, None)
    except StreamlitAPIException:
        one = said[0] if said else AT_FIRST.get(key)
        day = date.fromisoformat(one) if one and key == "as_of" and address.is_day(one, None) else None
        st.session_state[key] = said if key in (*FRAME.values(), *OWN) else day if key == "as_of" else one


def own_labels(kind: str, labels: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Names of the list's own filter values, by their key in the address."""
    bands = {b: fmt.band(b) for b in BANDS.get(kind, ())}
    return {k: bands if d == "band" else dict(labels[d]) for k, d in OWN.items() if d in drill.DIMENSIONS.get(kind, ())}
