"""The rows behind a figure: which list, its own filters, a page of rows, and the export."""

from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from readout.errors import ReadoutError
from readout.metrics import drill
from readout.metrics import format as fmt
from readout.metrics.answer import data_end, dimension_labels
from readout.metrics.scope import DIMENSIONS, Scope
from readout.ui import address, blocks, drill_links, session
from readout.ui.drill_links import KINDS, OWN, own_labels
from readout.ui.frame import Page, several
from readout.wording import findings

ROWS, LIST = 100, "list_shown"


def as_of(page: Page) -> date | None:
    """The past day at whose end a stock is counted; None: when the data ends. Kept in the address."""
    last = data_end(page.store)
    address.claim_if("as_of", "day", lambda v: address.is_day(v, last), where="within this data")
    chosen = st.date_input("As of the end of", value=None, max_value=last, key="as_of", bind="query-params", format="DD/MM/YYYY")
    return chosen if isinstance(chosen, date) else None


def rows(page: Page) -> None:
    """The list: its kind, its own filters, a page of rows and the export."""
    drill_links.back()
    kind = blocks.choice("List", KINDS, key="list")
    scope = page.scope
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if kind in drill.STOCKS:
            scope = scope.between(None, as_of(page) or page.ends_before)
        for key, known in own_labels(kind, dimension_labels(page.store, page.scope.end)).items():
            chosen = several(key, DIMENSIONS[OWN[key]].label.lower(), DIMENSIONS[OWN[key]].label, known, "All")
            if chosen:
                scope = scope.filtered(OWN[key], chosen)
    address.claim_if("page", "page", lambda v: v.isdecimal() and int(v) > 0)
    address.rest()
    if address.is_anything_ignored():
        st.info("No rows are listed while part of the link is ignored: they would be others than it asks for. Dismiss the note above to list what is chosen now.")
        return
    kept = Scope((), {k: v for k, v in scope.where.items() if k in drill.DIMENSIONS[kind]}, scope.date_from, scope.date_to)
    is_other = st.session_state.get(LIST, kept) != kept and not st.session_state.get("moved") and not address.is_way_back()
    st.session_state[LIST] = kept
    if is_other and "page" in st.session_state:
        st.session_state["page"] = 1  # another list begins at its first page
    try:
        first = drill.listing(kind, kept, page.store, rows=ROWS)
        pages = max(1, -(-first.total // ROWS))
        if not is_other:
            address.claim_if("page", "page", lambda v: v.isdecimal() and 0 < int(v) <= pages, where=f"one of the {pages} that there are")
        number = st.pagination(pages, key="page", bind="query-params") if pages > 1 else 1
        shown = first if number == 1 else drill.listing(kind, kept, page.store, rows=ROWS, skip=(number - 1) * ROWS)
    except ReadoutError as e:
        st.error(str(e))
        return
    except Exception:
        st.error(session.failed(f"list {kind} over {kept}"))
        return
    if not first.total:
        st.info(f"None: {findings.of_list(first)}. Widen the dates or the filters.")
        return
    last = min(first.total, shown.skipped + shown.frame.height)
    st.markdown(f"**{fmt.count(first.total)}** {findings.of_list(first)}. Shown: {fmt.count(shown.skipped + 1)} to {fmt.count(last)}.")
    blocks.table(named(shown), first.label)
    said = "references are keyed hashes: to find the patient, match site, time and examination in the RIS."
    st.caption(f"{FIRST.get(kind, 'Longest wait first')} · extract {first.extract_id} · {said}")
    st.download_button(
        "Download CSV",
        lambda: export(drill.listing(kind, kept, page.store, rows=drill.MOST)),
        f"{kind}_{first.extract_id}.csv",
        "text/csv",
        key="rows_csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


FIRST = {"amended": "Latest report first", "recommending": "Latest report first", "reviewed": "Latest review first"}
TITLES = {
    "reported_date": "First verified",
    "review_date": "Reviewed",
    "addendum_days": "Days to the addendum",
    "grade": "Found",
    "reference": "Reference",
    "exam_name": "Examination",
    "exam_local": "Examined",
    "age_days": "Days waiting",
    "wait_days": "Days waiting",
    "asked_date": "Requested",
    "booked_date": "Booked for",
    "is_over_standard": "Over its standard",
    "is_reported": "Reported",
    "hours": "Time",
}
LAST = ("band", "reference", "patient_class", "urgency", "reporting_route")  # the band repeats the days


def named(listing: drill.Listing) -> list[dict[str, Any]]:
    """The rows as a person reads them, what matters first."""
    columns = sorted(listing.frame.columns, key=lambda c: c in LAST)
    columns = sorted(columns, key=lambda c: c not in ("age_days", "wait_days", "hours", "grade", "addendum_days"))
    return [{TITLES.get(c) or DIMENSIONS[c].label: _cell(listing, c, row[c]) for c in columns} for row in listing.frame.rows(named=True)]


def _cell(listing: drill.Listing, column: str, value: Any) -> Any:
    if value is None:
        return ""
    if column == "exam_local":
        return f"{fmt.day(value.date())} {value:%H:%M}"
    if isinstance(value, date):
        return fmt.day(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if column == "hours":
        return fmt.hours(value)
    if column == "standard_id":
        return listing.standards.get(value, value)
    if column == "band":
        return fmt.band(value)
    return listing.labels.get(column, {}).get(str(value), value)


def export(listing: drill.Listing) -> str:
    """The rows as CSV under the release policy, headed by what they are: no filter is lost on the way out."""
    frame = drill.released(listing)
    head = [f"{listing.label}: {findings.of_list(listing)}", f"Extract {listing.extract_id}; {frame.height} of {listing.total} rows"]
    body = frame.with_columns(pl.col(pl.Datetime).dt.strftime("%Y-%m-%d %H:%M")) if any(t == pl.Datetime for t in frame.dtypes) else frame
    return "".join(f"# {line}\n" for line in head) + body.write_csv()
