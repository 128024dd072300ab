"""What a job uses of its machine: the peak memory of its processes together, and their CPU seconds."""

import os
import resource
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
EVERY = 1.0  # seconds between two looks
# What a process holds for itself and what it shares with its like; pages of files can be dropped and do not count.
HELD = (b"RssAnon", b"RssShmem")


class Usage(NamedTuple):
    """Peak memory in MiB, and the CPU seconds of this process and of its children that have ended."""

    peak_memory: int
    cpu_seconds: float


@contextmanager
def metered() -> Iterator[Callable[[], Usage]]:
    """Watch this process and all below it, and give a function that returns what they have used so far."""
    stop, peak, before = threading.Event(), [0], _cpu_seconds()

    def look() -> None:
        peak[0] = max(peak[0], memory())

    def keep_looking() -> None:
        while not stop.wait(EVERY):
            look()

    def usage() -> Usage:
        look()
        return Usage(peak[0] // 1024, round(_cpu_seconds() - before, 3))

    thread = threading.Thread(target=keep_looking, daemon=True)
    thread.start()
    try:
        yield usage
    finally:
        stop.set()
        thread.join()


def memory() -> int:
    """Return the KiB that this process and all below it hold now; where there is no /proc, the peak so far."""
    found = {pid: status for pid in _pids() if (status := _status(pid))}
    if os.getpid() not in found:
        return _peak_so_far()
    children: dict[int, list[int]] = {}
    for pid, (parent, _) in found.items():
        children.setdefault(parent, []).append(pid)
    family = [os.getpid()]
    for pid in family:  # grows while it is walked through
        family += children.get(pid, [])
    return sum(found[pid][1] for pid in family)


def _pids() -> list[int]:
    try:
        return [int(path.name) for path in PROC.iterdir() if path.name.isdigit()]
    except OSError:
        return []


def _status(pid: int) -> tuple[int, int] | None:
    """Return a process's parent and the KiB it holds; None when it is gone meanwhile."""
    try:
        lines = (PROC / str(pid) / "status").read_bytes().splitlines()
    except OSError:
        return None
    fields = dict(line.split(b":", 1) for line in lines if b":" in line)
    return int(fields[b"PPid"]), sum(int(fields[name].split()[0]) for name in HELD if name in fields)


def _peak_so_far() -> int:
    """Return the KiB of this process and of its largest child: all that the kernel reports without /proc."""
    both = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return both // 1024 if sys.platform == "darwin" else both


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
