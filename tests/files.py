"""Files that leave the app, as tests ask for them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go

from readout.export.chart_files import Chart
from readout.metrics.answer import Answer
from readout.ui.downloads import released_points


def csv_of(answer: Answer, points: Callable[[Answer], Sequence[Mapping[str, Any]]] | None = None) -> str:
    """A chart's CSV, as it is taken away from its page inside the organisation."""
    drawn = tuple(released_points(answer, points(answer), "internal")) if points else ()
    return Chart(answer.release("internal"), go.Figure(), "", "", "", (), "/a", "N", True, datetime(2026, 11, 3), drawn).as_csv().decode()
