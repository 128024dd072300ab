"""Reads a file that is one JSON array of objects as if it were JSON Lines, without holding the file in memory."""

import io
import re
from collections.abc import Iterable, Iterator

# Up to the next brace, past whole strings: braces inside a text do not count. Possessive, so that it never backtracks.
_TO_BRACE = re.compile(rb'(?:[^"{}]++|"(?:[^"\\]++|\\.)*+")*+([{}])', re.DOTALL)
_WHITE_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class ArrayLines(io.BufferedIOBase):
    """A binary stream with a line for each object of a JSON array; reading raises EOFError where that is broken."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._objects = objects(pieces)

    def read(self, size: int | None = -1, /) -> bytes:
        """Return whole lines of at least `size` bytes together; b"" at the end."""
        lines, length = [], 0
        for found in self._objects:
            # Valid JSON has line ends only between tokens, never inside a text, so they may go.
            lines.append(found.replace(b"\n", b" "))
            length += len(found) + 1
            if size is not None and 0 <= size <= length:
                break
        return b"".join(line + b"\n" for line in lines)


def objects(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of each object of a JSON array; raises EOFError when the array is broken or cut short."""
    buffer, scanned, start, depth, expected = b"", 0, 0, 0, b"["
    source = iter(pieces)
    # A text that is not whole yet is looked through anew, so there is to be twice as much of it each time.
    while piece := _at_least(source, len(buffer)):
        buffer += piece
        while found := _TO_BRACE.match(buffer, scanned):
            scanned = found.end()
            depth += 1 if found[1] == b"{" else -1
            if depth == 1 and found[1] == b"{":
                _check(buffer[start : scanned - 1], expected)
                start, expected = scanned - 1, b","
            elif depth == 0:
                yield buffer[start:scanned]
                start = scanned
            elif depth < 0:
                raise EOFError("a brace closes that none opened")
        buffer, scanned, start = buffer[start:], scanned - start, 0
    if depth:
        raise EOFError("it ends inside a record")
    _check(buffer, b"]" if expected == b"," else b"[]")


def _at_least(pieces: Iterator[bytes], size: int) -> bytes:
    """Return the next pieces, of that many bytes together and at least one; fewer at the end, and at last none."""
    found: list[bytes] = []
    length = 0
    for piece in pieces:
        found.append(piece)
        length += len(piece)
        if length >= size:
            break
    return b"".join(found)


def _check(between: bytes, expected: bytes) -> None:
    if between.removeprefix(_BOM).translate(None, _WHITE_SPACE) != expected:
        shown = between[:40].decode(errors="replace")
        raise EOFError(f"the JSON array lacks its {expected.decode()}, there is {shown!r} instead")
