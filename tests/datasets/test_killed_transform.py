"""A transform killed with SIGKILL and run again: the same output, and what was finished is not transformed again."""

import gzip
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from dmpworks.datasets.transform.checkpoints import RECORDS, Result
from dmpworks.jobs.manifest import MANIFEST, Manifest, read_manifest
from dmpworks.services.storage import Bucket, open_bucket

DOWNLOAD, PHASE = "datacite/2026-10-01/download/dois/updated_2026-01", "datacite/2026-10-01/transform"
PARTS, RECORDS_A_PART = 10, 600
TOKEN = re.compile(r"part_(\d{5})-([0-9a-f]{8})\.")
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def start(bucket: Path, workers: int) -> subprocess.Popen[bytes]:
    environ = PLAIN | {
        "BUCKET_NAME": str(bucket),
        "DATACITE_RUN_ID": "2026-10-01",
        "DATACITE_TRANSFORM_WORKERS": str(workers),
        "MAX_BAD_RECORDS": "0.01",
    }
    command = [sys.executable, "-m", "dmpworks", "aws-batch", "datacite", "transform"]
    return subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, start_new_session=True)


def finished(bucket: Bucket) -> dict[str, Result]:
    """Return the records of finished parts by their keys."""
    records = bucket.list(f"{PHASE}/{RECORDS}")
    return {key: msgspec.json.decode(bucket.get(key), type=Result) for key, _ in records}


def complete(bucket: Bucket) -> Manifest:
    found = read_manifest(bucket, PHASE)
    assert found
    return found[0]


def content(bucket: Bucket) -> list[list[dict[str, object]] | bytes]:
    """Return the rows, and the bad records, of each file that the manifest lists, in the order of the parts."""
    assert bucket.root
    made: list[list[dict[str, object]] | bytes] = []
    for file in complete(bucket).files:
        path = bucket.root / file.key
        made.append(
            pq.read_table(path).to_pylist() if path.suffix == ".parquet" else gzip.decompress(path.read_bytes())
        )
    return made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Bucket:
    """A bucket with ten parts of real records under new DOIs, a bad line in every third, and their transform."""
    folder = tmp_path_factory.mktemp("undisturbed")
    bucket = open_bucket(str(folder))
    real = gzip.decompress((data / "real/datacite.jsonl.gz").read_bytes()).splitlines()
    for part in range(PARTS):
        lines = [
            msgspec.json.encode(msgspec.json.decode(real[number % len(real)]) | {"id": f"10.5/{part}.{number}"})
            for number in range(RECORDS_A_PART + 20 * part)
        ]
        lines += [b'{"id": "10.5/cut'] if part % 3 == 0 else []
        bucket.put(f"{DOWNLOAD}/part_{part:04}.jsonl.gz", gzip.compress(b"\n".join(lines) + b"\n", 1))
    assert start(folder, 1).wait() == 0
    assert complete(bucket).counts.quarantined == 4
    return bucket


@pytest.mark.parametrize("moment", range(10))
def test_ten_random_moments(undisturbed: Bucket, tmp_path: Path, moment: int) -> None:
    assert undisturbed.root
    shutil.copytree(undisturbed.root / DOWNLOAD, tmp_path / DOWNLOAD)
    bucket, chance, workers = open_bucket(str(tmp_path)), random.Random(moment), 1 + moment % 2
    # a moment of the work, not of the clock: this machine may be busy
    wanted, after = chance.randrange(PARTS - 3), chance.random() * 0.03
    process = start(tmp_path, workers)
    while len(bucket.list(f"{PHASE}/{RECORDS}")) < wanted and process.poll() is None:
        time.sleep(0.002)
    time.sleep(after)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = finished(bucket)
    assert wanted <= len(before) and not bucket.exists(f"{PHASE}/{MANIFEST}")
    kept = {file.key: (tmp_path / file.key).stat().st_mtime_ns for result in before.values() for file in result.files}

    assert start(tmp_path, workers).wait() == 0
    manifest = complete(bucket)
    assert manifest.counts == complete(undisturbed).counts
    assert content(bucket) == content(undisturbed)
    # finished parts are the very files of the killed execution, all others bear the token of the second
    tokens = {file.key: TOKEN.search(file.key)[2] for file in manifest.files}  # type: ignore[index]
    assert {key for key, token in tokens.items() if token != manifest.attempt} == set(kept)
    assert {key: (tmp_path / key).stat().st_mtime_ns for key in kept} == kept
    # and nothing else is left
    left = {key for folder in ("transform", "quarantine") for key, _ in bucket.list(f"datacite/2026-10-01/{folder}")}
    assert left == {f"{PHASE}/{MANIFEST}", *tokens}
