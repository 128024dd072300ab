"""Text is folded and tokenized by us, alike for plans, works and queries."""

import pytest

from dmpworks.matching.tokens import FILLER, fold, in_order, join_values, tokenize


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("O'Brien", ("obrien",)),
        ("O’Brien", ("obrien",)),
        ("OʼBrien", ("obrien",)),
        ("D´Angelo", ("dangelo",)),
        ("Jean-Pierre", ("jean", "pierre")),
        ("Jean‐Pierre", ("jean", "pierre")),  # U+2010, as OpenAlex writes it
        ("Dong–Hyun", ("dong", "hyun")),
        ("ＷＡＮＧ　Ｔａｏ", ("wang", "tao")),
        ("Müller", ("muller",)),
        ("Mu\u0308ller", ("muller",)),
        ("STRAẞE Straße", ("strasse", "strasse")),
        ("Łukasz Ødegård Æsir œuvre Đặng Þór", ("lukasz", "odegard", "aesir", "oeuvre", "dang", "thor")),
        ("Yıldıoğlu İSTANBUL", ("yildioglu", "istanbul")),
        ("ﬁbre", ("fibre",)),
        ("Fe₃O₄ x²", ("fe3o4", "x2")),
        ("soft\u00adhyphen zero\u200bwidth", ("softhyphen", "zerowidth")),
        ("王 涛", ("王", "涛")),
        ("がん か", ("がん", "か")),  # voicing is no diacritic
        ("한국", ("한국",)),
        ("हिन्दी", ("हिन्दी",)),  # vowel signs stay, one word
        ("snake_case a|b", ("snake", "case", "a", "b")),
        ("", ()),
        (None, ()),
        ("–—…!?", ()),
    ],
)
def test_words(text: str | None, words: tuple[str, ...]) -> None:
    assert tokenize(text) == words


@pytest.mark.parametrize("text", ["O'Brien ﬁ Straße İ ŉ ǅ ß ﬀ ㎏ Å Ǆ", "ΣΊΣΥΦΟΣ", "ǆ Ǉ ℌ 𝔸 ½ ª"])
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_case_is_ignored() -> None:
    for text in ("Straße", "ΣΊΣΥΦΟΣ", "Ÿ", "Ǆ", "Łódź"):
        assert fold(text.upper()) == fold(text.lower()) == fold(text)


def test_no_phrase_reaches_into_the_next_value() -> None:
    text = join_values([tokenize("University of Alham"), (), tokenize("Alham Clinic")])
    assert text.split() == ["university", "of", "alham", FILLER, FILLER, FILLER, FILLER, "alham", "clinic"]
    assert not in_order(("of", "alham", "clinic"), tuple(text.split()))


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("a b", "x a b", True),
        ("a b", "a x y z b", True),
        ("a b", "a w x y z b", False),
        ("a b c", "a x b y c", True),
        ("a b c", "a x x b y y c", False),  # four others in between, though no more than two at once
        ("b a", "a b", False),
        ("a b", "a a x x x b", True),  # the second a is near enough
        ("a", "a", True),
        ("a b", "a", False),
    ],
)
def test_phrases_in_order_within_three_other_words(phrase: str, text: str, found: bool) -> None:
    assert in_order(tuple(phrase.split()), tuple(text.split())) is found
