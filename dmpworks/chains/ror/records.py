"""Converts a ROR organisation to a row (pure).

Meaning of the fields: https://ror.readme.io/docs/ror-data-structure (schema 2.1, read in December 2026).
"""

from collections import Counter
from collections.abc import Iterator

from dmpworks.chains.ror.schema import Identifier, Name, Organisation, Row
from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import plain_text
from dmpworks.datasets.reading.loose_values import as_list, as_text, distinct
from dmpworks.datasets.subset import Subset


def row(organisation: Organisation, subset: Subset | None, notes: Counter[str]) -> Row | str:
    """Return the row of an organisation, or the reason why it is dropped; a subset of works keeps all of them."""
    ror = identifiers.ror(as_text(organisation.id))
    names = as_list(organisation.names)
    name = _display_name(names)
    if ror is None or name is None:
        return "no ROR id" if ror is None else "no name"
    return Row(
        ror=ror,
        name=name,
        names=distinct(plain_text(entry.value) for entry in names),
        status=plain_text(organisation.status),
        types=distinct(map(plain_text, as_list(organisation.types))),
        external_ids=distinct(_external_ids(organisation, notes)),
    )


def _display_name(names: list[Name]) -> str | None:
    """Return the name that ROR displays, else the first one that is no placeholder."""
    displayed = [entry for entry in names if "ror_display" in as_list(entry.types)]
    return next(filter(None, (plain_text(entry.value) for entry in displayed + names)), None)


def _external_ids(organisation: Organisation, notes: Counter[str]) -> Iterator[Identifier]:
    for entry in as_list(organisation.external_ids):
        for value in (*as_list(entry.all), entry.preferred):
            if value is None:
                continue
            identifier = identifiers.organisation_id(as_text(value), as_text(entry.type))
            if identifier:
                yield Identifier(*identifier)
            else:
                notes["external ids not understood"] += 1
