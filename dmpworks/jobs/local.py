"""A chain on this machine: the same jobs in order, each in a process of its own with its container's environment."""

import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from dmpworks.errors import JobError, PreflightError
from dmpworks.jobs.containers import container_command, container_environment, secret_environment
from dmpworks.jobs.manifest import Manifest, phase_folder, read_manifest
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.run import find_phase, missing_phase
from dmpworks.services.storage import Bucket

# What a process needs of the machine, and what AWS's and TLS's libraries read by themselves; no setting of ours.
INHERITED = ("PATH", "HOME", "LANG", "LC_", "TMPDIR", "TZ", "AWS_", "SSL_", "REQUESTS_CA_BUNDLE", "HTTP", "NO_PROXY")


def run_chain(
    chain: Chain,
    jobs: tuple[Job, ...],
    values: Mapping[str, Any],
    environ: Mapping[str, str],
    bucket: Bucket,
) -> list[Manifest]:
    """Run jobs one after the other and return their manifests; stops at the first that fails with its exit code."""
    machine = {name: value for name, value in environ.items() if name.upper().startswith(INHERITED)}
    run_id = values[f"{chain.prefix}_RUN_ID"]
    manifests = []
    for job in jobs:
        print(f"{chain.name} {job.name}: run {run_id} begins", file=sys.stderr, flush=True)
        environment = container_environment(chain, job, values) | secret_environment(chain, job, values)
        command = [sys.executable, "-m", "dmpworks", *container_command(chain, job)]
        code = subprocess.run(command, env=machine | environment, check=False).returncode
        if code != 0:
            raise _failed(chain, job, run_id, code)
        manifests.append(_manifest(bucket, chain, job, run_id))
    return manifests


def check_start(chain: Chain, start: str, run_id: str, bucket: Bucket) -> None:
    """Stop before anything begins when what the first job reads is not there; raises PreflightError."""
    position = chain.job_names.index(start)
    if position == 0:
        return
    before = chain.job_names[position - 1]
    if find_phase(bucket, phase_folder(chain.name, run_id, before)) is None:
        missing = missing_phase(bucket, chain.name, run_id, before)
        raise PreflightError(f"cannot start {chain.name} at {start}: {missing.what}", on=missing.on, next=missing.next)


class ChainStopped(JobError):
    """A job of a local run failed; its process has told why."""


def _failed(chain: Chain, job: Job, run_id: str, code: int) -> ChainStopped:
    how = f"was killed by signal {-code}" if code < 0 else f"failed with exit code {code}"
    stopped = ChainStopped(
        f"{chain.name} stopped: its job {job.name} {how}",
        on=f"run {run_id}; the jobs after it did not start, what was complete is untouched",
        next=f"mend the cause above, then: dmpworks run {chain.name} --run-id {run_id} --start-job {job.name}",
    )
    stopped.exit_code = code if code in (2, 75) else 1
    return stopped


def _manifest(bucket: Bucket, chain: Chain, job: Job, run_id: str) -> Manifest:
    found = read_manifest(bucket, phase_folder(chain.name, run_id, job.name))
    if found is None:
        raise JobError(
            f"{job.name} ended well but left no manifest", on=f"{chain.name} {run_id}", next="report this as a bug"
        )
    return found[0]
