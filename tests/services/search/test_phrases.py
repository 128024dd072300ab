"""Phrases are in order, within their slop, and never across two values."""

import random
from collections.abc import Callable

from dmpworks.matching.tokens import in_order, join_values
from dmpworks.services.search import SearchEngine
from tests.services.search.conftest import document, phrase, strong, terms

Fill = Callable[..., None]


def found(engine: SearchEngine, index: str, text: str, slop: int) -> list[str]:
    return [hit.id for hit in engine.search(index, strong(phrase(text, slop), limit=1000))]


def test_words_stand_side_by_side_unless_slop_allows_others(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(
        document("0", name="university of california berkeley"),
        document("2", name="university of the free california"),
        document("4", name="university one two three four california"),
        document("swapped", name="california university"),
    )
    assert found(engine, index, "university california", 0) == []
    assert found(engine, index, "university of california", 0) == ["0"]
    assert found(engine, index, "university california", 1) == ["0"]
    assert found(engine, index, "university california", 3) == ["0", "2"]
    assert found(engine, index, "california university", 3) == ["swapped"]
    assert found(engine, index, "california", 3) == ["0", "2", "4", "swapped"]


def test_slop_is_one_budget_for_the_whole_phrase(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("split", name="a x b y c"), document("one", name="a b x y c"), document("three", name="a x y b z c"))
    assert found(engine, index, "a b c", 1) == []
    assert found(engine, index, "a b c", 2) == ["one", "split"]
    assert found(engine, index, "a b c", 3) == ["one", "split", "three"]


def test_a_phrase_does_not_cross_values(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d", name=join_values([("university", "of"), ("california", "institute")])))
    assert found(engine, index, "of california", 3) == []
    assert found(engine, index, "california institute", 3) == ["d"]


def test_text_is_split_at_white_space_only_and_not_folded(engine: SearchEngine, index: str, fill: Fill) -> None:
    fill(document("d", name="O'Brien-Smith 10.5\u00a0日本大学\u3000e\u0301|\tEnd"))
    for word in ["O'Brien-Smith", "10.5", "日本大学", "e\u0301|", "End"]:
        assert [hit.id for hit in engine.search(index, strong(terms("name", word)))] == ["d"], word
    for word in ["o'brien-smith", "O'Brien", "Smith", "\u00e9|", "end"]:
        assert engine.search(index, strong(terms("name", word))) == [], word


def test_very_long_words_are_found(engine: SearchEngine, index: str, fill: Fill) -> None:
    long = "\N{GRINNING FACE}" * 300
    fill(document("d", name=f"before {long} after"))
    assert found(engine, index, f"before {long} after", 0) == ["d"]
    assert found(engine, index, "before after", 0) == []


def test_random_phrases_are_judged_as_matching_judges_them(engine: SearchEngine, index: str, fill: Fill) -> None:
    choose = random.Random(7)
    texts = {f"{n:03}": choose.choices("abcdef", k=choose.randint(1, 12)) for n in range(300)}
    fill(*(document(id, name=" ".join(words)) for id, words in texts.items()))
    for slop in (0, 1, 3):
        for length in (1, 2, 3, 4, 6):
            words = tuple(choose.choices("abcdef", k=length))
            expected = [id for id, text in texts.items() if in_order(words, tuple(text), slop)]
            assert found(engine, index, " ".join(words), slop) == expected, (words, slop)
