"""In the mode `reference` nothing is copied: the transform reads the source's files, as long as they are the same."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from dmpworks.chains.openalex_works.jobs import Scope, Source, Transform, download, transform
from dmpworks.cli import main
from dmpworks.errors import DownloadError, TransformError
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import Run
from dmpworks.jobs.shared_settings import BadRecords
from dmpworks.services.storage import Bucket
from tests.downloads.conftest import completed
from tests.parquet_rows import rows

MakeRun = Callable[..., Run]
PART = "updated_date=2025-11-06/part_0000.gz"
WORKS = "planted/openalex-works/2026-10-01/download/data/jsonl/works"


@pytest.fixture
def release(tmp_path: Path, data: Path) -> Path:
    """A copy of the planted release that tests may change."""
    return Path(shutil.copytree(data / WORKS, tmp_path / "release"))


@pytest.fixture
def published(aws: str, data: Path) -> Any:
    """The planted release, and the Parquet copy of real works, in a bucket that anybody can read; gives the client."""
    client = boto3.client("s3")
    client.create_bucket(Bucket="openalex", ACL="public-read")
    for path in (data / WORKS).rglob("*.*"):
        if path.is_file():
            put(client, f"data/jsonl/works/{path.relative_to(data / WORKS)}", path.read_bytes())
    content = (data / "real/openalex-works.parquet").read_bytes()
    url = "s3://openalex/data/parquet/works/updated_date=2026-06-01/part_0000.parquet"
    meta = {"content_length": len(content), "record_count": 34, "md5": hashlib.md5(content).hexdigest()}
    put(client, url.removeprefix("s3://openalex/"), content)
    put(client, "data/parquet/works/manifest.json", json.dumps({"files": [{"url": url, "meta": meta}]}).encode())
    return client


def put(client: Any, key: str, body: bytes) -> None:
    """Publish an object."""
    client.put_object(Bucket="openalex", Key=key, Body=body, ACL="public-read")


def referred(bucket: Bucket, make_run: MakeRun, source: str) -> Run:
    """Run the download in the mode `reference`."""
    run = make_run(bucket, "openalex-works", "download")
    download(run, Source(source, download_mode="reference"))
    return run


def transformed(bucket: Bucket, make_run: MakeRun, downloaded: Run, **options: bool) -> tuple[Run, Counts | Partial]:
    """Write the download's manifest, transform it, and return the run."""
    completed(downloaded)
    run = make_run(bucket, "openalex-works", "transform")
    return run, transform(run, Scope(), Transform(workers=1, **options), BadRecords())


def test_a_folder_is_read_in_place(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    run = referred(bucket, make_run, str(release))
    assert [found.key for found in bucket.list("openalex-works")] == [run.outputs[-1].key]  # the release's manifest
    file = next(file for file in run.outputs if file.origin and file.origin.name == PART)
    assert file.in_place
    assert (file.size, file.origin and file.origin.address) == (180_323, str(release / PART))
    _, counts = transformed(bucket, make_run, run)
    assert (counts.read, counts.written) == (2379, 2076)  # type: ignore[union-attr]


@pytest.mark.parametrize("folder", ["jsonl", "parquet"])
def test_objects_are_read_in_place(published: Any, s3_bucket: str, make_run: MakeRun, folder: str) -> None:
    bucket = Bucket(s3_bucket, "us-east-1")
    run = referred(bucket, make_run, f"s3://openalex/data/{folder}/works/")
    origin = run.outputs[0].origin
    assert origin and origin.anonymous
    head = published.head_object(Bucket="openalex", Key=origin.address.removeprefix("s3://openalex/"))
    assert (origin.etag, run.outputs[0].size) == (head["ETag"], head["ContentLength"])
    run, counts = transformed(bucket, make_run, run, include_xpac=True)
    assert counts.read == {"jsonl": 2379, "parquet": 34}[folder]  # type: ignore[union-attr]
    assert not [path for path in run.scratch.rglob("*") if path.is_file()]


def test_both_ways_give_the_same_rows(published: Any, bucket: Bucket, make_run: MakeRun) -> None:
    source = "s3://openalex/data/parquet/works/"
    in_place = rows(transformed(bucket, make_run, referred(bucket, make_run, source), include_xpac=True)[0])
    copied = make_run(bucket, "openalex-works", "download")
    download(copied, Source(source))
    assert rows(transformed(bucket, make_run, copied, include_xpac=True)[0]) == in_place
    assert len(in_place) == 34


@pytest.mark.parametrize("key", ["jsonl/works/" + PART, "parquet/works/updated_date=2026-06-01/part_0000.parquet"])
def test_an_object_that_has_changed_fails(published: Any, bucket: Bucket, make_run: MakeRun, key: str) -> None:
    run = referred(bucket, make_run, f"s3://openalex/data/{key.partition('/')[0]}/works/")
    content = published.get_object(Bucket="openalex", Key=f"data/{key}")["Body"].read()
    put(published, f"data/{key}", content[:-1] + b"?")  # of the same size
    with pytest.raises(TransformError, match="a file of the source has changed") as failure:
        transformed(bucket, make_run, run)
    assert key in failure.value.on


def test_an_object_that_is_gone_fails(published: Any, bucket: Bucket, make_run: MakeRun) -> None:
    run = referred(bucket, make_run, "s3://openalex/data/jsonl/works/")
    published.delete_object(Bucket="openalex", Key=f"data/jsonl/works/{PART}")
    with pytest.raises(TransformError) as failure:
        transformed(bucket, make_run, run)
    assert PART in failure.value.on


def test_a_file_that_has_changed_fails(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    run = referred(bucket, make_run, str(release))
    os.utime(release / PART, (1, 1))
    with pytest.raises(TransformError, match="a file of the source has changed") as failure:
        transformed(bucket, make_run, run)
    assert str(release / PART) in failure.value.on


def test_a_second_start_lists_the_same(published: Any, bucket: Bucket, make_run: MakeRun) -> None:
    first = referred(bucket, make_run, "s3://openalex/data/jsonl/works/")
    transformed(bucket, make_run, first)
    assert referred(bucket, make_run, "s3://openalex/data/jsonl/works/").outputs == first.outputs


def test_what_the_manifest_does_not_state_is_not_referred_to(published: Any, bucket: Bucket, make_run: MakeRun) -> None:
    published.delete_object(Bucket="openalex", Key=f"data/jsonl/works/{PART}")
    with pytest.raises(DownloadError, match="1 files are not there") as failure:
        referred(bucket, make_run, "s3://openalex/data/jsonl/works/")
    assert PART in failure.value.on


def test_a_hash_that_the_etag_tells_is_compared(published: Any, bucket: Bucket, make_run: MakeRun) -> None:
    key = "data/parquet/works/updated_date=2026-06-01/part_0000.parquet"
    content = published.get_object(Bucket="openalex", Key=key)["Body"].read()
    put(published, key, content[:-1] + b"?")
    with pytest.raises(DownloadError, match="the md5 of a file is not the expected one"):
        referred(bucket, make_run, "s3://openalex/data/parquet/works/")


@pytest.mark.parametrize("place", ["folder", "bucket"])
def test_a_run_that_reads_in_place_is_complete(
    published: Any,
    bucket: Bucket,
    release: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    place: str,
) -> None:
    monkeypatch.chdir(tmp_path)  # no settings file is there
    source = {"folder": str(release), "bucket": "s3://openalex/data/jsonl/works/"}[place]
    names = ["--bucket-name", bucket.name, "--run-id", "2026-10-01", "--source", source]
    for start in ("download", "transform", "auto"):
        main(["run", "openalex-works", *names, "--download-mode", "reference", "--start-job", start])
        said = capsys.readouterr().err
        assert ("openalex-works download: done in" in said) == (start == "download")
        assert ("openalex-works transform: done in" in said) == (start != "auto")
    main(["runs", "resume", "openalex-works/latest", "--bucket-name", bucket.name])
    assert "every job is complete and current" in capsys.readouterr().err
