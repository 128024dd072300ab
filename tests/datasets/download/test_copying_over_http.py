"""Files behind HTTP are copied whole and right, or the job fails and nothing is published."""

import hashlib
import time
from collections.abc import Callable

import pytest
import stamina

from dmpworks.datasets.download.copy import Digest, copy_file, copy_files
from dmpworks.datasets.download.transfer import ATTEMPTS
from dmpworks.datasets.sources.opening import open_source
from dmpworks.datasets.sources.source import Item
from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket
from tests.datasets.download.conftest import Answer, WebServer

BODY = bytes(range(256)) * 12_000  # about 3 MB: several pieces


@pytest.fixture
def run(make_run: Callable[..., Run], bucket: Bucket) -> Run:
    """A download of ROR."""
    return make_run(bucket, "ror", "download")


def copied(run: Run, url: str, digest: Digest | None = None) -> bytes:
    """Copy the one file behind a URL and return what was published."""
    source = open_source(url)
    copy_files(run, source, source.items(), {source.items()[0].name: digest} if digest else {})
    return run.bucket.get(run.outputs[0].key)


def test_a_file_arrives_as_it_was_sent(run: Run, web_server: WebServer) -> None:
    url = web_server.says("/records/1/v1.9-2026-01-01-ror-data.zip", Answer(BODY))
    assert copied(run, url, Digest("md5", hashlib.md5(BODY).hexdigest())) == BODY
    assert run.outputs[0].key == f"ror/2026-10-01/download/v1.9-2026-01-01-ror-data-{run.token}.zip"
    assert run.outputs[0].size == len(BODY)


def test_counts_tell_files_and_bytes(run: Run, web_server: WebServer) -> None:
    source = open_source(web_server.says("/a.zip", Answer(BODY)))
    counts = copy_files(run, source, source.items())
    assert (counts.read, counts.written, counts.also) == (1, 1, {"bytes": len(BODY)})


def test_redirects_are_followed(run: Run, web_server: WebServer) -> None:
    web_server.says("/there.zip", Answer(BODY))
    assert copied(run, web_server.says("/here.zip", Answer(status=302, location="/there.zip"))) == BODY


def test_an_overloaded_server_is_asked_again(run: Run, web_server: WebServer) -> None:
    url = web_server.says("/a.zip", Answer(status=500), Answer(status=429), Answer(BODY))
    assert copied(run, url) == BODY
    assert web_server.requests == ["/a.zip"] * 3


def test_a_body_cut_short_once_is_fetched_again(run: Run, web_server: WebServer) -> None:
    url = web_server.says("/a.zip", Answer(BODY[:1000], stated=len(BODY)), Answer(BODY))
    assert copied(run, url) == BODY


def test_a_body_that_stays_short_fails(run: Run, web_server: WebServer) -> None:
    url = web_server.says("/a.zip", Answer(BODY[:1000], stated=len(BODY)))
    with pytest.raises(DownloadError, match="fewer bytes than it stated") as failure:
        copied(run, url)
    assert url in failure.value.on
    assert nothing_published(run)


def test_a_wrong_hash_fails_and_names_both(run: Run, web_server: WebServer) -> None:
    url = web_server.says("/a.zip", Answer(BODY))
    with pytest.raises(DownloadError, match="sha256 of a file is not the expected one") as failure:
        copied(run, url, Digest("sha256", "0" * 64))
    assert hashlib.sha256(BODY).hexdigest() in failure.value.on
    assert "0" * 64 in failure.value.on
    assert nothing_published(run)


def test_a_missing_file_fails_at_once(run: Run, web_server: WebServer) -> None:
    with pytest.raises(DownloadError) as failure:
        copied(run, f"{web_server.address}/gone.zip")
    assert failure.value.what == "the server did not send the file"
    assert "HTTP 404" in failure.value.on
    assert "again" in failure.value.next
    assert web_server.requests == ["/gone.zip"]
    assert nothing_published(run)


def test_a_server_that_stays_down_is_worth_another_attempt(run: Run, web_server: WebServer) -> None:
    url = web_server.says("/a.zip", Answer(status=503))
    with pytest.raises(TemporaryError, match="HTTP 503"):
        copied(run, url)
    assert nothing_published(run)


def test_pauses_grow_to_a_minute(run: Run, web_server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    url = web_server.says("/a.zip", Answer(status=503))
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)  # nobody waits: only the policy is of interest
    with stamina.set_testing(False), pytest.raises(TemporaryError, match="HTTP 503"):
        copied(run, url)
    assert web_server.requests == ["/a.zip"] * ATTEMPTS
    least = [1, 2, 4, 8, 16, 32, 60]
    for seconds, pause in zip(least, pauses, strict=True):
        assert seconds <= pause <= min(seconds + 1, 60)
    assert len({pause % 1 for pause in pauses}) > 2  # by chance, so that not all clients come back at once


def test_a_server_that_is_not_there_is_worth_another_attempt(run: Run) -> None:
    with pytest.raises(TemporaryError, match="could not be reached"):
        copied(run, "http://127.0.0.1:9/a.zip")


def test_another_size_than_the_listing_states_fails(run: Run, web_server: WebServer) -> None:
    source = open_source(web_server.says("/a.zip", Answer(BODY)))
    with pytest.raises(DownloadError, match="the size of a file is not the one"):
        copy_file(run, source, Item("a.zip", len(BODY) + 1))
    assert nothing_published(run)


def nothing_published(run: Run) -> bool:
    """Whether neither the run lists an output nor the bucket or scratch hold a file of it."""
    left = [path for path in run.scratch.rglob("*") if path.is_file()]
    return not run.outputs and not run.bucket.list("ror") and not left
