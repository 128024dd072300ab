"""Flattens decoded records: one column per leaf, with offsets that say which values belong to which record."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import chain, count
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dmpworks.cleaners.text import number
from dmpworks.datasets.kernels.gather import Coded, Codes, Lists, coded
from dmpworks.datasets.kernels.strings import Flags, offsets_of, valid

T = TypeVar("T")
TEXT = pa.string()
_SURROGATES = re.compile("[\ud800-\udfff]")


def texts(values: Sequence[Any]) -> pa.StringArray:
    """Return a column of text; numbers become text, lone surrogates become spaces."""
    try:
        return pa.array(values, TEXT)
    except (pa.ArrowException, UnicodeEncodeError):
        return pa.array(list(map(text, values)), TEXT)


def text(value: Any) -> str | None:
    """Return a value as text that Arrow and JSON accept."""
    if value is None:
        return None
    return _SURROGATES.sub(" ", value) if isinstance(value, str) else number(value) or ""


def is_stated(column: pa.StringArray) -> Flags:
    """Return flags of the values that are neither null nor empty."""
    return np.asarray(pc.greater(pc.fill_null(pc.binary_length(column), 0), 0))


def dates(values: Sequence[Any]) -> pa.StringArray:
    """Return a column of stated dates, empty ones as null.

    A number is marked with "?", so that it is counted as a date that cannot be parsed instead of as missing.
    """
    return texts([(value if value.__class__ is str else f"{value!r}?") if value else None for value in values])


def elements(values: Sequence[Any], kind: type | None = None) -> tuple[list[Any], Lists]:
    """Return all elements of loosely typed lists, without nulls, and their offsets; an object counts as a list of one.

    With `kind`, an element that is a text or a number becomes the first field of that class.
    """
    lists = [value if value.__class__ is list else () if value is None else (value,) for value in values]
    found = list(chain.from_iterable(lists))
    kinds = set(map(type, found))
    if type(None) in kinds:
        return elements([[item for item in one if item is not None] for one in lists], kind)
    if kind is not None and kinds - {kind}:
        found = [item if item.__class__ is kind else kind(item) for item in found]
    return found, Lists(offsets_of(lists))


def numbered(values: Sequence[T]) -> tuple[Codes, list[T]]:
    """Return repetitive values as codes into the list of distinct values."""
    known: defaultdict[T, int] = defaultdict(count().__next__)
    codes = np.fromiter(map(known.__getitem__, values), np.int64, len(values))
    return codes, list(known)


def repeated(values: Sequence[Any], clean: Callable[[pa.Array], pa.Array]) -> Coded:
    """Return a column of repetitive texts, each distinct one cleaned once."""
    codes, distinct = numbered(values)
    column = coded(clean(texts(distinct)))
    return Coded(column.codes[codes], column.values)


def first(lists: Lists, column: pa.Array) -> pa.Array:
    """Return the first value of each list that is not null."""
    if len(column) == len(lists.offsets) - 1 and (np.diff(lists.offsets) == 1).all():
        return column
    places = np.flatnonzero(valid(column))
    chosen = np.full(len(lists.offsets) - 1, -1)
    chosen[lists.owners[places[::-1]]] = places[
        ::-1
    ]  # numpy keeps the last assignment: with reversed order, the first value
    return column.take(pa.array(chosen, mask=chosen < 0))
