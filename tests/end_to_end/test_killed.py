"""A job killed with SIGKILL midway and run again gives the same rows as one undisturbed, and harms nothing complete."""

import gzip
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from dmpworks.catalog import CHAINS
from dmpworks.jobs.manifest import MANIFEST, STARTED, phase_folder, read_manifest
from dmpworks.services.storage import open_bucket
from tests.end_to_end.world import RUN_ID, dmpworks, manifest, settings

JOBS = [(chain.name, job.name) for chain in CHAINS for job in chain if job.name != "download"]


@pytest.fixture(scope="module")
def disturbed(embedded_world, tmp_path_factory):
    """A copy of the finished world that jobs may be killed in."""
    folder = tmp_path_factory.mktemp("killed") / "bucket"
    shutil.copytree(embedded_world.root, folder)
    bucket = open_bucket(str(folder))
    # as if nothing had been synced yet: the index is exported whole once more
    bucket.delete([f"{phase_folder('process-works', RUN_ID, 'sync-works')}/{MANIFEST}"])
    return bucket


def content(bucket, chain, job) -> list:
    """Return what a phase holds, independent of the names and the order of its files; for the merge, the links."""
    if job == "merge-related-works":
        with sqlite3.connect(bucket.root / "local" / "dmp-tool.sqlite") as database:
            return sorted(database.execute("select planId, status, sourceType, round(score, 4) from relatedWorks"))
    rows: list = []
    for file in manifest(bucket, chain, job).files:
        path = bucket.root / file.key
        if path.suffix == ".parquet":
            table = pl.read_parquet(path)
            # a state's date is the time of the run that made it
            rows += [repr(row) for row in (table.drop("updated_date") if "/states/" in file.key else table).iter_rows()]
        else:
            rows += gzip.decompress(path.read_bytes()).splitlines()
    return sorted(rows)


def start_and_kill(environ, folder: Path, chain, job, seconds: float) -> None:
    """Start a job in a process group of its own and kill the group some time after the job has begun."""
    begun = folder / phase_folder(chain, RUN_ID, job) / STARTED
    command = [sys.executable, "-m", "dmpworks", "aws-batch", chain, job]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while not begun.exists() and process.poll() is None:
        time.sleep(0.005)
    time.sleep(seconds)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(("chain", "job"), JOBS)
def test_killed_and_run_again(embedded_world, disturbed, chain, job, tmp_path):
    undisturbed = content(embedded_world, chain, job)
    own = f"{phase_folder(chain, RUN_ID, job)}/{MANIFEST}"
    before = disturbed.get(own) if disturbed.exists(own) else None
    taken = manifest(embedded_world, chain, job)
    environ = settings(disturbed.name)
    moment = random.Random(f"{chain} {job}").random() * (taken.ended - taken.started).total_seconds() * 0.8
    start_and_kill(environ, disturbed.root, chain, job, moment)
    after = read_manifest(disturbed, phase_folder(chain, RUN_ID, job))
    if disturbed.exists(f"{phase_folder(chain, RUN_ID, job)}/{STARTED}"):
        assert (disturbed.get(own) if disturbed.exists(own) else None) == before
    assert all(disturbed.size(file.key) == file.size for file in (after[0].files if after else ()))
    again = dmpworks("aws-batch", chain, job, environ=environ, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert content(disturbed, chain, job) == undisturbed
