"""Reading the TOML files that are shipped or lie beside a network file, and telling where in one an entry stands."""

import re
import tomllib
from pathlib import Path
from typing import Any

from readout.errors import CatalogueError


def read(path: Path) -> dict[str, Any]:
    """The contents of a TOML file. Raises CatalogueError, naming the file, where it is not one."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise CatalogueError(f"{path.name} is not valid TOML: {e}.") from e


def line(text: str, table: str | None, key: str = "") -> str:
    """Where a row of a TOML file stands: ', line 12'. Nothing where it cannot be found."""
    inside = table is None
    found = 0
    for number, row in enumerate(text.splitlines(), 1):
        head = re.match(r"\s*\[\s*\"?([^\]\"]+?)\"?\s*\]", row)
        if head:
            inside = head[1] == table
            found = number if inside else found
        elif inside and key and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", row):
            return f", line {number}"
    return f", line {found}" if found else ""
