"""Explain why the jobs of a run failed: the cause, the last lines of the log, and the command to resume with."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from dmpworks.batch.aws_errors import REFUSALS, cause
from dmpworks.batch.compute import queues_named
from dmpworks.batch.describe import cause_of, describe, failed_children
from dmpworks.batch.monitor.context import RunContext
from dmpworks.batch.monitor.log_streams import log_places
from dmpworks.errors import DmpworksError
from dmpworks.runs.ledger.current import PROCESS_GONE, current_state
from dmpworks.runs.ledger.events import ErrorText
from dmpworks.runs.ledger.state import JobState, RunState
from dmpworks.runs.ledger.store import Ledger
from dmpworks.runs.next_step import resume_command

SHARDS_NAMED = 20
LOG_LINES = 20
LAG = 3.0  # seconds until CloudWatch shows the last lines written
GROWTH = 2  # factor suggested for a job that ran out of memory or time
KILLED = (137, -9)  # exit codes of SIGKILL: in a container, and as a process of this machine

WHAT = {
    "out of memory": "it ran out of memory",
    "machine lost": "its machine was lost (Spot) in every attempt",
    "image not pulled": "its image could not be pulled",
    "container not started": "its container could not be started",
    "timed out": "it took longer than its time-out",
    "worth another attempt": "a service that it needs was throttled or unreachable in every attempt",
    "interrupted": "it was interrupted",
    "process gone": PROCESS_GONE,  # of a local run
}


class FailureReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", tag="digest"):
    """Why a job failed and what to do next; `error` is the job's own DmpworksError, if it ended with one."""

    run: str
    job: str
    cause: str
    what: str
    next: str
    reason: str | None = None  # as AWS Batch words it
    exit_code: int | None = None
    attempts: int = msgspec.field(default=0, name="tries")
    lost: int = 0  # attempts whose machine was lost
    error: ErrorText | None = msgspec.field(default=None, name="told")
    log: tuple[str, ...] = ()
    shards: tuple[int, ...] = ()  # numbers of those that failed; cause and log are those of the first
    of: int | None = None  # number of all shards

    def lines(self) -> list[str]:
        """Return the report as lines for the operator."""
        lines = [f"{self.run} {self.job} failed: {self.what}{self._figures()}"]
        lines += [f"  {self._shards()}"] if self.shards else []
        lines += [f"  AWS says: {self.reason}"] if self.reason else []
        lines += [f"  error: {self.error.what}"] if self.error and self.error.what != self.what else []
        lines += [f"  on:    {self.error.on}"] if self.error else []
        lines += [f"  log, the last {len(self.log)} lines:", *(f"  | {line}" for line in self.log)] if self.log else []
        return [*lines, f"  next:  {self.next}"]

    def _shards(self) -> str:
        named = ", ".join(map(str, self.shards[:SHARDS_NAMED])) + (" ..." if self.shards[SHARDS_NAMED:] else "")
        first = f"cause and log below are those of shard {self.shards[0]}"
        return f"{len(self.shards):,} of {self.of:,} shards failed: {named}; {first}"

    def _figures(self) -> str:
        parts = [f"exit code {self.exit_code}"] if self.exit_code is not None else []
        parts += [f"{self.attempts} attempts"] if self.attempts > 1 else []
        parts += [f"{self.lost} machines lost"] if self.lost else []
        return f" ({', '.join(parts)})" if parts else ""


def explain_failures(ledger: Ledger, context: RunContext) -> list[FailureReport]:
    """Return a report on each failed job of a run, with the last lines of its log; skipped jobs are left out."""
    state = current_state(ledger).state
    failed = [job for job in state.current if job.status == "failed"]
    if failed and context.logs:
        context.sleep(LAG)
    return [_explain(ledger, state, job, context) for job in failed]


def _explain(ledger: Ledger, state: RunState, job: JobState, context: RunContext) -> FailureReport:
    shards = failed_shards(job, context)
    failed = _of_shard(job, shards[0], context) if shards else job
    lines = _last_lines(ledger, replace(state, jobs=state.jobs | {job.name: failed}), failed, context)
    report = explain_failure(state, failed, lines, largest=_largest(job, context))
    return replace(report, shards=tuple(shards), of=job.request.shards)


def failed_shards(job: JobState, context: RunContext) -> list[int]:
    """Return the shards of a job that failed; AWS Batch also knows those killed before they could record anything."""
    if not job.request.shards:
        return []
    try:
        numbers = failed_children(context.batch, job.id) if context.batch and job.id else []
    except REFUSALS:
        numbers = []
    return numbers or job.failed_shards


def _of_shard(job: JobState, number: int, context: RunContext) -> JobState:
    """Return the state of a job as if this shard were the whole job."""
    attempts = tuple(attempt for attempt in job.attempts if attempt.shard and attempt.shard.number == number)
    ended = attempts[-1].ended if attempts else None
    exit_code = ended.exit_code if ended else None
    shard = replace(job, attempts=attempts, exit_code=exit_code if exit_code is not None else job.exit_code)
    if not job.id:
        return shard
    id = f"{job.id}:{number}"
    shard = replace(shard, id=id)
    try:
        child = describe(context.batch, [id]).get(id) if context.batch else None
    except REFUSALS:
        return shard
    if not child:
        return shard
    return replace(
        shard,
        cause=child.cause,
        reason=child.full_reason,
        exit_code=child.exit_code,
        batch_attempts=child.attempts,
    )


def _last_lines(ledger: Ledger, state: RunState, job: JobState, context: RunContext) -> list[str]:
    """Return the last lines of the log of the newest attempt, or one line that says why it cannot be read."""
    try:
        batch = describe(context.batch, [job.id]) if context.batch and job.id else {}
        logs = [place.log for place in log_places(ledger, state, batch, context) if place.job == job.name]
        lines = [line.text for line in logs[-1].last(LOG_LINES) if line.text.strip()] if logs else []
        return lines or (["the log has no lines"] if logs else [])
    except REFUSALS as error:
        return [f"the log cannot be read: {cause(error).what}"]
    except DmpworksError as error:
        return [f"the log cannot be read: {error.what}"]


def _largest(job: JobState, context: RunContext) -> int | None:
    """Return the memory (MiB) of the largest machine of a job's queue, if known."""
    if not context.batch or not job.request.queue:
        return None
    try:
        queue = queues_named(context.batch, [job.request.queue]).get(job.request.queue)
    except REFUSALS:
        return None
    return queue.largest if queue else None


def explain_failure(
    state: RunState, job: JobState, log: Sequence[str] = (), *, largest: int | None = None
) -> FailureReport:
    """Return why a job failed; `largest` is the memory (MiB) of the largest machine of its queue, if known."""
    cause = _cause(job)
    error = _error(job)
    return FailureReport(
        run=state.name,
        job=job.name,
        cause=cause,
        what=_what(job, cause, error),
        next=_next(state, job, cause, error, largest),
        reason=job.reason if job.id else None,
        exit_code=job.exit_code,
        attempts=max(len(job.batch_attempts), len(job.own)),
        lost=sum(cause_of(attempt.reason, None, None) == "machine lost" for attempt in job.batch_attempts),
        error=error,
        log=tuple(log),
    )


def _cause(job: JobState) -> str:
    if job.cause:
        return job.cause
    if job.reason == PROCESS_GONE:
        return "process gone"
    if job.exit_code in KILLED:
        return "out of memory"
    return "interrupted" if job.last and job.last.outcome == "interrupted" else "failed"


def _error(job: JobState) -> ErrorText | None:
    ended = job.last.ended if job.last else None
    return ended.error if ended and ended.outcome != "succeeded" else None


def _what(job: JobState, cause: str, error: ErrorText | None) -> str:
    if cause == "out of memory" and job.request.memory:
        return f"{WHAT[cause]}: it had {job.request.memory:,} MiB"
    if cause == "timed out" and job.request.timeout:
        return f"{WHAT[cause]} of {job.request.timeout:,} s"
    if cause == "failed":
        if _never_started(job):
            return "AWS Batch ended it before it started"
        return error.what if error else "its program ended with an error"
    return WHAT.get(cause, cause)


def _never_started(job: JobState) -> bool:
    return job.id is not None and job.reason is not None and not job.batch_attempts and not job.own


def _next(state: RunState, job: JobState, cause: str, error: ErrorText | None, largest: int | None) -> str:
    resume = resume_command(state.name, state.newest.settings if state.newest else {}, error)
    match cause:
        case "out of memory":
            return _more_memory(state, job, resume, largest)
        case "timed out":
            return _more(state, job, resume, "TIMEOUT", job.request.timeout)
        case "image not pulled":
            image = state.newest.image if state.newest else None
            return f"check that {image or 'its image'} exists and its execution role may pull it, then: {resume}"
        case "container not started":
            return f"fix what AWS names, then: {resume}"
        case "failed":
            if error:
                return f"{error.next}; then: {resume}"
            return f"fix {'what AWS names' if _never_started(job) else 'the cause'}, then: {resume}"
    return resume


def _more_memory(state: RunState, job: JobState, resume: str, largest: int | None) -> str:
    memory = job.request.memory
    if memory is None:
        return f"close other programs, or give it fewer workers, then: {resume}"
    if largest is not None and largest <= memory:
        return f"its queue has no machine with more than {largest:,} MiB: name another queue, then: {resume}"
    return _more(state, job, resume, "MEMORY", memory, largest)


def _more(state: RunState, job: JobState, resume: str, field: str, had: int | None, most: int | None = None) -> str:
    if had is None:
        return resume
    amount = min(had * GROWTH, most) if most else had * GROWTH
    variable = "_".join([state.chain, job.name, field]).replace("-", "_").upper()
    return f"{resume} --set {variable}={amount}"
