"""A server that breaks off, is busy, forgets ranges or changes the file: what is published is one content, whole."""

import hashlib
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from dmpworks.datasets.download.checksums import Digest
from dmpworks.datasets.download.copy import copy_file
from dmpworks.datasets.download.transfer import ARRIVING, SEGMENT
from dmpworks.datasets.sources.opening import open_source
from dmpworks.errors import DownloadError, TemporaryError
from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket

MakeRun = Callable[..., Run]
CHAIN = "data-citation-corpus"
CONTENTS = [random.Random(seed).randbytes(2 * SEGMENT + 12_345) for seed in (1, 2)]
EXECUTIONS = 12


class Unreliable:
    """What the server does is drawn anew for each request."""

    def __init__(self, chance: random.Random, etag: str, changes: bool) -> None:
        self.chance, self.etag, self.changes = chance, etag, changes
        self.content = CONTENTS[0]
        self.calm = False

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        """Answer one request, well or badly."""
        how = 1.0 if self.calm else self.chance.random()
        if how < 0.2:
            return self._say(to, self.chance.choice([429, 500, 503]), {"Retry-After": "1"}, b"busy")
        if how < 0.3 and not to.path.startswith("/moved"):
            return self._say(to, 302, {"Location": f"/moved{to.path}"}, b"")
        if self.changes and self.chance.random() < 0.1:
            self.content = CONTENTS[1]
        knows_ranges = self.calm or self.chance.random() < 0.8
        etag = self.etag % hashlib.md5(self.content).hexdigest() if self.etag else ""
        expected = to.headers.get("Range", "") if knows_ranges else ""
        start = int(expected.removeprefix("bytes=").rstrip("-")) if expected else 0
        if to.headers.get("If-Range", etag) != etag:
            start = 0
        size = len(self.content)
        headers = {"ETag": etag} if etag else {}
        if start:
            headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        body = self.content[start:]
        sent = body if self.calm or self.chance.random() < 0.3 else body[: self.chance.randrange(len(body))]
        return self._say(to, 206 if start else 200, headers | {"Content-Length": str(len(body))}, sent)

    @staticmethod
    def _say(to: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
        to.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            to.send_header(name, value)
        to.end_headers()
        with suppress(ConnectionError):
            to.wfile.write(body)


@pytest.fixture
def serve() -> Iterator[Callable[[Unreliable], str]]:
    """Start a server and return the address of its file."""
    servers = []

    def start(unreliable: Unreliable) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                unreliable.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                return None

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/corpus.zip"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("etag", ['"%s"', 'W/"%s"', ""], ids=["ETag", "weak ETag", "no ETag"])
@pytest.mark.parametrize("hashed", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_what_is_published_is_whole(
    seed: int, hashed: bool, etag: str, bucket: Bucket, make_run: MakeRun, serve: Callable[[Unreliable], str]
) -> None:
    # A server that tells nothing of a file may change it unseen, unless the hash is known.
    server = Unreliable(random.Random(f"{seed} {hashed} {etag}"), etag, changes=hashed or bool(etag))
    url = serve(server)
    for execution in range(EXECUTIONS):
        server.calm = execution == EXECUTIONS - 1
        run, source = make_run(bucket, CHAIN, "download"), open_source(url)
        digest = Digest("md5", hashlib.md5(server.content).hexdigest()) if hashed else None
        try:
            file = copy_file(run, source, source.items()[0], digest)
        except (DownloadError, TemporaryError):
            assert run.outputs == []
            assert not [key for key, _ in bucket.list(CHAIN) if f"/{ARRIVING}/" not in key]
            continue
        assert bucket.get(file.key) in CONTENTS
        if digest:
            assert hashlib.md5(bucket.get(file.key)).hexdigest() == digest.value
        return
    pytest.fail("not even a calm server was enough")
