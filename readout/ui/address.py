"""What the address says: which of it a page understands, what it does not and so has ignored, and the marks that are picked.

The address is the whole state of a page: whoever opens it sees the same. So whatever reads a parameter claims it here, with the values it may
have. A value that is none of them, and a parameter that nothing reads, are written back into the address as ignored: they are said at the
top of the page, to whoever opens it next too, until they are dismissed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import StopException
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from readout.metrics import format as fmt
from readout.ui.theme import plain

IGNORED, MARK, PAGE = "ignored", "mark", "page"
WAYS = ("behind", "return")  # read by `way`, which turns them into filters and takes them out
LONGEST = 60  # characters of a value that are said
CLAIMS, PAGE_KEYS, SEEN, PLACE = "address_claims", "address_page_keys", "address_marks", "address_place"  # of the session
EVERYWHERE, TOLD = "address_everywhere", "address_told"


def begin() -> None:
    """A page is about to be drawn. On another page than before, what was chosen, picked and ignored on that one is forgotten: it was its own."""
    state = st.session_state
    state[CLAIMS] = {}
    state.pop(PLACE, None)
    mine = state.get(PAGE_KEYS, set())
    if state.get("moved"):
        for key in mine:
            if key not in st.query_params:
                state.pop(key, None)
        state[SEEN] = {}
        if not is_way_back():
            st.query_params.pop(MARK, None)
            # a link of the site brings along the filters that controls are bound to, and no more
            before = [*state.get(TOLD, ()), *st.query_params.get_all(IGNORED)]
            _write(IGNORED, list(dict.fromkeys(x for x in before if x.partition(":")[0] in state.get(EVERYWHERE, ()))))
        state[PAGE_KEYS] = set()
    state[TOLD] = st.query_params.get_all(IGNORED)


def is_way_back() -> bool:
    """Whether the browser's own Back or Forward led here: then the address alone says what is shown."""
    context = get_script_run_ctx()
    return bool(context and context.is_history_navigation)


def claim(key: str, noun: str, known: Collection[str], *, is_everywhere: bool = False, where: str = "one of those offered here") -> None:
    """A control reads this parameter, whose values are `known`. What else the address gives it is ignored, and said to be.

    `noun`: what a value is, as in "names a site that is not in this data". `is_everywhere`: a filter of every page.
    """
    claim_if(key, noun, lambda v: v in known, is_everywhere=is_everywhere, where=where)


def claim_if(key: str, noun: str, is_known: Callable[[str], bool], *, is_everywhere: bool = False, where: str = "one of those offered here") -> None:
    """`claim` by a rule in place of a list."""
    _claims()[key] = (noun, where)
    if is_everywhere:
        st.session_state.setdefault(EVERYWHERE, set()).add(key)
    else:
        st.session_state.setdefault(PAGE_KEYS, set()).add(key)
    asked = st.query_params.get_all(key)
    odd = [v for v in asked if v and not is_known(v)]
    if odd:
        _ignore(key, odd, [v for v in asked if is_known(v)])


def reread(said: Mapping[str, list[str]]) -> None:
    """Have filters read these values in place of what the address gives them, which stays as it is written."""
    context = get_script_run_ctx()
    if context is None:
        return
    with context.session_state.query_params() as params:
        for key, values in said.items():
            params._initial_query_params[key] = values
            params._query_params[key] = values


def is_day(text: str, last: date | None) -> bool:
    """Whether a text is a day, as the address writes one, and no later than the last."""
    try:
        day = date.fromisoformat(text)
        return last is None or day <= last
    except ValueError:
        return False


def ignore(entries: Iterable[str]) -> None:
    """Say of these, each a parameter and its value joined by a colon, that they are ignored."""
    _write(IGNORED, list(dict.fromkeys([*st.query_params.get_all(IGNORED), *entries])))


def rest() -> None:
    """Everything that reads the address has claimed its part of it: whatever is left is ignored. What is ignored is said at the top of the page."""
    claims = _claims()
    for key in [k for k in st.query_params if k not in claims and k not in (IGNORED, MARK, *WAYS)]:
        _ignore(key, st.query_params.get_all(key), [])
    tell(is_all=True)


@contextmanager
def told() -> Iterator[None]:
    """Round the drawing of a page: at its end, or where the page stops itself, what of the address nothing has read is said to be ignored."""
    try:
        yield
    except StopException:
        _marks_left()
        raise
    _marks_left()


def _marks_left() -> None:
    """The figures of the page are drawn: a mark of none of them is ignored."""
    left = [v for v in st.query_params.get_all(MARK) if v.partition(":")[0] not in st.session_state.get(SEEN, {})]
    if left:
        _ignore(MARK, left, [v for v in st.query_params.get_all(MARK) if v not in left])
    rest()


def here() -> None:
    """Say what is ignored at this place of the page, and keep the place for what is found later."""
    st.session_state[PLACE] = (st.container(), st.container(), [])
    tell()


def is_anything_ignored() -> bool:
    """Whether the address asked for something that is not shown."""
    return bool(st.query_params.get_all(IGNORED))


def tell(*, is_all: bool = False) -> None:
    """Say what is ignored, once each, with one way to dismiss it all. Until all is claimed only of what has been: the others have no words yet."""
    st.session_state[TOLD] = st.query_params.get_all(IGNORED)
    if PLACE not in st.session_state:
        return
    words, button, told = st.session_state[PLACE]
    found: dict[str, list[str]] = {}
    for entry in st.query_params.get_all(IGNORED):
        key, _, value = entry.partition(":")
        found.setdefault(key, []).append(value)
    new = {k: v for k, v in found.items() if k not in told and (is_all or k in _claims())}
    if not new:
        return
    for key, values in new.items():
        words.warning(_said(key, values))
    if not told:
        button.button("Dismiss", key="dismiss_ignored", on_click=dismiss, help="Take this note away. What the link named stays ignored.")
    told.extend(new)


def dismiss() -> None:
    """The reader has read it."""
    st.query_params.pop(IGNORED, None)
    st.session_state.pop(TOLD, None)


def picked(key: str, told: Mapping[str, object] | None, options: Iterable[str], of: str) -> str:
    """The mark of a figure that is picked: the one that the address names, until another is picked, or let go, and the address says that.

    `told`: what the figure last said was picked; None while it has said nothing. `options`: its marks. `of`: which drawing it is, for
    with other filters its marks stand for other rows.
    """
    seen: dict[str, tuple[object, str]] = st.session_state.setdefault(SEEN, {})
    every = st.query_params.get_all(MARK)
    others = [v for v in every if v.partition(":")[0] != key]
    mine = [v.partition(":")[2] for v in every if v not in others]
    before, drawn = seen.get(key, (None, of))
    seen[key] = (told, of)
    wanted = mine[0] if mine and (drawn == of or is_way_back()) else ""
    if told is not None and told != before and told.get("of", of) == of:
        wanted = str(told.get("mark") or "")
    if wanted and wanted not in set(options):
        _ignore(MARK, [f"{key}:{wanted}"], others)
        return ""
    now = [*others, f"{key}:{wanted}"] if wanted else others
    if sorted(now) != sorted(every):
        _write(MARK, now)
    return wanted


def _claims() -> dict[str, tuple[str, str]]:
    claims: dict[str, tuple[str, str]] = st.session_state.setdefault(CLAIMS, {})
    return claims


def _write(key: str, values: list[str]) -> None:
    """Set a parameter that no control is bound to; take it out where there is none."""
    if values == st.query_params.get_all(key):
        return
    if values:
        st.query_params[key] = values
    else:
        st.query_params.pop(key, None)


def _ignore(key: str, odd: list[str], kept: list[str]) -> None:
    """Write values into the address as ignored, and take them out of where they stood."""
    before = st.query_params.get_all(IGNORED)
    after = list(dict.fromkeys([*before, *(f"{key}:{v}" for v in odd)]))
    try:
        st.query_params.update({IGNORED: after, key: kept})
    except StreamlitAPIException:  # a control has it, and puts it right when it is drawn
        if after != before:
            st.query_params[IGNORED] = after
        return
    if not kept:
        st.query_params.pop(key, None)


def _said(key: str, values: list[str]) -> str:
    """What was ignored, in words."""
    quoted = fmt.listed([f"'{plain(v[:LONGEST])}'" for v in values])
    ending = "It has been ignored." if len(values) == 1 else "They have been ignored."
    if key == MARK:
        return "The link names a mark that is on none of these charts. It has been ignored."
    claimed = _claims().get(key)
    if claimed is None and key == PAGE:
        return f"There is no page {quoted} here. This is the Overview."
    if claimed is None:
        return f"The link says {plain(key[:LONGEST])} = {quoted}, which nothing on this page reads. {ending}"
    noun, where = claimed
    named = f"a {noun} that is not {where} ({quoted})" if len(values) == 1 else f"{noun}s that are not {where} ({quoted})"
    return f"The link names {named}. {ending}{_instead(key, noun)}"


def _instead(key: str, noun: str) -> str:
    """What stands in the place of a filter of which something was ignored."""
    now = st.session_state.get(key)
    if isinstance(now, list):
        return f" Shown: only {fmt.listed([plain(str(v)) for v in now])}." if now else f" Nothing is narrowed by {noun}."
    return ""
