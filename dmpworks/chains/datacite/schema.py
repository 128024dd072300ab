"""The fields of a DataCite record that are read, and the columns of `datacite/<run id>/transform`.

Source: https://datacite-metadata-schema.readthedocs.io/en/4.6/ (schema 4.6) in the JSON of the REST API,
https://support.datacite.org/docs/api (both read in December 2026). `Loose` fields allow what DataCite really sends: a
single object for a list, a text for an object, a number for a text, null anywhere.
"""

from datetime import date, datetime
from typing import NamedTuple

import msgspec

from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import Award, Party, Relation, schema_of
from dmpworks.datasets.reading.loose_values import NULL, Loose


class Title(msgspec.Struct, gc=False):
    """A title."""

    title: Loose = None


class Description(msgspec.Struct, gc=False, rename="camel"):
    """A description and its type; only those of type Abstract are abstracts."""

    description: Loose = None
    description_type: Loose = None


class Event(msgspec.Struct, gc=False, rename="camel"):
    """A date and its type, such as Issued."""

    date: Loose = None
    date_type: Loose = None


class Types(msgspec.Struct, gc=False, rename="camel"):
    """The type of the work."""

    resource_type_general: Loose = None


class Publisher(msgspec.Struct, gc=False):
    """A publisher."""

    name: Loose = None


class Affiliation(msgspec.Struct, gc=False, rename="camel"):
    """An organisation that a creator belongs to."""

    name: Loose = None
    affiliation_identifier: Loose = None
    affiliation_identifier_scheme: Loose = None


class NameIdentifier(msgspec.Struct, gc=False, rename="camel"):
    """An identifier of a creator."""

    name_identifier: Loose = None
    name_identifier_scheme: Loose = None


class Creator(msgspec.Struct, gc=False, rename="camel"):
    """A person or an organisation that created the work."""

    name: Loose = None
    name_type: Loose = None
    given_name: Loose = None
    family_name: Loose = None
    affiliation: msgspec.Raw = NULL
    name_identifiers: msgspec.Raw = NULL


class Funding(msgspec.Struct, gc=False, rename="camel"):
    """A funder, and an award of it."""

    funder_name: Loose = None
    funder_identifier: Loose = None
    funder_identifier_type: Loose = None
    award_number: Loose = None


class Related(msgspec.Struct, gc=False, rename="camel"):
    """A related work, and the type of the relation."""

    relation_type: Loose = None
    related_identifier: Loose = None


class Attributes(msgspec.Struct, gc=False, rename="camel"):
    """The metadata of a record; lists, or single objects in their place, stay undecoded (`columns/raw_json.py`)."""

    doi: Loose = None
    titles: msgspec.Raw = NULL
    descriptions: msgspec.Raw = NULL
    types: Types | None = None
    publication_year: Loose = None
    published: Loose = None
    dates: msgspec.Raw = NULL
    created: Loose = None
    updated: Loose = None
    publisher: Publisher | str | None = None
    creators: msgspec.Raw = NULL
    funding_references: msgspec.Raw = NULL
    related_identifiers: msgspec.Raw = NULL


class Record(msgspec.Struct, gc=False):
    """A line of the monthly data file."""

    id: Loose = None
    attributes: Attributes | None = None


class Row(NamedTuple):
    """A row of the Parquet files."""

    doi: str
    title: str | None
    abstract_text: str | None
    work_type: str | None
    publication_date: date | None
    updated_date: datetime | None
    publication_venue: str | None
    authors: list[Person]
    institutions: list[Party]
    funders: list[Party]
    awards: list[Award]
    relations: list[Relation]


SCHEMA = schema_of(Row)
