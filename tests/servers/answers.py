"""A loopback HTTP server that answers as a test tells it to and remembers what it was asked."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest


@dataclass(frozen=True)
class Asked:
    """One request: `path` without the query, `query` decoded, one text a name."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server says; `body` is sent as JSON unless it is bytes."""

    body: object = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"

    @property
    def content(self) -> bytes:
        """The bytes that are sent."""
        return self.body if isinstance(self.body, bytes) else msgspec.json.encode(self.body)


Answering = Callable[[Asked], Answer]


class AnswerServer:
    """Set `answering` to what the test needs; `asked` lists the requests in their order."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answering: Answering = lambda asked: Answer(status=404)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def in_turn(self, *answers: Answer) -> None:
        """Give these answers one after the other, the last one again and again."""
        left = list(answers)
        self.answering = lambda asked: left.pop(0) if len(left) > 1 else left[0]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, parts.path, query, headers, body)
                outer.asked.append(asked)
                self._send(outer.answering(asked))

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = do

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                headers = {"Content-Type": answer.content_type, "Content-Length": str(len(answer.content))}
                for name, value in (headers | answer.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the tests' output is for tests."""

        return Handler


@pytest.fixture
def answers() -> Iterator[AnswerServer]:
    """A loopback HTTP server of this test's own."""
    server = AnswerServer()
    yield server
    server.close()
