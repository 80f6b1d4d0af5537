"""Every check, in the order that fails soonest: `python -m tests.everything`. With `--lint`, the ones that run no product code."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
LINT = (
    ("style", ["ruff", "check", "."]),
    ("types", ["mypy"]),
    ("floors", ["lint-imports"]),
    ("SQL style", ["sqruff", "lint", "queries"]),
)
TESTS = ("tests", ["pytest", "-n", "2", "--dist", "loadgroup", "--cov=readout", "--cov-report=term:skip-covered"])


def main() -> int:
    steps = [*LINT] if "--lint" in sys.argv else [*LINT, TESTS]
    failed = []
    if "--lint" not in sys.argv:
        _chromium()
    for name, (program, *arguments) in steps:
        print(f"== {name}: {program} {' '.join(arguments)}", flush=True)
        if subprocess.run([str(BIN / program), *arguments], cwd=ROOT, check=False).returncode:
            failed.append(name)
    print(f"== failed: {', '.join(failed)}" if failed else "== all checks are green", flush=True)
    return 1 if failed else 0


def _chromium() -> None:
    """The browser tests need Debian's chromium: install it where that is possible, else say what is skipped."""
    if shutil.which("chromium"):
        return
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("== installing chromium for the browser tests", flush=True)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
        subprocess.run(["apt-get", "update"], **quiet)  # type: ignore[call-overload]
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "chromium"], **quiet)  # type: ignore[call-overload]
    if not shutil.which("chromium"):
        print("== SKIPPED: browser tests, for want of chromium (on Debian: apt-get install chromium)", flush=True)


if __name__ == "__main__":
    sys.exit(main())
