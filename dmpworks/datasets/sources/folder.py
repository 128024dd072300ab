"""A source that is a folder on this machine, or one file."""

from collections.abc import Iterator
from contextlib import contextmanager
from os import stat_result
from pathlib import Path

from dmpworks.datasets.sources.source import CHECK_AND_RETRY, PIECE, Item, Stream, changed
from dmpworks.errors import DownloadError
from dmpworks.services.keys import is_key


class FolderSource:
    """A folder on this machine with all its subfolders, or one file."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._root = path.parent if path.is_file() else path
        self._only = path.name if path.is_file() else None
        if not path.exists():
            raise DownloadError("the source does not exist", on=self.address, next="give another folder or file: URL")

    def items(self) -> list[Item]:
        """Return all files except hidden ones and those beginning with "_", such as a phase's manifest."""
        if self._only:
            return [self._item(self._root / self._only)]
        paths = sorted(path for path in self._root.rglob("*") if path.is_file() and path.name[0] not in "._")
        return [self._item(path) for path in paths]

    def locate(self, name: str) -> str:
        """Return a file's full path."""
        return str(self._path(name).resolve())

    def _path(self, name: str) -> Path:
        """Return the path of a file; raises DownloadError for a name that leaves the folder."""
        if not is_key(name):
            raise DownloadError(
                "a name leaves the folder of the source", on=f"{self.address}: {name!r}", next=CHECK_AND_RETRY
            )
        return self._root / name

    @contextmanager
    def open(self, name: str, start: int = 0, etag: str | None = None) -> Iterator[Stream]:
        """Yield the Stream of one file; raises DownloadError if the file changes while it is read."""
        path = self._path(name)
        try:
            with path.open("rb") as file:
                file.seek(start)
                found = path.stat()
                yield Stream(found.st_size, iter(lambda: file.read(PIECE), b""), start, _etag(found))
            _check_same(path, etag or _etag(found))
        except FileNotFoundError as error:
            raise DownloadError("a file of the source does not exist", on=str(path), next=CHECK_AND_RETRY) from error

    def opened(self, item: Item) -> Path:
        """Return the path of a file; raises DownloadError if it has changed since it was listed."""
        path = self._path(item.name)
        try:
            _check_same(path, item.etag)
        except FileNotFoundError as error:
            raise DownloadError("a file of the source does not exist", on=str(path), next=CHECK_AND_RETRY) from error
        return path

    def _item(self, path: Path) -> Item:
        found = path.stat()
        return Item(path.relative_to(self._root).as_posix(), found.st_size, _etag(found))


def _etag(found: stat_result) -> str:
    """Return the modification time and size of a file, which change with its content."""
    return f"{found.st_mtime_ns:x}-{found.st_size:x}"


def _check_same(path: Path, etag: str | None) -> None:
    found = _etag(path.stat())
    if found != etag:
        raise changed(str(path), f"{found} instead of {etag}")
