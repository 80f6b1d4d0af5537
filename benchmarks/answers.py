"""How long answers take, as ratios in one run: the metric's query against the same figure computed from the canonical table.

    python -m benchmarks.answers EXTRACTS      # for instance of: readout sample --exams 2_000_000 --out big

Prints, for each question, the warm median of five, the goal for five million examinations, and the ratio to the canonical table.
"""

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from readout import paths
from readout.engine.extract import open_extract
from readout.engine.query_file import load_query
from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope

QUESTIONS = (
    ("activity", ("month", "site_code", "modality"), 20),
    ("unreported", ("month", "site_code"), 20),
    ("activity_by_hour", ("weekday", "hour"), 20),
    ("within_28_days", ("month", "site_code"), 100),
    ("exam_to_report", ("month", "site_code", "modality"), 100),
    ("exam_to_report", ("site_code",), 100),
    ("patients", ("month",), 300),
    ("within_pathway_standard", ("month", "pathway"), 100),
    ("report_survival", ("site_code",), 100),
    ("exam_to_report_reported_only", ("month",), 100),
    ("exam_to_report_working", ("month",), 100),
    ("unreported", ("site_code", "band"), 20),
    ("clearance_weeks", ("site_code",), 20),
    ("report_arrivals", ("month",), 20),
    ("request_to_exam", ("month",), 100),
    ("six_week_breach", ("month",), 20),
)


def median_ms(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    extract = open_extract(Path(sys.argv[1]) if len(sys.argv) > 1 else paths.SAMPLE_EXTRACTS)
    store, catalogue = Store(extract), load_catalogue()
    whole = load_query(Path(__file__).with_name("whole_table.sql"))
    yardstick = median_ms(lambda: store.query(whole, {}))
    print(f"extract {extract.id}, {extract.manifest['tables']['exam']['rows']:,} examinations")
    print(f"yardstick: the same counts from the canonical table {yardstick:.0f} ms")
    for metric, by, goal in QUESTIONS:
        took = median_ms(lambda metric=metric, by=by: ask(metric, Scope(by), store, catalogue))  # type: ignore[misc]
        print(f"{metric:20} by {', '.join(by):32} {took:7.0f} ms   goal {goal:4} ms   {took / yardstick:5.2f} of the yardstick")


if __name__ == "__main__":
    main()
