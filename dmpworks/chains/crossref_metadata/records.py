"""Converts a batch of Crossref records to rows (pure).

Meaning of the fields: https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md (read in December 2026).
"""

from collections import Counter
from collections.abc import Sequence
from itertools import compress

import numpy as np
import pyarrow as pa

from dmpworks.chains.crossref_metadata.schema import SCHEMA, Affiliation, Author, Award, Funder, Identified, Record
from dmpworks.datasets.columns.flatten import dates, elements, first, texts
from dmpworks.datasets.columns.organisations import (
    Parties,
    awards_column,
    in_subset,
    note_unknown_ids,
    parties,
    parties_column,
    relations_column,
)
from dmpworks.datasets.columns.raw_json import Elements, read
from dmpworks.datasets.kernels import identifiers, moments, plain
from dmpworks.datasets.kernels.gather import Codes
from dmpworks.datasets.kernels.strings import texts as texts_of
from dmpworks.datasets.kernels.strings import valid
from dmpworks.datasets.reading.loose_values import as_list, as_text
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import BatchResult, Notes

NO_DOI, NOT_IN_SUBSET = "no DOI", "not in subset"
NO_UPDATE = "deposited dates not parsed"


def undecoded(record: Record) -> bytes:
    """Return the undecoded funders of a record, to be checked for UTF-8; its authors are never written."""
    return bytes(record.funder)


def columns(records: Sequence[Record], subset: Subset | None, notes: Notes) -> BatchResult:
    """Return the rows of records; drop those without a DOI or not in the subset.

    `notes` counts what the rows lack (unreadable dates, unknown ids of funders, relations without a DOI), and lists
    that were read leniently.
    """
    dropped: Counter[str] = Counter()
    doi = identifiers.doi(texts([record.doi for record in records]))
    if doi.null_count:
        dropped[NO_DOI] = doi.null_count
        records, doi = list(compress(records, valid(doi))), doi.drop_null()
    if subset:
        kept = in_subset(doi, _institutions(records, notes), subset)
        dropped[NOT_IN_SUBSET] = int(np.count_nonzero(~kept))
        records, doi = list(compress(records, kept)), doi.filter(pa.array(kept))
    return BatchResult(_rows(doi, records, notes), +dropped)


def _rows(doi: pa.StringArray, records: Sequence[Record], notes: Notes) -> pa.RecordBatch:
    titles, titled = elements([record.title for record in records])
    stated = dates([record.deposited and record.deposited.date_time for record in records])
    updated = moments.moments(stated)
    if updated.null_count > stated.null_count:
        notes[NO_UPDATE] += updated.null_count - stated.null_count
    funders, awards = _funders(records, notes)
    made = {
        "doi": doi,
        # Further titles of a record are translations or repeat the first one with other markup.
        "title": first(titled, plain.plain_text(texts(titles))),
        "abstract_text": plain.plain_text(texts([record.abstract for record in records])),
        "updated_date": updated,
        "funders": parties_column(funders, len(records)),
        "awards": awards,
        "relations": _relations(records, notes),
    }
    return pa.RecordBatch.from_arrays([made[name] for name in SCHEMA.names], schema=SCHEMA)


def _funders(records: Sequence[Record], notes: Notes) -> tuple[Parties, pa.ListArray]:
    """Return the funders of records, and the column of the awards that are stated below each funder."""
    lists, (name, doi), (stated, awarded) = read([record.funder for record in records], Funder, notes)
    identifiers_of = read(stated, Identified, notes, allow_bare_text=True)
    funders = _identified(lists.owners, name, doi, identifiers_of, notes)
    awards, (award,), _ = read(awarded, Award, notes, allow_bare_text=True)
    return funders, awards_column(award, funders.at(awards.owners), len(records))


def _identified(records: Codes, name: pa.StringArray, doi: pa.StringArray, stated: Elements, notes: Notes) -> Parties:
    """Return funders with one id each: a ROR id if stated, else another id, else the Crossref Funder id (a DOI).

    A ROR id comes first because plans state it; Crossref accepts it beside the ids of its Open Funder Registry:
    https://www.crossref.org/documentation/funder-registry/ (December 2026).
    """
    funders = np.arange(len(name))
    # One entry per stated id, and one per funder for its DOI, so that every funder has at least one entry.
    of = np.concatenate([stated.lists.owners, funders])
    schemes = pa.repeat("Crossref Funder ID", len(name))
    ids, id_schemes = (pa.concat_arrays(both) for both in zip(stated.leaves, (doi, schemes), strict=True))
    found = parties(records[of], name.take(pa.array(of)), ids, id_schemes)
    note_unknown_ids(ids, found.id, notes)
    ranks = np.array([_RANKS.get(kind, 1) for kind in texts_of(found.id_type.values)], np.int64)
    # Sorted by funder, then by rank: the first entry of each funder is the best one.
    order = np.lexsort((ranks[found.id_type.codes], of))
    return found.at(order[np.searchsorted(of[order], funders)])


_RANKS = {"ror": 0, None: 2}  # any other id has rank 1


def _relations(records: Sequence[Record], notes: Notes) -> pa.ListArray:
    # Few records have relations, so these are not worth a compiled loop.
    stated = [
        (number, kind, entry if isinstance(entry, str) else as_text(entry.id))
        for number, record in enumerate(records)
        if record.relation and isinstance(record.relation, dict)
        for kind, entries in record.relation.items()
        for entry in as_list(entries)
    ]
    owners, kinds, others = zip(*stated, strict=True) if stated else ((), (), ())
    return relations_column(np.array(owners, np.int64), texts(kinds), texts(others), len(records), notes)


def _institutions(records: Sequence[Record], notes: Notes) -> Parties:
    """Return the organisations of the authors; they are needed only to select a subset."""
    authors, _, (affiliation,) = read([record.author for record in records], Author, notes)
    affiliations, (name,), (stated,) = read(affiliation, Affiliation, notes, allow_bare_text=True)
    found, leaves, _ = read(stated, Identified, notes, allow_bare_text=True)
    without_id = np.flatnonzero(np.diff(found.offsets) == 0)  # compared by name
    of = np.concatenate([found.owners, without_id])
    ids = (pa.concat_arrays([leaf, pa.nulls(len(without_id), leaf.type)]) for leaf in leaves)
    return parties(authors.owners[affiliations.owners[of]], name.take(pa.array(of)), *ids)
