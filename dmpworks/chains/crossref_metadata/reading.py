"""Reads the records of the public data file, inside a tar or as separate gzip files."""

from collections.abc import Iterator

from dmpworks.chains.crossref_metadata.records import columns, undecoded
from dmpworks.chains.crossref_metadata.schema import SCHEMA, Record
from dmpworks.chains.crossref_metadata.source import LINES, TAR, indexed
from dmpworks.datasets.reading.archives import Member, read_tar_lines, tar_members, unreadable
from dmpworks.datasets.reading.json_lines import Batch, read_gzip_lines
from dmpworks.datasets.transform.dataset import Dataset, Part
from dmpworks.jobs.run import File, Phase
from dmpworks.services.storage import Openable


def parts(download: Phase) -> list[Part]:
    """Return every gzip file of the phase and of its tars; raises TransformError if a tar is truncated."""
    found = [Part(file) for file in download.files if file.key.endswith(LINES)]
    known = indexed(download)
    for file in download.files:
        if file.key.endswith(TAR):
            found += _parts(file, download.opened(file), known.get(file.key))
    return found


def _parts(file: File, tar: Openable, known: list[Member] | None) -> list[Part]:
    members = [member for member in known or tar_members(tar, LINES) if member.name.endswith(LINES)]
    if not members:
        raise unreadable(tar, f"it has no *{LINES}")
    return [Part(file, within=member) for member in members]


def read(path: Openable, part: Part) -> Iterator[Batch[Record]]:
    """Yield the records of a gzip file, or of one inside a tar."""
    if part.within:
        return read_tar_lines(path, part.within, Record, undecoded)
    return read_gzip_lines(path, Record, undecoded)


DATASET = Dataset(
    schema=SCHEMA,
    read=read,
    columns=columns,
    normally_filled=(
        "title",
        "abstract_text",
        "updated_date",
        "funders.name",
        "funders.id",
        "awards",
        "awards.funder_id",
        "relations",
    ),
    layout="https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md",
)
