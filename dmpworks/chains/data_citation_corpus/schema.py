"""The fields of a citation that are read, and the columns of `data-citation-corpus/<run id>/transform`.

Source: the JSON files of the corpus, https://support.datacite.org/docs/data-citation-corpus (December 2026). Version 1
called the fields `objId` and `subjId`.
"""

from typing import NamedTuple

import msgspec

from dmpworks.datasets.columns.arrow import schema_of
from dmpworks.datasets.reading.loose_values import Loose


class Citation(msgspec.Struct, gc=False):
    """A publication and a dataset that it cites, each a DOI (or, for some datasets, an accession number)."""

    publication: Loose = None
    dataset: Loose = None


class Row(NamedTuple):
    """A row of the Parquet files."""

    publication_doi: str
    dataset_doi: str


SCHEMA = schema_of(Row)
