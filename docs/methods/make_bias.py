"""The figures and the chart of unreported.md, from the simulation that the tests use: `.venv/bin/python docs/methods/make_bias.py`.

Nothing about the reporting changes from one end of the chart to the other: the same 20,000 times to the report. Only how long ago the
examinations were done when the figure is taken changes, and with it the share of them that has no report yet.
"""

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from tests.unit.test_bias import AS_OF, COUNT, WITHIN, Exam, simulated  # noqa: E402

SEED = 2026
SPAN = 31  # days over which the simulation spreads its examinations
SPANS = (13, 14, 15, 17, 19, 22, 26, SPAN, 38, 50, 75, 150, 400)
Times = list[tuple[float, bool]]  # hours, and whether they end in a report
INK, MUTED, GRID, ACCENT, WARN = "#1b2733", "#566370", "#e2e7ec", "#1f5f9f", "#b4480f"


@dataclass(frozen=True)
class Point:
    """Nine in ten reported within, in hours, by each way of counting, at one share of unreported."""

    unreported: float
    truth: float
    naive: float
    ours: float


def curve(times: Times) -> list[tuple[float, int, int, float]]:
    """Kaplan-Meier: at each time with a report, how many were at risk, how many were reported, and the share that waits on."""
    found, share = [], 1.0
    left = Counter(t for t, _ in times)
    reported = Counter(t for t, is_reported in times if is_reported)
    at_risk = len(times)
    for t in sorted(left):
        if reported[t]:
            share *= 1 - reported[t] / at_risk
            found.append((t, at_risk, reported[t], share))
        at_risk -= left[t]
    return found


def quantile(times: Times, q: float) -> float | None:
    """The first time by which a share q is reported; None where the curve never falls that far."""
    return next((t for t, _, _, share in curve(times) if share <= 1 - q + 1e-9), None)


def plain(values: Sequence[float], q: float) -> float:
    """The ordinary quantile, between order statistics."""
    ordered = sorted(values)
    at = q * (len(ordered) - 1)
    low = ordered[math.floor(at)]
    return low + (at % 1) * (ordered[math.ceil(at)] - low)


def seen(exams: Sequence[Exam], span: float) -> Times:
    """What is known of each examination when they were done over the last `span` days."""
    times = []
    for e in exams:
        hours, age = (e.verified - e.ended) / timedelta(hours=1), (AS_OF - e.ended) / timedelta(hours=1) * span / SPAN
        times.append((min(hours, age), hours <= age))
    return times


def point(exams: Sequence[Exam], span: float) -> Point:
    times = seen(exams, span)
    hours = sorted((e.verified - e.ended) / timedelta(hours=1) for e in exams)
    ours = quantile(times, 0.9)
    assert ours is not None
    return Point(sum(not e for _, e in times) / COUNT, hours[math.ceil(0.9 * COUNT) - 1], plain([t for t, e in times if e], 0.9), ours)


def shares(exams: Sequence[Exam]) -> dict[str, float]:
    """Reported within seven days: the truth, met of the reported, met of those old enough, and the least and most it can become."""
    met = [e.verified <= AS_OF and e.days <= WITHIN for e in exams]
    mature = [(AS_OF.date() - e.ended.date()).days > WITHIN for e in exams]
    pending = sum(not m and not old for m, old in zip(met, mature, strict=True))
    return {
        "truth": sum(e.days <= WITHIN for e in exams) / COUNT,
        "naive": sum(met) / sum(e.verified <= AS_OF for e in exams),
        "mature": sum(m and old for m, old in zip(met, mature, strict=True)) / sum(mature),
        "least": sum(met) / COUNT,
        "most": (sum(met) + pending) / COUNT,
    }


def draw(points: Sequence[Point]) -> str:
    """Three lines over the unreported share, each named at its end."""
    width, height, left, right, top, bottom = 800, 400, 62, 560, 78, 344
    most_days = 6

    def x(share: float) -> float:
        return left + share / 0.15 * (right - left)

    def y(hours: float) -> float:
        return bottom - hours / 24 / most_days * (bottom - top)

    def text(at_x: float, at_y: float, said: str, *, fill: str = MUTED, size: int = 13, anchor: str = "start", weight: str = "400") -> str:
        return f'<text x="{at_x:.1f}" y="{at_y:.1f}" fill="{fill}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">{said}</text>'

    def path(values: Sequence[tuple[float, float]], colour: str, *, thick: float = 3, dash: str = "") -> str:
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        steps = " ".join(f"{'L' if i else 'M'}{x(a):.1f} {y(b):.1f}" for i, (a, b) in enumerate(values))
        return f'<path d="{steps}" fill="none" stroke="{colour}" stroke-width="{thick}" stroke-linejoin="round"{dashed}/>'

    shown = sorted((p for p in points if p.unreported <= 0.151), key=lambda p: p.unreported)
    truth, last = shown[0].truth, shown[-1]
    begin = (0.0, truth)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        'font-family="Source Sans 3, Source Sans Pro, Segoe UI, Helvetica, Arial, sans-serif">',
        "<title>Nine in ten reported within, by the share of examinations still unreported</title>",
        f"<desc>The true figure is {truth / 24:.1f} days throughout. Kaplan-Meier stays at it. The reported-only figure falls to "
        f"{last.naive / 24:.1f} days when {last.unreported:.0%} are unreported.</desc>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(left - 44, 28, "The more is left unreported, the better the reported-only figure looks", fill=INK, size=18, weight="600"),
        text(left - 44, 52, "Nine in ten reported within: 20,000 simulated examinations, the same times to the report at every point"),
    ]
    for days in range(most_days + 1):
        parts.append(f'<line x1="{left}" x2="{right}" y1="{y(24 * days):.1f}" y2="{y(24 * days):.1f}" stroke="{GRID}"/>')
        parts.append(text(left - 8, y(24 * days) + 4, f"{days} d" if days else "0", anchor="end"))
    for percent in (0, 5, 10, 15):
        parts.append(text(x(percent / 100), bottom + 20, f"{percent} %", anchor="middle"))
    parts.append(text((left + right) / 2, bottom + 44, "share of the examinations still unreported when the figure is taken", anchor="middle"))
    parts.append(path([begin, *((p.unreported, p.naive) for p in shown)], WARN, dash="8 5"))
    parts.append(path([(0.0, truth), (0.15, truth)], MUTED, thick=9).replace('stroke-width="9"', 'stroke-width="9" stroke-opacity="0.28"'))
    parts.append(path([begin, *((p.unreported, p.ours) for p in shown)], ACCENT))
    end = x(last.unreported) + 10
    parts += [
        text(end, y(truth) - 14, f"the truth: {truth / 24:.1f} days", size=14),
        text(end, y(last.ours) + 12, f"ours (Kaplan-Meier): {last.ours / 24:.1f} days", fill=ACCENT, size=14, weight="600"),
        text(end, y(last.naive) + 5, f"reported only: {last.naive / 24:.1f} days", fill=WARN, size=14, weight="600"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def main() -> None:
    exams = simulated(SEED)
    points = [point(exams, span) for span in SPANS]
    (HERE / "bias.svg").write_text(draw(points), "utf-8")
    for span, p in zip(SPANS, points, strict=True):
        print(f"{span:4} days: unreported {p.unreported:.1%}, true {p.truth:.1f} h, reported only {p.naive:.1f} h, Kaplan-Meier {p.ours:.1f} h")
    print(", ".join(f"{k} {v:.1%}" for k, v in shares(exams).items()))


if __name__ == "__main__":
    main()
