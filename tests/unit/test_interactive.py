"""A chart made interactive: the words every file has, no number but the released, nothing from elsewhere."""

import json
import re
from dataclasses import replace
from datetime import datetime
from html import unescape

import plotly.graph_objects as go
import pytest

from readout import charts
from readout.charts import LIGHT
from readout.charts.interactive import as_json, interactive, plotly_js
from readout.charts.theme import layout
from readout.engine.store import Store
from readout.export.chart_files import Chart
from readout.metrics.answer import ask
from readout.metrics.scope import Scope

ADDRESS = "http://localhost:8501/backlog?site=S1"
ELSEWHERE = re.compile(r"(?:https?:)?//[\w.-]+|\b(?:src|href)\s*=|@import|url\(")


def waiting(counts: dict[str, int]) -> list[dict[str, str]]:
    """So many unreported examinations of each modality."""
    return [
        {"acc": f"{m}{i}", "modality": m, "ended": "2026-09-01 10:00"}
        for m, count in counts.items()
        for i in range(count)
    ]


MANY = {"CT": 43, "MR": 32, "US": 21}


def chart(make, profile: str, counts: dict[str, int] = MANY, title: str = "Who waits") -> Chart:
    """A bar chart by modality, of a release."""
    out = ask("backlog_10_days", Scope(("modality",)), Store(make(waiting(counts)))).release(profile)
    words = (
        title,
        "Every site. As of today",
        "Bars by modality",
        ("1: a scanner failed.",),
        ADDRESS,
        "Test Network",
    )
    return Chart(out, charts.bars(out, dimension="modality"), *words, True, datetime(2026, 11, 3))


def taken(made: Chart) -> tuple[str, dict]:
    """Its HTML without the library, and the figure in it."""
    page = made.as_file("html").decode()
    assert page.count(plotly_js()[:400]) == 1, "the library is in it, once"
    rest = page.replace(plotly_js(), "")
    assert len(rest) < 60_000
    return rest, json.loads(re.search(r'<script id="figure" type="application/json">(.*?)</script>', rest)[1])


@pytest.mark.parametrize("profile", ["internal", "public"])
def test_the_file_says_what_every_file_of_a_chart_says(profile, make):
    made = chart(make, profile)
    page, held = taken(made)
    words, out, account = unescape(re.sub(r"<[^>]+>", " ", page)), made.answer, made.account
    for said in ("Who waits", "Every site. As of today", "1: a scanner failed.", *account):
        assert said in words, said
    for said in (
        f"Release {profile}.",
        f"extract {out.extract_id}",
        "Definition backlog_10_days, version",
        "Synthetic sample data",
        "n ",
        ADDRESS,
    ):
        assert said in words, said
    assert held["words"] == "Bars by modality"


def test_the_file_asks_for_nothing_from_elsewhere(make):
    page, _ = taken(chart(make, "internal"))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    assert (
        policy.startswith("default-src 'none'; ")
        and "unsafe-eval" not in policy
        and "http" not in policy
        and "connect-src" not in policy
    )
    found = [
        m.group()
        for m in ELSEWHERE.finditer(
            page.replace(ADDRESS, "").replace('xmlns="http://www.w3.org/2000/svg"', "").replace("url(#", "")
        )
    ]
    assert not found, found


def test_a_public_file_is_the_same_whatever_was_withheld(make):
    """Three or four of one modality, and another withheld to hide them: which, cannot be had from the file."""
    held: dict[str, list] = {"public": [], "internal": []}
    for few in (3, 4):
        for profile, found in held.items():
            page, made = taken(chart(make, profile, {**MANY, "XR": few}))
            found.append((re.sub(r"2026-11-03\w", "extract", page), made))
    assert held["public"][0] == held["public"][1]
    assert "X-ray" not in held["public"][0][0] and "CT" in as_json(held["public"][0][1])
    assert held["internal"][0][1] != held["internal"][1][1], (
        "inside the organisation the two do differ, or this test would see nothing"
    )


def test_public_counts_are_rounded_in_every_number_and_word(make):
    _, held = taken(chart(make, "public"))
    (bar,) = held["figure"]["data"]
    numbers = {*bar["x"], *map(int, re.findall(r"\d+", " ".join([*bar["hovertext"], *bar.get("text", [])])))}
    assert {45, 30, 20} <= numbers and not set(MANY.values()) & numbers


def test_words_of_the_data_are_never_read_as_html(make):
    evil = "</script><script>alert(1)</script><a href='//evil.example'>here</a> & <b>bold</b>"
    figure = go.Figure(
        {
            "data": [
                {
                    "type": "bar",
                    "x": [evil],
                    "y": [1],
                    "name": evil,
                    "text": [evil],
                    "textposition": "outside",
                    "hovertemplate": "%{x}<extra></extra>",
                }
            ],
            "layout": layout(
                LIGHT,
                300,
                annotations=[{"text": evil, "x": 0, "y": 0}],
                xaxis={"tickvals": [0], "ticktext": [evil], "title": {"text": evil}},
            ),
        },
        _validate=False,
    )
    made = interactive(figure)
    assert "<" not in as_json({"figure": made})
    (trace,) = made["data"]
    axis, (label,) = made["layout"]["xaxis"], made["layout"]["annotations"]
    for said in (trace["text"][0], trace["name"], label["text"], axis["ticktext"][0], axis["title"]["text"]):
        assert (
            "<a" not in said
            and "<script" not in said
            and "&lt;a href" in said
            and "&amp;" in said
            and "<b>bold</b>" in said
        )
    assert not re.search(r"<(?!br>)", "".join(trace["hovertext"]))
    page, _ = taken(chart(make, "internal", title=evil))
    assert page.count("<script") == 4 and "<a" not in page


def test_what_no_mark_says_is_not_sent_and_no_number_is_finer_than_drawn(make):
    answer = ask("backlog_10_days", Scope(("modality",)), Store(make(waiting(MANY))))
    figure = charts.bars(answer, dimension="modality")
    assert "customdata" in as_json(figure.to_dict()) and "modality=" in as_json(figure.to_dict())
    made = as_json(interactive(figure))
    assert "customdata" not in made and "modality=" not in made and "hovertemplate" not in made
    fine = go.Figure(
        {
            "data": [{"type": "scatter", "x": [1, 2, 3], "y": [0.123456789, 12_345, float("nan")]}],
            "layout": layout(LIGHT, 300),
        },
        _validate=False,
    )
    assert interactive(fine)["data"][0]["y"] == [0.12346, 12_345, None]


def test_each_name_is_switched_once_with_all_its_traces(make):
    line = {"type": "scatter", "x": [1], "y": [1]}
    figure = go.Figure(
        {
            "data": [{**line, "name": n} for n in ("a", "line", "judged", "a")] + [line],
            "layout": layout(LIGHT, 300),
        },
        _validate=False,
    )
    assert [(s["name"], s["traces"]) for s in interactive(figure)["switches"]] == [
        ("a", [0, 3]),
        ("judged", [1, 2]),
    ]
    alone = go.Figure({"data": [{**line, "name": "a"}], "layout": layout(LIGHT, 300)}, _validate=False)
    assert not interactive(alone)["switches"], "nothing to choose between"
    assert replace(LIGHT, name="x").text == interactive(alone)["colours"]["text"]
