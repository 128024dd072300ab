"""One execution of one job, as a container does it: everything from the environment, the manifest written last."""

import errno
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from dmpworks.errors import JobError
from dmpworks.jobs.manifest import (
    STARTED,
    Manifest,
    fingerprint,
    keep_manifest,
    phase_folder,
    read_manifest,
    says_the_same,
    write_manifest,
)
from dmpworks.jobs.model import Chain, Counts, Job, Partial
from dmpworks.jobs.run import Run
from dmpworks.jobs.scratch import scratch_folder
from dmpworks.jobs.usage import Usage, metered
from dmpworks.jobs.wiring import (
    TERMINAL,
    job_settings,
    output_values,
    prefixes,
    read_setting,
    run_id_setting,
    shard,
    variables,
)
from dmpworks.services.storage import Bucket, open_bucket
from dmpworks.settings.resolve import Resolved, Sources, check_unknown, resolve
from dmpworks.version import version

# What the machine refuses is no bug of ours: reported in three lines like any other failure.
REFUSED = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE, errno.ENOTDIR}


class Report(Protocol):
    """Who is notified that an execution begins, and how it ended; neither may raise."""

    def started(self, run: Run) -> None:
        """An execution begins."""

    def ended(self, run: Run, result: Counts | Partial | BaseException, usage: Usage) -> None:
        """It ended: with the job's counts, as one of several shards, or with what was raised."""


class NoReport:
    """Nobody is notified."""

    def started(self, run: Run) -> None:
        """Say nothing."""

    def ended(self, run: Run, result: Counts | Partial | BaseException, usage: Usage) -> None:
        """Say nothing."""


def execute(
    chains: Iterable[Chain], chain: Chain, job: Job, environ: Mapping[str, str], report: Report | None = None
) -> Manifest | Partial:
    """Run a job from its environment and complete its phase; raises what the job raises, and then writes nothing.

    A shard that others have not caught up with leaves the phase as it is, for the last of them to complete.
    """
    sources = Sources({}, environ, {}, "", has_options=False)
    check_unknown(variables(chains), prefixes(chains), sources)
    values = resolve(job_settings(chain, job), sources, chain.prefix)
    project = values.project
    bucket = open_bucket(project.bucket_name, project.aws_region)
    run_id = values[run_id_setting(chain)]
    share = shard(chain, job, values, environ)
    name = f"{chain.name} {run_id} {job.name}" + (f":{share.number}" if share.of > 1 else "")
    with _named(name), _refusals(bucket), scratch_folder(bucket, name.replace(" ", "-")) as scratch:
        terminal = int(environ[TERMINAL]) if TERMINAL in environ else None
        run = Run(chain.name, job.name, run_id, project.env, bucket, scratch, project.aws_region, share, terminal)
        run.reads = {reads.chain: (reads, values[read_setting(reads)]) for reads in job.reads}
        run.settings = output_values(chain, job, values)
        with metered() as usage:
            return _reported(run, job, values, fingerprint(run.settings), report or NoReport(), usage)


def _reported(
    run: Run, job: Job, values: Resolved, settings: str, report: Report, usage: Callable[[], Usage]
) -> Manifest | Partial:
    report.started(run)
    try:
        with _refusals(run.bucket):
            manifest = _execute(run, job, values, settings)
    except BaseException as error:
        report.ended(run, error, usage())
        raise
    report.ended(run, manifest if isinstance(manifest, Partial) else manifest.counts, usage())
    return manifest


def _execute(run: Run, job: Job, values: Resolved, settings: str) -> Manifest | Partial:
    started = datetime.now(UTC)
    run.progress(f"run {run.run_id} begins, attempt {run.token}")
    folder = phase_folder(run.chain, run.run_id, run.job)
    run.bucket.put(f"{folder}/{STARTED}", msgspec.json.encode({"attempt": run.token, "started": started}))
    counts = job.function(**{name: run if cls is Run else values.of(cls) for name, cls in job.parameters.items()})
    if isinstance(counts, Partial):
        return _left(run, folder, counts)
    manifest = Manifest(
        chain=run.chain,
        job=run.job,
        run_id=run.run_id,
        attempt=run.token,
        version=version(),
        started=started,
        ended=datetime.now(UTC),
        settings=settings,
        inputs=run.inputs,
        counts=counts,
        files=tuple(run.outputs),
    )
    before = _manifest_before(run.bucket, folder)
    if before and says_the_same(before, manifest):
        keep_manifest(run.bucket, before, job.folders)
        run.progress("nothing has changed: the phase is left as it is")
        return before
    _check_folders(manifest, job)
    write_manifest(run.bucket, manifest, job.folders)
    run.progress(f"done in {(manifest.ended - started).total_seconds():.1f} s: {format_counts(counts)}")
    return manifest


def _check_folders(manifest: Manifest, job: Job) -> None:
    """Raise TypeError where a job wrote to a folder that it does not declare: nobody would ever clean up there."""
    run, allowed = f"{manifest.chain}/{manifest.run_id}/", {job.name, *job.folders}
    written = {file.key.removeprefix(run).split("/")[0] for file in manifest.files if file.key.startswith(run)}
    if undeclared := sorted(written - allowed):
        raise TypeError(f"{job.name} wrote to {undeclared[0]}: declare Job(..., folders=({undeclared[0]!r},))")


def _left(run: Run, folder: str, partial: Partial) -> Partial:
    """Leave the phase to other shards; one that has no part of it is no execution of a phase that is complete."""
    if partial.waiting:
        done, awaited = format_counts(partial.counts), f"{partial.waiting:,} parts are still to come"
        run.progress(f"shard {run.shard.number} is done: {done}; {awaited}")
        return partial
    run.progress(f"shard {run.shard.number} has nothing to do: there are fewer files than shards")
    if _manifest_before(run.bucket, folder):
        run.bucket.delete([f"{folder}/{STARTED}"])
    return partial


def _manifest_before(bucket: Bucket, folder: str) -> Manifest | None:
    try:
        found = read_manifest(bucket, folder)
    except JobError:  # this execution replaces the damaged one
        return None
    return found[0] if found else None


def format_counts(counts: Counts) -> str:
    """Return counts as one line of text, zeros left out; names may hold commas."""
    parts = [f"{counts.read:,} read", f"{counts.written:,} written"]
    parts += [f"{number:,} dropped ({reason})" for reason, number in counts.dropped.items() if number]
    parts += [f"{counts.quarantined:,} quarantined{_reasons(counts)}"] if counts.quarantined else []
    return "; ".join(parts + [f"{name}: {number:,}" for name, number in counts.also.items() if number])


def _reasons(counts: Counts) -> str:
    text = ", ".join(f"{number:,} {reason}" for reason, number in counts.quarantined_by_reason.items())
    return f" ({text})" if text else ""


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the job's name before what failed."""
    try:
        yield
    except JobError as error:
        error.what = f"{name}: {error.what}"
        raise


@contextmanager
def _refusals(bucket: Bucket) -> Iterator[None]:
    """Tell what the machine refused as a failure of the job."""
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSED:
            raise
        raise JobError(
            f"this machine refused: {error.strerror}",
            on=str(error.filename or f"a file in {bucket.root or tempfile.gettempdir()}"),
            next="make room, or fix the permissions, then run the job again",
        ) from error
