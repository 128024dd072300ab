"""Lines of logs, wherever they lie; those of local runs are objects beside the run's ledger."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, Protocol

from dmpworks.services.storage import Bucket


class Line(NamedTuple):
    """A line of a log, and when it was written, where that is known."""

    at: datetime | None
    text: str


class Log(Protocol):
    """A log that is read on from where it was read to."""

    def more(self) -> Iterator[Line]:
        """Yield the lines that were not read yet; none where the log is not there (yet)."""

    def last(self, count: int) -> list[Line]:
        """Return the last lines; none where the log is not there."""


class LocalLog:
    """The log of a job of a local run: in a folder it grows while the job runs, on S3 it is there at its end."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self._key = bucket, key
        self._read = 0  # bytes

    def more(self) -> Iterator[Line]:
        """Yield the whole lines that were not read yet."""
        try:
            new = self._bucket.get(self._key)[self._read :]
        except FileNotFoundError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            yield Line(None, line)

    def last(self, count: int) -> list[Line]:
        """Return the last lines; none where the log is not there."""
        try:
            lines = self._bucket.get(self._key).decode(errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [Line(None, line) for line in lines[-count:]]
