"""The fields of a Crossref record that are read, and the columns of `crossref-metadata/<run id>/transform`.

Source: https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md and the model behind
https://api.crossref.org/swagger-ui/index.html (read in December 2026), whose records the public data file contains.
"""

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
    """An award id; the records state a text, which becomes `award`."""

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
    """An author; only the affiliations are read, to select a subset."""

    affiliation: msgspec.Raw = NULL


Related = list[Identified | str | None] | Identified | str | None


class Record(msgspec.Struct, gc=False):
    """A line of the public data file; authors and funders stay undecoded (`columns/raw_json.py`)."""

    doi: Loose = msgspec.field(default=None, name="DOI")
    title: list[Loose] | Loose = None
    abstract: Loose = None
    deposited: Moment | None = None
    author: msgspec.Raw = NULL
    funder: msgspec.Raw = NULL
    relation: dict[str, Related] | list[None] | None = None  # an empty object may be sent as an empty list


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
