"""Jobs as DescribeJobs reports them, and the ledger event of a job's end."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from botocore.exceptions import ClientError

from dmpworks.exit_codes import ExitCode
from dmpworks.runs.ledger.events import BatchAttempt, Final, Observed

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

AT_ONCE = 100  # ids per DescribeJobs call
LOG_GROUP = "/aws/batch/job"  # unless the job definition says otherwise
NEVER = datetime.min.replace(tzinfo=UTC)
CANCELLED = "dmpworks: cancelled"  # prefix of the reason of a termination by `runs cancel`
UPSTREAM_FAILED = "Dependent Job failed"
NO_QUEUE = re.compile(r"queue .*(not found|does not exist)", re.I)  # AWS has no error code of its own for it
ENDED = frozenset(("SUCCEEDED", "FAILED"))

Cause = Literal[
    "out of memory",
    "machine lost",
    "image not pulled",
    "container not started",
    "timed out",
    "worth another attempt",
    "interrupted",
    "failed",
]


class BatchJob(msgspec.Struct, frozen=True, kw_only=True):
    """A Batch job as DescribeJobs reports it."""

    id: str
    name: str
    queue: str
    status: str
    reason: str | None = None  # statusReason
    container_reason: str | None = None
    exit_code: int | None = None
    created: datetime | None = None
    started: datetime | None = None
    stopped: datetime | None = None
    stopping: bool = False  # terminated or cancelled by somebody
    attempts: tuple[BatchAttempt, ...] = ()  # attempts that have ended
    log_group: str = LOG_GROUP
    log: str | None = None  # stream of the newest attempt
    parameters: dict[str, str] = {}
    bucket: str | None = None  # BUCKET_NAME of its request
    depends_on: tuple[str, ...] = ()  # ids
    shards: int | None = None  # number of children of an array job, which has no attempts of its own
    done: int = 0  # children that have succeeded
    begun: bool = False  # whether any attempt was made

    @property
    def ended(self) -> bool:
        """Whether its status is final."""
        return self.status in ENDED

    @property
    def full_reason(self) -> str | None:
        """AWS Batch's reason and the container's, joined."""
        return "; ".join(text for text in (self.reason, self.container_reason) if text) or None

    @property
    def lost(self) -> int:
        """Number of attempts whose machine was lost."""
        return sum(cause_of(attempt.reason, None, attempt.exit_code) == "machine lost" for attempt in self.attempts)

    @property
    def final(self) -> Final:
        """How it ended; skipped: it never started because a job before it failed."""
        if self.status == "SUCCEEDED":
            return "succeeded"
        if (self.stopping or (self.reason or "").startswith(CANCELLED)) and self.cause != "timed out":
            return "cancelled"
        return "skipped" if self.depends_on and not self.begun and self._upstream_failed else "failed"

    @property
    def _upstream_failed(self) -> bool:
        """Whether AWS Batch gives no reason but the failure of a job that this one depends on."""
        return not self.full_reason or self.full_reason.startswith(UPSTREAM_FAILED)

    @property
    def cause(self) -> Cause:
        """Class of its failure."""
        return cause_of(self.reason, self.container_reason, self.exit_code)


def cause_of(reason: str | None, container_reason: str | None, exit_code: int | None) -> Cause:
    """Return the class of a failure, from statusReason, container.reason and exit code (137: SIGKILL)."""
    outside, inside = reason or "", container_reason or ""
    signs: list[tuple[bool, Cause]] = [
        ("exceeded timeout" in outside, "timed out"),
        (outside.startswith("Host EC2"), "machine lost"),
        ("CannotPull" in inside or "CannotPull" in outside, "image not pulled"),
        ("OutOfMemory" in outside + inside or exit_code == 137, "out of memory"),
        (outside.startswith("Task failed to start"), "container not started"),
        (exit_code == ExitCode.TRY_AGAIN, "worth another attempt"),
        (exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED), "interrupted"),
    ]
    return next((cause for true, cause in signs if true), "failed")


def describe(client: "BatchClient", ids: Iterable[str]) -> dict[str, BatchJob]:
    """Return Batch jobs by id; those that AWS Batch has forgotten (after seven days) are missing."""
    wanted = list(ids)
    jobs: dict[str, BatchJob] = {}
    for first in range(0, len(wanted), AT_ONCE):
        answer = client.describe_jobs(jobs=wanted[first : first + AT_ONCE])
        jobs |= {job["jobId"]: _job(job) for job in answer["jobs"]}
    return jobs


def jobs_named(client: "BatchClient", queues: Iterable[str], prefix: str) -> list[BatchJob]:
    """Return every Batch job in these queues, ended or not, whose name begins with the prefix; the oldest first."""
    ids = [id for queue in sorted(set(queues)) for id in _ids(client, queue, prefix)]
    return sorted(describe(client, ids).values(), key=lambda job: (job.created or NEVER, job.id))


def failed_children(client: "BatchClient", id: str) -> list[int]:
    """Return the failed children of an array job in order; none if AWS Batch has forgotten it."""
    pages = client.get_paginator("list_jobs").paginate(arrayJobId=id, jobStatus="FAILED")
    return sorted(child["arrayProperties"]["index"] for page in pages for child in page["jobSummaryList"])


def _ids(client: "BatchClient", queue: str, prefix: str) -> list[str]:
    """Return the ids of the jobs in a queue; none if it does not exist."""
    paginator = client.get_paginator("list_jobs")
    try:
        pages = paginator.paginate(jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [f"{prefix}*"]}])
        return [summary["jobId"] for page in pages for summary in page["jobSummaryList"]]
    except ClientError as error:
        if NO_QUEUE.search(error.response["Error"].get("Message", "")):
            return []
        raise


def observed(job: BatchJob, name: str, *, at: datetime, by: str) -> Observed:
    """Return the event of a Batch job's end; `name` is the job's name in the chain."""
    final = job.final
    return Observed(
        at=at,
        by=by,
        job=name,
        state=final,
        id=job.id,
        reason=job.full_reason,
        cause=job.cause if final == "failed" else None,
        exit_code=job.exit_code,
        created=job.created,
        batch_attempts=job.attempts,
    )


def _job(description: Mapping[str, Any]) -> BatchJob:
    container = description.get("container", {})
    environment = {pair["name"]: pair["value"] for pair in container.get("environment", ())}
    options = container.get("logConfiguration", {}).get("options", {})
    every = [_attempt(attempt) for attempt in description.get("attempts", ())]
    attempts = tuple(attempt for attempt in every if attempt.stopped or description["status"] in ENDED)
    children = description.get("arrayProperties", {}).get("statusSummary", {})
    return BatchJob(
        id=description["jobId"],
        name=description["jobName"],
        queue=description["jobQueue"].rsplit("/", 1)[-1],
        status=_status(description["status"], children),
        reason=description.get("statusReason"),
        container_reason=container.get("reason"),
        exit_code=container.get("exitCode"),
        created=moment(description.get("createdAt")),
        started=moment(description.get("startedAt")),
        stopped=moment(description.get("stoppedAt")),
        stopping=bool(description.get("isTerminated") or description.get("isCancelled")),
        attempts=attempts,
        log_group=options.get("awslogs-group", LOG_GROUP),
        log=container.get("logStreamName") or (every[-1].log if every else None),
        parameters=description.get("parameters", {}),
        bucket=environment.get("BUCKET_NAME"),
        depends_on=tuple(other["jobId"] for other in description.get("dependsOn", ()) if "jobId" in other),
        shards=description.get("arrayProperties", {}).get("size"),
        done=children.get("SUCCEEDED", 0),
        begun=bool(attempts) or (any(map(children.get, ENDED)) and description.get("statusReason") != UPSTREAM_FAILED),
    )


def _status(status: str, children: Mapping[str, int]) -> str:
    """Return the status of a job; for an array job, which is PENDING until its end, that of its furthest child."""
    if status in ENDED:
        return status
    return next((furthest for furthest in ("RUNNING", "STARTING", "RUNNABLE") if children.get(furthest)), status)


def _attempt(description: Mapping[str, Any]) -> BatchAttempt:
    container = description.get("container", {})
    reasons = (description.get("statusReason"), container.get("reason"))
    return BatchAttempt(
        started=moment(description.get("startedAt")),
        stopped=moment(description.get("stoppedAt")),
        reason="; ".join(text for text in reasons if text) or None,
        exit_code=container.get("exitCode"),
        log=container.get("logStreamName"),
    )


def moment(millis: int | None) -> datetime | None:
    """Return the time of epoch milliseconds; AWS Batch uses 0 for never."""
    return datetime.fromtimestamp(millis / 1000, UTC) if millis else None
