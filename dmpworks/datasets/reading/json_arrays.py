"""Reads a file that is one JSON array of objects as JSON Lines, without loading the whole file.

A null, number or text in place of an object is passed on unchanged, so that it can be reported with its position.
"""

import io
import re
from collections.abc import Iterable, Iterator

import msgspec

# Up to the next brace, skipping whole strings, whose braces do not count. Possessive, so that it never backtracks.
_TO_BRACE = re.compile(rb'(?:[^"{}]++|"(?:[^"\\]++|\\.)*+")*+([{}])', re.DOTALL)
LONGEST_ELEMENT = 128 * 1024 * 1024  # bytes, as of a line in `json_lines.py`, which reads what comes from here
_WHITE_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class ArrayLines(io.BufferedIOBase):
    """A binary stream with one line per element of a JSON array; reading raises EOFError if the array is invalid."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._elements = elements(pieces)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return whole lines of at least `size` bytes together; b"" at the end."""
        lines, length = [], 0
        for element in self._elements:
            # In valid JSON line ends are only between tokens, never inside a text, so they can be replaced.
            lines.append(element.replace(b"\n", b" "))
            length += len(element) + 1
            if size is not None and 0 <= size <= length:
                break
        return b"".join(line + b"\n" for line in lines)


def elements(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of each element of a JSON array; raises EOFError if the array is invalid or truncated."""
    buffer, scanned, start, depth, first = b"", 0, 0, 0, True
    source = iter(pieces)
    # A text that is not complete yet is scanned again, so the buffer doubles each time: linear time in all.
    while piece := _at_least(source, len(buffer)):
        buffer += piece
        while found := _TO_BRACE.match(buffer, scanned):
            scanned = found.end()
            depth += 1 if found[1] == b"{" else -1
            if depth == 1 and found[1] == b"{":
                yield from _between(buffer[start : scanned - 1], first, last=False)
                start, first = scanned - 1, False
            elif depth == 0:
                yield buffer[start:scanned]
                start = scanned
            elif depth < 0:
                raise EOFError("a closing brace without an opening one")
        buffer, scanned, start = buffer[start:], scanned - start, 0
        if len(buffer) > LONGEST_ELEMENT:
            raise EOFError(f"an element, or what is between two, is longer than {LONGEST_ELEMENT:,} bytes")
    if depth:
        raise EOFError("it ends inside a record")
    yield from _between(buffer, first, last=True)


def _at_least(pieces: Iterator[bytes], size: int) -> bytes:
    """Return the next pieces, at least one and at least `size` bytes; fewer at the end, then b""."""
    found: list[bytes] = []
    length = 0
    for piece in pieces:
        found.append(piece)
        length += len(piece)
        if length >= size:
            break
    return b"".join(found)


def _between(text: bytes, first: bool, last: bool) -> Iterator[bytes]:
    """Yield the elements that are no objects, from the text before, between or after objects; raises EOFError."""
    text = text.removeprefix(_BOM) if first else text
    expected = (b"[" if first else b"" if last else b",") + (b"]" if last else b"")
    if text.translate(None, _WHITE_SPACE) == expected:
        return
    try:  # with empty objects in place of the real ones, it must be an array
        found = msgspec.json.decode(
            (b"" if first else b"[{}") + text + (b"" if last else b"{}]"), type=list[msgspec.Raw]
        )
    except msgspec.DecodeError as error:
        shown = text[:40].decode(errors="replace")
        raise EOFError(f"expected {expected.decode()} in the JSON array, found {shown!r}") from error
    yield from map(bytes, found[not first : len(found) - (not last)])
