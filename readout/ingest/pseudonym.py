"""Keyed hashes: identifiers become keys here and are not kept. HMAC-SHA-256 under a secret that never enters an extract."""

import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from readout.errors import PublishError

SAMPLE_SECRET = b"synthetic sample: no patient exists"
MINIMUM_BYTES = 16


@dataclass(frozen=True)
class Pseudonyms:
    """Makes keys. `id` names the secret without revealing it: another secret makes other keys, so staged files are not reused."""

    secret: bytes

    def __repr__(self) -> str:
        return f"Pseudonyms({self.id})"

    @property
    def id(self) -> str:
        return hmac.digest(self.secret, b"readout secret id", "sha256").hex()[:12]

    def key(self, *parts: str) -> int:
        """A 63-bit key of the parts, in their order."""
        return int.from_bytes(hmac.digest(self.secret, "\x1f".join(parts).encode(), "sha256")[:8]) >> 1

    def keys(self, texts: Iterable[str | None]) -> list[int | None]:
        """Keys of many texts; the same as `key` of the parts joined by the unit separator, with the padding hashed once."""
        block = self.secret if len(self.secret) <= 64 else hashlib.sha256(self.secret).digest()
        block = block.ljust(64, b"\0")
        inner_start = hashlib.sha256(bytes(b ^ 0x36 for b in block))
        outer_start = hashlib.sha256(bytes(b ^ 0x5C for b in block))
        made: list[int | None] = []
        for text in texts:
            if text is None:
                made.append(None)
                continue
            inner = inner_start.copy()
            inner.update(text.encode())
            outer = outer_start.copy()
            outer.update(inner.digest())
            made.append(int.from_bytes(outer.digest()[:8]) >> 1)
        return made

    def series(self, texts: pl.Series) -> pl.Series:
        """Keys of a text column; each different text is hashed once."""
        unique = texts.unique()
        if unique.len() > texts.len() // 2:
            return pl.Series(texts.name, self.keys(texts), dtype=pl.Int64)
        return texts.replace_strict(unique, pl.Series(self.keys(unique), dtype=pl.Int64), return_dtype=pl.Int64)


def load_secret(secret_file: Path | None, *, synthetic: bool) -> Pseudonyms:
    """The secret from a file, else READOUT_SECRET; a synthetic network needs none. No default exists for real data."""
    if secret_file is not None:
        try:
            secret = secret_file.read_bytes().strip()
        except OSError as e:
            raise PublishError(f"The secret file '{secret_file.name}' cannot be read ({e.strerror}). Check --secret-file.") from None
    else:
        secret = os.environ.get("READOUT_SECRET", "").strip().encode()
    if not secret and synthetic:
        return Pseudonyms(SAMPLE_SECRET)
    if not secret:
        raise PublishError(
            "No secret is set, so patient numbers could not be turned into keys. Set READOUT_SECRET, or give --secret-file FILE, and keep the secret outside the extract."
        )
    if len(secret) < MINIMUM_BYTES:
        raise PublishError(f"The secret is too short: {len(secret)} characters, {MINIMUM_BYTES} are needed. A long random line will do.")
    return Pseudonyms(secret)
