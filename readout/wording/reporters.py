"""What a comparison of reporters says, and what it must not be taken for."""

from readout.analysis.reporters import MONTHS, QUARTERS, Course, Reporter, Reporters
from readout.metrics import format as fmt
from readout.stats.variance import Spread


def finding(found: Reporters) -> str:
    """How many differ lastingly, and how much lies between reporters at all; or why nobody is shown."""
    if found.withheld:
        return found.withheld
    if not found.reporters:
        every = fmt.count(found.count_apart + found.count_unnamed)
        why = "the times cannot be told apart" if found.measure.is_time else f"none is {found.measure.event.said}"
        return f"Of {every} reports of this choice {why}, so nobody can be compared."
    count = fmt.count(len(found.reporters))
    lasting = [r for r in found.reporters if r.is_lasting]
    if lasting:
        differ = "differs" if len(lasting) == 1 else "differ"
        named = fmt.listed([_one(found, r) for r in lasting])
        text = f"Of {count} reporters {fmt.count(len(lasting)) if len(lasting) > 1 else 'one'} {differ} lastingly from the same case mix: {named}."
    else:
        text = f"None of {count} reporters differs lastingly from what the same case mix gives."
    return f"{text} {between(found)}".strip()


def _one(found: Reporters, r: Reporter) -> str:
    name = "you" if r.is_own else r.name
    if found.measure.is_time:
        return f"{name} ({r.ratio:.2f} times as long)"
    return f"{name} ({fmt.count(int(r.observed))} {found.measure.event.said} of {fmt.count(r.n)}, {r.expected:,.1f} expected)"


def between(found: Reporters) -> str:
    """The median odds ratio or the intraclass correlation in plain words."""
    if found.between is None:
        return "" if found.measure.is_time else f"Too few {found.measure.event.reports} to tell how much lies between reporters."
    value, low, high = found.between
    if found.measure.is_time:
        return (
            f"Of the variation in time from assignment {fmt.percent(value)} lies between reporters (95 % interval {fmt.percent(low)} to "
            f"{fmt.percent(high)}) and the rest within each reporter's own work."
        )
    if value < 1.005:
        return f"The odds of {found.measure.event.one} differ between reporters by no more than chance."
    return (
        f"The same report by a typical reporter with more {found.measure.event.many} would have {value:.1f} times the odds of one than by a typical reporter with fewer "
        f"(95 % interval {low:.1f} to {high:.1f})."
    )


def course(found: Course) -> str:
    """The last twelve months beside the twelve before them, which share no month with them, and whether the difference is more than chance."""
    if found.withheld:
        return f"Over time: {found.withheld[0].lower()}{found.withheld[1:]}"
    if not found.points:
        return "What lies between reporters cannot be told over time: no twelve whole months to the end of a quarter hold enough reports."
    last = found.points[-1]
    if found.last is not None and last.last < found.last:
        return (
            f"The twelve months to {fmt.month(found.last)} hold too few {found.measure.event.reports} to tell. Last told in the twelve to {fmt.month(last.last)}, "
            f"{'as an intraclass correlation' if found.measure.is_time else 'as a median odds ratio'}: {_spread(found, last)}."
        )
    name = "intraclass correlation of the time" if found.measure.is_time else f"median odds ratio of {found.measure.event.one}"
    text = f"In the twelve months to {fmt.month(last.last)} the {name} between reporters was {_spread(found, last)}"
    year = [p for p in found.points if (last.last.year - p.last.year) * 12 + last.last.month - p.last.month == MONTHS]
    if not year:
        return f"{text}."
    before = year[0]
    is_apart = before.high < last.low or last.high < before.low
    change = f"it is {'higher' if last.value > before.value else 'lower'} now" if is_apart else "the intervals overlap, so no change can be told from chance"
    return f"{text}; in the twelve before, {_spread(found, before)}: {change}."


def shares_months() -> str:
    """How to read windows that overlap."""
    return (
        "Twelve months to the end of each quarter: each point shares nine of them with its neighbour, so a change shows slowly, and only points a "
        "year apart are evidence of one another."
    )


def _spread(found: Course, point: Spread) -> str:
    if found.measure.is_time:
        return f"{fmt.percent(point.value)} ({fmt.percent(point.low)} to {fmt.percent(point.high)})"
    return f"{point.value:.2f} ({point.low:.2f} to {point.high:.2f})"


def too_few(found: Reporters) -> str:
    """Why no reporter is drawn: a single event would make anybody look extreme."""
    most = max(r.expected for r in found.reporters)
    return (
        f"Not drawn: of {fmt.count(sum(r.n for r in found.reporters))} reports, {found.words}, no reporter is expected to have one that is {found.measure.event.said} "
        f"(at most {most:.1f} expected of anybody), so a single one would make anybody look extreme, and none could be told from chance."
    )


def limits(found: Reporters) -> str:
    """How a reporter comes to be called different, and how many would be so by chance."""
    alarms = "fewer than one" if found.chance < 1 else f"about {found.chance:.0f}"
    beyond = " and, beyond it, what reporters differ by among themselves" if found.tau2 is not None else ""
    text = (
        f"Called different: outside what chance gives (99.8 %){beyond}, in at least two of the last {QUARTERS} quarters. "
        f"By chance {alarms} of {len(found.reporters)} would lie outside in one period."
    )
    if found.count_unnamed:
        text += f" {fmt.count(found.count_unnamed)} reports name no reporter and are in nobody's figure."
    if found.count_apart:
        what = "only one time to compare with" if found.measure.is_time else f"a kind in which none of anybody's was {found.measure.event.said}"
        text += f" {fmt.count(found.count_apart)} reports are of reporters all of whose work is of {what}: they have no point."
    return text


def caveats(found: Reporters) -> str:
    """What the figure cannot tell."""
    if found.measure.is_time:
        return (
            "The time that passes between assignment and first verification, where the RIS records both; of reports that are verified, for what still "
            "waits is nobody's yet. It is not known whether the list was worked in order, nor how hard the cases were beyond their case mix. The time since "
            "the examination is never compared: it is mostly the queue, and whoever clears old cases would look slow."
        )
    if found.measure.measure == "follow_up":
        return (
            "A recommendation of further imaging may be careful or unsure; neither more nor fewer is better, and what was recommended may not have been done. "
            "Reports of a RIS that does not say are in nobody's figure. A mark outside the lines is where to begin a conversation, with the reports at hand."
        )
    if found.measure.measure == "discrepancy":
        return (
            "Few of a reporter's reports are reviewed: of a dozen, one found more or less is chance, so that nobody standing out does not mean that nobody "
            "differs. Grades differ between reviewers. Only random samples and reviews of everything count, and what was chosen for a reason does not."
        )
    return (
        "An addendum is often good practice: new history, a discussion at a meeting, a second look. More of them can mean more complex work, more "
        "discussion or more candour, fewer can mean that errors are not written down. "
        "A mark outside the lines is where to begin a conversation, with the reports at hand."
    )


def privacy(found: Reporters) -> str:
    """Who can be told from what is shown, and why so little can be asked."""
    return (
        f"Names are pseudonyms made with the network's secret. A choice is shown only where at least {found.rule.least} reporters made its "
        f"reports, none over {fmt.percent(found.rule.most_share, 0)}, and where that gives no other choice away; over time, where each single month is so. "
        "The periods are fixed, the filters do not apply, and nothing here can be downloaded."
    )
