"""A figure on a page: what it is drawn for, and which pick counts."""

import plotly.graph_objects as go
import pytest

from readout.charts import PALETTES
from readout.ui import figure
from readout.ui.session import drawings
from readout.ui.theme import THEME

MADE = go.Figure({"data": [{"type": "bar", "x": ["a"], "y": [1], "customdata": [["site_code=A"]]}], "layout": {"template": {"layout": {}}}})


class Page:
    """What streamlit gives a page: the session, and how the browser calls itself."""

    def __init__(self, agent: str = "") -> None:
        self.session_state: dict = {}
        self.context = type("Context", (), {"headers": {"User-Agent": agent}})
        self.sent: list[dict] = []

    def component(self, *, key, data, **_):
        self.sent.append(data)

    def columns(self, count):
        from contextlib import nullcontext

        return [nullcontext()] * count


@pytest.fixture
def page(monkeypatch):
    def made(agent: str = "") -> Page:
        drawings.clear()
        page = Page(agent)
        monkeypatch.setattr(figure, "st", page)
        monkeypatch.setattr(figure.explore, "st", page)
        monkeypatch.setattr(figure, "_component", lambda: page.component)
        monkeypatch.setattr(figure, "palette", lambda: PALETTES[page.session_state.get(THEME, "light")])
        return page

    return made


def show(key: str = "one", name: str = "a", **options) -> str:
    return figure.show(MADE, key=key, alt="words", name=name, is_picking=True, **options)


def test_the_first_guess_is_a_desk_or_a_telephone_and_what_was_told_stands(page):
    desk, telephone = page(), page("Mozilla/5.0 (Linux; Android 15) Mobile")
    show()
    assert [d["width"] for d in telephone.sent] == [figure.NARROW] and not desk.sent
    telephone.session_state["one"] = {"width": 500}
    show()
    del telephone.session_state["one"]  # the framework drops it on another page; the width is remembered
    show()
    show("two")
    assert [d["width"] for d in telephone.sent[1:]] == [500, 500, 500]
    assert 'viewBox="0 0 500 ' in telephone.sent[1]["svg"]


def test_two_beside_each_other_get_half_and_do_not_tell_the_whole(page):
    here = page()
    left, right = figure.halves()
    with left:
        show("left")
    with right:
        here.session_state["right"] = {"width": 390}
        show("right")
    show("whole")
    assert [d["width"] for d in here.sent] == [(figure.WIDE - figure.GAP) // 2, 390, figure.WIDE]


@pytest.mark.parametrize("odd", [0, -5, 10**6, "900", None, 3.5])
def test_a_width_that_cannot_be_one_is_not_believed(odd, page):
    here = page()
    here.session_state["one"] = {"width": odd}
    show()
    assert here.sent[0]["width"] == figure.WIDE


def test_a_pick_counts_on_the_figure_it_was_made_on_only(page):
    """After another filter the figure is another: its marks stand for other rows."""
    here = page()
    show()
    here.session_state["one"] = {"pick": {"mark": "site_code=A", "of": here.sent[0]["of"]}}
    assert show() == "site_code=A" and here.sent[-1]["pick"] == "site_code=A"
    assert show(name="b") == "" and here.sent[-1]["pick"] is None
    assert figure.show(MADE, key="one", alt="words", name="a") == "", "a chart without rows behind it picks nothing"


def test_what_explores_a_figure_goes_once_to_who_asked(page):
    here = page()
    show()
    here.session_state["one"] = {"explore": "1764"}
    show(title="Bars", scope="all sites")
    show(title="Bars")
    show("two")
    first, asked, again, other = here.sent
    assert not any("explored" in sent for sent in (first, again, other)), "neither before, nor with the next rerun, nor with another figure"
    sent = asked["explored"]
    assert (sent["asked"], sent["title"], sent["scope"], sent["alt"]) == ("1764", "Bars", "all sites", "words")
    assert sent["figure"]["data"][0]["y"] == [1] and set(sent["files"]) == {"plotly.js", "explore.js", "explore.css"}
    here.session_state["one"] = {"explore": "1765"}
    show()
    assert here.sent[-1]["explored"]["asked"] == "1765"


@pytest.mark.parametrize(("told", "drawn"), [("dark", "dark"), ("light", "light"), ("sepia", "light"), (None, "light")])
def test_a_theme_switched_on_an_open_page_is_that_of_all_that_is_drawn_next(told, drawn, page):
    here = page()
    here.session_state["one"] = {"theme": told}
    figure._seen("one")
    show("two")
    assert here.sent[0]["theme"] == drawn
