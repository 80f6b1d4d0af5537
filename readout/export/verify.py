"""A finished pack opened again: every indicator is found in every file with the number of its Answer, else nothing is handed over."""

import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from readout.export.content import Content, Item
from readout.export.pack import PackError
from readout.export.pdf_words import words
from readout.export.workbook import series_of
from readout.metrics import format as fmt

SUMMARY = "Summary"


class IncompleteError(PackError):
    """A finished file does not hold what it should."""


def check(content: Content, files: Mapping[str, bytes]) -> None:
    """Raise IncompleteError, naming what is missing where, unless each file (by its format) holds every indicator with its number."""
    looks = {"pdf": _pdf, "pptx": _pptx, "xlsx": _xlsx}
    wrong = [f"{name.upper()}: {what}" for name, data in files.items() for what in looks[name](content, data)]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise IncompleteError(f"The pack was made and does not hold what it should: {'; '.join(wrong[:3])}{more}. Nothing is handed over.")


def expected(item: Item) -> tuple[str, float | None]:
    """What an indicator's latest figure must read, from its Answer alone."""
    column, counted = item.metric.kind.charted, item.metric.kind.counting
    found: tuple[str, float | None] = (fmt.DASH, None)
    for i, row in enumerate(item.answer.frame.iter_rows(named=True)):
        if row["provisional"]:
            continue
        if (i, column) in item.answer.hidden:
            found = fmt.WITHHELD, None
        elif counted == "n" and 0 < (row[counted] or 0) < 10:
            found = "too few", None
        elif row[counted] is not None and (counted == "value" or row[counted]):
            found = item.metric.kind.figure(row[column], column), row[column]
    return found


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def pdf_text(data: bytes) -> str:
    """The words of a PDF, without their spaces."""
    return _squeezed(words(data))


def _pdf(content: Content, data: bytes) -> list[str]:
    text = pdf_text(data)
    wrong = []
    for item in content.items:
        said, _ = expected(item)
        if _squeezed(f"{item.label}{said}{', '.join(item.latest.notes)}") not in text:
            wrong.append(f"{item.label} with {said} is not in the summary")
    for item in content.pages:
        if _squeezed(item.sentences[0]) not in text:
            wrong.append(f"{item.label} has no page")
    wrong += [f"{f.title} is missing" for f in content.funnels if _squeezed(f.title) not in text or (f.said and _squeezed(f.said) not in text)]
    return wrong


def _pptx(content: Content, data: bytes) -> list[str]:
    from pptx import Presentation

    deck = Presentation(io.BytesIO(data))
    cells: dict[str, str] = {}
    charts: dict[str, dict[str, list[float | None]]] = {}
    for slide in deck.slides:
        title = slide.shapes.title.text_frame.text
        for shape in slide.shapes:
            if shape.has_table and title.startswith(SUMMARY):
                cells |= {row.cells[0].text: row.cells[1].text for row in shape.table.rows}
            if shape.has_chart:
                charts.setdefault(title, {}).update({s.name: list(s.values) for s in shape.chart.plots[0].series})
    wrong = [f"{i.label} with {expected(i)[0]} is not in the summary" for i in content.items if cells.get(i.label) != expected(i)[0]]
    for item in content.pages:
        name, unit = series_of(item)
        drawn = charts.get(item.label, {}).get(name)
        points = [None if p["x"] is None or p["is_provisional"] else p["x"] / unit for p in item.control.points.iter_rows(named=True)]
        if drawn is None or not _same(drawn, points):
            wrong.append(f"{item.label}: its chart does not hold its figures")
    return wrong + [f"{f.title} is missing" for f in content.funnels if f.answer is not None and f.title not in charts]


def _xlsx(content: Content, data: bytes) -> list[str]:
    import fastexcel

    book = fastexcel.read_excel(data)
    found = {r[0]: r for r in _table(book, SUMMARY, "Indicator")}
    wrong = []
    for item in content.items:
        said, value = expected(item)
        row = found.get(item.label)
        if row is None or row[2] != said or not _same([row[1]], [value]):
            wrong.append(f"{item.label} with {said} is not in the summary")
    for item, name in zip(content.items, _sheets(book.sheet_names, content), strict=False):
        _, unit = series_of(item)
        points = [None if x is None else x / unit for x in item.control.points["x"]]
        rows = _table(book, name, "Month")
        if not _same([r[1] for r in rows], points):
            wrong.append(f"{item.label}: its sheet does not hold its figures")
    return wrong


def _table(book: Any, sheet: str, head: str) -> list[tuple[Any, ...]]:
    """The rows of the table on a sheet whose first heading is `head`, typed."""
    first = book.load_sheet(sheet, header_row=None, dtypes="string").to_polars()[:, 0].to_list()
    if head not in first:
        return []
    return list(book.load_sheet(sheet, header_row=first.index(head), use_columns=[0, 1, 2]).to_polars().rows())


def _sheets(names: list[str], content: Content) -> list[str]:
    first = 2 + bool(content.matrix)  # after the contents, the summary and the matrix
    return names[first : first + len(content.items)]


def _same(found: Sequence[float | None], wanted: Sequence[float | None]) -> bool:
    return len(found) == len(wanted) and all(
        (a is None and b is None) or (a is not None and b is not None and math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)) for a, b in zip(found, wanted, strict=True)
    )


__all__ = ["IncompleteError", "check", "expected", "pdf_text"]
