"""Status of each job of a run: from AWS Batch if it lists the job, else from the ledger."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, get_args

import msgspec

from dmpworks.batch.describe import BatchJob
from dmpworks.runs.ledger.state import ENDS, Attempt, JobState, RunState

Shown = Literal[
    "left out",  # not part of this submission: complete already, or before its start job
    "planned",
    "pending",  # waits for the job before it
    "waiting",  # waits for a machine
    "starting",
    "running",
    "succeeded",
    "failed",
    "skipped",  # a job before it failed
    "cancelled",
    "withdrawn",
    "forgotten",  # no longer listed by AWS Batch, and its end was never recorded
]
FINAL = ENDS | {"left out", "withdrawn", "forgotten"}
SHOWN = get_args(Shown)
IN_BATCH: dict[str, Shown] = {
    "SUBMITTED": "pending",
    "PENDING": "pending",
    "RUNNABLE": "waiting",
    "STARTING": "starting",
    "RUNNING": "running",
}


class JobStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Status of one job; durations in seconds."""

    job: str
    status: Shown
    attempts: int = msgspec.field(default=0, name="tries")  # that began; 0 for a job with shards
    lost: int = 0  # attempts whose machine was lost
    since: datetime | None = None  # when it began to wait for a machine, or to run
    elapsed: float | None = None  # since then; of a final job: duration of the newest attempt
    remaining: float | None = msgspec.field(default=None, name="left")  # an estimate, from earlier runs
    detail: str = ""
    id: str | None = None

    @property
    def over(self) -> bool:
        """Whether its status is final."""
        return self.status in FINAL


def job_statuses(
    state: RunState, batch: Mapping[str, BatchJob], usual: Mapping[str, float], now: datetime
) -> list[JobStatus]:
    """Return the status of each job of the newest submission; `usual` holds the usual seconds of each job."""
    left_out = state.newest.skipped if state.newest else {}
    rows = [JobStatus(job=name, status="left out", detail=why) for name, why in left_out.items()]
    for job in state.current:
        batch_job = batch.get(job.id or "")
        row = _from_batch(job, batch_job, state, now) if batch_job else _from_ledger(job, now)
        rows.append(msgspec.structs.replace(row, remaining=_remaining(row, usual)))
    return rows


def remaining_seconds(rows: Iterable[JobStatus]) -> float | None:
    """Return the seconds until all jobs are done, if every unfinished job has an estimate."""
    estimates = [row.remaining for row in rows if not row.over]
    known = [seconds for seconds in estimates if seconds is not None]
    return sum(known) if known and len(known) == len(estimates) else None


def waiting_since(job: JobState, batch_job: BatchJob, state: RunState) -> datetime | None:
    """Return since when a job is RUNNABLE: the end of the job before it, or of its last attempt.

    AWS Batch does not report this time.
    """
    names = [other.name for other in state.current]
    before = state.current[names.index(job.name) - 1].ended if job.name != names[0] else None
    moments = [batch_job.created, before, *(attempt.stopped for attempt in batch_job.attempts)]
    return max((moment for moment in moments if moment), default=None)


def _from_batch(job: JobState, batch_job: BatchJob, state: RunState, now: datetime) -> JobStatus:
    status: Shown = batch_job.final if batch_job.ended else IN_BATCH.get(batch_job.status, "pending")
    running, waiting = status == "running", status == "waiting"
    since = waiting_since(job, batch_job, state) if waiting else _began(job, batch_job) if running else None
    return JobStatus(
        job=job.name,
        status=status,
        attempts=len(batch_job.attempts) + (running and not batch_job.shards),
        lost=batch_job.lost,
        since=since,
        elapsed=_seconds(since, now)
        if since
        else _seconds(_began(job, batch_job), batch_job.stopped)
        if batch_job.ended
        else None,
        detail=_detail(job, status, batch_job.reason, batch_job.done),
        id=batch_job.id,
    )


def _from_ledger(job: JobState, now: datetime) -> JobStatus:
    """Return the status of a job that AWS Batch does not list, or that is not on AWS Batch."""
    sent: Shown = "pending" if job.id else "starting"
    status: Shown = sent if job.status == "submitted" else job.status
    own = job.own
    last = own[0 if job.request.shards else -1] if own else None
    return JobStatus(
        job=job.name,
        status=status,
        attempts=0 if job.request.shards else max(len(job.batch_attempts), len(own)),
        since=last.started.at if last else job.submitted,
        elapsed=_elapsed(last, now if status == "running" else job.ended, whole=not job.request.shards),
        detail=_detail(job, status, job.reason, len(job.done(job.request.shards or 0))),
        id=job.id,
    )


def _began(job: JobState, batch_job: BatchJob) -> datetime | None:
    """Return when a job began to run; AWS Batch does not always report it for an array job."""
    return batch_job.started or (job.own[0].started.at if batch_job.shards and job.own else None)


def _detail(job: JobState, status: Shown, reason: str | None, done: int) -> str:
    why = _why(job, status, reason)
    if not job.request.shards or status in ("planned", "pending", "skipped"):
        return why
    shards = f"{done:,} of {job.request.shards:,} shards done"
    return f"{shards}, {why}" if why else shards


def _why(job: JobState, status: Shown, reason: str | None) -> str:
    if status == "skipped":
        return "a job before it failed"
    if status in ("failed", "cancelled"):
        return (job.cause if job.cause != status else None) or reason or ""
    return (reason or "").split(" - ")[0] if status == "waiting" else ""  # only its code; the sentence is shown below


def _elapsed(attempt: Attempt | None, until: datetime | None, *, whole: bool) -> float | None:
    return _seconds(attempt.started.at, (attempt.ended_at if whole else None) or until) if attempt else None


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    return max((until - since).total_seconds(), 0) if since and until else None


def _remaining(row: JobStatus, usual: Mapping[str, float]) -> float | None:
    if row.over or row.job not in usual:
        return None
    return max(usual[row.job] - (row.elapsed or 0), 0) if row.status == "running" else usual[row.job]
