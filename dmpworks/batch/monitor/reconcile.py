"""The ledger of a run held against AWS Batch and against the bucket, and put right where they disagree."""

from collections import defaultdict
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
    damaged_events,
    from_gaps,
    from_orphans,
    from_outputs,
    from_silence,
    put_right,
)

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

MEMORY = timedelta(days=7)  # AWS Batch forgets a job that ended, not sooner
RECENT = timedelta(minutes=5)  # what was sent or has ended just now may not be told of yet; clocks differ
PASSES = 3  # an event that is set aside hides other findings; each pass sees what the one before uncovered
FORGOTTEN = "AWS Batch has forgotten it, and it left no output"


class Deployment:
    """The Batch jobs of a deployment, asked for once: by run, and each by its id."""

    def __init__(self, client: "BatchClient", env: str, queues: Iterable[str]) -> None:
        self._client = client
        with asking("AWS Batch", "dmpworks runs reconcile"):
            known = queues_named(client, queues)  # of one that does not exist no job could be asked for
            found = jobs_named(client, known, f"{environment_prefix(env)}-")
        self._by_run: dict[RunName, list[BatchJob]] = defaultdict(list)
        for job in found:
            about = job.parameters
            if about.get("env") == env and {"chain", "run_id", "job"} <= about.keys():
                self._by_run[RunName(about["chain"], about["run_id"])].append(job)

    @property
    def runs(self) -> set[RunName]:
        """The runs that AWS Batch knows a job of."""
        return set(self._by_run)

    def jobs_of(self, run: RunName, ids: Iterable[str]) -> dict[str, BatchJob]:
        """Return the Batch jobs of a run by id: those of its name, and those that its ledger names."""
        found = {job.id: job for job in self._by_run.get(run, ())}
        with asking(f"AWS Batch about {run}", "dmpworks runs reconcile"):
            return found | describe(self._client, [id for id in ids if id not in found])

    def planned(self, jobs: Iterable[BatchJob], at: datetime, by: str) -> Planned:
        """Return the plan that these Batch jobs must have come from, read off their requests."""
        ids = [job.id for job in jobs]
        with asking("AWS Batch", "dmpworks runs reconcile"):
            told: list[Mapping[str, Any]] = [*self._client.describe_jobs(jobs=ids)["jobs"]]
        told.sort(key=lambda each: (each.get("createdAt", 0), ids.index(each["jobId"])))
        settings = {
            pair["name"]: pair["value"] for each in told for pair in each.get("container", {}).get("environment", ())
        }
        return Planned(
            at=min((created for each in told if (created := moment(each.get("createdAt")))), default=at),
            by=by,
            submission=1,
            where="batch",
            jobs={each["parameters"]["job"]: _asked(each) for each in told},
            skipped={},
            settings=settings,
            version="unknown",
            definition=told[0]["jobDefinition"].rsplit("/", 1)[-1],
        )


def inspect(ledger: Ledger, deployment: Deployment | None, at: datetime, by: str, *, alone: bool) -> list[Finding]:
    """Return what is not right with a run; without `deployment` AWS Batch is not asked.

    `alone`: nobody else is running on the chain, who may write any moment. Events that cannot be read, or contradict
    each other, hide all else: then only they are told.
    """
    try:
        events = ledger.events()
        inspection = Inspection(fold(*ledger.run, events), at, by)
    except LedgerError:
        return damaged_events(ledger)
    jobs = deployment.jobs_of(ledger.run, _ids(events)) if deployment else {}
    if deployment and alone:
        _from_unrecorded(inspection, deployment, jobs, events)
    outputs = outputs_of(ledger.bucket, ledger.run)
    from_outputs(inspection, outputs)
    _from_ends(inspection, jobs)
    if alone:
        _from_absence(inspection, deployment, jobs)
        from_gaps(inspection)
        from_orphans(inspection, outputs)
    return inspection.findings


def mend(ledger: Ledger, deployment: Deployment | None, at: datetime, by: str) -> list[Finding]:
    """Put right what can be, to be called under the chain's lock; return what was found, mended or not.

    Raises LedgerError when the ledger has gone on meanwhile in another way.
    """
    mended: list[Finding] = []
    found: list[Finding] = []
    for _ in range(PASSES):
        found = inspect(ledger, deployment, at, by, alone=True)
        if not any(each.mendable for each in found):
            break
        mended += [put_right(ledger, each) for each in found if each.mendable]
    return [*mended, *(each for each in found if not each.mendable)]


def _ids(events: Iterable[AnyEvent]) -> list[str]:
    """Return the id of every Batch job that the ledger names."""
    named = (event.id for event in events if isinstance(event, Submitted | Withdrawn | Started | Observed))
    return list(dict.fromkeys(id for each in named if (id := whole_id(each))))


def _from_unrecorded(
    inspection: Inspection, deployment: Deployment, jobs: Mapping[str, BatchJob], events: Iterable[AnyEvent]
) -> None:
    """Tell of Batch jobs that nobody wrote down: their submitter was killed between the call and the event."""
    known = set(_ids(events))
    strangers = [job for job in jobs.values() if job.id not in known]
    if not strangers:
        return
    if not inspection.state.submissions:
        plan = deployment.planned(strangers, inspection.at, inspection.by)
        inspection.mend("unrecorded job", "AWS Batch has jobs of this run, and its ledger has no submission", plan)
    for job in strangers:
        _from_stranger(inspection, job)


def _from_stranger(inspection: Inspection, job: BatchJob) -> None:
    name, newest = job.parameters["job"], inspection.state.newest
    state = inspection.state.jobs.get(name)
    what = f"AWS Batch has {job.name} ({job.id}, {job.status}), which was never recorded"
    created = job.created or inspection.at
    if state and newest and state.status == "planned" and created > newest.at - RECENT:
        sent = Submitted(at=created, by=inspection.by, submission=newest.submission, job=name, id=job.id, adopted=True)
        inspection.mend("unrecorded job", what, sent)
    elif not job.ended:
        end = f"aws batch terminate-job --job-id {job.id} --reason unrecorded"
        inspection.note("unrecorded job", f"{what}, beside the one that was", f"if it is not wanted: {end}")


def _from_ends(inspection: Inspection, jobs: Mapping[str, BatchJob]) -> None:
    """Write down each end that AWS Batch tells of a job which the ledger thinks alive."""
    for job in inspection.state.current:
        told = jobs.get(job.id or "")
        if told and told.ended and job.status in LIVE:
            what = f"{job.name} is {job.status} according to the ledger, and AWS Batch says {told.status}"
            at = told.stopped or inspection.at
            inspection.mend("lost end", what, observed(told, job.name, at=at, by=inspection.by))
        elif told and not told.ended and job.status in OVER and _age(job, inspection) > RECENT:
            what = f"{job.name} {job.status} according to the ledger, and on AWS Batch it is {told.status}"
            inspection.note("contradiction", what, f"dmpworks runs watch {inspection.state.name}, or runs cancel")


def _from_absence(inspection: Inspection, deployment: Deployment | None, jobs: Mapping[str, BatchJob]) -> None:
    """Judge jobs that the ledger thinks alive and nobody else knows."""
    state = inspection.state
    alone = [job for job in state.live if (job.id or "") not in jobs]
    if not alone or len(alone) < len(state.live):
        return  # what waits for a job that AWS Batch knows will be told by it
    if not _on_batch(state):
        from_silence(inspection, PROCESS_GONE, "lost end")
    elif deployment and all(_age(job, inspection) > MEMORY for job in alone):
        from_silence(inspection, FORGOTTEN, "forgotten job")
    elif deployment and all(_age(job, inspection) > RECENT for job in alone):
        ids = ", ".join(f"{job.name} ({job.id})" for job in alone)
        next_step = "check AWS_REGION and AWS_PROFILE: another account or region may have them"
        inspection.note("unknown job", f"AWS Batch does not know {ids}", next_step)


def _on_batch(state: RunState) -> bool:
    return state.newest is not None and state.newest.where == "batch"


def _age(job: JobState, inspection: Inspection) -> timedelta:
    """Return for how long nothing was heard of a job."""
    last = (job.submitted, job.ended, job.last.started.at if job.last else None)
    return inspection.at - max((each for each in last if each), default=inspection.at)


def _asked(told: Mapping[str, Any]) -> JobRequest:
    sizes = {each["type"]: int(each["value"]) for each in told.get("container", {}).get("resourceRequirements", ())}
    return JobRequest(
        queue=told["jobQueue"].rsplit("/", 1)[-1],
        vcpus=sizes.get("VCPU"),
        memory=sizes.get("MEMORY"),
        timeout=told.get("timeout", {}).get("attemptDurationSeconds"),
        retries=told.get("retryStrategy", {}).get("attempts"),
        shards=told.get("arrayProperties", {}).get("size"),
    )
