"""Brings the files of a source into a run's download phase, each checked before it is published.

Use: `copy_files(run, source, items)` for many files, `copy_file` for one, `refer_to` for files that stay where they
are; `releases.py` for a release that is one zip. What the bucket holds already, from a complete, a killed or the
previous run (`held.py`), is not fetched again. The rest goes from bucket to bucket inside S3 where that can be, else
through this machine piece by piece (`arriving.py`). What does not have the size and the hash that are stated is never
published and fails the job, once the other files are through.

    source = open_source("s3://openalex/data/jsonl/works/", Access(region="us-east-1", anonymous=True))
    manifest = read(source, "manifest.json")
    counts = copy_files(run, source, [Item("updated_date=2026-01-01/part_0000.gz", size=123)], {name: Digest(...)})
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING

from rich.console import Console

from dmpworks.datasets.arriving import ARRIVING, Arrival, Check, Wanted, stream
from dmpworks.datasets.digests import Digest, digest_of
from dmpworks.datasets.held import Held, Journal
from dmpworks.datasets.progress import Add, Progress, shown
from dmpworks.datasets.sources.folder import FolderSource
from dmpworks.datasets.sources.s3 import Access, S3Source
from dmpworks.datasets.sources.source import AGAIN, Item, Source
from dmpworks.errors import DmpworksError, DownloadError, TemporaryError
from dmpworks.jobs.manifest import File, Origin, phase_folder
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import MEMORY, Bucket

if TYPE_CHECKING:
    from dmpworks.services.inside_s3 import InsideS3

TOGETHER = 8  # files under way at once
INSIDE_S3 = 32  # when none of their bytes come here
SPOKEN = 10.0  # seconds between two progress lines

Digests = Mapping[str, Digest]


def copy_files(
    run: Run, source: Source, items: Sequence[Item], digests: Digests | None = None, *, previous: bool = False
) -> Counts:
    """Publish every item; raises DownloadError naming each that failed, after the others are through.

    With `previous`, files that the previous run has copied are taken over from there.
    """
    _check_some(source, items)
    wanted = [Wanted(source, item, (digests or {}).get(item.name), item.name) for item in items]
    files, failures = _bring(run, wanted, Held(run, previous=previous))
    run.outputs.extend(files)
    if failures:
        raise _together(failures, len(items))
    return counts(files)


def copy_file(
    run: Run,
    source: Source,
    item: Item,
    digest: Digest | None = None,
    name: str | None = None,
    check: Check | None = None,
) -> File:
    """Publish one item (as `name`, by default its own); raises DownloadError, or TemporaryError when out of reach."""
    files, failures = _bring(run, [Wanted(source, item, digest, name or item.name, check)], Held(run))
    if failures:
        raise failures[0]
    run.record(files[0])
    return files[0]


def publish_made(run: Run, name: str, source: str, state: str, make: Callable[[], bytes]) -> File:
    """Publish what is made of a source in some state (its ETag, a hash), unless it has been already."""
    file = Held(run).find(name, source, state, None)
    if file is None:
        key, content = run.key(name), make()
        run.bucket.put(key, content)
        file = File(key, len(content), origin=Origin(name, source, state))
    run.record(file)
    return file


def refer_to(run: Run, source: Source, items: Sequence[Item], digests: Digests | None = None) -> Counts:
    """List every item as it lies in its source, to be read there; raises DownloadError where that cannot be."""
    _check_some(source, items)
    held = Held(run)
    files = [_reference(run, source, item, (digests or {}).get(item.name), held) for item in items]
    run.outputs.extend(files)
    return counts(files)


def counts(files: Sequence[File]) -> Counts:
    """Return what a download job reports: its files and their bytes."""
    return Counts(read=len(files), written=len(files), also={"bytes": sum(file.size for file in files)})


def _reference(run: Run, source: Source, item: Item, digest: Digest | None, held: Held) -> File:
    address = source.locate(item.name)
    if item.etag is None or item.size is None or not isinstance(source, FolderSource | S3Source):
        raise DownloadError("a file cannot be read in place: it has no ETag", on=address, next="copy it instead")
    Wanted(source, item, digest, item.name).check_in_place()
    access = source.access if isinstance(source, S3Source) else Access()
    origin = Origin(item.name, address, item.etag, digest and str(digest), access.region, access.anonymous)
    found = held.reference(item.name, address, item.etag)
    return found or File(run.key(item.name), item.size, origin=origin, in_place=True)


class _Copied(Progress):
    """How far a download is: also the bytes so far, as a source may not tell the whole size."""

    def __str__(self) -> str:
        return f"{self.size_done / 1e6:,.1f} MB, {super().__str__()}"


class _Stopped(Exception):
    """The job was interrupted: files under way are given up."""


class _Bringing:
    """The files of one source on their way into the bucket, several at once."""

    def __init__(self, run: Run, source: Source, held: Held, add: Add) -> None:
        self._run, self._held, self._add = run, held, add
        self._lock, self._stop = Lock(), Event()
        self._inside = _inside_s3(source, run.bucket)
        self.files: dict[int, File] = {}
        self.failures: dict[int, DmpworksError] = {}
        self.found = 0  # files that the bucket held already

    def bring(self, wanted: Sequence[Wanted], journal: Journal) -> None:
        """Bring every file, those after one that fails too."""
        # No `with`: it would wait for what hangs in a call when the job is interrupted.
        pool = ThreadPoolExecutor(INSIDE_S3 if self._inside else TOGETHER)
        futures = {pool.submit(self._bring, one): number for number, one in enumerate(wanted)}
        try:
            for future in as_completed(futures):
                self._take(futures[future], future, wanted, journal)
        finally:
            self._stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, number: int, future: Future[File], wanted: Sequence[Wanted], journal: Journal) -> None:
        try:
            self.files[number] = future.result()
        except (DownloadError, TemporaryError) as error:
            self.failures[number] = error
            self._run.progress(f"{wanted[number].name} FAILED: {error.what}")
            return
        journal.note(self.files[number])
        self._add(0, 0, 1)

    def _moved(self, size: int) -> None:
        if self._stop.is_set():
            raise _Stopped
        with self._lock:
            self._add(size, 0, 0)

    def _bring(self, wanted: Wanted) -> File:
        """Return the file in the bucket that holds what is wanted, fetched if need be."""
        item = wanted.item
        if found := self._find(wanted, item.etag, item.size):
            return found
        if isinstance(wanted.source, FolderSource):
            return stream(self._run, wanted, self._moved)
        if self._inside and isinstance(wanted.source, S3Source) and item.size is not None and item.etag:
            return self._copy(self._inside, wanted.source, wanted, item.size)
        return Arrival(self._run, wanted, partial(self._find, wanted), self._moved).bring()

    def _find(self, wanted: Wanted, etag: str | None, size: int | None) -> File | None:
        found = self._held.find(wanted.name, wanted.address, etag, wanted.digest, size)
        if found:
            with self._lock:
                self.found += 1
                self._add(found.size, 0, 0)
        return found

    def _copy(self, inside: "InsideS3", source: S3Source, wanted: Wanted, size: int) -> File:
        """Copy an object inside S3; what is not as stated goes away again."""
        from dmpworks.services.inside_s3 import Foreign

        run, etag = self._run, wanted.item.etag
        foreign = Foreign(source.bucket, source.key(wanted.item.name), size, etag, source.access.requester_pays)
        identity = digest_of(wanted.address.encode()).value[:16]
        note = f"{phase_folder(run.chain, run.run_id, run.job)}/{ARRIVING}/{identity}.json"
        algorithm = wanted.digest.algorithm if wanted.digest else None
        key, told = inside.copy(foreign, run.key(wanted.name), algorithm, note, self._moved)
        try:
            wanted.check_size(run.bucket.size(key))
            if wanted.digest and told is None:  # of an object in parts, or encrypted, S3 does not tell it
                told = wanted.digest.read(run.bucket.read_in_pieces(key))
            wanted.check_digest(told)
        except DownloadError:
            run.bucket.delete([key])
            raise
        finally:
            run.bucket.delete([note])
        return wanted.arrived(run.bucket, key, size, etag)


def _bring(run: Run, wanted: Sequence[Wanted], held: Held) -> tuple[list[File], list[DmpworksError]]:
    """Return the files that are in the bucket now, in order, and the failures of the others."""
    journal = Journal(run)
    progress = _Copied(len(wanted), sum(one.item.size or 0 for one in wanted))
    try:
        with shown(progress, run.progress, Console(stderr=True), SPOKEN) as add:
            bringing = _Bringing(run, wanted[0].source, held, add)
            bringing.bring(wanted, journal)
    except BaseException:
        journal.save()
        raise
    if bringing.found:
        run.progress(f"{bringing.found:,} of {len(wanted):,} files were in the bucket already")
    if bringing.failures:
        journal.save()
    return [file for _, file in sorted(bringing.files.items())], [why for _, why in sorted(bringing.failures.items())]


def _inside_s3(source: Source, bucket: Bucket) -> "InsideS3 | None":
    """Return what copies from bucket to bucket, where one account may read the one and write the other."""
    own = isinstance(source, S3Source) and source.access.credentials is None
    if not own or bucket.is_folder or bucket.name == MEMORY:
        return None
    from dmpworks.services.inside_s3 import InsideS3

    return InsideS3(bucket)


def _check_some(source: Source, items: Sequence[Item]) -> None:
    if not items:
        raise DownloadError("the source holds no file of this dataset", on=source.address, next=AGAIN)


def _together(failures: Sequence[DmpworksError], total: int) -> DmpworksError:
    if len(failures) == 1:
        return failures[0]
    # Every failure is named; only when all of them may pass by themselves is another attempt worth it.
    kind = TemporaryError if all(isinstance(error, TemporaryError) for error in failures) else DownloadError
    told = "; ".join(f"{error.on} ({error.what})" for error in failures)
    return kind(f"{len(failures)} of {total} files could not be copied", on=told, next=failures[0].next)
