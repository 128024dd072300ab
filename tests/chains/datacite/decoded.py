"""DataCite records with their raw fields decoded, as the reference reads them."""

from dmpworks.chains.datacite import schema
from dmpworks.chains.datacite.schema import Affiliation, Description, Event, Funding, NameIdentifier, Related, Title


class Creator(schema.Creator, gc=False):
    affiliation: list[Affiliation | str | None] | Affiliation | str | None = None
    name_identifiers: list[NameIdentifier | str | None] | NameIdentifier | str | None = None


class Attributes(schema.Attributes, gc=False):
    titles: list[Title | str | None] | Title | str | None = None
    descriptions: list[Description | str | None] | Description | str | None = None
    dates: list[Event | None] | Event | None = None
    creators: list[Creator | None] | Creator | None = None
    funding_references: list[Funding | None] | Funding | None = None
    related_identifiers: list[Related | None] | Related | None = None


class Record(schema.Record, gc=False):
    attributes: Attributes | None = None
