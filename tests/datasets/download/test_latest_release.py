"""`latest` is what Zenodo's API names: file, size and hash come from its answer, recorded in March 2026."""

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dmpworks.datasets.download.zenodo import Record, copy_release
from dmpworks.datasets.sources.folder import FolderSource
from dmpworks.datasets.sources.source import Item
from dmpworks.errors import DownloadError, JobError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from tests.datasets.download.conftest import Answer, WebServer, completed, zipped

ROR = Record(6347574)
QUERY = "/records?q=conceptrecid%3A6347574&all_versions=true&sort=mostrecent&page=1&size=10"
ZIP = zipped(b"a release")
NEWEST = "v2.4-2026-03-12-ror-data.zip"


@pytest.fixture
def run(make_run: Callable[..., Run], bucket: Bucket) -> Run:
    """A download of ROR."""
    return make_run(bucket, "ror", "download")


@pytest.fixture
def answer(data: Path, web_server: WebServer) -> dict[str, Any]:
    """The recorded answer; its files lie on the web server, and the newest is our small one."""
    recorded = json.loads(gzip.decompress((data / "http/ror_zenodo.json.gz").read_bytes()))[0]
    assert recorded["request"]["uri"] == f"https://zenodo.org/api{QUERY}"
    found: dict[str, Any] = json.loads(
        recorded["response"]["body"].replace("https://zenodo.org/api", web_server.address)
    )
    file = found["hits"]["hits"][0]["files"][0]
    assert (file["key"], file["size"]) == (NEWEST, 31_913_309)
    file |= {"size": len(ZIP), "checksum": f"md5:{hashlib.md5(ZIP).hexdigest()}"}
    web_server.says(f"/records/18985120/files/{NEWEST}/content", Answer(ZIP))
    return found


def latest(run: Run, web_server: WebServer, answer: object, record: Record = ROR, **more: str) -> None:
    """Download the latest release that the API names."""
    web_server.says(QUERY, Answer(json.dumps(answer).encode()))
    copy_release(run, "latest", more.get("hash"), more.get("file_name"), record, web_server.address)


def test_the_newest_version_is_copied_under_its_name(run: Run, web_server: WebServer, answer: dict[str, Any]) -> None:
    latest(run, web_server, answer)
    (file,) = run.outputs
    assert file.key == f"ror/2026-10-01/download/v2.4-2026-03-12-ror-data-{run.token}.zip"
    assert run.bucket.get(file.key) == ZIP
    assert file.origin and file.origin.digest == f"md5:{hashlib.md5(ZIP).hexdigest()}"


def test_the_newest_is_told_by_its_date(run: Run, web_server: WebServer, answer: dict[str, Any]) -> None:
    answer["hits"]["hits"].reverse()
    latest(run, web_server, answer)
    assert "v2.4-2026-03-12" in run.outputs[0].key


def test_the_hash_of_the_answer_is_checked(run: Run, web_server: WebServer, answer: dict[str, Any]) -> None:
    answer["hits"]["hits"][0]["files"][0]["checksum"] = "md5:" + "0" * 32
    with pytest.raises(DownloadError, match="the md5 of a file is not the expected one"):
        latest(run, web_server, answer)
    assert run.outputs == []


def test_the_size_of_the_answer_is_checked(run: Run, web_server: WebServer, answer: dict[str, Any]) -> None:
    answer["hits"]["hits"][0]["files"][0]["size"] += 1
    with pytest.raises(DownloadError, match=f"{len(ZIP)} bytes instead of {len(ZIP) + 1}"):
        latest(run, web_server, answer)


def test_settings_may_name_another_hash_and_name(run: Run, web_server: WebServer, answer: dict[str, Any]) -> None:
    with pytest.raises(DownloadError, match="the sha256 of a file is not the expected one"):
        latest(run, web_server, answer, hash="0" * 64)
    latest(run, web_server, answer, file_name="ror.zip")
    assert run.outputs[0].key.endswith(f"/ror-{run.token}.zip")


def test_the_same_latest_release_is_not_fetched_again(
    run: Run, web_server: WebServer, answer: dict[str, Any], make_run: Callable[..., Run]
) -> None:
    latest(run, web_server, answer)
    completed(run)
    again = make_run(run.bucket, "ror", "download")
    latest(again, web_server, answer)
    assert again.outputs == run.outputs
    assert len([path for path in web_server.requests if path.endswith("/content")]) == 1


def test_a_record_with_several_zips_needs_a_pattern(run: Run, web_server: WebServer, answer: dict[str, Any]) -> None:
    for version in answer["hits"]["hits"]:
        version["files"].append(version["files"][0] | {"key": "2026-data-citation-corpus-v5.0-json.zip"})
    with pytest.raises(DownloadError, match=r"the latest release on Zenodo does not contain exactly one \*\.zip"):
        latest(run, web_server, answer)
    latest(run, web_server, answer, Record(6347574, "*-json.zip"))
    assert "2026-data-citation-corpus-v5.0-json" in run.outputs[0].key


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([], "no files"),
        (["v2.4-2026-03-12-ror-data.tar.gz"], "v2.4-2026-03-12-ror-data.tar.gz"),
        ([NEWEST, "v2.4-extra.zip"], f"{NEWEST}, v2.4-extra.zip"),
    ],
)
def test_an_older_release_is_never_taken_for_the_latest(
    run: Run, web_server: WebServer, answer: dict[str, Any], files: list[str], told: str
) -> None:
    newest = answer["hits"]["hits"][0]
    newest["files"] = [newest["files"][0] | {"key": name} for name in files]
    with pytest.raises(DownloadError, match="does not contain exactly one") as failure:
        latest(run, web_server, answer)
    assert failure.value.on == f"record 18985120 of 2026-03-12: {told}"
    assert "https://zenodo.org/records/18985120" in failure.value.next
    assert run.outputs == []


@pytest.mark.parametrize("answer", [{"hits": {"hits": []}}, {"status": 400}])
def test_an_answer_without_release_fails(run: Run, web_server: WebServer, answer: object) -> None:
    with pytest.raises(JobError):
        latest(run, web_server, answer)
    assert run.outputs == []


@pytest.mark.parametrize(
    "named",
    [
        "{folder}/private.zip",
        "file://{folder}/private.zip",
        "file:///etc/passwd",
        "http://127.0.0.1:1/private.zip",
        "http://169.254.169.254/latest/meta-data",
        "{address}@127.0.0.1/private.zip",
        "s3://somebody/private.zip",
        "",
    ],
)
def test_an_answer_cannot_name_an_address_that_is_not_zenodos(
    run: Run, web_server: WebServer, answer: dict[str, Any], tmp_path: Path, named: str
) -> None:
    (tmp_path / "private.zip").write_bytes(ZIP)
    address = named.format(folder=tmp_path, address=web_server.address)
    answer["hits"]["hits"][0]["files"][0]["links"]["self"] = address
    with pytest.raises(DownloadError, match="Zenodo's answer names an address that is not its own") as failure:
        latest(run, web_server, answer)
    assert failure.value.on[1:-1] in (address, address.replace(web_server.address, "http://***"))
    assert not run.bucket.list("ror")


@pytest.mark.parametrize("name", ["a\0b.zip", "a\nb.zip", "a\x1b[2Jb.zip", "a\\b.zip", "a\x9b2Jb.zip"])
def test_a_name_that_no_key_can_have_is_refused(
    run: Run, web_server: WebServer, answer: dict[str, Any], name: str
) -> None:
    answer["hits"]["hits"][0]["files"][0]["key"] = name
    with pytest.raises(DownloadError, match="a file of the source has a name that cannot be used"):
        latest(run, web_server, answer)
    assert not run.bucket.list("ror")


def test_a_name_stays_below_the_phase(run: Run, web_server: WebServer, answer: dict[str, Any]) -> None:
    answer["hits"]["hits"][0]["files"][0]["key"] = "../../../x.zip"
    latest(run, web_server, answer)
    assert run.outputs[0].key == f"ror/2026-10-01/download/x-{run.token}.zip"


@pytest.mark.parametrize("target", ["http://169.254.169.254/meta", "http://localhost:1/x", "http://[::1]:1/x"])
def test_a_redirect_to_this_machine_or_the_local_network_is_not_followed(
    run: Run, web_server: WebServer, target: str
) -> None:
    url = web_server.says("/v.zip", Answer(status=302, location=target))
    with pytest.raises(DownloadError, match="redirects to this machine or a private network") as failure:
        copy_release(run, url, None, None, ROR)
    assert target in failure.value.on


@pytest.mark.parametrize("name", ["../secret.zip", "/etc/passwd", "a/../../secret.zip"])
def test_a_folder_gives_no_file_outside_itself(tmp_path: Path, name: str) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "secret.zip").write_bytes(ZIP)
    source = FolderSource(tmp_path / "source")
    for ask in (source.locate, lambda name: source.open(name).__enter__(), lambda name: source.opened(Item(name))):
        with pytest.raises(DownloadError, match="a name leaves the folder of the source"):
            ask(name)
