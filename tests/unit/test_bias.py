"""The bias demonstration of the methods note, from raw rows to answers: what a figure over the reported alone hides.

20,000 examinations of one busy month, log-normal times to the report, and the data cut at an instant: about 7 % are unreported then,
and they are the slow ones. The truth is known because the simulation knows every report that is still to come.
"""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from readout.engine.store import Store
from readout.metrics.answer import Answer, ask
from readout.metrics.scope import Scope
from tests.conftest import NETWORK

LONDON = ZoneInfo("Europe/London")
AS_OF = datetime(2026, 9, 30, 7, 0)  # local; no clock change in the month before
COUNT = 20_000
WITHIN = 7
STANDARD = """
[seven_days]
label = "7 days"
status = "local"
source = "The demonstration"
measure = "exam_to_report"
pathway = "routine"
threshold = 7
unit = "days"
target = 0.9
better = "up"
"""


@dataclass(frozen=True)
class Exam:
    """An examination and its report, which may lie after the data ends. Both on the local clock, neither at midnight."""

    ended: datetime
    verified: datetime

    @property
    def days(self) -> int:
        return (self.verified.date() - self.ended.date()).days


def off_midnight(at: datetime) -> datetime:
    """A minute later than midnight, which would be a date without a time."""
    return at + timedelta(minutes=1) if (at.hour, at.minute) == (0, 0) else at


def simulated(seed: int) -> list[Exam]:
    """Times to the report with the P90 of the note, 113 h, and about 95 % within seven days."""
    chance, made = random.Random(seed), []
    for _ in range(COUNT):
        ended = off_midnight(AS_OF - timedelta(minutes=chance.randrange(1, 31 * 1440)))
        made.append(Exam(ended, off_midnight(ended + timedelta(minutes=1 + int(60 * chance.lognormvariate(3.22, 1.177))))))
    return made


@pytest.fixture
def demonstration(make, tmp_path) -> tuple[list[Exam], Store]:
    exams = simulated(2026)
    (tmp_path / "standards.toml").write_text(STANDARD, "utf-8")
    network = NETWORK.replace("taken_at = 2026-10-31T06:00:00Z", f"taken_at = {AS_OF.replace(tzinfo=LONDON).isoformat()}")
    rows = [
        {"received": f"{e.ended:%Y-%m-%d}", "ended": f"{e.ended:%Y-%m-%d %H:%M}", "verified": f"{e.verified:%Y-%m-%d %H:%M}" if e.verified <= AS_OF else ""}
        for e in exams
    ]
    return exams, Store(make(rows, network=network))


def p90(answer: Answer) -> float:
    return answer.rows[0]["p90_hours"]


def test_the_reported_alone_flatter_and_our_figures_do_not(demonstration):
    """The naive P90 is 15 % and the naive share 1.6 points too good; ours are the truth within the chance of sampling."""
    exams, store = demonstration
    unreported = sum(1 for e in exams if e.verified > AS_OF) / COUNT
    assert 0.06 < unreported < 0.08

    hours = sorted((e.verified - e.ended) / timedelta(hours=1) for e in exams)
    truth = hours[math.ceil(0.9 * COUNT) - 1]
    ours, naive = ask("exam_to_report", Scope(), store), ask("exam_to_report_reported_only", Scope(), store)
    assert ours.rows[0]["n"] == COUNT and ours.left_out == ()
    assert ours.rows[0]["count_unreported"] == naive.rows[0]["count_unreported"] == round(unreported * COUNT)
    assert 110 < truth < 117
    assert p90(ours) == pytest.approx(truth, rel=0.02)
    assert p90(naive) < 0.90 * truth

    true_share = sum(e.days <= WITHIN for e in exams) / COUNT
    row = ask("within_pathway_standard", Scope(), store).rows[0]
    reported = naive.rows[0]["n"]
    met_of_reported = (row["numerator"] + row["count_met_early"]) / reported
    assert 0.94 < true_share < 0.955
    assert met_of_reported > true_share + 0.015
    assert row["value"] == pytest.approx(true_share, abs=0.004)
    assert row["lowest"] < row["value"] < row["highest"] and row["lowest"] < true_share < row["highest"]


def test_the_figures_are_what_the_data_then_showed_and_nothing_else(demonstration):
    """Exact, not near: the naive quantile, the mature share and the hard bounds, each counted again in plain Python."""
    exams, store = demonstration
    known = sorted((e.verified - e.ended) / timedelta(hours=1) for e in exams if e.verified <= AS_OF)
    at = 0.9 * (len(known) - 1)
    low = known[math.floor(at)]
    between = low + (at % 1) * (known[math.ceil(at)] - low)
    assert p90(ask("exam_to_report_reported_only", Scope(), store)) == pytest.approx(between)

    row = ask("within_pathway_standard", Scope(), store).rows[0]
    ages = [(AS_OF.date() - e.ended.date()).days for e in exams]
    met = [e.verified <= AS_OF and e.days <= WITHIN for e in exams]
    mature = [age > WITHIN for age in ages]
    assert row["numerator"] == sum(a and b for a, b in zip(met, mature, strict=True))
    assert row["denominator"] == sum(mature)
    assert row["count_met_early"] == sum(a and not b for a, b in zip(met, mature, strict=True))
    assert row["count_pending"] == COUNT - sum(mature) - row["count_met_early"]
    assert row["lowest"] == pytest.approx(sum(met) / COUNT)
    assert row["highest"] == pytest.approx((sum(met) + row["count_pending"]) / COUNT)


def test_a_growing_tail_lowers_the_naive_figure_while_ours_rises(make):
    """Two months of the same work; in the second, three in five of the slow are never reported. Only the naive figure improves."""
    chance, rows = random.Random(5), []
    for month, lost in {"2026-06": 0.0, "2026-07": 0.6}.items():
        for number in range(400):
            ended = datetime.fromisoformat(f"{month}-{1 + number % 28:02d}T09:00")
            verified = off_midnight(ended + timedelta(minutes=int(60 * chance.lognormvariate(3.2, 1.2))))
            is_lost = verified - ended > timedelta(hours=60) and chance.random() < lost
            rows.append({"acc": f"{month}{number}", "ended": f"{ended:%Y-%m-%d %H:%M}", "verified": "" if is_lost else f"{verified:%Y-%m-%d %H:%M}"})
    store = Store(make(rows))
    ours, naive = (ask(m, Scope(("month",)), store).rows for m in ("exam_to_report", "exam_to_report_reported_only"))
    assert naive[1]["p90_hours"] < naive[0]["p90_hours"]
    assert ours[1]["p90_hours"] is None or ours[1]["p90_hours"] > ours[0]["p90_hours"]
