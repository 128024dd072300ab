"""The tar is copied inside S3 and indexed once; the transform reads its members by ranges, and nothing is unpacked."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from dmpworks.catalog import CHAINS
from dmpworks.chains.crossref_metadata.jobs import Scope, Transform, transform
from dmpworks.chains.crossref_metadata.source import Index
from dmpworks.errors import DownloadError, TransformError
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import Manifest
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.parquet_rows import rows

MakeRun = Callable[..., Run]
CHAIN = "crossref-metadata"
NAME = "March_2026_Public_Data_File_from_Crossref.tar"
FOLDER = f"{CHAIN}/2026-10-01/download"


@pytest.fixture
def tar(data: Path) -> bytes:
    """The planted data file."""
    return (data / "planted" / FOLDER / NAME).read_bytes()


@pytest.fixture
def published(aws: str, tar: bytes) -> Any:
    """Crossref's bucket with the planted data file and an older one; gives the client."""
    client = boto3.client("s3")
    client.create_bucket(Bucket="snapshots")
    client.put_object(Bucket="snapshots", Key="April_2025_Public_Data_File_from_Crossref.tar", Body=b"old")
    client.put_object(Bucket="snapshots", Key=NAME, Body=tar)
    return client


def download(bucket: Bucket, source: str = "s3://snapshots/") -> Manifest:
    """Run the download as a container does."""
    chain = next(chain for chain in CHAINS if chain.name == CHAIN)
    environ = {"BUCKET_NAME": bucket.name, "CROSSREF_METADATA_RUN_ID": "2026-10-01", "CROSSREF_METADATA_SOURCE": source}
    made = execute(CHAINS, chain, chain.jobs[0], environ | ({} if bucket.is_folder else {"AWS_REGION": "us-east-1"}))
    assert isinstance(made, Manifest)
    return made


def transformed(bucket: Bucket, make_run: MakeRun, workers: int = 1) -> tuple[Run, Counts | Partial]:
    """Run the transform and return its run and counts."""
    run = make_run(bucket, CHAIN, "transform")
    return run, transform(run, Transform(workers), Scope(), BadRecords())


def index(bucket: Bucket) -> Index:
    """Return the index that the download has published."""
    (key,) = [found.key for found in bucket.list(FOLDER) if ".members" in found.key]
    return msgspec.json.decode(bucket.get(key), type=Index)


def test_members_are_indexed_and_read_in_s3(
    published: Any, s3_bucket: str, make_run: MakeRun, planted: Bucket, tar: bytes
) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    manifest = download(bucket)
    copied, indexed = manifest.files
    assert bucket.get(copied.key) == tar
    assert indexed.key.endswith(f"{NAME}-{manifest.attempt}.members.json")
    found = index(bucket)
    assert found.tar == copied.key
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        expected = [(member.name, member.offset_data, member.size) for member in archive if member.isfile()]
    assert found.members == expected
    run, counts = transformed(bucket, make_run)
    assert counts.read == 1004  # type: ignore[union-attr]
    assert not [path for path in run.scratch.rglob("*") if path.is_file()]
    assert rows(run) == rows(transformed(planted, make_run)[0])


def test_a_second_start_neither_copies_nor_indexes_again(published: Any, s3_bucket: str) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    first = download(bucket)
    published.delete_object(Bucket=s3_bucket, Key="unrelated")
    assert download(bucket) == first


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "GNU"])
def test_long_names_and_what_is_no_file(
    published: Any, s3_bucket: str, make_run: MakeRun, format: int, aws: str
) -> None:
    bucket, content = Bucket(s3_bucket, "us-east-1"), io.BytesIO()
    folder = "Public Data File ü " * 10
    with tarfile.open(fileobj=content, mode="w", format=format) as archive:
        add(archive, f"{folder}/", None)
        for number in range(3):
            add(archive, f"{folder}/{number}.jsonl.gz", gzip.compress(b'{"DOI": "10.1/%d"}\n' % number))
        add(archive, "readme", b"hello")
    published.put_object(Bucket="snapshots", Key=NAME, Body=content.getvalue())
    download(bucket)
    assert [member.name for member in index(bucket).members] == [
        *(f"{folder}/{number}.jsonl.gz" for number in range(3)),
        "readme",
    ]
    assert [row["doi"] for row in rows(transformed(bucket, make_run)[0])] == ["10.1/0", "10.1/1", "10.1/2"]


def add(archive: tarfile.TarFile, name: str, content: bytes | None) -> None:
    """Add a file, or a folder where there is no content."""
    entry = tarfile.TarInfo(name)
    entry.mtime = 1_700_000_000
    if content is None:
        entry.type = tarfile.DIRTYPE
        archive.addfile(entry)
    else:
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize("left", [-10_000, 100, 0], ids=["inside a member or the end", "inside a header", "everything"])
def test_a_tar_cut_short_publishes_nothing(published: Any, s3_bucket: str, tar: bytes, left: int) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    published.put_object(Bucket="snapshots", Key=NAME, Body=tar[:left])
    with pytest.raises(DownloadError, match="an archive cannot be read") as failure:
        download(bucket)
    assert f"s3://snapshots/{NAME}" in failure.value.on
    assert not bucket.exists(f"{FOLDER}/_manifest.json")


def test_a_local_tar_is_indexed_too(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    download(bucket, str(data / "planted" / FOLDER))
    assert len(index(bucket).members) >= 4
    assert transformed(bucket, make_run)[1].read == 1004  # type: ignore[union-attr]


def test_an_unpacked_source_needs_no_index(bucket: Bucket, tar: bytes, tmp_path: Path, make_run: MakeRun) -> None:
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    manifest = download(bucket, (tmp_path / "unpacked").as_uri())
    assert all(file.key.endswith(".jsonl.gz") for file in manifest.files)
    assert transformed(bucket, make_run)[1].read == 1004  # type: ignore[union-attr]


def test_an_index_that_is_damaged_fails(bucket: Bucket, data: Path, make_run: MakeRun) -> None:
    manifest = download(bucket, str(data / "planted" / FOLDER))
    bucket.put(manifest.files[1].key, b'{"tar": 1}')
    with pytest.raises(TransformError, match="the index of a tar cannot be read"):
        transformed(bucket, make_run)


def test_a_member_that_is_damaged_fails(published: Any, s3_bucket: str, make_run: MakeRun) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    manifest = download(bucket)
    member, content = index(bucket).members[1], bytearray(bucket.get(manifest.files[0].key))
    content[member.offset + member.size // 2] ^= 0xFF
    bucket.put(manifest.files[0].key, bytes(content))
    with pytest.raises(TransformError, match="1 of 4 files") as failure:
        transformed(bucket, make_run)
    assert member.name in failure.value.on
