"""A pack as slides with native charts that can be edited: one message a slide, provenance in the notes, words for every chart."""

import io
from collections.abc import Mapping, Sequence
from datetime import UTC
from math import ceil, floor
from typing import Any

from readout.charts.icons import MARKS, TARGET, meaning
from readout.charts.theme import LIGHT
from readout.export import tables
from readout.export.compare import Changes
from readout.export.content import Content, Funnel, Item, Verdict
from readout.export.workbook import funnel_rows, series_of, variation_words
from readout.metrics import format as fmt
from readout.wording import findings

WIDE, HIGH, SIDE = 13.333, 7.5, 0.55  # inches: a slide, and its margin
LINES_DEEP, LETTERS = 31, 165  # lines of a table on a slide, and letters across it: what is more goes on to the next slide
SIGNS = {"common_cause": "●", "improvement": "◆", "concern": "■", "neutral_high": "▲", "neutral_low": "▼"}
FACE = "Arial"  # on every machine that opens slides
TOP = 1.6  # inches: where charts begin
MOST_SAID = 9  # lines of words under a chart: more go on to a slide of their own
ARRIVING = "#9aa5af"
PALE = "#c3cbd3"  # of a ring: some programs draw no edge, and a white one would not be seen
Place = tuple[float, float, float, float]  # left, top, width, height in inches


def pack_pptx(content: Content, changes: Changes) -> bytes:
    """The pack as slides."""
    deck = Deck(content)
    deck.cover()
    deck.summary()
    if content.matrix:
        deck.matrix()
    for item in content.pages:
        deck.indicator(item)
    for funnel in content.funnels:
        deck.funnel(funnel)
    if "quality" in content.pack.sections:
        deck.listed("How good the data is", content.quality_said, tables.quality(content))
    if "changes" in content.pack.sections:
        deck.listed("What changed since the last pack", changes.said, tables.changes(changes))
    if "glossary" in content.pack.sections:
        rows = (("How to read the signs", tables.HOW_TO_READ), *tables.glossary(content))
        deck.listed("What the figures mean", "", [tables.Table("", ("Figure", "Meaning"), rows)], widths=(1, 4))
    return deck.saved()


class Deck:
    """Slides in the making."""

    def __init__(self, content: Content) -> None:
        from pptx import Presentation
        from pptx.util import Inches

        self.content = content
        self.deck = Presentation()
        self.deck.slide_width, self.deck.slide_height = Inches(WIDE), Inches(HIGH)
        about = self.deck.core_properties
        about.title, about.author, about.subject = content.pack.title, content.pack.owner or content.network, content.pack_id
        about.created = about.modified = content.made.astimezone(UTC).replace(tzinfo=None)
        about.last_modified_by, about.language = "", "en-GB"

    def slide(self, title: str, message: str = "", notes: Sequence[str] = ()) -> Any:
        """A slide with its title, its one message, where it comes from at the foot, and its notes."""
        from pptx.util import Inches, Pt

        slide = self.deck.slides.add_slide(self.deck.slide_layouts[5])
        head = slide.shapes.title
        head.left, head.top, head.width, head.height = Inches(SIDE), Inches(0.3), Inches(WIDE - 2 * SIDE), Inches(0.6)
        self._words(head.text_frame, [title], Pt(24), bold=True)
        if message:
            box = slide.shapes.add_textbox(Inches(SIDE), Inches(0.9), Inches(WIDE - 2 * SIDE), Inches(0.85))
            self._words(box.text_frame, [message], Pt(14))
        c = self.content
        foot = f"{c.network}: {c.pack.title} · pack {c.pack_id} · extract {c.extract_id}{' · synthetic sample data' if c.is_synthetic else ''}"
        box = slide.shapes.add_textbox(Inches(SIDE), Inches(HIGH - 0.42), Inches(WIDE - 2 * SIDE - 1), Inches(0.3))
        self._words(box.text_frame, [foot], Pt(9), muted=True)
        box = slide.shapes.add_textbox(Inches(WIDE - SIDE - 0.9), Inches(HIGH - 0.42), Inches(0.9), Inches(0.3))
        self._words(box.text_frame, [str(len(self.deck.slides))], Pt(9), muted=True, right=True)
        if notes:
            slide.notes_slide.notes_text_frame.text = "\n".join(notes)
        return slide

    def _words(self, frame: Any, lines: Sequence[str], size: Any, *, bold: bool = False, muted: bool = False, right: bool = False) -> None:
        from pptx.dml.color import RGBColor
        from pptx.enum.text import MSO_ANCHOR, PP_ALIGN

        frame.word_wrap = True
        frame.vertical_anchor = MSO_ANCHOR.TOP
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        for i, line in enumerate(lines):
            paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
            paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
            run = paragraph.add_run()
            run.text = line
            run.font.size, run.font.bold, run.font.name = size, bold, FACE
            run.font.color.rgb = RGBColor.from_string((LIGHT.muted if muted else LIGHT.text).lstrip("#"))

    def cover(self) -> None:
        from pptx.util import Inches, Pt

        c = self.content
        slide = self.slide(c.pack.title, c.finding, [f"Pack {c.pack_id}, extract {c.extract_id}, definitions {c.definitions}.", tables.HOW_TO_READ])
        lines = [
            f"For {c.pack.audience}" if c.pack.audience else "",
            f"{c.network}. {c.scope_words}. Data to {c.data_through}.",
            c.provisional,
            f"Release {c.pack.profile}. {c.release_note}",
        ]
        below = max(2.6, 0.95 + 0.245 * _lines([c.finding], 14) + 0.3)  # the finding may name many indicators
        box = slide.shapes.add_textbox(Inches(SIDE), Inches(below), Inches(WIDE - 2 * SIDE), Inches(2))
        self._words(box.text_frame, [x for x in lines if x], Pt(14), muted=True)

    def summary(self) -> None:
        rows = tuple(
            (
                i.label,
                i.latest.text,
                ", ".join(i.latest.notes),
                f"{_sign(i.kind)} {i.rule}",
                " ".join(x for x in (i.target, i.target_status) if x),
                i.assurance,
                i.previous.text,
            )
            for i in self.content.items
        )
        colours = {(row, 3): MARKS["light"][i.kind].edge for row, i in enumerate(self.content.items) if i.kind in ("concern", "improvement")}
        found = tables.Table("", ("Indicator", "Latest", "Month and counts", "Variation", "Target", "Assurance", "Before"), rows)
        self._pages("Summary", "", [found], (2.4, 0.95, 2.4, 3.9, 1.15, 1.25, 0.85), [tables.HOW_TO_READ], colours)

    def matrix(self) -> None:
        names = {i.key: i.label for i in self.content.items}
        sites = self.content.sites
        rows: list[tuple[str, ...]] = []
        colours: dict[tuple[int, int], str] = {}
        for r, (key, units) in enumerate(self.content.matrix.items()):
            rows.append((names[key], *(_cell(units.get(s)) for s in sites)))
            kinds = ((n, units[s][0]) for n, s in enumerate(sites, 1) if s in units)
            colours |= {(r, n): MARKS["light"][kind].edge for n, kind in kinds if kind in ("concern", "improvement")}
        columns = ("Indicator", *(n.removesuffix(" (synthetic)") for n in sites.values()))
        said = f"{tables.MATRIX} ■ concern, ◆ improvement, ▲▼ neither better nor worse, ● common cause; of the last complete month."
        self._pages("Each indicator at each site", said, [tables.Table("", columns, tuple(rows))], (2.2, *(1.0,) * len(sites)), [tables.HOW_TO_READ], colours)

    def listed(self, title: str, message: str, found: Sequence[tables.Table], widths: Sequence[float] = ()) -> None:
        """Tables, each on slides of its own; without any, the message alone."""
        if not found:
            self.slide(title, message)
        for table in found:
            self._pages(f"{title}: {table.title.lower()}" if table.title else title, message, [table], widths)
            message = ""

    def _pages(
        self,
        title: str,
        message: str,
        found: Sequence[tables.Table],
        widths: Sequence[float] = (),
        notes: Sequence[str] = (),
        colours: dict[tuple[int, int], str] | None = None,
    ) -> None:
        for table in found:
            rest, first = list(table.rows), 0
            while rest or first == 0:
                slide = self.slide(title if first == 0 else f"{title} (continued)", message if first == 0 else "", notes)
                count = _fitting(rest, table.columns, widths, LINES_DEEP - (3 if message and first == 0 else 0))
                part = rest[:count]
                if part:
                    here = {(r - first, n): tone for (r, n), tone in (colours or {}).items() if first <= r < first + count}
                    self._table(slide, table.columns, part, 1.75 if message and first == 0 else 1.1, widths, here)
                rest, first = rest[count:], first + max(1, count)

    def _table(self, slide: Any, columns: Sequence[str], rows: Sequence[Sequence[Any]], top: float, widths: Sequence[float], colours: dict[tuple[int, int], str]) -> None:
        from pptx.dml.color import RGBColor
        from pptx.util import Inches, Pt

        wide = WIDE - 2 * SIDE
        high = min(0.3 * (len(rows) + 1), HIGH - top - 0.6)
        frame = slide.shapes.add_table(len(rows) + 1, len(columns), Inches(SIDE), Inches(top), Inches(wide), Inches(high))
        table = frame.table
        for i, share in enumerate(_shares(columns, widths)):
            table.columns[i].width = Inches(wide * share)
        size = Pt(11 if len(columns) < 7 else 10)
        for r, row in enumerate([columns, *rows]):
            for n, value in enumerate(row):
                cell = table.cell(r, n)
                text = fmt.count(value) if isinstance(value, int) and not isinstance(value, bool) else str("" if value is None else value)
                self._words(cell.text_frame, [text], size, bold=r == 0 or n == 0 or (r - 1, n) in colours)
                cell.margin_top = cell.margin_bottom = Inches(0.03)
                cell.margin_left = cell.margin_right = Inches(0.06)
                cell.fill.background() if r else self._shade(cell)
                if (r - 1, n) in colours:
                    cell.text_frame.paragraphs[0].runs[0].font.color.rgb = RGBColor.from_string(colours[(r - 1, n)].lstrip("#"))

    def _shade(self, cell: Any) -> None:
        from pptx.dml.color import RGBColor

        cell.fill.solid()
        cell.fill.fore_color.rgb = RGBColor.from_string(LIGHT.grid.lstrip("#"))

    def indicator(self, item: Item) -> None:
        """The months of an indicator as an editable line chart with mean, limits and target."""
        from pptx.util import Inches, Pt

        c = self.content
        notes = [*item.sentences, *([item.judged_by] if item.judged_by else []), item.definition, *c.provenance(item)]
        slide = self.slide(item.label, item.sentences[0], notes)
        said = [x for x in (*item.sentences[1:], *_spoken(item)) if x]
        account = [x for x in (_account(item), _beyond(item), item.judged_by) if x]
        is_long = _lines(said, 11) > MOST_SAID
        here = [] if is_long else said
        deep_said, deep_account = 0.2 * _lines(here, 11), 0.175 * _lines(account, 10)
        high = HIGH - 0.5 - TOP - deep_said - deep_account - 0.1
        self._months(slide, item, (SIDE, TOP, WIDE - 2 * SIDE, high))
        y = TOP + high + 0.05
        if here:
            box = slide.shapes.add_textbox(Inches(SIDE), Inches(y), Inches(WIDE - 2 * SIDE), Inches(deep_said))
            self._words(box.text_frame, here, Pt(11))
        box = slide.shapes.add_textbox(Inches(SIDE), Inches(y + deep_said), Inches(WIDE - 2 * SIDE), Inches(deep_account))
        self._words(box.text_frame, account, Pt(10), muted=True)
        if is_long:
            more = self.slide(f"{item.label}: what is said", "", notes)
            box = more.shapes.add_textbox(Inches(SIDE), Inches(1.1), Inches(WIDE - 2 * SIDE), Inches(5.5))
            self._words(box.text_frame, said, Pt(12))

    def _months(self, slide: Any, item: Item, place: Place) -> None:
        """What is judged, month by month; flagged months in the shape and colour of their meaning."""
        from pptx.enum.chart import XL_MARKER_STYLE

        points = item.control.points.to_dicts()
        name, unit = series_of(item)
        kinds = ["" if p["is_provisional"] else meaning(p["flag"], item.metric.better) for p in points]
        shown: dict[str, list[float | None]] = {name: [None if p["is_provisional"] else p["x"] for p in points]}
        shown |= {KINDS[kind]: [p["x"] if k == kind else None for p, k in zip(points, kinds, strict=True)] for kind in KINDS if kind in kinds}
        if any(p["is_provisional"] for p in points):
            shown["Provisional"] = [p["x"] if p["is_provisional"] else None for p in points]
        for label, column in (("Mean", "mean"), ("Lower limit", "lpl"), ("Upper limit", "upl")):
            shown[label] = [p[column] for p in points]
        if item.control.target is not None:
            shown["Target"] = [item.control.target] * len(points)
        values = {label: [None if v is None else v / unit for v in found] for label, found in shown.items()}
        chart = self._drawn(slide, item, place, name, values, item.alternative)
        self._scaled(chart, item, unit)
        for series in chart.plots[0].series:
            if series.name in LINES:
                self._line(series, *LINES[series.name])
                series.marker.style = XL_MARKER_STYLE.NONE
                continue
            if series.name == name:
                self._line(series, LIGHT.grey, 1.0, None)
            else:
                series.format.line.fill.background()
            kind = next((k for k, label in KINDS.items() if label == series.name), "common_cause")
            series.marker.style = getattr(XL_MARKER_STYLE, SHAPES.get(kind, "CIRCLE"))
            series.marker.size = 6 if kind == "common_cause" else 9
            is_arriving = series.name == "Provisional"
            _painted(series.marker.format, PALE if is_arriving else MARKS["light"][kind].fill, LIGHT.muted if is_arriving else MARKS["light"][kind].edge)

    def _drawn(self, slide: Any, item: Item, place: Place, y_title: str, values: Mapping[str, Sequence[float | None]], words: str) -> Any:
        """A native line chart over the months of an indicator."""
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE
        from pptx.util import Inches

        data = CategoryChartData(number_format="0.0%" if item.metric.kind.is_share else "General")
        data.categories = item.control.points["month"].to_list()
        for label, found in values.items():
            data.add_series(label, found)
        frame = slide.shapes.add_chart(XL_CHART_TYPE.LINE_MARKERS, *(Inches(x) for x in place), data)
        _alternative(frame, words)
        self._chart(frame.chart, "0%" if item.metric.kind.is_share else "#,##0.##", y_title=y_title)
        chart = frame.chart
        chart.category_axis.tick_labels.number_format, chart.category_axis.tick_labels.number_format_is_linked = "mmm yy", False
        _every(chart.category_axis, 3 if place[2] > WIDE / 2 else 6)
        return chart

    def _scaled(self, chart: Any, item: Item, unit: float) -> None:
        """The value axis from about where the printed chart's begins to where it ends, at round values."""
        axis = item.figure.to_dict()["layout"]["yaxis"]
        ticks = [v / unit for v in axis["tickvals"]]
        if len(ticks) < 2:
            return
        step = ticks[1] - ticks[0]
        low, high = (v / unit for v in axis["range"])
        most = ceil(high / step - 0.15) * step
        value_axis = chart.value_axis
        value_axis.minimum_scale = round(floor(low / step + 0.15) * step, 9)
        value_axis.maximum_scale = round(min(most, 1.0) if item.metric.kind.is_share else most, 9)
        value_axis.major_unit = round(step, 9)
        if item.metric.kind.is_share and round(step * 100, 6) % 1:
            value_axis.tick_labels.number_format = "0.0%"
        _crossing_at_the_foot(chart)

    def funnel(self, funnel: Funnel) -> None:
        """A comparison as an editable funnel: each unit, the largest first, between its own limits of chance."""
        from pptx.chart.data import CategoryChartData
        from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_MARKER_STYLE
        from pptx.util import Inches, Pt

        if funnel.answer is None:
            self.slide(funnel.title, funnel.absent)
            return
        account = self.content.provenance(funnel)
        slide = self.slide(funnel.title, funnel.said, [funnel.said, tables.FUNNEL_KEY, funnel.limits, *account])
        columns, rows = funnel_rows(funnel)
        at = {c: i for i, c in enumerate(columns)}
        rows = tuple(sorted(rows, key=lambda r: -r[at["Examinations"]]))  # as printed
        data = CategoryChartData(number_format="0.00")
        data.categories = [f"{str(r[0]).removesuffix(' (synthetic)')}, n {fmt.count(r[at['Examinations']])}" for r in rows]
        plain = "Against its case mix"
        lasting = [r[at["Verdict"]].startswith("different") for r in rows]
        apart = [r[at["Verdict"]] == "times not comparable" for r in rows]
        ratios = [r[at["Ratio"]] for r in rows]
        for name in FUNNEL_LINES:
            data.add_series(name, [r[at[name]] for r in rows])
        data.add_series("As expected", [1.0] * len(rows))
        data.add_series(UNADJUSTED, [r[at["Unadjusted ratio"]] for r in rows])
        data.add_series(plain, [None if is_lasting or is_apart else v for v, is_lasting, is_apart in zip(ratios, lasting, apart, strict=True)])
        for name, verdict in ((MORE, "different: more"), (FEWER, "different: fewer")):
            if any(r[at["Verdict"]] == verdict for r in rows):
                data.add_series(name, [r[at["Ratio"]] if r[at["Verdict"]] == verdict else None for r in rows])
        if any(apart):
            data.add_series(APART, [v if is_apart else None for v, is_apart in zip(ratios, apart, strict=True)])
        top = 0.95 + 0.245 * max(3, _lines([funnel.said], 14))
        deep = 0.175 * _lines(account[:1], 10)
        high = HIGH - 0.55 - top - deep
        frame = slide.shapes.add_chart(XL_CHART_TYPE.LINE_MARKERS, Inches(SIDE), Inches(top), Inches(WIDE - 2 * SIDE), Inches(high), data)
        _alternative(frame, f"{funnel.title}. {funnel.said}")
        self._chart(frame.chart, "0.0", y_title=funnel.answer.metric.label.split(" against")[0].lower() + " for each expected")
        known = [v for r in rows for v in (*r[at["Lower 99.8 %"] : at["Upper 99.8 %"] + 1], r[at["Ratio"]]) if v is not None]
        if known and min(known) >= 0.5:
            frame.chart.value_axis.minimum_scale = floor(min(known) * 5) / 5
        else:
            frame.chart.value_axis.minimum_scale = 0
        for series in frame.chart.plots[0].series:
            if series.name == "As expected":
                self._line(series, LIGHT.text, 1.0, None)
                series.marker.style = XL_MARKER_STYLE.NONE
                continue
            series.format.line.fill.background()  # nothing joins the limits of one unit to those of the next
            if series.name in FUNNEL_LINES:
                tone, size = FUNNEL_LINES[series.name]
                series.marker.style, series.marker.size = XL_MARKER_STYLE.DASH, size
                _painted(series.marker.format, tone, tone)
                continue
            series.marker.style = XL_MARKER_STYLE.CIRCLE if series.name in (APART, UNADJUSTED) else XL_MARKER_STYLE.DIAMOND
            series.marker.size = 7 if series.name == UNADJUSTED else 11
            _painted(series.marker.format, *TONES.get(series.name, (LIGHT.ramp[1], LIGHT.accent)))
            if series.name == UNADJUSTED:
                continue
            labels = series.data_labels
            labels.show_value, labels.number_format, labels.number_format_is_linked = True, "0.00", False
            labels.position, labels.font.size = XL_LABEL_POSITION.RIGHT, Pt(10)
        box = slide.shapes.add_textbox(Inches(SIDE), Inches(top + high + 0.05), Inches(WIDE - 2 * SIDE), Inches(deep))
        self._words(box.text_frame, account[:1], Pt(10), muted=True)

    def _chart(self, chart: Any, style: str, *, y_title: str = "") -> None:
        from pptx.dml.color import RGBColor
        from pptx.enum.chart import XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
        from pptx.util import Pt

        chart.has_title = False
        chart.has_legend = True
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
        chart.font.size, chart.font.name = Pt(11), FACE
        chart.value_axis.tick_labels.number_format, chart.value_axis.tick_labels.number_format_is_linked = style, False
        chart.value_axis.major_gridlines.format.line.color.rgb = RGBColor.from_string(LIGHT.grid.lstrip("#"))
        chart.category_axis.has_major_gridlines = False
        chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW  # at the foot, also where values fall below zero
        chart.value_axis.has_title = True
        chart.value_axis.axis_title.text_frame.text = y_title
        run = chart.value_axis.axis_title.text_frame.paragraphs[0].runs[0]
        run.font.size, run.font.bold = Pt(11), False

    def _line(self, series: Any, colour: str, wide: float, dash: str | None) -> None:
        from pptx.dml.color import RGBColor
        from pptx.enum.dml import MSO_LINE
        from pptx.util import Pt

        series.smooth = False
        series.format.line.color.rgb = RGBColor.from_string(colour.lstrip("#"))
        series.format.line.width = Pt(wide)
        if dash:
            series.format.line.dash_style = getattr(MSO_LINE, dash)

    def saved(self) -> bytes:
        out = io.BytesIO()
        self.deck.save(out)
        return out.getvalue()


LINES: dict[str, tuple[str, float, str | None]] = {
    "Mean": (LIGHT.muted, 1.75, None),
    "Lower limit": (LIGHT.muted, 1.25, "DASH"),
    "Upper limit": (LIGHT.muted, 1.25, "DASH"),
    "Target": (TARGET["light"], 1.5, "LONG_DASH_DOT"),
}
FUNNEL_LINES = {"Lower 99.8 %": (LIGHT.muted, 20), "Lower 95 %": (ARRIVING, 13), "Upper 95 %": (ARRIVING, 13), "Upper 99.8 %": (LIGHT.muted, 20)}
UNADJUSTED = "Unadjusted"
MORE, FEWER = "More, in two of the last three quarters", "Fewer, in two of the last three quarters"
APART = "Times not comparable"
TONES = {MORE: (LIGHT.warn, LIGHT.warn), FEWER: (LIGHT.accent, LIGHT.accent), APART: (PALE, LIGHT.muted), UNADJUSTED: (PALE, LIGHT.muted)}
KINDS = {"concern": "Concern", "improvement": "Improvement", "neutral_high": "Higher than usual", "neutral_low": "Lower than usual"}
SHAPES = {"concern": "SQUARE", "improvement": "DIAMOND", "neutral_high": "TRIANGLE", "neutral_low": "TRIANGLE"}


def _shares(columns: Sequence[str], widths: Sequence[float]) -> list[float]:
    """The share of a table's width that each column takes."""
    given = list(widths) if len(widths) == len(columns) else [2.0, *([1.0] * (len(columns) - 1))]
    return [w / sum(given) for w in given]


def _fitting(rows: Sequence[Sequence[Any]], columns: Sequence[str], widths: Sequence[float], lines: int) -> int:
    """How many of the rows fit on a slide."""
    shares, used = _shares(columns, widths), 2.0
    for i, row in enumerate(rows):
        used += 0.35 + max(ceil(len(str(v)) / max(6, LETTERS * share)) for v, share in zip(row, shares, strict=True))
        if used > lines and i:
            return i
    return len(rows)


def _lines(texts: Sequence[str], size: int) -> int:
    """How many lines texts take across a slide at that many points."""
    across = (WIDE - 2 * SIDE) * 72 / (0.53 * size)
    return sum(max(1, ceil(len(t) / across)) for t in texts)


def _account(item: Item) -> str:
    """What a chart is made of, small: the latest figure with its counts, and which months are still arriving."""
    marked = f"Months that stand out: {item.marked}." if item.marked else ""
    latest = f"Latest: {item.latest.text} ({', '.join(item.latest.notes)}); before: {item.previous.text}."
    return " ".join(x for x in (latest, marked, findings.provisional(item.answer)) if x)


def _beyond(item: Item) -> str:
    """Which months still arriving lie beyond the scale, as the printed chart's key says it."""
    notes = item.figure.to_dict()["layout"].get("annotations", [])
    said = next((n["text"] for n in notes if "beyond the scale" in n["text"]), "")
    return f"Beyond the scale: {said.partition('beyond the scale: ')[2]} (provisional)." if said else ""


def _crossing_at_the_foot(chart: Any) -> None:
    """The axis of months stands at the foot, whatever the value axis begins with."""
    from pptx.enum.chart import XL_AXIS_CROSSES

    chart.value_axis.crosses = XL_AXIS_CROSSES.MINIMUM


def _sign(kind: str | None) -> str:
    return SIGNS.get(kind or "", "○")


def _every(axis: Any, months: int) -> None:
    """A label every so many months: the library has no name for it."""
    from pptx.oxml.ns import qn

    for tag in ("c:majorTimeUnit", "c:majorUnit"):
        for old in axis._element.findall(qn(tag)):
            axis._element.remove(old)
    before = axis._element.find(qn("c:baseTimeUnit"))
    if before is None:
        before = axis._element.makeelement(qn("c:baseTimeUnit"), {"val": "months"})
        axis._element.find(qn("c:lblOffset")).addnext(before)
    before.set("val", "months")
    unit = axis._element.makeelement(qn("c:majorTimeUnit"), {"val": "months"})
    before.addnext(axis._element.makeelement(qn("c:majorUnit"), {"val": str(months)}))
    before.getnext().addnext(unit)


def _cell(found: Verdict | None) -> str:
    """A cell of the matrix: common cause as its sign alone, so that what is special stands out."""
    if found is None:
        return fmt.DASH
    return _sign(found[0]) + ("" if found[0] == "common_cause" else f" {variation_words(found).split(':')[-1].split(',')[0].strip().lower()}")


def _spoken(item: Item) -> tuple[str, ...]:
    said = [f"{item.comment.owner or 'The owner'}: {item.comment.text}"] if item.comment.text else []
    said += [f"Actions: {item.comment.actions}"] if item.comment.actions else []
    return (*said, *(f"Stands with a reason given: “{s}” {w}" for s, w in item.comment.reasons.items()))


def _alternative(frame: Any, words: str) -> None:
    frame._element.nvGraphicFramePr.cNvPr.set("descr", words)


def _painted(style: Any, fill: str, edge: str) -> None:
    from pptx.dml.color import RGBColor

    style.fill.solid()
    style.fill.fore_color.rgb = RGBColor.from_string(fill.lstrip("#"))
    style.line.color.rgb = RGBColor.from_string(edge.lstrip("#"))


__all__ = ["pack_pptx"]
