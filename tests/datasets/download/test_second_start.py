"""A second start of a complete download does nothing; what has changed in the source is fetched anew."""

import hashlib
from pathlib import Path

import pytest

from dmpworks.catalog import CHAINS
from dmpworks.jobs.execute import execute
from dmpworks.jobs.manifest import MANIFEST, Manifest, read_manifest
from dmpworks.services.storage import Bucket
from tests.datasets.download.conftest import Publisher, zipped

RELEASE = "data/planted/ror/2026-10-01/download/v1.0-ror-data.json.zip"
FOLDER = "ror/2026-10-01/download"


@pytest.fixture
def release(data: Path) -> bytes:
    """ROR's planted release."""
    return (data.parent / RELEASE).read_bytes()


def download(bucket: Bucket, url: str, **more: str) -> Manifest:
    """Run the download of ROR as a container does."""
    chain = next(chain for chain in CHAINS if chain.name == "ror")
    environ = {"BUCKET_NAME": bucket.name, "ROR_RUN_ID": "2026-10-01", "ROR_DOWNLOAD_URL": url, **more}
    made = execute(CHAINS, chain, chain.jobs[0], environ)
    assert isinstance(made, Manifest)
    return made


def state(bucket: Bucket) -> dict[str, bytes]:
    """Return every object of the phase."""
    return {found.key: bucket.get(found.key) for found in bucket.list(FOLDER)}


def test_a_second_start_leaves_the_phase_alone(
    bucket: Bucket, publisher: Publisher, release: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    url = publisher.publishes("/ror.zip", release)
    first = download(bucket, url)
    before = state(bucket)
    assert sorted(before) == sorted([first.files[0].key, f"{FOLDER}/{MANIFEST}"])
    assert download(bucket, url) == first
    assert state(bucket) == before
    assert "nothing has changed: the phase is left as it is" in capsys.readouterr().err
    assert publisher.asked == ["", ""]  # the second only for the ETag


def test_with_a_hash_the_source_is_not_even_asked(bucket: Bucket, publisher: Publisher, release: bytes) -> None:
    url, digest = publisher.publishes("/ror.zip", release), hashlib.md5(release).hexdigest()
    first = download(bucket, url, ROR_HASH=digest)
    assert download(bucket, url, ROR_HASH=digest) == first
    assert publisher.asked == [""]


def test_a_source_that_has_changed_is_fetched_anew(bucket: Bucket, publisher: Publisher, release: bytes) -> None:
    url = publisher.publishes("/ror.zip", release)
    first = download(bucket, url)
    publisher.publishes("/ror.zip", release + b"more")
    second = download(bucket, url)
    assert bucket.get(second.files[0].key) == release + b"more"
    assert sorted(state(bucket)) == sorted([second.files[0].key, f"{FOLDER}/{MANIFEST}"])
    assert second.attempt != first.attempt


def test_a_file_that_is_gone_from_the_bucket_is_fetched_anew(
    bucket: Bucket, publisher: Publisher, release: bytes
) -> None:
    url = publisher.publishes("/ror.zip", release)
    first = download(bucket, url)
    bucket.delete([first.files[0].key])
    assert bucket.get(download(bucket, url).files[0].key) == release


def test_other_settings_are_noted_without_fetching_again(bucket: Bucket, publisher: Publisher, release: bytes) -> None:
    url = publisher.publishes("/ror.zip", release)
    first = download(bucket, url, ROR_HASH=hashlib.md5(release).hexdigest())
    second = download(bucket, url, ROR_HASH=f"md5:{hashlib.md5(release).hexdigest()}")
    assert second.settings != first.settings
    assert second.files == first.files
    assert publisher.asked == [""]
    found = read_manifest(bucket, FOLDER)
    assert found and found[0] == second


def test_without_etag_and_hash_nothing_can_be_known(bucket: Bucket, publisher: Publisher, release: bytes) -> None:
    publisher.tells_etag = False
    url = publisher.publishes("/ror.zip", release)
    assert download(bucket, url).files != download(bucket, url).files


def test_a_folder_is_told_by_size_and_time(bucket: Bucket, release: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ror.zip"
    path.write_bytes(release)
    first = download(bucket, path.as_uri())
    assert download(bucket, path.as_uri()) == first
    other = zipped(release)
    path.write_bytes(other)
    second = download(bucket, path.as_uri())
    assert bucket.get(second.files[0].key) == other
