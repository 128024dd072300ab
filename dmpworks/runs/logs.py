"""Lines of logs, from CloudWatch or from local runs, whose logs are objects beside the run's ledger."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from dmpworks.services.storage import Bucket


class Line(NamedTuple):
    """A line of a log, and when it was written, if known."""

    at: datetime | None
    text: str


class Log(Protocol):
    """A log that remembers how far it was read."""

    def more(self) -> Iterator[Line]:
        """Yield the lines not read yet; none if the log does not exist (yet)."""

    def last(self, count: int) -> list[Line]:
        """Return the last lines; none if the log does not exist."""


class LocalLog:
    """Log of a job of a local run: in a folder it grows during the job, on S3 it is uploaded at its end."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key
        self._read = 0  # bytes

    def more(self) -> Iterator[Line]:
        """Yield the complete lines not read yet."""
        try:
            new = self._bucket.get(self._key)[self._read :]
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            yield Line(None, line)

    def last(self, count: int) -> list[Line]:
        """Return the last lines; none if the log does not exist."""
        try:
            lines = self._bucket.get(self._key).decode(errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [Line(None, line) for line in lines[-count:]]
