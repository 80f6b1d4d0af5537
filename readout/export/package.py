"""A pack made whole and handed over in one step: a folder and a zip with every format, the charts, the hashes and a text to send. No mail is sent."""

import contextlib
import hashlib
import io
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from readout import files
from readout.charts.svg import svg
from readout.engine.store import Store
from readout.export import compare, tables, verify
from readout.export.chart_files import framed
from readout.export.content import Ask, Content, Funnel, Item, Say, build, pack_id
from readout.export.pack import ContradictedError, Pack, PackError, comments_toml, refuse_unprintable
from readout.export.pdf import pack_pdf, picture
from readout.export.slides import pack_pptx
from readout.export.workbook import pack_xlsx

MANIFEST, FIGURES = "manifest.json", "figures.json"
MAKING = ".making-"
PPI = 200  # of a PNG: a chart across an A4 page in print
FIXED = (1980, 1, 1, 0, 0, 0)  # the time of every entry of a zip: the same files make the same zip
MAKERS: Mapping[str, Callable[[Content, compare.Changes], bytes]] = {"pdf": pack_pdf, "pptx": pack_pptx, "xlsx": pack_xlsx}


@dataclass(frozen=True)
class Made:
    """A pack's files by name, in memory, complete and checked."""

    content: Content
    changes: compare.Changes
    name: str
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Delivered:
    """Where a pack lies. `is_kept`: it was made before from the same extract and definition, and is whole."""

    pack_id: str
    folder: Path
    archive: Path
    count: int
    is_kept: bool


def slug(title: str) -> str:
    """A title as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:60] or "pack"


def folder_name(pack: Pack, identity: str) -> str:
    return f"{slug(pack.title)}-{pack.profile}-{identity}"


def make(pack: Pack, store: Store, kept: Path | None = None, ask: Ask | None = None, say: Say | None = None) -> Made:
    """Every file of a pack. `kept`: where earlier packs lie. Raises PackError, or a subclass, before anything is handed over."""
    say = say or (lambda what, share: None)
    refuse_unprintable(pack.comments)
    content = build(pack, store, ask, lambda what, share: say(what, share * 0.6))
    refuse_overclaims(content)
    now = compare.figures(content, store.extract)
    changes = compare.compared(content, now, previous(kept, pack, content.pack_id) if kept else None)
    name = slug(pack.title)
    drawings = _drawings(content)
    finished: dict[str, bytes] = {}
    with ThreadPoolExecutor(max_workers=1) as pool:  # the renderer works beside Python
        pictures = [pool.submit(picture, drawing, PPI) for drawing in drawings.values()]
        for i, form in enumerate(pack.formats):
            say(f"Writing the {form.upper()}", 0.6 + 0.2 * i / len(pack.formats))
            finished[form] = MAKERS[form](content, changes)
        say("Drawing the charts, and opening the pack again", 0.8)
        verify.check(content, finished)
        pngs = dict(zip(drawings, [p.result() for p in pictures], strict=True))
    made = {f"{name}.{form}": data for form, data in finished.items()}
    answers: dict[str, Item | Funnel] = {**{i.key: i for i in content.items}, **{f.key: f for f in content.funnels}}
    for key, drawing in drawings.items():
        made |= {f"charts/{key}.svg": drawing.encode(), f"charts/{key}.png": pngs[key]}
        made |= {f"charts/{key}.csv": _csv(content, answers[key])} if key in answers else {}  # a level's rows are those of its change
    if pack.comments:
        made["commentary.toml"] = comments_toml(pack.comments).encode()
    made["summary.eml"] = _mail(content, changes, sorted(made))
    made[FIGURES] = _json(now)
    made[MANIFEST] = _json(_manifest(content, made))
    say("Done", 1.0)
    return Made(content, changes, folder_name(pack, content.pack_id), made)


def _drawings(content: Content) -> dict[str, str]:
    """Each chart as a picture that stands alone: under its title and its own filters, over its account."""
    found: dict[str, str] = {}
    for item in content.items:
        scope, account = _words(item.answer.words), content.provenance(item)
        found[item.key] = framed(item.drawing, item.label, scope, account)
    for f in content.funnels:
        if f.answer is not None:
            inner = svg(f.figure(), width=900, title=f"{f.title}. {f.said}")
            found[f.key] = framed(inner, f.title, _words(f.answer.words), content.provenance(f))
    return found


def _words(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def refuse_overclaims(content: Content) -> None:
    """Raise ContradictedError where commentary claims more than its chart shows and no reason is recorded."""
    found = content.unexplained()
    if found:
        said = " ".join(f"Commentary on {i.label}: “{c.sentence}” {c.reason}" for i, c in found)
        raise ContradictedError(
            f"{said} Reword {'it' if len(found) == 1 else 'them'}, or record why {'it stands' if len(found) == 1 else 'they stand'}: "
            'reasons = [{ sentence = "…", why = "…" }] in the commentary. The reason is printed.'
        )


def export(pack: Pack, store: Store, out: Path, ask: Ask | None = None, say: Say | None = None) -> Delivered:
    """Make a pack and put it into a folder of its own under `out`, with its zip beside it; nothing appears there before all of it is whole.

    Made before from the same extract, definition and code, and whole: it is that pack, and is not made again.
    """
    _sweep(out)
    identity = pack_id(pack, store)
    folder = out / folder_name(pack, identity)
    archive = folder.with_suffix(".zip")
    if archive.is_file() and (count := _whole(folder)):
        return Delivered(identity, folder, archive, count, is_kept=True)
    made = make(pack, store, out, ask, say)
    put(made, out)
    return Delivered(identity, folder, archive, len(made.files), is_kept=False)


def put(made: Made, out: Path) -> None:
    """Write a finished pack and its zip under `out` in one step each; what was there before stays until then."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix=MAKING, dir=out))
    except OSError as e:
        raise PackError(f"Nothing can be written to {out.name}: {e.strerror or e}.") from e
    folder = out / made.name
    try:
        for name, data in made.files.items():
            (making / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
            (making / "pack" / name).write_bytes(data)
        (making / "pack.zip").write_bytes(zipped(made.files, made.name))
        if folder.exists():
            files.remove(folder)
        files.replace(making / "pack", folder)
        files.replace(making / "pack.zip", folder.with_suffix(".zip"))
    except OSError as e:
        raise PackError(f"The pack could not be written to {out.name}: {e.strerror or e}. Nothing is left half-written; packs made before stand.") from e
    finally:
        shutil.rmtree(making, ignore_errors=True)


def zipped(found: Mapping[str, bytes], folder: str) -> bytes:
    """The files as one zip, under a folder of that name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(found.items()):
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", FIXED), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def previous(kept: Path, pack: Pack, identity: str) -> dict[str, Any] | None:
    """The figures of the last pack of the same title and release among those kept, another than this one."""
    found = []
    for path in kept.glob(f"*/{FIGURES}"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            figures = json.loads(path.read_text("utf-8"))
            if figures["title"] == pack.title and figures["profile"] == pack.profile and figures["pack_id"] != identity:
                found.append((figures["made"], path.stat().st_mtime, figures))
    return max(found, key=lambda f: f[:2])[2] if found else None


def _whole(folder: Path) -> int:
    """How many files a pack's folder holds, 0 where one is missing or altered."""
    try:
        listed: dict[str, str] = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
        return len(listed) + 1 if all(hashlib.sha256((folder / n).read_bytes()).hexdigest() == h for n, h in listed.items()) else 0
    except (OSError, ValueError, KeyError):
        return 0


def _sweep(out: Path) -> None:
    """Remove what a killed export left behind."""
    for left in out.glob(f"{MAKING}*"):
        shutil.rmtree(left, ignore_errors=True)


def _manifest(content: Content, made: Mapping[str, bytes]) -> dict[str, Any]:
    pack = content.pack
    return {
        "pack_id": content.pack_id,
        "title": pack.title,
        "audience": pack.audience,
        "release": pack.profile,
        "release_note": content.release_note,
        "network": content.network,
        "synthetic": content.is_synthetic,
        "scope": content.words,
        "extract_id": content.extract_id,
        "extract_made": content.made.isoformat(),
        "data_through": content.data_through,
        "definitions": content.definitions,
        "indicators": [i.key for i in content.items],
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(made.items())},
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _csv(content: Content, item: Item | Funnel) -> bytes:
    if item.answer is None:
        return b""
    lines = [f"{item.answer.metric.label} ({item.answer.metric.id}): {item.answer.words}", *content.provenance(item)]
    return ("".join(f"# {line}\n" for line in lines) + tables.named_csv(item.answer)).encode()


def _mail(content: Content, changes: compare.Changes, names: list[str]) -> bytes:
    """A message without sender or receiver, for whoever sends the pack on."""
    pack = content.pack
    mail = EmailMessage()
    mail["Subject"] = f"{content.network}: {pack.title}, data to {content.data_through}"
    mail["Date"] = format_datetime(content.made)
    attached = [n for n in names if "/" not in n]
    lines = [
        f"{pack.title}, {content.network}{' (synthetic sample data)' if content.is_synthetic else ''}",
        f"{content.scope_words}. Data to {content.data_through}.",
        "",
        content.finding,
        "",
        *(f"- {i.label}: {i.latest.text} ({', '.join(i.latest.notes)}). {i.variation}{'' if i.rule == 'common cause' else f': {i.rule}'}." for i in content.items),
        "",
        changes.said,
        content.provisional,
        f"Release {pack.profile}. {content.release_note}",
        f"Pack {content.pack_id}, extract {content.extract_id}. Files: {', '.join(attached)}.",
    ]
    mail.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return bytes(mail.as_bytes())


__all__ = ["Delivered", "Made", "export", "make", "previous", "put", "zipped"]
