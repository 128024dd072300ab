"""Status of each job of a run: from AWS Batch, else from the ledger."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, get_args

import msgspec

from dmpworks.batch.describe import BatchJob
from dmpworks.runs.ledger.state import ENDS, Attempt, JobState, RunState

Shown = Literal[
    "left out",  # of this submission: complete already, or before its start job
    "planned",
    "pending",  # until the job before it has succeeded
    "waiting",  # for a machine
    "starting",
    "running",
    "succeeded",
    "failed",
    "skipped",  # a job before it failed
    "cancelled",
    "withdrawn",
    "forgotten",  # by AWS Batch, and nobody wrote down how it ended
]
OVER = ENDS | {"left out", "withdrawn", "forgotten"}
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
    tries: int = 0  # attempts that began; not batch_job of shards
    lost: int = 0  # of them on machines that were lost
    since: datetime | None = None  # it waits for a machine, or runs
    elapsed: float | None = None  # since then, or of the newest attempt of what is over
    left: float | None = None  # an estimate, from earlier runs
    detail: str = ""
    id: str | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in OVER


def job_statuses(
    state: RunState, batch: Mapping[str, BatchJob], usual: Mapping[str, float], now: datetime
) -> list[JobStatus]:
    """Return a row a job of the newest submission; `usual`: how many seconds each job took before."""
    left_out = state.newest.skipped if state.newest else {}
    rows = [JobStatus(job=name, status="left out", detail=why) for name, why in left_out.items()]
    for job in state.current:
        batch_job = batch.get(job.id or "")
        row = _as_batch_tells(job, batch_job, state, now) if batch_job else _as_the_ledger_tells(job, now)
        rows.append(msgspec.structs.replace(row, left=_left(row, usual)))
    return rows


def remaining_seconds(rows: Iterable[JobStatus]) -> float | None:
    """Return the seconds until all is done, if every job that is not over has an estimate."""
    estimates = [row.left for row in rows if not row.over]
    known = [each for each in estimates if each is not None]
    return sum(known) if known and len(known) == len(estimates) else None


def waiting_since(job: JobState, batch_job: BatchJob, state: RunState) -> datetime | None:
    """Return since when a job is RUNNABLE, which AWS Batch does not tell: the job before it or its last try ended."""
    names = [each.name for each in state.current]
    before = state.current[names.index(job.name) - 1].ended if job.name != names[0] else None
    moments = [batch_job.created, before, *(one.stopped for one in batch_job.tries)]
    return max((each for each in moments if each), default=None)


def _as_batch_tells(job: JobState, batch_job: BatchJob, state: RunState, now: datetime) -> JobStatus:
    status: Shown = batch_job.final if batch_job.ended else IN_BATCH.get(batch_job.status, "pending")
    running, waiting = status == "running", status == "waiting"
    since = waiting_since(job, batch_job, state) if waiting else _began(job, batch_job) if running else None
    return JobStatus(
        job=job.name,
        status=status,
        tries=len(batch_job.tries) + (running and not batch_job.shards),
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


def _as_the_ledger_tells(job: JobState, now: datetime) -> JobStatus:
    """Return the row of a job that is not on AWS Batch, or that AWS Batch does not tell of."""
    sent: Shown = "pending" if job.id else "starting"
    status: Shown = sent if job.status == "submitted" else job.status
    own = job.own
    last = own[0 if job.asked.shards else -1] if own else None
    return JobStatus(
        job=job.name,
        status=status,
        tries=0 if job.asked.shards else max(len(job.tries), len(own)),
        since=last.started.at if last else job.submitted,
        elapsed=_elapsed(last, now if status == "running" else job.ended, whole=not job.asked.shards),
        detail=_detail(job, status, job.reason, len(job.done(job.asked.shards or 0))),
        id=job.id,
    )


def _began(job: JobState, batch_job: BatchJob) -> datetime | None:
    """Return when a job began to run, which AWS Batch need not tell of an array job."""
    return batch_job.started or (job.own[0].started.at if batch_job.shards and job.own else None)


def _detail(job: JobState, status: Shown, reason: str | None, done: int) -> str:
    batch_job = _why(job, status, reason)
    if not job.asked.shards or status in ("planned", "pending", "skipped"):
        return batch_job
    shards = f"{done:,} of {job.asked.shards:,} shards done"
    return f"{shards}, {batch_job}" if batch_job else shards


def _why(job: JobState, status: Shown, reason: str | None) -> str:
    if status == "skipped":
        return "a job before it failed"
    if status in ("failed", "cancelled"):
        return (job.cause if job.cause != status else None) or reason or ""
    return (reason or "").split(" - ")[0] if status == "waiting" else ""  # its code; the sentence is batch_job apart


def _elapsed(attempt: Attempt | None, until: datetime | None, *, whole: bool) -> float | None:
    return _seconds(attempt.started.at, (attempt.ended_at if whole else None) or until) if attempt else None


def _seconds(since: datetime | None, until: datetime | None) -> float | None:
    return max((until - since).total_seconds(), 0) if since and until else None


def _left(row: JobStatus, usual: Mapping[str, float]) -> float | None:
    if row.over or row.job not in usual:
        return None
    return max(usual[row.job] - (row.elapsed or 0), 0) if row.status == "running" else usual[row.job]
