"""A source that is a prefix of an S3 bucket, or one object."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, PreconditionError, UnauthenticatedError
from obstore.store import S3Store

from dmpworks.datasets.sources.source import CHECK_AND_RETRY, PIECE, Item, Stream, changed
from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.services.ranged import ObjectFile

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import S3Credential


@dataclass(frozen=True)
class Access:
    """How to access a source in S3: its region and credentials (by default those of this machine)."""

    region: str | None = None
    anonymous: bool = False
    requester_pays: bool = False
    credentials: "Callable[[], S3Credential] | None" = None  # called again when the credentials have expired


class S3Source:
    """All objects below a prefix of an S3 bucket, or one object."""

    def __init__(self, address: str, access: Access) -> None:
        parts = urlsplit(address)
        self.address, self.access, self.bucket = address, access, parts.netloc
        self._prefix = parts.path.strip("/")
        self._credentials = _Credentials(access.credentials) if access.credentials else None
        self._store = _open_store(parts.netloc, access, self._credentials)

    def items(self) -> list[Item]:
        """Return the objects below the prefix, or the object whose key is the prefix."""
        with _translate_errors(self.address, self._credentials):
            pages = list(obstore.list(self._store, prefix=self._prefix or None))
            found = [entry for page in pages for entry in page]
            if not found and self._prefix:
                found = [obstore.head(self._store, self._prefix)]
        items = (Item(self._name(entry["path"]), int(entry["size"]), entry["e_tag"]) for entry in found)
        return sorted(items, key=lambda item: item.name)

    def locate(self, name: str) -> str:
        """Return an object's s3:// address."""
        return f"s3://{self.bucket}/{self.key(name)}"

    @contextmanager
    def open(self, name: str, start: int = 0, etag: str | None = None) -> Iterator[Stream]:
        """Yield the Stream of one object; raises DownloadError if its ETag differs."""
        options: GetOptions = {"if_match": etag} if etag else {}
        if start:
            options["range"] = {"offset": start}
        with _translate_errors(f"{self.address} {name}", self._credentials):
            answer = obstore.get(self._store, self.key(name), options=options)
            pieces = (bytes(piece) for piece in answer.stream(min_chunk_size=PIECE))
            yield Stream(int(answer.meta["size"]), pieces, start, answer.meta["e_tag"])

    def opened(self, item: Item) -> ObjectFile:
        """Return an object to be read by ranges; each read raises DownloadError if the object has changed."""
        where = self.locate(item.name)
        return ObjectFile(
            self._store,
            self.key(item.name),
            item.size or 0,
            item.etag,
            partial(_translate_errors, where, self._credentials),
        )

    def _name(self, key: str) -> str:
        return key.rpartition("/")[2] if key == self._prefix else key[len(self._prefix) :].lstrip("/")

    def key(self, name: str) -> str:
        """Return the key of a file."""
        if not self._prefix:
            return name
        return self._prefix if self._prefix.rpartition("/")[2] == name else f"{self._prefix}/{name}"


class _Credentials:
    """Fetches credentials and keeps the failure: the store reports any failure, even an interrupt, as a refusal."""

    def __init__(self, ask: "Callable[[], S3Credential]") -> None:
        self._ask = ask
        self.failure: BaseException | None = None

    def __call__(self) -> "S3Credential":
        try:
            return self._ask()
        except BaseException as error:
            self.failure = error
            raise


def _open_store(bucket: str, access: Access, credentials: _Credentials | None) -> S3Store:
    # Plain HTTP is only used if AWS_ENDPOINT_URL is such an address (tests); those of AWS are HTTPS.
    options: dict[str, Any] = {"client_options": {"allow_http": True, "timeout": "1h", "read_timeout": "1min"}}
    if access.region:
        options["region"] = access.region
    if access.requester_pays:
        options["request_payer"] = True
    if access.anonymous:
        return S3Store(bucket, skip_signature=True, **options)
    if credentials:
        return S3Store(bucket, credential_provider=credentials, **options)
    from obstore.auth.boto3 import Boto3CredentialProvider

    return S3Store(bucket, credential_provider=Boto3CredentialProvider(), **options)


@contextmanager
def _translate_errors(where: str, credentials: _Credentials | None) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DownloadError("the source has no such object", on=where, next=CHECK_AND_RETRY) from error
    except PreconditionError as error:
        raise changed(where, "its ETag differs") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        if credentials and credentials.failure:
            raise credentials.failure from error
        raise DownloadError(
            "the source rejected these credentials", on=f"{where}: {_first_line(error)}", next="check the credentials"
        ) from error
    except BaseError as error:
        raise TemporaryError(
            "the source did not answer", on=f"{where}: {_first_line(error)}", next=CHECK_AND_RETRY
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
