"""DataCite's files are copied with a member's temporary credentials, once the month is complete."""

import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
import stamina

from dmpworks.chains.datacite.credentials import provider
from dmpworks.chains.datacite.jobs import Source, download
from dmpworks.chains.datacite.source import listed
from dmpworks.datasets.download.copy import copy_files
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.s3 import Access
from dmpworks.datasets.sources.source import read
from dmpworks.errors import DownloadError, SettingsError, TemporaryError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from dmpworks.settings.declare import Secret
from tests.datasets.download.conftest import Answer, WebServer, web_server

__all__ = ["web_server"]  # a fixture of the tests of downloads
if TYPE_CHECKING:
    from obstore.store import S3Credential

MakeRun = Callable[..., Run]
CREDENTIALS = {
    "bucket": "monthly-datafile.datacite.org",
    "access_key_id": "AKIA",
    "secret_access_key": "very secret",
    "session_token": "a token",
    "expires_in": 3600,
}

KEYS: "S3Credential" = {
    "access_key_id": "AKIA",
    "secret_access_key": "very secret",
    "token": "a token",
    "expires_at": None,
}


@pytest.fixture(autouse=True)
def retries_without_pauses() -> object:
    """Retries happen as in life, but at once."""
    with stamina.set_testing(True, attempts=3):
        yield


def api(web_server: WebServer, *answers: Answer) -> str:
    """Let the API answer and return its address."""
    web_server.says("/credentials/datafile", *answers)
    return web_server.address


def test_credentials_are_asked_for_with_user_and_password(web_server: WebServer) -> None:
    url = api(web_server, Answer(status=503), Answer(json.dumps(CREDENTIALS).encode()))
    found = provider(url + "/", "MEMBER", "pass word")()
    assert found["access_key_id"] == "AKIA"
    assert found["secret_access_key"] == "very secret"
    assert found.get("token") == "a token"
    assert found["expires_at"]
    left = found["expires_at"] - datetime.now(UTC)
    assert timedelta(minutes=50) < left < timedelta(hours=1)
    assert web_server.authorizations[-1] == "Basic TUVNQkVSOnBhc3Mgd29yZA=="


@pytest.mark.parametrize(
    ("answer", "kind", "what"),
    [
        (Answer(status=401), DownloadError, "DataCite rejected the user name and password"),
        (Answer(status=404), DownloadError, "DataCite's API gave no credentials"),
        (Answer(status=500), TemporaryError, "DataCite's API gave no credentials"),
        (Answer(b'{"secret_access_key": "very secret"}'), DownloadError, "DataCite's API gave no credentials"),
    ],
)
def test_no_credentials(web_server: WebServer, answer: Answer, kind: type[Exception], what: str) -> None:
    with pytest.raises(kind, match=what) as failure:
        provider(api(web_server, answer), "MEMBER", "password")()
    assert "very secret" not in str(failure.value)


def test_members_must_say_who_they_are(bucket: Bucket, make_run: MakeRun) -> None:
    with pytest.raises(SettingsError, match="DATACITE_USERNAME and DATACITE_PASSWORD"):
        download(make_run(bucket, "datacite", "download"), Source())


def test_files_are_copied_from_s3(
    aws: str, bucket: Bucket, web_server: WebServer, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="datafile")
    objects = {
        "STATUS.json": b'{"month": "2026-09", "status": "Complete"}',
        "README": b"hello",
        "dois/updated_2026-09/part_0000.jsonl.gz": b"lines",
        "dois/updated_2026-09/2026-09.csv.gz": b"csv",
    }
    for key, body in objects.items():
        client.put_object(Bucket="datafile", Key=key, Body=body)
    run = make_run(bucket, "datacite", "download")
    url = api(web_server, Answer(json.dumps(CREDENTIALS).encode()))
    counts = download(run, Source("s3://datafile/", url, Secret("MEMBER"), Secret("password")))
    assert counts.written == 2
    assert [(file.key, bucket.get(file.key)) for file in run.outputs] == [
        (f"datacite/2026-10-01/download/dois/updated_2026-09/2026-09-{run.token}.csv.gz", b"csv"),
        (f"datacite/2026-10-01/download/dois/updated_2026-09/part_0000-{run.token}.jsonl.gz", b"lines"),
    ]
    assert web_server.requests == ["/credentials/datafile"]


def test_a_month_under_way_is_not_copied(bucket: Bucket, tmp_path: Path, make_run: MakeRun) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source/STATUS.json").write_text('{"month": "2026-09", "status": "In progress"}')
    (tmp_path / "source/part_0000.jsonl.gz").write_bytes(b"lines")
    run = make_run(bucket, "datacite", "download")
    with pytest.raises(DownloadError, match="not complete yet") as failure:
        download(run, Source(str(tmp_path / "source")))
    assert "2026-09 In progress" in failure.value.on
    assert run.outputs == []


def planted_source(data: Path, tmp_path: Path) -> Path:
    """Return a copy of the planted data file that is said to be complete."""
    source = Path(shutil.copytree(data / "planted/datacite/2026-10-01/download", tmp_path / "source"))
    (source / "STATUS.json").write_text('{"month": "2026-09", "status": "Complete"}')
    return source


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("dois/updated_2019-04/2019-04.csv.gz", "2019-04: its CSV is missing"),
        ("dois/updated_2026-07/part_0001.jsonl.gz", "2026-07: part_0001 is missing"),
    ],
)
def test_a_source_that_lacks_a_file_is_not_copied(
    bucket: Bucket, data: Path, tmp_path: Path, make_run: MakeRun, gone: str, says: str
) -> None:
    source, run = planted_source(data, tmp_path), make_run(bucket, "datacite", "download")
    assert download(run, Source(str(source))).written == 22
    (source / gone).unlink()
    run = make_run(bucket, "datacite", "download", "2026-11-01")
    with pytest.raises(DownloadError, match="is not complete") as failure:
        download(run, Source(str(source)))
    assert failure.value.on == f"{source}: {says}"
    assert run.outputs == []


def test_a_bucket_that_does_not_say_that_it_is_complete(
    aws: str, bucket: Bucket, web_server: WebServer, make_run: MakeRun
) -> None:
    put_parts(1)
    boto3.client("s3").delete_object(Bucket="datafile", Key="STATUS.json")
    url = api(web_server, Answer(json.dumps(CREDENTIALS).encode()))
    run = make_run(bucket, "datacite", "download")
    with pytest.raises(DownloadError, match="does not say whether it is complete") as failure:
        download(run, Source("s3://datafile/", url, Secret("MEMBER"), Secret("password")))
    assert failure.value.on == "s3://datafile/ has no STATUS.json"
    assert run.outputs == []


@pytest.mark.parametrize(
    ("later", "what"),
    [
        ('{"month": "2026-10", "status": "Complete"}', "changed while it was copied"),
        ('{"month": "2026-09", "status": "In progress"}', "is not complete yet"),
    ],
)
def test_a_month_that_begins_while_files_are_copied_is_not_published(
    bucket: Bucket, data: Path, tmp_path: Path, make_run: MakeRun, later: str, what: str
) -> None:
    source = planted_source(data, tmp_path)
    made = make_run(bucket, "datacite", "download")
    run = Overtaken(made.chain, made.job, made.run_id, made.env, bucket, made.scratch)
    run.overtake = lambda: (source / "STATUS.json").write_text(later)
    with pytest.raises(DownloadError, match=what) as failure:
        download(run, Source(str(source)))
    assert len(run.outputs) == 22  # all were copied by then
    assert f"{source} STATUS.json: " in failure.value.on


class Overtaken(Run):
    """A run whose source changes as soon as the first word is said of how far the copy is."""

    overtake: Callable[[], object]

    def progress(self, text: str) -> None:
        super().progress(text)
        self.overtake()


def put_parts(number: int) -> dict[str, bytes]:
    """Publish parts of a month that is said to be complete; returns their content by name."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="datafile")
    parts = {f"dois/updated_2026-09/part_{part:04}.jsonl.gz": b"lines %d" % part for part in range(number)}
    said = {"STATUS.json": json.dumps({"month": "2026-09", "status": "Complete"}).encode()}
    for key, body in (said | parts).items():
        client.put_object(Bucket="datafile", Key=key, Body=body)
    return parts


def test_credentials_are_renewed_before_they_expire(aws: str, web_server: WebServer) -> None:
    put_parts(3)
    url = api(
        web_server, *(Answer(json.dumps(CREDENTIALS | {"expires_in": 300 + left}).encode()) for left in (1, 2, 3))
    )
    source = open_source("s3://datafile/", Access(credentials=provider(url, "MEMBER", "password")))
    for number, item in enumerate(source.items()[1:]):  # behind STATUS.json
        assert read(source, item.name) == b"lines %d" % number
        time.sleep(0.15)  # the store asks no more often than every 0.1 s
    assert len(web_server.requests) == 3


def test_a_refusal_midway_is_told(aws: str, web_server: WebServer, bucket: Bucket, make_run: MakeRun) -> None:
    put_parts(3)
    source = open_source("s3://datafile/", Access(credentials=lambda: KEYS))
    url = api(web_server, Answer(status=401))
    refused = open_source("s3://datafile/", Access(credentials=provider(url, "MEMBER", "password")))
    with pytest.raises(DownloadError, match="DataCite rejected the user name and password"):
        copy_files(make_run(bucket, "datacite", "download"), refused, source.items()[:1])


def test_an_api_that_is_busy_is_worth_another_attempt(
    aws: str, web_server: WebServer, bucket: Bucket, make_run: MakeRun
) -> None:
    url = api(web_server, Answer(status=503))
    with pytest.raises(TemporaryError, match="DataCite's API gave no credentials"):
        download(
            make_run(bucket, "datacite", "download"),
            Source("s3://datafile/", url, Secret("MEMBER"), Secret("password")),
        )


def test_a_part_that_changes_midway_fails_and_the_next_run_goes_on(
    s3_bucket: str, web_server: WebServer, make_run: MakeRun
) -> None:
    put_parts(3)
    bucket, key = Bucket(s3_bucket, "us-east-1"), "dois/updated_2026-09/part_0001.jsonl.gz"
    source = open_source("s3://datafile/", Access(credentials=lambda: KEYS))
    items = listed(source).items
    boto3.client("s3").put_object(Bucket="datafile", Key=key, Body=b"other 1")
    first = make_run(bucket, "datacite", "download")
    with pytest.raises(DownloadError, match="a file of the source has changed") as failure:
        copy_files(first, source, items)
    assert key in failure.value.on
    assert contents(first) == [b"lines 0", b"lines 2"]
    second = make_run(bucket, "datacite", "download")
    url = api(web_server, Answer(json.dumps(CREDENTIALS).encode()))
    download(second, Source("s3://datafile/", url, Secret("MEMBER"), Secret("password")))
    assert contents(second) == [b"lines 0", b"other 1", b"lines 2"]
    assert [second.outputs[0], second.outputs[2]] == first.outputs


def contents(run: Run) -> list[bytes]:
    """Return what a run has published."""
    return [run.bucket.get(file.key) for file in run.outputs]
