"""Zips that hold a release: whether one has arrived whole, and which of its files are data."""

import re
import zipfile

from dmpworks.datasets.reading.archives import BROKEN_ZIP, zip_members
from dmpworks.errors import DownloadError
from dmpworks.services.ranged import Openable

_ADDED = re.compile(r"^__MACOSX/|(^|/)\._")
SHOWN = 40  # bytes of what is no zip: enough to know an error page by


def check_zip(file: Openable, where: str) -> None:
    """Raise DownloadError unless a file ends in the directory of a zip, and each of its files begins where that says.

    Only these places are read: the content of each file has a checksum of its own, which the transform compares.
    """
    try:
        with file.open("rb") as opened, zipfile.ZipFile(opened) as archive:
            for member in archive.infolist():
                archive.open(member).close()
    except (*BROKEN_ZIP, ValueError) as error:  # also a name that is no text, or a place before the beginning
        with file.open("rb") as opened:
            begins = opened.read(SHOWN)
        raise DownloadError(
            "what has arrived is not a whole zip",
            on=f"{where}: {file.stat().st_size:,} bytes that begin with {begins!r}: {error}",
            next="open the address in a browser: it must send the zip itself; then run the download job again",
        ) from error


def data_files(file: Openable) -> list[str]:
    """Return the names of the files in a zip, without what macOS adds; raises TransformError when it is none."""
    return [name for name in zip_members(file) if not _ADDED.search(name)]
