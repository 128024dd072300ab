"""Asking web APIs politely: time-outs, patience with busy servers, a pause between requests, answers kept for later."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, TypeVar

import httpx
import msgspec

from dmpworks.errors import DmpworksError, JobError, TemporaryError
from dmpworks.services import addresses, retries
from dmpworks.services.storage import Bucket
from dmpworks.version import version

T = TypeVar("T")
Query = Mapping[str, str | int]

_TOO_MANY, _SERVER_ERROR, _ERROR = 429, 500, 400
# Bytes of an answer, inflated: a page of 500 records of NIH RePORTER, the largest that we ask for, has some 5 MB.
LARGEST_ANSWER = 64 * 1024 * 1024
ENCODINGS = ("identity", "gzip", "deflate")  # those that inflate a thousandfold at most
_SHOWN = 200  # characters of an answer that go into a message

# What the funders' and registries' guidelines ask for; hosts that are not listed get the default.
PAUSES: Mapping[str, float] = {
    "api.reporter.nih.gov": 1.0,
    "reporter.nih.gov": 1.0,
    "www.ncbi.nlm.nih.gov": 0.34,
    "pmc.ncbi.nlm.nih.gov": 0.34,
}


@dataclass(frozen=True)
class Manners:
    """Seconds: for one answer, before the second attempt, between attempts at most, between requests to one host."""

    timeout: float = 60.0
    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 120.0
    pause: float = 0.1
    pauses: Mapping[str, float] = field(default_factory=lambda: PAUSES)


class _Kept(msgspec.Struct):
    """An answer as it is stored in the bucket."""

    fetched: datetime
    request: str
    answer: msgspec.Raw


@dataclass(frozen=True)
class AnswerCache:
    """Answers of earlier runs, one object each below a prefix of the bucket."""

    bucket: Bucket
    prefix: str
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def get(self, request: str, fresh: timedelta) -> bytes | None:
        """Return the answer to a request unless it is older than that, unreadable or not there."""
        try:
            kept = msgspec.json.decode(self.bucket.get(self._key(request)), type=_Kept)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return bytes(kept.answer) if self.now() - kept.fetched <= fresh else None

    def put(self, request: str, answer: bytes) -> None:
        """Keep the answer (JSON) to a request."""
        kept = _Kept(self.now(), request, msgspec.Raw(answer))
        self.bucket.put(self._key(request), msgspec.json.encode(kept))

    def _key(self, request: str) -> str:
        return f"{self.prefix}/{hashlib.sha256(request.encode()).hexdigest()[:40]}.json"


class _Busy(Exception):
    """The server asks to come back later, after so many seconds if it says so."""

    def __init__(self, status: int, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.retry_after = retry_after


class Http:
    """A client for JSON APIs; raises TemporaryError when one stays busy or away, JobError when it says no."""

    def __init__(
        self, contact_email: str | None = None, cache: AnswerCache | None = None, manners: Manners = Manners()
    ) -> None:
        self.contact_email, self._cache, self._manners = contact_email, cache, manners
        contact = f" (mailto:{contact_email})" if contact_email else ""
        self._client = addresses.client(
            timeout=manners.timeout,
            headers={
                "User-Agent": f"dmpworks/{version()}{contact}",
                "Accept": "application/json",
                "Accept-Encoding": ", ".join(ENCODINGS),
            },
        )
        self._last: dict[str, float] = {}

    def get(self, url: str, query: Query, kind: type[T], fresh: timedelta = timedelta()) -> T:
        """Return the answer to a GET, decoded; one of an earlier run will do while it is fresh."""
        text = str(httpx.QueryParams(dict(query)))
        return self._answer(
            f"GET {url}?{text}", kind, fresh, partial(self._client.build_request, "GET", url, params=dict(query))
        )

    def post(self, url: str, body: Any, kind: type[T], fresh: timedelta = timedelta()) -> T:
        """Return the answer to a POST of JSON, decoded; one of an earlier run will do while it is fresh."""
        content = msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"}
        request = f"POST {url} {content.decode()}"
        return self._answer(
            request, kind, fresh, partial(self._client.build_request, "POST", url, content=content, headers=headers)
        )

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _answer(self, request: str, kind: type[T], fresh: timedelta, ask: Callable[[], httpx.Request]) -> T:
        kept = self._cache.get(request, fresh) if self._cache and fresh else None
        if kept is not None:
            try:
                return msgspec.json.decode(kept, type=kind)
            except msgspec.DecodeError:  # of a version of dmpworks that read less of it
                pass
        content = self._ask(request, ask)
        try:
            answer = msgspec.json.decode(content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            said = content[:_SHOWN].decode(errors="replace")
            raise _refused("the answer cannot be understood", f"{request}: {error}; it begins {said!r}") from error
        if self._cache and fresh:
            self._cache.put(request, content)
        return answer

    def _ask(self, request: str, ask: Callable[[], httpx.Request]) -> bytes:
        manners = self._manners
        try:
            for attempt in retries.attempts(
                lambda error: f"{_host(request)} is busy or does not answer ({error})",
                self._worth_another_attempt,
                attempts=manners.attempts,
                first_wait=manners.first_wait,
                longest_wait=manners.longest_wait,
                jitter=manners.first_wait,
            ):
                with attempt:
                    return self._once(request, ask)
        except (_Busy, httpx.HTTPError, httpx.InvalidURL) as error:
            raise _as_dmpworks_error(error, request) from error
        raise AssertionError("retries end with an answer or an error")

    def _once(self, request: str, ask: Callable[[], httpx.Request]) -> bytes:
        self._be_polite(_host(request))
        response = self._client.send(ask(), stream=True)
        try:
            return self._read(request, response)
        finally:
            response.close()

    def _read(self, request: str, response: httpx.Response) -> bytes:
        content = _limited(request, response)
        if response.status_code == _TOO_MANY or response.status_code >= _SERVER_ERROR:
            raise _Busy(response.status_code, _retry_after(response.headers.get("retry-after")))
        if response.status_code >= _ERROR:
            said = f"{request}: HTTP {response.status_code}: {content[:_SHOWN].decode(errors='replace')}"
            raise _refused("the server refused the request", said)
        return content

    def _be_polite(self, host: str) -> None:
        pause = self._manners.pauses.get(host, self._manners.pause)
        wait = self._last.get(host, -pause) + pause - time.monotonic()
        if wait > 0 and host in self._last:
            time.sleep(wait)
        self._last[host] = time.monotonic()

    def _worth_another_attempt(self, error: BaseException) -> bool | float:
        """Whether to ask again, after the seconds that the server names; not when they are more than we wait."""
        if isinstance(error, _Busy):
            return True if error.retry_after is None else _within(error.retry_after, self._manners.longest_wait)
        return _is_temporary(error)


def _host(request: str) -> str:
    return httpx.URL(request.split(" ")[1]).host


def _limited(request: str, response: httpx.Response) -> bytes:
    """Return the whole answer; raises JobError when it is longer than any that we ask for, or encoded otherwise."""
    if response.headers.get("Content-Encoding", "identity").strip().lower() not in ENCODINGS:
        raise _refused("the answer has an encoding that was not asked for", request)
    pieces: list[bytes] = []
    size = 0
    for piece in response.iter_bytes():  # a piece of the network inflates to some 60 MB at most
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST_ANSWER:
            raise _refused(f"the answer is larger than {LARGEST_ANSWER:,} bytes", request)
    return b"".join(pieces)


def _within(seconds: float, longest: float) -> bool | float:
    if seconds > longest:
        return False
    return seconds or True


def _is_temporary(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)


def _retry_after(value: str | None) -> float | None:
    """Seconds out of a Retry-After header, which holds seconds or a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def _as_dmpworks_error(error: Exception, request: str) -> DmpworksError:
    reason = f"{request}: {type(error).__name__.lstrip('_')}: {error}"
    if isinstance(error, _Busy) or _is_temporary(error):
        return TemporaryError("the server is busy or away", on=reason, next="run the job again later")
    return _refused("the request cannot be made", reason)


def _refused(what: str, on: str) -> JobError:
    return JobError(what, on=on, next="check the address in the settings; then run the job again")
