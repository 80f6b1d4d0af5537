"""The guard of commentary: each claim held against charts that bear it out and charts that do not, what takes a claim back, and whose it is."""

import random
from dataclasses import replace
from datetime import date
from time import monotonic

import polars as pl
import pytest

from readout.analysis.control import Rebase, control, controls
from readout.engine.store import Store
from readout.errors import CatalogueError, UsageError
from readout.guard import Facts, Point, Unit, check, facts_of
from readout.guard.comparison import NEEDS as COMPARISONS
from readout.guard.reading import is_past
from readout.guard.verdicts import VERDICTS
from readout.metrics import format as fmt
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.claims import FOUND, NEEDS, load_claims
from readout.metrics.scope import Scope, months_between
from readout.paths import QUERIES
from readout.wording.control import alternative, rule, signal, target_words
from tests.commentary import facts
from tests.unit.test_spc import series as random_series

SETS = facts()
RULES = load_catalogue().claims
START = date(2024, 1, 1)

# Each claim: a sentence, an indicator that contradicts it, one that bears it out.
BOTH_WAYS = {
    "improved": ("Performance has improved.", "level", "better"),
    "not_improved": ("Performance has not improved.", "better", "level"),
    "worsened": ("Performance has deteriorated.", "level", "worse"),
    "declined": ("Performance has declined.", "level", "worse"),
    "always_met": ("We consistently meet the target.", "hit", "better"),
    "always_missed": ("The target is consistently missed.", "hit", "worse"),
    "on_track": ("Performance is on track.", "level", "better"),
    "met": ("The target was met.", "miss", "hit"),
    "missed": ("The target was missed.", "hit", "miss"),
    "above_target": ("Performance is above target.", "miss", "hit"),
    "below_target": ("Performance is below target.", "hit", "miss"),
    "highest": ("This is the highest figure on record.", "level", "better"),
    "lowest": ("This is the lowest figure on record.", "level", "worse"),
    "best": ("It was our best month ever.", "hit", "better"),
    "worst": ("It was our worst month ever.", "hit", "worse"),
    "record": ("It was a record month.", "hit", "busy"),
    "significant": ("There was a significant change.", "hit", "busy"),
    "trend_up": ("There is an upward trend.", "worse", "better"),
    "trend_down": ("There is a downward trend.", "flat_time", "quicker"),
    "stable": ("Performance is stable.", "worse", "level"),
    "doubled": ("The figure has doubled.", "busy", "twice"),
    "tripled": ("The figure has tripled.", "twice", "thrice"),
    "halved": ("The figure has halved.", "quicker", "half"),
    "rose": ("The figure rose.", "worse", "better"),
    "fell": ("The figure fell.", "better", "worse"),
    "figure_share": ("Performance is 70.4 %.", "level", "seventy"),
    "figure_time": ("Turnaround is 5.5 days.", "flat_time", "slower"),
    "figure_count": ("Unreported stands at 1,812.", "list", "longer_list"),
    "caused": ("Performance rose because of the extra sessions.", "level", "better"),
    "caused_by": ("Because of extra sessions, performance rose.", "level", "better"),
    "compares_better": ("Saltness does better than Marram.", "sites", "site_times"),
    "compares_worse": ("Whinfield does worse than Marram.", "site_times", "sites"),
    "compares_higher": ("The figure is higher at Saltness than at Whinfield.", "site_times", "sites"),
    "compares_lower": ("The figure is lower at Saltness than at Whinfield.", "sites", "site_times"),
    "compares_best": ("Saltness is the best performing.", "sites", "site_times"),
    "compares_worst": ("Whinfield is the worst performing.", "site_times", "sites"),
    "compares_highest": ("Whinfield has the highest rate.", "sites", "apart"),
    "compares_lowest": ("Marram has the lowest rate.", "sites", "apart"),
}
APART = (Unit("Marram Hospital", 0.1, 0.08, 0.12, ("10.0 %",) * 3), Unit("Whinfield Hospital", 0.3, 0.28, 0.32, ("30.0 %",) * 3))


def scaled(factor: float) -> Facts:
    """A chart whose last month is so many times its first."""
    base = SETS["busy"]
    last = base.points[0].value * factor
    return replace(base, points=(*base.points[:-1], Point(base.points[-1].month, last, f"{last:,.0f}")))


SETS |= {"twice": scaled(2), "thrice": scaled(3), "half": scaled(0.5), "apart": replace(SETS["sites"], units=APART)}


SETS["seventy"] = replace(SETS["level"], points=(*SETS["level"].points[:-1], Point(date(2026, 9, 1), 70.4, "70.4 %")), shown=("70.4 %",))
SETS["longer_list"] = replace(SETS["list"], shown=("1,812",))


def claims(text: str, name: str, **more: object) -> list[str]:
    return [c.claim for c in check(text, replace(SETS[name], **more))]


@pytest.fixture(scope="module")
def store(sample_extract):
    return Store(sample_extract)


# Each rule, both ways


def test_every_claim_has_a_sentence_and_every_need_a_verdict():
    assert BOTH_WAYS.keys() == {c.id for c in RULES.claims}
    assert {*VERDICTS, *COMPARISONS} == set(NEEDS) and RULES.found.keys() == FOUND.keys()


@pytest.mark.parametrize("claim", BOTH_WAYS)
def test_a_claim_is_contradicted_by_one_chart_and_borne_out_by_another(claim):
    text, against, bearing_out = BOTH_WAYS[claim]
    assert claims(text, against) == [claim]
    assert claims(text, bearing_out) == []


def test_the_reason_is_a_plain_sentence_with_its_numbers():
    (found,) = check("Performance has improved. More follows.", SETS["level"])
    assert found.sentence == "Performance has improved." and found.indicator == "Within its own standard"
    assert found.reason == (
        "Within its own standard, the whole network: the chart shows common-cause variation, 62.1 % in Sep 2026 against a mean of 61.8 %; "
        "this sentence claims an improvement."
    )
    (found,) = check("Saltness performed better than Marram.", SETS["sites"])
    assert "the 95 % intervals overlap, Saltness Hospital at 91.8 % (89.6 % to 93.6 %) and Marram Royal Infirmary at 90.4 %" in found.reason


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("It is the highest since March.", "62.1 % in Sep 2026 is below the 62.5 % of Jun 2026"),
        ("It is the highest since June.", ""),
        ("It is the highest figure in three months.", ""),
        ("It is the highest figure of the financial year.", "below the 62.5 % of Jun 2026"),
        ("It is the highest figure of the calendar year.", "below the 62.6 % of Feb 2026"),
        ("It is the highest since 2025.", "below the 62.6 % of Feb 2026"),
        ("It is the highest figure in two years.", "below the 63.0 % of Sep 2025"),
    ],
)
def test_a_record_is_looked_for_in_the_window_that_is_named(text, why):
    found = check(text, SETS["level"])
    assert why in found[0].reason if why else found == ()


# What takes a claim back


@pytest.mark.parametrize(
    "text",
    [
        "Performance has {not }improved.",
        "{There is no evidence that }performance improved.",
        "{If the scanner opens }performance has improved.",
        "Performance improved{, within its usual variation}.",
        "Performance improved.{ This is common-cause variation.}",
        "Performance {would have }improved.",
        "{We expect an }improved performance.",
        "{In 2024 }performance improved.",
        "{Data quality }improved.",
        "{Staff }performance improved{ in the training survey, though staff morale did not}.",
        "Performance improved{ in CT}.",
        "{Has }performance improved{?}",
        "The audit said {“}performance has improved{”}.",
        "It is {one of }the best figures on record.",
    ],
)
def test_words_that_take_a_claim_back(text):
    """Without what stands in braces the same words are a claim that the chart contradicts."""
    plain = "".join(part.split("}")[-1] for part in text.split("{"))
    if not text.startswith("{Staff"):
        assert check(plain if plain.endswith(".") else f"{plain}.", replace(SETS["level"], label="Indicator"))
    assert check(text.replace("{", "").replace("}", ""), replace(SETS["level"], label="Indicator")) == () or text.startswith("{Staff")


@pytest.mark.parametrize("apostrophe", ["'", "’"])
def test_apostrophes_and_decoration_do_not_matter(apostrophe):
    assert claims(f"Performance hasn{apostrophe}t improved.", "level") == []
    assert claims(f"**It{apostrophe}s encouraging** that _performance_ improved.", "level") == ["improved"]


def test_abbreviations_lists_and_numbers_do_not_end_or_join_sentences():
    text = "Performance improved, e.g. at approx. 62.1 % in Sept. 2026.\n\n- No change is claimed\n- Performance improved\n"
    assert [c.sentence for c in check(text, SETS["level"])] == ["Performance improved, e.g. at approx. 62.1 % in Sept. 2026.", "- Performance improved"]


def test_any_text_is_read_and_soon():
    rng = random.Random(5)
    words = ["performance", "has improved", "the target", "was met in", "not", "and", "but", "95 %", "September", "highest since", "Saltness", "than"]
    words += [",", ".", ";", " - ", "’", "“", "(", "*", "#", "\n", "2024", "no", "[x](", "in"]
    for name in ("sites", "backlog", "new"):
        for _ in range(150):
            check(" ".join(rng.choice(words) for _ in range(rng.randint(0, 30))), SETS[name], others=tuple(SETS.values()))
    started = monotonic()
    for text in ("improved " * 2000, "in the " * 2000, "(* " * 2000, "2024 " * 2000):
        check(text, SETS["level"])
    assert monotonic() - started < 20


# What the claim is about


def test_a_claim_of_another_indicator_is_held_against_that_one():
    text = "Report turnaround has improved, but within its own standard there is no change."
    assert check(text, SETS["level"], others=(SETS["quicker"],)) == ()
    (found,) = check(text, SETS["level"], others=(SETS["slower"],))
    assert found.indicator == "Report turnaround" and "131" not in found.sentence


def test_a_claim_of_one_unit_is_held_against_its_own_chart_or_none():
    own = SETS["sites"]
    unit = replace(SETS["better"], name="Saltness Hospital")
    assert check("Performance at Saltness improved.", own) == ()
    assert check("Performance at Saltness improved.", own, others=(unit,)) == ()
    (found,) = check("Performance at Saltness deteriorated.", own, others=(unit,))
    assert found.reason.startswith("Reported within 28 days, Saltness Hospital: the chart shows an improvement")


def test_a_unit_of_which_the_pack_has_nothing_is_not_the_whole():
    assert claims("In Thornby, performance improved.", "level") == ["improved"]
    assert check("In Thornby, performance improved.", SETS["level"], names=("Thornby Community Hospital",)) == ()


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("The 90 % target was met.", True),
        ("The 85 % target was met.", False),
        ("The 28-day target was met.", True),
        ("The six-week target was met.", False),
        ("The savings target was met.", False),
        ("The former target was met.", False),
    ],
)
def test_only_its_own_target_is_judged(text, is_found):
    assert bool(claims(text, "miss")) == is_found


@pytest.mark.parametrize(
    ("text", "name", "is_found"),
    [
        ("The share fell.", "better", True),
        ("The number of late reports fell.", "better", False),
        ("Waits fell.", "better", False),
        ("Waits fell.", "slower", True),
        ("Performance fell.", "slower", False),
        ("Activity is at its lowest on record.", "busy", True),
        ("Activity is at its lowest on record.", "better", False),
    ],
)
def test_a_direction_is_judged_of_the_figure_alone(text, name, is_found):
    assert bool(claims(text, name)) == is_found


@pytest.mark.parametrize(
    "text",
    [
        "The scanner refurbishment improved.",
        "The IT platform was stable.",
        "Performance management has improved.",
        "We have improved the escalation process.",
        "There is a significant change in leadership.",
    ],
)
def test_what_is_not_surely_about_the_chart_is_no_claim(text):
    assert claims(text, "worse") == []


def test_a_known_step_for_the_better_bears_out_an_improvement():
    text = "Performance has improved since the second scanner opened."
    assert claims(text, "level") == ["improved"]
    assert claims(text, "level", is_stepped=True) == [] and claims(text, "worse", is_stepped=True) == ["improved"]


def test_what_is_withheld_and_what_still_arrives_bears_no_claim():
    assert "withheld" in check("Performance has improved.", SETS["withheld"])[0].reason
    found = check("Performance improved in October.", replace(SETS["better"], provisional=(date(2026, 10, 1),)))
    assert found[0].reason.startswith("Reported within 28 days, the whole network: Oct 2026 is still arriving: provisional")
    assert claims("In October, still provisional, performance improved.", "level") == []
    units = (Unit("Saltness Hospital", None, None, None), SETS["sites"].units[2])
    assert "withheld" in check("Saltness does better than Whinfield.", replace(SETS["sites"], units=units))[0].reason


def test_a_target_at_the_end_of_the_scale_is_counted():
    at_end = replace(SETS["hit"], assurance=None, counted=(3, 24), target="100 %", is_met=False)
    assert "met in 3 of 24 months" in check("We consistently meet the target.", at_end)[0].reason
    assert check("The target was met in 3 of 24 months.", at_end) == ()


# Figures typed, and causes given


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("Performance is 62.1 %.", ""),
        ("Performance is 62 %.", ""),  # rounded
        ("Performance is 62.08 %.", ""),  # finer than the chart
        ("Performance is 62.2 %.", "62.2 %"),
        ("Performance is 63 %.", ""),  # that of a year before
        ("Performance is 64 %.", "64 %"),
        ("Performance is about 60 %.", ""),
        ("Performance is about 75 %.", "75 %"),
        ("Performance is over 60 %.", ""),
        ("Performance is over 70 %.", "70 %"),
        ("Performance is under 60 %.", "60 %"),
        ("Performance was 70 % in March.", ""),  # of another month
        ("Performance was 70 % in September.", "70 %"),
        ("Performance was 70 % last year and rose to 71 % in September.", "71 %"),
        ("We reported 7,412 of 11,936 examinations in time.", ""),
        ("We reported 7,400 of 11,900 examinations in time.", ""),  # rounded
        ("We reported 7,512 of 11,936 examinations in time.", "7,512"),
    ],
)
def test_a_number_is_one_that_stands_beside_the_chart(text, typed):
    found = check(text, SETS["level"])
    assert [f"62.1 % in Sep 2026, and {typed} is none of its figures" in c.reason for c in found] == ([True] if typed else [])


def test_times_are_compared_whatever_their_unit():
    assert claims("Turnaround is 96 hours.", "flat_time") == [] and claims("Turnaround is 4 days.", "flat_time") == []
    assert claims("Turnaround is 2 weeks.", "flat_time") == ["figure_time"] and claims("Turnaround is 80 hours.", "flat_time") == ["figure_time"]


def test_a_number_is_compared_with_what_leaves_and_a_withheld_one_with_nothing():
    out = replace(SETS["level"], points=(*SETS["level"].points[:-1], Point(date(2026, 9, 1), 62.1, "60.0 %")), shown=("60.0 %",))
    assert claims("Performance is 60.0 %.", "level", points=out.points, shown=out.shown) == []
    assert claims("Performance is 62.1 %.", "level", points=out.points, shown=out.shown) == ["figure_share"]
    assert claims("Performance is 99.9 %.", "level", is_withheld=True) == []


def test_a_cause_belongs_to_a_signal():
    text = "Performance rose because of the extra sessions."
    assert claims(text, "level", is_stepped=True) == [], "since a known change the level is the signal"
    assert "common-cause variation, 62.1 % in Sep 2026" in check(text, SETS["level"])[0].reason
    assert claims("Unreported has grown because of vacancies.", "list") == [], "a list may grow every month without a signal in its change"
    assert claims("Unreported rose this month because of vacancies.", "list") == ["caused"]


def test_the_target_of_a_list_is_judged_by_its_level(store):
    answer = ask("six_week_breach", Scope(("month",)), store)
    released = answer.release("internal")
    f = facts_of(control(answer), released=released, answer=answer)
    last = [r["value"] for r in answer.rows if not r["provisional"]][-1]
    assert f.is_met == (last <= answer.standard.target) is False and f.counted[1] == len(f.points) + 1 and f.target == f"{answer.standard.target * 100:g} %"
    (found,) = check("The list meets its target.", f) or check("Own list, six weeks or more meets its target.", f)
    assert found.claim == "met" and f"{last * 100:.1f} % in Sep 2026 missed the target" in found.reason
    assert check(f"{answer.metric.label} is {last * 100:.1f} %, and the target was missed.", f) == ()
    assert facts_of(control(answer), released=released).is_met is False


# Where low is good, and what is past


DOWN = Facts("six_weeks", "Own list, six weeks or more", "the whole network", "down", "common_cause", target="1 %", is_met=False)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("Performance is below target.", False),
        ("We are below target.", False),
        ("The share is above the 1 % target.", False),
        ("The share is below the 1 % target.", True),
        ("The target was met.", True),
        ("The target was missed.", False),
    ],
)
def test_above_a_target_is_no_success_where_low_is_good(text, is_found):
    """Performance below target is too low a performance, whatever the figure; a share below the target of a share that should be low meets it."""
    assert bool(check(text, replace(DOWN, points=(Point(date(2026, 9, 1), 0.03, "3.0 %"),)))) == is_found


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("performance improved in 2024", True),
        ("performance improved in March and in August", True),
        ("in the first quarter of 2025 performance improved", True),
        ("before June performance was stable", True),
        ("in the last year performance improved", True),
        ("performance has improved since 2024", False),
        ("performance is better than in August", False),
        ("performance improved in September", False),
        ("performance improved in August and September", False),
        ("performance has improved since the rota began in May", False),
        ("performance may improve", False),
        ("performance improved in October", False),
    ],
)
def test_whether_a_clause_is_of_a_time_gone_by(clause, said):
    assert is_past(clause, date(2026, 9, 1)) == said


# Facts of a chart


def test_facts_say_what_the_chart_says(store):
    answer = ask("within_28_days", Scope(("month",)), store)
    made = control(answer)
    f = facts_of(made, released=answer.release("internal"), by_unit=ask("within_28_days", Scope(("site_code",)), store))
    assert f.variation == made.variation and f.assurance == made.assurance and f.last.value == made.last["x"] and f.label == answer.metric.label
    assert f.is_met == (made.last["x"] >= made.target) and f.target == f"{made.target * 100:g} %" and f.provisional and not f.is_withheld
    assert all(u.low <= u.value <= u.high for u in f.units) and len(f.units) == len(answer.labels["site_code"])
    nothing = replace(answer, frame=answer.frame.with_columns(value=pl.lit(None, pl.Float64)))
    assert facts_of(made, released=nothing).is_withheld
    with pytest.raises(UsageError, match="need an answer of 'within_28_days'"):
        facts_of(made, released=ask("unreported", Scope(("month",)), store))


def test_a_reason_says_what_leaves_and_not_the_true_figure(store):
    answer = ask("within_28_days", Scope(("month",)), store)
    made, out = control(answer), answer.release("public")
    true, f = facts_of(made), facts_of(made, released=out)
    shown = {r["month"]: r["value"] for r in out.rows}
    assert [p.value for p in f.points] == [p.value for p in true.points]
    assert [p.said for p in f.points] == ["*" if shown[p.month] is None else f"{shown[p.month] * 100:.1f} %" for p in f.points]


def test_new_limits_after_a_step_for_the_better_are_told(store):
    answer = ask("within_28_days", Scope(("month",)), store)
    months = months_between(START, date(2025, 12, 1))
    for after, is_stepped in ((95, True), (60, False)):
        values = [88, 90, 87, 91, 89, 90, 88, 92, 89, 90, 87, 91, *(after + i % 3 for i in range(12))]
        frame = pl.DataFrame({"month": months, "numerator": values, "denominator": [100] * 24, "value": [v / 100 for v in values], "provisional": [False] * 24})
        made = control(replace(answer, frame=frame), (Rebase(date(2025, 1, 1), "a second scanner"),))
        assert facts_of(made).is_stepped == is_stepped and not facts_of(control(replace(answer, frame=frame))).is_stepped


def test_a_list_is_held_against_its_level(store):
    answer = ask("unreported", Scope(("month",)), store)
    settled = [r["value"] for r in answer.rows if not r["provisional"]]
    for f in (facts_of(control(answer)), facts_of(control(answer), released=answer)):
        assert not f.is_change and [p.value for p in f.history] == settled[1:], "the first month end is not whole"


def test_the_level_of_a_list_is_said_as_it_leaves(store):
    """In a release that rounds, the rounded level: the true one is not shown."""
    answer = ask("unreported", Scope(("month",)), store)
    out = answer.release("public")
    shown = {r["month"]: r["value"] for r in out.rows}
    f = facts_of(control(answer), released=out, answer=answer)
    assert f.points
    for p in f.points:
        assert p.said == ("*" if shown[p.month] is None else fmt.count(shown[p.month]))


def generated(made) -> str:
    return " ".join((signal(made), target_words(made), alternative(made), f"{rule(made)}."))


def test_no_generated_sentence_of_the_sample_is_contradicted(store):
    for metric in load_catalogue().metrics.values():
        if metric.spc == "none":
            continue
        found = [control(ask(metric.id, Scope(("month",)), store))]
        found += controls(ask(metric.id, Scope(("month", "site_code")), store)) if "site_code" in metric.dimensions else []
        every = [facts_of(c) for c in found]
        for made, f in zip(found, every, strict=True):
            assert check(generated(made), f) == (), (metric.id, made.name)
            assert check(generated(made), f, others=every) == (), (metric.id, made.name)


def judgeable(rng: random.Random) -> list[float | None]:
    """A series of many different values, so that it is judged; half of them end in a step, up or down."""
    length, step = rng.randint(12, 30), rng.choice([0, 0, 30, -30])
    return [round(max(0, 50 + rng.gauss(0, 8) + (step if i >= length - 3 else 0))) for i in range(length)]


@pytest.mark.parametrize("metric", ["within_28_days", "exam_to_report", "activity_per_working_day", "unreported", "six_week_breach"])
def test_no_generated_sentence_of_any_series_is_contradicted(store, metric):
    rng, answer = random.Random(3), ask(metric, Scope(("month",)), store)
    seen = set()
    for _ in range(150):
        values, of = random_series(rng) if rng.random() < 0.4 else judgeable(rng), 5_000_000
        months = months_between(START, date(2030, 1, 1))[: len(values)]
        arriving = rng.choice([0, 0, 1, 2])
        if metric in ("within_28_days", "six_week_breach"):
            of = 100
            values = [None if v is None else max(0, min(100, round(v * (100 if v <= 1 else 1)))) for v in values]
        rows = [
            {"month": m, "provisional": i >= len(values) - arriving, "numerator": v, "denominator": of, "value": v / of if of == 100 else v}
            | {"n": 100, "count_unreported": 3, "median_hours": v, "p90_hours": v, "p95_hours": v}
            for i, (m, v) in enumerate(zip(months, values, strict=True))
            if v is not None
        ]
        target = rng.choice([0.0, 0.5, 0.88, 0.9, 0.95, 1.0])
        standard = answer.standard and replace(answer.standard, target=target)
        rebase = [Rebase(months[len(months) // 2], "a second scanner, which improved access")] if len(months) > 5 and rng.random() < 0.3 else []
        schema = {"month": pl.Date, "provisional": pl.Boolean, "numerator": pl.Float64, "denominator": pl.Int64, "value": pl.Float64}
        made = control(replace(answer, frame=pl.DataFrame(rows, schema_overrides=schema) if rows else answer.frame.clear(), standard=standard), rebase)
        if made.points.height:
            text = " ".join((signal(made), target_words(made), f"{rule(made)}."))
            seen |= {made.variation, made.assurance}
            assert check(text, facts_of(made)) == (), text
    assert len(seen - {None}) >= 3


# The file


def rules_file(tmp_path, old, new):
    text = (QUERIES / "claims.toml").read_text("utf-8")
    assert old in text
    path = tmp_path / "claims.toml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


WRONG = {
    "unknown section": ("\n[nouns]\n", "\n[noun]\n", "'noun' is not a section of the rules. Did you mean 'nouns'"),
    "unknown field": ('says = "an improvement"', 'sais = "an improvement"', r"line \d+ .claim.improved.: 'sais' is not an entry of it. Did you mean 'says'"),
    "no words": ('says = "an improvement"', 'says = ""', r"line \d+ .claim.improved.: it lacks says"),
    "unknown verdict": ('needs = "concern"', 'needs = "concerned"', r"line \d+ .claim.worsened.: needs 'concerned' is not known. Did you mean 'concern'"),
    "unknown place": ('where = "up_to"', 'where = "upto"', r"line \d+ .lift.negated.: where 'upto' is not known"),
    "unknown claim": ('claims = ["stable"]', 'claims = ["steady"]', r"line \d+ .lift.new_level.: there is no claim 'steady'"),
    "unknown set": ('"missed {target}"', '"missed {targets}"', r"line \d+ .claim.missed.: 'missed .targets.' uses .targets., which .words. does not have"),
    "no expression": ('"missed {target}"', '"missed ({target}"', r"line \d+ .claim.missed.: 'missed \(.target.' is not a regular expression"),
    "no list": ('phrases = ["declined", "declining", "in decline", "continu\\\\w+ to decline"]', 'phrases = "declined"', r"line \d+ .claim.declined.: phrases is a list"),
    "no factor": ("factor = 3\n", "", r"line \d+ .claim.tripled.: a factor goes with"),
    "no switch": ("is_own = true", "is_own = 1", r"line \d+ .claim.on_track.: is_own is true or false"),
    "unknown name": ("against a mean of {mean}", "against a mean of {average}", r"line \d+ .found.: .average. is not known here"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_rule_is_refused_with_its_line(tmp_path, case):
    old, new, said = WRONG[case]
    with pytest.raises(CatalogueError, match=said):
        load_claims(rules_file(tmp_path, old, new))


def test_the_shipped_rules_are_read():
    assert load_claims(QUERIES / "claims.toml") == RULES
