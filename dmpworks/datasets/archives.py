"""Files inside zip and tar archives, read in place: nothing is unpacked to disk."""

import tarfile
import zipfile
from collections.abc import Iterator
from typing import NamedTuple, TypeVar

from isal import igzip

from dmpworks.datasets.arrays import ArrayLines
from dmpworks.datasets.lines import PIECE, Batch, Undecoded, read_lines
from dmpworks.errors import TransformError
from dmpworks.services.ranged import Openable, open_section

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


def zip_members(path: Openable) -> list[str]:
    """Return the names of the files in a zip; raises TransformError when it is none or cut short."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return sorted(archive.namelist())
    except BROKEN_ZIP as error:
        raise unreadable(path, str(error)) from error


def read_zip_array(path: Openable, member: str, kind: type[T]) -> Iterator[Batch[T]]:
    """Yield the records of a JSON array in a zip; raises TransformError where it is damaged."""
    try:
        with path.open("rb") as whole, zipfile.ZipFile(whole) as archive, archive.open(member) as file:
            pieces = iter(lambda: file.read(PIECE), b"")
            yield from read_lines(ArrayLines(pieces), kind, f"{path.name}: {member}")
    except BROKEN_ZIP as error:  # a wrong CRC is known at the member's end only
        raise unreadable(path, str(error)) from error


def tar_members(path: Openable) -> list[Member]:
    """Return the files in a tar by hopping from header to header; raises TransformError when it is cut short."""
    with path.open("rb") as file:
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                members = [Member(entry.name, entry.offset_data, entry.size) for entry in archive if entry.isfile()]
                end = archive.offset
        except (tarfile.TarError, OSError) as error:
            raise unreadable(path, str(error)) from error
        # tarfile takes the end of the file, and any broken header, for the end of the archive: only zeros are that.
        file.seek(end)
        if file.read(BLOCK) != bytes(BLOCK):
            raise unreadable(path, f"the archive's end is missing after {len(members):,} files")
    return members


def read_tar_lines(
    path: Openable, member: Member, kind: type[T], undecoded: Undecoded[T] | None = None
) -> Iterator[Batch[T]]:
    """Yield the records of a gzip JSON Lines file in a tar, as `read_gzip_lines` does."""
    with open_section(path, member.offset, member.size) as file, igzip.GzipFile(fileobj=file, mode="rb") as stream:
        yield from read_lines(stream, kind, f"{path.name}: {member.name}", undecoded)


def unreadable(path: Openable, reason: str) -> TransformError:
    """Return the error of an archive that cannot be opened."""
    return TransformError(
        "an archive cannot be read", on=f"{path.name}: {reason}", next="run the download job again, then the transform"
    )
