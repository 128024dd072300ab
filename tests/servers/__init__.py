"""Real servers for tests: each module is a pytest plugin with a fixture that starts one and stops it at the end."""

import os
from typing import NoReturn

import pytest


def unavailable(what: str, why: str) -> NoReturn:
    """Skip the test with a clear word, or fail it where servers are required (CI)."""
    if os.environ.get("DMPWORKS_TESTS_REQUIRE_SERVICES") == "1":
        pytest.fail(f"{what} is required here but cannot be had: {why}")
    pytest.skip(f"{what} cannot be had: {why}")
