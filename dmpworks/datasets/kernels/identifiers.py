"""Columns of normalised identifiers: equals the functions of `dmpworks.cleaners.identifiers`, value by value."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pyarrow as pa

from dmpworks.cleaners import identifiers
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.strings import column, flat, patched, valid

Exact = Callable[[str | None], str | None]


def doi(texts: pa.StringArray) -> pa.StringArray:
    """Return the DOI in each text."""
    return _cut(texts, "cut_doi", identifiers.doi)


def bare(texts: pa.StringArray) -> pa.StringArray:
    """Return identifiers without their URL prefix."""
    return _cut(texts, "cut_bare", identifiers.strip_prefix)


# The same organisations and people come again and again within a file.
_ror = lru_cache(maxsize=1 << 14)(identifiers.ror)


def ror(texts: pa.StringArray) -> pa.StringArray:
    """Return the ROR id in each text."""
    return _cut(texts, "cut_ror", _ror)


def orcid(texts: pa.StringArray) -> pa.StringArray:
    """Return the ORCID in each text."""
    return _cut(texts, "cut_orcid", identifiers.orcid)


def _cut(texts: pa.StringArray, loop: str, exact: Exact) -> pa.StringArray:
    present = valid(texts)
    if not worthwhile(len(texts)):
        return patched(pa.nulls(len(texts), pa.string()), present, texts, exact)
    from dmpworks.datasets.kernels import identifier_loops

    data, offsets = flat(texts)
    # A loop returns the begin of the identifier, which extends to the end of the text; UNUSUAL if Python has to look
    # at it, NONE if there is no identifier.
    starts = np.empty(len(texts), np.int32)
    getattr(identifier_loops, loop)(data, offsets, starts)
    unusual = (starts == identifier_loops.UNUSUAL) & present
    starts[~present] = -1
    found, bounds = identifier_loops.lowered(data, offsets, starts)
    return patched(column(found, bounds, starts >= 0), unusual, texts, exact)
