"""Where datasets come from: a folder or `file:` URL, HTTP(S), or an S3 bucket, behind one small interface.

A source lists what it holds and streams each file in pieces; foreign exceptions end here. Every failure that may pass
is a TemporaryError, one that will not is a DownloadError, and a stream that ends early is an EOFError.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

import httpx
import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from dmpworks.errors import DownloadError, TemporaryError

if TYPE_CHECKING:
    from obstore.store import S3Credential

PIECE = 1024 * 1024  # bytes; copying does no work per piece that would favour smaller ones
TIMEOUT = httpx.Timeout(60.0)  # seconds without a single byte, not for a whole file
OVERLOADED = frozenset({408, 425, 429, 500, 502, 503, 504})
AGAIN = "check the address and the network, then run the download job again"


class Item(NamedTuple):
    """A file of a source: its name below the source (with slashes), its size in bytes where the listing states it."""

    name: str
    size: int | None = None


class Stream(NamedTuple):
    """An opened file: the size in bytes that the source states, and its content in pieces."""

    size: int | None
    pieces: Iterator[bytes]


class Source(Protocol):
    """A place that files are copied from."""

    @property
    def address(self) -> str:
        """What messages call this source."""

    def items(self) -> list[Item]:
        """Return every file, sorted by name; raises DownloadError or TemporaryError."""

    def open(self, name: str) -> Any:
        """Return a context manager that yields the Stream of one file."""


@dataclass(frozen=True)
class Access:
    """How to reach a source in S3: its region, and as whom (by default with the credentials of this machine)."""

    region: str | None = None
    anonymous: bool = False
    requester_pays: bool = False
    credentials: "Callable[[], S3Credential] | None" = None  # asked again whenever what it gave has expired


def open_source(address: str, access: Access | None = None) -> Source:
    """Open a source by its address: `s3://`, `http(s)://`, a `file:` URL or a path; raises DownloadError."""
    scheme = urlsplit(address).scheme
    if scheme == "s3":
        return S3Source(address, access or Access())
    if scheme in ("http", "https"):
        return HttpSource(address)
    if scheme in ("", "file"):
        return FolderSource(_path(address))
    allowed = "give an s3://, https:// or file: URL, or a folder"
    raise DownloadError("the source has an unknown kind of address", on=address, next=allowed)


def read(source: Source, name: str) -> bytes:
    """Return a small file of a source (a manifest, a status) whole."""
    with source.open(name) as stream:
        return b"".join(stream.pieces)


class FolderSource:
    """A folder on this machine with all below it, or one file."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._root = path.parent if path.is_file() else path
        self._only = path.name if path.is_file() else None
        if not path.exists():
            raise DownloadError("the source does not exist", on=self.address, next="give another folder or file: URL")

    def items(self) -> list[Item]:
        """Return every file but hidden ones and the manifest of a phase."""
        if self._only:
            return [Item(self._only, (self._root / self._only).stat().st_size)]
        paths = sorted(path for path in self._root.rglob("*") if path.is_file() and path.name[0] not in "._")
        return [Item(path.relative_to(self._root).as_posix(), path.stat().st_size) for path in paths]

    @contextmanager
    def open(self, name: str) -> Iterator[Stream]:
        """Yield one file's Stream."""
        path = self._root / name
        try:
            with path.open("rb") as file:
                yield Stream(path.stat().st_size, iter(lambda: file.read(PIECE), b""))
        except FileNotFoundError as error:
            raise DownloadError("a file of the source does not exist", on=str(path), next=AGAIN) from error


class HttpSource:
    """One file behind an HTTP(S) URL; its name is the last part of the URL's path."""

    def __init__(self, url: str) -> None:
        self.address = url
        self._name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]) or "download"

    def items(self) -> list[Item]:
        """Return the one file, of a size that is known only once it is opened."""
        return [Item(self._name)]

    @contextmanager
    def open(self, name: str) -> Iterator[Stream]:
        """Yield the file's Stream."""
        # What is hashed must be the bytes as published, so no transfer compression.
        headers = {"Accept-Encoding": "identity"}
        try:
            with httpx.stream("GET", self.address, headers=headers, timeout=TIMEOUT, follow_redirects=True) as answer:
                self._check(answer)
                stated = answer.headers.get("Content-Length", "")
                yield Stream(int(stated) if stated.isdigit() else None, _http_pieces(answer))
        except (httpx.TransportError, httpx.InvalidURL, httpx.TooManyRedirects) as error:
            on = f"{self.address}: {error}"
            raise TemporaryError("the server could not be reached", on=on, next=AGAIN) from error

    def _check(self, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.OK:
            return
        kind = TemporaryError if answer.status_code in OVERLOADED else DownloadError
        on = f"{self.address}: HTTP {answer.status_code} {answer.reason_phrase}"
        raise kind("the server did not send the file", on=on, next=AGAIN)


def _http_pieces(answer: httpx.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_raw(PIECE)
    except httpx.RemoteProtocolError as error:
        raise EOFError(str(error)) from error


class S3Source:
    """All objects below a prefix of an S3 bucket, or one object."""

    def __init__(self, address: str, access: Access) -> None:
        parts = urlsplit(address)
        self.address = address
        self._prefix = parts.path.strip("/")
        self._store = _open_store(parts.netloc, access)

    def items(self) -> list[Item]:
        """Return the objects below the prefix, or the object of that very key."""
        with _told(self.address):
            pages = list(obstore.list(self._store, prefix=self._prefix or None))
            found = sorted((str(entry["path"]), int(entry["size"])) for page in pages for entry in page)
            if not found and self._prefix:
                entry = obstore.head(self._store, self._prefix)
                found = [(str(entry["path"]), int(entry["size"]))]
        return [Item(self._name(key), size) for key, size in found]

    @contextmanager
    def open(self, name: str) -> Iterator[Stream]:
        """Yield one object's Stream."""
        with _told(f"{self.address} {name}"):
            answer = obstore.get(self._store, self._key(name))
            yield Stream(int(answer.meta["size"]), (bytes(piece) for piece in answer.stream(min_chunk_size=PIECE)))

    def _name(self, key: str) -> str:
        return key.rpartition("/")[2] if key == self._prefix else key[len(self._prefix) :].lstrip("/")

    def _key(self, name: str) -> str:
        if not self._prefix:
            return name
        return self._prefix if self._prefix.rpartition("/")[2] == name else f"{self._prefix}/{name}"


def _open_store(bucket: str, access: Access) -> S3Store:
    # Plain HTTP only ever happens when AWS_ENDPOINT_URL names such an address (moto): AWS's own are HTTPS.
    options: dict[str, Any] = {"client_options": {"allow_http": True, "timeout": "1h"}}
    if access.region:
        options["region"] = access.region
    if access.requester_pays:
        options["request_payer"] = True
    if access.anonymous:
        return S3Store(bucket, skip_signature=True, **options)
    if access.credentials:
        return S3Store(bucket, credential_provider=access.credentials, **options)
    from obstore.auth.boto3 import Boto3CredentialProvider

    return S3Store(bucket, credential_provider=Boto3CredentialProvider(), **options)


@contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DownloadError("the source holds no such object", on=where, next=AGAIN) from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise DownloadError(
            "the source refuses these credentials", on=f"{where}: {_first_line(error)}", next="check the credentials"
        ) from error
    except BaseError as error:
        raise TemporaryError("the source did not answer", on=f"{where}: {_first_line(error)}", next=AGAIN) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]


def _path(address: str) -> Path:
    parts = urlsplit(address)
    if parts.scheme != "file":
        return Path(address)
    host = "" if parts.netloc == "localhost" else parts.netloc  # file://demo/world means the relative demo/world
    return Path(unquote(host + parts.path))
