"""Board packs on the page: the packs there are, what one holds and in which order, what its owners say, a preview, and the finished files."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import streamlit as st

from readout import paths, schema
from readout.errors import ReadoutError
from readout.export.compare import Changes
from readout.export.content import Ask, Content, build, pack_id
from readout.export.pack import FORMATS, Comment, Pack, PackError, Wanted, comments_toml, load_pack, save_comments
from readout.export.package import Made, make, put, zipped
from readout.export.pdf import preview
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.catalogue import load_catalogue
from readout.metrics.release_policy import PROFILES
from readout.metrics.scope import Scope
from readout.ui import address, blocks, session
from readout.ui.frame import Page

KINDS = {"pdf": "application/pdf", "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation"}
KINDS["xlsx"] = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def folder() -> Path:
    """Where pack files lie: `packs` beside the extracts; until there is one of one's own, the shipped one, which any network can begin with."""
    own = session.extracts().parent / "packs"
    return own if any(own.glob("*.toml")) else paths.SAMPLE / "packs"


def kept() -> Path:
    """Where finished packs are kept, so that the next one can be compared with the last."""
    return session.extracts().parent / "packs" / "made"


def definitions() -> dict[str, Path]:
    """Pack files by title; one that cannot be read by its file's name."""
    found: dict[str, Path] = {}
    for path in sorted(folder().glob("*.toml")):
        if path.stem.endswith("-commentary"):
            continue
        try:
            found[load_pack(path).title] = path
        except ReadoutError:
            found[path.name] = path
    return found


def chosen() -> Pack | None:
    """The pack to make: the file, which of its indicators in which order, the release; None, having said why, where there is none."""
    found = definitions()
    if not found:
        st.info("There is no pack file yet. Write packs/board.toml beside the extracts: title, audience, profile, and an [[indicator]] for each figure.")
        return None
    address.claim("pack", "pack", found)
    title = st.selectbox("Pack", list(found), key="pack", bind="query-params")
    try:
        pack = load_pack(found[title])
    except ReadoutError as e:
        st.error(str(e))
        return None
    st.caption(f"{f'For {pack.audience}. ' if pack.audience else ''}{len(pack.indicators)} indicators, {len(pack.funnels)} comparisons. File {found[title].name}.")
    count = len(pack.indicators)
    names = [_named(w) for w in pack.indicators]
    rows = pl.DataFrame({"Shown": [True] * count, "Place": [float(n + 1) for n in range(count)], "Indicator": names})
    columns = {
        "Shown": st.column_config.CheckboxColumn(width=70, help="Whether the pack holds it."),
        "Place": st.column_config.NumberColumn(width=70, min_value=0, format="%g", help="The order of the pack: 2.5 stands between 2 and 3."),
    }
    with st.expander("Indicators and their order"):
        edited = st.data_editor(rows, hide_index=True, column_config=columns, disabled=["Indicator"], height="content", key=f"order_{pack.title}")
    places = list(zip(edited["Shown"].to_list(), edited["Place"].to_list(), [w.key for w in pack.indicators], strict=True))
    order = [key for is_shown, _, key in sorted(places, key=lambda p: p[1] if p[1] is not None else len(places)) if is_shown]
    st.caption("A link to this page opens on the pack as its file has it: what is shown and in which order goes with the file, not with the link.")
    address.claim(f"release_{pack.title}", "release", PROFILES)
    profile = st.selectbox("Release", PROFILES, index=PROFILES.index(pack.profile), key=f"release_{pack.title}", bind="query-params")
    if not order:
        st.info("Choose at least one indicator.")
        return None
    return replace(pack.with_indicators(order), profile=profile, comments={k: c for k, c in pack.comments.items() if k in order})


def _named(wanted: Wanted) -> str:
    """An indicator as it is chosen by."""
    where = [schema.PATHWAYS.get(v, v) for values in wanted.where.values() for v in values]
    return ", ".join([load_catalogue().metric(wanted.metric_id).label, *where])


def _typed(pack: Pack) -> dict[str, Comment]:
    """What was typed for each indicator of a pack, kept for the session whatever is on the screen; a field that is not shown forgets."""
    every: dict[str, dict[str, Comment]] = st.session_state.setdefault("pack_comments", {})
    return every.setdefault(pack.title, {})


def commented(pack: Pack, content: Content) -> Pack:
    """The pack with what is typed on the page, each indicator's beside what its chart says."""
    kept = _typed(pack)
    labels = {i.key: i.label for i in content.items}
    address.claim("comment_on", "indicator", set(labels.values()), where="in this pack")
    key = st.selectbox("Commentary on", list(labels), format_func=lambda k: labels[k], key="comment_on", bind="query-params")
    item = next(i for i in content.items if i.key == key)
    said = kept.get(key, pack.comments.get(key, Comment()))
    st.markdown(" ".join(item.sentences))
    text = st.text_area("What the owner says", said.text, key=f"text_{pack.title}_{key}", height=90)
    actions = st.text_area("Actions", said.actions, key=f"actions_{pack.title}_{key}", height=90)
    owner = st.text_input("Owner", said.owner, key=f"owner_{pack.title}_{key}")
    if (text, actions, owner) != (said.text, said.actions, said.owner):
        kept[key] = replace(said, text=text.strip(), actions=actions.strip(), owner=owner.strip())
    comments = {k: c for k, c in {**pack.comments, **kept}.items() if k in labels and (c.text or c.actions or c.owner)}
    return replace(pack, comments=comments)


def content_of(page: Page, pack: Pack) -> Content | None:
    """Everything the pack says; None, having said why, where it cannot be made."""
    try:
        with st.spinner("Judging the indicators"):
            key = ("pack", str(session.extracts()), pack_id(pack, page.store))
            content: Content = session.answers().get(key, lambda: build(pack, page.store, asker(page)))
            return content
    except ReadoutError as e:
        st.error(str(e))
        return None


def asker(page: Page) -> Ask:
    """Answers from those that the pages keep."""

    def ask(metric_id: str, scope: Scope) -> Answer:
        found = session.answered(page.store, metric_id, scope)
        if isinstance(found, session.Failure):
            raise PackError(found.sentence)
        return found

    return ask


def checked(pack: Pack, content: Content) -> Pack:
    """Sentences that their own chart contradicts, each with the reason and room for why it stands; the pack with what is typed there."""
    found = content.with_pack(pack, "checked").contradictions()
    kept, comments = _typed(pack), dict(pack.comments)
    for n, (item, against) in enumerate(found):
        comment = comments[item.key]
        before = comment.reason_for(against.sentence)
        key = f"why_{item.key}_{hashlib.sha256(against.sentence.encode()).hexdigest()[:8]}_{n}"
        place = st.container()
        why = st.text_input("Why the sentence stands, in three words or more (printed beside it); else reword it", before, key=key).strip()
        others = {s: w for s, w in comment.reasons.items() if s != against.sentence}
        comments[item.key] = replace(comment, reasons={**others, **({against.sentence: why} if why else {})})
        if why != before:
            kept[item.key] = comments[item.key]
        if comments[item.key].reason_for(against.sentence):
            place.info(f"**{item.label}.** “{against.sentence}” stands with your reason, which is printed beside it. {against.reason}")
        else:
            place.warning(f"**{item.label}.** “{against.sentence}” {against.reason}")
    if not found and comments:
        st.caption("No sentence was found that says more than its chart. Only plain claims can be checked: what is said in other words is yours to check.")
    return replace(pack, comments=comments)


def saving(pack: Pack) -> None:
    """A button that writes what was typed beside the pack's file, and one that gives it as a file; nothing where nothing was typed."""
    typed, path = _typed(pack), definitions().get(pack.title)
    if saved := st.session_state.pop("pack_saved", ""):
        st.success(saved)
    if not typed or path is None:
        return
    with st.container(horizontal=True):
        wanted = st.button(
            "Save commentary", key="pack_save", icon=":material/save:", help="Writes the commentary file that the pack names, so that the next pack begins with it."
        )
        text = comments_toml(pack.comments)
        st.download_button("Download commentary", text, f"{path.stem}-commentary.toml", "text/plain", key="pack_words", on_click="ignore", icon=":material/download:")
    if not wanted:
        return
    if path.parent == paths.SAMPLE / "packs":
        st.error(
            f"{path.name} is the example that is shipped, and stays as it is. Put a copy with its commentary into packs/ beside the extracts, or download the commentary."
        )
        return
    try:
        file = save_comments(path, typed)
    except ReadoutError as e:
        st.error(str(e))
        return
    typed.clear()
    st.session_state["pack_saved"] = f"Saved in {file.name}: the next pack begins with it."
    st.rerun()


def finished(page: Page, pack: Pack, content: Content) -> None:
    """A preview, and the button that makes the pack, then its files. What was made before a word changed is no longer shown."""
    now = state(pack)
    if blocks.switch("Show the pages before it is made", key="pack_pages"):
        pictures(content.with_pack(pack, "preview"))
    if st.button("Make the pack", key="make_pack", type="primary", icon=":material/picture_as_pdf:"):
        st.session_state["pack_made"] = (now, made(page, pack))
    before, found = st.session_state.get("pack_made") or ("", None)
    if found is None:
        return
    if before != now:
        st.caption("The pack was made before the last change: make it again.")
        return
    downloads(found)


def made(page: Page, pack: Pack) -> Made | None:
    """The finished pack, with a bar that says what is done; None, having said why, where it was refused."""
    bar = st.progress(0.0, "Starting")

    def say(what: str, share: float) -> None:
        bar.progress(min(1.0, share), what)

    try:
        finished = make(pack, page.store, kept(), asker(page), say)
        put(finished, kept())
    except ReadoutError as e:
        st.error(str(e))
        return None
    finally:
        bar.empty()
    return finished


def pictures(content: Content) -> None:
    """The pages as they print; what changed since the last pack is worked out when the pack is made."""
    for number, picture in enumerate(preview(content, Changes(why_not="Worked out when the pack is made.")), 1):
        st.image(picture, caption=f"Page {number}", width="stretch")


def downloads(found: Made) -> None:
    """The finished files."""
    st.success(f"Pack {found.content.pack_id}: {len(found.files)} files, opened again and complete.")
    st.markdown(found.changes.said)
    with st.container(horizontal=True):
        for name, data in found.files.items():
            form = name.rpartition(".")[2]
            if form in FORMATS:
                st.download_button(form.upper(), data, name, KINDS[form], key=f"pack_{form}", on_click="ignore", icon=":material/download:")
        archive = zipped(found.files, found.name)
        st.download_button("Everything (zip)", archive, f"{found.name}.zip", "application/zip", key="pack_zip", on_click="ignore", icon=":material/folder_zip:")


def rows(content: Content) -> list[dict[str, object]]:
    """The summary as it will stand in the pack."""
    return [
        {
            "Indicator": i.label,
            "Latest": i.latest.text,
            "Variation": i.variation,
            "Target": " ".join(x for x in (i.target, i.target_status) if x) or fmt.DASH,
            "Before": i.previous.text,
            "Own page": "yes" if i.has_page else "",
            "Month and counts": ", ".join(i.latest.notes),
        }
        for i in content.items
    ]


def state(pack: Pack) -> str:
    """What the finished pack depends on, so that an old one is not shown beside new words."""
    return json.dumps([pack.title, pack.profile, [w.key for w in pack.indicators], {k: [c.text, c.actions, c.owner, dict(c.reasons)] for k, c in pack.comments.items()}])


__all__ = ["checked", "chosen", "commented", "content_of", "definitions", "finished", "rows", "saving"]
