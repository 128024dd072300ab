"""A tiny dataset for tests of what all datasets share, and the files that are hard to read."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from dmpworks.datasets.columns.arrow import Party, schema_of
from dmpworks.datasets.reading.json_lines import Batch, read_gzip_lines
from dmpworks.datasets.subset import Subset
from dmpworks.datasets.transform.dataset import Dataset, Notes, Part, by_row


class Place(msgspec.Struct):
    name: str | int | None = None
    ror: str | None = None


class Thing(msgspec.Struct):
    doi: str | None = None
    title: str | int | None = None
    size: int | None = None
    tags: list[str | None] | None = None
    places: list[Place | None] | None = None
    open: bool | None = None


class Row(NamedTuple):
    doi: str
    title: str | None
    tags: list[str]
    places: list[Party]


SCHEMA = schema_of(Row)


def row(thing: Thing, subset: Subset | None, notes: Notes) -> Row | str:
    places = [Party(str(place.name), "ror", place.ror) for place in thing.places or () if place]
    if not thing.doi:
        return "no DOI"
    if subset and not subset.keep(thing.doi, places):
        return "not in subset"
    notes["things"] += 1
    return Row(
        thing.doi, None if thing.title is None else str(thing.title), [tag or "" for tag in thing.tags or ()], places
    )


def read(path: Path, part: Part) -> Iterator[Batch[Thing]]:
    return read_gzip_lines(path, Thing)


DATASET = Dataset(SCHEMA, read, by_row(SCHEMA, row))


def lines(number: int, start: int = 0) -> bytes:
    return b"".join(
        b'{"doi":"10.1/%d","title":"Title %d","tags":["a"]}\n' % (i, i) for i in range(start, start + number)
    )


def broken_gzips(good: bytes) -> dict[str, bytes]:
    """Files that are no whole gzip file, by what is wrong with them."""
    packed = gzip.compress(good)
    crc = zlib.crc32(good) ^ 1
    return {
        "truncated": packed[: len(packed) // 2],
        "cut in the trailer": packed[:-4],
        "wrong CRC": packed[:-8] + crc.to_bytes(4, "little") + packed[-4:],
        "wrong length": packed[:-4] + (len(good) + 1).to_bytes(4, "little"),
        "flipped bytes": packed[: len(packed) // 2]
        + bytes([packed[len(packed) // 2] ^ 0xFF])
        + packed[len(packed) // 2 + 1 :],
        "not gzip": good,
        "empty": b"",
    }
