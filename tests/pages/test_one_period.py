"""A page speaks of one period, the one on screen: no word, table or drawing of it names a later day, but for how far the data goes."""

import re
from datetime import date, datetime

import pytest
import test_pages
import walk

from readout.metrics import format as fmt
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import month_end
from tests.conftest import router

opened = test_pages.opened  # the fixture: the router at an address
pytestmark = pytest.mark.filterwarnings("default")  # the test harness itself warns
END = date(2026, 3, 31)
PAST = {"period": "Custom", "from": "Oct 2025", "to": "Mar 2026"}
MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
DAY = re.compile(rf"\b(?:(\d{{1,2}}) )?({MONTHS}) (20\d\d)\b")
STATED = "The dates chosen do not apply here"  # a page that is of one fixed time says so


def days(text: str) -> list[date]:
    """The last day of each date and month that a text names."""
    found = []
    for day, month, year in DAY.findall(text):
        first = datetime.strptime(f"1 {month} {year}", "%d %b %Y").date()
        found.append(first.replace(day=int(day)) if day else month_end(first))
    return found


def surfaces(app) -> list[str]:
    """Everything that is seen, less the note of how far the data goes and the choice of dates itself."""
    texts = []
    for x in walk.seen(app):
        if x.startswith("control "):
            continue
        x = re.sub(r":gray\[Data to [^\]]*\]", "", x)
        x = re.sub(r"every site\\?'s data to at least \d+ \w+ \d{4} \d\d:\d\d", "", x)
        texts.append(x)
    return texts


NOW = re.compile(r"\bwhen the data ends\b|\bnow\b(?! and then)")


@pytest.mark.parametrize("url", router(), ids=lambda u: u or "overview")
def test_a_page_of_a_past_period_names_no_later_day(url, opened):
    """As it opens, and with every chart that can be judged shown with its limits."""
    app = opened(url, **PAST)
    limits = {key: "true" for key in walk.controls(app) if key.endswith("_limits")}
    for asked in ({}, limits) if limits else ({},):
        app = opened(url, **PAST, **asked)
        assert not app.exception and not app.error and not app.warning
        if any(STATED in x for x in walk.seen(app)):
            continue
        late = [(d.isoformat(), x[:400]) for x in surfaces(app) for d in days(x) if d > END]
        assert not late, late[:6]
        now = [m for x in surfaces(app) if not x.startswith(("Html", "drawing")) for m in NOW.findall(x)]
        assert not now, "now is not of this period"


def test_the_test_sees_a_later_day():
    assert days("In May 2026 and by 3 Nov 2026") == [date(2026, 5, 31), date(2026, 11, 3)]


NONE_DONE = {"modality": "PET", "urgency": "Emergency", "class": "GP direct access"}


def cards(app) -> dict[str, tuple[str, str]]:
    """The figures in frames on a page: each label with its value and the words below it."""
    found, seen = {}, list(walk.nodes(app))
    for i, n in enumerate(seen):
        if type(getattr(n, "proto", None)).__name__ == "Metric":
            found[n.label] = (n.value, getattr(seen[i + 1], "value", ""))
    return found


def of_catalogue(label: str):
    """The metric of a card."""
    named = label.removesuffix(" now").removesuffix(", half within")
    return next((m for m in load_catalogue().metrics.values() if m.label == named and not m.national), None)


def test_a_count_of_nothing_is_a_nought_on_every_page_and_never_a_month_that_is_not_complete(opened):
    """Complete months in which nothing was done and nothing waited: counts and lists say 0, shares and times that there is nothing to count."""
    values: dict[str, set[str]] = {}
    for url in router():
        for label, (value, below) in cards(opened(url, **NONE_DONE)).items():
            metric = of_catalogue(label)
            if metric is None or metric.national:
                continue
            assert "no complete month" not in below, (url, label, below)
            is_count = metric.kind.nothing_is_zero
            assert value == "0" if is_count else value in (fmt.DASH, "0"), (url, label, value, below)
            assert is_count or value == "0" or "nothing to count in range" in below or "when the data ends" in below, (url, label, below)
            values.setdefault(metric.id, set()).add(value)
    assert len(values) >= 8 and {"unreported", "backlog_10_days", "activity"} <= set(values)
    assert all(len(v) == 1 for v in values.values()), values


def test_where_no_month_is_complete_every_card_says_so_and_none_says_nought(opened):
    arriving = {"period": "Custom", "from": "Nov 2026", "to": "Nov 2026"}
    found = 0
    for url in router():
        for label, (value, below) in cards(opened(url, **arriving)).items():
            metric = of_catalogue(label)
            if metric is None or metric.national or metric.is_snapshot or metric.kind.is_level:
                continue
            found += 1
            assert value == fmt.DASH and "no complete month in range" in below, (url, label, value, below)
    assert found >= 6
