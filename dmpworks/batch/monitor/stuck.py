"""Why a job waits for a machine: AWS Batch's reason decoded, its place in the queue, the machines, and what to do."""

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from dmpworks.batch.compute import Queue, queues_named
from dmpworks.batch.describe import BatchJob
from dmpworks.runs.ledger.state import whole_id

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

LONG = timedelta(minutes=5)  # a machine is usually there after two or three
MISCONFIGURATION = "MISCONFIGURATION:"
SMALLER = "cancel the run and resume it with a smaller size (--set NAME=value), or {}"


class Meaning(NamedTuple):
    """What a reason of AWS Batch says, and what helps."""

    what: str
    next: str


# The head of a queue is given one of these as statusReason, followed by a sentence.
MEANINGS = {
    "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY": Meaning(
        "AWS has no machine of the wanted types free at the moment",
        "wait: it may clear by itself; otherwise allow more instance types or zones in the compute environment",
    ),
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": Meaning(
        "the job wants more vCPUs than its compute environment may ever have",
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
        "AWS Batch sees that the head of the queue is blocked, not why",
        "look at the compute environment's instances in the EC2 and ECS consoles",
    ),
}
AHEAD = Meaning(
    "other jobs are ahead of it in the queue",
    "wait; or cancel the run and resume it on another queue (--set BATCH_QUEUE=NAME)",
)
NO_REASON = Meaning("AWS Batch gives no reason yet", "wait: the head of a queue gets its reason after some minutes")
QUEUE_OFF = Meaning("its queue is not valid", "repair the queue: its compute environments, its status reason")
MACHINES_OFF = Meaning("no compute environment of its queue is in order", "enable or repair the compute environment")


class Stuck(msgspec.Struct, frozen=True, kw_only=True):
    """A job that waits for a machine; misconfigured: no waiting will help."""

    job: str
    queue: str
    waited: float  # seconds
    what: str
    next: str
    misconfigured: bool
    reason: str | None = None  # in AWS's words
    place: int | None = None  # in the queue, from 1
    machines: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return it in lines for the operator."""
        place = f", {ordinal(self.place)} in line" if self.place else ""
        told = [f"{self.job} waits for a machine for {self.waited / 60:.0f} min in {self.queue}{place}: {self.what}"]
        told += [f"  AWS says: {self.reason}"] if self.reason else []
        return [*told, *(f"  machines: {each}" for each in self.machines), f"  next: {self.next}"]


def diagnose(client: "BatchClient", job: BatchJob, name: str, waited: timedelta) -> Stuck:
    """Return why a RUNNABLE job waits; what AWS does not let us ask is told as not known."""
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
        return Meaning("AWS Batch is set up in a way that this job can never run", "do as the reason says"), True
    if queue and queue.status == "INVALID":  # a disabled one takes no new jobs, but still runs those it has
        return QUEUE_OFF, True
    if queue and queue.machines and not any(each.usable for each in queue.machines):
        return MACHINES_OFF, True
    return (AHEAD if place and place > 1 else NO_REASON), False


def _queue(client: "BatchClient", name: str) -> tuple[Queue | None, tuple[str, ...]]:
    """Return a queue and its machines in words."""
    try:
        queue = queues_named(client, [name]).get(name)
    except (ClientError, BotoCoreError) as error:
        return None, (f"not known: {error}",)
    return queue, tuple(map(str, queue.machines)) if queue else ()


def _place(client: "BatchClient", job: BatchJob) -> int | None:
    """Return the place in line, from 1; None beyond the first hundred, or where AWS does not tell."""
    try:
        front = client.get_job_queue_snapshot(jobQueue=job.queue)["frontOfQueue"]["jobs"]
    except (ClientError, BotoCoreError, KeyError):
        return None
    ids = [whole_id(each["jobArn"].rsplit("/", 1)[-1]) for each in front]
    return ids.index(job.id) + 1 if job.id in ids else None


def ordinal(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, ..."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
