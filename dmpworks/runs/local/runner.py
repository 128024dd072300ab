"""Run a chain on this machine: the same jobs in order, each in its own process with its container's environment.

The lock of the chain is held throughout. Jobs record their own start and end in the ledger; the end of a job that could
not do so (it was killed, or never began) is recorded here.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dmpworks.errors import DmpworksError, JobError, PreflightError
from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.containers import container_command, container_environment, recorded_settings, secret_environment
from dmpworks.jobs.interrupts import TIDYING
from dmpworks.jobs.manifest import Manifest, phase_folder, read_manifest
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.wiring import ARRAY_INDEX, TERMINAL, asked_shards, run_id_setting, shards
from dmpworks.runs.completeness import Start
from dmpworks.runs.ledger.current import purpose
from dmpworks.runs.ledger.events import Final, JobRequest, Observed, Planned, Submitted
from dmpworks.runs.ledger.locks import HeldLock, hold
from dmpworks.runs.ledger.state import LIVE
from dmpworks.runs.ledger.store import Ledger, RunName, now, run_names, states, who
from dmpworks.runs.local.terminal import Screen, screen
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Resolved
from dmpworks.version import version

# What a process needs from the machine, and what the AWS and TLS libraries read by themselves; none are our settings.
INHERITED = (
    "PATH", "HOME", "LANG", "LC_", "TERM", "NO_COLOR", "TMPDIR", "TZ", "AWS_", "SSL_", "REQUESTS_CA_BUNDLE", "HTTP",
    "NO_PROXY",
)  # fmt: skip
PATIENCE = 2 * TIDYING  # seconds until a job that was asked to end is killed
POLL = 0.2  # seconds between two looks at a job's log


class ChainStopped(JobError):
    """A job of a local run failed; its process has reported why."""


def run_chain(
    chain: Chain,
    start: Start,
    values: Resolved,
    environ: Mapping[str, str],
    bucket: Bucket,
    again: Callable[[str], str],
    reads: Mapping[str, str | None] | None = None,
) -> list[Manifest]:
    """Run jobs one after the other and return their manifests.

    `again` returns the command that continues at a job; `reads` are the upstream runs. Raises
    ChainStopped at the first job that fails, and PreflightError if another process holds the lock of the chain.
    """
    if start.job is None:
        return []
    run, jobs = RunName(chain.name, values[run_id_setting(chain)]), chain.from_job(start.job)
    machine = {name: value for name, value in environ.items() if name.upper().startswith(INHERITED)}
    with hold(bucket, chain.name, purpose(run)) as held:
        _check_no_batch(bucket, chain)
        ledger = Ledger(bucket, run)
        number = len(ledger.state().submissions) + 1
        ledger.append(_planned(chain, number, jobs, start.why, values, reads or {}))
        submission = _Submission(chain, jobs, number, ledger, held, machine, values)
        for job in jobs:
            if code := submission.run(job):
                raise _failed(run, job, code, again(job.name))
    return [_manifest(bucket, run, job) for job in jobs]


@dataclass(frozen=True)
class _Submission:
    chain: Chain
    jobs: tuple[Job, ...]
    number: int
    ledger: Ledger
    held: HeldLock
    machine: Mapping[str, str]
    values: Resolved

    def run(self, job: Job) -> int:
        """Run a job, ensure that its end is recorded, and return its exit code (killed: 128 + signal)."""
        self.held.check()
        self.ledger.append(Submitted(at=now(), by=who(), submission=self.number, job=job.name))
        environment = container_environment(self.chain, job, self.values)
        environment |= secret_environment(self.chain, job, self.values)
        command = [sys.executable, "-m", "dmpworks.runs.local.supervised", *container_command(self.chain, job)]
        with _log(self.ledger.bucket, self.ledger.log_key(self.number, job.name)) as log:
            code = self._run_shards(command, {**self.machine, **environment}, log, shards(self.chain, job, self.values))
        if self.held.overtaken:
            self.held.check()  # raises: from now on only the new holder may write to the ledger
        code = 128 - code if code < 0 else code
        self._record_end(job, code)
        return code

    def _run_shards(self, command: list[str], environment: dict[str, str], log: Path, number: int) -> int:
        """Run a command once per shard, even after one that failed, and return the exit code of the first failure."""
        failed = 0
        for shard in range(number):
            code = _run(command, {**environment, ARRAY_INDEX: str(shard)}, log, self.held)
            failed = failed or code
            # the others would fail alike, or are not wanted
            if code in (ExitCode.USAGE, ExitCode.INTERRUPTED) or self.held.overtaken:
                break
        return failed

    def _record_end(self, job: Job, code: int) -> None:
        after = self.jobs[self.jobs.index(job) + 1 :]
        if code == ExitCode.INTERRUPTED:
            self._observe((job, *after), "cancelled", "interrupted", code)
            return
        if self.ledger.state().jobs[job.name].status in LIVE:  # it could not record its end
            self._observe((job,), "failed" if code else "succeeded", describe_exit(code), code)
        if code:
            self._observe(after, "skipped", f"{job.name} before it failed")

    def _observe(self, jobs: tuple[Job, ...], state: Final, reason: str, code: int | None = None) -> None:
        for job in jobs:
            self.ledger.append(Observed(at=now(), by=who(), job=job.name, state=state, reason=reason, exit_code=code))


def describe_exit(code: int) -> str:
    """Return the meaning of an exit code, in words that follow the job's name."""
    if code == ExitCode.INTERRUPTED:
        return "was interrupted"
    return f"was killed by signal {code - 128}" if code > 128 else f"failed with exit code {code}"


def _check_no_batch(bucket: Bucket, chain: Chain) -> None:
    """Raise PreflightError while jobs of the chain are live on AWS Batch; with a folder as bucket there are none."""
    if bucket.is_folder:
        return
    for state in states(bucket, run_names(bucket, chain.name)):
        if state.newest and state.newest.where == "batch" and state.live:
            raise PreflightError(
                f"{state.name} is running on AWS Batch",
                on=", ".join(f"{job.name} ({job.id})" for job in state.live),
                next=f"dmpworks runs watch {state.name}, or runs cancel; if it ended long ago: dmpworks runs reconcile",
            )


def _planned(
    chain: Chain,
    number: int,
    jobs: tuple[Job, ...],
    skipped: Mapping[str, str],
    values: Resolved,
    reads: Mapping[str, str | None],
) -> Planned:
    return Planned(
        at=now(),
        by=who(),
        submission=number,
        where="local",
        jobs={job.name: JobRequest(shards=asked_shards(chain, job, values)) for job in jobs},
        skipped={name: why for name, why in skipped.items() if name not in {job.name for job in jobs}},
        settings=recorded_settings(chain, values),
        version=version(),
        reads=dict(reads),
    )


@contextmanager
def _log(bucket: Bucket, key: str) -> Iterator[Path]:
    """Yield the job's log file: the object itself in a folder, else one that is uploaded at the end."""
    if bucket.root:
        path = bucket.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="dmpworks-") as folder:
        path = Path(folder) / "log.txt"
        yield path
        try:
            bucket.upload(path, key)
        except DmpworksError as error:  # the log was shown already; the result of the job matters more
            print(f"the log was not stored: {error.what} ({error.on})", file=sys.stderr)


def _run(command: list[str], environment: dict[str, str], log: Path, held: HeldLock) -> int:
    """Run a command and return its exit code; it ends when this process ends, and when the lock is taken over.

    Its output is appended to the log file; our own standard output is for the result alone.
    """
    with log.open("ab") as out, log.open("rb") as written, screen(written) as shown:
        descriptors = {} if shown.terminal is None else {TERMINAL: shown.terminal}
        environment |= {name: str(descriptor) for name, descriptor in descriptors.items()}
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out, pass_fds=descriptors.values()
        ) as process:
            try:
                code = _wait(process, shown, held)
            except KeyboardInterrupt:
                code = _stopped(process)
        shown.show_rest()
        return code


def _wait(process: subprocess.Popen[bytes], shown: Screen, held: HeldLock) -> int:
    while not held.overtaken:
        try:
            return process.wait(POLL)
        except subprocess.TimeoutExpired:
            shown.show()
    return _stopped(process)


def _stopped(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
    return ExitCode.INTERRUPTED


def _failed(run: RunName, job: Job, code: int, again: str) -> ChainStopped:
    stopped = ChainStopped(
        f"{run.chain} stopped: its job {job.name} {describe_exit(code)}",
        on=f"run {run.run_id}; the jobs after it did not start, what was complete is untouched",
        next=again if code == ExitCode.INTERRUPTED else f"fix the cause above, then: {again}",
    )
    stopped.exit_code = code if code in (ExitCode.USAGE, ExitCode.TRY_AGAIN, ExitCode.INTERRUPTED) else ExitCode.FAILED
    return stopped


def _manifest(bucket: Bucket, run: RunName, job: Job) -> Manifest:
    manifest = read_manifest(bucket, phase_folder(*run, job.name))
    if manifest is None:
        raise JobError(f"{job.name} succeeded but left no manifest", on=str(run), next="report this as a bug")
    return manifest[0]
