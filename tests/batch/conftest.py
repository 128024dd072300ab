"""A run on a fake AWS Batch."""

from pathlib import Path

import pytest

from tests.batch.fake_jobs import Execution
from tests.batch.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """An account of AWS, a bucket, and the chain of letters whose jobs take a minute each."""
    (tmp_path / "scene").mkdir()
    scene = Scene(tmp_path / "scene")
    scene.does("fetch", Execution())
    scene.does("count", Execution())
    return scene
