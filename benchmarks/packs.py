"""How long a board pack takes: the first from an extract, a second one with other words, and the same one again.

    python -m benchmarks.packs [EXTRACTS]

Prints seconds a step, and the ratio to the first pack of the run: the machine decides the seconds, the code the ratio.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from readout import paths
from readout.engine.extract import open_extract
from readout.engine.store import Store
from readout.export.compare import Changes
from readout.export.content import build
from readout.export.pack import load_pack
from readout.export.package import export, make
from readout.export.pdf import pack_pdf
from readout.export.slides import pack_pptx
from readout.export.workbook import pack_xlsx
from readout.metrics.answer import Answer, ask
from readout.metrics.scope import Scope

GOALS = {"first": 6.0, "another": 2.0, "again": 2.0}


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def main() -> None:
    extracts = Path(sys.argv[1]) if len(sys.argv) > 1 else paths.SAMPLE_EXTRACTS
    pack = load_pack(paths.SAMPLE / "packs" / "board.toml")
    kept: dict[tuple[str, Scope], Answer] = {}
    with Store(open_extract(extracts)) as store, tempfile.TemporaryDirectory() as folder:

        def asked(metric_id: str, scope: Scope) -> Answer:
            key = (metric_id, scope)
            if key not in kept:
                kept[key] = ask(metric_id, scope, store)
            return kept[key]

        out = Path(folder)
        seconds = {"first": timed(lambda: export(pack, store, out, asked))[0]}
        seconds["another"] = timed(lambda: make(replace(pack, title="Another"), store, out, asked))[0]
        seconds["again"] = timed(lambda: export(pack, store, out, asked))[0]
        steps = {"asked and judged, answers kept": timed(partial(build, pack, store, asked))}
        content = steps["asked and judged, answers kept"][1]
        makers = {"PDF": pack_pdf, "slides": pack_pptx, "workbook": pack_xlsx}
        steps |= {name: timed(partial(maker, content, Changes())) for name, maker in makers.items()}
    for name, took in seconds.items():
        print(f"{name:32}{took:6.2f} s   {took / seconds['first']:5.2f} of the first   goal {GOALS[name]:.0f} s")
    for name, (took, _) in steps.items():
        print(f"{name:32}{took:6.2f} s   {took / seconds['first']:5.2f} of the first")


if __name__ == "__main__":
    main()
