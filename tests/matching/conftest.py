"""Makes plans and works with a few words."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from dmpworks.matching.records import Plan, Work


@pytest.fixture
def plan() -> Callable[..., Plan]:
    """Make a plan that ran from 2019 to 2021."""

    def make(**values: Any) -> Plan:
        given = {"doi": "10.48321/p", "project_start": date(2019, 1, 1), "project_end": date(2021, 12, 31)}
        return Plan(**(given | values))

    return make


@pytest.fixture
def work() -> Callable[..., Work]:
    """Make a work of 2020."""

    def make(**values: Any) -> Work:
        return Work(**({"doi": "10.5/w", "work_type": "ARTICLE", "publication_date": date(2020, 6, 1)} | values))

    return make
