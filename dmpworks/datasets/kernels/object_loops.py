"""The compiled loops of `objects.py`."""

import numpy as np

from dmpworks.datasets.kernels.compiled import ONE, compiled, inlined

QUOTE, COMMA, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST = 34, 44, 58, 123, 125, 91, 93
BACKSLASH, LETTER_N, LETTER_U = 92, 110, 117
NOWHERE = np.uint64(0)  # returned as an end that cannot be
TWO, FOUR = np.uint64(2), np.uint64(4)
ENDS_TEXT = np.isin(np.arange(256), (QUOTE, BACKSLASH))
OTHER, ESCAPED = -1, -2  # instead of the index of a name


@compiled
def scan(data, values, names, by_size, texts, allow_bare_text, unusual):  # type: ignore[no-untyped-def]
    """Return the number of objects in each value, and the span of the value of each name in each object.

    The last byte of the data must be a quote: loops over a text then end without a check for the end of the data.
    """
    spans = np.empty((2 * len(values) + 16, len(texts), 2), np.int32)
    counts = np.zeros(len(unusual), np.int32)
    used = 0
    for place in range(len(unusual)):
        first = used
        if values[place, 0] < values[place, 1]:
            begin, end = np.uint64(values[place, 0]), np.uint64(values[place, 1])
            used, spans = _elements(data, begin, end, names, by_size, texts, allow_bare_text, spans, used)
        unusual[place] = used < 0
        used = first if used < 0 else used
        counts[place] = used - first
    return counts, spans[:used]


@inlined
def _elements(data, at, end, names, by_size, texts, allow_bare_text, spans, used):  # type: ignore[no-untyped-def]
    """Record the objects of a list, or a single object; return how many there are now (-1: unusual), and the spans.

    With `allow_bare_text`, a text counts as the value of the first name.
    """
    at = _skip(data, at, end)
    if at == end or data[at] == LETTER_N:
        return used, spans
    many = data[at] == OPEN_LIST
    if many:
        at = _skip(data, at + ONE, end)
        if at < end and data[at] == CLOSE_LIST:
            return used, spans
    while at < end:
        if data[at] == LETTER_N:
            at += FOUR
        else:
            if used == len(spans):
                larger = np.empty((2 * len(spans), len(texts), 2), np.int32)
                larger[:used] = spans
                spans = larger
            for which in range(len(texts)):
                spans[used, which, 0] = spans[used, which, 1] = -1
            if data[at] == QUOTE and allow_bare_text:
                begin = at + ONE
                at = _string_end(data, begin, end)
                spans[used, 0, 0], spans[used, 0, 1] = begin, at - ONE
            else:
                at = _object(data, at, end, names, by_size, texts, spans, used)
            used += 1
        if at == NOWHERE or not many:
            return -1 if at == NOWHERE else used, spans
        at = _skip(data, at, end)
        if at < end and data[at] == CLOSE_LIST:
            return used, spans
        if at >= end or data[at] != COMMA:
            return -1, spans
        at = _skip(data, at + ONE, end)
    return -1, spans


@inlined
def _object(data, at, end, names, by_size, texts, spans, number):  # type: ignore[no-untyped-def]
    """Record the spans of the values of an object; return its end, NOWHERE if it is unusual."""
    if data[at] != OPEN:
        return NOWHERE
    at = _skip(data, at + ONE, end)
    while at < end and data[at] == QUOTE:
        begin = at + ONE
        at = _string_end(data, begin, end)
        which = _name(data, begin, at - ONE, names, by_size)
        at = _skip(data, at, end)
        if which == ESCAPED or at >= end or data[at] != COLON:
            return NOWHERE
        begin = _skip(data, at + ONE, end)
        if begin >= end:
            return NOWHERE
        is_text = data[begin] == QUOTE
        at = _string_end(data, begin + ONE, end) if is_text else _value_end(data, begin, end)
        if which >= 0:
            if data[begin] == LETTER_N:
                spans[number, which, 0] = spans[number, which, 1] = -1
            elif is_text and texts[which]:
                spans[number, which, 0], spans[number, which, 1] = begin + ONE, at - ONE
            elif texts[which]:
                return NOWHERE
            else:
                spans[number, which, 0], spans[number, which, 1] = begin, at
        at = _skip(data, at, end)
        if at < end and data[at] == COMMA:
            at = _skip(data, at + ONE, end)
    return at + ONE if at < end and data[at] == CLOSE else NOWHERE


@inlined
def _name(data, begin, end, names, by_size):  # type: ignore[no-untyped-def]
    """Return the index of this name; OTHER for another one, ESCAPED if only decoding it could decide."""
    size = end - begin
    which = by_size[min(size, np.uint64(len(by_size) - 1))]
    at = NOWHERE
    while which >= 0 and at < size:
        which = which if data[begin + at] == names[which, at] else OTHER
        at += ONE
    at = begin
    while which == OTHER and at < end:
        which = ESCAPED if data[at] == BACKSLASH else OTHER
        at += ONE
    return which


@inlined
def _skip(data, at, end):  # type: ignore[no-untyped-def]
    while at < end and data[at] <= 32:
        at += ONE
    return at


@inlined
def _string_end(data, at, end):  # type: ignore[no-untyped-def]
    """Return the position after the closing quote of a text."""
    while at < end and data[at] != QUOTE:
        if data[at] == BACKSLASH:
            at += TWO
        # The position of the next byte must not depend on the value of this one, so that the processor reads ahead.
        while not ENDS_TEXT[data[at]]:
            at += ONE
    return at + ONE


@inlined
def _value_end(data, at, end):  # type: ignore[no-untyped-def]
    """Return the end of a list, an object, a number or a literal."""
    depth = 0
    while at < end:
        byte = data[at]
        if byte == QUOTE:
            at = _string_end(data, at + ONE, end)
            continue
        opens, closes = byte in (OPEN, OPEN_LIST), byte in (CLOSE, CLOSE_LIST)
        if depth == 0 and (closes or byte == COMMA):
            return at
        depth += opens
        depth -= closes
        at += ONE
        if closes and depth == 0:
            return at
    return at


@compiled
def copied(data, spans, unusual):  # type: ignore[no-untyped-def]
    """Return bytes and offsets of the texts at the given spans, unescaped; flag those with surrogates."""
    size = np.int64(0)
    for place in range(len(spans)):
        size += np.int64(spans[place, 1]) - np.int64(spans[place, 0])
    out = np.empty(size, np.uint8)
    bounds = np.empty(len(spans) + 1, np.int32)
    to, bounds[0] = np.uint64(0), 0
    for place in range(len(spans)):
        length = np.uint64(spans[place, 1] - spans[place, 0])
        if length:
            begin = np.uint64(spans[place, 0])
            if _copy(data, begin, length, out, to):
                to, surrogate = _unescape(data, begin, begin + length, out, to)
                unusual[place] |= surrogate
            else:
                to += length
        bounds[place + 1] = to
    return out[:to], bounds


@inlined
def _copy(data, begin, length, out, to):  # type: ignore[no-untyped-def]
    """Copy bytes and return whether one is a backslash; without a branch, so that many bytes are copied at a time."""
    escaped = np.uint8(0)
    at = np.uint64(0)
    while at < length:
        byte = data[begin + at]
        out[to + at] = byte
        escaped |= byte == BACKSLASH
        at += ONE
    return escaped


@compiled
def _unescape(data, at, end, out, to):  # type: ignore[no-untyped-def]
    """Write a text unescaped; return its end, and whether it contains an escaped surrogate."""
    surrogates = False
    while at < end:
        if data[at] == BACKSLASH:
            code, size = _character(data, at + ONE)
            surrogate = np.uint64(0xD800) <= code < np.uint64(0xE000)
            surrogates |= surrogate
            to = _encode(np.uint64(63) if surrogate else code, out, to)  # a question mark keeps the text valid UTF-8
            at += size
        else:
            out[to] = data[at]
            to += ONE
            at += ONE
    return to, surrogates


@compiled
def _character(data, at):  # type: ignore[no-untyped-def]
    """Return the character that an escape stands for, and the size of the escape."""
    byte = data[at]
    code, size = np.uint64(byte), TWO
    if byte == LETTER_U:
        code, size = np.uint64(0), np.uint64(6)
        for _ in range(4):
            at += ONE
            digit = np.uint64(data[at] | 32)
            code = (code << FOUR) | (digit & np.uint64(15)) + (np.uint64(9) if digit > np.uint64(57) else np.uint64(0))
    for known, control in ((98, 8), (102, 12), (110, 10), (114, 13), (116, 9)):  # b f n r t
        if byte == known:
            code = np.uint64(control)
    return code, size


@compiled
def _encode(code, out, to):  # type: ignore[no-untyped-def]
    """Write a character as UTF-8, which never takes more bytes than its escape."""
    six, low = np.uint64(6), np.uint64(0x3F)
    if code < np.uint64(0x80):
        out[to] = code
        return to + ONE
    if code < np.uint64(0x800):
        out[to], out[to + ONE] = np.uint64(0xC0) | code >> six, np.uint64(0x80) | (code & low)
        return to + TWO
    out[to] = np.uint64(0xE0) | code >> np.uint64(12)
    out[to + ONE], out[to + TWO] = np.uint64(0x80) | (code >> six & low), np.uint64(0x80) | (code & low)
    return to + np.uint64(3)
