"""Files of this chain's own phases, read only when they are what the manifest says: size and SHA-256."""

import hashlib
from pathlib import Path

from dmpworks.errors import JobError
from dmpworks.jobs.run import File, Run


class DamagedOutputError(JobError):
    """A file that a job of this chain wrote is gone, or is not what the job wrote."""


def checked_file(run: Run, file: File, next: str) -> Path:
    """Return a path on disk with the content of a listed file; raises DamagedOutputError with this advice.

    Manifests written before 2026-12 state no SHA-256: then only the size is compared.
    """
    path = _local(run, file, next)
    size = path.stat().st_size
    if size != file.size:
        raise _damaged(run, file, f"{size:,} bytes, {file.size:,} by its manifest", next)
    if file.sha256 and sha256(path) != file.sha256:
        raise _damaged(run, file, "another SHA-256 than in its manifest", next)
    return path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _local(run: Run, file: File, next: str) -> Path:
    if not run.bucket.exists(file.key):
        raise _damaged(run, file, "gone", next)
    return run.bucket.local(file.key, run.scratch / "inputs")


def _damaged(run: Run, file: File, how: str, next: str) -> DamagedOutputError:
    return DamagedOutputError(
        "a file that an earlier job wrote is damaged", on=f"{run.bucket.name}: {file.key}: {how}", next=next
    )
