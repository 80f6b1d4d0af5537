"""Everything a pack says, made once from one extract: what every format then prints, and nothing else.

Judged on true values first (signals, comparisons, the guard), then released: each Answer here is a `Released` one, and what is drawn is
drawn from it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go
import polars as pl

from readout import charts, paths
from readout.analysis import case_mix, timestamp_tests
from readout.analysis.control import Control, control, controls, rebases_of
from readout.charts import assurance_of
from readout.charts.icons import is_high
from readout.charts.svg import svg
from readout.engine.store import Store
from readout.errors import UsageError
from readout.export.pack import Comment, Pack, PackError, PackFileError, Wanted
from readout.guard import Contradiction, Facts, check, facts_of
from readout.metrics import format as fmt
from readout.metrics.answer import Answer, Released, check_values, data_end, dimension_labels, filter_words, visible_sites, words
from readout.metrics.answer import ask as ask_store
from readout.metrics.catalogue import Metric, Standard, load_catalogue
from readout.metrics.records import Quality
from readout.metrics.release import may_compare
from readout.metrics.scope import DIMENSIONS, Scope, month_end, previous_month
from readout.wording import control as control_words
from readout.wording import findings
from readout.wording.indicator import Shown, finding, is_withheld, latest, marked_months, released_figure, target

Ask = Callable[[str, Scope], Answer]
Say = Callable[[str, float], None]
Verdict = tuple[str | None, bool | None]  # the kind of variation, None where there are no limits yet; and its side
ATTENTION = ("concern", "improvement")
WIDE = 980  # pixels of a chart: an A4 page across at its text's size


@dataclass(frozen=True)
class Item:
    """One indicator: its released answer by month, its control chart as it may be shown, and all the words."""

    key: str
    label: str
    answer: Released
    control: Control  # verdicts from true values, points from released ones
    latest: Shown
    previous: Shown
    target: str
    target_status: str
    standard: Standard | None
    comment: Comment
    address: str
    is_withheld: bool  # the figure of the last complete month: then nothing is said of it
    facts: Facts  # what commentary is held against

    @property
    def metric(self) -> Metric:
        return self.answer.metric

    @property
    def kind(self) -> str | None:
        """The variation of the last complete month; None where it has no figure."""
        return self.control.variation if self.control.is_current and not self.is_withheld else None

    @property
    def variation(self) -> str:
        return charts.icons.label(self.kind, high=self.side)

    @property
    def side(self) -> bool | None:
        """Whether the rule that the last month breaks is one of the high side."""
        return None if self.kind is None else is_high(self.control)

    @property
    def rule(self) -> str:
        if self.is_withheld:
            return "withheld in this release, so nothing is said of it"
        said = control_words.rule(self.control) if self.control.is_current else "no figure for this month, so it is not judged"
        return f"{said}; {self.level}" if self.level else said

    @property
    def assurance(self) -> str:
        kind = self.assurance_kind
        if kind == "counted":
            return control_words.met(self.control)
        return "" if kind == "no_target" else charts.icons.label(kind).split(":")[0]

    @property
    def assurance_kind(self) -> str:
        """As `charts.assurance_of` has it; of a withheld figure nothing is said."""
        return "no_target" if self.is_withheld else assurance_of(self.control)

    @property
    def has_page(self) -> bool:
        """Whether it needs attention or shows success, or its owner has something to say."""
        return self.kind in ATTENTION or self.is_highest or self.is_never_met or self.assurance_kind == "fails" or bool(self.comment.text or self.comment.actions)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the chart says, by its own signal."""
        if self.is_withheld:
            return (f"{self.label}: the figure of {self.latest.notes[0]} is withheld in this release, so nothing is said of it.",)
        c = self.control
        level = f"{self.level[0].upper()}{self.level[1:]}." if self.level else ""
        target, signal = control_words.target_words(c), control_words.judgement(c)
        first = (f"{self.label}: {self.level}.", signal) if self.is_highest else (signal, level)  # a list at its highest is the message, whatever its last change
        if self.level_met is not None and self.is_never_met:
            now = f"{self.latest.text} at the end of {self.latest.notes[0].removeprefix('end of ')}"
            beside = c.level.beside if c.level is not None else ()
            first, target = (f"{self.label}: {', '.join((now, *beside))}. {target}", signal), ""
        return tuple(s.replace("**", "") for s in (*first, target, control_words.suggestion(c)) if s)

    @property
    def judged_by(self) -> str:
        """What each month is judged against where that is not plainly the mean, and how often such a chart flags a steady series by chance."""
        said = (control_words.choice(self.control), control_words.by_chance(self.control))
        return "" if self.is_withheld else " ".join(s for s in said if s)

    @property
    def marked(self) -> str:
        """Which months stand out on the chart, and by which rule; of a withheld figure nothing."""
        return "" if self.is_withheld else marked_months(self.control)

    @property
    def level(self) -> str:
        """Of a list: where its level stands beside a year before, and whether it was ever higher."""
        return self.control.level.words() if self.control.level is not None and not self.is_withheld else ""

    @property
    def level_met(self) -> tuple[int, int] | None:
        """Of a list with a target: in how many of how many month ends its level met it."""
        met = self.control.level.met if self.control.level is not None else None
        return (met.count, met.of) if met is not None else None

    @property
    def is_peak(self) -> bool:
        """Of a list: whether no complete month end before was as high."""
        return self.control.level is not None and self.control.level.is_peak

    @property
    def is_highest(self) -> bool:
        """Whether a list stands at its highest, as `Level.is_highest` has it."""
        return self.control.level is not None and self.control.level.is_highest and not self.is_withheld

    @property
    def is_never_met(self) -> bool:
        """Whether a target that is counted was missed in every month judged."""
        met = self.control.met
        count = self.level_met[0] if self.level_met is not None else met.count if met is not None else None
        return self.assurance_kind == "counted" and count == 0

    @property
    def alternative(self) -> str:
        if self.is_withheld:
            return f"Control chart of {self.label}. {self.sentences[0]}"
        return control_words.alternative(self.control)

    @property
    def definition(self) -> str:
        m = self.metric
        clock = f" Clock: {m.clock}." if m.clock and m.clock != "none" else ""
        return f"{m.question} Numerator: {m.numerator}. Denominator: {m.denominator}.{clock} Owner: {m.owner}."

    @cached_property
    def figure(self) -> go.Figure:
        """The control chart, made once and changed by nobody."""
        return charts.spc_chart(self.control, standard=self.standard)

    @cached_property
    def drawing(self) -> str:
        """The control chart as SVG."""
        return svg(self.figure, width=WIDE, title=self.alternative)


@dataclass(frozen=True)
class Funnel:
    """Units beside their case mix, or the reason why this release does not show it."""

    key: str
    title: str
    by: str
    answer: Released | None
    quarters: tuple[Released, ...]
    tests: Released | None
    said: str
    limits: str
    absent: str
    address: str

    @property
    def drawn_with(self) -> tuple[Released, ...]:
        return (*self.quarters, *([self.tests] if self.tests else []))

    def comparison(self) -> case_mix.Comparison:
        failing, quarters = timestamp_tests.parted(self.drawn_with)
        return case_mix.compared(self.answer, quarters, failing) if self.answer else case_mix.Comparison((), 0.0)

    def figure(self) -> go.Figure:
        if self.answer is None:
            raise ValueError(self.absent)
        drawn = charts.against_case_mix(self.answer, *self.drawn_with, dimension=self.by)
        low, high = drawn.layout.xaxis.range or (1, 0)
        if low == 0 < high:
            drawn.layout.xaxis.range = (-0.03 * high, high)  # the figure of a unit at 0 does not lie on its name
        return drawn


@dataclass(frozen=True)
class Content:
    """One pack, complete. `made`: the moment the extract was made, so that the same extract makes the same bytes."""

    pack: Pack
    pack_id: str
    extract_id: str
    made: datetime
    network: str
    is_synthetic: bool
    words: str
    data_through: str
    provisional: str
    release_note: str
    items: tuple[Item, ...]
    funnels: tuple[Funnel, ...]
    sites: Mapping[str, str]
    matrix: Mapping[str, Mapping[str, Verdict]]  # by indicator's key and site
    quality: Quality
    times: tuple[tuple[str, ...], ...]  # a row a site: its name, and each test of its times in words
    names: tuple[str, ...]  # sites and trusts, which commentary may name
    definitions: str  # the version of every definition: the catalogue's hash

    @property
    def scope_words(self) -> str:
        """The pack's filters as a sentence begins; that an indicator with filters of its own answers for those alone is said."""
        said = f"{self.words[0].upper()}{self.words[1:]}"
        return f"{said}; where an indicator names a site, modality or other filter, its figure is for that only" if any(w.where for w in self.pack.indicators) else said

    @property
    def pages(self) -> tuple[Item, ...]:
        """Indicators with a page of their own, concern first."""
        order = {"concern": 0, "improvement": 1}
        return tuple(sorted((i for i in self.items if i.has_page), key=lambda i: order.get(i.kind or "", 2)))

    @property
    def quality_said(self) -> str:
        """What became of the records; in a release that withholds small counts as a share alone."""
        if self.is_exact:
            return f"{self.quality.finding()}{self._doubted}"
        said = f"{fmt.percent(self.quality.total('kept') / max(1, self.quality.total('read')), 0)} of the records read were kept"
        return f"{said}. {'Every record is accounted for.' if self.quality.adds_up else 'The counts do not add up.'}{self._doubted}"

    @property
    def _doubted(self) -> str:
        """Which sites' times fail a test, which the checks of the records say nothing of."""
        failing = [name for name, *found in self.times if any(t.startswith("fails") for t in found)]
        if not failing:
            return ""
        verb = "fails" if len(failing) == 1 else "fail"
        said = "Those checks are of the records. Whether times can be compared is tested apart, site by site"
        return f" {said}: {fmt.listed(failing)} {verb} a test, so those times are set against nobody else's."

    @property
    def is_exact(self) -> bool:
        """Whether this release withholds no count."""
        return self.items[0].answer.policy.profile(self.pack.profile).least == 0

    @property
    def finding(self) -> str:
        """How many indicators show concern and improvement, and which."""
        highest = [f"{i.label} ({i.level})" for i in self.items if i.is_highest]
        said = finding([(i.label, i.kind, i.rule) for i in self.items], highest).replace("**", "")
        for lead, found in (
            ("Target missed in every month", [f"{i.label} ({i.latest.text}, target {i.target})" for i in self.items if i.is_never_met]),
            ("Target that will be missed every month without a change", [i.label for i in self.items if i.assurance_kind == "fails"]),
        ):
            said += f" {lead}: {fmt.listed(found)}." if found else ""
        return said

    def contradictions(self) -> list[tuple[Item, Contradiction]]:
        """Sentences of the commentary that their chart contradicts, those with a recorded reason among them."""
        found = []
        for item in self.items:
            others = [i.facts for i in self.items if i is not item]
            for text in (item.comment.text, item.comment.actions):
                found += [(item, c) for c in check(text, item.facts, others=others, names=self.names)] if text else []
        return found

    def unexplained(self) -> list[tuple[Item, Contradiction]]:
        """Those for which no reason is recorded: the pack is not made until there is one, or until the sentence goes."""
        return [(i, c) for i, c in self.contradictions() if not i.comment.reason_for(c.sentence)]

    def with_pack(self, pack: Pack, identity: str) -> "Content":
        """The same figures with another commentary, or with fewer indicators in another order; nothing is asked or judged again."""
        items = {i.key: i for i in self.items}
        chosen = tuple(replace(items[w.key], comment=pack.comments.get(w.key, Comment())) for w in pack.indicators)
        matrix = {w.key: self.matrix[w.key] for w in pack.indicators if w.key in self.matrix}
        return replace(self, pack=pack, pack_id=identity, items=chosen, matrix=matrix)

    def provenance(self, item: "Item | Funnel") -> tuple[str, ...]:
        """What stands under every figure: filters, counts, how far the data goes, the release, extract and pack, and where the live view is."""
        answer = item.answer
        if answer is None:
            return (item.absent if isinstance(item, Funnel) else "",)
        lines = [f"{answer.words[0].upper()}{answer.words[1:]}. {findings.footer(answer)}.", findings.provisional(answer)]
        lines.append(f"Release {answer.profile}. {answer.note}")
        where = item.address if self.pack.address else f"in the app, {item.address}"
        lines.append(f"Definition {answer.metric.id}, version {answer.metric.query.hash}. Pack {self.pack_id}. Live view: {where}")
        return tuple(x for x in lines if x)


def build(pack: Pack, store: Store, ask: Ask | None = None, say: Say | None = None) -> Content:
    """Make the content of a pack. Raises UsageError or PackError where an indicator cannot be asked, has nothing to show, or is withheld whole."""
    say = say or (lambda what, share: None)
    _refuse_unknown(pack, store)
    asked: Ask = ask or (lambda metric_id, scope: ask_store(metric_id, scope, store))
    base = Scope((), pack.where, None, _until(pack, store, asked))
    rebases = rebases_of(store.extract.manifest)
    steps = len(pack.indicators) * (2 if "matrix" in pack.sections else 1) + len(pack.funnels)
    done = 0
    items: list[Item] = []
    matrix: dict[str, dict[str, Verdict]] = {}
    for wanted in pack.indicators:
        say(f"Judging {wanted.key}", done / max(1, steps))
        items.append(_item(pack, wanted, base, asked, rebases, store))
        done += 1
        if "matrix" in pack.sections and "site_code" in items[-1].metric.dimensions:
            by_site = asked(wanted.metric_id, _scope(items[-1].metric, base, wanted, "month", "site_code"))
            matrix[wanted.key] = _by_unit(by_site, pack.profile, rebases)
            done += 1
    funnels = []
    for wanted in pack.funnels:
        say(f"Comparing {wanted.key}", done / max(1, steps))
        funnels.append(_funnel(pack, wanted, base, asked, store))
        done += 1
    manifest = store.extract.manifest
    through = {s: at for s, at in store.extract.data_through.items() if s in visible_sites(store, base)}
    answer = items[0].answer
    labels = dimension_labels(store, base.end)
    return Content(
        pack=pack,
        pack_id=pack_id(pack, store),
        extract_id=store.extract.id,
        made=datetime.fromisoformat(manifest["created_at"]),
        network=manifest["network"]["name"],
        is_synthetic=store.extract.is_synthetic,
        words=words(base, labels),
        data_through=fmt.instant(max(through.values()), manifest["network"]["time_zone"]) if through else fmt.DASH,
        provisional=" ".join(dict.fromkeys(findings.provisional(i.answer) for i in items if findings.provisional(i.answer)).keys()),
        release_note=_release_note(pack, items),
        items=tuple(items),
        funnels=tuple(funnels),
        sites={s: labels["site_code"][s] for s in visible_sites(store, base) if s in labels["site_code"]},
        matrix=matrix,
        quality=Quality(store.extract),
        names=tuple(sorted({n for d in ("site_code", "trust_code", "provider_code") for n in labels.get(d, {}).values()})),
        times=_times(pack, base, asked, store),
        definitions=answer.catalogue_hash,
    )


def _refuse_unknown(pack: Pack, store: Store) -> None:
    """A filter value that the extract does not hold, by the file and the line where it stands."""
    labels = dimension_labels(store)
    for where in (pack.where, *(w.where for w in (*pack.indicators, *pack.funnels))):
        for dimension, values in where.items():
            for value in values:
                try:
                    check_values(Scope((), {dimension: (value,)}), labels)
                except UsageError as e:
                    place = pack.places.get(f"{dimension}={value}")
                    raise PackFileError(f"{place}: {e}") if place else e from None


def _by_unit(answer: Answer, profile: str, rebases: Sequence[Any]) -> dict[str, Verdict]:
    """The verdict of each site on its last complete month; of one whose figure the release withholds nothing is said."""
    released = answer.release(profile)
    hidden = {(r["month"], r["site_code"]) for i, r in enumerate(released.rows) if (i, answer.metric.kind.charted) in released.hidden}
    found = [c for c in controls(answer, rebases) if c.is_current and c.last]
    return {c.unit["site_code"]: (c.variation, is_high(c)) for c in found if c.last and (c.last["month"], c.unit["site_code"]) not in hidden}


def _item(pack: Pack, wanted: Wanted, base: Scope, ask: Ask, rebases: Sequence[Any], store: Store) -> Item:
    metric = _metric(wanted)
    scope = _scope(metric, base, wanted, "month")
    answer = ask(wanted.metric_id, scope)
    if answer.is_empty:
        raise PackError(f"Indicator '{wanted.key}': {findings.empty(answer)}")
    true = control(answer, rebases)
    if true.last is None:
        raise PackError(f"Indicator '{wanted.key}': no month of {answer.words} is complete, so there is nothing to judge. Take it out, or widen its filters.")
    released = answer.release(pack.profile)
    seen = as_shown(true, released, rebases)
    if seen.last is None:
        raise PackError(f"Indicator '{wanted.key}': every figure is withheld in the {pack.profile} release. {released.note} Take it out, or widen its filters.")
    now, before = latest(released)
    own = {**{d: v for d, v in base.where.items() if d == "pathway"}, **wanted.where}
    named = filter_words(own, answer.labels)
    if metric.kind.is_time and "pathway" not in own:
        named = [*named, "all pathways together"]  # said, since a quantile over them mixes hours with weeks
    goal, status = target(answer, len(visible_sites(store, scope)))
    return Item(
        key=wanted.key,
        label=", ".join([metric.label, *named]),
        answer=released,
        control=seen,
        latest=released_figure(released, now),
        previous=released_figure(released, before),
        is_withheld=is_withheld(released, now),
        facts=facts_of(true, released=released, by_unit=_by_site(pack, wanted, metric, base, ask), answer=answer),
        target=goal,
        target_status=status if goal else findings.no_target(answer),
        standard=answer.standard,
        comment=pack.comments.get(wanted.key, Comment()),
        address=address(pack, "control", {"metric": [metric.label], **_named(answer, scope.where)}),
    )


def _by_site(pack: Pack, wanted: Wanted, metric: Metric, base: Scope, ask: Ask) -> Released | None:
    """The sites over a year, for what commentary says of one beside another; of shares alone, which have intervals."""
    comment = pack.comments.get(wanted.key)
    if comment is None or not metric.kind.is_share or metric.is_snapshot or "site_code" not in metric.dimensions:
        return None
    answer = ask(wanted.metric_id, _scope(metric, base, wanted, "site_code"))
    return answer.release(pack.profile)


def as_shown(true: Control, released: Released, rebases: Sequence[Any]) -> Control:
    """The chart with the points of the release, and the verdicts of the truth. Where nothing is rounded or withheld it is the chart itself."""
    if not released.hidden and released.policy.profile(released.profile).round_to <= 1:
        return true
    drawn = control(released, rebases, like=true)
    flags = dict(zip(true.points["month"], true.points["flag"], strict=True))
    points = drawn.points.with_columns(pl.Series("flag", [flags.get(m) for m in drawn.points["month"]], dtype=pl.String))
    without = true.points.filter(pl.col("x").is_null())["month"].implode()  # a month of too few has no figure, whatever its count is rounded to
    points = points.with_columns(pl.when(~pl.col("month").is_in(without)).then(pl.col("x")).alias("x"))
    level = None
    if true.level is not None and drawn.level is not None and drawn.level.month == true.level.month:
        level = replace(drawn.level, is_peak=true.level.is_peak, is_highest=true.level.is_highest, met=true.level.met)
    return replace(true, points=points, level=level)


def _funnel(pack: Pack, wanted: Wanted, base: Scope, ask: Ask, store: Store) -> Funnel:
    metric = _metric(wanted)
    noun = {"site_code": "site", "trust_code": "trust", "reader": "group of readers", "supplier": "supplier"}[wanted.by]
    scope = _scope(metric, base, wanted, wanted.by)
    months = ask(wanted.metric_id, replace(scope, by=("month",)))
    periods = case_mix.last_quarters(months)
    if periods:
        scope = replace(scope, date_from=_year_before(periods[-1][1]), date_to=periods[-1][1])
    answer = ask(wanted.metric_id, scope)
    title = ", ".join([metric.label, *filter_words(wanted.where, answer.labels), f"by {noun}"])
    page = {"site_code": "variability", "trust_code": "variability"}.get(wanted.by, "routes")
    period = {"period": ["Custom"], "from": [fmt.month(scope.date_from)], "to": [fmt.month(scope.date_to)]} if scope.date_from and scope.date_to else {}
    where = address(pack, page, {**_named(answer, scope.where), **period})
    blank = Funnel(f"{wanted.key}", title, wanted.by, None, (), None, "", "", "", where)
    if not may_compare(answer.metric, answer.policy.profile(pack.profile)):
        why = "It rests on exact counts, of which a rounded figure would give the small ones away, so this release does not hold it."
        return replace(blank, absent=f"{title}. {why}")
    quarters = tuple(ask(wanted.metric_id, replace(scope, date_from=first, date_to=last)) for first, last in periods)
    tests = None
    if wanted.by == "site_code" and answer.metric.constants.get("measure") == "late" and "timestamp_day" in store.extract.tables:
        tests = ask(timestamp_tests.METRIC, replace(_tests_scope(base), date_from=scope.date_from, date_to=scope.date_to))
    drawn_with = (*quarters, *([tests] if tests else []))
    if not case_mix.compared(answer).units:
        return replace(blank, absent=f"{title}. No examination of this choice is old enough to judge.")
    return replace(
        blank,
        answer=answer.release(pack.profile),
        quarters=tuple(q.release(pack.profile) for q in quarters),
        tests=tests.release(pack.profile) if tests else None,
        said=findings.against_case_mix(answer, *drawn_with),
        limits=findings.case_mix_limits(answer, *drawn_with),
    )


def _times(pack: Pack, base: Scope, ask: Ask, store: Store) -> tuple[tuple[str, ...], ...]:
    """The tests of each site's times, judged on true values; their shares only where the release withholds no small count."""
    if "quality" not in pack.sections or "timestamp_day" not in store.extract.tables:
        return ()
    answer = ask(timestamp_tests.METRIC, _tests_scope(base))
    is_exact = answer.policy.profile(pack.profile).least == 0

    def said(t: timestamp_tests.Tested) -> str:
        return f"{t.verdict}, {fmt.percent(t.share)}" if is_exact and t.share is not None else t.verdict

    return tuple((answer.label("site_code", code), *(said(t) for t in mark.tests)) for code, mark in timestamp_tests.marks(answer).items())


def _year_before(last: Any) -> Any:
    first = last.replace(day=1)
    for _ in range(11):
        first = previous_month(first)
    return first


def _tests_scope(base: Scope) -> Scope:
    kept = {k: v for k, v in base.where.items() if k in ("site_code", "trust_code", "modality")}
    return Scope(("site_code", "time_test"), kept, base.date_from, base.date_to)


def _scope(metric: Metric, base: Scope, wanted: Wanted, *by: str) -> Scope:
    """The pack's filters and the indicator's own, which narrow them.

    A pack's filter that the metric does not have is refused, and an indicator's that goes beyond it: the figure would answer for more than
    the pack says it is of.
    """
    for dimension, values in base.where.items():
        if dimension not in metric.dimensions:
            raise PackError(f"Indicator '{wanted.key}' cannot be narrowed by {dimension}, which the pack's scope asks for. Take it out of the pack, or out of its scope.")
        beyond = [v for v in wanted.where.get(dimension, ()) if v not in values]
        if beyond:
            label = DIMENSIONS[dimension].label.lower()
            raise PackError(
                f"Indicator '{wanted.key}' asks for the {label} {fmt.listed(beyond)}, and the scope of the whole pack is {fmt.listed(list(values))}. "
                f"Take the {label} out of the pack's scope, or out of the indicator."
            )
    return Scope(by, {**base.where, **wanted.where}, base.date_from, base.date_to)


def _metric(wanted: Wanted) -> Metric:
    return load_catalogue().metric(wanted.metric_id)


def _until(pack: Pack, store: Store, ask: Ask) -> Any:
    """The last day shown. A release of whole months that names none ends with the last month that is complete."""
    rules = ask("activity", Scope()).policy.profile(pack.profile)
    end = data_end(store)
    if pack.until is not None and end is not None and pack.until > month_end(end):
        raise PackError(f"The pack is to end with {fmt.month(pack.until)}, and the data ends on {fmt.day(end)}. Choose an earlier month.")
    if pack.until is not None or not rules.whole_months_only:
        return pack.until
    where = {k: v for k, v in pack.where.items() if k in ("site_code", "trust_code")}
    settled = [r["month"] for r in ask("activity", Scope(("month",), where)).rows if not r["provisional"]]
    if not settled:
        raise PackError("No month of this pack's scope is complete yet, and this release is of whole months.")
    return month_end(max(settled))


def _named(answer: Answer, where: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Filters as the address of a page has them: by name."""
    keys = {"site_code": "site", "modality": "modality", "pathway": "pathway", "patient_class": "class", "urgency": "urgency"}
    return {keys[d]: [answer.label(d, v) for v in values] for d, values in where.items() if d in keys}


def address(pack: Pack, page: str, query: Mapping[str, Sequence[str]]) -> str:
    """Where the live view of a figure is; without the address of the app, the part after it."""
    said = urlencode([(k, v) for k, values in query.items() for v in values])
    return f"{pack.address}/{page}{f'?{said}' if said else ''}"


def _release_note(pack: Pack, items: Sequence[Item]) -> str:
    notes = dict.fromkeys(i.answer.note for i in items)
    return next(iter(notes)) if len(notes) == 1 else "What was withheld or rounded is said under each figure."


@cache
def maker_of_packs() -> str:
    """A hash of all our code and of the versions of what writes the files: another maker may make other bytes of the same figures."""
    digest = hashlib.sha256(" ".join(version(name) for name in ("typst", "python-pptx", "xlsxwriter", "fontpkg-inter")).encode())
    for path in sorted(p for p in paths.PACKAGE.rglob("*") if p.suffix in (".py", ".typ")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def pack_id(pack: Pack, store: Store) -> str:
    """The same for the same extract, definitions, code, pack and commentary; another for any other."""
    manifest = store.extract.manifest
    definitions = load_catalogue().with_standards(manifest["standards"]).hash
    said = json.dumps(
        [asdict(replace(pack, places={})), store.extract.id, manifest["created_at"], store.viewer.key, definitions, maker_of_packs()], default=str, sort_keys=True
    )
    return f"P-{hashlib.sha256(said.encode()).hexdigest()[:10]}"


__all__ = ["Content", "Funnel", "Item", "Verdict", "address", "as_shown", "build", "pack_id"]
