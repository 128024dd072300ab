"""What size a job needs, by what it used before: a suggestion once three runs have been measured."""

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

import msgspec
from msgspec.structs import replace

from dmpworks.runs.ledger.events import JobRequest
from dmpworks.runs.ledger.state import Attempt, RunState
from dmpworks.runs.reports.metrics import HOUR, Hourly

RUNS = 3  # before that, one odd run would decide
HEADROOM = 1.25  # over the most ever used: next month's data are more
STEP = 512  # MiB
WORTH = 0.75  # of what is asked: a smaller saving is not worth a change
TIGHT = 0.9  # of the memory asked for: one more month and the job is killed
BUSY = 1.1  # of the vCPUs asked for: a machine lends what its other jobs leave idle


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Another size for a job, why, and what it saves a run (dollars, an estimate; negative: it costs more)."""

    job: str
    variable: str
    unit: str
    asked: int
    suggested: int
    used: float  # the most: MiB, or cores busy on average
    runs: int
    saving: float | None = None


def suggestions(newest: RunState, before: Iterable[RunState], hourly: Hourly | None = None) -> list[Suggestion]:
    """Return better sizes for the jobs of a run, judged by it and the runs before; none for local runs."""
    runs = [newest, *before]
    return [each for name in newest.jobs for each in _of_job(newest, name, runs, hourly)]


def _of_job(newest: RunState, name: str, runs: Sequence[RunState], hourly: Hourly | None) -> Iterator[Suggestion]:
    asked = newest.jobs[name].asked
    measured = [own for own in (_measured(run, name) for run in runs) if own]
    if len(measured) < RUNS or asked.memory is None or asked.vcpus is None:
        return
    memory = float(max(_peak_memory(attempt) for own in measured for attempt in own))
    cores = max(_cores(attempt) for own in measured for attempt in own)
    hours = median(attempt.seconds or 0.0 for own in measured for attempt in own) / HOUR
    for field, unit, now, used, better in (
        ("memory", "MiB", asked.memory, memory, _memory(asked.memory, memory)),
        ("vcpus", "vCPUs", asked.vcpus, cores, _vcpus(asked.vcpus, cores)),
    ):
        if better == now:
            continue
        yield Suggestion(
            job=name,
            variable="_".join([newest.chain, name, field]).replace("-", "_").upper(),
            unit=unit,
            asked=now,
            suggested=better,
            used=round(used, 2),
            runs=len(measured),
            saving=_dollars(hourly, asked, replace(asked, **{field: better}), hours) if hourly else None,
        )


def _dollars(hourly: Hourly, asked: JobRequest, better: JobRequest, hours: float) -> float:
    return (hourly(asked) - hourly(better)) * hours * (asked.shards or 1)


def _measured(run: RunState, name: str) -> list[Attempt]:
    """Return the attempts of a job that succeeded and were measured: a killed one did not reach its peak."""
    attempts = run.jobs[name].attempts if name in run.jobs else ()
    return [
        attempt
        for attempt in attempts
        if attempt.ended and attempt.outcome == "succeeded" and attempt.ended.peak_memory
    ]


def _peak_memory(attempt: Attempt) -> int:
    return (attempt.ended.peak_memory if attempt.ended else None) or 0


def _cores(attempt: Attempt) -> float:
    return ((attempt.ended.cpu_seconds if attempt.ended else None) or 0.0) / (attempt.seconds or 1.0)


def _memory(asked: int, used: float) -> int:
    wanted = max(math.ceil(used * HEADROOM / STEP) * STEP, STEP)
    return wanted if wanted <= asked * WORTH or used > asked * TIGHT else asked


def _vcpus(asked: int, used: float) -> int:
    wanted = max(math.ceil(used), 1)
    wanted += wanted % 2 if wanted > 2 else 0  # machines come in even numbers
    return wanted if wanted <= asked * WORTH or used > asked * BUSY else asked
