"""What a phase holds: the manifest, written last, is what makes a phase complete."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from dmpworks.errors import JobError
from dmpworks.jobs.model import Counts
from dmpworks.services.keys import Key
from dmpworks.services.storage import Bucket

MANIFEST = "_manifest.json"
STARTED = "_started.json"  # there while an execution is under way: without it, files were uploaded by hand
UPLOADED = "uploaded"  # stands for the digest of an input that has no manifest


class Origin(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a file of a download is a copy of: a name, an address, and what identifies its content."""

    name: str  # below the source
    address: str  # of the very file
    etag: str | None = None
    digest: str | None = None  # of its content, such as md5:...
    region: str | None = None  # of a bucket
    anonymous: bool = False  # whether it is read without credentials


class File(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file of a phase: its key in the bucket, its size in bytes, its rows where they are known.

    A file may lie in the folder of an earlier run, whose download it was; one that is `in_place` was not copied at all:
    nothing of its key is in the bucket, it is read at its origin.
    """

    key: Key
    size: int
    rows: int | None = None
    origin: Origin | None = None
    in_place: bool = False
    sha256: str | None = None  # of the content, where the job that reads the file compares it


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What one execution of a job wrote, from what, with which settings, and what it counted on the way."""

    chain: str
    job: str
    run_id: str
    attempt: str  # the execution's token, which its files carry in their names
    version: str
    started: datetime
    ended: datetime
    settings: str  # fingerprint of the settings: equal settings, equal fingerprint
    inputs: dict[Key, str]  # phase -> digest of its manifest, or "uploaded"
    counts: Counts
    files: tuple[File, ...]


def phase_folder(dataset: str, run_id: str, phase: str) -> str:
    """Return the folder of a phase, `<dataset>/<run id>/<phase>`."""
    return f"{dataset}/{run_id}/{phase}"


def read_manifest(bucket: Bucket, folder: str) -> tuple[Manifest, str] | None:
    """Return a phase's manifest and its digest (SHA-256), or None when there is none; raises JobError if damaged.

    A manifest of another phase, or one that lists a key outside the bucket or a file of another dataset, is damaged.
    """
    try:
        data = bucket.get(f"{folder}/{MANIFEST}")
        return _decode(data, folder), hashlib.sha256(data).hexdigest()
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        dataset, run_id, phase = folder.split("/", 2)
        raise JobError(
            "a manifest is damaged",
            on=f"{bucket.name}: {folder}/{MANIFEST}: {error}",
            next=f"write it again: dmpworks run {dataset} --run-id {run_id} --start-job {phase} (or batch-submit)",
        ) from error


def _decode(data: bytes, folder: str) -> Manifest:
    manifest = msgspec.json.decode(data, type=Manifest)
    own = phase_folder(manifest.chain, manifest.run_id, manifest.job)
    if own != folder:
        raise msgspec.ValidationError(f"it is the manifest of {own}")
    if foreign := [file.key for file in manifest.files if not file.key.startswith(f"{manifest.chain}/")]:
        raise msgspec.ValidationError(f"it lists {foreign[0]}, which is not a file of {manifest.chain}")
    return manifest


def write_manifest(bucket: Bucket, manifest: Manifest, folders: Iterable[str] = ()) -> None:
    """Make a phase complete in one atomic put, then remove what it superseded.

    `folders` are those of the run that the job writes to besides its own: nothing is deleted elsewhere.
    """
    folder = phase_folder(manifest.chain, manifest.run_id, manifest.job)
    data = msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=1)
    bucket.put(f"{folder}/{MANIFEST}", data)
    bucket.delete([f"{folder}/{STARTED}"])
    _remove_superseded(bucket, manifest, folders)


def keep_manifest(bucket: Bucket, manifest: Manifest, folders: Iterable[str] = ()) -> None:
    """Leave a complete phase as it is, and remove what an execution that changed nothing left beside it."""
    bucket.delete([f"{phase_folder(manifest.chain, manifest.run_id, manifest.job)}/{STARTED}"])
    _remove_superseded(bucket, manifest, folders)


def says_the_same(one: Manifest, other: Manifest) -> bool:
    """Tell whether two executions of a job left the very same files, by equal settings, inputs and counts."""
    compared = ("chain", "job", "run_id", "settings", "inputs", "counts", "files")
    return bool(one.files) and all(getattr(one, name) == getattr(other, name) for name in compared)


def _remove_superseded(bucket: Bucket, manifest: Manifest, folders: Iterable[str]) -> None:
    """Delete what is in the job's own folder or in `folders` and no manifest lists, of this run or of a later one.

    The folders come from the job's declaration, never from what an earlier manifest lists: a bucket is not trusted.
    """
    run = f"{manifest.chain}/{manifest.run_id}/"
    bucket.delete_unfinished(phase_folder(manifest.chain, manifest.run_id, manifest.job))
    stored = bucket.list(run.rstrip("/"))
    try:
        listed = _listed_in_run(bucket, [item.key for item in stored])
        listed |= listed_by_others(bucket, manifest.chain, manifest.run_id, manifest.job)
    except JobError:
        return  # another manifest is damaged: what it lists is not known, so nothing goes away this time
    swept = {manifest.job, *folders}
    bucket.delete(
        item.key
        for item in stored
        if item.key.removeprefix(run).split("/")[0] in swept
        and item.key not in listed
        and item.key.rsplit("/", 1)[-1] not in (MANIFEST, STARTED)
    )


def _listed_in_run(bucket: Bucket, keys: Iterable[str]) -> set[str]:
    found = (read_manifest(bucket, key.removesuffix(f"/{MANIFEST}")) for key in keys if key.endswith(f"/{MANIFEST}"))
    return {file.key for pair in found if pair for file in pair[0].files}


def listed_by_others(bucket: Bucket, chain: str, run_id: str, job: str) -> set[str]:
    """Return what the other runs list of a job: a later run takes files over from an earlier one.

    Raises JobError when a manifest is damaged.
    """
    runs = [other for other in bucket.folders(chain) if other != run_id]
    found = (read_manifest(bucket, phase_folder(chain, other, job)) for other in runs)
    return {file.key for pair in found if pair for file in pair[0].files}


def fingerprint(settings: dict[str, Any]) -> str:
    """Return a short digest of settings by variable; secrets are not to be handed in."""
    data = msgspec.json.encode({name: str(value) for name, value in settings.items()}, order="deterministic")
    return hashlib.sha256(data).hexdigest()[:16]
