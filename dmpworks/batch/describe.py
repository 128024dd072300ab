"""Jobs as DescribeJobs reports them, and the event of a job's end."""

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

AT_ONCE = 100  # ids that one DescribeJobs takes
LOG_GROUP = "/aws/batch/job"  # unless the job definition says otherwise
NEVER = datetime.min.replace(tzinfo=UTC)
CANCELLED = "dmpworks: cancelled"  # how the reason of a termination by `runs cancel` begins
UPSTREAM_FAILED = "Dependent Job failed"
NO_QUEUE = re.compile(r"queue .*(not found|does not exist)", re.I)  # AWS has no code of its own for that
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
    stopping: bool = False  # somebody asked for its end
    tries: tuple[BatchAttempt, ...] = ()  # attempts that have ended
    log_group: str = LOG_GROUP
    log: str | None = None  # stream of the newest attempt
    parameters: dict[str, str] = {}
    depends_on: tuple[str, ...] = ()  # ids
    shards: int | None = None  # of an array job, which has no attempts of its own
    done: int = 0  # of its shards, how many have succeeded
    begun: bool = False  # whether anything of it ever ran, or tried to

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in ENDED

    @property
    def told(self) -> str | None:
        """All that AWS says of its end."""
        return "; ".join(text for text in (self.reason, self.container_reason) if text) or None

    @property
    def lost(self) -> int:
        """How many attempts lost their machine."""
        return sum(cause_of(one.reason, None, one.exit_code) == "machine lost" for one in self.tries)

    @property
    def final(self) -> Final:
        """How it ended; one that was never started because a job before it failed is skipped, not failed."""
        if self.status == "SUCCEEDED":
            return "succeeded"
        if (self.stopping or (self.reason or "").startswith(CANCELLED)) and self.cause != "timed out":
            return "cancelled"
        return "skipped" if self.depends_on and not self.begun else "failed"

    @property
    def cause(self) -> Cause:
        """The class of its failure."""
        return cause_of(self.reason, self.container_reason, self.exit_code)


def cause_of(reason: str | None, container_reason: str | None, exit_code: int | None) -> Cause:
    """Return the class of a failure, from statusReason, container.reason and exit code (137: killed by the kernel)."""
    outer, inside = reason or "", container_reason or ""
    signs: list[tuple[bool, Cause]] = [
        ("exceeded timeout" in outer, "timed out"),
        (outer.startswith("Host EC2"), "machine lost"),
        ("CannotPull" in inside or "CannotPull" in outer, "image not pulled"),
        ("OutOfMemory" in outer + inside or exit_code == 137, "out of memory"),
        (outer.startswith("Task failed to start"), "container not started"),
        (exit_code == ExitCode.TRY_AGAIN, "worth another attempt"),
        (exit_code in (ExitCode.INTERRUPTED, ExitCode.TERMINATED), "interrupted"),
    ]
    return next((cause for true, cause in signs if true), "failed")


def describe(client: "BatchClient", ids: Iterable[str]) -> dict[str, BatchJob]:
    """Return these Batch jobs by id; those that AWS Batch has forgotten (after seven days) are left out."""
    wanted = list(ids)
    found: dict[str, BatchJob] = {}
    for first in range(0, len(wanted), AT_ONCE):
        answer = client.describe_jobs(jobs=wanted[first : first + AT_ONCE])
        found |= {each["jobId"]: _job(each) for each in answer["jobs"]}
    return found


def jobs_named(client: "BatchClient", queues: Iterable[str], prefix: str) -> list[BatchJob]:
    """Return every Batch job in these queues, ended or not, whose name begins so; the oldest first."""
    ids = [id for queue in sorted(set(queues)) for id in _ids(client, queue, prefix)]
    return sorted(describe(client, ids).values(), key=lambda job: (job.created or NEVER, job.id))


def failed_children(client: "BatchClient", id: str) -> list[int]:
    """Return which shards of an array job have failed, in order; none where AWS Batch has forgotten it."""
    pages = client.get_paginator("list_jobs").paginate(arrayJobId=id, jobStatus="FAILED")
    return sorted(each["arrayProperties"]["index"] for page in pages for each in page["jobSummaryList"])


def _ids(client: "BatchClient", queue: str, prefix: str) -> list[str]:
    """Return the ids of the jobs in a queue; one that does not exist has none."""
    asked = client.get_paginator("list_jobs")
    try:
        pages = asked.paginate(jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [f"{prefix}*"]}])
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
        reason=job.told,
        cause=job.cause if final == "failed" else None,
        exit_code=job.exit_code,
        created=job.created,
        tries=job.tries,
    )


def _job(response: Mapping[str, Any]) -> BatchJob:
    container = response.get("container", {})
    options = container.get("logConfiguration", {}).get("options", {})
    every = [_try(each) for each in response.get("attempts", ())]
    tries = tuple(each for each in every if each.stopped or response["status"] in ENDED)
    children = response.get("arrayProperties", {}).get("statusSummary", {})
    return BatchJob(
        id=response["jobId"],
        name=response["jobName"],
        queue=response["jobQueue"].rsplit("/", 1)[-1],
        status=_status(response["status"], children),
        reason=response.get("statusReason"),
        container_reason=container.get("reason"),
        exit_code=container.get("exitCode"),
        created=moment(response.get("createdAt")),
        started=moment(response.get("startedAt")),
        stopped=moment(response.get("stoppedAt")),
        stopping=bool(response.get("isTerminated") or response.get("isCancelled")),
        tries=tries,
        log_group=options.get("awslogs-group", LOG_GROUP),
        log=container.get("logStreamName") or (every[-1].log if every else None),
        parameters=response.get("parameters", {}),
        depends_on=tuple(each["jobId"] for each in response.get("dependsOn", ()) if "jobId" in each),
        shards=response.get("arrayProperties", {}).get("size"),
        done=children.get("SUCCEEDED", 0),
        begun=bool(tries) or (any(map(children.get, ENDED)) and response.get("statusReason") != UPSTREAM_FAILED),
    )


def _status(status: str, children: Mapping[str, int]) -> str:
    """Return the status of a job; an array job stays PENDING, so that of its furthest child counts."""
    if status in ENDED:
        return status
    return next((each for each in ("RUNNING", "STARTING", "RUNNABLE") if children.get(each)), status)


def _try(response: Mapping[str, Any]) -> BatchAttempt:
    container = response.get("container", {})
    reasons = (response.get("statusReason"), container.get("reason"))
    return BatchAttempt(
        started=moment(response.get("startedAt")),
        stopped=moment(response.get("stoppedAt")),
        reason="; ".join(text for text in reasons if text) or None,
        exit_code=container.get("exitCode"),
        log=container.get("logStreamName"),
    )


def moment(millis: int | None) -> datetime | None:
    """Return the time that epoch milliseconds stand for; AWS Batch says 0 for never."""
    return datetime.fromtimestamp(millis / 1000, UTC) if millis else None
