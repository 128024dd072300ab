"""Hashes that files must have, as people and APIs write them."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from dmpworks.errors import SettingsError

if TYPE_CHECKING:
    from hashlib import _Hash

ALGORITHMS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}  # by the number of hexadecimal digits


class Digest(NamedTuple):
    """A hash that a file must have: algorithm of hashlib and lower-case hexadecimal value."""

    algorithm: str
    value: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}"

    def hasher(self) -> "_Hash":
        """Return a fresh hash of this kind."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def read(self, pieces: Iterable[bytes]) -> str:
        """Return the value that some content has."""
        hasher = self.hasher()
        for piece in pieces:
            hasher.update(piece)
        return hasher.hexdigest()


def parse_digest(text: str | None, setting: str) -> Digest | None:
    """Read `md5:...`, `sha256:...` or a bare hexadecimal value (by its length); None for none; raises SettingsError."""
    if not text or not text.strip():
        return None
    prefix, _, value = text.strip().lower().rpartition(":")
    algorithm = ALGORITHMS.get(len(value))
    if algorithm is None or prefix not in ("", algorithm) or not set(value) <= set("0123456789abcdef"):
        raise SettingsError(
            "the hash cannot be understood",
            on=f"{setting}={text}",
            next="give md5:<32 digits>, sha1:<40>, sha256:<64>, sha512:<128> or just the hexadecimal digits",
        )
    return Digest(algorithm, value)


def digest_of(content: bytes) -> Digest:
    """Return the SHA-256 of some bytes."""
    return Digest("sha256", hashlib.sha256(content).hexdigest())
