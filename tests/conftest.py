"""Fixtures for every test: a clean environment, buckets in temporary folders, runs without a container."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket, open_bucket

DATA = Path(__file__).parent / "data"
pytest_plugins = [
    f"tests.servers.{path.stem}" for path in sorted((Path(__file__).parent / "servers").glob("[a-z]*.py"))
]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's shell reaches a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "OPENSEARCH_", "BATCH_", "DMP_", "DMPS_")) or name.endswith("_RUN_ID"):
            monkeypatch.delenv(name)
    for name in ("ENV", "BUCKET_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of test data: `planted`, `real`, `http`."""
    return DATA


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """An empty folder as bucket."""
    (tmp_path / "bucket").mkdir()
    return open_bucket(str(tmp_path / "bucket"))


@pytest.fixture
def planted(tmp_path: Path) -> Bucket:
    """A folder bucket that holds the planted world, from the download phases on."""
    shutil.copytree(DATA / "planted", tmp_path / "planted")
    return open_bucket(str(tmp_path / "planted"))


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Run]:
    """Make the run that a job function takes; its outputs are listed in `run.outputs`, no manifest is written."""

    def make(bucket: Bucket, chain: str, job: str, run_id: str = "2026-10-01") -> Run:
        scratch = tmp_path / "scratch" / f"{chain}-{job}"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        return Run(chain, job, run_id, "dev", bucket, scratch)

    return make
