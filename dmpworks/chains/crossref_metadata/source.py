"""Copies the newest tar of Crossref's bucket, and indexes the files in it.

The index (`<tar>.members.json`) lists offset and size of each member, so that a worker can read any one directly.
"""

import calendar
import re
from collections.abc import Sequence
from functools import partial

import msgspec

from dmpworks.datasets.download.copy import copy_files, publish_generated
from dmpworks.datasets.reading.archives import Member, tar_members
from dmpworks.datasets.reading.json_lines import REPLACE
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.s3 import Access
from dmpworks.datasets.sources.source import Item
from dmpworks.errors import DamagedFileError, DownloadError, TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import File, Phase, Run
from dmpworks.services.keys import Key

LINES, TAR, INDEX = ".jsonl.gz", ".tar", ".members.json"
_INDEX = re.compile(r"\.tar-[0-9a-f]{8}\.members\.json$")
_MONTHS = [month.lower() for month in calendar.month_name[1:]]
_RELEASE = re.compile(rf"({'|'.join(_MONTHS)})[_ -](\d{{4}})", re.IGNORECASE)


def copy(run: Run, address: str) -> Counts:
    """Copy the newest public data file into the bucket and index it; raises DownloadError if it is truncated."""
    source = open_source(address, Access(region="us-east-1", requester_pays=True))
    counts = copy_files(run, source, newest(source.items()))
    index_tars(run)
    return counts


def newest(items: Sequence[Item]) -> list[Item]:
    """Return the newest tar by the month in its name (the bucket has one per year), else all *.jsonl.gz."""
    tars = [item for item in items if item.name.endswith(TAR)]
    if tars:
        return [max(tars, key=_released)]
    return [item for item in items if item.name.endswith(LINES)]


def _released(item: Item) -> tuple[int, int, str]:
    found = _RELEASE.search(item.name)
    if found is None:
        return 0, 0, item.name
    return int(found[2]), _MONTHS.index(found[1].lower()), item.name


class Index(msgspec.Struct, frozen=True):
    """The members of a tar, by its key in the bucket."""

    tar: Key
    members: list[Member]


def index_tars(run: Run) -> None:
    """Publish the index of each tar that this run has copied; raises DownloadError if one is truncated."""
    for file in [file for file in run.outputs if file.key.endswith(TAR)]:
        assert file.origin
        publish_generated(
            run, file.origin.name + INDEX, file.key, file.origin.etag or file.key, partial(_index, run, file)
        )


def _index(run: Run, file: File) -> bytes:
    run.progress(f"indexing the members of {file.key}")
    try:
        return msgspec.json.encode(Index(file.key, tar_members(run.bucket.opened(file.key), LINES)))
    except TransformError as error:
        raise DownloadError(
            error.what, on=f"{file.origin and file.origin.address}: {error.on}", next="check the file at the source"
        ) from error


def indexed(download: Phase) -> dict[str, list[Member]]:
    """Return the members of each indexed tar, by its key; raises TransformError if an index is damaged."""
    indexes = [_read_index(file, download.content(file)) for file in download.files if _INDEX.search(file.key)]
    return {index.tar: index.members for index in indexes}


def _read_index(file: File, content: bytes) -> Index:
    try:
        return msgspec.json.decode(content, type=Index)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DamagedFileError("the index of a tar cannot be read", on=f"{file.key}: {error}", next=REPLACE) from error
