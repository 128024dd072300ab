"""Columns of titles, abstracts and names as plain text: equals `text.plain`, value by value."""

import numpy as np
import pyarrow as pa

from dmpworks.cleaners import text
from dmpworks.datasets.kernels import characters, markup
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.strings import Flags, flat, patched, replaced, valid


def plain(texts: pa.StringArray) -> pa.StringArray:
    """Return texts without markup, on one line; null where a text says nothing."""
    return cleaned(texts, unusual(texts))


def cleaned(texts: pa.StringArray, marked: Flags) -> pa.StringArray:
    """Return texts with those flagged as unusual made plain."""
    if not worthwhile(len(texts)):
        return patched(texts, marked, texts, text.plain)
    places = np.flatnonzero(marked)
    if not len(places):
        return texts
    stated = texts.take(pa.array(places))
    bare, unknown = markup.stripped(stated)
    return replaced(texts, marked, patched(bare, unknown | unusual(bare), stated, text.plain))


def unusual(texts: pa.StringArray) -> Flags:
    """Return which texts may not be plain as they stand; nulls are not flagged."""
    present = valid(texts)
    if not worthwhile(len(texts)):
        return present
    from dmpworks.datasets.kernels.plain_loops import flag

    flags = np.empty(len(texts), np.bool_)
    flag(*flat(texts), characters.safe(), characters.nothing(), flags)
    return flags & present
