"""The fields of an OpenAlex work that are read, and the columns of `openalex-works/<run id>/transform`.

Source: https://docs.openalex.org/api-entities/works/work-object (read in December 2026). Both published copies have the
same fields, with the types that the comments state where they differ.
"""

from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec

from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import Award, Party, schema_of
from dmpworks.datasets.reading.loose_values import NULL, Loose


class Author(msgspec.Struct, gc=False):
    """An author in OpenAlex's own register of authors."""

    display_name: Loose = None
    orcid: str | None = None


class Institution(msgspec.Struct, gc=False):
    """An institution that OpenAlex recognised in an affiliation."""

    display_name: Loose = None
    ror: str | None = None


class Affiliation(msgspec.Struct, gc=False):
    """An affiliation as stated by the publisher: only a text."""

    text: Loose = None


class Authorship(msgspec.Struct, gc=False):
    """One author of a work; the stated affiliations stay undecoded until they are needed."""

    author: Author | None = None
    raw_author_name: Loose = None
    institutions: list[Institution | None] | None = None
    raw_affiliation_strings: msgspec.Raw = NULL


class Source(msgspec.Struct, gc=False):
    """The journal or repository of a location."""

    display_name: Loose = None


class Location(msgspec.Struct, gc=False):
    """A place where a work is published."""

    source: Source | None = None


class Funder(msgspec.Struct, gc=False):
    """A funder of the work."""

    id: str | None = None
    display_name: Loose = None
    ror: str | None = None


class Grant(msgspec.Struct, gc=False):
    """An award of the work; `funder_award_id` may hold several, separated by commas."""

    funder_award_id: Loose = None
    funder_id: str | None = None
    funder_display_name: Loose = None


class Ids(msgspec.Struct, gc=False):
    """Identifiers of the work in other catalogues."""

    mag: Loose = None
    pmid: Loose = None
    pmcid: Loose = None


class Work(msgspec.Struct, gc=False):
    """A published record; the abstract stays undecoded until a row is made."""

    id: str | None = None
    doi: str | None = None
    title: Loose = None
    display_name: Loose = None
    ids: Ids | None = None
    type: str | None = None
    publication_date: Any = None  # text in JSON Lines, a date in Parquet
    updated_date: Any = None  # text in JSON Lines, a datetime in Parquet
    is_xpac: bool | None = None
    primary_location: Location | None = None
    authorships: list[Authorship | None] | None = None
    funders: list[Funder | None] | None = None
    awards: list[Grant | None] | None = None
    abstract_inverted_index: msgspec.Raw = NULL


class Row(NamedTuple):
    """A row of the Parquet files."""

    doi: str
    openalex_id: str | None
    title: str | None
    abstract_text: str | None
    work_type: str | None
    publication_date: date | None
    updated_date: datetime | None
    publication_venue: str | None
    is_xpac: bool
    mag: str | None
    pmid: str | None
    pmcid: str | None
    funder_ids: list[str]
    authors: list[Person]
    institutions: list[Party]
    funders: list[Party]
    awards: list[Award]


SCHEMA = schema_of(Row)

# Not among them: mag, which OpenAlex no longer assigns to new works, and pmcid, which few works have.
FILLED = (
    "openalex_id",
    "title",
    "abstract_text",
    "work_type",
    "publication_date",
    "updated_date",
    "publication_venue",
    "pmid",
    "funder_ids",
    "authors.surname",
    "authors.orcid",
    "institutions.name",
    "institutions.id",
    "funders.name",
    "funders.id",
    "awards",
    "awards.funder_name",
)

# Leaves whose values repeat within a part: stored by dictionary in Parquet, which makes them several times smaller.
DICTIONARY = (
    "work_type",
    "publication_venue",
    "funder_ids.list.element",
    *(
        f"{parties}.list.element.{leaf}"
        for parties in ("institutions", "funders")
        for leaf in ("name", "id_type", "id")
    ),
    *(f"awards.list.element.funder_{leaf}" for leaf in ("name", "id_type", "id")),
)
