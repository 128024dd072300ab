"""Lists the files of a source that stay there, and checks them as far as possible without copying them.

A file on disk is read and hashed. S3 gives the ETag of an object, which usually is its MD5, and sometimes a stored
SHA-256. If the ETag differs from the stated MD5, the object is read and hashed, since the ETag of an encrypted object
is no hash. If neither can be compared, only size and ETag are recorded, and the job reports the number of such files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from dmpworks.datasets.download.checksums import Digest
from dmpworks.datasets.download.parallel import check_not_empty, publish
from dmpworks.datasets.download.reuse import ReusableFiles
from dmpworks.datasets.download.transfer import ExpectedFile
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

Stated = Mapping[str, Sequence[Digest]]  # hashes by item name, the preferred one first


def list_in_place(run: Run, source: Source, items: Sequence[Item], stated: Stated | None = None) -> Counts:
    """List every item as a file that stays at its source; raises DownloadError if it has no ETag or another hash."""
    check_not_empty(source, items)
    stated = stated or {}
    expected = [ExpectedFile(source, item, next(iter(stated.get(item.name, ())), None), item.name) for item in items]
    listing = _InPlaceListing(run, source, stated)
    counts = publish(run, expected, listing.reference)
    if unverified := listing.unverified:
        reason = (
            "have a stated hash that S3 does not provide: only sizes were compared; download mode copy compares all"
        )
        run.progress(f"{len(unverified):,} of {len(items):,} files {reason}")
    return counts


class _InPlaceListing:
    """Checks the files of one source and describes them as manifest entries."""

    def __init__(self, run: Run, source: Source, stated: Stated) -> None:
        self._run, self._stated, self._reusable = run, stated, ReusableFiles(run)
        self._access = source.access if isinstance(source, S3Source) else Access()
        self._checksums = _checksums(source, stated)
        self.unverified: list[str] = []  # names of items whose stated hash could not be compared

    def reference(self, expected: ExpectedFile, meter: Meter) -> File:
        """Return the entry of a file at its source, checked unless an earlier execution has checked it."""
        item = expected.item
        if item.etag is None or item.size is None or not isinstance(expected.source, FolderSource | S3Source):
            raise DownloadError(
                "a file cannot be read in place: it has no ETag", on=expected.address, next="copy it instead"
            )
        digest = expected.digest and str(expected.digest)
        origin = Origin(item.name, expected.address, item.etag, digest, self._access.region, self._access.anonymous)
        if file := self._reusable.reference(origin):
            return file
        if expected.digest and not self._compare(expected, meter):
            self.unverified.append(item.name)
            origin = msgspec.structs.replace(origin, digest=None)
        return self._reusable.reference(origin) or File(
            self._run.key(item.name), item.size, origin=origin, in_place=True
        )

    def _compare(self, expected: ExpectedFile, meter: Meter) -> bool:
        """Return whether the hash could be compared; raises DownloadError if it differs."""
        source, item = expected.source, expected.item
        stated = {digest.algorithm: digest for digest in self._stated[item.name]}
        md5, sha256, etag = stated.get("md5"), stated.get("sha256"), md5_of(item.etag)
        if isinstance(source, S3Source):
            if md5 and md5.value == etag:
                return True
            if sha256 and self._checksums and (stored := self._checksums.sha256(source.locate(item.name), item.etag)):
                replace(expected, digest=sha256).check_digest(stored)
                return True
            if not (md5 and etag):
                return False
            expected = replace(expected, digest=md5)
        _read(expected, meter)
        return True


def _read(expected: ExpectedFile, meter: Meter) -> None:
    with expected.source.open(expected.item.name, 0, expected.item.etag) as opened:
        for piece in expected.checked(opened.pieces, opened.size):
            meter.moved(len(piece))


def _checksums(source: Source, stated: Stated) -> "Checksums | None":
    """Return the client that asks S3 for stored SHA-256 values; None if no file states one."""
    known = (digest.algorithm for digests in stated.values() for digest in digests)
    if not isinstance(source, S3Source) or "sha256" not in known:
        return None
    from dmpworks.services.inside_s3 import Checksums

    return Checksums(source.access.region, source.access.anonymous, source.access.requester_pays)
