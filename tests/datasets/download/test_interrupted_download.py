"""Ctrl-C and SIGTERM end every chain's download at once, whatever it waits for."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.interrupts import TIDYING
from dmpworks.jobs.manifest import MANIFEST

LISTING = """<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>April 2025.tar</Key>
<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>"1"</ETag><Size>99</Size></Contents></ListBucketResult>"""
CREDENTIALS = {"access_key_id": "a", "secret_access_key": "b", "session_token": "c"}
ANSWERS = {"listing": (r"list-type=2", LISTING), "credentials": (r"/credentials/", json.dumps(CREDENTIALS))}


class Hanging:
    """A server that gives some answers; to anything else it sends one byte of a file, or nothing, and then hangs."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str]] = []
        self.first_byte = False
        self.hangs, self.over = Event(), Event()

    def serve(self, to: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = next((body for path, body in self.answers if re.search(path, to.path)), None)
        if body or self.first_byte:
            to.send_response(200)
            to.send_header("Content-Length", str(len(body or "P" * 99)))
            to.send_header("ETag", '"1"')
            to.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            to.end_headers()
            to.wfile.write((body or "P").encode())
        if not body:
            self.hangs.set()
            self.over.wait(60)


@pytest.fixture
def hanging() -> Iterator[tuple[Hanging, str]]:
    """Such a server, and its address."""
    hangs = Hanging()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hangs.serve(self)

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield hangs, f"http://127.0.0.1:{server.server_port}"
    hangs.over.set()
    server.shutdown()
    server.server_close()


def interrupted(chain: str, bucket: Path, address: str, hanging: Hanging, how: signal.Signals) -> tuple[float, str]:
    """Start a download, interrupt it once it hangs, and return the seconds that it then took and what it said."""
    prefix = chain.upper().replace("-", "_")
    source = {"ror": "ROR_DOWNLOAD_URL", "data-citation-corpus": "DATA_CITATION_CORPUS_DOWNLOAD_URL"}.get(chain)
    environ = {
        "PATH": os.defpath,
        "BUCKET_NAME": str(bucket),
        f"{prefix}_RUN_ID": "2026-10-01",
        source or f"{prefix}_SOURCE": f"{address}/release.zip" if source else "s3://source-of-files/",
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "us-east-1",
    }
    if chain == "datacite":
        environ |= {"DATACITE_API_URL": address, "DATACITE_USERNAME": "a", "DATACITE_PASSWORD": "b"}
    command = [sys.executable, "-m", "dmpworks", "aws-batch", chain, "download"]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    try:
        assert hanging.hangs.wait(30), chain
        time.sleep(0.3)  # also what waits for its answer is to hang by now
        process.send_signal(how)
        began = time.monotonic()
        said = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    assert process.returncode == ExitCode.INTERRUPTED, said
    return time.monotonic() - began, said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("chain", ["ror", "data-citation-corpus", "crossref-metadata"])
def test_files_under_way_are_given_up_at_once(
    chain: str, how: signal.Signals, hanging: tuple[Hanging, str], tmp_path: Path
) -> None:
    server, address = hanging
    server.answers, server.first_byte = [ANSWERS["listing"]], True
    took, said = interrupted(chain, tmp_path, address, server, how)
    assert took < TIDYING, said
    assert said.splitlines()[-1] == "interrupted"
    assert list((tmp_path / "local/scratch").iterdir()) == []
    assert not list(tmp_path.rglob(MANIFEST))


@pytest.mark.parametrize(
    ("chain", "answers"), [("ror", []), ("openalex-works", []), ("datacite", []), ("datacite", ["credentials"])]
)
def test_a_server_that_never_answers_holds_nobody(
    chain: str, answers: list[str], hanging: tuple[Hanging, str], tmp_path: Path
) -> None:
    server, address = hanging
    server.answers = [ANSWERS[name] for name in answers]
    took, said = interrupted(chain, tmp_path, address, server, signal.SIGTERM)
    assert took < TIDYING + 3, said
    assert said.splitlines()[-1] == "interrupted"
    assert not list(tmp_path.rglob(MANIFEST))
