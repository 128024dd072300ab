"""Lists of JSON objects that were left undecoded, as columns of the values of some of their names."""

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
    """Undecoded JSON: the bytes of all values, with one more quote at the end, and where each begins and ends."""

    data: Bytes
    spans: Offsets  # of two columns; the same twice where there is no value

    def raws(self, places: npt.NDArray[np.intp] | None = None) -> list[bytes]:
        """Return the bytes of each value, or of those at some places."""
        spans = self.spans if places is None else self.spans[places]
        return [self.data[begin:end].tobytes() for begin, end in spans.tolist()]

    def replaced(self, places: npt.NDArray[np.intp], raws: Sequence[bytes]) -> "Values":
        """Return the values with others at some places."""
        spans = self.spans.copy()
        offsets = offsets_of(raws) + np.int32(len(self.data))
        spans[places] = np.column_stack([offsets[:-1], offsets[1:]])
        return Values(np.concatenate([self.data, np.frombuffer(b"".join((*raws, b'"')), np.uint8)]), spans)


class Objects(NamedTuple):
    """The objects of each value, a column for each name, and which values have to be decoded otherwise."""

    lists: Lists
    columns: list[pa.StringArray]
    nested: list[Values]
    unusual: Flags


def values(raws: Sequence[msgspec.Raw]) -> Values:
    """Return what a decoder left undecoded."""
    offsets = offsets_of(raws)
    return Values(np.frombuffer(b"".join((*raws, b'"')), np.uint8), np.column_stack([offsets[:-1], offsets[1:]]))


def objects(stated: Values, names: Sequence[str], nested: Sequence[str] = (), alone: bool = False) -> Objects:
    """Return what stands under `names` as texts, under `nested` as JSON, in lists of objects or single objects.

    With `alone`, a text in place of an object is one whose first name has that text. A value with anything else in it
    (a number for a text, half a surrogate pair) is flagged; what it holds is not to be used. No two of the
    names may be of the same length, which tells them apart fastest.
    """
    from dmpworks.datasets.kernels.object_loops import copied, scan

    every = (*names, *nested)
    is_text = np.arange(len(every)) < len(names)
    unusual = np.empty(len(stated.spans), np.bool_)
    counts, spans = scan(*stated, *_by_size(every), is_text, alone, unusual)
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
    """Return the bytes of names, and the number of the one of each size; no two may be of the same."""
    longest = max(map(len, names))
    table, numbers = np.zeros((len(names), longest), np.uint8), np.full(longest + 2, -1)
    for number, name in enumerate(names):
        assert numbers[len(name)] < 0, f"another name is as long as {name}"
        table[number, : len(name)] = np.frombuffer(name.encode(), np.uint8)
        numbers[len(name)] = number
    return table, numbers
