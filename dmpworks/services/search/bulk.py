"""Bulk requests to OpenSearch: of limited size, repeated where the server was busy, every refusal kept."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import msgspec
from opensearchpy import TransportError

from dmpworks.services.search.connection import RETRYABLE, Connection
from dmpworks.services.search.documents import (
    BulkReport,
    Document,
    DocumentRefused,
    Failure,
    Fields,
    check_document,
    encode_record,
    exact_terms,
    split_tokens,
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


class _PartlyBusy(Exception):
    """The server took only a part of the request for now."""


def send_all(
    connection: Connection, index: str, fields: Fields, upserts: Iterable[Document], deletes: Iterable[str]
) -> BulkReport:
    """Send all documents and deletions in pieces; returns what was done and what was refused."""
    report = BulkReport()
    for request in _requests(_actions(fields, upserts, deletes, report)):
        _send(connection, index, request, report)
    return report


def _actions(
    fields: Fields, upserts: Iterable[Document], deletes: Iterable[str], report: BulkReport
) -> Iterator[_Action]:
    for document in upserts:
        try:
            check_document(document, fields)
            body = _body(document, fields)
        except DocumentRefused as refused:
            report.failures.append(Failure(document.id, str(refused)))
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


def _send(connection: Connection, index: str, actions: list[_Action], report: BulkReport) -> None:
    waiting = actions

    def send() -> list[tuple[_Action, dict[str, Any]]]:
        return _answers(connection, index, waiting)

    try:
        for attempt in connection.attempts(_PartlyBusy):
            with attempt:
                answers = connection.call(f"index {index}", send)
                waiting = _record_answers(answers, report)
                if waiting:
                    raise _PartlyBusy
    except _PartlyBusy:
        report.failures += [Failure(action.id, "the server was too busy, again and again") for action in waiting]


def _answers(connection: Connection, index: str, actions: list[_Action]) -> list[tuple[_Action, dict[str, Any]]]:
    """Return the server's answer to each action; a request refused as a whole is halved to find the bad action."""
    body = b"".join(action.lines for action in actions)
    try:
        items = connection.client.bulk(index=index, body=body)["items"]
    except TransportError as error:
        if error.status_code not in _TOO_LARGE_OR_BAD:
            raise
        if len(actions) == 1:
            reason = {"type": str(error.error), "reason": str(error)}
            return [(actions[0], {"status": error.status_code, "error": reason})]
        half = len(actions) // 2
        return _answers(connection, index, actions[:half]) + _answers(connection, index, actions[half:])
    return [(action, item[action.kind]) for action, item in zip(actions, items, strict=True)]


def _record_answers(answers: list[tuple[_Action, dict[str, Any]]], report: BulkReport) -> list[_Action]:
    """Add each answer to the report; return the actions for which the server was too busy."""
    busy: list[_Action] = []
    for action, answer in answers:
        status = answer["status"]
        if status in RETRYABLE:
            busy.append(action)
        elif action.kind == "delete" and status == _NOT_FOUND:
            continue
        elif status >= _ERROR:
            report.failures.append(Failure(action.id, _reason(answer.get("error"))))
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
