"""Who is found and with what score is the same on both engines: strong, supporting, filters, ties."""

from collections.abc import Callable
from datetime import date

from dmpworks.matching.query import Clause, Query
from dmpworks.services.search import SearchEngine
from tests.services.search.conftest import document, phrase, strong, terms

Fill = Callable[..., None]


def found(engine: SearchEngine, index: str, query: Query) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in engine.search(index, query)]


def test_a_strong_clause_is_needed_and_supporting_ones_only_add(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("both", orcid=["a"], award=["x"]), document("strong", orcid=["a"]), document("weak", award=["x"]))
    query = Query(strong=(terms("orcid", "a", weight=5.0),), supporting=(terms("award", "x", weight=0.0625),))
    assert found(engine, index, query) == [("both", 5.0625), ("strong", 5.0)]


def test_a_required_clause_must_match_beside_a_strong_one(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(
        document("both", orcid=["a"], award=["x"], name="open science"),
        document("two", orcid=["a"], award=["x", "y"]),
        document("strong", orcid=["a"], name="open science"),
        document("required", award=["x"]),
    )
    query = Query(
        strong=(terms("orcid", "a", "b", weight=2.0), phrase("science fund")),
        required=(terms("award", "x", weight=1.0), terms("award", "y", weight=0.5)),
        supporting=(phrase("open science", weight=4.0),),
    )
    assert found(engine, index, query) == [("both", 7.0), ("two", 3.5)]


def test_terms_score_once_however_many_match(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("one", award=["x"]), document("three", award=["x", "y", "z"]))
    assert found(engine, index, strong(terms("award", "x", "y", "z", weight=10.0))) == [("one", 10.0), ("three", 10.0)]


def test_several_strong_clauses_add_up(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("1", orcid=["a"]), document("2", orcid=["a", "b"]), document("3", orcid=["b"]), document("4"))
    query = strong(terms("orcid", "a", weight=2.0), terms("orcid", "b", weight=3.5))
    assert found(engine, index, query) == [("2", 5.5), ("3", 3.5), ("1", 2.0)]


def test_sums_of_sixteenths_are_exact(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d", orcid=["o"], award=[f"a{n}" for n in range(60)]))
    supporting = tuple(terms("award", f"a{n}", weight=(n + 1) / 16) for n in range(60))
    query = Query(strong=(terms("orcid", "o", weight=15.0),), supporting=supporting)
    assert found(engine, index, query) == [("d", 15.0 + sum(range(61)) / 16)]


def test_one_clause_may_hold_terms_and_a_phrase(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("phrase", name="open science fund"), document("term", name="science"), document("no", name="fund"))
    clause = Clause("name", 2.0, terms=("science",), phrase=("open", "science"))
    assert found(engine, index, strong(clause)) == [("phrase", 2.0), ("term", 2.0)]


def test_a_clause_without_terms_matches_nothing(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d", orcid=["a"]))
    assert found(engine, index, strong(Clause("orcid", 1.0))) == []
    assert found(engine, index, Query(strong=())) == []
    assert found(engine, index, strong(Clause("orcid", 1.0), terms("orcid", "a"))) == [("d", 1.0)]


def test_only_works_published_within_the_dates(engine: SearchEngine, index: str, fill: Fill) -> None:
    days = [date(1989, 12, 31), date(1990, 1, 1), date(2005, 6, 7), date(2005, 6, 8), date(1, 1, 1), date(9999, 12, 31)]
    fill(*(document(str(day), published=day, orcid=["a"]) for day in days))
    fill(document("null", published=None, orcid=["a"]))
    query = strong(terms("orcid", "a"), published_from=date(1990, 1, 1), published_to=date(2005, 6, 7))
    assert [id for id, _ in found(engine, index, query)] == ["1990-01-01", "2005-06-07"]
    open_end = strong(terms("orcid", "a"), published_from=date(2005, 6, 8))
    assert [id for id, _ in found(engine, index, open_end)] == ["2005-06-08", "9999-12-31"]


def test_excluded_types_and_dois_are_left_out(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(
        document("10.1/plan", work_type="OUTPUT_MANAGEMENT_PLAN", orcid=["a"]),
        document("10.1/known", work_type="ARTICLE", orcid=["a"]),
        document("10.1/rejected", work_type="ARTICLE", orcid=["a"]),
        document("10.1/new", work_type="ARTICLE", orcid=["a"]),
        document("10.1/untyped", orcid=["a"]),
    )
    query = strong(
        terms("orcid", "a"),
        excluded_types=("OUTPUT_MANAGEMENT_PLAN",),
        excluded_dois=("10.1/known", "10.1/rejected", "10.1/elsewhere"),
    )
    assert found(engine, index, query) == [("10.1/new", 1.0), ("10.1/untyped", 1.0)]


def test_ties_go_by_id_at_the_cut_as_well(engine: SearchEngine, index: str, fill: Fill) -> None:
    ids = [f"10.{n % 7}/{n:03}" for n in range(200)]
    for start in range(0, 200, 50):  # several segments
        fill(*(document(id, orcid=["a"]) for id in ids[start : start + 50]))
    fill(document("10.9/best", orcid=["a"], award=["x"]))
    query = Query(strong=(terms("orcid", "a"),), supporting=(terms("award", "x"),), limit=10)
    assert [id for id, _ in found(engine, index, query)] == ["10.9/best", *sorted(ids)[:9]]


def test_ids_are_ordered_by_code_point(engine: SearchEngine, index: str, fill: Fill) -> None:
    letters = ["z", "é", "日本", "\N{GRINNING FACE}", "\N{FULLWIDTH LATIN SMALL LETTER A}", "Z"]
    ids = [f"10.1/{letter}" for letter in letters]
    fill(*(document(id, orcid=["a"]) for id in ids))
    assert [id for id, _ in found(engine, index, strong(terms("orcid", "a")))] == sorted(ids)
    assert list(engine.ids(index)) == sorted(ids)


def test_the_limit_may_exceed_what_there_is(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("1", orcid=["a"]), document("2", orcid=["a"]))
    assert len(found(engine, index, strong(terms("orcid", "a"), limit=100))) == 2
    assert len(found(engine, index, strong(terms("orcid", "a"), limit=1))) == 1
    assert found(engine, index, strong(terms("orcid", "a"), limit=0)) == []
