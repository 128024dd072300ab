"""In how many documents a term stands is exact, on any number of shards, with deletions taken off."""

from collections.abc import Callable

import pytest

from dmpworks.matching.query import Query
from dmpworks.services.search import SearchEngine
from dmpworks.services.search.connection import connect
from dmpworks.services.search.opensearch import OpenSearchEngine
from dmpworks.settings.shared import Search
from tests.services.search.conftest import FIELDS, document, phrase, terms

Fill = Callable[..., None]


def test_frequencies_count_documents(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(*(document(f"{n:03}", name="all " * (n % 3 + 1) + ("even" if n % 2 == 0 else "odd")) for n in range(100)))
    expected = {"all": 100, "even": 50, "odd": 50, "none": 0}
    assert engine.document_frequencies(index, "name", list(expected)) == expected


def test_deleted_and_replaced_documents_do_not_count(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(*(document(f"{n:03}", award=["x"]) for n in range(50)))
    fill(*(document(f"{n:03}", award=["y"]) for n in range(20)), deletes=tuple(f"{n:03}" for n in range(40, 50)))
    assert engine.document_frequencies(index, "award", ["x", "y"]) == {"x": 20, "y": 20}


def test_more_terms_than_one_request_takes(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d", award=[f"a{n}" for n in range(0, 1_200, 2)]))
    found = engine.document_frequencies(index, "award", [f"a{n}" for n in range(1_200)])
    assert sum(found.values()) == 600
    assert (found["a0"], found["a1"], found["a1198"], found["a1199"]) == (1, 0, 1, 0)


@pytest.mark.parametrize("shards", [1, 18])
def test_opensearch_gives_the_same_order_on_any_number_of_shards(opensearch_url: str, shards: int) -> None:
    settings = {"number_of_shards": shards, "number_of_replicas": 0}
    engine = OpenSearchEngine(connect(Search(opensearch_url=opensearch_url)), FIELDS, settings)
    index = f"shards-{shards}"
    engine.create(index)
    documents = [
        document(f"10.1/{n:03}", orcid=[f"o{n % 5}"], name=f"w{n % 3} x w{n % 7} all", award=[f"a{n % 11}"])
        for n in range(300)
    ]
    assert engine.bulk(index, documents, []).failures == []
    engine.refresh(index)
    query = Query(
        strong=(terms("orcid", "o1", weight=5.0), terms("award", "a1", "a2", weight=10.0)),
        supporting=(phrase("w1 w4", slop=3, weight=0.1875), terms("name", "w2", weight=0.0625)),
        limit=60,
    )
    expected = sorted((-_score(n), f"10.1/{n:03}") for n in range(300) if _candidate(n))[:60]
    assert [(-hit.score, hit.id) for hit in engine.search(index, query)] == expected
    w1 = sum(1 in (n % 3, n % 7) for n in range(300))
    assert engine.document_frequencies(index, "name", ["all", "w1"]) == {"all": 300, "w1": w1}
    assert engine.count(index) == 300


def _candidate(n: int) -> bool:
    return n % 5 == 1 or n % 11 in (1, 2)


def _score(n: int) -> float:
    words = {f"w{n % 3}", f"w{n % 7}"}
    score = 5.0 * (n % 5 == 1) + 10.0 * (n % 11 in (1, 2))
    return score + 0.1875 * (n % 3 == 1 and n % 7 == 4) + 0.0625 * ("w2" in words)
