"""Columns of organisations, awards and relations: cleaned, each once per record, nested by offsets."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.cleaners import identifiers
from dmpworks.datasets.columns.arrow import Award, Party, Relation, nested, schema_of
from dmpworks.datasets.columns.flatten import is_stated
from dmpworks.datasets.kernels import gather, plain
from dmpworks.datasets.kernels import identifiers as ids
from dmpworks.datasets.kernels.gather import Coded, Codes, coded
from dmpworks.datasets.kernels.strings import Flags, texts, valid
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import Notes, note

UNKNOWN_ID = "organisation ids not understood"
NO_TYPE, NO_OTHER_DOI = "relations without a type", "relations to something without a DOI"
PARTIES, AWARDS, RELATIONS = (pa.list_(pa.struct(list(schema_of(kind)))) for kind in (Party, Award, Relation))
Places = npt.NDArray[np.intp]


class Parties(NamedTuple):
    """Organisations, and the index of the record that each belongs to; one entry per statement."""

    records: Codes
    name: Coded
    id_type: Coded
    id: Coded

    def at(self, places: Places | Flags) -> "Parties":
        """Return those at the given positions, or where flags are set."""
        return Parties(self.records[places], self.name.at(places), self.id_type.at(places), self.id.at(places))

    @property
    def named(self) -> Flags:
        """Flags of those that have a name or an identifier."""
        return self.name.present | self.id.present


def parties(records: Codes, name: pa.StringArray, identifier: pa.StringArray, scheme: pa.StringArray) -> Parties:
    """Return the cleaned organisations: equals `loose_values.party` of each statement."""
    stated, schemes = coded(identifier), coded(scheme)
    pairs = coded(pa.array(stated.codes * len(schemes.values) + schemes.codes))
    which, by = np.divmod(np.asarray(pairs.values, np.int64), max(len(schemes.values), 1))
    found = list(
        map(_organisation_id, texts(stated.values.take(pa.array(which))), texts(schemes.values.take(pa.array(by))))
    )
    id_type, id = (coded(pa.array([one and one[part] for one in found], pa.string())) for part in (0, 1))
    return Parties(records, coded(name, plain.plain_text), id_type.at(pairs.codes), id.at(pairs.codes))


# The same organisations are repeated within a file.
_organisation_id = lru_cache(maxsize=1 << 15)(identifiers.organisation_id)


def note_unknown_ids(identifier: pa.StringArray, id: Coded, notes: Notes) -> None:
    """Count the stated identifiers of organisations that gave no id."""
    note(notes, UNKNOWN_ID, np.count_nonzero(is_stated(identifier) & ~id.present))


def with_ror(records: Codes, name: Coded, ror: Coded) -> Parties:
    """Return organisations that have a cleaned name, a ROR id, or both."""
    id_type = Coded(ror.present.astype(np.int64), pa.array([None, "ror"]))
    return Parties(records, name, id_type, ror)


def without_duplicates(stated: Parties) -> Parties:
    """Return the organisations that have a name or an identifier, each once per record."""
    stated = stated if stated.named.all() else stated.at(stated.named)
    return stated.at(gather.distinct(stated.records, stated.name, stated.id_type, stated.id))


def parties_column(stated: Parties, records: int) -> pa.ListArray:
    """Return the column of the organisations of each record, without duplicates."""
    found = without_duplicates(stated)
    lists = gather.counted(found.records, records)
    return nested(PARTIES, lists.offsets, *(part.column for part in (found.name, found.id_type, found.id)))


def awards_column(stated: pa.StringArray, funders: Parties, records: int) -> pa.ListArray:
    """Return the column of the awards of each record, without duplicates.

    `stated` are the texts with award ids, `funders` the funder of each of them; a text may contain several ids.
    """
    award, places = award_ids(stated)
    by = funders.at(places)
    chosen = gather.distinct(by.records, award, by.name, by.id_type, by.id)
    lists = gather.counted(by.records[chosen], records)
    return nested(AWARDS, lists.offsets, *(part.taken(chosen) for part in (award, by.name, by.id_type, by.id)))


# Printable ASCII without commas and semicolons, with single spaces only: exactly one id, which needs no cleaning.
_ONE_AWARD = r"^[!-+\--:<-~]+( [!-+\--:<-~]+)*$"


def award_ids(stated: pa.StringArray) -> tuple[Coded, Places]:
    """Return award ids and the position of the text that each was stated in; a text may contain several or none."""
    # As bytes: Parquet declares UTF-8, but no reader checks it.
    one = np.asarray(pc.fill_null(pc.match_substring_regex(stated.cast(pa.binary()), _ONE_AWARD), False))
    others = np.flatnonzero(valid(stated) & ~one)
    lists = [identifiers.award_ids(text) for text in texts(stated.take(pa.array(others)))]
    places = np.concatenate([np.flatnonzero(one), np.repeat(others, [len(found) for found in lists])]).astype(np.intp)
    more = pa.array([award for found in lists for award in found], pa.string())
    order = np.argsort(places, kind="stable")
    return coded(pa.concat_arrays([stated.filter(pa.array(one)), more]).take(pa.array(order))), places[order]


def relations_column(
    owners: Codes, kind: pa.StringArray, stated: pa.StringArray, records: int, notes: Notes
) -> pa.ListArray:
    """Return the column of the relations of each record to works with a DOI, without duplicates.

    `notes` counts the others: to web pages, ISSNs and the like, or without a type.
    """
    relation, doi = coded(kind, plain.plain_text), ids.doi(stated)
    note(notes, NO_OTHER_DOI, np.count_nonzero(is_stated(stated) & ~valid(doi)))
    note(notes, NO_TYPE, np.count_nonzero(valid(doi) & ~relation.present))
    named = relation.present & valid(doi)
    owners, relation, other = owners[named], relation.at(named), coded(doi.filter(pa.array(named)))
    places = gather.distinct(owners, relation, other)
    lists = gather.counted(owners[places], records)
    return nested(RELATIONS, lists.offsets, relation.taken(places), other.taken(places))


def in_subset(doi: pa.StringArray, institutions: Parties, subset: Subset) -> Flags:
    """Return flags of the records that a subset keeps."""
    kept = np.array([value in subset.dois for value in doi.to_pylist()], np.bool_)
    found = without_duplicates(institutions)
    columns = (part.column.to_pylist() for part in (found.name, found.id_type, found.id))
    for record, *party in zip(found.records.tolist(), *columns, strict=True):
        kept[record] = kept[record] or subset.contains(Party(*party))
    return kept
