"""Memory of one worker over time: the job in a process of its own, its resident set sampled ten times a second."""

import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.cases import RUN_ID, Case

_HELD = re.compile(r"VmHWM:\s+(\d+) kB\s+VmRSS:\s+(\d+) kB")


@dataclass(frozen=True)
class Memory:
    """Peak of a run in MB, as the kernel saw it, and its samples as (seconds, MB)."""

    peak: float
    samples: list[tuple[float, float]]

    @property
    def growth(self) -> float:
        """How much more the last quarter of the run holds than its second quarter, as a ratio."""
        held = [megabytes for _, megabytes in self.samples]
        quarter = len(held) // 4
        return median(held[-quarter:]) / median(held[quarter : 2 * quarter])


def measure(case: Case) -> Memory:
    """Run the transform of a case with one worker and watch its memory."""
    case.clear()
    prefix = case.chain.upper().replace("-", "_")
    settings = {f"{prefix}_RUN_ID": RUN_ID, f"{prefix}_TRANSFORM_WORKERS": "1", "BUCKET_NAME": str(case.bucket)}
    settings["OPENALEX_WORKS_TRANSFORM_INCLUDE_XPAC"] = "true"
    process = subprocess.Popen(
        [sys.executable, "-m", "dmpworks", "aws-batch", case.chain, "transform"],
        env=os.environ | settings,
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
    if ended[1]:
        sys.exit(f"{case.chain} failed: {process.stderr.read().decode() if process.stderr else ''}")
    if case.written != case.rows:
        sys.exit(f"{case.chain} wrote {case.written:,} rows of {case.rows:,}")
    return Memory(peak, samples)
