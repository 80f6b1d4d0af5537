"""A figure for plotly.js: the data, axes and words of our own drawing of it, with axes that can be zoomed.

What plotly.js would do otherwise than `readout.charts.svg` is settled here, in one place: what a mark says is
written out beforehand by the drawing's own function, so that no field travels which no mark says; words from
the data are never read as HTML.
"""

import json
import math
import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from readout.charts.svg.marks import hover
from readout.charts.svg.words import TAG
from readout.charts.theme import LIGHT, PALETTES, Palette

FOLDER = Path(__file__).parent
SCRIPT, STYLE = FOLDER / "explore.js", FOLDER / "explore.css"
DIGITS = 5  # a value is sent no finer than the drawing shows it
LINE = 44  # letters of a line of what a mark says
SAME = {"line": "judged", "arriving": "provisional"}  # traces that are switched with another
AXIS = re.compile(r"[xy]axis\d*")


@cache
def plotly_js() -> str:
    """plotly.js as the installed package ships it; the whole of it, since it ships no smaller one."""
    import plotly

    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text("utf-8")


def interactive(figure: go.Figure) -> dict[str, Any]:
    """What explore.js draws: `data` and `layout` of plotly.js, the `height` our drawing has, `colours`,
    `switches`: names with their traces, and `totals`: the annotations that hold only while all of them are shown.
    """
    made = figure.to_dict()
    data, layout = made["data"], made["layout"]
    palette = _palette(layout)
    traces = [_trace(t) for t in data]
    plain: dict[str, Any] = _plain(
        {
            "data": traces,
            "layout": _layout(layout, palette),
            "height": layout.get("height") or 332,
            "colours": {k: getattr(palette, k) for k in ("name", "paper", "text", "muted", "grid", "accent")},
            "switches": _switches(data, palette),
            "totals": _totals(layout),
        }
    )
    return plain


def as_json(made: Mapping[str, Any]) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(made, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


def _palette(layout: Mapping[str, Any]) -> Palette:
    colour = (layout.get("font") or {}).get("color")
    return next((p for p in PALETTES.values() if p.text == colour), LIGHT)


def _trace(trace: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in trace.items() if k not in ("customdata", "hovertemplate", "text", "name")}
    if trace.get("name"):
        kept["name"] = safe(str(trace["name"]))
    if trace.get("hoverinfo") != "skip" and (trace.get("hovertemplate") or trace["type"] == "heatmap"):
        kept |= {"hovertext": _said(trace), "hoverinfo": "text"}
    else:
        kept["hoverinfo"] = "skip"
    if "text" in str(trace.get("mode", "")) or trace.get("textposition") == "outside":
        kept["text"] = [safe(str(t or "")) for t in trace.get("text") or ()]
    return kept


def _said(trace: Mapping[str, Any]) -> list[Any]:
    """What each mark says, in the words of our own drawing."""
    if trace["type"] == "heatmap":
        names, heads = ([str(v).replace("<br>", " ") for v in trace[k]] for k in ("y", "x"))
        return [
            [
                "" if v is None else f"{safe(n)} {safe(h)}: {safe(str(t))}"
                for v, h, t in zip(row, heads, words, strict=True)
            ]
            for n, row, words in zip(names, trace["z"], trace["text"], strict=True)
        ]
    return [
        ""
        if x is None or y is None
        else "<br>".join(escape(line, quote=False) for line in textwrap.wrap(hover(trace, i), LINE))
        for i, (x, y) in enumerate(zip(trace["x"], trace["y"], strict=True))
    ]


def _layout(layout: Mapping[str, Any], palette: Palette) -> dict[str, Any]:
    kept = {k: v for k, v in layout.items() if k not in ("height", "showlegend", "hovermode")}
    for name, axis in layout.items():
        if AXIS.fullmatch(name):
            # labels within the plot would have a colour of plotly's own, dim on a dark page
            font = {"color": palette.text, **(axis.get("tickfont") or {})}
            kept[name] = {**axis, "fixedrange": False, "ticks": "", "tickfont": font}
            if name.startswith("x"):
                kept[name]["tickangle"] = 0
            if axis.get("ticktext"):
                kept[name]["ticktext"] = [safe(str(t)) for t in axis["ticktext"]]
            if (axis.get("title") or {}).get("text"):
                kept[name]["title"] = {**axis["title"], "text": safe(axis["title"]["text"])}
    kept["annotations"] = [{**a, "text": safe(str(a["text"]))} for a in layout.get("annotations") or ()]
    look = {
        "bgcolor": palette.paper,
        "bordercolor": palette.muted,
        "align": "left",
        "font": {"size": 13, "color": palette.text},
    }
    return {
        **kept,
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "hoverlabel": look,
        "autosize": True,
    }


def _switches(data: Sequence[Mapping[str, Any]], palette: Palette) -> list[dict[str, Any]]:
    """Each name once, with the traces that bear it; none where there is nothing to choose between."""
    found: dict[str, dict[str, Any]] = {}
    for i, trace in enumerate(data):
        name = str(trace.get("name") or "")
        if name:
            name = SAME.get(name, name)
            found.setdefault(
                name, {"name": name.replace("<br>", " "), "colour": _colour(trace, palette), "traces": []}
            )["traces"].append(i)
    return list(found.values()) if len(found) > 1 else []


def _totals(layout: Mapping[str, Any]) -> list[int]:
    """In bars made of parts: what stands at the end of a bar, the sum of its parts."""
    if layout.get("barmode") != "stack":
        return []
    return [
        i
        for i, a in enumerate(layout.get("annotations") or ())
        if "paper" not in (a.get("xref"), a.get("yref"))
    ]


def _colour(trace: Mapping[str, Any], palette: Palette) -> str:
    for part in ("line", "marker"):
        colour = (trace.get(part) or {}).get("color")
        if isinstance(colour, str) and not colour.startswith("rgba"):
            return colour
        if isinstance(colour, (list, tuple)) and colour:
            return str(colour[0])
    return palette.muted


def safe(text: str) -> str:
    """Text in which only the few tags that figures use stay tags."""
    return "".join(part if TAG.fullmatch(part) else escape(part, quote=False) for part in TAG.split(text))


def _plain(value: Any) -> Any:
    """Values as JSON has them: dates as text, numbers no finer than drawn, what is no number as nothing."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return float(f"{value:.{DIGITS}g}") if abs(value) < 10**DIGITS else round(value)
    return (
        value
        if value is None or isinstance(value, (bool, int, str))
        else _plain(value.tolist())
        if hasattr(value, "tolist")
        else str(value)
    )


__all__ = ["SCRIPT", "STYLE", "as_json", "interactive", "plotly_js", "safe"]
