"""Whether a job's output is there, whole, and what this submission would write: what may be skipped, and why not.

Each verdict tells why in words that follow the job's name: `download has not run`.
"""

from contextlib import suppress
from typing import NamedTuple

import msgspec

from dmpworks.errors import JobError, PreflightError
from dmpworks.jobs.manifest import MANIFEST, STARTED, Manifest, fingerprint, phase_folder
from dmpworks.jobs.model import Chain, Job
from dmpworks.jobs.run import find_phase
from dmpworks.jobs.wiring import output_values, run_id_setting
from dmpworks.runs.outputs import lacking
from dmpworks.services.storage import Bucket
from dmpworks.settings.resolve import Resolved


class Complete(msgspec.Struct, frozen=True):
    """The output is whole and current; without manifest a person uploaded it."""

    why: str
    manifest: Manifest | None = None


class Missing(msgspec.Struct, frozen=True):
    """There is no whole output; `on` is the object that is wanting."""

    why: str
    on: str


class Stale(msgspec.Struct, frozen=True):
    """The output is whole, but was made with other settings or from other input."""

    why: str


class Start(NamedTuple):
    """The first job to run (None: all is complete and current), and why so, for each job looked at."""

    job: str | None
    why: dict[str, str]


def check(bucket: Bucket, chain: Chain, job: Job, run_id: str, values: Resolved) -> Complete | Missing | Stale:
    """Tell whether a job's output is complete and current with these settings.

    Where the values lack a setting that the job demands, its settings are not compared: then this submission cannot
    run it anyhow.
    """
    whole = check_whole(bucket, chain, job, run_id)
    if isinstance(whole, Missing) or whole.manifest is None:
        return whole
    changed = _changed(bucket, chain, job, whole.manifest, values)
    return Stale(changed) if changed else whole


def check_whole(bucket: Bucket, chain: Chain, job: Job, run_id: str) -> Complete | Missing:
    """Tell whether a job's output is there with every file, whatever it was made with."""
    folder = phase_folder(chain.name, run_id, job.name)
    try:
        found = find_phase(bucket, folder)
    except JobError as error:
        return Missing("has a damaged manifest", error.on)
    if found is None:
        begun = bucket.exists(f"{folder}/{STARTED}")
        why = "was never finished" if begun else "has not run"
        return Missing(why, f"{bucket.name}: {folder}/{MANIFEST} does not exist")
    if found.manifest is None:
        return Complete("was uploaded by hand")
    if lost := lacking(bucket, found.files):
        return Missing("has lost output", f"{bucket.name}: {lost}")
    return Complete(f"is complete since {found.manifest.ended:%Y-%m-%d %H:%M} UTC", found.manifest)


def check_start(chain: Chain, start: str, run_id: str, bucket: Bucket) -> None:
    """Stop before anything begins when what the first job reads is not there, or not whole; raises PreflightError."""
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
    """Return the first job whose output is missing or stale; looks no further than that.

    Raises PreflightError when a job that people alone may repeat would be started again after it broke off.
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
            now = find_phase(bucket, folder)
        except JobError:
            now = None
        if now is None:
            return f"read what is gone: {folder}"
        if now.digest != digest:
            return f"read files that were replaced since: {folder}"
    return None


def _check_repeatable(bucket: Bucket, chain: Chain, jobs: tuple[Job, ...], run_id: str) -> None:
    for job in jobs:
        begun = f"{phase_folder(chain.name, run_id, job.name)}/{STARTED}"
        if not job.repeatable and bucket.exists(begun):
            raise PreflightError(
                f"{job.name} began and broke off: it is not started again by itself",
                on=f"{bucket.name}: {begun}",
                next=f"look at what it did (dmpworks runs logs {chain.name}/{run_id} {job.name}), "
                f"then add --start-job {job.name}",
            )
