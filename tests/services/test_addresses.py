"""Redirects and answers of servers that are not trusted."""

import gzip

import httpx
import pytest

from dmpworks.chains.datacite.credentials import provider
from dmpworks.errors import DownloadError, JobError, SettingsError
from dmpworks.services.addresses import client, is_private
from dmpworks.services.http import LARGEST_ANSWER, Http, Manners
from tests.servers.answers import Answer, AnswerServer


@pytest.fixture
def server():
    found = AnswerServer()
    yield found
    found.close()


def redirect(status: int, start: str, target: str) -> None:
    """Hand an answer to what the client asks before it follows a redirect."""
    answer = httpx.Response(status, headers={"Location": target}, request=httpx.Request("GET", start))
    for hook in client().event_hooks["response"]:
        hook(answer)


@pytest.mark.parametrize(
    ("start", "target"),
    [
        ("https://1.1.1.1/a.zip", "http://1.1.1.1/a.zip"),
        ("https://1.1.1.1/a.zip", "ftp://1.1.1.1/a.zip"),
        ("https://1.1.1.1/a.zip", "https://169.254.169.254/latest/meta-data"),
        ("https://1.1.1.1/a.zip", "https://127.0.0.1/"),
        ("https://1.1.1.1/a.zip", "https://10.0.0.7/"),
        ("https://1.1.1.1/a.zip", "https://[fe80::1]/"),
        ("https://1.1.1.1/a.zip", "https://[::ffff:127.0.0.1]/"),
        ("https://1.1.1.1/a.zip", "//192.168.0.1/a.zip"),
        ("http://1.1.1.1/a.zip", "http://localhost/"),
    ],
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused(status: int, start: str, target: str) -> None:
    with pytest.raises(DownloadError, match="the server redirects"):
        redirect(status, start, target)


@pytest.mark.parametrize(
    ("start", "target"),
    [
        ("https://1.1.1.1/a.zip", "https://8.8.8.8/a.zip"),
        ("https://1.1.1.1/a.zip", "/b.zip"),
        ("http://1.1.1.1/a.zip", "https://1.1.1.1/a.zip"),
        ("http://10.0.0.7/a.zip", "http://10.0.0.7:8080/a.zip"),  # the operator named this host
    ],
)
def test_a_redirect_is_followed(start: str, target: str) -> None:
    redirect(302, start, target)


def test_a_chain_of_redirects_is_judged_by_the_host_that_the_operator_named(server: AnswerServer) -> None:
    there = {"/a": {"Location": "/b"}, "/b": {"Location": server.url.replace("127.0.0.1", "localhost") + "/c"}}
    server.answering = lambda asked: Answer(status=302, headers=there.get(asked.path, {}))
    with client() as asking, pytest.raises(DownloadError, match="to this machine or a private network"):
        asking.get(f"{server.url}/a")
    assert [asked.path for asked in server.asked] == ["/a", "/b"]


def test_a_host_is_private_by_what_it_resolves_to() -> None:
    assert is_private("localhost")
    assert not is_private("1.1.1.1")


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_above_the_limit_is_refused(server: AnswerServer, encoding: str) -> None:
    body = b'"' + b"a" * LARGEST_ANSWER + b'"'
    packed = gzip.compress(body, 1) if encoding == "gzip" else body
    server.in_turn(Answer(packed, headers={"Content-Encoding": encoding}))
    http = Http(manners=Manners(attempts=1, pause=0))
    with pytest.raises(JobError, match="the answer is larger than") as caught:
        http.get(f"{server.url}/x", {}, str)
    assert f"{server.url}/x" in caught.value.on


def test_an_encoding_that_was_not_asked_for_is_refused(server: AnswerServer) -> None:
    server.in_turn(Answer(b"{}", headers={"Content-Encoding": "br"}))
    with pytest.raises(JobError, match="an encoding that was not asked for"):
        Http(manners=Manners(attempts=1, pause=0)).get(f"{server.url}/x", {}, dict)


def test_datacites_password_needs_https() -> None:
    with pytest.raises(SettingsError, match="DATACITE_API_URL must begin with https://"):
        provider("http://api.datacite.org", "ada", "hunter2")
