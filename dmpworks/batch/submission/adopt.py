"""Twins: live Batch jobs of a chain, found before anything is sent, so that no job is ever sent twice."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dmpworks.batch.aws_errors import REFUSALS, asking, patiently
from dmpworks.batch.describe import BatchJob, describe, jobs_named
from dmpworks.batch.submission.plan import SubmissionPlan
from dmpworks.errors import LedgerError, PreflightError
from dmpworks.runs.ledger.store import Ledger, newest_runs
from dmpworks.services.storage import Bucket

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

Sleep = Callable[[float], None]
LOOKS = (1.0, 2.0, 3.0)  # seconds before each look: AWS Batch lists a job only some moments after it was sent
SETTLING = 20  # looks, three seconds apart, at jobs that AWS Batch is about to end
WAITING = ("SUBMITTED", "PENDING")  # for the jobs that they depend on
FEW = 3  # runs of a chain that were last active: one that is live is among them


class LiveJobs(NamedTuple):
    """The Batch jobs of a plan's chain: the live ones to adopt, by job, and the ids of all that were ever seen."""

    twins: dict[str, BatchJob]
    seen: frozenset[str]


def find_live_jobs(
    client: "BatchClient", plan: SubmissionPlan, after: Sequence[str], sleep: Sleep, *, expected: bool = False
) -> LiveJobs:
    """Return which jobs of a plan are live already and ask for the very same, so that they can be adopted.

    `after` are the ids that the first job depends on; `expected`: a submission broke off just now, so that a job may
    be there that AWS Batch does not list yet. Raises PreflightError when anything else of the chain is live.
    """
    jobs = _settled(client, plan, sleep)
    for wait in LOOKS if expected else ():
        if len(_live(jobs)) == len(plan.jobs):
            break
        sleep(wait)
        jobs = _settled(client, plan, sleep)
    twins = _twins(plan, _live(jobs))
    _check_order(client, plan, twins, after)
    return LiveJobs(twins, frozenset(job.id for job in jobs))


def queues_to_look_in(bucket: Bucket, chain: str, queues: Iterable[str]) -> tuple[str, ...]:
    """Return these queues and those that the newest runs of a chain went to: settings may name others since."""
    found = set(queues)
    for run in newest_runs(bucket, chain, FEW):
        try:
            found |= {job.request.queue for job in Ledger(bucket, run).state().current if job.request.queue}
        except LedgerError:  # its own commands tell what is wrong with it
            continue
    return tuple(sorted(found))


def live_jobs(client: "BatchClient", queues: Iterable[str], prefix: str) -> list[BatchJob]:
    """Return the Batch jobs in these queues whose name begins so and that have not ended; the oldest first."""
    with asking(f"jobs {prefix}*"):
        return _live(jobs_named(client, queues, prefix))


def find_unacknowledged_job(
    client: "BatchClient", plan: SubmissionPlan, name: str, seen: frozenset[str], sleep: Sleep
) -> str | None:
    """Return the id of a job that was sent without an answer, by its `jobName`, if AWS Batch took it all the same.

    Raises what the last look raised when none was answered.
    """
    unanswered: Exception | None = None
    for wait in LOOKS:
        sleep(wait)
        try:
            ids = [job.id for job in jobs_named(client, plan.queues, name) if job.name == name and job.id not in seen]
        except REFUSALS as error:
            unanswered = error
            continue
        if ids:
            return ids[-1]
        unanswered = None
    if unanswered:
        raise unanswered
    return None


def _all(client: "BatchClient", plan: SubmissionPlan, sleep: Sleep) -> list[BatchJob]:
    with asking(f"jobs {plan.name_prefix}*"):
        return patiently(lambda: jobs_named(client, plan.queues, plan.name_prefix), sleep)


def _live(jobs: Sequence[BatchJob]) -> list[BatchJob]:
    return [job for job in jobs if not job.ended]


def _settled(client: "BatchClient", plan: SubmissionPlan, sleep: Sleep) -> list[BatchJob]:
    """Return all jobs once none is left that AWS Batch will end by itself: one before it failed, or it is cancelled."""
    for _ in range(SETTLING):
        jobs = _all(client, plan, sleep)
        failed = {job.id for job in jobs if job.status == "FAILED"}
        doomed = [job for job in _live(jobs) if job.status in WAITING and failed & set(job.depends_on)]
        if not doomed and not any(job.stopping for job in _live(jobs)):
            break
        sleep(3)
    return jobs


def _twins(plan: SubmissionPlan, live: Sequence[BatchJob]) -> dict[str, BatchJob]:
    requests = {draft["jobName"]: draft["parameters"]["request"] for draft in plan.drafts}
    twins: dict[str, BatchJob] = {}
    for job in live:
        if job.parameters.get("run_id") != plan.run_id:
            raise _in_the_way(plan, job, "another run of this chain is live")
        if job.name not in requests:
            raise _in_the_way(plan, job, "a job of this run is live that is not to be submitted now")
        if job.stopping:
            raise _in_the_way(plan, job, "a job of this run is being cancelled")
        if job.parameters.get("request") != requests[job.name]:
            raise _in_the_way(plan, job, "this job is live already, with other settings")
        if job.name in twins:
            raise _in_the_way(plan, job, "this job is live twice")
        twins[job.name] = job
    return {job: twins[name] for job, name in zip(plan.jobs, requests, strict=True) if name in twins}


def _check_order(
    client: "BatchClient", plan: SubmissionPlan, twins: Mapping[str, BatchJob], after: Sequence[str]
) -> None:
    """Stop when a twin does not wait for the job before it: it would run too early, or never."""
    before, sent = list(after), False
    for job in plan.jobs:
        twin = twins.get(job)
        if twin and (sent or not _waits_for(client, twin, before)):
            raise _in_the_way(plan, twin, "a job of this run is live that does not wait for the one before it")
        sent = sent or twin is None
        before = [twin.id] if twin else []


def _waits_for(client: "BatchClient", twin: BatchJob, before: Sequence[str]) -> bool:
    """Whether a twin waits for these jobs and besides only for such as have succeeded."""
    others = set(twin.depends_on) - set(before)
    if set(before) - set(twin.depends_on):
        return False
    if not others or twin.status not in WAITING:
        return True
    with asking(f"jobs that {twin.name} depends on"):
        found = describe(client, others)
    return all(id in found and found[id].status == "SUCCEEDED" for id in others)


def _in_the_way(plan: SubmissionPlan, job: BatchJob, what: str) -> PreflightError:
    run = f"{plan.chain}/{job.parameters.get('run_id', plan.run_id)}"
    since = f" since {job.created:%Y-%m-%d %H:%M} UTC" if job.created else ""
    return PreflightError(
        what,
        on=f"{job.name} ({job.id}) in {job.queue}: {job.status}{since}",
        next=f"follow it: dmpworks runs watch {run}; or end it: dmpworks runs cancel {run}, then this again",
    )
