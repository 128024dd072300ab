"""Copies the files that the manifest of an OpenAlex release lists, checked against its sizes and totals.

OpenAlex writes the manifest last, so its presence means that the release is complete:
https://docs.openalex.org/download-all-data/openalex-snapshot (read in December 2026).
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from dmpworks.datasets.download.checksums import Digest, digest_of
from dmpworks.datasets.download.copy import copy_files, publish_generated
from dmpworks.datasets.download.in_place import list_in_place
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.s3 import Access
from dmpworks.datasets.sources.source import Item, Source, read
from dmpworks.errors import DownloadError, first_few
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run

NAME = "manifest.json"
RERUN_DOWNLOAD = "run the download job again"
PUBLIC = "s3://openalex/"
REGION = "us-east-1"


class Meta(msgspec.Struct, frozen=True):
    """The stated size, record count and hashes of one file (or of the whole release)."""

    content_length: int | None = None
    record_count: int | None = None
    sha256: str | None = None
    md5: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """One file of a release."""

    url: str
    meta: Meta = Meta()

    @property
    def name(self) -> str:
        """The file's name below the folder of works, such as `updated_date=2026-01-01/part_0000.parquet`."""
        return "/".join(self.url.split("/")[-2:]) if "updated_date=" in self.url else self.url.rpartition("/")[2]


class Release(msgspec.Struct, frozen=True):
    """A manifest; before June 2026 its files were called `entries` and its totals were in `meta`."""

    files: tuple[Entry, ...] = ()
    entries: tuple[Entry, ...] = ()
    record_count: int | None = None
    content_length: int | None = None
    meta: Meta = Meta()

    @property
    def listed(self) -> tuple[Entry, ...]:
        """The files, in either layout."""
        return self.files or self.entries


def copy(run: Run, address: str, *, in_place: bool) -> Counts:
    """Copy a release into the bucket or, in place, only list its files; raises DownloadError if it is not complete."""
    source = open_source(address, _access(run, address))
    content = read(source, NAME)
    listed = parse_release(content, f"{source.address} {NAME}").listed
    records = sum(entry.meta.record_count or 0 for entry in listed)
    run.progress(f"the release lists {len(listed):,} files with {records:,} records")
    items = _items(source, listed)
    digests = {entry.name: stated for entry in listed if (stated := _digests(entry.meta))}
    if in_place:
        counts = list_in_place(run, source, items, digests)
    else:
        counts = copy_files(run, source, items, {name: first for name, (first, *_) in digests.items()}, previous=True)
    # Publish the manifest that the files were checked against: the one at the source may have changed since.
    publish_generated(run, NAME, source.locate(NAME), str(digest_of(content)), lambda: content)
    return counts + Counts(also={"records stated": records})


def _access(run: Run, address: str) -> Access:
    """Return the access to the source: OpenAlex's bucket is public, and its region is fixed."""
    return Access(region=REGION, anonymous=True) if address.startswith(PUBLIC) else Access(region=run.region)


def _items(source: Source, listed: Sequence[Entry]) -> list[Item]:
    """Return the listed files as source items; raises DownloadError if one is missing or has another size."""
    present = {item.name: item for item in source.items()}
    check_sizes(source.address, listed, {name: item.size for name, item in present.items()})
    return [Item(entry.name, present[entry.name].size, present[entry.name].etag) for entry in listed]


def _digests(meta: Meta) -> list[Digest]:
    stated = {"sha256": meta.sha256, "md5": meta.md5}
    return [Digest(algorithm, value.lower()) for algorithm, value in stated.items() if value]


def parse_release(content: bytes, where: str) -> Release:
    """Read a manifest and check that its totals are the sums over its files; raises DownloadError."""
    try:
        release = msgspec.json.decode(content, type=Release)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DownloadError(
            "the manifest of the release cannot be read", on=f"{where}: {error}", next=RERUN_DOWNLOAD
        ) from error
    if not release.listed:
        raise DownloadError("the manifest of the release lists no files", on=where, next=RERUN_DOWNLOAD)
    if twice := [name for name, times in Counter(entry.name for entry in release.listed).items() if times > 1]:
        on = f"{where}: {first_few(twice, between=', ')}"
        raise DownloadError("the manifest of the release lists a file twice", on=on, next=RERUN_DOWNLOAD)
    _check_total(where, "records", release.record_count or release.meta.record_count, _record_counts(release))
    _check_total(where, "bytes", release.content_length or release.meta.content_length, _sizes(release))
    return release


def _record_counts(release: Release) -> list[int | None]:
    return [entry.meta.record_count for entry in release.listed]


def _sizes(release: Release) -> list[int | None]:
    return [entry.meta.content_length for entry in release.listed]


def _check_total(where: str, unit: str, stated: int | None, parts: Sequence[int | None]) -> None:
    known = [part for part in parts if part is not None]
    if stated is not None and len(known) == len(parts) and sum(known) != stated:
        raise DownloadError(
            "the totals in the manifest of the release are not the sums over its files",
            on=f"{where}: {stated:,} {unit} in total, but {sum(known):,} in its {len(parts):,} files",
            next="the release may be about to change: " + RERUN_DOWNLOAD,
        )


def check_sizes(where: str, listed: Sequence[Entry], found: Mapping[str, int | None]) -> None:
    """Raise DownloadError if a listed file is missing or its size is not the stated one."""
    wrong = [
        f"{entry.name}: {size:,} bytes instead of {entry.meta.content_length:,}" if size is not None else entry.name
        for entry in listed
        if (size := found.get(entry.name)) is None or entry.meta.content_length not in (None, size)
    ]
    if wrong:
        raise DownloadError(
            f"{len(wrong)} files are missing or do not have the size that the manifest of the release states",
            on=f"{where}: {first_few(wrong, between=', ')}",
            next="the release may be about to change: " + RERUN_DOWNLOAD,
        )
