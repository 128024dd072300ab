"""Every contract test runs against both engines: `engine` with an empty `index`."""

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dmpworks.matching.query import Clause, Query
from dmpworks.services.search import Document, SearchEngine
from dmpworks.services.search.connection import connect
from dmpworks.services.search.documents import Fields
from dmpworks.services.search.embedded import EmbeddedEngine
from dmpworks.services.search.opensearch import OpenSearchEngine
from dmpworks.settings.shared import Search

FIELDS: Fields = {"orcid": "term", "award": "term", "name": "tokens"}


@pytest.fixture(params=["embedded", pytest.param("opensearch", marks=pytest.mark.server("opensearch"))])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    """Each of the engines in turn."""
    if request.param == "embedded":
        opened: SearchEngine = EmbeddedEngine(tmp_path / "search", FIELDS)
    else:
        opened = OpenSearchEngine(connect(Search(opensearch_url=request.getfixturevalue("opensearch_url"))), FIELDS)
    yield opened
    opened.close()


@pytest.fixture
def index(engine: SearchEngine) -> str:
    """The name of an index made for this test."""
    name = f"test-{uuid.uuid4().hex}"
    engine.create(name)
    return name


@pytest.fixture
def fill(engine: SearchEngine, index: str) -> Callable[..., None]:
    """Write documents that must all be taken, and make them visible."""

    def write(*documents: Document, deletes: tuple[str, ...] = ()) -> None:
        report = engine.bulk(index, documents, deletes)
        assert report.failures == []
        engine.refresh(index)

    return write


def document(
    id: str, published: date | None = date(2020, 1, 1), work_type: str | None = None, **fields: Any
) -> Document:
    """A document of the fields given; its record says its id."""
    return Document(id, fields, published, work_type, {"doi": id})


def strong(*clauses: Clause, **rest: Any) -> Query:
    """A query of strong clauses."""
    return Query(strong=clauses, **rest)


def terms(field: str, *values: str, weight: float = 1.0) -> Clause:
    """A clause of exact terms."""
    return Clause(field, weight, terms=values)


def phrase(text: str, slop: int = 0, weight: float = 1.0) -> Clause:
    """A phrase in the field `name`."""
    return Clause("name", weight, phrase=tuple(text.split()), slop=slop)
