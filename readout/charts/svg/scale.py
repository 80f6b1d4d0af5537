"""Axes of a figure: from a value to a pixel, which ticks, and how they read."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

EPOCH = datetime(1970, 1, 1)
ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
STEPS = (1, 2, 3, 6, 12, 24, 36, 60, 120)  # months between two ticks


@dataclass(frozen=True)
class Tick:
    at: float  # on the axis's own scale
    text: str


@dataclass(frozen=True)
class Axis:
    """One axis. `low`, `high` and ticks are on its own scale: days, logarithms, places of categories, or plain numbers."""

    kind: str  # linear, log, date or category
    low: float
    high: float
    start: float  # pixels of low and high
    stop: float
    categories: Mapping[str, int]
    spec: Mapping[str, Any]

    def scaled(self, value: Any) -> float | None:
        """A value of the data on the axis's own scale; None where the axis has no place for it."""
        if value is None:
            return None
        if self.kind == "category" and not isinstance(value, (int, float)):
            return self.categories.get(str(value))
        if self.kind == "date":
            return days(value)
        if self.kind == "log":
            return math.log10(value) if value > 0 else None
        return float(value)

    def at(self, value: Any) -> float | None:
        """The pixel of a value."""
        scaled = self.scaled(value)
        return None if scaled is None or math.isnan(scaled) else self.pixel(scaled)

    def pixel(self, scaled: float) -> float:
        return self.start + (scaled - self.low) / ((self.high - self.low) or 1) * (self.stop - self.start)

    def part(self, share: float) -> float:
        """The pixel of a share of the axis's length, from its low end."""
        return self.start + share * (self.stop - self.start)

    @property
    def length(self) -> float:
        return abs(self.stop - self.start)


def days(value: Any) -> float:
    """Days since 1970 of a date, a time or their ISO text."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    return float((value.replace(tzinfo=None) - EPOCH) / timedelta(days=1))


def kind_of(spec: Mapping[str, Any], values: Iterable[Any]) -> str:
    """The kind an axis says it is, else the kind of its values."""
    if spec.get("type"):
        return str(spec["type"])
    first = next((v for v in values if v is not None), None)
    first = first if first is not None else (spec.get("range") or [0])[0]
    if isinstance(first, (date, datetime)) or (isinstance(first, str) and ISO.match(first)):
        return "date"
    return "category" if isinstance(first, str) else "linear"


def ends(spec: Mapping[str, Any], kind: str, known: Sequence[float], categories: int, *, from_zero: bool) -> tuple[float, float]:
    """Low and high end of an axis: as it says, else around its values."""
    given = spec.get("range")
    if given is not None:
        low, high = (days(v) for v in given) if kind == "date" else (float(v) for v in given)
    elif kind == "category":
        low, high = -0.5, max(1, categories) - 0.5
    else:
        low, high = float(min(known, default=0.0)), float(max(known, default=1.0))
        pad = 0.06 * ((high - low) or 1)
        is_zero = from_zero or spec.get("rangemode") == "tozero"
        low, high = (0.0 if is_zero and low >= 0 else low - pad), (0.0 if is_zero and high <= 0 else high + pad)
    return (high, low) if spec.get("autorange") == "reversed" else (low, high)


def ticks(axis: Axis) -> list[Tick]:
    """The ticks of an axis, in its order."""
    spec = axis.spec
    if spec.get("showticklabels") is False:
        return []
    low, high = sorted((axis.low, axis.high))
    if spec.get("tickvals") is not None:
        places = [axis.scaled(v) for v in spec["tickvals"]]
        texts = spec.get("ticktext") or [_text(axis, v, spec.get("tickformat", "")) for v in spec["tickvals"]]
        return [Tick(p, str(t)) for p, t in zip(places, texts, strict=True) if p is not None and low - 1e-9 <= p <= high + 1e-9]
    if axis.kind == "category":
        names = list(axis.categories)
        most = spec.get("nticks") or len(names)
        step = max(1, math.ceil(len(names) / most))
        return [Tick(i, name) for i, name in enumerate(names) if i % step == 0]
    count = int(spec.get("nticks") or max(2, axis.length // (44 if axis.start > axis.stop else 90)))
    if axis.kind == "date":
        return _months(low, high, count, str(spec.get("tickformat", "%b\n%Y")))
    if axis.kind == "log":
        return [Tick(math.log10(v), _text(axis, v, spec.get("tickformat", ""))) for v in _decades(low, high, spec.get("dtick"))]
    apart = _step((high - low) / max(1, count))
    values = [round(i * apart, 10) for i in range(math.ceil(low / apart - 1e-9), math.floor(high / apart + 1e-9) + 1)]
    return [Tick(v, _text(axis, v, str(spec.get("tickformat", "")))) for v in values]


def _step(rough: float) -> float:
    base = 10 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(m * base for m in (1, 2, 5, 10) if m * base >= rough * (1 - 1e-9))


def _months(low: float, high: float, count: int, style: str) -> list[Tick]:
    first, last = EPOCH + timedelta(days=low), EPOCH + timedelta(days=high)
    length = (last.year - first.year) * 12 + last.month - first.month
    step = next((s for s in STEPS if length / s <= count), STEPS[-1])
    made: list[Tick] = []
    year: int | None = None
    for i in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        at = days(date(i // 12, i % 12 + 1, 1))
        if i % 12 % step if step < 12 else i % step:
            continue
        if not low <= at <= high:
            continue
        name = MONTHS[i % 12]
        if "\n" in style:
            text = name + (f"<br>{i // 12}" if i // 12 != year else "")
        else:
            text = f"{name} {i // 12 % 100:02d}"
        made.append(Tick(at, text))
        year = i // 12
    return made


def _decades(low: float, high: float, dtick: Any) -> list[float]:
    within = (1, 2, 5) if dtick != 1 else (1,)
    values = [m * 10.0**e for e in range(math.floor(low), math.ceil(high) + 1) for m in within]
    return [v for v in values if low <= math.log10(v) <= high]


def _text(axis: Axis, value: Any, style: str) -> str:
    return str(value) if axis.kind == "category" else said(value, style)


def said(value: float, style: str) -> str:
    """A number in one of the formats that figures use: `.1%`, `,`, `.2~f`, `,~g`, or none."""
    if style.endswith("%"):
        return f"{value * 100:.{style[1:-1] or 0}f} %"  # with the space that the house writes everywhere
    if style == ",":
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.10g}"
    if style.endswith("~f"):
        text = f"{value:.{style[1:-2]}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if style == ",~g" or not style:
        return f"{value:,.10g}" if abs(value) < 1e15 else str(value)
    if style.endswith("f"):
        return f"{value:.{style[1:-1]}f}"
    raise ValueError(f"no such tick format: {style}")
