"""The pages of turnaround, backlog and waits as a reader walks them: what they open on, and the way from a mark to its rows and back."""

import re
from datetime import date
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import unescape

import pytest
import test_pages
from streamlit.util import calc_hash

from readout import charts, schema
from readout.charts.svg import svg
from readout.engine.store import Store
from readout.metrics import format as fmt
from readout.metrics.answer import ask
from readout.metrics.drill import listing
from readout.metrics.scope import Scope
from readout.ui import drill_links, variability
from readout.wording import findings

opened = test_pages.opened  # the fixture: the router at an address
pytestmark = pytest.mark.filterwarnings("default")  # the test harness itself warns
SINCE = date(2025, 10, 1)  # where 12 complete months begin in the sample
PAST = date(2026, 8, 14)
LATE = ("3 8 to 14 days", "4 15 to 28 days", "5 over 28 days")


@pytest.fixture(scope="module")
def store(sample_extract):
    return Store(sample_extract)


def said(app) -> str:
    return " ".join(x.value for kind in (app.markdown, app.caption, app.warning, app.info, app.error) for x in kind)


def total(app) -> int:
    """How many rows the list says it holds."""
    if any(i.value.startswith("None: ") for i in app.info):
        return 0
    return int(next(m.value for m in app.markdown if "Shown: " in m.value).split("**")[1].replace(",", ""))


def go(app, url: str, **query):
    """The same session at another page, by a link."""
    app.query_params.clear()
    for key, value in query.items():
        app.query_params[key] = value
    app._page_hash = calc_hash(url)
    return app.run()


def ways(app) -> list[tuple[str, str]]:
    """Label and parameter of the links to the rows."""
    links = [link.proto for link in app.get("page_link")]
    return [(link.label, parse_qs(link.query_string)[drill_links.PARAMETER][0]) for link in links if link.page == drill_links.PAGE and link.query_string]


@pytest.fixture
def pick(monkeypatch):
    """The mark of a chart that stands for these filters as if it had been clicked: the harness cannot click. It must be there, once."""
    from readout.ui import blocks

    show = blocks.figure.show

    def choose(key: str, *filters: str) -> None:
        def shown(drawn, **options):
            show(drawn, **options)
            if options["key"] != f"{key}_figure":
                return ""
            marks = re.findall(r'data-pick="([^"]*)"', svg(drawn, is_live=True))
            (mark,) = {unescape(m) for m in marks if {unquote(p) for p in unescape(m).split("&")} == set(filters)}
            assert options["is_picking"]
            return mark

        monkeypatch.setattr(blocks.figure, "show", shown)

    return choose


def worst(metric: str, store: Store, **where) -> str:
    """The pathway with the greatest share missed, counted here from the answer's own numerators."""
    answer = ask(metric, Scope(("pathway",), where).between(SINCE, None), store)
    sign = 1 if answer.metric.better == "down" else -1
    shares = {r["pathway"]: sign * r["numerator"] / r["denominator"] for r in answer.rows if r["pathway"] and r["denominator"]}
    return schema.PATHWAYS[max(shares, key=lambda p: shares[p])]


def largest(metric: str, store: Store, **where) -> str:
    """The pathway with the most examinations."""
    rows = ask(metric, Scope(("pathway",), where).between(SINCE, None), store).rows
    return schema.PATHWAYS[max((r for r in rows if r["pathway"]), key=lambda r: r["denominator"] or 0)["pathway"]]


@pytest.mark.parametrize("modality", [None, "CT", "XR"])
@pytest.mark.parametrize(("url", "metric"), [("turnaround", "within_pathway_standard"), ("examination-waits", "six_week_breach")])
def test_a_page_opens_on_the_pathway_that_breaches_most(url, metric, modality, opened, store):
    app = opened(url, **({"modality": modality} if modality else {}))
    assert not app.exception
    shown = next(b for b in app.get("button_group") if b.key == "on").value
    where = {"modality": (modality,)} if modality else {}
    over = "waiting six weeks or more" if metric == "six_week_breach" else "over its standard"
    if f"none has a share {over} that is larger by more than chance" in said(app):
        assert metric == "six_week_breach", "late reports of this sample differ by far more than chance"
        assert shown == largest(metric, store, **where)
    else:
        assert shown == worst(metric, store, **where)
        assert f"this one has the largest share {over}, by more than chance" in said(app) or "One pathway only" in said(app)
    assert f"{shown}, " in said(app) and "from 1 Oct 2025" in said(app)


def test_another_pathway_is_kept_in_the_address_and_an_unknown_one_is_said(opened):
    app = opened("turnaround", on="Routine outpatient and GP")
    assert next(b for b in app.get("button_group") if b.key == "on").value == "Routine outpatient and GP"
    assert "Pathways are shown one by one" in said(app) and "this one has" not in said(app)
    odd = opened("turnaround", on="Nonsense")
    assert not odd.exception and "The link names a choice that is not offered under 'Pathway' ('Nonsense'). It has been ignored." in said(odd)


def test_a_filter_that_a_link_has_set_is_said_on_every_page_and_goes_with_one_click(opened):
    app = opened("turnaround", pathway="suspected_cancer", modality="CT")
    assert "One pathway only: this choice of filters holds no other." in said(app)
    go(app, "activity", pathway="Suspected cancer", modality="CT")
    chips = {b.key: b.label for b in app.button if b.key.startswith("clear_")}
    assert chips == {"clear_modality": "Modality: CT", "clear_pathway": "Pathway: Suspected cancer"}
    narrowed = [m.value for m in app.metric]
    app.button(key="clear_pathway").click().run()
    assert not app.exception and app.sidebar.multiselect(key="pathway").value == [] and app.sidebar.multiselect(key="modality").value == ["CT"]
    assert [b.key for b in app.button if b.key.startswith("clear_")] == ["clear_modality"] and [m.value for m in app.metric] != narrowed


def test_the_cards_of_one_pathway_say_it(opened):
    app = opened("turnaround", on="Routine outpatient and GP")
    assert sum(c.value.startswith("Routine outpatient and GP  \n") for c in app.caption) == 4
    assert not any(c.value.startswith("Routine") for c in opened("standards").caption)


@pytest.mark.parametrize(("chosen", "shown"), [("MRI", ["MRI"]), ("Fluoroscopy", ["Fluoroscopy"]), (None, ["CT", "MRI", "X-ray", "Ultrasound", "Nuclear medicine"])])
def test_variability_opens_on_the_modality_of_the_filter(opened, chosen, shown):
    app = opened("variability", **({"modality": chosen} if chosen else {}))
    assert not app.exception and f"{shown[0]}: time from examination to report, by site" in [h.value for h in app.header]
    assert next(b for b in app.get("button_group") if b.key == "of").options == shown


def test_the_quality_page_says_which_filters_do_nothing(opened):
    app = opened("quality", modality="CT", site="Westmere Royal", view="Rules by site")
    assert "do not narrow what was read, kept and set apart: it is of the whole extract." in said(app)
    assert "Flags cannot be narrowed by modality: of this filter nothing is applied here." in said(app)
    assert "do not narrow" not in said(opened("quality"))


def test_the_switch_shows_the_naive_figure_and_says_why_it_differs(opened, store):
    reason = "The reported-only figure leaves out exactly the longest waits"
    app = opened("turnaround", site="Westmere Royal", on="Routine outpatient and GP")
    assert reason not in said(app) and app.toggle(key="naive").value is False
    app.toggle(key="naive").set_value(True).run()
    assert not app.exception and reason in said(app)
    site = next(code for code, name in listing("reports", Scope(), store, rows=1).labels["site_code"].items() if name == "Westmere Royal")
    scope = Scope(("month",), {"site_code": (site,), "pathway": ("routine",)}).between(SINCE, None)
    row = [r for r in ask("exam_to_report", scope, store).rows if not r["provisional"] and r["count_unreported"]][-1]
    assert f"Of the examinations of {fmt.month(row['month'])}, {row['count_unreported']} of {row['n']} still have no report." in said(app)
    by_link = opened("turnaround", site="Westmere Royal", on="Routine outpatient and GP", naive="true")
    assert reason in said(by_link)


def test_each_view_and_clock_says_in_words_what_it_counts(opened):
    app = opened("turnaround")
    assert findings.VIEWS["exam_to_report"] in said(app)
    report = opened("turnaround", view="By report month")
    assert findings.VIEWS["exam_to_report_by_report"] in said(report) and findings.VIEWS["exam_to_report"] not in said(report)
    keys = {b.key for b in report.get("button_group")}
    assert "clock" not in keys and not [t for t in report.toggle if t.key == "naive"]
    working = opened("turnaround", clock="Opening hours")
    assert findings.VIEWS["exam_to_report_working"] in said(working)
    assert not [t for t in working.toggle if t.key == "naive"]
    for found in (report, working):
        assert not found.exception and not found.error


CURVES = {"turnaround": ("Site", "Modality", "Patient class", "Pathway", "Month"), "examination-waits": ("Site", "Urgency", "Pathway", "Month")}


@pytest.mark.parametrize(("page", "curve"), [(page, c) for page, curves in CURVES.items() for c in curves])
def test_curves_are_drawn_by_what_is_chosen(page, curve, opened):
    app = opened(page, curves=curve)
    assert not app.exception and not app.error
    assert any(f", by {curve.lower()}" in h.value for h in app.header)


def test_the_day_changes_the_figures_and_the_list_together(opened, store):
    figures = {}
    for day in (None, PAST, date(2026, 3, 1)):
        query = {"as_of": day.isoformat()} if day else {}
        app, rows = opened("backlog", **query), opened("examinations", **query)
        assert not app.exception and not rows.exception
        figures[day] = int(ask("unreported", Scope().between(None, day), store).rows[0]["value"])
        assert next(m.value for m in app.metric if m.label.startswith("Unreported")) == f"{figures[day]:,}"
        assert total(rows) == figures[day]
        until = f"at the end of {fmt.day(day)}" if day else "when the data ends"
        assert until in said(app) and until in said(rows)
    assert len(set(figures.values())) == 3


@pytest.mark.parametrize("url", ["backlog", "turnaround", "standards", "examination-waits"])
def test_every_way_leads_to_a_list_that_says_what_it_holds(url, opened):
    for label, behind in ways(opened(url)):
        assert label == "See the rows behind this"
        rows = opened("examinations", behind=behind)
        assert not rows.exception and not rows.error and total(rows) > 0, behind


@pytest.mark.parametrize(("kind", "list_of"), [("addendum", "Amended"), ("clinical", "Amended"), ("follow_up", "Follow-up")])
def test_a_chart_of_addenda_leads_to_the_reports_it_counts(opened, pick, store, kind, list_of):
    """All that it draws, and one site of it; clinical addenda to clinical ones alone."""
    query = {"addenda": variability.KINDS[kind].label}
    answer = ask(f"standardised_{kind}_ratio", Scope(("site_code",)).between(SINCE, None), store)
    first, _, third = [behind for _, behind in ways(opened("addenda", **query))]
    assert third.startswith("reviewed")
    rows = opened("examinations", behind=first)
    assert not rows.exception and not rows.error and rows.segmented_control(key="list").value == list_of
    assert total(rows) == sum(r["numerator"] for r in answer.rows) > 0
    one = max(answer.rows, key=lambda r: r["numerator"])
    pick(f"amended_{kind}", f"site_code={one['site_code']}")
    assert total(opened("examinations", behind=ways(opened("addenda", **query))[0][1])) == one["numerator"]


@pytest.mark.parametrize(("compared", "metric"), [(k.label, k.ratio) for k in (variability.KINDS[n] for n in ("addendum", "follow_up"))])
@pytest.mark.parametrize(("by", "unit"), [("Who reported", "reader"), ("Reported for others", "supplier")])
def test_a_chart_of_readers_leads_to_the_rows_of_its_units_alone(opened, store, compared, metric, by, unit):
    """What has no reader, or was not reported for others, is in no figure of the chart and no row behind it."""
    drawn = [r for r in ask(metric, Scope((unit,)).between(SINCE, None), store).rows if r[unit] is not None]
    rows = opened("examinations", behind=ways(opened("routes", compared=compared, by=by))[0][1])
    assert not rows.exception and not rows.error
    assert total(rows) == sum(r["numerator"] for r in drawn) > 0
    assert len(rows.multiselect(key=unit).value) == len([r for r in drawn if r["denominator"]])


def test_a_link_turns_into_filters(opened, store, sample_extract):
    site = sample_extract.manifest["sites"][0]
    app = opened("examinations", behind=f"unreported;site_code={site['site_code']};band=5 over 28 days;band=4 15 to 28 days;place=assigned;as_of=2026-08-14")
    assert not app.exception and drill_links.PARAMETER not in app.query_params
    assert app.sidebar.multiselect(key="site").value == [site["site_name"]]
    assert app.multiselect(key="band").value == ["over 28 days", "15 to 28 days"]
    assert app.multiselect(key="place").value == [schema.PLACES["assigned"]]
    assert app.date_input(key="as_of").value == PAST
    where = {"site_code": (site["site_code"],), "band": ("5 over 28 days", "4 15 to 28 days"), "place": ("assigned",)}
    assert total(app) == listing("unreported", Scope(where=where).between(None, PAST), store).total


def test_a_link_to_reports_brings_its_verdict_and_its_month(opened, store):
    app = opened("examinations", behind="reports;pathway=inpatient;verdict=missed;month=2026-05-01")
    assert app.multiselect(key="verdict").value == [schema.VERDICTS["missed"]]
    assert app.sidebar.selectbox(key="period").value == "Custom"
    assert app.sidebar.selectbox(key="from").value == app.sidebar.selectbox(key="to").value == "May 2026"
    assert not app.date_input
    row = ask("within_pathway_standard", Scope((), {"pathway": ("inpatient",), "month": ("2026-05-01",)}), store).rows[0]
    assert total(app) == row["denominator"] - row["numerator"] > 0


def test_a_link_to_the_waiting_list_brings_its_booking(opened, store):
    app = opened("examinations", behind="waiting;booking=booked;band=1 under 6 weeks;modality=MR")
    assert app.multiselect(key="booking").value == ["Booked"]
    where = {"booking": ("booked",), "band": ("1 under 6 weeks",), "modality": ("MR",)}
    assert total(app) == listing("waiting", Scope(where=where), store).total > 0


def test_what_a_link_says_that_is_unknown_is_said_and_no_rows_are_listed_as_if_it_were_not(opened):
    whole = total(opened("examinations", behind="unreported"))
    for behind, odd in (
        ("nonsense;site_code=ZN101", ["nonsense"]),
        ("unreported;site_code=ZZ999;band=9 never;month=May;odd", ["ZZ999", "9 never", "May", "odd"]),
        ("unreported;as_of=yesterday", ["yesterday"]),
        ("reports;month=1999-01-01", ["Jan 1999"]),
        ("reports;booking=booked", ["booking"]),
    ):
        app = opened("examinations", behind=behind)
        assert not app.exception and not app.error, behind
        assert drill_links.PARAMETER not in app.query_params
        told = " ".join(w.value for w in app.warning)
        assert all(x in told for x in odd), (behind, told)
        assert not app.dataframe and any("No rows are listed" in i.value for i in app.info)
    app = opened("examinations", behind="unreported;site_code=ZZ999")
    app.button(key="dismiss_ignored").click().run()
    assert total(app) == whole


def test_a_picked_mark_becomes_the_label_and_the_filters(opened, pick, store):
    """A cell of the stacked bars: one site, one age."""
    cells = [r for r in ask("unreported", Scope(("site_code", "band")), store).rows if r["value"]]
    row = max(cells, key=lambda r: r["value"])
    name = listing("unreported", Scope(), store, rows=1).labels["site_code"][row["site_code"]]
    pick("unreported_site_code_band", f"site_code={row['site_code']}", f"band={row['band']}")
    label, behind = ways(opened("backlog"))[0]
    assert label == f"See what is behind {name} and {fmt.band(row['band'])}"
    assert behind.split(";")[0] == "unreported" and set(behind.split(";")[1:]) == {f"site_code={row['site_code']}", f"band={row['band']}"}
    assert total(opened("examinations", behind=behind)) == row["value"]


def test_a_picked_month_of_the_stock_leads_to_the_rows_of_its_end(opened, pick, store):
    pick("months", "month=2026-07-01")
    behind = next(b for label, b in ways(opened("backlog", modality="X-ray")) if label == "See what is behind Jul 2026")
    row = ask("unreported", Scope(("month",), {"month": ("2026-07-01",), "modality": ("XR",)}), store).rows[0]
    app = opened("examinations", behind=behind)
    assert total(app) == row["value"] > 0 and "at the end of 31 Jul 2026" in said(app)


def test_the_part_of_a_month_bar_that_waits_long_leads_to_its_own_rows(opened, pick, store):
    part = ask("backlog_10_days", Scope(("month",)), store)
    figure = charts.stock(ask("unreported", Scope(("month",)), store), part, part_name="10 days or more", part_filter="over=10_days")
    row = part.rows[-3]
    mark = next(d for d in figure.data[-1].customdata if d[0] == f"month={row['month']}")
    pick("months", *mark)
    behind = next(b for label, b in ways(opened("backlog")) if label == f"See what is behind {fmt.month(row['month'])} and Ten days or more")
    assert total(opened("examinations", behind=behind)) == row["value"] > 0


def test_the_bars_of_those_who_wait_ten_days_lead_to_them(opened, pick, store):
    row = max(ask("backlog_10_days", Scope(("site_code",)), store).rows, key=lambda r: r["value"])
    pick("trigger", f"site_code={row['site_code']}")
    behind = next(b for _, b in ways(opened("backlog")) if "over=10_days" in b)
    assert total(opened("examinations", behind=behind)) == row["value"] > 0


def test_the_month_still_arriving_leads_to_what_is_unreported_when_the_data_ends(opened, pick, store):
    pick("months", "month=2026-11-01")
    behind = next(b for label, b in ways(opened("backlog")) if label == "See what is behind Nov 2026")
    assert total(opened("examinations", behind=behind)) == ask("unreported", Scope(), store).rows[0]["value"]


def test_a_past_day_goes_with_the_picked_mark(opened, pick, store):
    row = max(ask("unreported", Scope(("site_code", "band")).between(None, PAST), store).rows, key=lambda r: r["value"])
    pick("unreported_site_code_band", f"site_code={row['site_code']}", f"band={row['band']}")
    _, behind = ways(opened("backlog", as_of=PAST.isoformat()))[0]
    assert f"as_of={PAST.isoformat()}" in behind
    assert total(opened("examinations", behind=behind)) == row["value"] > 0


def test_a_dot_of_the_standard_says_which_unit_it_is(store):
    within = ask("within_pathway_standard", Scope(("site_code",)), store)
    figure = charts.intervals(within, ask("within_pathway_standard", Scope(), store), dimension="site_code")
    assert [d[0].startswith("site_code=") for d in figure.data[0]["customdata"]]


def test_a_picked_site_of_the_standard_leads_to_what_it_missed(opened, pick, store):
    row = max(ask("within_pathway_standard", Scope(("site_code",)).between(SINCE, None), store).rows, key=lambda r: r["denominator"])
    pick("units_site_code", f"site_code={row['site_code']}")
    behind = next(b for label, b in ways(opened("standards")) if label.startswith("See what is behind "))
    assert "verdict=missed" in behind and f"site_code={row['site_code']}" in behind
    assert total(opened("examinations", behind=behind)) == row["denominator"] - row["numerator"] > 0


def test_a_picked_band_of_turnaround_leads_to_its_rows(opened, pick, store):
    scope = Scope(("site_code", "band"), {"pathway": ("routine",)}).between(SINCE, None)
    row = max(ask("turnaround_bands", scope, store).rows, key=lambda r: r["value"])
    pick("bands", f"site_code={row['site_code']}", f"band={row['band']}")
    behind = next(b for label, b in ways(opened("turnaround", on="Routine outpatient and GP")) if "band=" in b)
    assert total(opened("examinations", behind=behind)) == row["value"] > 0


def test_what_is_counted_on_one_day_is_counted_at_the_end_of_the_period_chosen(opened, store):
    """The backlog beside months to May is that of the end of May, on the page and in the list behind it, whether the link says the day or not."""
    dated = {"period": "Custom", "from": "Jan 2026", "to": "May 2026"}
    app = opened("backlog", **dated)
    then = ask("unreported", Scope().between(None, date(2026, 5, 31)), store).rows[0]["value"]
    assert then != ask("unreported", Scope(), store).rows[0]["value"]
    assert next(m.value for m in app.metric if m.label.startswith("Unreported")) == f"{int(then):,}"
    assert "at the end of 31 May 2026" in said(app)
    _, behind = ways(app)[0]
    assert total(go(app, "examinations", behind=behind, **dated)) == then
    assert total(opened("examinations", **dated)) == then


def test_what_has_no_pathway_is_not_answered_with_everything(opened, pick):
    """A list cannot be filtered by nothing, so the way may not promise it."""
    pick("unreported_pathway_band", "pathway=None", "band=5 over 28 days")
    label, behind = ways(opened("backlog", by="Pathway"))[0]
    assert "Not stated" not in label and "None" not in label, f"{label}: {behind}"


def test_the_way_back_restores_page_and_filters(opened):
    app = opened("backlog", modality="X-ray", part="Where it waits", period="24 months")
    _, behind = ways(app)[0]
    go(app, "examinations", behind=behind)
    assert app.title[0].value == "Examinations" and not app.exception
    back = next(link.proto for link in app.get("page_link") if link.proto.label.startswith("Back to"))
    assert back.label == "Back to Backlog" and parse_qs(back.query_string) == {drill_links.RETURN: ["1"]}
    app.sidebar.multiselect(key="modality").set_value([]).run()
    go(app, "backlog", **{drill_links.RETURN: "1"})
    assert app.title[0].value == "Backlog" and not app.exception
    assert drill_links.RETURN not in app.query_params
    assert app.sidebar.multiselect(key="modality").value == ["X-ray"]
    assert app.sidebar.selectbox(key="period").value == "24 months"
    assert next(b for b in app.get("button_group") if b.key == "part").value == "Where it waits"


def test_the_way_back_restores_the_day(opened):
    app = opened("backlog", as_of=PAST.isoformat())
    figure = app.metric[0].value
    _, behind = ways(app)[0]
    go(app, "examinations", behind=behind)
    go(app, "backlog", **{drill_links.RETURN: "1"})
    assert app.date_input(key="as_of").value == PAST
    assert app.metric[0].value == figure


def test_the_way_back_restores_the_months_of_a_custom_period(opened):
    app = opened("turnaround", period="Custom", **{"from": "Feb 2026", "to": "Apr 2026"}, naive="true")
    _, behind = ways(app)[-1]
    go(app, "examinations", behind=behind)
    assert [app.sidebar.selectbox(key=k).value for k in ("period", "from", "to")] == ["Custom", "Feb 2026", "Apr 2026"]
    app.sidebar.selectbox(key="period").set_value("All").run()
    go(app, "turnaround", **{drill_links.RETURN: "1"})
    assert not app.exception and app.toggle(key="naive").value is True
    assert [app.sidebar.selectbox(key=k).value for k in ("period", "from", "to")] == ["Custom", "Feb 2026", "Apr 2026"]


def test_a_list_opened_by_itself_has_no_way_back(opened):
    app = opened("examinations", behind="unreported")
    assert not [link for link in app.get("page_link") if link.proto.label.startswith("Back to")]


def test_pages_of_the_list_go_on_where_the_last_ended(opened, store):
    app = opened("examinations", list="Reports", period="12 months")
    assert "Shown: 1 to 100." in said(app)
    second = opened("examinations", list="Reports", page="2")
    assert "Shown: 101 to 200." in said(second)
    assert len(second.dataframe[0].value) == 100
    first_rows, next_rows = (set(a.dataframe[0].value["Reference"]) for a in (app, second))
    assert not first_rows & next_rows
    beyond = opened("examinations", list="Reports", page="9999")
    assert not beyond.exception and not beyond.error


def test_a_list_that_holds_nothing_says_how_to_widen_it(opened):
    app = opened("examinations", behind="unreported;modality=PT;as_of=2024-01-02")
    assert total(app) == 0 and "Widen the dates or the filters" in said(app)


def test_a_list_that_cannot_be_made_says_so(opened, monkeypatch):
    from readout.errors import ScopeError
    from readout.ui import listing as page

    def refused(*_, **__):
        raise ScopeError("Single examinations are not open to you.")

    monkeypatch.setattr(page.drill, "listing", refused)
    assert "not open to you" in opened("examinations").error[0].value

    def broken(*_, **__):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr(page.drill, "listing", broken)
    app = opened("examinations")
    assert "Reference" in app.error[0].value and "secret" not in app.error[0].value


@pytest.mark.parametrize(
    ("mark", "found"),
    [
        ("", {}),
        ("month=2026-05-01", {"month": ("2026-05-01",)}),
        ("n 3&odd=1&=&site_code", {}),
        ("site_code=A%26E%2B", {"site_code": ("A&E+",)}),
        ("site_code=A&site_code=B&site_code=A", {"site_code": ("A", "B")}),
        ("modality=CT&month=2026-05-01", {"modality": ("CT",), "month": ("2026-05-01",)}),
    ],
)
def test_only_what_names_a_dimension_counts_as_picked(mark, found):
    assert drill_links.picked(mark) == found


def test_every_band_of_a_list_is_one_its_rows_can_have(store):
    for kind, bands in drill_links.BANDS.items():
        column = listing(kind, Scope(), store, rows=50_000).frame
        if "band" in column.columns:
            assert set(column["band"]) <= set(bands)
    shown = {r["band"] for r in ask("turnaround_bands", Scope(("band",)), store).rows}
    assert shown <= set(drill_links.BANDS["reports"])
