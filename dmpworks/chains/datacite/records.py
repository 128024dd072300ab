"""Converts a batch of DataCite records to rows (pure).

Meaning of the fields: https://datacite-metadata-schema.readthedocs.io/en/4.6/properties/ (read in December 2026).
"""

from collections import Counter
from collections.abc import Sequence
from itertools import compress
from operator import attrgetter

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.chains.datacite.people import Makers, makers
from dmpworks.chains.datacite.published import publication_dates
from dmpworks.chains.datacite.schema import SCHEMA, Attributes, Description, Funding, Publisher, Record, Related, Title
from dmpworks.datasets.columns.flatten import dates, first, repeated, texts
from dmpworks.datasets.columns.organisations import (
    Parties,
    awards_column,
    in_subset,
    note_unknown_ids,
    parties,
    parties_column,
    relations_column,
)
from dmpworks.datasets.columns.raw_json import read
from dmpworks.datasets.kernels import identifiers, moments, plain
from dmpworks.datasets.kernels.gather import counted
from dmpworks.datasets.kernels.strings import replaced, valid
from dmpworks.datasets.reading.loose_values import Loose
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import BatchResult, Notes

NO_DOI, NOT_IN_SUBSET = "no DOI", "not in subset"
NO_DATE, NO_UPDATE = "publication dates not parsed", "updated dates not parsed"
ABSTRACT = "Abstract"
_NO_ATTRIBUTES = Attributes()
_raw = attrgetter(*(field.name for field in msgspec.structs.fields(Attributes) if field.type is msgspec.Raw))


def undecoded(record: Record) -> bytes:
    """Return the undecoded lists of a record, to be checked for UTF-8."""
    return b"".join(_raw(record.attributes or _NO_ATTRIBUTES))


def columns(records: Sequence[Record], subset: Subset | None, notes: Notes) -> BatchResult:
    """Return the rows of records; drop those without a DOI or not in the subset.

    `notes` counts what the rows lack (unreadable dates, unknown ids, authors without a name, relations without a DOI),
    dates that were set by default, and lists that were read leniently.
    """
    dropped: Counter[str] = Counter()
    doi = _doi(records)
    works = [record.attributes or _NO_ATTRIBUTES for record in records]
    if doi.null_count:
        dropped[NO_DOI] = doi.null_count
        works, doi = list(compress(works, valid(doi))), doi.drop_null()
    made_by = makers(works, Counter() if subset else notes)  # only works that are kept are counted
    if subset:
        kept = in_subset(doi, made_by.institutions, subset)
        dropped[NOT_IN_SUBSET] = int(np.count_nonzero(~kept))
        works, doi = list(compress(works, kept)), doi.filter(pa.array(kept))
        made_by = makers(works, notes)
    return BatchResult(_rows(doi, works, made_by, notes), +dropped)


def _doi(records: Sequence[Record]) -> pa.StringArray:
    """Return the DOIs of records: their id, else the attribute `doi`."""
    doi = identifiers.doi(texts([record.id for record in records]))
    missing = ~valid(doi)
    if not missing.any():
        return doi
    others = [record.attributes and record.attributes.doi for record in compress(records, missing)]
    return replaced(doi, missing, identifiers.doi(texts(others)))


def _rows(doi: pa.StringArray, works: Sequence[Attributes], made_by: Makers, notes: Notes) -> pa.RecordBatch:
    updated = [work.updated for work in works]
    updated_dates, published = moments.moments(dates(updated)), publication_dates(works, notes)
    _note(notes, NO_UPDATE, updated_dates, [bool(date) for date in updated])
    _note(notes, NO_DATE, published, [bool(work.published or work.publication_year) for work in works])
    funders, awards = _funders(works, notes)
    made = {
        "doi": doi,
        "title": _titles(works, notes),
        "abstract_text": _abstracts(works, notes),
        "work_type": repeated(
            [work.types and work.types.resource_type_general for work in works], plain.plain_text
        ).column,
        "publication_date": published,
        "updated_date": updated_dates,
        "publication_venue": repeated(_venues(works), plain.plain_text).column,
        "authors": made_by.authors,
        "institutions": parties_column(made_by.institutions, len(works)),
        "funders": parties_column(funders, len(works)),
        "awards": awards,
        "relations": _relations(works, notes),
    }
    return pa.RecordBatch.from_arrays([made[name] for name in SCHEMA.names], schema=SCHEMA)


def _note(notes: Notes, note: str, parsed: pa.Array, stated: list[bool]) -> None:
    if parsed.null_count and (unparsed := int(np.count_nonzero(np.array(stated, np.bool_) & ~valid(parsed)))):
        notes[note] += unparsed


def _titles(works: Sequence[Attributes], notes: Notes) -> pa.StringArray:
    lists, (title,), _ = read([work.titles for work in works], Title, notes, allow_bare_text=True)
    return first(lists, plain.plain_text(title))


def _abstracts(works: Sequence[Attributes], notes: Notes) -> pa.StringArray:
    """Return the first description of type Abstract of each record that is no placeholder."""
    lists, (stated, kind), _ = read([work.descriptions for work in works], Description, notes, allow_bare_text=True)
    is_abstract = np.asarray(pc.fill_null(pc.equal(kind, ABSTRACT), False))
    if not is_abstract.all():
        lists, stated = counted(lists.owners[is_abstract], len(works)), stated.filter(pa.array(is_abstract))
    return first(lists, plain.plain_text(stated))


def _venues(works: Sequence[Attributes]) -> list[Loose]:
    # An object since schema 4.5, before that a text: https://datacite-metadata-schema.readthedocs.io/en/4.5/properties/publisher/
    publishers = [work.publisher for work in works]
    return [publisher.name if isinstance(publisher, Publisher) else publisher for publisher in publishers]


def _funders(works: Sequence[Attributes], notes: Notes) -> tuple[Parties, pa.ListArray]:
    """Return the funders of records, and the column of their awards."""
    lists, (*funder, award), _ = read([work.funding_references for work in works], Funding, notes)
    funders = parties(lists.owners, *funder)
    note_unknown_ids(funder[1], funders.id, notes)
    return funders, awards_column(award, funders, len(works))


def _relations(works: Sequence[Attributes], notes: Notes) -> pa.ListArray:
    """Return the relations to works with a DOI; relatedIdentifierType is ignored, as DOIs in URLs are of type URL."""
    lists, (kind, other), _ = read([work.related_identifiers for work in works], Related, notes)
    return relations_column(lists.owners, kind, other, len(works), notes)
