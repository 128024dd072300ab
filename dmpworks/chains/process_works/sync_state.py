"""Which states the search index is known to be in: what the next works index is compared with.

The manifest of sync-works lists the `states` files that the sync applied; which sync is the last follows from what each
was built on (`jobs/newest.py`). The changes of a sqlmesh-transform that no sync lists may have been sent in part: their
DOIs are sent again.

A damaged manifest lists nothing and stops nobody: a sync whose manifest is damaged counts as not completed, so its
changes are sent again, and of a transform whose manifest is damaged every file of changes counts.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from dmpworks.chains.process_works.files import DamagedOutputError, checked_file
from dmpworks.errors import JobError, SyncError
from dmpworks.jobs.manifest import Manifest, phase_folder, read_manifest
from dmpworks.jobs.newest import newest_manifest
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket

CHAIN, TRANSFORM, SYNC = "process-works", "sqlmesh-transform", "sync-works"
EXPORT, STATES, CHANGES = "export", "states", "changes"


class SyncTarget(NamedTuple):
    """What a sync has to do, and how many documents the index holds afterwards."""

    upserts: int
    deletes: int
    documents: int


class Unsynced(NamedTuple):
    """A transform whose changes no completed sync has applied; without digest its manifest is damaged."""

    run_id: str
    digest: str | None
    changes: tuple[File, ...]


def sync_target(transform: Manifest) -> SyncTarget:
    """Return what the sync of a transform has to do.

    The numbers come from the fixed fields of the manifest and the rows of its files, never from the labels of its
    counts, which are for people and may be reworded. `read` is the number of works in the index, which the audit
    `as_many_live_as_indexed` has compared with the states.
    """
    changes = sum(file.rows or 0 for file in changes_files(transform))
    upserts = transform.counts.written
    return SyncTarget(upserts, changes - upserts, transform.counts.read)


def state_files(files: tuple[File, ...]) -> list[File]:
    """Return the files of states among the files of a phase."""
    return [file for file in files if f"/{STATES}/" in file.key]


def changes_files(transform: Manifest) -> tuple[File, ...]:
    """Return the files of the states that the run itself added; it may also list states of an earlier run."""
    prefix = _changes_prefix(transform.run_id)
    return tuple(file for file in transform.files if file.key.startswith(prefix))


def _changes_prefix(run_id: str) -> str:
    return f"{phase_folder(CHAIN, run_id, STATES)}/{CHANGES}-"


def last_sync(bucket: Bucket) -> tuple[Manifest, str] | None:
    """Return the manifest of the last completed sync, and its digest; None before the first sync."""
    return newest_manifest(bucket, CHAIN, SYNC)


def synced_states(run: Run, *, rebuild: bool = False) -> list[Path]:
    """Return the states that the last sync applied and note it as an input of the run; none before the first sync.

    Raises DamagedOutputError when a file is damaged or gone; with `rebuild` that file is left out instead.
    """
    last = last_sync(run.bucket)
    if last is None:
        return []
    run.inputs[phase_folder(CHAIN, last[0].run_id, SYNC)] = last[1]
    return _checked(run, state_files(last[0].files), rebuild)


def unsynced_changes(run: Run, *, rebuild: bool = False) -> list[Path]:
    """Return the changes of every transform that no completed sync has applied, and note their runs as inputs.

    That of this run itself is no input: this job is about to replace it.
    """
    unsynced = unsynced_transforms(run.bucket)
    run.inputs |= {
        phase_folder(CHAIN, other.run_id, TRANSFORM): other.digest
        for other in unsynced
        if other.digest and other.run_id != run.run_id
    }
    return _checked(run, [file for other in unsynced for file in other.changes], rebuild)


def _checked(run: Run, files: list[File], rebuild: bool) -> list[Path]:
    rebuild_command = f"{retry_command(run, TRANSFORM)} --sqlmesh-transform.export-all"
    paths = []
    for file in files:
        try:
            paths.append(checked_file(run, file, next=f"rebuild the states and send every work: {rebuild_command}"))
        except DamagedOutputError as error:
            if not rebuild:
                raise
            run.progress(f"warning: left out, because every work is exported: {error.on}")
    return paths


def unsynced_transforms(bucket: Bucket) -> list[Unsynced]:
    """Return the transforms whose changes no completed sync lists, in the order of their runs' names."""
    synced = {file.key for manifest in _manifests(bucket, SYNC) for file in manifest.files}
    transforms = [_changes_of_run(bucket, run_id) for run_id in bucket.folders(CHAIN)]
    return [other for other in transforms if not synced.issuperset(file.key for file in other.changes)]


def _manifests(bucket: Bucket, job: str) -> Iterator[Manifest]:
    for run_id in bucket.folders(CHAIN):
        with suppress(JobError):  # damaged
            if pair := read_manifest(bucket, phase_folder(CHAIN, run_id, job)):
                yield pair[0]


def _changes_of_run(bucket: Bucket, run_id: str) -> Unsynced:
    try:
        pair = read_manifest(bucket, phase_folder(CHAIN, run_id, TRANSFORM))
    except JobError:
        stored = bucket.list(phase_folder(CHAIN, run_id, STATES))
        changes = tuple(File(key, size) for key, size in stored if key.startswith(_changes_prefix(run_id)))
        return Unsynced(run_id, None, changes)
    return Unsynced(run_id, pair[1], changes_files(pair[0])) if pair else Unsynced(run_id, None, ())


def check_nothing_newer(run: Run, transform: Manifest) -> None:
    """Raise SyncError when another run may have changed the index in a way that this export does not know of.

    Either its sync has completed, and this one would undo it in part; or its changes may have been sent in part, and
    it is not among those that this export was made with.
    """
    if newer := _completed_since(run, transform):
        raise _outdated(run, f"the sync of {CHAIN} {newer.run_id} completed, at {newer.ended:%Y-%m-%d %H:%M:%S} UTC")
    for other in unsynced_transforms(run.bucket):
        known = transform.inputs.get(phase_folder(CHAIN, other.run_id, TRANSFORM))
        if other.run_id != run.run_id and (other.digest is None or known != other.digest):
            raise _outdated(run, f"that of {CHAIN} {other.run_id}, which may have been sent in part")


def _completed_since(run: Run, transform: Manifest) -> Manifest | None:
    last = last_sync(run.bucket)
    if last is None:
        return None
    manifest, digest = last
    listed = {file.key for file in manifest.files}
    repeated = all(file.key in listed for file in state_files(transform.files))
    compared = transform.inputs.get(phase_folder(CHAIN, manifest.run_id, SYNC)) == digest
    return None if repeated or compared else manifest


def _outdated(run: Run, event: str) -> SyncError:
    return SyncError(
        f"the export was made before {event}",
        on="the export says what has changed since an earlier sync",
        next=f"{retry_command(run, TRANSFORM)} (or batch-submit)",
    )


def retry_command(run: Run, job: str) -> str:
    """Return the command that repeats a run of this chain from a job on."""
    return f"dmpworks run {CHAIN} --run-id {run.run_id} --start-job {job}"
