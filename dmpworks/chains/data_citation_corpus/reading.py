"""Finds the citations in the corpus' zip."""

from collections.abc import Iterator

from dmpworks.chains.data_citation_corpus.records import row
from dmpworks.chains.data_citation_corpus.schema import SCHEMA, Citation
from dmpworks.datasets.download.zips import data_files
from dmpworks.datasets.reading.archives import read_zip_array, unreadable
from dmpworks.datasets.reading.json_lines import Batch
from dmpworks.datasets.transform.dataset import Dataset, Part, by_row
from dmpworks.jobs.run import File, Phase
from dmpworks.services.storage import Openable


def parts(download: Phase) -> list[Part]:
    """Return every JSON file of each zip of the phase; raises TransformError if a zip has none."""
    zips = [file for file in download.files if file.key.endswith(".zip")]
    return [part for file in zips for part in _parts(file, download.opened(file))]


def _parts(file: File, path: Openable) -> list[Part]:
    names = [name for name in data_files(path) if name.endswith(".json")]
    if not names:
        raise unreadable(path, "it has no *.json")
    return [Part(file, within=name) for name in names]


def read(path: Openable, part: Part) -> Iterator[Batch[Citation]]:
    """Yield the citations of one JSON file in a zip."""
    return read_zip_array(path, part.within, Citation)


DATASET = Dataset(schema=SCHEMA, read=read, columns=by_row(SCHEMA, row))
