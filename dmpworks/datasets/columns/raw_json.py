"""Converts undecoded lists of objects (`msgspec.Raw`) to columns of their leaves.

Most of the data in many records is such lists, and creating a Python object for each value takes most of the time.
Compiled loops find the values in the raw bytes instead (`kernels/objects.py`). A list with unexpected content is
decoded, leniently if necessary, and encoded again in the usual form for the loops.
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
    """The objects of some lists, as columns."""

    lists: Lists
    leaves: list[pa.StringArray]  # one per field of the objects' class that is not Raw
    undecoded: list[Values]  # one per Raw field


def read(
    stated: Sequence[msgspec.Raw] | Values, kind: type[msgspec.Struct], notes: Notes, allow_bare_text: bool = False
) -> Elements:
    """Return the objects of lists (or single objects in place of a list) as columns.

    With `allow_bare_text`, a text or number in place of an object becomes the first field of `kind`. `notes` counts the
    lists that had to be read leniently. The Raw fields of `kind` must come last.
    """
    found = stated if isinstance(stated, Values) else values(stated)
    if not worthwhile(len(found.spans)):
        return _decoded([_read(raw, kind, notes, allow_bare_text) for raw in found.raws()], kind)
    names, nested = _names(kind)
    made = objects(found, names, nested, allow_bare_text)
    if made.unusual.any():
        places = np.flatnonzero(made.unusual)
        rewritten = [_rewritten(_read(raw, kind, notes, allow_bare_text)) for raw in found.raws(places)]
        made = objects(found.replaced(places, rewritten), names, nested, allow_bare_text)
    return Elements(*made[:3])


def _decoded(lists: Sequence[list[Any]], kind: type[msgspec.Struct]) -> Elements:
    """Return the columns of decoded objects, while the loops are not worth loading."""
    found, owned = elements(lists)
    names, nested = _names(kind)
    rows = list(map(astuple, found))
    columns = [[row[place] for row in rows] for place in range(len(names) + len(nested))]
    return Elements(owned, list(map(texts, columns[: len(names)])), list(map(values, columns[len(names) :])))


def _read(raw: bytes, kind: type[msgspec.Struct], notes: Notes, allow_bare_text: bool) -> list[Any]:
    """Return the objects of one list."""
    wrapped, whole = b'{"found":' + (raw or NULL) + b"}", _wrapped(kind, allow_bare_text)
    try:
        found = msgspec.json.decode(wrapped, type=whole).found
    except NO_RECORD:
        notes[LENIENT] += 1
        # Fields that are written were checked for UTF-8 when the record was read; in others, invalid bytes do no harm.
        found = decode_leniently(wrapped.decode(errors="replace").encode(), whole).found
    return elements([found], kind)[0]


def _rewritten(found: Sequence[msgspec.Struct]) -> bytes:
    """Return objects as JSON with all scalars as texts or nulls, which the loops can read."""
    leaves = ((leaf if isinstance(leaf, msgspec.Raw) else text(leaf) for leaf in astuple(one)) for one in found)
    return msgspec.json.encode([type(one)(*texts) for one, texts in zip(found, leaves, strict=True)])


@cache
def _names(kind: type[msgspec.Struct]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the JSON names of the fields, and those of the Raw fields separately."""
    known = fields(kind)
    raw = tuple(one.encode_name for one in known if one.type is msgspec.Raw)
    return tuple(one.encode_name for one in known if one.type is not msgspec.Raw), raw


@cache
def _wrapped(kind: Any, allow_bare_text: bool) -> Any:
    item = kind | Loose if allow_bare_text else kind | None
    return msgspec.defstruct("Wrapped", [("found", list[item] | item, None)])  # type: ignore[valid-type]
