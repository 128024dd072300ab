"""The newest output of a job over all runs, for a reader of whatever is current, such as the search index it describes.

The order of runs follows from what each was built on: an output that another complete output has read, directly or
through a job of its own run, is older than that one. Clocks of machines only decide between outputs that are unrelated.
"""

from collections.abc import Iterator
from contextlib import suppress

from dmpworks.errors import JobError
from dmpworks.jobs.manifest import Manifest, phase_folder, read_manifest
from dmpworks.services.storage import Bucket

ANY_RUN = "*"  # in place of a run id: the phase of the newest run that has completed it


def newest_manifest(bucket: Bucket, chain: str, job: str) -> tuple[Manifest, str] | None:
    """Return the newest manifest of a job over all runs, and its digest; None when no run has completed the job.

    A damaged manifest is left out: it must not stop the runs after it.
    """
    complete: dict[tuple[str, str], Manifest] = {}
    for run_id in bucket.folders(chain):
        folder = phase_folder(chain, run_id, job)
        if found := _read(bucket, folder):
            complete[folder, found[1]] = found[0]
    built_on = {phase for manifest in complete.values() for phase in _inputs(bucket, manifest)}
    newest = [(manifest, digest) for (folder, digest), manifest in complete.items() if (folder, digest) not in built_on]
    return max(newest, key=lambda pair: pair[0].ended, default=None)


def _inputs(bucket: Bucket, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the inputs of an output, and those of the jobs of its own run that it read."""
    yield from manifest.inputs.items()
    for folder, digest in manifest.inputs.items():
        if folder.startswith(phase_folder(manifest.chain, manifest.run_id, "")):
            found = _read(bucket, folder)
            if found and found[1] == digest:
                yield from found[0].inputs.items()


def _read(bucket: Bucket, folder: str) -> tuple[Manifest, str] | None:
    with suppress(JobError):
        return read_manifest(bucket, folder)
    return None
