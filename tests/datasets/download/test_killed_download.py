"""A download job that is killed leaves no phase; the next start goes on with what has arrived."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dmpworks.datasets.download.transfer import SEGMENT
from dmpworks.jobs.manifest import MANIFEST, STARTED, read_manifest
from dmpworks.services.storage import Bucket
from tests.datasets.download.conftest import Publisher, zipped

BODY = zipped(random.Random(11).randbytes(3 * SEGMENT - 200))
FOLDER = "data-citation-corpus/2026-10-01/download"


def job(bucket: Bucket, url: str) -> "subprocess.Popen[bytes]":
    """Start the job as a container does."""
    environ = {
        "PATH": os.defpath,
        "BUCKET_NAME": bucket.name,
        "DATA_CITATION_CORPUS_RUN_ID": "2026-10-01",
        "DATA_CITATION_CORPUS_DOWNLOAD_URL": url,
        "DATA_CITATION_CORPUS_HASH": hashlib.sha256(BODY).hexdigest(),
    }
    command = [sys.executable, "-m", "dmpworks", "aws-batch", "data-citation-corpus", "download"]
    return subprocess.Popen(command, env=environ, stderr=subprocess.PIPE)


def segments(bucket: Bucket) -> int:
    """Return how many segments have arrived."""
    return len(bucket.list(f"{FOLDER}/_arriving"))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "told to stop"])
def test_a_killed_download_goes_on(bucket: Bucket, publisher: Publisher, how: signal.Signals) -> None:
    url = publisher.publishes("/corpus.zip", BODY)
    publisher.pause = 0.02  # after each MB
    process = job(bucket, url)
    deadline = time.monotonic() + 60
    while segments(bucket) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(how)
    process.communicate()
    assert process.returncode != 0
    assert segments(bucket) >= 2
    assert not bucket.exists(f"{FOLDER}/{MANIFEST}")
    assert bucket.exists(f"{FOLDER}/{STARTED}")
    publisher.pause, publisher.asked = 0.0, []
    again = job(bucket, url)
    told = again.communicate()[1].decode()
    assert again.returncode == 0, told
    assert publisher.asked in ([""], ["", f"bytes={2 * SEGMENT}-"])  # all had arrived, or but the last segment
    found = read_manifest(bucket, FOLDER)
    assert found
    assert bucket.get(found[0].files[0].key) == BODY
    assert [stored.key for stored in bucket.list(FOLDER)] == [f"{FOLDER}/{MANIFEST}", found[0].files[0].key]
    assert not [path for path in Path(bucket.name, "local").rglob("*") if path.is_file()]
