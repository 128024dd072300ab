"""Arrow columns of text as numpy arrays of bytes and offsets, and the way back."""

from collections.abc import Callable, Sequence, Sized
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.datasets.kernels.compiled import worthwhile

Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]


class Flat(NamedTuple):
    """The bytes of all values of a column, one after the other, and where each begins."""

    data: Bytes
    offsets: Offsets


def flat(array: pa.Array) -> Flat:
    """Return the bytes of a column of text or binary, without a copy."""
    _, offsets, data = array.buffers()
    if offsets is None or not len(array):
        return Flat(np.empty(0, np.uint8), np.zeros(1, np.int32))
    bounds = np.frombuffer(offsets, np.int32, len(array) + 1, array.offset * 4)
    return Flat(np.frombuffer(data, np.uint8) if data else np.empty(0, np.uint8), bounds)


def column(data: Bytes, offsets: Offsets, present: Flags | None = None) -> pa.StringArray:
    """Return a column of text from its bytes; values that are not `present` are null."""
    mask = None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data), mask)


def valid(array: pa.Array) -> Flags:
    """Return which values of a column are not null."""
    if not array.null_count:
        return np.ones(len(array), np.bool_)
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), np.bool_)


def texts(array: pa.Array) -> list[Any]:
    """Return the values of a column as Python texts."""
    try:
        decoded: list[Any] = array.to_pylist()
        return decoded
    except UnicodeDecodeError:  # Parquet promises UTF-8, but nothing checks it
        values = array.cast(pa.binary()).to_pylist()
        return [None if value is None else value.decode(errors="replace") for value in values]


def utf8(array: pa.Array, asked: Flags) -> Flags:
    """Return which of the values asked for are valid UTF-8."""
    found = asked.copy()
    places = np.flatnonzero(asked)
    for place, value in zip(places, array.take(pa.array(places)).cast(pa.binary()).to_pylist(), strict=True):
        try:
            value.decode()
        except UnicodeDecodeError:
            found[place] = False
    return found


def patched(fast: pa.Array, unusual: Flags, stated: pa.Array, exact: Callable[[Any], Any]) -> pa.Array:
    """Return a column with the values flagged as unusual made by an exact function of what was stated."""
    places = np.flatnonzero(unusual)
    if not len(places):
        return fast
    values = [exact(text) for text in texts(stated.take(pa.array(places)))]
    return replaced(fast, unusual, pa.array(values, fast.type))


def replaced(stated: pa.Array, places: Flags, values: pa.Array) -> pa.Array:
    """Return a column with other values, in order, at the flagged places."""
    if len(values) == len(stated):
        return values
    if pa.types.is_string(stated.type) and worthwhile(len(stated)):
        return _merged(stated, places, values)
    return pc.replace_with_mask(stated, pa.array(places), values)


def _merged(texts: pa.StringArray, places: Flags, values: pa.StringArray) -> pa.StringArray:
    """Do the same with texts, in a fifth of the time."""
    from dmpworks.datasets.kernels.merge_loops import merge

    present = None
    if texts.null_count or values.null_count:
        present = valid(texts).copy()
        present[places] = valid(values)
    data, offsets = merge(*flat(texts), np.flatnonzero(places), *flat(values))
    return column(data, offsets, present)


def offsets_of(lists: Sequence[Sized]) -> Offsets:
    """Return where each of the lists begins when they lie one after the other, and where the last one ends."""
    offsets = np.zeros(len(lists) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, lists), np.int32, len(lists)), out=offsets[1:])
    return offsets


def is_utf8(data: Any) -> bool:
    """Return whether bytes are UTF-8, much faster than decoding them tells."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
