"""What a source of files is: it lists them, and streams each from any place on.

Foreign exceptions end in a source. Every failure that may pass is a TemporaryError, one that will not is a
DownloadError, and a stream that ends early is an EOFError.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from dmpworks.errors import DownloadError

PIECE = 1024 * 1024  # bytes; copying does no work per piece that would favour smaller ones
LARGEST_READ = 64 * 1024 * 1024  # bytes of a file that is read whole; the manifest of OpenAlex has some 1 MB
AGAIN = "check the address and the network, then run the download job again"


@dataclass(frozen=True)
class Item:
    """A file of a source: its name below the source (with slashes), and its size in bytes where the listing states it.

    `etag` is whatever tells one content of that name from another.
    """

    name: str
    size: int | None = None
    etag: str | None = field(default=None, compare=False)


class Stream(NamedTuple):
    """An opened file: its whole size where it is stated, its content in pieces from `start` on, and its ETag."""

    size: int | None
    pieces: Iterator[bytes]
    start: int = 0
    etag: str | None = None


class Source(Protocol):
    """A place that files are copied from."""

    @property
    def address(self) -> str:
        """What messages call this source."""

    def items(self) -> list[Item]:
        """Return every file, sorted by name; raises DownloadError or TemporaryError."""

    def locate(self, name: str) -> str:
        """Return the address of one file."""

    def open(self, name: str, start: int = 0, etag: str | None = None) -> Any:
        """Return a context manager that yields the Stream of one file; raises DownloadError when its ETag is another.

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
                raise DownloadError("a file of the source is too large for what it should be", on=on, next=AGAIN)
    return bytes(content)


def changed(where: str, how: str) -> DownloadError:
    """Return the error of a file that is another one than it was at first."""
    return DownloadError("a file of the source has changed", on=f"{where}: {how}", next="run the download job again")
