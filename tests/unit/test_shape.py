"""What shape an extract has is worked out from what says it; one of another shape is refused before anything of it is read."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from readout import paths, schema
from readout.__main__ import main
from readout.engine import shape
from readout.engine.extract import Extract, open_extract
from readout.errors import ExtractError


def _types(path: Path) -> dict[str, str]:
    rows = duckdb.connect().execute("describe select * from read_parquet(?)", [str(path)]).fetchall()
    return {row[0]: row[1].lower().replace("timestamp with time zone", "timestamptz") for row in rows}


def test_every_published_table_has_the_columns_and_types_that_are_declared(sample_extract: Extract) -> None:
    """A column that no header names would change the shape, and nobody would know."""
    for name, path in sample_extract.tables.items():
        assert _types(path) == dict(shape.tables()[name]), f"'{name}': what says its columns and what is published differ"


def test_every_key_of_a_manifest_is_declared(sample_extract: Extract) -> None:
    manifest = sample_extract.manifest
    entries = {"": [manifest], "network": [manifest["network"]], "sites": manifest["sites"], "national": [manifest["national"]]}
    assert set(entries) == set(schema.MANIFEST)
    for name, keys in schema.MANIFEST.items():
        assert all(sorted(entry) == sorted(keys) for entry in entries[name]), name or "the manifest"


@pytest.fixture
def queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A copy of the queries to change, and nothing remembered of the real ones."""
    folder = shutil.copytree(paths.QUERIES, tmp_path / "queries")
    monkeypatch.setattr(paths, "QUERIES", folder)
    _forget()
    yield folder
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    shape.tables.cache_clear()
    shape.version.cache_clear()


@pytest.mark.parametrize("file", ["summary/activity_day.sql", "canonical/exam.sql", "summary/national_current.sql"])
def test_a_column_more_is_another_shape_and_a_comment_is_not(queries: Path, file: str) -> None:
    path, before = queries / file, shape.version()
    text = path.read_text("utf-8")
    path.write_text(f"-- And a word more.\n{text}\n", "utf-8")
    _forget()
    assert shape.version() == before
    path.write_text(text.replace("-- returns: ", "-- returns: is_new boolean, "), "utf-8")
    _forget()
    assert shape.version() != before


def test_a_key_more_in_the_manifest_is_another_shape(queries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shape.version()
    monkeypatch.setitem(schema.MANIFEST, "network", (*schema.MANIFEST["network"], "motto"))
    _forget()
    assert shape.version() != before


@pytest.mark.parametrize("said", ["000000000000", 10, None])
def test_an_extract_of_another_shape_is_refused_in_a_sentence(sample_extract: Extract, tmp_path: Path, capsys: pytest.CaptureFixture[str], said: Any) -> None:
    extracts = tmp_path / "extracts"
    copy = shutil.copytree(sample_extract.folder, extracts / sample_extract.id)
    (extracts / "CURRENT").write_text(f"{sample_extract.id}\n", "utf-8")
    manifest = copy / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(json.dumps({**sample_extract.manifest, "schema_version": said}), "utf-8")
    with pytest.raises(ExtractError, match="was made by another version of Readout and cannot be read by this one"):
        open_extract(extracts)
    for command in (["ask", "activity"], ["sql", "activity"], ["signals"]):
        assert main([*command, "--extracts", str(extracts)]) == 1
        assert "Publish again." in capsys.readouterr().err


def test_a_manifest_that_is_no_manifest_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "manifest.json").write_text("[]", "utf-8")
    with pytest.raises(ExtractError, match="a manifest that cannot be read"):
        open_extract(tmp_path, "x")
