"""The interface of a source of files: it lists them, and streams each one from any offset.

Foreign exceptions end in a source. A failure that may pass is a TemporaryError, any other one a DownloadError, and a
stream that ends early an EOFError.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from dmpworks.errors import DownloadError

PIECE = 1024 * 1024  # bytes; copying does no work per piece that would favour smaller ones
LARGEST_READ = 64 * 1024 * 1024  # bytes of a file that is read whole; the manifest of OpenAlex has some 1 MB
CHECK_AND_RETRY = "check the address and the network, then run the download job again"


@dataclass(frozen=True)
class Item:
    """A file of a source: its path below the source, and its size in bytes if the listing states it.

    `etag` is any text that changes when the content of the file changes.
    """

    name: str
    size: int | None = None
    etag: str | None = field(default=None, compare=False)


class Stream(NamedTuple):
    """An opened file: its total size if stated, its content in pieces from offset `start` on, and its ETag."""

    size: int | None
    pieces: Iterator[bytes]
    start: int = 0
    etag: str | None = None


class Source(Protocol):
    """A place that files are copied from."""

    @property
    def address(self) -> str:
        """The address of this source, as shown in messages."""

    def items(self) -> list[Item]:
        """Return every file, sorted by name; raises DownloadError or TemporaryError."""

    def locate(self, name: str) -> str:
        """Return the address of one file."""

    def open(self, name: str, start: int = 0, etag: str | None = None) -> Any:
        """Return a context manager that yields the Stream of one file; raises DownloadError if its ETag differs.

        A source that cannot begin at `start` begins at 0.
        """


def read(source: Source, name: str) -> bytes:
    """Return a small file of a source (a manifest, a status) whole; raises DownloadError when it is not small."""
    content = bytearray()
    with source.open(name) as stream:
        for piece in stream.pieces:
            content += piece
            if len(content) > LARGEST_READ:
                on = f"{source.address} {name}: more than {LARGEST_READ:,} bytes"
                raise DownloadError(
                    "a file of the source is too large for what it should be", on=on, next=CHECK_AND_RETRY
                )
    return bytes(content)


def changed(where: str, how: str) -> DownloadError:
    """Return the error for a source file that changed while it was read."""
    return DownloadError("a file of the source has changed", on=f"{where}: {how}", next="run the download job again")
