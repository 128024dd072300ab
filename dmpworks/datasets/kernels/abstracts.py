"""Abstracts of OpenAlex, laid out from their inverted indexes in JSON."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from dmpworks.cleaners.text import abstract_from_index
from dmpworks.datasets.kernels import plain
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.strings import column, flat, patched, utf8, valid
from dmpworks.datasets.reading.coerce import coerce


class Index(msgspec.Struct, gc=False):
    """What an index is wrapped in to be read leniently."""

    index: dict[str, list[int | None] | None] = {}


def read(index: bytes) -> str | None:
    """Return the text of one inverted index in JSON; raises ValueError (also its kinds) or RecursionError.

    An index may be a JSON text itself, and be wrapped as `{"IndexLength": 5, "InvertedIndex": {...}}`, as it is in
    Microsoft Academic Graph and in what was made of it. Whatever else holds no positions is an error, not an abstract.
    """
    found = _loads(index.decode())
    found = _loads(found) if isinstance(found, str) else found
    if isinstance(found, dict) and isinstance(found.get("InvertedIndex"), dict):
        found = found["InvertedIndex"]
    if not found:
        return None
    if not isinstance(found, dict) or not any(isinstance(places, list | None) for places in found.values()):
        raise ValueError("no index of words and their positions")
    return abstract_from_index(coerce({"index": found}, Index).index)


def _loads(text: str) -> Any:
    if not text.strip():
        return None
    return json.loads(text, object_pairs_hook=_merge_positions, parse_constant=lambda name: None)


def _merge_positions(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object in which a repeated word has all its positions, as the compiled loop treats it."""
    found: dict[str, Any] = {}
    for word, places in pairs:
        both = isinstance(places, list) and isinstance(found.get(word), list)
        found[word] = found[word] + places if both else places
    return found


def abstracts(indexes: pa.BinaryArray, exact: Callable[[bytes], str | None]) -> pa.StringArray:
    """Return the texts of inverted indexes in JSON; what is not of the usual form is left to the exact function."""
    present = valid(indexes)
    if not worthwhile(len(indexes)):
        return patched(pa.nulls(len(indexes), pa.string()), present, indexes, exact)
    from dmpworks.datasets.kernels.abstract_loops import lay_out

    unusual = np.empty(len(indexes), np.bool_)
    data, offsets = lay_out(*flat(indexes), unusual)
    laid_out = column(data, offsets, present & ~unusual)
    marked = plain.unusual(laid_out)
    unusual = present & (unusual | (marked & ~utf8(laid_out, marked)))
    return patched(plain.cleaned(laid_out, marked & ~unusual), unusual, indexes, exact)
