"""Organisations, awards and relations of a batch of records: cleaned, each once a record, nested by offsets."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.cleaners import identifiers
from dmpworks.datasets.columns.arrow import Award, Party, Relation, nested, schema_of
from dmpworks.datasets.kernels import gather, plain
from dmpworks.datasets.kernels import identifiers as ids
from dmpworks.datasets.kernels.gather import Coded, Codes, coded
from dmpworks.datasets.kernels.strings import Flags, texts, valid
from dmpworks.datasets.subset import Subset

PARTIES, AWARDS, RELATIONS = (pa.list_(pa.struct(list(schema_of(kind)))) for kind in (Party, Award, Relation))
Places = npt.NDArray[np.intp]


class Parties(NamedTuple):
    """Organisations as stated, and the records they belong to."""

    records: Codes
    name: Coded
    id_type: Coded
    id: Coded

    def at(self, places: Places | Flags) -> "Parties":
        """Return those at some places, or where flags are set."""
        return Parties(self.records[places], self.name.at(places), self.id_type.at(places), self.id.at(places))

    @property
    def named(self) -> Flags:
        """Which ones have a name or an identifier."""
        return self.name.present | self.id.present


def parties(records: Codes, name: pa.StringArray, identifier: pa.StringArray, scheme: pa.StringArray) -> Parties:
    """Return organisations cleaned: equals `loose.party` of each."""
    stated, schemes = coded(identifier), coded(scheme)
    pairs = coded(pa.array(stated.codes * len(schemes.values) + schemes.codes))
    which, by = np.divmod(np.asarray(pairs.values, np.int64), max(len(schemes.values), 1))
    found = list(
        map(_organisation_id, texts(stated.values.take(pa.array(which))), texts(schemes.values.take(pa.array(by))))
    )
    id_type, id = (coded(pa.array([one and one[part] for one in found], pa.string())) for part in (0, 1))
    return Parties(records, coded(name, plain.plain), id_type.at(pairs.codes), id.at(pairs.codes))


# The same organisations come again and again within a file.
_organisation_id = lru_cache(maxsize=1 << 15)(identifiers.organisation_id)


def parties_column(found: Parties, records: int) -> pa.ListArray:
    """Return the organisations of each record, each once."""
    known = found.named
    found = found if known.all() else found.at(known)
    places = gather.distinct(found.records, found.name, found.id_type, found.id)
    lists = gather.counted(found.records[places], records)
    return nested(PARTIES, lists.offsets, *(part.taken(places) for part in (found.name, found.id_type, found.id)))


def awards_column(stated: pa.StringArray, funders: Parties, records: int) -> pa.ListArray:
    """Return the awards of each record, each once, from what was stated and the funder of each statement."""
    award, places = award_ids(stated)
    by = funders.at(places)
    chosen = gather.distinct(by.records, award, by.name, by.id_type, by.id)
    lists = gather.counted(by.records[chosen], records)
    return nested(AWARDS, lists.offsets, *(part.taken(chosen) for part in (award, by.name, by.id_type, by.id)))


# Printable ASCII without commas, semicolons, and spaces but single ones within.
_ONE_AWARD = r"^[!-+\--:<-~]+( [!-+\--:<-~]+)*$"


def award_ids(stated: pa.StringArray) -> tuple[Coded, Places]:
    """Return award ids and at which places they were stated; a place may state several or none."""
    # As bytes: what Parquet promises to be UTF-8 need not be.
    one = np.asarray(pc.fill_null(pc.match_substring_regex(stated.cast(pa.binary()), _ONE_AWARD), False))
    others = np.flatnonzero(valid(stated) & ~one)
    lists = [identifiers.award_ids(text) for text in texts(stated.take(pa.array(others)))]
    places = np.concatenate([np.flatnonzero(one), np.repeat(others, [len(found) for found in lists])]).astype(np.intp)
    more = pa.array([award for found in lists for award in found], pa.string())
    order = np.argsort(places, kind="stable")
    return coded(pa.concat_arrays([stated.filter(pa.array(one)), more]).take(pa.array(order))), places[order]


def relations_column(owners: Codes, kind: pa.StringArray, stated: pa.StringArray, records: int) -> pa.ListArray:
    """Return the relations of each record to works with a DOI, each once."""
    relation, doi = coded(kind, plain.plain), ids.doi(stated)
    named = relation.present & valid(doi)
    owners, relation, other = owners[named], relation.at(named), coded(doi.filter(pa.array(named)))
    places = gather.distinct(owners, relation, other)
    lists = gather.counted(owners[places], records)
    return nested(RELATIONS, lists.offsets, relation.taken(places), other.taken(places))


def wanted(doi: pa.StringArray, institutions: Parties, subset: Subset) -> Flags:
    """Return which records a subset keeps."""
    kept = np.array([one in subset.dois for one in doi.to_pylist()], np.bool_)
    columns = (part.column.to_pylist() for part in institutions[1:])
    for record, *party in zip(institutions.records.tolist(), *columns, strict=True):
        kept[record] = kept[record] or subset.holds(Party(*party))
    return kept
