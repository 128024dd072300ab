"""A quick and impatient client for the loopback server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dmpworks.services.http import AnswerCache, Http, Manners
from dmpworks.services.storage import Bucket

QUICK = Manners(timeout=1.0, attempts=3, first_wait=0.01, longest_wait=1.5, pause=0.0)


@pytest.fixture(scope="session")
def http() -> Iterator[Http]:
    """A client without a cache."""
    client = Http("someone@example.org", manners=QUICK)
    yield client
    client.close()


@pytest.fixture
def caching(bucket: Bucket) -> Iterator[Http]:
    """A client that keeps answers in a folder bucket."""
    client = Http("someone@example.org", AnswerCache(bucket, "cache"), QUICK)
    yield client
    client.close()


@pytest.fixture
def recorded(data: Path) -> Path:
    """The folder of recorded answers."""
    return data / "http"
