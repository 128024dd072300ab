"""Crossref records with all that is written decoded: what the reference reads."""

import msgspec

from dmpworks.chains.crossref_metadata.schema import Moment, Related
from dmpworks.datasets.reading.loose_values import NULL, Loose


class Funder(msgspec.Struct, gc=False):
    """A funder and its awards."""

    name: Loose = None
    doi: Loose = msgspec.field(default=None, name="DOI")
    id: Related = None
    award: list[Loose] | Loose = None


class Affiliation(msgspec.Struct, gc=False):
    """An organisation that an author belongs to."""

    name: Loose = None
    id: Related = None


class Author(msgspec.Struct, gc=False):
    """An author, of whom only the affiliations are needed: a subset is chosen by them."""

    affiliation: list[Affiliation | str | None] | Affiliation | str | None = None


class Authors(msgspec.Struct, gc=False):
    """The authors of a record, apart: nothing in them makes a record unreadable."""

    author: list[Author | None] | Author | None = None


class Record(msgspec.Struct, gc=False):
    """A line of the public data file."""

    doi: Loose = msgspec.field(default=None, name="DOI")
    title: list[Loose] | Loose = None
    abstract: Loose = None
    deposited: Moment | None = None
    author: msgspec.Raw = NULL
    funder: list[Funder | None] | Funder | None = None
    relation: dict[str, Related] | list[None] | None = None  # an empty one may come as a list
