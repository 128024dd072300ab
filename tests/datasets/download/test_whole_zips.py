"""A release is published only if the downloaded file is a complete zip, even if neither size nor hash is stated."""

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest

from dmpworks.datasets.download.zenodo import Record, copy_release
from dmpworks.errors import DownloadError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from tests.datasets.download.conftest import UNSTATED, Answer, WebServer, zipped

MakeRun = Callable[..., Run]
ZIP = zipped(random.Random(3).randbytes(15_000))
PAGE = b"<html>Zenodo is under maintenance</html>"
MIDDLE = len(ZIP) // 2


def release(run: Run, address: str) -> None:
    """Download a release of ROR without a hash."""
    copy_release(run, address, None, None, Record(6347574))


@pytest.fixture
def run(make_run: MakeRun, bucket: Bucket) -> Run:
    """A download of ROR."""
    return make_run(bucket, "ror", "download")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(PAGE),
        Answer(b""),
        Answer(ZIP[:1000], stated=UNSTATED),
        Answer(ZIP[:-1]),
        Answer(ZIP[:MIDDLE] + ZIP[MIDDLE + 1 :]),
        Answer(ZIP[100:]),
        Answer(gzip.compress(ZIP)),
    ],
    ids=["a page", "nothing", "the beginning", "no last byte", "a byte is missing", "no beginning", "gzip unsaid"],
)
def test_what_is_no_whole_zip_is_not_published(answer: Answer, run: Run, web_server: WebServer) -> None:
    url = web_server.says("/ror.zip", answer)
    with pytest.raises(DownloadError, match="the downloaded file is not a complete zip") as failure:
        release(run, url)
    assert url in failure.value.on
    assert f"{len(answer.body):,} bytes beginning with {answer.body[:40]!r}" in failure.value.on
    assert run.outputs == []
    assert run.bucket.list("ror") == []


def test_a_whole_zip_needs_no_stated_size(run: Run, web_server: WebServer) -> None:
    release(run, web_server.says("/ror.zip", Answer(ZIP, stated=UNSTATED)))
    assert run.bucket.get(run.outputs[0].key) == ZIP


def test_an_encoded_answer_is_refused(run: Run, web_server: WebServer) -> None:
    url = web_server.says("/ror.zip", Answer(gzip.compress(ZIP), encoding="gzip"))
    with pytest.raises(DownloadError, match="the server sent the file compressed") as failure:
        release(run, url)
    assert failure.value.on == f"{url}: Content-Encoding: gzip"
    assert run.bucket.list("ror") == []
    release(run, web_server.says("/plain.zip", Answer(ZIP, encoding="identity")))
    assert run.bucket.get(run.outputs[0].key) == ZIP


def test_a_file_on_disk_is_checked_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ror.zip").write_bytes(ZIP[:-1])
    with pytest.raises(DownloadError, match="the downloaded file is not a complete zip"):
        release(run, str(tmp_path / "ror.zip"))
    assert run.bucket.list("ror") == []


def test_a_copy_inside_s3_is_checked_too(s3_bucket: str, make_run: MakeRun) -> None:
    run = make_run(Bucket(s3_bucket, "us-east-1"), "ror", "download")
    client = boto3.client("s3")
    client.create_bucket(Bucket="published")
    for key, body in (("short.zip", ZIP[:-1]), ("whole.zip", ZIP)):
        client.put_object(Bucket="published", Key=key, Body=body)
    with pytest.raises(DownloadError, match="the downloaded file is not a complete zip"):
        release(run, "s3://published/short.zip")
    assert run.bucket.list("ror") == []
    release(run, "s3://published/whole.zip")
    assert run.bucket.get(run.outputs[0].key) == ZIP


def test_a_page_once_is_no_page_for_ever(run: Run, make_run: MakeRun, web_server: WebServer) -> None:
    url = web_server.says("/ror.zip", Answer(PAGE), Answer(ZIP))
    with pytest.raises(DownloadError):
        release(run, url)
    again = make_run(run.bucket, "ror", "download")
    release(again, url)
    assert run.bucket.get(again.outputs[0].key) == ZIP
