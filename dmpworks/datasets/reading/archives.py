"""Reads files inside zip and tar archives without unpacking them to disk."""

import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO, NamedTuple, TypeVar

from isal import igzip

from dmpworks.datasets.reading.json_arrays import ArrayLines
from dmpworks.datasets.reading.json_lines import PIECE, REPLACE, Batch, Undecoded, damaged, read_lines
from dmpworks.errors import DamagedFileError, first_few
from dmpworks.services.ranged import Openable, open_section

T = TypeVar("T")
BLOCK = tarfile.BLOCKSIZE
PADDING = 1024 * 1024  # bytes; tar writers pad to a block size, by default 10 kB
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
    """Return the names of the files in a zip; raises TransformError if it is no zip or truncated."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            return sorted(archive.namelist())
    except BROKEN_ZIP as error:
        raise unreadable(path, str(error)) from error


def read_zip_array(path: Openable, member: str, kind: type[T]) -> Iterator[Batch[T]]:
    """Yield the records of a JSON array in a zip, in batches; raises TransformError if it is damaged."""
    try:
        with path.open("rb") as whole, zipfile.ZipFile(whole) as archive, archive.open(member) as file:
            pieces = iter(lambda: file.read(PIECE), b"")
            yield from read_lines(ArrayLines(pieces), kind, f"{path.name}: {member}")
    except BROKEN_ZIP as error:  # a wrong CRC is detected only at the end of the member
        raise unreadable(path, str(error)) from error


def tar_members(path: Openable, needed: str) -> list[Member]:
    """Return the files in a tar, reading only its headers; raises TransformError if the tar is truncated.

    Members whose names end in `needed` must be regular files: a link would be skipped, a sparse file misread.
    """
    with path.open("rb") as file:
        try:
            with tarfile.open(fileobj=file, mode="r:") as archive:
                entries = list(archive)
                end = archive.offset
        except (tarfile.TarError, OSError) as error:
            raise unreadable(path, str(error)) from error
        members = [Member(entry.name, entry.offset_data, entry.size) for entry in entries if entry.isfile()]
        _check_end(path, file, end, len(members))
    if odd := [entry.name for entry in entries if entry.name.endswith(needed) and not _is_regular(entry)]:
        raise unreadable(path, f"not regular files: {first_few(odd, between=', ')}")
    return members


def _is_regular(entry: tarfile.TarInfo) -> bool:
    return entry.isdir() or (entry.isfile() and not entry.issparse())


def _check_end(path: Openable, file: IO[bytes], end: int, members: int) -> None:
    """Raise TransformError unless nothing but padding follows the last member.

    tarfile treats the end of the file, and any broken or empty header, as the end of the archive.
    """
    file.seek(end)
    if file.read(BLOCK) != bytes(BLOCK):
        raise unreadable(path, f"the archive's end is missing after {members:,} files")
    left = path.stat().st_size - file.tell()
    if left > PADDING or any(file.read(left)):
        reason = f"its end marker is after {members:,} files, but other data follows: a gap, or another archive"
        raise unreadable(path, reason)


def read_tar_lines(
    path: Openable, member: Member, kind: type[T], undecoded: Undecoded[T] | None = None
) -> Iterator[Batch[T]]:
    """Yield the records of a gzip JSON Lines file in a tar, as `read_gzip_lines` does."""
    name = f"{path.name}: {member.name}"
    if member.size == 0:
        raise damaged(name, "it is empty", 0)
    with open_section(path, member.offset, member.size) as file, igzip.GzipFile(fileobj=file, mode="rb") as stream:
        yield from read_lines(stream, kind, name, undecoded)


def unreadable(path: Openable, reason: str) -> DamagedFileError:
    """Return the error for an archive that cannot be read."""
    return DamagedFileError("an archive cannot be read", on=f"{path.name}: {reason}", next=REPLACE)
