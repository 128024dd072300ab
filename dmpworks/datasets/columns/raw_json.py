"""Lists of objects that a decoder left undecoded (`msgspec.Raw`), as columns of their leaves.

Most of what many records hold are such lists, and a Python object for each of their values is what costs most.
Compiled loops find the values where they lie (`kernels/objects.py`); a list with something else in it than expected is
decoded, leniently if need be, and written anew in the usual form.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
from msgspec.structs import astuple, fields

from dmpworks.datasets.columns.flatten import elements, text, texts
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.gather import Lists
from dmpworks.datasets.kernels.objects import Values, objects, values
from dmpworks.datasets.reading.coerce import decode_leniently
from dmpworks.datasets.reading.json_lines import NO_RECORD
from dmpworks.datasets.reading.loose_values import NULL, Loose
from dmpworks.datasets.transform.dataset import LENIENT, Notes


class Elements(NamedTuple):
    """The objects in some lists."""

    lists: Lists
    leaves: list[pa.StringArray]  # of the fields of the objects' class
    undecoded: list[Values]  # of those of its fields that are Raw


def read(
    stated: Sequence[msgspec.Raw] | Values, kind: type[msgspec.Struct], notes: Notes, alone: bool = False
) -> Elements:
    """Return the objects of lists, or objects in place of a list; notes count what had to be read leniently.

    The Raw fields of the kind come last. With `alone`, a text or number instead of an object is that of its first one.
    """
    found = stated if isinstance(stated, Values) else values(stated)
    if not worthwhile(len(found.spans)):
        return _decoded([_read(raw, kind, notes, alone) for raw in found.raws()], kind)
    names, nested = _names(kind)
    made = objects(found, names, nested, alone)
    if made.unusual.any():
        places = np.flatnonzero(made.unusual)
        rewritten = [_rewritten(_read(raw, kind, notes, alone)) for raw in found.raws(places)]
        made = objects(found.replaced(places, rewritten), names, nested, alone)
    return Elements(*made[:3])


def _decoded(lists: Sequence[list[Any]], kind: type[msgspec.Struct]) -> Elements:
    """Return the objects by way of Python objects."""
    found, owned = elements(lists)
    names, nested = _names(kind)
    rows = list(map(astuple, found))
    columns = [[row[place] for row in rows] for place in range(len(names) + len(nested))]
    return Elements(owned, list(map(texts, columns[: len(names)])), list(map(values, columns[len(names) :])))


def _read(raw: bytes, kind: type[msgspec.Struct], notes: Notes, alone: bool) -> list[Any]:
    """Return the objects of one list."""
    wrapped, whole = b'{"found":' + (raw or NULL) + b"}", _wrapped(kind, alone)
    try:
        found = msgspec.json.decode(wrapped, type=whole).found
    except NO_RECORD:
        notes[LENIENT] += 1
        # What is to be UTF-8 was looked at when the record was read; of the rest, what is none does no harm.
        found = decode_leniently(wrapped.decode(errors="replace").encode(), whole).found
    return elements([found], kind)[0]


def _rewritten(found: Sequence[msgspec.Struct]) -> bytes:
    """Return the JSON of objects with texts and nulls in place of all scalars."""
    leaves = ((leaf if isinstance(leaf, msgspec.Raw) else text(leaf) for leaf in astuple(one)) for one in found)
    return msgspec.json.encode([type(one)(*plain) for one, plain in zip(found, leaves, strict=True)])


@cache
def _names(kind: type[msgspec.Struct]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the fields in JSON, those that are Raw apart."""
    known = fields(kind)
    raw = tuple(one.encode_name for one in known if one.type is msgspec.Raw)
    return tuple(one.encode_name for one in known if one.type is not msgspec.Raw), raw


@cache
def _wrapped(kind: Any, alone: bool) -> Any:
    item = kind | Loose if alone else kind | None
    return msgspec.defstruct("Wrapped", [("found", list[item] | item, None)])  # type: ignore[valid-type]
