"""How the bytes of one file come into the bucket, checked on the way: never whole on disk or in memory.

`stream` passes a file of this machine through. `ResumableTransfer` is for what comes over a network: it collects
segments in the bucket (`<phase>/_arriving/`, named by where they begin), so that a cut connection is resumed where it
broke off, and so is a killed job if the source states an ETag or its hash is known; whole, they become one object, read
once more for the hash, or for the MD5 that an ETag may be. In either case the object is written only if size and hash
are right.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dmpworks.datasets.download.checksums import Digest
from dmpworks.datasets.progress import Meter
from dmpworks.datasets.sources.source import AGAIN, PIECE, Item, Source, Stream, changed
from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.jobs.manifest import File, Origin, phase_folder
from dmpworks.jobs.run import Run
from dmpworks.services import retries
from dmpworks.services.etags import md5_of
from dmpworks.services.keys import is_key
from dmpworks.services.storage import Bucket, Openable

ATTEMPTS = 8  # without getting on: two minutes of pauses
SEGMENT = 16 * 1024 * 1024  # bytes; what a killed job has to fetch again at most, and what is in memory
ARRIVING = "_arriving"

Check = Callable[[Openable, str], None]


@dataclass(frozen=True)
class Wanted:
    """One file to be brought: from where, the hash it must have, and the name it gets.

    `check` reads the object that has arrived and raises DownloadError, with what messages call it, when it is of
    another kind.
    """

    source: Source
    item: Item
    digest: Digest | None
    name: str
    check: Check | None = None

    def __post_init__(self) -> None:
        """Raise DownloadError for a name that cannot be one of an object: it becomes a part of its key."""
        if not is_key(self.name):
            raise DownloadError(
                "a file of the source has a name that cannot be used",
                on=f"{self.source.address}: {self.name!r}",
                next="give the file another name at its source, or in the setting FILE_NAME of its chain",
            )

    @property
    def address(self) -> str:
        """Where it is."""
        return self.source.locate(self.item.name)

    @property
    def label(self) -> str:
        """The name of the file in messages."""
        return f"{self.source.address} {self.item.name}"

    def arrived(self, bucket: Bucket, key: str, size: int, etag: str | None) -> File:
        """Return what a manifest says of it now that it is in the bucket; raises DownloadError, and takes it away."""
        try:
            if self.check:
                self.check(bucket.opened(key), self.label)
        except DownloadError:
            bucket.delete([key])
            raise
        return File(key, size, origin=Origin(self.name, self.address, etag, self.digest and str(self.digest)))

    def check_size(self, received: int) -> None:
        """Raise DownloadError when the listing states another size."""
        if self.item.size is not None and received != self.item.size:
            raise DownloadError(
                "a file has another size than the source's listing states",
                on=f"{self.label}: {received:,} bytes instead of {self.item.size:,}",
                next="the source may have changed midway: run the download job again",
            )

    def check_digest(self, received: str | None) -> None:
        """Raise DownloadError when the hash is another one."""
        if self.digest is not None and received != self.digest.value:
            raise DownloadError(
                f"the {self.digest.algorithm} of a file is not the expected one",
                on=f"{self.label}: {received} instead of {self.digest.value}",
                next="check the hash that is set against the one published with the file, then run the download job "
                "again",
            )

    def checked(self, pieces: Iterator[bytes], stated: int | None = None) -> Iterator[bytes]:
        """Pass pieces on; after the last, raises DownloadError unless size and hash are right."""
        hasher, received = (self.digest.hasher() if self.digest else None), 0
        for piece in pieces:
            received += len(piece)
            if hasher:
                hasher.update(piece)
            yield piece
        if stated is not None and received < stated:
            raise self.short(received, stated)
        self.check_size(received)
        self.check_digest(hasher.hexdigest() if hasher else None)

    def short(self, received: int, stated: int | None) -> DownloadError:
        """Return the error of a file that ends early."""
        on = f"{self.label}: {received:,} of {stated or 0:,} bytes"
        return DownloadError("the source sent fewer bytes than it stated", on=on, next=AGAIN)


def stream(run: Run, wanted: Wanted, meter: Meter) -> File:
    """Bring a file of this machine into the bucket."""
    key, etag = run.key(wanted.name), wanted.item.etag

    def pieces() -> Iterator[bytes]:
        with wanted.source.open(wanted.item.name, 0, etag) as opened:
            for piece in wanted.checked(opened.pieces, opened.size):
                meter.moved(len(piece))
                yield piece

    return wanted.arrived(run.bucket, key, run.bucket.write(key, pieces()), etag)


class _UnlikeEtag(Exception):
    """What has arrived for the first time has another MD5 than the ETag says."""

    def __init__(self, md5: str) -> None:
        self.md5 = md5


@dataclass
class ResumableTransfer:
    """One file on its way here over a network."""

    run: Run
    wanted: Wanted
    find: Callable[[str | None, int | None], File | None]  # by ETag and size: the same file, held already
    meter: Meter
    etag: str | None = None
    size: int | None = None
    stored: int = 0  # bytes in segments
    segments: list[str] = field(default_factory=list)  # their keys
    buffer: bytearray = field(default_factory=bytearray)
    folder: str = ""  # of the segments; set once the file has been opened
    held: File | None = None
    whole: bool = False
    unlike_etag: str | None = None  # the MD5 of a first arrival

    @property
    def received(self) -> int:
        """The bytes that are here."""
        return self.stored + len(self.buffer)

    def transfer(self) -> File:
        """Fetch the file into the bucket, repeated with growing pauses; raises DownloadError or TemporaryError."""
        self.etag = self.wanted.item.etag
        try:
            return self._bring()
        except _UnlikeEtag as error:  # an encrypted object has an ETag that is no hash: then the same bytes come again
            self.unlike_etag, self.whole = error.md5, False
            return self._bring()

    def _bring(self) -> File:
        try:
            while not (self.whole or self.held):
                self._fetch_with_retries()
        except EOFError as error:
            raise self.wanted.short(self.received, self.size) from error
        return self.held or self._finish()

    def _fetch_with_retries(self) -> None:
        """Fetch until the end, or until a connection breaks that has brought us on: then attempts count anew."""
        furthest = self.received
        for attempt in retries.attempts(
            lambda error: f"{self.wanted.item.name}: {retries.summary(error)}",
            (TemporaryError, EOFError),
            attempts=ATTEMPTS,
            first_wait=1.0,
            longest_wait=60.0,
        ):
            with attempt:
                try:
                    self._fetch()
                except (TemporaryError, EOFError):
                    if self.received < furthest + PIECE:
                        raise

    def _fetch(self) -> None:
        with self.wanted.source.open(self.wanted.item.name, self.received, self.etag) as opened:
            if not self._accept_response(opened):
                return
            for piece in opened.pieces:
                self.buffer += piece
                self.meter.moved(len(piece))
                if len(self.buffer) >= SEGMENT:
                    self._store()
        if self.size is not None and self.received < self.size:
            raise EOFError(f"{self.received:,} of {self.size:,} bytes")
        self.whole = True

    def _accept_response(self, opened: Stream) -> bool:
        """Take in what the source says of the file; returns whether the stream goes on where we are."""
        if not self.folder:
            self.etag, self.size = opened.etag or self.etag, opened.size
            if self.size is not None:
                self.wanted.check_size(self.size)
            if self.size is not None and self.wanted.item.size is None:
                self.meter.expect(self.size)
            self.held = self.find(self.etag, self.size)
            if not self.held:
                self._find_segments()
            self.whole = self.size is not None and self.stored == self.size
        elif None not in (self.size, opened.size) and opened.size != self.size:
            raise changed(self.wanted.label, f"{opened.size:,} bytes instead of {self.size:,}")
        elif opened.start == 0:
            self._restart()  # a server that knows no ranges
        return opened.start == self.received and not (self.held or self.whole)

    def _find_segments(self) -> None:
        phase = phase_folder(self.run.chain, self.run.run_id, self.run.job)
        # What cannot be told from another content of the same address is not gone on with by another execution.
        state = self.etag or (str(self.wanted.digest) if self.wanted.digest else self.run.token)
        identity = "\n".join((self.wanted.name, self.wanted.address, state, str(self.size)))
        self.folder = f"{phase}/{ARRIVING}/{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
        there = self.run.bucket.list(self.folder)
        for found in there:
            if found.key == self._segment(self.stored):
                self.segments.append(found.key)
                self.stored += found.size
        # What a killed deletion has left must not be taken for the sequel of what comes now.
        self.run.bucket.delete(found.key for found in there if found.key not in self.segments)
        self.meter.moved(self.stored)

    def _segment(self, start: int) -> str:
        return f"{self.folder}/{start:015}"

    def _store(self) -> None:
        key = self._segment(self.stored)
        self.run.bucket.put(key, bytes(self.buffer))
        self.segments.append(key)
        self.stored += len(self.buffer)
        self.buffer = bytearray()

    def _restart(self) -> None:
        received = self.received
        self._discard_segments()
        self.meter.moved(-received)

    def _discard_segments(self) -> None:
        self.run.bucket.delete(self.segments)
        self.segments, self.stored, self.buffer = [], 0, bytearray()

    def _finish(self) -> File:
        """Make one object of what has arrived, if it is what was wanted."""
        key, pieces = self.run.key(self.wanted.name), self.wanted.checked(self._like_etag())
        try:
            if self.segments:
                self.run.bucket.write(key, pieces)
            else:
                self.run.bucket.put(key, b"".join(pieces))
            file = self.wanted.arrived(self.run.bucket, key, self.received, self.etag)
        except (DownloadError, _UnlikeEtag):
            self._restart()  # else every later execution would go on with wrong bytes
            raise
        self._discard_segments()
        return file

    def _like_etag(self) -> Iterator[bytes]:
        """Pass the pieces on; after the last, raises when only the ETag tells a hash, and it is another one."""
        expected = None if self.wanted.digest else md5_of(self.etag)
        hasher = hashlib.md5(usedforsecurity=False)
        for piece in self._pieces():
            if expected:
                hasher.update(piece)
            yield piece
        md5 = hasher.hexdigest()
        if expected and md5 not in (expected, self.unlike_etag):
            if self.unlike_etag is None:
                raise _UnlikeEtag(md5)
            raise changed(self.wanted.label, f"its ETag is {self.etag}, its MD5 was {self.unlike_etag}, then {md5}")

    def _pieces(self) -> Iterator[bytes]:
        yield from map(self.run.bucket.get, self.segments)
        if self.buffer:
            yield bytes(self.buffer)
