"""Files inside zip and tar archives, read in place: nothing is unpacked to disk."""

import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from isal import igzip

from dmpworks.datasets.arrays import ArrayLines
from dmpworks.datasets.lines import PIECE, Batch, read_lines
from dmpworks.errors import TransformError

T = TypeVar("T")
BLOCK = tarfile.BLOCKSIZE
# A damaged header may also state an offset before the file, a method that does not exist, or encryption.
BROKEN_ZIP = (zipfile.BadZipFile, OSError, RuntimeError)


class Member(NamedTuple):
    """A file inside a tar: its name, where its bytes begin, and how many there are."""

    name: str
    offset: int
    size: int

    def __str__(self) -> str:
        return self.name


def zip_members(path: Path) -> list[str]:
    """Return the names of the files in a zip; raises TransformError when it is none or cut short."""
    try:
        with zipfile.ZipFile(path) as archive:
            return sorted(archive.namelist())
    except BROKEN_ZIP as error:
        raise unreadable(path, str(error)) from error


def read_zip_array(path: Path, member: str, kind: type[T]) -> Iterator[Batch[T]]:
    """Yield the records of a JSON array in a zip; raises TransformError where it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(member) as file:
            pieces = iter(lambda: file.read(PIECE), b"")
            yield from read_lines(ArrayLines(pieces), kind, f"{path.name}: {member}")
    except BROKEN_ZIP as error:  # a wrong CRC is known at the member's end only
        raise unreadable(path, str(error)) from error


def tar_members(path: Path) -> list[Member]:
    """Return the files in a tar by hopping from header to header; raises TransformError when it is cut short."""
    try:
        with tarfile.open(path, "r:") as archive:
            members = [Member(entry.name, entry.offset_data, entry.size) for entry in archive if entry.isfile()]
            end = archive.offset
    except (tarfile.TarError, OSError) as error:
        raise unreadable(path, str(error)) from error
    # tarfile takes the end of the file, and any broken header, for the end of the archive: only zeros are that.
    with path.open("rb") as file:
        file.seek(end)
        if file.read(BLOCK) != bytes(BLOCK):
            raise unreadable(path, f"the archive's end is missing after {len(members):,} files")
    return members


def read_tar_lines(path: Path, member: Member, kind: type[T]) -> Iterator[Batch[T]]:
    """Yield the records of a gzip JSON Lines file in a tar; raises TransformError where it is damaged."""
    with path.open("rb") as file:
        window = io.BufferedReader(_Window(file, member))
        with igzip.GzipFile(fileobj=window, mode="rb") as stream:
            yield from read_lines(stream, kind, f"{path.name}: {member.name}")


class _Window(io.RawIOBase):
    """The bytes of one member, as a file of their own."""

    def __init__(self, file: IO[bytes], member: Member) -> None:
        self._file, self._left = file, member.size
        file.seek(member.offset)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview[int]", /) -> int:  # type: ignore[override]
        piece = self._file.read(min(len(buffer), self._left))
        buffer[: len(piece)] = piece
        self._left -= len(piece)
        return len(piece)


def unreadable(path: Path, reason: str) -> TransformError:
    """Return the error of an archive that cannot be opened."""
    return TransformError(
        "an archive cannot be read", on=f"{path.name}: {reason}", next="run the download job again, then the transform"
    )
