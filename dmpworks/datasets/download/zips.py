"""Zips that contain a release: whether one is complete, and which of its files are data."""

import re
import zipfile

from dmpworks.datasets.reading.archives import BROKEN_ZIP, zip_members
from dmpworks.errors import DownloadError
from dmpworks.services.ranged import Openable

_ADDED_BY_MACOS = re.compile(r"^__MACOSX/|(^|/)\._")
SHOWN = 40  # bytes of a file that is no zip: enough to recognise an error page


def check_zip(file: Openable, where: str) -> None:
    """Raise DownloadError unless the file has a central directory and each member begins where that says.

    Only the directory and the headers are read; the transform checks the CRC of each member.
    """
    try:
        with file.open("rb") as opened, zipfile.ZipFile(opened) as archive:
            for member in archive.infolist():
                archive.open(member).close()
    except (*BROKEN_ZIP, ValueError) as error:  # ValueError: a name that is not text, or a negative offset
        with file.open("rb") as opened:
            begins = opened.read(SHOWN)
        raise DownloadError(
            "the downloaded file is not a complete zip",
            on=f"{where}: {file.stat().st_size:,} bytes beginning with {begins!r}: {error}",
            next="open the address in a browser: it must return the zip itself; then run the download job again",
        ) from error


def data_files(file: Openable) -> list[str]:
    """Return the names of the files in a zip, without those that macOS adds; raises TransformError if it is no zip."""
    return [name for name in zip_members(file) if not _ADDED_BY_MACOS.search(name)]
