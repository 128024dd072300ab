"""Columns of author names cut into their parts: equals `names.parse`, value by value."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from dmpworks.cleaners.names import Person
from dmpworks.datasets.kernels import characters
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.strings import Flags, column, flat, replaced, valid

# The parts that the loop finds, in its order.
FOUND = ("first_initial", "given_name", "middle_initials", "middle_names", "surname")


def people(
    full: pa.StringArray, orcid: pa.StringArray, exact: Callable[[pa.Array], list[Person | None]]
) -> tuple[list[pa.Array], Flags]:
    """Return the columns of `Person` for names as stated and cleaned ORCIDs, and flags of the positions with a name.

    Unusual names and nulls are left to `exact`, which receives their positions and returns a Person (or None) each.
    """
    unusual, parts = _cut(full)
    places = np.flatnonzero(unusual)
    others = exact(pa.array(places)) if len(places) else []
    named = np.ones(len(full), np.bool_)
    named[places] = [person is not None for person in others]
    columns = [orcid]
    for name, fast in zip((*FOUND, "full"), (*parts, full), strict=True):
        stated = pa.array([person and getattr(person, name) for person in others], pa.string())
        columns.append(replaced(fast, unusual, stated) if len(places) else fast)
    return columns, named


def _cut(full: pa.StringArray) -> tuple[Flags, list[pa.Array]]:
    if not worthwhile(len(full)):
        return np.ones(len(full), np.bool_), [pa.nulls(len(full), pa.string())] * len(FOUND)
    from dmpworks.datasets.kernels.name_loops import cut

    data, offsets = flat(full)
    unusual = np.empty(len(full), np.bool_)
    bounds = np.empty((len(FOUND), len(full) + 1), np.int32)
    parts = np.empty((len(FOUND), 2 * (offsets[-1] - offsets[0]) + 1), np.uint8)
    cut(data, offsets, characters.letters(), characters.folds(), characters.special(), unusual, bounds, parts)
    made = [column(part[: bound[-1]], bound, bound[1:] > bound[:-1]) for part, bound in zip(parts, bounds, strict=True)]
    return unusual | ~valid(full), made
