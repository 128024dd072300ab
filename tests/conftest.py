"""Fixtures for every test: a clean environment, buckets in temporary folders, runs without a container.

Also which tests need a server (marker `server`), and which tests stay together when several processes share the work.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dmpworks.jobs.run import Run
from dmpworks.services.storage import Bucket, open_bucket

DATA = Path(__file__).parent / "data"
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
# Tests that share something expensive run in one process, the longest first. All others are shared out file by file.
GROUPS = {"containers": ("containers",), "real services": ("opensearch", "mariadb")}
FOLDERS = {"end_to_end": "real services"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need a server; give each test its group, and begin with the groups."""
    for item in items:
        for fixture in SERVERS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.server(SERVERS[fixture]))
        item.add_marker(pytest.mark.xdist_group(_group(item)))
    if hasattr(config, "workerinput"):
        order = list(GROUPS)
        items.sort(key=lambda item: order.index(group) if (group := _group(item)) in order else len(order))


def _group(item: pytest.Item) -> str:
    needs = {mark.args[0] for mark in item.iter_markers("server")}
    shared = [group for group, servers in GROUPS.items() if needs & set(servers)]
    folder = item.path.parent.relative_to(Path(__file__).parent).parts[:1]
    return next(iter(shared), FOLDERS.get(folder[0] if folder else "", item.path.name))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's shell reaches a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "OPENSEARCH_", "BATCH_", "DMP_", "DMPS_")) or name.endswith("_RUN_ID"):
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
