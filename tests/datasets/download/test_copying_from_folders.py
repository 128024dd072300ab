"""Folders and `file:` URLs are sources like any other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.datasets.download.copy import Digest, copy_files
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.source import Item, read
from dmpworks.errors import DownloadError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source of three files in two folders, and what is not part of it."""
    root = tmp_path / "with a space"
    for name in ("b.gz", "a/part_0000.gz", "a/part_0001.gz", "_manifest.json", ".hidden"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"content of {name}")
    return root


@pytest.fixture
def run(make_run: Callable[..., Run], bucket: Bucket) -> Run:
    """A download of DataCite."""
    return make_run(bucket, "datacite", "download")


def test_a_folder_is_copied_with_its_folders(run: Run, folder: Path) -> None:
    source = open_source(str(folder))
    counts = copy_files(run, source, source.items())
    start = "datacite/2026-10-01/download"
    assert [file.key for file in run.outputs] == [
        f"{start}/a/part_0000-{run.token}.gz",
        f"{start}/a/part_0001-{run.token}.gz",
        f"{start}/b-{run.token}.gz",
    ]
    assert run.bucket.get(run.outputs[2].key) == b"content of b.gz"
    assert counts.written == 3


@pytest.mark.parametrize("shape", ["file://{}", "file:{}", "{}"])
def test_a_folder_may_be_a_file_url(folder: Path, shape: str) -> None:
    address = shape.format(folder if shape == "{}" else str(folder).replace(" ", "%20"))
    assert [item.name for item in open_source(address).items()] == ["a/part_0000.gz", "a/part_0001.gz", "b.gz"]


def test_a_file_url_may_be_relative(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert open_source("file:b.gz").items() == open_source("file:./b.gz").items() == [Item("b.gz", 15)]


def test_one_file_is_a_source_of_one(folder: Path) -> None:
    source = open_source(f"file:{folder}/b.gz".replace(" ", "%20"))
    assert source.items() == [Item("b.gz", 15)]
    assert read(source, "b.gz") == b"content of b.gz"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="the source does not exist"):
        open_source(str(tmp_path / "nowhere"))


def test_an_unknown_kind_of_address_is_refused() -> None:
    with pytest.raises(DownloadError, match="of an unknown kind"):
        open_source("ftp://example.org/a.zip")


def test_an_empty_folder_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    source = open_source(str(tmp_path / "empty"))
    with pytest.raises(DownloadError, match="no file of this dataset"):
        copy_files(run, source, source.items())


def test_every_file_that_fails_is_named_after_the_others_are_through(run: Run, folder: Path) -> None:
    source = open_source(str(folder))
    items = [*source.items(), Item("missing.gz"), Item("b.gz", 99)]
    with pytest.raises(DownloadError, match="2 of 5 files could not be copied") as failure:
        copy_files(run, source, items)
    assert "missing.gz" in failure.value.on
    assert "15 bytes instead of 99" in failure.value.on
    assert len(run.outputs) == 3


def test_of_many_failures_the_first_ten_are_named(run: Run, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    items = [Item(f"missing_{number:04}.gz") for number in range(1200)]
    with pytest.raises(DownloadError, match="1,200 of 1,200 files could not be copied") as failure:
        copy_files(run, open_source(str(folder)), items)
    assert failure.value.on.count("missing_") == 10
    assert "missing_0009.gz" in failure.value.on
    assert failure.value.on.endswith("; and 1,190 more")
    assert capsys.readouterr().err.count(" FAILED: ") == 1200  # the log names them all


def test_hashes_are_checked_by_name(run: Run, folder: Path) -> None:
    source = open_source(str(folder))
    with pytest.raises(DownloadError, match="md5 of a file") as failure:
        copy_files(run, source, source.items(), {"b.gz": Digest("md5", "0" * 32)})
    assert "b.gz" in failure.value.on
