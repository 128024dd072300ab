"""When the compiled loops are worth loading, how they are compiled, and where the result is stored.

Positions in the loops are unsigned, and ONE is added to them: with signed positions numba also checks at each access
whether the position is negative, which takes half of the time.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])

ONE = np.uint64(1)
ENOUGH = 40_000  # values; loading the loops takes as long as cleaning that many in Python
_asked = 0


def worthwhile(values: int) -> bool:
    """Return whether this process has cleaned enough values to pay for loading numba, or has loaded it already."""
    global _asked
    _asked += values
    return _asked >= ENOUGH or "numba" in sys.modules


def compiled(function: F) -> F:
    """Return the function compiled by numba, from the cache if an earlier process compiled it."""
    import numba

    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]  # set when the library loads
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def inlined(function: F) -> F:
    """Return the function inlined into its compiled callers: a call costs as much as a small loop."""
    import numba

    return cast(F, numba.njit(inline="always")(function))


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Return the cache folder for exactly these sources: numba does not notice a change in a called function.

    It is beside the sources. Where that is read-only, as in the image, its content is copied to the home folder.
    """
    here = Path(__file__).parent
    sources = b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))
    kept = here / "__pycache__" / f"loops-{sha256(sources).hexdigest()[:16]}"
    if os.access(kept if kept.exists() else here, os.W_OK):
        return kept
    copy = Path.home() / ".cache" / "dmpworks" / kept.name
    if kept.exists() and not copy.exists():
        copy.parent.mkdir(parents=True, exist_ok=True)
        fresh = tempfile.mkdtemp(dir=copy.parent)
        shutil.copytree(kept, fresh, dirs_exist_ok=True)
        with suppress(OSError):  # another worker was first
            Path(fresh).rename(copy)
    return copy
