"""Files of plans, one JSON record a line: how one job of the chain hands plans to the next."""

import contextlib
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from dmpworks.jobs.run import File, Phase, Run
from dmpworks.matching.records import Plan

PLANS_FILE = "plans.jsonl.gz"
_PLAN = msgspec.json.Decoder(Plan)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a JSON Lines file, gzip or plain, without empty ones; raises OSError, EOFError, zlib.error."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for line in file:
            if line.strip():
                yield line


class PlanWriter:
    """Writes plans to a phase as they come: `with plan_writer(run) as writer: writer.write(plan)`."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file, self.rows = file, 0

    def write(self, plan: Plan) -> None:
        """Append a plan."""
        self._file.write(msgspec.json.encode(plan) + b"\n")
        self.rows += 1


@contextlib.contextmanager
def plan_writer(run: Run, name: str = PLANS_FILE) -> Iterator[PlanWriter]:
    """Open the phase's file of plans; it is published when the block ends without an error."""
    path = run.scratch / name
    with gzip.open(path, "wb", compresslevel=6) as file:
        writer = PlanWriter(file)
        yield writer
    run.publish(path, name, rows=writer.rows)


def write_plans(run: Run, plans: Iterable[Plan]) -> int:
    """Publish plans as the phase's file of plans; return how many."""
    with plan_writer(run) as writer:
        for plan in plans:
            writer.write(plan)
    return writer.rows


def read_plans(phase: Phase) -> Iterator[Plan]:
    """Yield the plans that an earlier job of the chain wrote."""
    for file in phase.files:
        if _is_plans(file):
            for line in read_lines(phase.local(file)):
                yield _PLAN.decode(line)


def _is_plans(file: File) -> bool:
    return file.key.rsplit("/", 1)[-1].startswith("plans")
