"""The corpora of commentary, `tests/guard/*.toml`, with the facts of each sentence."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from readout.guard import Facts, Point, Unit, marked
from readout.metrics import format as fmt
from readout.metrics.scope import months_between
from tests.conftest import ROOT

FOLDER = ROOT / "tests" / "guard"
SAID = {"percent": lambda v: f"{v:.1f} %", "hours": fmt.hours, "number": lambda v: f"{v:,.0f}", "points": lambda v: f"{v:+.1f}"}


@dataclass(frozen=True)
class Case:
    """One piece of commentary. `claim`: what is to be found in it, empty in a held-out one; None where it is honest."""

    text: str
    facts: Facts
    others: tuple[Facts, ...]
    claim: str | None


def facts() -> dict[str, Facts]:
    """The named sets of facts."""
    return {name: facts_from(name, entry) for name, entry in _read("corpus")["facts"].items()}


def facts_from(name: str, entry: dict) -> Facts:
    last, values, said = entry["last"], entry["values"], SAID[entry["unit"]]
    months = months_between(date(last.year - len(values) // 12 - 1, 1, 1), last)[-len(values) :]
    target, better = entry.get("target"), entry["better"]
    points = tuple(Point(m, v, said(v)) for m, v in zip(months, values, strict=True))
    level_said, heights = SAID[entry.get("level_unit", entry["unit"])], entry.get("levels", [])
    levels = tuple(Point(m, v, level_said(v)) for m, v in zip(months_between(date(last.year - 5, 1, 1), last)[-len(heights) :], heights, strict=True)) if heights else ()
    values = heights or values
    met = None if target is None else values[-1] >= target if better == "up" else values[-1] <= target
    return Facts(
        indicator=name,
        label=entry["label"],
        name="the whole network",
        better=better,
        variation=entry.get("variation"),
        is_high=entry.get("is_high"),
        assurance=entry.get("assurance"),
        target="" if target is None else f"{target:g} %",
        is_met=met,
        points=points,
        levels=levels,
        counted=(sum(v <= target for v in heights), len(heights)) if heights and target is not None else None,
        shown=(
            *marked(points),
            *marked(levels),
            said(entry["mean"]) if "mean" in entry else "",
            "" if target is None else f"{target:g} %",
            *entry.get("shown", ()),
            entry["label"],
        ),
        mean=said(entry["mean"]) if "mean" in entry else "",
        average=entry.get("mean"),
        provisional=tuple(entry.get("provisional", ())),
        is_change=entry.get("is_change", False),
        is_time=entry["unit"] == "hours",
        is_withheld=entry.get("is_withheld", False),
        units=tuple(Unit(u["name"], u["value"], u["low"], u["high"], tuple(said(u[k]) for k in ("value", "low", "high"))) for u in entry.get("units", ())),
    )


def cases(file: str) -> Iterator[Case]:
    """The sentences of one corpus."""
    known, data = facts(), _read(file)
    for kind in ("contradicts", "honest"):
        for entry in data[kind]:
            others = tuple(known[o] for o in entry.get("others", ()))
            yield Case(entry["text"], known[entry["facts"]], others, entry.get("claim", "") if kind == "contradicts" else None)


def _read(file: str) -> dict:
    return tomllib.loads((FOLDER / f"{file}.toml").read_text("utf-8"))
