"""A transform job in a process of its own: its seconds, and its resident set, sampled ten times a second."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.cases import RUN_ID, Case

_HELD = re.compile(r"VmHWM:\s+(\d+) kB\s+VmRSS:\s+(\d+) kB")


class Watched(NamedTuple):
    """What a run took: seconds by the clock and of the processors, peak in MB, and samples as (seconds, MB)."""

    clock: float
    cpu: float
    peak: float
    samples: list[tuple[float, float]]

    @property
    def growth(self) -> float:
        """How much more the last quarter of the run holds than its second quarter, as a ratio."""
        held = [megabytes for _, megabytes in self.samples]
        quarter = len(held) // 4
        return median(held[-quarter:]) / median(held[quarter : 2 * quarter])


def watch(case: Case, workers: int = 1) -> Watched:
    """Run the transform of a case; memory is that of the process that was started, not of its workers."""
    case.clear()
    process = subprocess.Popen(
        [sys.executable, "-m", "dmpworks", "aws-batch", case.chain, "transform"],
        env=os.environ | _settings(case, workers),
        stderr=subprocess.PIPE,
    )
    started, peak = time.perf_counter(), 0.0
    samples: list[tuple[float, float]] = []
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        # Not ru_maxrss: before its exec the child counts what this process holds.
        if found := _HELD.search(Path(f"/proc/{process.pid}/status").read_text()):
            peak = int(found[1]) / 1024
            samples.append((time.perf_counter() - started, int(found[2]) / 1024))
        time.sleep(0.1)
    taken, (_, status, usage) = time.perf_counter() - started, ended
    if status:
        sys.exit(f"{case.chain} failed: {process.stderr.read().decode() if process.stderr else ''}")
    if case.written != case.rows:
        sys.exit(f"{case.chain} wrote {case.written:,} rows of {case.rows:,}")
    return Watched(taken, usage.ru_utime + usage.ru_stime, peak, samples)


def _settings(case: Case, workers: int) -> dict[str, str]:
    prefix = case.chain.upper().replace("-", "_")
    return {
        "BUCKET_NAME": str(case.bucket),
        f"{prefix}_RUN_ID": RUN_ID,
        f"{prefix}_TRANSFORM_WORKERS": str(workers),
        "OPENALEX_WORKS_TRANSFORM_INCLUDE_XPAC": "true",
    }
