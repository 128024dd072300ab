"""The scratch folder of an execution: nobody else on the machine may read it, change it, or choose where it is."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dmpworks.errors import JobError
from dmpworks.services.storage import Bucket, remove_tree

ONLY_OWNER = 0o700


@contextmanager
def scratch_folder(bucket: Bucket, name: str) -> Iterator[Path]:
    """Give an empty folder that no other process uses; what a killed execution of the same job left in it goes away.

    Raises JobError when another process runs the job, or when somebody else could change what is in the folder.
    """
    root = bucket.local_folder("scratch") if bucket.is_folder else _folder_of_user(bucket.name)
    folder, lock = root / name, root / f"{name}.lock"
    held = _open_lock(lock)
    try:
        _take(held, lock)
        try:
            remove_tree(folder)
            folder.mkdir(mode=ONLY_OWNER)
            yield folder
        finally:
            remove_tree(folder)
            lock.unlink(missing_ok=True)
    finally:
        os.close(held)


def _folder_of_user(bucket: str) -> Path:
    """Return `<tmp>/dmpworks-<uid>/<bucket>`: anybody may create names in /tmp, so owner and mode are checked."""
    base = Path(tempfile.gettempdir()) / f"dmpworks-{os.getuid()}"
    with suppress(FileExistsError):
        base.mkdir(mode=ONLY_OWNER)
    found = base.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise _unsafe(base, "is a link, or other users may use it")
    folder = base / bucket
    folder.mkdir(mode=ONLY_OWNER, exist_ok=True)
    return folder


def _open_lock(lock: Path) -> int:
    """Open the lock file without following a link and without touching what is in it."""
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if lock.is_symlink():
            raise _unsafe(lock, "is a symbolic link") from error
        raise


def _unsafe(path: Path, reason: str) -> JobError:
    return JobError(
        "the scratch folder is not safe from other users of this machine",
        on=f"{path} {reason}",
        next="remove it, or set TMPDIR to a folder of your own, then run the job again",
    )


def _take(held: int, lock: Path) -> None:
    """Lock a file, or raise JobError; the kernel lets go of it when the process ends, however it ends."""
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(held).st_ino == lock.stat().st_ino:  # else the one before has removed it just now
            return
    except (BlockingIOError, FileNotFoundError):
        pass
    raise JobError(
        "another process of this machine runs this job",
        on=f"{lock} is locked",
        next="wait for it, or stop it, then run the job again",
    )
