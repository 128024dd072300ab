"""Published OpenAlex works -> rows, a batch at once, whichever copy they were read from (pure)."""

from collections import Counter
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.chains.openalex_works import leaves as leaves_of
from dmpworks.chains.openalex_works.leaves import Leaves, Works
from dmpworks.chains.openalex_works.schema import SCHEMA
from dmpworks.cleaners import names, text
from dmpworks.cleaners.names import Person
from dmpworks.datasets.columns.arrow import Party, nested
from dmpworks.datasets.columns.organisations import award_ids
from dmpworks.datasets.kernels import abstracts, gather, moments, plain
from dmpworks.datasets.kernels import identifiers as ids
from dmpworks.datasets.kernels import names as people
from dmpworks.datasets.kernels.gather import Coded, Codes, coded
from dmpworks.datasets.kernels.strings import Flags, replaced, texts, valid
from dmpworks.datasets.reading.json_lines import NO_RECORD
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import BatchResult, Notes

XPAC, NO_DOI, NOT_IN_SUBSET = "xpac", "no DOI", "not in subset"
NO_DATE, NO_UPDATE = "publication dates not parsed", "updated dates not parsed"
BAD_ABSTRACT = "abstracts not read"


class Parties(NamedTuple):
    """Organisations of works: whose they are, their names and their ROR ids, each once a work."""

    works: Codes
    names: pa.StringArray
    rors: pa.StringArray


def columns(works: Works, subset: Subset | None, notes: Notes, include_xpac: bool = False) -> BatchResult:
    """Return the rows of works, without those of the expansion pack, without DOI and not in the subset."""
    dropped: Counter[str] = Counter()
    if not include_xpac:
        works = _kept(works, ~_true(leaves_of.is_xpac(works)), XPAC, dropped)
    doi = ids.doi(leaves_of.doi(works))
    works, doi = _kept(works, valid(doi), NO_DOI, dropped), doi.drop_null()
    leaves = leaves_of.of(works)
    institutions = _institutions(leaves)
    if subset:
        wanted = _wanted(doi, institutions, subset)
        works, doi = _kept(works, wanted, NOT_IN_SUBSET, dropped), doi.filter(pa.array(wanted))
        leaves = leaves_of.of(works)
        institutions = _institutions(leaves)
    return BatchResult(_rows(doi, leaves, institutions, notes), dropped)


def _kept(works: Works, wanted: Flags, reason: str, dropped: Counter[str]) -> Works:
    if left_out := int(np.count_nonzero(~wanted)):
        dropped[reason] = left_out
    return leaves_of.kept(works, wanted)


def _true(column: pa.BooleanArray) -> Flags:
    return np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)


def _wanted(doi: pa.StringArray, institutions: Parties, subset: Subset) -> Flags:
    wanted = np.array([one in subset.dois for one in doi.to_pylist()], np.bool_)
    for work, name, ror in zip(
        institutions.works, texts(institutions.names), institutions.rors.to_pylist(), strict=True
    ):
        wanted[work] |= subset.holds(Party(name, ror and "ror", ror))
    return wanted


def _rows(doi: pa.StringArray, leaves: Leaves, institutions: Parties, notes: Notes) -> pa.RecordBatch:
    published, updated = moments.days(leaves.publication_date), moments.moments(leaves.updated_date)
    _note(published, leaves.publication_date, NO_DATE, notes)
    _note(updated, leaves.updated_date, NO_UPDATE, notes)
    made = {
        "doi": doi,
        "openalex_id": ids.bare(leaves.id),
        "title": _title(leaves),
        "abstract_text": abstracts.abstracts(leaves.abstract, partial(_abstract, notes=notes)),
        "work_type": plain.plain(leaves.type),
        "publication_date": published,
        "updated_date": updated,
        "publication_venue": _cleaned(leaves.venue).column,
        "is_xpac": leaves.is_xpac.fill_null(False),
        "mag": ids.bare(leaves.mag),
        "pmid": ids.bare(leaves.pmid),
        "pmcid": ids.bare(leaves.pmcid),
        "funder_ids": _funder_ids(leaves),
        "authors": _authors(leaves),
        "institutions": _parties("institutions", institutions, len(doi)),
        "funders": _parties("funders", _distinct(leaves.funders.owners, *_funders(leaves)), len(doi)),
        "awards": _awards(leaves),
    }
    return pa.RecordBatch.from_arrays([made[name] for name in SCHEMA.names], schema=SCHEMA)


def _note(parsed: pa.Array, stated: pa.Array, note: str, notes: Notes) -> None:
    if parsed.null_count > stated.null_count:
        unparsed = stated.filter(pc.and_(parsed.is_null(), stated.is_valid()))
        blank = sum(not one.strip() for one in texts(unparsed)) if pa.types.is_string(stated.type) else 0
        if len(unparsed) > blank:
            notes[note] += len(unparsed) - blank


def _title(leaves: Leaves) -> pa.StringArray:
    """Return titles; where one says nothing, what OpenAlex shows for it."""
    title = plain.plain(leaves.title)
    missing = ~valid(title)
    if not missing.any():
        return title
    return replaced(title, missing, plain.plain(leaves.display_name.filter(pa.array(missing))))


# Venues, institutions and funders come again and again: each is cleaned once a batch.
def _cleaned(column: pa.StringArray) -> Coded:
    return coded(column, plain.plain)


def _distinct(works: Codes, name: Coded, ror: Coded) -> Parties:
    """Return organisations, each once a work; without those that neither a name nor an id tells."""
    told = name.present | ror.present
    if not told.all():
        works, name, ror = works[told], name.at(told), ror.at(told)
    places = gather.distinct(works, name, ror)
    return Parties(works[places], name.taken(places), ror.taken(places))


def _institutions(leaves: Leaves) -> Parties:
    """Return the recognised institutions; where an author has none, the affiliations as stated."""
    work = leaves.authorships.owners
    owners = leaves.institutions.owners
    name, ror = _cleaned(leaves.institution_name), coded(leaves.institution_ror, ids.ror)
    recognised = np.bincount(owners[name.present | ror.present], minlength=len(work)) > 0
    stated = leaves.affiliations.owners
    instead = ~recognised[stated]
    if instead.any():
        more = _cleaned(leaves.affiliation.filter(pa.array(instead)))
        owners = np.concatenate([owners, stated[instead]])
        order = np.argsort(owners, kind="stable")
        owners, name = owners[order], gather.joined(name, more).at(order)
        ror = gather.joined(ror, coded(pa.nulls(len(more.codes), pa.string()))).at(order)
    return _distinct(work[owners], name, ror)


def _funders(leaves: Leaves) -> tuple[Coded, Coded]:
    return _cleaned(leaves.funder_name), coded(leaves.funder_ror, ids.ror)


def _parties(column: str, parties: Parties, works: int) -> pa.ListArray:
    id_type = pc.if_else(parties.rors.is_valid(), "ror", pa.scalar(None, pa.string()))
    lists = gather.counted(parties.works, works)
    return nested(SCHEMA.field(column).type, lists.offsets, parties.names, id_type, parties.rors)


def _funder_ids(leaves: Leaves) -> pa.ListArray:
    found = coded(leaves.funder_id, ids.bare)
    works, found = leaves.funders.owners[found.present], found.at(found.present)
    places = gather.distinct(works, found)
    lists = gather.counted(works[places], len(leaves.id))
    return nested(SCHEMA.field("funder_ids").type, lists.offsets, found.taken(places))


def _authors(leaves: Leaves) -> pa.ListArray:
    orcid = ids.orcid(leaves.author_orcid)

    def exact(places: pa.Array) -> list[Person | None]:
        shown, raw = texts(leaves.author_name.take(places)), texts(leaves.raw_author_name(places))
        stated = (text.plain(one) or text.plain(other) for one, other in zip(shown, raw, strict=True))
        return [names.parse(one, orcid=id) for one, id in zip(stated, orcid.take(places).to_pylist(), strict=True)]

    parts, named = people.people(leaves.author_name, orcid, exact)
    if named.all():
        lists = leaves.authorships
    else:
        lists = gather.counted(leaves.authorships.owners[named], len(leaves.id))
        parts = [part.filter(pa.array(named)) for part in parts]
    return nested(SCHEMA.field("authors").type, lists.offsets, *parts)


def _awards(leaves: Leaves) -> pa.ListArray:
    """Return each award id with the funder that the record ties it to; its ROR stands among the work's funders."""
    name, ror = _funders(leaves)
    tied = _tied(leaves)
    shown = _cleaned(leaves.award_funder_name)
    award, places = award_ids(leaves.award_id)
    tied, works = tied[places], leaves.awards.owners[places]
    none = Coded(np.zeros(1, np.int64), pa.nulls(1, pa.string()))  # the funder at place -1
    known = gather.joined(name, none).at(tied)
    named = gather.joined(shown.at(places), known)
    own = valid(shown.values)[shown.codes][places]
    named = named.at(np.where(own, np.arange(len(places)), np.arange(len(places)) + len(places)))
    found = gather.joined(ror, none).at(tied)
    first = gather.distinct(works, award, named, found)
    lists = gather.counted(works[first], len(leaves.id))
    rors = found.taken(first)
    id_type = pc.if_else(rors.is_valid(), "ror", pa.scalar(None, pa.string()))
    return nested(SCHEMA.field("awards").type, lists.offsets, award.taken(first), named.taken(first), id_type, rors)


def _tied(leaves: Leaves) -> npt.NDArray[np.intp]:
    """Return the funder of each award: the last of its work with the id that the award states; -1 for none."""
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
    """Return the abstract of an inverted index in JSON; one cut short in the source is left out and noted."""
    try:
        return abstracts.read(index)
    except NO_RECORD:
        notes[BAD_ABSTRACT] += 1
        return None
