"""A source that is one file at an HTTP(S) URL; resumable if the server supports ranges."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

import httpx

from dmpworks.datasets.sources.source import CHECK_AND_RETRY, PIECE, Item, Stream, changed
from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.services import addresses

TIMEOUT = httpx.Timeout(60.0)  # seconds without any byte, not for the whole file
OVERLOADED = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)$")


class HttpSource:
    """One file at an HTTP(S) URL; its name is the last part of the URL's path."""

    def __init__(self, url: str) -> None:
        self.address = url
        self._name = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2]) or "download"

    def items(self) -> list[Item]:
        """Return the one file; its size is known only when it is opened."""
        return [Item(self._name)]

    def locate(self, name: str) -> str:
        """Return the URL."""
        return self.address

    @contextmanager
    def open(self, name: str, start: int = 0, etag: str | None = None) -> Iterator[Stream]:
        """Yield the Stream of the file, from `start` if the server can; raises DownloadError if it has changed."""
        # The published bytes are hashed, so the server must not compress them for the transfer.
        headers = {"Accept-Encoding": "identity"} | _range(start, etag)
        try:
            with (
                addresses.client(timeout=TIMEOUT) as client,
                client.stream("GET", self.address, headers=headers) as answer,
            ):
                self._check(answer, start)
                self._check_plain(answer)
                stream = _stream(answer)
                if etag and stream.etag and stream.etag != etag:
                    raise changed(self.address, f"{stream.etag} instead of {etag}")
                yield stream
        except (httpx.TransportError, httpx.InvalidURL, httpx.TooManyRedirects) as error:
            on = f"{self.address}: {error}"
            raise TemporaryError("the server could not be reached", on=on, next=CHECK_AND_RETRY) from error

    def _check(self, answer: httpx.Response, start: int) -> None:
        if answer.status_code == httpx.codes.OK:
            return
        if answer.status_code == httpx.codes.PARTIAL_CONTENT and _offset(answer) == start:
            return
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise changed(self.address, f"it no longer has byte {start:,}")
        kind = TemporaryError if answer.status_code in OVERLOADED else DownloadError
        on = f"{self.address}: HTTP {answer.status_code} {answer.reason_phrase}"
        raise kind("the server did not send the file", on=on, next=CHECK_AND_RETRY)

    def _check_plain(self, answer: httpx.Response) -> None:
        encoding = answer.headers.get("Content-Encoding", "identity")
        if encoding.strip().lower() != "identity":
            raise DownloadError(
                "the server sent the file compressed, not as it was published",
                on=f"{self.address}: Content-Encoding: {encoding}",
                next="give the address of the file itself, or download it with a browser and give its file: URL",
            )


def _range(start: int, etag: str | None) -> dict[str, str]:
    if not start:
        return {}
    # If-Range does not allow a weak ETag; the ETag of the response is compared in any case.
    condition = {"If-Range": etag} if etag and not etag.startswith("W/") else {}
    return {"Range": f"bytes={start}-"} | condition


def _stream(answer: httpx.Response) -> Stream:
    etag = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
    found = _RANGE.match(answer.headers.get("Content-Range", ""))
    if answer.status_code == httpx.codes.PARTIAL_CONTENT and found:
        return Stream(int(found[2]), _pieces(answer), int(found[1]), etag)
    stated = answer.headers.get("Content-Length", "")
    return Stream(int(stated) if stated.isdigit() else None, _pieces(answer), 0, etag)


def _offset(answer: httpx.Response) -> int | None:
    found = _RANGE.match(answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _pieces(answer: httpx.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_raw(PIECE)
    except httpx.RemoteProtocolError as error:
        raise EOFError(str(error)) from error
