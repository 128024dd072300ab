"""When the compiled loops are worth loading, how they are compiled, and where that is kept.

In the loops places are unsigned, and ONE is what is added to them: with signed ones, each access also asks whether the
place is negative, which takes half of the time.
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
ENOUGH = 40_000  # values of a process; loading the loops takes as long as that many in Python
_asked = 0


def worthwhile(values: int) -> bool:
    """Return whether these values, after all before them, make the loops worth loading: always once they are loaded."""
    global _asked
    _asked += values
    return _asked >= ENOUGH or "numba" in sys.modules


def compiled(function: F) -> F:
    """Return a function compiled by numba, or as an earlier process compiled it."""
    import numba

    numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]  # set when the library loads
    return cast(F, numba.njit(cache=True, nogil=True)(function))


def inlined(function: F) -> F:
    """Return a function that becomes part of the compiled functions that call it: calls cost as much as small loops."""
    import numba

    return cast(F, numba.njit(inline="always")(function))


@lru_cache(maxsize=1)
def cache_folder() -> Path:
    """Return the folder for what is compiled of these very sources: numba does not see when a function called changed.

    It lies beside the sources; where these cannot be written to, as in the image, what is there is copied to the home.
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
