"""A chart taken away: six formats, made only when asked for, from the release that was chosen and from nothing else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

import plotly.graph_objects as go
import streamlit as st

from readout.errors import DrawingError, ReadoutError
from readout.export.chart_files import FORMATS, Chart
from readout.metrics import format as fmt
from readout.metrics import release
from readout.metrics.answer import Answer, Released
from readout.ui import session
from readout.ui.frame import current

NAMES = {"svg": "SVG, for print", "png": "PNG picture", "pdf": "PDF page", "html": "Interactive HTML", "xlsx": "Excel table", "csv": "CSV table"}
RELEASES = {"internal": "Inside the organisation", "public": "Public"}
FINE = "The public release holds no such chart: it is worked out from thousands of small counts, which do not leave."

Draw = Callable[[Released], go.Figure]
Notes = Callable[[Released], Sequence[str]]
Points = Callable[[Answer], Sequence[Mapping[str, Any]]]


def offer(
    answer: Answer, draw: Draw, *, key: str, title: str, scope: str, alternative: Callable[[Released], str], notes: Notes = lambda _: (), points: Points | None = None
) -> None:
    """A button that opens to the formats. `draw`, `alternative` and `notes` make figure and words from the released answer. `points`: what is drawn, where
    it is not the answer's rows; a release that rounds does not hold it."""
    box = st.popover("Download", key=f"{key}_download", on_change="rerun", type="tertiary", icon=":material/download:")
    if not box.open:
        return
    with box:
        chosen = st.segmented_control("Release", list(RELEASES.values()), default=RELEASES["internal"], required=True, key=f"{key}_release")
        profile = next(k for k, v in RELEASES.items() if v == chosen)
        rounds = answer.policy.profile(profile).round_to > 1
        if points is not None and rounds:
            st.info(FINE)
            return
        try:
            made = _chart(answer.release(profile), draw, title, scope, alternative, notes)
        except DrawingError as e:
            st.info(str(e))
            made = _chart(answer.release(profile), lambda _: go.Figure(), title, scope, lambda _: "", notes)
        except ReadoutError as e:
            st.info(str(e))
            return
        except Exception:
            st.error(session.failed(f"{profile} download {key}"))
            return
        if points is not None:
            made = replace(made, points=tuple(released_points(answer, points(answer), profile)))
        forms = FORMATS if made.figure.data else ("xlsx", "csv")
        for form in forms:
            name = f"{answer.metric.id}_{answer.extract_id}{'_public' if profile == 'public' else ''}.{form}"
            st.download_button(
                NAMES[form], partial(made.as_file, form), name, FORMATS[form], key=f"{key}_{form}", on_click="ignore", type="tertiary", icon=":material/download:"
            )
        st.caption(made.answer.note)


def _chart(out: Released, draw: Draw, title: str, scope: str, alternative: Callable[[Released], str], notes: Notes) -> Chart:
    page = current()
    manifest = page.store.extract.manifest
    return Chart(
        answer=out,
        figure=draw(out),
        title=title,
        scope=scope,
        alternative=alternative(out),
        notes=tuple(n for n in notes(out) if n),
        address=address(),
        network=manifest["network"]["name"],
        is_synthetic=page.is_synthetic,
        made=datetime.fromisoformat(manifest["created_at"]),
    )


def released_points(answer: Answer, rows: Sequence[Mapping[str, Any]], profile: str) -> Sequence[Mapping[str, Any]]:
    """Counts leave by the rule of the release; what is worked out of true values, as limits are, stays."""
    rules = answer.policy.profile(profile)
    least = release.least_of(answer.scope, rules)
    kept = [{k: release.counted(v, least, rules.round_to) if isinstance(v, int) else v for k, v in row.items()} for row in rows]
    return [{k: fmt.WITHHELD if v is None and row[k] is not None else v for k, v in new.items()} for new, row in zip(kept, rows, strict=True)]


def address() -> str:
    """Where the view is that the chart was taken from, with its filters."""
    said = urlencode([(k, v) for k in st.query_params for v in st.query_params.get_all(k)])
    return f"{(st.context.url or '').rstrip('/')}{f'?{said}' if said else ''}"
