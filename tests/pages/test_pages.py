"""Every page runs from the router without an exception, and shows a chart or a table."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT

PAGES = [p.relative_to(ROOT).as_posix() for p in sorted((ROOT / "pages").rglob("*.py"))]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs(path, sample_extract, monkeypatch):
    monkeypatch.setenv("READOUT_EXTRACTS", str(sample_extract.folder.parent))
    app = AppTest.from_file(str(ROOT / path), default_timeout=60)
    app.run()
    assert not app.exception, app.exception
    assert app.title and (app.dataframe or app.get("plotly_chart"))
