"""The plan of a submission: one pure value, made from declarations and settings, with no AWS in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dmpworks.batch.limits import broken_limits
from dmpworks.errors import SubmitError
from dmpworks.jobs.containers import container_command, container_environment
from dmpworks.jobs.model import Chain, Job

# Only lost machines, failed starts and our own "try again" (exit 75) are worth another attempt; without the catch-all
# at the end AWS Batch would retry everything else as well.
RETRY_RULES = [
    {"onStatusReason": "Host EC2*", "action": "RETRY"},
    {"onStatusReason": "Task failed to start*", "action": "RETRY"},
    {"onReason": "CannotPull*", "action": "RETRY"},
    {"onExitCode": "75", "action": "RETRY"},
    {"onReason": "*", "action": "EXIT"},
]


@dataclass(frozen=True)
class Plan:
    """What will be submitted: one SubmitJob request a job, in order, each to depend on the one before."""

    chain: str
    run_id: str
    env: str
    definition: str
    jobs: tuple[str, ...]
    skipped: tuple[str, ...]
    drafts: tuple[dict[str, Any], ...]  # requests without dependsOn

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests with a readable stand-in for each job id that AWS will give."""
        stand_ins = [None, *(f"<id of {job}>" for job in self.jobs)]
        return [request_after(draft, before) for draft, before in zip(self.drafts, stand_ins, strict=False)]


def make_plan(chain: Chain, jobs: tuple[Job, ...], values: Mapping[str, Any], definition: str) -> Plan:
    """Return the plan of these jobs of a chain; raises SubmitError when a request breaks a limit of AWS Batch."""
    drafts = tuple(_draft(chain, job, values, definition) for job in jobs)
    plan = Plan(
        chain=chain.name,
        run_id=values[f"{chain.prefix}_RUN_ID"],
        env=values["ENV"],
        definition=definition,
        jobs=tuple(job.name for job in jobs),
        skipped=tuple(name for name in chain.job_names if name not in {job.name for job in jobs}),
        drafts=drafts,
    )
    for job, request in zip(plan.jobs, plan.requests(), strict=True):
        if broken := broken_limits(request):
            raise SubmitError(
                f"AWS Batch would refuse {job}", on="; ".join(broken), next="change the setting; nothing was submitted"
            )
    return plan


def request_after(draft: dict[str, Any], before: str | None) -> dict[str, Any]:
    """Return the request that depends on the job before, if there is one."""
    return draft | ({"dependsOn": [{"jobId": before}]} if before else {})


def default_definition(values: Mapping[str, Any]) -> str:
    """Return the job definition as set, else `dmpworks-<env>`."""
    return str(values["BATCH_JOB_DEFINITION"] or f"dmpworks-{values['ENV']}")


def _draft(chain: Chain, job: Job, values: Mapping[str, Any], definition: str) -> dict[str, Any]:
    run_id, env = values[f"{chain.prefix}_RUN_ID"], values["ENV"]
    about = {"env": env, "chain": chain.name, "run_id": run_id, "job": job.name}
    return {
        "jobName": f"dmpworks-{env}-{chain.name}-{run_id}-{job.name}",
        "jobQueue": _queue(job, values),
        "jobDefinition": definition,
        "parameters": about,  # unlike tags they come back in DescribeJobs and in events
        "tags": {"project": "dmpworks"} | about,
        "propagateTags": True,
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
    }


def _queue(job: Job, values: Mapping[str, Any]) -> str:
    small, large = f"dmpworks-{values['ENV']}", f"dmpworks-{values['ENV']}-large"
    return str((values["BATCH_QUEUE_LARGE"] or large) if job.size.large else (values["BATCH_QUEUE"] or small))
