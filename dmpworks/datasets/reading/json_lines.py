"""Reads gzip JSON Lines fast, and reports exactly which lines are bad.

A piece of 256 kB is split into lines and decoded at once. If that fails, its lines are decoded one by one; a line that
fails again is read leniently (`coerce.py`), and a line that is no record at all is returned as bad with line number,
reason and bytes. A file that is no gzip, is truncated or has a wrong CRC raises TransformError, possibly only at its
end: publish nothing before the last batch.
"""

import json
import zlib
from collections.abc import Callable, Iterator
from typing import Generic, NamedTuple, Protocol, TypeVar

import msgspec
from isal import igzip
from isal.igzip_lib import IsalError

from dmpworks.datasets.kernels.strings import is_utf8
from dmpworks.datasets.reading.coerce import decode_leniently
from dmpworks.errors import DamagedFileError
from dmpworks.services.ranged import Openable

T = TypeVar("T")
Undecoded = Callable[[T], bytes]

# Bytes; for larger reads malloc maps new pages each time, whose page faults cost more than they save.
PIECE = 256 * 1024
BATCH = 4000
LARGE = 32 * 1024 * 1024  # bytes; a batch of this size is full with fewer records too, which bounds the memory
# Bytes of one record, decompressed. The longest of the releases of 2026 have some 10 MB; a few kB of gzip can hold
# gigabytes without a line end, and what is decoded takes several times its size in memory.
LONGEST_RECORD = 128 * 1024 * 1024
BOM = b"\xef\xbb\xbf"
DAMAGED: tuple[type[Exception], ...] = (OSError, EOFError, zlib.error, IsalError)  # type: ignore[assignment]
# The download only checks the size of a file that it has copied, so a damaged file must be removed first.
REPLACE = "remove it from the bucket, then run the download job again, then the transform"
NO_RECORD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)


class Readable(Protocol):
    """A stream of decompressed bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to this many bytes; none at the end."""


class BadRecord(NamedTuple):
    """A line (or other unit, counted from 1) that is no record. The reason begins with its kind and a colon."""

    line: int
    reason: str
    raw: bytes

    @property
    def kind(self) -> str:
        """The reason up to its colon, by which bad records are counted."""
        return self.reason.partition(":")[0]


class Batch(NamedTuple, Generic[T]):
    """Some decoded records of a file, the bad lines among them, and the number of records read leniently."""

    records: list[T]
    bad: list[BadRecord]
    lenient: int = 0


def read_gzip_lines(path: Openable, kind: type[T], undecoded: Undecoded[T] | None = None) -> Iterator[Batch[T]]:
    """Yield the records of a gzip JSON Lines file in batches; raises TransformError if the file is damaged.

    `undecoded` returns the undecoded fields of a record, which are checked for valid UTF-8.
    """
    if path.stat().st_size == 0:
        raise damaged(path.name, "it is empty", 0)
    with path.open("rb") as file, igzip.GzipFile(fileobj=file, mode="rb") as stream:
        yield from read_lines(stream, kind, path.name, undecoded)


def read_lines(stream: Readable, kind: type[T], name: str, undecoded: Undecoded[T] | None = None) -> Iterator[Batch[T]]:
    """Yield the records of a stream of JSON Lines in batches of about 4,000; `name` is for messages."""
    decoder = msgspec.json.Decoder(kind)
    records: list[T] = []
    bad: list[BadRecord] = []
    lenient = size = 0
    for number, lines in _pieces(stream, name):
        decoded = _decode(decoder, undecoded, lines, number)
        records += decoded.records
        bad += decoded.bad
        lenient += decoded.lenient
        size += sum(map(len, lines))
        if len(records) >= BATCH or size >= LARGE:
            yield Batch(records, bad, lenient)
            records, bad, lenient, size = [], [], 0, 0
    yield Batch(records, bad, lenient)


def damaged(name: str, reason: str, lines: int) -> DamagedFileError:
    """Return the error for a file that cannot be read to its end."""
    return DamagedFileError(
        "a file is damaged",
        on=f"{name}: {reason}, after {lines:,} lines",
        next=REPLACE,
    )


def _pieces(stream: Readable, name: str) -> Iterator[tuple[int, list[memoryview]]]:
    """Yield the lines of each piece, with the number of the first one."""
    number, held = 1, 0
    rest: list[bytes] = []  # of an incomplete line
    while True:
        try:
            piece = stream.read(PIECE)
        except DAMAGED as error:
            raise damaged(name, str(error) or type(error).__name__, number - 1) from error
        rest.append(piece)
        held += len(piece)
        if held > LONGEST_RECORD:
            raise damaged(name, f"a record is longer than {LONGEST_RECORD:,} bytes", number - 1)
        if piece and b"\n" not in piece:  # joined only once: a line may have a thousand pieces
            continue
        block = b"".join(rest)
        if not piece and block:
            block += b"\n"
        if number == 1:
            block = block.removeprefix(BOM)
        end = block.rfind(b"\n") + 1
        lines, rest, held = _split(block, end), [block[end:]], len(block) - end
        if lines:
            yield number, lines
        number += len(lines)
        if not piece:
            return


def _split(block: bytes, end: int) -> list[memoryview]:
    # Finding line ends and slicing a view takes a tenth of the time of bytes.split.
    view, lines, start, find = memoryview(block), [], 0, block.find
    while start < end:
        stop = find(b"\n", start)
        lines.append(view[start:stop])
        start = stop + 1
    return lines


def _decode(
    decoder: "msgspec.json.Decoder[T]", undecoded: Undecoded[T] | None, lines: list[memoryview], number: int
) -> Batch[T]:
    decode = decoder.decode
    try:
        records = [decode(line) for line in lines]
    except NO_RECORD:
        return _decode_one_by_one(decoder, undecoded, lines, number)
    # Every JSON value begins with ASCII, so joining cannot turn two invalid sequences into a valid character.
    if undecoded is None or is_utf8(b"".join(map(undecoded, records))):
        return Batch(records, [])
    return _decode_one_by_one(decoder, undecoded, lines, number)


def _decode_one_by_one(
    decoder: "msgspec.json.Decoder[T]", undecoded: Undecoded[T] | None, lines: list[memoryview], number: int
) -> Batch[T]:
    records: list[T] = []
    bad: list[BadRecord] = []
    lenient = 0
    for place, line in enumerate(lines, number):
        raw = bytes(line)
        if not raw.strip():
            continue
        try:
            record = decoder.decode(raw)
            if undecoded:
                undecoded(record).decode()
            records.append(record)
        except NO_RECORD as error:
            try:
                records.append(decode_leniently(raw, decoder.type))
                lenient += 1
            except NO_RECORD as final:
                bad.append(BadRecord(place, f"{_kind(final)}: {error}", raw))
    return Batch(records, bad, lenient)


def _kind(error: Exception) -> str:
    """Return the kind of error of a line that is no record, by which bad records are counted."""
    if isinstance(error, UnicodeDecodeError):
        return "bad UTF-8"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return "malformed JSON" if isinstance(error, json.JSONDecodeError) else "not an object"
