"""A chain on this machine: the same jobs in order, each in a process of its own with its container's environment."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from dmpworks.errors import JobError, PreflightError
from dmpworks.jobs.containers import container_command, container_environment, secret_environment
from dmpworks.jobs.manifest import Manifest, phase_folder, read_manifest
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.run import find_phase, missing_phase
from dmpworks.services.storage import Bucket

# What a process needs of the machine, and what AWS's and TLS's libraries read by themselves; no setting of ours.
INHERITED = ("PATH", "HOME", "LANG", "LC_", "TMPDIR", "TZ", "AWS_", "SSL_", "REQUESTS_CA_BUNDLE", "HTTP", "NO_PROXY")
INTERRUPTED = 130  # exit code of Ctrl-C, the shell's custom
PATIENCE = 10  # seconds in which an interrupted job may tidy up before it is killed


def run_chain(
    chain: Chain,
    jobs: tuple[Job, ...],
    values: Mapping[str, Any],
    environ: Mapping[str, str],
    bucket: Bucket,
    again: Callable[[str], str],
) -> list[Manifest]:
    """Run jobs one after the other and return their manifests; stops at the first that fails with its exit code.

    `again` gives the command that goes on at a job.
    """
    machine = {name: value for name, value in environ.items() if name.upper().startswith(INHERITED)}
    run_id = values[f"{chain.prefix}_RUN_ID"]
    manifests = []
    for job in jobs:
        print(f"{chain.name} {job.name}: run {run_id} begins", file=sys.stderr, flush=True)
        environment = container_environment(chain, job, values) | secret_environment(chain, job, values)
        command = [sys.executable, "-m", "dmpworks", *container_command(chain, job)]
        code = _run(command, machine | environment)
        if code != 0:
            raise _failed(chain, job, run_id, code, again(job.name))
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


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command and return its exit code; whoever interrupts us stops it too."""
    # its standard output goes where progress goes: ours is for the answer alone
    with subprocess.Popen(command, env=environment, stdout=sys.stderr) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            return _stopped(process)


def _stopped(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
    return INTERRUPTED


class ChainStopped(JobError):
    """A job of a local run failed; its process has told why."""


def _failed(chain: Chain, job: Job, run_id: str, code: int, again: str) -> ChainStopped:
    how = f"was killed by signal {-code}" if code < 0 else f"failed with exit code {code}"
    if code == INTERRUPTED:
        how = "was interrupted"
    stopped = ChainStopped(
        f"{chain.name} stopped: its job {job.name} {how}",
        on=f"run {run_id}; the jobs after it did not start, what was complete is untouched",
        next=again if code == INTERRUPTED else f"mend the cause above, then: {again}",
    )
    stopped.exit_code = code if code in (2, 75, INTERRUPTED) else 1
    return stopped


def _manifest(bucket: Bucket, chain: Chain, job: Job, run_id: str) -> Manifest:
    found = read_manifest(bucket, phase_folder(chain.name, run_id, job.name))
    if found is None:
        raise JobError(
            f"{job.name} ended well but left no manifest", on=f"{chain.name} {run_id}", next="report this as a bug"
        )
    return found[0]
