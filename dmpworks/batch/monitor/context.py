"""Dependencies of observing a run: AWS clients, a clock, and a sleep function."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from dmpworks.batch.clients import batch_client, logs_client
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import now

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_logs import CloudWatchLogsClient


class RunContext(NamedTuple):
    """AWS clients (None for a local run), clock, and sleep function."""

    batch: "BatchClient | None" = None
    logs: "CloudWatchLogsClient | None" = None
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep


def run_context(state: RunState, region: str | None) -> RunContext:
    """Return the context of a run; for a local run without AWS clients."""
    if state.newest and state.newest.where == "batch":
        return RunContext(batch_client(region, only_reads=True), logs_client(region))
    return RunContext()
