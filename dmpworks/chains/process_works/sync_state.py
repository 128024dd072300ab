"""Which states the search engine is known to be in: what the next works index is compared with.

A sync-works manifest lists the `states` files it brought about; the last sync is the newest such manifest. Every
sqlmesh-transform whose changes no sync lists may have been sent in part: its DOIs are sent again.
"""

from collections.abc import Iterator
from pathlib import Path

from dmpworks.errors import SyncError
from dmpworks.jobs.manifest import MANIFEST, Manifest, phase_folder, read_manifest
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket

CHAIN, TRANSFORM, SYNC = "process-works", "sqlmesh-transform", "sync-works"
EXPORT, STATES, CHANGES = "export", "states", "changes"
LIVE = "DOIs live"  # the figure of a transform that the engine's count must equal
DELETED = "deleted"  # the figure of a transform that says how many works are to be removed


def state_files(files: tuple[File, ...]) -> list[File]:
    """Return the files of states among a phase's files."""
    return [file for file in files if f"/{STATES}/" in file.key]


def changes_files(files: tuple[File, ...]) -> list[File]:
    """Return the files of states that one run itself brought about."""
    return [file for file in state_files(files) if file.key.rsplit("/", 1)[-1].startswith(f"{CHANGES}-")]


def last_sync(bucket: Bucket) -> tuple[Manifest, str] | None:
    """Return the manifest of the sync that ended last, and its digest; None before the first."""
    return max(manifests(bucket, SYNC), key=lambda found: found[0].ended, default=None)


def manifests(bucket: Bucket, job: str) -> Iterator[tuple[Manifest, str]]:
    """Yield the manifests of a job of this chain, of every run, with their digests."""
    ending = f"/{job}/{MANIFEST}"
    for stored in bucket.list(CHAIN):
        if stored.key.endswith(ending) and (found := read_manifest(bucket, stored.key.removesuffix(f"/{MANIFEST}"))):
            yield found


def synced_states(run: Run) -> list[Path]:
    """Return the states that the last sync brought about, noted as an input of the run; none before the first."""
    found = last_sync(run.bucket)
    if found is None:
        return []
    phase = run.phase(CHAIN, found[0].run_id, SYNC)
    return [phase.local(file) for file in state_files(phase.files)]


def unsynced_changes(run: Run) -> list[Path]:
    """Return the changes of every transform that no completed sync has brought about.

    They are not noted as inputs: one of them may be what this very job is about to replace.
    """
    files = [file for manifest in unsynced_transforms(run.bucket) for file in changes_files(manifest.files)]
    return [run.bucket.local(file.key, run.scratch / "inputs") for file in files]


def unsynced_transforms(bucket: Bucket) -> list[Manifest]:
    """Return the transforms whose changes no completed sync lists."""
    synced = {file.key for manifest, _ in manifests(bucket, SYNC) for file in manifest.files}
    found = (manifest for manifest, _ in manifests(bucket, TRANSFORM))
    return [manifest for manifest in found if not synced.issuperset(file.key for file in changes_files(manifest.files))]


def check_nothing_newer(run: Run, transform: Manifest) -> None:
    """Raise SyncError when the engine may have been changed by another run since the export was made.

    By a sync that has completed, which this one would undo in part; or by one of a younger export that has not, and
    whose traces this one knows nothing of.
    """
    if undone := _completed_since(run, transform):
        raise _outdated(run, f"the sync of {CHAIN} {undone.run_id} completed", undone)
    younger = [found for found in unsynced_transforms(run.bucket) if found.ended > transform.ended]
    if younger:
        raise _outdated(run, f"that of {CHAIN} {younger[0].run_id}, which may have been sent in part", younger[0])


def _completed_since(run: Run, transform: Manifest) -> Manifest | None:
    found = last_sync(run.bucket)
    if found is None:
        return None
    manifest, digest = found
    listed = {file.key for file in manifest.files}
    repeated = all(file.key in listed for file in state_files(transform.files))
    compared = transform.inputs.get(phase_folder(CHAIN, manifest.run_id, SYNC)) == digest
    return None if repeated or compared else manifest


def _outdated(run: Run, than: str, newer: Manifest) -> SyncError:
    return SyncError(
        f"the export was made before {than}",
        on=f"it ended {newer.ended:%Y-%m-%d %H:%M:%S} UTC; the export says what has changed since an earlier sync",
        next=f"dmpworks run {CHAIN} --run-id {run.run_id} --start-job {TRANSFORM} (or batch-submit)",
    )
