"""What goes into an engine and what comes out, and what every engine refuses alike."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import msgspec

from dmpworks.errors import SyncError, first_few

if TYPE_CHECKING:
    from dmpworks.matching.fields import Kind
    from dmpworks.matching.query import Clause, Query

Fields = Mapping[str, "Kind"]

# Lucene refuses longer terms and ids; tantivy would drop them silently.
MAX_TERM = 32_766
MAX_ID = 512
# Lucene's white-space tokenizer cuts what is longer than 255 UTF-16 units into pieces; tantivy does not.
MAX_TOKEN = 127
REBUILD = (
    "then fill it again: dmpworks run process-works --start-job sqlmesh-transform --sqlmesh-transform.export-all for "
    "works, dmpworks run process-dmps for plans"
)
MAX_FAILURES = 1_000  # refused documents that are kept, and that stop a bulk request which wrote none


class Document(msgspec.Struct, frozen=True):
    """A document of an index: its id, the fields it can be found by, and the record to return."""

    id: str
    fields: dict[str, list[str] | str]
    published: date | None = None
    work_type: str | None = None
    source: Any = None


class Failure(msgspec.Struct, frozen=True):
    """A document that the engine refused, and why."""

    id: str
    reason: str


class BulkReport(msgspec.Struct):
    """What a bulk request did; of many failures only the first are kept."""

    upserted: int = 0
    deleted: int = 0
    failures: list[Failure] = msgspec.field(default_factory=list)
    refused: int = 0

    def refuse(self, id: str, reason: str) -> None:
        """Count a refused document; raise SyncError when very many were refused and none was written."""
        self.refused += 1
        if len(self.failures) < MAX_FAILURES:
            self.failures.append(Failure(id, reason))
        if self.refused >= MAX_FAILURES and not self.upserted and not self.deleted:
            raise SyncError(
                f"the search engine refused each of the first {self.refused:,} documents; no more were sent",
                on=describe_failures(self.failures),
                next="fix the cause, then run the job again",
            )


def describe_failures(failures: Sequence[Failure]) -> str:
    """Return each reason once, with the ids of some of its documents."""
    by_reason: dict[str, list[str]] = {}
    for failure in failures:
        by_reason.setdefault(failure.reason, []).append(failure.id)
    return first_few([f"{first_few(ids, 3, ', ')}: {reason}" for reason, ids in by_reason.items()], 5)


class Hit(msgspec.Struct, frozen=True):
    """A search result: `source` is the JSON of the document's record."""

    id: str
    score: float
    source: bytes


class DocumentRefused(Exception):
    """A document that no engine can store."""


def exact_terms(value: list[str] | str | None) -> list[str]:
    """Return the exact strings of a "term" field, without empty ones."""
    return [text for text in ([value] if isinstance(value, str) else value or []) if text]


def split_tokens(value: list[str] | str | None) -> list[str]:
    """Split the text of a "tokens" field at white space, over-long tokens cut short."""
    text = value if isinstance(value, str) else " ".join(value or [])
    return [token[:MAX_TOKEN] for token in text.split()]


def encode_record(document: Document) -> bytes:
    """Return the record's JSON; raises DocumentRefused when it cannot be written as such."""
    try:
        return msgspec.json.encode(document.source)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise DocumentRefused(f"the record cannot be written as JSON: {error}") from error


def check_document(document: Document, fields: Fields) -> None:
    """Raise DocumentRefused for what engines refuse or would lose: an empty or over-long id, an immense term."""
    if not document.id:
        raise DocumentRefused("the id is empty")
    if _bytes(document.id) > MAX_ID:
        raise DocumentRefused(f"the id is longer than {MAX_ID} bytes")
    for name in document.fields:
        if fields[name] == "term" and any(_bytes(value) > MAX_TERM for value in exact_terms(document.fields[name])):
            raise DocumentRefused(f"{name} holds an immense term of more than {MAX_TERM} bytes")


def check_query(query: "Query", fields: Fields) -> None:
    """Raise ValueError for a clause on an unknown field, or a phrase on exact terms: an engine would find nothing."""
    clauses: Iterable[Clause] = (*query.strong, *query.required, *query.supporting)
    for clause in clauses:
        if clause.field not in fields:
            raise ValueError(f"no such field: {clause.field}")
        if clause.phrase and fields[clause.field] != "tokens":
            raise ValueError(f"no phrases in a field of exact terms: {clause.field}")


def _bytes(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise DocumentRefused(f"not Unicode: {error.reason}") from error
