"""Objects read by ranges, as if they were files on disk: nothing is copied first.

What is read on in order is fetched in growing pieces, the next one while the last is worked on; what is read here and
there is fetched as asked for. Every request names the object's ETag, so an object that changes midway is noticed.
"""

import io
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

import obstore

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SMALLEST, LARGEST = 16 * 1024, 8 * 1024 * 1024  # bytes of one request, unless more is asked for
GROWTH = 4


class Measured(Protocol):
    """A file whose size is known."""

    @property
    def st_size(self) -> int:
        """The size in bytes."""


class Openable(Protocol):
    """A file that can be read: a path on disk, or an object in a bucket."""

    @property
    def name(self) -> str:
        """The last part of its path or key."""

    def open(self, mode: Any = "rb", /) -> Any:
        """Open it for reading; seekable."""

    def stat(self) -> Measured:
        """Return something that knows its size."""


class _Stat(NamedTuple):
    st_size: int


class ObjectFile(NamedTuple):
    """An object of a store, of that size and ETag; `translate_errors` turns the store's failures into ours."""

    store: "ObjectStore"
    key: str
    size: int
    etag: str | None
    translate_errors: Callable[[], AbstractContextManager[None]]

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]

    def stat(self) -> _Stat:
        """Return the part of the answer that states the size."""
        return _Stat(self.size)

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Open the object for reading at any place."""
        return io.BufferedReader(_Ranges(self, 0, self.size, SMALLEST), SMALLEST)

    def section(self, start: int, size: int) -> IO[bytes]:
        """Open some of the object as a file of its own, to be read from end to end."""
        return io.BufferedReader(_Ranges(self, start, min(start + size, self.size), LARGEST), SMALLEST)

    def fetch(self, start: int, end: int) -> memoryview:
        """Return the bytes from `start` to before `end`."""
        options: dict[str, Any] = {"range": (start, end)} | ({"if_match": self.etag} if self.etag else {})
        with self.translate_errors():
            return memoryview(obstore.get(self.store, self.key, options=options).bytes())  # type: ignore[arg-type]


def open_section(file: Openable, start: int, size: int) -> IO[bytes]:
    """Open some of a file as a file of its own, from `start` on."""
    if isinstance(file, ObjectFile):
        return file.section(start, size)
    return io.BufferedReader(_Window(file.open("rb"), start, size))


class _Window(io.RawIOBase):
    """Some bytes of a file on disk."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._left = file, size
        file.seek(start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        piece = self._file.read(min(len(buffer), self._left))
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Ranges(io.RawIOBase):
    """The bytes of an object from `start` to before `end`, fetched as they are read."""

    def __init__(self, file: ObjectFile, start: int, end: int, first: int) -> None:
        self._file, self._start, self._end = file, start, end
        self._at = start
        self._piece, self._piece_at = memoryview(b""), start
        self._ahead = first
        self._pool: ThreadPoolExecutor | None = None
        self._next: tuple[int, Future[memoryview]] | None = None  # where the piece under way begins

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        origin = {io.SEEK_SET: self._start, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        if origin + offset < self._start:
            raise OSError("a position before the beginning")
        self._at = origin + offset
        return self._at - self._start

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        if self._at >= self._end:
            return 0
        place = self._at - self._piece_at
        if not 0 <= place < len(self._piece):
            self._load(len(buffer))
            place = 0
        taken = self._piece[place : place + len(buffer)]
        buffer[: len(taken)] = taken
        self._at += len(taken)
        return len(taken)

    def _load(self, wanted: int) -> None:
        """Fetch the piece that begins here; read on in order, its successor is fetched meanwhile."""
        follows = self._at == self._piece_at + len(self._piece) and len(self._piece) > 0
        if follows:
            self._ahead = min(self._ahead * GROWTH, LARGEST)
        elif len(self._piece):
            self._ahead = SMALLEST
        waiting, self._next = self._next, None
        if waiting and waiting[0] == self._at:
            self._piece = waiting[1].result()
        else:
            self._piece = self._file.fetch(self._at, min(self._at + max(wanted, self._ahead), self._end))
        self._piece_at = self._at
        if follows and self._ahead == LARGEST:
            self._fetch_ahead(self._at + len(self._piece))

    def _fetch_ahead(self, start: int) -> None:
        if start >= self._end:
            return
        self._pool = self._pool or ThreadPoolExecutor(1)
        self._next = (start, self._pool.submit(self._file.fetch, start, min(start + LARGEST, self._end)))

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        self._piece, self._next = memoryview(b""), None
        super().close()
