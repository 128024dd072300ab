"""Tables of characters and words for the compiled loops, derived from the rules of `dmpworks.cleaners`."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dmpworks.cleaners import name_vocabulary as name_words
from dmpworks.cleaners import text

SAFE, ALNUM = 1, 2  # bits of `safe()`
UPPER, LOWER = 1, 2  # values of `letters()`
LATIN = 0x250
HASH = 2166136261  # FNV-1a, 32 bits
PRIME = 16777619
WORDS = 1 << 18


@lru_cache(maxsize=1)
def safe() -> npt.NDArray[np.uint8]:
    """Return, for each character of the basic plane, whether `plain_text` leaves texts of such characters unchanged.

    Such a character is in NFC whatever its neighbours are, is neither white space nor removed, and does not case-fold
    to ASCII. Whether `<` and `&` are markup depends on the next character, which the loops check.
    """
    table = np.zeros(0x10000, np.uint8)
    composing = _composing()
    for code in range(0x20, 0x10000):
        char = chr(code)
        if code in composing or not _is_plain(char):
            continue
        table[code] = SAFE | (ALNUM if char.isalnum() else 0)
    return table


def _is_plain(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    return (
        not char.isspace()
        and text.normalize(char) == char
        and not unicodedata.combining(char)
        and not any(folded.isascii() for folded in char.casefold())
    )


def _composing() -> frozenset[int]:
    """Return the characters that NFC may compose with the character before."""
    found = {code for first, last in ((0x1160, 0x1176), (0x11A7, 0x11C3)) for code in range(first, last)}
    for code in range(0x10000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and parts[0][0] != "<":
            found.add(int(parts[1], 16))
    return frozenset(found)


@lru_cache(maxsize=1)
def placeholders() -> npt.NDArray[np.bool_]:
    """Return a set of 16-bit hashes: of the ASCII letters and digits of each placeholder text."""
    table = np.zeros(1 << 16, np.bool_)
    for entry in text.PLACEHOLDERS:
        reduced = "".join(char for char in entry if char.isascii() and char.isalnum())
        table[word_hash(reduced) & 0xFFFF] |= bool(reduced)
    return table


@lru_cache(maxsize=1)
def letters() -> npt.NDArray[np.uint8]:
    """Return which Latin characters are upper-case and which are lower-case letters (0: neither)."""
    table = np.zeros(LATIN, np.uint8)
    known = safe()
    for code in np.flatnonzero(known[:LATIN] & ALNUM):
        char = chr(code)
        if len(text.folded(char)) == 1 and unicodedata.category(char) in ("Lu", "Ll"):
            table[code] = UPPER if char.isupper() and char.upper() == char else LOWER if char.islower() else 0
    return table


@lru_cache(maxsize=1)
def folds() -> npt.NDArray[np.uint16]:
    """Return the folded form of each Latin letter."""
    table = np.zeros(LATIN, np.uint16)
    for code in np.flatnonzero(letters()):
        table[code] = ord(text.folded(chr(code)))
    return table


@lru_cache(maxsize=1)
def special() -> npt.NDArray[np.uint8]:
    """Return a bit set of the hashes of all words that the rules for names look for."""
    table = np.zeros(WORDS, np.bool_)
    for word in _special():
        table[word_hash(word) % WORDS] = True
    return np.packbits(table, bitorder="little")


def _special() -> Iterable[str]:
    sets = (
        name_words.TITLES, name_words.SUFFIXES, name_words.PARTICLES, name_words.CAPITAL_PARTICLES,
        name_words.GENERATIONS, name_words.NOBODY, name_words.VIETNAMESE_SURNAMES, name_words.ORGANISATION,
        name_words.MOSTLY_ORGANISATION, name_words.PERHAPS_ORGANISATION, name_words.BESIDE_ORGANISATION,
        text.PLACEHOLDERS, ("et al",),
    )  # fmt: skip
    return (word for entries in sets for entry in entries for word in text.folded(entry).split() if len(word) > 1)


def word_hash(word: str) -> int:
    """Return the hash of a word as the compiled loops compute it."""
    value = HASH
    for char in word:
        value = ((value ^ ord(char)) * PRIME) & 0xFFFFFFFF
    return value
