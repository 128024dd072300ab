"""Upstream runs: the runs of other chains that a run reads from.

A submission records them, with the digest of the output that it expects of each. A run must not be resumed on what a
failed upstream run left: it would merge the results of an older index.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from dmpworks.errors import JobError, LedgerError
from dmpworks.jobs.manifest import phase_folder
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.newest import ANY_RUN
from dmpworks.jobs.run import find_phase
from dmpworks.jobs.wiring import read_setting
from dmpworks.runs.ledger.current import current_state
from dmpworks.runs.ledger.events import Planned
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import Ledger, RunName, newest_runs
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Resolved

Expected = Mapping[str, str | None]  # run -> digest of its output; None: it is submitted together with its reader


class Problem(NamedTuple):
    """Why an upstream run must not be read, and what to do about it."""

    run: str
    why: str
    next: str


class Failure(NamedTuple):
    """The job because of which other runs did not start."""

    run: str
    job: str


def upstream_runs(
    bucket: Bucket, chain: Chain, jobs: Iterable[Job], values: Resolved, together: Mapping[str, str]
) -> dict[str, str | None]:
    """Return the runs that these jobs read from, as `Expected`.

    `together` maps the chains submitted before this one, in the same submission, to their run ids. A chain that is
    needed, but read through a service, counts with its newest run.
    """
    runs: dict[str, str | None] = {}
    for reads in (reads for job in jobs for reads in job.reads):
        setting = read_setting(reads)
        if setting in values and values.given(setting) and values[setting] != ANY_RUN:
            run = RunName(reads.chain, values[setting])
            runs[str(run)] = None if reads.chain in together else _digest(bucket, run, reads.job)
    for name in chain.after:
        if name in together:
            runs[str(RunName(name, together[name]))] = None
        elif newest := newest_runs(bucket, name, 1):
            runs[str(newest[0])] = _digest(bucket, newest[0])
    return runs


def upstream_problems(bucket: Bucket, chain: Chain, runs: Expected, recorded: Expected) -> list[Problem]:
    """Return the upstream runs that are incomplete or failed, or whose output differs from the recorded digest.

    Runs submitted together with their reader are not examined: AWS Batch starts the reader only after they succeed.
    """
    problems = []
    for name, digest in runs.items():
        if digest is None:
            continue
        run = RunName(*name.split("/", 1))
        problem = _unfinished(bucket, run) or _unexpected(chain, run, digest, recorded)
        problems += [problem] if problem else []
    return problems


def expected_reads(submissions: Iterable[Planned]) -> dict[str, str | None]:
    """Return the upstream runs that the submissions of a run recorded; of each chain, the newest."""
    expected: dict[str, str | None] = {}
    for submission in submissions:
        renewed = {name.split("/")[0] for name in submission.reads}
        expected = {name: digest for name, digest in expected.items() if name.split("/")[0] not in renewed}
        expected |= submission.reads
    return expected


def first_failure(bucket: Bucket, state: RunState) -> Failure | None:
    """Return the failed job because of which a run did not start; None if no ledger records one."""
    pending, seen = [*(state.newest.reads if state.newest else ())], set()
    while pending:
        name = pending.pop(0)
        if name in seen:
            continue
        seen.add(name)
        try:
            upstream = current_state(Ledger(bucket, RunName(*name.split("/", 1)))).state
        except LedgerError:
            continue
        for job in upstream.current:
            if job.status in ("failed", "cancelled"):
                return Failure(name, job.name)
        pending += upstream.newest.reads if upstream.newest else ()
    return None


def why_not_started(bucket: Bucket, state: RunState) -> tuple[str, str]:
    """Return why a run with the status `skipped` did not start, and the command that continues its submission."""
    command = (state.newest.command if state.newest else None) or "dmpworks batch-submit all"
    failure = first_failure(bucket, state)
    if failure is None:
        return "it did not start, because a chain that it waited for did not succeed", f"fix the cause, then: {command}"
    why = f"it did not start, because {failure.run} {failure.job} failed"
    return why, f"fix that (dmpworks runs show {failure.run}), then: {command}"


def _unfinished(bucket: Bucket, run: RunName) -> Problem | None:
    try:
        state = current_state(Ledger(bucket, run)).state
    except LedgerError as error:
        return Problem(str(run), f"{error.what} ({error.on})", error.next)
    if state.newest is None or state.status == "succeeded":
        return None
    if state.status == "running":
        if _completed_since(bucket, run, state.current[-1].name, state.newest.at):
            return None  # its end is not recorded yet
        return Problem(str(run), "it is still running", f"wait for it: dmpworks runs watch {run}")
    if state.status == "skipped":
        return Problem(str(run), *why_not_started(bucket, state))
    unfinished = next(job for job in state.current if job.status != "succeeded")
    command = state.newest.command or f"dmpworks runs resume {run}"
    return Problem(str(run), f"its job {unfinished.name} is {unfinished.status}", f"complete it first: {command}")


def _completed_since(bucket: Bucket, run: RunName, job: str, submitted: datetime) -> bool:
    """Return whether a job has written its output since its run was submitted; an uploaded output counts as well."""
    try:
        phase = find_phase(bucket, phase_folder(*run, job))
    except JobError:
        return False
    return phase is not None and (phase.manifest is None or phase.manifest.ended >= submitted)


def _unexpected(chain: Chain, run: RunName, digest: str, recorded: Expected) -> Problem | None:
    """Return the problem of a run that is complete, but is not what the recorded submission expected."""
    before = next((name for name in recorded if name.startswith(f"{run.chain}/")), None)
    if before is None:
        return None
    if before != str(run):
        if run.chain not in chain.after:  # a setting names the run: it was chosen
            return None
        why = f"{run} has run since the submission, which expected {before}"
    elif recorded[before] in (None, digest):
        return None
    else:
        why = "its output was replaced since the submission"
    return Problem(str(run), why, f"start again with what is there now: dmpworks batch-submit {chain.name}")


def _digest(bucket: Bucket, run: RunName, job: str | None = None) -> str:
    """Return the digest of the output of a job, by default the last one of the run; empty if there is none."""
    try:
        jobs = current_state(Ledger(bucket, run)).state.current if job is None else []
        phase = find_phase(bucket, phase_folder(*run, job or jobs[-1].name)) if job or jobs else None
    except (LedgerError, JobError):  # a damaged manifest or ledger is reported by the other checks
        return ""
    return phase.digest if phase else ""
