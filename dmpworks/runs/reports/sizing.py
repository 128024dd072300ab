"""Suggest sizes of jobs from what they used before, once three runs have been measured."""

import math
from collections.abc import Iterable, Iterator, Sequence
from statistics import median

import msgspec
from msgspec.structs import replace

from dmpworks.formatting import HOUR
from dmpworks.runs.ledger.events import JobRequest
from dmpworks.runs.ledger.state import Attempt, RunState
from dmpworks.runs.reports.metrics import Hourly

RUNS = 3  # with fewer, one unusual run would decide
HEADROOM = 1.25  # over the most ever used: data grow from month to month
STEP = 512  # MiB
WORTH = 0.75  # of the requested size: a smaller saving is not worth a change
TIGHT = 0.9  # of the requested memory: above it, the job may be killed next month
BUSY = 1.1  # of the requested vCPUs: a job may also use cores that other jobs on its machine leave idle


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A better size for a job; `saving` is an estimate in dollars per run, negative if the size costs more."""

    job: str
    variable: str
    unit: str
    requested: int = msgspec.field(name="asked")
    suggested: int
    used: float  # maximum over runs: MiB, or cores busy on average
    runs: int
    saving: float | None = None


def suggestions(newest: RunState, before: Iterable[RunState], hourly: Hourly | None = None) -> list[Suggestion]:
    """Return better sizes for the jobs of a run, from it and the runs before; none for local runs."""
    runs = [newest, *before]
    return [suggestion for name in newest.jobs for suggestion in _of_job(newest, name, runs, hourly)]


def _of_job(newest: RunState, name: str, runs: Sequence[RunState], hourly: Hourly | None) -> Iterator[Suggestion]:
    request = newest.jobs[name].request
    measured = [own for own in (_measured(run, name) for run in runs) if own]
    if len(measured) < RUNS or request.memory is None or request.vcpus is None:
        return
    memory = float(max(_peak_memory(attempt) for own in measured for attempt in own))
    cores = max(_cores(attempt) for own in measured for attempt in own)
    hours = median(attempt.seconds or 0.0 for own in measured for attempt in own) / HOUR
    for field, unit, now, used, better in (
        ("memory", "MiB", request.memory, memory, _memory(request.memory, memory)),
        ("vcpus", "vCPUs", request.vcpus, cores, _vcpus(request.vcpus, cores)),
    ):
        if better == now:
            continue
        yield Suggestion(
            job=name,
            variable="_".join([newest.chain, name, field]).replace("-", "_").upper(),
            unit=unit,
            requested=now,
            suggested=better,
            used=round(used, 2),
            runs=len(measured),
            saving=_dollars(hourly, request, replace(request, **{field: better}), hours) if hourly else None,
        )


def _dollars(hourly: Hourly, request: JobRequest, better: JobRequest, hours: float) -> float:
    return (hourly(request) - hourly(better)) * hours * (request.shards or 1)


def _measured(run: RunState, name: str) -> list[Attempt]:
    """Return the measured attempts of a job that succeeded; a killed one may not have reached its peak."""
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


def _memory(requested: int, used: float) -> int:
    wanted = max(math.ceil(used * HEADROOM / STEP) * STEP, STEP)
    return wanted if wanted <= requested * WORTH or used > requested * TIGHT else requested


def _vcpus(requested: int, used: float) -> int:
    wanted = max(math.ceil(used), 1)
    wanted += wanted % 2 if wanted > 2 else 0  # machines have even numbers of vCPUs
    return wanted if wanted <= requested * WORTH or used > requested * BUSY else requested
