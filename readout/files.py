"""Moving, removing and locking files, in the one way that holds on every system: Windows refuses what other systems allow."""

import contextlib
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

SPAN = 1 << 20  # bytes of a lock file: on Windows a reader locks one of them, and who wants the file alone locks all


def patiently(work: Callable[[], None], attempts: int = 10) -> None:
    """Do it; where the system refuses, again a little later: on Windows a reader or a virus scanner holds a file for an instant."""
    for attempt in range(attempts):
        try:
            return work()
        except PermissionError:
            if os.name != "nt" or attempt == attempts - 1:
                raise
            time.sleep(0.05 * (attempt + 1))


def replace(old: Path, new: Path) -> None:
    """Rename in one step, over what is there."""
    patiently(lambda: os.replace(old, new))


def remove(folder: Path) -> bool:
    """Remove a folder and what is in it, read-only files too. False where something would not go."""
    if os.name == "nt":  # there a read-only file cannot be removed, and what is published is read-only
        for path in folder.rglob("*"):
            with contextlib.suppress(OSError):
                path.chmod(0o666)
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def lock(handle: int, *, shared: bool = False, wait: bool = False) -> None:
    """Lock an open file, alone or with others; the lock ends with the handle, and so with its process however that ends.

    Raises BlockingIOError or PermissionError where another has it, another OSError where the file system has no locks.
    """
    if os.name != "nt":
        import fcntl

        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
        return
    import msvcrt

    for attempt in range(100 if wait else 10 if shared else 1):
        try:
            os.lseek(handle, random.randrange(SPAN) if shared else 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1 if shared else SPAN)  # type: ignore[attr-defined,unused-ignore]
            return
        except PermissionError:
            refused = attempt
            time.sleep(0.1 if wait else 0)
    raise BlockingIOError(f"locked by another, after {refused + 1} attempts")
