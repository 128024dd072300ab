"""Our own folding and cutting of text, so that every engine only has to split at white space.

Engines disagree on "O'Brien", "Jean-Pierre", full-width letters and ligatures; whoever decides candidacy must not
depend on that. Folding keeps letters, digits and the vowel signs of scripts that need them, nothing else.
"""

import re
import unicodedata
from functools import lru_cache

FILLER = "|"  # cannot come out of cut(): stands between two values of one field so that no phrase crosses
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
    """Whether it is a diacritic that one may leave out: no kana voicing, nukta, virama or vowel sign."""
    combining = unicodedata.combining(char)
    return combining >= _ACUTE or combining == _OVERLAY


def _is_word(char: str) -> bool:
    """Whether the character belongs into a word: letters, numbers, marks that carry sound."""
    return unicodedata.category(char)[0] in "LNM"


def fold(text: str) -> str:
    """Bring text to its plainest letters: no case, diacritics, ligatures, full-width forms or apostrophes."""
    plain = text.translate(_APOSTROPHES)
    if plain.isascii():
        return plain.lower()
    # Invisible characters (soft hyphen, zero-width joiner, direction marks) would cut words in two.
    visible = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    decomposed = unicodedata.normalize("NFKD", visible.casefold())
    bare = "".join(char for char in decomposed if not _is_mark(char))
    # NFKD may bring back apostrophes and capitals (ligatures, mathematical letters), hence once more.
    return unicodedata.normalize("NFC", bare.casefold().translate(_LETTERS).translate(_APOSTROPHES))


def cut(text: str | None) -> tuple[str, ...]:
    """Fold text and cut it into words of letters and digits; hyphens and every other sign separate."""
    if not text:
        return ()
    folded = fold(text)
    if folded.isascii():
        return tuple(_WORD.findall(folded))
    return tuple("".join(char if _is_word(char) else " " for char in folded).split())


@lru_cache(maxsize=65_536)
def cut_name(text: str) -> tuple[str, ...]:
    """Cut a name as `cut` does; cached, since the same few names meet thousands of works."""
    return cut(text)


def joined(values: list[tuple[str, ...]]) -> str:
    """Put several cut values into one text whose phrases never reach from one value into the next."""
    wall = " ".join([""] + [FILLER] * (SLOP + 1) + [""])
    return wall.join(" ".join(words) for words in values if words)


def in_order(phrase: tuple[str, ...], words: tuple[str, ...], slop: int = SLOP) -> bool:
    """Whether the phrase's words stand in `words` in order, with at most `slop` other words in between."""
    if not phrase or len(phrase) > len(words):
        return False
    return any(_fits(phrase, words, start, slop) for start, word in enumerate(words) if word == phrase[0])


def _fits(phrase: tuple[str, ...], words: tuple[str, ...], start: int, slop: int) -> bool:
    """Whether the phrase begins at `start`; taking each next word as early as possible loses no narrower fit."""
    last = min(len(words), start + len(phrase) + slop)
    position = start
    for word in phrase[1:]:
        position = next((at for at in range(position + 1, last) if words[at] == word), -1)
        if position < 0:
            return False
    return True
