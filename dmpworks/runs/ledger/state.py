"""The state of a run, of its jobs, and of their attempts: what the fold of its events gives."""

from datetime import datetime
from typing import Literal

import msgspec

from dmpworks.jobs.model import Shard
from dmpworks.runs.ledger.events import BatchAttempt, Ended, JobRequest, Outcome, Planned, Started

Status = Literal["planned", "submitted", "running", "succeeded", "failed", "skipped", "cancelled", "withdrawn"]
RunStatus = Literal["running", "succeeded", "failed", "cancelled", "incomplete"]
LIVE: frozenset[str] = frozenset(("submitted", "running"))
ENDS = frozenset(("succeeded", "failed", "skipped", "cancelled"))
OVER = ENDS | {"withdrawn"}  # nothing more will happen to the job


def whole_id(id: str | None) -> str | None:
    """Return the id of the Batch job that an id stands for: of a shard that is the array job."""
    return id.partition(":")[0] if id else None


class Attempt(msgspec.Struct, frozen=True):
    """One execution of a job as the job itself recorded it; `ended` is None while it runs, or if it was killed."""

    started: Started
    ended: Ended | None = None

    @property
    def token(self) -> str:
        """The random token in its manifest and its file names."""
        return self.started.attempt

    @property
    def id(self) -> str | None:
        """The id of its Batch job; None on one machine."""
        return self.started.id

    @property
    def number(self) -> int | None:
        """AWS Batch's count of the attempts of this Batch job, from 1."""
        return self.started.number

    @property
    def shard(self) -> Shard | None:
        """The share of the job it did; None for all of it."""
        return self.started.shard

    @property
    def ended_at(self) -> datetime | None:
        """The time of its end."""
        return self.ended.at if self.ended else None

    @property
    def outcome(self) -> Outcome | None:
        """How it ended."""
        return self.ended.outcome if self.ended else None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it has no end."""
        return (self.ended.at - self.started.at).total_seconds() if self.ended else None

    @property
    def done(self) -> Shard | None:
        """The shard that it completed, if it was of one."""
        return self.shard if self.outcome == "succeeded" else None


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job of a run stands; all but its attempts is of its newest submission."""

    name: str
    status: Status
    submission: int = 0  # 0: started by hand
    asked: JobRequest = JobRequest()
    id: str | None = None
    adopted: bool = False
    submitted: datetime | None = None
    ended: datetime | None = None
    reason: str | None = None
    cause: str | None = None
    exit_code: int | None = None
    tries: tuple[BatchAttempt, ...] = ()  # as AWS Batch reports them
    attempts: tuple[Attempt, ...] = ()  # of all submissions, as the jobs recorded them
    superseded_ids: tuple[str, ...] = ()  # Batch jobs of earlier submissions, whose late events change nothing

    @property
    def last(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def own(self) -> tuple[Attempt, ...]:
        """The attempts since the newest submission, or of the Batch job that it adopted."""
        return tuple(one for one in self.attempts if self.owns(one))

    def owns(self, one: Attempt) -> bool:
        """Whether an attempt is of the newest submission."""
        if self.submitted is None or one.started.at >= self.submitted:
            return True
        id = whole_id(self.id)
        return bool(id) and whole_id(one.id) == id

    def done(self, of: int) -> set[int]:
        """Return which of so many shards have succeeded since the newest submission."""
        return {one.done.number for one in self.own if one.done and one.done.of == of}

    @property
    def failed_shards(self) -> list[int]:
        """The shards whose newest attempt did not succeed."""
        newest = {one.shard.number: one for one in self.own if one.shard}
        return sorted(number for number, one in newest.items() if one.outcome != "succeeded")


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """A run as its ledger records it."""

    chain: str
    run_id: str
    jobs: dict[str, JobState] = {}  # in the chain's order as far as it is known
    submissions: tuple[Planned, ...] = ()
    cancelling: tuple[int, ...] = ()  # submissions whose end was asked for
    events: int = 0
    began: datetime | None = None
    changed: datetime | None = None

    @property
    def name(self) -> str:
        """What commands call the run: `<chain>/<run id>`."""
        return f"{self.chain}/{self.run_id}"

    @property
    def newest(self) -> Planned | None:
        """The newest submission."""
        return self.submissions[-1] if self.submissions else None

    @property
    def current(self) -> list[JobState]:
        """The jobs of the newest submission, in order; those started by hand where there is none."""
        return [self.jobs[name] for name in self.newest.jobs] if self.newest else list(self.jobs.values())

    @property
    def live(self) -> list[JobState]:
        """The jobs that were sent and have not ended as far as the ledger knows."""
        return [job for job in self.current if job.status in LIVE]

    @property
    def status(self) -> RunStatus:
        """The run in one word; incomplete: a submission that broke off, or was withdrawn."""
        statuses = {job.status for job in self.current}
        if statuses & LIVE:
            return "running"
        for word in ("cancelled", "failed"):
            if word in statuses:
                return word
        return "succeeded" if statuses == {"succeeded"} else "incomplete"
