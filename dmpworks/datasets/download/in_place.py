"""Lists the files of a source to be read where they lie, and compares what can be without copying them.

A file on disk is read for its hash. Of an object S3 tells an ETag, which mostly is its MD5, and sometimes a SHA-256
that it keeps. What neither settles is read where the ETag speaks against the stated MD5 (an encrypted object has one
that is no hash); else size and ETag are all that is known of it, and the job says of how many files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from dmpworks.datasets.download.checksums import Digest
from dmpworks.datasets.download.parallel import check_some, publish
from dmpworks.datasets.download.reuse import Held
from dmpworks.datasets.download.transfer import Wanted
from dmpworks.datasets.progress import Meter
from dmpworks.datasets.sources.folder import FolderSource
from dmpworks.datasets.sources.s3 import Access, S3Source
from dmpworks.datasets.sources.source import Item, Source
from dmpworks.errors import DownloadError
from dmpworks.jobs.manifest import File, Origin
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.etags import md5_of

if TYPE_CHECKING:
    from dmpworks.services.inside_s3 import Checksums

Stated = Mapping[str, Sequence[Digest]]  # by the names of items, what is preferred first


def refer_to(run: Run, source: Source, items: Sequence[Item], stated: Stated | None = None) -> Counts:
    """List every item as it lies in its source; raises DownloadError where that cannot be, or a hash is another."""
    check_some(source, items)
    stated = stated or {}
    wanted = [Wanted(source, item, next(iter(stated.get(item.name, ())), None), item.name) for item in items]
    referring = _Referring(run, source, stated)
    found = publish(run, wanted, referring.refer)
    if unknown := referring.unknown:
        told = "have a stated hash that S3 does not tell: only their sizes were compared; the mode copy compares all"
        run.progress(f"{len(unknown):,} of {len(items):,} files {told}")
    return found


class _Referring:
    """Refers to the files of one source."""

    def __init__(self, run: Run, source: Source, stated: Stated) -> None:
        self._run, self._stated, self._held = run, stated, Held(run)
        self._access = source.access if isinstance(source, S3Source) else Access()
        self._checksums = _checksums(source, stated)
        self.unknown: list[str] = []  # items whose stated hash could not be compared

    def refer(self, wanted: Wanted, meter: Meter) -> File:
        """Return what refers to a file, compared with what is stated of it unless that has been done before."""
        item = wanted.item
        if item.etag is None or item.size is None or not isinstance(wanted.source, FolderSource | S3Source):
            told = "a file cannot be read in place: it has no ETag"
            raise DownloadError(told, on=wanted.address, next="copy it instead")
        digest = wanted.digest and str(wanted.digest)
        origin = Origin(item.name, wanted.address, item.etag, digest, self._access.region, self._access.anonymous)
        if found := self._held.reference(origin):
            return found
        if wanted.digest and not self._compare(wanted, meter):
            self.unknown.append(item.name)
            origin = msgspec.structs.replace(origin, digest=None)
        return self._held.reference(origin) or File(self._run.key(item.name), item.size, origin=origin, in_place=True)

    def _compare(self, wanted: Wanted, meter: Meter) -> bool:
        """Return whether the content is known to be the stated one; raises DownloadError when it is another."""
        source, item = wanted.source, wanted.item
        stated = {digest.algorithm: digest for digest in self._stated[item.name]}
        md5, sha256, etag = stated.get("md5"), stated.get("sha256"), md5_of(item.etag)
        if isinstance(source, S3Source):
            if md5 and md5.value == etag:
                return True
            if sha256 and self._checksums and (kept := self._checksums.sha256(source.locate(item.name), item.etag)):
                replace(wanted, digest=sha256).check_digest(kept)
                return True
            if not (md5 and etag):
                return False
            wanted = replace(wanted, digest=md5)
        _read(wanted, meter)
        return True


def _read(wanted: Wanted, meter: Meter) -> None:
    with wanted.source.open(wanted.item.name, 0, wanted.item.etag) as opened:
        for piece in wanted.checked(opened.pieces, opened.size):
            meter.moved(len(piece))


def _checksums(source: Source, stated: Stated) -> "Checksums | None":
    """Return what asks S3 for SHA-256 values, where some are stated."""
    known = (digest.algorithm for digests in stated.values() for digest in digests)
    if not isinstance(source, S3Source) or "sha256" not in known:
        return None
    from dmpworks.services.inside_s3 import Checksums

    return Checksums(source.access.region, source.access.anonymous, source.access.requester_pays)
