"""Reads the records of the monthly data file, and compares their number with the CSV of each month."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from isal import igzip

from dmpworks.chains.datacite.listing import CSV, LINES, check_whole, month
from dmpworks.chains.datacite.records import columns, undecoded
from dmpworks.chains.datacite.schema import SCHEMA, Record
from dmpworks.datasets.reading.json_lines import DAMAGED, REPLACE, Batch, damaged, read_gzip_lines
from dmpworks.datasets.transform.dataset import Dataset, Part
from dmpworks.errors import TransformError
from dmpworks.jobs.run import Phase
from dmpworks.services.storage import Openable

_UNREADABLE: tuple[type[Exception], ...] = (*DAMAGED, UnicodeDecodeError, csv.Error)


def parts(download: Phase) -> list[Part]:
    """Return every part of every month; raises TransformError if a month is not complete."""
    next = "run the download job again, or upload what is missing, then run the transform"
    check_whole((file.key for file in download.files), download.folder, TransformError, next)
    return [Part(file) for file in download.files if file.key.endswith(LINES)]


def read(path: Openable, part: Part) -> Iterator[Batch[Record]]:
    """Yield the records of one part."""
    return read_gzip_lines(path, Record, undecoded)


DATASET = Dataset(
    schema=SCHEMA,
    read=read,
    columns=columns,
    dictionary=("work_type", "publication_venue"),
    normally_filled=(
        "title",
        "abstract_text",
        "work_type",
        "publication_date",
        "updated_date",
        "publication_venue",
        "authors.surname",
        "authors.orcid",
        "institutions.name",
        "institutions.id",
        "funders.name",
        "funders.id",
        "awards",
        "relations",
    ),
    layout="https://datacite-metadata-schema.readthedocs.io/en/4.6/properties/",
)


def stated(download: Phase) -> dict[str, int]:
    """Return the number of records that the CSV of each month states."""
    tables = ((month(file.key), file) for file in download.files if file.key.endswith(CSV))
    return {of: _rows(download.opened(file)) for of, file in tables if of}


def _rows(path: Openable) -> int:
    """Count the rows below the header; raises TransformError if the file is damaged."""
    rows = 0
    try:
        with path.open("rb") as file, igzip.GzipFile(fileobj=file, mode="rb") as stream:
            rows = sum(1 for line in csv.reader(io.TextIOWrapper(stream, "utf-8", newline="")) if line)
    except _UNREADABLE as error:
        raise damaged(path.name, str(error), rows) from error
    return max(rows - 1, 0)


def check_months(stated: Mapping[str, int], read: Iterable[tuple[Part, int]]) -> None:
    """Raise TransformError if the number of records read for a month is not the one that its CSV states.

    Nothing else detects a gzip file that is truncated at the end of a member, or a part that was never uploaded.
    """
    counted: Counter[str | None] = Counter()
    for part, records in read:
        counted[month(part.file.key)] += records
    if wrong := [of for of in sorted(stated) if counted[of] != stated[of]]:
        raise TransformError(
            "the number of records of some months is not the one that their CSV files state",
            on=", ".join(f"{of}: {counted[of]:,} instead of {stated[of]:,}" for of in wrong),
            next=f"for the parts of these months: {REPLACE}",
        )
