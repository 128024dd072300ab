"""A busy, absent or unwilling OpenSearch is waited for, or told in three lines; nothing foreign escapes."""

import gzip
import inspect
from collections.abc import Callable

import msgspec
import opensearchpy.exceptions
import pytest

from dmpworks.errors import DmpworksError, SettingsError, SyncError, TemporaryError
from dmpworks.services.search import engine_name, open_engine
from dmpworks.services.search.connection import Patience, as_dmpworks_error, connect
from dmpworks.services.search.embedded import EmbeddedEngine
from dmpworks.services.search.opensearch import OpenSearchEngine
from dmpworks.services.storage import MEMORY, Bucket
from dmpworks.settings.declare import Secret
from dmpworks.settings.shared import Search
from tests.servers.answers import Answer, AnswerServer, Asked
from tests.services.search.conftest import FIELDS, document, strong, terms

IMPATIENT = Patience(timeout=2.0, attempts=3, first_wait=0.01, longest_wait=0.02)


def engine_at(url: str) -> OpenSearchEngine:
    return OpenSearchEngine(connect(Search(opensearch_url=url), patience=IMPATIENT), FIELDS)


def item(status: int, kind: str = "index", **error: str) -> dict[str, object]:
    return {kind: {"status": status, **({"error": error} if error else {})}}


def actions(asked: Asked) -> list[str]:
    body = gzip.decompress(asked.body) if asked.headers.get("content-encoding") == "gzip" else asked.body
    lines = [msgspec.json.decode(line) for line in body.splitlines()]
    return [line[kind]["_id"] for line in lines for kind in ("index", "delete") if kind in line]


def taking_bulk(answer: Callable[[list[str], int], Answer]) -> Callable[[Asked], Answer]:
    """Answer bulk requests by their ids and running number, anything else with 200."""
    number = iter(range(1_000))
    return lambda asked: answer(actions(asked), next(number)) if asked.path.endswith("_bulk") else Answer({})


def test_an_unreachable_server_is_worth_another_attempt() -> None:
    with pytest.raises(TemporaryError) as caught:
        engine_at("http://127.0.0.1:9").count("works")
    assert caught.value.exit_code == 75
    assert caught.value.what == "OpenSearch does not answer"
    assert caught.value.on.startswith("index works at http://127.0.0.1:9: ConnectionError(")
    assert "OPENSEARCH_URL" in caught.value.next


def test_a_busy_server_is_asked_again(answers: AnswerServer) -> None:
    full = Answer({"responses": [{"hits": {"total": {"value": 7}}}]})
    part = Answer({"responses": [{"error": {"type": "rejected_execution_exception"}, "status": 429}]})
    answers.in_turn(Answer({}, 429), Answer({}, 503), full)
    assert engine_at(answers.url).count("works") == 7
    answers.in_turn(part, full)
    assert engine_at(answers.url).count("works") == 7
    assert len(answers.asked) == 5


def test_a_server_that_stays_busy_is_worth_another_attempt_later(answers: AnswerServer) -> None:
    answers.in_turn(Answer({"error": "too many requests"}, 429))
    with pytest.raises(TemporaryError, match="OpenSearch is busy"):
        engine_at(answers.url).search("works", strong(terms("orcid", "a")))
    assert len(answers.asked) == 3


@pytest.mark.parametrize(
    ("status", "what"),
    [(401, "does not accept these credentials"), (403, "these credentials lack a permission in OpenSearch")],
)
def test_refused_credentials_are_reported_at_once(answers: AnswerServer, status: int, what: str) -> None:
    answers.in_turn(Answer({"error": "no"}, status))
    with pytest.raises(SyncError, match=what):
        engine_at(answers.url).create("works")
    assert len(answers.asked) == 1


def test_documents_that_had_to_wait_are_sent_again_alone(answers: AnswerServer) -> None:
    def answer(ids: list[str], number: int) -> Answer:
        busy = number < 2
        return Answer({"items": [item(429, type="es_rejected") if busy and id == "b" else item(201) for id in ids]})

    answers.answering = taking_bulk(answer)
    report = engine_at(answers.url).bulk("works", [document("a"), document("b"), document("c")], [])
    assert (report.upserted, report.failures) == (3, [])
    sent = [actions(asked) for asked in answers.asked if asked.path.endswith("_bulk")]
    assert sent == [["a", "b", "c"], ["b"], ["b"]]


def test_documents_that_wait_in_vain_are_failures(answers: AnswerServer) -> None:
    answers.answering = taking_bulk(lambda ids, _: Answer({"items": [item(503 if id == "b" else 201) for id in ids]}))
    report = engine_at(answers.url).bulk("works", [document("a"), document("b")], [])
    assert report.upserted == 1
    assert [(failure.id, "busy" in failure.reason) for failure in report.failures] == [("b", True)]


@pytest.mark.parametrize("status", [400, 413])
def test_a_request_refused_whole_is_halved_until_the_culprit_is_found(answers: AnswerServer, status: int) -> None:
    def answer(ids: list[str], _: int) -> Answer:
        if "7" in ids:
            return Answer({"error": {"type": "bad", "root_cause": [{"reason": "no good"}]}, "status": status}, status)
        return Answer({"items": [item(201) for _ in ids]})

    answers.answering = taking_bulk(answer)
    report = engine_at(answers.url).bulk("works", (document(str(n)) for n in range(10)), [])
    assert report.upserted == 9
    assert [(failure.id, "no good" in failure.reason) for failure in report.failures] == [("7", True)]


def test_large_bulks_are_split_by_number_and_by_size(answers: AnswerServer) -> None:
    answers.answering = taking_bulk(lambda ids, _: Answer({"items": [item(201) for _ in ids]}))
    engine = engine_at(answers.url)
    assert engine.bulk("works", (document(str(n)) for n in range(2_100)), []).upserted == 2_100
    assert engine.bulk("works", (document(str(n), name="x " * 1_000_000) for n in range(5)), []).upserted == 5
    sizes = [len(actions(asked)) for asked in answers.asked if asked.path.endswith("_bulk")]
    assert sizes == [1_000, 1_000, 100, 2, 2, 1]


def test_the_servers_own_refusal_is_reported_with_its_reason(opensearch_url: str) -> None:
    plain = OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), {"orcid": "term"})
    plain.create("refusing")
    # A field that the index does not know, as after a roll-back of dmpworks: its mapping is strict.
    newer = OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), FIELDS)
    report = newer.bulk("refusing", [document("old", orcid=["a"]), document("new", award=["x"])], [])
    assert report.upserted == 1
    assert [failure.id for failure in report.failures] == ["new"]
    assert "strict_dynamic_mapping_exception" in report.failures[0].reason
    assert "[award]" in report.failures[0].reason


def test_new_fields_are_added_to_an_index_that_is_there(opensearch_url: str) -> None:
    OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), {"orcid": "term"}).create("growing")
    newer = OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), FIELDS)
    newer.create("growing")
    assert newer.bulk("growing", [document("new", award=["x"])], []).failures == []


def test_another_kind_of_field_in_the_index_is_told(opensearch_url: str) -> None:
    OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), {"name": "term"}).create("clashing")
    with pytest.raises(SyncError, match="something else created it"):
        OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), FIELDS).create("clashing")


def test_an_embedded_index_of_other_fields_is_told(tmp_path) -> None:
    EmbeddedEngine(tmp_path, {"orcid": "term"}).create("works")
    with pytest.raises(SyncError, match="created by another version of dmpworks"):
        EmbeddedEngine(tmp_path, FIELDS).create("works")


def test_two_writers_of_an_embedded_index_are_kept_apart(tmp_path) -> None:
    first, second = EmbeddedEngine(tmp_path, FIELDS), EmbeddedEngine(tmp_path, FIELDS)
    first.create("works")

    def meanwhile():
        yield document("a")
        with pytest.raises(SyncError, match="another process writes"):
            second.bulk("works", [document("b")], [])

    assert first.bulk("works", meanwhile(), []).upserted == 1
    assert second.bulk("works", [document("b")], []).upserted == 1
    second.refresh("works")
    assert second.count("works") == 2


def test_an_embedded_bulk_that_breaks_off_leaves_the_index_as_it_was(tmp_path) -> None:
    engine = EmbeddedEngine(tmp_path, FIELDS)
    engine.create("works")
    engine.bulk("works", [document("a")], [])

    def breaking():
        yield document("b")
        raise OSError("the export cannot be read")

    with pytest.raises(OSError, match="cannot be read"):
        engine.bulk("works", breaking(), ["a"])
    engine.refresh("works")
    assert list(engine.ids("works")) == ["a"]
    assert engine.bulk("works", [document("c")], []).upserted == 1


FOREIGN = [
    kind
    for _, kind in inspect.getmembers(opensearchpy.exceptions, inspect.isclass)
    if issubclass(kind, opensearchpy.exceptions.OpenSearchException)
]


@pytest.mark.parametrize("kind", FOREIGN)
def test_every_exception_of_the_client_library_is_mapped(kind: type[Exception]) -> None:
    error = as_dmpworks_error(kind("N/A", "text", {}), "http://x", "works")
    assert isinstance(error, DmpworksError)
    lost = (opensearchpy.exceptions.ConnectionError,)
    if issubclass(kind, lost) and not issubclass(kind, opensearchpy.exceptions.SSLError):
        assert isinstance(error, TemporaryError)
    else:
        assert isinstance(error, SyncError)


def test_the_engine_follows_from_settings_and_bucket(bucket: Bucket) -> None:
    assert engine_name(Search(), bucket) == "embedded"
    assert engine_name(Search(search_engine="opensearch"), bucket) == "opensearch"
    assert engine_name(Search(), Bucket(MEMORY)) == "opensearch"
    embedded = open_engine(Search(), bucket, None)
    embedded.create("works")
    assert (bucket.root / "local" / "search" / "works").is_dir()


def test_a_missing_address_is_told(bucket: Bucket) -> None:
    with pytest.raises(SettingsError, match="OPENSEARCH_URL is not set"):
        open_engine(Search(search_engine="opensearch"), bucket, None)


@pytest.mark.parametrize("auth", ["basic", "aws"])
def test_missing_credentials_are_told(bucket: Bucket, auth: str) -> None:
    options = Search(search_engine="opensearch", opensearch_url="https://search.test", opensearch_auth=auth)
    with pytest.raises(SettingsError, match="signing requests to OpenSearch needs"):
        open_engine(options, bucket, None)


def test_basic_authentication_is_sent(answers: AnswerServer, bucket: Bucket) -> None:
    answers.in_turn(Answer({"responses": [{"hits": {"total": {"value": 1}}}]}))
    options = Search("opensearch", answers.url, "basic", "user", Secret("pass"))
    assert open_engine(options, bucket, None).count("works") == 1
    assert answers.asked[0].headers["authorization"] == "Basic dXNlcjpwYXNz"


def test_requests_are_signed_for_aws(answers: AnswerServer, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    answers.in_turn(Answer({"responses": [{"hits": {"total": {"value": 1}}}]}))
    options = Search("opensearch", answers.url, "aws")
    assert open_engine(options, bucket, "eu-west-1").count("works") == 1
    assert "AKIDEXAMPLE" in answers.asked[0].headers["authorization"]
    assert "/eu-west-1/es/aws4_request" in answers.asked[0].headers["authorization"]
