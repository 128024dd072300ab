"""The fields of a ROR organisation that are read, and the columns of `ror/<run id>/transform`.

Source: schema 2.1, https://ror.readme.io/docs/ror-data-structure (read in December 2026).
"""

from typing import NamedTuple

import msgspec

from dmpworks.datasets.columns.arrow import schema_of
from dmpworks.datasets.reading.loose_values import Loose


class Name(msgspec.Struct, gc=False):
    """A name and its types; exactly one name of an organisation has the type ror_display."""

    value: Loose = None
    types: list[str | None] | str | None = None


class ExternalId(msgspec.Struct, gc=False):
    """The ids of an organisation in another registry: grid, isni, fundref or wikidata."""

    type: Loose = None
    all: list[Loose] | Loose = None
    preferred: Loose = None


class Organisation(msgspec.Struct, gc=False):
    """An entry of the registry."""

    id: Loose = None
    names: list[Name | None] | None = None
    status: Loose = None
    types: list[str | None] | None = None
    external_ids: list[ExternalId | None] | None = None


class Identifier(NamedTuple):
    """An id in another registry, in the form that identifiers.organisation_id gives every dataset's ids."""

    id_type: str
    id: str


class Row(NamedTuple):
    """A row of the Parquet files."""

    ror: str
    name: str
    names: list[str]
    status: str | None
    types: list[str]
    external_ids: list[Identifier]


SCHEMA = schema_of(Row)
