"""One run of every chain on the planted world, shared by the tests that look at what came out."""

import shutil

import pytest

from dmpworks.services.storage import open_bucket
from tests.conftest import DATA
from tests.end_to_end.world import run_chains, settings


@pytest.fixture(scope="session")
def embedded_world(tmp_path_factory):
    """A folder bucket after all seven chains with the embedded engines; not to be changed."""
    folder = tmp_path_factory.mktemp("embedded")
    shutil.copytree(DATA / "planted", folder / "bucket")
    run_chains(settings(f"{folder}/bucket"), folder)
    return open_bucket(f"{folder}/bucket")
