"""Who still reads an extract. Each reader shares a lock on `.readers/<extract id>`, and a prune must have it alone.

The system takes the lock back when its process ends, so a reader that crashed keeps nothing.
"""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from readout import files
from readout.errors import ExtractError

FOLDER = ".readers"
log = logging.getLogger("readout.engine.lease")


def declare(extracts: Path, extract_id: str) -> None:
    """Make the file that readers lock, so that one who may only read this folder finds it."""
    path = extracts / FOLDER / extract_id
    path.parent.mkdir(exist_ok=True)
    path.touch()


def take(extracts: Path, extract_id: str) -> int | None:
    """Keep an extract from being pruned until `release`. None, with a warning in the log, where this folder cannot hold a lock.

    Raises ExtractError where it was pruned just before.
    """
    handle = None
    try:
        handle = _opened(extracts / FOLDER / extract_id)
        files.lock(handle, shared=True, wait=True)
    except OSError as e:
        if handle is not None:
            os.close(handle)
        handle = None
        log.warning("Extract %s is read without a lease, and could be pruned once it is old: %s", extract_id, e.strerror or e)
    if not (extracts / extract_id / "manifest.json").is_file():
        release(handle)
        raise ExtractError(f"Extract '{extract_id}' was removed while it was being opened. Ask again: the live extract is another.")
    return handle


def release(handle: int | None) -> None:
    """Give a lease back."""
    if handle is not None:
        with contextlib.suppress(OSError):
            os.close(handle)


@contextlib.contextmanager
def held(extracts: Path, extract_id: str) -> Iterator[None]:
    """A lease for as long as the block runs."""
    handle = take(extracts, extract_id)
    try:
        yield
    finally:
        release(handle)


@contextlib.contextmanager
def alone(extracts: Path, extract_id: str) -> Iterator[bool]:
    """True where nobody reads the extract, and then nobody can begin to while the block runs. Where that cannot be told: False."""
    handle = None
    try:
        handle = _opened(extracts / FOLDER / extract_id)
        files.lock(handle)
        is_alone = True
    except OSError:
        is_alone = False
    try:
        yield is_alone
    finally:
        release(handle)


def is_in_use(extracts: Path, extract_id: str) -> bool:
    """True while a reader holds a lease on the extract."""
    if not (extracts / FOLDER / extract_id).is_file():
        return False
    with alone(extracts, extract_id) as nobody:
        return not nobody


def forget(extracts: Path, extract_id: str) -> None:
    """Remove the file of an extract that is gone."""
    with contextlib.suppress(OSError):
        (extracts / FOLDER / extract_id).unlink()


def _opened(path: Path) -> int:
    """The lock file, made where it may be; opened to read where this user may not write."""
    try:
        path.parent.mkdir(exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError:
        return os.open(path, os.O_RDONLY)
