"""From one S3 bucket to another no byte comes through this machine; moto simulates both."""

import hashlib
import random
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from dmpworks.datasets.download.checksums import Digest
from dmpworks.datasets.download.copy import copy_files
from dmpworks.datasets.sources.s3 import Access, S3Source
from dmpworks.errors import DownloadError
from dmpworks.jobs.run import Run
from dmpworks.services.inside_s3 import Foreign, InsideS3
from dmpworks.services.storage import Bucket

MakeRun = Callable[..., Run]
MIB = 1024 * 1024
BODY = random.Random(7).randbytes(12 * MIB)
NOTE = "crossref-metadata/2026-10-01/download/_arriving/note.json"


class Watched(S3Source):
    """A source that must not be read through this machine."""

    def open(self, name: str, start: int = 0, etag: str | None = None) -> Any:
        raise AssertionError(f"{name} is read here")


@pytest.fixture
def published(aws: str) -> Any:
    """A client, and a bucket that somebody else has published."""
    client = boto3.client("s3")
    client.create_bucket(Bucket="published", ACL="public-read")
    for name in ("a/part_0000.gz", "a/part_0001.gz"):
        client.put_object(Bucket="published", Key=f"works/{name}", Body=name.encode(), ACL="public-read")
    return client


@pytest.fixture
def run(s3_bucket: str, make_run: MakeRun) -> Run:
    """A download into an S3 bucket."""
    return make_run(Bucket(s3_bucket, "us-east-1"), "openalex-works", "download")


@pytest.mark.parametrize(
    "access", [Access("us-east-1", anonymous=True), Access(requester_pays=True)], ids=["anonymous", "requester pays"]
)
@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha1", "sha512"])
def test_objects_are_copied_and_their_hashes_checked(published: Any, run: Run, access: Access, algorithm: str) -> None:
    # What S3 cannot tell of an object (sha512) is read back from our bucket.
    source = Watched("s3://published/works/", access)
    items = source.items()
    digests = {item.name: Digest(algorithm, hashlib.new(algorithm, item.name.encode()).hexdigest()) for item in items}
    counts = copy_files(run, source, items, digests)
    assert counts.also == {"bytes": 28}
    assert [run.bucket.get(file.key) for file in run.outputs] == [b"a/part_0000.gz", b"a/part_0001.gz"]
    origin = run.outputs[0].origin
    assert origin
    assert (origin.address, origin.etag) == ("s3://published/works/a/part_0000.gz", items[0].etag)


@pytest.mark.parametrize("algorithm", ["md5", "sha256", "sha512"])
def test_a_wrong_hash_leaves_nothing(published: Any, run: Run, algorithm: str) -> None:
    source = Watched("s3://published/works/a/part_0000.gz", Access())
    digest = Digest(algorithm, hashlib.new(algorithm, b"other").hexdigest())
    with pytest.raises(DownloadError, match=f"the {algorithm} of a file is not the expected one"):
        copy_files(run, source, source.items(), {"part_0000.gz": digest})
    assert run.outputs == []
    assert run.bucket.list("openalex-works") == []


def test_an_object_that_changed_after_the_listing_fails(published: Any, run: Run) -> None:
    source = Watched("s3://published/works/", Access())
    items = source.items()
    published.put_object(Bucket="published", Key="works/a/part_0001.gz", Body=b"a/part_0001.GZ")
    with pytest.raises(DownloadError, match="a file of the source has changed") as failure:
        copy_files(run, source, items)
    assert "part_0001.gz" in failure.value.on
    assert [file.key.rpartition("/")[2] for file in run.outputs] == [f"part_0000-{run.token}.gz"]
    assert not [found for found in run.bucket.list("openalex-works") if "part_0001" in found.key]


def test_an_object_that_is_gone_fails(published: Any, run: Run) -> None:
    source = Watched("s3://published/works/", Access())
    items = source.items()
    published.delete_object(Bucket="published", Key="works/a/part_0000.gz")
    with pytest.raises(DownloadError, match="the source holds no such object"):
        copy_files(run, source, items)


class Killed(Exception):
    """Stands for the end of the process."""


def test_a_large_object_is_copied_in_parts_and_a_killed_copy_goes_on(published: Any, s3_bucket: str) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    published.put_object(Bucket="published", Key="large.tar", Body=BODY)
    etag = published.head_object(Bucket="published", Key="large.tar")["ETag"]
    source = Foreign("published", "large.tar", len(BODY), etag, requester_pays=True)
    moved: list[int] = []

    def until_the_second_part(size: int) -> None:
        moved.append(size)
        if sum(map(bool, moved)) == 2:  # the parts are copied together, in any order
            raise Killed

    with pytest.raises(Killed):
        InsideS3(bucket, largest=5 * MIB, part=5 * MIB).copy(source, "first.tar", None, NOTE, until_the_second_part)
    assert not bucket.exists("first.tar")
    assert bucket.exists(NOTE)
    moved.clear()
    key, told = InsideS3(bucket, largest=5 * MIB, part=5 * MIB).copy(source, "second.tar", None, NOTE, moved.append)
    assert (key, told) == ("first.tar", None)
    assert bucket.get(key) == BODY
    assert moved[0] >= 7 * MIB  # what was there already
    assert sum(moved) == len(BODY)


def test_a_copy_begun_of_another_content_is_given_up(published: Any, s3_bucket: str) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    inside = InsideS3(bucket, largest=5 * MIB, part=5 * MIB)
    for body in (BODY, BODY[::-1]):
        published.put_object(Bucket="published", Key="large.tar", Body=body)
        etag = published.head_object(Bucket="published", Key="large.tar")["ETag"]
        source = Foreign("published", "large.tar", len(body), etag)
        if body == BODY:
            with pytest.raises(Killed):
                inside.copy(source, "first.tar", None, NOTE, killing)
    assert inside.copy(source, "second.tar", None, NOTE, lambda size: None) == ("second.tar", None)
    assert bucket.get("second.tar") == BODY[::-1]
    assert published.list_multipart_uploads(Bucket=s3_bucket).get("Uploads", []) == []


def killing(size: int) -> None:
    """End at once."""
    raise Killed
