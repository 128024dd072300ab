"""Diagnose why a job waits for a machine: reason, position in the queue, machines, and what to do."""

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from dmpworks.batch.compute import Queue, queues_named
from dmpworks.batch.describe import BatchJob
from dmpworks.formatting import duration
from dmpworks.runs.ledger.state import whole_id

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

LONG = timedelta(minutes=5)  # a machine usually starts within two or three
MISCONFIGURATION = "MISCONFIGURATION:"
SMALLER = "cancel the run and resume it with a smaller size (--set NAME=value), or {}"


class Meaning(NamedTuple):
    """Meaning of an AWS Batch reason, and what to do about it."""

    what: str
    next: str


# AWS Batch gives the job at the head of a queue one of these as statusReason, followed by a sentence.
MEANINGS = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": Meaning(
        "AWS has no free machine of the allowed instance types at the moment",
        "wait: this may resolve itself; otherwise allow more instance types or zones in the compute environment",
    ),
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": Meaning(
        "the job needs more vCPUs than its compute environment can ever have",
        SMALLER.format("raise maxvCpus of the compute environment"),
    ),
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": Meaning(
        "no instance type of the compute environment is large enough for the job",
        SMALLER.format("allow a larger instance type in the compute environment"),
    ),
    "MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS": Meaning(
        "the role of the compute environment lacks a permission",
        "give the service role AWSBatchServiceRole, or what the reason names",
    ),
    "UNDETERMINED": Meaning(
        "AWS Batch reports that the head of the queue is blocked, but not why",
        "look at the compute environment's instances in the EC2 and ECS consoles",
    ),
}
AHEAD = Meaning(
    "other jobs are ahead of it in the queue",
    "wait; or cancel the run and resume it on another queue (--set BATCH_QUEUE=NAME)",
)
NO_REASON = Meaning("AWS Batch gives no reason yet", "wait: the first job of a queue gets a reason after some minutes")
QUEUE_OFF = Meaning("its queue is not valid", "repair the queue: its compute environments, its status reason")
MACHINES_OFF = Meaning("no compute environment of its queue is usable", "enable or repair the compute environment")


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """A job that waits for a machine; `misconfigured`: waiting cannot help."""

    job: str
    queue: str
    waited: float  # seconds
    what: str
    next: str
    misconfigured: bool
    reason: str | None = None  # as AWS Batch words it
    place: int | None = None  # in the queue, from 1
    machines: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the diagnosis as lines for the operator."""
        place = f", position {self.place} in the queue" if self.place else ""
        waited = f"for {duration(self.waited)} " if self.waited >= 1 else ""
        lines = [f"{self.job} has been waiting {waited}for a machine in {self.queue}{place}: {self.what}"]
        lines += [f"  AWS says: {self.reason}"] if self.reason else []
        return [*lines, *(f"  machines: {machine}" for machine in self.machines), f"  next: {self.next}"]


def diagnose(client: "BatchClient", job: BatchJob, name: str, waited: timedelta) -> Stuck:
    """Return why a RUNNABLE job waits; details that AWS refuses to give are shown as unknown."""
    place, (queue, machines) = _place(client, job), _queue(client, job.queue)
    meaning, misconfigured = _meaning(job, place, queue)
    return Stuck(
        job=name,
        queue=job.queue,
        waited=waited.total_seconds(),
        what=meaning.what,
        next=meaning.next,
        misconfigured=misconfigured,
        reason=job.reason,
        place=place,
        machines=machines,
    )


def _meaning(job: BatchJob, place: int | None, queue: Queue | None) -> tuple[Meaning, bool]:
    reason = job.reason or ""
    for code, meaning in MEANINGS.items():
        if reason.startswith(code):
            return meaning, code.startswith(MISCONFIGURATION)
    if reason.startswith(MISCONFIGURATION):
        return Meaning("AWS Batch is configured so that this job can never run", "fix what the reason names"), True
    if queue and queue.status == "INVALID":  # a DISABLED queue still runs the jobs it has
        return QUEUE_OFF, True
    if queue and queue.machines and not any(machine.usable for machine in queue.machines):
        return MACHINES_OFF, True
    return (AHEAD if place and place > 1 else NO_REASON), False


def _queue(client: "BatchClient", name: str) -> tuple[Queue | None, tuple[str, ...]]:
    """Return a queue, and a description of each of its compute environments."""
    try:
        queue = queues_named(client, [name]).get(name)
    except (ClientError, BotoCoreError) as error:
        return None, (f"unknown: {error}",)
    return queue, tuple(map(str, queue.machines)) if queue else ()


def _place(client: "BatchClient", job: BatchJob) -> int | None:
    """Return the position in the queue, from 1; None beyond the first hundred, or if AWS does not say."""
    try:
        front = client.get_job_queue_snapshot(jobQueue=job.queue)["frontOfQueue"]["jobs"]
    except (ClientError, BotoCoreError, KeyError):
        return None
    ids = [whole_id(entry["jobArn"].rsplit("/", 1)[-1]) for entry in front]
    return ids.index(job.id) + 1 if job.id in ids else None
