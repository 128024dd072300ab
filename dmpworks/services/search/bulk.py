"""Bulk requests to OpenSearch: of limited size, repeated where the server was busy, every refusal kept."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from opensearchpy import TransportError

from dmpworks.errors import SyncError
from dmpworks.services.search.connection import Connection
from dmpworks.services.search.documents import (
    BulkReport,
    Document,
    DocumentRefused,
    Fields,
    check_document,
    encode_record,
    exact_terms,
    split_tokens,
)
from dmpworks.services.search.opensearch_errors import (
    RETRYABLE,
    MissingIndexError,
    ends_everything,
    other_mapping,
    part,
    refusal,
    several_indexes,
    vanished,
)

MAX_ACTIONS = 1_000
MAX_BYTES = 5_000_000
_TOO_LARGE_OR_BAD = (400, 413)
_NOT_FOUND = 404
_ERROR = 300


class _Action(NamedTuple):
    id: str
    kind: str  # index, delete
    lines: bytes


class _PartlyBusyError(Exception):
    """The server took only a part of the request for now."""


def send_all(
    connection: Connection, index: str, fields: Fields, upserts: Iterable[Document], deletes: Iterable[str]
) -> BulkReport:
    """Send all documents and deletions; return what was done and refused, raise SyncError if no more can be done."""
    report = BulkReport()
    for request in _requests(_actions(fields, upserts, deletes, report)):
        check_index(connection, index)
        _send(connection, index, request, report)
    check_index(connection, index)
    return report


def check_index(connection: Connection, index: str) -> None:
    """Raise SyncError unless the index exists with our mapping.

    A bulk request to an index that does not exist creates it, with a mapping that OpenSearch guesses and that cannot be
    corrected afterwards; no parameter of the request prevents that. So it is asked for before each request, and after
    the last one in case the index disappeared between the two.
    """
    try:
        indexes = connection.call(index, lambda: connection.client.indices.get_mapping(index=index))
    except MissingIndexError as error:
        raise vanished(connection.url, index) from error
    if len(indexes) > 1:
        raise several_indexes(connection.url, index, sorted(indexes))
    for name, found in indexes.items():
        if found["mappings"].get("dynamic") != "strict":
            raise other_mapping(connection.url, index, f"index {name} at {connection.url}")


def _actions(
    fields: Fields, upserts: Iterable[Document], deletes: Iterable[str], report: BulkReport
) -> Iterator[_Action]:
    for document in upserts:
        try:
            check_document(document, fields)
            body = _body(document, fields)
        except DocumentRefused as refused:
            report.refuse(document.id, str(refused))
            continue
        head = msgspec.json.encode({"index": {"_id": document.id}})
        yield _Action(document.id, "index", head + b"\n" + body + b"\n")
    for id in deletes:
        yield _Action(id, "delete", msgspec.json.encode({"delete": {"_id": id}}) + b"\n")


def _body(document: Document, fields: Fields) -> bytes:
    body: dict[str, Any] = {"id": document.id, "published": document.published, "work_type": document.work_type}
    for name, value in document.fields.items():
        body[name] = exact_terms(value) if fields[name] == "term" else " ".join(split_tokens(value))
    body["source"] = msgspec.Raw(encode_record(document))
    return msgspec.json.encode(body)


def _requests(actions: Iterable[_Action]) -> Iterator[list[_Action]]:
    """Cut the actions into requests of at most MAX_ACTIONS and, unless one alone is larger, MAX_BYTES."""
    request: list[_Action] = []
    size = 0
    for action in actions:
        if request and (len(request) == MAX_ACTIONS or size + len(action.lines) > MAX_BYTES):
            yield request
            request, size = [], 0
        request.append(action)
        size += len(action.lines)
    if request:
        yield request


def _send(connection: Connection, index: str, request: list[_Action], report: BulkReport) -> None:
    waiting = request

    def send() -> list[tuple[_Action, dict[str, Any]]]:
        return _answers(connection, index, waiting)

    try:
        for attempt in connection.attempts(_PartlyBusyError, lambda error: "OpenSearch is busy"):
            with attempt:
                answers = connection.call(index, send)
                waiting = _record_answers(connection, index, answers, report)
                if waiting:
                    raise _PartlyBusyError
    except _PartlyBusyError as error:
        if len(waiting) == len(request):
            raise refusal(RETRYABLE[0], "", connection.url, index, f"index {index} at {connection.url}") from error
        for action in waiting:
            report.refuse(action.id, "the server was too busy, again and again")


def _answers(connection: Connection, index: str, actions: list[_Action]) -> list[tuple[_Action, dict[str, Any]]]:
    """Return the server's answer to each action; a request refused as a whole is halved to find the bad action."""
    body = b"".join(action.lines for action in actions)
    try:
        items = part(connection.client.bulk(index=index, body=body), "items")
    except TransportError as error:
        if error.status_code not in _TOO_LARGE_OR_BAD:
            raise
        if len(actions) == 1:
            reason = {"type": str(error.error), "reason": str(error)}
            return [(actions[0], {"status": error.status_code, "error": reason})]
        half = len(actions) // 2
        return _answers(connection, index, actions[:half]) + _answers(connection, index, actions[half:])
    if len(items) != len(actions):
        raise SyncError(
            "OpenSearch's answer to a bulk request is incomplete",
            on=f"index {index} at {connection.url}: {len(items):,} answers to {len(actions):,} documents",
            next="run the job again: documents that were written already are replaced",
        )
    return [(action, item[action.kind]) for action, item in zip(actions, items, strict=True)]


def _record_answers(
    connection: Connection, index: str, answers: list[tuple[_Action, dict[str, Any]]], report: BulkReport
) -> list[_Action]:
    """Add each answer to the report; return the actions for which the server was too busy.

    Raises SyncError for a refusal that every other document would meet too.
    """
    busy: list[_Action] = []
    for action, answer in answers:
        status, error = answer["status"], answer.get("error")
        kind = str(error.get("type")) if isinstance(error, dict) else ""
        if ends_everything(status, kind):
            on = f"index {index} at {connection.url}: {_reason(error)}"
            raise refusal(status, kind, connection.url, index, on)
        if status in RETRYABLE:
            busy.append(action)
        elif action.kind == "delete" and status == _NOT_FOUND:
            continue
        elif status >= _ERROR:
            report.refuse(action.id, _reason(error))
        elif action.kind == "delete":
            report.deleted += 1
        else:
            report.upserted += 1
    return busy


def _reason(error: Any) -> str:
    if not isinstance(error, dict):
        return str(error)
    cause = error.get("caused_by") or {}
    texts = [error.get("type"), error.get("reason"), cause.get("reason")]
    return ": ".join(str(text) for text in texts if text)
