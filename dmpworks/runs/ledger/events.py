"""Events of a run: small objects, each written once and never changed.

A *submission* is what one `batch-submit`, `run` or `resume` sends. An *attempt* is one execution of one job, identified
by the random token in its manifest and file names. Field names are the ledger's format: old ledgers must stay readable,
so an attribute is renamed with `msgspec.field(name=...)`.
"""

from datetime import datetime
from typing import Literal

import msgspec

from dmpworks.jobs.model import Counts, Shard

Where = Literal["batch", "local"]
Outcome = Literal["succeeded", "failed", "again", "interrupted"]  # again: exit 75, worth another attempt
Final = Literal["succeeded", "failed", "skipped", "cancelled"]  # skipped: a job before it failed


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", tag=str.lower):
    """An event of a run: when it happened (`at`, UTC) and who recorded it (`by`, as `user@host`)."""

    at: datetime
    by: str


class JobRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a job was submitted with; memory in MiB, timeout in seconds. Local runs have only `shards`."""

    queue: str | None = None
    vcpus: int | None = None
    memory: int | None = None
    timeout: int | None = None
    retries: int | None = None
    shards: int | None = None  # containers that share the job; the size is that of each container


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
    """A submission begins. Written before its first job is sent, so that no job sent is ever unknown."""

    submission: int  # from 1
    where: Where
    jobs: dict[str, JobRequest]  # in the order of the chain
    skipped: dict[str, str]  # job -> why it is not part of the submission
    settings: dict[str, str]  # variable -> text, as in an environment; never secrets
    version: str
    definition: str | None = None
    image: str | None = None
    reads: dict[str, str | None] = {}  # upstream runs, see `runs/upstream.py`
    command: str | None = None  # repeats a submission of several chains together


class Submitted(Event, frozen=True, kw_only=True):
    """A job was sent, or (`adopted`) was already on AWS Batch; `id` is AWS Batch's job id."""

    submission: int
    job: str
    id: str | None = None
    adopted: bool = False


class Withdrawn(Event, frozen=True, kw_only=True):
    """A job was terminated because its submission could not be completed."""

    submission: int
    job: str
    id: str


class Started(Event, frozen=True, kw_only=True):
    """An attempt begins; written by the job itself. The `id` of a shard is `<id of the array job>:<number>`."""

    job: str
    attempt: str
    id: str | None = None
    number: int | None = None  # of the attempt, as AWS Batch counts them, from 1
    shard: Shard | None = None  # None: the whole job


class Ended(Event, frozen=True, kw_only=True):
    """An attempt ends; written by the job itself, so that its result outlives AWS Batch's memory of seven days."""

    job: str
    attempt: str
    outcome: Outcome
    counts: Counts | None = None
    error: ErrorText | None = None
    exit_code: int = 0
    peak_memory: int | None = None  # MiB, all processes of the job together
    cpu_seconds: float | None = None


class Observed(Event, frozen=True, kw_only=True):
    """The end of a job as reported by AWS Batch, or by the local process that started it."""

    job: str
    state: Final
    id: str | None = None
    reason: str | None = None
    cause: str | None = None  # a `Cause` of `batch/describe.py`
    exit_code: int | None = None
    created: datetime | None = None
    batch_attempts: tuple[BatchAttempt, ...] = msgspec.field(default=(), name="tries")


class Cancelling(Event, frozen=True, kw_only=True):
    """Somebody cancelled a submission; its jobs are being terminated."""

    submission: int


OfJob = Submitted | Withdrawn | Started | Ended | Observed
AnyEvent = Planned | OfJob | Cancelling
