"""Copies a release that is one zip, from Zenodo or any other address.

The address `latest` asks Zenodo for the newest version of a record; file name, size and hash then come from the
response. The API is described at https://developers.zenodo.org/#records (read in December 2026).
"""

import fnmatch
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec

from dmpworks.datasets.download.checksums import Digest, parse_digest
from dmpworks.datasets.download.copy import copy_file
from dmpworks.datasets.download.parallel import counts
from dmpworks.datasets.download.zips import check_zip
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.source import Item, Source
from dmpworks.errors import DownloadError, SettingsError, first_few
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.services.http import Http

LATEST = "latest"
ZENODO = "https://zenodo.org/api"
INSTEAD = "set the address of the zip itself instead of latest"


class Record(NamedTuple):
    """A Zenodo record with all its versions (its concept id), and the pattern of the zip's name."""

    concept: int
    files: str = "*.zip"


class _Links(msgspec.Struct):
    own: str = msgspec.field(name="self")


class _File(msgspec.Struct):
    key: str
    size: int
    checksum: str
    links: _Links


class _Metadata(msgspec.Struct):
    publication_date: str


class _Version(msgspec.Struct):
    id: int
    metadata: _Metadata
    files: list[_File] = []


class _Hits(msgspec.Struct):
    hits: list[_Version]


class _Answer(msgspec.Struct):
    hits: _Hits


class _Release(NamedTuple):
    source: Source
    item: Item
    digest: Digest | None


def copy_release(
    run: Run, address: str, hash: str | None, file_name: str | None, record: Record, zenodo: str = ZENODO
) -> Counts:
    """Copy a release that is one zip, after checking that it is complete and has the stated hash.

    `address` may be a folder that contains only that zip. Error messages name the settings of the chain, such as
    `ROR_HASH` and `ROR_FILE_NAME`. Raises DownloadError or SettingsError.
    """
    prefix = run.chain.upper().replace("-", "_")
    digest = parse_digest(hash, f"{prefix}_HASH")
    release = _latest(run, record, zenodo) if address == LATEST else _one_zip(open_source(address), prefix)
    name = file_name or Path(release.item.name).name
    if not name.endswith(".zip"):
        raise SettingsError(
            "the file name of the release does not end in .zip",
            on=f"{release.source.address}: {name}",
            next=f"set {prefix}_FILE_NAME",
        )
    return counts([copy_file(run, release.source, release.item, digest or release.digest, name, check_zip)])


def _one_zip(source: Source, prefix: str) -> _Release:
    items = source.items()
    if len(items) > 1:
        items = [item for item in items if item.name.endswith(".zip")]
    if len(items) != 1:
        raise DownloadError(
            "the source does not contain exactly one zip",
            on=f"{source.address}: {first_few([item.name for item in items], between=', ') or 'none'}",
            next=f"set {prefix}_DOWNLOAD_URL to the zip itself",
        )
    return _Release(source, items[0], None)


def _latest(run: Run, record: Record, zenodo: str) -> _Release:
    """Return the zip of the newest version of a record, with the size and hash that Zenodo states."""
    http, url = Http(), f"{zenodo}/records"
    query: dict[str, str | int] = {"q": f"conceptrecid:{record.concept}", "all_versions": "true", "sort": "mostrecent"}
    try:
        versions = http.get(url, query | {"page": 1, "size": 10}, _Answer).hits.hits
    finally:
        http.close()
    if not versions:
        raise DownloadError(
            "Zenodo lists no release", on=f"{url}: record {record.concept}", next=f"try again later, or {INSTEAD}"
        )
    newest = max(versions, key=lambda version: (version.metadata.publication_date, version.id))
    file = _zip(newest, record)
    run.progress(f"the latest release is {file.key} of {newest.metadata.publication_date}")
    return _Release(
        open_source(_on_same_host(file.links.own, zenodo)),
        Item(file.key, file.size),
        parse_digest(file.checksum, f"Zenodo's {file.key}"),
    )


def _on_same_host(address: str, zenodo: str) -> str:
    """Return an address that Zenodo's answer names; raises DownloadError unless it is one of Zenodo itself."""
    try:
        named, own = httpx.URL(address), httpx.URL(zenodo)
        same = (named.scheme, named.host, named.port) == (own.scheme, own.host, own.port) and not named.userinfo
    except httpx.InvalidURL:
        same = False
    if not same:
        raise DownloadError(
            "Zenodo's answer names an address that is not its own", on=f"{address!r}", next=f"try later, or {INSTEAD}"
        )
    return address


def _zip(newest: _Version, record: Record) -> _File:
    """Return the zip of the newest version, and never that of an older one: it would not be the latest release."""
    found = [file for file in newest.files if fnmatch.fnmatch(file.key, record.files)]
    if len(found) != 1:
        names = first_few([file.key for file in newest.files], between=", ") or "no files"
        raise DownloadError(
            f"the latest release on Zenodo does not contain exactly one {record.files}",
            on=f"record {newest.id} of {newest.metadata.publication_date}: {names}",
            next=f"look at https://zenodo.org/records/{newest.id}, then {INSTEAD}",
        )
    return found[0]
