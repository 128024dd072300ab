"""OpenSearch's errors as DmpworksError: decided by status and type of an error, never by its text."""

from collections.abc import Sequence
from typing import Any

from opensearchpy import ConnectionError as NotConnected
from opensearchpy import SerializationError, SSLError, TransportError

from dmpworks.errors import DmpworksError, SyncError, TemporaryError
from dmpworks.services.search.documents import REBUILD

RETRYABLE = (429, 503)
_GATEWAY = (502, 504)  # a proxy in front of the cluster gave up: not over within a few seconds
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
# Seen on OpenSearch 3.8: a block that somebody set is a 403, that of a full disk a 429 of the same type.
_BLOCK, _OTHER_MAPPING = "cluster_block_exception", "illegal_argument_exception"
_NO_INDEX = "index_not_found_exception"


class MissingIndexError(SyncError):
    """The index does not exist."""


def part(answer: Any, name: str) -> Any:
    """Return a part of a decoded answer; raises SerializationError when a proxy or another server has answered."""
    if not isinstance(answer, dict) or name not in answer:
        raise SerializationError(f"{name!r} is missing in the answer, which begins {str(answer)[:200]!r}")
    return answer[name]


def is_retryable(error: BaseException) -> bool:
    """Return whether the server was only busy or did not answer; the block of a full disk lasts."""
    if isinstance(error, NotConnected):
        return not isinstance(error, SSLError)
    return isinstance(error, TransportError) and error.status_code in RETRYABLE and error.error != _BLOCK


def as_dmpworks_error(error: Exception, url: str, index: str) -> DmpworksError:
    """Return our own error for one of the client library's."""
    on = f"index {index} at {url}: {error}"
    if isinstance(error, NotConnected):
        next_step = "see that the server runs and that OPENSEARCH_URL is right, then run the job again"
        kind = SyncError if isinstance(error, SSLError) else TemporaryError
        return kind("OpenSearch does not answer", on=on, next=next_step)
    if isinstance(error, TransportError) and isinstance(error.status_code, int):
        return refusal(error.status_code, str(error.error), url, index, on)
    next_step = "see that OPENSEARCH_URL is the address of OpenSearch, and not of a proxy or a login page before it"
    return SyncError("the answer is not one of OpenSearch", on=on, next=next_step)


def refusal(status: int, kind: str, url: str, index: str, on: str) -> DmpworksError:
    """Return the error for a request that OpenSearch refused with a status and a type of error."""
    if kind == _BLOCK:
        return _blocked(status, url, index, on)
    if status == _UNAUTHORIZED:
        next_step = "check OPENSEARCH_AUTH, OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD"
        return SyncError("OpenSearch does not accept these credentials", on=on, next=next_step)
    if status == _FORBIDDEN:
        next_step = "have the OpenSearch user or role granted read, write and create_index on the index"
        return SyncError("these credentials lack a permission in OpenSearch", on=on, next=next_step)
    if status == _NOT_FOUND and kind == _NO_INDEX:
        next_step = "run the chain that fills it first: process-works for works, process-dmps for plans"
        return MissingIndexError("there is no such search index", on=on, next=next_step)
    if status in RETRYABLE:
        next_step = "wait until it is less busy (or add nodes), then run the job again"
        return TemporaryError("OpenSearch is busy", on=on, next=next_step)
    if status in _GATEWAY:
        next_step = "see that the server behind it runs, then run the job again"
        return TemporaryError("the proxy in front of OpenSearch got no answer", on=on, next=next_step)
    next_step = "see the server's log, and whether the index was created by another version of dmpworks"
    return SyncError("OpenSearch refused the request", on=on, next=next_step)


def _blocked(status: int, url: str, index: str, on: str) -> SyncError:
    if status in RETRYABLE:
        return SyncError(
            "OpenSearch has made the index read-only because a disk is almost full (flood stage)",
            on=on,
            next="make room on the disks of OpenSearch or add some; it lifts the block itself; then run the job again",
        )
    return SyncError(
        "the index, or the whole cluster, is blocked in OpenSearch",
        on=on,
        # OpenSearch lets a read-only index change this one setting, and only alone.
        next="ask who set the block and why; lift it: for block in read_only write metadata; do "
        f"curl -X PUT {url}/{index}/_settings -H 'Content-Type: application/json' "
        """-d "{\\"index.blocks.$block\\": null}"; done; then run the job again""",
    )


def other_mapping(url: str, index: str, on: str) -> SyncError:
    """Return the error for an index that dmpworks cannot have created like this."""
    return SyncError(
        "the index has another mapping than dmpworks gives it: something else created it",
        on=on,
        next=f"delete it: curl -X DELETE {url}/{index}; {REBUILD}",
    )


def several_indexes(url: str, index: str, names: Sequence[str]) -> SyncError:
    """Return the error for an alias of several indexes, whose documents would be counted together."""
    return SyncError(
        f"{index} is an alias of {len(names)} indexes; documents go to one",
        on=f"{', '.join(names)} at {url}",
        next="name one of them in OPENSEARCH_WORKS_INDEX or OPENSEARCH_DMPS_INDEX, or remove the alias from the others",
    )


def vanished(url: str, index: str) -> SyncError:
    """Return the error for an index that disappeared while documents were sent."""
    return SyncError(
        "the index disappeared while documents were sent to it",
        on=f"index {index} at {url}",
        next=f"find out who deleted it, {REBUILD}",
    )


def ends_everything(status: int, kind: str) -> bool:
    """Return whether every other document would be refused for the same reason."""
    return kind in (_BLOCK, _NO_INDEX) or status in (_UNAUTHORIZED, _FORBIDDEN)


def is_mapping_conflict(error: TransportError) -> bool:
    """Return whether OpenSearch refused a mapping because the index has another one."""
    return bool(error.error == _OTHER_MAPPING)
