"""Opens a source by its address, or a single file that stays at its source."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dmpworks.datasets.sources.folder import FolderSource
from dmpworks.datasets.sources.http import HttpSource
from dmpworks.datasets.sources.s3 import Access, S3Source
from dmpworks.datasets.sources.source import Item
from dmpworks.errors import DownloadError, TransformError
from dmpworks.jobs.manifest import File
from dmpworks.services.keys import is_key
from dmpworks.services.ranged import Openable


def open_source(address: str, access: Access | None = None) -> "FolderSource | HttpSource | S3Source":
    """Open a source by its address: `s3://`, `http(s)://`, a `file:` URL or a path; raises DownloadError."""
    scheme = urlsplit(address).scheme
    if scheme == "s3":
        return S3Source(address, access or Access())
    if scheme in ("http", "https"):
        return HttpSource(address)
    if scheme in ("", "file"):
        return FolderSource(_path(address))
    allowed = "give an s3://, https:// or file: URL, or a folder"
    raise DownloadError("the address of the source is of an unknown kind", on=address, next=allowed)


def check_in_place(files: Iterable[File], source: str | None) -> None:
    """Raise TransformError unless what was not copied is in the source that is set: a manifest may name any address."""
    for file in files:
        if file.in_place and not (file.origin and source and _is_in(file.origin.address, source)):
            raise TransformError(
                "a file to be read in place is not in the source that is set",
                on=f"{file.key}: {file.origin and file.origin.address}; the source is {source}",
                next="set the source that the download had, or run the download job again, then the transform",
            )


def _is_in(address: str, source: str) -> bool:
    """Return whether an address is that of a source, or of a file below it."""
    is_folder = urlsplit(source).scheme in ("", "file")
    base = str(_path(source).resolve()) if is_folder else source.rstrip("/")
    return address == base or (address.startswith(f"{base}/") and is_key(address[len(base) + 1 :]))


def open_in_place(file: File) -> Openable:
    """Open a file that stays at its source; reading raises DownloadError if it has changed since it was listed."""
    assert file.origin
    source = _origin_source(file.origin.address, Access(file.origin.region, file.origin.anonymous))
    return source.opened(Item(file.origin.address.rpartition("/")[2], file.size, file.origin.etag))


@cache
def _origin_source(address: str, access: Access) -> "FolderSource | S3Source":
    source = open_source(address, access)
    assert not isinstance(source, HttpSource), "only folders and buckets are read in place"
    return source


def _path(address: str) -> Path:
    parts = urlsplit(address)
    if parts.scheme != "file":
        return Path(address)
    host = "" if parts.netloc == "localhost" else parts.netloc  # file://demo/world means the relative demo/world
    return Path(unquote(host + parts.path))
