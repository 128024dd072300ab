"""Copies the files of a source into a run's download phase, each checked before it is published.

Use: `copy_files(run, source, items)` for many files, `copy_file` for one; `in_place.py` for files that stay where they
are; `zenodo.py` for a release that is one zip. Files that the bucket already holds, from an earlier execution of this
run or from the previous run (`reuse.py`), are not fetched again. Other files are copied inside S3 where both buckets
are there, else streamed through this machine (`transfer.py`). A file whose size or hash differs from the stated one is
never published; it fails the job after all other files have been copied.

    source = open_source("s3://openalex/data/jsonl/works/", Access(region="us-east-1", anonymous=True))
    manifest = read(source, "manifest.json")
    counts = copy_files(run, source, [Item("updated_date=2026-01-01/part_0000.gz", size=123)], {name: Digest(...)})
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dmpworks.datasets.download.checksums import Digest, digest_of
from dmpworks.datasets.download.parallel import MAX_CONCURRENT, check_not_empty, copy_all, publish
from dmpworks.datasets.download.reuse import ReusableFiles
from dmpworks.datasets.download.transfer import ARRIVING, Check, ExpectedFile, ResumableTransfer, stream
from dmpworks.datasets.progress import Meter
from dmpworks.datasets.sources.folder import FolderSource
from dmpworks.datasets.sources.s3 import S3Source
from dmpworks.datasets.sources.source import Item, Source
from dmpworks.errors import DownloadError
from dmpworks.jobs.manifest import File, Origin, phase_folder
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.storage import MEMORY, Bucket

if TYPE_CHECKING:
    from dmpworks.services.inside_s3 import InsideS3

MAX_CONCURRENT_INSIDE_S3 = 32  # files; more than MAX_CONCURRENT, as none of their bytes pass through this machine

Digests = Mapping[str, Digest]


def copy_files(
    run: Run, source: Source, items: Sequence[Item], digests: Digests | None = None, *, previous: bool = False
) -> Counts:
    """Copy every item into the bucket.

    `digests` are the hashes that files must have, by item name. With `previous`, files that the previous run copied are
    reused. Raises DownloadError naming all files that failed, after all others have been copied.
    """
    check_not_empty(source, items)
    expected = [ExpectedFile(source, item, (digests or {}).get(item.name), item.name) for item in items]
    copier = _FileCopier(run, source, ReusableFiles(run, previous=previous))
    return publish(run, expected, copier.copy, copier.max_concurrent)


def copy_file(
    run: Run,
    source: Source,
    item: Item,
    digest: Digest | None = None,
    name: str | None = None,
    check: Check | None = None,
) -> File:
    """Copy one item into the bucket, as `name` if given.

    `check` inspects the object in the bucket before it is published. Raises DownloadError, or TemporaryError if the
    source cannot be reached.
    """
    expected = ExpectedFile(source, item, digest, name or item.name, check)
    files, failures = copy_all(run, [expected], _FileCopier(run, source, ReusableFiles(run)).copy)
    if failures:
        raise failures[0]
    run.record(files[0])
    return files[0]


def publish_generated(run: Run, name: str, source: str, state: str, generate: Callable[[], bytes]) -> File:
    """Publish a file generated from a source in some state (its ETag or hash), unless that has been done already."""
    file = ReusableFiles(run).find(name, source, state, None)
    if file is None:
        key, content = run.key(name), generate()
        run.bucket.put(key, content)
        file = File(key, len(content), origin=Origin(name, source, state))
    run.record(file)
    return file


class _FileCopier:
    """Copies files of one source into the bucket, unless they are there already."""

    def __init__(self, run: Run, source: Source, reusable: ReusableFiles) -> None:
        self._run, self._reusable = run, reusable
        self._inside = _inside_s3(source, run.bucket)
        self.max_concurrent = MAX_CONCURRENT_INSIDE_S3 if self._inside else MAX_CONCURRENT

    def copy(self, expected: ExpectedFile, meter: Meter) -> File:
        """Return the expected file in the bucket, copied there if necessary."""
        item, find = expected.item, partial(self._find, expected, meter)
        if file := find(item.etag, item.size):
            return file
        if isinstance(expected.source, FolderSource):
            return stream(self._run, expected, meter)
        if self._inside and isinstance(expected.source, S3Source) and item.size is not None and item.etag:
            return self._copy_inside(self._inside, expected.source, expected, item.size, meter)
        return ResumableTransfer(self._run, expected, find, meter).transfer()

    def _find(self, expected: ExpectedFile, meter: Meter, etag: str | None, size: int | None) -> File | None:
        file = self._reusable.find(expected.name, expected.address, etag, expected.digest, size)
        if file:
            meter.reused(file.size)
        return file

    def _copy_inside(
        self, inside: "InsideS3", source: S3Source, expected: ExpectedFile, size: int, meter: Meter
    ) -> File:
        """Copy an object inside S3; delete the copy if its size or hash differs from the stated one."""
        from dmpworks.services.inside_s3 import Foreign

        run, etag = self._run, expected.item.etag
        foreign = Foreign(source.bucket, source.key(expected.item.name), size, etag, source.access.requester_pays)
        identity = digest_of(expected.address.encode()).value[:16]
        note = f"{phase_folder(run.chain, run.run_id, run.job)}/{ARRIVING}/{identity}.json"
        algorithm = expected.digest.algorithm if expected.digest else None
        key, received = inside.copy(foreign, run.key(expected.name), algorithm, note, meter.moved)
        try:
            expected.check_size(run.bucket.size(key))
            if expected.digest and received is None:  # S3 has no hash of an encrypted object, or of one in parts
                received = expected.digest.read(run.bucket.read_in_pieces(key))
            expected.check_digest(received)
        except DownloadError:
            run.bucket.delete([key])
            raise
        finally:
            run.bucket.delete([note])
        return expected.accept(run.bucket, key, size, etag)


def _inside_s3(source: Source, bucket: Bucket) -> "InsideS3 | None":
    """Return the copier for S3 to S3; None unless the same credentials can read the source and write the bucket."""
    same_credentials = isinstance(source, S3Source) and source.access.credentials is None
    if not same_credentials or bucket.is_folder or bucket.name == MEMORY:
        return None
    from dmpworks.services.inside_s3 import InsideS3

    return InsideS3(bucket)
