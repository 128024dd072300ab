"""Finds the records of the public data file: in a tar that stays packed, or unpacked beside it."""

import calendar
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dmpworks.chains.crossref_metadata.records import row
from dmpworks.chains.crossref_metadata.schema import SCHEMA, Record
from dmpworks.datasets.archives import read_tar_lines, tar_members, unreadable
from dmpworks.datasets.lines import Batch, read_gzip_lines
from dmpworks.datasets.sources import Item
from dmpworks.datasets.transform import Dataset, Part
from dmpworks.jobs.run import File, Phase

LINES = ".jsonl.gz"
_MONTHS = [month.lower() for month in calendar.month_name[1:]]
_RELEASE = re.compile(rf"({'|'.join(_MONTHS)})[_ -](\d{{4}})", re.IGNORECASE)


def newest(items: Sequence[Item]) -> list[Item]:
    """Return the newest tar by the month in its name (one tar a year lies in the bucket), else every *.jsonl.gz."""
    tars = [item for item in items if item.name.endswith(".tar")]
    if tars:
        return [max(tars, key=_released)]
    return [item for item in items if item.name.endswith(LINES)]


def _released(item: Item) -> tuple[int, int, str]:
    found = _RELEASE.search(item.name)
    if found is None:
        return 0, 0, item.name
    return int(found[2]), _MONTHS.index(found[1].lower()), item.name


def parts(download: Phase) -> list[Part]:
    """Return every gzip file of the phase and of its tars; raises TransformError when a tar is cut short."""
    found = [Part(file) for file in download.files if file.key.endswith(LINES)]
    for file in download.files:
        if file.key.endswith(".tar"):
            found += _members(file, download.local(file))
    return found


def _members(file: File, path: Path) -> list[Part]:
    members = [member for member in tar_members(path) if member.name.endswith(LINES)]
    if not members:
        raise unreadable(path, f"it holds no *{LINES}")
    return [Part(file, within=member) for member in members]


def read(path: Path, part: Part) -> Iterator[Batch[Record]]:
    """Yield the records of a gzip file, or of one inside a tar."""
    return read_tar_lines(path, part.within, Record) if part.within else read_gzip_lines(path, Record)


DATASET = Dataset(schema=SCHEMA, read=read, row=row)
