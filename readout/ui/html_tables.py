"""Tables written as HTML: words that wrap, icons beside them, links that open in place; and the address of a control chart."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from readout.analysis.control import Control
from readout.charts import icons as drawn
from readout.metrics import format as fmt
from readout.ui import drill_links, icons
from readout.ui.frame import FILTERS
from readout.ui.theme import TABLES, palette


def framed(kind: str, caption: str, columns: Iterable[str], body: Iterable[str]) -> str:
    """A table in a region of its own, which scrolls by keyboard where the screen is too narrow for it."""
    head = "".join(f'<th scope="col">{escape(c)}</th>' for c in columns)
    inside = f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return f'<div class="readout {kind}" role="region" tabindex="0" aria-label="{escape(caption)}">{inside}</div>'


def plain(caption: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a table whose words and headings wrap: the first column heads its row, numbers stand to the right."""
    columns = list(dict.fromkeys(k for r in rows for k in r))
    body = [row(_said(r.get(columns[0])), (_said(r.get(c)) for c in columns[1:]), [_is_number(r.get(c)) for c in columns[1:]]) for r in rows]
    return framed("plain", caption, columns, body)


def _said(value: Any) -> str:
    """A cell as markup; a name of parts may break between them."""
    text = fmt.count(value) if _is_number(value) and float(value).is_integer() else "" if value is None else str(value)
    return escape(text).replace("_", "_<wbr>")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def group(words: str, columns: int) -> str:
    """A line that heads the rows under it."""
    return f'<tr><th colspan="{columns}" scope="rowgroup">{escape(words)}</th></tr>'


def row(head: str, cells: Iterable[str], are_numbers: Sequence[bool] = ()) -> str:
    """A row of cells that are markup already."""
    made = [f'<td class="number">{c}</td>' if i < len(are_numbers) and are_numbers[i] else f"<td>{c}</td>" for i, c in enumerate(cells)]
    return f'<tr><th scope="row">{head}</th>{"".join(made)}</tr>'


def link(address: str, words: str) -> str:
    return f'<a href="{escape(address)}">{escape(words)}</a>'


def small(*lines: str) -> str:
    return "".join(f"<small>{escape(x)}</small>" for x in lines if x)


def marked(icon: str, words: str) -> str:
    return f"<span>{icon}<small>{escape(words)}</small></span>"


def is_dark() -> bool:
    return bool(palette().name == "dark")


def variation(c: Control) -> str:
    """The variation icon of a series with its words; of one without a figure in its last month, that it is not judged."""
    kind, high = (c.variation, drawn.is_high(c)) if c.is_current else (None, None)
    name = f"{kind}_{'high' if high else 'low'}" if kind in ("improvement", "concern") else kind or "not_judged"
    return icons.image(f"variation_{name}", drawn.label(kind, high=high), is_dark())


def control_address(metric_label: str, unit: Mapping[str, str]) -> str:
    """The address of a control chart with the page's filters. `unit`: filters of the series itself, by dimension and by their names, which
    take the place of the page's."""
    said = drill_links.dates()
    said += [(key, v) for key, dimension, _, _ in FILTERS for v in st.session_state.get(key) or [] if dimension not in unit]
    said += [(key, unit[dimension]) for key, dimension, _, _ in FILTERS if dimension in unit]
    return f"/control?{urlencode([('metric', metric_label), *said])}"


def shown(html: str) -> None:
    """A table on the page, in the look that all such tables share. Whatever comes from the data is escaped in it."""
    st.html(TABLES)
    st.html(html)
