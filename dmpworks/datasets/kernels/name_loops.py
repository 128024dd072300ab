"""The compiled loops of `names.py`: names of capitalised Latin words and initials, none of them in a rule's list.

Names with a possible patronymic ("Petrov Ivan Ivanovich") are also left to `names.parse`.
"""

import numpy as np

from dmpworks.datasets.kernels.characters import HASH, LATIN, LOWER, PRIME, UPPER, WORDS
from dmpworks.datasets.kernels.compiled import ONE, compiled, inlined
from dmpworks.datasets.kernels.plain_loops import TWO, code_point

LONGEST, MOST = 200, 8  # bytes and words; longer names are left to Python
WORD, INITIAL = 1, 2
MASK, THREE, FOUR, SEVEN = np.uint64(WORDS - 1), np.uint64(3), np.uint64(4), np.uint64(7)
SPACE, APOSTROPHE, COMMA, HYPHEN, STOP = 32, 39, 44, 45, 46
HYPHEN_2010, APOSTROPHE_2019 = 0x2010, 0x2019


@compiled
def cut(data, offsets, letters, folds, special, unusual, bounds, parts):  # type: ignore[no-untyped-def]
    """Cut names into first initial, given name, middle initials, middle names and surname.

    Each part has its row of `bounds`, the offsets into its row of `parts`; an empty part means null.
    """
    words = np.empty((MOST, 3), np.uint64)  # begin, end and kind
    to = np.zeros(5, np.uint64)
    bounds[:, 0] = 0
    for place in range(len(unusual)):
        start, end = np.uint64(offsets[place]), np.uint64(offsets[place + 1])
        count, comma = _words(data, start, end, letters, folds, special, words)
        first, last = _surname(words, count, comma)
        unusual[place] = first == last
        if first < last:
            to[4] = _copy(data, words[first, 0], words[last - 1, 1], parts[4], to[4])
            _given(data, words, comma, count if comma else first, parts, to)
        for part in range(5):
            bounds[part, place + 1] = np.int32(to[part])


@inlined
def _words(data, at, end, letters, folds, special, words):  # type: ignore[no-untyped-def]
    """Find the words; return their number (0: unusual name) and how many are before a comma."""
    if at == end or end - at > LONGEST:
        return 0, 0
    count, comma = 0, 0
    while at < end:
        after, kind = _word(data, at, end, letters, folds, special)
        if kind == 0 or count == MOST:
            return 0, 0
        words[count, 0], words[count, 1], words[count, 2] = at, after, kind
        count += 1
        if after == end:
            return count, comma
        if data[after] == COMMA and comma == 0:
            comma = count
            after += ONE
        if after + ONE >= end or data[after] != SPACE:
            return 0, 0
        at = after + ONE
    return 0, 0


@inlined
def _word(data, at, end, letters, folds, special):  # type: ignore[no-untyped-def]
    """Return the end of a word and its kind (0: unusual).

    A word consists of pieces between hyphens and apostrophes, each a capital followed by small letters; a single
    capital before an apostrophe is a piece too. A capital alone, with or without a full stop, is an initial.
    """
    begin, piece, before = at, 0, 0  # letters in the piece; previous character: UPPER, LOWER or 0
    value = np.uint32(HASH)
    usual = True
    while at < end:
        byte = data[at]
        if 97 <= byte <= 122 and before != 0:  # by far the most frequent case
            value = (value ^ np.uint32(byte)) * np.uint32(PRIME)
            piece, before = piece + 1, LOWER
            at += ONE
            continue
        code, width = np.uint64(byte), ONE
        if code >= 0x80:
            code, width = code_point(data, at, end)
        kind = letters[code] if code < LATIN else 0
        if kind != 0:
            usual &= kind != before if kind == UPPER else before != 0
            value = (value ^ np.uint32(folds[code])) * np.uint32(PRIME)
            piece, before = piece + 1, kind
        elif code in (APOSTROPHE, APOSTROPHE_2019) or (code in (HYPHEN, HYPHEN_2010) and piece > 1):
            usual &= before != 0 and (before != UPPER or piece == 1) and not (piece > 1 and _holds(special, value))
            value, piece, before = np.uint32(HASH), 0, 0
        else:
            break
        at += width
    kind = 0
    if before == UPPER and at - begin == ONE:  # ASCII only: a few other capitals are particles
        kind = INITIAL
        if at < end and data[at] == STOP:
            at += ONE
    elif before > UPPER and not _holds(special, value) and not _is_patronymic(data, begin, at):
        kind = WORD
    return at, kind if usual else 0


@inlined
def _is_patronymic(data, begin, end):  # type: ignore[no-untyped-def]
    """Return whether a word may be a patronymic: it ends in "vich", "vna" or "chna"."""
    if end - begin <= FOUR:
        return False
    first, second, third, last = data[end - FOUR], data[end - THREE], data[end - TWO], data[end - ONE]
    if last == ord("h"):
        return first == ord("v") and second == ord("i") and third == ord("c")
    return last == ord("a") and third == ord("n") and (second == ord("v") or (first == ord("c") and second == ord("h")))


@inlined
def _holds(special, value):  # type: ignore[no-untyped-def]
    """Return whether a word of this hash may be in a list."""
    place = np.uint64(value) & MASK
    return (special[place >> THREE] >> (place & SEVEN)) & ONE != 0


@inlined
def _surname(words, count, comma):  # type: ignore[no-untyped-def]
    """Return the range of the surname's words: before the comma, else the last word, or all after several initials."""
    if count < 2 or comma == count:
        return 0, 0
    first, last = (0, comma) if comma else (count - 1, count)
    if comma == 0:
        leading = 0
        while leading < count and words[leading, 2] == INITIAL:
            leading += 1
        first = leading if leading > 1 else first
    for number in range(first, last):
        if words[number, 2] != WORD:
            return 0, 0
    return first, last


@inlined
def _given(data, words, first, last, parts, to):  # type: ignore[no-untyped-def]
    """Write first initial, given name, middle initials and middle names."""
    middle = to[3]
    for number in range(first, last):
        begin, end = words[number, 0], words[number, 1]
        letter_end = begin + ONE if data[begin] < 0x80 else begin + TWO  # capitals in `letters` take at most two bytes
        initials = 0 if number == first else 2
        to[initials] = _copy(data, begin, letter_end, parts[initials], to[initials])
        if words[number, 2] == WORD:
            names = 1 if number == first else 3
            if names == 3 and to[3] > middle:
                parts[3, to[3]] = SPACE
                to[3] += ONE
            to[names] = _copy(data, begin, end, parts[names], to[names])


@inlined
def _copy(data, begin, end, out, to):  # type: ignore[no-untyped-def]
    while begin < end:
        out[to] = data[begin]
        to += ONE
        begin += ONE
    return to
