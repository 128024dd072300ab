"""What is written is what is found: upserts replace, deletions remove, refused documents are told."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime

import msgspec
import pytest

from dmpworks.errors import SyncError
from dmpworks.matching.records import Author, Source, Work
from dmpworks.services.search import BulkReport, Document, SearchEngine
from tests.services.search.conftest import document, strong, terms

Fill = Callable[..., None]


def test_an_upsert_replaces_the_whole_document(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d", orcid=["a"], award=["x"]))
    fill(document("d", orcid=["b"]))
    assert engine.count(index) == 1
    assert engine.search(index, strong(terms("orcid", "a"), terms("award", "x"))) == []
    assert [hit.id for hit in engine.search(index, strong(terms("orcid", "b")))] == ["d"]


def test_the_last_of_two_upserts_in_one_bulk_wins(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d", orcid=["a"]), document("e", orcid=["a"]), document("d", orcid=["b"]))
    assert engine.count(index) == 2
    assert [hit.id for hit in engine.search(index, strong(terms("orcid", "a")))] == ["e"]


def test_deletions_remove_and_what_is_not_there_is_no_failure(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("a"), document("b"), document("c"))
    report = engine.bulk(index, [document("d")], ["a", "c", "never-there"])
    engine.refresh(index)
    assert report == BulkReport(upserted=1, deleted=2, failures=[])
    assert list(engine.ids(index)) == ["b", "d"]
    assert engine.count(index) == 2


def test_nothing_to_do_is_fine(engine: SearchEngine, index: str) -> None:
    assert engine.bulk(index, [], []) == BulkReport()
    engine.refresh(index)
    assert engine.count(index) == 0
    assert list(engine.ids(index)) == []
    assert engine.fetch(index, []) == {}
    assert engine.document_frequencies(index, "orcid", []) == {}


def test_many_documents_come_through(engine: SearchEngine, index: str) -> None:
    documents = (document(f"{n:05}", orcid=["a"], name="word " * 300) for n in range(2_345))
    report = engine.bulk(index, documents, (f"{n:05}" for n in range(0, 2_345, 2)))
    engine.refresh(index)
    assert (report.upserted, report.failures) == (2_345, [])
    assert engine.count(index) == 1_172
    assert list(engine.ids(index)) == [f"{n:05}" for n in range(1, 2_345, 2)]


def test_a_refused_document_is_reported_and_the_others_go_through(engine: SearchEngine, index: str) -> None:
    documents = [
        document("good-1"),
        document("", orcid=["a"]),
        document("x" * 513),
        document("immense", award=["y" * 40_000]),
        document("surrogate", award=["\ud800"]),
        Document("unjsonable", {}, source={"doi": object()}),
        document("good-2", award=["z" * 30_000]),
    ]
    report = engine.bulk(index, documents, [])
    engine.refresh(index)
    assert report.upserted == 2
    assert [failure.id for failure in report.failures] == ["", "x" * 513, "immense", "surrogate", "unjsonable"]
    assert "immense term" in report.failures[2].reason
    assert list(engine.ids(index)) == ["good-1", "good-2"]


def test_the_record_comes_back_as_it_was(engine: SearchEngine, index: str, fill: Fill) -> None:
    work = Work(
        doi="10.1/é\N{GRINNING FACE}",
        title='Quotes " \\ and <b>markup</b>\n日本',
        publication_date=date(2020, 2, 29),
        updated_date=datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        authors=(Author(surname="Łukasiewicz", full="Jan Łukasiewicz"), Author()),
        source=Source("OpenAlex", "https://openalex.org/w1"),
    )
    fill(Document(work.doi, {"orcid": ["a"]}, work.publication_date, "ARTICLE", work))
    [hit] = engine.search(index, strong(terms("orcid", "a")))
    assert msgspec.json.decode(hit.source, type=Work) == work
    assert msgspec.json.decode(hit.source)["publicationDate"] == "2020-02-29"
    assert engine.fetch(index, [work.doi, "10.1/none"]) == {work.doi: hit.source}


def test_a_record_may_hold_any_json(engine: SearchEngine, index: str, fill: Fill) -> None:
    record = {"n": None, "f": 0.1, "big": 2**53, "list": [1, "a", {"x": []}], "deep": {"a.b": True}, "pi": math.pi}
    other = {"n": "2020-01-01", "f": "text", "list": {"x": 1}}  # the same names with other types
    fill(Document("a", {}, None, None, record), Document("b", {}, None, None, other), Document("c", {}))
    found = engine.fetch(index, ["a", "b", "c"])
    assert {id: msgspec.json.decode(source) for id, source in found.items()} == {"a": record, "b": other, "c": None}


def test_writing_is_visible_after_a_refresh(engine: SearchEngine, index: str) -> None:
    engine.bulk(index, [document("d", orcid=["a"])], [])
    engine.refresh(index)
    assert engine.count(index) == 1


def test_making_an_index_twice_keeps_what_is_in_it(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d"))
    engine.create(index)
    assert engine.count(index) == 1


def test_an_index_that_is_not_there_is_told(engine: SearchEngine) -> None:
    for use in (
        lambda: engine.count("nothing-here"),
        lambda: engine.search("nothing-here", strong(terms("orcid", "a"))),
        lambda: engine.bulk("nothing-here", [document("d")], []),
        lambda: engine.fetch("nothing-here", ["d"]),
        lambda: engine.refresh("nothing-here"),
        lambda: list(engine.ids("nothing-here")),
        lambda: engine.document_frequencies("nothing-here", "orcid", ["a"]),
    ):
        with pytest.raises(SyncError, match="there is no such search index"):
            use()


def test_a_clause_on_a_field_that_is_not_there_is_a_bug(engine: SearchEngine, index: str) -> None:
    with pytest.raises(ValueError, match="no such field: nope"):
        engine.search(index, strong(terms("nope", "a")))
