"""Which files of DataCite's bucket are copied, and whether the month is whole."""

import msgspec

from dmpworks.chains.datacite.credentials import REGION, provider
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.s3 import Access
from dmpworks.datasets.sources.source import Item, Source, read
from dmpworks.errors import DownloadError, SettingsError
from dmpworks.jobs.settings import Secret

STATUS = "STATUS.json"


class Status(msgspec.Struct):
    """What DataCite says of the month's data file: Complete when it is whole."""

    month: str | None = None
    status: str | None = None


def open_data_file(address: str, api_url: str, username: Secret | None, password: Secret | None) -> Source:
    """Open the source, with a member's credentials when it lies in S3; raises SettingsError when these are missing."""
    if not address.startswith("s3://"):
        return open_source(address)
    if username is None or password is None:
        raise SettingsError(
            "DATACITE_USERNAME and DATACITE_PASSWORD are not set",
            on=f"{address} is open to members of DataCite only",
            next="set both in the environment (on AWS in the job definition), or DATACITE_SOURCE to a folder",
        )
    return open_source(address, Access(REGION, credentials=provider(api_url, username.reveal(), password.reveal())))


def wanted(source: Source) -> list[Item]:
    """Return the parts of each month and the CSV beside them; raises DownloadError when the month is not complete."""
    items = source.items()
    for item in items:
        if item.name.rpartition("/")[2] == STATUS:
            _check(source, read(source, item.name))
    return [item for item in items if item.name.endswith((".jsonl.gz", ".csv.gz"))]


def _check(source: Source, content: bytes) -> None:
    try:
        status = msgspec.json.decode(content, type=Status)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        on = f"{source.address} {STATUS}: {error}"
        raise DownloadError("the data file's status cannot be read", on=on, next="look at that file") from error
    if (status.status or "").lower() != "complete":
        raise DownloadError(
            "DataCite's monthly data file is not complete yet",
            on=f"{source.address} {STATUS}: {status.month} {status.status}",
            next="run the download job again in some hours",
        )
