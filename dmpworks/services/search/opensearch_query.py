"""Translate a query of `matching` into OpenSearch's query language."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dmpworks.services.search.documents import split_tokens

if TYPE_CHECKING:
    from dmpworks.matching.query import Clause, Query


def build_query(query: "Query") -> dict[str, Any]:
    """Return the whole query: filters score nothing, a strong clause must match, scores of matching clauses add up."""
    groups = [group for group in (query.strong, query.required) if group]
    excluded: list[dict[str, Any]] = []
    if query.excluded_types:
        excluded.append({"terms": {"work_type": list(query.excluded_types)}})
    if query.excluded_dois:
        excluded.append({"terms": {"id": list(query.excluded_dois)}})
    return {
        "bool": {
            "must": [_any(group) for group in groups],
            "should": [_scored(clause) for clause in query.supporting],
            "filter": [_published(query)],
            "must_not": excluded,
        }
    }


def _any(clauses: Sequence["Clause"]) -> dict[str, Any]:
    return {"bool": {"should": [_scored(clause) for clause in clauses], "minimum_should_match": 1}}


def _scored(clause: "Clause") -> dict[str, Any]:
    ways: list[dict[str, Any]] = [{"terms": {clause.field: list(clause.terms)}}] if clause.terms else []
    if clause.phrase:
        ways.append(_phrase(clause.field, split_tokens(list(clause.phrase)), clause.slop))
    if not ways:
        return {"match_none": {}}
    matches = ways[0] if len(ways) == 1 else {"bool": {"should": ways, "minimum_should_match": 1}}
    return {"constant_score": {"filter": matches, "boost": clause.weight}}


def _phrase(field: str, words: list[str], slop: int) -> dict[str, Any]:
    """Return the query for the words in order: the slop of `match_phrase` would also find them swapped."""
    if len(words) == 1:
        return {"term": {field: {"value": words[0]}}}
    if slop == 0:
        return {"match_phrase": {field: {"query": " ".join(words)}}}
    spans = [{"span_term": {field: {"value": word}}} for word in words]
    return {"span_near": {"clauses": spans, "slop": slop, "in_order": True}}


def _published(query: "Query") -> dict[str, Any]:
    dates = {"gte": query.published_from.isoformat()}
    if query.published_to:
        dates["lte"] = query.published_to.isoformat()
    return {"range": {"published": dates}}
