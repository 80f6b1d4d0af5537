"""The shape of an extract: its tables with their columns and types, and the keys of its manifest. Another shape cannot be read.

Worked out from what says it (the headers of the queries that build tables, and the schema), so that nobody has to remember a number.
"""

import hashlib
from collections.abc import Mapping
from functools import cache

from readout import paths, schema
from readout.engine.query_file import load_queries, load_query

BUILT = ("exam", "peer_review")  # of the canonical queries, those whose rows are published


@cache
def tables() -> Mapping[str, Mapping[str, str]]:
    """Column types by table: of every table that an extract may hold."""
    canonical = [load_query(paths.QUERIES / "canonical" / f"{name}.sql") for name in BUILT]
    built = {q.name: dict(q.returns) for q in (*canonical, *load_queries(paths.QUERIES / "summary").values())}
    return {**{name: dict(columns) for name, columns in schema.NETWORK_TABLES.items()}, **built}


@cache
def version() -> str:
    """Twelve hexadecimal digits that change with the shape and with nothing else."""
    said = [(name, list(columns.items())) for name, columns in sorted(tables().items())]
    return hashlib.sha256(repr((said, schema.MANIFEST)).encode()).hexdigest()[:12]
