"""A world for each test: an empty one, or a copy of one whose first run is synced."""

import shutil
from dataclasses import dataclass

import pytest

from dmpworks.services.storage import open_bucket
from tests.chains.process_works.world import Engine, World, datacite


@pytest.fixture
def world(bucket) -> World:
    """An empty world of its own."""
    return World(bucket)


@dataclass
class Synced:
    """A world after its first run, 2026-10-01, and the engine that holds its works 10.1/a and 10.1/b."""

    world: World
    engine: Engine
    first: dict[str, dict]  # the first run's export


@pytest.fixture(scope="session")
def first_run(tmp_path_factory) -> Synced:
    """Two works of DataCite, transformed and synced once: copied for each test that goes on from there."""
    folder = tmp_path_factory.mktemp("process-works") / "bucket"
    folder.mkdir()
    world, engine = World(open_bucket(str(folder))), Engine()
    world.write("datacite", [datacite("10.1/a"), datacite("10.1/b")])
    manifest = world.transform("2026-10-01")
    world.sync_with(engine, "2026-10-01")
    return Synced(world, engine, world.works(manifest))


@pytest.fixture
def synced(first_run, tmp_path) -> Synced:
    """A copy of the world after its first run."""
    shutil.copytree(first_run.world.bucket.root, tmp_path / "bucket")
    engine = Engine()
    engine.documents = dict(first_run.engine.documents)
    return Synced(World(open_bucket(str(tmp_path / "bucket")), empty=False), engine, first_run.first)
