"""Objects are read by ranges as if they were files on disk, whatever the order, and a changed one is noticed."""

import io
import random
import tarfile
import zipfile
from collections.abc import Callable

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dmpworks.datasets.reading.archives import tar_members
from dmpworks.errors import JobError
from dmpworks.services.ranged import LARGEST, ObjectFile, open_section
from dmpworks.services.storage import Bucket

BODY = random.Random(3).randbytes(3 * LARGEST + 17)


@pytest.fixture
def stored(s3_bucket: str) -> Callable[[bytes], ObjectFile]:
    """Put an object into S3 and open it by ranges."""

    def put(body: bytes) -> ObjectFile:
        bucket = Bucket(s3_bucket, "us-east-1")
        bucket.write("a folder/object", [body])
        opened = bucket.opened("a folder/object")
        assert isinstance(opened, ObjectFile)
        return opened

    return put


class Counted:
    """An object whose requests are counted."""

    def __init__(self, file: ObjectFile) -> None:
        self.file, self.name, self.bytes, self.requests = file, file.name, 0, 0

    def stat(self) -> object:
        return self.file.stat()

    def open(self, mode: str = "rb") -> object:
        counted = self

        class Counting(ObjectFile):
            def fetch(self, start: int, end: int) -> memoryview:
                counted.requests += 1
                counted.bytes += end - start
                return super().fetch(start, end)

        return Counting(*self.file).open(mode)


def test_it_is_read_from_end_to_end(stored: Callable[[bytes], ObjectFile]) -> None:
    file = stored(BODY)
    assert (file.name, file.stat().st_size) == ("object", len(BODY))
    with file.open("rb") as opened:
        pieces = list(iter(lambda: opened.read(250_000), b""))
    assert b"".join(pieces) == BODY
    assert all(len(piece) == 250_000 for piece in pieces[:-1])


def test_it_is_read_here_and_there(stored: Callable[[bytes], ObjectFile]) -> None:
    chance, disk = random.Random(4), io.BytesIO(BODY)
    with stored(BODY).open() as opened:
        for _ in range(300):
            place, size = chance.randrange(len(BODY) + 10), chance.choice([0, 1, 500, 70_000])
            assert opened.seek(place) == disk.seek(place)
            assert opened.read(size) == disk.read(size)
            assert opened.tell() == disk.tell()
        assert opened.seek(-5, io.SEEK_END) == len(BODY) - 5
        assert opened.read() == BODY[-5:]


@pytest.mark.parametrize(("start", "size"), [(0, 10), (1000, LARGEST + 5), (len(BODY) - 10, 10), (5, 0)])
def test_a_section_is_a_file_of_its_own(stored: Callable[[bytes], ObjectFile], start: int, size: int) -> None:
    with open_section(stored(BODY), start, size) as opened:
        assert opened.read() == BODY[start : start + size]


def test_a_file_on_disk_has_sections_too(bucket: Bucket) -> None:
    bucket.put("object", BODY)
    with open_section(bucket.opened("object"), 100, 1000) as opened:
        assert opened.read() == BODY[100:1100]


def test_an_object_that_changes_while_it_is_read_fails(stored: Callable[[bytes], ObjectFile], s3_bucket: str) -> None:
    with stored(BODY).open() as opened:
        opened.read(10)
        boto3.client("s3").put_object(Bucket=s3_bucket, Key="a folder/object", Body=BODY[::-1])
        opened.seek(LARGEST)
        with pytest.raises(JobError, match="an object changed while it was read"):
            opened.read(10)


def test_an_object_that_is_gone_fails(s3_bucket: str) -> None:
    with pytest.raises(JobError, match="a file that should be in the bucket is gone"):
        Bucket(s3_bucket, "us-east-1").opened("nothing")


def test_a_tar_is_indexed_without_being_read(stored: Callable[[bytes], ObjectFile]) -> None:
    content, members = io.BytesIO(), 40
    with tarfile.open(fileobj=content, mode="w") as archive:
        for number in range(members):
            entry = tarfile.TarInfo(f"{'long name ' * 20}/{number}.jsonl.gz")
            entry.size = 200_000
            archive.addfile(entry, io.BytesIO(BODY[:200_000]))
    counted = Counted(stored(content.getvalue()))
    found = tar_members(counted, ".gz")  # type: ignore[arg-type]
    assert [member.name.rpartition("/")[2] for member in found] == [f"{number}.jsonl.gz" for number in range(members)]
    assert content.getvalue()[found[7].offset :][: found[7].size] == BODY[:200_000]
    assert counted.requests <= members + 3  # one hop a member
    assert counted.bytes < len(content.getvalue()) / 10


def test_parquet_is_read_by_the_leaf(stored: Callable[[bytes], ObjectFile]) -> None:
    content = io.BytesIO()
    table = pa.table(
        {"wanted": list(range(100_000)), "not wanted": [BODY[200 * i : 200 * i + 200] for i in range(100_000)]}
    )
    pq.write_table(table, content, row_group_size=20_000)
    counted = Counted(stored(content.getvalue()))
    file = pq.ParquetFile(counted.open("rb"), buffer_size=1 << 20)
    batches = list(file.iter_batches(columns=["wanted"], use_threads=False))
    assert [value for batch in batches for value in batch.column(0).to_pylist()] == list(range(100_000))
    assert counted.bytes < len(content.getvalue()) / 10


def test_a_zip_is_read_in_place(stored: Callable[[bytes], ObjectFile]) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", BODY[:3_000_000])
        archive.writestr("b.json", b"[]")
    with stored(content.getvalue()).open() as opened, zipfile.ZipFile(opened) as archive:
        assert archive.namelist() == ["a.json", "b.json"]
        assert archive.read("a.json") == BODY[:3_000_000]
