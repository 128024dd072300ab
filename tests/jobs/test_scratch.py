"""Nobody else on a machine reads, changes or places the scratch files of a job."""

import os
import stat
import tempfile

import pytest

from dmpworks.errors import JobError
from dmpworks.jobs.scratch import scratch_folder
from dmpworks.services.storage import MEMORY, open_bucket

NAME = "ror-2026-10-01-download"


@pytest.fixture
def shared(tmp_path, monkeypatch):
    """A folder in which everybody may create names, as /tmp."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "tmp"


def mode(path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_scratch_is_closed_to_others(shared):
    old = os.umask(0)
    try:
        with scratch_folder(open_bucket(MEMORY), NAME) as folder:
            assert folder.parent.parent == shared / f"dmpworks-{os.getuid()}"
            assert [mode(path) for path in (folder, folder.parent, folder.parent.parent)] == [0o700] * 3
    finally:
        os.umask(old)


def test_a_lock_that_is_a_link_is_neither_followed_nor_truncated(shared, tmp_path):
    victim = tmp_path / "authorized_keys"
    victim.write_text("ssh-ed25519 AAAA")
    folder = shared / f"dmpworks-{os.getuid()}" / MEMORY
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    (folder / f"{NAME}.lock").symlink_to(victim)
    with pytest.raises(JobError, match="not safe from other users"), scratch_folder(open_bucket(MEMORY), NAME):
        pass
    assert victim.read_text() == "ssh-ed25519 AAAA"


@pytest.mark.parametrize("prepared", ["link", "open", "file"])
def test_a_scratch_folder_that_somebody_prepared_is_not_used(shared, tmp_path, prepared):
    base = shared / f"dmpworks-{os.getuid()}"
    if prepared == "link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        base.symlink_to(tmp_path / "theirs")
    elif prepared == "open":
        base.mkdir()
        base.chmod(0o777)
    else:
        base.touch()
    with pytest.raises(JobError, match="not safe from other users") as caught, scratch_folder(open_bucket(MEMORY), "a"):
        pass
    assert str(base) in caught.value.on
    assert not list((tmp_path / "theirs").glob("*")) if prepared == "link" else True


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a folder to somebody else")
def test_a_scratch_folder_of_another_user_is_not_used(shared):
    base = shared / "dmpworks-0"
    base.mkdir(mode=0o700)
    os.chown(base, 65534, 65534)
    with pytest.raises(JobError, match="not safe from other users"), scratch_folder(open_bucket(MEMORY), "a"):
        pass


def test_what_is_local_to_a_folder_bucket_is_closed_to_others(bucket):
    (bucket.root / "local").mkdir(mode=0o755)  # of an earlier version
    with scratch_folder(bucket, NAME) as folder:
        assert folder.parent == bucket.root / "local" / "scratch"
        assert mode(bucket.root / "local") == 0o700
