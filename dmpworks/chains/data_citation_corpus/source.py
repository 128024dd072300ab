"""Copies the corpus' zip, from an address or as the latest release on Zenodo."""

from dmpworks.datasets.download.zenodo import Record, copy_release
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run

# The concept record of all versions, in which `latest` is looked up: https://zenodo.org/records/11196858
RECORD = Record(11196858, "*-json.zip")


def copy(run: Run, address: str, hash: str | None, file_name: str | None) -> Counts:
    """Copy the release's zip into the bucket and check it; raises DownloadError if it is not complete."""
    return copy_release(run, address, hash, file_name, RECORD)
