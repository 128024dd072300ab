"""The production search engine: OpenSearch, with nothing but its built-in analysis."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from opensearchpy import TransportError

from dmpworks.errors import SyncError
from dmpworks.services.search.bulk import send_all
from dmpworks.services.search.connection import Connection
from dmpworks.services.search.documents import BulkReport, Document, Fields, Hit, check_query
from dmpworks.services.search.opensearch_errors import is_mapping_conflict, other_mapping, part
from dmpworks.services.search.opensearch_query import build_query

if TYPE_CHECKING:
    from dmpworks.matching.query import Query

_BATCH = 500
_WHOLE = {"allow_partial_search_results": "false"}  # an answer without some shard is a wrong answer


class OpenSearchEngine:
    """Indexes on one server; `index_settings` (shards, replicas) are the server's own defaults unless given."""

    def __init__(self, connection: Connection, fields: Fields, index_settings: Mapping[str, Any] | None = None) -> None:
        self._connection, self._client = connection, connection.client
        self._fields, self._index_settings = fields, dict(index_settings or {})

    def create(self, index: str) -> None:
        """Create the index unless it exists; add new fields to one that does."""
        mappings = mapping(self._fields)

        def create() -> None:
            if self._client.indices.exists(index=index):
                self._extend_mapping(index, mappings)
                return
            try:
                self._client.indices.create(index=index, body={"settings": self._index_settings, "mappings": mappings})
            except TransportError as error:
                if error.error != "resource_already_exists_exception":  # somebody else was faster
                    raise

        self._connection.call(index, create)

    def _extend_mapping(self, index: str, mappings: dict[str, Any]) -> None:
        try:
            self._client.indices.put_mapping(index=index, body=mappings)
        except TransportError as error:
            if is_mapping_conflict(error):
                url = self._connection.url
                raise other_mapping(url, index, f"index {index} at {url}: {error}") from error
            raise

    def bulk(self, index: str, upserts: Iterable[Document], deletes: Iterable[str]) -> BulkReport:
        """Write documents whole, then remove ids; a refused document is reported and does not stop the others."""
        # A bulk request to an index that is not there would make one, without our mapping.
        if not self._connection.call(index, lambda: self._client.indices.exists(index=index)):
            raise SyncError(
                "there is no such search index",
                on=f"{index} at {self._connection.url}",
                next="make it before writing to it",
            )
        return send_all(self._connection, index, self._fields, upserts, deletes)

    def refresh(self, index: str) -> None:
        """Make everything written so far visible to searches."""
        self._connection.call(index, lambda: self._client.indices.refresh(index=index))

    def count(self, index: str) -> int:
        """Return the number of visible documents."""
        return self._counts(index, [{"match_all": {}}])[0]

    def search(self, index: str, query: "Query") -> list[Hit]:
        """Return the best hits: by score, then id ascending, also at the cut of the limit."""
        check_query(query, self._fields)
        if not query.strong or query.limit < 1:
            return []
        body = {
            "query": build_query(query),
            "size": query.limit,
            "sort": [{"_score": "desc"}, {"id": "asc"}],
            "_source": ["source"],
            "track_total_hits": False,
        }
        hits = self._hits(index, body)
        return [Hit(hit["_id"], hit["_score"], _source(hit)) for hit in hits]

    def document_frequencies(self, index: str, field: str, terms: Sequence[str]) -> dict[str, int]:
        """Return how many documents contain each term: counted, since the engine's statistics differ by shard."""
        counts: dict[str, int] = {}
        for batch in _batches(terms):
            batch_counts = self._counts(index, [{"term": {field: {"value": term}}} for term in batch])
            counts.update(zip(batch, batch_counts, strict=True))
        return counts

    def fetch(self, index: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the stored records (JSON) by id; ids that are not in the index are left out."""
        records: dict[str, bytes] = {}
        for batch in _batches(ids):
            body = {"query": {"ids": {"values": batch}}, "size": len(batch), "_source": ["source"], "sort": ["_doc"]}
            records.update((hit["_id"], _source(hit)) for hit in self._hits(index, body))
        return records

    def ids(self, index: str) -> Iterator[str]:
        """Yield the ids of all visible documents, ascending."""
        body: dict[str, Any] = {"query": {"match_all": {}}, "size": 10_000, "_source": False, "sort": [{"id": "asc"}]}
        while hits := self._hits(index, body):
            yield from (hit["_id"] for hit in hits)
            body["search_after"] = hits[-1]["sort"]

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _hits(self, index: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        def search() -> Any:
            return part(part(self._client.search(index=index, body=body, params=_WHOLE), "hits"), "hits")

        hits: list[dict[str, Any]] = self._connection.call(index, search)
        return hits

    def _counts(self, index: str, queries: Sequence[dict[str, Any]]) -> list[int]:
        lines: list[dict[str, Any]] = []
        for query in queries:
            lines += [{"allow_partial_search_results": False}, {"query": query, "size": 0, "track_total_hits": True}]

        def count() -> list[int]:
            return [_total(answer) for answer in part(self._client.msearch(index=index, body=lines), "responses")]

        return self._connection.call(index, count)


def mapping(fields: Fields) -> dict[str, Any]:
    """Return the mapping of an index: only the listed fields are accepted; the record is stored, not indexed."""
    term = {"type": "keyword", "doc_values": False}
    text = {"type": "text", "analyzer": "whitespace", "norms": False}
    return {
        "dynamic": "strict",
        "properties": {
            "id": {"type": "keyword"},  # sorted by: `_id` itself would have to be loaded into memory for that
            "published": {"type": "date", "format": "strict_date"},
            "work_type": {"type": "keyword"},
            "source": {"type": "object", "enabled": False},
            **{name: term if kind == "term" else text for name, kind in fields.items()},
        },
    }


def _total(answer: dict[str, Any]) -> int:
    if "error" in answer:  # the request as a whole is a 200 all the same
        raise TransportError(answer.get("status", 500), answer["error"].get("type", "error"), answer)
    total: int = answer["hits"]["total"]["value"]
    return total


def _source(hit: dict[str, Any]) -> bytes:
    return msgspec.json.encode(hit["_source"].get("source"))


def _batches(items: Sequence[str]) -> Iterator[Sequence[str]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
