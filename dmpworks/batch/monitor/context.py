"""What surrounds a run that is looked at: AWS, where the run is on AWS Batch, and the time."""

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
    """Clients of AWS (none for a local run), the clock, and how to wait."""

    batch: "BatchClient | None" = None
    logs: "CloudWatchLogsClient | None" = None
    clock: Callable[[], datetime] = now
    sleep: Callable[[float], None] = time.sleep


def run_context(state: RunState, region: str | None) -> RunContext:
    """Return what surrounds a run; a local one needs no AWS at all."""
    if state.newest and state.newest.where == "batch":
        return RunContext(batch_client(region, only_reads=True), logs_client(region))
    return RunContext()
