"""Who made the works of DataCite records: the persons, and all organisations."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.chains.datacite.schema import SCHEMA, Affiliation, Attributes, Creator, NameIdentifier
from dmpworks.cleaners import identifiers, names
from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import nested
from dmpworks.datasets.columns.flatten import first
from dmpworks.datasets.columns.organisations import Parties, parties
from dmpworks.datasets.columns.raw_json import Elements, read
from dmpworks.datasets.kernels import gather
from dmpworks.datasets.kernels import identifiers as ids
from dmpworks.datasets.kernels import names as people
from dmpworks.datasets.kernels.gather import Lists, coded
from dmpworks.datasets.kernels.strings import Flags
from dmpworks.datasets.transform.dataset import Notes

ORGANISATION, PERSON = "Organizational", "Personal"
AUTHORS = SCHEMA.field("authors").type


class Makers(NamedTuple):
    """The persons and organisations of some records."""

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
    """Return who made the works of records."""
    found = _creators(works, notes)
    orcid = _orcids(found)
    organisation = _are_organisations(found, orcid)
    return Makers(_authors(found, organisation, orcid, len(works)), _institutions(found, organisation))


def _creators(works: Sequence[Attributes], notes: Notes) -> Creators:
    lists, leaves, (affiliation, identifier) = read([work.creators for work in works], Creator, notes)
    name, name_type, given, family = leaves
    affiliations = read(affiliation, Affiliation, notes, alone=True)
    identified = read(identifier, NameIdentifier, notes, alone=True)
    return Creators(lists, name, name_type, given, family, affiliations, identified)


def _orcids(found: Creators) -> pa.StringArray:
    """Return the first ORCID of each creator."""
    value, scheme = found.identifiers.leaves
    # An ISNI has an ORCID's digits, so the scheme or the URL must say that it is one.
    scheme = pc.if_else(_is_empty(scheme), value, scheme)
    stated = coded(scheme, lambda schemes: pc.match_substring(schemes, "orcid", ignore_case=True)).column
    return first(found.identifiers.lists, ids.orcid(pc.if_else(stated, value, None)))


def _are_organisations(found: Creators, orcid: pa.StringArray) -> Flags:
    """Tell organisations from persons: by nameType, where it is missing by what only persons have, then by name."""
    organisation = _flags(pc.equal(found.name_type, ORGANISATION))
    typed = organisation | _flags(pc.equal(found.name_type, PERSON))
    of_person = _flags(pc.invert(pc.and_(_is_empty(found.given_name), _is_empty(found.family_name))))
    for place in np.flatnonzero(~typed & ~of_person & _flags(orcid.is_null())).tolist():
        organisation[place] = names.is_organisation(found.name[place].as_py() or "")
    return organisation


def _institutions(found: Creators, organisation: Flags) -> Parties:
    """Return the organisations among the creators, and those that creators belong to."""
    owners = found.affiliations.lists.owners
    stated = found.affiliations.leaves
    places = np.flatnonzero(organisation)
    if len(places):
        more = [_organisation(found, place) for place in places.tolist()]
        columns = (pa.array([one[part] for one in more], pa.string()) for part in range(3))
        order = pa.array(np.argsort(np.concatenate([places, owners]), kind="stable"))
        stated = [pa.concat_arrays(both).take(order) for both in zip(columns, stated, strict=True)]
        owners = np.sort(np.concatenate([places, owners]))
    return parties(found.lists.owners[owners], *stated)


def _organisation(found: Creators, place: int) -> tuple[str | None, str | None, str | None]:
    """Return the name of a creator, and the first of its identifiers that is an organisation's."""
    begin, end = found.identifiers.lists.offsets[place : place + 2].tolist()
    values, schemes = (column.slice(begin, end - begin).to_pylist() for column in found.identifiers.leaves)
    stated = zip(values, schemes, strict=True)
    return found.name[place].as_py(), *next((one for one in stated if identifiers.organisation_id(*one)), (None, None))


def _authors(found: Creators, organisation: Flags, orcid: pa.StringArray, records: int) -> pa.ListArray:
    """Return the persons among the creators of each record."""
    full = pc.if_else(_is_usual(found), found.name, None)
    persons = np.flatnonzero(~organisation)
    if len(persons) < len(organisation):
        full, orcid = full.take(pa.array(persons)), orcid.take(pa.array(persons))

    def exact(asked: pa.Array) -> list[Person | None]:
        stated = (found.name, found.given_name, found.family_name)
        columns = [column.take(pa.array(persons[np.asarray(asked)])).to_pylist() for column in stated]
        return [names.parse(*one) for one in zip(*columns, orcid.take(asked).to_pylist(), strict=True)]

    parts, named = people.people(full, orcid, exact)
    if not named.all():
        parts, persons = [part.filter(pa.array(named)) for part in parts], persons[named]
    lists = gather.counted(found.lists.owners[persons], records)
    return nested(AUTHORS, lists.offsets, *parts)


def _is_usual(found: Creators) -> pa.BooleanArray:
    """Return which names tell the same whether or not given and family name are stated apart, too."""
    told = pc.equal(pc.binary_join_element_wise(found.family_name, found.given_name, ", "), found.name)
    alone = pc.and_(_is_empty(found.given_name), _is_empty(found.family_name))
    return pc.or_(pc.fill_null(told, False), alone)


def _is_empty(column: pa.StringArray) -> pa.BooleanArray:
    return pc.equal(pc.fill_null(pc.binary_length(column), 0), 0)


def _flags(column: pa.BooleanArray) -> Flags:
    return np.array(pc.fill_null(column, False), np.bool_)
