"""The preflight of a submission: everything that AWS and the bucket report before the first job is sent."""

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dmpworks.batch.compute import USABLE, Machines, Queue, queues_named
from dmpworks.batch.definition import Definition, find_definition, find_image
from dmpworks.batch.preflight.checks import Check, ask_or_warn, bad, good, of_error, warning
from dmpworks.batch.submission.adopt import live_jobs, queues_to_look_in
from dmpworks.batch.submission.plan import SubmissionPlan
from dmpworks.errors import DmpworksError, PreflightError
from dmpworks.runs.ledger.events import JobRequest
from dmpworks.runs.ledger.locks import holder
from dmpworks.services.storage import Bucket

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient


class Outcome(NamedTuple):
    """What a preflight found: the checks, and what a submission needs of them."""

    checks: list[Check]
    definition: Definition | None = None
    digest: str | None = None  # of the image


def check_definition(client: "BatchClient", ecr: Any, name: str) -> Outcome:
    """Check the job definition and its image; `ecr` is asked only about an image that is stored there."""
    try:
        found = find_definition(client, name)
    except PreflightError as error:
        return Outcome([of_error("job definition", error)])
    checks = [good("job definition", found.name)]
    try:
        image = find_image(ecr, found.image)
    except PreflightError as error:
        return Outcome([*checks, of_error("image", error)], found)
    if image.digest:
        return Outcome([*checks, good("image", f"{image.reference} is {image.digest}")], found, image.digest)
    next = "name it by its digest in the job definition, then a run cannot change under way"
    return Outcome([*checks, warning("image", f"{image.reference}, its digest unknown: {image.why_not}", next)], found)


def check_queues(
    client: "BatchClient", names: Sequence[str], jobs: Mapping[str, JobRequest], share: str | None
) -> list[Check]:
    """Check that these queues work, and that their machines are large enough for these jobs."""
    found = ask_or_warn("queues", lambda: queues_named(client, names))
    if isinstance(found, Check):
        return [found]
    sizes = {name: {job: size for job, size in jobs.items() if size.queue == name} for name in names}
    checks = [_check_queue(name, found.get(name), sizes[name]) for name in names]
    return [*checks, *_check_share([queue for name, queue in found.items() if sizes[name]], share)]


def check_bucket(bucket: Bucket) -> Check:
    """Check with a small object that the bucket can be written, read and tidied."""
    key, data = f"_dmpworks-probe-{secrets.token_hex(4)}", b"dmpworks looks whether it can write here"
    try:
        bucket.create(key, data)
        read = bucket.get(key)
        bucket.delete([key])
    except FileNotFoundError:
        return bad("bucket", f"{bucket.name} lost an object that was just written", "look at its lifecycle rules")
    except DmpworksError as error:
        return of_error("bucket", error)
    return good("bucket", f"{bucket.name} can be written and read ({len(read)} bytes tried)")


def check_live_run(client: "BatchClient", bucket: Bucket, plan: SubmissionPlan) -> Check:
    """Check that nobody is running on the chain, and that no other run of it is live."""
    name = f"live run of {plan.chain}"
    if lock := holder(bucket, plan.chain):
        said = f"{lock.owner} is running on {plan.chain} since {lock.taken:%H:%M:%S} UTC: {lock.purpose}"
        return bad(name, said, f"wait for it, or look: dmpworks runs show {plan.chain}/latest")
    try:
        live = live_jobs(client, queues_to_look_in(bucket, plan.chain, plan.queues), plan.name_prefix)
    except PreflightError as error:
        return of_error(name, error)
    others = sorted({job.parameters.get("run_id", "?") for job in live} - {plan.run_id})
    if others:
        run = f"{plan.chain}/{others[0]}"
        next = f"follow it: dmpworks runs watch {run}; or end it: dmpworks runs cancel {run}"
        return bad(name, f"another run of {plan.chain} is live: {', '.join(others)}", next)
    if live:
        next = f"dmpworks runs watch {plan.run}"
        return warning(name, f"{len(live)} jobs of this run are live: the same ones are adopted, not sent again", next)
    return good(name, f"no job of {plan.chain} is live")


def _check_queue(name: str, queue: Queue | None, jobs: Mapping[str, JobRequest]) -> Check:
    title = f"queue {name}"
    if queue is None:
        next = "make it, or set BATCH_QUEUE and BATCH_QUEUE_LARGE"
        return bad(title, "it does not exist", next)
    if queue.state != "ENABLED" or queue.status not in ("VALID", "UPDATING"):
        next = f"aws batch update-job-queue --job-queue {name} --state ENABLED"
        return bad(title, f"it is {queue.state}, {queue.status}", next)
    usable = [machines for machines in queue.machines if machines.usable]
    if not usable:
        said = "; ".join(map(str, queue.machines)) or "it has no compute environment"
        return bad(title, f"no machine can start: {said}", "enable and repair a compute environment of this queue")
    machines = "; ".join(map(str, usable))
    for job, size in jobs.items():
        if not any(_fits(kind, size) for kind in usable):
            said = f"{job} asks for {size.vcpus} vCPUs and {size.memory:,} MiB: too large for {machines}"
            return bad(title, said, f"ask for less (--{job}.vcpus, --{job}.memory), or allow larger machines")
    return good(title, machines)


def _fits(machines: Machines, size: JobRequest) -> bool:
    # what is known of instances are rules of thumb: a job is too large only if it does not fit a whole one
    whole = machines.largest / USABLE if machines.largest is not None else None
    enough = machines.max_vcpus is None or (size.vcpus or 0) <= machines.max_vcpus
    return enough and (whole is None or (size.memory or 0) <= whole)


def _check_share(queues: Sequence[Queue], share: str | None) -> list[Check]:
    """A share identifier is needed where a queue is shared fairly, and refused elsewhere."""
    fair = [queue.name for queue in queues if queue.fair_share]
    plain = [queue.name for queue in queues if not queue.fair_share]
    if fair and not share:
        return [bad("share", f"{', '.join(fair)} has a fair-share policy", "set BATCH_SHARE_IDENTIFIER")]
    if plain and share:
        next = "unset BATCH_SHARE_IDENTIFIER, or name other queues"
        return [bad("share", f"{', '.join(plain)} has no fair-share policy and would refuse {share}", next)]
    return []
