"""How much memory DuckDB may take on this machine or in this container."""

import os
from pathlib import Path

# `memory_limit` bounds DuckDB's buffers only. Reading and writing wide Parquet rows, and what the allocator keeps, are
# added to that: up to 1.5 times the limit was measured.
SHARE = 0.6
# The files in which Linux states the limit of a container: cgroup v2, then v1. "max" or a huge number means no limit.
CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory_limit() -> str:
    """Return the default of the setting memory_limit, in MiB, such as `9216MiB`."""
    return f"{int(available_memory() * SHARE) >> 20}MiB"


def available_memory() -> int:
    """Return the bytes of memory of this container, or of this machine where no limit is set."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([machine, *(limit for path in CGROUP_LIMITS if (limit := _read_limit(path)))])


def _read_limit(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
