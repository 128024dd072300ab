"""Brings the files of a source into a run's download phase, each checked before it is published.

Use: `copy_files(run, source, items)` for many files, `copy_file` for one; `in_place.py` for files that stay where they
are; `zenodo.py` for a release that is one zip. What the bucket holds already, from a complete, a killed or the
previous run (`reuse.py`), is not fetched again. The rest goes from bucket to bucket inside S3 where that can be, else
through this machine piece by piece (`transfer.py`). What does not have the size and the hash that are stated is never
published and fails the job, once the other files are through.

    source = open_source("s3://openalex/data/jsonl/works/", Access(region="us-east-1", anonymous=True))
    manifest = read(source, "manifest.json")
    counts = copy_files(run, source, [Item("updated_date=2026-01-01/part_0000.gz", size=123)], {name: Digest(...)})
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from dmpworks.datasets.download.checksums import Digest, digest_of
from dmpworks.datasets.download.parallel import TOGETHER, bring, check_some, publish
from dmpworks.datasets.download.reuse import Held
from dmpworks.datasets.download.transfer import ARRIVING, Check, ResumableTransfer, Wanted, stream
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

TOGETHER_INSIDE_S3 = 32  # files under way when none of their bytes come here

Digests = Mapping[str, Digest]


def copy_files(
    run: Run, source: Source, items: Sequence[Item], digests: Digests | None = None, *, previous: bool = False
) -> Counts:
    """Publish every item; raises DownloadError naming those that failed, after the others are through.

    With `previous`, files that the previous run has copied are taken over from there.
    """
    check_some(source, items)
    wanted = [Wanted(source, item, (digests or {}).get(item.name), item.name) for item in items]
    copying = _Copying(run, source, Held(run, previous=previous))
    return publish(run, wanted, copying.copy, copying.together)


def copy_file(
    run: Run,
    source: Source,
    item: Item,
    digest: Digest | None = None,
    name: str | None = None,
    check: Check | None = None,
) -> File:
    """Publish one item (as `name`, by default its own); raises DownloadError, or TemporaryError when out of reach."""
    wanted = Wanted(source, item, digest, name or item.name, check)
    files, failures = bring(run, [wanted], _Copying(run, source, Held(run)).copy)
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


class _Copying:
    """Copies files of one source into the bucket, unless it holds them."""

    def __init__(self, run: Run, source: Source, held: Held) -> None:
        self._run, self._held = run, held
        self._inside = _inside_s3(source, run.bucket)
        self.together = TOGETHER_INSIDE_S3 if self._inside else TOGETHER

    def copy(self, wanted: Wanted, meter: Meter) -> File:
        """Return the file in the bucket that holds what is wanted, fetched if need be."""
        item, find = wanted.item, partial(self._find, wanted, meter)
        if found := find(item.etag, item.size):
            return found
        if isinstance(wanted.source, FolderSource):
            return stream(self._run, wanted, meter)
        if self._inside and isinstance(wanted.source, S3Source) and item.size is not None and item.etag:
            return self._copy_inside(self._inside, wanted.source, wanted, item.size, meter)
        return ResumableTransfer(self._run, wanted, find, meter).transfer()

    def _find(self, wanted: Wanted, meter: Meter, etag: str | None, size: int | None) -> File | None:
        found = self._held.find(wanted.name, wanted.address, etag, wanted.digest, size)
        if found:
            meter.found(found.size)
        return found

    def _copy_inside(self, inside: "InsideS3", source: S3Source, wanted: Wanted, size: int, meter: Meter) -> File:
        """Copy an object inside S3; what is not as stated goes away again."""
        from dmpworks.services.inside_s3 import Foreign

        run, etag = self._run, wanted.item.etag
        foreign = Foreign(source.bucket, source.key(wanted.item.name), size, etag, source.access.requester_pays)
        identity = digest_of(wanted.address.encode()).value[:16]
        note = f"{phase_folder(run.chain, run.run_id, run.job)}/{ARRIVING}/{identity}.json"
        algorithm = wanted.digest.algorithm if wanted.digest else None
        key, told = inside.copy(foreign, run.key(wanted.name), algorithm, note, meter.moved)
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


def _inside_s3(source: Source, bucket: Bucket) -> "InsideS3 | None":
    """Return what copies from bucket to bucket, where one account may read the one and write the other."""
    own = isinstance(source, S3Source) and source.access.credentials is None
    if not own or bucket.is_folder or bucket.name == MEMORY:
        return None
    from dmpworks.services.inside_s3 import InsideS3

    return InsideS3(bucket)
