"""How fast the transforms are, beside what the machine can do at all, and what memory they take: in one run.

    make bench                                    about eight minutes, in a temporary folder
    python -m benchmarks.transform /var/tmp/bench     keeps the generated records for the next time

Writes benchmarks/results/transform.md and transform.png. CPU seconds of one process, limit and transforms in turn, the
best of several rounds; ratios hold on a busy machine too. Only two workers are timed by the clock.
"""

import os
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import cases, limit, memory, report
from benchmarks.cases import CROSSREF, DATACITE, OPENALEX, Case
from benchmarks.memory import Memory
from benchmarks.report import Pace, Results, Times

ROUNDS = 6
ROWS = {OPENALEX: 16_000, DATACITE: 40_000, CROSSREF: 12_000}
GIGABYTE = 68_000  # works that are more than 1 GB of JSON
LARGE_GROUP = 400_000
COPIES = 16  # of the gigabyte: starting workers must not count


def main(folder: Path) -> None:
    """Generate, measure, report."""
    inputs = {dataset: kept(folder, dataset, cases.json_lines, dataset, ROWS[dataset]) for dataset in ROWS}
    copy = kept(folder, "parquet", cases.parquet, inputs[OPENALEX])
    large = kept(folder, "large-group", cases.large_group, LARGE_GROUP)
    gigabyte = kept(folder, "gigabyte", cases.json_lines, OPENALEX, GIGABYTE)
    many = kept(folder, "copies", cases.copies, gigabyte, COPIES)
    paces, parquet = measure(inputs, copy)
    watched = inputs | {report.GIGABYTE: gigabyte, report.LARGE_GROUP: large}
    memories = {name: watch(name, case) for name, case in watched.items()}
    load = os.getloadavg()[0]
    report.write(Results(paces, parquet, memories, clock(many, 1), clock(many, 2), load))


def measure(inputs: dict[str, Case], copy: Case) -> tuple[dict[str, Pace], float]:
    """Return the pace of each dataset, and the microseconds a row of the Parquet copy."""
    for case in (*inputs.values(), copy):
        case.run()  # loads all code, and compiles it where that was never done
    rows = {dataset: case.table() for dataset, case in inputs.items()}
    taken: dict[str, list[tuple[float, float]]] = {dataset: [] for dataset in inputs}
    parquet: list[float] = []
    for number in range(ROUNDS):
        say(f"round {number + 1} of {ROUNDS}")
        for dataset, case in inputs.items():
            taken[dataset].append((limit.seconds(case, rows[dataset]), case.seconds()))
        parquet.append(copy.seconds())
    paces = {
        dataset: Pace(case.rows, case.size, *(min(column) for column in zip(*taken[dataset], strict=True)))
        for dataset, case in inputs.items()
    }
    return paces, 1e6 * min(parquet) / copy.rows


def watch(name: str, case: Case) -> Memory:
    """Return the memory of a run."""
    say(f"memory of {name}")
    return memory.measure(case)


def clock(case: Case, workers: int) -> Times:
    """Return the seconds that a run takes, by the clock and of the processors."""
    say(f"workers: {workers}")
    before, started = sum(os.times()[:4]), time.perf_counter()
    case.run(workers)
    return Times(time.perf_counter() - started, sum(os.times()[:4]) - before)


def kept(folder: Path, name: str, make: Callable[..., Case], *arguments: Any) -> Case:
    """Return a case made earlier in the same folder, or now."""
    path = folder / f"{name}.case"
    if not path.exists():
        say(f"generating {name}")
        path.write_bytes(pickle.dumps(make(folder / name, *arguments)))
    case: Case = pickle.loads(path.read_bytes())
    return case


def say(text: str) -> None:
    """Tell what is under way."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
