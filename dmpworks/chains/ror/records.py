"""One ROR organisation -> one row: pure."""

from collections import Counter
from collections.abc import Iterator

from dmpworks.chains.ror.schema import Identifier, Name, Organisation, Row
from dmpworks.cleaners import identifiers
from dmpworks.cleaners.text import plain
from dmpworks.datasets.reading.loose_values import as_list, as_text, distinct
from dmpworks.datasets.subset import Subset


def row(organisation: Organisation, subset: Subset | None, notes: Counter[str]) -> Row | str:
    """Return the row of an organisation, or why it is left out; a subset of works leaves every organisation in."""
    ror = identifiers.ror(as_text(organisation.id))
    names = as_list(organisation.names)
    name = _display_name(names)
    if ror is None or name is None:
        return "no ROR id" if ror is None else "no name"
    return Row(
        ror=ror,
        name=name,
        names=distinct(plain(entry.value) for entry in names),
        status=plain(organisation.status),
        types=distinct(map(plain, as_list(organisation.types))),
        external_ids=distinct(_external_ids(organisation, notes)),
    )


def _display_name(names: list[Name]) -> str | None:
    """Return the name that ROR shows, else the first that says something."""
    shown = [entry for entry in names if "ror_display" in as_list(entry.types)]
    return next((found for found in (plain(entry.value) for entry in shown + names) if found), None)


def _external_ids(organisation: Organisation, notes: Counter[str]) -> Iterator[Identifier]:
    for entry in as_list(organisation.external_ids):
        for value in (*as_list(entry.all), entry.preferred):
            if value is None:
                continue
            found = identifiers.organisation_id(as_text(value), as_text(entry.type))
            if found:
                yield Identifier(*found)
            else:
                notes["external ids not understood"] += 1
