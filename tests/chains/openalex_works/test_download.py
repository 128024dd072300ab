import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from dmpworks.chains.openalex_works.jobs import Scope, Source, Transform, download, transform
from dmpworks.chains.openalex_works.release_files import choose_files
from dmpworks.chains.openalex_works.source import parse_release
from dmpworks.errors import DownloadError
from dmpworks.jobs.run import File, Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords

MakeRun = Callable[..., Run]


@pytest.fixture
def release(tmp_path: Path, data: Path) -> Path:
    """A copy of the planted release that tests may spoil."""
    published = data / "planted/openalex-works/2026-10-01/download/data/jsonl/works"
    return Path(shutil.copytree(published, tmp_path / "release"))


def edit(release: Path, change: Callable[[dict[str, Any]], None]) -> None:
    manifest = json.loads((release / "manifest.json").read_bytes())
    change(manifest)
    (release / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_release_is_copied_and_transformed(bucket: Bucket, make_run: MakeRun, release: Path, form: str) -> None:
    run = make_run(bucket, "openalex-works", "download")
    counts = download(run, Source(source=form.format(release)))
    assert (counts.read, counts.written) == (12, 12)
    assert counts.also == {"bytes": 1702824, "records stated": 2379}
    folder = "openalex-works/2026-10-01/download"
    keys = {file.key for file in run.outputs}
    assert f"{folder}/updated_date=2025-11-06/part_0000-{run.token}.gz" in keys
    assert f"{folder}/manifest-{run.token}.json" in keys
    assert len(keys) == 13
    counts = transform(make_run(bucket, "openalex-works", "transform"), Scope(), Transform(workers=1), BadRecords())
    assert (counts.read, counts.written) == (2379, 2076)


def test_the_parquet_copy_is_copied_and_transformed(
    bucket: Bucket, make_run: MakeRun, tmp_path: Path, data: Path
) -> None:
    works = tmp_path / "works"
    part = works / "updated_date=2025-11-06" / "part_0000.parquet"
    part.parent.mkdir(parents=True)
    shutil.copy(data / "real/openalex-works.parquet", part)
    size, digest = part.stat().st_size, hashlib.md5(part.read_bytes()).hexdigest()
    url = "s3://openalex/data/parquet/works/updated_date=2025-11-06/part_0000.parquet"
    files = [{"url": url, "meta": {"content_length": size, "record_count": 34, "md5": digest}}]
    manifest = {
        "date": "2026-06-26",
        "format": "parquet",
        "entity": "works",
        "record_count": 34,
        "content_length": size,
        "files": files,
    }
    (works / "manifest.json").write_text(json.dumps(manifest))
    download(make_run(bucket, "openalex-works", "download"), Source(source=str(works)))
    run = make_run(bucket, "openalex-works", "transform")
    counts = transform(run, Scope(), Transform(workers=1, include_xpac=True), BadRecords())
    assert (counts.read, counts.written) == (34, 34)
    assert bucket.root
    assert pq.read_table(bucket.root / run.outputs[0].key).num_rows == 34


def test_a_file_of_another_hash_fails_and_is_not_published(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    part = release / "updated_date=2025-11-06" / "part_0000.gz"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    run = make_run(bucket, "openalex-works", "download")
    with pytest.raises(DownloadError, match=r"updated_date=2025-11-06/part_0000\.gz"):
        download(run, Source(source=str(release)))
    assert not any("manifest" in file.key or "2025-11-06/part_0000" in file.key for file in run.outputs)


def test_a_file_of_another_size_fails(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    part = release / "updated_date=2025-11-06" / "part_0000.gz"
    part.write_bytes(part.read_bytes()[:-1])
    with pytest.raises(DownloadError, match="180,322 bytes instead of 180,323"):
        download(make_run(bucket, "openalex-works", "download"), Source(source=str(release)))


@pytest.mark.parametrize("total", ["record_count", "content_length"])
def test_totals_must_equal_the_sums(bucket: Bucket, make_run: MakeRun, release: Path, total: str) -> None:
    edit(release, lambda manifest: manifest.update({total: manifest[total] + 1}))
    run = make_run(bucket, "openalex-works", "download")
    with pytest.raises(DownloadError, match="are not the sums over its files"):
        download(run, Source(source=str(release)))
    assert run.outputs == []


def test_a_source_without_manifest_is_an_incomplete_release(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    (release / "manifest.json").unlink()
    with pytest.raises(DownloadError, match=r"manifest\.json"):
        download(make_run(bucket, "openalex-works", "download"), Source(source=str(release)))


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"files": [{"size": 1}]}'])
def test_a_manifest_that_cannot_be_read(content: bytes) -> None:
    with pytest.raises(DownloadError, match="here"):
        parse_release(content, "here")


def test_the_older_layout_is_understood() -> None:
    url = "s3://openalex/data/works/updated_date=2016-06-24/part_0000.gz"
    manifest = {
        "entries": [{"url": url, "meta": {"content_length": 5, "record_count": 2}}],
        "meta": {"record_count": 2},
    }
    (entry,) = parse_release(json.dumps(manifest).encode(), "here").listed
    assert (entry.name, entry.meta.record_count) == ("updated_date=2016-06-24/part_0000.gz", 2)


def test_the_parquet_copy_is_preferred_where_both_are_there() -> None:
    folder = "openalex-works/2026-10-01/download/data"
    keys = [
        f"{folder}/jsonl/works/updated_date=2026-01-01/part_0000.gz",
        f"{folder}/parquet/works/updated_date=2026-01-01/part_0000.parquet",
    ]
    assert [found.file.key for found in choose_files([File(key, 1) for key in keys], {})] == keys[1:]


def test_a_manifest_that_lists_a_file_twice_is_refused(bucket: Bucket, make_run: MakeRun, release: Path) -> None:
    def twice(manifest: dict[str, Any]) -> None:
        again = manifest["files"][0]
        manifest["files"].append(again)
        manifest["record_count"] += again["meta"]["record_count"]
        manifest["content_length"] += again["meta"]["content_length"]

    edit(release, twice)
    with pytest.raises(DownloadError, match="the manifest of the release lists a file twice"):
        download(make_run(bucket, "openalex-works", "download"), Source(source=str(release)))
