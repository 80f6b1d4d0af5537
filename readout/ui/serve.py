"""Start the app: a streamlit server on this machine, told everything explicitly, so that it runs from any folder."""

import os
import subprocess
import sys
from pathlib import Path

THEME = {
    "theme.light.primaryColor": "#1f5f9f",
    "theme.light.textColor": "#060a0f",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#f3f5f7",
    "theme.dark.primaryColor": "#7fb4ea",
    "theme.dark.textColor": "#e8edf2",
    "theme.dark.backgroundColor": "#10171e",
    "theme.dark.secondaryBackgroundColor": "#1a232c",
}
OPTIONS = {
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "server.fileWatcherType": "none",
}


def command(port: int, address: str, headless: bool) -> list[str]:
    """The command line of the server."""
    options = {**OPTIONS, **THEME, "server.port": str(port), "server.address": address, "server.headless": str(headless).lower()}
    entry = Path(__file__).with_name("entry.py")
    return [sys.executable, "-m", "streamlit", "run", str(entry), *(f"--{k}={v}" for k, v in options.items())]


def serve(extracts: Path, *, port: int = 8501, address: str = "127.0.0.1", headless: bool = True) -> int:
    """Run until stopped; returns the server's exit code."""
    environment = {**os.environ, "READOUT_EXTRACTS": str(extracts.resolve())}
    try:
        return subprocess.run(command(port, address, headless), env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 0
