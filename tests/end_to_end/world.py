"""The planted world, run through every chain by the real command line."""

import os
import subprocess
import sys
from pathlib import Path

from dmpworks.catalog import CHAINS
from dmpworks.jobs.manifest import Manifest, phase_folder, read_manifest
from dmpworks.services.storage import Bucket

RUN_ID = "2026-10-01"
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}


def settings(bucket: str, **more: str) -> dict[str, str]:
    """Return the environment of a run on the planted world, whose downloads lie in the bucket already."""
    run_ids = {f"{chain.prefix}_RUN_ID": RUN_ID for chain in CHAINS} | {"DMPS_RUN_ID": RUN_ID}
    starts = {f"{chain.prefix}_START_JOB": "transform" for chain in CHAINS if chain.job_names[0] == "download"}
    return PLAIN | run_ids | starts | {"BUCKET_NAME": bucket} | more


def dmpworks(*arguments: str, environ: dict[str, str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line and return what it said."""
    command = [sys.executable, "-m", "dmpworks", *arguments]
    return subprocess.run(command, env=environ, cwd=cwd, capture_output=True, text=True, check=False)


def run_chains(environ: dict[str, str], cwd: Path, names: tuple[str, ...] = ()) -> None:
    """Run chains (all, if not said) in reading order; every one must end well."""
    for name in names or tuple(chain.name for chain in CHAINS):
        answer = dmpworks("run", name, environ=environ, cwd=cwd)
        assert answer.returncode == 0, answer.stderr


def manifest(bucket: Bucket, chain: str, job: str) -> Manifest:
    """Return the manifest of a job of the planted run."""
    found = read_manifest(bucket, phase_folder(chain, RUN_ID, job))
    assert found, f"{chain} {job} left no manifest"
    return found[0]
