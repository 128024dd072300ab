"""What OpenSearch refuses, and for which reason: each has its own message, and a way out that works."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from dmpworks.errors import DmpworksError, SettingsError, SyncError, TemporaryError
from dmpworks.services.search.connection import Connection, Patience, connect
from dmpworks.services.search.documents import MAX_FAILURES, BulkReport
from dmpworks.services.search.embedded import EmbeddedEngine
from dmpworks.services.search.opensearch import OpenSearchEngine
from dmpworks.settings.declare import Secret
from dmpworks.settings.shared import Search
from tests.servers.answers import Answer, AnswerServer
from tests.services.search.conftest import FIELDS, document

IMPATIENT = Patience(timeout=5.0, attempts=3, first_wait=0.01, longest_wait=0.02)


@pytest.fixture
def server(opensearch_url: str) -> Iterator[Connection]:
    connection = connect(Search(opensearch_url=opensearch_url), patience=IMPATIENT)
    yield connection
    connection.client.close()


@pytest.fixture
def index(server: Connection) -> str:
    name = f"test-{uuid.uuid4().hex}"
    OpenSearchEngine(server, FIELDS).create(name)
    return name


def refused(server: Connection, index: str, documents: int = 3) -> DmpworksError:
    with pytest.raises(DmpworksError) as failure:
        OpenSearchEngine(server, FIELDS).bulk(index, (document(str(n)) for n in range(documents)), [])
    return failure.value


@pytest.mark.parametrize("block", ["write", "read_only"])
def test_a_block_is_named_with_the_command_that_lifts_it(server: Connection, index: str, block: str) -> None:
    server.client.indices.put_settings(index=index, body={f"index.blocks.{block}": True})
    error = refused(server, index)
    assert isinstance(error, SyncError)
    assert error.what == "the index, or the whole cluster, is blocked in OpenSearch"
    assert f"blocked by: [FORBIDDEN/{8 if block == 'write' else 5}/" in error.on
    assert f"{server.url}/{index}/_settings" in error.next

    command = error.next.split("lift it: ")[1].split("; then run")[0]
    assert subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
    assert OpenSearchEngine(server, FIELDS).bulk(index, [document("a")], []).upserted == 1


def test_a_full_disk_is_not_taken_for_a_busy_server(server: Connection, index: str) -> None:
    server.client.indices.put_settings(index=index, body={"index.blocks.read_only_allow_delete": True})
    error = refused(server, index)
    assert isinstance(error, SyncError)  # not worth another attempt
    assert "because a disk is almost full (flood stage)" in error.what
    assert "make room on the disks of OpenSearch" in error.next


def test_an_index_that_disappears_is_not_created_again(server: Connection, index: str) -> None:
    def documents() -> Iterator[object]:
        for number in range(2_500):
            if number == 1_500:
                server.client.indices.delete(index=index)
            yield document(str(number))

    with pytest.raises(SyncError) as failure:
        OpenSearchEngine(server, FIELDS).bulk(index, documents(), [])  # type: ignore[arg-type]
    assert failure.value.what == "the index disappeared while documents were sent to it"
    assert not server.client.indices.exists(index=index)
    assert "--sqlmesh-transform.export-all" in failure.value.next


def test_an_index_that_something_else_created_is_named_with_the_way_out(server: Connection) -> None:
    name = f"test-{uuid.uuid4().hex}"
    server.client.index(index=name, body={"id": "a", "orcid": ["x"], "name": "someone"}, refresh=True)
    engine = OpenSearchEngine(server, FIELDS)
    for attempt in (lambda: engine.create(name), lambda: engine.bulk(name, [document("a")], [])):
        with pytest.raises(SyncError) as failure:
            attempt()
        assert failure.value.what == "the index has another mapping than dmpworks gives it: something else created it"
        command = failure.value.next.split("delete it: ")[1].split(";")[0]
    subprocess.run(["sh", "-c", command], capture_output=True, check=True)
    engine.create(name)
    assert engine.bulk(name, [document("a")], []).upserted == 1


def test_an_alias_of_two_indexes_is_named_once(server: Connection, index: str) -> None:
    other, alias = f"{index}-2", f"{index}-alias"
    OpenSearchEngine(server, FIELDS).create(other)
    server.client.indices.put_alias(index=f"{index},{other}", name=alias)
    error = refused(server, alias)
    assert error.what == f"{alias} is an alias of 2 indexes; documents go to one"
    assert error.on == f"{index}, {other} at {server.url}"


def test_when_everything_is_refused_no_more_is_sent_and_little_is_kept(server: Connection, index: str) -> None:
    sent = count()
    documents = (document(str(next(sent)), unknown="x") for _ in range(50_000))
    fields = {**FIELDS, "unknown": "tokens"}
    with pytest.raises(SyncError) as failure:
        OpenSearchEngine(server, fields).bulk(index, documents, [])  # type: ignore[arg-type]
    assert "refused each of the first 1,000 documents; no more were sent" in failure.value.what
    assert len(failure.value.on) < 2_000
    assert next(sent) < 3_000


def test_of_many_refusals_the_first_are_kept_and_all_are_counted() -> None:
    report = BulkReport(upserted=1)
    for number in range(3 * MAX_FAILURES):
        report.refuse(str(number), "no")
    assert (report.refused, len(report.failures)) == (3 * MAX_FAILURES, MAX_FAILURES)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer({"items": []}), "OpenSearch's answer to a bulk request is incomplete"),
        (Answer(b"<html>log in</html>", content_type="text/html"), "the answer is not one of OpenSearch"),
        (Answer({"message": "hello"}), "the answer is not one of OpenSearch"),
        (Answer(b"<html>bad gateway</html>", 502, content_type="text/html"), "the proxy in front of OpenSearch"),
    ],
)
def test_answers_that_are_not_whole_or_not_of_opensearch(answers: AnswerServer, answer: Answer, what: str) -> None:
    answers.answering = lambda asked: answer if asked.path.endswith("_bulk") else Answer({})
    connection = connect(Search(opensearch_url=answers.url), patience=IMPATIENT)
    error = refused(connection, "works")
    assert error.what.startswith(what)
    assert error.next


def test_a_server_too_busy_for_a_whole_request_ends_the_job(answers: AnswerServer) -> None:
    busy = Answer({"items": [{"index": {"status": 429, "error": {"type": "rejected_execution_exception"}}}] * 3})
    answers.answering = lambda asked: busy if asked.path.endswith("_bulk") else Answer({})
    connection = connect(Search(opensearch_url=answers.url), patience=IMPATIENT)
    error = refused(connection, "works")
    assert isinstance(error, TemporaryError)
    assert error.what == "OpenSearch is busy"


def test_waiting_for_a_server_is_said_in_words(answers: AnswerServer, capsys: pytest.CaptureFixture[str]) -> None:
    answers.in_turn(Answer({}, 429), Answer({}, 429), Answer({"responses": [{"hits": {"total": {"value": 7}}}]}))
    connection = connect(Search(opensearch_url=answers.url), patience=IMPATIENT)
    assert OpenSearchEngine(connection, FIELDS).count("works") == 7
    assert capsys.readouterr().err == "OpenSearch is busy, trying again in 1 s\n" * 2


@pytest.mark.parametrize("auth", ["basic", "aws"])
def test_credentials_are_sent_over_https_only(auth: str) -> None:
    options = Search("opensearch", "http://search.example.org:9200", auth, "user", Secret("pass"))  # type: ignore[arg-type]
    with pytest.raises(SettingsError) as failure:
        connect(options, "eu-west-1")
    assert failure.value.what == "OPENSEARCH_URL must begin with https://"
    assert "pass" not in str(failure.value)


def test_a_disk_without_room_for_an_embedded_index_is_reported(tmp_path: Path) -> None:
    script = f"""
import resource, sys
from dmpworks.services.search import Document
from dmpworks.services.search.embedded import EmbeddedEngine
engine = EmbeddedEngine(__import__("pathlib").Path({str(tmp_path)!r}), {{"name": "tokens"}})
engine.create("works")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    texts = ((str(n), f"word{{n}} " * 500) for n in range(60_000))
    engine.bulk("works", (Document(id, {{"name": text}}, source=text) for id, text in texts), [])
except Exception as error:
    print(type(error).__name__, "|", str(error).replace(chr(10), " "))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("SyncError | "), done.stdout + done.stderr
    assert "make room on the disk" in done.stdout


def test_an_embedded_index_is_for_its_owner_only(tmp_path: Path) -> None:
    EmbeddedEngine(tmp_path, FIELDS).create("dmps")
    assert (tmp_path / "dmps").stat().st_mode & 0o777 == 0o700
