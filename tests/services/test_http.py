"""The HTTP client waits for busy servers, keeps answers, follows redirects, and tells its failures in our words."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest

from dmpworks.errors import DmpworksError, JobError, TemporaryError
from dmpworks.services.http import AnswerCache, Http, Manners
from dmpworks.services.storage import Bucket
from tests.servers.answers import Answer, AnswerServer
from tests.servers.http_client import QUICK

WEEK = timedelta(days=7)


class Said(msgspec.Struct):
    n: int


def test_an_answer_is_decoded(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({"n": 7, "more": "is ignored"}))
    assert http.get(answers.url + "/a", {"q": "x y&z"}, Said) == Said(7)
    assert (answers.asked[0].path, answers.asked[0].query) == ("/a", {"q": "x y&z"})
    assert http.post(answers.url + "/b", {"criteria": ["é"]}, Said) == Said(7)
    assert msgspec.json.decode(answers.asked[1].body) == {"criteria": ["é"]}
    assert answers.asked[1].headers["content-type"] == "application/json"


def test_the_client_says_who_it_is(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({"n": 1}))
    http.get(answers.url, {}, Said)
    assert answers.asked[0].headers["user-agent"].startswith("dmpworks/")
    assert answers.asked[0].headers["user-agent"].endswith("(mailto:someone@example.org)")


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again(http: Http, answers: AnswerServer, status: int) -> None:
    answers.in_turn(Answer({}, status), Answer({}, status), Answer({"n": 1}))
    assert http.get(answers.url, {}, Said) == Said(1)
    assert len(answers.asked) == 3


def test_retry_after_in_seconds_is_waited_for(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({}, 429, {"Retry-After": "1"}), Answer({"n": 1}))
    start = time.monotonic()
    assert http.get(answers.url, {}, Said) == Said(1)
    assert 1.0 <= time.monotonic() - start < 3.0


def test_retry_after_as_a_date_is_waited_for(http: Http, answers: AnswerServer) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)  # whole seconds: 1 to 2 from now
    answers.in_turn(Answer({}, 503, {"Retry-After": soon}), Answer({"n": 1}))
    start = time.monotonic()
    with Patient() as http:
        assert http.get(answers.url, {}, Said) == Said(1)
    assert 0.9 <= time.monotonic() - start < 4.0


class Patient(Http):
    """A client that waits up to 5 s."""

    def __init__(self) -> None:
        super().__init__(manners=Manners(timeout=1.0, attempts=2, first_wait=0.01, longest_wait=5.0, pause=0.0))

    def __enter__(self) -> Http:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def test_a_server_that_wants_a_long_pause_is_left_alone(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({}, 429, {"Retry-After": "3600"}))
    start = time.monotonic()
    with pytest.raises(TemporaryError, match="busy or away"):
        http.get(answers.url, {}, Said)
    assert time.monotonic() - start < 1.0
    assert len(answers.asked) == 1


def test_a_server_that_stays_busy_is_worth_another_attempt_later(http: Http, answers: AnswerServer) -> None:
    answers.in_turn(Answer({}, 503))
    with pytest.raises(TemporaryError) as caught:
        http.get(answers.url + "/x", {"id": 1}, Said)
    assert f"GET {answers.url}/x?id=1: Busy: HTTP 503" in caught.value.on
    assert len(answers.asked) == 3


def test_a_server_that_is_away_is_worth_another_attempt_later(http: Http) -> None:
    with pytest.raises(TemporaryError, match="ConnectError"):
        http.get("http://127.0.0.1:9/x", {}, Said)


def test_a_server_that_does_not_answer_in_time(answers: AnswerServer) -> None:
    def slow(asked: object) -> Answer:
        time.sleep(0.3)
        return Answer({"n": 1})

    answers.answering = slow
    http = Http(manners=Manners(timeout=0.05, attempts=2, first_wait=0.01, longest_wait=0.1, pause=0.0))
    with pytest.raises(TemporaryError, match="ReadTimeout"):
        http.get(answers.url, {}, Said)
    assert len(answers.asked) == 2


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refusal_is_told_at_once(http: Http, answers: AnswerServer, status: int) -> None:
    answers.in_turn(Answer({"error": "because"}, status))
    with pytest.raises(JobError, match=f"HTTP {status}: .*because"):
        http.get(answers.url, {}, Said)
    assert len(answers.asked) == 1


@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b'{"n": "seven"}', b"{", b"[]", b"\xff\xfe"])
def test_a_malformed_answer_is_told_and_not_kept(
    caching: Http, answers: AnswerServer, bucket: Bucket, body: bytes
) -> None:
    answers.in_turn(Answer(body))
    with pytest.raises(JobError, match="cannot be understood"):
        caching.get(answers.url, {}, Said, WEEK)
    assert bucket.list("cache") == []


@pytest.mark.parametrize("url", ["ftp://example.org/x", "not a url", "http://[::1"])
def test_an_address_that_is_none_is_told(http: Http, url: str) -> None:
    with pytest.raises(DmpworksError) as caught:
        http.get(url, {}, Said)
    assert isinstance(caught.value, JobError)


def test_redirects_are_followed(http: Http, answers: AnswerServer) -> None:
    answers.answering = lambda asked: (
        Answer({"n": 2}) if asked.path == "/new" else Answer(b"moved", 301, {"Location": "/new?ids=1"})
    )
    assert http.get(answers.url + "/old", {"ids": "1"}, Said) == Said(2)
    assert [asked.path for asked in answers.asked] == ["/old", "/new"]


def test_answers_are_kept_between_runs_while_they_are_fresh(answers: AnswerServer, bucket: Bucket) -> None:
    answers.in_turn(Answer({"n": 1}), Answer({"n": 2}))
    now = datetime(2026, 10, 1, tzinfo=UTC)

    def ask(days: int) -> int:
        http = Http(cache=AnswerCache(bucket, "cache", lambda: now + timedelta(days=days)), manners=QUICK)
        return http.get(answers.url, {"id": 1}, Said, WEEK).n

    assert [ask(0), ask(6), ask(8), ask(9)] == [1, 1, 2, 2]
    assert len(answers.asked) == 2


def test_different_requests_are_kept_apart(caching: Http, answers: AnswerServer, bucket: Bucket) -> None:
    answers.in_turn(*(Answer({"n": n}) for n in range(4)))
    asked = [caching.get(answers.url, {"id": n}, Said, WEEK).n for n in (0, 1)]
    asked += [caching.post(answers.url, {"id": n}, Said, WEEK).n for n in (2, 3)]
    assert asked == [0, 1, 2, 3]
    assert len(bucket.list("cache")) == 4
    assert caching.get(answers.url, {"id": 0}, Said, WEEK).n == 0
    assert caching.post(answers.url, {"id": 3}, Said, WEEK).n == 3
    assert len(answers.asked) == 4


def test_a_kept_answer_that_cannot_be_read_is_asked_for_again(
    caching: Http, answers: AnswerServer, bucket: Bucket
) -> None:
    answers.in_turn(Answer({"n": 1}))
    caching.get(answers.url, {}, Said, WEEK)
    bucket.put(bucket.list("cache")[0].key, b"half an obj")
    assert caching.get(answers.url, {}, Said, WEEK).n == 1
    assert len(answers.asked) == 2


def test_requests_to_one_host_are_spaced(answers: AnswerServer) -> None:
    answers.in_turn(Answer({"n": 1}))
    http = Http(manners=Manners(pause=0.1))
    start = time.monotonic()
    for _ in range(4):
        http.get(answers.url, {}, Said)
    assert 0.3 <= time.monotonic() - start < 2.0
