"""Compare the ledger of a run with AWS Batch and the bucket, and repair it where they disagree."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from dmpworks.batch.aws_errors import asking
from dmpworks.batch.compute import queues_named
from dmpworks.batch.describe import BatchJob, describe, jobs_named, moment, observed
from dmpworks.batch.submission.plan import environment_prefix
from dmpworks.errors import LedgerError
from dmpworks.runs.ledger.current import PROCESS_GONE
from dmpworks.runs.ledger.events import AnyEvent, JobRequest, Observed, Planned, Started, Submitted, Withdrawn
from dmpworks.runs.ledger.fold import fold
from dmpworks.runs.ledger.state import LIVE, OVER, JobState, RunState, whole_id
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.outputs import outputs_of
from dmpworks.runs.repair import (
    Finding,
    Inspection,
    apply_repair,
    check_orphan_files,
    check_outputs,
    check_unsent_jobs,
    check_vanished_jobs,
    damaged_events,
)

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

MEMORY = timedelta(days=7)  # AWS Batch lists an ended job at least this long
RECENT = timedelta(minutes=5)  # a recent submission or end may not be visible yet; clocks differ
PASSES = 3  # a damaged event hides other findings; each pass sees what the one before uncovered
FORGOTTEN = "AWS Batch has forgotten it, and it left no output"


class Deployment:
    """The Batch jobs of a deployment that work on one bucket, listed once, by run.

    Account and region are those of the client. Several buckets may share an environment name, such as those of two
    developers; jobs of other buckets are skipped and counted.
    """

    def __init__(self, client: "BatchClient", env: str, queues: Iterable[str], bucket: str) -> None:
        self._client = client
        with asking("AWS Batch", "dmpworks runs reconcile"):
            known = queues_named(client, queues)  # listing the jobs of a queue that does not exist is an error
            jobs = jobs_named(client, known, f"{environment_prefix(env)}-")
        self._by_run: dict[RunName, list[BatchJob]] = defaultdict(list)
        self.skipped: Counter[str] = Counter()  # bucket -> its jobs
        for job in jobs:
            parameters = job.parameters
            if parameters.get("env") != env or not {"chain", "run_id", "job"} <= parameters.keys():
                continue
            if job.bucket == bucket:
                self._by_run[RunName(parameters["chain"], parameters["run_id"])].append(job)
            else:
                self.skipped[job.bucket or "unknown"] += 1

    @property
    def runs(self) -> set[RunName]:
        """The runs that have a job on AWS Batch."""
        return set(self._by_run)

    def jobs_of(self, run: RunName, ids: Iterable[str]) -> dict[str, BatchJob]:
        """Return the Batch jobs of a run by id: those with its name, and those in its ledger."""
        named = {job.id: job for job in self._by_run.get(run, ())}
        with asking(f"AWS Batch about {run}", "dmpworks runs reconcile"):
            return named | describe(self._client, [id for id in ids if id not in named])

    def planned(self, jobs: Iterable[BatchJob], at: datetime, by: str) -> Planned:
        """Return the `Planned` event that these Batch jobs must have come from, reconstructed from their requests."""
        ids = [job.id for job in jobs]
        with asking("AWS Batch", "dmpworks runs reconcile"):
            descriptions: list[Mapping[str, Any]] = [*self._client.describe_jobs(jobs=ids)["jobs"]]
        descriptions.sort(key=lambda job: (job.get("createdAt", 0), ids.index(job["jobId"])))
        settings = {
            pair["name"]: pair["value"]
            for job in descriptions
            for pair in job.get("container", {}).get("environment", ())
        }
        return Planned(
            at=min((created for job in descriptions if (created := moment(job.get("createdAt")))), default=at),
            by=by,
            submission=1,
            where="batch",
            jobs={job["parameters"]["job"]: _request_of(job) for job in descriptions},
            skipped={},
            settings=settings,
            version="unknown",
            definition=descriptions[0]["jobDefinition"].rsplit("/", 1)[-1],
        )


def inspect(ledger: Ledger, deployment: Deployment | None, at: datetime, by: str, *, alone: bool) -> list[Finding]:
    """Return the findings about a run; without `deployment` AWS Batch is not asked.

    `alone`: no other process holds the lock of the chain, and could be writing. If events cannot be decoded or
    contradict each other, only they are returned, because nothing else can be judged.
    """
    try:
        events = ledger.events()
        inspection = Inspection(fold(*ledger.run, events), at, by)
    except LedgerError:
        return damaged_events(ledger)
    jobs = deployment.jobs_of(ledger.run, _ids(events)) if deployment else {}
    if deployment and alone:
        _check_unrecorded_jobs(inspection, deployment, jobs, events)
    outputs = outputs_of(ledger.bucket, ledger.run)
    check_outputs(inspection, outputs)
    _check_ends(inspection, jobs)
    if alone:
        _check_unknown_jobs(inspection, deployment, jobs)
        check_unsent_jobs(inspection)
        check_orphan_files(inspection, outputs)
    return inspection.findings


def repair(ledger: Ledger, deployment: Deployment | None, at: datetime, by: str) -> list[Finding]:
    """Repair a run, under the lock of its chain, and return all findings, repaired or not.

    Raises LedgerError if the ledger has changed incompatibly meanwhile.
    """
    repaired: list[Finding] = []
    findings: list[Finding] = []
    for _ in range(PASSES):
        findings = inspect(ledger, deployment, at, by, alone=True)
        if not any(finding.repairable for finding in findings):
            break
        repaired += [apply_repair(ledger, finding) for finding in findings if finding.repairable]
    return [*repaired, *(finding for finding in findings if not finding.repairable)]


def _ids(events: Iterable[AnyEvent]) -> list[str]:
    """Return the id of every Batch job in the ledger."""
    named = (event.id for event in events if isinstance(event, Submitted | Withdrawn | Started | Observed))
    return list(dict.fromkeys(whole for id in named if (whole := whole_id(id))))


def _check_unrecorded_jobs(
    inspection: Inspection, deployment: Deployment, jobs: Mapping[str, BatchJob], events: Iterable[AnyEvent]
) -> None:
    """Find Batch jobs that were never recorded: their submitter was killed between the call and the event."""
    known = set(_ids(events))
    unrecorded = [job for job in jobs.values() if job.id not in known]
    if not unrecorded:
        return
    if not inspection.state.submissions:
        plan = deployment.planned(unrecorded, inspection.at, inspection.by)
        inspection.repair("unrecorded job", "AWS Batch has jobs of this run, and its ledger has no submission", plan)
    for job in unrecorded:
        _check_unrecorded_job(inspection, job)


def _check_unrecorded_job(inspection: Inspection, job: BatchJob) -> None:
    name, newest = job.parameters["job"], inspection.state.newest
    state = inspection.state.jobs.get(name)
    what = f"AWS Batch has {job.name} ({job.id}, {job.status}), which was never recorded"
    created = job.created or inspection.at
    if state and newest and state.status == "planned" and created > newest.at - RECENT:
        sent = Submitted(at=created, by=inspection.by, submission=newest.submission, job=name, id=job.id, adopted=True)
        inspection.repair("unrecorded job", what, sent)
    elif not job.ended:
        end = f"aws batch terminate-job --job-id {job.id} --reason unrecorded"
        inspection.note("unrecorded job", f"{what}; another job of that name was", f"if it is not wanted: {end}")


def _check_ends(inspection: Inspection, jobs: Mapping[str, BatchJob]) -> None:
    """Record each end that AWS Batch reports for a job that is live according to the ledger."""
    for job in inspection.state.current:
        batch_job = jobs.get(job.id or "")
        if batch_job and batch_job.ended and job.status in LIVE:
            what = f"{job.name} is {job.status} according to the ledger, but {batch_job.status} on AWS Batch"
            at = batch_job.stopped or inspection.at
            inspection.repair("lost end", what, observed(batch_job, job.name, at=at, by=inspection.by))
        elif batch_job and not batch_job.ended and job.status in OVER and _age(job, inspection) > RECENT:
            what = f"{job.name} is {job.status} according to the ledger, but {batch_job.status} on AWS Batch"
            inspection.note("contradiction", what, f"dmpworks runs watch {inspection.state.name}, or runs cancel")


def _check_unknown_jobs(inspection: Inspection, deployment: Deployment | None, jobs: Mapping[str, BatchJob]) -> None:
    """Judge jobs that are live according to the ledger and that AWS Batch does not list."""
    state = inspection.state
    unknown = [job for job in state.live if (job.id or "") not in jobs]
    if not unknown or len(unknown) < len(state.live):
        return  # a job that AWS Batch lists decides what becomes of those that wait for it
    if not _on_batch(state):
        check_vanished_jobs(inspection, PROCESS_GONE, "lost end")
    elif deployment and all(_age(job, inspection) > MEMORY for job in unknown):
        check_vanished_jobs(inspection, FORGOTTEN, "forgotten job")
    elif deployment and all(_age(job, inspection) > RECENT for job in unknown):
        ids = ", ".join(f"{job.name} ({job.id})" for job in unknown)
        next_step = "check AWS_REGION and AWS_PROFILE: they may be in another account or region"
        inspection.note("unknown job", f"AWS Batch does not know {ids}", next_step)


def _on_batch(state: RunState) -> bool:
    return state.newest is not None and state.newest.where == "batch"


def _age(job: JobState, inspection: Inspection) -> timedelta:
    """Return the time since the last event of a job."""
    times = (job.submitted, job.ended, job.last.started.at if job.last else None)
    return inspection.at - max((time for time in times if time), default=inspection.at)


def _request_of(job: Mapping[str, Any]) -> JobRequest:
    """Return what a job was submitted with, from its description by AWS Batch."""
    sizes = {size["type"]: int(size["value"]) for size in job.get("container", {}).get("resourceRequirements", ())}
    return JobRequest(
        queue=job["jobQueue"].rsplit("/", 1)[-1],
        vcpus=sizes.get("VCPU"),
        memory=sizes.get("MEMORY"),
        timeout=job.get("timeout", {}).get("attemptDurationSeconds"),
        retries=job.get("retryStrategy", {}).get("attempts"),
        shards=job.get("arrayProperties", {}).get("size"),
    )
