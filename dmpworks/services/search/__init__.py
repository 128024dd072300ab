"""Search engines behind one interface: OpenSearch for production, tantivy embedded for a laptop.

Both answer the same `matching.query.Query` with the same hits in the same order: all scores are constants that the
query brings along, phrases are in order within their slop, and ties go by id.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from dmpworks.services.search.documents import BulkReport, Document, Failure, Hit, describe_failures
from dmpworks.settings.shared import Search

if TYPE_CHECKING:
    from dmpworks.matching.query import Query
    from dmpworks.services.storage import Bucket

__all__ = [
    "BulkReport",
    "Document",
    "Failure",
    "Hit",
    "SearchEngine",
    "describe_failures",
    "engine_name",
    "open_engine",
]


class SearchEngine(Protocol):
    """What every engine does; raises TemporaryError when it cannot be reached, SyncError when it refuses."""

    def create(self, index: str) -> None:
        """Create the index unless it exists."""

    def bulk(self, index: str, upserts: Iterable[Document], deletes: Iterable[str]) -> BulkReport:
        """Write documents whole, then remove ids; a refused document is reported and does not stop the others."""

    def refresh(self, index: str) -> None:
        """Make everything written so far visible to searches."""

    def count(self, index: str) -> int:
        """Return the number of visible documents."""

    def search(self, index: str, query: "Query") -> list[Hit]:
        """Return the best hits: by score, then id ascending, also at the cut of the limit."""

    def document_frequencies(self, index: str, field: str, terms: Sequence[str]) -> dict[str, int]:
        """Return how many documents contain each term, exactly, whatever the number of shards."""

    def fetch(self, index: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the stored records (JSON) by id; ids that are not in the index are left out."""

    def ids(self, index: str) -> Iterator[str]:
        """Yield the ids of all visible documents, ascending."""

    def close(self) -> None:
        """Close connections."""


def engine_name(options: Search, bucket: "Bucket") -> str:
    """Return which engine the settings ask for: embedded is the default with a folder as bucket."""
    return options.search_engine or ("embedded" if bucket.is_folder else "opensearch")


def open_engine(options: Search, bucket: "Bucket", region: str | None) -> SearchEngine:
    """Open the engine that the settings name; raises SettingsError when a setting of it is missing."""
    from dmpworks.matching.fields import FIELDS

    if engine_name(options, bucket) == "embedded":
        from dmpworks.services.search.embedded import EmbeddedEngine

        return EmbeddedEngine(bucket.local_folder("search"), FIELDS)
    from dmpworks.services.search.connection import connect
    from dmpworks.services.search.opensearch import OpenSearchEngine

    return OpenSearchEngine(connect(options, region), FIELDS)
