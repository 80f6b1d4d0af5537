"""Peer reviews: every line accounted for, the reviewed report counted once, and a rate made of samples only."""

import csv
import gzip
import json
import random
from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from scipy.stats import binom

from readout import charts, schema
from readout.analysis.reporters import compared
from readout.engine.extract import current_id, open_extract
from readout.engine.store import EVERYONE, Store, Viewer
from readout.errors import IdentifierError, NetworkFileError, SourceError, UsageError
from readout.ingest.adapter import load_adapter
from readout.ingest.publish import publish
from readout.metrics.answer import ask
from readout.metrics.catalogue import load_catalogue
from readout.metrics.drill import MOST, listing
from readout.metrics.scope import Scope, month_end
from readout.paths import ADAPTERS
from readout.sample import parameters as p
from readout.sample import reviews as sampled
from readout.wording import findings
from readout.wording import reporters as reporter_words
from tests.conftest import ADAPTER, NETWORK, NOW
from tests.unit.test_fair import COLUMNS, expected

SOURCE = """
[[source]]
name = "tool"
table = "peer_review"
adapter = "peer_review"
path = "reviews/*.csv"
[source.values.ris_code]
"Main" = "ris"
"""
HEADER = "Review No,RIS,Accession,Examination,Reviewed,Grade,Reviewer,Chosen,Last Changed"
REPORTED = {"verified": "2026-09-01 12:00"}


@pytest.fixture
def reviewed(make, tmp_path):
    """Publish examinations and reviews of them: a review names what matters, else it is a first, random review of A0 without discrepancy."""

    def made(exams, reviews, *, network=NETWORK + SOURCE, adapter=ADAPTER, text=None):
        defaults = {"RIS": "Main", "Accession": "A0", "Examination": "1", "Reviewed": "10/09/2026 09:00", "Grade": "No discrepancy", "Chosen": "Random"}
        lines = [HEADER]
        for number, review in enumerate(reviews):
            full = {"Review No": f"P{number}", **defaults, **review}
            lines.append(",".join(full.get(c, "") for c in HEADER.split(",")))
        folder = tmp_path / "reviews"
        folder.mkdir(exist_ok=True)
        (folder / "r.csv").write_text("\n".join(lines) + "\n" if text is None else text, "utf-8")
        return make(exams, network=network, adapter=adapter)

    return made


WHOLE = Scope()


def rate(extract, scope=WHOLE, viewer=EVERYONE):
    """Discrepant and reviewed of each row, by the value of the dimension where there is one."""
    answer = ask("discrepancy_rate", scope, Store(extract, viewer))
    found = {tuple(r[d] for d in scope.by): (r["numerator"], r["denominator"]) for r in answer.rows}
    return found, {x.reason: x.count for x in answer.left_out}, answer.n


def source(extract):
    return next(s for s in extract.manifest["sources"] if s["table"] == "peer_review")


def accounted(records):
    return records["kept"] + records["duplicates"] + records["superseded"] + sum(sum(records[k].values()) for k in ("excluded", "dropped", "quarantined"))


# --- what is counted ---------------------------------------------------------------------------------------------------


def test_moderate_and_major_are_discrepant_and_minor_is_not(reviewed):
    grades = ("No discrepancy", "Minor", "Moderate", "Major")
    extract = reviewed([REPORTED] * 4, [{"Accession": f"A{i}", "Grade": g} for i, g in enumerate(grades)])
    assert rate(extract) == ({(): (2, 4)}, {}, 4)
    assert ask("discrepancy_rate", Scope(), Store(extract)).rows[0]["value"] == 0.5


def test_two_reviews_of_a_report_are_two_records_and_one_report_by_the_gravest_grade(reviewed):
    extract = reviewed([REPORTED], [{"Grade": "Minor"}, {"Grade": "Major", "Reviewed": "02/10/2026"}, {"Grade": "No discrepancy"}])
    assert source(extract)["records"]["kept"] == 3 == pl.read_parquet(extract.tables["peer_review"]).height
    assert rate(extract, Scope(("month",))) == ({(datetime(2026, 9, 1).date(),): (1, 1)}, {}, 1), "once, in the month of its first review"


def test_reports_chosen_for_a_reason_are_a_rate_of_nothing_unless_asked_for(reviewed):
    ways = ("Random", "All", "Targeted", "Meeting")
    extract = reviewed([REPORTED] * 4, [{"Accession": f"A{i}", "Chosen": w, "Grade": "Major"} for i, w in enumerate(ways)])
    assert rate(extract) == ({(): (2, 2)}, {"not_sampled_at_random": 2}, 2)
    by_way, left_out, n = rate(extract, Scope(("sampled_how",)))
    assert by_way == {("random",): (1, 1), ("all",): (1, 1), ("targeted",): (1, 1), ("referred",): (1, 1)} and (left_out, n) == ({}, 4)
    assert rate(extract, Scope(where={"sampled_how": ("referred",)})) == ({(): (1, 1)}, {}, 1)
    with pytest.raises(UsageError, match="'meeting' is not a how sampled"):
        rate(extract, Scope(where={"sampled_how": ("meeting",)}))


def test_a_referral_of_a_report_leaves_the_random_sample_as_it_was(reviewed):
    extract = reviewed([REPORTED], [{}, {"Grade": "Major", "Chosen": "Meeting", "Reviewed": "01/10/2026"}])
    assert rate(extract) == ({(): (0, 1)}, {"not_sampled_at_random": 1}, 1)
    both = reviewed([REPORTED], [{}, {"Grade": "Major", "Chosen": "All", "Reviewed": "01/10/2026"}])
    assert rate(both) == ({(): (1, 1)}, {}, 1), "a random sample and a review of everything are one way of choosing"


def test_what_cannot_be_counted_is_kept_flagged_and_counted_with_its_reason(reviewed):
    exams = [REPORTED] * 4 + [{}]
    odd = [
        {"Accession": "A99", "Grade": "Major"},
        {"Accession": "A4", "Grade": "Major"},
        {"Accession": "A1", "Grade": "Interesting"},
        {"Accession": "A2", "Reviewed": ""},
        {"Accession": "A3", "Chosen": "By lot"},
    ]
    extract = reviewed(exams, [{}, *odd])
    assert rate(extract) == ({(): (0, 1)}, {"no_exam": 1, "no_report": 1, "no_grade": 1, "no_review_date": 1, "no_sampling": 1}, 1)
    assert sum(rate(extract)[1].values()) + rate(extract)[2] == source(extract)["records"]["kept"] == 6
    assert source(extract)["flags"] == {"review_without_exam": 1, "unknown_grade": 1, "no_review_date": 1, "unknown_sampled_how": 1}
    assert {(c["column"], c["value"], c["count"]) for c in source(extract)["unknown_codes"]} == {("grade", "Interesting", 1), ("sampled_how", "By lot", 1)}
    rules, reasons = load_catalogue().rules, load_catalogue().reasons
    assert set(source(extract)["flags"]) <= set(rules) and set(rate(extract)[1]) <= set(reasons)


def test_every_code_has_a_rule_that_says_what_becomes_of_it_when_unknown():
    coded = [c.name for c in schema.REVIEW_INPUTS.values() if c.codes]
    assert coded == ["grade", "reviewer_route", "sampled_how"]
    assert {f"unknown_{c}" for c in coded} <= set(load_catalogue().rules)


def test_a_review_changes_what_is_made_of_reviews_and_no_other_figure(reviewed):
    def figures(reviews):
        store, found = Store(reviewed([REPORTED, {}], reviews)), {}
        for name, metric in load_catalogue().metrics.items():
            if set(metric.query.reads) <= set(store.extract.tables):
                answer = ask(name, Scope(), store)
                found[name] = (answer.rows, answer.n, answer.left_out)
        return found

    before, after = figures([{}]), figures([{}, {"Grade": "Major"}])
    assert {name for name in before if before[name] != after[name]} == {"discrepancy_rate", "standardised_discrepancy_ratio"} and len(before) > 30


# --- the key -----------------------------------------------------------------------------------------------------------


def test_a_ris_without_examination_numbers_is_found_by_the_examination_code(reviewed):
    plain = ADAPTER.replace('exam_seq = "seq"', 'exam_code = "seq"')
    exams = [{"acc": "A0", "seq": "CHD", **REPORTED}, {"acc": "A0", "seq": "CAP", **REPORTED}]
    extract = reviewed(exams, [{"Examination": "CAP", "Grade": "Major"}, {"Examination": "1"}], adapter=plain)
    assert rate(extract) == ({(): (1, 1)}, {"no_exam": 1}, 1)


def test_the_same_accession_in_another_ris_is_another_examination(reviewed):
    network = (NETWORK + SOURCE).replace('ris_code = "ris"\n\n[[source]]', 'ris_code = "other"\n\n[[source]]') + '"Second" = "other"\n'
    extract = reviewed([REPORTED], [{}, {"RIS": "Second"}], network=network)
    assert rate(extract) == ({(): (0, 1)}, {"no_exam": 1}, 1)


def test_a_review_finds_an_examination_that_a_later_export_brings(reviewed):
    assert rate(reviewed([REPORTED], [{"Accession": "A1"}]))[1] == {"no_exam": 1}
    later = reviewed([REPORTED, REPORTED], [{"Accession": "A1"}])
    assert source(later)["files"][0]["reused"] and rate(later) == ({(): (0, 1)}, {}, 1)


def test_copies_are_dropped_and_a_new_grade_under_the_same_number_replaces_the_old(reviewed):
    twice = {"Review No": "P7", "Grade": "Minor"}
    anew = [{"Review No": "P9", "Grade": "Major", "Last Changed": "12/09/2026"}, {"Review No": "P9", "Grade": "Minor", "Last Changed": "11/09/2026"}]
    bare = {"Review No": "", "Grade": "Minor"}
    extract = reviewed([REPORTED], [twice, twice, *anew, bare, bare, {**bare, "Reviewer": "Network"}])
    records = source(extract)["records"]
    assert (records["read"], records["kept"], records["duplicates"], records["superseded"]) == (7, 4, 2, 1)
    assert pl.read_parquet(extract.tables["peer_review"])["grade"].to_list().count("major") == 1


# --- who may see what --------------------------------------------------------------------------------------------------


def test_a_viewer_sees_the_reviews_of_their_own_sites_and_single_reviews_only_with_the_right_to(reviewed):
    exams = [{"site": "S1", **REPORTED}, {"site": "S2", **REPORTED}, {"site": "S2", **REPORTED}]
    extract = reviewed(exams, [{"Accession": f"A{i}"} for i in (0, 1, 2, 99)])
    assert rate(extract, viewer=Viewer(frozenset({"S1"}))) == ({(): (0, 1)}, {}, 1)
    assert rate(extract, viewer=Viewer(frozenset({"S2"}))) == ({(): (0, 2)}, {}, 2)
    assert rate(extract)[1] == {"no_exam": 1}, "a review without a site is seen by whoever sees the whole network"
    count = load_query_of("review_flag_count")
    assert Store(extract).query(count, {}).height == 1
    assert Store(extract, Viewer(frozenset({"S2"}), may_drill=True)).query(count, {}).is_empty()
    with pytest.raises(Exception, match="peer_review"):
        Store(extract, Viewer()).query(count, {})


def load_query_of(name):
    from readout.engine.query_file import load_query
    from readout.paths import QUERIES

    return load_query(QUERIES / "canonical" / f"{name}.sql")


def test_the_table_is_the_contract_and_holds_no_reviewer(reviewed):
    extract = reviewed([REPORTED], [{}])
    assert set(pl.read_parquet_schema(extract.tables["peer_review"])) == {c.name for c in schema.PEER_REVIEW}
    assert "P0" not in Path(extract.tables["peer_review"]).read_bytes().decode("latin-1"), "the number of a review is hashed"
    summary = pl.read_parquet_schema(extract.tables["review_day"])
    assert "site_code" in summary and not {"exam_id", "review_id", "accession", "patient_key"} & set(summary)


@pytest.mark.parametrize(("taken", "open_months"), [("", [10]), ("2026-10-31T06:00:00Z", [10]), ("2026-09-02T06:00:00Z", [8, 9, 10]), ("2026-09-05T00:00:00Z", [9, 10])])
def test_a_month_is_provisional_until_its_peer_reviews_have_come(reviewed, taken, open_months):
    """The examinations' own feed is whole to the end of October; the review tool's export was taken before. Other figures do not wait for it."""
    late = SOURCE.replace("[source.values", f"usual_lag_days = 3\ntaken_at = {taken}\n[source.values") if taken else SOURCE
    rows = [{"acc": f"A{i}", "ended": f"2026-0{m}-01 10:00", "verified": f"2026-0{m}-01 12:00"} for i, m in enumerate((7, 8, 9))]
    extract = reviewed(rows, [{"Accession": "A0", "Reviewed": "01/08/2026 09:00"}], network=NETWORK + late)
    for metric in ("discrepancy_rate", "standardised_discrepancy_ratio"):
        assert [m.month for m in ask(metric, Scope(), Store(extract)).provisional_months] == open_months
    answer = ask("discrepancy_rate", Scope(), Store(extract))
    assert [m.month for m in answer.provisional_months] == open_months
    assert [m.month for m in ask("activity", Scope(), Store(extract)).provisional_months] == [10]


def test_an_accession_that_looks_like_an_nhs_number_stops_the_publish(reviewed):
    with pytest.raises(IdentifierError, match="'accession' of 'peer_review'"):
        reviewed([REPORTED], [{"Accession": "943 476 5919"}])


# --- what is broken ----------------------------------------------------------------------------------------------------


def test_broken_records_are_quarantined_with_their_reason_and_the_rest_load(reviewed):
    good = "P1,Main,A0,1,10/09/2026,Minor,Network,Random,"
    lines = [
        HEADER,
        good,
        "P2,Main,A0,1,10/09/2026,Minor,Network,Random",
        "P3,Main,A0,1,31/02/2026,Minor,Network,Random,",
        "P4,Main,A0,1,10/09/2031,Minor,Network,Random,",
        "P5,Main,A0,1,02/01/1900,Minor,Network,Random,",
        "P6,Main,,1,10/09/2026,Minor,Network,Random,",
        "P7,,A0,1,10/09/2026,Minor,Network,Random,",
        "P8,Elsewhere,A0,1,10/09/2026,Minor,Network,Random,",
        "P9,Main,A0,1,10/09/2026,Void,Network,Random,",
        HEADER,
        "",
        "Total,9",
    ]
    extract = reviewed([REPORTED], [], text="\n".join(lines) + "\n")
    records = source(extract)["records"]
    wanted = ("column_count", "unreadable_date", "date_in_future", "date_before_1990", "no_accession", "no_ris", "unmapped_ris")
    assert records["quarantined"] == dict.fromkeys(wanted, 1) and set(wanted) <= set(load_catalogue().rules)
    assert records["excluded"] == {"entered_in_error": 1} and sum(records["dropped"].values()) == 3
    assert records["read"] == accounted(records) == 12 and records["kept"] == 1
    assert rate(extract) == ({(): (0, 1)}, {}, 1)
    with (extract.folder / "quarantine" / "tool.csv").open(encoding="utf-8", newline="") as f:
        rows = {r["reason"]: (r["record"], r["column"], r["value"]) for r in csv.DictReader(f)}
    assert rows["unreadable_date"] == ("4", "Reviewed", "31/02/2026") and rows["unmapped_ris"] == ("9", "RIS", "Elsewhere")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEADER.replace("Grade,", "") + "\n", "lacks the column 'Grade'"),
        (HEADER.replace("Chosen", "How") + "\n", "lacks the column 'Chosen'"),
        ("", "no header on line 1"),
        (HEADER.replace(",", ";") + "\n", "delimiter ',' may be wrong"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_and_the_current_extract_stays(reviewed, tmp_path, text, said):
    live = reviewed([REPORTED], [{}])
    with pytest.raises(SourceError, match=said):
        reviewed([REPORTED], [], text=text)
    assert current_id(tmp_path / "extracts") == live.id and rate(open_extract(tmp_path / "extracts"))[2] == 1


def test_an_export_without_any_review_is_a_table_without_rows(reviewed):
    extract = reviewed([REPORTED], [])
    assert rate(extract) == ({}, {}, 0) and source(extract)["records"]["read"] == 0
    assert set(pl.read_parquet_schema(extract.tables["peer_review"])) == {c.name for c in schema.PEER_REVIEW}
    full = reviewed([REPORTED], [{}])
    for table in ("peer_review", "review_day"):
        assert pl.read_parquet_schema(extract.tables[table]) == pl.read_parquet_schema(full.tables[table])


def test_an_extract_without_reviews_says_what_it_needs(make):
    with pytest.raises(UsageError, match=r"'Discrepancy rate' needs the table 'review_day', which is not in this extract\. Add a source for it\."):
        ask("discrepancy_rate", Scope(), Store(make([REPORTED])))
    with pytest.raises(UsageError, match="'Discrepancies against the case mix' needs the table 'review_day'"):
        ask("standardised_discrepancy_ratio", Scope(), Store(make([REPORTED])))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Main" = "ris"', '"Main" = "rjs"', "no site has the RIS 'rjs'. Did you mean 'ris'?"),
        ("[source.values.ris_code]", '[source.values.modality]\n"X" = "XR"\n[source.values.ris_code]', "'modality' is not a canonical column"),
        ("[source.values.ris_code]", '[source.values.grade]\n"X" = "mild"\n[source.values.ris_code]', "'mild' is not a value of grade"),
        ('adapter = "peer_review"', 'adapter = "cris"', "'event_id' is not a canonical column"),
        ('table = "peer_review"', 'table = "peer_revue"', "Did you mean 'peer_review'?"),
        ('[[source]]\nname = "ris"\ntable = "exam"', '[[source]]\nname = "ris"\ntable = "national_wait"', "needs|feeds"),
    ],
)
def test_a_wrong_entry_of_the_network_file_is_a_sentence(reviewed, old, new, said):
    network = (NETWORK + SOURCE).replace(old, new)
    assert network != NETWORK + SOURCE
    with pytest.raises(NetworkFileError, match=said.replace("?", r"\?")):
        reviewed([REPORTED], [{}], network=network)


def test_reviews_without_examinations_and_without_a_ris_are_refused(reviewed, tmp_path):
    head = NETWORK[: NETWORK.index("[[source]]")]
    with pytest.raises(NetworkFileError, match="peer reviews need the examinations that they are of"):
        reviewed([REPORTED], [{}], network=head + SOURCE)
    own = (ADAPTERS / "peer_review.toml").read_text("utf-8").replace('ris_code = "RIS"\n', "")
    (tmp_path / "bare.toml").write_text(own, "utf-8")
    bare = SOURCE[: SOURCE.index("[source.values")].replace('adapter = "peer_review"', 'adapter = "bare"')
    with pytest.raises(NetworkFileError, match="no RIS is named"):
        reviewed([REPORTED], [{}], network=NETWORK + bare)
    assert rate(reviewed([REPORTED], [{}], network=NETWORK + bare + 'ris_code = "ris"\n')) == ({(): (0, 1)}, {}, 1)


def test_an_adapter_of_examinations_is_not_one_of_reviews_and_the_other_way_round(tmp_path):
    assert load_adapter("peer_review", tmp_path, "peer_review").columns["grade"].name == "Grade"
    with pytest.raises(NetworkFileError, match="'review_no' is not a canonical column"):
        load_adapter("peer_review", tmp_path)


# --- plain Python over the raw export ----------------------------------------------------------------------------------

GRADES = {"No discrepancy": 0, "Minor": 1, "Moderate": 2, "Major": 3}
WAYS = {"Random": "random", "All": "all", "Targeted": "targeted", "Meeting": "referred"}


def by_hand(raw: list[list[str]], sites: dict[tuple[str, str, str], str], until: datetime = datetime(2026, 11, 3)):
    """Discrepant and reviewed reports by site and way, and why the others are not counted, from raw lines. `sites`: of reported examinations."""

    def day(text: str) -> datetime | None:
        for form in ("%d/%m/%Y %H:%M", "%d/%m/%Y"):
            try:
                return datetime.strptime(text, form)
            except ValueError:
                continue
        return None

    newest: dict[str, tuple[datetime, int, list[str]]] = {}
    for place, line in enumerate(raw):
        if len(line) != 9 or line[0] in ("Review No", "Total") or (line[4] and (day(line[4]) is None or day(line[4]) > until)):
            continue
        key = line[0] or "|".join(line[:8])
        changed = day(line[8]) or datetime.min
        if key not in newest or (changed, place) >= newest[key][:2]:
            newest[key] = (changed, place, line)
    reports = defaultdict(list)
    for _, _, (_, ris, accession, exam, at, grade, _, chosen, _) in newest.values():
        way = WAYS.get(chosen)
        reports[ris, accession, exam, "sample" if way in ("random", "all") else way].append((day(at) or datetime.max, way != "random", way, GRADES.get(grade)))
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    left_out: Counter[str] = Counter()
    for (*key, _), found in reports.items():
        first = min(found, key=lambda f: f[:2])
        known = [f[3] for f in found if f[3] is not None]
        if tuple(key) not in sites:
            left_out["no_exam"] += 1
        elif not sites[tuple(key)]:
            left_out["no_report"] += 1
        elif first[0] == datetime.max:
            left_out["no_review_date"] += 1
        elif first[2] is None:
            left_out["no_sampling"] += 1
        elif not known:
            left_out["no_grade"] += 1
        else:
            counted[sites[tuple(key)], first[2]][0] += max(known) >= 2
            counted[sites[tuple(key)], first[2]][1] += 1
    return counted, left_out


def agrees(extract, counted, left_out) -> None:
    """The metric says the same: by site, by how sampled, by both, in total, and of what is left out; what would be one reader's figure is left out too."""

    def same(scope, wanted):
        found, apart, n = rate(extract, scope)
        alone = apart.pop("one_reader", 0)
        assert {k: wanted[k] for k in found} == found and sum(v[1] for v in wanted.values()) == n + alone, scope
        assert sum(v[1] for k, v in wanted.items() if k not in found) == alone, scope
        return apart

    assert same(Scope(("site_code", "sampled_how")), {k: tuple(v) for k, v in counted.items()}) == left_out

    def added(keep, key):
        found: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
        for (site, way), pair in counted.items():
            if way in keep:
                found[key(site, way)][0] += pair[0]
                found[key(site, way)][1] += pair[1]
        return {k: tuple(v) for k, v in found.items()}

    same(Scope(("sampled_how",)), added(WAYS.values(), lambda _, way: (way,)))
    apart = same(Scope(("site_code",)), added(("random", "all"), lambda site, _: (site,)))
    assert apart == {**left_out, "not_sampled_at_random": sum(v[1] for (_, way), v in counted.items() if way in ("targeted", "referred"))}
    same(Scope(), added(("random", "all"), lambda *_: ()))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_rate_equals_plain_python_over_a_raw_export(reviewed, seed):
    chance = random.Random(seed)
    exams = [{"site": chance.choice(("S1", "S2")), **(REPORTED if chance.random() > 0.1 else {})} for _ in range(150)]
    raw = []
    for number in range(600):
        at = f"{chance.randint(1, 28):02d}/{chance.choice(('09', '10'))}/2026"
        line = [f"P{number}", "Main", f"A{chance.randrange(160)}", "1", at, chance.choice(list(GRADES)), "Network", chance.choice(list(WAYS)), ""]
        fault = chance.randrange(25)
        if fault == 0:
            line[5] = "Interesting"
        elif fault == 1:
            line[4] = chance.choice(("", "", "31/09/2026", "01/01/2027"))
        elif fault == 2:
            line[7] = chance.choice(("", "By lot"))
        elif fault == 3:
            line = line[:-1]
        elif fault == 4:
            line[0] = ""
        raw.append(line)
        if fault == 5:
            raw.append(list(line))
        elif fault == 6:
            raw.append([*line[:5], "Major", *line[6:8], "01/11/2026"])
    extract = reviewed(exams, [], text="\n".join([HEADER, *(",".join(line) for line in raw)]) + "\n")
    sites = {("Main", f"A{i}", "1"): e["site"] if "verified" in e else "" for i, e in enumerate(exams)}
    counted, left_out = by_hand(raw, sites)
    assert len(counted) == 8 and set(left_out) == {"no_exam", "no_report", "no_grade", "no_review_date", "no_sampling"}
    agrees(extract, counted, left_out)
    records = source(extract)["records"]
    assert records["read"] == accounted(records) == len(raw) and records["duplicates"] and records["superseded"]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A sample large enough that its reviews find something: the raw exports, the extract, what was planted."""
    from readout.sample import write_sample

    folder = tmp_path_factory.mktemp("network")
    truth = write_sample(folder, exams=30_000, seed=5)
    return folder, publish(folder / "network.toml", folder / "extracts", now=NOW), truth


def test_what_it_found_is_as_many_as_its_rows(network):
    """The list behind the discrepancy rate, by random filters: a row a report that the figure counts, and a report once."""
    extract = network[1]
    store, chance, some = Store(extract), random.Random(18), 0
    values = {
        "site_code": [s["site_code"] for s in extract.manifest["sites"]],
        "modality": ["XR", "CT", "MR", "US"],
        "pathway": list(schema.PATHWAYS),
        "patient_class": list(schema.PATIENT_CLASSES),
        "reporting_route": list(schema.ROUTES),
        "sampled_how": list(schema.SAMPLINGS),
    }
    for _ in range(80):
        where = {d: tuple(chance.sample(values[d], chance.randint(1, 3))) for d in chance.sample(list(values), chance.choice((0, 1, 1, 2)))}
        scope = Scope(where=where).between(chance.choice((None, date(2024, 6, 1), date(2025, 3, 17))), chance.choice((None, date(2026, 5, 11))))
        answer = ask("discrepancy_rate", scope, store)
        if any(x.reason == "one_reader" for x in answer.left_out):
            continue  # the figure is withheld from who may not see its rows
        figure = sum(r["numerator"] for r in answer.rows)
        rows = listing("reviewed", scope, store, rows=MOST)
        assert rows.total == rows.frame.height == figure, scope
        assert set(rows.frame["grade"]) <= {"moderate", "major"}
        if "sampled_how" not in where:
            assert rows.frame["reference"].n_unique() == rows.total
        some += bool(rows.total)
    assert some > 40


def raw_sites(folder: Path) -> dict[tuple[str, str, str], str]:
    """(RIS as reviews name it, accession, examination) of every reported examination of the exports -> its site."""
    named = {s.local_name: s.code for s in p.SITES} | {p.RENAMED_FROM: p.RENAMED_SITE}
    columns = {"cris": ("Exam Key", "Exam Code", "Site", "First Verified"), "iso_semicolon": ("accession", "seq", "site", "first_verified")}
    columns["us_mdy"] = ("Unique.Identifier", "CatalogCode", "", "FinalDateTime")
    (book,) = (folder / "inbox" / "penwick").glob("penwick_2026*.xlsx")
    sheet = pl.read_excel(book, sheet_name="Activity", read_options={"header_row": 4}, infer_schema_length=0)
    found = {("Penwick RIS", *key): "ZN302" for *key, verified in sheet.select("Accession", "Exam Code", "Report Date").rows() if verified}
    for s in p.SOURCES:
        for path in sorted((folder / "inbox" / s.name).glob("*.csv.gz")):
            text = gzip.decompress(path.read_bytes()).decode("latin-1").replace("\r\n", "\n").removeprefix("ï»¿").split("\n")
            header, *lines = [next(csv.reader([line], delimiter=";" if s.style == "iso_semicolon" else ",")) for line in text if line]
            for line in lines:
                row = dict(zip(header, line, strict=False))
                accession, exam, site, verified = (row.get(c, "") for c in columns[s.style])
                if verified:
                    found[s.title.split(",")[0], accession, exam] = named.get(site) or s.sites[0]
    return found


def test_the_rate_of_the_sample_equals_plain_python_over_its_raw_export(network):
    folder, extract, _ = network
    path = folder / "inbox" / sampled.NAME / sampled.FILE
    raw = list(csv.reader(gzip.decompress(path.read_bytes()).decode("utf-8").splitlines()))
    counted, left_out = by_hand(raw, raw_sites(folder))
    assert len(counted) > 8 and sum(v[0] for v in counted.values()) > 10
    agrees(extract, counted, left_out)


@pytest.mark.parametrize("unit", ["site_code", "reader"])
def test_the_expected_discrepancies_equal_plain_python(network, unit):
    """A report once, by the gravest grade of its sampled reviews; and in total what the discrepancy rate counts."""
    extract = network[1]
    store = Store(extract)
    exams = {r["exam_id"]: r for r in pl.read_parquet(extract.tables["exam"]).iter_rows(named=True)}
    reviews: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for r in pl.read_parquet(extract.tables["peer_review"]).iter_rows(named=True):
        if r["sampled_how"] in ("random", "all"):
            reviews[r["exam_id"]].append(r)
    rows = []
    for exam_id, many in reviews.items():
        grades, dated = [r["grade"] for r in many if r["grade"]], any(r["reviewed_date"] for r in many)
        if exam_id in exams and exams[exam_id]["is_reported"] and grades and dated:
            rows.append({**exams[exam_id], "event": bool({"moderate", "major"} & set(grades))})
    theirs = expected(rows, lambda r: r["event"], unit, 200)
    ours = {r[unit]: [r[c] for c in COLUMNS[:4]] for r in ask("standardised_discrepancy_ratio", Scope((unit,)), store).rows}
    assert set(ours) == set(theirs) and len(ours) > 3 and sum(v[0] for v in ours.values()) >= 3
    for code, values in theirs.items():
        assert ours[code] == pytest.approx(values[:4], rel=1e-9, abs=1e-9), code
    rate = ask("discrepancy_rate", Scope(), store).rows[0]
    assert (sum(v[0] for v in ours.values()), sum(v[2] for v in ours.values())) == (rate["numerator"], rate["denominator"])


def test_discrepancies_by_reporter_are_the_rates(network):
    """Everybody's together are those of the discrepancy rate in the same months."""
    store = Store(network[1])
    found = compared("discrepancy", store)
    row = ask("discrepancy_rate", Scope().between(found.first, month_end(found.last)), store).rows[0]
    assert found.reporters and sum(r.n for r in found.reporters) + found.count_unnamed + found.count_apart == row["denominator"] > 50
    assert sum(r.observed for r in found.reporters) == row["numerator"] > 0
    assert "Few of a reporter's reports are reviewed" in reporter_words.caveats(found)
    most = max(r.expected for r in found.reporters)
    assert found.can_be_drawn == (most >= 1) and f"at most {most:.1f} expected of anybody" in reporter_words.too_few(found)


def test_planted_faults_of_the_reviews_are_found_by_count(network):
    folder, extract, truth = network
    told = json.loads((folder / "planted.json").read_text("utf-8"))
    planted = {fault: counts[sampled.NAME] for fault, counts in told["faults"].items() if sampled.NAME in counts}
    assert set(planted) == {*sampled.FAULTS, "total_line"} and all(planted.values())
    found = source(extract)
    records, wanted = found["records"], truth.records[sampled.NAME]
    assert found["flags"] == {"unknown_grade": planted["unknown_grade"], "review_without_exam": planted["review_without_exam"]}
    assert records["quarantined"] == {"unreadable_date": planted["unparseable_date"], "column_count": planted["too_few_columns"]}
    assert (records["duplicates"], records["superseded"]) == (planted["exact_duplicate"], planted["later_grade"])
    assert sum(records["dropped"].values()) == planted["total_line"] == wanted["dropped"]
    assert (records["read"], records["kept"]) == (wanted["read"], wanted["kept"])
    assert records["read"] == accounted(records)


def test_the_shares_of_the_sample_are_those_of_its_parameters(network):
    _, extract, _ = network
    reviews = pl.read_parquet(extract.tables["peer_review"]).filter(pl.col("site_code").is_not_null())
    exams = pl.read_parquet(extract.tables["exam"], columns=["exam_id", "trust_code", "reporting_route", "is_reported", "is_report_required"])
    at_random = reviews.filter(pl.col("sampled_how") == "random").unique("exam_id").join(exams, on="exam_id")
    own = exams.filter(pl.col("trust_code").is_in(p.REVIEWING_TRUSTS) & pl.col("reporting_route").is_in(["in_house", "network"]))
    own = own.filter(pl.col("is_reported") & pl.col("is_report_required"))
    share = at_random.filter(pl.col("reporting_route") != "outsourced").height / own.height
    assert share == pytest.approx(p.value("review_share")["random"], abs=0.006)
    assert at_random.filter(pl.col("reporting_route") != "outsourced")["trust_code"].is_in(p.REVIEWING_TRUSTS).all()
    grades = reviews.filter(pl.col("sampled_how") == "referred")["grade"].is_in(["moderate", "major"]).mean()
    usual = reviews.filter(pl.col("sampled_how") == "random")["grade"].is_in(["moderate", "major"]).mean()
    assert usual < 0.05 < 0.2 < grades
    assert set(reviews["sampled_how"]) == set(schema.SAMPLINGS) and set(reviews["grade"].drop_nulls()) == set(schema.GRADES)


@pytest.mark.parametrize("dimension", ["site_code", "reporting_route", "sampled_how"])
def test_the_rate_is_drawn_with_its_interval(network, dimension):
    store = Store(network[1])
    answer = ask("discrepancy_rate", Scope((dimension,)), store)
    figure = charts.intervals(answer, ask("discrepancy_rate", Scope(), store), dimension=dimension)
    (marks,) = figure.data
    drawn = {text[0].split("=")[1]: (x, low, high) for text, x, low, high in zip(marks.customdata, marks.x, marks.error_x.arrayminus, marks.error_x.array, strict=True)}
    assert set(drawn) == {r[dimension] for r in answer.rows} and len(drawn) >= 2
    for row in answer.rows:
        value, below, above = drawn[row[dimension]]
        assert value == row["numerator"] / row["denominator"] and above > 0 and 0 <= value - below <= value + above <= 1
    assert all(answer.label(dimension, value) in " ".join(marks.y).replace("<br>", " ") for value in drawn)


def test_the_funnel_of_a_rate_is_where_chance_puts_each_unit(network):
    """Against scipy's own quantiles: the interpolated limit lies in the step of the exact one; what lies outside is named, and nothing else."""
    store = Store(network[1])
    answer, whole = ask("discrepancy_rate", Scope(("sampled_how",)), store), ask("discrepancy_rate", Scope(), store)
    figure = charts.intervals(answer, whole, dimension="sampled_how", is_funnel=True)
    wide, narrow, marks = figure.data
    ends = dict(zip(wide.y[0::3], zip(wide.x[0::3], wide.x[1::3], strict=True), strict=True))
    sizes = {name: r["denominator"] for name, r in zip(marks.y, sorted(answer.rows, key=lambda r: r["denominator"]), strict=True)}
    theta = whole.rows[0]["value"]
    assert set(ends) == set(sizes) and len(narrow.x) == len(wide.x)
    for name, n in sizes.items():
        for end, at in zip(ends[name], (0.001, 0.999), strict=True):
            r = binom.ppf(at, n, theta)
            assert max(0, r - 1) / n - 1e-9 <= end <= r / n + 1e-9
    said = findings.beyond_chance(answer, whole).split("Outside: ")[1].split("; by chance")[0]
    for r in answer.rows:
        k, n = r["numerator"], r["denominator"]
        is_high, is_low = binom.sf(k - 1, n, theta) <= 0.001, binom.cdf(k, n, theta) <= 0.001
        label = answer.label("sampled_how", r["sampled_how"])
        assert (f"{label} (above)" in said, f"{label} (below)" in said) == (is_high, is_low), (label, said)
    assert "(above)" in said, "referred reports are chosen for what is in them"


def test_one_unit_is_not_held_against_itself(network):
    store = Store(network[1])
    site = ask("discrepancy_rate", Scope(("site_code",)), store).rows[0]["site_code"]
    one = {"site_code": (site,)}
    assert findings.beyond_chance(ask("discrepancy_rate", Scope(("site_code",), one), store), ask("discrepancy_rate", Scope((), one), store)) == ""
