"""Expected hashes of files, in the notations that settings and APIs use."""

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
        """Return a new hash object of this algorithm."""
        return hashlib.new(self.algorithm, usedforsecurity=False)

    def read(self, pieces: Iterable[bytes]) -> str:
        """Return the hexadecimal hash of some content."""
        hasher = self.hasher()
        for piece in pieces:
            hasher.update(piece)
        return hasher.hexdigest()


def parse_digest(text: str | None, setting: str) -> Digest | None:
    """Parse `md5:...`, `sha256:...` or a bare hexadecimal value, whose length then says the algorithm.

    Return None for an empty text; raises SettingsError for anything else. `setting` is the name used in that error.
    """
    if not text or not text.strip():
        return None
    prefix, _, value = text.strip().lower().rpartition(":")
    algorithm = ALGORITHMS.get(len(value))
    if algorithm is None or prefix not in ("", algorithm) or not set(value) <= set("0123456789abcdef"):
        raise SettingsError(
            "the hash is not valid",
            on=f"{setting}={text}",
            next="give md5:<32 digits>, sha1:<40>, sha256:<64>, sha512:<128> or only the hexadecimal digits",
        )
    return Digest(algorithm, value)


def digest_of(content: bytes) -> Digest:
    """Return the SHA-256 of some bytes."""
    return Digest("sha256", hashlib.sha256(content).hexdigest())
