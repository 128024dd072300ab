"""Translate a query of `matching` into tantivy's."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

from tantivy import FieldType, Occur, Schema
from tantivy import Query as Tantivy

from dmpworks.services.search.documents import split_tokens

if TYPE_CHECKING:
    from dmpworks.matching.query import Clause, Query


def build_query(schema: Schema, query: "Query") -> Tantivy:
    """Return the whole query: filters score nothing, a strong clause must match, scores of matching clauses add up."""
    groups = [group for group in (query.strong, query.required) if group]
    parts = [(Occur.Must, _any(schema, group)) for group in groups] + [(Occur.Must, _published(schema, query))]
    parts += [(Occur.Should, _scored(schema, clause)) for clause in query.supporting]
    if query.excluded_types:
        parts.append((Occur.MustNot, any_of(schema, "work_type", query.excluded_types)))
    if query.excluded_dois:
        parts.append((Occur.MustNot, any_of(schema, "id", query.excluded_dois)))
    return Tantivy.boolean_query(parts)


def _any(schema: Schema, clauses: Sequence["Clause"]) -> Tantivy:
    return Tantivy.boolean_query([(Occur.Should, _scored(schema, clause)) for clause in clauses])


def any_of(schema: Schema, field: str, terms: Sequence[str]) -> Tantivy:
    """Return the query for documents whose field holds any of the terms."""
    if len(terms) == 1:
        return Tantivy.term_query(schema, field, terms[0], "basic")
    return Tantivy.term_set_query(schema, field, list(terms))


def _scored(schema: Schema, clause: "Clause") -> Tantivy:
    ways = [any_of(schema, clause.field, clause.terms)] if clause.terms else []
    if clause.phrase:
        ways.append(_phrase(schema, clause.field, split_tokens(list(clause.phrase)), clause.slop))
    if not ways:
        return Tantivy.empty_query()
    query = ways[0] if len(ways) == 1 else Tantivy.boolean_query([(Occur.Should, way) for way in ways])
    return Tantivy.const_score_query(query, clause.weight)


def _phrase(schema: Schema, field: str, words: list[str], slop: int) -> Tantivy:
    """Return the query for the words in order with at most `slop` others in between.

    tantivy's own slop also finds swapped words and loses some matches of three words and more, so each way to
    spread the gaps is searched as an exact phrase.
    """
    if len(words) == 1:
        return any_of(schema, field, words)
    spreads = [
        Tantivy.phrase_query(schema, field, list(zip(positions, words, strict=True)))
        for positions in _positions(len(words), slop)
    ]
    return spreads[0] if len(spreads) == 1 else Tantivy.boolean_query([(Occur.Should, way) for way in spreads])


def _positions(words: int, slop: int) -> Iterator[list[int]]:
    """Yield every way to place the words in order, the first at 0, with at most `slop` free places in between."""
    for gaps in _gaps(words - 1, slop):
        yield list(accumulate((gap + 1 for gap in gaps), initial=0))


def _gaps(places: int, budget: int) -> Iterator[tuple[int, ...]]:
    if places == 0:
        yield ()
        return
    for first in range(budget + 1):
        for rest in _gaps(places - 1, budget - first):
            yield (first, *rest)


def _published(schema: Schema, query: "Query") -> Tantivy:
    last = query.published_to.toordinal() if query.published_to else None
    dates = Tantivy.range_query(schema, "published", FieldType.Integer, query.published_from.toordinal(), last)
    return Tantivy.const_score_query(dates, 0.0)
