"""A reader and a colleague: what a page shows, the address that a browser would have, and whether the address alone shows it again.

The test harness has no browser, so the address is put together here by the browser's rule: each control that is bound to a parameter writes its
value there, unless it is the one it begins with. What the server writes itself stands in the harness's own address. The controls, their options,
the charts and their marks are found on the page: a new one is walked without being named here.
"""

import json
import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from typing import Any
from urllib.parse import parse_qs

from streamlit.util import calc_hash

from readout.ui import drill_links

MOST_OPTIONS = 8  # of one control that are tried; of more the first, the last and some between
MARKS = 3  # of one chart that are followed
IDS = re.compile(r"\$\$ID-[0-9a-f]+-")
Address = dict[str, list[str]]


def nodes(app) -> Iterator[Any]:
    """Everything on the page, sidebar included."""
    yield from app._tree


def controls(app) -> dict[str, Any]:
    """The controls that are bound to the address, by their parameter."""
    return {n.proto.query_param_key: n for n in nodes(app) if getattr(getattr(n, "proto", None), "query_param_key", "")}


def unbound(app) -> set[str]:
    """Controls of the page that the address does not know, by key and kind."""
    found = set()
    for n in nodes(app):
        proto = getattr(n, "proto", None)
        kind = type(proto).__name__
        if kind in ("Checkbox", "Selectbox", "MultiSelect", "ButtonGroup", "DateInput", "Pagination", "Slider", "Radio") and not proto.query_param_key:
            found.add(f"{kind} {n.key if hasattr(n, 'key') else ''}")
    return found


def begins_with(node) -> Any:
    """What a control stands at where the address says nothing."""
    proto, kind = node.proto, type(node.proto).__name__
    if kind == "Selectbox":
        return proto.options[proto.default] if proto.HasField("default") else None
    if kind == "MultiSelect":
        return [proto.options[i] for i in proto.default]
    if kind == "ButtonGroup":
        return proto.options[proto.default[0]].content if len(proto.default) else None
    if kind == "DateInput":
        return [str(x) for x in proto.default]
    return proto.default


def stands_at(app, key: str) -> Any:
    """The value of a control."""
    try:
        return app.session_state[key]
    except KeyError:
        return None


def written(app, key: str, node) -> list[str]:
    """A control's part of the address."""
    return as_said(node, stands_at(app, key))


def as_said(node, value: Any) -> list[str]:
    """A value of a control as the address has it."""
    begins, kind = begins_with(node), type(node.proto).__name__
    if kind == "DateInput":
        return [value.isoformat()] if isinstance(value, date) else []
    if kind == "Selectbox" and value is not None and value not in node.proto.options:  # a value that is shown by another name
        value = node.value if isinstance(node.value, str) else value
        value = node.format_func(value) if hasattr(node, "format_func") else value
    if value is None or value == begins:
        return []
    if isinstance(value, list):
        return [str(v) for v in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def address(app) -> Address:
    """The address that the browser shows."""
    bound = controls(app)
    own = {k: v if isinstance(v, list) else [v] for k, v in app.query_params.items() if k not in bound}
    return {**own, **{k: said for k, n in bound.items() if (said := written(app, k, n))}}


def seen(app) -> list[str]:
    """What a reader sees: words, figures, tables, drawings and the ways on, in order; less the way back, which only who came along it has."""
    found = []
    for n in nodes(app):
        proto = getattr(n, "proto", None)
        kind = type(proto).__name__
        if proto is None or kind in ("DownloadButton", "Block", "SkeletonPlaceholder"):
            continue
        if kind == "PageLink":
            if not proto.label.startswith("Back to"):
                found.append(f"link {proto.label} {proto.query_string}")
        elif kind == "Arrow" or kind == "ArrowDataFrame":
            found.append(f"table {n.value.to_csv() if hasattr(n.value, 'to_csv') else n.value}")
        elif kind == "BidiComponent":
            found.append(f"drawing {drawn(n).get('svg')} {drawn(n).get('pick')}")
        elif getattr(proto, "query_param_key", ""):
            key = proto.query_param_key
            found.append(f"control {key} {stands_at(app, key)}")
        elif kind in ("Image", "ImageList"):
            found.append(kind)
        else:
            found.append(f"{kind} {IDS.sub('', re.sub(NOT_SEEN, '', str(proto)))}")
    return found


NOT_SEEN = re.compile(r"^ *(id|form_id|url|set_value|element_hash): .*$", re.M)


def drawn(node) -> dict[str, Any]:
    """What the server sent for a figure."""
    found: dict[str, Any] = json.loads(node.proto.json)
    return found


def figures(app) -> dict[str, dict[str, Any]]:
    """The figures whose marks lead to rows, by the key that the address gives them."""
    found = {}
    for n in nodes(app):
        if type(getattr(n, "proto", None)).__name__ == "BidiComponent" and drawn(n).get("picking"):
            found[n.proto.id.rpartition("-")[2].removesuffix("_figure")] = drawn(n)
    return found


def marks(figure: dict[str, Any]) -> list[str]:
    """Some of the marks of a figure: the first, the last and one between."""
    every = list(dict.fromkeys(unescape(m) for m in re.findall(r'data-pick="([^"]*)"', figure["svg"])))
    return sampled([m for m in every if "None" not in m], MARKS)


def sampled(items: list[Any], most: int) -> list[Any]:
    if len(items) <= most:
        return items
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def options(node) -> list[Any]:
    """The values of a control to try."""
    proto, kind = node.proto, type(node.proto).__name__
    if kind == "Checkbox":
        return [True, False]
    if kind == "DateInput":
        return [date(2026, 8, 14), date(2026, 3, 31)]
    if kind == "Pagination":
        return sampled(list(range(2, proto.num_pages + 1)), 2)
    if kind == "ButtonGroup":
        return sampled([o.content for o in proto.options], MOST_OPTIONS)
    if kind == "MultiSelect":
        return [[o] for o in sampled(list(proto.options), 2)] + ([list(proto.options[:2])] if len(proto.options) > 2 else [])
    return sampled(list(proto.options), MOST_OPTIONS if len(proto.options) <= MOST_OPTIONS else 4)


def turn(app, key: str, value: Any):
    """Put a control to a value, as a reader does."""
    node = controls(app)[key]
    told = {**address(app), key: as_said(node, value)}
    if hasattr(node, "set_value"):
        node.set_value(value)
    else:
        app.session_state[key] = value
    app.query_params.clear()  # the browser sends its address along
    app.query_params.update({k: v for k, v in told.items() if v})
    return app.run()


def go(app, url: str, query: Address):
    """The same session at another page: by a link, which brings what it says and keeps the filters of every page."""
    kept = {k: v for k, v in address(app).items() if k in KEPT}
    app.query_params.clear()
    app.query_params.update({**kept, **query})
    app._page_hash = calc_hash(url or "overview")
    return app.run()


KEPT = ("site", "modality", "pathway", "class", "urgency", "period", "from", "to")  # what the browser takes along: filters of every page


def ways(app) -> list[tuple[str, str]]:
    """Label and parameter of the links to the rows behind something."""
    links = [n.proto for n in nodes(app) if type(getattr(n, "proto", None)).__name__ == "PageLink"]
    return [(x.label, parse_qs(x.query_string)[drill_links.PARAMETER][0]) for x in links if x.page == drill_links.PAGE and x.query_string]
