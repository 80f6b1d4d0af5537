"""Board packs: what the board reads, made from the same answers as the pages."""

import streamlit as st

from readout.ui import blocks, packs
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Board packs", "What does the board need to see, and what do we say of it?")
blocks.unfiltered(page, "a pack: its file says what it covers")
blocks.undated("a pack is of the last complete month, and of the months before it")
pack = packs.chosen()
content = pack and packs.content_of(page, pack)
if pack and content:
    st.markdown(content.finding)
    blocks.table(packs.rows(content), "Summary of the pack")
    st.header("Commentary", anchor=False)
    pack = packs.commented(pack, content)
    pack = packs.checked(pack, content)
    packs.saving(pack)
    st.header("The pack", anchor=False)
    packs.finished(page, pack, content)
