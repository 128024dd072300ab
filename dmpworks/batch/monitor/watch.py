"""Watch a run until it is over: combine its ledger with AWS Batch, and record the ends of jobs."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from dmpworks.batch.aws_errors import asking
from dmpworks.batch.describe import BatchJob, describe, observed
from dmpworks.batch.monitor.status import JobStatus, job_statuses, remaining_seconds, waiting_since
from dmpworks.batch.monitor.stuck import LONG, MISCONFIGURATION, Stuck, diagnose
from dmpworks.exit_codes import ExitCode
from dmpworks.runs.ledger.current import current_state
from dmpworks.runs.ledger.events import AnyEvent, Observed
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, who
from dmpworks.runs.upstream import why_not_started

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

NOT_YET_LISTED = timedelta(minutes=5)  # AWS Batch may not list a job immediately after its submission


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", tag="snapshot"):
    """State of a run at one moment; `code` is the exit code of the watch once it ends, `why` explains it."""

    run: str
    at: datetime
    rows: tuple[JobStatus, ...]
    remaining: float | None = msgspec.field(default=None, name="left")  # seconds, estimated
    stuck: Stuck | None = None
    code: int | None = None
    why: str | None = None

    @property
    def statuses(self) -> list[tuple[str, str, int]]:
        """What is compared to detect a change: job, status and attempts, without times."""
        return [(row.job, row.status, row.attempts) for row in self.rows]


class Watch:
    """Takes snapshots of a run; `client` is None for local runs, `usual` holds the usual seconds of each job."""

    def __init__(
        self, ledger: Ledger, client: "BatchClient | None", usual: Mapping[str, float], clock: Callable[[], datetime]
    ) -> None:
        self._ledger, self._client, self._usual, self._clock = ledger, client, usual, clock

    def look(self) -> Snapshot:
        """Record the jobs that have ended, and return a snapshot.

        Raises TemporaryError if AWS or the bucket is unreachable, PreflightError if AWS refuses permanently.
        """
        events, state, locked = current_state(self._ledger)
        batch = self._batch_jobs(state)
        state = self._record(state, events, batch)
        rows = self._with_forgotten(state, job_statuses(state, batch, self._usual, self._clock()), batch)
        stuck = self._stuck(state, batch)
        code, why = _verdict(state, rows, stuck, locked)
        if state.status == "skipped" and code is not None:
            why = "; ".join(why_not_started(self._ledger.bucket, state))
        return Snapshot(
            run=state.name,
            at=self._clock(),
            rows=rows,
            remaining=remaining_seconds(rows),
            stuck=stuck,
            code=code,
            why=why,
        )

    def _batch_jobs(self, state: RunState) -> dict[str, BatchJob]:
        ids = [job.id for job in state.current if job.id]
        if not ids or not self._client:
            return {}
        with asking(f"AWS Batch about {state.name}", f"dmpworks runs watch {state.name}"):
            return describe(self._client, ids)

    def _record(self, state: RunState, events: Sequence[AnyEvent], batch: Mapping[str, BatchJob]) -> RunState:
        """Record each end that AWS Batch reports and that is not in the ledger yet."""
        known = {event.id for event in events if isinstance(event, Observed)}
        for job in state.current:
            batch_job = batch.get(job.id or "")
            if batch_job and batch_job.ended and batch_job.id not in known:
                state = self._ledger.append(observed(batch_job, job.name, at=self._clock(), by=who()))
        return state

    def _with_forgotten(
        self, state: RunState, rows: Sequence[JobStatus], batch: Mapping[str, BatchJob]
    ) -> tuple[JobStatus, ...]:
        """Mark jobs that AWS Batch no longer lists (after seven days) and whose end was never recorded."""
        if not self._client:
            return tuple(rows)
        recent = self._clock() - NOT_YET_LISTED
        forgotten = {
            job.name
            for job in state.live
            if job.id and job.id not in batch and (job.submitted is None or job.submitted < recent)
        }
        return tuple(msgspec.structs.replace(row, status="forgotten") if row.job in forgotten else row for row in rows)

    def _stuck(self, state: RunState, batch: Mapping[str, BatchJob]) -> Stuck | None:
        """Return why a job waits for a machine, if it has waited for long or waiting cannot help."""
        for job in state.current:
            batch_job = batch.get(job.id or "")
            if not batch_job or batch_job.status != "RUNNABLE" or not self._client:
                continue
            since = waiting_since(job, batch_job, state)
            waited = self._clock() - since if since else timedelta()
            if waited >= LONG or (batch_job.reason or "").startswith(MISCONFIGURATION):
                return diagnose(self._client, batch_job, job.name, waited)
        return None


def _verdict(
    state: RunState, rows: Sequence[JobStatus], stuck: Stuck | None, locked: bool
) -> tuple[int | None, str | None]:
    """Return the exit code of the watch if it can end, and the reason where the statuses do not show it."""
    if stuck and stuck.misconfigured:
        return ExitCode.STUCK, stuck.what
    open_rows = [row for row in rows if not row.over]
    sent = any(row.id is not None for row in open_rows)  # jobs not sent yet depend on the holder of the lock
    if open_rows and (locked or sent or not state.newest):
        return None, None
    statuses = {row.status for row in rows}
    if statuses <= {"succeeded", "left out"}:
        return ExitCode.DONE, None
    if "cancelled" in statuses or (state.newest and state.newest.submission in state.cancelling):
        return ExitCode.CANCELLED, "it was cancelled"
    if "failed" in statuses or statuses <= {"skipped", "left out"}:
        return ExitCode.FAILED, None
    if "forgotten" in statuses:
        return ExitCode.FAILED, f"AWS Batch has forgotten it: dmpworks runs reconcile {state.name} --repair"
    return (
        ExitCode.FAILED,
        f"not all of its jobs were sent, and nobody is working on it: dmpworks runs resume {state.name}",
    )


class Pace:
    """Seconds between two snapshots: few after a change, growing while nothing changes."""

    def __init__(self, first: float, most: float, chance: Callable[[], float] = random.random) -> None:
        self._first, self._most, self._chance = first, most, chance
        self._next = first

    @classmethod
    def of(cls, client: object | None) -> "Pace":
        """Return the pace of a watch: slower where AWS is asked too."""
        return cls(5, 60) if client else cls(1, 10)

    def after(self, changed: bool) -> float:
        """Return the seconds to wait, with jitter so that many watchers do not ask at the same moment."""
        self._next = self._first if changed else min(self._next * 1.5, self._most)
        return self._next * (0.8 + 0.4 * self._chance())
