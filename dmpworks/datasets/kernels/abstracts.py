"""Abstracts of OpenAlex, laid out from their inverted indexes in JSON."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from dmpworks.datasets.kernels import plain
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.strings import column, flat, patched, utf8, valid


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
