"""Objects of other S3 buckets, as moto simulates them."""

from collections.abc import Callable

import boto3
import pytest

from dmpworks.datasets.download.copy import copy_files
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.s3 import Access
from dmpworks.datasets.sources.source import Item, read
from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket

ACCESSES = [Access(region="us-east-1", requester_pays=True), Access(anonymous=True), Access()]


@pytest.fixture
def published(aws: str) -> str:
    """A bucket that somebody else has published."""
    client = boto3.client("s3")
    client.create_bucket(Bucket="published", ACL="public-read")
    for key in ("data/works/a/part_0000.gz", "data/works/manifest.json", "data/works-old/part_0000.gz", "one.tar"):
        client.put_object(Bucket="published", Key=key, Body=f"content of {key}".encode(), ACL="public-read")
    return "s3://published"


@pytest.mark.parametrize("access", ACCESSES, ids=["requester pays", "anonymous", "own credentials"])
def test_a_prefix_is_listed_and_read(published: str, access: Access) -> None:
    source = open_source(f"{published}/data/works/", access)
    assert source.items() == [Item("a/part_0000.gz", 36), Item("manifest.json", 35)]
    assert read(source, "a/part_0000.gz") == b"content of data/works/a/part_0000.gz"


def test_one_object_is_a_source_of_one(published: str) -> None:
    source = open_source(f"{published}/one.tar")
    assert source.items() == [Item("one.tar", 18)]
    assert read(source, "one.tar") == b"content of one.tar"


def test_a_bucket_is_copied(published: str, bucket: Bucket, make_run: Callable[..., Run]) -> None:
    run = make_run(bucket, "openalex-works", "download")
    source = open_source(f"{published}/")
    assert copy_files(run, source, source.items()).written == 4
    assert bucket.get(run.outputs[-1].key) == b"content of one.tar"


def test_an_object_that_is_not_there_fails(published: str, bucket: Bucket, make_run: Callable[..., Run]) -> None:
    run = make_run(bucket, "openalex-works", "download")
    with pytest.raises(DownloadError, match="has no such object") as failure:
        copy_files(run, open_source(published), [Item("gone.tar")])
    assert "gone.tar" in failure.value.on
    with pytest.raises(DownloadError, match="has no such object"):
        open_source(f"{published}/gone.tar").items()


def test_a_bucket_that_is_not_there_fails(aws: str) -> None:
    with pytest.raises((DownloadError, TemporaryError)):
        open_source("s3://nowhere-at-all/").items()
