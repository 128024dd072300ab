"""The compiled loop of `abstracts.py`."""

import numpy as np

from dmpworks.datasets.kernels.compiled import ONE, compiled, inlined

MAX_POSITIONS = 10_000  # positions have up to four digits; longer abstracts are left to Python
QUOTE, BACKSLASH, SLASH, COLON, COMMA = 34, 92, 47, 58, 44
OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = 123, 125, 91, 93
TEN, ZERO_SIGN = np.uint64(10), np.uint64(48)


@compiled
def lay_out(data, offsets, unusual):  # type: ignore[no-untyped-def]
    """Return bytes and offsets of the texts of inverted indexes; flag those that Python has to read."""
    out = np.empty(2 * (offsets[-1] - offsets[0]) + 16, np.uint8)
    bounds = np.empty(len(offsets), np.int32)
    spans = np.empty((MAX_POSITIONS, 2), np.uint64)  # begin and end of the word at each position
    owner = np.full(
        MAX_POSITIONS, -1, np.int64
    )  # the abstract that last set a position: saves clearing the table for each one
    bounds[0] = 0
    to = np.uint64(0)
    for place in range(len(unusual)):
        known, positions, size = _note(data, offsets[place], offsets[place + 1], place, spans, owner)
        if to + size > np.uint64(len(out)):
            larger = np.empty(np.int64(to + size) * 2, np.uint8)
            larger[: np.int64(to)] = out[: np.int64(to)]
            out = larger
        known, after = _write(data, spans, owner, place, positions if known else np.uint64(0), out, to, known)
        unusual[place] = not known or _is_broken(out[np.int64(to) : np.int64(after)])
        to = after
        bounds[place + 1] = np.int32(to)
    return out[: np.int64(to)], bounds


@compiled
def _note(data, start, end, place, spans, owner):  # type: ignore[no-untyped-def]
    """Record the word at each position; return whether the index is usual, its end position, and the text's size."""
    at, end, positions, size = np.uint64(start), np.uint64(end), np.uint64(0), np.uint64(0)
    # As the last byte is a brace, only the loop over a word has to check for the end of the data.
    if at + ONE >= end or data[end - ONE] != CLOSE or data[at] != OPEN:
        return False, positions, size
    at = _skip(data, at + ONE)
    while data[at] == QUOTE:
        first = at + ONE
        word_end = _word_end(data, first, end)
        if word_end + ONE >= end:
            return False, positions, size
        at = _skip(data, word_end + ONE)
        if data[at] != COLON:
            return False, positions, size
        at = _skip(data, at + ONE)
        if data[at] != OPEN_LIST:
            return False, positions, size
        while data[at] != CLOSE_LIST:
            begin = at = _skip(data, at + ONE)
            number = np.uint64(0)
            while 48 <= data[at] <= 57:
                number = number * TEN + (np.uint64(data[at]) - ZERO_SIGN)
                at += ONE
            padded = data[begin] == 48 and at > begin + ONE
            if at == begin or padded or at > begin + np.uint64(4) or owner[number] == place:
                return False, positions, size
            owner[number] = place
            spans[number, 0], spans[number, 1] = first, word_end
            positions = max(positions, number + ONE)
            size += word_end - first + ONE
            at = _skip(data, at)
            if data[at] != COMMA and data[at] != CLOSE_LIST:
                return False, positions, size
        at = _skip(data, at + ONE)
        if data[at] != COMMA:
            break
        at = _skip(data, at + ONE)
        if data[at] != QUOTE:
            return False, positions, size
    return at + ONE == end, positions, size


@inlined
def _skip(data, at):  # type: ignore[no-untyped-def]
    """Return the position of the next character that is not white space."""
    while data[at] <= 32 and (data[at] == 32 or data[at] == 10 or data[at] == 13 or data[at] == 9):
        at += ONE
    return at


@inlined
def _word_end(data, at, end):  # type: ignore[no-untyped-def]
    """Return the position of the quote that closes a word."""
    while True:
        while at < end and data[at] != QUOTE and data[at] != BACKSLASH:
            at += ONE
        if at >= end or data[at] == QUOTE:
            return at
        at += ONE + ONE


@compiled
def _write(data, spans, owner, place, positions, out, to, known):  # type: ignore[no-untyped-def]
    """Write the words in the order of their positions; return whether all escapes were known, and the end."""
    begin = to
    for number in range(positions):
        if owner[number] != place:
            continue
        if to > begin:
            out[to] = 32
            to += ONE
        at, end = spans[number, 0], spans[number, 1]
        while at < end:
            byte = data[at]
            if byte == BACKSLASH:
                at += ONE
                byte = data[at]
                known &= byte in (QUOTE, BACKSLASH, SLASH)
            out[to] = byte
            to += ONE
            at += ONE
    return known, to


@compiled
def _is_broken(text):  # type: ignore[no-untyped-def]
    """Return whether a text has control characters, which JSON forbids; without a branch: many bytes at a time."""
    found = False
    for at in range(len(text)):
        found |= text[at] < 32
    return found
