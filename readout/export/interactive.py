"""One chart as one HTML file that works without a network: drawn first, then interactive, with its words.

Nothing outside it is asked for: its own policy lets no request out. It holds the figure that was released, and
no other number.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template

import plotly.graph_objects as go

from readout.charts.interactive import SCRIPT, STYLE, as_json, interactive, plotly_js
from readout.charts.svg import svg
from readout.charts.theme import LIGHT

TEMPLATE = Path(__file__).with_name("page.html")
WIDTH = 900.0


def page(
    figure: go.Figure,
    *,
    title: str,
    scope: str,
    alternative: str,
    notes: Sequence[str],
    account: Sequence[str],
) -> bytes:
    """The file. `account`: counts, release, definition and extract, a line each."""
    made = Template(TEMPLATE.read_text("utf-8")).substitute(
        title=escape(title),
        scope=escape(scope),
        text=LIGHT.text,
        muted=LIGHT.muted,
        paper=LIGHT.paper,
        style=STYLE.read_text("utf-8"),
        drawing=svg(figure, width=WIDTH, title=alternative),
        notes=_lines(notes),
        account=_lines(account),
        plotly=_inline(plotly_js()),
        script=_inline(SCRIPT.read_text("utf-8")),
        figure=as_json({"figure": interactive(figure), "words": alternative}),
    )
    return made.encode()


def _lines(said: Sequence[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in said if line)


def _inline(script: str) -> str:
    """A script that nothing in it can end early."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


__all__ = ["page"]
