"""Crossref records -> rows, a batch at once: pure."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress

import numpy as np
import pyarrow as pa

from dmpworks.chains.crossref_metadata.schema import SCHEMA, Affiliation, Identified, Record
from dmpworks.datasets.columns import Party
from dmpworks.datasets.flattening import dates, elements, first, texts
from dmpworks.datasets.kernels import identifiers, moments, plain
from dmpworks.datasets.kernels.gather import coded
from dmpworks.datasets.kernels.strings import valid
from dmpworks.datasets.loose import Loose, as_list, as_text, party
from dmpworks.datasets.parties import Parties, awards_column, parties, parties_column, relations_column, wanted
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform import Made, Notes

NO_DOI, NOT_IN_SUBSET = "no DOI", "not in subset"
NO_UPDATE = "deposited dates not parsed"


def columns(records: Sequence[Record], subset: Subset | None, notes: Notes) -> Made:
    """Return the rows of records, without those that have no DOI or are not in the subset."""
    dropped: Counter[str] = Counter()
    doi = identifiers.doi(texts([record.doi for record in records]))
    if doi.null_count:
        dropped[NO_DOI] = doi.null_count
        records, doi = list(compress(records, valid(doi))), doi.drop_null()
    if subset:
        kept = wanted(doi, _institutions(records), subset)
        dropped[NOT_IN_SUBSET] = int(np.count_nonzero(~kept))
        records, doi = list(compress(records, kept)), doi.filter(pa.array(kept))
    return Made(_rows(doi, records, notes), +dropped)


def _rows(doi: pa.StringArray, records: Sequence[Record], notes: Notes) -> pa.RecordBatch:
    titles, titled = elements([record.title for record in records])
    stated = dates([record.deposited and record.deposited.date_time for record in records])
    updated = moments.moments(stated)
    if updated.null_count > stated.null_count:
        notes[NO_UPDATE] += updated.null_count - stated.null_count
    funders, awards = _funders(records)
    made = {
        "doi": doi,
        "title": first(titled, plain.plain(texts(titles))),
        "abstract_text": plain.plain(texts([record.abstract for record in records])),
        "updated_date": updated,
        "funders": parties_column(funders, len(records)),
        "awards": awards,
        "relations": _relations(records),
    }
    return pa.RecordBatch.from_arrays([made[name] for name in SCHEMA.names], schema=SCHEMA)


def _funders(records: Sequence[Record]) -> tuple[Parties, pa.ListArray]:
    """Return the funders of records, and the column of their awards."""
    found, lists = elements([record.funder for record in records])
    stated = [
        _funder(funder.name, funder.doi, tuple(map(_identifier, as_list(funder.id))) if funder.id else ())
        for funder in found
    ]
    name, id_type, id = (coded(texts([one and one[part] for one in stated])) for part in range(3))
    funders = Parties(lists.owners, name, id_type, id)
    awards, awarded = elements([funder.award for funder in found])
    return funders, awards_column(texts(awards), funders.at(awarded.owners), len(records))


# The same funders come again and again within a file.
@lru_cache(maxsize=1 << 14)
def _funder(name: Loose, doi: Loose, stated: tuple[tuple[str | None, str | None], ...]) -> Party | None:
    """Return a funder with its ROR id where one is stated, else its Crossref Funder id (a DOI)."""
    found = [party(name, *one) for one in (*stated, (as_text(doi), "Crossref Funder ID"))]
    best = {"ror": 0, None: 2}
    return min((one for one in found if one), key=lambda one: best.get(one.id_type, 1), default=None)


def _identifier(entry: Identified | str) -> tuple[str | None, str | None]:
    return (entry, None) if isinstance(entry, str) else (as_text(entry.id), as_text(entry.id_type))


def _relations(records: Sequence[Record]) -> pa.ListArray:
    stated = [
        (number, kind, _identifier(entry)[0])
        for number, record in enumerate(records)
        if record.relation and isinstance(record.relation, dict)
        for kind, entries in record.relation.items()
        for entry in as_list(entries)
    ]
    owners, kinds, others = zip(*stated, strict=True) if stated else ((), (), ())
    return relations_column(np.array(owners, np.int64), texts(kinds), texts(others), len(records))


def _institutions(records: Sequence[Record]) -> Parties:
    """Return the organisations that authors belong to; only a subset asks for them."""
    authors, of_record = elements([record.author for record in records])
    affiliations, of_author = elements([author.affiliation for author in authors], Affiliation)
    owners = of_record.owners[of_author.owners]
    # A name alone only counts where no identifier is stated.
    stated = [(one.name, *id) for one in affiliations for id in map(_identifier, as_list(one.id) or [Identified()])]
    counts = [len(as_list(one.id)) or 1 for one in affiliations]
    return parties(np.repeat(owners, counts), *(texts([one[part] for one in stated]) for part in range(3)))
