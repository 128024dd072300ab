"""Copies all months of DataCite's bucket, if the data file is complete."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from dmpworks.chains.datacite.credentials import REGION, provider
from dmpworks.chains.datacite.listing import CSV, LINES, check_whole
from dmpworks.datasets.download.copy import copy_files
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.s3 import Access
from dmpworks.datasets.sources.source import Item, Source, read
from dmpworks.errors import DownloadError, SettingsError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run
from dmpworks.settings.declare import Secret

STATUS = "STATUS.json"


class Status(msgspec.Struct):
    """The status of the month's data file; `Complete` when DataCite has written all of it."""

    month: str | None = None
    status: str | None = None


class DataFile(NamedTuple):
    """The files to copy, and the status in each STATUS.json by its name."""

    items: list[Item]
    statuses: dict[str, Status]


def copy(run: Run, address: str, api_url: str, username: Secret | None, password: Secret | None) -> Counts:
    """Copy the monthly data file into the bucket; raises DownloadError when it is incomplete or changes."""
    source = open_data_file(address, api_url, username, password)
    items, statuses = listed(source)
    counts = copy_files(run, source, items)
    check_unchanged(source, statuses)
    return counts


def open_data_file(address: str, api_url: str, username: Secret | None, password: Secret | None) -> Source:
    """Open the source, with a member's credentials if it is in S3; raises SettingsError if these are missing."""
    if not address.startswith("s3://"):
        return open_source(address)
    if username is None or password is None:
        raise SettingsError(
            "DATACITE_USERNAME and DATACITE_PASSWORD are not set",
            on=f"{address} is accessible only to members of DataCite",
            next="set both in the environment (on AWS in the job definition), or DATACITE_SOURCE to a folder",
        )
    return open_source(address, Access(REGION, credentials=provider(api_url, username.reveal(), password.reveal())))


def listed(source: Source) -> DataFile:
    """Return the parts and the CSV of each month; raises DownloadError if the data file is not complete."""
    items = source.items()
    statuses = {item.name: _status(source, item.name) for item in items if item.name.rpartition("/")[2] == STATUS}
    if not statuses and source.address.startswith("s3://"):  # a user's own copy need not have it
        raise DownloadError(
            "DataCite's monthly data file does not say whether it is complete",
            on=f"{source.address} has no {STATUS}",
            next="check DATACITE_SOURCE, or run the download job again in some hours",
        )
    files = [item for item in items if item.name.endswith((LINES, CSV))]
    next = "check the source: it may be about to change; then run the download job again"
    check_whole((item.name for item in files), source.address, DownloadError, next)
    return DataFile(files, statuses)


def check_unchanged(source: Source, statuses: Mapping[str, Status]) -> None:
    """Raise DownloadError if month or status at the source have changed since before the copy."""
    for name, before in statuses.items():
        if (now := _status(source, name)) != before:
            raise DownloadError(
                "DataCite's monthly data file changed while it was copied",
                on=f"{source.address} {name}: {now.month} {now.status} instead of {before.month} {before.status}",
                next="run the download job again: unchanged files are not copied again",
            )


def _status(source: Source, name: str) -> Status:
    """Return the status of the data file; raises DownloadError if it is not complete."""
    try:
        status = msgspec.json.decode(read(source, name), type=Status)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        on = f"{source.address} {name}: {error}"
        raise DownloadError(
            "the data file's status cannot be read", on=on, next="check that file at the source"
        ) from error
    if (status.status or "").lower() != "complete":
        raise DownloadError(
            "DataCite's monthly data file is not complete yet",
            on=f"{source.address} {name}: {status.month} {status.status}",
            next="run the download job again in some hours",
        )
    return status
