"""Which examinations the national return counts: the rules of `dm01_scope.toml`, shipped and beside the network file, as a table."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from readout import paths, schema
from readout.errors import CatalogueError, suggest

FILE = "dm01_scope.toml"
FIELDS = ("modality", "test", "exam_code", "name_contains")
TYPES = {c: pl.String for c in ("modality", "stands_beside", "test", "exam_code", "name_part")}


def return_scope(folder: Path) -> pl.DataFrame:
    """One row a rule and word or code: `rule_no` (the lowest that fits decides), `modality`, `stands_beside` (the test beside which the
    modality is shown), `test` (null: not in the return), `exam_code` and `name_part` (lower case; null: any).

    The rules of a file in `folder` come before the shipped ones. A wrong rule raises CatalogueError with its number.
    """
    files = [path for path in (folder / FILE, paths.QUERIES / FILE) if path.is_file()]
    rules = [(path.name, i, rule) for path in files for i, rule in enumerate(_rules(path), 1)]
    beside: dict[str, str] = {}
    rows: list[tuple[int, str, str | None, str | None, str | None]] = []
    for number, (file, i, rule) in enumerate(rules):
        where = f"{file}, rule {i}"
        _check(where, rule)
        modality, test = rule["modality"], rule.get("test")
        if test and beside.setdefault(modality, test) != test:
            raise CatalogueError(f"{where}: '{modality}' already stands beside '{beside[modality]}'. A modality stands beside one test.")
        words = [str(w).casefold() for w in rule.get("name_contains", [])]
        rows += [(number, modality, test, code, None) for code in rule.get("exam_code", [])]
        rows += [(number, modality, test, None, word) for word in words]
        if not words and not rule.get("exam_code"):
            rows.append((number, modality, test, None, None))
    odd = sorted({r[1] for r in rows} - set(beside))
    if odd:
        raise CatalogueError(f"{FILE}: no rule of '{odd[0]}' names a test. Name one, or leave the modality out: it is then not in the return.")
    full = [(n, modality, beside[modality], test, code, word) for n, modality, test, code, word in rows]
    return pl.DataFrame(full, schema={"rule_no": pl.Int64, **TYPES}, orient="row")


def _rules(path: Path) -> list[Mapping[str, Any]]:
    try:
        data = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise CatalogueError(f"{path.name} is not valid TOML: {e}.") from e
    rules = data.pop("rule", [])
    if data or not isinstance(rules, list):
        raise CatalogueError(f"{path.name}: it holds [[rule]] and nothing else.")
    return rules


def _check(where: str, rule: Mapping[str, Any]) -> None:
    unknown = [k for k in rule if k not in FIELDS]
    if unknown:
        raise CatalogueError(f"{where}: '{unknown[0]}' is not a field of a rule. {suggest(unknown[0], FIELDS)}")
    choices = (("modality", rule.get("modality", ""), schema.MODALITIES), ("test", rule.get("test", schema.IMAGING_TESTS[0]), schema.NATIONAL_TESTS.values()))
    for key, value, known in choices:
        if value not in known:
            raise CatalogueError(f"{where}: {key} '{value}' is not known. {suggest(str(value), known)}")
    for key in ("exam_code", "name_contains"):
        if not (isinstance(rule.get(key, []), list) and all(isinstance(v, str) and v for v in rule.get(key, []))):
            raise CatalogueError(f'{where}: {key} is a list of texts, as in ["first", "second"].')
