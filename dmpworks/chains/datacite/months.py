"""Finds the records of the monthly data file, and compares each month with what the CSV beside its parts states."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from isal import igzip

from dmpworks.chains.datacite import records
from dmpworks.chains.datacite.schema import SCHEMA, Record, Row
from dmpworks.datasets.lines import DAMAGED, Batch, damaged, read_gzip_lines
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform import Dataset, Notes, Part
from dmpworks.errors import TransformError
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Phase

_MONTH = re.compile(r"(?:^|/)updated_(\d{4}-\d{2})/")
_UNREADABLE: tuple[type[Exception], ...] = (*DAMAGED, UnicodeDecodeError, csv.Error)
_READ = "records of "  # begins the figures by month, which are not kept in the manifest


class InMonth(NamedTuple):
    """A record, and the month whose folder it came from."""

    month: str | None
    record: Record


def parts(download: Phase) -> list[Part]:
    """Return every part of every month."""
    return [Part(file) for file in download.files if file.key.endswith(".jsonl.gz")]


def read(path: Path, part: Part) -> Iterator[Batch[InMonth]]:
    """Yield the records of one part."""
    month = _month(part.file.key)
    for batch in read_gzip_lines(path, Record):
        yield Batch([InMonth(month, record) for record in batch.records], batch.bad, batch.lenient)


def row(found: InMonth, subset: Subset | None, notes: Notes) -> Row | str:
    """Return the row of a record, or why it is left out; notes count the records of each month."""
    if found.month:
        notes[_READ + found.month] += 1
    return records.row(found.record, subset, notes)


DATASET = Dataset(schema=SCHEMA, read=read, row=row, dictionary=("work_type", "publication_venue"))


def stated(download: Phase) -> dict[str, int]:
    """Return the number of records that the CSV of each month states."""
    found = ((_month(file.key), file) for file in download.files if file.key.endswith(".csv.gz"))
    return {month: _rows(download.local(file)) for month, file in found if month}


def _month(key: str) -> str | None:
    found = _MONTH.search(key)
    return found[1] if found else None


def _rows(path: Path) -> int:
    """Count the rows below the header; raises TransformError when the file is damaged."""
    rows = 0
    try:
        with path.open("rb") as file, igzip.GzipFile(fileobj=file, mode="rb") as stream:
            rows = sum(1 for line in csv.reader(io.TextIOWrapper(stream, "utf-8", newline="")) if line)
    except _UNREADABLE as error:
        raise damaged(path.name, str(error), rows) from error
    return max(rows - 1, 0)


def check_months(counts: Counts, stated: Mapping[str, int]) -> Counts:
    """Return the counts without the figures by month; raises TransformError when a month is not what its CSV states.

    Quarantined records belong to no month; together they must be exactly what the months lack. A gzip file that is cut
    at the end of a member, or a part that was never uploaded, is seen by nothing else.
    """
    read = {name.removeprefix(_READ): number for name, number in counts.also.items() if name.startswith(_READ)}
    lacking = {month: number - read.get(month, 0) for month, number in stated.items()}
    wrong = [(month, by) for month, by in sorted(lacking.items()) if by]
    if sum(lacking.values()) > counts.quarantined or min(lacking.values(), default=0) < 0:
        raise TransformError(
            "months hold other numbers of records than their CSV files state",
            on=", ".join(f"{month}: {stated[month] - by:,} instead of {stated[month]:,}" for month, by in wrong),
            next="run the download job again, then the transform",
        )
    also = {name: number for name, number in counts.also.items() if not name.startswith(_READ)}
    return msgspec.structs.replace(counts, also=also)
