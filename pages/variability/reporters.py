"""Reporters under pseudonyms: addenda and the time from assignment, beside what the same case mix gives."""

from readout.ui import blocks, reporters
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Between reporters", "Where is a conversation worth having, and how much is only chance and case mix?")
blocks.unfiltered(page, "what is shown of reporters")
blocks.undated("reporters are compared over one fixed period, which each sentence names")
chosen = reporters.choose(page)
if chosen is not None:
    reporters.drawn(page, chosen)
