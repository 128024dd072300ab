"""The plan of a submission: one pure value, made from declarations and settings, with no AWS in it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dmpworks.batch.submission.limits import broken_limits
from dmpworks.errors import PreflightError
from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.containers import container_command, container_environment, recorded_settings
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import asked_shards, run_id_setting, sized
from dmpworks.runs.ledger.events import JobRequest
from dmpworks.runs.ledger.store import RunName
from dmpworks.settings.resolve import Resolved

# Only lost machines, failed starts and our own "try again" (exit 75) are worth another attempt; without the catch-all
# at the end AWS Batch would retry everything else as well.
RETRY_RULES = [
    {"onStatusReason": "Host EC2*", "action": "RETRY"},
    {"onStatusReason": "Task failed to start*", "action": "RETRY"},
    {"onReason": "CannotPull*", "action": "RETRY"},
    {"onExitCode": str(int(ExitCode.TRY_AGAIN)), "action": "RETRY"},
    {"onReason": "*", "action": "EXIT"},
]

# What makes two requests the same: names, tags and shares may differ.
DIGESTED = ("jobQueue", "jobDefinition", "retryStrategy", "timeout", "containerOverrides", "arrayProperties")


@dataclass(frozen=True)
class SubmissionPlan:
    """What will be submitted: one SubmitJob request a job, in order, each to depend on the one before."""

    chain: str
    run_id: str
    env: str
    definition: str
    jobs: tuple[str, ...]
    skipped: dict[str, str]  # job -> why it is left out
    drafts: tuple[dict[str, Any], ...]  # requests without dependsOn
    queues: tuple[str, ...]  # that jobs of the chain go to, those left out as well
    settings: dict[str, str]  # what a resume needs to ask for the same, secrets left out

    @property
    def run(self) -> RunName:
        """The run that the jobs belong to."""
        return RunName(self.chain, self.run_id)

    @property
    def name_prefix(self) -> str:
        """What the names of all Batch jobs of the chain begin with."""
        return name_prefix(self.env, self.chain)

    @property
    def asked(self) -> dict[str, JobRequest]:
        """What each job is submitted with."""
        return {job: _asked(draft) for job, draft in zip(self.jobs, self.drafts, strict=True)}

    def pinned(self, definition: str | None) -> "SubmissionPlan":
        """Return the plan with this revision of its job definition; unchanged where none is known."""
        if definition is None:
            return self
        drafts = tuple(_with_digest(draft | {"jobDefinition": definition}) for draft in self.drafts)
        return replace(self, definition=definition, drafts=drafts)

    def requests(self, after: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return the requests with a readable stand-in for each job id that AWS will give.

        The first job depends on `after`.
        """
        stand_ins = [after, *([f"<id of {job}>"] for job in self.jobs)]
        return [request_after(draft, before) for draft, before in zip(self.drafts, stand_ins, strict=False)]


def make_plan(
    chain: Chain,
    jobs: tuple[Job, ...],
    values: Resolved,
    definition: str,
    skipped: Mapping[str, str] | None = None,
) -> SubmissionPlan:
    """Return the plan of these jobs of a chain; raises PreflightError that lists every limit of AWS Batch it breaks."""
    plan = SubmissionPlan(
        chain=chain.name,
        run_id=values[run_id_setting(chain)],
        env=values.project.env,
        definition=definition,
        jobs=tuple(job.name for job in jobs),
        skipped=dict(skipped or {}),
        drafts=tuple(_draft(chain, sized(chain, job, values), values, definition) for job in jobs),
        queues=chain_queues(chain, values),
        settings=recorded_settings(chain, values),
    )
    broken = {job: broken_limits(request) for job, request in zip(plan.jobs, plan.requests(), strict=True)}
    if refused := [job for job, limits in broken.items() if limits]:
        raise PreflightError(
            f"AWS Batch would refuse {', '.join(refused)} of {plan.run}",
            on="; ".join(f"{job}: {limit}" for job in refused for limit in broken[job]),
            next="change the setting; nothing was submitted",
        )
    return plan


def request_after(draft: dict[str, Any], before: Sequence[str]) -> dict[str, Any]:
    """Return the request that depends on these Batch jobs, if there are any."""
    return draft | ({"dependsOn": [{"jobId": id} for id in before]} if before else {})


def environment_prefix(env: str) -> str:
    """Return what the names of all queues, definitions and jobs of an environment begin with, by default."""
    return f"dmpworks-{env}"


def default_definition(values: Resolved) -> str:
    """Return the job definition as set, else `dmpworks-<env>`."""
    return values.submission.batch_job_definition or environment_prefix(values.project.env)


def name_prefix(env: str, chain: str) -> str:
    """Return what the names of all Batch jobs of a chain begin with."""
    return f"{environment_prefix(env)}-{chain}-"


def chain_queues(chain: Chain, values: Resolved) -> tuple[str, ...]:
    """Return the queues that jobs of a chain go to."""
    return tuple(sorted({queue_of(job, values) for job in chain}))


def queue_of(job: Job, values: Resolved) -> str:
    """Return the queue of a job as set, else `dmpworks-<env>`, or `dmpworks-<env>-large` for a large job."""
    small = environment_prefix(values.project.env)
    if job.size.large:
        return values.submission.batch_queue_large or f"{small}-large"
    return values.submission.batch_queue or small


def share_of(values: Resolved) -> dict[str, Any]:
    """Return what a request to a queue with a fair-share policy holds; AWS Batch demands a priority as well."""
    share = values.submission.batch_share_identifier
    return {"shareIdentifier": share, "schedulingPriorityOverride": 0} if share else {}


def _draft(chain: Chain, job: Job, values: Resolved, definition: str) -> dict[str, Any]:
    run_id, env = values[run_id_setting(chain)], values.project.env
    about = {"env": env, "chain": chain.name, "run_id": run_id, "job": job.name}
    draft = {
        "jobName": f"{name_prefix(env, chain.name)}{run_id}-{job.name}",
        "jobQueue": queue_of(job, values),
        "jobDefinition": definition,
        "retryStrategy": {"attempts": job.attempts, "evaluateOnExit": RETRY_RULES},
        "timeout": {"attemptDurationSeconds": job.timeout},
        "containerOverrides": {
            "command": container_command(chain, job),
            "environment": [
                {"name": name, "value": value} for name, value in container_environment(chain, job, values).items()
            ],
            # vcpus and memory are deprecated and do not override a definition that uses resourceRequirements
            "resourceRequirements": [
                {"type": "VCPU", "value": str(job.size.vcpus)},
                {"type": "MEMORY", "value": str(job.size.memory)},
            ],
        },
        **share_of(values),
        # unlike tags they come back in DescribeJobs and in events
        "parameters": about,
        "tags": {"project": "dmpworks"} | about,
        "propagateTags": True,
    }
    if number := asked_shards(chain, job, values):
        draft["arrayProperties"] = {"size": number}
    return _with_digest(draft)


def _with_digest(draft: dict[str, Any]) -> dict[str, Any]:
    """Return a request with the digest that shows whether a live job is the same."""
    asked = {name: draft[name] for name in DIGESTED if name in draft}
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]
    return draft | {"parameters": draft["parameters"] | {"request": digest}}


def _asked(draft: Mapping[str, Any]) -> JobRequest:
    vcpus, memory = (int(each["value"]) for each in draft["containerOverrides"]["resourceRequirements"])
    return JobRequest(
        queue=draft["jobQueue"],
        vcpus=vcpus,
        memory=memory,
        timeout=draft["timeout"]["attemptDurationSeconds"],
        retries=draft["retryStrategy"]["attempts"],
        shards=draft.get("arrayProperties", {}).get("size"),
    )
