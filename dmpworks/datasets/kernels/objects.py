"""Columns of the values of some names in undecoded lists of JSON objects."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dmpworks.datasets.kernels.gather import Lists
from dmpworks.datasets.kernels.strings import Bytes, Flags, Offsets, column, offsets_of


class Values(NamedTuple):
    """Undecoded JSON: the bytes of all values, followed by one quote, and the begin and end of each value."""

    data: Bytes
    spans: Offsets  # shape (values, 2); begin and end are equal where there is no value

    def raws(self, places: npt.NDArray[np.intp] | None = None) -> list[bytes]:
        """Return the bytes of each value, or of those at the given positions."""
        spans = self.spans if places is None else self.spans[places]
        return [self.data[begin:end].tobytes() for begin, end in spans.tolist()]

    def replaced(self, places: npt.NDArray[np.intp], raws: Sequence[bytes]) -> "Values":
        """Return the values with other ones at the given positions."""
        spans = self.spans.copy()
        offsets = offsets_of(raws) + np.int32(len(self.data))
        spans[places] = np.column_stack([offsets[:-1], offsets[1:]])
        return Values(np.concatenate([self.data, np.frombuffer(b"".join((*raws, b'"')), np.uint8)]), spans)


class Objects(NamedTuple):
    """The objects of each value, one column per name, and flags of the values that the loops could not read."""

    lists: Lists
    columns: list[pa.StringArray]
    nested: list[Values]
    unusual: Flags


def values(raws: Sequence[msgspec.Raw]) -> Values:
    """Return the `Raw` fields of decoded records as one block of bytes with spans."""
    offsets = offsets_of(raws)
    return Values(np.frombuffer(b"".join((*raws, b'"')), np.uint8), np.column_stack([offsets[:-1], offsets[1:]]))


def objects(stated: Values, names: Sequence[str], nested: Sequence[str] = (), allow_bare_text: bool = False) -> Objects:
    """Return the values of `names` as columns of text, and those of `nested` as JSON, for lists of objects.

    Each value of `stated` is a list of objects, or one object in place of a list. With `allow_bare_text`, a text in
    place of an object counts as the value of the first name. A list that contains anything else (a number for a text,
    half a surrogate pair) is flagged as unusual, and its columns must not be used. All names must differ in length:
    the loops tell them apart by it, which is fastest.
    """
    from dmpworks.datasets.kernels.object_loops import copied, scan

    every = (*names, *nested)
    is_text = np.arange(len(every)) < len(names)
    unusual = np.empty(len(stated.spans), np.bool_)
    counts, spans = scan(*stated, *_by_size(every), is_text, allow_bare_text, unusual)
    lists = Lists(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    odd = np.zeros(len(spans), np.bool_)
    columns = []
    for place in range(len(names)):
        data, offsets = copied(stated.data, spans[:, place], odd)
        columns.append(column(data, offsets, spans[:, place, 0] >= 0))
    unusual[lists.owners[odd]] = True
    undecoded = [Values(stated.data, spans[:, place]) for place in range(len(names), len(every))]
    return Objects(lists, columns, undecoded, unusual)


@cache
def _by_size(names: tuple[str, ...]) -> tuple[Bytes, npt.NDArray[np.int64]]:
    """Return the bytes of the names, and the index of the name of each length (-1: none)."""
    longest = max(map(len, names))
    table, numbers = np.zeros((len(names), longest), np.uint8), np.full(longest + 2, -1)
    for number, name in enumerate(names):
        assert numbers[len(name)] < 0, f"another name is as long as {name}"
        table[number, : len(name)] = np.frombuffer(name.encode(), np.uint8)
        numbers[len(name)] = number
    return table, numbers
