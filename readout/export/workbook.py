"""A pack, or one chart, as a workbook: contents, a sheet an indicator with a real table and a native chart. Numbers are numbers; text is text."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from textwrap import wrap
from typing import Any

from readout.charts import icons
from readout.charts.theme import LIGHT
from readout.export import tables
from readout.export.compare import Changes
from readout.export.content import Content, Funnel, Item, Verdict
from readout.metrics import format as fmt
from readout.metrics.answer import Released
from readout.metrics.scope import DIMENSIONS
from readout.stats.spc import RULES

# Text that begins with = stays text: whoever opens the file runs nothing.
INERT = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
LONGEST = 31  # letters of a sheet's name
JOINING = ("", "a", "an", "and", "at", "by", "for", "in", "of", "on", "or", "the", "to", "with")


def pack_xlsx(content: Content, changes: Changes) -> bytes:
    """The pack as a workbook."""
    book = Book(content.made)
    contents, at = _contents(book, content)
    _summary(book, content)
    if content.matrix:
        _sites(book, content)
    for item in content.items:
        _indicator(book, content, item)
    for funnel in content.funnels:
        _funnel(book, content, funnel)
    if "quality" in content.pack.sections:
        book.tables("Data quality", [content.quality_said], tables.quality(content))
    if "changes" in content.pack.sections:
        book.tables("Changes", [changes.said], tables.changes(changes))
    if "glossary" in content.pack.sections:
        book.tables("Definitions", [tables.HOW_TO_READ], [tables.Table("What the figures mean", ("Figure", "Meaning"), tuple(tables.glossary(content)))])
    for i, sheet in enumerate(book.book.worksheets()[1:], at + 1):
        contents.write_url(i, 0, f"internal:'{sheet.get_name()}'!A1", string=sheet.get_name())
    return book.close()


def table_xlsx(table: tables.Table, lines: Sequence[str], made: datetime) -> bytes:
    """One table as a workbook of one sheet."""
    book = Book(made)
    book.tables("Figures", lines, [table])
    return book.close()


def answer_rows(answer: Released) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """An answer's rows with the names that people read; what is withheld is `*`."""
    frame = answer.frame
    names = tuple(_column(answer, c) for c in frame.columns)
    rows = []
    for i, row in enumerate(frame.iter_rows(named=True)):
        rows.append(tuple(fmt.WITHHELD if (i, c) in answer.hidden else _plain(answer, c, v) for c, v in row.items()))
    return names, tuple(rows)


def _column(answer: Released, column: str) -> str:
    if column in DIMENSIONS:
        return DIMENSIONS[column].label
    if column == "value" and answer.metric.kind.is_share:
        return "Share"
    return fmt.COLUMNS.get(column, column) + (", hours" if column.endswith("_hours") else "")


def _plain(answer: Released, column: str, value: Any) -> Any:
    if column == "month" and isinstance(value, date):
        return value
    if column in DIMENSIONS:
        return answer.label(column, value)
    if column == "provisional":
        return "provisional" if value else ""
    return value


class Book:
    """A workbook in the making: one look for all sheets, names that Excel accepts, and nothing that runs."""

    def __init__(self, made: datetime) -> None:
        import xlsxwriter

        self.file = io.BytesIO()
        self.book = xlsxwriter.Workbook(self.file, INERT)
        self.book.set_properties({"created": made.replace(tzinfo=None)})
        self.used: set[str] = set()
        self.formats = {
            "title": self.book.add_format({"bold": True, "font_size": 14}),
            "note": self.book.add_format({"font_color": LIGHT.muted, "text_wrap": False}),
            "month": self.book.add_format({"num_format": "mmm yyyy", "align": "left"}),
            "share": self.book.add_format({"num_format": "0.0%"}),
            "number": self.book.add_format({"num_format": "#,##0.0"}),
            "count": self.book.add_format({"num_format": "#,##0"}),
            "head": self.book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        }

    def name(self, wanted: str) -> str:
        """A sheet's name: short enough, without the signs that Excel refuses, used once."""
        base = " ".join(FORBIDDEN.sub(" ", wanted).split()) or "Sheet"
        name, n = cut(base, LONGEST), 2
        while name.casefold() in self.used:
            name, n = f"{cut(base, LONGEST - len(f' {n}'))} {n}", n + 1
        self.used.add(name.casefold())
        return name

    def sheet(self, wanted: str, lines: Sequence[str]) -> tuple[Any, int]:
        """A new sheet with its title and notes on top; and the row below them."""
        sheet = self.book.add_worksheet(self.name(wanted))
        sheet.hide_gridlines(2)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, wanted, self.formats["title"])
        wrapped = [part for line in lines for part in wrap(line, 150)]
        for i, line in enumerate(wrapped, 1):
            sheet.write_string(i, 0, line, self.formats["note"])
        return sheet, len(wrapped) + 2

    def table(self, sheet: Any, top: int, table: tables.Table, formats: Mapping[str, str] | None = None) -> int:
        """A real table, with filters and headings; and the row below it."""
        if not table.rows:
            return top
        widths = []
        for i, name in enumerate(table.columns):
            values = [r[i] for r in table.rows]
            widths.append(min(60, max(len(str(name)), *(len(_text(v)) for v in values)) + 3))
            for j, value in enumerate(values, top + 1):
                self.cell(sheet, j, i, value, (formats or {}).get(name))
        sheet.add_table(top, 0, top + len(table.rows), len(table.columns) - 1, {"columns": [{"header": str(c)} for c in table.columns], "style": "Table Style Light 1"})
        for i, wide in enumerate(widths):
            sheet.set_column(i, i, wide)
        return top + len(table.rows) + 2

    def cell(self, sheet: Any, row: int, column: int, value: Any, style: str | None = None) -> None:
        if isinstance(value, date):
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), self.formats["month"])
        elif isinstance(value, bool) or value is None or value == "":
            sheet.write_blank(row, column, None)
        elif isinstance(value, (int, float)):
            sheet.write_number(row, column, value, self.formats[style or ("count" if isinstance(value, int) else "number")])
        else:
            sheet.write_string(row, column, str(value))

    def tables(self, name: str, lines: Sequence[str], found: Sequence[tables.Table]) -> None:
        """A sheet of tables under one another."""
        sheet, at = self.sheet(name, lines)
        for table in found:
            sheet.write_string(at, 0, table.title, self.formats["head"])
            at = self.table(sheet, at + 1, table)

    def close(self) -> bytes:
        self.book.close()
        return self.file.getvalue()


def cut(text: str, most: int) -> str:
    """A text of at most so many letters that ends at a word, without a joining word or sign left over; a single long word is cut."""
    if len(text) <= most:
        return text
    words = text[: most + 1].rsplit(" ", 1)[0].split(" ") if " " in text[: most + 1] else [text[:most]]
    while len(words) > 1 and words[-1].strip(",;–-").casefold() in JOINING:
        words.pop()
    return " ".join(words).rstrip(" ,;–-")


def _text(value: Any) -> str:
    return fmt.month(value) if isinstance(value, date) else f"{value:,.1f}" if isinstance(value, float) else str(value or "")


def _contents(book: Book, content: Content) -> tuple[Any, int]:
    lines = [
        f"For {content.pack.audience}" if content.pack.audience else "",
        f"{content.network}. {content.scope_words}. Data to {content.data_through}.",
        content.provisional,
        f"Release {content.pack.profile}. {content.release_note}",
        f"Pack {content.pack_id}. Extract {content.extract_id}.{' Synthetic sample data.' if content.is_synthetic else ''}",
        content.finding,
    ]
    sheet, at = book.sheet(content.pack.title, [x for x in lines if x])
    sheet.write_string(at, 0, "Contents", book.formats["head"])
    sheet.set_column(0, 0, 70)
    return sheet, at


def _summary(book: Book, content: Content) -> None:
    columns = ("Indicator", "Latest", "Latest as said", "Month and counts", "Variation", "Rule", "Target", "Assurance", "Month before")
    rows = tuple(
        (
            i.label,
            i.latest.value,
            i.latest.text,
            ", ".join(i.latest.notes),
            i.variation,
            i.rule,
            " ".join(x for x in (i.target, i.target_status) if x),
            i.assurance,
            i.previous.text,
        )
        for i in content.items
    )
    sheet, at = book.sheet("Summary", [content.finding])
    book.table(sheet, at, tables.Table("Summary", columns, rows))
    for j, item in enumerate(content.items, at + 1):
        if item.latest.value is not None:
            book.cell(sheet, j, 1, item.latest.value, _style(item))


def _style(item: Item) -> str:
    return "share" if item.metric.kind.is_share else "count" if item.metric.kind.is_whole else "number"


def _sites(book: Book, content: Content) -> None:
    names = {i.key: i.label for i in content.items}
    rows = tuple((names[key], *(variation_words(units.get(s)) for s in content.sites)) for key, units in content.matrix.items())
    sheet, at = book.sheet("Sites", ["Variation of the last complete month at each site."])
    book.table(sheet, at, tables.Table("Sites", ("Indicator", *content.sites.values()), rows))


def variation_words(found: Verdict | None) -> str:
    """A cell of the matrix in words; a dash where there is no figure, or there are too few months."""
    return icons.label(found[0], high=found[1]) if found else fmt.DASH


def series_of(item: Item) -> tuple[str, float]:
    """What the figures of an indicator's chart are called in a file, and what a charted value is divided by: times of days are in days."""
    metric = item.metric
    if metric.is_snapshot:
        return tables.LEVEL, 1.0
    if not metric.kind.is_time:
        return metric.unit[0].upper() + metric.unit[1:], 1.0
    known = [x for x in item.control.points["x"] if x is not None]
    is_days = "calendar days" in metric.short_clock or min(known, default=0) >= 48
    return ("Nine in ten within, days", 24.0) if is_days else ("Nine in ten within, hours", 1.0)


def point_rows(item: Item) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """The months of an indicator's chart: figure, counts, lines, and what each month is."""
    metric = item.metric
    figure, unit = series_of(item)
    found = {r["month"]: r for r in item.answer.rows}
    counts = ("Numerator", "Denominator") if metric.kind.is_ratio else ("n", metric.unended.capitalize()) if metric.kind.is_time else ("Count",)
    columns = ("Month", figure, "Mean", "Lower limit", "Upper limit", *counts, "Note")
    rows = []
    for p in item.control.points.iter_rows(named=True):
        row = found.get(p["month"]) or {}
        numbers = tuple(row.get(c) for c in metric.kind.behind or (metric.kind.charted,))
        lines = (None if p[c] is None else p[c] / unit for c in ("x", "mean", "lpl", "upl"))
        rows.append((p["month"], *lines, *numbers, "provisional" if p["is_provisional"] else RULES.get(p["flag"] or "", "")))
    return columns, tuple(rows)


def _indicator(book: Book, content: Content, item: Item) -> None:
    spoken = ((item.comment.owner or "The owner", item.comment.text), ("Actions", item.comment.actions))
    said = [x for x in (*item.sentences, item.judged_by) if x]
    said += [*(f"{who}: {text}" for who, text in spoken if text), item.definition, *content.provenance(item)]
    said += [f"Stands with a reason given: “{s}” {w}" for s, w in item.comment.reasons.items()]
    sheet, at = book.sheet(item.label, said)
    columns, rows = point_rows(item)
    style = "share" if item.metric.kind.is_share else "number"
    lines = ("Mean", "Lower limit", "Upper limit")
    figure = columns.index("Mean") - 1
    styles = dict.fromkeys((columns[figure], *lines), style)
    book.table(sheet, at, tables.Table(item.label, columns, rows), styles)
    chart = _months_chart(book, item, sheet.get_name(), at, len(rows), columns, columns[figure], lines)
    sheet.insert_chart(at, len(columns) + 1, chart, {"description": item.alternative, "object_position": 1})
    sheet.freeze_panes(at + 1, 1)


def _months_chart(book: Book, item: Item, sheet: str, at: int, count: int, columns: Sequence[str], figure: str, lines: Sequence[str]) -> Any:
    """A figure over months as an editable chart, with its lines. Months still arriving stand in the table alone."""
    chart = book.book.add_chart({"type": "line"})
    first, last = at + 1, at + count
    judged = first + sum(not p for p in item.control.points["is_provisional"]) - 1
    column = columns.index(figure)

    def series(name: str, of: int, stop: int, line: Mapping[str, Any], marker: Mapping[str, Any], **more: Any) -> None:
        values = {"categories": [sheet, first, 0, last, 0], "values": [sheet, first, of, stop, of]}
        chart.add_series({"name": name, **values, "line": line, "marker": marker, **more})

    edge = {"color": LIGHT.accent}
    mark = {"type": "circle", "size": 5, "border": edge, "fill": edge}
    series(figure, column, judged, {"color": LIGHT.accent, "width": 1.5}, mark)
    for name in lines:
        dash = {} if name == "Mean" else {"dash_type": "dash"}
        series(name, columns.index(name), last, {"color": LIGHT.muted, "width": 1.25 if name == "Mean" else 1, **dash}, {"type": "none"})
    chart.set_title({"name": f"{item.label}: {figure[0].lower()}{figure[1:]}" if item.metric.is_snapshot else item.label, "name_font": {"size": 12}})
    chart.set_x_axis({"date_axis": True, "label_position": "low", "num_format": "mmm yy", "major_unit": 3, "major_unit_type": "months"})
    chart.set_y_axis({"num_format": "0%" if item.metric.kind.is_share else "#,##0", "major_gridlines": {"visible": True, "line": {"color": LIGHT.grid}}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 860, "height": 380})
    return chart


def _funnel(book: Book, content: Content, funnel: Funnel) -> None:
    if funnel.answer is None:
        book.sheet(funnel.title, [funnel.absent])
        return
    sheet, at = book.sheet(funnel.title, [funnel.said, funnel.limits, *content.provenance(funnel)])
    columns, rows = funnel_rows(funnel)
    book.table(sheet, at, tables.Table(funnel.title, columns, rows))
    chart = book.book.add_chart({"type": "scatter", "subtype": "straight"})
    name, first, last = sheet.get_name(), at + 1, at + len(rows)
    order = columns.index("Expected")
    marker = {"type": "diamond", "size": 8, "fill": {"color": LIGHT.accent}, "border": {"color": LIGHT.accent}}
    labels = {"custom": [{"value": str(r[0])} for r in rows], "value": True, "position": "right"}
    chart.add_series(
        {
            "name": "Observed for each expected",
            "categories": [name, first, order, last, order],
            "values": [name, first, columns.index("Ratio"), last, columns.index("Ratio")],
            "line": {"none": True},
            "marker": marker,
            "data_labels": labels,
        }
    )
    for label in ("Lower 99.8 %", "Upper 99.8 %"):
        column = columns.index(label)
        line = {"color": LIGHT.muted, "width": 1, "dash_type": "dash"}
        chart.add_series(
            {"name": label, "categories": [name, first, order, last, order], "values": [name, first, column, last, column], "line": line, "marker": {"type": "none"}}
        )
    chart.set_title({"name": funnel.title, "name_font": {"size": 12}})
    chart.set_x_axis({"name": "Expected", "num_format": "#,##0", "major_gridlines": {"visible": False}})
    chart.set_y_axis({"name": "Observed for each expected", "num_format": "0.0", "min": 0})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 860, "height": 420})
    sheet.insert_chart(at, len(columns) + 1, chart, {"description": f"{funnel.title}. {funnel.said}", "object_position": 1})


def funnel_rows(funnel: Funnel) -> tuple[tuple[str, ...], tuple[tuple[Any, ...], ...]]:
    """The units of a comparison by how much is expected of them, least first, so that limits join into a funnel."""
    answer = funnel.answer
    columns = ("Unit", "Examinations", "Observed", "Expected", "Ratio", "Unadjusted ratio", "Lower 99.8 %", "Lower 95 %", "Upper 95 %", "Upper 99.8 %", "Verdict")
    if answer is None:
        return columns, ()
    rows = []
    for u in sorted(funnel.comparison().units, key=lambda u: (u.expected, u.n)):
        verdict = "times not comparable" if not u.is_comparable else {1: "different: more", -1: "different: fewer", 0: ""}[u.is_lasting]
        rows.append((answer.label(funnel.by, u.code), u.n, u.observed, u.expected, u.ratio, u.unadjusted, *u.limits, verdict))
    return columns, tuple(rows)


__all__ = ["answer_rows", "funnel_rows", "pack_xlsx", "point_rows", "table_xlsx"]
