"""The English diagnostic waiting times return (DM01): one reader for its three layouts and for the name lists beside them.

The layout is recognised from the column headings, never from the file's name:

- `compiled`: a CSV of many months, one line a provider and test, with a column 'Reporting Period';
- `provider_workbook`: the published workbook, whose month stands in a title cell above the headings;
- `full_extract`: the CSV of provider by commissioner by test, summed here to provider by test;
- `provider_names`, `region_names`, `test_names`: lists of codes and names.

A record that contradicts itself is rejected, a total is dropped, and every record is counted once.
"""

import re
from pathlib import Path

from readout.ingest.dm01.cells import WORKBOOK, from_text, from_workbook, text_of
from readout.ingest.dm01.dates import published
from readout.ingest.dm01.figures import figures_of, names_of
from readout.ingest.dm01.layouts import LISTS
from readout.ingest.dm01.tables import NationalFile, provider_names

__all__ = ["NationalFile", "provider_names", "read_dm01"]


def read_dm01(path: Path, *, vintage: str | None = None) -> NationalFile:
    """Read one file of the return, whichever its layout (CSV, plain or gzipped; workbook).

    The vintage is `vintage`, else the date of revision or publication that the title cells state (ISO), else the file's name without
    its endings. Raises SourceError when the file is none of the layouts, is damaged, or does not say its month.
    """
    raw = path.read_bytes()
    if raw.startswith(WORKBOOK):
        table = from_workbook(raw, path.name)
    else:
        table = from_text(text_of(raw, path.name), path.name)
    if table.header.layout in LISTS:
        return names_of(table)
    stem = re.sub(r"(\.(csv|gz|txt|xlsx?))+$", "", path.name, flags=re.IGNORECASE)
    return figures_of(table, path.name, vintage or published(table.titles) or stem)
