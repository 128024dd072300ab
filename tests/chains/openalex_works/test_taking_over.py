"""Only what differs from the previous run is copied again, and nobody deletes what a later run refers to."""

import contextlib
import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.catalog import CHAINS
from dmpworks.chains.openalex_works.jobs import Scope, Transform, transform
from dmpworks.cli import main
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import MANIFEST, Manifest
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.shared import BadRecords

MakeRun = Callable[..., Run]
SEPTEMBER, OCTOBER, NOVEMBER = "2026-09-01", "2026-10-01", "2026-11-01"
CHANGED = "updated_date=2025-11-06/part_0000.gz"


@pytest.fixture
def release(tmp_path: Path, data: Path) -> Path:
    """A copy of the planted release that tests may change."""
    published = data / "planted/openalex-works/2026-10-01/download/data/jsonl/works"
    return Path(shutil.copytree(published, tmp_path / "release"))


def download(bucket: Bucket, release: Path, run_id: str, **more: str) -> Manifest:
    """Run the download as a container does."""
    chain = next(chain for chain in CHAINS if chain.name == "openalex-works")
    names = {"BUCKET_NAME": bucket.name, "OPENALEX_WORKS_RUN_ID": run_id, "OPENALEX_WORKS_SOURCE": str(release)}
    made = execute(CHAINS, chain, chain.jobs[0], names | more)
    assert isinstance(made, Manifest)
    return made


def change(release: Path) -> None:
    """Publish one part anew: as many records, another order, so another hash."""
    part = release / CHANGED
    lines = gzip.decompress(part.read_bytes()).splitlines(keepends=True)
    part.write_bytes(gzip.compress(b"".join(reversed(lines))))
    manifest = json.loads((release / "manifest.json").read_bytes())
    entry = next(entry for entry in manifest["files"] if entry["url"].endswith(CHANGED))
    manifest["content_length"] += part.stat().st_size - entry["meta"]["content_length"]
    entry["meta"]["content_length"] = part.stat().st_size
    for algorithm in ("md5", "sha256"):
        if algorithm in entry["meta"]:
            entry["meta"][algorithm] = hashlib.new(algorithm, part.read_bytes()).hexdigest()
    (release / "manifest.json").write_text(json.dumps(manifest))


def runs_of(manifest: Manifest) -> dict[str, int]:
    """Return how many files lie in the folder of which run."""
    runs = [file.key.split("/")[1] for file in manifest.files]
    return {run_id: runs.count(run_id) for run_id in runs}


def transformed(bucket: Bucket, make_run: MakeRun, run_id: str) -> int:
    """Transform a run's download and return the number of works read."""
    run = make_run(bucket, "openalex-works", "transform", run_id)
    counts = transform(run, Scope(), Transform(workers=1), BadRecords())
    return counts.read  # type: ignore[union-attr]


def test_what_the_previous_run_holds_is_taken_over(bucket: Bucket, release: Path, make_run: MakeRun) -> None:
    assert runs_of(download(bucket, release, SEPTEMBER)) == {SEPTEMBER: 13}
    change(release)
    october = download(bucket, release, OCTOBER)
    assert runs_of(october) == {SEPTEMBER: 11, OCTOBER: 2}  # the part and the release's manifest
    assert len(bucket.list(f"openalex-works/{OCTOBER}/download")) == 3
    assert october.counts.also["bytes"] == sum(part.stat().st_size for part in release.rglob("*.gz"))
    assert transformed(bucket, make_run, OCTOBER) == 2379


def test_taking_over_goes_on_from_run_to_run(bucket: Bucket, release: Path) -> None:
    download(bucket, release, SEPTEMBER)
    change(release)
    download(bucket, release, OCTOBER)
    assert runs_of(download(bucket, release, NOVEMBER)) == {SEPTEMBER: 11, OCTOBER: 1, NOVEMBER: 1}


def test_a_copy_of_another_release_is_told_by_its_hashes(bucket: Bucket, release: Path, tmp_path: Path) -> None:
    download(bucket, release, SEPTEMBER)
    moved = Path(shutil.copytree(release, tmp_path / "elsewhere"))
    for path in moved.rglob("*.gz"):
        os.utime(path, (1, 1))
    change(moved)
    assert runs_of(download(bucket, moved, OCTOBER)) == {SEPTEMBER: 11, OCTOBER: 2}


def test_the_earlier_run_keeps_what_the_later_refers_to(bucket: Bucket, release: Path, make_run: MakeRun) -> None:
    before = {file.key for file in download(bucket, release, SEPTEMBER).files}
    download(bucket, release, OCTOBER)
    change(release)
    september = download(bucket, release, SEPTEMBER)  # again, from another state of the source
    superseded = before - {file.key for file in september.files}
    assert len(superseded) == 2
    assert all(bucket.exists(key) for key in superseded if CHANGED[:-3] in key)
    assert transformed(bucket, make_run, OCTOBER) == 2379


def test_what_no_run_refers_to_any_more_goes_away(bucket: Bucket, release: Path) -> None:
    before = {file.key for file in download(bucket, release, SEPTEMBER).files}
    change(release)
    superseded = before - {file.key for file in download(bucket, release, SEPTEMBER).files}
    assert len(superseded) == 2
    assert not any(bucket.exists(key) for key in superseded)


def test_a_file_that_went_away_with_its_run_is_copied_again(bucket: Bucket, release: Path) -> None:
    september = download(bucket, release, SEPTEMBER)
    lost = next(file.key for file in september.files if CHANGED[:-3] in file.key)
    bucket.delete([lost])
    assert runs_of(download(bucket, release, OCTOBER)) == {SEPTEMBER: 11, OCTOBER: 2}


def test_a_killed_download_goes_on_with_what_it_has_noted(bucket: Bucket, release: Path) -> None:
    good = (release / CHANGED).read_bytes()
    (release / CHANGED).write_bytes(good[:-1] + b"x")  # fails last of all, so that the journal holds the others
    with pytest.raises(Exception, match="of a file is not the expected one"):
        download(bucket, release, OCTOBER)
    folder = f"openalex-works/{OCTOBER}/download"
    there = {found.key for found in bucket.list(f"{folder}/") if found.key.endswith(".gz")}
    assert len(there) == 11
    (release / CHANGED).write_bytes(good)
    manifest = download(bucket, release, OCTOBER)
    assert there < {file.key for file in manifest.files}
    assert len(bucket.list(folder)) == 14  # the files and the manifest: what was noted is swept away


@pytest.fixture
def run_chain(
    bucket: Bucket, release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Type `dmpworks run openalex-works` and return what it says; it may not fail."""
    monkeypatch.chdir(tmp_path)  # no settings file is there

    def command(run_id: str, start: str) -> str:
        names = ["--bucket-name", bucket.name, "--run-id", run_id, "--source", str(release)]
        capsys.readouterr()  # what was said before
        main(["run", "openalex-works", *names, "--start-job", start])
        return capsys.readouterr().err

    return command


def test_a_run_that_took_files_over_is_complete(bucket: Bucket, release: Path, run_chain: Callable[..., str]) -> None:
    download(bucket, release, SEPTEMBER)
    assert runs_of(download(bucket, release, OCTOBER)) == {SEPTEMBER: 12, OCTOBER: 1}
    said = run_chain(OCTOBER, "transform")
    assert "openalex-works transform: done in" in said and "openalex-works download:" not in said
    assert "every job is complete and current" in run_chain(OCTOBER, "auto")


def test_what_went_away_with_the_earlier_run_is_told_and_copied_again(
    bucket: Bucket, release: Path, run_chain: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    download(bucket, release, SEPTEMBER)
    download(bucket, release, OCTOBER)
    bucket.delete(found.key for found in bucket.list(f"openalex-works/{SEPTEMBER}"))
    with pytest.raises(SystemExit) as caught:
        run_chain(OCTOBER, "transform")
    assert caught.value.code == 2
    assert "has lost output" in (said := capsys.readouterr().err) and f"openalex-works/{SEPTEMBER}/download/" in said
    assert "openalex-works download: done in" in run_chain(OCTOBER, "auto")
    assert "every job is complete and current" in run_chain(OCTOBER, "auto")


@pytest.fixture
def reconciled(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], dict[tuple[str, str], str]]:
    """Type `dmpworks runs reconcile --repair` and return what a person is told, by run and kind."""
    monkeypatch.chdir(tmp_path)

    def command() -> dict[tuple[str, str], str]:
        capsys.readouterr()
        with contextlib.suppress(SystemExit):
            main(["runs", "reconcile", "--bucket-name", bucket.name, "--repair", "--json"])
        found = json.loads(capsys.readouterr().out)
        return {(one["run"], one["kind"]): one["what"] for one in found if not one.get("mended")}

    return command


def test_reconcile_leaves_a_later_run_what_it_refers_to(
    bucket: Bucket, release: Path, reconciled: Callable[[], dict[tuple[str, str], str]]
) -> None:
    download(bucket, release, SEPTEMBER)
    download(bucket, release, OCTOBER)
    change(release)
    download(bucket, release, SEPTEMBER)  # again, from another state of the source
    assert reconciled() == {}
    download(bucket, release, OCTOBER)  # goes on to that state as well: now nobody lists the part that has changed
    (found,) = reconciled().items()
    assert found[0] == (f"openalex-works/{SEPTEMBER}", "orphan files")
    assert found[1].startswith("1 file (") and f"{SEPTEMBER}/download/{CHANGED[:-3]}" in found[1]
    bucket.put(f"openalex-works/{OCTOBER}/download/{MANIFEST}", b"{")
    assert [kind for _, kind in reconciled()] == ["missing output"]  # what it listed is not known: nothing to remove


def test_reconcile_tells_what_went_away_with_an_earlier_run(
    bucket: Bucket, release: Path, reconciled: Callable[[], dict[tuple[str, str], str]]
) -> None:
    download(bucket, release, SEPTEMBER)
    lost = next(file.key for file in download(bucket, release, OCTOBER).files)
    assert reconciled() == {}
    bucket.delete(found.key for found in bucket.list(f"openalex-works/{SEPTEMBER}"))
    told = f"download has lost output: {lost} is gone"
    assert reconciled() == {(f"openalex-works/{OCTOBER}", "missing output"): told}
    download(bucket, release, OCTOBER)
    assert reconciled() == {}
