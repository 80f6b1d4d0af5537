"""What a pack is to hold, and what its authors say: two small TOML files, read into frozen values. A wrong entry is refused, by name and line."""

import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import takewhile
from pathlib import Path
from typing import Any

from readout import files, tomlfile
from readout.errors import ReadoutError, UsageError, suggest
from readout.metrics.catalogue import Catalogue, load_catalogue
from readout.metrics.release_policy import PROFILES
from readout.metrics.scope import DIMENSIONS, month_end

FORMATS = ("pdf", "pptx", "xlsx")
SECTIONS = ("matrix", "quality", "changes", "glossary")
KEYS = {"title", "audience", "profile", "owner", "address", "commentary", "formats", "sections", "until", "scope", "indicator", "funnel"}
COMMENT_KEYS = {"text", "actions", "owner", "reasons"}
LEAST_WORDS = 3  # of a reason
HEAD = "# The commentary of this pack, by the indicator's key. Put it beside a pack file that names it to begin the next one with it."
UNITS = ("site_code", "trust_code", "reader", "supplier")


class PackError(ReadoutError):
    """A pack cannot be made as its file says."""


class PackFileError(PackError):
    """A pack file or its commentary names what is not known. The command line exits with 2."""

    exit_code = 2


class ContradictedError(PackError):
    """Commentary claims what its chart does not show, and no reason is recorded. The command line exits with 3."""

    exit_code = 3


@dataclass(frozen=True)
class Wanted:
    """One indicator, or one comparison of units (`by`), that a pack lists."""

    key: str
    metric_id: str
    where: Mapping[str, tuple[str, ...]]
    by: str = ""


@dataclass(frozen=True)
class Comment:
    """What the owner of an indicator says. `reasons`: why a sentence stands although its chart says otherwise, by sentence; printed."""

    text: str = ""
    actions: str = ""
    owner: str = ""
    reasons: Mapping[str, str] = field(default_factory=dict)

    def reason_for(self, sentence: str) -> str:
        """The reason recorded for a sentence, whatever its blanks; empty without one, or where it is shorter than three words."""
        wanted = " ".join(sentence.split())
        return next((why for said, why in self.reasons.items() if " ".join(said.split()) == wanted and len(why.split()) >= LEAST_WORDS), "")


@dataclass(frozen=True)
class Pack:
    """A pack as its file says. `until`: the last day shown; None for everything there is, the months still arriving marked."""

    title: str
    audience: str
    profile: str
    owner: str
    address: str
    formats: tuple[str, ...]
    sections: tuple[str, ...]
    until: date | None
    where: Mapping[str, tuple[str, ...]]
    indicators: tuple[Wanted, ...]
    funnels: tuple[Wanted, ...]
    comments: Mapping[str, Comment]
    places: Mapping[str, str] = field(default_factory=dict, compare=False)  # where each filter value stands: `dimension=value`: `board.toml, line 12`

    def with_indicators(self, keys: Sequence[str]) -> "Pack":
        """The same pack with these of its indicators, in this order."""
        known = {w.key: w for w in self.indicators}
        return replace(self, indicators=tuple(known[k] for k in keys))


def load_pack(path: Path, catalogue: Catalogue | None = None) -> Pack:
    """The pack of a file. Raises PackError or UsageError, with the file, the entry and the cure."""
    if not path.is_file():
        raise UsageError(f"There is no pack file {path.name}. A pack is a small TOML file: title, audience, profile, and an [[indicator]] for each figure.")
    entries = tomlfile.read(path)
    comments: Mapping[str, Comment] = {}
    named = entries.get("commentary")
    if named is not None:
        beside = path.parent / str(named)
        if not beside.is_file():
            raise PackError(f"{path.name} names the commentary file '{named}', which is not beside it. Write it, or take the line out.")
        comments = comments_of(tomlfile.read(beside), beside.name)
        refuse_unprintable(comments, beside.name)
    return pack_of(entries, comments, path.name, path.read_text("utf-8-sig"), catalogue)


def pack_of(entries: Mapping[str, Any], comments: Mapping[str, Comment], name: str = "the pack", text: str = "", catalogue: Catalogue | None = None) -> Pack:
    """A pack from the entries of its file."""
    catalogue = catalogue or load_catalogue()

    def wrong(what: str, key: str = "") -> PackError:
        return PackFileError(f"{name}{tomlfile.line(text, None, key) if key else ''}: {what}")

    for key in entries:
        if key not in KEYS:
            raise wrong(f"'{key}' is not an entry of a pack. {suggest(key, KEYS)}", key)
    for key in ("title", "audience", "owner", "address"):
        if sign := unprintable(str(entries.get(key, "")).strip()):
            raise wrong(f"the {key} holds a control character ({sign}), which cannot be printed. Take it out.", key)
    title = str(entries.get("title", "")).strip()
    if not title:
        raise wrong('a pack needs a title, as in title = "Imaging performance".')
    profile = str(entries.get("profile", "internal"))
    if profile not in PROFILES:
        raise wrong(f"there is no release profile '{profile}'. {suggest(profile, PROFILES)}", "profile")
    formats = _some(entries, "formats", FORMATS, wrong)
    sections = _some(entries, "sections", SECTIONS, wrong)
    where = _where(entries.get("scope", {}), wrong)
    indicators = tuple(_wanted(e, catalogue, wrong, is_funnel=False) for e in _tables(entries, "indicator", wrong))
    funnels = tuple(_wanted(e, catalogue, wrong, is_funnel=True) for e in _tables(entries, "funnel", wrong))
    if not indicators:
        raise wrong('a pack needs at least one indicator: [[indicator]] with metric = "within_pathway_standard".')
    keys = [w.key for w in indicators]
    for key in keys:
        if keys.count(key) > 1:
            raise wrong(f"two indicators are called '{key}'. Give one of them a key of its own: key = \"{key}_2\".")
    asked = [(w.metric_id, {d: sorted(v) for d, v in w.where.items()}) for w in indicators]
    for i, one in enumerate(asked):
        if one in asked[:i]:
            first, again = indicators[asked.index(one)].key, indicators[i].key
            raise wrong(f"the indicators '{first}' and '{again}' ask for the same figure. Take one out, or give it filters of its own.")
    for key in comments:
        if key not in keys:
            raise wrong(f"the commentary speaks of '{key}', which is not an indicator of this pack. {suggest(key, keys)}")
    return Pack(
        title=title,
        audience=str(entries.get("audience", "")),
        profile=profile,
        owner=str(entries.get("owner", "")),
        address=str(entries.get("address", "")).rstrip("/"),
        formats=formats,
        sections=sections,
        until=_until(entries.get("until"), wrong),
        where=where,
        indicators=indicators,
        funnels=funnels,
        comments=comments,
        places={f"{d}={v}": f"{name}{_place(text, d, v)}" for w in (where, *(i.where for i in (*indicators, *funnels))) for d, values in w.items() for v in values},
    )


def _place(text: str, dimension: str, value: str) -> str:
    """Where a filter's value stands in a pack file: the line that holds it, best one that names its filter too; empty where there is none."""
    quoted = re.compile(rf"[\"']{re.escape(value)}[\"']")
    rows = [(n, row) for n, row in enumerate(text.splitlines(), 1) if quoted.search(row.split("#")[0])]
    best = [n for n, row in rows if dimension in row] or [n for n, _ in rows]
    return f", line {best[0]}" if best else ""


def unprintable(text: str, allowed: str = "") -> str:
    """The first control character of a text, as `U+0007`; empty without one. The formats cannot hold them, and their renderers say so badly."""
    return next((f"U+{ord(c):04X}" for c in text if unicodedata.category(c) == "Cc" and c not in allowed), "")


def refuse_unprintable(comments: Mapping[str, Comment], name: str = "the commentary") -> None:
    """Raise PackFileError for a control character in commentary; lines and tabs may stand."""
    for key, comment in comments.items():
        for part in (comment.owner, comment.text, comment.actions, *comment.reasons, *comment.reasons.values()):
            if sign := unprintable(part, "\n\r\t"):
                raise PackFileError(f"{name}: what stands under [{key}] holds a control character ({sign}), which cannot be printed. Take it out.")


def save_comments(path: Path, typed: Mapping[str, Comment]) -> Path:
    """Write commentary into the file that a pack file names, in one step: what is typed over what stands there, by the indicator's key. Gives the file.

    Remarks at its head stay; an entry left blank goes. Raises PackError where the pack names no file, one elsewhere, or one that cannot be written.
    """
    named = tomlfile.read(path).get("commentary")
    if named is None:
        example = f"{path.stem}-commentary.toml"
        raise PackError(f'{path.name} names no commentary file, so there is nowhere to save to. Add commentary = "{example}" to it, and put the downloaded file there.')
    file = path.parent / str(named)
    if file.resolve().parent != path.parent.resolve():
        raise PackError(f"{path.name} names the commentary file '{named}', which is not beside it, so it is not written from here. Download it and put it there.")
    refuse_unprintable(typed)
    text = file.read_text("utf-8-sig") if file.is_file() else ""
    said = {**(comments_of(tomlfile.read(file), file.name) if text else {}), **typed}
    head = [row for row in takewhile(lambda row: row.startswith("#"), text.splitlines()) if row != HEAD]
    body = comments_toml({k: c for k, c in said.items() if c.text or c.actions or c.owner or c.reasons})
    try:
        handle, making = tempfile.mkstemp(dir=file.parent, prefix=".commentary-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write("".join(f"{row}\n" for row in head) + body)
            Path(making).chmod(file.stat().st_mode & 0o777 if file.is_file() else 0o644)
            files.replace(Path(making), file)
        finally:
            Path(making).unlink(missing_ok=True)
    except OSError as e:
        raise PackError(f"{file.name} cannot be written: {e.strerror or e}. Download the commentary instead, and give it to whoever keeps the pack's files.") from e
    return file


def comments_of(entries: Mapping[str, Any], name: str = "the commentary") -> dict[str, Comment]:
    """What is said of each indicator, by its key."""
    found = {}
    for key, entry in entries.items():
        if not isinstance(entry, Mapping):
            raise PackError(f"{name}: '{key}' must be a table, as in [{key}] with text = \"…\".")
        for odd in entry:
            if odd not in COMMENT_KEYS:
                raise PackError(f"{name}: '{odd}' under [{key}] is not known. {suggest(odd, COMMENT_KEYS)}")
        reasons = entry.get("reasons", [])
        if not isinstance(reasons, list) or any(not isinstance(r, Mapping) or set(r) != {"sentence", "why"} for r in reasons):
            raise PackError(f'{name}: reasons under [{key}] read [{{ sentence = "…", why = "…" }}].')
        text, actions, owner = (str(entry.get(k, "")).strip() for k in ("text", "actions", "owner"))
        found[key] = Comment(text, actions, owner, {str(r["sentence"]).strip(): str(r["why"]).strip() for r in reasons})
    return found


def comments_toml(comments: Mapping[str, Comment]) -> str:
    """The commentary as a file that `comments_of` reads again: what was typed on the page is kept with the pack it was typed for."""
    said = [HEAD]
    for key, comment in comments.items():
        said += ["", f"[{key}]", *(f"{name} = {_quoted(value)}" for name in ("owner", "text", "actions") if (value := getattr(comment, name)))]
        if comment.reasons:
            said.append(f"reasons = [{', '.join(f'{{ sentence = {_quoted(s)}, why = {_quoted(w)} }}' for s, w in comment.reasons.items())}]")
    return "\n".join(said) + "\n"


def _quoted(text: str) -> str:
    """A TOML string: JSON's escapes are TOML's, but for the one sign that JSON leaves bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _tables(entries: Mapping[str, Any], key: str, wrong: Any) -> Sequence[Mapping[str, Any]]:
    found = entries.get(key, [])
    if not isinstance(found, list) or any(not isinstance(e, Mapping) for e in found):
        raise wrong(f"{key} is written in double brackets, once for each: [[{key}]].", key)
    return found


def _wanted(entry: Mapping[str, Any], catalogue: Catalogue, wrong: Any, *, is_funnel: bool) -> Wanted:
    known = {"metric", "where", "by"} if is_funnel else {"metric", "where", "key"}
    for odd in entry:
        if odd not in known:
            raise wrong(f"'{odd}' is not an entry of an {'funnel' if is_funnel else 'indicator'}. {suggest(odd, known)}")
    try:
        metric = catalogue.metric(str(entry.get("metric", "")))
    except UsageError as e:
        raise wrong(str(e)) from None
    where = _where(entry.get("where", {}), wrong)
    for dimension in where:
        if dimension not in metric.dimensions:
            raise wrong(f"'{metric.label}' cannot be filtered by {dimension}. {suggest(dimension, metric.dimensions)}")
    if not is_funnel:
        if metric.spc == "none":
            charted = [m.id for m in catalogue.metrics.values() if m.spc != "none"]
            raise wrong(f"'{metric.id}' is not charted over months, so it cannot be an indicator. {suggest(metric.id, charted)}")
        key = str(entry.get("key", metric.id))
        if not re.fullmatch(r"[a-z0-9_]{1,60}", key):
            raise wrong(f"the key '{key}' may hold small letters, digits and _ only.")
        return Wanted(key, metric.id, where)
    by = str(entry.get("by", "site_code"))
    if "expected_alone" not in metric.more:
        against = [m.id for m in catalogue.metrics.values() if "expected_alone" in m.more]
        raise wrong(f"'{metric.id}' is not set against the case mix, so it has no funnel. {suggest(metric.id, against)}")
    if by not in UNITS or by not in metric.dimensions:
        raise wrong(f"a funnel of '{metric.id}' by {by} cannot be drawn. {suggest(by, [u for u in UNITS if u in metric.dimensions])}")
    return Wanted(f"{metric.id}_{by}", metric.id, where, by)


def _where(entry: Any, wrong: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(entry, Mapping):
        raise wrong('a scope is a table, as in [scope] with modality = ["CT"].')
    where = {}
    for dimension, values in entry.items():
        if dimension not in DIMENSIONS or dimension == "month":
            raise wrong(f"there is no filter '{dimension}'. {suggest(dimension, [d for d in DIMENSIONS if d != 'month'])}", dimension)
        where[dimension] = tuple(str(v) for v in (values if isinstance(values, list) else [values]))
    return where


def _some(entries: Mapping[str, Any], key: str, known: Sequence[str], wrong: Any) -> tuple[str, ...]:
    chosen = entries.get(key, list(known))
    if not isinstance(chosen, list):
        raise wrong(f'{key} is a list, as in {key} = ["{known[0]}"].', key)
    for value in chosen:
        if value not in known:
            raise wrong(f"'{value}' is not among the {key}. {suggest(str(value), known)}", key)
    return tuple(dict.fromkeys(chosen))


def _until(value: Any, wrong: Any) -> date | None:
    if value is None:
        return None
    try:
        return month_end(date.fromisoformat(f"{value}-01" if len(str(value)) == 7 else str(value)))
    except ValueError:
        raise wrong(f'until = "{value}" is not a month: write it as 2026-09.', "until") from None
