"""A small web server on loopback that answers as told, and retries without their pauses."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import stamina


@dataclass
class Answer:
    """What the server says to one request; `stated` is the Content-Length when it is not the true one."""

    body: bytes = b""
    status: int = 200
    stated: int | None = None
    location: str | None = None


@dataclass
class WebServer:
    """Answers each path with its answers in turn, the last one for ever."""

    address: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    def says(self, path: str, *answers: Answer) -> str:
        """Set the answers to a path and return its URL."""
        self.answers[path] = list(answers)
        return self.address + path


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    """A web server on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.requests.append(self.path)
            web.authorizations.append(self.headers.get("Authorization"))
            waiting = web.answers.get(self.path, [Answer(status=404)])
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            self.send_response(answer.status)
            if answer.location:
                self.send_header("Location", answer.location)
            self.send_header("Content-Length", str(len(answer.body) if answer.stated is None else answer.stated))
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web = WebServer(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield web
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def retries_without_pauses() -> Iterator[None]:
    """Retries happen as in life, but at once."""
    with stamina.set_testing(True, attempts=3):
        yield
