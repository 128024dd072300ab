"""What the tests of the chain ror in containers share: the operator at a terminal, ROR's releases, a look at AWS."""

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.servers.containers import CHECKOUT, QUEUES, Batch, ContainerEngine

RUN_ID = "2026-10-01"
RUN = f"ror/{RUN_ID}"
JOBS = ["download", "transform"]
PREFIX = "dmpworks-dev-ror-"
WHOLE, DAMAGED = "v1.0-ror-data.json.zip", "v1.1-ror-data.json.zip"
PLANTED = CHECKOUT / "tests" / "data" / "planted" / "ror" / RUN_ID / "download" / WHOLE
STATUSES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
PATIENCE = 120  # seconds, many times what anything here takes


@dataclass(frozen=True)
class Operator:
    """Somebody with an S3 bucket and an empty folder who runs dmpworks, each time as a process of its own."""

    batch: Batch
    bucket: str
    home: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return told(self.start(*arguments))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command; `told` waits for it."""
        command = [sys.executable, "-m", "dmpworks", *arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=self._environment(), cwd=self.home, stdout=pipe, stderr=pipe, text=True)

    def answer(self, *arguments: str) -> Any:
        """Return what a command that must succeed answers to a program."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys in the bucket."""
        found = self.batch.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]

    def manifest(self, job: str) -> dict[str, Any]:
        """Return the manifest that a job of the run left."""
        body = self.batch.client("s3").get_object(Bucket=self.bucket, Key=f"{RUN}/{job}/_manifest.json")["Body"]
        manifest: dict[str, Any] = json.loads(body.read())
        return manifest

    def _environment(self) -> dict[str, str]:
        own = {"BUCKET_NAME": self.bucket, "PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
        return self.batch.environment | own


def told(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Return what a process said once it has ended."""
    out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def submission(url: str, run_id: str = RUN_ID, sha256: str | None = None) -> list[str]:
    """Return the command that submits the chain."""
    more = [f"--hash=sha256:{sha256}"] if sha256 else []
    return ["batch-submit", "ror", f"--run-id={run_id}", f"--download-url={url}", *more]


def lay_out_releases(folder: Path) -> None:
    """Put two releases into a folder: the planted one, and one in which a record of 139 cannot be read."""
    shutil.copy(PLANTED, folder / WHOLE)
    with zipfile.ZipFile(PLANTED) as planted, zipfile.ZipFile(folder / DAMAGED, "w", zipfile.ZIP_DEFLATED) as damaged:
        name = next(name for name in planted.namelist() if name.endswith(".json"))
        records = planted.read(name).decode().rstrip().removesuffix("]")
        damaged.writestr(name, records + ', {"id": https://ror.org/05qpz1x62, "names": []}]')


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Silent, directory=os.fspath(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests' output is for tests."""


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def batch_jobs(batch: Batch) -> list[dict[str, Any]]:
    """Return every Batch job of the account, as AWS Batch tells it, the oldest first."""
    client = batch.client("batch")
    ids = [
        each["jobId"]
        for queue in QUEUES
        for status in STATUSES
        for each in client.list_jobs(jobQueue=queue, jobStatus=status)["jobSummaryList"]
    ]
    described: list[dict[str, Any]] = client.describe_jobs(jobs=ids)["jobs"] if ids else []
    return sorted(described, key=lambda job: job["createdAt"])


def end_all(batch: Batch) -> None:
    """End what is live: the account is the same for all tests."""
    for job in batch_jobs(batch):
        batch.client("batch").terminate_job(jobId=job["jobId"], reason="the test is over")
    wait_until(lambda: all(job["status"] in ("SUCCEEDED", "FAILED") for job in batch_jobs(batch)), "every job is over")


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Wait until something is so, and fail with these words if it never is."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.2)


def containers(engine: ContainerEngine, since: float) -> list[str]:
    """Return which jobs got a container since a moment, in order, as `<run id>-<job>`."""
    names = [name for name in engine.started(since) if name.startswith(PREFIX)]
    ids = "-00000000-0000-0000-0000-000000000000"
    return [name.removeprefix(PREFIX)[: -len(ids)] for name in names]
