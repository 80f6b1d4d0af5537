"""What is asked about: dates, filters and breakdowns, frozen, and how they become query parameters."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from readout.errors import UsageError

# The moments of an examination in their order: what is known at one is known at every later one. `snapshot`: the day on which a list is
# looked at; `data_end`: only of what still waits when the data ends, since a RIS keeps no history of it.
MOMENTS = ("request", "appointment", "exam", "snapshot", "report", "addendum", "review", "data_end")
BY_ROUTE = ("within_28_days_by_route", "within_pathway_standard_by_route", "exam_to_report_by_report", "reporting_route_mix")


@dataclass(frozen=True)
class Dimension:
    """A way to break down or filter. `param`: the list parameter that filters by it.

    `known`: the moment at which every record has a value of it. A cohort that begins earlier must not be chosen by it: whoever has no value yet
    would fall out, and those are the ones that wait. `lacks`: who has none, in words; `instead`: metrics that answer what was meant.
    """

    name: str
    param: str
    label: str
    plural: str
    known: str = "request"
    lacks: str = ""
    instead: tuple[str, ...] = ()

    def is_known_at(self, moment: str) -> bool:
        """Whether every record has a value of it at a moment."""
        return MOMENTS.index(self.known) <= MOMENTS.index(moment)


DIMENSIONS: dict[str, Dimension] = {
    d.name: d
    for d in (
        Dimension("month", "months", "Month", "months"),
        Dimension("trust_code", "trusts", "Trust", "trusts"),
        Dimension("site_code", "sites", "Site", "sites"),
        Dimension("modality", "modalities", "Modality", "modalities"),
        Dimension("patient_class", "patient_classes", "Patient class", "patient classes"),
        Dimension("urgency", "urgencies", "Urgency", "urgencies"),
        Dimension("pathway", "pathways", "Pathway", "pathways"),
        Dimension("reporting_route", "routes", "Reporting route", "reporting routes", "report", "an examination that is not reported has no route yet", BY_ROUTE),
        Dimension("reader", "readers", "Who reported", "kinds of reader", "report", "an examination that is not reported has no reporter yet", BY_ROUTE),
        Dimension(
            "supplier",
            "suppliers",
            "Reporting organisation",
            "organisations that report for others",
            "report",
            "an examination that is not reported has no reporting organisation yet",
            BY_ROUTE,
        ),
        Dimension("ended_by", "endings", "How the wait ended", "ways a wait ended", "report", "a wait that goes on has not ended in any way"),
        Dimension("addendum_class", "addendum_classes", "Kind of addendum", "kinds of addendum", "addendum", "a report without an addendum has no class of it"),
        Dimension("sampled_how", "samplings", "How sampled", "ways of sampling", "review", "a report that nobody has reviewed was not sampled"),
        Dimension("weekday", "weekdays", "Weekday", "weekdays", "exam", "what is not examined yet has no weekday"),
        Dimension("hour", "hours", "Hour", "hours", "exam", "what is not examined yet has no hour"),
        Dimension("band", "bands", "Time waited", "bands", "snapshot", "how long it waits is known only when the wait has ended"),
        Dimension("place", "places", "Where it waits", "places", "snapshot", "only what still waits is anywhere"),
        Dimension("over", "overs", "Waited over", "limits", "snapshot", "how long it waits is known only when the wait has ended"),
        Dimension("booking", "bookings", "Booking", "bookings", "data_end", "only what still waits when the data ends is known to be booked or not"),
        Dimension("verdict", "verdicts", "Verdict", "verdicts", "report", "a wait that goes on has no verdict yet"),
        Dimension("outcome", "outcomes", "Outcome", "outcomes", "appointment", "a request that still waits has no outcome yet"),
        Dimension("reason", "reasons", "Reason", "reasons", "appointment", "a request that still waits has no reason for ending"),
        Dimension("standard_id", "standards", "Standard", "standards", "exam", "the standard is that of the day of the examination"),
        Dimension("test", "tests", "Test", "tests"),
        Dimension("wait_category", "wait_categories", "Wait category", "wait categories"),
        Dimension("step", "steps", "Step", "steps"),
        Dimension("provider_code", "provider_codes", "Provider", "providers"),
        Dimension("region_code", "region_codes", "Region", "regions"),
        Dimension("rule", "rules", "Rule", "rules"),
        Dimension("source", "sources", "Source", "sources"),
        Dimension("time_test", "time_tests", "Test of times", "tests of times"),
    )
}


@dataclass(frozen=True)
class Scope:
    """Frozen filters. An empty filter means all; dates are inclusive and local, on the metric's cohort date."""

    by: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    date_from: date | None = None
    date_to: date | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", {k: tuple(dict.fromkeys(v)) for k, v in sorted(self.where.items()) if v})
        if self.date_from and self.date_to and self.date_from > self.date_to:
            raise UsageError(f"The range runs backwards: {self.date_from} is after {self.date_to}. Swap the two dates.")

    def __hash__(self) -> int:
        return hash((self.by, tuple(self.where.items()), self.date_from, self.date_to))

    @property
    def months(self) -> list[date]:
        """First days of the months filtered to; none means all."""
        return [month_of(v) for v in self.where.get("month", ())]

    def filtered(self, dimension: str, values: Iterable[str]) -> "Scope":
        """The same scope with one filter replaced."""
        return replace(self, where={**self.where, dimension: tuple(values)})

    def between(self, date_from: date | None, date_to: date | None) -> "Scope":
        return replace(self, date_from=date_from, date_to=date_to)

    @property
    def end(self) -> date | None:
        """The last day asked about; None where the scope runs to wherever the data ends."""
        return min([d for d in (self.date_to, *(month_end(max(self.months)) for _ in self.months[:1])) if d is not None], default=None)

    @property
    def is_whole_months(self) -> bool:
        """Whether no month is asked about in part, so that what is counted by month will do."""
        return (self.date_from is None or self.date_from.day == 1) and (self.date_to is None or self.date_to == month_end(self.date_to))

    def until(self, data_end: date | None) -> date | None:
        """The day at whose end a snapshot is taken: the last in range, no later than the data; None where there is none."""
        uppers = [d for d in (data_end, self.end) if d is not None]
        if data_end is None or (self.date_from and self.date_from > min(uppers)):
            return None
        return min(uppers)

    def parameters(self, declared: Iterable[str], constants: Mapping[str, object] | None = None) -> dict[str, object]:
        """Exactly the parameters a query declares, and no other. `constants`: those that are the metric's own."""
        values: dict[str, object] = {
            **(constants or {}),
            "by": list(self.by),
            "date_from": self.date_from,
            "date_to": self.date_to,
            "is_whole_months": self.is_whole_months,
        }
        for d in DIMENSIONS.values():
            chosen = self.where.get(d.name, ())
            values[d.param] = self.months if d.name == "month" else list(chosen)
        return {name: values[name] for name in declared}


def month_of(text: str) -> date:
    """The first day of the month that `2025-03`, `2025-03-01` or `2025-03-31` names."""
    try:
        return date.fromisoformat(text if len(text) > 7 else f"{text}-01").replace(day=1)
    except ValueError:
        raise UsageError(f"'{text}' is not a month: write it as 2025-03 or 2025-03-01.") from None


def month_end(month: date) -> date:
    """The last day of a month given by any of its days."""
    return next_month(month) - timedelta(days=1)


def next_month(month: date) -> date:
    """The first day of the following month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def previous_month(month: date) -> date:
    """The first day of the month before."""
    return (month.replace(day=1) - timedelta(days=1)).replace(day=1)


def months_between(first: date, last: date) -> list[date]:
    """First days of the months from `first` to `last`, both included."""
    found = []
    month = first.replace(day=1)
    while month <= last:
        found.append(month)
        month = next_month(month)
    return found
