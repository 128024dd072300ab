"""The ledger in the bucket: `runs/<chain>/<run id>/<number>.json`, one event per object, never changed.

An event is created only if its number is free, in a folder as on S3: of two concurrent writers, one takes the number.
"""

import getpass
import re
import socket
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from dmpworks.errors import LedgerError, SettingsError
from dmpworks.runs.ledger.events import AnyEvent, Ended, Started
from dmpworks.runs.ledger.fold import fold
from dmpworks.runs.ledger.state import RunState
from dmpworks.services.storage import Bucket

ROOT = "runs"
KEY = re.compile(rf"{ROOT}/([^/]+)/([^/]+)/(\d{{6}})\.json")
NAME = re.compile(r"[A-Za-z0-9-]+")
AT_ONCE = 16  # concurrent reads of small objects: on S3 each takes tens of milliseconds
LATEST = "latest"


class _Moment(msgspec.Struct):
    at: datetime


_DECODER: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class RunName(NamedTuple):
    """Identity of a run; as text `<chain>/<run id>`."""

    chain: str
    run_id: str

    def __str__(self) -> str:
        return f"{self.chain}/{self.run_id}"


def now() -> datetime:
    """Return the current time, in UTC."""
    return datetime.now(UTC)


def who() -> str:
    """Return `user@host`, the writer recorded in events and locks."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        user = "container"
    return f"{user}@{socket.gethostname()}"


class Ledger:
    """The events of one run. Each event is read from the bucket once: events never change."""

    def __init__(self, bucket: Bucket, run: RunName) -> None:
        self.bucket, self.run = bucket, run
        self._seen: dict[str, AnyEvent] = {}

    @property
    def folder(self) -> str:
        """Key prefix of the run's ledger; logs of local runs are stored below it."""
        return f"{ROOT}/{self.run.chain}/{self.run.run_id}"

    def events(self) -> list[AnyEvent]:
        """Return all events in order; raises LedgerError if one cannot be decoded."""
        return list(self._events().values())

    def state(self) -> RunState:
        """Return the fold of all events."""
        return fold(*self.run, self.events())

    def append(self, event: AnyEvent) -> RunState:
        """Write an event and return the state after it; raises LedgerError if it cannot follow the events before it."""
        while True:
            earlier = self._events()
            state = fold(*self.run, [*earlier.values(), event])
            if self._created(_free(earlier), event):
                return state

    def append_unchecked(self, event: Started | Ended) -> None:
        """Write the start or end of an attempt without reading the other events.

        The start of an attempt may follow any event, and its end may follow its start, so there is nothing to check.
        With ten thousand shards, reading all events for each would be quadratic.
        """
        number = _free(self._keys())
        while not self._created(number, event):
            number += 1

    def key(self, number: int) -> str:
        """Return the key of an event by its number, from 1."""
        return f"{self.folder}/{number:06}.json"

    def log_key(self, submission: int, job: str) -> str:
        """Return the key of the log of a job of a local run."""
        return f"{self.folder}/logs/{submission}-{job}.txt"

    def _created(self, number: int, event: AnyEvent) -> bool:
        """Create an event under this number; return False if another writer took the number first."""
        key, data = self.key(number), msgspec.json.encode(event)
        try:
            self.bucket.create(key, data)
        except FileExistsError:
            # equal content: our own write, repeated by the storage client after its first response was lost
            if self.bucket.get(key) != data:
                return False
        self._seen[key] = event
        return True

    def _keys(self) -> list[str]:
        return [key for key, _ in self.bucket.list(self.folder) if KEY.fullmatch(key)]

    def _events(self) -> dict[str, AnyEvent]:
        keys = self._keys()
        new = [key for key in keys if key not in self._seen]
        self._seen |= zip(new, _read(self.bucket, new), strict=True)
        return {key: self._seen[key] for key in keys}


def run_names(bucket: Bucket, chain: str | None = None) -> list[RunName]:
    """Return every run that has a ledger, sorted by chain and run id."""
    return sorted(_last_events(bucket, chain))


def newest_runs(bucket: Bucket, chain: str | None = None, limit: int | None = None) -> list[RunName]:
    """Return runs, newest last event first; a run whose last event cannot be decoded comes first."""
    last = _last_events(bucket, chain)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        moments = pool.map(lambda key: _moment(bucket.get(key)), last.values())
        newest = sorted(zip(moments, last, strict=True), reverse=True)
    return [run for _, run in newest[:limit]]


def states(bucket: Bucket, runs: Iterable[RunName]) -> list[RunState]:
    """Return the states of several runs, read concurrently."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda run: Ledger(bucket, run).state(), runs))


def find_run(bucket: Bucket, text: str) -> RunName:
    """Return the run that `latest`, `CHAIN/latest` or `CHAIN/RUN-ID` names; raises SettingsError if there is none."""
    chain, _, run_id = text.rpartition("/")
    if not all(NAME.fullmatch(part) for part in text.split("/")):
        raise _no_run(bucket, text)
    if run_id != LATEST:
        run = RunName(chain, run_id)
        if run in _last_events(bucket, chain):
            return run
        raise _no_run(bucket, text)
    newest = newest_runs(bucket, chain or None)
    if not newest:
        raise _no_run(bucket, text)
    return newest[0]


def _no_run(bucket: Bucket, text: str) -> SettingsError:
    known = ", ".join(map(str, run_names(bucket)[-5:]))
    return SettingsError(
        f"there is no run {text}",
        on=f"the ledger in {bucket.name}; it has {known or 'no runs yet'}",
        next="give latest, CHAIN/latest or CHAIN/RUN-ID; dmpworks runs list shows them",
    )


def _free(keys: Iterable[str]) -> int:
    """Return the number after the highest of these keys."""
    numbers = (int(key.rpartition("/")[2].removesuffix(".json")) for key in keys)
    return max(numbers, default=0) + 1


def _last_events(bucket: Bucket, chain: str | None) -> dict[RunName, str]:
    matches = (KEY.fullmatch(key) for key, _ in bucket.list(f"{ROOT}/{chain}" if chain else ROOT))
    return {RunName(match[1], match[2]): match[0] for match in matches if match}


def _read(bucket: Bucket, keys: Sequence[str]) -> list[AnyEvent]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [_decoded(bucket, key, data) for key, data in zip(keys, pool.map(bucket.get, keys), strict=True)]


def _moment(data: bytes) -> datetime:
    try:
        return msgspec.json.decode(data, type=_Moment).at
    except msgspec.DecodeError:
        return datetime.max.replace(tzinfo=UTC)


def _decoded(bucket: Bucket, key: str, data: bytes) -> AnyEvent:
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError as error:
        raise LedgerError(
            "an event of the ledger cannot be read",
            on=f"{bucket.name}: {key}: {error}",
            next="a newer dmpworks may have written it: update; otherwise: dmpworks runs reconcile --repair",
        ) from error
