"""Authors and institutions of DataCite records, from their creators.

Meaning of creators and their properties: https://datacite-metadata-schema.readthedocs.io/en/4.6/properties/creator/
(read in December 2026).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.chains.datacite.schema import SCHEMA, Affiliation, Attributes, Creator, NameIdentifier
from dmpworks.cleaners import identifiers, names
from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import nested
from dmpworks.datasets.columns.flatten import first, is_stated
from dmpworks.datasets.columns.organisations import Parties, note_unknown_ids, parties
from dmpworks.datasets.columns.raw_json import Elements, read
from dmpworks.datasets.kernels import gather
from dmpworks.datasets.kernels import identifiers as ids
from dmpworks.datasets.kernels import names as people
from dmpworks.datasets.kernels.gather import Lists, coded
from dmpworks.datasets.kernels.strings import Flags, valid
from dmpworks.datasets.transform.dataset import Notes, note

UNKNOWN_ORCID, NO_NAME = "ORCIDs not understood", "authors without a name"
ORGANISATION, PERSON = "Organizational", "Personal"
AUTHORS = SCHEMA.field("authors").type


class Makers(NamedTuple):
    """The persons among the creators of some records, and all their organisations."""

    authors: pa.ListArray
    institutions: Parties


class Creators(NamedTuple):
    """The creators of some records, their affiliations and identifiers."""

    lists: Lists  # creators of each record
    name: pa.StringArray
    name_type: pa.StringArray
    given_name: pa.StringArray
    family_name: pa.StringArray
    affiliations: Elements  # of each creator
    identifiers: Elements  # of each creator


def makers(works: Sequence[Attributes], notes: Notes) -> Makers:
    """Return the authors and institutions of records; `notes` counts lists that were read leniently."""
    creators = _creators(works, notes)
    orcid = _orcids(creators, notes)
    organisation = _are_organisations(creators, orcid)
    authors = _authors(creators, organisation, orcid, len(works), notes)
    return Makers(authors, _institutions(creators, organisation, notes))


def _creators(works: Sequence[Attributes], notes: Notes) -> Creators:
    lists, leaves, (affiliation, identifier) = read([work.creators for work in works], Creator, notes)
    name, name_type, given, family = leaves
    affiliations = read(affiliation, Affiliation, notes, allow_bare_text=True)
    identified = read(identifier, NameIdentifier, notes, allow_bare_text=True)
    return Creators(lists, name, name_type, given, family, affiliations, identified)


def _orcids(creators: Creators, notes: Notes) -> pa.StringArray:
    """Return the first ORCID of each creator."""
    value, scheme = creators.identifiers.leaves
    # An ISNI has the same form as an ORCID, so the scheme or the URL must say which it is.
    scheme = pc.if_else(_is_empty(scheme), value, scheme)
    stated = coded(scheme, lambda schemes: pc.match_substring(schemes, "orcid", ignore_case=True)).column
    orcid = ids.orcid(pc.if_else(stated, value, None))
    note(notes, UNKNOWN_ORCID, np.count_nonzero(_flags(stated) & is_stated(value) & ~valid(orcid)))
    return first(creators.identifiers.lists, orcid)


def _are_organisations(creators: Creators, orcid: pa.StringArray) -> Flags:
    """Return flags of the creators that are organisations.

    nameType decides. It is optional, and if it is missing, a given name, a family name or an ORCID means a person; else
    the words of the name decide.
    """
    organisation = _flags(pc.equal(creators.name_type, ORGANISATION))
    typed = organisation | _flags(pc.equal(creators.name_type, PERSON))
    of_person = _flags(pc.invert(pc.and_(_is_empty(creators.given_name), _is_empty(creators.family_name))))
    for place in np.flatnonzero(~typed & ~of_person & _flags(orcid.is_null())).tolist():
        organisation[place] = names.is_organisation(creators.name[place].as_py() or "")
    return organisation


def _institutions(creators: Creators, organisation: Flags, notes: Notes) -> Parties:
    """Return the organisations among the creators, and the affiliations of all creators, in the order of the record."""
    owners = creators.affiliations.lists.owners
    stated = creators.affiliations.leaves
    places = np.flatnonzero(organisation)
    if len(places):
        organisations = [_organisation(creators, place) for place in places.tolist()]
        columns = (pa.array([organisation[part] for organisation in organisations], pa.string()) for part in range(3))
        order = pa.array(np.argsort(np.concatenate([places, owners]), kind="stable"))
        stated = [pa.concat_arrays(both).take(order) for both in zip(columns, stated, strict=True)]
        owners = np.sort(np.concatenate([places, owners]))
    institutions = parties(creators.lists.owners[owners], *stated)
    note_unknown_ids(stated[1], institutions.id, notes)
    return institutions


def _organisation(creators: Creators, place: int) -> tuple[str | None, str | None, str | None]:
    """Return the name of a creator, and its first identifier of an organisation with its scheme."""
    begin, end = creators.identifiers.lists.offsets[place : place + 2].tolist()
    values, schemes = (column.slice(begin, end - begin).to_pylist() for column in creators.identifiers.leaves)
    stated = zip(values, schemes, strict=True)
    return creators.name[place].as_py(), *next(
        (pair for pair in stated if identifiers.organisation_id(*pair)), (None, None)
    )


def _authors(
    creators: Creators, organisation: Flags, orcid: pa.StringArray, records: int, notes: Notes
) -> pa.ListArray:
    """Return the persons among the creators of each record."""
    full = pc.if_else(_is_usual(creators), creators.name, None)
    persons = np.flatnonzero(~organisation)
    if len(persons) < len(organisation):
        full, orcid = full.take(pa.array(persons)), orcid.take(pa.array(persons))

    def exact(asked: pa.Array) -> list[Person | None]:
        stated = (creators.name, creators.given_name, creators.family_name)
        columns = [column.take(pa.array(persons[np.asarray(asked)])).to_pylist() for column in stated]
        return [names.parse(*one) for one in zip(*columns, orcid.take(asked).to_pylist(), strict=True)]

    parts, named = people.people(full, orcid, exact)
    note(notes, NO_NAME, np.count_nonzero(~named))
    if not named.all():
        parts, persons = [part.filter(pa.array(named)) for part in parts], persons[named]
    lists = gather.counted(creators.lists.owners[persons], records)
    return nested(AUTHORS, lists.offsets, *parts)


def _is_usual(creators: Creators) -> pa.BooleanArray:
    """Return flags of the creators whose separate given and family names add nothing to the full name.

    The compiled loop may parse these from the full name alone; the others are left to `names.parse`.
    """
    same = pc.equal(pc.binary_join_element_wise(creators.family_name, creators.given_name, ", "), creators.name)
    alone = pc.and_(_is_empty(creators.given_name), _is_empty(creators.family_name))
    return pc.or_(pc.fill_null(same, False), alone)


def _is_empty(column: pa.StringArray) -> pa.BooleanArray:
    return pc.equal(pc.fill_null(pc.binary_length(column), 0), 0)


def _flags(column: pa.BooleanArray) -> Flags:
    return np.array(pc.fill_null(column, False), np.bool_)
