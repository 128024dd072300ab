"""New words, names and numbers in place of those of a real record: a seed and the old tokens give the same new ones."""

import string
from functools import cache
from random import Random
from typing import NamedTuple

from dmpworks.cleaners import name_vocabulary as name_words

POOL = 3000  # words of each length
VARIANTS = 60  # how many organisations become of each real one
CONSONANTS, VOWELS = "bcdfghjklmnpqrstvwz", "aeiou"
# Words that tell rules and compressors something: they stay.
KEPT = frozenset(
    """
    the and for with from that this are was were not but all can has have had its our their these those which when
    where than then also been being both between into only over such under using used use via per may more most other
    some doi org http https www com
    """.split()
).union(
    name_words.ORGANISATION, name_words.MOSTLY_ORGANISATION, name_words.PERHAPS_ORGANISATION,
    name_words.BESIDE_ORGANISATION, name_words.TITLES, name_words.SUFFIXES, name_words.PARTICLES, name_words.NOBODY,
)  # fmt: skip


class Token(NamedTuple):
    """A part of a record that is new in each copy of it."""

    kind: str  # word, id, or party: a word or number of an organisation, which comes again in other records
    text: str


class Vocabulary:
    """Draws what stands in place of the tokens of one record after the other."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._parties: dict[tuple[int, str], str] = {}
        self._known: dict[str, str] = {}  # the words of the record at hand, in small letters
        self._used: set[str] = set()

    def replacements(self, tokens: list[Token]) -> list[str]:
        """Return new texts for the tokens of one record; words that differ stay different."""
        self._known.clear()
        self._used.clear()
        variant = int(VARIANTS * self._random.random() ** 2)
        return [
            self._party(variant, text) if kind == "party" else self._new(text, self._random) for kind, text in tokens
        ]

    def _party(self, variant: int, text: str) -> str:
        key = variant, text
        if key not in self._parties:
            self._parties[key] = self._new(text, Random(f"{variant} {text.lower()}"))
        return self._parties[key]

    def _new(self, text: str, random: Random) -> str:
        if text.isalpha():
            return self._word(text, random)
        return number(text, random) if text.isdigit() else "".join(_character(char, random) for char in text)

    def _word(self, text: str, random: Random) -> str:
        old = text.lower()
        new = self._known.get(old) or self._drawn(len(old), random)
        self._known[old] = new
        return new if text.islower() else new.upper() if text.isupper() else new.capitalize()

    def _drawn(self, length: int, random: Random) -> str:
        pool = words(length)
        new = pool[int(len(pool) * random.random() ** 2)]  # some words are more frequent than others
        while new in self._used:
            new = pool[int(len(pool) * random.random())]
        self._used.add(new)
        return new


def number(text: str, random: Random) -> str:
    """Return a number of as many digits."""
    lowest = 0 if text[0] == "0" else 10 ** (len(text) - 1)
    return str(lowest + int(random.random() * (10 ** len(text) - lowest))).zfill(len(text))


def _character(char: str, random: Random) -> str:
    if char.isdigit():
        return random.choice(string.digits)
    return random.choice(string.ascii_lowercase) if char.islower() else char


@cache
def words(length: int) -> list[str]:
    """Return the vocabulary of one length."""
    random = Random(length)
    found = {_pronounceable(length, random) for _ in range(POOL)}
    return sorted(found - KEPT, key=lambda word: (hash_of(word), word))


def _pronounceable(length: int, random: Random) -> str:
    start = random.randrange(2)
    return "".join(random.choice(VOWELS if (place + start) % 2 else CONSONANTS) for place in range(length))


def hash_of(word: str) -> int:
    """Return a number that shuffles words the same way in every process."""
    return sum(ord(char) * 31**place for place, char in enumerate(word)) % 9973
