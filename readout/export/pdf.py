"""A pack, or one chart, as a PDF for print and for screen readers: PDF/UA-1 and PDF/A-2a, real text, vectors, the same bytes each time."""

import json
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from readout import charts
from readout.charts.svg import svg
from readout.charts.svg.words import font_folder
from readout.errors import ReadoutError
from readout.export import tables
from readout.export.compare import Changes
from readout.export.content import WIDE, Content, Funnel, Item
from readout.metrics import format as fmt

TEMPLATE = Path(__file__).with_name("pack.typ")
STANDARDS: list[Any] = ["ua-1", "a-2a"]
TALLEST = 105  # millimetres of a chart on its page
PER_MM = WIDE / 261
LEAST_ROW, AROUND = 34, 120  # pixels: a unit of a comparison, and its key and axis


class RenderError(ReadoutError):
    """A file could not be drawn. Nothing of it is handed over."""


def pack_pdf(content: Content, changes: Changes) -> bytes:
    """The pack as a PDF."""
    files: dict[str, bytes] = {}
    return compiled(_data(content, changes, files), files, int(content.made.timestamp()))


def preview(content: Content, changes: Changes, ppi: float = 90) -> list[bytes]:
    """The pages of the pack as pictures."""
    files: dict[str, bytes] = {}
    data = _data(content, changes, files)
    pages = _made(data, files, TEMPLATE, {"format": "png", "ppi": ppi})
    return cast(list[bytes], pages if isinstance(pages, list) else [pages])


def _data(content: Content, changes: Changes, files: dict[str, bytes]) -> dict[str, Any]:
    pack = content.pack
    synthetic = "synthetic sample data" if content.is_synthetic else ""
    about = [
        " · ".join(
            x
            for x in (
                f"For {pack.audience}" if pack.audience else "",
                content.network,
                f"{content.scope_words}",
                f"data to {content.data_through}",
                synthetic,
            )
            if x
        ),
        f"{content.provisional}".strip(),
        f"Release {pack.profile}: {content.release_note[0].lower()}{content.release_note[1:]}",
    ]
    made = {
        "title": pack.title,
        "author": pack.owner or content.network,
        "keywords": [content.pack_id, content.extract_id],
        "date": [content.made.year, content.made.month, content.made.day],
        "footer": " · ".join(x for x in (f"{content.network}: {pack.title}", f"pack {content.pack_id}", f"extract {content.extract_id}", synthetic) if x),
        "about": [x for x in about if x],
        "finding": content.finding,
        "reading": [tables.HOW_TO_READ],
        "indicators": [_indicator(i, files) for i in content.items],
        "matrix": _matrix(content, files) if content.matrix else None,
        "pages": [_page(content, i, files) for i in content.pages],
        "funnels": [_funnel(content, f, files) for f in content.funnels],
        "quality": {"finding": content.quality_said, "tables": _plain(tables.quality(content))} if "quality" in pack.sections else None,
        "changes": {"said": changes.said, "tables": _plain(tables.changes(changes))} if "changes" in pack.sections else None,
        "glossary": [{"title": t, "text": x} for t, x in tables.glossary(content)] if "glossary" in pack.sections else [],
    }
    return made


def _plain(found: list[tables.Table]) -> list[dict[str, Any]]:
    return [{"title": t.title, "columns": list(t.columns), "rows": [[fmt.count(v) if isinstance(v, int) else str(v or "") for v in r] for r in t.rows]} for t in found]


def _icon(files: dict[str, bytes], name: str, drawing: str) -> str:
    files[f"{name}.svg"] = drawing.encode()
    return f"{name}.svg"


def variation_icon(files: dict[str, bytes], kind: str | None, high: bool | None) -> str:
    """The file of a variation icon, drawn once."""
    return _icon(files, f"variation-{kind or 'none'}-{high}", charts.variation_icon(kind, high=high))


def _indicator(item: Item, files: dict[str, bytes]) -> dict[str, Any]:
    kind = item.assurance_kind
    return {
        "label": item.label,
        "latest": item.latest.text,
        "notes": item.latest.notes,
        "icon": variation_icon(files, item.kind, item.side),
        "variation": item.variation,
        "rule": item.rule,
        "target": item.target,
        "target_status": item.target_status,
        "assurance": item.assurance,
        "assurance_icon": _icon(files, f"assurance-{kind}", charts.assurance_icon(kind)),
        "before": item.previous.text,
    }


def _matrix(content: Content, files: dict[str, bytes]) -> dict[str, Any]:
    names = {i.key: i.label for i in content.items}
    rows = []
    for key, units in content.matrix.items():
        found = (units.get(s) for s in content.sites)
        cells = [{"icon": variation_icon(files, *v), "words": charts.icons.label(v[0], high=v[1])} if v else None for v in found]
        rows.append({"label": names[key], "cells": cells})
    notes = [tables.MATRIX, "Variation of the last complete month at each site. A dash: no figure, or too few months to judge."]
    return {"sites": [n.removesuffix(" (synthetic)") for n in content.sites.values()], "rows": rows, "notes": notes}


def _page(content: Content, item: Item, files: dict[str, bytes]) -> dict[str, Any]:
    first, *rest = item.sentences
    said = [["What else the chart says.", " ".join(rest)]] if rest else []
    said += [["How it is judged.", item.judged_by]] if item.judged_by else []
    said += [["Months that stand out.", f"{item.marked[0].upper()}{item.marked[1:]}."]] if item.marked else []
    said += [[f"{title}", body] for title, body in ((f"{item.comment.owner or 'The owner'} says.", item.comment.text), ("Actions.", item.comment.actions)) if body]
    return {
        "label": item.label,
        "message": first,
        "image": _icon(files, f"chart-{item.key}", item.drawing),
        "height": _tall(item.drawing),
        "alt": item.alternative,
        "said": said,
        "reasons": [{"sentence": s, "why": w} for s, w in item.comment.reasons.items()],
        "account": content.provenance(item),
    }


def _funnel(content: Content, funnel: Funnel, files: dict[str, bytes]) -> dict[str, Any]:
    if funnel.answer is None:
        return {"title": funnel.title, "image": None, "absent": funnel.absent}
    drawing = _fitted(funnel)
    return {
        "title": funnel.title,
        "image": _icon(files, f"funnel-{funnel.key}", drawing),
        "height": _tall(drawing),
        "alt": f"{funnel.title}. {funnel.said}",
        "message": funnel.said,
        "limits": funnel.limits,
        "key": tables.FUNNEL_KEY,
        "account": content.provenance(funnel),
    }


def _fitted(funnel: Funnel) -> str:
    """A comparison drawn as high as its page has room, so that its words keep their size; of very many units it is scaled instead."""
    figure = funnel.figure()
    wanted = float(figure.to_dict()["layout"]["height"])
    least = LEAST_ROW * len(funnel.comparison().units) + AROUND
    return svg(figure, width=WIDE, title=funnel.said, height=min(wanted, max(TALLEST * PER_MM, least)))


def _tall(drawing: str) -> float:
    """Millimetres that a drawing takes on its page."""
    high = float(drawing.split('height="', 1)[1].split('"', 1)[0])
    return min(TALLEST, round(high / PER_MM, 1))


@cache
def fonts() -> Any:
    """Our font and no other: a missing family would fall back without a word."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(font_folder())])


def compiled(data: Mapping[str, Any], files: Mapping[str, bytes], at: int, template: Path = TEMPLATE) -> bytes:
    """A template with its data and drawings as PDF, dated `at` (seconds since 1970). Raises RenderError for a fault or a mere warning."""
    return cast(bytes, _made(data, files, template, {"format": "pdf", "pdf_standards": STANDARDS, "timestamp": at}))


def _made(data: Mapping[str, Any], files: Mapping[str, bytes], template: Path, how: Mapping[str, Any]) -> Any:
    import typst

    with tempfile.TemporaryDirectory(prefix="readout-") as folder:
        root = Path(folder)
        (root / "main.typ").write_bytes(template.read_bytes())
        (root / "pack.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        for name, content in files.items():
            (root / name).write_bytes(content)
        try:
            compiler = typst.Compiler(input=str(root / "main.typ"), root=folder, font_paths=fonts())
            made, warnings = compiler.compile_with_warnings(**how)
        except typst.TypstError as e:
            raise RenderError(f"The PDF could not be made: {getattr(e, 'message', e)}.") from e
    if warnings:
        raise RenderError(f"The PDF could not be made as it should: {warnings[0].message}.")
    return made


def picture(drawing: str, ppi: float) -> bytes:
    """An SVG as PNG."""
    import typst

    source = '#set page(width: auto, height: auto, margin: 0pt, fill: white)\n#set text(font: "Inter")\n#image("a.svg")'
    with tempfile.TemporaryDirectory(prefix="readout-") as folder:
        root = Path(folder)
        (root / "main.typ").write_text(source, "utf-8")
        (root / "a.svg").write_text(drawing, "utf-8")
        made = typst.Compiler(input=str(root / "main.typ"), root=folder, font_paths=fonts()).compile(format="png", ppi=ppi)
    return cast(bytes, made[0] if isinstance(made, list) else made)


__all__ = ["RenderError", "compiled", "fonts", "pack_pdf", "picture", "preview"]
