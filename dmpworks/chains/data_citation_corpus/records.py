"""Converts a citation to a row (pure)."""

from collections import Counter

from dmpworks.chains.data_citation_corpus.schema import Citation, Row
from dmpworks.cleaners import identifiers
from dmpworks.datasets.reading.loose_values import as_text
from dmpworks.datasets.subset import Subset


def row(citation: Citation, subset: Subset | None, notes: Counter[str]) -> Row | str:
    """Return the row of a citation, or which of its DOIs is missing; a subset of works keeps all citations."""
    publication = identifiers.doi(as_text(citation.publication))
    if publication is None:
        return "no publication DOI"
    dataset = identifiers.doi(as_text(citation.dataset))
    return "no dataset DOI" if dataset is None else Row(publication, dataset)
