"""Whether the times of each unit can be set beside those of the others: tests of a turnaround's two ends, from an Answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from readout.metrics.answer import Answer
from readout.metrics.catalogue import TimeTest, load_catalogue

METRIC = "timestamps_doubtful"
LEAST = 100  # reports; of fewer a single one moves the share by over 1 %

Verdict = Literal["passes", "fails", "too few"]


@dataclass(frozen=True)
class Tested:
    """One test of one unit: `doubtful` of `n` reports raise it. `share` is a fraction; None where none could be tested."""

    test: TimeTest
    doubtful: int
    n: int

    @property
    def share(self) -> float | None:
        return self.doubtful / self.n if self.n else None

    @property
    def verdict(self) -> Verdict:
        """Fails above the test's line; too few under `LEAST` reports, whatever the share."""
        if self.n < LEAST:
            return "too few"
        return "fails" if self.doubtful > self.test.most * self.n else "passes"


@dataclass(frozen=True)
class Mark:
    """Every test of one unit, in the catalogue's order."""

    code: str
    tests: tuple[Tested, ...]

    @property
    def failed(self) -> tuple[Tested, ...]:
        return tuple(t for t in self.tests if t.verdict == "fails")


def marks(answer: Answer) -> dict[str, Mark]:
    """The marks of each unit by its code, from the answer of `timestamps_doubtful` by one dimension and by test.

    A test that the answer has no row of has no reports: too few.
    """
    (dimension,) = (d for d in answer.scope.by if d != "time_test")
    found = {(r[dimension], r["time_test"]): r for r in answer.rows if r[dimension] is not None}
    tests = load_catalogue().time_tests.values()
    return {code: Mark(code, tuple(_tested(t, found.get((code, t.id), {})) for t in tests)) for code in sorted({code for code, _ in found})}


def _tested(test: TimeTest, row: Mapping[str, int]) -> Tested:
    return Tested(test, int(row.get("numerator", 0)), int(row.get("denominator", 0)))


def parted(answers: Sequence[Answer]) -> tuple[dict[str, Mark], list[Answer]]:
    """Of answers that a comparison is made with, the failing marks by code, and the others. Without tests none fails."""
    tested = [a for a in answers if a.metric.id == METRIC]
    failing = {code: mark for a in tested for code, mark in marks(a).items() if mark.failed}
    return failing, [a for a in answers if a.metric.id != METRIC]


__all__ = ["LEAST", "Mark", "Tested", "Verdict", "marks", "parted"]
