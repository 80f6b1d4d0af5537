"""What the pages are made of. The only importer of streamlit in the package."""
