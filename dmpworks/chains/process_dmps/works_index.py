"""Whether the works index is what process-works last made of it: a search of a partial index would lose matches.

The merge deletes PENDING links that a search did not find again, so a search of an index that is empty, half filled or
of another origin deletes links of works that exist. Nothing but the sync's manifest says what the index should hold.
"""

from datetime import UTC, datetime

import msgspec

from dmpworks.errors import SyncError
from dmpworks.jobs.manifest import STARTED, Manifest, phase_folder
from dmpworks.jobs.run import Phase, Run, find_phase
from dmpworks.services.search import SearchEngine

CHAIN, TRANSFORM, SYNC = "process-works", "sqlmesh-transform", "sync-works"


class _Started(msgspec.Struct):
    started: datetime


def check_works_index(run: Run, engine: SearchEngine, index: str) -> int:
    """Return the number of works in the index, which is that of the newest completed sync; notes it as an input.

    Raises SyncError when a sync is running or was interrupted, when the works were built again since the sync, and when
    the index holds another number of works; JobError when no sync has completed.
    """
    sync = run.newest(CHAIN, SYNC)
    assert sync.manifest
    if unfinished := _unfinished_sync(run, sync.manifest):
        raise SyncError(
            "the works index may be incomplete: a sync of it is running, or was interrupted",
            on=f"{run.bucket.name}: {phase_folder(CHAIN, unfinished, SYNC)}/{STARTED}",
            next=f"wait for the sync to end; if none is running: {_command(unfinished, SYNC)}",
        )
    works, count = _works_of_sync(run, sync, sync.manifest), engine.count(index)
    if count != works:
        raise SyncError(
            f"the index {index} holds {count:,} works, but the last sync left {works:,} in it",
            on=f"{sync.folder}, ended {sync.manifest.ended:%Y-%m-%d %H:%M} UTC",
            next="see that OPENSEARCH_WORKS_INDEX is right; if works were lost, send all of them again: "
            f"{_command(sync.manifest.run_id, TRANSFORM, '--sqlmesh-transform.export-all')}",
        )
    return count


def _unfinished_sync(run: Run, newest: Manifest) -> str | None:
    """Return the run of a sync that began and has not ended, unless the newest sync began later: it sends those works.

    A sync that is repeated leaves its earlier manifest in place until it ends.
    """
    for run_id in run.bucket.folders(CHAIN):
        begun = _begun(run, phase_folder(CHAIN, run_id, SYNC))
        if begun and (run_id == newest.run_id or begun > newest.started):
            return run_id
    return None


def _begun(run: Run, folder: str) -> datetime | None:
    try:
        return msgspec.json.decode(run.bucket.get(f"{folder}/{STARTED}"), type=_Started).started
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError):  # a damaged note still says that a sync began
        return datetime.max.replace(tzinfo=UTC)


def _works_of_sync(run: Run, sync: Phase, manifest: Manifest) -> int:
    """Return how many works the sync left in the index: all that the transform it read had counted."""
    folder = phase_folder(CHAIN, manifest.run_id, TRANSFORM)
    transform = find_phase(run.bucket, folder)
    if transform is None or transform.manifest is None or transform.digest != manifest.inputs.get(folder):
        raise SyncError(
            "the works were built again after they were sent to the search engine",
            on=f"{folder} is not what {sync.folder} has sent",
            next=f"send them: {_command(manifest.run_id, SYNC)}",
        )
    return transform.manifest.counts.read


def _command(run_id: str, *start: str) -> str:
    return f"dmpworks run {CHAIN} --run-id {run_id} --start-job {' '.join(start)} (or batch-submit)"
