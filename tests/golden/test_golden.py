"""Figures of a small generated network that move only on purpose: `make golden` writes them anew."""

import json
import os
from pathlib import Path

from readout.engine.store import Store
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope

GOLDEN = Path(__file__).with_name("answers.json")


def test_every_metric_answers_as_before(sample_extract):
    store = Store(sample_extract)
    now = {}
    for metric in load_catalogue().metrics.values():
        answer = ask(metric.id, Scope(), store)
        rows = [{k: round(v, 9) if isinstance(v, float) else v for k, v in row.items()} for row in answer.as_json()["rows"]]
        now[metric.id] = {"rows": rows, "n": answer.n, "left_out": {x.reason: x.count for x in answer.left_out}}
    if os.environ.get("READOUT_GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
    assert now == json.loads(GOLDEN.read_text("utf-8"))
