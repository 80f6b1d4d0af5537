"""Where pages, queries, adapters and the sample lie: in a checkout beside the package, in an installed wheel inside it."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = PACKAGE.parent
SITE = _CHECKOUT if (_CHECKOUT / "queries" / "metrics.toml").exists() else PACKAGE / "_site"

APP = SITE / "app.py"
PAGES = SITE / "pages"
QUERIES = SITE / "queries"
ADAPTERS = SITE / "adapters"
SAMPLE = SITE / "data" / "sample"
# The sample is published where it may be written: in the checkout, else among the user's own files.
SAMPLE_EXTRACTS = SAMPLE / "extracts" if SITE == _CHECKOUT else Path.home() / ".cache" / "readout" / "sample"
