"""Columns of titles, abstracts and names as plain text: equals `text.plain_text`, value by value."""

import numpy as np
import pyarrow as pa

from dmpworks.cleaners import text
from dmpworks.datasets.kernels import characters, markup
from dmpworks.datasets.kernels.compiled import worthwhile
from dmpworks.datasets.kernels.strings import Flags, flat, patched, replaced, valid


def plain_text(texts: pa.StringArray) -> pa.StringArray:
    """Return texts without markup, on one line; null for placeholders such as "n/a"."""
    return cleaned(texts, unusual(texts))


def cleaned(texts: pa.StringArray, marked: Flags) -> pa.StringArray:
    """Return the texts, with those flagged in `marked` cleaned."""
    if not worthwhile(len(texts)):
        return patched(texts, marked, texts, text.plain_text)
    places = np.flatnonzero(marked)
    if not len(places):
        return texts
    stated = texts.take(pa.array(places))
    bare, unknown = markup.stripped(stated)
    return replaced(texts, marked, patched(bare, unknown | unusual(bare), stated, text.plain_text))


def unusual(texts: pa.StringArray) -> Flags:
    """Return flags of the texts that `plain_text` may change; nulls are not flagged."""
    present = valid(texts)
    if not worthwhile(len(texts)):
        return present
    from dmpworks.datasets.kernels.plain_loops import flag

    flags = np.empty(len(texts), np.bool_)
    flag(*flat(texts), characters.safe(), characters.placeholders(), flags)
    return flags & present
