"""Which states the search index is known to be in: what the next works index is compared with.

The manifest of sync-works lists the `states` files that the sync applied; the last sync is the newest such manifest.
The changes of a sqlmesh-transform that no sync lists may have been sent in part: their DOIs are sent again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dmpworks.errors import SyncError
from dmpworks.jobs.manifest import MANIFEST, Manifest, phase_folder, read_manifest
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket

CHAIN, TRANSFORM, SYNC = "process-works", "sqlmesh-transform", "sync-works"
EXPORT, STATES, CHANGES = "export", "states", "changes"


class SyncTarget(NamedTuple):
    """What a sync has to do, and how many documents the index holds afterwards."""

    upserts: int
    deletes: int
    documents: int


def sync_target(transform: Manifest) -> SyncTarget:
    """Return what the sync of a transform has to do.

    The numbers come from the fixed fields of the manifest and the rows of its files, never from the labels of its
    counts, which are for people and may be reworded. `read` is the number of works in the index, which the audit
    `as_many_live_as_indexed` has compared with the states.
    """
    changes = sum(file.rows or 0 for file in changes_files(transform.files))
    upserts = transform.counts.written
    return SyncTarget(upserts, changes - upserts, transform.counts.read)


def state_files(files: tuple[File, ...]) -> list[File]:
    """Return the files of states among the files of a phase."""
    return [file for file in files if f"/{STATES}/" in file.key]


def changes_files(files: tuple[File, ...]) -> list[File]:
    """Return the files of those states that the run itself added."""
    return [file for file in state_files(files) if file.key.rsplit("/", 1)[-1].startswith(f"{CHANGES}-")]


def last_sync(bucket: Bucket) -> tuple[Manifest, str] | None:
    """Return the manifest of the sync that ended last, and its digest; None before the first sync."""
    return max(manifests(bucket, SYNC), key=lambda pair: pair[0].ended, default=None)


def manifests(bucket: Bucket, job: str) -> Iterator[tuple[Manifest, str]]:
    """Yield the manifests that a job of this chain has written in any run, each with its digest."""
    ending = f"/{job}/{MANIFEST}"
    for stored in bucket.list(CHAIN):
        if stored.key.endswith(ending) and (pair := read_manifest(bucket, stored.key.removesuffix(f"/{MANIFEST}"))):
            yield pair


def synced_states(run: Run) -> list[Path]:
    """Return the states that the last sync applied and note it as an input of the run; none before the first sync."""
    last = last_sync(run.bucket)
    if last is None:
        return []
    phase = run.phase(CHAIN, last[0].run_id, SYNC)
    return [phase.local(file) for file in state_files(phase.files)]


def unsynced_changes(run: Run) -> list[Path]:
    """Return the changes of every transform that no completed sync has applied.

    They are not noted as inputs, because one of them may be the very output that this job is about to replace.
    """
    files = [file for manifest in unsynced_transforms(run.bucket) for file in changes_files(manifest.files)]
    return [run.bucket.local(file.key, run.scratch / "inputs") for file in files]


def unsynced_transforms(bucket: Bucket) -> list[Manifest]:
    """Return the transforms whose changes no completed sync lists."""
    synced = {file.key for manifest, _ in manifests(bucket, SYNC) for file in manifest.files}
    transforms = (manifest for manifest, _ in manifests(bucket, TRANSFORM))
    return [
        manifest for manifest in transforms if not synced.issuperset(file.key for file in changes_files(manifest.files))
    ]


def check_nothing_newer(run: Run, transform: Manifest) -> None:
    """Raise SyncError when another run may have changed the index since this export was made.

    Either its sync has completed, and this one would undo it in part; or its export is newer and may have been sent in
    part, of which this export knows nothing.
    """
    if newer := _completed_since(run, transform):
        raise _outdated(run, f"the sync of {CHAIN} {newer.run_id} completed", newer)
    unsynced = [manifest for manifest in unsynced_transforms(run.bucket) if manifest.ended > transform.ended]
    if unsynced:
        raise _outdated(run, f"that of {CHAIN} {unsynced[0].run_id}, which may have been sent in part", unsynced[0])


def _completed_since(run: Run, transform: Manifest) -> Manifest | None:
    last = last_sync(run.bucket)
    if last is None:
        return None
    manifest, digest = last
    listed = {file.key for file in manifest.files}
    repeated = all(file.key in listed for file in state_files(transform.files))
    compared = transform.inputs.get(phase_folder(CHAIN, manifest.run_id, SYNC)) == digest
    return None if repeated or compared else manifest


def _outdated(run: Run, event: str, newer: Manifest) -> SyncError:
    return SyncError(
        f"the export was made before {event}",
        on=f"it ended {newer.ended:%Y-%m-%d %H:%M:%S} UTC; the export says what has changed since an earlier sync",
        next=f"dmpworks run {CHAIN} --run-id {run.run_id} --start-job {TRANSFORM} (or batch-submit)",
    )
