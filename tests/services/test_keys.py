"""Which texts are keys: a bucket is not trusted to name files outside itself."""

import msgspec
import pytest

from dmpworks.errors import JobError
from dmpworks.jobs.manifest import File
from dmpworks.services.keys import is_key
from dmpworks.services.storage import MEMORY, Bucket, open_bucket

KEYS = [
    "a",
    "ror/2026-10-01/download/v2.4-ror-data-0badcafe.zip",
    "openalex-works/r/download/updated_date=2026-01-01/part_0000-0badcafe.gz",
    "a/..b/c..d/...",
    "a/.hidden/-x",
    "a/April 2026 Public Data File [v2]*?.tar",
    "a/Überblick",
    "a/" + "x" * 1022,
]
NO_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "..",
    "../secret",
    "a/../../secret",
    "a/..",
    "a/./b",
    ".",
    "a//b",
    "a/",
    "a\\b",
    "a/..\\..\\b",
    "a\0b",
    "a\nb",
    "a\n",
    "a\x1b[2Jb",
    "a\x7fb",
    "a\x9bb",
    "a/" + "x" * 1023,
]


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_read(key: str) -> None:
    assert is_key(key)
    assert msgspec.json.decode(msgspec.json.encode(File(key, 1)), type=File).key == key


@pytest.mark.parametrize("key", NO_KEYS)
def test_what_is_no_key_is_refused_where_it_is_decoded(key: str) -> None:
    assert not is_key(key)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(File(key, 1)), type=File)


@pytest.mark.parametrize("key", NO_KEYS)
@pytest.mark.parametrize("kind", ["folder", "memory"])
def test_what_is_no_key_is_neither_read_nor_written(tmp_path, kind: str, key: str) -> None:
    (tmp_path / "secret").write_bytes(b"hunter2")
    (tmp_path / "bucket").mkdir()
    bucket = open_bucket(MEMORY if kind == "memory" else str(tmp_path / "bucket"))
    for read in (lambda: bucket.local(key, tmp_path / "scratch"), lambda: bucket.opened(key)):
        with pytest.raises(JobError, match="a key does not name a file inside the bucket"):
            read()
    assert not (tmp_path / "scratch").exists()


def test_a_symbolic_link_does_not_lead_out_of_a_folder(bucket: Bucket, tmp_path) -> None:
    (tmp_path / "secret").write_bytes(b"hunter2")
    (bucket.root / "a").symlink_to(tmp_path)
    with pytest.raises(JobError, match="a key does not name a file inside the bucket"):
        bucket.local("a/secret", tmp_path / "scratch")


def test_a_bucket_may_itself_be_a_symbolic_link(tmp_path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "a").write_bytes(b"1")
    (tmp_path / "bucket").symlink_to(tmp_path / "disk")
    assert open_bucket(str(tmp_path / "bucket")).local("a", tmp_path).read_bytes() == b"1"
