"""What can happen to a run: one small object each, written once and never changed.

A *submission* is what one `batch-submit`, `run` or `resume` sends; an *attempt* is one execution of one job, known by
the random token that its manifest and its files carry.
"""

from datetime import datetime
from typing import Literal

import msgspec

from dmpworks.jobs.model import Counts, Shard

Where = Literal["batch", "local"]
Outcome = Literal["succeeded", "failed", "again", "interrupted"]  # again: exit 75, worth another attempt
Final = Literal["succeeded", "failed", "skipped", "cancelled"]  # skipped: a job before it failed


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", tag=str.lower):
    """Something that happened, when, and who says so (`user@host`)."""

    at: datetime
    by: str


class JobRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a job was submitted with; queue and sizes (vCPUs, MiB, seconds) only on AWS Batch."""

    queue: str | None = None
    vcpus: int | None = None
    memory: int | None = None
    timeout: int | None = None
    retries: int | None = None
    shards: int | None = None  # containers that share the job; sizes are of each


class ErrorText(msgspec.Struct, frozen=True):
    """`what`, `on` and `next` of a DmpworksError."""

    what: str
    on: str
    next: str


class BatchAttempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt as DescribeJobs reports it."""

    started: datetime | None = None
    stopped: datetime | None = None
    reason: str | None = None
    exit_code: int | None = None
    log: str | None = None  # CloudWatch stream


class Planned(Event, frozen=True, kw_only=True):
    """A submission begins: written before the first job is sent, so that nothing sent is ever unknown."""

    submission: int  # from 1
    where: Where
    jobs: dict[str, JobRequest]  # in order
    skipped: dict[str, str]  # job -> why it is left out
    settings: dict[str, str]  # by variable, as an environment holds them; secrets never
    version: str
    definition: str | None = None
    image: str | None = None


class Submitted(Event, frozen=True, kw_only=True):
    """A job was sent, or (adopted) was found to be there already; `id` is AWS Batch's."""

    submission: int
    job: str
    id: str | None = None
    adopted: bool = False


class Withdrawn(Event, frozen=True, kw_only=True):
    """A job of a submission that could not be completed was taken back."""

    submission: int
    job: str
    id: str


class Started(Event, frozen=True, kw_only=True):
    """An attempt begins: written by the job itself; the `id` of a shard is `<id of the job>:<number>`."""

    job: str
    attempt: str
    id: str | None = None
    number: int | None = None  # AWS Batch's count of attempts of this Batch job
    shard: Shard | None = None  # which share of the job; None: all of it


class Ended(Event, frozen=True, kw_only=True):
    """An attempt ends: written by the job itself, so that it stays known when AWS Batch has forgotten the job."""

    job: str
    attempt: str
    outcome: Outcome
    counts: Counts | None = None
    error: ErrorText | None = None
    exit_code: int = 0
    peak_memory: int | None = None  # MiB, all processes of the job together
    cpu_seconds: float | None = None


class Observed(Event, frozen=True, kw_only=True):
    """The end of a job as AWS Batch, or the process that started it, reports it."""

    job: str
    state: Final
    id: str | None = None
    reason: str | None = None
    cause: str | None = None  # class of failure, as `batch/aws_errors.py` names it
    exit_code: int | None = None
    created: datetime | None = None
    tries: tuple[BatchAttempt, ...] = ()


class Cancelling(Event, frozen=True, kw_only=True):
    """Somebody asked for the end of a submission."""

    submission: int


OfJob = Submitted | Withdrawn | Started | Ended | Observed
AnyEvent = Planned | OfJob | Cancelling
