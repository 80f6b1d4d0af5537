"""The address is the whole state of a page: opened by somebody else it shows the same figures and the same rows, and says what it does not know.

Every page, control, option and mark is found by walking the site: see `walk`.
"""

from itertools import pairwise

import pytest
import test_pages
import walk

from readout.ui import drill_links
from tests.conftest import router

opened = test_pages.opened  # the fixture: the router at an address
pytestmark = pytest.mark.filterwarnings("default")  # the test harness itself warns
PAGES = list(router())
SHARED = ("_more", "_limits")  # controls that each chart has
FILTERS = ("site", "modality", "pathway", "class", "urgency", "period", "from", "to")


def differs(here, there) -> list[str]:
    """What one reader sees and the other does not."""
    a, b = walk.seen(here), walk.seen(there)
    return [x[:300] for x in a if x not in b][:4] + ["---"] + [x[:300] for x in b if x not in a][:4] if a != b else []


def healthy(app) -> None:
    assert not app.exception and not app.error, (walk.address(app), app.exception, [e.value for e in app.error])


@pytest.mark.parametrize("url", PAGES, ids=lambda u: u or "overview")
def test_each_control_at_each_of_its_options_is_opened_again_by_the_address_alone(url, opened):
    """Those that an option brings on the page too."""
    app = opened(url)
    healthy(app)
    assert not walk.unbound(app), "a control that the address does not know"
    walked = set()

    def through(keys) -> None:
        nonlocal app
        for key in keys:
            if key in walked or key not in walk.controls(app):
                continue
            walked.add(key)
            is_filter = key in FILTERS
            begins = walk.controls(app)[key]
            first = walk.begins_with(begins)
            tried = walk.options(begins)
            is_alike = (is_filter and key != "period" and PAGES.index(url) % 5) or (key.endswith(SHARED) and any(k.endswith(key[-5:]) for k in walked - {key}))
            tried = tried[-1:] if is_alike else tried  # of controls that every page or chart has the same, all options of one
            for value in tried:
                there = list(walk.controls(app))
                if key not in there:
                    break  # an option of its own took it away
                app = walk.turn(app, key, value)
                healthy(app)
                asked = walk.address(app)
                colleague = opened(url, **asked)
                assert not differs(app, colleague), (key, value, asked, differs(app, colleague))
                assert walk.address(colleague) == asked, (key, value)
                through([k for k in walk.controls(app) if k not in there])
            if key in walk.controls(app) and first is not None:
                back = None if type(walk.controls(app)[key].proto).__name__ == "DateInput" else first
                app = walk.turn(app, key, back)

    through(list(walk.controls(app)))
    assert walked >= {"site", "modality", "pathway", "class", "urgency", "period", "from", "to"}


def count(app) -> str:
    """The line of a list that says how many rows it holds and of what."""
    said = [m.value for m in app.markdown if "Shown: " in m.value] + [i.value for i in app.info if i.value.startswith("None: ")]
    assert len(said) == 1, (walk.address(app), [e.value for e in app.error], [i.value for i in app.info])
    return said[0]


DATED = {"period": "Custom", "from": "Mar 2026", "to": "May 2026"}


@pytest.mark.parametrize("query", [{}, {"period": "24 months", "modality": "CT"}, DATED], ids=("opening", "filtered", "dated"))
@pytest.mark.parametrize("url", PAGES, ids=lambda u: u or "overview")
def test_the_rows_behind_each_mark_are_the_same_by_the_link_and_by_the_address(url, query, opened):
    """The mark that is picked stands in the address; the link to its rows leads to as many in this window, in a new one, and by the list's address."""
    page = opened(url, **query)
    healthy(page)
    picks = [(key, mark) for key, figure in walk.figures(page).items() for mark in walk.marks(figure)[: None if not query else 1]]
    for key, mark in [("", ""), *picks]:
        asked = {**query, **({"mark": f"{key}:{mark}"} if key else {})}
        app = opened(url, **asked)
        healthy(app)
        assert not key or walk.figures(app)[key]["pick"] == mark
        again = opened(url, **walk.address(app))
        assert not differs(app, again), (asked, differs(app, again))
        for label, behind in walk.ways(app):
            if key and not label.startswith("See what is behind "):
                continue
            rows = walk.go(opened(url, **asked), drill_links.PAGE, {drill_links.PARAMETER: [behind]})
            healthy(rows)
            said, there = count(rows), walk.address(rows)
            colleague = opened(drill_links.PAGE, **there)
            assert count(colleague) == said, (url, asked, label, there)
            assert not differs(rows, colleague), (url, asked, label, there)
            window = opened(drill_links.PAGE, **{drill_links.PARAMETER: behind})
            assert count(window) == said and walk.address(window) == there, (url, asked, label, behind)


ODD = "Nowhere at all"


@pytest.mark.parametrize("url", PAGES, ids=lambda u: u or "overview")
def test_what_an_address_says_and_the_page_does_not_know_is_said_until_it_is_dismissed(url, opened):
    """Of each control of the page, and of a parameter that nothing reads: the rest of the page is what it is without."""
    plain = opened(url)
    known = list(walk.controls(plain))
    shared = [next((k for k in known if k.endswith(end)), "") for end in SHARED]
    for key in [*(k for k in known if not k.endswith(SHARED)), *filter(None, shared), "sight", "mark"]:
        app = opened(url, **{key: ODD})
        assert not app.exception and not app.error
        told = [w.value for w in app.warning]
        assert len(told) == 1 and "ignored" in told[0] and (ODD in told[0] or key == "mark"), (key, told)
        app.run()
        assert [w.value for w in app.warning] == told, f"{key}: said for a moment only"
        assert ODD in str(walk.address(app).get("ignored")) and key not in walk.address(app)
        colleague = opened(url, **walk.address(app))
        assert [w.value for w in colleague.warning] == told, f"{key}: whoever opens the address of this page is not told"
        if url == drill_links.PAGE:
            assert not app.dataframe and any("No rows are listed" in i.value for i in app.info)
        app.button(key="dismiss_ignored").click().run()
        assert not app.warning and "ignored" not in walk.address(app)
        assert not differs(app, plain), (key, differs(app, plain))


def test_a_list_of_which_a_part_is_known_says_what_was_dropped(opened):
    for asked in ({"site": ["ZN101", "Nowhere"]}, {"site": "ZN101,Nowhere"}, {"site": "Northshire General, Nowhere"}):
        app = opened("backlog", **asked)
        (said,) = [w.value for w in app.warning]
        assert said == "The link names a site that is not in this data ('Nowhere'). It has been ignored. Shown: only Northshire General."
        assert app.sidebar.multiselect(key="site").value == ["Northshire General"]


def test_an_unknown_filter_is_said_on_the_next_page_too_where_it_is_as_true(opened):
    app = opened("backlog", site="Nowhere", by="Nonsense")
    said = {w.value for w in app.warning}
    assert "The link names a site that is not in this data ('Nowhere'). It has been ignored. Nothing is narrowed by site." in said
    assert len(said) == 2
    walk.go(app, "activity", {})
    assert [w.value for w in app.warning] == [w for w in said if "site" in w]


@pytest.mark.parametrize("odd", ["2026-13-45", "Mar 1999"])
def test_a_month_that_is_none_is_said(odd, opened):
    for asked in ({"from": odd}, {"period": "Custom", "from": odd, "to": "May 2026"}):
        app = opened("activity", **asked)
        (said,) = [w.value for w in app.warning]
        assert said == f"The link names a first month that is not in this data ('{odd}'). It has been ignored."


def test_a_link_that_gives_months_means_them(opened):
    app = opened("activity", **{"from": "Mar 2026", "to": "May 2026"})
    assert not app.warning and any("1 Mar 2026 to 31 May 2026" in c.value for c in app.caption)


def circuit(items: list[str]) -> list[str]:
    """A walk that goes from each to each other once."""
    left = {a: [b for b in items if b != a] for a in items}
    trail, found = [items[0]], []
    while trail:
        if left[trail[-1]]:
            trail.append(left[trail[-1]].pop())
        else:
            found.append(trail.pop())
    return found[::-1]


@pytest.mark.parametrize("part", range(3))
def test_a_choice_that_nobody_made_goes_to_no_other_page(part, opened):
    """From each page to each other in one session: it opens as it does for somebody who was never elsewhere."""
    cold = {url: opened(url) for url in PAGES}
    way_round = circuit(PAGES)
    steps = len(way_round) // 3 + 1
    mine = way_round[part * steps : (part + 1) * steps + 1]
    app = opened(mine[0])
    for before, url in pairwise(mine):
        app = walk.go(app, url, {})
        assert walk.address(app) == {}, (before, url)
        assert not differs(app, cold[url]), (before, url, differs(app, cold[url]))


def test_a_choice_that_was_made_on_a_page_stays_there_and_the_filters_go_along(opened):
    """Every control of a page at another option than it begins with: the next page shows what the filters alone make of it."""
    app = opened(PAGES[0], modality="CT", period="24 months")
    for url in [*PAGES[1:], PAGES[0]]:
        for key in [k for k in walk.controls(app) if k not in FILTERS and not k.endswith("_more")]:
            if key in walk.controls(app):
                app = walk.turn(app, key, walk.options(walk.controls(app)[key])[-1])
        app = walk.go(app, url, {})
        assert walk.address(app) == {"modality": ["CT"], "period": ["24 months"]}, url
        cold = opened(url, modality="CT", period="24 months")
        assert not differs(app, cold), (url, differs(app, cold))
