"""The container's view: a tiny job that looks at bucket, search engine and database from where jobs run."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from dmpworks.batch.aws_errors import REFUSALS, asking
from dmpworks.batch.describe import BatchJob, describe
from dmpworks.batch.preflight.checks import Check, bad
from dmpworks.batch.submission.plan import environment_prefix, queue_of, share_of
from dmpworks.jobs.containers import container_environment
from dmpworks.jobs.model import Chain
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Resolved

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient

TIMEOUT = 300  # seconds the job may take
PATIENCE = 1800  # seconds to wait for a machine
LOOK = 5.0  # seconds between two looks


def answer_key(token: str) -> str:
    """Return where the tiny job leaves what it saw."""
    return f"_dmpworks-doctor-{token}.json"


def probe_from_container(
    client: "BatchClient",
    bucket: Bucket,
    chain: Chain,
    values: Resolved,
    definition: str,
    sleep: Callable[[float], None],
) -> list[Check]:
    """Submit the tiny job, wait for its end, and return what it saw; whoever interrupts us ends it too."""
    token = secrets.token_hex(4)
    with asking("the job that looks from a container"):
        id = client.submit_job(**probe_request(chain, values, definition, token))["jobId"]
    try:
        job = _ended(client, id, sleep)
    except BaseException:
        _end(client, id)
        raise
    try:
        checks = msgspec.json.decode(bucket.get(answer_key(token)), type=list[Check])
        bucket.delete([answer_key(token)])
    except FileNotFoundError:
        return [_no_answer(job, id, client)]
    return [msgspec.structs.replace(check, name=f"{check.name}, from a container") for check in checks]


def probe_request(chain: Chain, values: Resolved, definition: str, token: str) -> dict[str, Any]:
    """Return the request of the tiny job: the settings of every job of the chain, in the queue of its small ones."""
    settings: dict[str, str] = {}
    for job in chain:
        settings |= container_environment(chain, job, values)
    small = next((job for job in chain if not job.size.large), chain.jobs[0])
    return {
        "jobName": f"{environment_prefix(values.project.env)}-doctor-{chain.name}-{token}",
        "jobQueue": queue_of(small, values),
        "jobDefinition": definition,
        **share_of(values),
        "retryStrategy": {"attempts": 1},
        "timeout": {"attemptDurationSeconds": TIMEOUT},
        "containerOverrides": {
            "command": ["doctor", chain.name, "--here", "--json", "--answer", token],
            "environment": [{"name": name, "value": value} for name, value in settings.items()],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}],
        },
    }


def _ended(client: "BatchClient", id: str, sleep: Callable[[float], None]) -> BatchJob | None:
    """Return the job once it has ended; None when it still waits after a long time."""
    for _ in range(int(PATIENCE / LOOK)):
        with asking(f"job {id}"):
            job = describe(client, [id]).get(id)
        if job and job.ended:
            return job
        sleep(LOOK)
    return None


def _no_answer(job: BatchJob | None, id: str, client: "BatchClient") -> Check:
    name = "view of a container"
    if job is None:
        _end(client, id)
        return bad(
            name, f"job {id} had no machine after {PATIENCE // 60} minutes", "look at the queue and its machines"
        )
    reasons = ", ".join(text for text in (job.reason, job.container_reason) if text)
    code = "" if job.exit_code is None else f", exit code {job.exit_code}"
    said = f"job {id} {job.status}{code} without an answer in the bucket: {reasons or 'no reason given'}"
    log = f"its log: {job.log_group} {job.log}" if job.log else "its container never began"
    return bad(name, said, f"{log}; see the job definition's role, image and network")


def _end(client: "BatchClient", id: str) -> None:
    try:
        client.terminate_job(jobId=id, reason="dmpworks doctor was interrupted")
    except REFUSALS:
        return  # it ends by itself: its time-out is short
