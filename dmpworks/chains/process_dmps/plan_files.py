"""Files of one JSON record a line, in which the jobs of the chain hand on plans and matches."""

import contextlib
import gzip
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from dmpworks.datasets.reading.json_lines import LONGEST_RECORD
from dmpworks.errors import JobError
from dmpworks.jobs.run import File, Phase, Run
from dmpworks.matching.records import Plan

T = TypeVar("T")

PLANS_FILE = "plans.jsonl.gz"
_PLAN = msgspec.json.Decoder(Plan)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a JSON Lines file, gzip or plain, without empty ones; raises OSError, EOFError, zlib.error."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        while line := file.readline(LONGEST_RECORD + 1):
            if len(line) > LONGEST_RECORD:
                raise EOFError(f"a line is longer than {LONGEST_RECORD:,} bytes")
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
    """Yield the plans that an earlier job of the chain wrote; raises JobError when a file is damaged."""
    return read_records(phase, "plans", _PLAN)


def read_records(phase: Phase, name: str, decoder: msgspec.json.Decoder[T]) -> Iterator[T]:
    """Yield the records of a phase's files whose names begin like this; raises JobError when a file is damaged."""
    for file in phase.files:
        if not file.key.rsplit("/", 1)[-1].startswith(name):
            continue
        try:
            yield from map(decoder.decode, read_lines(phase.local(file)))
        except (OSError, EOFError, zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _damaged(phase, name, file, error) from error


def _damaged(phase: Phase, name: str, file: File, error: Exception) -> JobError:
    chain, run_id, job = file.key.split("/")[:3]
    return JobError(
        f"a file of {name} is damaged",
        on=f"{phase.bucket.name}: {file.key}: {error}",
        next=f"write it again: dmpworks run {chain} --run-id {run_id} --start-job {job} (or batch-submit)",
    )
