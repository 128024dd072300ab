"""The compiled loop of `plain.py`."""

import numpy as np

from dmpworks.datasets.kernels.characters import ALNUM, HASH, PRIME
from dmpworks.datasets.kernels.compiled import ONE, compiled, inlined

SHORT = 240  # bytes; no placeholder has more than 60 characters of at most four bytes
TWO, THREE, BLOCK, CONTINUED = np.uint64(2), np.uint64(3), np.uint64(32), np.uint64(0x3F)


@compiled
def flag(data, offsets, safe, placeholders, flags):  # type: ignore[no-untyped-def]
    """Flag the values that `text.plain_text` may change."""
    for place in range(len(flags)):
        start, end = np.uint64(offsets[place]), np.uint64(offsets[place + 1])
        if start == end or data[start] == 32 or data[end - ONE] == 32:
            flags[place] = True
            continue
        odd, beyond = _scan(data[offsets[place] : offsets[place + 1]])
        alnum = False
        if beyond and not odd:
            known, alnum = _is_safe(data, start, end, safe)
            odd = not known
        flags[place] = odd or (
            end - start <= SHORT and _may_be_placeholder(data, start, end, alnum, safe, placeholders)
        )


@compiled
def _scan(text):  # type: ignore[no-untyped-def]
    """Return whether the ASCII part of a text may change, and whether it has other characters.

    Two spaces, `<` or `&` that may begin markup, and `]]` change. Without a branch, so that many bytes are compared at
    a time.
    """
    last = text[len(text) - 1]
    odd, beyond = last < 32 or last == 127, last > 127
    for at in range(len(text) - 1):
        byte, following = text[at], text[at + 1]
        harmless = (following == 32) | (following == 61) | (np.uint8(following - 48) < 10)
        odd |= (byte < 32) | (byte == 127) | (((byte == 60) | (byte == 38)) & (not harmless))
        odd |= (byte == following) & ((byte == 32) | (byte == 93))
        beyond |= byte > 127
    return odd, beyond


@compiled
def _is_safe(data, at, end, safe):  # type: ignore[no-untyped-def]
    """Return whether all non-ASCII characters are safe, and whether any of them is a letter or digit."""
    alnum = False
    while at < end:
        if data[at] < 0x80:
            at += BLOCK if at + BLOCK <= end and _is_ascii(data, at) else ONE
            continue
        code, size = code_point(data, at, end)
        if size == 0 or not safe[code]:
            return False, False
        alnum |= safe[code] & ALNUM != 0
        at += size
    return True, alnum


@inlined
def _is_ascii(data, at):  # type: ignore[no-untyped-def]
    """Return whether a block of bytes is ASCII, without a branch."""
    beyond = False
    for step in range(BLOCK):
        beyond |= data[at + step] > 127
    return not beyond


@inlined
def code_point(data, at, end):  # type: ignore[no-untyped-def]
    """Return a non-ASCII character and its size in bytes; size 0 if it is not of the basic plane."""
    lead, code, size = np.uint64(data[at]), np.uint64(0), np.uint64(0)
    if 0xC2 <= lead < 0xE0 and at + ONE < end and data[at + ONE] & 0xC0 == 0x80:
        code = (lead & np.uint64(0x1F)) << np.uint64(6) | (np.uint64(data[at + ONE]) & CONTINUED)
        size = TWO
    elif 0xE0 <= lead < 0xF0 and at + TWO < end and data[at + ONE] & 0xC0 == 0x80 and data[at + TWO] & 0xC0 == 0x80:
        middle = (np.uint64(data[at + ONE]) & CONTINUED) << np.uint64(6)
        code = (lead & np.uint64(0x0F)) << np.uint64(12) | middle | (np.uint64(data[at + TWO]) & CONTINUED)
        size = THREE if code >= np.uint64(0x800) else np.uint64(0)
    return code, size


@compiled
def _may_be_placeholder(data, at, end, alnum, safe, placeholders):  # type: ignore[no-untyped-def]
    """Return whether a short text may be a placeholder, by the hash of its ASCII letters and digits."""
    value = np.uint32(HASH)
    while at < end:
        byte = data[at]
        if byte < 0x80 and safe[byte] & ALNUM:
            alnum = True
            lower = byte | 32 if 65 <= byte <= 90 else byte
            value = (value ^ np.uint32(lower)) * np.uint32(PRIME)
        at += ONE
    return not alnum or placeholders[value & 0xFFFF]
