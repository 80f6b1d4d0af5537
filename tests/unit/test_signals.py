"""Series judged: which chart, what is a gap, what is not judged, where limits start anew, and what the list of signals holds."""

import json
import re
from datetime import date

import pytest

from readout.__main__ import main
from readout.analysis.control import Rebase, control, controls, rebases_of
from readout.analysis.signals import signals
from readout.engine.store import Store
from readout.errors import NetworkFileError, UsageError
from readout.ingest.publish import publish
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.scope import Scope, months_between
from readout.stats.spc import p_prime, xmr
from readout.wording.control import rule, signal, target_words
from tests.conftest import NOW


@pytest.fixture(scope="module")
def store(sample_extract):
    return Store(sample_extract)


def test_every_charted_metric_makes_a_chart_of_dense_months_and_judges_none_that_still_arrives(store):
    for metric in load_catalogue().metrics.values():
        if metric.spc == "none":
            continue
        answer = ask(metric.id, Scope(("month",)), store)
        made = control(answer)
        months = made.points["month"].to_list()
        assert months == months_between(months[0], months[-1])
        arriving = {r["month"] for r in answer.rows if r["provisional"]}
        assert {r["month"] for r in made.points.iter_rows(named=True) if r["is_provisional"]} == arriving
        assert made.last is None or made.last["month"] not in arriving
        assert signal(made) and rule(made)


def test_a_share_is_charted_by_its_counts_and_a_rate_by_its_moving_ranges(store):
    within = ask("within_pathway_standard", Scope(("month",)), store)
    rows = [r for r in within.rows if not r["provisional"]]
    made, plain = control(within), p_prime([r["numerator"] for r in rows], [r["denominator"] for r in rows], better="up")
    assert made.chart == "p'"
    assert made.points.filter(~made.points["is_provisional"])["upl"].to_list() == plain["upl"].to_list()
    done = ask("activity_per_working_day", Scope(("month",)), store)
    made, plain = control(done), xmr([r["value"] for r in done.rows if not r["provisional"]], better="neutral")
    assert made.chart == "XmR" and made.points["mean"][0] == plain["mean"][0] and made.assurance is None


def test_a_list_is_charted_by_its_level(store):
    answer = ask("unreported", Scope(("month",)), store)
    made = control(answer)
    values = [r["value"] for r in answer.rows]
    assert made.chart.startswith("XmR ") and made.memory is not None and made.limits == made.memory.kind
    assert made.points["x"].to_list() == [None, *values[1:]], "the first month end lacks what is older than the extract"


def test_what_the_catalogue_does_not_chart_is_refused_and_so_is_a_breakdown(store):
    with pytest.raises(UsageError, match="spc = none"):
        control(ask("activity", Scope(("month",)), store))
    with pytest.raises(UsageError, match="by month alone"):
        control(ask("within_28_days", Scope(("month", "site_code")), store))


def test_a_rebase_moves_later_limits_and_only_where_it_bears(store):
    answer = ask("within_28_days", Scope(("month", "site_code")), store)
    at = Rebase(date(2025, 6, 1), "a new reporting rota", sites=("ZN201",))
    before, after = ({c.unit["site_code"]: c for c in controls(answer, r)} for r in ((), (at,)))
    for site, made in after.items():
        if site == "ZN201":
            assert made.rebases == (at,) and made.points["group"].n_unique() == 2
            rows = made.points.filter(made.points["month"] >= date(2025, 6, 1))
            assert rows["mean"][0] != before[site].points["mean"][0]
        else:
            assert made.points.equals(before[site].points)
    whole = control(ask("within_28_days", Scope(("month",)), store), (at,))
    assert whole.rebases == ()


def test_the_target_is_said_as_never_always_or_by_chance(store):
    made = control(ask("within_28_days", Scope(("month",)), store))
    assert made.met is not None and made.assurance is None and "was met in" in target_words(made)
    assert target_words(control(ask("addendum_rate", Scope(("month",)), store))) == ""


def test_signals_are_the_special_causes_of_the_last_month_beside_what_chance_gives(store):
    found = signals(store)
    assert found.count_series > 100 and 0 < found.expected < found.count_series / 10
    assert not found.failed
    for c in found.found:
        again = ask(c.metric.id, Scope(("month", *c.unit)), store)
        same = next(
            x for x in (controls(again, rebases_of(store.extract.manifest)) if c.unit else [control(again, rebases_of(store.extract.manifest))]) if x.unit == c.unit
        )
        assert same.flag == c.flag is not None and c.is_current and c.count_judged >= 12
    times = [c for c in found.found if c.metric.kind.is_time]
    assert times and all("pathway" in c.unit for c in times), "a time over all pathways mixes hours with weeks"
    one = signals(store, {"pathway": ("routine",)})
    assert not [c for c in one.found if c.metric.kind.is_time and "pathway" in c.unit and len(c.unit) > 1]
    site = signals(store, {"site_code": ("ZN201",)})
    assert 0 < site.count_series < found.count_series


def test_the_command_line_lists_them(sample_extract, capsys):
    folder = str(sample_extract.folder.parent)
    assert main(["signals", "--extracts", folder, "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["series_judged"] > 100 and told["extract_id"] == sample_extract.id
    assert {"metric", "variation", "rule", "since", "value", "mean"} <= set(told["signals"][0])
    assert main(["signals", "--extracts", folder, "--where", "site_code=NOWHERE"]) == 2
    assert "is not a site of this extract" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("month = 2025-05-07", "The nearest are 2025-05-01 and 2025-06-01"),
        ("month = 2019-05-01", "The nearest months are"),
        ('month = 2025-05-01\nmetrics = ["within_28_day"]', "Did you mean 'within_28_days'"),
        ('month = 2025-05-01\nmetrics = ["activity"]', "has no control chart"),
        ('month = 2025-05-01\nsites = ["ZZ999"]', "is not listed"),
    ],
)
def test_a_rebase_that_cannot_be_is_refused_with_the_nearest(sample, tmp_path, text, said):
    import shutil

    shutil.copytree(sample, tmp_path / "net", ignore=shutil.ignore_patterns("extracts"))
    tail = '\nreason = "a reason"\nwho = "somebody"\nwhen = 2025-07-01\n'
    (tmp_path / "net" / "rebases.toml").write_text(f"[[rebase]]\n{text}{tail}", "utf-8")
    with pytest.raises(NetworkFileError, match=said):
        publish(tmp_path / "net" / "network.toml", tmp_path / "net" / "extracts", now=NOW)


def test_icons_differ_and_say_what_they_mean():
    from xml.etree import ElementTree

    from readout.ui.icons import drawings, image

    drawn = drawings()
    for dark in (False, True):
        theme = [svg for name, svg in drawn.items() if name.endswith("_dark") == dark]
        assert len(set(theme)) == len(theme) == 14
    for svg in drawn.values():
        ElementTree.fromstring(svg)
    shown = image("variation_concern_low", "Concern, <low>", False)
    assert re.fullmatch(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="Concern, &lt;low&gt;" width="26" height="26">', shown)
