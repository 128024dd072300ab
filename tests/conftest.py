"""Fixtures for every test: a clean environment, buckets in temporary folders, runs without a container.

Also which tests need a server (marker `server`), and which tests stay together when several processes share the work.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from dmpworks.catalog import CHAINS
from dmpworks.jobs.run import Run
from dmpworks.jobs.wiring import prefixes
from dmpworks.services.storage import Bucket, open_bucket

DATA = Path(__file__).parent / "data"
OURS = tuple(prefixes(CHAINS))
pytest_plugins = [
    f"tests.servers.{path.stem}" for path in sorted((Path(__file__).parent / "servers").glob("[a-z]*.py"))
]

# What a test needs besides Python packages, by the fixture that starts it. moto comes with the packages.
SERVERS = {
    "container_engine": "containers",
    "opensearch_url": "opensearch",
    "mariadb_url": "mariadb",
    "chromium": "chromium",
}
# What shares a server or a run of all chains stays in one process, the longest first; the rest is shared out by file.
TOGETHER = (
    ("tests/containers/",),
    ("tests/end_to_end/", "tests/services/search/"),
    ("tests/services/database/", "tests/chains/process_dmps/test_merge"),
)
SLOW = ("tests/chains/process_works/", "tests/test_add_a_dataset")  # the next to begin with


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need a server; where several processes share the work, the longest groups come first."""
    for item in items:
        for fixture in SERVERS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server(SERVERS[fixture]))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(item.nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Give whole groups to processes; pytest-xdist's own `loadgroup` does nothing under pytest 9.2."""
    return GroupScheduling(config, log)


class GroupScheduling(LoadScopeScheduling):
    """Tests of a group go to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group[0] for group in TOGETHER if nodeid.startswith(group)), nodeid.split("::")[0])


def _turn(nodeid: str) -> int:
    groups = (*TOGETHER, SLOW)
    return next((place for place, group in enumerate(groups) if nodeid.startswith(group)), len(groups))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's shell reaches a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", *OURS)):
            monkeypatch.delenv(name)
    for name in ("ENV", "BUCKET_NAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def servers_are_marked(request: pytest.FixtureRequest) -> Iterator[None]:
    """A server that a test asked for while it ran is one that it is marked with."""
    yield
    started = {SERVERS[fixture] for fixture in SERVERS.keys() & set(request.fixturenames)}
    assert started <= {mark.args[0] for mark in request.node.iter_markers("server")}


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
