"""The rows behind a figure."""

from readout.ui import listing
from readout.ui.frame import frame, heading

page = frame()
heading(page, "Examinations", "Which examinations and requests stand behind a figure?")
listing.rows(page)
