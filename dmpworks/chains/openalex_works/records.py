"""Converts a batch of OpenAlex works to rows, from either published copy (pure).

Meaning of the fields: https://docs.openalex.org/api-entities/works/work-object (read in December 2026).
"""

from collections import Counter
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.chains.openalex_works import leaves as leaves_of
from dmpworks.chains.openalex_works.leaves import Leaves, Works
from dmpworks.chains.openalex_works.schema import SCHEMA
from dmpworks.cleaners import names, text
from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import nested
from dmpworks.datasets.columns.flatten import is_stated
from dmpworks.datasets.columns.organisations import (
    Parties,
    awards_column,
    in_subset,
    note_unknown_ids,
    parties_column,
    with_ror,
)
from dmpworks.datasets.kernels import abstracts, gather, moments, plain
from dmpworks.datasets.kernels import identifiers as ids
from dmpworks.datasets.kernels import names as people
from dmpworks.datasets.kernels.gather import Coded, coded
from dmpworks.datasets.kernels.strings import Flags, replaced, texts, valid
from dmpworks.datasets.reading.json_lines import NO_RECORD
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import BatchResult, Notes, note

XPAC, NO_DOI, NOT_IN_SUBSET = "xpac", "no DOI", "not in subset"
NO_DATE, NO_UPDATE = "publication dates not parsed", "updated dates not parsed"
BAD_ABSTRACT = "abstracts not read"
UNKNOWN_ORCID, NO_NAME = "ORCIDs not understood", "authors without a name"
NO_FLAG = "works without the flag is_xpac"  # kept, as if it were false


def columns(works: Works, subset: Subset | None, notes: Notes, include_xpac: bool = False) -> BatchResult:
    """Return the rows of works; drop those of the expansion pack, without a DOI, or not in the subset.

    `notes` counts what the rows lack: dates, abstracts, ids and names that cannot be read.
    """
    dropped: Counter[str] = Counter()
    if not include_xpac:
        works = _select(works, ~_true(leaves_of.is_xpac(works)), XPAC, dropped)
    doi = ids.doi(leaves_of.doi(works))
    works, doi = _select(works, valid(doi), NO_DOI, dropped), doi.drop_null()
    leaves = leaves_of.flatten(works)
    institutions = _institutions(leaves)
    if subset:
        kept = in_subset(doi, institutions, subset)
        works, doi = _select(works, kept, NOT_IN_SUBSET, dropped), doi.filter(pa.array(kept))
        leaves = leaves_of.flatten(works)
        institutions = _institutions(leaves)
    return BatchResult(_rows(doi, leaves, institutions, notes), dropped)


def _select(works: Works, kept: Flags, reason: str, dropped: Counter[str]) -> Works:
    if number := int(np.count_nonzero(~kept)):
        dropped[reason] = number
    return leaves_of.select(works, kept)


def _true(column: pa.BooleanArray) -> Flags:
    return np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)


def _rows(doi: pa.StringArray, leaves: Leaves, institutions: Parties, notes: Notes) -> pa.RecordBatch:
    published, updated = moments.days(leaves.publication_date), moments.moments(leaves.updated_date)
    _note(published, leaves.publication_date, NO_DATE, notes)
    _note(updated, leaves.updated_date, NO_UPDATE, notes)
    note(notes, NO_FLAG, leaves.is_xpac.null_count)
    for identifier in (leaves.institution_ror, leaves.funder_ror):
        note_unknown_ids(identifier, coded(identifier, ids.ror), notes)
    made = {
        "doi": doi,
        "openalex_id": ids.bare(leaves.id),
        "title": _title(leaves),
        "abstract_text": abstracts.abstracts(leaves.abstract, partial(_abstract, notes=notes)),
        "work_type": plain.plain_text(leaves.type),
        "publication_date": published,
        "updated_date": updated,
        "publication_venue": _cleaned(leaves.venue).column,
        "is_xpac": leaves.is_xpac.fill_null(False),
        "mag": ids.bare(leaves.mag),
        "pmid": ids.bare(leaves.pmid),
        "pmcid": ids.bare(leaves.pmcid),
        "funder_ids": _funder_ids(leaves),
        "authors": _authors(leaves, notes),
        "institutions": parties_column(institutions, len(doi)),
        "funders": parties_column(_funders(leaves), len(doi)),
        "awards": _awards(leaves),
    }
    return pa.RecordBatch.from_arrays([made[name] for name in SCHEMA.names], schema=SCHEMA)


def _note(parsed: pa.Array, stated: pa.Array, note: str, notes: Notes) -> None:
    if parsed.null_count > stated.null_count:
        unparsed = stated.filter(pc.and_(parsed.is_null(), stated.is_valid()))
        blank = sum(not value.strip() for value in texts(unparsed)) if pa.types.is_string(stated.type) else 0
        if len(unparsed) > blank:
            notes[note] += len(unparsed) - blank


def _title(leaves: Leaves) -> pa.StringArray:
    """Return the titles; display_name where the title is a placeholder."""
    title = plain.plain_text(leaves.title)
    missing = ~valid(title)
    if not missing.any():
        return title
    return replaced(title, missing, plain.plain_text(leaves.display_name.filter(pa.array(missing))))


# Venues, institutions and funders repeat within a batch: each distinct one is cleaned once.
def _cleaned(column: pa.StringArray) -> Coded:
    return coded(column, plain.plain_text)


def _institutions(leaves: Leaves) -> Parties:
    """Return the recognised institutions of each author; where there are none, the affiliations as stated."""
    work = leaves.authorships.owners
    owners = leaves.institutions.owners
    name, ror = _cleaned(leaves.institution_name), coded(leaves.institution_ror, ids.ror)
    recognised = np.bincount(owners[name.present | ror.present], minlength=len(work)) > 0
    stated = leaves.affiliations.owners
    instead = ~recognised[stated]
    if instead.any():
        more = _cleaned(leaves.affiliation.filter(pa.array(instead)))
        owners = np.concatenate([owners, stated[instead]])
        # A stable sort by author keeps the order of the record, in which the works index lists institutions.
        order = np.argsort(owners, kind="stable")
        owners, name = owners[order], gather.joined(name, more).at(order)
        ror = gather.joined(ror, coded(pa.nulls(len(more.codes), pa.string()))).at(order)
    return with_ror(work[owners], name, ror)


def _funders(leaves: Leaves) -> Parties:
    return with_ror(leaves.funders.owners, _cleaned(leaves.funder_name), coded(leaves.funder_ror, ids.ror))


def _funder_ids(leaves: Leaves) -> pa.ListArray:
    funder = coded(leaves.funder_id, ids.bare)
    works, funder = leaves.funders.owners[funder.present], funder.at(funder.present)
    firsts = gather.distinct(works, funder)
    lists = gather.counted(works[firsts], len(leaves.id))
    return nested(SCHEMA.field("funder_ids").type, lists.offsets, funder.taken(firsts))


def _authors(leaves: Leaves, notes: Notes) -> pa.ListArray:
    orcid = ids.orcid(leaves.author_orcid)
    note(notes, UNKNOWN_ORCID, np.count_nonzero(is_stated(leaves.author_orcid) & ~valid(orcid)))

    def exact(positions: pa.Array) -> list[Person | None]:
        # OpenAlex has no display name for authors that it did not identify; the name in the publication is then used.
        shown, raw = texts(leaves.author_name.take(positions)), texts(leaves.raw_author_name(positions))
        stated = (text.plain_text(name) or text.plain_text(other) for name, other in zip(shown, raw, strict=True))
        return [names.parse(name, orcid=id) for name, id in zip(stated, orcid.take(positions).to_pylist(), strict=True)]

    parts, named = people.people(leaves.author_name, orcid, exact)
    note(notes, NO_NAME, np.count_nonzero(~named))
    if named.all():
        lists = leaves.authorships
    else:
        lists = gather.counted(leaves.authorships.owners[named], len(leaves.id))
        parts = [part.filter(pa.array(named)) for part in parts]
    return nested(SCHEMA.field("authors").type, lists.offsets, *parts)


def _awards(leaves: Leaves) -> pa.ListArray:
    """Return the awards with their funders.

    An award has the OpenAlex id of its funder but no ROR id, which is therefore looked up among the work's funders.
    The name is that of the award if it states one.
    """
    funders, tied = _funders(leaves), _tied(leaves)
    null = Coded(np.zeros(1, np.int64), pa.nulls(1, pa.string()))  # the last entry, which position -1 (no funder) takes
    known_name = gather.joined(funders.name, null).at(tied)
    ror = gather.joined(funders.id, null).at(tied)
    own_name, size = _cleaned(leaves.award_funder_name), len(tied)
    name = gather.joined(own_name, known_name).at(np.arange(size) + np.where(own_name.present, 0, size))
    return awards_column(leaves.award_id, with_ror(leaves.awards.owners, name, ror), len(leaves.id))


def _tied(leaves: Leaves) -> npt.NDArray[np.intp]:
    """Return the position of the funder of each award: the last one of its work with the stated id; -1 for none.

    Work and funder id are combined into one integer key, so that all awards are looked up by one binary search.
    """
    ids_of_both = gather.joined(coded(leaves.funder_id), coded(leaves.award_funder_id))
    stated = valid(ids_of_both.values) & np.array([value != "" for value in texts(ids_of_both.values)], np.bool_)
    works = np.concatenate([leaves.funders.owners, leaves.awards.owners])
    keys = works * len(ids_of_both.values) + ids_of_both.codes
    known, asked = np.split(keys, [len(leaves.funder_id)])
    if not len(known):
        return np.full(len(asked), -1)
    order = np.argsort(known, kind="stable")
    last = order[np.searchsorted(known, asked, side="right", sorter=order) - 1]
    tied = (known[last] == asked) & stated[ids_of_both.codes[len(known) :]]
    return np.where(tied, last, -1)


def _abstract(index: bytes, notes: Notes) -> str | None:
    """Return the abstract of an inverted index in JSON; None, with a note, if it is invalid (some are truncated)."""
    try:
        return abstracts.read(index)
    except NO_RECORD:
        notes[BAD_ABSTRACT] += 1
        return None
