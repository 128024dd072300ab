"""One look at a run after the other, until it is over: its ledger and AWS Batch put together, and ends written down."""

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

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

NOT_YET = timedelta(minutes=5)  # AWS Batch may not yet tell of a job that was sent just now


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", tag="snapshot"):
    """A run at a moment; `code` is the exit code of the watch once there is nothing more to see, `why` says more."""

    run: str
    at: datetime
    rows: tuple[JobStatus, ...]
    left: float | None = None  # seconds, an estimate
    stuck: Stuck | None = None
    code: int | None = None
    why: str | None = None

    @property
    def statuses(self) -> list[tuple[str, str, int]]:
        """What changes from one look to the next, times left out."""
        return [(row.job, row.status, row.tries) for row in self.rows]


class Watch:
    """Looks at a run; `client` is asked only about runs on AWS Batch, `usual` tells how long each job took before."""

    def __init__(
        self, ledger: Ledger, client: "BatchClient | None", usual: Mapping[str, float], clock: Callable[[], datetime]
    ) -> None:
        self._ledger, self._client, self._usual, self._clock = ledger, client, usual, clock

    def look(self) -> Snapshot:
        """Look once, write down what has ended, and tell where the run stands.

        Raises TemporaryError when AWS or the bucket is out of reach, PreflightError when AWS refuses for good.
        """
        events, state, held = current_state(self._ledger)
        batch = self._batch_jobs(state)
        state = self._record(state, events, batch)
        rows = self._forgetting(state, job_statuses(state, batch, self._usual, self._clock()), batch)
        stuck = self._stuck(state, batch)
        code, why = _verdict(state, rows, stuck, held)
        return Snapshot(
            run=state.name, at=self._clock(), rows=rows, left=remaining_seconds(rows), stuck=stuck, code=code, why=why
        )

    def _batch_jobs(self, state: RunState) -> dict[str, BatchJob]:
        ids = [job.id for job in state.current if job.id]
        if not ids or not self._client:
            return {}
        with asking(f"AWS Batch about {state.name}", f"dmpworks runs watch {state.name}"):
            return describe(self._client, ids)

    def _record(self, state: RunState, events: Sequence[AnyEvent], batch: Mapping[str, BatchJob]) -> RunState:
        """Write down each end that AWS Batch tells and nobody has written yet."""
        known = {event.id for event in events if isinstance(event, Observed)}
        for job in state.current:
            told = batch.get(job.id or "")
            if told and told.ended and told.id not in known:
                state = self._ledger.append(observed(told, job.name, at=self._clock(), by=who()))
        return state

    def _forgetting(
        self, state: RunState, rows: Sequence[JobStatus], batch: Mapping[str, BatchJob]
    ) -> tuple[JobStatus, ...]:
        """Mark what AWS Batch tells no more of (after seven days) and whose end nobody wrote down."""
        if not self._client:
            return tuple(rows)
        recent = self._clock() - NOT_YET
        gone = {
            job.name
            for job in state.live
            if job.id and job.id not in batch and (job.submitted is None or job.submitted < recent)
        }
        return tuple(msgspec.structs.replace(row, status="forgotten") if row.job in gone else row for row in rows)

    def _stuck(self, state: RunState, batch: Mapping[str, BatchJob]) -> Stuck | None:
        """Return why a job waits for a machine, if it waits for long or no waiting will help."""
        for job in state.current:
            told = batch.get(job.id or "")
            if not told or told.status != "RUNNABLE" or not self._client:
                continue
            since = waiting_since(job, told, state)
            waited = self._clock() - since if since else timedelta()
            if waited >= LONG or (told.reason or "").startswith(MISCONFIGURATION):
                return diagnose(self._client, told, job.name, waited)
        return None


def _verdict(
    state: RunState, rows: Sequence[JobStatus], stuck: Stuck | None, held: bool
) -> tuple[int | None, str | None]:
    """Return the exit code of the watch if there is nothing more to see, and why if it is not plain."""
    if stuck and stuck.misconfigured:
        return ExitCode.STUCK, stuck.what
    open_rows = [row for row in rows if not row.over]
    alone = all(row.id is None for row in open_rows)  # nobody but the process that holds the lock will go on with them
    if open_rows and (held or not alone or not state.newest):
        return None, None
    statuses = {row.status for row in rows}
    if statuses <= {"succeeded", "left out"}:
        return ExitCode.DONE, None
    if "cancelled" in statuses or (state.newest and state.newest.submission in state.cancelling):
        return ExitCode.CANCELLED, "it was cancelled"
    if "failed" in statuses:
        return ExitCode.FAILED, None
    if "forgotten" in statuses:
        return ExitCode.FAILED, f"AWS Batch has forgotten it: dmpworks runs reconcile {state.name} --repair"
    return (
        ExitCode.FAILED,
        f"not all of its jobs were sent, and nobody is working on it: dmpworks runs resume {state.name}",
    )


class Pace:
    """How long to wait until the next look: short while things change, longer and longer while nothing does."""

    def __init__(self, first: float, most: float, chance: Callable[[], float] = random.random) -> None:
        self._first, self._most, self._chance = first, most, chance
        self._next = first

    @classmethod
    def of(cls, client: object | None) -> "Pace":
        """Return the pace of a watch: AWS is asked more seldom than a ledger alone."""
        return cls(5, 60) if client else cls(1, 10)

    def after(self, changed: bool) -> float:
        """Return the seconds to wait; jitter keeps many watchers from asking at the same moment."""
        self._next = self._first if changed else min(self._next * 1.5, self._most)
        return self._next * (0.8 + 0.4 * self._chance())
