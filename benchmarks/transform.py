"""How fast the transforms are, beside what the machine can do at all, and what memory they take: in one run.

    make bench                                    about eight minutes, in a temporary folder
    python -m benchmarks.transform /var/tmp/bench     keeps the generated records for the next time

Writes benchmarks/results/transform.md and transform.png. CPU seconds of one process, limit and transforms in turn, the
best of several rounds; ratios hold on a busy machine too. Only two workers are timed by the clock. Whatever is measured
has a fresh process, as a job has: one that generated records before is slower by a fifth.
"""

import multiprocessing
import os
import pickle
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from benchmarks import cases, limit, report
from benchmarks.cases import CROSSREF, DATACITE, OPENALEX, Case
from benchmarks.report import Pace, Results
from benchmarks.watched import watch

T = TypeVar("T")
ROUNDS = 10
ROWS = {OPENALEX: 16_000, DATACITE: 40_000, CROSSREF: 12_000}
GIGABYTE = 68_000  # works that are more than 1 GB of JSON
LARGE_GROUP = 400_000
COPIES = 24  # of the gigabyte: starting workers must not count


def main(folder: Path) -> None:
    """Generate, measure, report."""
    inputs = {dataset: kept(folder, dataset, cases.json_lines, dataset, ROWS[dataset]) for dataset in ROWS}
    copy = kept(folder, "parquet", cases.parquet, inputs[OPENALEX])
    large = kept(folder, "large-group", cases.large_group, LARGE_GROUP)
    gigabyte = kept(folder, "gigabyte", cases.json_lines, OPENALEX, GIGABYTE)
    many = kept(folder, "copies", cases.copies, gigabyte, COPIES)
    say("pace")
    pace, parquet = fresh(measure, inputs[OPENALEX], copy)
    paces = {OPENALEX: pace} | {dataset: fresh(measure, inputs[dataset])[0] for dataset in (DATACITE, CROSSREF)}
    watched = {}
    for name, case in (inputs | {report.GIGABYTE: gigabyte, report.LARGE_GROUP: large}).items():
        say(f"memory of {name}")
        watched[name] = watch(case)
    load = os.getloadavg()[0]
    say("one worker and two")
    report.write(Results(paces, 1e6 * parquet[0] / copy.rows, watched, watch(many, 1), watch(many, 2), load))


def measure(case: Case, *others: Case) -> tuple[Pace, list[float]]:
    """Return the pace of a case beside its limit, and the CPU seconds of others, all measured in turn."""
    for one in (case, *others):
        one.run()  # loads all code, and compiles it where that was never done
    rows = case.table()
    taken = [(limit.seconds(case, rows), case.seconds(), *(other.seconds() for other in others)) for _ in range(ROUNDS)]
    least, made, *rest = map(min, zip(*taken, strict=True))
    return Pace(case.rows, case.size, least, made), rest


def fresh(function: Callable[..., T], *arguments: Any) -> T:
    """Return what a function returns in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def kept(folder: Path, name: str, make: Callable[..., Case], *arguments: Any) -> Case:
    """Return a case made earlier in the same folder, or now."""
    path = folder / f"{name}.case"
    if not path.exists():
        say(f"generating {name}")
        path.write_bytes(pickle.dumps(fresh(make, folder / name, *arguments)))
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
