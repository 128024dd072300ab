"""One account of AWS for all tests in this folder; each has a bucket of its own and leaves no job behind."""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.containers.chain import (
    RUN,
    WHOLE,
    Operator,
    end_all,
    lay_out_releases,
    serving,
    sha256,
    submission,
    told,
    wait_until,
)
from tests.servers.containers import Batch

Told = subprocess.CompletedProcess[str]


class Followed(NamedTuple):
    """A run that went well, with what three people at three terminals saw of it."""

    operator: Operator
    begun: float
    submitted: Told  # batch-submit --watch
    watched: Told  # runs watch --json
    read: Told  # runs logs --follow

    @property
    def ids(self) -> list[str]:
        """The ids of its Batch jobs."""
        return [line.split()[-1] for line in self.submitted.stdout.splitlines()[:2]]


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ROR's releases, one of them damaged."""
    folder = tmp_path_factory.mktemp("releases")
    lay_out_releases(folder)
    return folder


@pytest.fixture(scope="session")
def releases_url(releases: Path) -> Iterator[str]:
    """The same behind a web server."""
    with serving(releases) as url:
        yield url


@pytest.fixture
def operator(batch: Batch, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Operator]:
    """Somebody with an empty bucket; what is still live when the test is over is ended."""
    yield _operator(batch, request.node.name, tmp_path)
    end_all(batch)


@pytest.fixture(scope="session")
def followed(batch: Batch, releases: Path, releases_url: str, tmp_path_factory: pytest.TempPathFactory) -> Followed:
    """One run of the chain from submission to end, for all tests that only look."""
    operator, begun = _operator(batch, "followed", tmp_path_factory.mktemp("followed")), time.time()
    command = submission(f"{releases_url}/{WHOLE}", sha256=sha256(releases / WHOLE))
    submitting = operator.start(*command, "--watch")
    wait_until(lambda: bool(operator.keys(f"runs/{RUN}/")) or submitting.poll() is not None, "the ledger begins")
    others = [operator.start("runs", "watch", RUN, "--json"), operator.start("runs", "logs", RUN, "--follow")]
    return Followed(operator, begun, *map(told, [submitting, *others]))


def _operator(batch: Batch, name: str, home: Path) -> Operator:
    bucket = re.sub("[^a-z0-9]+", "-", name)[:60].strip("-")
    batch.client("s3").create_bucket(Bucket=bucket)
    return Operator(batch, bucket, home)
