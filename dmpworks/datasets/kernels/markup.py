"""Texts without the usual tags and entities: equals `text.plain_text` where nothing is flagged."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dmpworks.cleaners import text
from dmpworks.datasets.kernels import characters
from dmpworks.datasets.kernels.strings import Flags, column, flat

SLOTS = 1024
Tags = tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint8]]


def stripped(texts: pa.StringArray) -> tuple[pa.StringArray, Flags]:
    """Return texts on one line and without markup, and flags of those that Python has to clean."""
    from dmpworks.datasets.kernels.markup_loops import strip

    unusual = np.empty(len(texts), np.bool_)
    return column(*strip(*flat(texts), _classes(), *_tags(), unusual)), unusual


@lru_cache(maxsize=1)
def _classes() -> npt.NDArray[np.uint8]:
    """Return the class of each character of the basic plane: kept, white space, or removed."""
    from dmpworks.datasets.kernels.markup_loops import EASY, GONE, SAFE, SPACE

    table = np.where(characters.safe() & characters.SAFE, np.uint8(SAFE), np.uint8(0))
    for code in range(0x10000):
        shown = text.normalize(chr(code))
        if not shown:
            table[code] = GONE
        elif shown.isspace() and not 0xD800 <= code < 0xE000:
            table[code] = SPACE
    table[[code for code in range(128) if table[code] == SAFE and chr(code) not in "<&]"]] = EASY
    return table


@lru_cache(maxsize=1)
def _tags() -> Tags:
    """Return a hash table of the names of known tags, and the class of the text that replaces each."""
    from dmpworks.datasets.kernels.markup_loops import GONE, HASH, PRIME, SPACE

    names, kinds = np.zeros(SLOTS, np.uint64), np.zeros(SLOTS, np.uint8)
    for known, kind in ((text.INLINE, GONE), (text.BLOCK, SPACE)):
        for name in known:
            value = HASH
            for char in name:
                value = ((value ^ (ord(char) | 32)) * PRIME) & 0xFFFFFFFFFFFFFFFF
            slot = value % SLOTS
            while names[slot]:
                slot = (slot + 1) % SLOTS
            names[slot], kinds[slot] = value, kind
    return names, kinds
