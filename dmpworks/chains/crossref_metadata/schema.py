"""What a Crossref record looks like, and the columns of `crossref-metadata/<run id>/transform`."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from dmpworks.datasets.columns import arrow as columns
from dmpworks.datasets.reading.loose_values import NULL, Loose


class Identified(msgspec.Struct, gc=False):
    """An identifier of a funder, or a work that this one is related to."""

    id: Loose = None
    id_type: Loose = msgspec.field(default=None, name="id-type")


class Award(msgspec.Struct, gc=False):
    """An award; what is stated is a text that stands for it."""

    award: Loose = None


class Funder(msgspec.Struct, gc=False):
    """A funder, its identifiers and its awards."""

    name: Loose = None
    doi: Loose = msgspec.field(default=None, name="DOI")
    id: msgspec.Raw = NULL
    award: msgspec.Raw = NULL


class Moment(msgspec.Struct, gc=False):
    """A point in time."""

    date_time: Loose = msgspec.field(default=None, name="date-time")


class Affiliation(msgspec.Struct, gc=False):
    """An organisation that an author belongs to."""

    name: Loose = None
    id: msgspec.Raw = NULL


class Author(msgspec.Struct, gc=False):
    """An author, of whom only the affiliations are needed: a subset is chosen by them."""

    affiliation: msgspec.Raw = NULL


Related = list[Identified | str | None] | Identified | str | None


class Record(msgspec.Struct, gc=False):
    """A line of the public data file; authors and funders stay undecoded (`raw_json.py`)."""

    doi: Loose = msgspec.field(default=None, name="DOI")
    title: list[Loose] | Loose = None
    abstract: Loose = None
    deposited: Moment | None = None
    author: msgspec.Raw = NULL
    funder: msgspec.Raw = NULL
    relation: dict[str, Related] | list[None] | None = None  # an empty one may come as a list


class Row(NamedTuple):
    """A row of the Parquet files."""

    doi: str
    title: str | None
    abstract_text: str | None
    updated_date: datetime | None
    funders: list[columns.Party]
    awards: list[columns.Award]
    relations: list[columns.Relation]


SCHEMA = columns.schema_of(Row)
