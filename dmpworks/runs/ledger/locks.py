"""Locks: at most one writer per chain, across machines.

`locks/<chain>/<epoch>.json` holds the owner, the purpose and the expiry; the newest epoch counts. A lock that has
expired, or whose process on this machine is gone, is taken over by creating the next epoch, which only one of several
contenders can do. The clocks of the machines must agree to within a minute.
"""

import math
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from dmpworks.errors import DmpworksError, JobError, LedgerError, PreflightError
from dmpworks.runs.ledger.store import now, who
from dmpworks.services.storage import Bucket

ROOT = "locks"
KEY = re.compile(rf"{ROOT}/[^/]+/(\d{{6}})\.json")
LEASE = timedelta(seconds=120)
RENEWAL = 30.0  # seconds
RELEASED = datetime.min.replace(tzinfo=UTC)  # expired by every clock


class Lock(msgspec.Struct, frozen=True):
    """A lock as stored: who holds it, for what, since when and until when."""

    owner: str
    host: str
    pid: int
    purpose: str
    taken: datetime
    expires: datetime

    def free(self, at: datetime) -> bool:
        """Return whether another process may take it: it expired, or its process on this machine is gone."""
        return self.expires <= at or (self.host == socket.gethostname() and not _alive(self.pid))


class HeldLock:
    """A lock held by this process until it is released, or taken over by another process."""

    def __init__(self, bucket: Bucket, chain: str, epoch: int, lock: Lock) -> None:
        self._bucket, self._chain, self._epoch, self._lock = bucket, chain, epoch, lock
        self.overtaken = False  # as of the last renewal

    def check(self) -> None:
        """Raise JobError if the lock was taken over or has expired, as after this machine slept or lost the network."""
        newest = _newest(self._bucket, self._chain)
        if newest and newest[0] == self._epoch and self._lock.expires > now():
            return
        holder = f"{newest[1].owner} holds it since {newest[1].taken:%H:%M:%S} UTC" if newest else "it was removed"
        raise JobError(
            "the lock of the chain was lost",
            on=f"{self._bucket.name}: {ROOT}/{self._chain}: {holder}",
            next=f"look at what happened: dmpworks runs show {self._chain}/latest",
        )

    def renew(self) -> None:
        """Extend the lease; only the owner of an epoch ever writes it again."""
        self._lock = replace(self._lock, expires=now() + LEASE)
        self._write()
        newest = _newest(self._bucket, self._chain)
        self.overtaken = not newest or newest[0] != self._epoch

    def release(self) -> None:
        """Release the lock, so that others can take it immediately."""
        self._lock = replace(self._lock, expires=RELEASED)
        self._write()

    def _write(self) -> None:
        self._bucket.put(_key(self._chain, self._epoch), msgspec.json.encode(self._lock))


@contextmanager
def hold(bucket: Bucket, chain: str, purpose: str) -> Iterator[HeldLock]:
    """Hold the lock of a chain, renewed in the background.

    Raises PreflightError naming the holder, and since when, if another process holds it.
    """
    held = take(bucket, chain, purpose)
    stop = threading.Event()
    thread = threading.Thread(target=_keep, args=(held, stop), daemon=True)
    thread.start()
    try:
        yield held
    finally:
        stop.set()
        thread.join()
        with suppress(DmpworksError):  # the bucket is unreachable: that error is already raised, and the lease expires
            held.release()


def take(bucket: Bucket, chain: str, purpose: str) -> HeldLock:
    """Take the lock of a chain; raises PreflightError naming the holder if another process holds it."""
    newest = _newest(bucket, chain)
    if newest and not newest[1].free(now()):
        raise _taken(bucket, chain, newest[1])
    epoch = newest[0] + 1 if newest else 1
    lock = Lock(who(), socket.gethostname(), os.getpid(), purpose, now(), now() + LEASE)
    try:
        bucket.create(_key(chain, epoch), msgspec.json.encode(lock))
    except FileExistsError as error:
        winner = _newest(bucket, chain)
        raise _taken(bucket, chain, winner[1] if winner else lock) from error
    return HeldLock(bucket, chain, epoch, lock)


def holder(bucket: Bucket, chain: str) -> Lock | None:
    """Return the lock that is held now, if any."""
    newest = _newest(bucket, chain)
    return newest[1] if newest and not newest[1].free(now()) else None


def _keep(held: HeldLock, stop: threading.Event) -> None:
    while not stop.wait(RENEWAL):
        try:
            held.renew()
        except DmpworksError:
            continue  # tried again after RENEWAL; `check` notices if the lease expires meanwhile


def _newest(bucket: Bucket, chain: str) -> tuple[int, Lock] | None:
    epochs = [match for key, _ in bucket.list(f"{ROOT}/{chain}") if (match := KEY.fullmatch(key))]
    if not epochs:
        return None
    key = epochs[-1][0]
    try:
        return int(epochs[-1][1]), msgspec.json.decode(bucket.get(key), type=Lock)
    except msgspec.DecodeError as error:
        raise LedgerError(
            "a lock cannot be read",
            on=f"{bucket.name}: {key}: {error}",
            next=f"make sure that nobody is running {chain}, then delete that object",
        ) from error


def _key(chain: str, epoch: int) -> str:
    return f"{ROOT}/{chain}/{epoch:06}.json"


def _taken(bucket: Bucket, chain: str, lock: Lock) -> PreflightError:
    return PreflightError(
        f"{lock.owner} is running on {chain}: {lock.purpose}",
        on=f"{bucket.name}: {ROOT}/{chain}, held since {lock.taken:%Y-%m-%d %H:%M:%S} UTC (process {lock.pid})",
        next=f"wait for it, or look: dmpworks runs show {chain}/latest; {_expiry(lock)}",
    )


def _expiry(lock: Lock) -> str:
    """Return when the lock can be taken over if its holder no longer renews it."""
    seconds = max(math.ceil((lock.expires - now()).total_seconds()), 0)
    text = f"if its process is gone, the lock expires in {seconds:,} s, at {lock.expires:%Y-%m-%d %H:%M:%S} UTC"
    if seconds <= 2 * LEASE.seconds:
        return text
    return f"{text}: a clock was wrong; if nobody is running the chain, delete the newest object of that folder"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
