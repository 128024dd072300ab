"""In the mode `reference` nothing is copied: the transform reads the source's files, as long as they are the same."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from dmpworks.chains.openalex_works.jobs import Scope, Source, Transform, download, transform
from dmpworks.cli import main
from dmpworks.errors import DownloadError, TransformError
from dmpworks.jobs.model import Counts, Partial
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords
from tests.datasets.download.conftest import completed
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
    release = downloaded.outputs[-1].origin
    assert release
    source = Source(release.address.removesuffix("manifest.json"))
    return run, transform(run, Scope(), Transform(workers=1, **options), BadRecords(), source)


@pytest.mark.parametrize(
    "address", ["/etc/passwd", "s3://other/data/part.gz", "{release}/../secret.gz", "{release}x/a"]
)
def test_only_the_source_that_is_set_is_read_in_place(
    bucket: Bucket, make_run: MakeRun, release: Path, address: str
) -> None:
    run = referred(bucket, make_run, str(release))
    planted = msgspec.structs.replace(run.outputs[0].origin, address=address.format(release=release))
    run.outputs[0] = msgspec.structs.replace(run.outputs[0], origin=planted)
    with pytest.raises(TransformError, match="a file to be read in place is not in the source that is set") as failure:
        transformed(bucket, make_run, run)
    assert planted.address in failure.value.on


def test_a_folder_is_read_in_place(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    run = referred(bucket, make_run, str(release))
    journal = "openalex-works/2026-10-01/download/_copied.json"  # goes away with the phase's manifest
    assert [found.key for found in bucket.list("openalex-works")] == [journal, run.outputs[-1].key]  # the release's
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
    with pytest.raises(DownloadError, match="1 files are missing") as failure:
        referred(bucket, make_run, "s3://openalex/data/jsonl/works/")
    assert PART in failure.value.on


KEY = "data/parquet/works/updated_date=2026-06-01/part_0000.parquet"


def state(published: Any, *algorithms: str) -> bytes:
    """Publish a manifest of the Parquet copy that states these hashes, and return the file."""
    content: bytes = published.get_object(Bucket="openalex", Key=KEY)["Body"].read()
    hashes = {name: hashlib.new(name, content).hexdigest() for name in algorithms}
    meta = {"content_length": len(content), "record_count": 34, **hashes}
    files = [{"url": f"s3://openalex/{KEY}", "meta": meta}]
    put(published, "data/parquet/works/manifest.json", json.dumps({"files": files}).encode())
    return content


@pytest.mark.parametrize("algorithms", [["md5"], ["sha256", "md5"]])
def test_a_hash_that_the_etag_tells_is_compared(
    published: Any, bucket: Bucket, make_run: MakeRun, algorithms: list[str]
) -> None:
    put(published, KEY, state(published, *algorithms)[:-1] + b"?")
    with pytest.raises(DownloadError, match="the md5 of a file is not the expected one") as failure:
        referred(bucket, make_run, "s3://openalex/data/parquet/works/")
    assert KEY.rpartition("/works/")[2] in failure.value.on


def test_a_hash_that_s3_keeps_is_compared(
    published: Any, bucket: Bucket, make_run: MakeRun, capsys: pytest.CaptureFixture[str]
) -> None:
    content = state(published, "sha256")
    for body in (content, content[:-1] + b"?"):
        published.put_object(Bucket="openalex", Key=KEY, Body=body, ACL="public-read", ChecksumAlgorithm="SHA256")
        if body != content:
            with pytest.raises(DownloadError, match="the sha256 of a file is not the expected one"):
                referred(bucket, make_run, "s3://openalex/data/parquet/works/")
            continue
        origin = referred(bucket, make_run, "s3://openalex/data/parquet/works/").outputs[0].origin
        assert origin and origin.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert "does not provide" not in capsys.readouterr().err


def put_in_parts(published: Any, content: bytes) -> None:
    """Publish an object as one that was written in parts, of which S3 keeps no checksum of the whole."""
    upload = published.create_multipart_upload(
        Bucket="openalex", Key=KEY, ACL="public-read", ChecksumAlgorithm="SHA256"
    )
    where = {"Bucket": "openalex", "Key": KEY, "UploadId": upload["UploadId"]}
    part = published.upload_part(**where, PartNumber=1, Body=content, ChecksumAlgorithm="SHA256")
    parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}]
    published.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})


@pytest.mark.parametrize("in_parts", [True, False])
def test_a_hash_that_s3_does_not_provide_is_reported(
    published: Any, bucket: Bucket, make_run: MakeRun, in_parts: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    content = state(published, "sha256")
    if in_parts:
        put_in_parts(published, content)
    run = referred(bucket, make_run, "s3://openalex/data/parquet/works/")
    assert "1 of 1 files have a stated hash that S3 does not provide: only sizes" in capsys.readouterr().err
    assert run.outputs[0].origin and run.outputs[0].origin.digest is None
    completed(run)
    assert referred(bucket, make_run, "s3://openalex/data/parquet/works/").outputs == run.outputs


def test_files_on_disk_are_compared_with_their_hashes(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    other = "updated_date=2025-12-14/part_0000.gz"
    for name in (PART, other):
        content = (release / name).read_bytes()
        (release / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    run = make_run(bucket, "openalex-works", "download")
    with pytest.raises(DownloadError, match="2 of 12 files") as failure:
        download(run, Source(str(release), download_mode="reference"))
    assert failure.value.on.count("the sha256 of a file is not the expected one") == 2
    assert PART in failure.value.on and other in failure.value.on
    assert not any("manifest" in file.key for file in run.outputs)


def test_what_has_been_compared_is_not_read_again(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    first = referred(bucket, make_run, str(release))
    completed(first)
    manifest = json.loads((release / "manifest.json").read_bytes())
    entry = next(entry for entry in manifest["files"] if entry["url"].endswith(PART))
    was = (release / PART).stat()
    (release / PART).write_bytes(b"?" * was.st_size)
    os.utime(release / PART, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert referred(bucket, make_run, str(release)).outputs == first.outputs
    entry["meta"]["sha256"] = "0" * 64  # the release states another hash of it now
    (release / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DownloadError, match="the sha256 of a file is not the expected one"):
        referred(bucket, make_run, str(release))


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
    main(["runs", "resume", "openalex-works/latest", "--yes", "--bucket-name", bucket.name])
    assert "every job is complete and current" in capsys.readouterr().err
