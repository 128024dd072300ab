"""Output of a run in the bucket: its manifests, files missing from them, and files that none of them lists."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from dmpworks.errors import JobError
from dmpworks.jobs.manifest import MANIFEST, STARTED, File, Manifest, listed_by_others, phase_folder, read_manifest
from dmpworks.runs.ledger.store import Ledger, RunName
from dmpworks.services.storage import Bucket, Stored

PRUNED = "pruned.json"  # in the folder of a run's ledger


class PrunedJobs(msgspec.Struct, frozen=True):
    """The jobs of a run whose output was removed on purpose, by whom and when."""

    at: datetime
    by: str
    jobs: list[str]


class Outputs(msgspec.Struct, frozen=True):
    """Output of a run, by job."""

    manifests: dict[str, Manifest]
    damaged: dict[str, str]  # job -> why its manifest cannot be read
    lacking: dict[str, str]  # job -> a listed file that is missing or has another size
    orphans: tuple[Stored, ...]  # files that no manifest lists, of this run or another
    empty: bool  # the bucket has no object of the run
    pruned: tuple[str, ...] = ()  # jobs whose output was removed on purpose


def outputs_of(bucket: Bucket, run: RunName) -> Outputs:
    """Return the output of a run, from one listing and its manifests."""
    root = f"{run.chain}/{run.run_id}"
    stored = bucket.list(root)
    manifests: dict[str, Manifest] = {}
    damaged = {}
    for folder in _folders(stored, MANIFEST):
        try:
            if manifest := read_manifest(bucket, folder):
                manifests[folder.rsplit("/", 1)[-1]] = manifest[0]
        except JobError as error:
            damaged[folder.rsplit("/", 1)[-1]] = error.on
    lost = {job: why for job, manifest in manifests.items() if (why := lacking(bucket, manifest.files))}
    # the files of a damaged manifest are unknown, so no file can be called an orphan
    orphans = () if damaged else _of_nobody(bucket, run, _unlisted(stored, manifests.values()))
    return Outputs(manifests, damaged, lost, orphans, not stored, tuple(pruned_jobs(bucket, run)))


def pruned_jobs(bucket: Bucket, run: RunName) -> list[str]:
    """Return the jobs of a run whose output was removed on purpose."""
    try:
        return msgspec.json.decode(bucket.get(f"{Ledger(bucket, run).folder}/{PRUNED}"), type=PrunedJobs).jobs
    except (FileNotFoundError, msgspec.DecodeError):
        return []


def runs_with_output(bucket: Bucket, chains: Iterable[str]) -> set[RunName]:
    """Return every run of these chains in which at least one job completed."""
    keys = [stored.key.split("/") for chain in chains for stored in bucket.list(chain)]
    return {RunName(parts[0], parts[1]) for parts in keys if len(parts) == 4 and parts[3] == MANIFEST}


def lacking(bucket: Bucket, files: Iterable[File]) -> str | None:
    """Return a sentence about the first listed file that is missing or has another size; None if all are as listed.

    Files may be in folders of other runs. Files read in place at their source are not checked.
    """
    copied = [file for file in files if not file.in_place]
    folders = sorted({phase_folder(*file.key.split("/")[:3]) for file in copied})
    stored = dict(item for folder in folders for item in bucket.list(folder))
    for file in copied:
        size = stored.get(file.key)
        if size is None:
            return f"{file.key} is gone"
        if size != file.size:
            return f"{file.key} has {size:,} bytes, its manifest says {file.size:,}"
    return None


def _folders(stored: Iterable[Stored], marker: str) -> list[str]:
    return [item.key.removesuffix(f"/{marker}") for item in stored if item.key.endswith(f"/{marker}")]


def _unlisted(stored: list[Stored], manifests: Iterable[Manifest]) -> list[Stored]:
    """Return the files that no manifest of a run lists; only in folders of jobs: others were uploaded by a person."""
    listed = {file.key for manifest in manifests for file in manifest.files}
    folders = {*_folders(stored, MANIFEST), *_folders(stored, STARTED), *(key.rsplit("/", 1)[0] for key in listed)}
    return [
        item
        for item in stored
        if item.key not in listed
        and item.key.rsplit("/", 1)[-1] not in (MANIFEST, STARTED)
        and any(item.key.startswith(f"{folder}/") for folder in folders)
    ]


def _of_nobody(bucket: Bucket, run: RunName, unlisted: Iterable[Stored]) -> tuple[Stored, ...]:
    """Return the files that no other run lists either; empty if one of their manifests is damaged."""
    listed: set[str] = set()
    try:
        for folder in sorted({item.key.split("/")[2] for item in unlisted}):
            listed |= listed_by_others(bucket, run.chain, run.run_id, folder)
    except JobError:
        return ()
    return tuple(item for item in unlisted if item.key not in listed)
