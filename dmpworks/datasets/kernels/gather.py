"""Lists in columns, by offsets: the owner of each value, codes of values, and the distinct values of each list."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dmpworks.datasets.kernels.strings import Flags, Offsets, valid

Codes = npt.NDArray[np.int64]
WIDEST = 1 << 62


class Lists(NamedTuple):
    """Which flat values belong to which list: those of list i are at offsets[i] up to offsets[i + 1]."""

    offsets: Offsets

    @property
    def owners(self) -> Codes:
        """The index of the list of each value."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


class Coded(NamedTuple):
    """A column as indices into its distinct values, one of which may be null."""

    codes: Codes
    values: pa.Array

    def taken(self, places: npt.NDArray[np.intp]) -> pa.Array:
        """Return the values at the given positions."""
        return self.values.take(pa.array(self.codes[places]))

    @property
    def column(self) -> pa.Array:
        """The column with its values in place of the codes."""
        return self.values.take(pa.array(self.codes))

    def at(self, places: npt.NDArray[np.intp] | Flags) -> "Coded":
        """Return the column at the given positions, or where flags are set."""
        return Coded(self.codes[places], self.values)

    @property
    def present(self) -> Flags:
        """Flags of the positions that are not null."""
        return valid(self.values)[self.codes]


def counted(owners: Codes, lists: int) -> Lists:
    """Return the lists of values, given the owner of each value in ascending order."""
    offsets = np.zeros(lists + 1, np.int32)
    np.cumsum(np.bincount(owners, minlength=lists), out=offsets[1:])
    return Lists(offsets)


def coded(column: pa.Array, clean: Callable[[pa.Array], pa.Array] | None = None) -> Coded:
    """Return a column as codes; `clean` is applied once to each distinct value, however often it occurs."""
    encoded = column.dictionary_encode(null_encoding="encode")
    codes = np.asarray(encoded.indices, np.int64)
    values = clean(encoded.dictionary) if clean else encoded.dictionary
    if values is encoded.dictionary:
        return Coded(codes, values)
    again = coded(values)
    return Coded(again.codes[codes], again.values)


def joined(first: Coded, second: Coded) -> Coded:
    """Return the concatenation of two columns."""
    both = coded(pa.concat_arrays([first.values, second.values]))
    return Coded(both.codes[np.concatenate([first.codes, second.codes + len(first.values)])], both.values)


def distinct(owners: Codes, *columns: Coded) -> npt.NDArray[np.intp]:
    """Return the positions, in order, where a combination of values first occurs within its owner.

    Owner and codes are combined into one integer key, so that a single dictionary encoding finds the repetitions.
    """
    keys, size = owners, int(owners[-1]) + 1 if len(owners) else 1
    for column in columns:
        if size * len(column.values) >= WIDEST:  # the next key would overflow 64 bits: renumber the keys so far
            keys, size = _numbered(keys), len(keys)
        keys, size = keys * len(column.values) + column.codes, size * len(column.values)
    numbers = _numbered(keys)  # a new combination is one with a number higher than all before it
    return np.flatnonzero(np.diff(np.maximum.accumulate(numbers), prepend=-1)) if len(numbers) else numbers


def _numbered(keys: Codes) -> Codes:
    """Return keys numbered in the order of their first occurrence."""
    return np.asarray(pa.array(keys).dictionary_encode().indices, np.int64)
