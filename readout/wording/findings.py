"""The finding in words, from Answers only. It sets counts beside each other and claims no change: two months show none.

A single month's difference is stated, never called better or worse. Where the shares of two groups are set apart it is because
their 95 % intervals do not meet, and the sentence says so.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from readout.analysis import between_sites, case_mix, timestamp_tests, worst_unit
from readout.analysis.judgeable import LEAST_TIMED
from readout.metrics import drill
from readout.metrics import format as fmt
from readout.metrics.answer import Answer, Released, words
from readout.metrics.drill import Listing
from readout.metrics.scope import DIMENSIONS, month_end, months_between, previous_month
from readout.stats.extremes import largest_count
from readout.stats.funnel import MIN_UNITS, P, binomial_sides
from readout.stats.intervals import wilson

Row = dict[str, Any]

TOO_FEW = "too few"  # stands for a quantile of fewer than LEAST_TIMED
LASTING = "exam_to_report"  # what has not ended is as old as its examination: nothing but a report ends it

ADDENDA = (
    "An addendum is often good practice: new history, a discussion at a meeting, a second look. A site with more may have harder cases than its case mix shows, "
    "more meetings, or a RIS that makes addenda easy; one with fewer may correct reports without one."
)
REVIEWS = (
    "Peer review finds what reviewers look for: grades differ between reviewers, and a small random sample says little of one unit. Reports chosen for a "
    "reason or brought to a meeting are counted apart and are no rate of anything."
)
FOLLOW_UP = (
    "Neither more nor fewer is better: a report that asks for another examination may be careful or unsure, and what it asks for may or may not be done. "
    "Only sites whose RIS says whether a report recommends further imaging are compared; where it is silent the reports are left out, not taken for a no."
)
ROUTES_LATE = (
    "Each share is of every examination that is old enough, reported or not, so that together they are 100 %. A route's own lateness is not given: "
    "what is not reported yet has no route, and a route that is given old cases would look late for it."
)
ROUTES_REVIEWED = (
    "Which cases go to whom, and which of them are looked at again, are choices that the case mix does not show; few are reviewed, so that only large "
    "differences can be told from chance. Reviewers know whose report they read, unless the review is blinded."
)
ROUTES_ADDENDA = (
    "Which cases go to whom is a choice that the case mix does not show: a supplier may be spared the complex ones, and a radiographer reports within a scope. An "
    "addendum to an outsourced report is often made by the site and not by the supplier, after a query: who looks again decides how many "
    "are found. What is not looked at again is not amended."
)


def complete_months(answer: Answer) -> list[date]:
    """The months in an answer's dates that are over and no longer arriving, oldest first, whether or not it has a row of them."""
    return [m for m, is_provisional in _months(answer) if not is_provisional]


def _months(answer: Answer) -> list[tuple[date, bool]]:
    """The months in an answer's dates as far as the data goes, oldest first, each with whether it is still arriving."""
    rows = [r["month"] for r in answer.rows if r.get("month")]
    if answer.metric.national or not answer.data_through:
        return [(r["month"], r["provisional"]) for r in answer.rows if r.get("month")]
    scope, through = answer.scope, max(answer.data_through.values()).astimezone(ZoneInfo(answer.time_zone)).date()
    stop = min(d for d in (through, scope.end) if d is not None)
    first = scope.date_from or min([*rows, stop.replace(day=1) if scope.end else previous_month(stop)])
    late = set(answer.provisional_months)
    in_range = [m for m in months_between(first, stop) if not scope.months or m in scope.months]
    return [(m, m in late) for m in in_range if month_end(m) <= stop or m in late]


def _filled(answer: Answer) -> list[Row]:
    """The rows by month. Of a count or a list a month without a row is a zero: nothing was done, or nothing waited. Of a share or a time it is
    nothing to count."""
    rows, metric = answer.rows, answer.metric
    is_withheld = (isinstance(answer, Released) and bool(answer.hidden or answer.count_gone)) or any(x.reason == "one_reader" for x in answer.left_out)
    if "month" not in answer.scope.by or metric.national or not metric.kind.nothing_is_zero or is_withheld:
        return rows
    known = {r["month"] for r in rows}
    return sorted([*rows, *({"month": m, "value": 0, "provisional": late} for m, late in _months(answer) if m not in known)], key=lambda r: r["month"])


def latest_complete(answer: Answer) -> tuple[Row | None, Row | None]:
    """The rows of the last month that is no longer arriving, and of the month before it, of an answer by month alone."""
    rows = [r for r in _filled(answer) if not r["provisional"] and _value(answer, r) is not None]
    return (rows[-1] if rows else None), (rows[-2] if len(rows) > 1 else None)


def latest(answer: Answer) -> Row | None:
    """The last row there is, complete or still arriving: what a stock is now."""
    rows = [r for r in _filled(answer) if _value(answer, r) is not None]
    return rows[-1] if rows else None


def _value(answer: Answer, row: Row) -> float | None:
    value: float | None = row["n"] or None if answer.metric.kind.is_time else row["value"]
    return value


def reading(answer: Answer, row: Row | None) -> str:
    """A row's figure as a card shows it. For a time: the median."""
    if row is None:
        return fmt.DASH
    if answer.metric.kind.is_time and _is_few(row):
        return TOO_FEW
    column = answer.metric.kind.typical
    return answer.metric.kind.figure(row[column], column)


def beside(answer: Answer, row: Row | None) -> str:
    """The counts that stand behind a figure."""
    if row is None:
        return ""
    if answer.metric.kind.is_time:
        return f"{_capped(answer, row)}{answer.metric.kind.counts(row)}"
    return answer.metric.kind.counts(row) if answer.metric.kind.is_ratio else answer.metric.unit


def _is_few(row: Row) -> bool:
    """Whether a month or unit has too few for a quantile: of fewer than ten the 90th percentile is the longest of them."""
    return (row.get("n") or 0) < LEAST_TIMED


def _capped(answer: Answer, row: Row) -> str:
    return "" if _is_few(row) else f"{_nine_in_ten(answer, row)}; "


def too_few_to_draw(answer: Answer, drawn: Answer) -> str:
    """Which rows of a time have too few examinations to be drawn; empty where all are drawn."""
    gone = len(answer.rows) - len(drawn.rows)
    if not gone:
        return ""
    (what,) = {DIMENSIONS[d].plural if gone > 1 else DIMENSIONS[d].label.lower() for d in answer.scope.by[:1]} or {"figures"}
    count = f"{fmt.count(gone)} {what}" if len(answer.scope.by) < 2 else f"{fmt.count(gone)} of {fmt.count(len(answer.rows))} points"
    verb = "has" if gone == 1 else "have"
    return f"{count} {verb} fewer than {LEAST_TIMED} examinations: too few for a median or a 90th percentile, so not drawn."


def _nine_in_ten(answer: Answer, row: Row) -> str:
    return "nine in ten not yet reached" if row["p90_hours"] is None else f"90 % within {answer.metric.kind.duration(row['p90_hours'])}"


def when(answer: Answer, row: Row | None) -> str:
    """The month of a row; a stock says at its end."""
    if row is None:
        return "nothing to count in range" if complete_months(answer) else "no complete month in range"
    return answer.metric.kind.when(row["month"])


def compared(answer: Answer) -> str:
    """One sentence: the last complete month beside the one before it, with counts."""
    now, before = latest_complete(answer)
    name = ", ".join([answer.metric.label, *(answer.label("pathway", p) for p in answer.scope.where.get("pathway", ()))])
    if now is None:
        return f"{name}: {when(answer, None)}."
    if answer.metric.kind.is_time and _is_few(now):
        said = f"{name}: {fmt.count(now['n'])} examination{'' if now['n'] == 1 else 's'} of {fmt.month(now['month'])}"
        return f"{said}, {fmt.count(now['count_unreported'])} still {answer.metric.unended}: too few for a median or a 90th percentile."
    if answer.metric.kind.is_time:
        ended = answer.metric.ended
        said = f"{name}: half of the examinations of {fmt.month(now['month'])} were {ended} within {reading(answer, now)}"
        said += f", {_nine_in_ten(answer, now)}"
        said += f" (n {fmt.count(now['n'])}, {fmt.count(now['count_unreported'])} still {answer.metric.unended})"
        if before and not _is_few(before):
            said += f"; for {fmt.month(before['month'])} half within {reading(answer, before)}, {_nine_in_ten(answer, before)}"
        return said + "."
    counts = f" ({beside(answer, now)})" if answer.metric.kind.is_ratio else ""
    said = f"{name}: {reading(answer, now)}{counts} {answer.metric.kind.preposition} {when(answer, now)}"
    if before:
        said += f", {reading(answer, before)} {answer.metric.kind.preposition} {when(answer, before)}"
    return said + "."


def against_standard(answer: Answer) -> str:
    """How many miss the standard in the whole of an answer that is not broken down, the unreported counted."""
    rows = [r for r in answer.rows if r.get("denominator")]
    standard = answer.standard
    if not rows or standard is None or standard.target is None:
        return ""
    n, met = sum(r["denominator"] for r in rows), sum(r["numerator"] for r in rows)
    if standard.better == "up":
        wanted = "none" if standard.target >= 1 else f"at most {fmt.percent(1 - standard.target, 0)}"
        said = f"{fmt.count(n - met)} of {fmt.count(n)} examinations old enough to judge missed {standard.label} or are still unreported"
        return f"{said}; the {standard.status} standard is {wanted}."
    if standard.better == "down":
        at = f" {answer.words.rsplit(', ', 1)[-1]}" if answer.metric.is_snapshot and "month" not in answer.scope.by else ""
        return f"{answer.metric.label}{at}: {fmt.share(met, n)}; the {standard.status} standard is {standard.label.lower()}."
    return ""


def no_target(answer: Answer) -> str:
    """Why no target stands beside a figure, in a few words."""
    if answer.metric.better == "neutral":
        return "none: neither way is better"
    if "standard_id" in answer.metric.dimensions:
        return "each pathway's own"
    if answer.standard is not None and answer.standard.unit == answer.metric.unit:
        return f"{answer.standard.label[0].lower()}{answer.standard.label[1:]}, of one site"
    return "none set"


def against_case_mix(answer: Answer, *drawn_with: Answer) -> str:
    """Which units differ lastingly once their case mix is allowed for, which only seemed to, and which cannot be compared.

    `drawn_with`: the last quarters, oldest first, and where there is one the answer of `timestamps_doubtful` by the same units.
    """
    failing, quarters = timestamp_tests.parted(drawn_with)
    found = case_mix.compared(answer, quarters, failing)
    (dimension,) = answer.scope.by
    noun = _noun(dimension)
    if not found.units:
        return f"{_nothing_to_compare(answer, dimension)}, so no {noun} can be compared."

    def said(u: case_mix.Unit) -> str:
        return f"{answer.label(dimension, u.code)} ({fmt.count(u.observed)} {case_mix.event(answer).said}, {u.expected:,.0f} expected)"

    more, fewer = ([said(u) for u in found.units if u.is_lasting == side] for side in (1, -1))
    others = [u for u in found.units if u.is_comparable]
    seemed = [answer.label(dimension, u.code) for u in others if u.unadjusted_side and not u.side]
    parts = []
    if more or fewer:
        named = [f"more {case_mix.event(answer).reports} at {fmt.listed(more)}"] if more else []
        named += [f"fewer at {fmt.listed(fewer)}"] if fewer else []
        parts.append(f"Against their case mix, {'; '.join(named)}: outside what chance gives (99.8 %) in at least two of the last three quarters.")
    elif len(found.units) == 1:
        name = answer.label(dimension, found.units[0].code)
        parts.append(f"{name} does not differ lastingly from its case mix at the rates of all sites: it is not outside chance in two of the last three quarters.")
    else:
        parts.append(f"Against their case mix no {noun} differs lastingly from the others: none is outside what chance gives in two of the last three quarters.")
    now = [answer.label(dimension, u.code) for u in others if u.side and not u.is_lasting]
    if now:
        parts.append(f"Outside in the period shown, but not in two of those quarters: {fmt.listed(now)}.")
    if seemed:
        parts.append(f"{fmt.listed(seemed)}: unlike the others without the adjustment, within chance with it.")
    return " ".join([*parts, *(not_comparable(a) for a in drawn_with if a.metric.id == timestamp_tests.METRIC)]).strip()


def _nothing_to_compare(answer: Answer, dimension: str) -> str:
    """Why no unit of an answer has anything expected of it."""
    judged = [r for r in answer.rows if r["count_judged"]]
    if not judged:
        return "No examination of this choice is old enough to judge"
    if all(r[dimension] is None for r in judged):
        return "None of these was reported for another organisation" if dimension == "supplier" else f"None of these names its {_noun(dimension)}"
    return f"Of {fmt.count(sum(r['count_judged'] for r in judged))} none is {case_mix.event(answer).said}, and so none expected"


def against_case_mix_in(answer: Answer, *drawn_with: Answer) -> str:
    """`against_case_mix` with its filters and period before it, for a page that draws no chart to say them."""
    words = answer.words
    return f"{words[0].upper()}{words[1:]}. {against_case_mix(answer, *drawn_with)}"


def variation_between_sites(odds: Sequence[between_sites.Spread], shares: Sequence[between_sites.Spread]) -> str:
    """How much lies between sites in the last whole quarter, in plain words."""
    said = []
    if odds:
        last = odds[-1]
        if last.value < 1.005:
            said.append("Sites differ in late reports by no more than chance, once their case mix is allowed for")
        else:
            said.append(
                f"The same examination at a typical higher site would have {last.value:.1f} times the odds of a late report than at a typical lower one "
                f"(95 % interval {last.low:.1f} to {last.high:.1f}, the quarter to {fmt.month(last.last)})"
            )
    if shares:
        last = shares[-1]
        said.append(
            f"of the variation in turnaround {fmt.percent(last.value)} lies between sites and {fmt.percent(1 - last.value)} between examinations of one site "
            "(reported examinations, by the logarithm, without adjustment)"
        )
    return f"{'; '.join(said)}." if said else "No three sites have a whole quarter that is old enough, so what lies between them cannot be told."


def one_rate(answer: Answer) -> str:
    """A rate of all together with its 95 % interval and its reference range, where there is one."""
    row = answer.rows[0] if answer.rows else None
    if not row or not row["denominator"]:
        return ""
    low, high = wilson(row["numerator"], row["denominator"])
    text = f"{answer.metric.label}: {fmt.share(row['numerator'], row['denominator'])}, 95 % interval {fmt.percent(float(low), 2)} to {fmt.percent(float(high), 2)}"
    return f"{text}; {answer.standard.label[0].lower()}{answer.standard.label[1:]}." if answer.standard else f"{text}."


def sparse_rate(answer: Answer) -> str:
    """A rate over the whole period, where a month holds too little to be judged by itself."""
    said = one_rate(answer)
    return f"Not judged by month, since too few are looked at in one. {said[:-1]} ({answer.words})." if said else ""


def unattributed(answer: Answer) -> str:
    """What stands in no unit's figure, because it is not known whose it is or will be."""
    (dimension,) = answer.scope.by
    rows = [r for r in answer.rows if r[dimension] is None and r["count_judged"]]
    if not rows or dimension == "supplier":
        return ""
    r = rows[0]
    counted = f"{fmt.count(r['numerator'])} {case_mix.event(answer).said}, {r['denominator']:,.1f} expected. They are in no figure of the chart"
    return f"{fmt.count(r['count_judged'])} reports do not say who made them: {counted}."


def not_comparable(times: Answer) -> str:
    """One sentence for each unit whose times fail a test, from the answer of `timestamps_doubtful` by unit and test; nothing where none does."""
    (dimension,) = (d for d in times.scope.by if d != "time_test")
    said = []
    for mark in timestamp_tests.marks(times).values():
        why = fmt.listed([f"{fmt.percent(t.share, 0)} of its reports {t.test.said}" + _by_chance(t) for t in mark.failed])
        if why:
            said.append(f"The times of {times.label(dimension, mark.code)} are not comparable: {why}.")
    return " ".join(said)


def _by_chance(tested: timestamp_tests.Tested) -> str:
    return f" (by chance {fmt.percent(tested.test.by_chance, 0)})" if tested.test.by_chance else ""


def case_mix_limits(answer: Answer, *drawn_with: Answer) -> str:
    """How to read the comparison, and what it leans on."""
    failing, quarters = timestamp_tests.parted(drawn_with)
    found = case_mix.compared(answer, quarters, failing)
    (dimension,) = answer.scope.by
    if not found.units:
        return ""
    alone = [f"{answer.label(dimension, u.code)} {fmt.percent(u.share_alone, 0)}" for u in found.units if u.share_alone >= 0.05]
    chance = "fewer than one" if found.chance < 1 else f"about {found.chance:.0f}"
    said = (
        f"Expected: each examination at the rate that all sites together have for its kind, so each {_noun(dimension)} is compared with the network and not "
        "with another. "
    )
    if len(found.units) > 1:
        said += f"By chance {chance} of {len(found.units)} would lie outside 99.8 % in one period. "
    if len(found.units) < MIN_UNITS:
        said += f"With fewer than {MIN_UNITS} units no band can allow for differences beyond chance that all of them share. "
    if alone:
        said += f"Part of the expected rests on kinds of examination that only one {_noun(dimension)} has: {fmt.listed(alone)}. "
    if failing:
        named = fmt.listed([f"{answer.label(dimension, code)} †" for code in failing])
        said += f"Not comparable by their times, counted in the rates of all and called different in nothing: {named}."
    return said.strip()


def best_estimates(answer: Answer) -> str:
    """What the best estimates say where the units differ by no more than chance, and so all are drawn to the same."""
    found = case_mix.estimates(answer)
    if len(found) < 2 or max(e.best for e in found) - min(e.best for e in found) > 0.005:
        return ""
    return "The ratios differ by no more than chance gives, so the best estimate of each is that of all together; the interval says how far it may be from that."


def sampled(whole: Answer) -> str:
    """What the samples found together, beside the ways of choosing that are no rate."""
    row = whole.rows[0] if whole.rows else None
    if not row or not row["denominator"]:
        return ""
    return f"Random samples and reviews of everything together: {fmt.share(row['numerator'], row['denominator'])} found to differ. The others were chosen for a reason:"


def beyond_chance(answer: Answer, whole: Answer) -> str:
    """Which units' shares lie outside what chance gives around the share of all together, and how many would if none differed."""
    (dimension,) = answer.scope.by
    rows = [r for r in answer.rows if r["denominator"] and r[dimension] is not None]
    together = whole.rows[0]["value"] if whole.rows else None
    if together is None or len(rows) < 2:
        return ""
    sides = binomial_sides([r["numerator"] for r in rows], [r["denominator"] for r in rows], together)
    outside = [f"{answer.label(dimension, r[dimension])} ({'above' if side > 0 else 'below'})" for r, side in zip(rows, sides, strict=True) if side]
    expected = 2 * P[0] * len(rows)
    chance = f"once in {1 / expected:.0f} such comparisons" if expected < 0.5 else f"about {expected:.0f} times here"
    return (
        f"Grey: where the share of one {_noun(dimension)} with so many would lie by chance if it were that of all together, 95 % and 99.8 %. Outside: "
        f"{fmt.listed(outside) or 'none'}; by chance at most {chance}. Each is part of all together."
    )


def largest(answer: Answer, dimension: str) -> str:
    """Where most of a stock or count is, and how much of the whole that makes."""
    totals: dict[Any, float] = {}
    for r in answer.rows:
        totals[r[dimension]] = totals.get(r[dimension], 0) + (r["value"] or 0)
    whole = sum(totals.values())
    if not whole:
        return f"{answer.metric.label}: none."
    top = max(totals, key=lambda k: totals[k])
    if len(totals) == 1:
        return f"{answer.metric.label}: {fmt.count(whole)} at {answer.label(dimension, top)}."
    if not largest_count([round(v) for v in totals.values()]):
        return f"{answer.metric.label}: {fmt.count(whole)}; no {_noun(dimension)} holds clearly more than the next."
    share = fmt.percent(totals[top] / whole, 0)
    return f"{answer.metric.label}: {fmt.count(whole)}, of which {answer.label(dimension, top)} holds {fmt.count(totals[top])} ({share})."


def beside_national(own: Answer, england: Answer, name: str) -> str:
    """Our share beside England's in the same month."""
    ours = latest(own)
    theirs = next((r for r in england.rows if ours and r["month"] == ours["month"]), None)
    if ours is None:
        return f"{own.metric.label}: our providers are not in this range of the return."
    said = f"{own.metric.label} at the end of {fmt.month(ours['month'])}: {fmt.share(ours['numerator'], ours['denominator'])} at our providers"
    if theirs:
        said += f", {fmt.share(theirs['numerator'], theirs['denominator'])} in {name}"
    return said + "."


def of_list(listing: Listing) -> str:
    """What a list holds, in words."""
    stock = listing.kind in drill.STOCKS
    until = f"at the end of {fmt.day(listing.scope.date_to)}" if listing.scope.date_to else "when the data ends"
    label = drill.ONE[listing.kind] if listing.total == 1 else f"{listing.label[0].lower()}{listing.label[1:]}"
    return f"{label}: {words(listing.scope, listing.labels, until if stock else None)}"


def breaching(answer: Answer, dimension: str = "pathway") -> str:
    """How many are over the standard for their pathway, the unreported counted, and which unit has the largest share, where that is beyond chance."""
    rows = [r for r in answer.rows if r["denominator"]]
    if not rows:
        return ""
    missed, whole = sum(worst_unit.missed(answer, r) for r in rows), sum(r["denominator"] for r in rows)
    counted = f"{fmt.count(whole)} examination{'' if whole == 1 else 's'} old enough to judge"
    over = "over the standard for their pathway or still unreported"
    if not missed:
        return f"Of {counted}, none is {over}."
    text = f"Of {counted}, {fmt.count(missed)} ({fmt.percent(missed / whole)}) {'is' if missed == 1 else 'are'} {over}"
    named = answer.label(dimension, rows[0][dimension])
    if len(rows) == 1:
        return f"{text}, all of them {named}." if rows[0][dimension] is not None else f"{text}."
    worst = worst_unit.most_missed(answer, dimension)
    if worst is None:
        few = whole < worst_unit.LEAST_EACH * len(rows) or missed < worst_unit.LEAST_EVENTS
        noun = "pathway" if dimension == "pathway" else _noun(dimension)
        return f"{text}. {f'That is too few to say which {noun} breaches most' if few else f'No {noun} breaches more than the others by more than chance'}."
    of = fmt.share(worst_unit.missed(answer, worst), worst["denominator"])
    return f"{text}. {answer.label(dimension, worst[dimension])} breaches most, by more than chance: {of}."


def naive_difference(honest: Answer, naive: Answer) -> str:
    """Why the reported-only figure differs from ours, with the numbers of the last month of each."""
    rows = {r["month"]: r for r in naive.rows}
    waiting = [r for r in honest.rows if r["count_unreported"] and r["month"] in rows and not r["provisional"] and not _is_few(r)]
    if not waiting and any(r["count_unreported"] for r in honest.rows if not r["provisional"]):
        return f"Every month with examinations still unreported has fewer than {LEAST_TIMED}: too few to compare the two figures."
    if not waiting:
        return "Every examination of this range is reported, so the two figures agree."
    row = waiting[-1]
    other = rows[row["month"]]
    return (
        f"Of the examinations of {fmt.month(row['month'])}, {fmt.count(row['count_unreported'])} of {fmt.count(row['n'])} still have no report. "
        f"Counted as waits that have not ended, {_nine_in_ten(honest, row)}; "
        f"of the reported alone it seems to be {_nine_in_ten(naive, other)}. "
        "The reported-only figure leaves out exactly the longest waits, so it looks better the more examinations are left unreported."
    )


def flow(arrived: Answer, left: Answer) -> str:
    """What came to the reporting room and what left it in the last complete month of both."""
    came, _ = latest_complete(arrived)
    gone = next((r for r in _filled(left) if came and r["month"] == came["month"]), None)
    if came is None or gone is None:
        return ""
    more = came["value"] - gone["value"]
    grew = f"the unreported grew by {fmt.count(more)}" if more > 0 else f"the unreported fell by {fmt.count(-more)}" if more < 0 else "as many as left"
    return f"In {fmt.month(came['month'])} {fmt.count(came['value'])} examinations came to be reported and {fmt.count(gone['value'])} left: {grew}."


def standard_used(answer: Answer, pathway: str) -> str:
    """How much of the standard for a pathway half of its patients use up before they have a result."""
    row = next((r for r in answer.rows if r.get("pathway") == pathway), None)
    if row is None or answer.standard is None or not answer.standard.threshold or row["median_hours"] is None or _is_few(row):
        return ""
    half, nine = answer.metric.kind.duration(row["median_hours"]), _nine_in_ten(answer, row)
    used = fmt.percent(row["median_hours"] / 24 / answer.standard.threshold, 0)
    return (
        f"{answer.label('pathway', pathway)}: half have their report within {half} of the request, {used} of the "
        f"{answer.standard.threshold:g} days in which a diagnosis is due ({answer.standard.status} standard); {nine}."
    )


VIEWS = {
    "exam_to_report": "By month of examination: what patients got. Examinations still unreported count as waits that have not ended.",
    "exam_to_report_working": "By month of examination, counting only the minutes the site was open. The unreported count as waits that have not ended.",
    "exam_to_report_by_report": (
        "By month of report: what the reporting room did. It cannot see what is still unreported, and a month that clears old "
        "examinations looks slow here though patients gain."
    ),
}


STEPS_SAID = {
    "planned": "planned surveillance that is due (42 days before its examination or appointment) and still waits: it is on the return's list and on none of ours",
    "timing": "what the list gains and loses in the three days after the month's end, when a return is run; for activity, what was booked in another month",
    "scope": "what the return does not count under the test, such as obstetric ultrasound, by the rules of dm01_scope.toml",
    "vintage": "the latest publication of the month less the first",
    "unexplained": "the rest, with sites of the trust that are not in this extract",
}


def bridge(answer: Answer) -> str:
    """Our figure beside the published one of the same trust, test and month, the reasons by size, and what no reason explains."""
    steps = {r["step"]: r["value"] for r in answer.rows}
    ours, published = steps.get("ours", 0), sum(steps.values())
    if published == ours and not any(v for k, v in steps.items() if k != "ours"):
        return f"{_where(answer)}: the return and our figure agree, both {fmt.count(ours)}."
    named = sorted((k for k, v in steps.items() if v and k not in ("ours", "unexplained")), key=lambda k: -abs(steps[k]))
    reasons = fmt.listed([f"{answer.label('step', k).lower()} {fmt.signed(steps[k])}" for k in named])
    rest = steps.get("unexplained", 0)
    share = f" ({fmt.percent(abs(rest) / published)} of the published figure)" if rest and published else ""
    said = f"{_where(answer)}: the return holds {fmt.count(published)} and we count {fmt.count(ours)}, a difference of {fmt.signed(published - ours)}."
    return f"{said} {f'By reason: {reasons}. ' if reasons else ''}{f'{fmt.signed(rest)} unexplained{share}.' if rest else 'Nothing is left unexplained.'}"


def _where(answer: Answer) -> str:
    return answer.words.removesuffix(", by step")


def one_figure(answer: object) -> str:
    """A single figure with its name: `Oldest unreported: 653 days.`"""
    if not isinstance(answer, Answer) or not answer.rows or answer.rows[0]["value"] is None:
        return ""
    return f"{answer.metric.label}: {fmt.count(answer.rows[0]['value'])} {answer.metric.unit}."


def oldest(answer: Answer, dimension: str) -> str:
    """Where the oldest wait is."""
    rows = [r for r in answer.rows if r["value"]]
    if not rows:
        return ""
    most = max(r["value"] for r in rows)
    where = fmt.listed([answer.label(dimension, r[dimension]) for r in rows if r["value"] == most])
    return f"The oldest has waited {fmt.count(most)} days, at {where}."


def empty(answer: Answer) -> str:
    """Why there is nothing to show, and the cure."""
    if withheld := one_reader(answer):
        return withheld
    what = answer.metric.unit.removeprefix("share of ")
    return f"No {what} for {answer.words}. Widen the dates or the filters."


def one_reader(answer: Answer) -> str:
    """Why rows are missing that would be one person's figure; nothing where none are."""
    gone = next((x for x in answer.left_out if x.reason == "one_reader"), None)
    if gone is None:
        return ""
    share = fmt.percent(answer.policy.reporters.most_share, 0)
    return (
        f"Withheld: {fmt.released(gone.count)} reports where one reader made over {share} of a figure's reports, which would be that person's figure, "
        "or where that could be found by subtraction."
    )


def provisional(answer: Answer) -> str:
    """What may still grow."""
    if answer.metric.is_snapshot and "month" not in answer.scope.by:
        return f"Data is still arriving: {_may(answer)}." if any(r["provisional"] for r in answer.rows) else ""
    months = answer.provisional_months
    if not months:
        return ""
    said = [fmt.month(m) for m in months]
    if len(said) > 3:
        said = [f"{said[0]} to {said[-1]}"]
    if answer.metric.maturity_days:
        return f"{fmt.listed(said)} provisional: not every examination of theirs is old enough to judge."
    return f"{fmt.listed(said)} still arriving: {_may(answer)}."


def not_reached(answer: Answer) -> str:
    """The months or units of a chart of times of which half, or nine in ten, have not ended yet: a gap that is long, and no zero."""
    if not answer.metric.kind.is_time or len(answer.scope.by) != 1:
        return ""
    (dimension,) = answer.scope.by
    said = []
    for column, what in (("median_hours", "Half"), ("p90_hours", "Nine in ten")):
        rows = [r for r in answer.rows if r.get("n") and r.get(column, 0) is None and r[dimension] is not None]
        named = [f"{answer.label(dimension, r[dimension]) if dimension != 'month' else fmt.month(r['month'])} ({_still(answer, r)})" for r in rows]
        if named:
            said.append(f"{what} not yet reached: {fmt.listed(named[:4])}{f' and {len(named) - 4} more' if len(named) > 4 else ''}.")
    return " ".join([*said, "The time is longer than can be seen yet, and not zero."]) if said else ""


def _still(answer: Answer, row: Row) -> str:
    """How many have not ended and, of reports by month of examination, the least that the time can be: every one of them is that old."""
    said = f"{fmt.released(row['count_unreported'])} of {fmt.released(row['n'])} {answer.metric.unended}"
    if answer.metric.id != LASTING or "month" not in row or answer.stalest is None:
        return said
    days = (answer.stalest[1].date() - month_end(row["month"])).days - 1
    return f"{said}, so more than {days} days" if days > 0 else said


def _may(answer: Answer) -> str:
    """How a figure moves as data arrives: a count only grows."""
    return "read as at least this" if answer.metric.kind.only_grows else "this will still move"


def footer(answer: Answer) -> str:
    """What was counted, what was left out and why, from which extract."""
    left = ", ".join(f"{x.label} {fmt.released(x.count)}" for x in answer.left_out)
    parts = [f"n {fmt.released(answer.n)}"]
    parts.append(f"left out {fmt.released(answer.count_left_out)} ({left})" if left else "nothing left out")
    parts.append(f"extract {answer.extract_id}")
    if answer.stalest:
        parts.append(f"every site's data to at least {fmt.instant(answer.stalest[1], answer.time_zone)}")
    return " · ".join(parts)


def _noun(dimension: str) -> str:
    return {
        "site_code": "site",
        "trust_code": "trust",
        "modality": "modality",
        "provider_code": "provider",
        "reader": "group of readers",
        "supplier": "organisation",
    }.get(dimension, "group")
