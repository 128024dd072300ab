"""Transfers one file into the bucket, checked while it is streamed: it is never whole on disk or in memory.

`stream` copies a file of this machine. `ResumableTransfer` copies from a network: it stores segments in the bucket
(`<phase>/_arriving/`, named by their offsets), so that a broken connection resumes at the last byte received, and so
does a restarted job if the source states an ETag or the hash is known. The segments are then joined into one object and
hashed (the MD5 is compared with the ETag if no hash is stated). The object is written only if size and hash are right.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dmpworks.datasets.download.checksums import Digest
from dmpworks.datasets.progress import Meter
from dmpworks.datasets.sources.source import CHECK_AND_RETRY, PIECE, Item, Source, Stream, changed
from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.jobs.manifest import File, Origin, phase_folder
from dmpworks.jobs.run import Run
from dmpworks.services import retries
from dmpworks.services.etags import md5_of
from dmpworks.services.keys import is_key
from dmpworks.services.storage import Bucket, Openable

ATTEMPTS = 8  # without progress: two minutes of pauses
SEGMENT = 16 * 1024 * 1024  # bytes in memory; a restarted job fetches at most this many again
ARRIVING = "_arriving"  # folder of the segments

Check = Callable[[Openable, str], None]


@dataclass(frozen=True)
class ExpectedFile:
    """A file to copy: its source, the hash it must have, and its name in the bucket.

    `check` receives the copied object and `label`, and raises DownloadError if the object is of the wrong kind.
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
        """The address of the file at its source."""
        return self.source.locate(self.item.name)

    @property
    def label(self) -> str:
        """The name of the file in messages."""
        return f"{self.source.address} {self.item.name}"

    def accept(self, bucket: Bucket, key: str, size: int, etag: str | None) -> File:
        """Return the manifest entry of the copied object; if `check` rejects it, delete it and raise DownloadError."""
        try:
            if self.check:
                self.check(bucket.opened(key), self.label)
        except DownloadError:
            bucket.delete([key])
            raise
        return File(key, size, origin=Origin(self.name, self.address, etag, self.digest and str(self.digest)))

    def check_size(self, received: int) -> None:
        """Raise DownloadError if the listing states another size."""
        if self.item.size is not None and received != self.item.size:
            raise DownloadError(
                "the size of a file is not the one that the source's listing states",
                on=f"{self.label}: {received:,} bytes instead of {self.item.size:,}",
                next="the source may have changed during the download: run the download job again",
            )

    def check_digest(self, received: str | None) -> None:
        """Raise DownloadError if the hash differs from the stated one."""
        if self.digest is not None and received != self.digest.value:
            raise DownloadError(
                f"the {self.digest.algorithm} of a file is not the expected one",
                on=f"{self.label}: {received} instead of {self.digest.value}",
                next="check the hash that is set against the one published with the file, then run the download job "
                "again",
            )

    def checked(self, pieces: Iterator[bytes], stated: int | None = None) -> Iterator[bytes]:
        """Yield the pieces; after the last one, raise DownloadError unless size and hash are right."""
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
        """Return the error for a file that ends early."""
        on = f"{self.label}: {received:,} of {stated or 0:,} bytes"
        return DownloadError("the source sent fewer bytes than it stated", on=on, next=CHECK_AND_RETRY)


def stream(run: Run, expected: ExpectedFile, meter: Meter) -> File:
    """Copy a file of this machine into the bucket."""
    key, etag = run.key(expected.name), expected.item.etag

    def pieces() -> Iterator[bytes]:
        with expected.source.open(expected.item.name, 0, etag) as opened:
            for piece in expected.checked(opened.pieces, opened.size):
                meter.moved(len(piece))
                yield piece

    return expected.accept(run.bucket, key, run.bucket.write(key, pieces()), etag)


class _EtagMismatchError(Exception):
    """The MD5 of the received bytes differs from the ETag, for the first time."""

    def __init__(self, md5: str) -> None:
        self.md5 = md5


@dataclass
class ResumableTransfer:
    """The transfer of one file over a network, with all that is needed to resume it."""

    run: Run
    expected: ExpectedFile
    find: Callable[
        [str | None, int | None], File | None
    ]  # by ETag and size: the same file, if it is in the bucket already
    meter: Meter
    etag: str | None = None
    size: int | None = None
    stored: int = 0  # bytes in segments
    segments: list[str] = field(default_factory=list)  # keys, in order
    buffer: bytearray = field(default_factory=bytearray)
    folder: str = ""  # of the segments; set once the file has been opened
    reused: File | None = None
    whole: bool = False
    unlike_etag: str | None = None  # the MD5 of the first complete transfer, if it differed from the ETag

    @property
    def received(self) -> int:
        """The number of bytes received so far."""
        return self.stored + len(self.buffer)

    def transfer(self) -> File:
        """Copy the file into the bucket, with retries and growing pauses; raises DownloadError or TemporaryError."""
        self.etag = self.expected.item.etag
        try:
            return self._transfer_once()
        except _EtagMismatchError as error:
            # The ETag of an encrypted object is no hash. The same bytes a second time prove that this is the case.
            self.unlike_etag, self.whole = error.md5, False
            return self._transfer_once()

    def _transfer_once(self) -> File:
        try:
            while not (self.whole or self.reused):
                self._fetch_with_retries()
        except EOFError as error:
            raise self.expected.short(self.received, self.size) from error
        return self.reused or self._finish()

    def _fetch_with_retries(self) -> None:
        """Fetch until the end, or until a connection breaks after some progress, which resets the attempts."""
        furthest = self.received
        for attempt in retries.attempts(
            lambda error: f"{self.expected.item.name}: {retries.summary(error)}",
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
        with self.expected.source.open(self.expected.item.name, self.received, self.etag) as opened:
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
        """Record or compare what the source states; return whether the stream continues at the next byte we need."""
        if not self.folder:
            self.etag, self.size = opened.etag or self.etag, opened.size
            if self.size is not None:
                self.expected.check_size(self.size)
            if self.size is not None and self.expected.item.size is None:
                self.meter.expect(self.size)
            self.reused = self.find(self.etag, self.size)
            if not self.reused:
                self._find_segments()
            self.whole = self.size is not None and self.stored == self.size
        elif None not in (self.size, opened.size) and opened.size != self.size:
            raise changed(self.expected.label, f"{opened.size:,} bytes instead of {self.size:,}")
        elif opened.start == 0:
            self._restart()  # the server does not support ranges
        return opened.start == self.received and not (self.reused or self.whole)

    def _find_segments(self) -> None:
        phase = phase_folder(self.run.chain, self.run.run_id, self.run.job)
        # Without ETag and hash, another execution cannot know that its segments are of the same content: the token of
        # this execution then keeps them apart.
        state = self.etag or (str(self.expected.digest) if self.expected.digest else self.run.token)
        identity = "\n".join((self.expected.name, self.expected.address, state, str(self.size)))
        self.folder = f"{phase}/{ARRIVING}/{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
        stored = self.run.bucket.list(self.folder)
        for found in stored:
            if found.key == self._segment(self.stored):
                self.segments.append(found.key)
                self.stored += found.size
        # Later segments without their predecessors are left over from an interrupted deletion.
        self.run.bucket.delete(found.key for found in stored if found.key not in self.segments)
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
        """Join the segments into one object if size and hash are right, and delete them."""
        key, pieces = self.run.key(self.expected.name), self.expected.checked(self._compared_with_etag())
        try:
            if self.segments:
                self.run.bucket.write(key, pieces)
            else:
                self.run.bucket.put(key, b"".join(pieces))
            file = self.expected.accept(self.run.bucket, key, self.received, self.etag)
        except (DownloadError, _EtagMismatchError):
            self._restart()  # else every later execution would resume from wrong bytes
            raise
        self._discard_segments()
        return file

    def _compared_with_etag(self) -> Iterator[bytes]:
        """Yield the pieces; after the last one, raise if no hash is stated and the ETag is another MD5."""
        etag_md5 = None if self.expected.digest else md5_of(self.etag)
        hasher = hashlib.md5(usedforsecurity=False)
        for piece in self._pieces():
            if etag_md5:
                hasher.update(piece)
            yield piece
        md5 = hasher.hexdigest()
        if etag_md5 and md5 not in (etag_md5, self.unlike_etag):
            if self.unlike_etag is None:
                raise _EtagMismatchError(md5)
            raise changed(
                self.expected.label, f"its ETag is {self.etag}, its MD5 was first {self.unlike_etag}, then {md5}"
            )

    def _pieces(self) -> Iterator[bytes]:
        yield from map(self.run.bucket.get, self.segments)
        if self.buffer:
            yield bytes(self.buffer)
