"""The embedded search engine: tantivy indexes in a folder, no server and no account."""

import errno
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tantivy
from tantivy import Query as Tantivy

from dmpworks.errors import SettingsError, SyncError
from dmpworks.services.search.documents import (
    REBUILD,
    BulkReport,
    Document,
    DocumentRefused,
    Fields,
    Hit,
    check_document,
    check_query,
    encode_record,
    exact_terms,
    split_tokens,
)
from dmpworks.services.search.embedded_query import any_of, build_query
from dmpworks.services.secrecy import ONLY_OWNER_FOLDER

if TYPE_CHECKING:
    from dmpworks.matching.query import Query


_WHITESPACE = "whitespace"
_WRITER_MEMORY = 64_000_000  # bytes before a segment goes to disk
_BATCH = 1_000
_INDEX_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


class EmbeddedEngine:
    """Indexes below one folder; one process writes at a time, any number read."""

    def __init__(self, folder: Path, fields: Fields) -> None:
        self._folder, self._fields = folder, fields
        self._schema = _schema(fields)
        self._indexes: dict[str, tantivy.Index] = {}

    def create(self, index: str) -> None:
        """Create the index unless it exists."""
        path = self._path(index)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=ONLY_OWNER_FOLDER, exist_ok=True)  # records of plans are personal data
        self._indexes[index] = self._open_index(index)

    def bulk(self, index: str, upserts: Iterable[Document], deletes: Iterable[str]) -> BulkReport:
        """Write documents whole, then remove ids; all of it becomes durable in one commit at the end."""
        writer = self._writer(index)
        report = BulkReport()
        for document in upserts:
            self._upsert(index, writer, document, report)
        for ids in _batches(deletes):
            report.deleted += len(self._records(index, ids))
            with _translate_errors(self._path(index)):
                for id in ids:
                    writer.delete_documents_by_term("id", id)
        with _translate_errors(self._path(index)):
            writer.commit()
            writer.wait_merging_threads()
        return report

    def refresh(self, index: str) -> None:
        """Make everything written so far visible to searches."""
        self._index(index).reload()

    def count(self, index: str) -> int:
        """Return the number of visible documents."""
        return self._searcher(index).num_docs

    def search(self, index: str, query: "Query") -> list[Hit]:
        """Return the best hits: by score, then id ascending, also at the cut of the limit."""
        check_query(query, self._fields)
        if not query.strong or query.limit < 1:
            return []
        searcher = self._searcher(index)
        best = _best_hits(searcher, build_query(self._schema, query), query.limit)
        hits = [_hit(searcher.doc(address), score) for score, address in best]
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))[: query.limit]

    def document_frequencies(self, index: str, field: str, terms: Sequence[str]) -> dict[str, int]:
        """Return how many documents contain each term; deleted ones do not count."""
        searcher = self._searcher(index)
        queries = {term: any_of(self._schema, field, [term]) for term in terms}
        return {term: _count(searcher, query) for term, query in queries.items()}

    def fetch(self, index: str, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the stored records (JSON) by id; ids that are not in the index are left out."""
        return {id: source for batch in _batches(ids) for id, source in self._records(index, batch).items()}

    def ids(self, index: str) -> Iterator[str]:
        """Yield the ids of all visible documents, ascending."""
        searcher = self._searcher(index)
        if searcher.num_docs:
            hits = searcher.search(Tantivy.all_query(), limit=searcher.num_docs, count=False).hits
            yield from sorted(searcher.doc(address)["id"][0] for _, address in hits)

    def close(self) -> None:
        """Close the open indexes."""
        self._indexes.clear()

    def _upsert(self, index: str, writer: tantivy.IndexWriter, document: Document, report: BulkReport) -> None:
        try:
            check_document(document, self._fields)
            prepared = self._prepared(document)
        except DocumentRefused as refused:
            report.refuse(document.id, str(refused))
            return
        with _translate_errors(self._path(index)):
            writer.delete_documents_by_term("id", document.id)
            writer.add_document(prepared)
        report.upserted += 1

    def _prepared(self, document: Document) -> tantivy.Document:
        prepared = tantivy.Document()
        prepared.add_bytes("source", encode_record(document))
        prepared.add_text("id", document.id)
        if document.work_type:
            prepared.add_text("work_type", document.work_type)
        if document.published:
            prepared.add_integer("published", document.published.toordinal())
        for name, value in document.fields.items():
            texts = exact_terms(value) if self._fields[name] == "term" else [" ".join(split_tokens(value))]
            for text in texts:
                prepared.add_text(name, text)
        return prepared

    def _records(self, index: str, ids: Sequence[str]) -> dict[str, bytes]:
        if not ids:
            return {}
        searcher = self._searcher(index)
        hits = searcher.search(any_of(self._schema, "id", ids), limit=len(ids), count=False).hits
        documents = [searcher.doc(address) for _, address in hits]
        return {document["id"][0]: bytes(document["source"][0]) for document in documents}

    def _path(self, index: str) -> Path:
        if not _INDEX_NAME.fullmatch(index):
            raise SettingsError(
                "this cannot be the name of an index",
                on=f"{index!r} under {self._folder}",
                next="use lower-case letters, digits, '-', '_' and '.' in OPENSEARCH_WORKS_INDEX and _DMPS_INDEX",
            )
        return self._folder / index

    def _index(self, index: str) -> tantivy.Index:
        if index not in self._indexes:
            if not tantivy.Index.exists(str(self._existing_path(index))):
                raise _missing(self._path(index))
            self._indexes[index] = self._open_index(index)
        return self._indexes[index]

    def _existing_path(self, index: str) -> Path:
        path = self._path(index)
        if not path.is_dir():
            raise _missing(path)
        return path

    def _open_index(self, index: str) -> tantivy.Index:
        path = self._path(index)
        with _translate_errors(path):
            loaded = tantivy.Index(self._schema, path=str(path))
        tokenizer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        loaded.register_tokenizer(_WHITESPACE, tokenizer)
        loaded.config_reader(reload_policy="manual")
        loaded.reload()
        return loaded

    def _searcher(self, index: str) -> tantivy.Searcher:
        return self._index(index).searcher()

    def _writer(self, index: str) -> tantivy.IndexWriter:
        with _translate_errors(self._path(index)):
            return self._index(index).writer(heap_size=_WRITER_MEMORY, num_threads=1)


def _schema(fields: Fields) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("source", stored=True)
    builder.add_text_field("work_type", tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("published", indexed=True, fast=True)
    for name, kind in fields.items():
        if kind == "term":
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
        else:
            builder.add_text_field(name, tokenizer_name=_WHITESPACE, index_option="position")
    return builder.build()


def _best_hits(searcher: tantivy.Searcher, query: Tantivy, limit: int) -> list[tuple[float, tantivy.DocAddress]]:
    """Return the hits up to the limit and all that tie with the last of them: tantivy breaks ties by storage order."""
    size = limit * 2
    while True:
        hits = searcher.search(query, limit=size, count=False).hits
        if len(hits) < size or hits[-1][0] < hits[limit - 1][0]:
            return [hit for hit in hits if len(hits) <= limit or hit[0] >= hits[limit - 1][0]]
        size *= 4


def _count(searcher: tantivy.Searcher, query: Tantivy) -> int:
    result: Any = searcher.search(query, limit=1, count=True)  # the type stubs lack `count`
    return int(result.count)


def _hit(document: tantivy.Document, score: float) -> Hit:
    return Hit(document["id"][0], score, bytes(document["source"][0]))


def _batches(ids: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for id in ids:
        batch.append(id)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _missing(path: Path) -> SyncError:
    return SyncError(
        "there is no such search index",
        on=str(path),
        next="run the chain that fills it first: process-works for works, process-dmps for plans",
    )


@contextmanager
def _translate_errors(path: Path) -> Iterator[None]:
    """Raise tantivy's errors, all of them ValueError with a text, as SyncError."""
    try:
        yield
    except ValueError as error:
        what, next_step = _explain(str(error), path)
        raise SyncError(what, on=f"{path}: {error}", next=next_step) from error


def _explain(text: str, path: Path) -> tuple[str, str]:
    if "LockBusy" in text:
        return "another process writes to the search index", "wait for it to end, then run the job again"
    if "schema does not match" in text:
        return "the search index was created by another version of dmpworks", f"rm -r {path}; {REBUILD}"
    if os.strerror(errno.ENOSPC) in text or os.strerror(errno.EDQUOT) in text:
        return "there is no room for the search index", f"make room on the disk of {path}, then run the job again"
    return (
        "the embedded search engine failed",
        f"make room on the disk and run the job again; if that fails too: rm -r {path}; {REBUILD}",
    )
