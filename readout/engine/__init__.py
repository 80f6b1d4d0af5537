"""Published extracts, the locked-down engine that reads them, and one SQL file."""
