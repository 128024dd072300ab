"""The compiled loop of `markup.py`."""

import numpy as np

from dmpworks.datasets.kernels.compiled import ONE, compiled, inlined
from dmpworks.datasets.kernels.plain_loops import code_point

HASH, PRIME = 14695981039346656037, 1099511628211  # FNV-1a, 64 bits: wide enough that no two names collide
SAFE, SPACE, GONE = 1, 2, 3  # classes of characters and tags; 0: left to Python
EASY = SAFE | 4  # a character that is never part of markup
ZERO = np.uint64(0)


@compiled
def strip(data, offsets, classes, names, kinds, unusual):  # type: ignore[no-untyped-def]
    """Return bytes and offsets of texts without known tags and entities, on one line; flag texts with others."""
    out = np.empty(offsets[-1] - offsets[0] + 1, np.uint8)
    bounds = np.empty(len(offsets), np.int32)
    to, bounds[0] = np.int64(0), 0
    for place in range(len(unusual)):
        start, end = np.uint64(offsets[place]), np.uint64(offsets[place + 1])
        written = _write(data, start, end, classes, names, kinds, out, np.uint64(to))
        unusual[place] = written == ZERO
        to = to if written == ZERO else np.int64(written) - 1
        bounds[place + 1] = to
    return out[:to], bounds


@compiled
def _write(data, at, end, classes, names, kinds, out, to):  # type: ignore[no-untyped-def]
    """Write one text; return the position after it plus one, or 0 if it is unusual."""
    first, blank, last = to, False, np.uint8(0)
    while at < end:
        byte = data[at]
        if byte < 0x80 and classes[byte] == EASY and not blank:
            out[to] = last = byte
            to += ONE
            at += ONE
            continue
        size, kind, shown = ONE, np.uint64(classes[byte] & 3), byte
        if byte == 60 or byte == 38:
            size, kind, shown = _marked(data, at, end, names, kinds)
        elif byte >= 0x80:
            code, size = code_point(data, at, end)
            kind = np.uint64(classes[code] & 3) if size else ZERO
        if kind == ZERO or (byte == 93 == last and not blank):  # ]] may end a CDATA section
            return ZERO
        if kind == SPACE:
            blank = True
        elif kind == SAFE:
            if blank and to > first:
                out[to] = 32
                to += ONE
            blank = False
            last = shown
            to = _copy(data, at, size, shown, out, to)
        at += size
    return to + ONE


@inlined
def _copy(data, at, size, shown, out, to):  # type: ignore[no-untyped-def]
    """Write a character: an entity as the character it denotes, non-ASCII byte by byte."""
    if data[at] < 0x80:
        out[to] = shown
        return to + ONE
    for number in range(np.int64(size)):
        out[to + np.uint64(number)] = data[at + np.uint64(number)]
    return to + size


@compiled
def _marked(data, at, end, names, kinds):  # type: ignore[no-untyped-def]
    """Return the size of the markup that begins with < or &, its class, and the character that replaces it."""
    if at + ONE < end and _harmless(data[at + ONE]):
        return ONE, np.uint64(SAFE), data[at]
    if data[at] == 60:
        size, kind = _tag(data, at, end, names, kinds)
        return size, kind, np.uint8(32)
    return _entity(data, at, end)


@inlined
def _harmless(following):  # type: ignore[no-untyped-def]
    """Return whether a < or & before this character is literal: it begins neither a tag nor an entity."""
    return following == 32 or following == 61 or 48 <= following <= 57


@compiled
def _entity(data, at, end):  # type: ignore[no-untyped-def]
    """Read &gt;, and &lt; and &amp; before a harmless character."""
    left = end - at
    if left > 3 and data[at + ONE] == 103 and data[at + np.uint64(2)] == 116 and data[at + np.uint64(3)] == 59:
        return np.uint64(4), np.uint64(SAFE), np.uint8(62)
    if left > 4 and data[at + ONE] == 108 and data[at + np.uint64(2)] == 116 and data[at + np.uint64(3)] == 59:
        harmless = _harmless(data[at + np.uint64(4)])
        if harmless:
            return np.uint64(4), np.uint64(SAFE), np.uint8(60)
    if left > 5 and data[at + ONE] == 97 and data[at + np.uint64(2)] == 109 and data[at + np.uint64(3)] == 112:
        semicolon = data[at + np.uint64(4)] == 59
        if semicolon and _harmless(data[at + np.uint64(5)]):
            return np.uint64(5), np.uint64(SAFE), np.uint8(38)
    return ONE, ZERO, np.uint8(0)


@compiled
def _tag(data, at, end, names, kinds):  # type: ignore[no-untyped-def]
    """Return the size of a tag and the class of the text that replaces it."""
    begin = at
    at += ONE
    if at < end and data[at] == 47:
        at += ONE
    local, name = np.uint64(HASH), at
    while at < end and _in_name(data[at]):
        local = np.uint64(HASH) if data[at] == 58 else (local ^ np.uint64(data[at] | 32)) * np.uint64(PRIME)
        at += ONE
    # The content of script and style is not text: left to Python.
    if at == name or not 97 <= data[name] | 32 <= 122 or _holds_no_text(data, name, at):
        return ONE, ZERO
    closing = _closing(data, at, end)
    slot = np.int64(local & np.uint64(len(names) - 1))
    while closing and names[slot]:
        if names[slot] == local:
            return closing - begin + ONE, np.uint64(kinds[slot])
        slot = (slot + 1) & (len(names) - 1)
    return ONE, ZERO


@inlined
def _in_name(byte):  # type: ignore[no-untyped-def]
    letter = 97 <= byte | 32 <= 122
    return letter or 48 <= byte <= 58 or byte == 45 or byte == 46 or byte == 95


@compiled
def _holds_no_text(data, at, end):  # type: ignore[no-untyped-def]
    for word in (b"script", b"style"):
        same = end - at >= np.uint64(len(word))
        for number in range(len(word) if same else 0):
            same &= data[at + np.uint64(number)] | 32 == word[number]
        if same:
            return True
    return False


@compiled
def _closing(data, at, end):  # type: ignore[no-untyped-def]
    """Return the position of the > that closes a tag; 0 if this is not, or may not be, a tag."""
    begin, blank, equals = at, True, False
    while at < end and data[at] != 62:
        byte = data[at]
        space = byte == 32 or byte == 9 or byte == 10 or byte == 13
        slash = byte == 47 and at + ONE < end and data[at + ONE] == 62
        # Brackets may end a CDATA section, and non-ASCII characters may compose with the character before.
        if byte == 60 or byte == 93 or byte > 126 or (at == begin and not space and not slash):
            return ZERO
        blank &= space or slash
        equals |= byte == 61
        at += ONE
    return at if at < end and (blank or equals) else ZERO
