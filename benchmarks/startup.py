"""How long help and a dry run take, as a ratio to `python -c "import cyclopts, boto3"`, in one run, interleaved.

python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time

SETTINGS = ["--bucket-name", "b", "--run-id", "2026-10-01", "--download-url", "https://example.org/x.zip"]
COMMANDS = {
    "import cyclopts, boto3": ["-c", "import cyclopts, boto3"],
    "dmpworks --help": ["-m", "dmpworks", "--help"],
    "dmpworks batch-submit ror --help": ["-m", "dmpworks", "batch-submit", "ror", "--help"],
    "dmpworks batch-submit ror --dry-run": [
        "-m",
        "dmpworks",
        "batch-submit",
        "ror",
        "--dry-run",
        "--offline",
        *SETTINGS,
    ],
}
ROUNDS = 7


def main() -> None:
    """Print the median seconds of each command and its ratio to the first."""
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, arguments in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            seconds[name].append(time.perf_counter() - started)
    limit = statistics.median(seconds["import cyclopts, boto3"])
    for name, taken in seconds.items():
        print(f"{name:40} {statistics.median(taken):6.2f} s  {statistics.median(taken) / limit:5.2f} x")


if __name__ == "__main__":
    main()
