"""DataCite records with every list decoded: what the reference reads."""

import msgspec

from dmpworks.datasets.reading.loose_values import Loose


class Title(msgspec.Struct, gc=False):
    """A title."""

    title: Loose = None


class Description(msgspec.Struct, gc=False, rename="camel"):
    """A description and its kind; only those of kind Abstract are abstracts."""

    description: Loose = None
    description_type: Loose = None


class Event(msgspec.Struct, gc=False, rename="camel"):
    """A date and what happened then, such as Issued."""

    date: Loose = None
    date_type: Loose = None


class Types(msgspec.Struct, gc=False, rename="camel"):
    """The kind of the work."""

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
    """A person or an organisation that made the work."""

    name: Loose = None
    name_type: Loose = None
    given_name: Loose = None
    family_name: Loose = None
    affiliation: list[Affiliation | str | None] | Affiliation | str | None = None
    name_identifiers: list[NameIdentifier | str | None] | NameIdentifier | str | None = None


class Funding(msgspec.Struct, gc=False, rename="camel"):
    """A funder, and an award of it."""

    funder_name: Loose = None
    funder_identifier: Loose = None
    funder_identifier_type: Loose = None
    award_number: Loose = None


class Related(msgspec.Struct, gc=False, rename="camel"):
    """Another work, and how this one relates to it."""

    relation_type: Loose = None
    related_identifier: Loose = None


class Attributes(msgspec.Struct, gc=False, rename="camel"):
    """What a record says of its work."""

    doi: Loose = None
    titles: list[Title | str | None] | Title | str | None = None
    descriptions: list[Description | str | None] | Description | str | None = None
    types: Types | None = None
    publication_year: Loose = None
    published: Loose = None
    dates: list[Event | None] | Event | None = None
    created: Loose = None
    updated: Loose = None
    publisher: Publisher | str | None = None
    creators: list[Creator | None] | Creator | None = None
    funding_references: list[Funding | None] | Funding | None = None
    related_identifiers: list[Related | None] | Related | None = None


class Record(msgspec.Struct, gc=False):
    """A line of the monthly data file."""

    id: Loose = None
    attributes: Attributes | None = None
