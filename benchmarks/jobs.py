"""Seconds, CPU seconds and peak memory of every job on a world in the project's storage layout, embedded engines.

    python benchmarks/jobs.py tests/data/planted

Peak memory is that of the largest single process. The world is copied first; its download phases are taken as they are.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dmpworks.catalog import CHAINS

RUN_ID = "2026-10-01"


def main(world: Path) -> None:
    """Run each job but the downloads in a process of its own, and print a line for it."""
    with tempfile.TemporaryDirectory() as folder:
        bucket = Path(folder) / "bucket"
        shutil.copytree(world, bucket)
        settings = {f"{chain.prefix}_RUN_ID": RUN_ID for chain in CHAINS}
        settings |= {"DMPS_RUN_ID": RUN_ID, "BUCKET_NAME": str(bucket)}
        print(f"{'job':42} {'wall s':>7} {'CPU s':>7} {'peak MB':>8}")
        for chain in CHAINS:
            for job in chain:
                if job.name != "download":
                    report(f"{chain.name} {job.name}", ["aws-batch", chain.name, job.name], settings)


def report(name: str, arguments: list[str], settings: dict[str, str]) -> None:
    """Run a command and print what it took."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "dmpworks", *arguments], env=os.environ | settings, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{name} failed")
    taken = time.perf_counter() - started
    print(f"{name:42} {taken:7.2f} {usage.ru_utime + usage.ru_stime:7.2f} {usage.ru_maxrss / 1024:8.0f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
