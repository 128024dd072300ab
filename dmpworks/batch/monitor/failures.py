"""Why a run failed, in an operator's words: the cause, the last lines of the log, the command to resume with."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from dmpworks.batch.aws_errors import REFUSALS, cause
from dmpworks.batch.compute import queues_named
from dmpworks.batch.describe import describe, failed_children
from dmpworks.batch.monitor.context import RunContext
from dmpworks.batch.monitor.log_streams import log_places
from dmpworks.errors import DmpworksError
from dmpworks.runs.ledger.current import PROCESS_GONE, current_state
from dmpworks.runs.ledger.events import ErrorText
from dmpworks.runs.ledger.state import JobState, RunState
from dmpworks.runs.ledger.store import Ledger

NAMED = 20  # shards
LINES = 20  # of a log
LAG = 3.0  # seconds until CloudWatch shows what was written last
FACTOR = 2  # what a job that ran out of memory or of time is given next
KILLED = (137, -9)  # by the kernel: in a container, and as a process of this machine

WHAT = {
    "out of memory": "it ran out of memory",
    "machine lost": "its machine was lost (Spot), as often as it was tried",
    "image not pulled": "its image could not be pulled",
    "container not started": "its container could not be started",
    "timed out": "it took longer than its time-out",
    "worth another attempt": "a service it needs was throttled or out of reach, as often as it was tried",
    "interrupted": "it was interrupted",
    "process gone": PROCESS_GONE,  # of a local run
}


class FailureReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="event", tag="digest"):
    """Why a job failed and what to do next; `told` are the three lines of an error of ours, if it was one."""

    run: str
    job: str
    cause: str
    what: str
    next: str
    reason: str | None = None  # in AWS's words
    exit_code: int | None = None
    tries: int = 0
    lost: int = 0  # attempts whose machine was lost
    told: ErrorText | None = None
    log: tuple[str, ...] = ()
    shards: tuple[int, ...] = ()  # that failed; cause and log are those of the first
    of: int | None = None  # so many shards

    def lines(self) -> list[str]:
        """Return it in lines for the operator."""
        told = [f"{self.run} {self.job} failed: {self.what}{self._figures()}"]
        told += [f"  {self._shards()}"] if self.shards else []
        told += [f"  AWS says: {self.reason}"] if self.reason else []
        told += [f"  error: {self.told.what}"] if self.told and self.told.what != self.what else []
        told += [f"  on:    {self.told.on}"] if self.told else []
        told += [f"  log, the last {len(self.log)} lines:", *(f"  | {line}" for line in self.log)] if self.log else []
        return [*told, f"  next:  {self.next}"]

    def _shards(self) -> str:
        named = ", ".join(map(str, self.shards[:NAMED])) + (" ..." if self.shards[NAMED:] else "")
        first = f"cause and log below are those of shard {self.shards[0]}"
        return f"{len(self.shards):,} of {self.of:,} shards failed: {named}; {first}"

    def _figures(self) -> str:
        parts = [f"exit code {self.exit_code}"] if self.exit_code is not None else []
        parts += [f"{self.tries} attempts"] if self.tries > 1 else []
        parts += [f"{self.lost} machines lost"] if self.lost else []
        return f" ({', '.join(parts)})" if parts else ""


def explain_failures(ledger: Ledger, context: RunContext) -> list[FailureReport]:
    """Return why each job failed that failed of itself, with the last lines of its log."""
    state = current_state(ledger).state
    failed = [job for job in state.current if job.status == "failed"]
    if failed and context.logs:
        context.sleep(LAG)
    return [_explain(ledger, state, job, context) for job in failed]


def _explain(ledger: Ledger, state: RunState, job: JobState, context: RunContext) -> FailureReport:
    shards = failed_shards(job, context)
    one = _of_shard(job, shards[0], context) if shards else job
    lines = _last_lines(ledger, replace(state, jobs=state.jobs | {job.name: one}), one, context)
    found = explain_failure(state, one, lines, largest=_largest(job, context))
    return replace(found, shards=tuple(shards), of=job.asked.shards)


def failed_shards(job: JobState, context: RunContext) -> list[int]:
    """Return the shards of a job that failed: AWS Batch knows those too that were killed before they could tell."""
    if not job.asked.shards:
        return []
    try:
        told = failed_children(context.batch, job.id) if context.batch and job.id else []
    except REFUSALS:
        told = []
    return told or job.failed_shards


def _of_shard(job: JobState, number: int, context: RunContext) -> JobState:
    """Return a job as if the shard were all of it."""
    attempts = tuple(one for one in job.attempts if one.shard and one.shard.number == number)
    ended = attempts[-1].ended if attempts else None
    exit_code = ended.exit_code if ended else None
    one = replace(job, attempts=attempts, exit_code=exit_code if exit_code is not None else job.exit_code)
    if not job.id:
        return one
    one = replace(one, id=f"{job.id}:{number}")
    try:
        told = describe(context.batch, [one.id]).get(one.id) if context.batch and one.id else None
    except REFUSALS:
        return one
    if not told:
        return one
    return replace(one, cause=told.cause, reason=told.told, exit_code=told.exit_code, tries=told.tries)


def _last_lines(ledger: Ledger, state: RunState, job: JobState, context: RunContext) -> list[str]:
    """Return the end of the log of the newest attempt; what AWS or the bucket refuses is told in its place."""
    try:
        batch = describe(context.batch, [job.id]) if context.batch and job.id else {}
        logs = [place.log for place in log_places(ledger, state, batch, context) if place.job == job.name]
        return [line.text for line in logs[-1].last(LINES) if line.text.strip()] if logs else []
    except REFUSALS as error:
        return [f"the log cannot be read: {cause(error).what}"]
    except DmpworksError as error:
        return [f"the log cannot be read: {error.what}"]


def _largest(job: JobState, context: RunContext) -> int | None:
    """Return the most memory (MiB) that the machines of a job's queue have, where AWS tells it."""
    if not context.batch or not job.asked.queue:
        return None
    try:
        queue = queues_named(context.batch, [job.asked.queue]).get(job.asked.queue.rsplit("/", 1)[-1])
    except REFUSALS:
        return None
    return queue.largest if queue else None


def explain_failure(
    state: RunState, job: JobState, log: Sequence[str] = (), *, largest: int | None = None
) -> FailureReport:
    """Return why a job failed; `largest` is the most memory (MiB) its queue's machines have, where that is known."""
    cause = _cause(job)
    told = _told(job)
    return FailureReport(
        run=state.name,
        job=job.name,
        cause=cause,
        what=_what(job, cause, told),
        next=_next(state, job, cause, told, largest),
        reason=job.reason if job.id else None,
        exit_code=job.exit_code,
        tries=max(len(job.tries), len(job.own)),
        lost=sum((one.reason or "").startswith("Host EC2") for one in job.tries),
        told=told,
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


def _told(job: JobState) -> ErrorText | None:
    ended = job.last.ended if job.last else None
    return ended.error if ended and ended.outcome != "succeeded" else None


def _what(job: JobState, cause: str, told: ErrorText | None) -> str:
    if cause == "out of memory" and job.asked.memory:
        return f"{WHAT[cause]}: {job.asked.memory:,} MiB were not enough"
    if cause == "timed out" and job.asked.timeout:
        return f"{WHAT[cause]} of {job.asked.timeout:,} s"
    if cause == "failed":
        return told.what if told else "its program ended with an error"
    return WHAT.get(cause, cause)


def _next(state: RunState, job: JobState, cause: str, told: ErrorText | None, largest: int | None) -> str:
    again = f"dmpworks runs resume {state.name}"
    match cause:
        case "out of memory":
            return _more_memory(state, job, again, largest)
        case "timed out":
            return _more(state, job, again, "TIMEOUT", job.asked.timeout)
        case "image not pulled":
            image = state.newest.image if state.newest else None
            return f"check that {image or 'its image'} exists and its execution role may pull it, then: {again}"
        case "container not started":
            return f"do as AWS says, then: {again}"
        case "failed":
            return f"{told.next}; then: {again}" if told else f"fix the cause, then: {again}"
    return again


def _more_memory(state: RunState, job: JobState, again: str, largest: int | None) -> str:
    asked = job.asked.memory
    if asked is None:
        return f"close other programs, or give it fewer workers, then: {again}"
    if largest is not None and largest <= asked:
        return f"its queue has no larger machine than {largest:,} MiB: name another queue, then: {again}"
    return _more(state, job, again, "MEMORY", asked, largest)


def _more(state: RunState, job: JobState, again: str, field: str, asked: int | None, most: int | None = None) -> str:
    if asked is None:
        return again
    amount = min(asked * FACTOR, most) if most else asked * FACTOR
    variable = "_".join([state.chain, job.name, field]).replace("-", "_").upper()
    return f"{again} --set {variable}={amount}"
