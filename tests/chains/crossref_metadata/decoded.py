"""Crossref records with their raw fields decoded, as the reference reads them."""

import msgspec

from dmpworks.chains.crossref_metadata import schema
from dmpworks.chains.crossref_metadata.schema import Related
from dmpworks.datasets.reading.loose_values import Loose


class Funder(schema.Funder, gc=False):
    id: Related = None
    award: list[Loose] | Loose = None


class Affiliation(schema.Affiliation, gc=False):
    id: Related = None


class Author(schema.Author, gc=False):
    affiliation: list[Affiliation | str | None] | Affiliation | str | None = None


class Authors(msgspec.Struct, gc=False):
    """The authors alone: nothing in them makes a record unreadable, so they are decoded separately."""

    author: list[Author | None] | Author | None = None


class Record(schema.Record, gc=False):
    funder: list[Funder | None] | Funder | None = None
