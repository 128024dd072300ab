"""Small web servers on loopback that answer as told, and retries without their pauses."""

import hashlib
import io
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import stamina

from dmpworks.jobs.manifest import Manifest, write_manifest
from dmpworks.jobs.model import Counts
from dmpworks.jobs.run import Run

UNSTATED = -1


@dataclass
class Answer:
    """What the server says to one request; `stated` is the Content-Length when it is not the true one, or UNSTATED."""

    body: bytes = b""
    status: int = 200
    stated: int | None = None
    location: str | None = None
    encoding: str | None = None


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
            if answer.encoding:
                self.send_header("Content-Encoding", answer.encoding)
            if answer.stated != UNSTATED:
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


@dataclass
class Publisher:
    """A web server that knows ranges: files by path, each with an ETag, and what is to go wrong."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    knows_ranges: bool = True
    tells_etag: bool = True
    fixed_etag: str | None = None  # instead of the content's MD5
    cuts: list[int] = field(default_factory=list)  # after how many bytes the next answers break off
    pause: float = 0.0  # seconds after each MB
    asked: list[str] = field(default_factory=list)  # the Range of each request, "" where there was none

    def publishes(self, path: str, body: bytes) -> str:
        """Put a file up and return its URL."""
        self.files[path] = body
        return self.address + path

    def etag(self, path: str) -> str:
        """Return the ETag of a file."""
        return self.fixed_etag or f'"{hashlib.md5(self.files[path]).hexdigest()}"'


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    """A web server that knows ranges, on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            expected, body = self.headers.get("Range", ""), web.files[self.path]
            web.asked.append(expected)
            same = self.headers.get("If-Range") in (None, web.etag(self.path))
            start = int(expected.removeprefix("bytes=").rstrip("-")) if expected and web.knows_ranges and same else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            if web.tells_etag:
                self.send_header("ETag", web.etag(self.path))
            self.send_header("Content-Length", str(len(body) - start))
            self.end_headers()
            body = body[start:][: web.cuts.pop(0) if web.cuts else None]
            with suppress(ConnectionError):
                for place in range(0, len(body), 1 << 20):
                    self.wfile.write(body[place : place + (1 << 20)])
                    time.sleep(web.pause)

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web = Publisher(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield web
    server.shutdown()
    server.server_close()


def zipped(content: bytes) -> bytes:
    """Return a zip of one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("v2.4-ror-data.json", content)
    return made.getvalue()


def completed(run: Run) -> None:
    """Write the manifest of a run's job, as its execution does in the end."""
    now = datetime.now(UTC)
    manifest = Manifest(
        chain=run.chain,
        job=run.job,
        run_id=run.run_id,
        attempt=run.token,
        version="0",
        started=now,
        ended=now,
        settings="",
        inputs=run.inputs,
        counts=Counts(),
        files=tuple(run.outputs),
    )
    write_manifest(run.bucket, manifest)
