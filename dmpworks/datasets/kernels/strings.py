"""Conversion between Arrow columns of text and numpy arrays of bytes and offsets."""

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
    """The bytes of all values of a column, one after the other, and their offsets (values + 1)."""

    data: Bytes
    offsets: Offsets


def flat(array: pa.Array) -> Flat:
    """Return bytes and offsets of a column of text or binary, without a copy."""
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
    """Return flags of the values that are not null."""
    if not array.null_count:
        return np.ones(len(array), np.bool_)
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), np.bool_)


def texts(array: pa.Array) -> list[Any]:
    """Return the values of a column as Python texts."""
    try:
        decoded: list[Any] = array.to_pylist()
        return decoded
    except UnicodeDecodeError:  # Parquet declares UTF-8, but no reader checks it
        values = array.cast(pa.binary()).to_pylist()
        return [None if value is None else value.decode(errors="replace") for value in values]


def utf8(array: pa.Array, asked: Flags) -> Flags:
    """Return flags of those among the `asked` values that are valid UTF-8."""
    found = asked.copy()
    places = np.flatnonzero(asked)
    for place, value in zip(places, array.take(pa.array(places)).cast(pa.binary()).to_pylist(), strict=True):
        try:
            value.decode()
        except UnicodeDecodeError:
            found[place] = False
    return found


def patched(fast: pa.Array, unusual: Flags, stated: pa.Array, exact: Callable[[Any], Any]) -> pa.Array:
    """Return `fast` with the values flagged as unusual replaced by `exact` of the stated ones."""
    places = np.flatnonzero(unusual)
    if not len(places):
        return fast
    values = [exact(text) for text in texts(stated.take(pa.array(places)))]
    return replaced(fast, unusual, pa.array(values, fast.type))


def replaced(stated: pa.Array, places: Flags, values: pa.Array) -> pa.Array:
    """Return a column with the flagged values replaced by `values`, in order."""
    if len(values) == len(stated):
        return values
    if pa.types.is_string(stated.type) and worthwhile(len(stated)):
        return _merged(stated, places, values)
    return pc.replace_with_mask(stated, pa.array(places), values)


def _merged(texts: pa.StringArray, places: Flags, values: pa.StringArray) -> pa.StringArray:
    """Do the same for texts, in a fifth of the time of Arrow's replace_with_mask."""
    from dmpworks.datasets.kernels.merge_loops import merge

    present = None
    if texts.null_count or values.null_count:
        present = valid(texts).copy()
        present[places] = valid(values)
    data, offsets = merge(*flat(texts), np.flatnonzero(places), *flat(values))
    return column(data, offsets, present)


def offsets_of(lists: Sequence[Sized]) -> Offsets:
    """Return the offsets of lists that are stored one after the other: their begins, and the end of the last."""
    offsets = np.zeros(len(lists) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, lists), np.int32, len(lists)), out=offsets[1:])
    return offsets


def is_utf8(data: Any) -> bool:
    """Return whether bytes are valid UTF-8; Arrow's check is much faster than decoding."""
    offsets = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
