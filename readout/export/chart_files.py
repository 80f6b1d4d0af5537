"""One chart as files that stand alone: each with title, filters, counts, how far the data goes, definition, release, extract and live address."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import polars as pl

from readout.charts.svg import svg, words
from readout.charts.theme import LIGHT
from readout.export import interactive
from readout.export.content import WIDE
from readout.export.pdf import PER_MM, compiled, picture
from readout.export.tables import Table, named_csv
from readout.export.workbook import answer_rows, table_xlsx
from readout.metrics.answer import Released
from readout.wording import findings

FORMATS = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "pdf": "application/pdf",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
}
TEMPLATE = Path(__file__).with_name("chart.typ")
PPI = 220
WIDTH, EDGE = 900.0, 14.0  # pixels across a drawing that stands alone, and round it
TALL = 118  # millimetres that a chart may take on its page


@dataclass(frozen=True)
class Chart:
    """A chart as it may leave: its released answer, what is drawn from it, and its words."""

    answer: Released
    figure: go.Figure
    title: str
    scope: str  # filters in words, and what else stands under the title
    alternative: str
    notes: tuple[str, ...]  # events, months still arriving
    address: str
    network: str
    is_synthetic: bool
    made: datetime
    points: tuple[Mapping[str, Any], ...] = ()  # what is drawn, where it is not the answer's own rows: a row each, as its tables hold it

    @property
    def account(self) -> tuple[str, ...]:
        """Counts and what was left out; release; definition, extract and where the live view is."""
        a, m = self.answer, self.answer.metric
        synthetic = " Synthetic sample data." if self.is_synthetic else ""
        return (
            f"{findings.footer(a)}.{synthetic}",
            f"{m.question} Numerator: {m.numerator}. Denominator: {m.denominator}.",
            f"Release {a.profile}. {a.note}",
            f"Definition {m.id}, version {m.query.hash}. {self.network}. Live view: {self.address}",
        )

    def as_file(self, form: str) -> bytes:
        """The chart in one of FORMATS."""
        made: dict[str, Any] = {"svg": self.as_svg, "png": self.as_png, "pdf": self.as_pdf, "html": self.as_html, "xlsx": self.as_xlsx, "csv": self.as_csv}
        data: bytes = made[form]()
        return data

    def as_csv(self) -> bytes:
        lines = [f"{self.answer.metric.label} ({self.answer.metric.id}): {self.answer.words}", *self.notes, *self.account]
        return ("".join(f"# {line}\n" for line in lines if line) + self._body()).encode()

    def as_xlsx(self) -> bytes:
        columns, rows = (tuple(self.points[0]), tuple(tuple(r.values()) for r in self.points)) if self.points else answer_rows(self.answer)
        return table_xlsx(Table(self.title, columns, rows), [self.scope, *self.notes, *self.account], self.made)

    def _body(self) -> str:
        if not self.points:
            return named_csv(self.answer)
        return pl.DataFrame({c: [str(row[c]) for row in self.points] for c in self.points[0]}).write_csv()

    def as_png(self) -> bytes:
        return picture(self._framed(), PPI)

    def as_svg(self) -> bytes:
        return self._framed().encode()

    def as_pdf(self) -> bytes:
        drawing = svg(self.figure, width=WIDE, title=self.alternative)
        high = float(drawing.split('height="', 1)[1].split('"', 1)[0])
        data = {
            "title": self.title,
            "author": self.network,
            "keywords": [self.answer.metric.id, self.answer.extract_id],
            "date": [self.made.year, self.made.month, self.made.day],
            "footer": f"{self.network} · extract {self.answer.extract_id}{' · synthetic sample data' if self.is_synthetic else ''}",
            "scope": self.scope,
            "image": "chart.svg",
            "height": min(TALL, round(high / PER_MM, 1)),
            "alt": self.alternative,
            "notes": [n for n in self.notes if n],
            "account": list(self.account),
        }
        return compiled(data, {"chart.svg": drawing.encode()}, int(self.made.timestamp()), TEMPLATE)

    def as_html(self) -> bytes:
        """The chart interactive, in one file that works without a network."""
        words = {"title": self.title, "scope": self.scope, "alternative": self.alternative}
        return interactive.page(self.figure, **words, notes=self.notes, account=self.account)

    def _framed(self) -> str:
        inner = svg(self.figure, width=WIDTH - 2 * EDGE, title=self.alternative)
        return framed(inner, self.title, self.scope, (*self.notes, *self.account))


def framed(inner: str, title: str, scope: str, account: Sequence[str]) -> str:
    """A drawing (SVG) with its title and scope above and its account below, all of it text, so that the picture alone says what it is of.

    The frame is as wide as the drawing and an edge on either side.
    """
    width, high = (float(inner.split(f'{side}="', 1)[1].split('"', 1)[0]) for side in ("width", "height"))
    y, made = EDGE, ""
    for text, size, colour in ((f"<b>{_plain(title)}</b>", 18, LIGHT.text), *((line, 12, LIGHT.muted) for line in _wrapped(scope, width, 12))):
        made += words.drawn(text, EDGE, y, size=size, colour=colour, up="top")
        y += words.height(text, size)
    made += inner.replace("<svg ", f'<svg x="{words.number(EDGE)}" y="{words.number(y + 6)}" ', 1)
    y += high + 14
    for line in (part for said in account if said for part in _wrapped(said, width, 10)):
        made += words.drawn(line, EDGE, y, size=10, colour=LIGHT.muted, up="top")
        y += words.height(line, 10)
    wide, tall = words.number(width + 2 * EDGE), words.number(y + EDGE)
    paper = f'<rect width="100%" height="100%" fill="{LIGHT.paper}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {tall}" width="{wide}" height="{tall}" '
        f'font-family="{words.FAMILY}, sans-serif">{paper}{made}</svg>'
    )


def _plain(text: str) -> str:
    """Text without the few signs that would read as a tag."""
    return text.replace("<", "‹").replace(">", "›")


def _wrapped(text: str, room: float, size: float) -> Sequence[str]:
    """Text in lines that fit."""
    lines: list[str] = []
    for word in _plain(text).split(" "):
        if lines and words.width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


__all__ = ["FORMATS", "Chart", "framed"]
