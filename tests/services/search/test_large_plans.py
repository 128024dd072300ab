"""A plan of a great collaboration is asked for in one question that every engine takes."""

import uuid
from datetime import date

from dmpworks.chains.process_works.documents import document
from dmpworks.matching.comparison.content import Statistics
from dmpworks.matching.fields import FIELDS
from dmpworks.matching.plan_query import build_query
from dmpworks.matching.records import Author, Institution, Plan, PlanAward, Work
from dmpworks.services.search.connection import connect
from dmpworks.services.search.embedded import EmbeddedEngine
from dmpworks.services.search.opensearch import OpenSearchEngine
from dmpworks.settings.shared import Search

MANY, DAY = 2_000, date(2020, 1, 1)


def author(number: int) -> Author:
    return Author(f"0000-0000-0000-{number:04}", "A", "Ada", None, None, f"Byron{number}", f"Ada Byron{number}")


PLAN = Plan(
    "10.48321/large",
    title=" ".join(f"engine{number}" for number in range(MANY)),
    authors=tuple(map(author, range(MANY))),
    institutions=tuple(Institution(f"University of Great Alham {number}") for number in range(MANY)),
    awards=tuple(PlanAward(f"1507{number:04}", f"Foundation of Small Alham {number}") for number in range(MANY)),
    accepted_dois=tuple(f"10.5/known{number}" for number in range(MANY)),
)


def finds_the_last_member(engine) -> None:
    index = f"test-{uuid.uuid4().hex}"
    works = [
        Work("10.5/last", publication_date=DAY, authors=(author(MANY - 1),)),
        Work("10.5/known1", publication_date=DAY, authors=(author(1),)),
    ]
    engine.create(index)
    assert engine.bulk(index, map(document, works), []).failures == []
    engine.refresh(index)
    query = build_query(PLAN, Statistics(1000), 10)
    assert query is not None
    assert [hit.id for hit in engine.search(index, query)] == ["10.5/last"]


def test_on_tantivy(tmp_path) -> None:
    finds_the_last_member(EmbeddedEngine(tmp_path, FIELDS))


def test_on_opensearch(opensearch_url: str) -> None:
    finds_the_last_member(OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), FIELDS))
