"""Decide which jobs can be skipped: those whose output is complete and was made with the same settings and input.

The `why` of each verdict follows the name of the job in a sentence: `download has not run`.
"""

from contextlib import suppress
from typing import NamedTuple

import msgspec

from dmpworks.errors import JobError, LedgerError, PreflightError
from dmpworks.jobs.manifest import MANIFEST, STARTED, Manifest, fingerprint, phase_folder
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.run import find_phase
from dmpworks.jobs.wiring import output_values, run_id_setting
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.runs.outputs import lacking
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Resolved


class Complete(msgspec.Struct, frozen=True):
    """The output is complete and current; without a manifest, a person uploaded it."""

    why: str
    manifest: Manifest | None = None


class Missing(msgspec.Struct, frozen=True):
    """There is no complete output; `on` is the object that is missing or damaged."""

    why: str
    on: str


class Stale(msgspec.Struct, frozen=True):
    """The output is complete, but was made with other settings or from other input."""

    why: str


class Start(NamedTuple):
    """The first job to run (None: every job is complete and current), and the verdict on each job examined."""

    job: str | None
    why: dict[str, str]


def check(bucket: Bucket, chain: Chain, job: Job, run_id: str, values: Resolved) -> Complete | Missing | Stale:
    """Return whether a job's output is complete and current with these settings.

    If the values lack a setting that the job requires, settings are not compared: this submission cannot run the job.
    """
    verdict = check_whole(bucket, chain, job, run_id)
    if isinstance(verdict, Missing) or verdict.manifest is None:
        return verdict
    changed = _changed(bucket, chain, job, verdict.manifest, values)
    return Stale(changed) if changed else verdict


def check_whole(bucket: Bucket, chain: Chain, job: Job, run_id: str) -> Complete | Missing:
    """Return whether a job's output exists with every file, whatever settings it was made with.

    A job that changes an index or a database is complete only if no later attempt of it was interrupted.
    """
    folder = phase_folder(chain.name, run_id, job.name)
    try:
        phase = find_phase(bucket, folder)
    except JobError as error:
        return Missing("has a damaged manifest", error.on)
    if phase is None:
        why = "was never finished" if bucket.exists(f"{folder}/{STARTED}") else "has not run"
        return Missing(why, f"{bucket.name}: {folder}/{MANIFEST} does not exist")
    if phase.manifest is None:
        return Complete("was uploaded by hand")
    if lost := lacking(bucket, phase.files):
        return Missing("has lost output", f"{bucket.name}: {lost}")
    if job.changes_services and (started := _interrupted_repeat(bucket, folder, phase.manifest)):
        return Missing("was repeated, and the repetition did not complete", f"{bucket.name}: {started}")
    return Complete(f"is complete since {phase.manifest.ended:%Y-%m-%d %H:%M} UTC", phase.manifest)


def _interrupted_repeat(bucket: Bucket, folder: str, manifest: Manifest) -> str | None:
    """Return the trace of an attempt that began after a job's manifest was written and did not succeed.

    Such an attempt may have changed an index or a database, whatever the manifest of the earlier attempt says.
    """
    key = f"{folder}/{STARTED}"
    with suppress(FileNotFoundError, msgspec.DecodeError):
        if msgspec.json.decode(bucket.get(key)).get("attempt") != manifest.attempt:
            return key
    ledger = Ledger(bucket, RunName(manifest.chain, manifest.run_id))
    with suppress(LedgerError):  # a damaged ledger is reported by `runs reconcile`
        job = ledger.state().jobs.get(manifest.job)
        if job and job.last and job.last.started.at > manifest.ended and job.last.outcome != "succeeded":
            return f"{ledger.folder}: attempt {job.last.token}"
    return None


def check_start(chain: Chain, start: str, run_id: str, bucket: Bucket) -> None:
    """Raise PreflightError if the output that the start job reads from the job before it is missing or incomplete."""
    position = chain.job_names.index(start)
    if position == 0:
        return
    before = chain.job_names[position - 1]
    verdict = check_whole(bucket, chain, chain.job(before), run_id)
    if isinstance(verdict, Missing):
        raise PreflightError(
            f"cannot start {chain.name} at {start}: the job {before} of {chain.name} {run_id} {verdict.why}",
            on=verdict.on,
            next=f"dmpworks run {chain.name} --run-id {run_id} --start-job {before} (or batch-submit)",
        )


def first_job(bucket: Bucket, chain: Chain, values: Resolved) -> Start:
    """Return the first job whose output is missing or stale; jobs after it are not examined.

    Raises PreflightError if an interrupted job that is not repeatable would be started again: a person must name it.
    """
    run_id = values[run_id_setting(chain)]
    why = {}
    for job in chain:
        verdict = check(bucket, chain, job, run_id, values)
        why[job.name] = verdict.why
        if not isinstance(verdict, Complete):
            _check_repeatable(bucket, chain, chain.from_job(job.name), run_id)
            return Start(job.name, why)
    return Start(None, why)


def _changed(bucket: Bucket, chain: Chain, job: Job, manifest: Manifest, values: Resolved) -> str | None:
    with suppress(KeyError):
        if fingerprint(output_values(chain, job, values)) != manifest.settings:
            return "had other settings"
    for folder, digest in manifest.inputs.items():
        try:
            phase = find_phase(bucket, folder)
        except JobError:
            phase = None
        if phase is None:
            return f"read input that no longer exists: {folder}"
        if phase.digest != digest:
            return f"read files that were replaced since: {folder}"
    return None


def _check_repeatable(bucket: Bucket, chain: Chain, jobs: tuple[Job, ...], run_id: str) -> None:
    for job in jobs:
        started = f"{phase_folder(chain.name, run_id, job.name)}/{STARTED}"
        if not job.repeatable and bucket.exists(started):
            raise PreflightError(
                f"{job.name} was interrupted, and is not repeated automatically",
                on=f"{bucket.name}: {started}",
                next=f"look at what it did (dmpworks runs logs {chain.name}/{run_id} {job.name}), "
                f"then add --start-job {job.name}",
            )
