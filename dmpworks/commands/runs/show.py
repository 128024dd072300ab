"""`dmpworks runs show RUN`: show a run and its jobs, from its ledger."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from dmpworks.batch.monitor.failures import explain_failure
from dmpworks.commands.shared.options import BucketName, open_project
from dmpworks.commands.shared.tables import print_json, print_lines, print_table
from dmpworks.formatting import NONE, duration, memory, moment
from dmpworks.jobs.commands import EnvFile, Json
from dmpworks.jobs.execute import format_counts
from dmpworks.runs.ledger.events import AnyEvent
from dmpworks.runs.ledger.state import RunState
from dmpworks.runs.ledger.store import LATEST, Ledger, find_run, now
from dmpworks.runs.next_step import resume_command
from dmpworks.runs.reports.metrics import WHERE, JobFigures, Reading, RunFigures, read_run
from dmpworks.runs.upstream import why_not_started
from dmpworks.services.storage import Bucket

Events = Annotated[bool, Parameter(name="--events", negative=(), help="Show the ledger's events too.")]


def show(
    run: str = LATEST,
    /,
    *,
    events: Events = False,
    bucket_name: BucketName = None,
    env_file: EnvFile = None,
    as_json: Json = False,
) -> None:
    """Show a run from its ledger: status, attempts, times, counts, memory, and why jobs failed.

    Parameters
    ----------
    run
        latest, CHAIN/latest or CHAIN/RUN-ID.
    """
    _, bucket = open_project(bucket_name, env_file)
    reading = read_run(Ledger(bucket, find_run(bucket, run)), now())
    if as_json:
        print_json(_as_json(reading, events))
        return
    print_lines(*run_lines(reading.figures))
    print_jobs(reading.figures)
    print_lines("", *_reasons(reading.figures), *_next_step(bucket, reading.state))
    if events:
        print_lines("", *map(_event, reading.events))


def run_lines(figures: RunFigures) -> Iterator[str]:
    """Yield the lines about the run as a whole."""
    took = duration(figures.seconds(now()))
    sent = f", {figures.submissions} submissions" if figures.submissions > 1 else ""
    yield f"{figures.name}: {figures.status} {WHERE[figures.where]}{sent}"
    yield f"  began {moment(figures.began)} UTC, {'so far' if figures.ended is None else 'took'} {took}"
    if figures.by:
        image = f", {figures.definition} ({figures.image or 'image not known'})" if figures.definition else ""
        yield f"  sent by {figures.by} with dmpworks {figures.version}{image}"
    yield ""


def print_jobs(figures: RunFigures) -> None:
    """Print the jobs of a run as a table."""
    columns = ("job", "status", "attempts", "waited", "ran", "memory", "cores")
    print_table(columns, map(_cells, figures.jobs), right=columns[2:], whole=("status", "waited", "ran"))


def _cells(job: JobFigures) -> tuple[str, ...]:
    return (
        job.job,
        job.status,
        f"{job.executions}" + (f" ({job.lost} lost)" if job.lost else ""),
        duration(job.waited),
        duration(job.ran),
        _used(memory(job.peak_memory), job.request.memory and memory(job.request.memory)),
        _used(NONE if job.cores is None else f"{job.cores:.1f}", job.request.vcpus),
    )


def _used(used: str, requested: str | int | None) -> str:
    return f"{used} of {requested}" if requested and used != NONE else used


def _reasons(figures: RunFigures) -> Iterator[str]:
    """Yield the lines about single jobs: counts, and why they were left out or failed."""
    for job in figures.jobs:
        if job.counts:
            yield f"  {job.job}: {format_counts(job.counts)}"
        if job.left_out and job.status == "succeeded":
            yield f"  {job.job}: left out of the newest submission, {job.left_out}"
        if job.status in ("failed", "cancelled", "skipped"):
            yield f"  {job.job} {job.status}: {_why(job)}"
        if job.error:
            yield f"    {job.error.what}"
            yield f"    on:   {job.error.on}"


def _next_step(bucket: Bucket, state: RunState) -> Iterator[str]:
    """Yield what to do about a run that has not succeeded, as its watch would say it."""
    if state.status == "succeeded" or not state.newest:
        return
    if state.status == "running":
        yield f"  next: dmpworks runs watch {state.name}"
    elif state.status == "skipped":
        why, step = why_not_started(bucket, state)
        yield from (f"  {state.name}: {why}", f"  next: {step}")
    elif failed := next((job for job in state.current if job.status == "failed"), None):
        yield f"  next: {explain_failure(state, failed).next}"
    else:
        yield f"  next: {resume_command(state.name, state.newest.settings)}"


def _why(job: JobFigures) -> str:
    parts = (job.cause if job.cause != job.status else None, job.reason)
    return ", ".join(part for part in parts if part) or "no reason recorded"


def _event(event: AnyEvent) -> str:
    """Return an event in one line."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    kind, at, by = fields.pop("event"), fields.pop("at"), fields.pop("by")
    rest = " ".join(f"{name}={_value(value)}" for name, value in fields.items() if value is not None)
    return f"{at[:19].replace('T', ' ')}Z {kind:<10} {by}  {rest}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) and " " not in value else msgspec.json.encode(value).decode()


def _as_json(reading: Reading, events: bool) -> dict[str, Any]:
    figures: dict[str, Any] = {**msgspec.to_builtins(reading.figures), "executions": reading.executions}
    return {"run": reading.figures.name, **figures, **({"events": reading.events} if events else {})}
