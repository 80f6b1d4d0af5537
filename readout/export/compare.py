"""What changed since the last pack: figures that moved, indicators new or dropped, and months whose figure is another one now, with the cause.

A pack keeps its figures beside it (`figures.json`): released ones, so that comparing two packs tells nothing more than the packs do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from readout.engine.extract import Extract
from readout.export.content import Content, Item
from readout.metrics import format as fmt

SHAPE = 1  # of figures.json: one of another shape is not compared
LAST = 13  # months before the last one that are looked at for a figure that is another one now


@dataclass(frozen=True)
class Moved:
    """An indicator's latest figure then and now; `then` is empty for one that was not in the last pack."""

    label: str
    then: str
    now: str
    verdict_then: str
    verdict_now: str


@dataclass(frozen=True)
class Restated:
    """A month whose figure is another one than the last pack said."""

    label: str
    month: date
    then: str
    now: str
    cause: str


@dataclass(frozen=True)
class Changes:
    """`previous`: pack and extract of the last one; None for the first. `why_not`: why a kept pack could not be compared."""

    previous: tuple[str, str] | None = None
    moved: tuple[Moved, ...] = ()
    new: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    restated: tuple[Restated, ...] = ()
    why_not: str = ""

    @property
    def said(self) -> str:
        """In one sentence."""
        if self.previous is None:
            return self.why_not or "This is the first pack of its name: there is none before it to compare with."
        pack, extract = self.previous
        parts = [f"{len(self.moved)} of the indicators moved"]
        parts += [f"{len(found)} {word}" for found, word in ((self.new, "new"), (self.dropped, "dropped")) if found]
        parts.append(f"{len(self.restated)} figures of months already reported are restated" if self.restated else "no figure of a month already reported is restated")
        return f"Since pack {pack} (extract {extract}): {fmt.listed(parts)}."


def figures(content: Content, extract: Extract) -> dict[str, Any]:
    """What the next pack compares with."""
    return {
        "shape": SHAPE,
        "pack_id": content.pack_id,
        "title": content.pack.title,
        "profile": content.pack.profile,
        "scope": content.words,
        "extract_id": content.extract_id,
        "made": content.made.isoformat(),
        "sources": {s["name"]: sorted(_print(f) for f in s["files"]) for s in extract.manifest.get("sources") or []},
        "standards": extract.manifest.get("standards"),
        "indicators": {i.key: _indicator(i) for i in content.items},
    }


def _print(file: Mapping[str, Any]) -> str:
    return f"{file['name']} {file.get('sha256', file['bytes'])}"


def _indicator(item: Item) -> dict[str, Any]:
    column = item.metric.kind.charted
    months = {
        r["month"].isoformat(): {"value": r[column], "text": item.metric.kind.figure(r[column], column), "provisional": r["provisional"]}
        for r in item.answer.rows
        if r["month"]
    }
    return {
        "label": item.label,
        "metric": item.metric.id,
        "where": {k: list(v) for k, v in item.answer.scope.where.items()},
        "definition": item.metric.query.hash,
        "latest": item.latest.text,
        "month": item.latest.notes[0],
        "variation": item.variation,
        "months": months,
    }


def compared(content: Content, now: Mapping[str, Any], before: Mapping[str, Any] | None) -> Changes:
    """This pack beside the last one. A pack of another scope or shape is not compared: figures of different things would seem to move."""
    if before is None:
        return Changes()
    if before.get("shape") != SHAPE:
        return Changes(why_not=f"The last pack, {before.get('pack_id')}, was kept by another version and cannot be compared.")
    if before["scope"] != now["scope"]:
        return Changes(why_not=f"The last pack, {before['pack_id']}, is of {before['scope']} and this one of {now['scope']}: they cannot be compared.")
    old, new = before["indicators"], now["indicators"]
    both = [k for k in new if k in old and old[k]["where"] == new[k]["where"] and old[k]["metric"] == new[k]["metric"]]
    moved = [
        Moved(new[k]["label"], f"{old[k]['latest']} ({old[k]['month']})", f"{new[k]['latest']} ({new[k]['month']})", old[k]["variation"], new[k]["variation"])
        for k in both
        if (old[k]["latest"], old[k]["month"], old[k]["variation"]) != (new[k]["latest"], new[k]["month"], new[k]["variation"])
    ]
    restated = [r for k in both for r in _restated(old[k], new[k], before, now)]
    return Changes(
        previous=(before["pack_id"], before["extract_id"]),
        moved=tuple(moved),
        new=tuple(new[k]["label"] for k in new if k not in both),
        dropped=tuple(old[k]["label"] for k in old if k not in both),
        restated=tuple(restated),
    )


def _restated(old: Mapping[str, Any], new: Mapping[str, Any], before: Mapping[str, Any], now: Mapping[str, Any]) -> Sequence[Restated]:
    found = []
    for month in sorted(set(old["months"]) & set(new["months"]))[-LAST:]:
        then, today = old["months"][month], new["months"][month]
        if then["text"] == today["text"]:
            continue
        if old["definition"] != new["definition"]:
            cause = "the definition changed"
        elif then["provisional"]:
            cause = "the month was still arriving"
        elif before["standards"] != now["standards"]:
            cause = "the standards changed"
        else:
            names = [n for n in now["sources"] if before["sources"].get(n) != now["sources"][n]]
            cause = f"later records of {fmt.listed(names)}" if names else "the manifests hold no cause"
        found.append(Restated(new["label"], date.fromisoformat(month), then["text"], today["text"], f"{cause} (extract {before['extract_id']}, now {now['extract_id']})"))
    return found


__all__ = ["Changes", "Moved", "Restated", "compared", "figures"]
