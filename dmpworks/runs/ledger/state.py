"""State of a run, its jobs and their attempts, as the fold of its events returns it."""

from datetime import datetime
from typing import Literal

import msgspec

from dmpworks.jobs.model import Shard
from dmpworks.runs.ledger.events import BatchAttempt, Ended, JobRequest, Outcome, Planned, Started

Status = Literal["planned", "submitted", "running", "succeeded", "failed", "skipped", "cancelled", "withdrawn"]
RunStatus = Literal["running", "succeeded", "failed", "cancelled", "skipped", "incomplete"]
LIVE: frozenset[str] = frozenset(("submitted", "running"))
ENDS = frozenset(("succeeded", "failed", "skipped", "cancelled"))
OVER = ENDS | {"withdrawn"}  # final statuses


def whole_id(id: str | None) -> str | None:
    """Return the id of the Batch job itself: for a shard, that of its array job."""
    return id.partition(":")[0] if id else None


class Attempt(msgspec.Struct, frozen=True):
    """One execution of a job as the job itself recorded it; `ended` is None while it runs, or after it was killed."""

    started: Started
    ended: Ended | None = None

    @property
    def token(self) -> str:
        return self.started.attempt

    @property
    def id(self) -> str | None:
        return self.started.id

    @property
    def number(self) -> int | None:
        return self.started.number

    @property
    def shard(self) -> Shard | None:
        return self.started.shard

    @property
    def ended_at(self) -> datetime | None:
        return self.ended.at if self.ended else None

    @property
    def outcome(self) -> Outcome | None:
        return self.ended.outcome if self.ended else None

    @property
    def seconds(self) -> float | None:
        """Duration; None while the attempt has no recorded end."""
        return (self.ended.at - self.started.at).total_seconds() if self.ended else None

    @property
    def done(self) -> Shard | None:
        """The shard that this attempt completed; None if it failed, or was not a shard."""
        return self.shard if self.outcome == "succeeded" else None


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """State of one job of a run. All fields except `attempts` describe its newest submission."""

    name: str
    status: Status
    submission: int = 0  # 0: started by hand (`aws-batch`)
    request: JobRequest = JobRequest()
    id: str | None = None
    adopted: bool = False
    submitted: datetime | None = None
    ended: datetime | None = None
    reason: str | None = None
    cause: str | None = None
    exit_code: int | None = None
    batch_attempts: tuple[BatchAttempt, ...] = ()  # as AWS Batch reports them
    attempts: tuple[Attempt, ...] = ()  # of all submissions, as the jobs recorded them
    superseded_ids: tuple[str, ...] = ()  # Batch jobs of earlier submissions, whose late events change nothing

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    @property
    def own(self) -> tuple[Attempt, ...]:
        """The attempts of the newest submission, or of the Batch job that it adopted."""
        return tuple(attempt for attempt in self.attempts if self.owns(attempt))

    def owns(self, attempt: Attempt) -> bool:
        """Return whether an attempt belongs to the newest submission."""
        if self.submitted is None or attempt.started.at >= self.submitted:
            return True
        job_id = whole_id(self.id)
        return bool(job_id) and whole_id(attempt.id) == job_id

    def done(self, of: int) -> set[int]:
        """Return the numbers of the shards that succeeded in the newest submission; `of` is how many the job has."""
        return {attempt.done.number for attempt in self.own if attempt.done and attempt.done.of == of}

    @property
    def failed_shards(self) -> list[int]:
        """Numbers of the shards whose newest attempt did not succeed."""
        newest = {attempt.shard.number: attempt for attempt in self.own if attempt.shard}
        return sorted(number for number, attempt in newest.items() if attempt.outcome != "succeeded")


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """State of a run as recorded in its ledger."""

    chain: str
    run_id: str
    jobs: dict[str, JobState] = {}  # by name, in the order in which they were first planned or started
    submissions: tuple[Planned, ...] = ()
    cancelling: tuple[int, ...] = ()  # submissions that somebody cancelled
    events: int = 0  # how many were folded
    began: datetime | None = None
    changed: datetime | None = None

    @property
    def name(self) -> str:
        """`<chain>/<run id>`, as commands take it."""
        return f"{self.chain}/{self.run_id}"

    @property
    def newest(self) -> Planned | None:
        return self.submissions[-1] if self.submissions else None

    @property
    def current(self) -> list[JobState]:
        """The jobs of the newest submission, in order; those started by hand where there is none."""
        return [self.jobs[name] for name in self.newest.jobs] if self.newest else list(self.jobs.values())

    @property
    def live(self) -> list[JobState]:
        """The jobs that were sent and have no recorded end."""
        return [job for job in self.current if job.status in LIVE]

    @property
    def status(self) -> RunStatus:
        """Status of the whole run.

        `skipped`: no job started, because an upstream run did not succeed. `incomplete`: its submission was interrupted
        or withdrawn.
        """
        statuses = {job.status for job in self.current}
        if statuses & LIVE:
            return "running"
        for word in ("cancelled", "failed"):
            if word in statuses:
                return word
        if len(statuses) == 1 and (only := statuses.pop()) in ("succeeded", "skipped"):
            return only
        return "incomplete"
