"""The signals as a page shows them: by indicator, each series with what it says and the way to its control chart."""

from collections.abc import Mapping
from html import escape

from readout.analysis import chance
from readout.analysis.control import Control
from readout.analysis.signals import UNITS, Signals, signals
from readout.metrics import format as fmt
from readout.metrics.answer import dimension_labels
from readout.metrics.scope import DIMENSIONS
from readout.ui import html_tables, session
from readout.ui.frame import Page, unlike
from readout.wording import control as control_words

COLUMNS = ("Where", "Variation", "Last complete month")
KINDS = {"concern": "Concern", "improvement": "Improvement", "neutral": "Neither", "all": "All"}


def found(page: Page) -> Signals:
    """Every signal in the page's filters, kept between reruns; over every month of the extract up to the end of the page's dates."""
    where, end = {k: v for k, v in page.scope.where.items() if v}, page.ends_before
    key = ("signals", str(session.extracts()), page.store.extract.id, page.store.viewer.key, end, tuple(sorted(where.items())))
    kept: Signals = session.answers().get(key, lambda: signals(page.store, where, until=end))
    return kept


def finding(s: Signals) -> str:
    """How many there are, beside what chance gives."""
    concern = sum(c.variation == "concern" for c in s.found)
    better = sum(c.variation == "improvement" for c in s.found)
    if not s.count_series:
        return "No series is long enough to judge in this choice of filters."
    touched = len({c.metric.id for c in s.found})
    return (
        f"{len(s.found)} of {s.count_series} series, of {touched} indicator{'s' * (touched != 1)}, show special-cause variation in their last complete month: "
        f"{concern} of concern, {better} of improvement. Were every series steady, about {s.expected:.0f} would do so by chance, so read a single signal "
        "with its reason, and several together as a pattern."
    )


ONE_EVENT = (
    "One event stands here more than once: the whole network, its sites, modalities and pathways are cut from the same examinations, and indicators "
    "that share them (unreported and backlog, turnaround and standard) move together. So count events and not rows."
)


def season() -> str:
    """What a season or growth alone does to charts of activity and demand."""
    alone = chance.shares()["moved_mean"]
    return (
        f"Activity and demand are judged against all their months here. Growth of 3 % a year alone flags such a chart in {alone['growth_3'] * 100:.0f} of 100, "
        f"a yearly season of 5 % either way in {alone['season_5'] * 100:.0f}. Their control charts also offer limits against the same month a year before."
    )


def table(page: Page, s: Signals, kind: str) -> str:
    """One row a signal under its indicator, each a link to its control chart; the indicators that the whole network shows first. Empty for none."""
    groups: dict[str, list[Control]] = {}
    for c in s.found:
        if kind == "all" or (c.variation or "").startswith(kind):
            groups.setdefault(c.metric.label, []).append(c)
    labels = dimension_labels(page.store)
    names = {d: unlike(labels[d]) for d in UNITS[1:]}
    body = []
    for label, found in groups.items():
        places = f"{len(found)} series" if len(found) > 1 else "1 series"
        body += [html_tables.group(f"{label} · {places}", len(COLUMNS)), *(_row(c, {d: names[d].get(v, v) for d, v in c.unit.items()}) for c in found)]
    return html_tables.framed("signals", "Signals by indicator, each with the way to its control chart", COLUMNS, body) if body else ""


def _row(c: Control, unit: Mapping[str, str]) -> str:
    """`unit`: as the filters name it. A code in the address would be rewritten there, and the browser's way back be one step longer."""
    last = c.last or {"x": None, "mean": None, "month": None}
    of = fmt.listed([DIMENSIONS[d].label for d in c.unit])
    mean = f"mean {control_words.reading(c, last['mean'], is_line=True)}" if last["mean"] is not None and c.limits not in control_words.ABOUT else ""
    figure = f"<b>{escape(control_words.reading(c, last['x']))}</b>"
    stands = (f"level {c.level.words()}",) if c.level is not None and c.level.words() else ()
    return html_tables.row(
        html_tables.link(html_tables.control_address(c.metric.label, unit), c.name[0].upper() + c.name[1:]) + html_tables.small(of),
        (
            html_tables.marked(html_tables.variation(c), control_words.rule(c)),
            figure + html_tables.small(fmt.month(last["month"]) if last["month"] else "", mean, *stands),
        ),
    )


def account(s: Signals) -> str:
    """What was judged and what could not be."""
    parts = [f"{s.count_series} series judged", f"{s.count_short} too short or with too few to judge", f"{s.count_stale} without a figure in their last month"]
    parts += [f"{metric}: {why}" for metric, why in s.failed]
    return " · ".join([*parts, f"extract {s.extract_id}"])
