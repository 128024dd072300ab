"""The release is copied from wherever it lies and checked by its hash."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.chains.ror.jobs import Source, download
from dmpworks.errors import DownloadError, SettingsError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket

MakeRun = Callable[..., Run]


@pytest.fixture
def release(data: Path) -> Path:
    """The planted release."""
    return data / "planted/ror/2026-10-01/download/v1.0-ror-data.json.zip"


def test_a_release_from_a_file_url(release: Path, bucket: Bucket, make_run: MakeRun) -> None:
    run = make_run(bucket, "ror", "download")
    md5 = hashlib.md5(release.read_bytes()).hexdigest()
    counts = download(run, Source(f"file://{release}", hash=f"md5:{md5}"))
    assert [file.key for file in run.outputs] == [f"ror/2026-10-01/download/v1.0-ror-data-{run.token}.json.zip"]
    assert bucket.get(run.outputs[0].key) == release.read_bytes()
    assert counts.also == {"bytes": release.stat().st_size}


def test_a_release_from_a_folder_under_another_name(release: Path, bucket: Bucket, make_run: MakeRun) -> None:
    run = make_run(bucket, "ror", "download")
    download(run, Source(str(release.parent), file_name="ror.zip"))
    assert [file.key for file in run.outputs] == [f"ror/2026-10-01/download/ror-{run.token}.zip"]


def test_a_wrong_hash_publishes_nothing(release: Path, bucket: Bucket, make_run: MakeRun) -> None:
    run = make_run(bucket, "ror", "download")
    with pytest.raises(DownloadError, match="the sha256 of a file is not the expected one"):
        download(run, Source(str(release), hash="0" * 64))
    assert run.outputs == []
    assert bucket.list("ror") == []


def test_a_hash_that_is_none_names_its_setting(release: Path, bucket: Bucket, make_run: MakeRun) -> None:
    with pytest.raises(SettingsError) as failure:
        download(make_run(bucket, "ror", "download"), Source(str(release), hash="md5"))
    assert failure.value.on == "ROR_HASH=md5"


def test_a_name_that_the_transform_would_not_find_is_refused(bucket: Bucket, tmp_path: Path, make_run: MakeRun) -> None:
    (tmp_path / "content").write_bytes(b"PK")
    with pytest.raises(SettingsError) as failure:
        download(make_run(bucket, "ror", "download"), Source(str(tmp_path / "content")))
    assert failure.value.next == "set ROR_FILE_NAME"


def test_a_folder_of_several_zips_is_refused(bucket: Bucket, tmp_path: Path, make_run: MakeRun) -> None:
    for name in ("a.zip", "b.zip"):
        (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(DownloadError, match="exactly one zip"):
        download(make_run(bucket, "ror", "download"), Source(str(tmp_path)))
