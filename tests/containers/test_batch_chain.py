"""`dmpworks batch-submit ror` for real: moto's AWS Batch starts the image, each job reads and writes moto's S3."""

import functools
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.services.containers import Batch, ContainerEngine

pytestmark = pytest.mark.timeout(900)  # the first build of a machine makes the base image and fetches all wheels

FILE = "v1.0-ror-data.json.zip"
JOBS = ["download", "transform"]


@pytest.fixture
def ror_folder(data: Path) -> Path:
    return data / "planted" / "ror" / "2026-10-01" / "download"


@pytest.fixture
def ror_url(ror_folder: Path) -> Iterator[str]:
    """The planted ROR release behind a web server on loopback."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=os.fspath(ror_folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/{FILE}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bucket_name(batch: Batch, request: pytest.FixtureRequest) -> str:
    name = request.node.name.replace("_", "-")[:60].rstrip("-")
    batch.client("s3").create_bucket(Bucket=name)
    return name


def test_a_chain_runs_job_after_job_in_containers(
    batch: Batch, container_engine: ContainerEngine, ror_folder: Path, ror_url: str, bucket_name: str
) -> None:
    begun = time.time()
    digest = hashlib.sha256((ror_folder / FILE).read_bytes()).hexdigest()
    ids = _submit(batch, bucket_name, ror_url, f"sha256:{digest}")
    jobs = _wait(batch, ids)
    assert {name: job["status"] for name, job in jobs.items()} == dict.fromkeys(JOBS, "SUCCEEDED"), _logs(batch, jobs)
    assert _started(container_engine, begun) == [_container(job, ids) for job in JOBS]
    assert jobs["transform"]["startedAt"] >= jobs["download"]["stoppedAt"]

    downloaded, transformed = (_manifest(batch, bucket_name, job) for job in JOBS)
    assert [file["key"].startswith("ror/2026-10-01/download/") for file in downloaded["files"]] == [True]
    keys = [file["key"] for file in transformed["files"]]
    assert _identifiers(batch, bucket_name, keys) == _published(ror_folder)
    assert "written" in _logs(batch, jobs)


def test_when_the_first_job_fails_the_second_never_starts(
    batch: Batch, container_engine: ContainerEngine, ror_url: str, bucket_name: str
) -> None:
    begun = time.time()
    ids = _submit(batch, bucket_name, ror_url, f"sha256:{'0' * 64}")
    jobs = _wait(batch, ids)
    assert {name: job["status"] for name, job in jobs.items()} == dict.fromkeys(JOBS, "FAILED")
    assert _started(container_engine, begun) == [_container("download", ids)]
    assert "logStreamName" not in jobs["transform"]["container"]
    assert "sha256 of a file is not the expected one" in _logs(batch, jobs)
    stored = batch.client("s3").list_objects_v2(Bucket=bucket_name).get("Contents", [])
    assert [each["Key"] for each in stored if each["Key"].endswith((".zip", ".parquet", "_manifest.json"))] == []


def _submit(batch: Batch, bucket: str, url: str, digest: str) -> dict[str, str]:
    """Submit as an operator does; return the job ids by job."""
    options = {"--bucket-name": bucket, "--run-id": "2026-10-01", "--download-url": url, "--hash": digest}
    done = subprocess.run(
        [sys.executable, "-m", "dmpworks", "batch-submit", "ror", "--env=dev", "--json"]
        + [f"{name}={value}" for name, value in options.items()],
        env=batch.environment | {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    ids: dict[str, str] = json.loads(done.stdout)["jobs"]
    assert list(ids) == JOBS
    return ids


def _wait(batch: Batch, ids: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Return what AWS Batch tells of each job once all have ended."""
    client, deadline = batch.client("batch"), time.monotonic() + 180
    while time.monotonic() < deadline:
        described = {job["jobId"]: job for job in client.describe_jobs(jobs=list(ids.values()))["jobs"]}
        if all(job["status"] in ("SUCCEEDED", "FAILED") for job in described.values()):
            return {name: described[id] for name, id in ids.items()}
        time.sleep(0.5)
    pytest.fail(f"the jobs did not end; moto says:\n{batch.log.read_text()[-3000:]}")


def _container(job: str, ids: dict[str, str]) -> str:
    return f"dmpworks-dev-ror-2026-10-01-{job}-{ids[job]}"


def _started(engine: ContainerEngine, since: float) -> list[str]:
    return [name for name in engine.started(since) if name.startswith("dmpworks-dev-ror-")]


def _logs(batch: Batch, jobs: dict[str, dict[str, Any]]) -> str:
    """Return what the containers wrote."""
    client, lines = batch.client("logs"), []
    for job in jobs.values():
        if stream := job["container"].get("logStreamName"):
            events = client.get_log_events(logGroupName="/aws/batch/job", logStreamName=stream, startFromHead=True)
            lines += [event["message"] for event in events["events"]]
    return "\n".join(lines)


def _manifest(batch: Batch, bucket: str, job: str) -> dict[str, Any]:
    body = batch.client("s3").get_object(Bucket=bucket, Key=f"ror/2026-10-01/{job}/_manifest.json")["Body"]
    manifest: dict[str, Any] = json.loads(body.read())
    return manifest


def _identifiers(batch: Batch, bucket: str, keys: list[str]) -> set[str]:
    """Return the ROR ids in the Parquet files."""
    client = batch.client("s3")
    tables = [pq.read_table(io.BytesIO(client.get_object(Bucket=bucket, Key=key)["Body"].read())) for key in keys]
    return {str(ror) for table in tables for ror in table.column("ror").to_pylist()}


def _published(folder: Path) -> set[str]:
    """Return the ROR ids in the release itself."""
    with zipfile.ZipFile(folder / FILE) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".json"))
        return {record["id"].rsplit("/", 1)[1] for record in json.loads(archive.read(name))}
