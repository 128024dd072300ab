"""A submission from settings to job ids: plan, preflight, lock, submit; for one chain, for a resume, for all chains."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from dmpworks.batch.submission.plan import SubmissionPlan, chain_queues, default_definition, make_plan, name_prefix
from dmpworks.commands.shared.inputs import check_inputs, check_upstream
from dmpworks.errors import PreflightError
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import run_id_setting
from dmpworks.runs.completeness import Start
from dmpworks.runs.ledger.locks import HeldLock, hold
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.upstream import Expected, expected_reads, upstream_runs
from dmpworks.services.storage import Bucket, names_folder, open_bucket
from dmpworks.settings.resolve import Resolved
from dmpworks.settings.shared import Project

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

    from dmpworks.batch.preflight.checks import Check
    from dmpworks.batch.submission.submit import Sent


class Account(NamedTuple):
    """Where a submission goes: AWS Batch to write to and to read from, the registry of images, the bucket."""

    client: "BatchClient"
    reader: "BatchClient"  # repeats what was throttled; SubmitJob is never repeated by itself
    ecr: Any
    bucket: Bucket
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class ChainSubmission:
    """What is to be submitted of a chain: its jobs with their settings, and the command that asks for the same."""

    chain: Chain
    values: Resolved
    start: Start
    retry_command: str
    definition: str | None = None  # a revision to keep to; else the newest is taken
    expected: Expected = field(default_factory=dict)  # upstream runs of the submission that is resumed
    force: bool = False  # submit although an upstream run is incomplete, or not the expected one

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs from the start job on."""
        return self.chain.from_job(self.start.job) if self.start.job else ()

    @property
    def skipped(self) -> dict[str, str]:
        """The jobs that are left out, and why."""
        wanted = {job.name for job in self.jobs}
        return {job: why for job, why in self.start.why.items() if job not in wanted}

    @cached_property
    def plan(self) -> SubmissionPlan:
        """The submission plan, made once; raises PreflightError when a request breaks a limit of AWS Batch."""
        name = self.definition or default_definition(self.values)
        return make_plan(self.chain, self.jobs, self.values, name, self.skipped)


class Ready(NamedTuple):
    """A plan that passed its preflight."""

    plan: SubmissionPlan
    retry_command: str
    definition: str | None  # the pinned revision; None if it was not found
    digest: str | None  # of the image
    reads: Expected  # upstream runs


def open_account(project: Project) -> Account:
    """Return where a submission with these settings goes; raises SettingsError or PreflightError when it cannot."""
    from dmpworks.batch.clients import batch_client, ecr_client

    region = project.aws_region
    bucket = open_bucket(project.bucket_name, region)
    return Account(batch_client(region), batch_client(region, only_reads=True), ecr_client(region), bucket)


def check_no_folder(chain: str, bucket: str) -> None:
    """Stop at a bucket that no container can read; raises PreflightError."""
    if names_folder(bucket):
        raise PreflightError(
            "AWS Batch cannot read a folder of this machine",
            on=f"BUCKET_NAME={bucket} (a folder, because it holds a slash)",
            next=f"name an S3 bucket, or: dmpworks run {chain}",
        )


def live_job(account: Account, chain: Chain, values: Resolved) -> str | None:
    """Return the first job of this run that is live on AWS Batch, if any: a resume begins there, and adopts it."""
    from dmpworks.batch.submission.adopt import live_jobs, queues_to_look_in

    run_id = values[run_id_setting(chain)]
    queues = queues_to_look_in(account.bucket, chain.name, chain_queues(chain, values))
    live = live_jobs(account.reader, queues, name_prefix(values.project.env, chain.name))
    names = {job.parameters.get("job") for job in live if job.parameters.get("run_id") == run_id}
    return next((name for name in chain.job_names if name in names), None)


def preflight(
    account: Account, submission: ChainSubmission, together: Mapping[str, str] | None = None
) -> tuple[list["Check"], Ready]:
    """Return every check of a submission, and what to submit if none of them fails.

    `together` maps the chains submitted with it, before it, to their run ids.
    """
    from dmpworks.batch.preflight.required import check_required_settings
    from dmpworks.batch.preflight.resources import check_bucket, check_definition, check_live_run, check_queues

    plan, values = submission.plan, submission.values
    found = check_definition(account.reader, account.ecr, plan.definition)
    checks = [
        *check_queues(account.reader, plan.queues, plan.asked, values.submission.batch_share_identifier),
        *found.checks,
    ]
    if found.definition:
        checks += check_required_settings(submission.chain, submission.jobs, values, found.definition)
    bucket, together, reads = check_bucket(account.bucket), together or {}, {}
    checks.append(bucket)
    if bucket.verdict == "ok":
        checks += check_inputs(account.bucket, submission.chain, submission.jobs[0], values, together)
        reads = upstream_runs(account.bucket, submission.chain, submission.jobs, values, together)
        checks += check_upstream(account.bucket, submission.chain, reads, submission.expected, force=submission.force)
        checks.append(check_live_run(account.reader, account.bucket, plan))
    definition = found.definition.name if found.definition else None
    ready = Ready(plan.pinned(definition), submission.retry_command, definition, found.digest, reads)
    return checks, ready


def read_upstream(
    bucket: Bucket, chain: Chain, values: Resolved, start: Start, expected: Expected, *, force: bool
) -> dict[str, str | None]:
    """Return the upstream runs of a local run; raises PreflightError if they must not be read."""
    runs = upstream_runs(bucket, chain, chain.from_job(start.job) if start.job else (), values, {})
    require_aloud(check_upstream(bucket, chain, runs, expected, force=force))
    return runs


def recorded_reads(bucket: Bucket, chain: Chain, values: Resolved, start: Start) -> Expected:
    """Return the upstream runs recorded by earlier submissions of a run, if it starts at a later job."""
    if start.job in (None, chain.job_names[0]):
        return {}
    return expected_reads(Ledger(bucket, RunName(chain.name, values[run_id_setting(chain)])).state().submissions)


def prepare(account: Account, submission: ChainSubmission) -> Ready:
    """Return the plan with its pinned definition; raises PreflightError that lists all failed checks at once."""
    checks, ready = preflight(account, submission)
    require_aloud(checks)
    return ready


def require_aloud(checks: Sequence["Check"]) -> None:
    """Raise PreflightError that lists all failed checks at once, if there are any; else say the warnings."""
    from dmpworks.batch.preflight.checks import require

    require(checks)
    for check in checks:
        if check.verdict == "warning":
            print(f"{check.name}: {check.said}", file=sys.stderr)


def send(account: Account, ready: Ready, held: HeldLock, after: Sequence[str] = ()) -> "list[Sent]":
    """Submit a plan under the chain's lock; the first job depends on `after`."""
    from dmpworks.batch.submission.submit import SubmissionContext, submit

    context = SubmissionContext(account.client, Ledger(account.bucket, ready.plan.run), held, account.sleep)
    return submit(context, ready.plan, ready.retry_command, after=after, image=ready.digest, reads=ready.reads)


def locks(stack: ExitStack, account: Account, plans: Sequence[SubmissionPlan]) -> list[HeldLock]:
    """Take the locks of these chains until the stack is closed; raises PreflightError that names who holds one."""
    return [stack.enter_context(hold(account.bucket, plan.chain, f"batch-submit {plan.run}")) for plan in plans]
