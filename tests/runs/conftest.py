"""Commands read the settings file of the folder they stand in: here there is none."""

import pytest


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """Stand in a folder without settings."""
    monkeypatch.chdir(tmp_path)
