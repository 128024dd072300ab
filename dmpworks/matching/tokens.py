"""Our own folding and tokenizing of text, so that every engine only has to split at white space.

Engines disagree on "O'Brien", "Jean-Pierre", full-width letters and ligatures; what makes a candidate must not
depend on that. Folding keeps letters, digits and the vowel signs of scripts that need them, nothing else.
"""

import re
import unicodedata
from functools import lru_cache

FILLER = "|"  # never a token: separates two values of one field so that no phrase matches across them
SLOP = 3  # the widest gap any phrase of ours allows

# Letters whose stroke, ligature or shape Unicode does not decompose.
_LETTERS = str.maketrans(
    {
        "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h",
        "ŋ": "n", "ŧ": "t", "ĸ": "k", "ɵ": "o", "ə": "e", "ƀ": "b", "ɓ": "b", "ɗ": "d", "ƒ": "f", "ɛ": "e", "ɔ": "o",
        "ς": "σ", "ˈ": None,
    }
)  # fmt: skip
_APOSTROPHES = str.maketrans(dict.fromkeys("'’‘‛ʼʻʹʽˊˋ`´′＇", None))
_WORD = re.compile(r"[^\W_]+")
_ACUTE, _OVERLAY = 10, 1  # canonical combining classes


def _is_mark(char: str) -> bool:
    """Return whether a character is a diacritic that may be left out: no kana voicing, nukta, virama or vowel sign."""
    combining = unicodedata.combining(char)
    return combining >= _ACUTE or combining == _OVERLAY


def _is_word(char: str) -> bool:
    """Return whether the character is part of a word: letters, numbers, marks that carry sound."""
    return unicodedata.category(char)[0] in "LNM"


def fold(text: str) -> str:
    """Return text in its plainest letters: no case, diacritics, ligatures, full-width forms or apostrophes."""
    plain = text.translate(_APOSTROPHES)
    if plain.isascii():
        return plain.lower()
    # Invisible characters (soft hyphen, zero-width joiner, direction marks) would split words.
    visible = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    decomposed = unicodedata.normalize("NFKD", visible.casefold())
    bare = "".join(char for char in decomposed if not _is_mark(char))
    # NFKD may bring back apostrophes and capitals (ligatures, mathematical letters), hence once more.
    return unicodedata.normalize("NFC", bare.casefold().translate(_LETTERS).translate(_APOSTROPHES))


def tokenize(text: str | None) -> tuple[str, ...]:
    """Return the folded words of letters and digits of a text; hyphens and every other sign separate."""
    if not text:
        return ()
    folded = fold(text)
    if folded.isascii():
        return tuple(_WORD.findall(folded))
    return tuple("".join(char if _is_word(char) else " " for char in folded).split())


@lru_cache(maxsize=65_536)
def tokenize_name(text: str) -> tuple[str, ...]:
    """Tokenize a name; cached, since the same few names are compared with thousands of works."""
    return tokenize(text)


def join_values(values: list[tuple[str, ...]]) -> str:
    """Return several tokenized values as one text in which no phrase matches across two values."""
    separator = " ".join([""] + [FILLER] * (SLOP + 1) + [""])
    return separator.join(" ".join(words) for words in values if words)


def in_order(phrase: tuple[str, ...], words: tuple[str, ...], slop: int = SLOP) -> bool:
    """Return whether `words` contains the phrase's words in order, with at most `slop` other words in between."""
    if not phrase or len(phrase) > len(words):
        return False
    return any(_fits(phrase, words, start, slop) for start, word in enumerate(words) if word == phrase[0])


def _fits(phrase: tuple[str, ...], words: tuple[str, ...], start: int, slop: int) -> bool:
    """Return whether the phrase begins at `start`; taking each next word as early as possible loses no narrower fit."""
    last = min(len(words), start + len(phrase) + slop)
    position = start
    for word in phrase[1:]:
        position = next((at for at in range(position + 1, last) if words[at] == word), -1)
        if position < 0:
            return False
    return True
