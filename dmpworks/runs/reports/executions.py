"""Executions of a run: attempts as the jobs recorded them, merged with attempts as AWS Batch reports them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from dmpworks.exit_codes import ExitCode
from dmpworks.jobs.model import Counts, Shard
from dmpworks.runs.ledger.events import (
    AnyEvent,
    BatchAttempt,
    ErrorText,
    JobRequest,
    Observed,
    Planned,
    Started,
    Submitted,
)
from dmpworks.runs.ledger.state import LIVE, Attempt, RunState, whole_id

Ending = Literal["succeeded", "failed", "again", "interrupted", "lost"]  # lost: there is no exit code
BY_CODE: dict[int | None, Ending] = {
    ExitCode.DONE: "succeeded",
    ExitCode.TRY_AGAIN: "again",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.TERMINATED: "interrupted",
    None: "lost",
}


class Execution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One execution of a job, of one of its shards, or of all its shards together; `ended` is None while it runs.

    Its values come from the job's own events, from AWS Batch, or are derived from what followed (`_closed`).
    """

    job: str
    submission: int  # 0: started by hand
    started: datetime
    request: JobRequest = msgspec.field(default=JobRequest(), name="asked")
    ended: datetime | None = None
    ending: Ending | None = None
    token: str | None = None
    id: str | None = None
    number: int | None = None
    shard: Shard | None = None
    shards: int = 1  # how many are merged into this execution
    machine_seconds: float | None = None  # sum over merged shards that have ended
    reason: str | None = None
    exit_code: int | None = None
    counts: Counts | None = None
    error: ErrorText | None = None
    peak_memory: int | None = None  # MiB
    cpu_seconds: float | None = None

    def seconds(self, now: datetime) -> float:
        """Return how long it took, or has taken until now."""
        return max(((self.ended or now) - self.started).total_seconds(), 0.0)

    @property
    def cores(self) -> float | None:
        """Cores busy on average; None until it has ended."""
        if self.cpu_seconds is None or self.ended is None:
            return None
        return self.cpu_seconds / (self.machine_seconds or self.seconds(self.ended) or 1.0)


def executions(state: RunState, events: Sequence[AnyEvent]) -> list[Execution]:
    """Return all executions of a run by start time, including those that only AWS Batch knows."""
    submission = _submissions(events)
    observations = {
        event.id: event for event in events if isinstance(event, Observed) and event.id and event.batch_attempts
    }
    recorded = [
        _execution(job.name, attempt, submission.get(attempt.token, 0))
        for job in state.jobs.values()
        for attempt in job.attempts
    ]
    for id, event in observations.items():
        for number, attempt in enumerate(event.batch_attempts, 1):
            recorded = _with_batch_attempt(recorded, event.job, id, number, attempt, submission.get(id, 0))
    ordered = sorted(recorded, key=lambda execution: execution.started)
    requests = {(plan.submission, job): request for plan in state.submissions for job, request in plan.jobs.items()}
    starts = _Starts(ordered)
    closed = [_closed(execution, state, starts) for execution in ordered]
    return [
        replace(execution, request=requests.get((execution.submission, execution.job), JobRequest()))
        for execution in closed
    ]


def joined(executions: Sequence[Execution], state: RunState) -> list[Execution]:
    """Return executions by start time, the shards of a job in one submission merged into one execution."""
    shards: dict[tuple[str, int], list[Execution]] = defaultdict(list)
    for one in executions:
        if one.shard:
            shards[one.job, one.submission].append(one)
    whole = [one for one in executions if not one.shard]
    return sorted([*whole, *(_joined(own, state) for own in shards.values())], key=lambda one: one.started)


def _joined(own: Sequence[Execution], state: RunState) -> Execution:
    """Return the merged execution of all shards of a job, from the first start to the last end."""
    ending = _ending(own, state)
    ends = [one.ended for one in own if one.ended]
    used = [one.cpu_seconds for one in own if one.cpu_seconds is not None]
    return replace(
        own[0],
        id=whole_id(own[0].id),
        token=None,
        number=None,
        shard=None,
        shards=own[0].shard.of if own[0].shard else 1,
        ended=max(ends) if ending else None,
        ending=ending,
        machine_seconds=sum(one.seconds(one.ended or one.started) for one in own),
        counts=next((one.counts for one in reversed(own) if one.counts), None),
        error=next((one.error for one in own if one.error), None),
        peak_memory=max((one.peak_memory for one in own if one.peak_memory is not None), default=None),
        cpu_seconds=sum(used) if used else None,
    )


def _ending(own: Sequence[Execution], state: RunState) -> Ending | None:
    """Return how shards ended together; None while one is running or has not started."""
    newest = {one.shard: one.ending for one in own}
    if len(newest) == (own[0].shard.of if own[0].shard else 1) and set(newest.values()) == {"succeeded"}:
        return "succeeded"
    job = state.jobs[own[0].job]
    if any(one.ended is None for one in own) or (job.status in LIVE and job.submission == own[0].submission):
        return None
    return next((ending for ending in newest.values() if ending != "succeeded"), "interrupted")


def _submissions(events: Iterable[AnyEvent]) -> dict[str, int]:
    """Return the submission of each attempt (by token) and each Batch job (by id).

    Decided by the order of events in the ledger, because clocks of different machines do not agree to the second.
    """
    newest: dict[str, int] = {}
    found: dict[str, int] = {}
    for event in events:
        if isinstance(event, Planned):
            newest |= dict.fromkeys(event.jobs, event.submission)
        elif isinstance(event, Submitted) and event.id:
            found.setdefault(event.id, event.submission)
        elif isinstance(event, Started):
            found[event.attempt] = newest.get(event.job, 0)
    return found


def _execution(job: str, attempt: Attempt, submission: int) -> Execution:
    own = Execution(
        job=job,
        submission=submission,
        started=attempt.started.at,
        token=attempt.token,
        id=attempt.id,
        number=attempt.number,
        shard=attempt.shard,
    )
    if not (end := attempt.ended):
        return own
    figures = {name: getattr(end, name) for name in ("exit_code", "counts", "error", "peak_memory", "cpu_seconds")}
    return replace(own, ended=end.at, ending=end.outcome, **figures)


def _with_batch_attempt(
    known: list[Execution], job: str, id: str, number: int, attempt: BatchAttempt, submission: int
) -> list[Execution]:
    """Merge an attempt as AWS Batch reports it into the known executions; one that never ran is left out."""
    for place, own in enumerate(known):
        if own.id == id and (own.number == number or (own.number is None and _overlap(own, attempt))):
            return [*known[:place], _completed(replace(own, number=number), attempt), *known[place + 1 :]]
    if attempt.started is None:
        return known
    bare = Execution(job=job, submission=submission, started=attempt.started, id=id, number=number)
    return [*known, _completed(bare, attempt)]


def _overlap(known: Execution, attempt: BatchAttempt) -> bool:
    """Return whether an execution without number may be this attempt, judged by their times."""
    if attempt.started is None:
        return False
    began_before_its_end = attempt.stopped is None or known.started <= attempt.stopped
    return began_before_its_end and (known.ended is None or known.ended >= attempt.started)


def _completed(known: Execution, attempt: BatchAttempt) -> Execution:
    return replace(
        known,
        ended=known.ended or attempt.stopped,
        ending=known.ending or BY_CODE.get(attempt.exit_code, "failed"),
        exit_code=known.exit_code if known.exit_code is not None else attempt.exit_code,
        reason=attempt.reason,
    )


class _Starts:
    """Start times of executions, to find what followed an execution: shards run concurrently, submissions do not."""

    def __init__(self, ordered: Iterable[Execution]) -> None:
        self._shards: dict[tuple[str, Shard | None], list[datetime]] = defaultdict(list)
        self._submissions: dict[str, dict[int, list[datetime]]] = defaultdict(lambda: defaultdict(list))
        for one in ordered:
            self._shards[one.job, one.shard].append(one.started)
            self._submissions[one.job][one.submission].append(one.started)

    def following(self, one: Execution) -> datetime | None:
        """Return when the next execution of the same shard, or of a later submission, began."""
        later = [moments for number, moments in self._submissions[one.job].items() if number > one.submission]
        starts = [_first_after(moments, one.started) for moments in (self._shards[one.job, one.shard], *later)]
        return min((start for start in starts if start), default=None)


def _first_after(moments: Sequence[datetime], moment: datetime) -> datetime | None:
    place = bisect_right(moments, moment)
    return moments[place] if place < len(moments) else None


def _closed(one: Execution, state: RunState, starts: _Starts) -> Execution:
    """Return an execution without recorded end with a derived one: the end of its job, or the start of the next."""
    if one.ended:
        return one
    if followed := starts.following(one):
        return replace(one, ended=followed, ending="lost")
    job = state.jobs[one.job]
    if job.status in LIVE:
        return one
    ending: Ending = "interrupted" if job.status == "cancelled" else BY_CODE.get(job.exit_code, "failed")
    return replace(one, ended=job.ended or state.changed, ending=ending, reason=job.reason, exit_code=job.exit_code)
